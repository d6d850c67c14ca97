package lambda_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/localaws/lambda"
)

// model is what must hold of one function, told by a list of what happened
// and nothing of how the service works.
type model struct {
	last    int               // the highest version number ever
	digests map[string]string // live version -> CodeSha256 at birth
	current string            // CodeSha256 of $LATEST
	dirty   bool              // an update since the last publish
}

// TestAnyHistoryKeepsItsPromises draws updates, publishes, deletes and aliases
// and checks after each that numbers only grow, versions never change, an
// aliased version stays, and the store holds exactly the zips that are needed.
func TestAnyHistoryKeepsItsPromises(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{FunctionCreate: time.Second, FunctionUpdate: time.Second, VersionActive: time.Second})
	zips := map[string][]byte{}
	for i := range 3 {
		zip := archive(t, fmt.Sprint("content ", i))
		zips[digest(zip)] = zip
	}
	digests := make([]string, 0, len(zips))
	for sum := range zips {
		digests = append(digests, sum)
	}
	slices.Sort(digests)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		name := fmt.Sprint("fn", run)
		f.must(201, "POST", functions, creation(f.t, name, object{"Code": object{"ZipFile": zips[digests[0]]}}))
		f.advance(time.Second)
		m := &model{digests: map[string]string{}, current: digests[0], dirty: true}
		aliased := ""
		t.Repeat(map[string]func(*rapid.T){
			"new code": func(t *rapid.T) {
				m.current, m.dirty = rapid.SampledFrom(digests).Draw(t, "zip"), true
				f.must(200, "PUT", functions+"/"+name+"/code", object{"ZipFile": zips[m.current]})
				f.advance(time.Second)
			},
			"publish": func(t *rapid.T) {
				got := f.must(201, "POST", functions+"/"+name+"/versions", object{"CodeSha256": m.current})["Version"].(string)
				last := strconv.Itoa(m.last)
				if _, alive := m.digests[last]; !m.dirty && alive {
					if got != last {
						t.Fatalf("nothing changed, and version %s came after %s", got, last)
					}
					return
				}
				m.last, m.dirty = m.last+1, false
				if got != strconv.Itoa(m.last) {
					t.Fatalf("version %s came, not %d", got, m.last)
				}
				m.digests[got] = m.current
				f.advance(time.Second)
			},
			"delete a version": func(t *rapid.T) {
				if m.last == 0 {
					return
				}
				version := strconv.Itoa(rapid.IntRange(1, m.last).Draw(t, "version"))
				if version == aliased {
					if a := f.send("DELETE", functions+"/"+name+"?Qualifier="+version, nil); a.status != 409 {
						t.Fatalf("an aliased version: %d %s", a.status, a.body)
					}
					return
				}
				f.must(204, "DELETE", functions+"/"+name+"?Qualifier="+version, nil)
				delete(m.digests, version)
			},
			"move the alias": func(t *rapid.T) {
				var alive []string
				for version := range m.digests {
					alive = append(alive, version)
				}
				if len(alive) == 0 {
					return
				}
				slices.Sort(alive)
				f.must(204, "DELETE", functions+"/"+name+"/aliases/live", nil)
				aliased = rapid.SampledFrom(alive).Draw(t, "version")
				f.must(201, "POST", functions+"/"+name+"/aliases", object{"Name": "live", "FunctionVersion": aliased})
			},
			"": func(t *rapid.T) { m.check(t, f, name) },
		})
		f.must(204, "DELETE", functions+"/"+name, nil)
		if left := f.zips(); left != 0 {
			t.Fatalf("%d zips are left of nothing", left)
		}
	})
}

func (m *model) check(t *rapid.T, f *fixture, name string) {
	listed := map[string]string{}
	for _, entry := range f.must(200, "GET", functions+"/"+name+"/versions", nil)["Versions"].([]any) {
		entry := entry.(object)
		listed[entry["Version"].(string)] = entry["CodeSha256"].(string)
	}
	needed := map[string]bool{m.current: true}
	for version, sum := range m.digests {
		needed[sum] = true
		if listed[version] != sum {
			t.Fatalf("version %s was born with %s and has %q", version, sum, listed[version])
		}
	}
	if len(listed) != len(m.digests)+1 || listed["$LATEST"] != m.current {
		t.Fatalf("listed %v, want $LATEST with %s and %v", listed, m.current, m.digests)
	}
	stored := 0
	err := f.store.View(func(tx kv.Tx) error {
		return tx.Scan("lambda.code", "", func(string, []byte) error { stored++; return nil })
	})
	if err != nil || stored != len(needed) {
		t.Fatalf("%d zips stored, %d needed, %v", stored, len(needed), err)
	}
}

package lambda_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// model is what must hold of one function, told by a list of what happened
// and nothing of how the service works.
type model struct {
	f       *fixture
	name    string
	zips    map[string][]byte // CodeSha256 -> archive
	last    int               // the highest version number ever
	alive   map[string]string // version -> CodeSha256 at birth
	current string            // CodeSha256 of $LATEST
	dirty   bool              // an update since the last publish
	aliased string            // version that the alias names, or ""
}

// TestAnyHistoryKeepsItsPromises draws updates, publishes, deletes and aliases
// and checks after each that numbers only grow, versions never change, an
// aliased version stays, and the store holds exactly the zips that are needed.
func TestAnyHistoryKeepsItsPromises(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{FunctionCreate: time.Second, FunctionUpdate: time.Second, VersionActive: time.Second})
	f.direct = true
	zips := map[string][]byte{}
	for i := range 3 {
		zip := archive(t, fmt.Sprint("content ", i))
		zips[digest(zip)] = zip
	}
	first := slices.Sorted(maps.Keys(zips))[0]
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		m := &model{f: f, name: fmt.Sprint("fn", run), zips: zips, alive: map[string]string{}, current: first, dirty: true}
		f.must(201, "POST", functions, creation(f.t, m.name, object{"Code": object{"ZipFile": zips[first]}}))
		f.advance(time.Second)
		t.Repeat(map[string]func(*rapid.T){
			"new code": m.update, "publish": m.publish, "delete a version": m.remove, "move the alias": m.move, "": m.check,
		})
		f.must(204, "DELETE", functions+"/"+m.name, nil)
		if left := f.zips(); left != 0 {
			t.Fatalf("%d zips are left of nothing", left)
		}
	})
}

func (m *model) path(rest string) string { return functions + "/" + m.name + rest }

func (m *model) update(t *rapid.T) {
	m.current, m.dirty = rapid.SampledFrom(slices.Sorted(maps.Keys(m.zips))).Draw(t, "zip"), true
	m.f.must(200, "PUT", m.path("/code"), object{"ZipFile": m.zips[m.current]})
	m.f.advance(time.Second)
}

func (m *model) publish(t *rapid.T) {
	got := m.f.must(201, "POST", m.path("/versions"), object{"CodeSha256": m.current})["Version"].(string)
	last := strconv.Itoa(m.last)
	if _, ok := m.alive[last]; ok && !m.dirty {
		if got != last {
			t.Fatalf("nothing changed, and version %s came after %s", got, last)
		}
		return
	}
	m.last, m.dirty = m.last+1, false
	if got != strconv.Itoa(m.last) {
		t.Fatalf("version %s came, not %d", got, m.last)
	}
	m.alive[got] = m.current
	m.f.advance(time.Second)
}

func (m *model) remove(t *rapid.T) {
	version := strconv.Itoa(rapid.IntRange(1, m.last+1).Draw(t, "version"))
	want := 204
	if version == m.aliased {
		want = 409
	}
	if a := m.f.send("DELETE", m.path("?Qualifier="+version), nil); a.status != want {
		t.Fatalf("deleting version %s: %d, want %d: %s", version, a.status, want, a.body)
	}
	if want == 204 {
		delete(m.alive, version)
	}
}

func (m *model) move(t *rapid.T) {
	if len(m.alive) == 0 {
		return
	}
	m.f.must(204, "DELETE", m.path("/aliases/live"), nil)
	m.aliased = rapid.SampledFrom(slices.Sorted(maps.Keys(m.alive))).Draw(t, "version")
	m.f.must(201, "POST", m.path("/aliases"), object{"Name": "live", "FunctionVersion": m.aliased})
}

func (m *model) check(t *rapid.T) {
	listed := map[string]string{}
	all := m.f.must(200, "GET", m.path("/versions"), nil)
	for _, entry := range all["Versions"].([]any) {
		entry := entry.(object)
		listed[entry["Version"].(string)] = entry["CodeSha256"].(string)
	}
	if all["NextMarker"] != nil {
		t.Skip("more versions than one page shows")
	}
	want, needed := map[string]string{"$LATEST": m.current}, map[string]bool{m.current: true}
	for version, sum := range m.alive {
		want[version], needed[sum] = sum, true
	}
	if !maps.Equal(want, listed) {
		t.Fatalf("listed %v, want %v", listed, want)
	}
	if stored := m.f.zips(); stored != len(needed) {
		t.Fatalf("%d zips stored, %d needed", stored, len(needed))
	}
}

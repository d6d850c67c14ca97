package cf_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"pgregory.net/rapid"
)

// model is what the tests believe about the account, kept without asking it.
type model struct {
	documents map[string]string    // by distribution
	etags     map[string]string    // by distribution
	used      map[string]bool      // every ETag that was ever given
	gone      map[string]time.Time // by version: when its last association went
}

// associated lists the versions that any document names.
func (m *model) associated() map[string]bool {
	found := map[string]bool{}
	for n := range 4 {
		for _, doc := range m.documents {
			if strings.Contains(doc, ">"+versionARN("fn", n)+"<") {
				found[versionARN("fn", n)] = true
			}
		}
	}
	return found
}

// accept notes a write that was accepted.
func (m *model) accept(t *rapid.T, b *bench, id, etag, doc string) {
	if m.used[etag] {
		t.Fatalf("ETag %s was given before", etag)
	}
	before := m.associated()
	m.used[etag] = true
	m.etags[id], m.documents[id] = etag, doc
	after := m.associated()
	for arn := range before {
		if !after[arn] {
			m.gone[arn] = b.clock()
		}
	}
	for arn := range after {
		delete(m.gone, arn)
	}
}

// check compares the account with the model.
func (m *model) check(t *rapid.T, b *bench) {
	for id, doc := range m.documents {
		if got := b.config(id); got.body != doc || got.etag != m.etags[id] {
			t.Fatalf("%s: ETag %s, want %s; document\n%s\nwant\n%s", id, got.etag, m.etags[id], got.body, doc)
		}
	}
	associated := m.associated()
	for n := range 4 {
		arn := versionARN("fn", n)
		left, was := m.gone[arn]
		want := associated[arn] || was && b.clock().Before(left.Add(time.Hour))
		if got := replicated(b, arn); got != want {
			t.Fatalf("%s is replicated: %v, want %v", arn, got, want)
		}
	}
	list := b.send("GET", "distribution", "").body
	if got := strings.Count(list, "<DistributionSummary>"); got != len(m.documents) {
		t.Fatalf("%d distributions are listed, want %d", got, len(m.documents))
	}
}

// TestAnySequenceOfWritesKeepsTheAccountConsistent writes at random, right and
// wrong, and compares with the model after each write: quantities, ETags and
// documents as accepted, the replica set as the documents say.
func TestAnySequenceOfWritesKeepsTheAccountConsistent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, func(c *cf.Config) { c.ReplicaDelay = time.Hour })
		b.direct = true
		m := &model{documents: map[string]string{}, etags: map[string]string{}, used: map[string]bool{}, gone: map[string]time.Time{}}
		base, etag := b.created(strings.Replace(distribution("base", lambda()), "<Enabled>", "<!-- 0 --><Enabled>", 1))
		m.accept(rt, b, base, etag, b.config(base).body)
		for range rapid.IntRange(1, 8).Draw(rt, "writes") {
			m.write(rt, b)
			b.pass(time.Duration(rapid.IntRange(0, 90).Draw(rt, "minutes")) * time.Minute)
			m.check(rt, b)
		}
	})
}

// write makes one write: associations at random, and sometimes a flaw.
func (m *model) write(t *rapid.T, b *bench) {
	var pairs []string
	for _, event := range []string{"viewer-request", "origin-request", "origin-response", "viewer-response"} {
		if n := rapid.IntRange(-1, 3).Draw(t, event); n >= 0 {
			pairs = append(pairs, event, versionARN("fn", n))
		}
	}
	ids := inOrder(m.documents)
	id := rapid.SampledFrom(append(ids, "new")).Draw(t, "target")
	flaw := rapid.SampledFrom([]string{"none", "none", "none", "stale", "quantity", "version"}).Draw(t, "flaw")
	associations := strings.ReplaceAll(lambda(pairs...), "</EventType>", "</EventType><IncludeBody>false</IncludeBody>")
	switch flaw {
	case "quantity":
		associations = strings.Replace(associations, "<Quantity>", "<Quantity>1", 1)
	case "version":
		associations = lambda("viewer-request", versionARN("fn", 77))
	}
	if id == "new" {
		doc := distribution(fmt.Sprint("ref", len(m.used)), associations)
		a := b.send("POST", "distribution", doc)
		if flaw == "none" || flaw == "stale" {
			made := between(b.must(a, 201).body, "<Id>", "</Id>")
			m.accept(t, b, made, a.etag, b.config(made).body)
			return
		}
		b.must(a, 400)
		return
	}
	old := m.documents[id]
	from := strings.Index(old, "<LambdaFunctionAssociations>")
	to := strings.Index(old, "</LambdaFunctionAssociations>") + len("</LambdaFunctionAssociations>")
	doc := old[:from] + associations + old[to:]
	etag := m.etags[id]
	if flaw == "stale" {
		etag = "E2QWRUHAPOMQZL"
	}
	a := b.update(id, etag, doc)
	if flaw == "none" {
		m.accept(t, b, id, b.must(a, 200).etag, doc)
	} else if a.status != 400 && a.status != 412 {
		t.Fatalf("a write with the flaw %s: %d %s", flaw, a.status, a.body)
	}
}

// inOrder lists the distributions by their documents, for their ids are
// random and would make a failing sequence impossible to repeat.
func inOrder(documents map[string]string) []string {
	return slices.SortedFunc(maps.Keys(documents), func(a, b string) int { return cmp.Compare(documents[a], documents[b]) })
}

func TestOfManyWritersWithOneETagOneWins(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, etag := b.created(distribution("ref", lambda()))
	var group sync.WaitGroup
	statuses := make([]int, 8)
	for n := range statuses {
		group.Go(func() { statuses[n] = b.update(id, etag, distribution("ref", lambda())).status })
	}
	group.Wait()
	won := 0
	for _, status := range statuses {
		if status == 200 {
			won++
		} else if status != 412 {
			t.Errorf("status %d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won", won)
	}
}

func TestTwoServicesOverOneStoreAreOneCloudFront(t *testing.T) {
	t.Parallel()
	first := newBench(t)
	second := newBench(t, func(c *cf.Config) { c.Store = first.store })
	id, etag := first.created(distribution("ref", lambda("viewer-request", versionARN("fn", 1))))
	a := second.must(second.update(id, etag, distribution("ref", lambda())), 200)
	if got := first.config(id).etag; got != a.etag {
		t.Errorf("ETag %s, want %s", got, a.etag)
	}
	var replicated bool
	if err := first.store.View(func(tx kv.Tx) error {
		replicated = cf.Replicated(tx, account, versionARN("fn", 1), first.clock())
		return nil
	}); err != nil || replicated {
		t.Error(replicated, err)
	}
}

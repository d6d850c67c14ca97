package plan_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// hugeFunctions is how many functions the stack here has, each bound once.
const hugeFunctions = 500

// hugeRelease is a release of the stack in which every function has the content
// of that number.
func hugeRelease(n int) release.Release {
	r := release.Release{
		Schema: release.Schema, Number: n, Stack: "huge", Kind: release.KindApply, Parent: n - 1, Brought: release.Origin(n), Returns: n - 1,
		RunID: "0123456789abcdef", Account: "123456789012", Commits: []string{fmt.Sprintf("%040d", n)},
		Distributions: []release.Distribution{{Key: "www", IDs: []string{"E1AAAAAAAAAAAA"}}},
	}
	for c := n - 1; c > 0 && len(r.CommitsBefore) < release.MaxCommits-1; c-- {
		r.CommitsBefore = append(r.CommitsBefore, fmt.Sprintf("%040d", c))
	}
	for i := range hugeFunctions {
		name := fmt.Sprintf("huge-function-%03d", i)
		spec := versions.Spec{Function: name, Content: versions.ContentID(fmt.Sprintf("%060d%04d", n, i)), Config: versions.Config{
			Runtime: "nodejs24.x", Handler: "index.handler", Role: "arn:aws:iam::123456789012:role/edge", MemoryMB: 128, TimeoutSeconds: 5,
		}}
		r.Functions = append(r.Functions, release.Function{Key: name, Spec: spec, Number: n, CodeSHA256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", ZipBytes: 12000})
		r.Distributions[0].Bindings = append(r.Distributions[0].Bindings, release.Placed{
			Path: fmt.Sprintf("/%03d/*", i), Trigger: associations.ViewerRequest, Binding: associations.Binding{Version: versions.Ref{Function: name, Number: n}},
		})
	}
	return r
}

// hugeWorld has a release live, and bound.
func hugeWorld(live release.Release, others ...release.Release) plan.Observed {
	state := associations.State{Distribution: "E1AAAAAAAAAAAA", Deployed: true, PolicyKnown: true, Held: live.Table()}
	for _, b := range live.Distributions[0].Bindings {
		state.Behaviors = append(state.Behaviors, b.Path)
	}
	have := plan.Observed{
		Stack: "huge", Account: "123456789012", Ledger: release.LedgerState{Exists: true, Live: live, Account: "123456789012"},
		Distributions: map[string]associations.State{"E1AAAAAAAAAAAA": state}, Releases: map[int]release.Release{},
	}
	for _, r := range others {
		have.Releases[r.Number] = r
	}
	return have
}

// The record of a rollback does not grow with how far it goes: it names what was
// in service, and at most a hundred commits, of however many were passed.
func TestTheRecordOfARollbackStaysSmall(t *testing.T) {
	t.Parallel()
	const passed = 400
	have := hugeWorld(hugeRelease(passed+1), hugeRelease(1))
	p, err := plan.NewRollback(release.Request{Named: true, To: 1}, have, plan.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(p.Goal)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc) > 1<<20 {
		t.Errorf("the record has %d bytes, want less than 1 MB", len(doc))
	}
	if n := len(p.Goal.Holds); n != 1 || len(p.Goal.Holds[0].Content) != hugeFunctions || len(p.Goal.Holds[0].Commits) != release.MaxCommits {
		t.Errorf("%d releases are held, want one with %d contents and %d commits", n, hugeFunctions, release.MaxCommits)
	}
	t.Logf("a rollback over %d releases of %d functions: a record of %d bytes", passed, hugeFunctions, len(doc))
}

// holding is a release of the stack with as many holds, of all its functions each.
func holding(holds int) release.Release {
	live := hugeRelease(holds + 2)
	for n := range holds {
		h := release.Hold{Release: n + 1, Brought: release.Origin(n + 1)}
		for _, f := range hugeRelease(n + 1).Functions {
			h.Content = append(h.Content, f.Spec)
		}
		live.Holds = append(live.Holds, h)
	}
	return live
}

// What a plan costs grows with its holds as they grow, and no faster: twice the
// holds allocate no more than thrice the bytes.
func TestHoldsCostWhatTheyAre(t *testing.T) {
	work := func(holds int) uint64 {
		have := hugeWorld(holding(holds), hugeRelease(holds+1))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := plan.NewRollback(release.Request{}, have, plan.Rules{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := work(20), work(40)
	if large > 3*small {
		t.Errorf("20 holds take %d bytes, 40 take %d", small, large)
	}
}

func BenchmarkRollbackWith100HoldsOf500Functions(b *testing.B) {
	have := hugeWorld(holding(100), hugeRelease(101))
	for b.Loop() {
		if _, err := plan.NewRollback(release.Request{}, have, plan.Rules{}); err != nil {
			b.Fatal(err)
		}
	}
}

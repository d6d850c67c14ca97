package plan

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// begun is a stack whose apply died: its record edits three slots of two
// distributions, which hold what is given.
func begun(first, second, third int) Observed {
	slot := func(id, path string) associations.Slot {
		return associations.Slot{Distribution: id, Path: path, Trigger: associations.ViewerRequest}
	}
	version := func(n int) associations.Binding {
		return associations.Binding{Version: versions.Ref{Function: "shop-a", Number: n}}
	}
	slots := []associations.Slot{slot("E1", "/a"), slot("E1", "default"), slot("E2", "default")}
	flight := release.Release{Number: 7, Stack: "shop", Kind: release.KindApply, Parent: 6, Brought: 7, Returns: 6}
	for _, s := range slots {
		flight.Edits = append(flight.Edits, associations.Edit{Slot: s, From: version(1), To: version(2)})
	}
	states := map[string]associations.State{}
	for i, n := range []int{first, second, third} {
		s := slots[i]
		state, ok := states[s.Distribution]
		if !ok {
			state = associations.State{Distribution: s.Distribution, Behaviors: []string{"/a", "default"}, Held: map[associations.Slot]associations.Binding{}}
		}
		state.Held[s] = version(n)
		states[s.Distribution] = state
	}
	return Observed{Stack: "shop", Account: "123456789012", Distributions: states, Ledger: release.LedgerState{
		Live: release.Release{Number: 6, Stack: "shop"}, Pending: flight, Phase: release.PhaseRun,
	}}
}

func TestACompletionWritesWhatIsLeftOfARecord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		have  Observed
		edits []string // that are left
	}{
		"nothing is written":    {begun(1, 1, 1), []string{"E1 /a", "E1 default", "E2 default"}},
		"some of it":            {begun(2, 1, 1), []string{"E1 default", "E2 default"}},
		"one distribution":      {begun(2, 2, 1), []string{"E2 default"}},
		"all but the other one": {begun(1, 1, 2), []string{"E1 /a", "E1 default"}},
		"all of it":             {begun(2, 2, 2), nil},
	} {
		p, err := NewCompletion(c.have)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var edits []string
		for _, e := range p.Edits() {
			edits = append(edits, e.Slot.Distribution+" "+e.Slot.Path)
		}
		if diff := cmp.Diff(c.edits, edits); diff != "" {
			t.Errorf("%s: it writes (-want +got):\n%s", name, diff)
		}
		if p.Complete != 7 || p.Record || p.Settle != 0 || p.Saw != (release.Position{Live: 6, Pending: 7}) || !p.Changes() ||
			cmp.Diff(c.have.Ledger.Pending, p.Goal) != "" {
			t.Errorf("%s: got %+v", name, p)
		}
		for s := range p.Steps() {
			switch s.(type) {
			case Associate, Await:
			default:
				t.Errorf("%s: it has the step %+v", name, s)
			}
		}
	}
}

func TestACompletionStopsAtWhatAnotherWrote(t *testing.T) {
	t.Parallel()
	_, err := NewCompletion(begun(2, 9, 9))
	blocked, ok := errors.AsType[*BlockedError](err)
	if !ok || len(blocked.Problems) != 2 {
		t.Fatalf("got %v", err)
	}
	changed, ok := errors.AsType[*associations.ChangedError](blocked.Problems[0])
	if !ok || changed.Slot.Path != "default" || changed.Live.Version.Number != 9 || changed.NoBehavior {
		t.Errorf("got %v", blocked.Problems[0])
	}
	phase := begun(1, 1, 1)
	phase.Ledger.Phase = "rollout"
	if _, err := NewCompletion(phase); !errors.As(err, new(*release.PhaseError)) {
		t.Errorf("of a newer edgedeploy: %v", err)
	}
	for _, kind := range []release.Kind{release.KindRollback, release.KindResume} {
		other := begun(1, 1, 1)
		other.Ledger.Pending.Kind = kind
		if _, err := NewCompletion(other); err == nil {
			t.Errorf("a %s in flight is completed", kind)
		}
	}
}

// A run of the plan made the release live that a dead run had written, and died.
func TestAPlanThatSettlesGoesOnOnceThatIsDone(t *testing.T) {
	t.Parallel()
	p := Plan{Saw: release.Position{Live: 6, Pending: 7}, Settle: 7}
	got, ok := p.Settled(release.Position{Live: 7})
	if !ok || got.Settle != 0 || got.Saw != (release.Position{Live: 7}) {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, now := range []release.Position{{Live: 6}, {Live: 7, Pending: 8}, {Live: 8}} {
		if _, ok := p.Settled(now); ok {
			t.Errorf("at %s it is taken for settled", now)
		}
	}
	if _, ok := (Plan{Saw: release.Position{Live: 6}}).Settled(release.Position{}); ok {
		t.Error("a plan that settles nothing is taken for settled")
	}
}

func TestAnAppliedPlanOnlyWaits(t *testing.T) {
	t.Parallel()
	p := Plan{Stack: "shop", Kind: release.KindApply, Record: true, Settle: 3, Stages: []Stage{
		{Publish{Key: "a"}}, {Associate{}}, {Await{"E1"}, Await{"E2"}},
	}}
	live := release.LedgerState{Live: release.Release{Number: 5, Holds: []release.Hold{{Release: 2}}}}
	got := p.Applied(live)
	if got.Changes() || got.Saw.Live != 5 || got.Goal.Number != 5 || len(got.Stages) != 1 || len(got.Stages[0]) != 2 || got.Notes[0].Kind != "applied" {
		t.Errorf("got %+v", got)
	}
	live.Pending.Number = 6
	if got := p.Applied(live); len(got.Stages) != 0 {
		t.Errorf("with another release in flight it waits for %+v", got.Stages)
	}
}

package plan_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func apply(n, parent int, bindings string) release.Summary {
	return release.Summary{Number: n, Kind: release.KindApply, Parent: parent, Bindings: bindings}
}

func rollback(n, parent, of int, bindings string) release.Summary {
	return release.Summary{Number: n, Kind: release.KindRollback, Parent: parent, Of: of, Bindings: bindings}
}

func TestARollbackGoesFurtherBackAndNeverForth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list   []release.Summary
		at     release.Position
		target int
		passed []int
		none   bool
	}{
		"to the release before": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b")}, at: release.Position{Live: 2}, target: 1, passed: []int{2},
		},
		"past releases that bind the same": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), apply(3, 2, "b")}, at: release.Position{Live: 3}, target: 1, passed: []int{3, 2},
		},
		"past releases that never were committed": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "x"), apply(3, 1, "b")}, at: release.Position{Live: 3}, target: 1, passed: []int{3},
		},
		"twice in a row": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), apply(3, 2, "c"), rollback(4, 3, 2, "b")},
			at:   release.Position{Live: 4}, target: 1, passed: []int{4, 2},
		},
		"twice in a row, with nothing behind": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), rollback(3, 2, 1, "a")}, at: release.Position{Live: 3}, none: true,
		},
		"after a resume, not to what was rolled back": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), apply(3, 2, "c"), rollback(4, 3, 2, "b"), {Number: 5, Kind: release.KindResume, Parent: 4, Bindings: "b"}},
			at:   release.Position{Live: 5}, target: 1, passed: []int{5, 4, 2},
		},
		"from an apply after a rollback, past the rolled-back one": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), rollback(3, 2, 1, "a"), apply(4, 3, "c")},
			at:   release.Position{Live: 4}, target: 3, passed: []int{4},
		},
		"from a release gone forth to, past one that was rolled back": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), apply(3, 2, "c"), rollback(4, 3, 1, "a"), rollback(5, 4, 3, "c")},
			at:   release.Position{Live: 5}, target: 1, passed: []int{5, 3, 2},
		},
		"from a release gone forth to, to one that was gone to before": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), apply(3, 2, "c"), rollback(4, 3, 1, "a"), rollback(5, 4, 2, "b"), rollback(6, 5, 3, "c")},
			at:   release.Position{Live: 6}, target: 2, passed: []int{6, 3},
		},
		"to the live release while another is in flight": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b")}, at: release.Position{Live: 1, Pending: 2}, target: 1, passed: []int{2},
		},
		"to before everything when the first apply is in flight": {
			list: []release.Summary{apply(1, 0, "a")}, at: release.Position{Pending: 1}, target: 0, passed: []int{1},
		},
		"once more to where an interrupted rollback went": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), apply(3, 2, "c")}, at: release.Position{Live: 3, Pending: 1}, target: 1, passed: []int{3, 2},
		},
		"once more to where a recorded rollback went": {
			list: []release.Summary{apply(1, 0, "a"), apply(2, 1, "b"), rollback(3, 2, 1, "a")}, at: release.Position{Live: 2, Pending: 3}, target: 1, passed: []int{3, 2},
		},
		"nowhere from nothing": {none: true},
		"not round in circles": {list: []release.Summary{apply(1, 2, "a"), apply(2, 1, "a")}, at: release.Position{Live: 2}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := release.NewHistory(c.list)
			target, err := h.Target("s", c.at)
			if _, none := errors.AsType[*release.NoTargetError](err); none != c.none || (err != nil) != c.none {
				t.Fatalf("error %v, want none to be found: %v", err, c.none)
			}
			if c.none {
				return
			}
			if target != c.target {
				t.Errorf("target is %d, want %d", target, c.target)
			}
			if diff := cmp.Diff(c.passed, h.Passed(c.at, target)); diff != "" {
				t.Errorf("passed:\n%s", diff)
			}
		})
	}
}

// A rollback from 3 to 1 stopped halfway, and its hint is followed: back to 3.
// Nobody said that 1 was bad, so its content is not held.
func TestGivingUpARollbackHoldsNothing(t *testing.T) {
	t.Parallel()
	h := release.NewHistory([]release.Summary{
		{Number: 3, Kind: release.KindApply, Parent: 2, Bindings: "c"}, {Number: 2, Kind: release.KindApply, Parent: 1, Bindings: "b"},
		{Number: 1, Kind: release.KindApply, Bindings: "a"},
	})
	if passed := h.Passed(release.Position{Live: 3, Pending: 1}, 3); len(passed) != 0 {
		t.Errorf("going back to what is live takes %v out of service", passed)
	}
}

// release makes a record that binds one version of each named content.
func numbered(number int, commit string, contents ...string) release.Release {
	r := release.Release{Number: number, Stack: "s", Kind: release.KindApply, Source: release.Source{Commit: commit}}
	for i, c := range contents {
		f := release.Function{Key: c, Number: number, Spec: versions.Spec{Function: "s-" + string(rune('a'+i)), Content: versions.ContentID(c)}}
		r.Functions = append(r.Functions, f)
		r.Bindings = append(r.Bindings, release.Bound{
			Slot:    associations.Slot{Distribution: "E1", Path: associations.DefaultPath, Trigger: associations.Triggers()[i]},
			Binding: associations.Binding{Version: f.Ref()},
		})
	}
	return r
}

// wantOf is the spec that leads to a release.
func wantOf(r release.Release) plan.Desired {
	want := plan.Wanted(r)
	want.Kind, want.Of = release.KindApply, 0
	for i := range want.Functions {
		want.Functions[i].Number = 0
	}
	want.Bindings = associations.Table{}
	for _, b := range r.Bindings {
		want.Bindings[b.Slot] = associations.Binding{Version: versions.Ref{Function: b.Binding.Version.Function}}
	}
	return want
}

// heldAfter plans want on top of a rollback of bad to good.
func heldAfter(t *testing.T, good, bad release.Release, want plan.Desired) []release.Held {
	t.Helper()
	state := release.LedgerState{Exists: true, Live: bad}
	back := plan.RollbackTo(state, good, []release.Release{bad})
	live := good
	live.Number, live.Kind, live.Of, live.Parent, live.Holds = bad.Number+1, release.KindRollback, good.Number, bad.Number, back.Holds
	have := plan.Observed{
		Stack: "s", Ledger: release.LedgerState{Exists: true, Live: live}, Versions: versions.Inventory{}, Heads: map[string]versions.Head{},
		Distributions: map[string]associations.State{"E1": {Distribution: "E1", Deployed: true, PolicyKnown: true, Behaviors: []string{associations.DefaultPath}, Held: release.Table(live.Bindings)}},
	}
	for _, r := range []release.Release{good, bad} {
		for _, f := range r.Functions {
			have.Versions[f.Spec.Function] = append(have.Versions[f.Spec.Function], versions.Version{Ref: f.Ref(), Spec: f.Spec, Stack: "s"})
		}
	}
	want.Distributions = []release.Distribution{{Key: "E1", ID: "E1"}}
	for name := range want.Bindings {
		_ = name
	}
	for _, f := range want.Functions {
		have.Heads[f.Spec.Function] = versions.Head{Exists: true, Tags: map[string]string{versions.StackTag: "s"}}
	}
	planned, err := plan.NewPlan(want, have, plan.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return planned.Held
}

func TestWhatARollbackTookOutOfServiceIsHeldUntilItChanges(t *testing.T) {
	t.Parallel()
	good, bad := numbered(1, "c1", "auth-1", "geo"), numbered(2, "c2", "auth-2", "geo")
	better := numbered(3, "c3", "auth-3", "geo-2")
	dirty := func(d plan.Desired) plan.Desired { d.Source.Dirty = true; return d }
	strict := func(d plan.Desired) plan.Desired { d.StrictHold = true; return d }
	from := func(d plan.Desired, commit string) plan.Desired { d.Source.Commit = commit; return d }
	for name, c := range map[string]struct {
		want plan.Desired
		held []release.Held
	}{
		"the bad content again":                         {wantOf(bad), []release.Held{{Release: 2, Key: "auth-2", Content: "auth-2"}}},
		"the bad content from a later commit":           {from(wantOf(bad), "c9"), []release.Held{{Release: 2, Key: "auth-2", Content: "auth-2"}}},
		"other content from the bad commit":             {from(wantOf(better), "c2"), []release.Held{{Release: 2, Commit: "c2"}}},
		"a fix on top of the bad commit, not committed": {dirty(from(wantOf(better), "c2")), nil},
		"changed content":                               {wantOf(better), nil},
		"changed content under hold: strict":            {strict(wantOf(better)), []release.Held{{Release: 2, Strict: true}}},
		"what the rollback went back to":                {wantOf(good), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.held, heldAfter(t, good, bad, c.want), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAHoldNamesNoCommitThatIsNotToBlame(t *testing.T) {
	t.Parallel()
	good, bad := numbered(1, "same", "a-1"), numbered(2, "same", "a-2")
	back := plan.RollbackTo(release.LedgerState{Live: bad}, good, []release.Release{bad})
	if back.Holds[0].Commit != "" {
		t.Errorf("the commit of both is held: %+v", back.Holds)
	}
	bad.Source = release.Source{Commit: "other", Dirty: true}
	back = plan.RollbackTo(release.LedgerState{Live: bad}, good, []release.Release{bad})
	if back.Holds[0].Commit != "" {
		t.Errorf("a commit that the files differed from is held: %+v", back.Holds)
	}
}

func TestEachRolledBackReleaseIsHeldByItsOwnNumber(t *testing.T) {
	t.Parallel()
	one, two, three := numbered(1, "c1", "a-1"), numbered(2, "c2", "a-2"), numbered(3, "c2", "a-2")
	resumed := numbered(4, "c2", "a-2")
	resumed.Kind = release.KindResume
	back := plan.RollbackTo(release.LedgerState{Live: resumed}, one, []release.Release{resumed, three, two})
	var held []int
	for _, h := range back.Holds {
		held = append(held, h.Release)
	}
	if diff := cmp.Diff([]int{2, 3}, held); diff != "" {
		t.Error(diff)
	}
}

func TestGoingToAHeldReleaseOnPurposeEndsItsHold(t *testing.T) {
	t.Parallel()
	one, two := numbered(1, "c1", "a-1"), numbered(2, "c2", "a-2")
	back := plan.RollbackTo(release.LedgerState{Live: two}, one, []release.Release{two})
	three := numbered(3, "c1", "a-1")
	three.Holds = back.Holds
	forth := plan.RollbackTo(release.LedgerState{Live: three}, two, []release.Release{three})
	for _, h := range forth.Holds {
		if h.Release == 2 {
			t.Errorf("release 2 is in service and held: %+v", h)
		}
	}
}

func TestAnInterruptedRollbackHoldsAlready(t *testing.T) {
	t.Parallel()
	good, bad := numbered(1, "c1", "a-1"), numbered(2, "c2", "a-2")
	state := release.LedgerState{Live: bad, Pending: good}
	if holds := state.Holds(); len(holds) != 1 || holds[0].Release != 2 {
		t.Errorf("before it was recorded: %+v", holds)
	}
	recorded := numbered(3, "c1", "a-1")
	recorded.Kind, recorded.Of = release.KindRollback, 1
	recorded.Holds = []release.Hold{{Release: 2, Items: []versions.Spec{bad.Functions[0].Spec}}}
	state.Pending = recorded
	if diff := cmp.Diff(recorded.Holds, state.Holds()); diff != "" {
		t.Errorf("before it was committed:\n%s", diff)
	}
	state.Pending = numbered(3, "c3", "a-3")
	if holds := state.Holds(); len(holds) != 0 {
		t.Errorf("an apply in flight holds %+v", holds)
	}
}

func TestResumeLiftsOneHoldOrAll(t *testing.T) {
	t.Parallel()
	live := numbered(5, "c", "a")
	live.Holds = []release.Hold{{Release: 2, Commit: "x"}, {Release: 4, Commit: "y"}}
	state := release.LedgerState{Account: "1", Live: live}
	for recorded, want := range map[int][]release.Hold{0: nil, 2: live.Holds[1:], 4: live.Holds[:1]} {
		planned, err := plan.PlanResume(state, recorded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, planned.Goal.Holds, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("resume %d leaves:\n%s", recorded, diff)
		}
		if len(planned.Stages) != 0 || !planned.Changes() || planned.Goal.Parent != 5 || planned.Goal.Kind != release.KindResume {
			t.Errorf("resume %d: %+v", recorded, planned)
		}
	}
	if _, err := plan.PlanResume(state, 3); !isType[*release.NotHeldError](err) {
		t.Errorf("resume 3: %v", err)
	}
	if _, err := plan.PlanResume(release.LedgerState{}, 0); !isType[*release.NoTargetError](err) {
		t.Errorf("resume of nothing: %v", err)
	}
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestPlansReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	spec := versions.Spec{Function: "s-a", Content: "c", Config: versions.Config{Runtime: "nodejs24.x", MemoryMB: 128}}
	slot := associations.Slot{Distribution: "E1", Path: "/x", Trigger: associations.OriginRequest}
	planned := plan.Plan{
		Schema: plan.PlanSchema, Stack: "s", Kind: release.KindAdopt, Account: "1", Saw: release.Position{Live: 4, Pending: 5},
		Goal: numbered(0, "c1", "a"), Record: true,
		Stages: []plan.Stage{
			{plan.Tag{Key: "a", Function: "s-a", Set: map[string]string{"k": "v"}, Remove: []string{"old"}}},
			{
				plan.Publish{Key: "a", Spec: spec, Create: true, Adopt: true, Replaces: 3, Resets: "vpc", CodeSHA256: "x", ZipBytes: 7, Tags: map[string]string{"t": "u"}},
				plan.Activate{Key: "b", Version: versions.Version{Ref: versions.Ref{Function: "s-b", Number: 2}, Spec: spec, CodeSHA256: "y", Stack: "s"}},
			},
			{plan.Associate{Change: associations.Change{Distribution: "E1", Edits: []associations.Edit{{Slot: slot, To: associations.Binding{ARN: "odd", IncludeBody: true}}}}}},
			{plan.Await{Distribution: "E1"}},
		},
		Held: []release.Held{{Release: 2, Commit: "c"}}, Notes: []plan.Note{{Kind: "drift", Text: "x"}},
		Context: plan.Context{Domains: map[string]string{"E1": "example.com"}},
	}
	doc, err := json.Marshal(planned)
	if err != nil {
		t.Fatal(err)
	}
	got, err := plan.DecodePlan(doc)
	if err != nil {
		t.Fatal(err)
	}
	planned.Goal.Number = 0
	if diff := cmp.Diff(planned, got, cmpopts.IgnoreUnexported(plan.Plan{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestPlansOfAnotherFormatAreRefused(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"not JSON": "PK", "an older format": `{"schema":0}`, "a newer format": `{"schema":2}`,
		"an unknown step":   `{"schema":1,"stages":[[{"do":"explode"}]]}`,
		"a step of no kind": `{"schema":1,"stages":[[{}]]}`,
	} {
		if _, err := plan.DecodePlan([]byte(doc)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// twoReleases is an account where release 2 is live, and what it holds besides:
// release 1 bound another version of the same function.
func twoReleases() (plan.Observed, release.Release) {
	good, bad := numbered(1, "c1", "good"), numbered(2, "c2", "bad")
	good.Functions[0].CodeSHA256, bad.Functions[0].CodeSHA256 = "sha-good", "sha-bad"
	bad.Parent, bad.Returns = 1, 1
	good.Role, bad.Role = "old-role", "role"
	good.Tags, bad.Tags = tags{"t": "1"}, tags{"t": "2"}
	seen := versions.Published{
		Version: versions.Version{Ref: good.Functions[0].Ref(), Spec: good.Functions[0].Spec, CodeSHA256: "sha-good", Stack: "s"},
		State:   versions.State{State: "Active"}, Tags: tags{versions.StackTag: "s"},
	}
	return plan.Observed{
		Stack: "s", Account: account, Ledger: release.LedgerState{Exists: true, Live: bad}, Releases: map[int]release.Release{1: good},
		States: map[versions.Ref]versions.Published{good.Functions[0].Ref(): seen}, Gone: map[versions.Ref]bool{},
		Distributions: map[string]associations.State{"E1": {
			Distribution: "E1", Deployed: true, PolicyKnown: true, Behaviors: []string{associations.DefaultPath}, Held: bad.Table(),
		}},
	}, good
}

func TestARollbackLooksAtEveryVersionBeforeItWrites(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*versions.Published)
		gone   bool
		fails  bool
		wakes  bool
		notes  string
	}{
		"it is what was recorded":                {change: func(*versions.Published) {}},
		"it does not exist":                      {change: func(*versions.Published) {}, gone: true, fails: true},
		"its function is of another stack":       {change: func(p *versions.Published) { p.Tags = tags{versions.StackTag: "other"} }, fails: true},
		"its function has no stack":              {change: func(p *versions.Published) { p.Tags = nil }, fails: true},
		"its function's tags cannot be read":     {change: func(p *versions.Published) { p.TagsError = "denied" }, fails: true},
		"it is marked for another stack":         {change: func(p *versions.Published) { p.Version.Stack = "other" }, fails: true},
		"it has no mark":                         {change: func(p *versions.Published) { p.Version.Stack = "" }, fails: true},
		"its content is another":                 {change: func(p *versions.Published) { p.Version.Spec.Content = "x" }, fails: true},
		"its configuration is another":           {change: func(p *versions.Published) { p.Version.Spec.Config.MemoryMB = 512 }, fails: true},
		"its code is another than was published": {change: func(p *versions.Published) { p.Version.CodeSHA256 = "x" }, fails: true},
		"it sleeps":                              {change: func(p *versions.Published) { p.State.State = "Inactive" }, wakes: true},
		"it has what the edge forbids":           {change: func(p *versions.Published) { p.Version.Spec.Config.Extra = "accelerator" }, fails: true},
		"AWS says more of it than is known":      {change: func(p *versions.Published) { p.Version.Spec.Config.Extra = "GpuConfig" }, notes: "unknown-config"},
		"and it sleeps": {change: func(p *versions.Published) {
			p.Version.Spec.Config.Extra, p.State.State = "GpuConfig", "Inactive"
		}, wakes: true, notes: "unknown-config"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			have, good := twoReleases()
			ref := good.Functions[0].Ref()
			seen := have.States[ref]
			c.change(&seen)
			have.States[ref] = seen
			if c.gone {
				delete(have.States, ref)
				have.Gone[ref] = true
			}
			planned, err := plan.NewRollback(release.Request{}, have, plan.Rules{})
			if (err != nil) != c.fails {
				t.Fatalf("error %v, want one: %v", err, c.fails)
			}
			wakes := false
			for s := range planned.Steps() {
				a, activate := s.(plan.Activate)
				wakes = wakes || activate
				if activate && a.Version.Spec != good.Functions[0].Spec {
					t.Errorf("it is waited for as %+v", a.Version.Spec)
				}
			}
			if told := slices.ContainsFunc(planned.Notes, func(n plan.Note) bool { return n.Kind == "unknown-config" }); told != (c.notes != "") {
				t.Errorf("notes %v, want %q", planned.Notes, c.notes)
			}
			if wakes != c.wakes {
				t.Errorf("the version is waited for: %v, want %v", wakes, c.wakes)
			}
		})
	}
}

func TestWhatARollbackRecords(t *testing.T) {
	t.Parallel()
	have, good := twoReleases()
	good.Commits, good.Source, good.Unknown = []string{"c1"}, release.Source{Commit: "c1", Dirty: true}, `{"new":1}`
	good.At, good.Actor, good.Message = time.Unix(7, 0), "ada", "as it was"
	have.Releases[1] = good
	planned, err := plan.NewRollback(release.Request{}, have, plan.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	slot := have.Ledger.Live.Bindings()[0].Slot
	want := release.Release{
		Schema: release.Schema, Stack: "s", Kind: release.KindRollback, Parent: 2, Brought: 1, Returns: 0, Back: 2, Undone: 2, Target: 1,
		Account: account, Source: good.Source, Unknown: good.Unknown, Commits: good.Commits,
		Role: "role", Tags: tags{"t": "2"}, // those of the live release: a rollback changes neither
		Functions: good.Functions, Distributions: good.Distributions,
		Edits: []associations.Edit{{Slot: slot, From: have.Ledger.Live.Table()[slot], To: good.Table()[slot]}},
		Holds: []release.Hold{{Release: 2, Brought: 2, Content: []versions.Spec{have.Ledger.Live.Functions[0].Spec}}},
	}
	if diff := cmp.Diff(want, planned.Goal, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	known := &plan.Target{Release: 1, At: good.At, Actor: "ada", Message: "as it was", Commit: "c1", Dirty: true}
	if diff := cmp.Diff(known, planned.Context.Target); diff != "" {
		t.Errorf("what a person knows the target by:\n%s", diff)
	}
	planned, err = plan.NewRollback(release.Request{Automatic: true}, have, plan.Rules{})
	if err != nil || len(planned.Goal.Holds) != 0 || !planned.Goal.Automatic {
		t.Errorf("a rollback of a run that failed holds %+v, %v", planned.Goal.Holds, err)
	}
}

func TestATypedRollbackThatCompletesAnAutomaticOneHolds(t *testing.T) {
	t.Parallel()
	have, good := twoReleases()
	auto := good
	auto.Number, auto.Kind, auto.Parent, auto.Back, auto.Undone, auto.Target, auto.Automatic = 3, release.KindRollback, 2, 2, 2, 1, true
	slot := have.Ledger.Live.Bindings()[0].Slot
	auto.Edits = []associations.Edit{{Slot: slot, From: have.Ledger.Live.Table()[slot], To: good.Table()[slot]}}
	have.Ledger.Pending, have.Ledger.Phase = auto, release.PhaseRun
	planned, err := plan.NewRollback(release.Request{}, have, plan.Rules{})
	if err != nil || !planned.Record || planned.Complete != 0 || len(planned.Goal.Holds) != 1 || planned.Goal.Automatic {
		t.Errorf("typed: %+v, %v", planned, err)
	}
	planned, err = plan.NewRollback(release.Request{Automatic: true}, have, plan.Rules{})
	if err != nil || planned.Record || planned.Complete != 3 {
		t.Errorf("automatic: record %v, complete %d, %v", planned.Record, planned.Complete, err)
	}
}

func TestAnApplyIsHeldOnlyWhereItChangesSomething(t *testing.T) {
	t.Parallel()
	have, good := twoReleases()
	have.Ledger.Live.Holds = []release.Hold{{Release: 9, Content: []versions.Spec{have.Ledger.Live.Functions[0].Spec, good.Functions[0].Spec}}}
	planned, err := plan.NewPlan(wantOf(have.Ledger.Live), have, plan.Rules{})
	if err != nil || planned.Changes() || len(planned.Held) != 0 {
		t.Errorf("what is live is held: %+v, %v", planned.Held, err)
	}
	have.Versions = versions.Inventory{"s-a": {have.States[good.Functions[0].Ref()].Version}}
	want := wantOf(good)
	want.Tags = have.Ledger.Live.Tags
	if planned, err = plan.NewPlan(want, have, plan.Rules{}); err != nil || len(planned.Held) != 1 || planned.Held[0].Release != 9 {
		t.Errorf("what is held is not: %+v, %v", planned.Held, err)
	}
}

func TestTagsAloneAreARelease(t *testing.T) {
	t.Parallel()
	have, _ := twoReleases()
	want := wantOf(have.Ledger.Live)
	want.Tags = tags{"t": "3"}
	want.Functions, have.Ledger.Live.Functions = nil, nil // no function is tagged: the record alone tells
	for i := range want.Distributions {
		want.Distributions[i].Bindings = nil
	}
	have.Ledger.Live.Distributions = want.Distributions
	planned, err := plan.NewPlan(want, have, plan.Rules{})
	if err != nil || !planned.Record {
		t.Errorf("record %v, %v", planned.Record, err)
	}
	want.Tags = have.Ledger.Live.Tags
	if planned, err = plan.NewPlan(want, have, plan.Rules{}); err != nil || planned.Record {
		t.Errorf("the same tags: record %v, %v", planned.Record, err)
	}
}

func TestResumeRecordsAndTouchesNothing(t *testing.T) {
	t.Parallel()
	have, good := twoReleases()
	two := release.Hold{Release: 2, Commits: []string{"x"}}
	four := release.Hold{Release: 4, Commits: []string{"y"}}
	have.Ledger.Live.Holds = []release.Hold{two, four}
	for n, want := range map[int][]release.Hold{0: nil, 2: {four}, 4: {two}} {
		planned, err := plan.NewResume(release.Lift{Release: n}, have)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, planned.Goal.Holds, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("resume %d leaves:\n%s", n, diff)
		}
		if len(planned.Stages) != 0 || !planned.Record || planned.Goal.Parent != 2 || planned.Goal.Kind != release.KindResume || planned.Goal.Returns != 1 {
			t.Errorf("resume %d: %+v", n, planned)
		}
	}
	if _, err := plan.NewResume(release.Lift{Release: 3}, have); !isType[*plan.NotHeldError](err) {
		t.Errorf("resume 3: %v", err)
	}
	if _, err := plan.NewResume(release.Lift{}, plan.Observed{}); !isType[*release.NoTargetError](err) {
		t.Errorf("resume of nothing: %v", err)
	}
	flight := numbered(3, "c3", "next")
	slot := good.Bindings()[0].Slot
	flight.Edits = []associations.Edit{{Slot: slot, From: have.Ledger.Live.Table()[slot], To: flight.Table()[slot]}}
	have.Ledger.Pending, have.Ledger.Phase = flight, "canary"
	if _, err := plan.NewResume(release.Lift{}, have); !isType[*release.PhaseError](err) {
		t.Errorf("resume during a rollout: %v", err)
	}
	if _, err := plan.NewPlan(wantOf(good), have, plan.Rules{}); !isType[*release.PhaseError](err) {
		t.Errorf("apply during a rollout: %v", err)
	}
	have.Ledger.Phase = release.PhaseRun
	if _, err := plan.NewResume(release.Lift{}, have); !isType[*plan.InFlightError](err) {
		t.Errorf("resume with one in flight: %v", err)
	}
}

// A rollback of 3 to 2 died, and what it was to bind is applied: the stack is
// back as if the rollback had come to its end.
func TestAnApplyOfWhatADeadRollbackGoesToIsBackToo(t *testing.T) {
	t.Parallel()
	w := newWorld(false)
	for _, words := range []string{"apply s1", "apply s2", "apply s3"} {
		w.do(cmd(words), fate{})
	}
	w.do(cmd("rollback"), fate{dies: 4})
	w.do(cmd("apply s2"), fate{})
	if live := w.record(w.live); live.Number != 5 || live.Brought != 2 || live.Returns != 1 || live.Back != 3 {
		t.Errorf("release %d: brought %d, returns %d, back %d", live.Number, live.Brought, live.Returns, live.Back)
	}
	if out := w.do(cmd("rollback"), fate{}); out.code != exitDone || len(w.records) != 5 {
		t.Errorf("a rollback of it: %v, %d records", out, len(w.records))
	}
}

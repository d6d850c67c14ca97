package plan_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// versionAt finds the version that a slot holds, in the account alone.
func versionAt(have plan.Observed, slot associations.Slot) (versions.Version, associations.Binding) {
	b := have.Distributions[slot.Distribution].Held[slot]
	for _, v := range have.Versions[b.Version.Function] {
		if v.Ref == b.Version {
			return v, b
		}
	}
	return versions.Version{}, b
}

// The oracle: it never calls the planner to judge the planner.
func TestEveryWantedSlotHoldsExactlyTheWantedCodeConfigurationAndFlags(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, _ := drawHistory(t, rapid.IntRange(0, 2).Draw(t, "history"))
		have := drawWorld(t, true)
		if len(worlds) > 0 {
			have = worlds[len(worlds)-1]
		}
		want := drawDesired(t)
		after := run(t, have, mustPlan(t, want, have, adopt))
		for slot, b := range wanted(want) {
			v, held := versionAt(after, slot)
			if held.IncludeBody != b.IncludeBody {
				t.Errorf("%s: include body is %v, want %v", slot, held.IncludeBody, b.IncludeBody)
			}
			for _, f := range want.Functions {
				if f.Spec.Function == b.Version.Function && v.Spec != f.Spec {
					t.Errorf("%s holds %+v, want %+v", slot, v.Spec, f.Spec)
				}
			}
		}
		for _, slot := range allSlots() {
			was := have.Distributions[slot.Distribution].Held[slot]
			_, bound := wanted(want)[slot]
			_, held := versionAt(after, slot)
			ours := was.Version.Function != "other-team" && !was.Empty()
			if !bound && ours && !held.Empty() {
				t.Errorf("%s is not wanted, was ours, and still holds %s", slot, held)
			}
		}
		for _, f := range want.Functions {
			rec, ok := after.Ledger.Live.Function(f.Spec.Function)
			if !ok || rec.Spec != f.Spec || rec.Number == 0 {
				t.Errorf("the release records %+v for %s, want %+v with a number", rec, f.Key, f.Spec)
			}
		}
	})
}

func TestASecondPlanHasNothingToDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		have, want := drawWorld(t, true), drawDesired(t)
		after := run(t, have, mustPlan(t, want, have, adopt))
		// Without any permission: what is ours needs none.
		again := mustPlan(t, want, after, plan.Rules{})
		if again.Changes() || len(again.Stages) > 0 {
			t.Errorf("the second plan has stages %+v, record %v", again.Stages, again.Record)
		}
	})
}

func TestEveryWantedDistributionEndsDeployed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, _ := drawHistory(t, 1)
		have, want := worlds[0], drawDesired(t)
		if rapid.Bool().Draw(t, "the same again") {
			want = plan.Desired{Stack: "s", Functions: slices.Clone(have.Ledger.Live.Functions), Distributions: have.Ledger.Live.Distributions}
			for i := range want.Functions {
				want.Functions[i].Number = 0
			}
		}
		for id, state := range have.Distributions {
			state.Deployed = rapid.Bool().Draw(t, "deployed")
			have.Distributions[id] = state
		}
		after := run(t, have, mustPlan(t, want, have, adopt))
		for slot := range wanted(want) {
			if !after.Distributions[slot.Distribution].Deployed {
				t.Errorf("%s is not deployed at the end", slot.Distribution)
			}
		}
	})
}

func TestEqualInputsGiveEqualPlansAndStayAsTheyAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, _ := drawHistory(t, 1)
		want := drawDesired(t)
		have := worlds[0]
		before := fmt.Sprintf("%#v", []any{want, have})
		wantBefore, haveBefore := deepCopy(t, want.Functions), deepCopy(t, have.Versions)
		first, err := json.Marshal(mustPlan(t, want, have, adopt))
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			second, err := json.Marshal(mustPlan(t, want, have, adopt))
			if err != nil {
				t.Fatal(err)
			}
			if string(first) != string(second) {
				t.Fatalf("two plans of equal inputs differ:\n%s\n%s", first, second)
			}
		}
		if after := fmt.Sprintf("%#v", []any{want, have}); after != before {
			t.Errorf("planning changed its input:\n%s\n%s", before, after)
		}
		if diff := cmp.Diff(wantBefore, want.Functions); diff != "" {
			t.Errorf("planning changed the wanted functions:\n%s", diff)
		}
		if diff := cmp.Diff(haveBefore, have.Versions); diff != "" {
			t.Errorf("planning changed the observed versions:\n%s", diff)
		}
	})
}

func deepCopy[T any](t *rapid.T, v T) T {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var c T
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheOrderOfVersionListsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, _ := drawHistory(t, 3)
		have := worlds[2]
		// The lists decide only when no release in hand does.
		have.Ledger.Live.Functions = nil
		// Two versions of one content: a version was deleted and made again, say.
		for name, list := range have.Versions {
			if len(list) > 0 {
				twin := list[0]
				twin.Ref.Number = 90
				have.Versions[name] = append(slices.Clone(list), twin)
			}
		}
		want := drawDesired(t)
		forth := mustPlan(t, want, have, adopt)
		back := have
		back.Versions = versions.Inventory{}
		for name, list := range have.Versions {
			list = slices.Clone(list)
			slices.Reverse(list)
			back.Versions[name] = list
		}
		if diff := cmp.Diff(forth, mustPlan(t, want, back, adopt), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the plan depends on the order of a list:\n%s", diff)
		}
	})
}

func TestForeignSlotsAreNeverTouched(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, _ := drawHistory(t, rapid.IntRange(0, 2).Draw(t, "history"))
		have := drawWorld(t, true)
		if len(worlds) > 0 {
			have = worlds[len(worlds)-1]
		}
		have = drift(t, have)
		want := drawDesired(t)
		clash := false
		for slot := range wanted(want) {
			held := have.Distributions[slot.Distribution].Held[slot]
			clash = clash || held.Version.Function == "other-team"
		}
		planned, err := plan.NewPlan(want, have, plan.Rules{})
		if (err != nil) != clash {
			t.Fatalf("a foreign function holds a wanted slot: %v; planning said: %v", clash, err)
		}
		if err != nil {
			return
		}
		after := run(t, have, planned)
		for _, slot := range allSlots() {
			was := have.Distributions[slot.Distribution].Held[slot]
			is := after.Distributions[slot.Distribution].Held[slot]
			if was.Version.Function == "other-team" && is != was {
				t.Errorf("%s held %s and now holds %s", slot, was, is)
			}
		}
	})
}

// drift puts foreign functions into some slots, ours among them.
func drift(t *rapid.T, have plan.Observed) plan.Observed {
	have.Distributions = maps.Clone(have.Distributions)
	for _, slot := range allSlots() {
		if rapid.IntRange(0, 11).Draw(t, "drift") != 0 {
			continue
		}
		state := have.Distributions[slot.Distribution]
		state.Held = maps.Clone(state.Held)
		state.Held[slot] = associations.Binding{Version: versions.Ref{Function: "other-team", Number: 7}}
		have.Distributions[slot.Distribution] = state
	}
	return have
}

func TestAnotherStackAfterACrashNeedsNoAdoptionAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		have := drawWorld(t, false)
		have = run(t, have, mustPlan(t, drawDesired(t), have, plan.Rules{}))
		planned := mustPlan(t, drawDesired(t), have, plan.Rules{})
		all := steps(planned)
		// The release is recorded once everything is published, before the first write.
		marked := slices.IndexFunc(all, func(s plan.Step) bool {
			switch s.(type) {
			case plan.Associate, plan.Await:
				return true
			}
			return false
		})
		if marked < 0 {
			return
		}
		half, err := plan.Simulate(have, all[:rapid.IntRange(marked, len(all)).Draw(t, "cut")]...)
		if err != nil {
			t.Fatal(err)
		}
		half.Ledger.Pending, half.Ledger.Phase = recorded(half, planned), release.PhaseRun
		want := drawDesired(t)
		after := run(t, half, mustPlan(t, want, half, plan.Rules{}))
		for _, slot := range allSlots() {
			v, held := versionAt(after, slot)
			b, bound := wanted(want)[slot]
			switch {
			case !bound && !held.Empty():
				t.Errorf("%s still holds %s of the crashed run", slot, held)
			case bound && v.Spec.Function != b.Version.Function:
				t.Errorf("%s holds %s, want %s", slot, held, b)
			}
		}
	})
}

// goTo plans a rollback to a release.
func goTo(n int, have plan.Observed, rules plan.Rules, releases ...release.Release) (plan.Plan, error) {
	have = seeAll(have)
	have.Releases = map[int]release.Release{}
	for _, r := range releases {
		have.Releases[r.Number] = r
	}
	return plan.NewRollback(release.Request{To: n, Named: true}, have, rules)
}

func TestRollbackGivesTheBindingsBackAndPublishesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "releases")
		worlds, releases := drawHistory(t, n)
		to := rapid.IntRange(0, n-1).Draw(t, "to")
		have, target := worlds[n-1], releases[to]
		planned, err := goTo(target.Number, have, plan.Rules{}, target)
		if err != nil {
			t.Fatal(err)
		}
		for s := range planned.Steps() {
			if p, ok := s.(plan.Publish); ok {
				t.Errorf("the rollback publishes %s", p.Key)
			}
		}
		after := run(t, have, planned)
		binds := target.Table()
		for slot, b := range binds {
			if held := after.Held(slot); held != b {
				t.Errorf("%s holds %s after the rollback, want %s", slot, held, b)
			}
		}
		if diff := cmp.Diff(binds, after.Ledger.Live.Table()); diff != "" {
			t.Errorf("the rollback's release binds something else than its target:\n%s", diff)
		}
		// What was bound since and is not wanted by the target is what it was
		// before it was taken last.
		for slot := range have.Ledger.Live.Table() {
			was := associations.Binding{}
			for i := to + 1; i < n; i++ {
				before := worlds[i-1].Held(slot)
				if !releases[i].Table()[slot].Empty() && releases[i-1].Table()[slot].Empty() && !before.Empty() {
					was = before
				}
			}
			if is := after.Held(slot); binds[slot].Empty() && is != was {
				t.Errorf("%s holds %s, and not what sat there before it was taken: %s", slot, is, was)
			}
		}
		again, err := goTo(target.Number, after, plan.Rules{}, target)
		if err != nil || len(again.Stages) > 0 && again.Changes() {
			t.Errorf("rolling back twice to the same release does something: %+v, %v", again.Stages, err)
		}
	})
}

func TestRollbackToZeroGivesBackWhatWasThereBefore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := drawWorld(t, true)
		have := first
		keep := drawDesired(t)
		for range rapid.IntRange(1, 4).Draw(t, "releases") {
			// Only what is bound throughout has something to give back.
			next := drawDesired(t)
			next.Functions = append(slices.DeleteFunc(slices.Clone(next.Functions), func(f release.Function) bool {
				return slices.ContainsFunc(keep.Functions, func(k release.Function) bool { return k.Key == f.Key })
			}), keep.Functions...)
			slices.SortFunc(next.Functions, release.CompareFunctions)
			have = run(t, have, mustPlan(t, binding(next, wanted(keep)), have, adopt))
		}
		planned, err := goTo(0, have, plan.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		after := run(t, have, planned)
		for slot := range wanted(keep) {
			if is, was := after.Held(slot), first.Held(slot); is != was {
				t.Errorf("%s holds %s after rollback to 0, and held %s at first", slot, is, was)
			}
		}
		if bound := after.Ledger.Live.Bindings(); len(bound) != 0 {
			t.Errorf("after rollback to 0 the stack still claims %+v", bound)
		}
	})
}

func TestRollbackToAPrunedVersionIsAnError(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, releases := drawHistory(t, 2)
		target, have := releases[0], seeAll(worlds[1])
		var pruned []associations.Edit
		planned, err := goTo(1, have, adopt, target)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range planned.Edits() {
			if _, ours := target.Records(e.To.Version); ours {
				pruned = append(pruned, e)
			}
		}
		if len(pruned) == 0 {
			t.Skip("everything the target binds is live")
		}
		// Pruned, and a version of the same content made anew under another number.
		ref := rapid.SampledFrom(pruned).Draw(t, "pruned").To.Version
		have.Versions = maps.Clone(have.Versions)
		list := slices.Clone(have.Versions[ref.Function])
		for i := range list {
			if list[i].Ref == ref {
				list[i].Ref.Number = 95
			}
		}
		have.Versions[ref.Function] = list
		have.Gone = map[versions.Ref]bool{ref: true}
		if _, err := goTo(1, have, adopt, target); !isType[*plan.PinError](err) {
			t.Fatalf("version %s is gone and the rollback plans all the same: %v", ref, err)
		}
	})
}

func TestACrashAnywhereReachesTheSameEndInNoMoreSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, _ := drawHistory(t, rapid.IntRange(1, 2).Draw(t, "history"))
		have, want := worlds[len(worlds)-1], drawDesired(t)
		planned := mustPlan(t, want, have, adopt)
		whole := run(t, have, planned)

		all := steps(planned)
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		half, err := plan.Simulate(have, all[:cut]...)
		if err != nil {
			t.Fatal(err)
		}
		if crashedAfterRecord(all[:cut]) {
			half.Ledger.Pending, half.Ledger.Phase = recorded(half, planned), release.PhaseRun
		}
		rest := mustPlan(t, want, half, adopt)
		if n, left := len(acts(steps(rest))), len(acts(all[cut:])); n > left {
			t.Errorf("after %d steps %d acts were left, and %d were planned", cut, left, n)
		}
		for _, s := range steps(rest) {
			p, ok := s.(plan.Publish)
			if ok && slices.ContainsFunc(half.Versions[p.Spec.Function], func(v versions.Version) bool { return v.Spec == p.Spec }) {
				t.Errorf("%s is published twice", p.Key)
			}
		}
		after := run(t, half, rest)
		for _, id := range distributions {
			if diff := cmp.Diff(whole.Distributions[id].Held, after.Distributions[id].Held); diff != "" {
				t.Errorf("%s ends differently after a crash at step %d:\n%s", id, cut, diff)
			}
		}
		if !slices.Equal(whole.Ledger.Live.Bindings(), after.Ledger.Live.Bindings()) {
			t.Errorf("the release after the crash binds something else")
		}
	})
}

// crashedAfterRecord says that the run came as far as recording its release.
func crashedAfterRecord(done []plan.Step) bool {
	return slices.ContainsFunc(done, func(s plan.Step) bool { _, ok := s.(plan.Associate); return ok })
}

// acts are the steps that change something. Waiting is none, nor is the look at
// a version before it is attached again.
func acts(list []plan.Step) []plan.Step {
	return slices.DeleteFunc(slices.Clone(list), func(s plan.Step) bool {
		switch s.(type) {
		case plan.Await, plan.Activate:
			return true
		}
		return false
	})
}

func TestNoEditChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds, _ := drawHistory(t, rapid.IntRange(1, 3).Draw(t, "history"))
		have := worlds[len(worlds)-1]
		planned := mustPlan(t, drawDesired(t), have, adopt)
		seen := map[string]bool{}
		for _, s := range steps(planned) {
			a, ok := s.(plan.Associate)
			if !ok {
				continue
			}
			if seen[a.Change.Distribution] {
				t.Errorf("%s is written twice", a.Change.Distribution)
			}
			seen[a.Change.Distribution] = true
			if len(a.Change.Edits) == 0 {
				t.Errorf("%s is written without an edit", a.Change.Distribution)
			}
			for _, e := range a.Change.Edits {
				if e.From == e.To {
					t.Errorf("%s: the edit changes nothing", e.Slot)
				}
			}
		}
	})
}

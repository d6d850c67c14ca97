package plan

import (
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Wanted is what a release says shall be: its own versions, by number. No
// spec and no bundles are needed.
func Wanted(r release.Release) Desired {
	return Desired{
		Stack: r.Stack, Kind: release.KindRollback, Of: r.Number, Account: r.Account, Role: r.Role, Tags: r.Tags,
		Functions: slices.Clone(r.Functions), Distributions: slices.Clone(r.Distributions),
		Bindings: release.Table(r.Bindings), Origins: r.Origins, Source: r.Source,
	}
}

// nothing is what the stack wants where it wants nothing: a rollback to 0.
func nothing(r release.Release) Desired {
	return Desired{
		Stack: r.Stack, Kind: release.KindRollback, Account: r.Account, Role: r.Role, Tags: r.Tags,
		Distributions: slices.Clone(r.Distributions), Bindings: associations.Table{},
	}
}

// RollbackTo gives what a rollback from the state of the ledger to the target
// wants; passed are the releases that it takes out of service. Slots that were
// taken over after the target go back to whom they were taken from.
func RollbackTo(state release.LedgerState, target release.Release, passed []release.Release) Desired {
	want := Wanted(target)
	if target.Number == 0 {
		want = nothing(state.Live)
		if state.Live.Number == 0 {
			want = nothing(state.Pending)
		}
	}
	want.Tags, want.Role = state.Live.Tags, state.Live.Role
	if state.Live.Number == 0 {
		want.Tags, want.Role = state.Pending.Tags, state.Pending.Role
	}
	want.Distributions = joinDistributions(want.Distributions, state.Live.Distributions, state.Pending.Distributions)
	want.Holds = release.HoldsAfter(state.Live.Holds, target, passed)
	want.GivesBack = associations.Table{}
	for _, list := range [][]release.Bound{state.Pending.Origins, state.Live.Origins} {
		for _, origin := range list {
			if _, bound := want.Bindings[origin.Slot]; !bound {
				want.GivesBack[origin.Slot] = origin.Binding
			}
		}
	}
	return want
}

// joinDistributions keeps the distributions that a rollback empties among
// those the stack names: going back is no reason to ask for --allow-detach.
func joinDistributions(lists ...[]release.Distribution) []release.Distribution {
	var all []release.Distribution
	for _, list := range lists {
		for _, d := range list {
			if !slices.ContainsFunc(all, func(o release.Distribution) bool { return o.ID == d.ID }) {
				all = append(all, d)
			}
		}
	}
	return all
}

// PlanResume plans to lift the hold of one release, or of all when release is
// 0: it records a release that binds what is bound, and touches nothing else.
// It refuses with *InFlightError while another release is in flight.
func PlanResume(state release.LedgerState, recorded int) (Plan, error) {
	live := state.Live
	if live.Number == 0 {
		return Plan{}, &release.NoTargetError{Stack: live.Stack}
	}
	var keep []release.Hold
	holds := state.Holds()
	for _, h := range holds {
		if recorded != 0 && h.Release != recorded {
			keep = append(keep, h)
		}
	}
	if len(keep) == len(holds) {
		return Plan{}, &release.NotHeldError{Stack: live.Stack, Release: recorded, Holds: holds}
	}
	if at := state.Position(); at.Pending != 0 {
		return Plan{}, &release.InFlightError{Stack: live.Stack, At: at}
	}
	goal := live
	goal.Kind, goal.Parent, goal.Of, goal.Changed, goal.Holds = release.KindResume, live.Number, 0, nil, keep
	return Plan{
		Schema: PlanSchema, Stack: live.Stack, Kind: release.KindResume, Account: state.Account,
		Saw: state.Position(), Seen: state.Seen, Goal: goal, Record: true,
	}, nil
}

// heldBy gives every reason why want may not be applied.
func heldBy(want Desired, holds []release.Hold) []release.Held {
	var held []release.Held
	for _, h := range holds {
		if want.StrictHold {
			held = append(held, release.Held{Release: h.Release, Strict: true})
			continue
		}
		before := len(held)
		for _, f := range want.Functions {
			if want.Binds(f.Spec.Function) && slices.Contains(h.Items, f.Spec) {
				held = append(held, release.Held{Release: h.Release, Key: f.Key, Content: f.Spec.Content})
			}
		}
		if len(held) == before && h.Commit != "" && h.Commit == want.Source.Commit && !want.Source.Dirty {
			held = append(held, release.Held{Release: h.Release, Commit: h.Commit})
		}
	}
	return held
}

package deploy

import (
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
)

// Desired is what a release says shall be: its own versions, by number. No
// spec and no bundles are needed.
func (r Release) Desired() Desired {
	return Desired{
		Stack: r.Stack, Kind: KindRollback, Of: r.Number, Account: r.Account, Role: r.Role, Tags: r.Tags,
		Functions: slices.Clone(r.Functions), Distributions: slices.Clone(r.Distributions),
		Bindings: Table(r.Bindings), Origins: r.Origins, Source: r.Source,
	}
}

// nothing is what the stack wants where it wants nothing: a rollback to 0.
func (r Release) nothing() Desired {
	return Desired{
		Stack: r.Stack, Kind: KindRollback, Account: r.Account, Role: r.Role, Tags: r.Tags,
		Distributions: slices.Clone(r.Distributions), Bindings: associations.Table{},
	}
}

// RollbackTo gives what a rollback from the state of the ledger to the target
// wants; passed are the releases that it takes out of service. Slots that were
// taken over after the target go back to whom they were taken from.
func RollbackTo(state LedgerState, target Release, passed []Release) Desired {
	want := target.Desired()
	if target.Number == 0 {
		want = state.Live.nothing()
		if state.Live.Number == 0 {
			want = state.Pending.nothing()
		}
	}
	want.Tags, want.Role = state.Live.Tags, state.Live.Role
	if state.Live.Number == 0 {
		want.Tags, want.Role = state.Pending.Tags, state.Pending.Role
	}
	want.Distributions = joinDistributions(want.Distributions, state.Live.Distributions, state.Pending.Distributions)
	want.Holds = holdsAfter(state.Live.Holds, target, passed)
	want.GivesBack = associations.Table{}
	for _, list := range [][]Bound{state.Pending.Origins, state.Live.Origins} {
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
func joinDistributions(lists ...[]Distribution) []Distribution {
	var all []Distribution
	for _, list := range lists {
		for _, d := range list {
			if !slices.ContainsFunc(all, func(o Distribution) bool { return o.ID == d.ID }) {
				all = append(all, d)
			}
		}
	}
	return all
}

// NoTargetError says that there is nothing to go back to.
type NoTargetError struct {
	Stack string
	Live  int
}

func (e *NoTargetError) Error() string {
	if e.Live == 0 {
		return fmt.Sprintf("stack %s has no release yet", e.Stack)
	}
	return fmt.Sprintf("stack %s has no earlier release that is complete, was not rolled back, and binds something else than release %d", e.Stack, e.Live)
}

// History is the ledger's list by number, for walking ancestors.
type History map[int]Summary

// NewHistory makes a History of a list.
func NewHistory(list []Summary) History {
	h := make(History, len(list))
	for _, s := range list {
		h[s.Number] = s
	}
	return h
}

// Lineage gives the complete releases that led to the one of that number,
// which comes first, then ever older ones. A release that was rolled back is
// not among the ancestors of what came after: behind a rollback stands what
// it went back to, so that going back twice goes further back, never forth.
func (h History) Lineage(number int) []Summary {
	var line []Summary
	seen := map[int]bool{}
	for number != 0 && !seen[number] {
		seen[number] = true
		s, ok := h[number]
		if !ok {
			break // the release was deleted, or its description is not ours
		}
		line = append(line, s)
		if s.Kind == KindRollback {
			number = s.Of
			continue
		}
		number = s.Parent
	}
	return line
}

// Target finds what a rollback without arguments goes back to: the nearest
// complete ancestor that was not rolled back itself and binds something else
// than is bound now. While a release is in flight, what is live on paper may not be what is
// bound: then the live release itself is the target, or, if what is in flight
// is a rollback that was interrupted, its target once more.
func (h History) Target(stack string, pos Position) (int, error) {
	line := h.Lineage(pos.Live)
	switch {
	case pos.Live == 0 && pos.Pending != 0:
		return 0, nil // a first apply that was interrupted
	case len(line) == 0:
		return 0, &NoTargetError{Stack: stack, Live: pos.Live}
	case pos.GoingBack():
		return pos.Pending, nil
	}
	now := line[0].Bindings
	candidates := line[1:]
	switch p, ok := h[pos.Pending]; {
	case ok && p.Kind == KindRollback:
		return p.Of, nil // recorded, but not committed
	case ok:
		now, candidates = p.Bindings, line
	}
	rolledBack := h.rolledBack(pos.Live)
	for _, s := range candidates {
		if s.Bindings != now && !rolledBack[s.Number] {
			return s.Number, nil
		}
	}
	return 0, &NoTargetError{Stack: stack, Live: pos.Live}
}

// rolledBack gives the releases that rollbacks up to the live release took out
// of service, but for those that a later one went to on purpose. Most of them
// are in no lineage any more; going forth again brings them back into one.
func (h History) rolledBack(live int) map[int]bool {
	var committed []Summary // newest first: a parent was live when its child was made
	seen := map[int]bool{}
	for s, ok := h[live]; ok && !seen[s.Number]; s, ok = h[s.Parent] {
		seen[s.Number] = true
		committed = append(committed, s)
	}
	gone := map[int]bool{}
	for _, s := range slices.Backward(committed) {
		if s.Kind != KindRollback {
			continue
		}
		for _, n := range h.Passed(Position{Live: s.Parent}, s.Of) {
			gone[n] = true
		}
		delete(gone, s.Of)
	}
	return gone
}

// Passed gives the releases that going back to the target takes out of
// service: those on the line between, and one in flight. Where a rollback was
// interrupted, what it was going back to is not in flight: it was given up for
// a later release long ago, which is no verdict on it.
func (h History) Passed(pos Position, target int) []int {
	var passed []int
	inFlight := pos.Pending != 0 && pos.Pending != target && !pos.GoingBack()
	if inFlight {
		passed = append(passed, pos.Pending)
	}
	for _, s := range h.Lineage(pos.Live) {
		if s.Number == target {
			return passed
		}
		passed = append(passed, s.Number)
	}
	if target == 0 {
		return passed
	}
	// The target is not behind us: going to it takes nothing but the live
	// release out of service.
	if inFlight {
		return []int{pos.Pending, pos.Live}
	}
	return []int{pos.Live}
}

// PlanResume plans to lift the hold of one release, or of all when release is
// 0: it records a release that binds what is bound, and touches nothing else.
// It refuses with *InFlightError while another release is in flight.
func PlanResume(state LedgerState, release int) (Plan, error) {
	live := state.Live
	if live.Number == 0 {
		return Plan{}, &NoTargetError{Stack: live.Stack}
	}
	var keep []Hold
	holds := state.Holds()
	for _, h := range holds {
		if release != 0 && h.Release != release {
			keep = append(keep, h)
		}
	}
	if len(keep) == len(holds) {
		return Plan{}, &NotHeldError{Stack: live.Stack, Release: release, Holds: holds}
	}
	if at := state.Position(); at.Pending != 0 {
		return Plan{}, &InFlightError{Stack: live.Stack, At: at}
	}
	goal := live
	goal.Kind, goal.Parent, goal.Of, goal.Changed, goal.Holds = KindResume, live.Number, 0, nil, keep
	return Plan{
		Schema: PlanSchema, Stack: live.Stack, Kind: KindResume, Account: state.Account,
		Saw: state.Position(), seen: state.Seen, Goal: goal, Record: true,
	}, nil
}

// InFlightError says that a release was begun and never committed, so that what
// is bound is not what the live release says. A record on top of it would hide
// what it wrote. Nothing was changed.
type InFlightError struct {
	Stack string
	At    Position
}

func (e *InFlightError) Error() string {
	if e.At.GoingBack() {
		return fmt.Sprintf("stack %s is on its way back to release %d: that rollback was interrupted", e.Stack, e.At.Pending)
	}
	return fmt.Sprintf("stack %s has release %d in flight: it was begun and never committed", e.Stack, e.At.Pending)
}

// NotHeldError says that there is no hold to lift.
type NotHeldError struct {
	Stack   string
	Release int // 0: any
	Holds   []Hold
}

func (e *NotHeldError) Error() string {
	if e.Release == 0 {
		return fmt.Sprintf("stack %s is not held", e.Stack)
	}
	return fmt.Sprintf("stack %s has no hold for release %d", e.Stack, e.Release)
}

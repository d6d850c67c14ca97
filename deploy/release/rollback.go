package release

import (
	"fmt"
	"slices"
)

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

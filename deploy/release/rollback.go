package release

import (
	"fmt"
	"slices"
)

// Request is what a rollback was asked for.
type Request struct {
	// To is the release to go to, with Named; 0 is the state before the first.
	To    int
	Named bool // --to was said
	// Of is the release that is to be undone (--of); 0 for whichever is live or
	// in flight.
	Of int
	// Automatic is the rollback of a run that failed (--on-failure rollback). It
	// holds nothing, as what failed was not in service, unless CloudFront refused
	// the content itself (Refused).
	Automatic, Refused bool
}

// Plain reports whether the rollback undoes what is live or in flight, as
// against going to a release that was named.
func (r Request) Plain() bool { return !r.Named }

// Way is what a rollback comes to, decided from the ledger alone.
type Way string

// The ways of a rollback.
const (
	// WayNothing: --of names a release that is neither live nor in flight.
	WayNothing Way = "nothing"
	// WayPutBack: the live release went back already. What differs from it is
	// put back; nothing is recorded.
	WayPutBack Way = "put-back"
	// WayComplete: a rollback is in flight and is finished as it was recorded,
	// or, if that cannot be done any more, by another of the same target.
	WayComplete Way = "complete"
	// WayNew: a rollback is recorded.
	WayNew Way = "new"
)

// Route says how a rollback gets from the ledger's state to its target.
type Route struct {
	Way    Way
	Undone int // the release that is undone
	Target int // the release it goes to; 0 is the state before the first
	// Settle is the release in flight that is committed first, 0 for none: all
	// its writes were made.
	Settle int
	// Supersedes reports whether the release in flight is superseded, or
	// completed: not all its writes were made.
	Supersedes bool
}

// NoTargetError says that there is nothing to go back to. Nothing was changed.
type NoTargetError struct {
	Stack string
	Live  int // 0: nothing is live
	Asked int // the release to go to, of which there is no record; 0 for none
}

func (e *NoTargetError) Error() string {
	switch {
	case e.Asked != 0:
		return fmt.Sprintf("stack %s has no release %d that was live or in flight", e.Stack, e.Asked)
	case e.Live == 0:
		return fmt.Sprintf("stack %s has no live release", e.Stack)
	default:
		return fmt.Sprintf("release %d is the first of stack %s: there is no earlier one to go back to", e.Live, e.Stack)
	}
}

// DiedError says that an apply died before it marked a release as in flight: it
// changed nothing in CloudFront. A rollback now would undo the release before
// it, which is hardly what was meant. Nothing was changed.
type DiedError struct {
	Stack string
	Run   string // the run whose name is in the lock
	Live  int
	// Returns is the release to go to from the live one, 0 for none before it; Back
	// reports that the stack is back already, so that it has to be named.
	Returns int
	Back    bool
}

func (e *DiedError) Error() string {
	live := "no release is live"
	if e.Live != 0 {
		live = fmt.Sprintf("release %d is live", e.Live)
	}
	return fmt.Sprintf("run %s of stack %s died before it wrote anything to CloudFront: %s, and there is nothing of that run to undo", e.Run, e.Stack, live)
}

// died reports whether the lock was left by an apply, or by a destroy, that never
// marked a release, at rest. What an earlier run left in flight is there to be undone, whatever
// died after it.
func (s LedgerState) died() bool {
	l := s.Lock
	run := l.last()
	return s.Pending.Number == 0 && run != "" && !l.Held() && (l.Phase == string(KindApply) || l.Phase == string(KindDestroy)) && !s.Live.madeBy(run) && !s.Pending.madeBy(run)
}

// Died is an error if only the lock tells that an apply died before it marked a
// release as in flight; nil if none did.
func (s LedgerState) Died(stack string) *DiedError {
	if !s.died() {
		return nil
	}
	return &DiedError{Stack: stack, Run: s.Lock.last(), Live: s.Live.Number, Returns: s.Live.Returns, Back: s.Live.Back != 0}
}

// BackRun ends the run id of the record that --on-failure rollback makes: it is
// the second record of its run.
const BackRun = "-back"

// madeBy reports whether a run made the release.
func (r Release) madeBy(run string) bool { return r.RunID == run || r.RunID == run+BackRun }

// Find decides the route of a rollback. written says how far the release in
// flight came.
func Find(state LedgerState, req Request, written Written) (Route, error) {
	live := state.Live
	flight, flying := state.InFlight()
	if req.Of != 0 && !state.Exists {
		return Route{}, &NoTargetError{Stack: live.Stack, Asked: req.Of} // its number came from a ledger
	}
	if req.Of != 0 && !state.undoable(req.Of) {
		return Route{Way: WayNothing}, nil
	}
	switch {
	case req.Plain() && req.Of == 0 && state.died():
		return Route{}, state.Died(live.Stack)
	case req.Named:
		return find(state, req.To, written), nil
	case flying && req.Automatic && flight.inherits(live):
		// What failed bound nothing new (tags, a repair): what is live stays.
		return Route{Way: WayNew, Undone: flight.Number, Target: live.Number, Supersedes: true}, nil
	case flying && state.passes(req.Of):
		// What is to be undone is live, and another release is in flight on top:
		// both are taken out of service.
		if live.Returns == 0 {
			return Route{}, &NoTargetError{Stack: live.Stack, Live: live.Number}
		}
		return Route{Way: WayNew, Undone: live.Number, Target: live.Returns, Supersedes: true}, nil
	case flying && flight.IsBack():
		return findBack(flight, written, req), nil
	case flying && !state.UndoesSlots():
		return Route{}, &NoTargetError{Stack: live.Stack, Live: live.Number}
	case flying:
		// An apply, or a rollback that goes forth, is undone as it is, even if
		// all of it was written: committing it first would only put it in between.
		return Route{Way: WayNew, Undone: flight.Number, Target: flight.Returns, Supersedes: true}, nil
	case live.Number == 0:
		return Route{}, &NoTargetError{Stack: live.Stack}
	case live.Back != 0:
		return Route{Way: WayPutBack, Undone: live.Back, Target: int(live.Brought)}, nil
	case live.Returns == 0:
		return Route{}, &NoTargetError{Stack: live.Stack, Live: live.Number}
	}
	return Route{Way: WayNew, Undone: live.Number, Target: live.Returns}, nil
}

// findBack is the route of a rollback that finds another on its way back, or a
// release that changes no slot on top of one: it goes no further.
func findBack(flight Release, written Written, req Request) Route {
	r := Route{Way: WayComplete, Undone: flight.Undone, Target: flight.Target, Supersedes: true}
	if flight.Kind != KindRollback {
		r.Undone, r.Target = flight.Back, flight.Number // it binds what it is back at
	}
	if written == WrittenAll && !(flight.Automatic && !req.Automatic) {
		r.Way, r.Settle, r.Supersedes = WayPutBack, flight.Number, false
	}
	return r // one that --on-failure rollback made holds nothing: a person's is recorded over it
}

// passes reports whether the release that a rollback was told to undo is live,
// and is not what the release in flight undoes.
func (s LedgerState) passes(of int) bool {
	flight := s.Pending
	return of != 0 && of != flight.Number && s.Live.Back == 0 && (of == s.Live.Number || of == int(s.Live.Brought)) &&
		!(flight.Kind == KindRollback && flight.Undone == of)
}

// inherits reports whether an apply brings nothing: it binds what the live
// release does, which it was made on. One that binds what a dead rollback was to
// bind brings that.
func (r Release) inherits(live Release) bool {
	return r.Kind != KindRollback && r.Parent != 0 && r.Brought == live.Brought
}

// UndoesSlots reports whether undoing the release in flight leads to another
// state than undoing the live one would. A release that changes no slot (tags, a
// repair) inherits where it returns; if that is before the first release, all
// slots would be emptied because of one that bound nothing new. That has to be
// asked for, with --to 0, as it has to once the release is live.
func (s LedgerState) UndoesSlots() bool {
	flight := s.Pending
	return flight.Returns != 0 || flight.Parent == 0 || int(flight.Brought) == flight.Number
}

// find is the route to a named release.
func find(state LedgerState, to int, written Written) Route {
	flight, flying := state.InFlight()
	r := Route{Way: WayNew, Undone: state.Live.Number, Target: to}
	switch {
	case !flying:
	case written == WrittenAll:
		r.Settle, r.Undone = flight.Number, flight.Number
	default:
		r.Supersedes = true
		if flight.Kind == KindRollback && flight.Target == to {
			r.Way, r.Undone = WayComplete, flight.Undone
		}
	}
	return r
}

// undoable reports whether a rollback --of n has something to undo: n is live or
// in flight, or brought what is live without having been gone back to, or is
// what a rollback in flight undoes.
func (s LedgerState) undoable(n int) bool {
	flight, flying := s.InFlight()
	return n == s.Live.Number || flying && n == flight.Number ||
		s.Live.Back == 0 && int(s.Live.Brought) == n ||
		flying && flight.Kind == KindRollback && flight.Undone == n
}

// Needs are the releases, besides the live one and the one in flight, that
// planning a rollback may look at, sorted. It is known before the account was
// looked at, so it covers every route.
func Needs(state LedgerState, req Request) []int {
	live := state.Live
	flight, flying := state.InFlight()
	var list []int
	switch {
	case req.Of != 0 && !state.undoable(req.Of):
	case req.Named:
		list = append(list, req.To)
		if flying && flight.Kind == KindRollback {
			list = append(list, flight.Undone)
		}
	case flying:
		list = append(list, flight.Returns, flight.Target, flight.Undone, flight.Back, int(flight.Brought), live.Returns)
	case live.Back != 0:
		list = append(list, live.Back, int(live.Brought))
	default:
		list = append(list, live.Returns)
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(n int) bool { return n <= 0 || n == live.Number || n == flight.Number })
}

// Lineage is where a rollback's record comes from and where it returns.
type Lineage struct {
	Brought Origin
	Returns int
	Back    int
}

// Heritage is what decides a rollback's lineage.
type Heritage struct {
	Base   Release // the live release, or the one that is settled first
	Undone Release
	Target Release
	// Superseded is the release in flight that is superseded; Number 0 for none.
	Superseded Release
	Named      bool // --to
	Automatic  bool // --on-failure rollback
	Unknown    bool // nothing is known of what is live
}

// Lineage decides whether a rollback goes back or forth, by what was brought
// and not by numbers, and with it where it returns.
func (h Heritage) Lineage() Lineage {
	superseding := h.Superseded.Number != 0
	if h.Unknown {
		// Nothing is known of what is live: it is as if the target were again.
		return Lineage{h.Target.Brought, h.Target.Returns, h.Target.Back}
	}
	if h.Named && !superseding && h.Target.Brought == h.Base.Brought || h.Automatic && h.Superseded.inherits(h.Base) {
		return Lineage{h.Target.Brought, h.Base.Returns, h.Base.Back} // no other bindings than now: inherited
	}
	if h.back() {
		return Lineage{h.Target.Brought, h.Target.Returns, h.Undone.Number}
	}
	return Lineage{h.Target.Brought, h.Base.Number, 0}
}

func (h Heritage) back() bool {
	switch {
	case !h.Named && h.Superseded.Number != 0:
		return true // undoing what is in flight
	case h.Named && h.Superseded.Number != 0 && h.Target.Brought == h.Base.Brought:
		return true
	case h.Named:
		return h.Target.Brought < h.Base.Brought
	default:
		return h.Target.Brought < h.Undone.Brought
	}
}

// Forth reports whether a rollback to a named release goes forth: it undoes a
// rollback, and holds nothing.
func (h Heritage) Forth() bool { return h.Named && !h.back() }

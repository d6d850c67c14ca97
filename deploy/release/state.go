package release

import (
	"cmp"
	"fmt"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
)

// LedgerState is one look at a stack's ledger.
type LedgerState struct {
	Exists  bool
	Account string // of the ledger function; "" if there is none
	// Live is the release that is live; Number 0 if none is.
	Live Release
	// Pending is the release in flight: it was begun and never committed.
	// Number 0 if there is none.
	Pending Release
	// Phase is what the release in flight is at: "run", or a phase that a newer
	// edgedeploy knows. "" if nothing is in flight.
	Phase string
	// Lost is the release that was live when the lock was given back last, if the
	// ledger names none any more, or an older one: its alias was deleted or moved
	// by hand. Then Live is zero, and what is in flight is newer than Lost.
	Lost int
	// Former is the record of the release that was live when the lock was given
	// back last, where Live is zero; Number 0 if there is none.
	Former Release
	// Broken is what the ledger names as live and is no record of a release: then
	// Live is zero. 0 if there is nothing of the kind.
	Broken int
	Lock   LockInfo
	// Kept are the releases that the ledger protects from being deleted, oldest
	// first.
	Kept []int
	// Seen lets a run that follows at once take the lock in one call.
	Seen Seen
}

// Seen are the revisions that a look at the ledger found: opaque to all but
// the ledger, which uses them as the first guess of a compare-and-swap and
// reads again when they are stale. The zero value is no guess.
type Seen struct {
	Lock, Live, Pending string
	// Dead is the run whose lock had expired, "" if there was none.
	Dead string
}

// Position is what a plan saw of a ledger, to be compared under the lock.
// Releases are immutable, so their numbers stand for everything in them, holds
// included.
type Position struct {
	Live    int `json:"live"`
	Pending int `json:"pending"` // the release in flight, 0 for none
}

// At gives the position from what the aliases live and pending name. What is
// pending is in flight only if its number is above the live one's: live moves
// to what pending names, or to a release recorded on top of it, and an ancestor
// has a smaller number.
func At(live, pending int) Position {
	if pending <= live {
		pending = 0
	}
	return Position{Live: live, Pending: pending}
}

func (p Position) String() string {
	if p.Pending != 0 {
		return fmt.Sprintf("%d (with %d in flight)", p.Live, p.Pending)
	}
	return fmt.Sprint(p.Live)
}

// Position says where the ledger stands.
func (s LedgerState) Position() Position {
	at := Position{Live: s.Live.Number, Pending: s.Pending.Number}
	if s.Lost != 0 || s.Broken != 0 {
		at.Live = s.Broken // whatever was recalled
	}
	return at
}

// Recalled is the state with what was live taken for live, where the ledger has
// lost that: what a rollback to a named release is planned on.
func (s LedgerState) Recalled() LedgerState {
	if s.Live.Number == 0 && s.Former.Number != 0 {
		s.Live = s.Former
	}
	return s
}

// LostError says that a ledger names no live release any more, although it had
// one, or an older one than it had: its alias was deleted or moved by hand. Only
// a rollback to a named release goes on. Nothing was changed.
type LostError struct {
	Stack string
	Lost  int
}

func (e *LostError) Error() string {
	return fmt.Sprintf("stack %s: release %d was live when the lock was given back last, and alias live does not name it any more: it was deleted or moved by hand", e.Stack, e.Lost)
}

// Next says which command makes a release live again.
func (e *LostError) Next() []Action { return waysOn(LedgerState{Lost: e.Lost}, "") }

// Sound is an error if the ledger has lost what was live.
func (s LedgerState) Sound(stack string) error {
	if s.Lost == 0 {
		return nil
	}
	return &LostError{Stack: stack, Lost: s.Lost}
}

// PhaseRun is the only phase of a release in flight that this edgedeploy knows:
// its distributions are being written.
const PhaseRun = "run"

// PhaseError says that the release in flight is in a phase that this edgedeploy
// does not know: a rollout is at work. Nothing was changed.
type PhaseError struct {
	Stack   string
	Release int
	Phase   string
}

func (e *PhaseError) Error() string {
	return fmt.Sprintf("release %d of stack %s is in phase %q: a rollout is at work", e.Release, e.Stack, e.Phase)
}

// Foreign is an error if the release in flight is in another phase than run: only
// a rollback may end that.
func (s LedgerState) Foreign() error {
	if s.Pending.Number == 0 || s.Phase == PhaseRun || s.Phase == "" {
		return nil
	}
	return &PhaseError{Stack: s.Pending.Stack, Release: s.Pending.Number, Phase: s.Phase}
}

// InFlight is the release in flight, if there is one.
func (s LedgerState) InFlight() (Release, bool) { return s.Pending, s.Pending.Number != 0 }

// Written says how far the writes of a release came.
type Written string

// What can be read of a release's edits. A slot that holds neither From nor To
// is held by something else, and does not count.
const (
	WrittenAll  Written = "all"  // at least one slot counts, and every one that does holds To
	WrittenPart Written = "part" // some hold To and some From
	WrittenNone Written = "none" // none that counts holds To, or none counts
)

// Written compares a release's edits with what the slots hold. A record without
// edits counts as written: there is nothing that is not.
func (r Release) Written(held func(associations.Slot) associations.Binding) Written {
	written, not := 0, 0
	for _, e := range r.Edits {
		switch held(e.Slot) {
		case e.To:
			written++
		case e.From:
			not++
		}
	}
	switch {
	case len(r.Edits) == 0, written > 0 && not == 0:
		return WrittenAll
	case written > 0:
		return WrittenPart
	default:
		return WrittenNone
	}
}

// GoingBack reports whether a release is a rollback that went, or was to go,
// back. One that goes forth, undoing a rollback, is treated as an apply is.
func (r Release) GoingBack() bool { return r.Kind == KindRollback && r.Back != 0 }

// IsBack reports whether a release is back at an earlier one, or on the way
// there: a rollback that goes back, and what changed no slot since.
func (r Release) IsBack() bool { return r.Back != 0 }

// LockInfo says who holds a stack's lock. The zero value is an open lock.
type LockInfo struct {
	Holder string // who
	RunID  string
	Phase  string // what it is doing
	// Taken is, of an open lock, the run that it was taken away from (unlock): it
	// may have died as any. Phase is then what that run was doing.
	Taken   string
	Expires time.Time
	// Expired is judged by the time AWS's own answer carried.
	Expired bool
	// Foreign is what the lock says if that is not understood, in one line and
	// cut: a hand or another program wrote it. Such a lock never expires.
	Foreign string
}

// last is the run that had the lock last and did not give it back, "" for none.
func (l LockInfo) last() string { return cmp.Or(l.RunID, l.Taken) }

// Held reports whether a run holds the lock and it has not expired.
func (l LockInfo) Held() bool { return l.RunID != "" && !l.Expired }

// LedgerFunction is the name of the Lambda function that keeps a stack's releases.
func LedgerFunction(stack string) string { return "edgedeploy-" + stack + "-releases" }

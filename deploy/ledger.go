package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// LockRequest is what a run says of itself when it takes the lock.
type LockRequest struct {
	Stack  string
	Holder string
	RunID  string
	Phase  string
	// Role and Tags are given to the ledger function if it has to be created.
	Role string
	Tags map[string]string
	// Seen saves reading the lock before taking it; see release.LedgerState.
	Seen release.Seen
	// AllowLost reports that the run was told where to go (rollback --to): the
	// release that was live may be lost, because the run puts another in its place.
	AllowLost bool
}

// Ledger is the append-only history of a stack's releases, with its lock.
// (internal/aws/ledger keeps it on Lambda versions and aliases.)
type Ledger interface {
	// Read looks at the ledger; a missing one is Exists false, and no error. If
	// what is live cannot be read, the state comes with the error.
	Read(ctx context.Context, stack string) (release.LedgerState, error)
	// Position looks only at which releases are live and in flight: one call.
	Position(ctx context.Context, stack string) (release.Position, error)
	// List gives the summaries of all releases, newest first.
	List(ctx context.Context, stack string) ([]release.Summary, error)
	// Get reads one release and verifies its bytes; ErrNoRelease.
	Get(ctx context.Context, stack string, number int) (release.Release, error)
	// Lock takes the lock, creating the ledger if there is none, and keeps it
	// renewed until Unlock; *LockedError if another run holds it.
	Lock(ctx context.Context, req LockRequest) (Lease, error)
	// Holder reads who holds the lock, and AWS's time: one call.
	Holder(ctx context.Context, stack string) (release.LockInfo, time.Time, error)
	// Unlock takes the lock away from a run, and returns what the lock said; the
	// zero LockInfo of an open one. *LockedError if another run holds it, or if
	// the run still holds it and Live is not set.
	Unlock(ctx context.Context, req UnlockRequest) (release.LockInfo, error)
}

// UnlockRequest says which run's lock is taken away, and by whom.
type UnlockRequest struct {
	Stack string
	RunID string // the run that is believed dead
	Live  bool   // also if its lock has not expired
	// By is who takes it away. The run is told, if it is alive after all.
	By string
	// Found reports that a run with nothing to do found all in place: what the dead
	// run was about is settled, and a later rollback need not be stopped for it.
	Found bool
}

// Lease is a held lock and what may be done only under it.
type Lease interface {
	// Prove makes sure that the lock is still this run's, by a compare-and-swap
	// that was answered at most within ago: 0 asks for one now. *LostLockError.
	Prove(ctx context.Context, within time.Duration) error
	// Append writes the record, and gives it back with its number. Nothing
	// points at it yet.
	Append(ctx context.Context, r release.Release) (release.Release, error)
	// Mark names the release as the one in flight: the last thing before its
	// first write to CloudFront.
	Mark(ctx context.Context, r release.Release) error
	// Commit moves live to the release.
	Commit(ctx context.Context, r release.Release) error
	// Unkeep takes the protection off releases: their records stay until they are
	// deleted by others, and may be gone back to no more.
	Unkeep(ctx context.Context, numbers []int) error
	// Unlock ends the renewal and gives the lock back.
	Unlock(ctx context.Context) error
}

// ErrNoRelease says that the ledger has no release of that number.
var ErrNoRelease = errors.New("no such release")

// LockedError says that another run holds the stack's lock. Nothing was changed.
type LockedError struct {
	Stack string
	Lock  release.LockInfo
	Now   time.Time // AWS's time
	// Waited is how long it was waited for the lock, 0 if it was not.
	Waited time.Duration
	// Asked is the run whose lock was to be taken away, if that is another one.
	Asked string
}

func (e *LockedError) Error() string {
	if e.Lock.Foreign != "" {
		return fmt.Sprintf("the lock of stack %s says %q, which this edgedeploy does not understand", e.Stack, e.Lock.Foreign)
	}
	text := fmt.Sprintf("stack %s is locked by %s (run %s, %s)", e.Stack, e.Lock.Holder, e.Lock.RunID, e.Lock.Phase)
	if e.Asked != "" {
		text = fmt.Sprintf("stack %s is not locked by run %s but by %s (run %s, %s)", e.Stack, e.Asked, e.Lock.Holder, e.Lock.RunID, e.Lock.Phase)
	}
	if e.Lock.Expired {
		text += "; the lock has expired"
	} else {
		text += fmt.Sprintf("; the lock expires in %s unless it is renewed", e.Lock.Expires.Sub(e.Now).Round(time.Second))
	}
	if e.Waited > 0 {
		text += fmt.Sprintf("; waited %s for it", e.Waited)
	}
	return text
}

// LostLockError says that a run no longer holds the lock it took: it expired
// and another run took over, or it was taken away.
type LostLockError struct {
	Stack string
	// Lock is the run that holds the lock now, the zero value if none does.
	Lock release.LockInfo
	// Unlocked is who took the lock away, with unlock or because it had expired;
	// "" if that is not what happened.
	Unlocked string
	Deleted  bool // the lock's alias, or the ledger's function, is gone
}

func (e *LostLockError) Error() string {
	switch {
	case e.Deleted:
		return fmt.Sprintf("the lock of stack %s was deleted by hand", e.Stack)
	case e.Lock.Foreign != "":
		return fmt.Sprintf("the lock of stack %s was overwritten: it says %q", e.Stack, e.Lock.Foreign)
	case e.Unlocked != "":
		return fmt.Sprintf("the lock of stack %s was taken away by unlock (%s)", e.Stack, e.Unlocked)
	case e.Lock.RunID == "":
		return fmt.Sprintf("the lock of stack %s is no longer this run's: another run took it over, and has given it back", e.Stack)
	}
	return fmt.Sprintf("the lock of stack %s was taken over by %s (run %s)", e.Stack, e.Lock.Holder, e.Lock.RunID)
}

// StaleError says that another run changed the ledger after the plan was made.
// Nothing was changed.
type StaleError struct {
	Stack    string
	Saw, Now release.Position
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("the plan is stale: it saw stack %s at release %s, and now it is at %s", e.Stack, e.Saw, e.Now)
}

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
	// Unlock takes the lock away from the run that holds it, and says which
	// that was.
	Unlock(ctx context.Context, stack string) (release.LockInfo, error)
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
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("stack %s is locked by %s (run %s, %s); the lock expires in %s unless it is renewed",
		e.Stack, e.Lock.Holder, e.Lock.RunID, e.Lock.Phase, e.Lock.Expires.Sub(e.Now).Round(time.Second))
}

// LostLockError says that a run no longer holds the lock it took: it expired
// and another run took over, or it was unlocked by hand.
type LostLockError struct {
	Stack string
	Lock  release.LockInfo // the run that holds it now
}

func (e *LostLockError) Error() string {
	if e.Lock.RunID == "" {
		return fmt.Sprintf("the lock of stack %s was taken away by unlock", e.Stack)
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

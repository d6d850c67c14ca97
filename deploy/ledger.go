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
	// Seen saves reading the lock before taking it; see LedgerState.
	Seen release.Seen
}

// Ledger is the append-only history of a stack's releases, with its lock.
// (internal/aws/ledger keeps it on Lambda versions and aliases.)
type Ledger interface {
	// Read looks at the ledger; a missing one is Exists false, and no error.
	Read(ctx context.Context, stack string) (release.LedgerState, error)
	// Position looks only at which releases are live and pending: one call.
	Position(ctx context.Context, stack string) (release.Position, error)
	// List gives the summaries of all releases, newest first.
	List(ctx context.Context, stack string) ([]release.Summary, error)
	// Get reads one release and verifies its bytes; ErrNoRelease.
	Get(ctx context.Context, stack string, number int) (release.Release, error)
	// Lock takes the lock, creating the ledger if there is none, and keeps it
	// renewed until Unlock; *LockedError if somebody else holds it.
	Lock(ctx context.Context, req LockRequest) (Lease, error)
	// Unlock takes the lock away from whoever holds it, and says who that was.
	Unlock(ctx context.Context, stack string) (release.LockInfo, error)
}

// Lease is a held lock and what may be done only under it.
type Lease interface {
	// Verify asks AWS whether the lock still is ours; *LostLockError if not.
	Verify(ctx context.Context) error
	// Append writes the record, protects it from version cleaners and marks it
	// pending. It gives back the release with its number.
	Append(ctx context.Context, r release.Release) (release.Release, error)
	// MarkPending marks an existing release as the one in flight.
	MarkPending(ctx context.Context, number int) error
	// Commit moves live to the release.
	Commit(ctx context.Context, number int) error
	// Unlock ends the renewal and gives the lock back.
	Unlock(ctx context.Context) error
}

// ErrNoRelease says that the ledger has no release of that number.
var ErrNoRelease = errors.New("no such release")

// LockedError says that somebody else holds the stack's lock.
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
// and somebody else took over, or it was unlocked by hand.
type LostLockError struct {
	Stack string
	Lock  release.LockInfo // who holds it now
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

package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LedgerState is one look at a stack's ledger.
type LedgerState struct {
	Exists  bool
	Account string // of the ledger function; "" if there is none
	// Live is the release that is live; Number 0 if none is.
	Live Release
	// Pending is the release in flight, or one that never was committed:
	// Number 0 if there is none, or if it is the live one.
	Pending Release
	Lock    LockInfo
	// Seen lets a run that follows at once take the lock in one call.
	Seen Seen
}

// Seen are the revisions that a look at the ledger found: opaque to all but
// the ledger, which uses them as the first guess of a compare-and-swap and
// reads again when they are stale. The zero value is no guess.
type Seen struct{ Lock, Live, Pending string }

// Position is what a plan saw of a ledger, to be compared under the lock.
// Releases are immutable, so their numbers stand for everything in them.
type Position struct {
	Live    int `json:"live"`
	Pending int `json:"pending"` // 0 when it is the live one
}

// GoingBack says that a rollback marked its target and was interrupted before
// it was recorded: only then is what is in flight older than what is live.
func (p Position) GoingBack() bool { return p.Pending != 0 && p.Pending < p.Live }

// Position says where the ledger stands.
func (s LedgerState) Position() Position {
	return Position{Live: s.Live.Number, Pending: s.Pending.Number}
}

// LockInfo says who holds a stack's lock. The zero value is an open lock.
type LockInfo struct {
	Holder  string // who
	RunID   string
	Phase   string // what it is doing
	Expires time.Time
	// Expired is judged by the time AWS's own answer carried.
	Expired bool
}

// Held says that somebody holds the lock and it has not expired.
func (l LockInfo) Held() bool { return l.RunID != "" && !l.Expired }

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
	Seen Seen
}

// LedgerFunction is the name of the Lambda function that keeps a stack's releases.
func LedgerFunction(stack string) string { return "edgedeploy-" + stack + "-releases" }

// Ledger is the append-only history of a stack's releases, with its lock.
// (internal/aws/ledger keeps it on Lambda versions and aliases.)
type Ledger interface {
	// Read looks at the ledger; a missing one is Exists false, and no error.
	Read(ctx context.Context, stack string) (LedgerState, error)
	// Position looks only at which releases are live and pending: one call.
	Position(ctx context.Context, stack string) (Position, error)
	// List gives the summaries of all releases, newest first.
	List(ctx context.Context, stack string) ([]Summary, error)
	// Get reads one release and verifies its bytes; ErrNoRelease.
	Get(ctx context.Context, stack string, number int) (Release, error)
	// Lock takes the lock, creating the ledger if there is none, and keeps it
	// renewed until Unlock; *LockedError if somebody else holds it.
	Lock(ctx context.Context, req LockRequest) (Lease, error)
	// Unlock takes the lock away from whoever holds it, and says who that was.
	Unlock(ctx context.Context, stack string) (LockInfo, error)
}

// Lease is a held lock and what may be done only under it.
type Lease interface {
	// Verify asks AWS whether the lock still is ours; *LostLockError if not.
	Verify(ctx context.Context) error
	// Append writes the record, protects it from version cleaners and marks it
	// pending. It gives back the release with its number.
	Append(ctx context.Context, r Release) (Release, error)
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
	Lock  LockInfo
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
	Lock  LockInfo // who holds it now
}

func (e *LostLockError) Error() string {
	if e.Lock.RunID == "" {
		return fmt.Sprintf("the lock of stack %s was taken away by unlock", e.Stack)
	}
	return fmt.Sprintf("the lock of stack %s was taken over by %s (run %s)", e.Stack, e.Lock.Holder, e.Lock.RunID)
}

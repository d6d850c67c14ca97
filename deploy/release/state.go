package release

import (
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

func (p Position) String() string {
	if p.Pending != 0 {
		return fmt.Sprintf("%d (with %d in flight)", p.Live, p.Pending)
	}
	return fmt.Sprint(p.Live)
}

// LedgerFunction is the name of the Lambda function that keeps a stack's releases.
func LedgerFunction(stack string) string { return "edgedeploy-" + stack + "-releases" }

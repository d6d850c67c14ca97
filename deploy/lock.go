package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// defaultLockPoll is how often a lock that is waited for is looked at. A look is
// one call to Lambda, and a run takes a minute or so.
const defaultLockPoll = 5 * time.Second

// lock takes the lock. While another run holds it, it waits for LockTimeout at
// most, or until ctx is cancelled. Each attempt itself is finished: it may take
// the lock.
func (r *Runner) lock(ctx context.Context, req LockRequest) (Lease, error) {
	var since time.Time
	bound, cancel := context.WithTimeout(ctx, r.LockTimeout)
	defer cancel()
	for {
		if ctx.Err() != nil {
			return nil, &InterruptedError{Stack: req.Stack}
		}
		lease, err := r.Ledger.Lock(context.WithoutCancel(ctx), req)
		locked, ok := errors.AsType[*LockedError](err)
		if !ok || locked.Lock.Foreign != "" {
			return lease, err
		}
		if bound.Err() == nil {
			if since.IsZero() {
				since = r.Now()
			}
			r.notify(LockWaiting{Lock: locked.Lock, Since: since, Bound: r.LockTimeout})
			r.pauseForLock(bound)
			continue
		}
		if ctx.Err() == nil {
			locked.Waited = r.LockTimeout
			return nil, locked
		}
	}
}

func (r *Runner) pauseForLock(ctx context.Context) {
	poll := r.LockPoll
	if poll == 0 {
		poll = defaultLockPoll
	}
	select {
	case <-ctx.Done():
	case <-time.After(poll):
	}
}

// unlock gives the lock back. err is what the run ended with: if that tells
// already that the lock was lost, it is not said again.
func (r *Runner) unlock(ctx context.Context, lease Lease, err error) {
	// The lock is given back even when ctx was cancelled: that is when it matters.
	uerr := lease.Unlock(context.WithoutCancel(ctx))
	switch {
	case uerr == nil:
	case !is[*LostLockError](uerr):
		r.notify(Warned{Text: fmt.Sprintf("the lock was not given back and will expire: %v", uerr)})
	case !is[*LostLockError](err):
		r.notify(Warned{Text: uerr.Error()})
	}
}

// ClearDead takes away the lock that a dead run left, if a look at the ledger saw
// one, and returns what it said. Without one it makes no call. A run that has
// nothing to do calls it: one that takes the lock takes it over.
func ClearDead(ctx context.Context, l Ledger, stack string, seen release.Seen, by string) (release.LockInfo, error) {
	if seen.Dead == "" {
		return release.LockInfo{}, nil
	}
	was, err := l.Unlock(context.WithoutCancel(ctx), UnlockRequest{Stack: stack, RunID: seen.Dead, By: by + ", who found it expired", Found: true})
	if is[*LockedError](err) {
		return release.LockInfo{}, nil // it is alive, or another run took the lock over meanwhile
	}
	return was, err
}

// clearDead is ClearDead of a plan that has nothing to do. That the lock stays is
// no failure of such a run: the next one that takes it takes it over.
func (r *Runner) clearDead(ctx context.Context, p plan.Plan, by Run) {
	was, err := ClearDead(ctx, r.Ledger, p.Stack, p.Seen, by.Actor)
	switch {
	case err != nil:
		r.notify(Warned{Text: fmt.Sprintf("the lock of run %s, which has expired, was not cleared: %v", p.Seen.Dead, err)})
	case was.RunID != "":
		r.notify(Unlocked{Lock: was})
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

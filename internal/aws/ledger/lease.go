package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// errGivenBack is what a lease answers after Unlock.
var errGivenBack = errors.New("the lock was given back already")

// lease is a held lock.
type lease struct {
	ledger   *Ledger
	req      deploy.LockRequest
	function string

	// turn is held by whoever reads or writes the fields below, which
	// Verify and the renewal share. It is a channel because a caller must be
	// able to give up waiting for it.
	turn    chan struct{}
	alias   versions.Alias // the lock, as it was accepted last
	expires time.Time      // of AWS's clock
	clock   clock
	lost    error // why the lock is no longer ours; written under mu, too

	stop    context.CancelFunc
	stopped chan struct{}
	unlock  sync.Once
	ended   error // what the first Unlock came to

	mu      sync.Mutex // guards aliases, and lost from held
	aliases table      // the others, as far as they are known
}

var _ deploy.Lease = (*lease)(nil)

// clock is AWS's clock: the Date of its last answer and what has gone by
// since then. It is behind by the answer's way here, so that a lock counts as
// expired rather early for its holder.
type clock struct{ date, seen time.Time }

func (c *clock) set(date time.Time) {
	if !date.IsZero() {
		*c = clock{date, time.Now()}
	}
}

func (c clock) now() time.Time { return c.date.Add(time.Since(c.seen)) }

// expiredError says that a lock expired while it could not be renewed.
type expiredError struct {
	stack string
	err   error
}

func (e *expiredError) Error() string {
	return fmt.Sprintf("the lock of stack %s expired because it could not be renewed: %v", e.stack, e.err)
}

func (e *expiredError) Unwrap() error { return e.err }

// As makes the error a *deploy.LostLockError too, which it is to callers.
func (e *expiredError) As(target any) bool {
	lost, ok := target.(**deploy.LostLockError)
	if ok {
		*lost = &deploy.LostLockError{Stack: e.stack}
	}
	return ok
}

// heldAlias is the lock alias as it says that this run holds it from now on.
func (s *lease) heldAlias(revision string) versions.Alias {
	return versions.Alias{
		Name: aliasLock, Version: latest, RevisionID: revision,
		Description: formatLock(release.LockInfo{
			Holder: s.req.Holder, RunID: s.req.RunID, Phase: s.req.Phase,
			Expires: s.clock.now().Add(LockTTL),
		}),
	}
}

// hold takes note of the lock as AWS says it is: ours.
func (s *lease) hold(a versions.Alias, now time.Time) {
	s.clock.set(now)
	s.alias = a
	if info, err := parseLock(a.Description, s.clock.now()); err == nil {
		s.expires = info.Expires
	}
}

// left says how long the lock lasts without a renewal.
func (s *lease) left() time.Duration { return s.expires.Sub(s.clock.now()) }

// take waits for the turn.
func (s *lease) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *lease) give() { <-s.turn }

// start begins the renewal, which Unlock ends. It goes on when ctx is
// cancelled: a run that was interrupted still finishes what it is at.
func (s *lease) start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.stopped = make(chan struct{})
	first := s.left() - (LockTTL - RenewEvery)
	go func() {
		defer close(s.stopped)
		s.renewals(ctx, first)
	}()
}

// renewals renews the lock until it is lost or given back.
func (s *lease) renewals(ctx context.Context, wait time.Duration) {
	for {
		if pause(ctx, wait) != nil || s.take(ctx) != nil {
			return
		}
		wait = RenewEvery
		if err := s.renewInTime(ctx); err != nil && ctx.Err() == nil {
			wait = retryEvery
			s.ledger.warn(s.req.Stack, "renew the lock: %v", err)
		}
		over := s.lost != nil
		s.give()
		if over {
			return
		}
	}
}

// renewInTime renews the lock, and gives it up once it has expired without
// an answer: from then on anybody may take it.
func (s *lease) renewInTime(ctx context.Context) error {
	cctx, cancel := context.WithTimeout(ctx, min(callTimeout, max(s.left(), time.Second)))
	defer cancel()
	err := s.renew(cctx)
	if err != nil && s.lost == nil && ctx.Err() == nil && s.left() <= 0 {
		_ = s.lose(&expiredError{s.req.Stack, err})
	}
	return err
}

// renew moves the expiry on, by compare-and-swap from what the lock was last
// known to be. The turn is the caller's.
func (s *lease) renew(ctx context.Context) error {
	var last error
	for range maxTries {
		want := s.heldAlias(s.alias.RevisionID)
		got, now, err := s.ledger.API.UpdateAlias(ctx, s.function, want)
		if err == nil {
			s.hold(got, now)
			if s.left() > LockTTL-RenewEvery {
				return nil
			}
			// The clock that want was written by stood still (a machine that
			// slept): the answer has set it, so say it again.
			continue
		}
		if ctx.Err() != nil {
			return err
		}
		last = err
		if rerr := s.look(ctx); rerr != nil {
			return errors.Join(err, rerr)
		}
		if s.alias.Description == want.Description {
			return nil
		}
		if !errors.Is(err, versions.ErrStaleRevision) {
			return err
		}
	}
	return errors.Join(errors.New("the lock changes faster than it can be renewed"), last)
}

// look reads the lock and says whether it still is ours. The turn is the caller's.
func (s *lease) look(ctx context.Context) error {
	seen, now, err := s.ledger.API.Alias(ctx, s.function, aliasLock)
	if errors.Is(err, versions.ErrNoVersion) {
		return s.lose(&deploy.LostLockError{Stack: s.req.Stack})
	}
	if err != nil {
		return err
	}
	info, err := parseLock(seen.Description, now)
	if err != nil || info.RunID != s.req.RunID {
		return s.lose(&deploy.LostLockError{Stack: s.req.Stack, Lock: info})
	}
	s.hold(seen, now)
	return nil
}

// Verify implements deploy.Lease: one call, and another that renews the lock
// when the renewal is behind. An error that is no *deploy.LostLockError leaves
// open whose the lock is.
func (s *lease) Verify(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return wrap(s.req.Stack, "verify the lock", err)
	}
	defer s.give()
	if s.lost != nil {
		return s.lost
	}
	if err := s.look(ctx); err != nil {
		return wrap(s.req.Stack, "verify the lock", err)
	}
	if s.left() >= RenewEvery {
		return nil
	}
	// Nobody took it yet; a compare-and-swap says whether that stays so.
	return wrap(s.req.Stack, "verify the lock", s.renew(ctx))
}

// lose notes why the lock no longer is ours. The turn is the caller's.
func (s *lease) lose(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = err
	return err
}

// held says, without asking AWS, why the lock no longer is ours. It waits for
// no turn: a rollback marks its target while Verify is asking, and one after
// the other would be a round trip more before the first write.
func (s *lease) held() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// Unlock implements deploy.Lease. It works under a cancelled context, and a
// second time does nothing. *deploy.LostLockError says that the lock was
// somebody else's meanwhile.
func (s *lease) Unlock(ctx context.Context) error {
	s.unlock.Do(func() {
		s.stop()
		<-s.stopped
		s.ended = wrap(s.req.Stack, "give the lock back", s.open(ctx))
	})
	return s.ended
}

func (s *lease) open(ctx context.Context) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	if s.lost != nil {
		return s.lost
	}
	defer func() { _ = s.lose(errGivenBack) }()
	var last error
	for range maxTries {
		_, _, err := s.ledger.API.UpdateAlias(ctx, s.function, openAlias(s.alias.RevisionID))
		if err == nil {
			return nil
		}
		last = err
		if rerr := s.look(ctx); s.lost != nil {
			if lost, ok := errors.AsType[*deploy.LostLockError](rerr); ok && lost.Lock.RunID == "" {
				return nil // open: by this call, whose answer was lost, or by hand
			}
			return rerr
		} else if rerr != nil {
			return errors.Join(err, rerr)
		}
	}
	return last
}

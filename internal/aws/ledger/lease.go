package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/versions"
)

// errGivenBack is what a lease answers after Unlock.
var errGivenBack = errors.New("the lock was given back already")

// lease is a held lock.
type lease struct {
	ledger   *Ledger
	req      deploy.LockRequest
	function string

	// sem is held by what reads or writes the fields below, which
	// Prove and the renewal share. It is a channel because a caller must be
	// able to give up waiting for it.
	sem     chan struct{}
	alias   versions.Alias // the lock, as it was accepted last
	text    lockText       // what that says
	expires time.Time      // of AWS's clock

	stop    context.CancelFunc
	stopped chan struct{}
	unlock  sync.Once
	ended   error // what the first Unlock came to

	mu      sync.Mutex // guards what follows
	clock   clock
	lost    error  // why the lock is no longer ours
	proven  moment // before the last compare-and-swap that showed it to be ours
	aliases table  // the others, as far as they are known
}

var _ deploy.Lease = (*lease)(nil)

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

// now is AWS's time.
func (s *lease) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.now()
}

// following is the text after the one that was accepted last, with where the
// ledger is known to stand. The caller holds sem.
func (s *lease) following() lockText {
	t := s.text.next()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Live = max(t.Live, s.aliases.number(aliasLive))
	t.Pending = max(t.Pending, s.aliases.number(aliasPending))
	return t
}

// heldAlias is the lock alias as it says that this run holds it from now on.
func (s *lease) heldAlias() versions.Alias {
	t := s.following()
	t.Run, t.Holder, t.Phase = s.req.RunID, s.req.Holder, s.req.Phase
	t.Expires = s.now().Add(LockTTL).Unix()
	return lockAlias(t, s.alias.RevisionID)
}

func lockAlias(t lockText, revision string) versions.Alias {
	return versions.Alias{Name: aliasLock, Version: latest, Description: t.String(), RevisionID: revision}
}

// hold takes note of the lock as AWS says it is: ours.
func (s *lease) hold(a versions.Alias, t lockText, now time.Time) {
	s.alias, s.text, s.expires = a, t, time.Unix(t.Expires, 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.set(now)
}

// accepted takes note of a lock that AWS took over by compare-and-swap, in a
// call that was made at the moment sent.
func (s *lease) accepted(a versions.Alias, now time.Time, sent moment) error {
	t, err := parseLock(a.Description)
	if err != nil {
		return fmt.Errorf("the answer to a compare-and-swap is of another: %w", err)
	}
	s.hold(a, t, now)
	s.prove(sent)
	return nil
}

func (s *lease) prove(sent moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proven = sent
}

// left says how long the lock lasts without a renewal.
func (s *lease) left() time.Duration { return s.expires.Sub(s.now()) }

// acquire waits for sem.
func (s *lease) acquire(ctx context.Context) error {
	select {
	case s.sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *lease) release() { <-s.sem }

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
		if pause(ctx, wait) != nil || s.acquire(ctx) != nil {
			return
		}
		wait = RenewEvery
		err := s.renewInTime(ctx)
		over := s.held() != nil
		if err != nil && ctx.Err() == nil {
			wait = retryEvery
			again := ""
			if !over {
				again = fmt.Sprintf("; trying again, the lock lasts %s more", s.left().Round(time.Second))
			}
			s.ledger.warn(s.req.Stack, "renew the lock: %v%s", err, again)
		}
		s.release()
		if over {
			return
		}
	}
}

// renewInTime renews the lock, and gives it up once it has expired without
// an answer: from then on any run may take it.
func (s *lease) renewInTime(ctx context.Context) error {
	cctx, cancel := context.WithTimeout(ctx, min(callTimeout, max(s.left(), time.Second)))
	defer cancel()
	err := s.renew(cctx)
	if err != nil && s.held() == nil && ctx.Err() == nil && s.left() <= 0 {
		_ = s.lose(&expiredError{s.req.Stack, err})
	}
	return err
}

// renew moves the expiry on, by compare-and-swap from what the lock was last
// known to be. A lost answer is no reason to read: the same compare-and-swap
// said again tells what became of the first. The caller holds sem.
func (s *lease) renew(ctx context.Context) error {
	var last error
	for range maxTries {
		sent := rightNow()
		got, now, err := s.ledger.API.UpdateAlias(ctx, s.function, s.heldAlias())
		switch {
		case err == nil:
			if err := s.accepted(got, now, sent); err != nil {
				return err
			}
			if s.left() > LockTTL-RenewEvery {
				return nil
			}
			// The clock that the expiry was written by stood still (a machine that
			// slept): the answer has set it, so say it again.
		case ctx.Err() != nil:
			return err
		case refused(err):
			if cerr := s.confirm(ctx, err); cerr != nil {
				return cerr
			}
		case !unanswered(err):
			return err
		}
		last = err
	}
	return errors.Join(errors.New("the lock changes faster than it can be renewed"), last)
}

// refused reports whether a compare-and-swap met another revision, or nothing.
func refused(err error) bool {
	return errors.Is(err, versions.ErrStaleRevision) || errors.Is(err, versions.ErrNoVersion)
}

// unanswered reports whether a call may have had its effect although it ended
// with an error.
func unanswered(err error) bool {
	var lost interface{ Lost() bool }
	return errors.As(err, &lost) && lost.Lost()
}

// confirm finds out what a refused compare-and-swap of the lock met: another
// run's text, or a text of this run whose answer was lost. What is read may be
// older than what refused (LIKELY of aliases), even than this lease: the texts
// count their turns, and an older one is no answer. The caller holds sem.
func (s *lease) confirm(ctx context.Context, refusal error) error {
	for p := (patience{}); ; {
		seen, now, err := s.ledger.API.Alias(ctx, s.function, aliasLock)
		gone := errors.Is(err, versions.ErrNoVersion)
		if gone && errors.Is(refusal, versions.ErrNoVersion) {
			return s.lose(&deploy.LostLockError{Stack: s.req.Stack, Deleted: true})
		}
		if err != nil && !gone {
			return errors.Join(refusal, err)
		}
		t, foreign := parseLock(seen.Description)
		newer := foreign == nil && t.Turn > s.text.Turn
		switch {
		case newer && t.Run == s.req.RunID:
			s.hold(seen, t, now)
			return nil
		case newer:
			return s.lose(s.lostTo(t, now))
		case p.again(ctx, s.ledger, true):
		case foreign != nil:
			return s.lose(s.lostTo(t, now))
		default:
			return fmt.Errorf("it was refused, and reading it does not show why: %w", refusal)
		}
	}
}

// lostTo says what became of the lock: t is what it says now.
func (s *lease) lostTo(t lockText, now time.Time) error {
	e := &deploy.LostLockError{Stack: s.req.Stack, Lock: t.info(now)}
	if t.Open && t.Taken == s.req.RunID {
		e.Unlocked = oneLine(t.By)
	}
	return e
}

// Prove implements deploy.Lease: no call if a compare-and-swap says so already,
// else one that renews the lock. Besides those of the lock, those that move
// live and pending count: a run that takes a lock over fences both. An error that
// is no *deploy.LostLockError leaves open whose the lock is. One that may pass, such
// as a throttle, ends nothing while the lock still lasts: it is asked again.
func (s *lease) Prove(ctx context.Context, within time.Duration) error {
	if err := s.held(); err != nil || s.provenWithin(within) {
		return err
	}
	if err := s.acquire(ctx); err != nil {
		return wrap(s.req.Stack, "prove the lock", err)
	}
	defer s.release()
	for {
		if err := s.held(); err != nil || s.provenWithin(within) {
			return err
		}
		err := s.renew(ctx)
		if err == nil || !passing(err) || s.left() <= retryEvery || pause(ctx, retryEvery) != nil {
			return wrap(s.req.Stack, "prove the lock", err)
		}
		s.ledger.warn(s.req.Stack, "prove the lock: %v; trying again", err)
	}
}

// passing reports whether a call may succeed a moment later.
func passing(err error) bool {
	var e interface{ Passing() bool }
	return errors.As(err, &e) && e.Passing()
}

// provenWithin reports whether the lock was proven at most d ago; 0 is never.
func (s *lease) provenWithin(d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return d > 0 && s.proven.within(d)
}

// lose notes why the lock no longer is ours.
func (s *lease) lose(err error) error {
	s.ledger.forget(s.req.Stack)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = err
	return err
}

// held says, without asking AWS, why the lock no longer is ours.
func (s *lease) held() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// Unlock implements deploy.Lease. It works under a cancelled context, and a
// second time does nothing. *deploy.LostLockError says that the lock was
// another run's meanwhile.
func (s *lease) Unlock(ctx context.Context) error {
	s.unlock.Do(func() {
		s.stop()
		<-s.stopped
		s.ended = wrap(s.req.Stack, "give the lock back", s.open(ctx, lockText{Open: true}))
	})
	return s.ended
}

// open gives the lock back. from is the text that it was taken from: it names a
// run that was not fenced off yet.
func (s *lease) open(ctx context.Context, from lockText) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	if err := s.held(); err != nil {
		return err
	}
	defer func() { _ = s.lose(errGivenBack) }()
	var last error
	for range maxTries {
		t := s.following()
		t.Open, t.Taken, t.By = true, from.mayWake(), from.By
		_, _, err := s.ledger.API.UpdateAlias(ctx, s.function, lockAlias(t, s.alias.RevisionID))
		if err == nil {
			return nil
		}
		if refused(err) {
			cerr := s.confirm(ctx, err)
			if lost, ok := errors.AsType[*deploy.LostLockError](cerr); ok && *lost == (deploy.LostLockError{Stack: s.req.Stack}) {
				return nil // open: by this call, whose answer was lost, or by the next holder
			}
			if cerr != nil {
				return cerr
			}
		} else if !unanswered(err) {
			return err
		}
		last = err
	}
	return last
}

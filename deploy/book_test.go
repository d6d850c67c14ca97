package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// book is a ledger in memory: records, the aliases live and pending with their
// revisions, and the lock.
type book struct {
	records       []release.Release
	live, pending int
	revs          [2]int // of live and pending; a takeover gives new ones
	lock          holder
	lost          int // live when the alias was deleted by hand
	kept          []int
}

// holder is the lock: who holds it, and whether that process is dead, so that
// the lock expires.
type holder struct {
	run, phase string
	expired    bool
}

func (b book) copy() book {
	b.records, b.kept = slices.Clone(b.records), slices.Clone(b.kept)
	return b
}

func (b book) get(n int) release.Release {
	if n < 1 || n > len(b.records) {
		return release.Release{}
	}
	return b.records[n-1].Numbered(n)
}

// position is where the aliases stand. What is in flight is newer than what was live.
func (b book) position() release.Position {
	at := release.At(b.live, b.pending)
	if b.live == 0 && at.Pending <= b.lost {
		at.Pending = 0
	}
	return at
}

func (b book) state() release.LedgerState {
	at := b.position()
	s := release.LedgerState{
		Exists: len(b.records) > 0, Account: number, Kept: slices.Clone(b.kept), Live: b.get(at.Live), Pending: b.get(at.Pending),
		Lock: release.LockInfo{RunID: b.lock.run, Phase: b.lock.phase, Expired: b.lock.expired},
	}
	if at.Pending != 0 {
		s.Phase = release.PhaseRun
	}
	if s.Live.Number == 0 {
		s.Lost, s.Former = b.lost, b.get(b.lost)
	}
	if s.Live.Number != 0 && s.Live.Kind == "" {
		s.Live, s.Broken = release.Release{}, at.Live
	}
	if b.lock.expired {
		s.Seen.Dead = b.lock.run
	}
	s.Live.Stack = stack
	return s
}

// lostLiveError is what a ledger answers that names no live release, although
// its lock says that there is one.
type lostLiveError struct{ release int }

func (e *lostLiveError) Error() string { return fmt.Sprintf("release %d was live", e.release) }

// brokenError is what a ledger answers of which live names no record.
type brokenError struct{ release int }

func (e *brokenError) Error() string { return fmt.Sprintf("release %d is no record", e.release) }

// ledger is one process's view of the book.
type ledger struct{ *client }

func (l ledger) Read(context.Context, string) (release.LedgerState, error) {
	s := l.book.state()
	if err := l.read(); err != nil || s.Broken == 0 {
		return s, err
	}
	return s, &brokenError{s.Broken}
}

func (l ledger) Position(context.Context, string) (release.Position, error) {
	return l.book.position(), l.read()
}

func (l ledger) List(context.Context, string) ([]release.Summary, error) {
	var list []release.Summary
	for n := len(l.book.records); n > 0; n-- {
		list = append(list, l.book.get(n).Summary())
	}
	return list, l.read()
}

func (l ledger) Get(_ context.Context, _ string, n int) (release.Release, error) {
	if err := l.read(); err != nil {
		return release.Release{}, err
	}
	r := l.book.get(n)
	if r.Number == 0 {
		return release.Release{}, fmt.Errorf("release %d: %w", n, deploy.ErrNoRelease)
	}
	return r, nil
}

func (l ledger) Lock(_ context.Context, req deploy.LockRequest) (deploy.Lease, error) {
	s := &lease{client: l.client, run: req.RunID}
	err := l.effect("lock", func() error {
		if h := l.book.lock; h.run != "" && !h.expired {
			return &deploy.LockedError{Stack: stack, Lock: release.LockInfo{Holder: "rival", RunID: h.run, Phase: h.phase, Expires: time.Unix(100, 0)}, Now: time.Unix(0, 0)}
		}
		if s := l.book.state(); s.Lost != 0 && !req.AllowLost {
			return &lostLiveError{s.Lost}
		}
		if l.book.lock.expired { // fence: a woken holder's compare-and-swaps fail from now on
			l.book.revs = [2]int{l.next(), l.next()}
		}
		l.book.lock = holder{run: req.RunID, phase: req.Phase}
		return nil
	})
	s.revs = l.book.revs
	return s, err
}

func (l ledger) Holder(context.Context, string) (release.LockInfo, time.Time, error) {
	return l.book.state().Lock, time.Unix(0, 0), l.read()
}

func (l ledger) Unlock(_ context.Context, req deploy.UnlockRequest) (release.LockInfo, error) {
	was := l.book.state().Lock
	if was.RunID != req.RunID || was.Held() && !req.Live {
		return release.LockInfo{}, &deploy.LockedError{Stack: stack, Lock: was}
	}
	return was, l.effect("clear", func() error {
		l.book.lock = holder{}
		return nil
	})
}

type lease struct {
	*client
	run  string
	revs [2]int
}

func (s *lease) lost() error {
	if s.book.lock.run == s.run {
		return nil
	}
	return &deploy.LostLockError{Stack: stack, Lock: release.LockInfo{Holder: "rival", RunID: s.book.lock.run}}
}

func (s *lease) Prove(context.Context, time.Duration) error {
	if err := s.read(); err != nil {
		return err
	}
	return s.lost()
}

func (s *lease) Append(_ context.Context, r release.Release) (release.Release, error) {
	n := 0
	err := s.effect("append", func() error {
		if err := s.lost(); err != nil {
			return err
		}
		s.book.records = append(s.book.records, asStored(r))
		n = len(s.book.records)
		return nil
	})
	return r.Numbered(n), err
}

// asStored is a record as it comes back from its bytes.
func asStored(r release.Release) release.Release {
	doc, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	var back release.Release
	if err := json.Unmarshal(doc, &back); err != nil {
		panic(err)
	}
	return back
}

func (s *lease) move(label string, which int, to *int, n int) error {
	return s.effect(label, func() error {
		if s.book.revs[which] != s.revs[which] {
			return s.lost()
		}
		*to = n
		s.book.revs[which] = s.next()
		s.revs[which] = s.book.revs[which]
		return nil
	})
}

// keep protects a release, as the ledger does without a boundary of its own here.
func (b *book) keep(n int) {
	if n != 0 && !slices.Contains(b.kept, n) {
		b.kept = append(b.kept, n)
		slices.Sort(b.kept)
	}
}

func (s *lease) Mark(_ context.Context, r release.Release) error {
	s.book.keep(s.book.position().Pending)
	return s.move("mark", 1, &s.book.pending, r.Number)
}

func (s *lease) Commit(_ context.Context, r release.Release) error {
	err := s.move("commit", 0, &s.book.live, r.Number)
	if s.book.live == r.Number {
		s.book.keep(r.Number)
	}
	return err
}

func (s *lease) Unkeep(_ context.Context, numbers []int) error {
	for _, n := range numbers {
		err := s.effect("unkeep", func() error {
			s.book.kept = slices.DeleteFunc(s.book.kept, func(k int) bool { return k == n })
			return s.lost()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *lease) Unlock(context.Context) error {
	return s.effect("unlock", func() error {
		if s.lost() == nil {
			s.book.lock = holder{}
		}
		return nil
	})
}

var (
	_ deploy.Ledger = ledger{}
	_ deploy.Lease  = (*lease)(nil)
)

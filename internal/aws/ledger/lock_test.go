package ledger

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func count(calls []string, op string) (n int) {
	for _, c := range calls {
		if c == op {
			n++
		}
	}
	return n
}

func TestTheFirstLockMakesTheLedger(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		f.createDelay = 3 * time.Second
		f.roleReady = time.Now().Add(20 * time.Second)
		lease := mustLock(t, l, "run1")
		calls := f.took()
		fn := f.functions[FunctionName("shop")]
		if diff := cmp.Diff(map[string]string{"team": "web", versions.StackTag: "shop"}, fn.in.Tags); diff != "" {
			t.Error(diff)
		}
		genesis, err := packGenesis()
		must(t, err)
		if fn.in.Role != testRole || fn.in.Runtime != NewestRuntime || codeSHA256(fn.in.Zip) != codeSHA256(genesis) {
			t.Errorf("made with %s, %s", fn.in.Role, fn.in.Runtime)
		}
		if count(calls, "Aliases") != 3 || count(calls, "CreateAlias lock") != 1 || count(calls, "OpenVersion") != 0 {
			t.Errorf("calls: %v", calls)
		}
		if a := f.alias("shop", aliasLock); a.Version != latest || !strings.Contains(a.Description, `"run":"run1"`) {
			t.Errorf("the lock is %+v", a)
		}
		r, err := lease.Append(t.Context(), sample("shop", "run1"))
		if err != nil || r.Number != 1 {
			t.Errorf("the first release is %d, %v", r.Number, err)
		}
		must(t, lease.Unlock(t.Context()))
		if a := lockOf(t, f.alias("shop", aliasLock).Description); !a.Open || a.Taken != "" {
			t.Errorf("after unlock the lock is %+v", a)
		}
	})
}

func TestARoleThatNeverBecomesReadyEndsTheWait(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		f.roleReady = time.Now().Add(time.Hour)
		start := time.Now()
		if _, err := l.Lock(t.Context(), request("run1")); !errors.Is(err, versions.ErrRoleNotReady) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took < roleTimeout || took > roleTimeout+10*time.Second {
			t.Errorf("waited %v", took)
		}
	})
}

func TestAFunctionThatStaysPendingEndsTheWait(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		f.createDelay = time.Hour
		start := time.Now()
		if _, err := l.Lock(t.Context(), request("run1")); err == nil || !strings.Contains(err.Error(), "still Pending after 5m0s") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != settleTimeout {
			t.Errorf("waited %v", took)
		}
	})
}

func TestALockAfterAReadTakesTwoCalls(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		f.skew = -50 * time.Hour // the local clock is wrong by days
		commitRelease(t, l, "run1")
		state, err := l.Read(t.Context(), "shop")
		must(t, err)
		time.Sleep(10 * time.Minute) // a person reads the plan
		f.took()
		req := request("run2")
		req.Seen = state.Seen
		lease, err := l.Lock(t.Context(), req)
		must(t, err)
		at, err := l.Position(t.Context(), "shop")
		if diff := cmp.Diff([]string{"UpdateAlias lock", "Aliases"}, f.took()); err != nil || at != (release.Position{Live: 1}) || diff != "" {
			t.Errorf("at %+v, %v %s", at, err, diff)
		}
		if _, err := l.Position(t.Context(), "shop"); err != nil || len(f.took()) != 1 {
			t.Errorf("the position was kept for more than the first question: %v", err)
		}
		text := lockOf(t, f.alias("shop", aliasLock).Description)
		if text.Live != 1 || text.Pending != 1 {
			t.Errorf("the lock says %+v", text)
		}
		info := text.info(f.date())
		if left := info.Expires.Sub(f.date()); !info.Held() || left < LockTTL-2*time.Second || left > LockTTL {
			t.Errorf("got %+v: %v left", info, left)
		}
		must(t, lease.Unlock(t.Context()))
		if diff := cmp.Diff([]string{"UpdateAlias lock"}, f.took()); diff != "" {
			t.Error(diff)
		}
	})
}

// What was seen is a guess: when it is stale the lock is looked at again.
func TestAStaleLookIsNeverTrusted(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		state, err := l.Read(t.Context(), "shop")
		must(t, err)
		other := mustLock(t, newLedger(f), "run2")
		req := request("run3")
		req.Seen = state.Seen
		_, err = l.Lock(t.Context(), req)
		if locked, ok := errors.AsType[*deploy.LockedError](err); !ok || locked.Lock.RunID != "run2" {
			t.Errorf("got %v", err)
		}
		r, err := other.Append(t.Context(), sample("shop", "run2"))
		must(t, err)
		must(t, other.Commit(t.Context(), r))
		must(t, other.Unlock(t.Context()))
		// What is remembered of the first look says that the lock is free, and is of
		// a revision that is gone: it is looked at anew, and taken.
		again, err := l.Lock(t.Context(), req)
		must(t, err)
		must(t, again.Unlock(t.Context()))
		// An older look, of another Ledger, that knows neither aliases nor time.
		req.Seen = release.Seen{Lock: "alias-1", Live: "alias-2", Pending: "alias-3"}
		lease, err := newLedger(f).Lock(t.Context(), req)
		must(t, err)
		r, err = lease.Append(t.Context(), sample("shop", "run3"))
		must(t, err)
		must(t, lease.Commit(t.Context(), r))
		must(t, lease.Unlock(t.Context()))
		if got := f.alias("shop", aliasLive).Version; got != "3" {
			t.Errorf("live is %s", got)
		}
	})
}

func TestASecondRunIsToldWhoHoldsTheLock(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		time.Sleep(30 * time.Second)
		_, err := newLedger(f).Lock(t.Context(), request("run2"))
		locked, ok := errors.AsType[*deploy.LockedError](err)
		if !ok || locked.Lock.Holder != "jo" || locked.Lock.RunID != "run1" || locked.Lock.Phase != "apply" {
			t.Fatalf("got %v", err)
		}
		if want := "stack shop is locked by jo (run run1, apply); the lock expires in 1m30s unless it is renewed"; err.Error() != want {
			t.Errorf("got %q\nwant %q", err, want)
		}
		must(t, lease.Unlock(t.Context()))
		must(t, mustLock(t, l, "run2").Unlock(t.Context()))
	})
}

// However wrong the local clock, a renewed lock is kept, and one whose holder
// died can be taken exactly when AWS's clock says so.
func TestExpiryIsJudgedByAWSsClock(t *testing.T) {
	for _, skew := range []time.Duration{0, 36 * time.Hour, -36 * time.Hour} {
		t.Run(fmt.Sprint("skew ", skew), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				f.skew = skew
				lease := mustLock(t, l, "run1")
				for range 20 {
					time.Sleep(time.Minute)
					if _, err := newLedger(f).Lock(t.Context(), request("run2")); !is[*deploy.LockedError](err) {
						t.Fatalf("a renewed lock was taken: %v", err)
					}
				}
				dead := leaseOf(lease)
				dead.stop() // the process dies
				<-dead.stopped
				expires := dead.expires
				time.Sleep(expires.Sub(f.date()) - time.Second)
				if _, err := newLedger(f).Lock(t.Context(), request("run2")); !is[*deploy.LockedError](err) {
					t.Fatalf("a second before its expiry: %v", err)
				}
				time.Sleep(time.Second)
				second, err := newLedger(f).Lock(t.Context(), request("run2"))
				must(t, err)
				err = lease.Prove(t.Context(), 0)
				if lost, ok := errors.AsType[*deploy.LostLockError](err); !ok || lost.Lock.RunID != "run2" || lost.Lock.Holder != "jo" {
					t.Errorf("the dead one verifies: %v", err)
				}
				must(t, second.Prove(t.Context(), 0))
				must(t, second.Unlock(t.Context()))
			})
		})
	}
}

func TestUnlockByHandTakesTheLockFromAnyone(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		lease := mustLock(t, l, "run2")
		r, err := lease.Append(t.Context(), sample("shop", "run2"))
		must(t, err)
		must(t, lease.Mark(t.Context(), r))
		who, err := unlock(t, newLedger(f))
		if err != nil || who.RunID != "run2" || who.Holder != "jo" {
			t.Errorf("got %+v, %v", who, err)
		}
		if text := lockOf(t, f.alias("shop", aliasLock).Description); !text.Open || text.Taken != "run2" || text.Live != 1 || f.alias("shop", aliasPending).Version != "2" {
			t.Errorf("the lock says %+v, or pending was touched", text)
		}
		err = lease.Prove(t.Context(), 0)
		if want := "the lock of stack shop was taken away by unlock (al@laptop)"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := lease.Unlock(t.Context()); !is[*deploy.LostLockError](err) {
			t.Errorf("Unlock: got %v", err)
		}
		if again, err := unlock(t, l); err != nil || again != (release.LockInfo{}) {
			t.Errorf("an open lock: got %+v, %v", again, err)
		}
	})
}

// Whether reads see a function as soon as it was made is UNKNOWN.
func TestANewFunctionNeedNotBeSeenAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		f.hidden = 10 * time.Second
		var first, second deploy.Lease
		var err1, err2 error
		var wg sync.WaitGroup
		wg.Go(func() { first, err1 = l.Lock(t.Context(), request("run1")) })
		wg.Go(func() {
			time.Sleep(time.Second)
			second, err2 = newLedger(f).Lock(t.Context(), request("run2"))
		})
		wg.Wait()
		if (err1 == nil) == (err2 == nil) || !is[*deploy.LockedError](errors.Join(err1, err2)) {
			t.Fatalf("got %v and %v, want one holder", err1, err2)
		}
		if first == nil {
			first = second
		}
		must(t, first.Unlock(t.Context()))
	})
}

// Words of a hand in the lock are respected until unlock takes them away.
func TestALockThatIsNotUnderstoodIsNotTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		f.edit("shop", func(fn *function) {
			fn.setAlias(versions.Alias{Name: aliasLock, Version: latest, Description: "frozen until Monday"})
		})
		time.Sleep(100 * time.Hour)
		_, err := l.Lock(t.Context(), request("run2"))
		want := `the lock of stack shop says "frozen until Monday", which this edgedeploy does not understand`
		if locked, ok := errors.AsType[*deploy.LockedError](err); !ok || locked.Lock.Foreign != "frozen until Monday" || err.Error() != want {
			t.Errorf("Lock: got %v", err)
		}
		state, err := l.Read(t.Context(), "shop")
		if err != nil || !state.Lock.Held() || state.Live.Number != 1 {
			t.Errorf("Read: got %+v, %v", state.Lock, err)
		}
		if who, err := unlock(t, l); err != nil || who.RunID != unknownRun {
			t.Errorf("Unlock: got %+v, %v", who, err)
		}
		must(t, mustLock(t, l, "run2").Unlock(t.Context()))
	})
}

func TestWithoutADateNoRunTakesALock(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		f.noDate = true
		if _, err := newLedger(f).Lock(t.Context(), request("run2")); err == nil || !strings.Contains(err.Error(), "Date") {
			t.Errorf("got %v", err)
		}
	})
}

// Many first runs at once: each gets the lock or is told who has it, one
// ledger is made, and never do two hold the lock.
func TestRacingRunsNeverHoldTheLockTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		f.createDelay, f.latency = 2*time.Second, 50*time.Millisecond
		var mu sync.Mutex
		holders, most, got := 0, 0, 0
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				run := fmt.Sprintf("run%d", i)
				for {
					lease, err := newLedger(f).Lock(t.Context(), request(run))
					if err != nil && !is[*deploy.LockedError](err) && !strings.Contains(err.Error(), "other runs took the lock first") {
						t.Errorf("%s: %v", run, err)
						return
					}
					if err != nil {
						time.Sleep(time.Duration(100+10*i) * time.Millisecond)
						continue
					}
					mu.Lock()
					holders, got = holders+1, got+1
					most = max(most, holders)
					mu.Unlock()
					r, err := lease.Append(t.Context(), sample("shop", run))
					if err == nil {
						err = lease.Commit(t.Context(), r)
					}
					if err != nil {
						t.Errorf("%s: %v", run, err)
					}
					mu.Lock()
					holders--
					mu.Unlock()
					if err := lease.Unlock(t.Context()); err != nil {
						t.Errorf("%s: %v", run, err)
					}
					return
				}
			})
		}
		wg.Wait()
		if most != 1 || got != 8 {
			t.Errorf("%d held the lock at once, %d got it", most, got)
		}
		list, err := l.List(t.Context(), "shop")
		if err != nil || len(list) != 8 || list[0].Number != 8 {
			t.Errorf("%d releases, %v", len(list), err)
		}
	})
}

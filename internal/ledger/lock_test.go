package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy"
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
		if count(calls, "Aliases") != 2 || count(calls, "CreateAlias lock") != 1 || count(calls, "OpenVersion") != 0 {
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
		if a := f.alias("shop", aliasLock); a.Description != openLock {
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

func TestALockAfterAReadTakesOneCall(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		f.skew = -50 * time.Hour // the local clock is wrong by days
		release(t, l, "run1")
		state, err := l.Read(t.Context(), "shop")
		must(t, err)
		time.Sleep(10 * time.Minute) // a person reads the plan
		f.took()
		req := request("run2")
		req.Seen = state.Seen
		lease, err := l.Lock(t.Context(), req)
		must(t, err)
		if diff := cmp.Diff([]string{"UpdateAlias lock"}, f.took()); diff != "" {
			t.Error(diff)
		}
		info, err := parseLock(f.alias("shop", aliasLock).Description, f.date())
		if left := info.Expires.Sub(f.date()); err != nil || !info.Held() || left < LockTTL-2*time.Second || left > LockTTL {
			t.Errorf("got %+v, %v: %v left", info, err, left)
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
		release(t, l, "run1")
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
		must(t, other.Commit(t.Context(), r.Number))
		must(t, other.Unlock(t.Context()))
		// An older look, of another Ledger, that knows neither aliases nor time.
		req.Seen = deploy.Seen{Lock: "alias-1", Live: "alias-2", Pending: "alias-3"}
		lease, err := newLedger(f).Lock(t.Context(), req)
		must(t, err)
		r, err = lease.Append(t.Context(), sample("shop", "run3"))
		must(t, err)
		must(t, lease.Commit(t.Context(), r.Number))
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
				err = lease.Verify(t.Context())
				if lost, ok := errors.AsType[*deploy.LostLockError](err); !ok || lost.Lock.RunID != "run2" || lost.Lock.Holder != "jo" {
					t.Errorf("the dead one verifies: %v", err)
				}
				must(t, second.Verify(t.Context()))
				must(t, second.Unlock(t.Context()))
			})
		})
	}
}

func TestTheLockIsRenewedEveryFortySeconds(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		f.took()
		time.Sleep(10*RenewEvery + time.Second)
		if calls := f.took(); len(calls) != 10 || count(calls, "UpdateAlias lock") != 10 {
			t.Errorf("calls: %v", calls)
		}
		must(t, lease.Unlock(t.Context()))
		f.took()
		time.Sleep(time.Hour)
		if calls := f.took(); len(calls) != 0 {
			t.Errorf("after unlock: %v", calls)
		}
	})
}

func TestARenewalWhoseAnswerIsLostIsNoLostLock(t *testing.T) {
	for _, what := range []fault{lostBefore, lostAfter} {
		t.Run(fmt.Sprint("fault ", what), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				warned := 0
				l.Warn = func(string, string) { warned++ }
				lease := mustLock(t, l, "run1")
				lost := 0
				f.fault = func(_ int, op string) fault {
					if op == "UpdateAlias lock" && lost == 0 {
						lost++
						return what
					}
					return none
				}
				time.Sleep(10 * time.Minute)
				must(t, lease.Verify(t.Context()))
				if _, err := newLedger(f).Lock(t.Context(), request("run2")); !is[*deploy.LockedError](err) {
					t.Errorf("somebody else got it: %v", err)
				}
				must(t, lease.Unlock(t.Context()))
				if wantWarned := what == lostBefore; (warned > 0) != wantWarned {
					t.Errorf("warned %d times", warned)
				}
			})
		})
	}
}

func TestALockThatCannotBeRenewedIsGivenUpAtItsExpiry(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		var mu sync.Mutex
		var warned []string
		l.Warn = func(_, text string) { mu.Lock(); defer mu.Unlock(); warned = append(warned, text) }
		lease := mustLock(t, l, "run1")
		f.fault = func(int, string) fault { return lostBefore }
		time.Sleep(LockTTL - 2*time.Second)
		if err := lease.Verify(t.Context()); err == nil || is[*deploy.LostLockError](err) {
			t.Errorf("before its expiry nobody knows: got %v", err)
		}
		time.Sleep(2 * retryEvery)
		err := lease.Verify(t.Context())
		if !is[*deploy.LostLockError](err) || !errors.Is(err, errLost) || !strings.Contains(err.Error(), "expired because it could not be renewed") {
			t.Errorf("after its expiry: got %v", err)
		}
		mu.Lock()
		if len(warned) < 3 || !strings.Contains(warned[0], "renew the lock") {
			t.Errorf("warned %q", warned)
		}
		mu.Unlock()
		f.fault = nil
		for what, err := range map[string]error{
			"Verify": lease.Verify(t.Context()), "Commit": lease.Commit(t.Context(), 1),
			"MarkPending": lease.MarkPending(t.Context(), 1), "Unlock": lease.Unlock(t.Context()),
		} {
			if !is[*deploy.LostLockError](err) {
				t.Errorf("%s: got %v", what, err)
			}
		}
	})
}

// A machine that sleeps: its timers stand still while AWS's clock goes on. If
// nobody took the lock meanwhile it still is ours, and is renewed before
// anything is written.
func TestALockThatWasSleptThroughIsRenewedByVerify(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		f.skew += time.Hour
		must(t, lease.Verify(t.Context()))
		info, err := parseLock(f.alias("shop", aliasLock).Description, f.date())
		if err != nil || !info.Held() || info.Expires.Sub(f.date()) < LockTTL-2*time.Second {
			t.Errorf("got %+v, %v", info, err)
		}
		f.skew += time.Hour
		time.Sleep(RenewEvery + time.Second) // the renewal notices by itself
		info, err = parseLock(f.alias("shop", aliasLock).Description, f.date())
		if err != nil || !info.Held() || info.Expires.Sub(f.date()) < LockTTL-RenewEvery {
			t.Errorf("got %+v, %v", info, err)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

// The same before the lock was taken: the first text says an expiry that has
// passed already, which the answer shows, so it is said again at once.
func TestALockAfterASleepIsRenewedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		release(t, l, "run1")
		state, err := l.Read(t.Context(), "shop")
		must(t, err)
		f.skew += time.Hour
		req := request("run2")
		req.Seen = state.Seen
		lease, err := l.Lock(t.Context(), req)
		must(t, err)
		synctest.Wait()
		info, err := parseLock(f.alias("shop", aliasLock).Description, f.date())
		if err != nil || info.Expires.Sub(f.date()) < LockTTL-2*time.Second {
			t.Errorf("got %+v, %v", info, err)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

func TestUnlockByHandTakesTheLockFromAnyone(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		release(t, l, "run1")
		lease := mustLock(t, l, "run2")
		_, err := lease.Append(t.Context(), sample("shop", "run2"))
		must(t, err)
		who, err := newLedger(f).Unlock(t.Context(), "shop")
		if err != nil || who.RunID != "run2" || who.Holder != "jo" {
			t.Errorf("got %+v, %v", who, err)
		}
		if f.alias("shop", aliasLock).Description != openLock || f.alias("shop", aliasPending).Version != "2" {
			t.Error("the lock is not open, or pending was touched")
		}
		err = lease.Verify(t.Context())
		if want := "the lock of stack shop was taken away by unlock"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := lease.Unlock(t.Context()); !is[*deploy.LostLockError](err) {
			t.Errorf("Unlock: got %v", err)
		}
		if again, err := l.Unlock(t.Context(), "shop"); err != nil || again != (deploy.LockInfo{}) {
			t.Errorf("an open lock: got %+v, %v", again, err)
		}
	})
}

func TestARenewalFindsOutThatTheLockWasTakenAway(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		_, err := newLedger(f).Unlock(t.Context(), "shop")
		must(t, err)
		other := mustLock(t, newLedger(f), "run2")
		time.Sleep(RenewEvery + time.Second)
		f.took()
		err = lease.Verify(t.Context())
		if lost, ok := errors.AsType[*deploy.LostLockError](err); !ok || lost.Lock.RunID != "run2" {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Hour)
		must(t, other.Verify(t.Context()))
		if err := lease.Unlock(t.Context()); !is[*deploy.LostLockError](err) {
			t.Errorf("Unlock: got %v", err)
		}
		must(t, other.Verify(t.Context()))
		must(t, other.Unlock(t.Context()))
	})
}

// A lock that was taken over unnoticed is its new holder's to give back.
func TestUnlockNeverOpensSomebodyElsesLock(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		_, err := newLedger(f).Unlock(t.Context(), "shop")
		must(t, err)
		other := mustLock(t, newLedger(f), "run2")
		if err := lease.Unlock(t.Context()); !is[*deploy.LostLockError](err) {
			t.Errorf("Unlock: got %v", err)
		}
		must(t, other.Verify(t.Context()))
		must(t, other.Unlock(t.Context()))
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

func TestUnlockWorksUnderACancelledContextAndOnlyOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		ctx, cancel := context.WithCancel(t.Context())
		lease, err := l.Lock(ctx, request("run1"))
		must(t, err)
		cancel()
		time.Sleep(10 * time.Minute) // and the renewal outlives it
		if _, err := newLedger(f).Lock(t.Context(), request("run2")); !is[*deploy.LockedError](err) {
			t.Errorf("the lock was not renewed: %v", err)
		}
		must(t, lease.Verify(t.Context()))
		must(t, lease.Unlock(ctx))
		f.took()
		must(t, lease.Unlock(ctx))
		if calls := f.took(); len(calls) != 0 {
			t.Errorf("the second unlock called %v", calls)
		}
		if err := lease.Verify(t.Context()); err == nil {
			t.Error("a lock that was given back verifies")
		}
	})
}

func TestAnUnlockWhoseAnswerIsLostIsReadBack(t *testing.T) {
	for _, what := range []fault{lostBefore, lostAfter} {
		t.Run(fmt.Sprint("fault ", what), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				lease := mustLock(t, l, "run1")
				lost := false
				f.fault = func(_ int, op string) fault {
					if op == "UpdateAlias lock" && !lost {
						lost = true
						return what
					}
					return none
				}
				must(t, lease.Unlock(t.Context()))
				if got := f.alias("shop", aliasLock).Description; got != openLock {
					t.Errorf("the lock says %q", got)
				}
			})
		})
	}
}

// Somebody's own words in the lock are respected until unlock takes them away.
func TestALockThatIsNotUnderstoodIsNotTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		release(t, l, "run1")
		f.edit("shop", func(fn *function) {
			fn.setAlias(versions.Alias{Name: aliasLock, Version: latest, Description: "frozen until Monday"})
		})
		time.Sleep(100 * time.Hour)
		if _, err := l.Lock(t.Context(), request("run2")); err == nil || !strings.Contains(err.Error(), "frozen until Monday") {
			t.Errorf("Lock: got %v", err)
		}
		state, err := l.Read(t.Context(), "shop")
		if err != nil || !state.Lock.Held() || state.Live.Number != 1 {
			t.Errorf("Read: got %+v, %v", state.Lock, err)
		}
		if who, err := l.Unlock(t.Context(), "shop"); err != nil || who.RunID != unknownRun {
			t.Errorf("Unlock: got %+v, %v", who, err)
		}
		must(t, mustLock(t, l, "run2").Unlock(t.Context()))
	})
}

func TestWithoutADateNobodyTakesALock(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		release(t, l, "run1")
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
					if err != nil && !is[*deploy.LockedError](err) && !strings.Contains(err.Error(), "others were faster") {
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
						err = lease.Commit(t.Context(), r.Number)
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

func leaseOf(l deploy.Lease) *lease { return l.(*lease) }

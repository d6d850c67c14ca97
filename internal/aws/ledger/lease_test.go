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

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

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
				f.failing(func(_ int, op string) fault {
					if op == "UpdateAlias lock" && lost == 0 {
						lost++
						return what
					}
					return none
				})
				time.Sleep(10 * time.Minute)
				must(t, lease.Prove(t.Context(), 0))
				if _, err := newLedger(f).Lock(t.Context(), request("run2")); !is[*deploy.LockedError](err) {
					t.Errorf("another run got it: %v", err)
				}
				must(t, lease.Unlock(t.Context()))
				if warned != 0 {
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
		f.failing(func(int, string) fault { return lostBefore })
		time.Sleep(LockTTL - 2*time.Second)
		if err := lease.Prove(t.Context(), 0); err == nil || is[*deploy.LostLockError](err) {
			t.Errorf("before its expiry nothing is known: got %v", err)
		}
		time.Sleep(2 * retryEvery)
		err := lease.Prove(t.Context(), 0)
		if !is[*deploy.LostLockError](err) || !errors.Is(err, errLost) || !strings.Contains(err.Error(), "expired because it could not be renewed") {
			t.Errorf("after its expiry: got %v", err)
		}
		mu.Lock()
		if len(warned) < 3 || !strings.Contains(warned[0], "renew the lock") {
			t.Errorf("warned %q", warned)
		}
		mu.Unlock()
		f.failing(nil)
		for what, err := range map[string]error{
			"Prove": lease.Prove(t.Context(), time.Hour), "Commit": lease.Commit(t.Context(), release.Release{Number: 1}),
			"Mark": lease.Mark(t.Context(), release.Release{Number: 1}), "Append": second(lease.Append(t.Context(), sample("shop", "run1"))),
			"Unlock": lease.Unlock(t.Context()),
		} {
			if !is[*deploy.LostLockError](err) {
				t.Errorf("%s: got %v", what, err)
			}
		}
	})
}

// A machine that sleeps: its timers stand still while AWS's clock goes on. If
// no run took the lock meanwhile it still is ours, and is renewed before
// anything is written.
func TestALockThatWasSleptThroughIsRenewedByProve(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		f.skewed(time.Hour)
		must(t, lease.Prove(t.Context(), 0))
		info := lockOf(t, f.alias("shop", aliasLock).Description).info(f.date())
		if !info.Held() || info.Expires.Sub(f.date()) < LockTTL-2*time.Second {
			t.Errorf("got %+v", info)
		}
		f.skewed(time.Hour)
		time.Sleep(RenewEvery + time.Second) // the renewal notices by itself
		info = lockOf(t, f.alias("shop", aliasLock).Description).info(f.date())
		if !info.Held() || info.Expires.Sub(f.date()) < LockTTL-RenewEvery {
			t.Errorf("got %+v", info)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

// The same before the lock was taken: the first text says an expiry that has
// passed already, which the answer shows, so it is said again at once.
func TestALockAfterASleepIsRenewedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		state, err := l.Read(t.Context(), "shop")
		must(t, err)
		f.skewed(time.Hour)
		req := request("run2")
		req.Seen = state.Seen
		lease, err := l.Lock(t.Context(), req)
		must(t, err)
		synctest.Wait()
		info := lockOf(t, f.alias("shop", aliasLock).Description).info(f.date())
		if info.Expires.Sub(f.date()) < LockTTL-2*time.Second {
			t.Errorf("got %+v", info)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

func TestARenewalFindsOutThatTheLockWasTakenAway(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		_, err := unlock(t, newLedger(f))
		must(t, err)
		other := mustLock(t, newLedger(f), "run2")
		time.Sleep(RenewEvery + time.Second)
		f.took()
		err = lease.Prove(t.Context(), 0)
		if lost, ok := errors.AsType[*deploy.LostLockError](err); !ok || lost.Lock.RunID != "run2" {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Hour)
		must(t, other.Prove(t.Context(), 0))
		if err := lease.Unlock(t.Context()); !is[*deploy.LostLockError](err) {
			t.Errorf("Unlock: got %v", err)
		}
		must(t, other.Prove(t.Context(), 0))
		must(t, other.Unlock(t.Context()))
	})
}

// A lock that was taken over unnoticed is its new holder's to give back.
func TestUnlockNeverOpensTheLockOfAnotherRun(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		_, err := unlock(t, newLedger(f))
		must(t, err)
		other := mustLock(t, newLedger(f), "run2")
		if err := lease.Unlock(t.Context()); !is[*deploy.LostLockError](err) {
			t.Errorf("Unlock: got %v", err)
		}
		must(t, other.Prove(t.Context(), 0))
		must(t, other.Unlock(t.Context()))
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
		must(t, lease.Prove(t.Context(), 0))
		must(t, lease.Unlock(ctx))
		f.took()
		must(t, lease.Unlock(ctx))
		if calls := f.took(); len(calls) != 0 {
			t.Errorf("the second unlock called %v", calls)
		}
		for what, err := range map[string]error{
			"Prove": lease.Prove(t.Context(), time.Hour), "Append": second(lease.Append(t.Context(), sample("shop", "run1"))),
			"Mark": lease.Mark(t.Context(), release.Release{Number: 1}), "Commit": lease.Commit(t.Context(), release.Release{Number: 1}),
		} {
			if !errors.Is(err, errGivenBack) {
				t.Errorf("%s after Unlock: got %v", what, err)
			}
		}
		if calls := f.took(); len(calls) != 0 {
			t.Errorf("after Unlock: %v", calls)
		}
		if _, err := l.Position(t.Context(), "shop"); err != nil || len(f.took()) != 1 {
			t.Errorf("what was read under the lock outlived it: %v", err)
		}
	})
}

func TestAnUnlockWhoseAnswerIsLostIsReadBack(t *testing.T) {
	for _, what := range []fault{lostBefore, lostAfter} {
		t.Run(fmt.Sprint("fault ", what), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				lease := mustLock(t, l, "run1")
				lost := false
				f.failing(func(_ int, op string) fault {
					if op == "UpdateAlias lock" && !lost {
						lost = true
						return what
					}
					return none
				})
				must(t, lease.Unlock(t.Context()))
				if got := lockOf(t, f.alias("shop", aliasLock).Description); !got.Open || got.Taken != "" {
					t.Errorf("the lock says %+v", got)
				}
			})
		})
	}
}

func second[T any](_ T, err error) error { return err }

func leaseOf(l deploy.Lease) *lease { return l.(*lease) }

// A throttle is no reason to give up a lock that still lasts, neither for the
// renewal nor for the proof before a write. Both say what it was.
func TestAThrottledLockIsKeptWhileItLasts(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		var warned []string
		l.Warn = func(_, text string) { warned = append(warned, text) }
		lease := mustLock(t, l, "run1")
		until := time.Now().Add(RenewEvery + 20*time.Second)
		f.failing(func(_ int, op string) fault {
			if op == "UpdateAlias lock" && time.Now().Before(until) {
				return throttled
			}
			return none
		})
		time.Sleep(RenewEvery + 10*time.Second)
		must(t, lease.Prove(t.Context(), 0))
		if waited := time.Until(until); waited > 0 {
			t.Errorf("proven %v before it can be", waited)
		}
		must(t, lease.Unlock(t.Context()))
		if len(warned) < 2 || !strings.Contains(strings.Join(warned, "\n"), "renew the lock: TooManyRequestsException: Rate exceeded") {
			t.Errorf("told %q", warned)
		}
	})
}

// What does not pass is said at once, and a proof never takes longer than the lock
// lasts.
func TestAProofThatCannotBeHadEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		what fault
		most time.Duration
	}{"throttled": {throttled, LockTTL}, "without an answer": {lostBefore, LockTTL}, "denied": {denied, time.Second}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				lease := mustLock(t, l, "run1")
				f.failing(func(_ int, op string) fault {
					if op == "UpdateAlias lock" {
						return tt.what
					}
					return none
				})
				start := time.Now()
				if err := lease.Prove(t.Context(), 0); err == nil || is[*deploy.LostLockError](err) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took > tt.most {
					t.Errorf("took %v", took)
				}
				f.failing(nil)
				must(t, lease.Prove(t.Context(), 0))
				must(t, lease.Unlock(t.Context()))
			})
		})
	}
}

// A run that sleeps between two writes of one step makes none of those that are left.
func TestASleeperAppendsAndProtectsNothingMore(t *testing.T) {
	for _, at := range []string{"UpdateCode", "PublishVersion"} {
		t.Run(at, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				commitRelease(t, l, "first")
				slow := leaseOf(mustLock(t, l, "slow"))
				slow.stop()
				<-slow.stopped
				writes := 0
				f.interfered(func(_ int, op string) {
					if op == at && writes == 0 {
						time.Sleep(LockTTL + time.Second)
						f.interfered(func(_ int, op string) {
							if !strings.HasPrefix(op, "UpdateAlias lock") && strings.HasPrefix(op, "Update") || op == "PublishVersion" || strings.HasPrefix(op, "CreateAlias") {
								writes++
							}
						})
						_, err := newLedger(f).Unlock(t.Context(), deploy.UnlockRequest{Stack: "shop", RunID: "slow", By: "al"})
						must(t, err)
					}
				})
				r, err := slow.Append(t.Context(), sample("shop", "slow"))
				lost, ok := errors.AsType[*deploy.LostLockError](errors.Join(err, slow.keep(t.Context(), r.Number)))
				if !ok || lost.Unlocked != "al" || writes != 0 {
					t.Errorf("got %v after %d more writes", err, writes)
				}
			})
		})
	}
}

// A run that was fenced off, and whose successor has ended, is not told of unlock.
func TestALostLockSaysWhatBecameOfIt(t *testing.T) {
	for want, do := range map[string]func(*testing.T, *fake){
		"the lock of stack shop was taken over by jo (run other)": func(t *testing.T, f *fake) {
			time.Sleep(LockTTL)
			other := leaseOf(mustLock(t, newLedger(f), "other"))
			other.stop()
			<-other.stopped
		},
		"the lock of stack shop is no longer this run's: another run took it over, and has given it back": func(t *testing.T, f *fake) {
			time.Sleep(LockTTL)
			must(t, mustLock(t, newLedger(f), "other").Unlock(t.Context()))
		},
		"the lock of stack shop was taken away by unlock (al@laptop)": func(t *testing.T, f *fake) {
			_, err := unlock(t, newLedger(f))
			must(t, err)
		},
		"the lock of stack shop was deleted by hand": func(t *testing.T, f *fake) {
			f.edit("shop", func(fn *function) { fn.dropAlias(aliasLock) })
		},
		`the lock of stack shop was overwritten: it says "frozen"`: func(t *testing.T, f *fake) {
			f.edit("shop", func(fn *function) {
				fn.setAlias(versions.Alias{Name: aliasLock, Version: latest, Description: "fro\x1bzen"})
			})
		},
	} {
		t.Run(want, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				commitRelease(t, l, "first")
				slow := leaseOf(mustLock(t, l, "slow"))
				slow.stop()
				<-slow.stopped
				do(t, f)
				if err := slow.Prove(t.Context(), 0); !is[*deploy.LostLockError](err) || err.Error() != want {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

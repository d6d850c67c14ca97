package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Whether reads of aliases are current is UNKNOWN. Here each of them is behind,
// by less than a run waits for: no lock is lost, none is held twice, and what is
// planned under a lock is planned on what is so.
func TestRow38ReadsThatAreBehindLoseNoLock(t *testing.T) {
	for _, lag := range []time.Duration{time.Second, 4 * time.Second, 9 * time.Second} {
		for _, rest := range []time.Duration{0, time.Second, 20 * time.Second} {
			t.Run(fmt.Sprintf("behind %v, runs %v apart", lag, rest), func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
					commitRelease(t, l, "first")
					f.lagging(lag)
					for want := 2; want <= 5; want++ {
						time.Sleep(rest)
						number, err := patientRun(t, newLedger(f), fmt.Sprint("run", want), want-1)
						if err != nil || number != want {
							t.Fatalf("release %d, want %d: %v", number, want, err)
						}
					}
					if got := f.alias("shop", aliasLive).Version; got != "5" {
						t.Errorf("live is %s", got)
					}
				})
			})
		}
	}
}

// patientRun waits for a lock, and then deploys on top of release live.
func patientRun(t *testing.T, l *Ledger, id string, live int) (int, error) {
	t.Helper()
	ctx := t.Context()
	lease, err := patientLock(ctx, l, id)
	if err != nil {
		return 0, err
	}
	if at, err := l.Position(ctx, "shop"); err != nil || at.Live != live || at.Pending != 0 {
		t.Errorf("%s plans on %v, and %d is live: %v", id, at, live, err)
	}
	perr := lease.Prove(ctx, 0)
	r, aerr := lease.Append(ctx, sample("shop", id))
	err = errors.Join(perr, aerr, lease.Mark(ctx, r), lease.Prove(ctx, 0), lease.Commit(ctx, r), lease.Unlock(ctx))
	return r.Number, err
}

// The same where each answer may be lost besides: a compare-and-swap that was
// answered twice is read back, and the read shows what was before.
func TestLostAnswersAndReadsThatAreBehind(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				commitRelease(t, l, "first")
				f.lagging(3 * time.Second)
				var mu sync.Mutex
				rng := rand.New(rand.NewPCG(seed, 38))
				last := ""
				f.failing(func(_ int, op string) fault {
					mu.Lock()
					defer mu.Unlock()
					swap := strings.HasPrefix(op, "UpdateAlias") || strings.HasPrefix(op, "CreateAlias")
					if !swap || op == last || rng.IntN(3) != 0 {
						last = ""
						return none
					}
					last = op
					return lostAfter
				})
				lease, err := l.Lock(t.Context(), request("run"))
				if err != nil {
					if is[*deploy.LostLockError](err) || is[*StaleAliasError](err) {
						t.Errorf("Lock: %v", err)
					}
					return // its outcome could not be found out
				}
				r, aerr := lease.Append(t.Context(), sample("shop", "run"))
				if err := errors.Join(aerr, lease.Mark(t.Context(), r), lease.Prove(t.Context(), 0), lease.Commit(t.Context(), r)); err != nil {
					t.Error(err)
				}
				must(t, lease.Unlock(t.Context()))
				if got := f.alias("shop", aliasLive).Version; got != "2" || !lockOf(t, f.alias("shop", aliasLock).Description).Open {
					t.Errorf("live is %s", got)
				}
			})
		})
	}
}

// A read may show the lock as it was before it was this run's: another run's,
// even one that was never seen.
func TestALookAtTheLockFromBeforeIsNoLoss(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "first")
		before := mustLock(t, l, "before")
		must(t, before.Unlock(t.Context()))
		lease := mustLock(t, l, "run")
		f.lagging(0)
		past := f.functions[FunctionName("shop")].past
		f.edit("shop", func(fn *function) { // reads show what "before" held, for five seconds
			for i, p := range past {
				if text, _ := parseLock(p.aliases[aliasLock].Description); text.Run == "before" {
					fn.past = append(fn.past, pastAliases{time.Now(), fn.past[i].aliases})
				}
			}
			fn.past = append(fn.past, pastAliases{time.Now().Add(5 * time.Second), fn.aliases})
		})
		once := false
		f.failing(func(_ int, op string) fault {
			if op == "UpdateAlias lock" && !once {
				once = true
				return lostAfter
			}
			return none
		})
		must(t, lease.Prove(t.Context(), 0))
		must(t, lease.Unlock(t.Context()))
	})
}

// Unlock by hand meets a renewal that its read does not show yet.
func TestUnlockByHandWithReadsThatAreBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		time.Sleep(10 * time.Second)
		f.lagging(8 * time.Second)
		must(t, lease.Prove(t.Context(), 0))
		who, err := unlock(t, newLedger(f))
		if err != nil || who.RunID != "run1" || !lockOf(t, f.alias("shop", aliasLock).Description).Open {
			t.Errorf("got %+v, %v", who, err)
		}
		if err := lease.Unlock(t.Context()); !is[*deploy.LostLockError](err) && err != nil {
			t.Errorf("Unlock: got %v", err)
		}
	})
}

// A lock whose answer was lost is this run's if the read after it says so: it is
// not taken a second time.
func TestALostAnswerOfALockIsReadBack(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "first")
		f.failing(func(n int, op string) fault {
			if op == "UpdateAlias lock" && count(f.calls[:n-1], op) == 0 {
				return lostAfter
			}
			return none
		})
		f.took()
		lease := mustLock(t, l, "run")
		if calls := f.took(); count(calls, "UpdateAlias lock") != 1 || count(calls, "Alias lock") != 1 {
			t.Errorf("calls: %v", calls)
		}
		f.failing(nil)
		must(t, lease.Unlock(t.Context()))
	})
}

// handMoves moves an alias as a hand does.
func handMoves(f *fake, name, version string) {
	f.edit("shop", func(fn *function) {
		if version == "" {
			fn.dropAlias(name)
			return
		}
		fn.setAlias(versions.Alias{Name: name, Version: version})
	})
}

// inFlight leaves release 3 in flight on top of release 2.
func inFlight(t *testing.T, l *Ledger) {
	t.Helper()
	commitRelease(t, l, "run1")
	commitRelease(t, l, "run2")
	lease := mustLock(t, l, "run3")
	r, err := lease.Append(t.Context(), sample("shop", "run3"))
	must(t, err)
	must(t, lease.Mark(t.Context(), r))
	must(t, lease.Unlock(t.Context()))
}

func TestALiveOlderThanTheLockSaysIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ version, says string }{
		"moved back":   {"1", "alias live of function edgedeploy-shop-releases names release 1, and the run that held the lock last left it at release 2"},
		"deleted":      {"", "names no release"},
		"says $LATEST": {latest, "names no release"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				inFlight(t, l)
				handMoves(f, aliasLive, tt.version)
				state, err := l.Read(t.Context(), "shop")
				if err != nil || state.Lost != 2 || state.Former.Number != 2 || state.Live.Number != 0 || state.Pending.Number != 3 ||
					state.Position() != (release.Position{Pending: 3}) {
					t.Errorf("Read: release %d is lost (record %d), %d is live and %d in flight: %v", state.Lost, state.Former.Number, state.Live.Number, state.Pending.Number, err)
				}
				start := time.Now()
				_, err = newLedger(f).Lock(t.Context(), request("run4"))
				if !is[*StaleAliasError](err) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "rollback --to N") {
					t.Errorf("got %v", err)
				}
				if waited := time.Since(start); waited != staleTimeout {
					t.Errorf("waited %v", waited)
				}
				text := lockOf(t, f.alias("shop", aliasLock).Description)
				if !text.Open || text.Live != 2 || text.Pending != 3 || text.Taken != "" {
					t.Errorf("the lock was not given back as it was: %+v", text)
				}
				// A rollback that was told where to go puts its own there.
				req := request("run5")
				req.AllowLost = true
				lease, err := l.Lock(t.Context(), req)
				must(t, err)
				r, err := lease.Append(t.Context(), sample("shop", "run5"))
				must(t, err)
				must(t, lease.Mark(t.Context(), r))
				must(t, lease.Commit(t.Context(), r))
				must(t, lease.Unlock(t.Context()))
				commitRelease(t, l, "run6")
				if got := f.alias("shop", aliasLive).Version; got != "5" {
					t.Errorf("live is %s", got)
				}
			})
		})
	}
}

// The lock tells what is in flight where pending was deleted or moved back: the
// release is not forgotten, and the next run moves pending there again.
func TestAPendingOlderThanTheLockSaysIsMovedBack(t *testing.T) {
	for name, version := range map[string]string{"moved back": "2", "deleted": "", "says $LATEST": latest} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				inFlight(t, l)
				handMoves(f, aliasPending, version)
				state, err := l.Read(t.Context(), "shop")
				want := release.Position{Live: 2, Pending: 3}
				if err != nil || state.Lost != 0 || state.Position() != want || state.Phase != release.PhaseRun {
					t.Errorf("Read: %+v in phase %q, %v", state.Position(), state.Phase, err)
				}
				for _, run := range []string{"run4", "run5"} {
					l = newLedger(f)
					lease := mustLock(t, l, run)
					if at, err := l.Position(t.Context(), "shop"); err != nil || at != want {
						t.Errorf("%s is at %v, %v", run, at, err)
					}
					must(t, lease.Unlock(t.Context()))
				}
				if got := f.alias("shop", aliasPending).Version; got != "3" {
					t.Errorf("pending is %s", got)
				}
			})
		})
	}
}

// A version that somebody published by hand and moved pending to is no release in
// flight: it is told, and nothing else is in the way.
func TestAPendingThatIsNoReleaseCountsForNothing(t *testing.T) {
	for name, flying := range map[string]bool{"at rest": false, "with a release in flight": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				want := release.Position{Live: 2}
				if flying {
					inFlight(t, l)
					want.Pending = 3
				} else {
					commitRelease(t, l, "run1")
					commitRelease(t, l, "run2")
				}
				must(t, f.UpdateCode(t.Context(), FunctionName("shop"), "", []byte("another program's")))
				time.Sleep(time.Minute)
				v, err := f.PublishVersion(t.Context(), versions.PublishInput{Function: FunctionName("shop"), Description: "mine"})
				must(t, err)
				handMoves(f, aliasPending, strconv.Itoa(v.Number))
				var warned []string
				l = newLedger(f)
				l.Warn = func(_, text string) { warned = append(warned, text) }
				state, err := l.Read(t.Context(), "shop")
				if err != nil || state.Position() != want || !strings.Contains(strings.Join(warned, ""), "which is no release") {
					t.Errorf("Read: %v, %v; warned %q", state.Position(), err, warned)
				}
				req := request("run9")
				req.Seen = state.Seen
				lease, err := l.Lock(t.Context(), req)
				must(t, err)
				if at, err := l.Position(t.Context(), "shop"); err != nil || at != want {
					t.Errorf("under the lock: %v, %v", at, err)
				}
				r, err := lease.Append(t.Context(), sample("shop", "run9"))
				must(t, err)
				must(t, lease.Mark(t.Context(), r))
				must(t, lease.Commit(t.Context(), r))
				must(t, lease.Unlock(t.Context()))
				state, err = newLedger(f).Read(t.Context(), "shop")
				if err != nil || state.Live.Number != r.Number || state.Pending.Number != 0 {
					t.Errorf("afterwards %v, %v", state.Position(), err)
				}
			})
		})
	}
}

// What live has overtaken need not be in pending, and an alias that is newer
// than the lock says is what a dead run left.
func TestOnlyWhatIsOlderIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		commitRelease(t, l, "run2")
		handMoves(f, aliasPending, "")
		must(t, mustLock(t, l, "run3").Unlock(t.Context()))
		dead := mustLock(t, l, "dead")
		r, err := dead.Append(t.Context(), sample("shop", "dead"))
		must(t, err)
		must(t, dead.Mark(t.Context(), r))
		must(t, dead.Commit(t.Context(), r))
		leaseOf(dead).stop()
		<-leaseOf(dead).stopped
		if text := lockOf(t, f.alias("shop", aliasLock).Description); text.Live != 2 {
			t.Errorf("the lock says %+v", text)
		}
		time.Sleep(LockTTL)
		lease := mustLock(t, newLedger(f), "next")
		must(t, lease.Prove(t.Context(), 0))
		if text := lockOf(t, f.alias("shop", aliasLock).Description); text.Live != 3 || text.Pending != 3 {
			t.Errorf("the lock says %+v", text)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

// An older listing is waited for by those who only read, too.
func TestReadWaitsForAListingThatIsBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		first := f.functions[FunctionName("shop")].aliases[aliasLive]
		commitRelease(t, l, "run2")
		f.edit("shop", func(fn *function) { // live is behind, the lock is not
			now := fn.past[len(fn.past)-1]
			behind := pastAliases{time.Now(), map[string]versions.Alias{}}
			for n, a := range now.aliases {
				behind.aliases[n] = a
			}
			behind.aliases[aliasLive] = first
			fn.past = append(fn.past, behind, pastAliases{time.Now().Add(4 * time.Second), now.aliases})
		})
		start := time.Now()
		state, err := l.Read(t.Context(), "shop")
		if err != nil || state.Position() != (release.Position{Live: 2}) || time.Since(start) < 4*time.Second || time.Since(start) > 7*time.Second {
			t.Errorf("after %v: %v, %v", time.Since(start), state.Position(), err)
		}
	})
}

func TestAProofIsAskedForOnlyWhenItIsOld(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		lease := mustLock(t, l, "run2")
		f.took()
		proofs := func(within time.Duration) int {
			must(t, lease.Prove(t.Context(), within))
			calls := f.took()
			if count(calls, "UpdateAlias lock") != len(calls) {
				t.Errorf("calls: %v", calls)
			}
			return len(calls)
		}
		var got []int
		got = append(got, proofs(30*time.Second), proofs(0), proofs(0))
		time.Sleep(30 * time.Second)
		got = append(got, proofs(30*time.Second))
		time.Sleep(time.Second)
		got = append(got, proofs(30*time.Second), proofs(30*time.Second))
		// A move of pending is a proof: the next holder would have fenced it.
		r, err := lease.Append(t.Context(), sample("shop", "run2"))
		must(t, err)
		time.Sleep(19 * time.Second)
		must(t, lease.Mark(t.Context(), r))
		time.Sleep(25 * time.Second) // the last renewal is 35 seconds old
		f.took()
		got = append(got, proofs(30*time.Second))
		if want := []int{0, 1, 1, 0, 1, 0, 0}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("calls %v, want %v", got, want)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

// A proof is as old as the call that gave it, however long its answer took.
func TestAProofIsDatedBeforeItsCall(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		f.interfered(func(_ int, op string) { time.Sleep(20 * time.Second) })
		must(t, lease.Prove(context.WithoutCancel(t.Context()), 0))
		f.interfered(nil)
		f.took()
		must(t, lease.Prove(t.Context(), 15*time.Second))
		if calls := f.took(); len(calls) != 1 {
			t.Errorf("calls: %v", calls)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

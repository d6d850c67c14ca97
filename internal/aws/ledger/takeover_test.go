package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// How a run comes to hold a lock that another still believes to hold.
var takeovers = map[string]func(t *testing.T, l *Ledger){
	"expired": func(*testing.T, *Ledger) { time.Sleep(LockTTL + time.Second) },
	"unlocked": func(t *testing.T, l *Ledger) {
		if _, err := unlock(t, l); err != nil {
			t.Error(err)
		}
	},
}

// stopped is a run whose machine stands still before one of its calls, and goes
// on after another run did all that meanwhile.
type stopped struct {
	mine  int // its own release
	taken bool
}

// run goes through everything that a deployment does under the lock, and never
// gives up: whatever fails, the rest is tried, too. Its renewals stand still.
func (s *stopped) run(ctx context.Context, l *Ledger) error {
	lease, err := patientLock(ctx, l, "slow")
	if err != nil {
		return err
	}
	leaseOf(lease).stop()
	<-leaseOf(lease).stopped
	perr := lease.Prove(ctx, 0)
	r, aerr := lease.Append(ctx, sample("shop", "slow"))
	s.mine = r.Number
	merr := lease.Mark(ctx, r)
	qerr := lease.Prove(ctx, 0)
	cerr := lease.Commit(ctx, r)
	return errors.Join(perr, aerr, merr, qerr, cerr, lease.Unlock(ctx))
}

// A holder that is stopped at any of its calls, and taken over from, moves
// neither live nor pending once it wakes, and finds out that it lost the lock.
func TestAWokenHolderMovesNothing(t *testing.T) {
	t.Parallel()
	for how, take := range takeovers {
		for _, settled := range []bool{false, true} {
			for _, ends := range []bool{false, true} {
				for _, lag := range []time.Duration{0, 4 * time.Second} {
					name := fmt.Sprintf("%s, ledger exists %v, successor ends %v, reads are behind %v", how, settled, ends, lag)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						everyCall(t, func(t *testing.T, f *fake, l *Ledger, n int) bool {
							if settled {
								commitRelease(t, l, "first")
							}
							f.lagging(lag)
							return wakes(t, f, n, take, ends)
						})
					})
				}
			}
		}
	}
}

// everyCall runs a test for each call of a run, until it reports that there are
// not so many.
func everyCall(t *testing.T, test func(t *testing.T, f *fake, l *Ledger, n int) bool) {
	t.Helper()
	n := 0
	for more := true; more; {
		n++
		more = t.Run(fmt.Sprint("call ", n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				more = test(t, f, newLedger(f), n)
			})
		}) && more
	}
	if n < 10 {
		t.Errorf("only %d calls were tried", n)
	}
}

// patientLock waits for a lock, as --lock-timeout does.
func patientLock(ctx context.Context, l *Ledger, id string) (deploy.Lease, error) {
	for {
		lease, err := l.Lock(ctx, request(id))
		if !is[*deploy.LockedError](err) {
			return lease, err
		}
		time.Sleep(time.Second)
	}
}

// wakes stops a run before call n, and reports whether it made that many.
func wakes(t *testing.T, f *fake, n int, take func(*testing.T, *Ledger), ends bool) bool {
	t.Helper()
	l, successor := newLedger(f), newLedger(f)
	s := &stopped{}
	var lease deploy.Lease
	var before [2]string
	moves := func() [2]string {
		return [2]string{f.alias("shop", aliasLive).Version, f.alias("shop", aliasPending).Version}
	}
	f.took()
	f.interfered(func(at int, _ string) {
		if at != n || s.taken {
			return
		}
		s.taken = true
		f.interfered(nil)
		if holder, _ := parseLock(f.alias("shop", aliasLock).Description); holder.Run != "slow" {
			return // it does not hold the lock yet
		}
		take(t, successor)
		var err error
		lease, err = patientLock(t.Context(), successor, "other")
		must(t, err)
		if ends {
			release1(t, lease)
		}
		before = moves()
	})
	err := s.run(t.Context(), l)
	f.interfered(nil)
	if !s.taken || lease == nil {
		must(t, err)
		return s.taken
	}
	if after := moves(); after != before {
		t.Errorf("live and pending moved from %v to %v", before, after)
	}
	wasLive := false // all that is left after that is harmless
	for _, p := range f.functions[FunctionName("shop")].past {
		wasLive = wasLive || s.mine != 0 && table(p.aliases).number(aliasLive) == s.mine
	}
	// Giving the lock back has little time to find out why it is refused.
	if !is[*deploy.LostLockError](err) && !wasLive || err == nil && !ends {
		t.Errorf("the woken run did not notice: %v", err)
	}
	if !ends {
		must(t, lease.Prove(t.Context(), 0))
		n := release1(t, lease)
		if got := f.alias("shop", aliasLive).Version; got != fmt.Sprint(n) {
			t.Errorf("live is %s, the successor's release is %d", got, n)
		}
	}
	unique(t, f)
	return true
}

// release1 makes a release live under a lease, and gives that back.
func release1(t *testing.T, lease deploy.Lease) int {
	t.Helper()
	r, err := lease.Append(t.Context(), sample("shop", "other"))
	if err := errors.Join(err, lease.Mark(t.Context(), r), lease.Commit(t.Context(), r), lease.Unlock(t.Context())); err != nil {
		t.Error(err)
	}
	return r.Number
}

// The successor of a run that lost its lock fences even when another successor
// died before it could.
func TestAFenceThatWasNotFinishedIsMadeUpFor(t *testing.T) {
	for _, op := range []string{"Aliases", "UpdateAlias live", "UpdateAlias pending"} {
		t.Run(op, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				commitRelease(t, l, "first")
				slow := mustLock(t, l, "slow")
				r, err := slow.Append(t.Context(), sample("shop", "slow"))
				must(t, err)
				_, err = unlock(t, newLedger(f))
				must(t, err)
				locked := false
				f.failing(func(_ int, is string) fault {
					locked = locked || is == "UpdateAlias lock"
					if locked && (is == op || is == "Alias live" || is == "Alias pending") {
						return lostBefore
					}
					return none
				})
				if _, err := newLedger(f).Lock(t.Context(), request("second")); !errors.Is(err, errLost) {
					t.Fatalf("got %v", err)
				}
				f.failing(nil)
				if text := lockOf(t, f.alias("shop", aliasLock).Description); !text.Open || text.Taken != "slow" {
					t.Errorf("the lock says %+v", text)
				}
				third := mustLock(t, newLedger(f), "third")
				if err := slow.Mark(t.Context(), r); !is[*deploy.LostLockError](err) {
					t.Errorf("Mark: got %v", err)
				}
				must(t, third.Prove(t.Context(), 0))
				must(t, third.Unlock(t.Context()))
				if err := slow.Unlock(t.Context()); !is[*deploy.LostLockError](err) {
					t.Errorf("Unlock: got %v", err)
				}
				if text := lockOf(t, f.alias("shop", aliasLock).Description); text.Taken != "" {
					t.Errorf("the lock says %+v", text)
				}
			})
		})
	}
}

// What a fence rewrites keeps every word, and a lock that was given back by its
// holder needs none.
func TestATakeoverFencesAndNothingElseDoes(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "first")
		dead := mustLock(t, l, "dead")
		r, err := dead.Append(t.Context(), sample("shop", "dead"))
		must(t, err)
		must(t, dead.Mark(t.Context(), r))
		f.edit("shop", func(fn *function) { // as a newer edgedeploy does in a rollout
			a := fn.aliases[aliasPending]
			a.Description = "v1 kind=apply phase=canary step=5 since=2026-08-01T12:00:00Z run=dead colour=red"
			fn.setAlias(a)
		})
		leaseOf(dead).stop()
		<-leaseOf(dead).stopped
		time.Sleep(LockTTL)
		f.took()
		lease := mustLock(t, newLedger(f), "next")
		if calls := f.took(); count(calls, "UpdateAlias live") != 1 || count(calls, "UpdateAlias pending") != 1 || len(calls) != 5 {
			t.Errorf("calls: %v", calls)
		}
		pending := f.alias("shop", aliasPending)
		want := fmt.Sprintf("v1 kind=apply phase=canary step=5 since=2026-08-01T12:00:00Z run=dead colour=red fenced=%d", lockOf(t, f.alias("shop", aliasLock).Description).Turn)
		if pending.Version != fmt.Sprint(r.Number) || pending.Description != want {
			t.Errorf("got %+v\nwant %s", pending, want)
		}
		if at, err := l.Read(t.Context(), "shop"); err != nil || at.Phase != "canary" || at.Position() != (release.Position{Live: 1, Pending: 2}) {
			t.Errorf("got %+v %q, %v", at.Position(), at.Phase, err)
		}
		must(t, lease.Unlock(t.Context()))
		must(t, mustLock(t, newLedger(f), "later").Unlock(t.Context()))
		if got := f.alias("shop", aliasPending); got != pending {
			t.Errorf("an open lock was fenced: %+v", got)
		}
	})
}

// A run that is stopped between taking the lock and reading where the ledger
// stands reads what another run has fenced meanwhile: these revisions are not its own.
func TestWhatIsReadAfterATakeoverIsNotBelieved(t *testing.T) {
	for how, take := range takeovers {
		t.Run(how, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				commitRelease(t, l, "first")
				var lease deploy.Lease
				f.interfered(func(_ int, op string) {
					if holder, _ := parseLock(f.alias("shop", aliasLock).Description); op != "Aliases" || holder.Run != "slow" {
						return
					}
					f.interfered(nil)
					take(t, newLedger(f))
					lease = mustLock(t, newLedger(f), "other")
				})
				if _, err := l.Lock(t.Context(), request("slow")); !is[*deploy.LostLockError](err) {
					t.Errorf("got %v", err)
				}
				must(t, lease.Prove(t.Context(), 0))
				must(t, lease.Unlock(t.Context()))
			})
		})
	}
}

// The same where the listing shows the lock as it was and the rest as it is: a
// listing need not be of one moment (UNKNOWN). Only its Date tells then.
func TestAListingOfTwoMomentsIsNotBelieved(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "first")
		var lease deploy.Lease
		f.interfered(func(_ int, op string) {
			held := f.alias("shop", aliasLock)
			if holder, _ := parseLock(held.Description); op != "Aliases" || holder.Run != "slow" {
				return
			}
			f.interfered(nil)
			takeovers["expired"](t, l)
			lease = mustLock(t, newLedger(f), "other")
			f.edit("shop", func(fn *function) {
				two := maps.Clone(fn.aliases)
				two[aliasLock] = held
				fn.past = append(fn.past, pastAliases{time.Now(), two}, pastAliases{time.Now().Add(3 * time.Second), fn.aliases})
			})
		})
		if _, err := l.Lock(t.Context(), request("slow")); !is[*deploy.LostLockError](err) {
			t.Errorf("got %v", err)
		}
		must(t, lease.Prove(t.Context(), 0))
		must(t, lease.Unlock(t.Context()))
	})
}

// unlock takes the lock away from the run that holds it, alive or not.
func unlock(t *testing.T, l *Ledger) (release.LockInfo, error) {
	t.Helper()
	have, _, err := l.Holder(t.Context(), "shop")
	if err != nil {
		return have, err
	}
	return l.Unlock(t.Context(), deploy.UnlockRequest{Stack: "shop", RunID: have.RunID, Live: true, By: "al@laptop"})
}

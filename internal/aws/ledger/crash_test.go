package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/versions"
)

// run is all that a deployment does with the ledger.
func run(ctx context.Context, l *Ledger, id string) (number int, err error) {
	state, err := l.Read(ctx, "shop")
	if err != nil {
		return 0, err
	}
	req := request(id)
	req.Seen = state.Seen
	lease, err := l.Lock(ctx, req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, lease.Unlock(ctx)) }()
	if _, err := l.Position(ctx, "shop"); err != nil {
		return 0, err
	}
	if err := lease.Prove(ctx, 30*time.Second); err != nil {
		return 0, err
	}
	r, err := lease.Append(ctx, sample("shop", id))
	if err != nil {
		return 0, err
	}
	if err := lease.Mark(ctx, r); err != nil {
		return r.Number, err
	}
	if err := lease.Prove(ctx, 0); err != nil {
		return r.Number, err
	}
	return r.Number, lease.Commit(ctx, r)
}

// die stops the renewals of a ledger's leases as the end of a process would.
// (Its calls all fail; the bubble needs the goroutines to end.)
type dying struct {
	*Ledger
	leases []deploy.Lease
}

func (d *dying) run(ctx context.Context, id string) error {
	lease, err := d.Lock(ctx, request(id))
	if err != nil {
		return err
	}
	d.leases = append(d.leases, lease)
	r, err := lease.Append(ctx, sample("shop", id))
	if err != nil {
		return err
	}
	if err := lease.Mark(ctx, r); err != nil {
		return err
	}
	if err := lease.Commit(ctx, r); err != nil {
		return err
	}
	return lease.Unlock(ctx)
}

func (d *dying) die() {
	for _, l := range d.leases {
		leaseOf(l).stop()
		<-leaseOf(l).stopped
	}
}

// finished says that live, if there is one, is a release that was completely
// written: opened, verified, and begun before it became live. After a run that
// was not cut short, all that was ever live is protected.
func finished(t *testing.T, f *fake, l *Ledger, whole bool) {
	t.Helper()
	live := tabulate([]versions.Alias{f.alias("shop", aliasLive)}).number(aliasLive)
	if live == 0 {
		return
	}
	if _, err := l.Get(t.Context(), "shop", live); err != nil {
		t.Errorf("live release does not read: %v", err)
	}
	if p := tabulate([]versions.Alias{f.alias("shop", aliasPending)}).number(aliasPending); p < live {
		t.Errorf("live is %d, and pending %d: it became live before it was begun", live, p)
	}
	for _, was := range f.functions[FunctionName("shop")].past {
		n := table(was.aliases).number(aliasLive)
		if got := f.alias("shop", keptName(n)).Version; whole && n != 0 && got != fmt.Sprint(n) {
			t.Errorf("release %d was live and is not protected", n)
		}
	}
}

// unique says that no number was given twice and every version is what it
// was when it was published.
func unique(t *testing.T, f *fake) {
	t.Helper()
	last := 0
	for _, v := range f.functions[FunctionName("shop")].versions {
		if v.Number <= last {
			t.Errorf("number %d comes after %d", v.Number, last)
		}
		last = v.Number
	}
}

// A process that dies at any call, before or after the call's effect, leaves a
// ledger on which the next run comes to the same end as if nothing had been.
func TestDyingAtAnyCallIsRepairedByRunningAgain(t *testing.T) {
	for _, settled := range []bool{false, true} {
		calls := 1
		for n := 1; n <= calls; n++ {
			for _, what := range []fault{lostBefore, lostAfter} {
				name := fmt.Sprintf("ledger exists %v, call %d, fault %d", settled, n, what)
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f := newFake()
						f.createDelay, f.updateDelay = time.Second, time.Second
						l := newLedger(f)
						if settled {
							commitRelease(t, l, "first")
						}
						f.took()
						if n == 1 && what == lostBefore {
							calls = count1(t, settled)
						}
						f.failing(func(at int, _ string) fault {
							switch {
							case at == n:
								return what
							case at > n:
								return lostBefore
							}
							return none
						})
						d := &dying{Ledger: newLedger(f)}
						err := d.run(t.Context(), "dead")
						if err == nil && n < calls {
							t.Errorf("call %d failed and the run did not", n)
						}
						d.die()
						f.failing(nil)
						finished(t, f, l, false)
						time.Sleep(LockTTL) // unless it is unlocked
						number, err := run(t.Context(), newLedger(f), "next")
						must(t, err)
						if got := f.alias("shop", aliasLive).Version; got != fmt.Sprint(number) {
							t.Errorf("live is %s, the next run's release is %d", got, number)
						}
						finished(t, f, l, true)
						unique(t, f)
						state, err := l.Read(t.Context(), "shop")
						if err != nil || state.Live.RunID != "next" || state.Pending.Number != 0 || state.Lock.Held() {
							t.Errorf("got %+v, %v", state, err)
						}
						if list, err := l.List(t.Context(), "shop"); err != nil || list[0].Number != number {
							t.Errorf("the list does not begin with %d: %v", number, err)
						}
					})
				})
			}
		}
		if calls < 8 {
			t.Errorf("only %d calls were tried", calls)
		}
	}
}

// count1 counts the calls of a run that nothing happens to.
func count1(t *testing.T, settled bool) int {
	f := newFake()
	f.createDelay, f.updateDelay = time.Second, time.Second
	l := newLedger(f)
	if settled {
		commitRelease(t, l, "first")
	}
	f.took()
	must(t, (&dying{Ledger: newLedger(f)}).run(t.Context(), "whole"))
	return len(f.took())
}

// One answer that is lost after the call had its effect is read back, and the
// run never notices.
func TestALostAnswerToAChangeIsReadBack(t *testing.T) {
	for _, settled := range []bool{false, true} {
		for _, op := range []string{
			"Create", "CreateAlias lock", "UpdateAlias lock", "UpdateConfig", "UpdateCode", "PublishVersion",
			"CreateAlias r1", "CreateAlias r2", "CreateAlias pending", "UpdateAlias pending", "CreateAlias live", "UpdateAlias live",
		} {
			t.Run(fmt.Sprintf("ledger exists %v, %s", settled, op), func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
					f.createDelay, f.updateDelay = time.Second, time.Second
					want := 1
					if settled {
						commitRelease(t, l, "first")
						f.edit("shop", func(fn *function) { fn.runtime = "nodejs20.x" })
						want = 2
					}
					lost := 0
					f.failing(func(_ int, is string) fault {
						if is == op && lost == 0 {
							lost++
							return lostAfter
						}
						return none
					})
					number, err := run(t.Context(), l, "run")
					must(t, err)
					if number != want || f.alias("shop", aliasLive).Version != fmt.Sprint(want) || len(f.functions[FunctionName("shop")].versions) != want {
						t.Errorf("release %d, live %s", number, f.alias("shop", aliasLive).Version)
					}
					if !lockOf(t, f.alias("shop", aliasLock).Description).Open {
						t.Error("the lock was not given back")
					}
				})
			})
		}
	}
}

// Runs that start, stall, are unlocked by hand and take over at random: numbers
// never repeat, live is always a finished release that its run committed, and
// the ledger always works afterwards.
func TestRandomRunsLeaveAWorkingLedger(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				var mu sync.Mutex
				rng := rand.New(rand.NewPCG(seed, 7))
				random := func(n int64) int64 { mu.Lock(); defer mu.Unlock(); return rng.Int64N(n) }
				f.createDelay, f.updateDelay = time.Second, time.Second
				f.interfered(func(int, string) {
					time.Sleep(time.Duration(random(int64(500 * time.Millisecond))))
					if random(40) == 0 {
						time.Sleep(time.Duration(random(int64(4 * time.Minute))))
					}
				})
				f.failing(func(int, string) fault {
					switch random(60) {
					case 0:
						return lostBefore
					case 1:
						return lostAfter
					}
					return none
				})
				committed := map[string]bool{"": true, latest: true}
				var wg sync.WaitGroup
				for i := range 5 {
					wg.Go(func() {
						time.Sleep(time.Duration(random(int64(time.Minute))))
						id := fmt.Sprint("run", i)
						for try := range 3 {
							number, err := run(t.Context(), newLedger(f), fmt.Sprint(id, "-", try))
							if number > 0 {
								mu.Lock()
								committed[fmt.Sprint(number)] = true // begun to commit, at least
								mu.Unlock()
							}
							if err == nil {
								return
							}
						}
					})
				}
				wg.Go(func() {
					time.Sleep(time.Duration(random(int64(2 * time.Minute))))
					_, err := unlock(t, newLedger(f))
					if err != nil && !errors.Is(err, errLost) {
						t.Log(err)
					}
				})
				wg.Wait()
				f.failing(nil)
				f.interfered(nil)
				if live := f.alias("shop", aliasLive).Version; !committed[live] {
					t.Errorf("live is %s, which no run committed", live)
				}
				time.Sleep(LockTTL)
				number, err := run(t.Context(), newLedger(f), "last")
				must(t, err)
				if live := f.alias("shop", aliasLive).Version; live != fmt.Sprint(number) {
					t.Errorf("live is %s, the last release is %d", live, number)
				}
				finished(t, f, l, true)
				unique(t, f)
			})
		})
	}
}

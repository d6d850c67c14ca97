package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// plain is a release that names no other.
func plain(run string) release.Release {
	r := sample("shop", run)
	r.Kind, r.Parent, r.Returns, r.Back, r.Undone, r.Target, r.Holds = release.KindApply, 0, 0, 0, 0, 0, nil
	return r
}

// commitAll is a run that makes a record live.
func commitAll(t *testing.T, l *Ledger, r release.Release) release.Release {
	t.Helper()
	lease := mustLock(t, l, r.RunID)
	r, err := lease.Append(t.Context(), r)
	must(t, err)
	must(t, lease.Mark(t.Context(), r))
	must(t, lease.Commit(t.Context(), r))
	must(t, lease.Unlock(t.Context()))
	return r
}

// keeps are the releases that have their alias.
func keeps(f *fake) []int {
	var kept []int
	for name, a := range f.functions[FunctionName("shop")].aliases {
		var n int
		if _, err := fmt.Sscanf(name, "r%d", &n); err == nil && a.Version == fmt.Sprint(n) {
			kept = append(kept, n)
		}
	}
	slices.Sort(kept)
	return kept
}

func TestOnlyTheNewestReleasesKeepTheirAlias(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitAll(t, l, plain("run1"))
		f.edit("shop", func(fn *function) {
			fn.setAlias(versions.Alias{Name: "release-of-theirs", Version: "1"})
			fn.setAlias(versions.Alias{Name: "r0", Version: "1"})
			fn.setAlias(versions.Alias{Name: "r9999", Version: "43"}) // not what r9999 would be
		})
		for i := 2; i <= KeptReleases+3; i++ {
			commitAll(t, l, plain(fmt.Sprintf("run%d", i)))
		}
		if kept := keeps(f); len(kept) != KeptReleases || kept[0] != 4 || kept[len(kept)-1] != KeptReleases+3 {
			t.Errorf("kept %v", kept)
		}
		fn := f.functions[FunctionName("shop")]
		for _, name := range []string{"release-of-theirs", "r0", "r9999"} {
			if fn.aliases[name].Name == "" {
				t.Errorf("alias %s was touched", name)
			}
		}
		if got := len(fn.aliases); got > 50 {
			t.Errorf("%d aliases are more than a page", got)
		}
		if _, err := l.Get(t.Context(), "shop", 1); err != nil {
			t.Errorf("an old release no longer reads: %v", err)
		}
	})
}

// What the live release names may be gone back to, or is held: it stays.
func TestWhatTheLiveReleaseNamesKeepsItsAlias(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		for i := 1; i <= KeptReleases; i++ {
			commitAll(t, l, plain(fmt.Sprintf("run%d", i)))
		}
		r := plain("names")
		r.Returns, r.Back, r.Brought, r.Undone, r.Target = 1, 3, 5, 7, 9
		r.Holds = []release.Hold{{Release: 11, Brought: 12}}
		// With eight newer ones, all of 1 to 12 but those are beyond the kept.
		for i := range 11 {
			commitAll(t, l, plain(fmt.Sprint("more", i)))
			f.edit("shop", func(fn *function) { // as if they had been named all the time
				for n := 1; n <= 12; n++ {
					fn.setAlias(keeper(n))
				}
			})
		}
		live := commitAll(t, l, r)
		want := []int{1, 3, 5, 7, 9, 11, 12}
		for n := live.Number - KeptReleases + 1; n <= live.Number; n++ {
			want = append(want, n)
		}
		if diff := cmp.Diff(want, keeps(f)); diff != "" {
			t.Error(diff)
		}
	})
}

// Of a dead run's release only the number is known: it is protected, and no
// alias is taken off, since nothing tells which ones it names.
func TestSettlingADeadRunsReleasePrunesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		for i := 1; i <= KeptReleases; i++ {
			commitAll(t, l, plain(fmt.Sprintf("run%d", i)))
		}
		lease := mustLock(t, l, "dies")
		r, err := lease.Append(t.Context(), plain("dies"))
		must(t, err)
		must(t, lease.Mark(t.Context(), r))
		must(t, lease.Unlock(t.Context()))
		next := mustLock(t, l, "next")
		must(t, next.Commit(t.Context(), release.Release{Stack: "shop", Number: r.Number}))
		kept := keeps(f)
		if len(kept) != KeptReleases+1 || kept[0] != 1 || kept[KeptReleases] != r.Number || f.alias("shop", aliasLive).Version != fmt.Sprint(r.Number) {
			t.Errorf("kept %v", kept)
		}
		must(t, next.Unlock(t.Context()))
	})
}

// A release that was in flight and is superseded was never live, so only Mark
// can give it the alias that keeps it for rollback --to.
func TestASupersededReleaseIsProtected(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitAll(t, l, plain("run1"))
		lease := mustLock(t, l, "run2")
		dead, err := lease.Append(t.Context(), plain("run2"))
		must(t, err)
		must(t, lease.Mark(t.Context(), dead))
		must(t, lease.Unlock(t.Context()))
		lease = mustLock(t, l, "run3")
		r, err := lease.Append(t.Context(), plain("run3"))
		must(t, err)
		f.took()
		must(t, lease.Mark(t.Context(), r))
		if diff := cmp.Diff([]string{"CreateAlias r2", "UpdateAlias pending"}, f.took()); diff != "" {
			t.Error(diff)
		}
		must(t, lease.Commit(t.Context(), r))
		must(t, lease.Unlock(t.Context()))
		if diff := cmp.Diff([]int{1, 2, 3}, keeps(f)); diff != "" {
			t.Error(diff)
		}
	})
}

// A version that a hand deleted cannot be protected any more, and stops no run.
func TestASupersededReleaseThatIsGoneIsNoObstacle(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		dead, err := lease.Append(t.Context(), plain("run1"))
		must(t, err)
		must(t, lease.Mark(t.Context(), dead))
		r, err := lease.Append(t.Context(), plain("run2"))
		must(t, err)
		f.edit("shop", func(fn *function) { fn.versions = fn.versions[1:] })
		must(t, lease.Mark(t.Context(), r))
		if got := f.alias("shop", aliasPending).Version; got != "2" {
			t.Errorf("pending is %s", got)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

func TestAReleaseThatCannotBeProtectedIsLiveAndWarnedOf(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		var warned []string
		l.Warn = func(_, text string) { warned = append(warned, text) }
		f.failing(func(_ int, op string) fault {
			if op == "CreateAlias r1" || op == "Alias r1" {
				return lostBefore
			}
			return none
		})
		commitAll(t, l, plain("run1"))
		if len(warned) != 1 || !strings.Contains(warned[0], "protect release 1") || f.alias("shop", aliasLive).Version != "1" {
			t.Errorf("warned %q, live is %s", warned, f.alias("shop", aliasLive).Version)
		}
		// The next release makes up for it, before live is all that keeps the first.
		f.failing(nil)
		commitAll(t, l, plain("run2"))
		if diff := cmp.Diff([]int{1, 2}, keeps(f)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnAliasThatCannotBeTakenOffKeepsNoRunFromReleasing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		var warned []string
		l.Warn = func(_, text string) { warned = append(warned, text) }
		for i := range KeptReleases {
			commitAll(t, l, plain(fmt.Sprintf("run%d", i)))
		}
		f.failing(func(_ int, op string) fault {
			if op == "DeleteAlias r1" {
				return lostBefore
			}
			return none
		})
		commitAll(t, l, plain("later"))
		if len(warned) != 1 || !strings.Contains(warned[0], "alias r1") {
			t.Errorf("warned %q", warned)
		}
		f.failing(nil)
		commitAll(t, l, plain("last"))
		if f.alias("shop", "r1").Name != "" || f.alias("shop", "r2").Name != "" || f.alias("shop", "r3").Name == "" {
			t.Error("the next release did not catch up")
		}
	})
}

// Both aliases only move forward: the lock's text could not tell a stale read
// from a move otherwise.
func TestLiveAndPendingNeverGoBack(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		first := commitAll(t, l, plain("run1"))
		second := commitAll(t, l, plain("run2"))
		lease := mustLock(t, l, "run3")
		f.took()
		if err := lease.Commit(t.Context(), first); err == nil || !strings.Contains(err.Error(), "release 2 is live") {
			t.Errorf("Commit: got %v", err)
		}
		for _, r := range []release.Release{first, second} {
			if err := lease.Mark(t.Context(), r); err == nil || !strings.Contains(err.Error(), "release 2 is live") {
				t.Errorf("Mark %d: got %v", r.Number, err)
			}
		}
		if calls := f.took(); len(calls) != 0 {
			t.Errorf("calls: %v", calls)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

// What prune lets go loses its alias, and only that: by a call each, each under
// the lock.
func TestUnkeepTakesTheProtectionOff(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		for i := 1; i <= 4; i++ {
			commitAll(t, l, plain(fmt.Sprintf("run%d", i)))
		}
		state, err := l.Read(t.Context(), "shop")
		must(t, err)
		if diff := cmp.Diff([]int{1, 2, 3, 4}, state.Kept); diff != "" {
			t.Errorf("kept, as it is read: %s", diff)
		}
		lease := mustLock(t, l, "prune")
		must(t, lease.Unkeep(t.Context(), []int{1, 3}))
		must(t, lease.Unkeep(t.Context(), []int{1, 9})) // said again, and one that never was
		if diff := cmp.Diff([]int{2, 4}, keeps(f)); diff != "" {
			t.Error(diff)
		}
		must(t, lease.Unlock(t.Context()))
		if err := lease.Unkeep(t.Context(), []int{2}); err == nil {
			t.Error("without the lock it is done all the same")
		}
		if diff := cmp.Diff([]int{2, 4}, keeps(f)); diff != "" {
			t.Error(diff)
		}
	})
}

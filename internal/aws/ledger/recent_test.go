package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/versions"
)

// However long the history is, the newest N cost N calls and two.
func TestTheNewestReleasesCostACallEach(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		for i := range KeptReleases + 10 {
			commitAll(t, l, plain(fmt.Sprintf("run%d", i)))
		}
		all, err := l.List(t.Context(), "shop")
		must(t, err)
		for _, limit := range []int{1, 3, 20, KeptReleases + 10} {
			f.took()
			recent, err := l.Recent(t.Context(), "shop", limit)
			must(t, err)
			calls := f.took()
			if got := len(calls); got > limit+2 || slices.Contains(calls, "ListVersions") {
				t.Errorf("%d releases took %d calls: %v", limit, got, calls)
			}
			if diff := cmp.Diff(all[:limit], recent.Releases); diff != "" {
				t.Errorf("the newest %d (-list +recent):\n%s", limit, diff)
			}
			if recent.More != (limit < len(all)) || !recent.Exists || recent.Position.Live != all[0].Number {
				t.Errorf("of %d: more %v, exists %v, at %+v", limit, recent.More, recent.Exists, recent.Position)
			}
		}
	})
}

// Versions may be missing, be no releases, or have no alias yet.
func TestTheNewestReleasesAreThoseOfTheListing(t *testing.T) {
	gone := func(from, to int) func(*fake) {
		return func(f *fake) {
			f.edit("shop", func(fn *function) {
				fn.versions = slices.DeleteFunc(fn.versions, func(v versions.StoredVersion) bool { return v.Number >= from && v.Number <= to })
			})
		}
	}
	for name, tt := range map[string]struct {
		change func(*fake)
		more   bool
	}{
		"as they are":            {func(*fake) {}, true},
		"one is deleted":         {gone(28, 28), true},
		"older ones are deleted": {gone(1, 29), false},
		"all between are":        {gone(4, 29), false},
		"and there are older":    {gone(9, 29), true},
		"a hand published": {func(f *fake) {
			f.edit("shop", func(fn *function) { f.publishNow(FunctionName("shop"), "by hand") })
		}, true},
		"one has no alias": {func(f *fake) {
			f.edit("shop", func(fn *function) {
				f.publishNow(FunctionName("shop"), describe("shop", plain("late").Summary()))
			})
		}, true},
		"numbers begin late": {func(f *fake) {
			gone(1, 27)(f)
			f.edit("shop", func(fn *function) {
				for name := range fn.aliases {
					if n := 0; keptAlias.MatchString(name) {
						if _, err := fmt.Sscanf(name, "r%d", &n); err == nil && n < 28 {
							delete(fn.aliases, name)
						}
					}
				}
			})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				for i := range 30 {
					commitAll(t, l, plain(fmt.Sprintf("run%d", i)))
				}
				tt.change(f)
				all, err := l.List(t.Context(), "shop")
				must(t, err)
				recent, err := l.Recent(t.Context(), "shop", 4)
				must(t, err)
				if diff := cmp.Diff(all[:min(4, len(all))], recent.Releases); diff != "" || recent.More != tt.more {
					t.Errorf("more is %v (-list +recent):\n%s", recent.More, diff)
				}
			})
		})
	}
}

func TestRecentTellsWhetherThereIsALedger(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		if recent, err := l.Recent(t.Context(), "shop", 5); err != nil || recent.Exists || recent.More || recent.Releases != nil {
			t.Errorf("without a ledger: %+v, %v", recent, err)
		}
		lease := mustLock(t, l, "run1") // and dies
		if _, err := lease.Append(t.Context(), plain("run1")); err != nil {
			t.Fatal(err)
		}
		recent, err := l.Recent(t.Context(), "shop", 5)
		if err != nil || !recent.Exists || len(recent.Releases) != 1 || recent.More {
			t.Errorf("after a run that died early: %+v, %v", recent, err)
		}
		must(t, lease.Unlock(t.Context()))
		f.fault = func(int, string) fault { return denied }
		if _, err := l.Recent(t.Context(), "shop", 5); err == nil || !strings.Contains(err.Error(), "stack shop") {
			t.Errorf("denied reads end with %v", err)
		}
	})
}

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func newLedger(f *fake) *Ledger { return &Ledger{API: f, Transport: f} }

func request(run string) deploy.LockRequest {
	return deploy.LockRequest{Stack: "shop", Holder: "jo", RunID: run, Phase: "apply", Role: testRole, Tags: map[string]string{"team": "web"}}
}

// inBubble runs a test with the time of a bubble.
func inBubble(t *testing.T, test func(t *testing.T, f *fake, l *Ledger)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		test(t, f, newLedger(f))
	})
}

func mustLock(t *testing.T, l *Ledger, run string) deploy.Lease {
	t.Helper()
	lease, err := l.Lock(t.Context(), request(run))
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// release makes a release live, in a run of its own.
func commitRelease(t *testing.T, l *Ledger, run string) release.Release {
	t.Helper()
	lease := mustLock(t, l, run)
	r, err := lease.Append(t.Context(), sample("shop", run))
	must(t, err)
	must(t, lease.Mark(t.Context(), r))
	must(t, lease.Commit(t.Context(), r))
	must(t, lease.Unlock(t.Context()))
	return r
}

func TestAStackWithoutALedgerReadsAsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		state, err := l.Read(t.Context(), "shop")
		if diff := cmp.Diff(release.LedgerState{}, state); err != nil || diff != "" {
			t.Errorf("Read: %v %s", err, diff)
		}
		if p, err := l.Position(t.Context(), "shop"); err != nil || p != (release.Position{}) {
			t.Errorf("Position: %+v, %v", p, err)
		}
		if list, err := l.List(t.Context(), "shop"); err != nil || list != nil {
			t.Errorf("List: %+v, %v", list, err)
		}
		if _, err := l.Get(t.Context(), "shop", 1); !errors.Is(err, deploy.ErrNoRelease) {
			t.Errorf("Get: %v", err)
		}
		if who, err := unlock(t, l); err != nil || who != (release.LockInfo{}) {
			t.Errorf("Unlock: %+v, %v", who, err)
		}
		if len(f.functions) != 0 {
			t.Error("reading made a function")
		}
	})
}

func TestReadingASettledLedgerTakesTwoCallsAndOneFetch(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		want := commitRelease(t, l, "run1")
		f.took()
		state, err := l.Read(t.Context(), "shop")
		must(t, err)
		calls := f.took()
		slices.Sort(calls)
		if diff := cmp.Diff([]string{"Aliases", "OpenVersion"}, calls); diff != "" || len(f.fetches) != 1 {
			t.Errorf("%s, %d fetches", diff, len(f.fetches))
		}
		if !state.Exists || state.Account != testAccount || state.Lock.Held() || state.Pending.Number != 0 {
			t.Errorf("got %+v", state)
		}
		if diff := same(want, state.Live); diff != "" {
			t.Error(diff)
		}
		p, err := l.Position(t.Context(), "shop")
		if err != nil || p != (release.Position{Live: 1}) || len(f.took()) != 1 {
			t.Errorf("Position: %+v, %v", p, err)
		}
	})
}

func TestReadShowsTheReleaseInFlightAndWhoHoldsTheLock(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		lease := mustLock(t, l, "run2")
		want, err := lease.Append(t.Context(), sample("shop", "run2"))
		must(t, err)
		unmarked, err := newLedger(f).Read(t.Context(), "shop")
		if err != nil || unmarked.Pending.Number != 0 || unmarked.Phase != "" {
			t.Errorf("a record that is not marked is in flight: %+v, %v", unmarked.Position(), err)
		}
		must(t, lease.Mark(t.Context(), want))
		state, err := newLedger(f).Read(t.Context(), "shop")
		must(t, err)
		if diff := same(want, state.Pending); diff != "" || state.Position() != (release.Position{Live: 1, Pending: 2}) {
			t.Errorf("%+v %s", state.Position(), diff)
		}
		if state.Phase != release.PhaseRun {
			t.Errorf("in phase %q", state.Phase)
		}
		f.edit("shop", func(fn *function) {
			a := fn.aliases[aliasPending]
			a.Description = "v1 kind=apply phase=canary step=5 since=2026-08-01T12:00:00Z run=01J8"
			fn.setAlias(a)
		})
		if other, err := newLedger(f).Read(t.Context(), "shop"); err != nil || other.Phase != "canary" || other.Foreign() == nil {
			t.Errorf("another phase reads as %q, %v", other.Phase, err)
		}
		lock := state.Lock
		if !lock.Held() || lock.Holder != "jo" || lock.RunID != "run2" || lock.Phase != "apply" || time.Until(lock.Expires) > LockTTL {
			t.Errorf("got %+v", lock)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

func TestReadBeforeTheFirstCommit(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		must(t, lease.Unlock(t.Context()))
		state, err := l.Read(t.Context(), "shop")
		if err != nil || !state.Exists || state.Account != testAccount || state.Position() != (release.Position{}) {
			t.Errorf("got %+v, %v", state, err)
		}
	})
}

func TestReadLooksAgainWhenLiveMovesMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		commitRelease(t, l, "run2")
		f.edit("shop", func(fn *function) { fn.setAlias(versions.Alias{Name: aliasLive, Version: "1"}) })
		moved := false
		f.interfered(func(_ int, op string) {
			if op == "OpenVersion" && !moved {
				time.Sleep(time.Second) // after the listing
				moved = true
				f.edit("shop", func(fn *function) { fn.setAlias(versions.Alias{Name: aliasLive, Version: "2"}) })
			}
		})
		state, err := l.Read(t.Context(), "shop")
		if err != nil || state.Live.Number != 2 || state.Live.RunID != "run2" {
			t.Errorf("got release %d of %s, %v", state.Live.Number, state.Live.RunID, err)
		}
	})
}

// A listing that lags behind (whether aliases read after write is UNKNOWN), or an
// alias that was moved back by hand, must not keep a run from reading.
func TestReadBelievesTheLockWhenTheListingStaysBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		commitRelease(t, l, "run2")
		n := 0
		f.interfered(func(_ int, op string) {
			if op == "OpenVersion" && n < maxTries {
				time.Sleep(time.Second)
				n++
				f.edit("shop", func(fn *function) { fn.setAlias(versions.Alias{Name: aliasLive, Version: fmt.Sprint(1 + n%2)}) })
			}
		})
		f.edit("shop", func(fn *function) { fn.setAlias(versions.Alias{Name: aliasLive, Version: "1"}) })
		state, err := l.Read(t.Context(), "shop")
		if err != nil || state.Lost != 2 || state.Former.RunID != "run2" || state.Live.Number != 0 {
			t.Errorf("got release %d, lost is %d of %s, %v", state.Live.Number, state.Lost, state.Former.RunID, err)
		}
	})
}

func TestGetReadsAnyReleaseAndSaysWhenThereIsNone(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		want := commitRelease(t, l, "run1")
		commitRelease(t, l, "run2")
		got, err := l.Get(t.Context(), "shop", 1)
		if diff := same(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		for _, n := range []int{-1, 0, 3} {
			if _, err := l.Get(t.Context(), "shop", n); !errors.Is(err, deploy.ErrNoRelease) {
				t.Errorf("release %d: got %v", n, err)
			}
		}
	})
}

func TestTamperedRecordsAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		other, err := packRelease(sample("blog", "run1"))
		must(t, err)
		for name, tt := range map[string]struct {
			tamper func(int, []byte) []byte
			says   string
		}{
			"other bytes": {func(_ int, b []byte) []byte { return append(slices.Clone(b), 0) }, "hashes to"},
			"oversized":   {func(int, []byte) []byte { return bytes.Repeat([]byte{0}, maxRecordZip+1) }, "more than 4194304 bytes"},
		} {
			f.tamper = tt.tamper
			for what, read := range map[string]func() error{
				"Read": func() error { _, err := l.Read(t.Context(), "shop"); return err },
				"Get":  func() error { _, err := l.Get(t.Context(), "shop", 1); return err },
			} {
				err := read()
				if !is[*RecordError](err) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "release 1 ") {
					t.Errorf("%s, %s: got %v", name, what, err)
				}
			}
		}
		f.tamper = nil
		// Published under our name, with its true hash, by one who may.
		f.edit("shop", func(fn *function) {
			fn.zip = other
			f.publishNow(FunctionName("shop"), "edgedeploy release shop kind=apply parent=0 brought=self returns=0 bindings=9f3c1e2a4b5d")
			fn.setAlias(versions.Alias{Name: aliasLive, Version: "2"})
		})
		if _, err := l.Read(t.Context(), "shop"); !is[*RecordError](err) || !strings.Contains(err.Error(), `stack "blog"`) {
			t.Errorf("another stack's record: got %v", err)
		}
		state, err := l.Read(t.Context(), "shop")
		if e, ok := errors.AsType[*RecordError](err); !ok || !e.Live || e.Good != 1 || state.Broken != 2 || state.Position() != (release.Position{Live: 2}) || state.Account == "" || state.Live.Number != 0 {
			t.Errorf("with the error comes %+v, and the way on %+v", state, e)
		}
		// A newer program's record is not to be replaced.
		newer, err := packFile(recordFile, []byte(`{"schema":99,"stack":"shop"}`))
		must(t, err)
		f.edit("shop", func(fn *function) {
			fn.zip = newer
			f.publishNow(FunctionName("shop"), "edgedeploy release shop kind=apply parent=0 brought=self returns=0 bindings=9f3c1e2a4b5d")
			fn.setAlias(versions.Alias{Name: aliasLive, Version: "3"})
		})
		state, err = l.Read(t.Context(), "shop")
		if e, ok := errors.AsType[*RecordError](err); !ok || !e.Newer || state.Broken != 0 {
			t.Errorf("a newer program's record: got %v, broken %d", err, state.Broken)
		}
		f.edit("shop", func(fn *function) { fn.setAlias(versions.Alias{Name: aliasLive, Version: "2"}) })
		f.edit("shop", func(fn *function) { fn.versions[1].CodeBytes = maxRecordZip + 1 })
		fetched := len(f.fetches)
		if _, err := l.Read(t.Context(), "shop"); !is[*RecordError](err) || len(f.fetches) != fetched+1 { // what was live before
			t.Errorf("a version that says it is oversized: got %v after %d fetches", err, len(f.fetches)-fetched)
		}
	})
}

// Where the lock says of the damaged release itself that it was live, the newest
// before that is protected is the one to go to.
func TestADamagedReleaseNamesTheOneBefore(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		for _, run := range []string{"run1", "run2", "run3"} {
			commitRelease(t, l, run)
		}
		f.tamper = func(_ int, b []byte) []byte { return append(slices.Clone(b), 0) }
		state, err := l.Read(t.Context(), "shop")
		if e, ok := errors.AsType[*RecordError](err); !ok || e.Good != 2 || state.Broken != 3 {
			t.Errorf("got %+v, and release %d is named", err, state.Broken)
		}
	})
}

func TestListTellsOnlyReleasesNewestFirstWithoutOpeningThem(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		var warned []string
		l.Warn = func(stack, text string) { warned = append(warned, stack+": "+text) }
		first := commitRelease(t, l, "run1")
		f.edit("shop", func(fn *function) { f.publishNow(FunctionName("shop"), "deployed by\x1b[2J hand") })
		third := commitRelease(t, l, "run3")
		f.took()
		fetched := len(f.fetches)
		list, err := l.List(t.Context(), "shop")
		must(t, err)
		if diff := cmp.Diff([]string{"ListVersions"}, f.took()); diff != "" || len(f.fetches) != fetched {
			t.Error(diff)
		}
		var want []release.Summary
		for _, r := range []release.Release{third, first} {
			s := r.Summary()
			s.At = list[0].At
			want = append(want, s)
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Error(diff)
		}
		if at := list[0].At; !at.Equal(time.Now().Truncate(time.Second)) {
			t.Errorf("the time is %v, not Lambda's", at)
		}
		skipped, err := l.Skipped(t.Context(), "shop")
		if diff := cmp.Diff([]Skipped{{2, "deployed by[2J hand"}}, skipped); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if len(warned) != 1 || !strings.Contains(warned[0], "version 2 of function edgedeploy-shop-releases is no release") {
			t.Errorf("warned %q", warned)
		}
	})
}

func TestAForeignFunctionIsLeftAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		for name, tt := range map[string]struct {
			tags map[string]string
			says string
		}{
			"no tag":          {nil, "but not the tag edgedeploy:stack=shop"},
			"another stack's": {map[string]string{versions.StackTag: "blog"}, "is tagged edgedeploy:stack=blog"},
		} {
			must(t, f.Create(t.Context(), versions.NewFunction{Function: FunctionName("shop"), Tags: tt.tags, Zip: []byte("code")}))
			_, err := l.Lock(t.Context(), request("run1"))
			if !is[*ForeignError](err) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: Lock: got %v", name, err)
			}
			if _, err := l.Read(t.Context(), "shop"); !is[*ForeignError](err) {
				t.Errorf("%s: Read: got %v", name, err)
			}
			if got := f.functions[FunctionName("shop")]; len(got.aliases) != 0 || string(got.zip) != "code" {
				t.Errorf("%s: it was changed: %+v", name, got)
			}
			delete(f.functions, FunctionName("shop"))
		}
	})
}

func TestTagsThatMayNotBeReadKeepFromCreatingButNotFromReading(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		f.hideTags = true
		if _, err := l.Read(t.Context(), "shop"); err != nil {
			t.Errorf("Read: %v", err)
		}
		must(t, mustLock(t, l, "run2").Unlock(t.Context()))
		f.edit("shop", func(fn *function) { fn.dropAlias(aliasLock) })
		if _, err := l.Lock(t.Context(), request("run3")); !is[*ForeignError](err) || !strings.Contains(err.Error(), "lambda:ListTags") {
			t.Errorf("Lock of a function of unknown owner: got %v", err)
		}
	})
}

func TestStackNamesThatDoNotFitAreRefusedBeforeAnyCall(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		for _, stack := range []string{"", "Shop", "shop:1", "../shop", strings.Repeat("a", 41)} {
			req := request("run1")
			req.Stack = stack
			_, err1 := l.Read(t.Context(), stack)
			_, err2 := l.Position(t.Context(), stack)
			_, err3 := l.List(t.Context(), stack)
			_, err4 := l.Get(t.Context(), stack, 1)
			_, err5 := l.Lock(t.Context(), req)
			_, err6 := l.Unlock(t.Context(), deploy.UnlockRequest{Stack: stack, RunID: "run1"})
			for i, err := range []error{err1, err2, err3, err4, err5, err6} {
				if err == nil {
					t.Errorf("stack %q, method %d: no error", stack, i+1)
				}
			}
		}
		for _, run := range []string{"", "unknown", "a b", strings.Repeat("r", 65)} {
			if _, err := l.Lock(t.Context(), request(run)); err == nil {
				t.Errorf("run %q: no error", run)
			}
		}
		if calls := f.took(); len(calls) != 0 {
			t.Errorf("calls were made: %v", calls)
		}
	})
}

func TestErrorsSayStackAndFunction(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		f.failing(func(int, string) fault { return lostBefore })
		_, err1 := l.Read(t.Context(), "shop")
		_, err2 := l.Position(t.Context(), "shop")
		_, err3 := l.List(t.Context(), "shop")
		_, err4 := l.Get(t.Context(), "shop", 7)
		_, err5 := l.Lock(t.Context(), request("run2"))
		_, err6 := unlock(t, l)
		for i, err := range []error{err1, err2, err3, err4, err5, err6} {
			if !errors.Is(err, errLost) || !strings.Contains(err.Error(), "stack shop") || !strings.Contains(err.Error(), FunctionName("shop")) {
				t.Errorf("method %d: got %v", i+1, err)
			}
		}
		if !strings.Contains(err4.Error(), "release 7") {
			t.Errorf("Get does not name the release: %v", err4)
		}
	})
}

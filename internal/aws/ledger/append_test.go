package ledger

import (
	stdcmp "cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestAReleaseTakesNoCallWhoseAnswerIsKnown(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		f.updateDelay = 2500 * time.Millisecond
		lease := mustLock(t, l, "run2")
		f.took()
		r, err := lease.Append(t.Context(), sample("shop", "run2"))
		must(t, err)
		want := []string{
			"Latest", "UpdateCode", "Latest", "Latest", "Latest", "Latest",
			"PublishVersion", "CreateAlias r2", "UpdateAlias pending",
		}
		if diff := cmp.Diff(want, f.took()); diff != "" {
			t.Errorf("Append: %s", diff)
		}
		must(t, lease.Commit(t.Context(), r.Number))
		must(t, lease.Commit(t.Context(), r.Number))
		must(t, lease.MarkPending(t.Context(), r.Number))
		must(t, lease.Unlock(t.Context()))
		if diff := cmp.Diff([]string{"UpdateAlias live", "UpdateAlias lock"}, f.took()); diff != "" {
			t.Errorf("Commit and Unlock: %s", diff)
		}
	})
}

func TestAppendGivesBackWhatCanBeRead(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		in := sample("shop", "run1")
		in.Schema = 0
		got, err := lease.Append(t.Context(), in)
		must(t, err)
		read, err := l.Get(t.Context(), "shop", got.Number)
		must(t, err)
		if diff := same(got, read); diff != "" || got.Number != 1 || got.Schema != release.ReleaseSchema {
			t.Errorf("release %d, schema %d: %s", got.Number, got.Schema, diff)
		}
		again, err := lease.Append(t.Context(), in)
		if err != nil || again.Number != 1 {
			t.Errorf("the same record again is release %d, %v", again.Number, err)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

func TestAppendRefusesWhatIsNoRecordOfTheStack(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		lease := mustLock(t, l, "run1")
		f.took()
		for name, change := range map[string]func(*release.Release){
			"another stack's": func(r *release.Release) { r.Stack = "blog" },
			"a newer format":  func(r *release.Release) { r.Schema = release.ReleaseSchema + 1 },
			"no run":          func(r *release.Release) { r.RunID = "" },
			"no kind":         func(r *release.Release) { r.Kind = "" },
		} {
			r := sample("shop", "run1")
			change(&r)
			if _, err := lease.Append(t.Context(), r); err == nil {
				t.Errorf("%s was appended", name)
			}
		}
		for _, number := range []int{0, -1, 7} {
			if err := lease.Commit(t.Context(), number); !errors.Is(err, deploy.ErrNoRelease) {
				t.Errorf("commit of release %d: got %v", number, err)
			}
			if err := lease.MarkPending(t.Context(), number); !errors.Is(err, deploy.ErrNoRelease) {
				t.Errorf("mark of release %d: got %v", number, err)
			}
		}
		if calls := f.took(); count(calls, "UpdateCode") != 0 || f.alias("shop", aliasLive).Name != "" {
			t.Errorf("calls: %v", calls)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

func TestAppendHealsRoleAndRuntimeFirst(t *testing.T) {
	for name, tt := range map[string]struct {
		runtime string // of the function
		want    string
		role    string
		updates int
	}{
		"a deprecated runtime":             {"nodejs18.x", NewestRuntime, testRole, 1},
		"another role":                     {NewestRuntime, NewestRuntime, testRole + "-2", 1},
		"a runtime newer than the tool":    {"nodejs26.x", "nodejs26.x", testRole, 0},
		"both, with a newer runtime":       {"nodejs26.x", "nodejs26.x", testRole + "-2", 1},
		"another language's runtime":       {"python3.12", NewestRuntime, testRole, 1},
		"nothing":                          {NewestRuntime, NewestRuntime, testRole, 0},
		"nothing, for a record of no role": {NewestRuntime, NewestRuntime, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				commitRelease(t, l, "run1")
				f.updateDelay = time.Second
				f.edit("shop", func(fn *function) { fn.runtime = tt.runtime })
				lease := mustLock(t, l, "run2")
				f.took()
				r := sample("shop", "run2")
				r.Role = tt.role
				_, err := lease.Append(t.Context(), r)
				must(t, err)
				calls := f.took()
				if got := count(calls, "UpdateConfig"); got != tt.updates || got > 0 && slices.Index(calls, "UpdateConfig") > slices.Index(calls, "UpdateCode") {
					t.Errorf("calls: %v", calls)
				}
				fn := f.functions[FunctionName("shop")]
				if wantRole := stdcmp.Or(tt.role, testRole); fn.runtime != tt.want || fn.role != wantRole {
					t.Errorf("got %s, %s", fn.runtime, fn.role)
				}
				must(t, lease.Unlock(t.Context()))
			})
		})
	}
}

func TestAppendWaitsForAnUpdateThatIsUnderWay(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		lease := mustLock(t, l, "run2")
		f.edit("shop", func(fn *function) { fn.settled = time.Now().Add(20 * time.Second); fn.revision++ })
		r, err := lease.Append(t.Context(), sample("shop", "run2"))
		if err != nil || r.Number != 2 {
			t.Errorf("release %d, %v", r.Number, err)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

func TestAnUploadThatLambdaDoesNotTakeOverIsAnError(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		lease := mustLock(t, l, "run2")
		uploads := 0
		f.interfered(func(_ int, op string) {
			if op == "UpdateCode" {
				uploads++
			}
			if op == "Latest" && uploads == 1 {
				f.edit("shop", func(fn *function) { fn.failed = "InvalidZipFileException" })
			}
		})
		_, err := lease.Append(t.Context(), sample("shop", "run2"))
		if err == nil || !strings.Contains(err.Error(), "InvalidZipFileException") || len(f.functions[FunctionName("shop")].versions) != 1 {
			t.Errorf("got %v", err)
		}
		// Running again uploads again, although the hash of $LATEST looks right.
		uploads = 2
		r, err := lease.Append(t.Context(), sample("shop", "run2"))
		if err != nil || r.Number != 2 || uploads != 3 {
			t.Errorf("release %d after %d uploads, %v", r.Number, uploads-2, err)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

// A hand that uploads into the ledger's function between our calls changes
// nothing: what is published is our record, or nothing is.
func TestAHandInTheFunctionIsNeverPublishedAsARelease(t *testing.T) {
	for _, at := range []string{"UpdateCode", "PublishVersion"} {
		t.Run("before "+at, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				commitRelease(t, l, "run1")
				lease := mustLock(t, l, "run2")
				once := false
				f.interfered(func(_ int, op string) {
					if op == at && !once {
						once = true
						f.edit("shop", func(fn *function) { fn.zip = []byte("by hand"); fn.revision++; fn.changed = true })
					}
				})
				r, err := lease.Append(t.Context(), sample("shop", "run2"))
				fn := f.functions[FunctionName("shop")]
				if at == "UpdateCode" && (err != nil || r.Number != 2) {
					t.Errorf("release %d, %v", r.Number, err)
				}
				if at == "PublishVersion" && (err == nil || !strings.Contains(err.Error(), "somebody else uploaded code") || len(fn.versions) != 1) {
					t.Errorf("%d versions, %v", len(fn.versions), err)
				}
				must(t, lease.Unlock(t.Context()))
			})
		})
	}
}

func TestAPublishThatAnswersWithAnOldVersionIsAnError(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		l.API = stubborn{f}
		lease := mustLock(t, l, "run2")
		_, err := lease.Append(t.Context(), sample("shop", "run2"))
		if err == nil || !strings.Contains(err.Error(), "answered with version 1") {
			t.Errorf("got %v", err)
		}
		if f.alias("shop", aliasPending).Version != "1" {
			t.Error("pending moved")
		}
		must(t, lease.Unlock(t.Context()))
	})
}

// stubborn is a Lambda that sees no change since the last version.
type stubborn struct{ *fake }

func (s stubborn) PublishVersion(_ context.Context, in versions.PublishInput) (versions.StoredVersion, error) {
	return s.functions[in.Function].versions[0], nil
}

func TestOnlyTheNewestReleasesKeepTheirAlias(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		f.edit("shop", func(fn *function) {
			fn.setAlias(versions.Alias{Name: "release-of-theirs", Version: "1"})
			fn.setAlias(versions.Alias{Name: "r0", Version: "1"})
			fn.setAlias(versions.Alias{Name: "r9999", Version: "43"}) // not what r9999 would be
		})
		for i := 2; i <= KeptReleases+3; i++ {
			commitRelease(t, l, fmt.Sprintf("run%d", i))
		}
		fn := f.functions[FunctionName("shop")]
		var kept []int
		for name, a := range fn.aliases {
			var n int
			if _, err := fmt.Sscanf(name, "r%d", &n); err == nil && a.Version == fmt.Sprint(n) {
				kept = append(kept, n)
			}
		}
		slices.Sort(kept)
		if len(kept) != KeptReleases || kept[0] != 4 || kept[len(kept)-1] != KeptReleases+3 {
			t.Errorf("kept %v", kept)
		}
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

func TestAnAliasThatCannotBeTakenOffKeepsNobodyFromReleasing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		var warned []string
		l.Warn = func(_, text string) { warned = append(warned, text) }
		for i := range KeptReleases {
			commitRelease(t, l, fmt.Sprintf("run%d", i))
		}
		f.failing(func(_ int, op string) fault {
			if op == "DeleteAlias r1" {
				return lostBefore
			}
			return none
		})
		commitRelease(t, l, "later")
		if len(warned) != 1 || !strings.Contains(warned[0], "alias r1") {
			t.Errorf("warned %q", warned)
		}
		f.failing(nil)
		commitRelease(t, l, "last")
		if f.alias("shop", "r1").Name != "" || f.alias("shop", "r2").Name != "" || f.alias("shop", "r3").Name == "" {
			t.Error("the next release did not catch up")
		}
	})
}

// MarkPending may go back: a rollback marks its target before the first write.
func TestPendingMayBeAnyRelease(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		commitRelease(t, l, "run2")
		lease := mustLock(t, l, "run3")
		must(t, lease.MarkPending(t.Context(), 1))
		state, err := l.Read(t.Context(), "shop")
		if err != nil || state.Position() != (release.Position{Live: 2, Pending: 1}) || state.Pending.RunID != "run1" {
			t.Errorf("got %+v, %v", state.Position(), err)
		}
		must(t, lease.Unlock(t.Context()))
	})
}

package ledger

import (
	stdcmp "cmp"
	"context"
	"errors"
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
		calls := f.took()
		if diff := cmp.Diff([]string{"Latest", "UpdateCode", "Latest", "PublishVersion"}, slices.Compact(slices.Clone(calls))); diff != "" {
			t.Errorf("Append: %s", diff)
		}
		if looks := len(calls) - 3; looks > 7 { // 0.2 s, 0.3 s, 0.45 s, 0.7 s, 1 s and so on, more or less
			t.Errorf("%d looks in %v", looks, f.updateDelay)
		}
		must(t, lease.Mark(t.Context(), r))
		must(t, lease.Mark(t.Context(), r))
		must(t, lease.Commit(t.Context(), r))
		must(t, lease.Commit(t.Context(), r))
		if at, err := l.Position(t.Context(), "shop"); err != nil || at != (release.Position{Live: 2}) {
			t.Errorf("after Commit the ledger is at %v, %v", at, err)
		}
		must(t, lease.Unlock(t.Context()))
		if diff := cmp.Diff([]string{"UpdateAlias pending", "UpdateAlias live", "CreateAlias r2", "Aliases", "UpdateAlias lock"}, f.took()); diff != "" {
			t.Errorf("Mark, Commit and Unlock: %s", diff)
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
		if got.Brought != 1 || got.Takings[0].Release != 1 || f.alias("shop", aliasPending).Name != "" || f.alias("shop", "r1").Name != "" {
			t.Errorf("it is brought by %d, and pending is %+v", got.Brought, f.alias("shop", aliasPending))
		}
		if diff := same(got, read); diff != "" || got.Number != 1 || got.Schema != release.Schema {
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
			"a newer format":  func(r *release.Release) { r.Schema = release.Schema + 1 },
			"no run":          func(r *release.Release) { r.RunID = "" },
			"no kind":         func(r *release.Release) { r.Kind = "" },
			"one too large":   func(r *release.Release) { r.Message = strings.Repeat("x", maxRecordJSON) },
		} {
			r := sample("shop", "run1")
			change(&r)
			if _, err := lease.Append(t.Context(), r); err == nil {
				t.Errorf("%s was appended", name)
			}
		}
		for _, number := range []int{0, -1, 7} {
			r := release.Release{Number: number, RunID: "run1", Kind: release.KindApply}
			if err := lease.Commit(t.Context(), r); !errors.Is(err, deploy.ErrNoRelease) {
				t.Errorf("commit of release %d: got %v", number, err)
			}
			if err := lease.Mark(t.Context(), r); !errors.Is(err, deploy.ErrNoRelease) {
				t.Errorf("mark of release %d: got %v", number, err)
			}
		}
		if calls := f.took(); count(calls, "Latest") != 0 || count(calls, "UpdateCode") != 0 || f.alias("shop", aliasLive).Name != "" {
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
				if at == "PublishVersion" && (err == nil || !strings.Contains(err.Error(), "other code was uploaded") || len(fn.versions) != 1) {
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

package versions

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// byHand is what a person is told to do.
const byHand = "aws lambda invoke --region us-east-1 --function-name fn:1"

func TestAnInactiveVersionIsWokenOnce(t *testing.T) {
	t.Parallel()
	denied := errors.New("AccessDeniedException: lambda:InvokeFunction")
	refuse := func(err error) func() error { return func() error { return err } }
	for name, tc := range map[string]struct {
		with  func(*lambda, *version)
		err   []string // parts of the *StateError; none if it ends Active
		cause error    // behind the error
		took  time.Duration
		calls []string
	}{
		"it is Active at the next look": {calls: []string{"Version", "Wake", "Version"}},
		"it is Pending, and waited for like any": {
			with: func(l *lambda, _ *version) { l.published = 2 * time.Second },
			took: 2 * time.Second, calls: []string{"Version", "Wake", "Version", "Version", "Version"},
		},
		"it shows as Inactive for a moment": {
			with: func(l *lambda, _ *version) { l.wakesAfter = time.Second },
			took: time.Second, calls: []string{"Version", "Wake", "Version", "Version"},
		},
		"the answer to the request is lost": {
			with:  func(l *lambda, _ *version) { l.after[2] = refuse(errLost) },
			calls: []string{"Version", "Wake", "Version"},
		},
		"another run woke it while the request was refused": {
			with: func(l *lambda, v *version) {
				l.before[2] = func() error { v.state = ""; return denied }
			},
			calls: []string{"Version", "Wake", "Version"},
		},
		"it was Pending before, and is woken all the same": {
			with: func(l *lambda, v *version) {
				v.state, v.activeAt, l.wakesAfter = "", time.Now().Add(time.Hour), time.Second
				l.before[2] = func() error { v.state = "Inactive"; return nil }
			},
			took: 2 * time.Second, calls: []string{"Version", "Version", "Wake", "Version", "Version"},
		},
		"a refusal is told": {
			with: func(l *lambda, _ *version) { l.before[2] = refuse(denied) },
			err:  []string{"fn:1 is Inactive and could not be woken: AccessDeniedException", byHand}, cause: denied,
			calls: []string{"Version", "Wake", "Version"},
		},
		"one that ends Inactive again is told, and not woken a second time": {
			with: func(l *lambda, v *version) { l.published, v.relapses = time.Second, true },
			err:  []string{"fn:1 is Inactive: ", byHand},
			took: time.Second, calls: []string{"Version", "Wake", "Version", "Version"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				v := l.own().versions[0]
				v.state = "Inactive"
				if tc.with != nil {
					tc.with(l, v)
				}
				start := time.Now()
				err := awaitOne(t.Context(), l, steady)
				wantStateError(t, err, tc.err, tc.cause)
				if took := time.Since(start); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
				if diff := cmp.Diff(tc.calls, l.calls); diff != "" {
					t.Errorf("calls (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// awaitOne awaits the version that own makes.
func awaitOne(ctx context.Context, l *lambda, pace Pace) error {
	recorded := Version{Ref: Ref{"fn", 1}, Spec: testSpec("a1"), CodeSHA256: testJob("a1").CodeSHA256, Stack: "shop"}
	got, err := AwaitActive(ctx, l, recorded, "shop", pace, nil)
	if err == nil && got != recorded {
		return errors.New("it gave another version")
	}
	return err
}

func wantStateError(t *testing.T, err error, parts []string, cause error) {
	t.Helper()
	if len(parts) == 0 {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	state, ok := errors.AsType[*StateError](err)
	if !ok || state.State != "Inactive" {
		t.Fatalf("got %v, want an Inactive *StateError", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not said: %v", part, err)
		}
	}
	if cause != nil && !errors.Is(err, cause) {
		t.Errorf("%v is not behind %v", cause, err)
	}
}

// If a dry run does not wake at AWS, the version stays as it is: that is told
// before long, and no second request is made.
func TestAVersionThatADryRunDoesNotWakeIsToldInTime(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pace Pace
		took time.Duration
	}{
		"after as long as AWS may take to show a change": {steady, appearTimeout},
		"earlier if nothing may take that long":          {Pace{Timeout: 5 * time.Second}, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				l.own().versions[0].state, l.deaf = "Inactive", true
				start := time.Now()
				wantStateError(t, awaitOne(t.Context(), l, tc.pace), []string{"fn:1 is Inactive: ", byHand}, nil)
				if took := time.Since(start); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
				if n := len(slices.DeleteFunc(slices.Clone(l.calls), func(c string) bool { return c != "Wake" })); n != 1 {
					t.Errorf("it was woken %d times: %v", n, l.calls)
				}
			})
		})
	}
}

func TestAnInterruptedWakeIsNoState(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		l.own().versions[0].state = "Inactive"
		ctx, cancel := context.WithCancel(t.Context())
		l.before[2] = func() error { cancel(); return ctx.Err() }
		if err := awaitOne(ctx, l, steady); !errors.Is(err, context.Canceled) || len(l.calls) != 2 {
			t.Errorf("got %v after %v", err, l.calls)
		}
	})
}

// What is published from now on is woken too: Publish gives no version back
// that is not Active.
func TestPublishWakesTheVersionThatItFinds(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		f := l.own()
		first := mustPublish(t, l, testJob("b2"))
		f.version(first.Ref.Number).state = "Inactive"
		l.calls = nil
		if again := mustPublish(t, l, testJob("b2")); again != first || !slices.Contains(l.calls, "Wake") {
			t.Errorf("got %v, want %v; calls: %v", again, first, l.calls)
		}
	})
}

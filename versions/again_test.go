package versions

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRoleThatIsNotReadyIsTriedAgain(t *testing.T) {
	t.Parallel()
	t.Run("when creating", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.roleAfter = time.Now().Add(10 * time.Second)
			job := testJob("a1")
			job.Create = true
			start := time.Now()
			mustPublish(t, l, job)
			if took := time.Since(start); took != 13*time.Second {
				t.Errorf("took %v, want 10 s for the role and 3 s for the function", took)
			}
		})
	})
	t.Run("when changing the role", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			l.roleAfter = time.Now().Add(59 * time.Second)
			job := testJob("a1")
			job.Spec.Config.Role += "2"
			mustPublish(t, l, job)
		})
	})
	t.Run("but not for ever", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.roleAfter = time.Now().Add(time.Hour)
			job := testJob("a1")
			job.Create = true
			start := time.Now()
			_, err := Publish(t.Context(), l, job, steady, nil)
			if !errors.Is(err, ErrRoleNotReady) || !strings.Contains(err.Error(), testRole) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took != time.Minute {
				t.Errorf("gave up after %v", took)
			}
		})
	})
}

func TestConflictsBeginAgain(t *testing.T) {
	t.Parallel()
	t.Run("when somebody else changed the function meanwhile", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			// Call 8 publishes; just before, the console changes the memory.
			l.before[8] = func() error { f.config.MemoryMB = 1024; l.begin(f, "InProgress"); return nil }
			v := mustPublish(t, l, testJob("b2"))
			if v.Ref.Number != 2 {
				t.Errorf("published %v", v.Ref)
			}
			wantCalls(t, l, "UpdateCode", "Publish", "Versions", "UpdateConfig", "Publish")
		})
	})
	t.Run("when that change has ended already", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			l.before[8] = func() error { f.config.MemoryMB, f.revision = 1024, l.rev(); return nil }
			mustPublish(t, l, testJob("b2"))
			wantCalls(t, l, "UpdateCode", "Publish", "Versions", "UpdateConfig", "Publish")
		})
	})
	t.Run("when that change explains another error", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			l.before[8] = func() error {
				f.code, f.revision = "other", l.rev()
				return errors.New("CodeSHA256 is different from current CodeSHA256 in $LATEST")
			}
			mustPublish(t, l, testJob("b2"))
			wantCalls(t, l, "UpdateCode", "Publish", "Versions", "UpdateCode", "Publish")
		})
	})
	t.Run("when Lambda refuses to publish for a reason that does not show", func(t *testing.T) {
		t.Parallel()
		for _, refusal := range []error{ErrInProgress, ErrStaleRevision} {
			bubble(t, func(t *testing.T, l *lambda) {
				l.own()
				l.before[8] = func() error { return refusal }
				mustPublish(t, l, testJob("b2"))
				wantCalls(t, l, "UpdateCode", "Publish", "Versions", "Publish")
			})
		}
	})
	t.Run("when the plan's head is old", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			job := testJob("b2")
			job.Head = l.head("fn")
			f.revision, f.config.MemoryMB = l.rev(), 1024
			mustPublish(t, l, job)
			wantCalls(t, l, "UpdateCode", "UpdateConfig", "UpdateCode", "Publish")
		})
	})
	t.Run("but not for ever", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			for n := range 100 {
				l.before[n+1] = func() error { f.revision = l.rev(); return nil }
			}
			_, err := Publish(t.Context(), l, testJob("b2"), steady, nil)
			e, ok := errors.AsType[*ContestedError](err)
			if !ok || !errors.Is(err, ErrStaleRevision) || e.Times != 6 {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("also when an accepted change does not stay", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			for n := range 300 {
				l.before[n+1] = func() error { f.config.MemoryMB = 1024; return nil }
			}
			_, err := Publish(t.Context(), l, testJob("b2"), steady, nil)
			if _, ok := errors.AsType[*ContestedError](err); !ok || !strings.Contains(err.Error(), `memory is "1024" instead of "128"`) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestWaitsAreBounded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pace Pace
		want time.Duration
	}{
		"five minutes unless said otherwise": {steady, 300 * time.Second},
		"as long as was said":                {Pace{Timeout: 10 * time.Second}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				l.own()
				l.delay = time.Hour
				start := time.Now()
				_, err := Publish(t.Context(), l, testJob("b2"), tc.pace, nil)
				e, ok := errors.AsType[*WaitError](err)
				if !ok || e.Timeout != tc.want || !strings.Contains(e.Reason, "being updated") {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took != tc.want {
					t.Errorf("gave up after %v", took)
				}
			})
		})
	}
	t.Run("and end with the context", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			l.delay = time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer cancel()
			start := time.Now()
			if _, err := Publish(ctx, l, testJob("b2"), steady, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took != 1500*time.Millisecond {
				t.Errorf("returned after %v", took)
			}
		})
	})
}

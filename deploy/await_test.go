package deploy_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
)

// spreading is a CloudFront that takes its time to spread what was written.
type spreading struct {
	*client
	until *time.Time
	takes time.Duration
	looks *atomic.Int64
}

func (s spreading) Write(ctx context.Context, number string, ch associations.Change, guard func(context.Context) error, paused func(associations.Pause)) (associations.State, error) {
	state, err := s.client.Write(ctx, number, ch, guard, paused)
	*s.until = time.Now().Add(s.takes)
	return state, err
}

func (s spreading) Distribution(ctx context.Context, id string) (associations.State, error) {
	s.looks.Add(1)
	state, err := s.client.Distribution(ctx, id)
	state.Deployed = !time.Now().Before(*s.until)
	return state, err
}

// busy is a CloudFront that throttles some looks.
type busy struct {
	*client
	looks *atomic.Int64
	err   error
}

func (b busy) Distribution(ctx context.Context, id string) (associations.State, error) {
	if n := b.looks.Add(1); n < 10 {
		return associations.State{}, b.err
	}
	return b.client.Distribution(ctx, id)
}

type slower struct{ throttled bool }

func (slower) Error() string     { return "Rate exceeded" }
func (s slower) Throttled() bool { return s.throttled }

// All was accepted. That CloudFront throttles the looks is no failure of that, and a
// reason to look seldom; any other error ends the waiting.
func TestLooksThatAreThrottledFollowLater(t *testing.T) {
	t.Parallel()
	for throttled, least := range map[bool]time.Duration{true: time.Minute, false: 0} {
		synctest.Test(t, func(t *testing.T) {
			h := newHistory(t, false)
			h.do(apply("s1"))
			r, planned := h.runner(h.client(0), apply("s2"))
			var looks atomic.Int64
			r.Cloud.CloudFront = busy{h.client(0), &looks, slower{throttled}}
			r.Poll, r.Timeout = 0, time.Hour
			start := time.Now()
			_, err := r.Run(t.Context(), planned, deploy.Run{ID: "slow", Actor: "me"})
			if (err == nil) != throttled || time.Since(start) < least || !throttled && looks.Load() != 1 {
				t.Errorf("throttled %t: after %v and %d looks: %v", throttled, time.Since(start), looks.Load(), err)
			}
		})
	}
}

// What is deployed at once is seen at once, and what takes minutes is looked at a
// few times a minute: each look is a call to CloudFront.
func TestLooksAtADistributionAreFewAndNotLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		takes, late time.Duration
		looks       int64
	}{{0, 0, 1}, {time.Second, 1300 * time.Millisecond, 5}, {2 * time.Minute, 24 * time.Second, 18}, {5 * time.Minute, 24 * time.Second, 29}} {
		synctest.Test(t, func(t *testing.T) {
			h := newHistory(t, false)
			h.do(apply("s1"))
			r, planned := h.runner(h.client(0), apply("s2"))
			var looks atomic.Int64
			var until time.Time
			r.Cloud.CloudFront = spreading{h.client(0), &until, tt.takes, &looks}
			r.Poll, r.Timeout = 0, time.Hour
			start := time.Now()
			if _, err := r.Run(t.Context(), planned, deploy.Run{ID: "slow", Actor: "me"}); err != nil {
				t.Fatal(err)
			}
			if late := time.Since(start) - tt.takes; late < 0 || late > tt.late || looks.Load() > tt.looks {
				t.Errorf("%v to spread: seen %v late, with %d looks", tt.takes, late, looks.Load())
			}
		})
	}
}

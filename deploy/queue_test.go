package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
)

// queued is a CloudFront that holds the write of one distribution back until
// then returns, or ctx ends.
type queued struct {
	*client
	at   string
	then func()
}

func (q queued) Write(ctx context.Context, number string, ch associations.Change, guard func(context.Context) error, paused func(associations.Pause)) (associations.State, error) {
	if ch.Distribution == q.at {
		paused(associations.Pause{For: time.Second, Every: 12 * time.Second, Throttled: 1})
		q.then()
		if ctx.Err() != nil {
			return associations.State{}, fmt.Errorf("wait to write %s: %w", ch.Distribution, context.Cause(ctx))
		}
	}
	return q.client.Write(ctx, number, ch, guard, paused)
}

// A run that is interrupted while CloudFront throttles ends there, and says what
// it did not write. The same command goes on.
func TestAnInterruptionInTheQueueTellsWhatWasNotWritten(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]struct {
		text, bound string
		states      []deploy.SlotState
	}{
		"D1": {"interrupted; 2 distributions of stack shop were not written", "A=f1 B=g1 D2/A=f1", nil},
		"D2": {"interrupted; one distribution of stack shop was not written", "A=f2 B=g1 D2/A=f1", []deploy.SlotState{deploy.SlotWritten, deploy.SlotNotWritten}},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, false)
			h.do(apply("two"))
			ctx, cancel := context.WithCancel(t.Context())
			r, planned := h.runner(h.client(0), apply("two2"))
			var told []deploy.StepQueued
			r.Notify = func(e deploy.Event) {
				if q, ok := e.(deploy.StepQueued); ok {
					told = append(told, q)
				}
			}
			r.Cloud.CloudFront = queued{h.client(0), at, cancel}
			_, err := r.Run(ctx, planned, deploy.Run{ID: "stopped", Actor: "me"})
			if !is[*deploy.InterruptedError](err) || is[*deploy.RolledBackError](err) || !strings.Contains(err.Error(), want.text) {
				t.Errorf("it ended with %v", err)
			}
			var states []deploy.SlotState
			if partial, ok := errors.AsType[*deploy.PartialError](err); ok {
				for _, s := range partial.Slots {
					states = append(states, s.State)
				}
			}
			if fmt.Sprint(states) != fmt.Sprint(want.states) {
				t.Errorf("slots are %v, want %v", states, want.states)
			}
			left := map[string]int{"D1": 1, "D2": 0}[at]
			if len(told) != 1 || told[0].Left != left || told[0].Pause.Every != 12*time.Second {
				t.Errorf("told %+v, want %d left", told, left)
			}
			h.bound(want.bound)
			h.do(apply("two2"))
			h.bound("A=f2 B=g1 D2/A=f2")
		})
	}
}

// doubtful is a ledger whose locks are not proven: the answers are lost.
type doubtful struct{ ledger }

func (d doubtful) Lock(ctx context.Context, req deploy.LockRequest) (deploy.Lease, error) {
	held, err := d.ledger.Lock(ctx, req)
	return noAnswer{held}, err
}

type noAnswer struct{ deploy.Lease }

func (noAnswer) Prove(_ context.Context, within time.Duration) error {
	if within == 0 { // before a write to CloudFront
		return lostAnswer{}
	}
	return nil
}

type lostAnswer struct{}

func (lostAnswer) Error() string { return "no answer in time" }
func (lostAnswer) Lost() bool    { return true }

// Without a proof nothing is written, whatever became of the proof.
func TestALostProofIsNoLostWrite(t *testing.T) {
	t.Parallel()
	h := newHistory(t, false)
	h.do(apply("s1"))
	r, planned := h.runner(h.client(0), apply("s2"))
	r.Ledger, r.Restore = doubtful{ledger{h.client(0)}}, false
	_, err := r.Run(t.Context(), planned, deploy.Run{ID: "unproven", Actor: "me"})
	if err == nil || !strings.Contains(err.Error(), "no answer in time") || is[*deploy.PartialError](err) {
		t.Errorf("it ended with %v", err)
	}
	h.bound("A=f1 B=g1")
}

package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/pace"
)

// CloudFront's status is looked at sooner at first, for what is deployed already.
// It takes minutes to spread a configuration (CloudFront Developer Guide, "How
// CloudFront delivers content"), so that is fifteen looks or so.
const (
	firstPoll   = 500 * time.Millisecond
	longestPoll = 20 * time.Second
)

// await waits until the distributions have the configuration everywhere, and
// makes sure that the slots are still as they were written. It holds no lock:
// if it is killed, nothing is lost but the report.
func (r *Runner) await(ctx context.Context, p plan.Plan, result Result) (Result, error) {
	var ids []string
	for s := range p.Steps() {
		if a, ok := s.(plan.Await); ok {
			ids = append(ids, a.Distribution)
		}
	}
	if len(ids) == 0 {
		return result, nil
	}
	if r.Timeout == 0 {
		result.Undeployed = ids
		return result, nil
	}
	wctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	want := expected(p, result)
	undeployed, drifted := make([]string, len(ids)), make([][]Drift, len(ids))
	group := errgroup.Group{}
	var turn atomic.Int64
	for range min(readLimit, len(ids)) {
		group.Go(func() error {
			var waited time.Duration
			var failed error
			for i := turn.Add(1) - 1; int(i) < len(ids); i = turn.Add(1) - 1 {
				state, done, err := r.deployed(wctx, ids[i], &waited)
				if !done {
					undeployed[i] = ids[i]
				} else {
					drifted[i] = want.differ(state)
				}
				failed = cmp.Or(failed, err)
			}
			return failed
		})
	}
	err := group.Wait()
	result.Undeployed = slices.DeleteFunc(undeployed, func(id string) bool { return id == "" })
	drift := slices.Concat(drifted...)
	switch {
	case err != nil:
		return result, fmt.Errorf("everything was accepted, but waiting for CloudFront ended: %w", err)
	case len(drift) > 0:
		result.drifted(drift)
		return result, &DriftError{Stack: p.Stack, Drift: drift}
	case ctx.Err() != nil:
		return result, &InterruptedError{Stack: p.Stack, Accepted: true}
	case len(result.Undeployed) > 0:
		return result, &UndeployedError{Stack: p.Stack, Distributions: result.Undeployed, After: r.Timeout}
	}
	return result, nil
}

// drifted notes which slots did not stay as they were written.
func (r *Result) drifted(drift []Drift) {
	r.Drift = drift
	for i, s := range r.Slots {
		for _, d := range drift {
			if s.Edit.Slot == d.Slot {
				r.Slots[i].State, r.Slots[i].Holds = SlotChanged, d.Held
			}
		}
	}
}

// deployed polls one distribution until it is deployed or ctx ends. What was waited
// for others before it counts for its pauses: all were written before that.
func (r *Runner) deployed(ctx context.Context, id string, waited *time.Duration) (associations.State, bool, error) {
	step, since := plan.Await{Distribution: id}, r.Now()
	r.notify(StepStarted{Step: step})
	polls := pace.Backoff{First: firstPoll, Max: cmp.Or(r.Poll, longestPoll)}
	for {
		state, err := r.Cloud.CloudFront.Distribution(ctx, id)
		switch {
		case ctx.Err() != nil:
			return state, false, nil
		case err != nil && !isThrottled(err):
			r.notify(StepFailed{Step: step, Err: err})
			return state, false, err
		case err == nil && state.Deployed:
			r.notify(StepDone{Step: step, Detail: "deployed"})
			return state, true, nil
		}
		reason, pause := "InProgress", polls.After(*waited, rand.Float64())
		if err != nil { // the write was accepted, and the next look tells as much as this one
			reason, pause = "CloudFront throttles looks at it", polls.After(polls.Max, rand.Float64())
		}
		r.notify(StepWaiting{Step: step, Reason: reason, Since: since})
		*waited += pause
		select {
		case <-ctx.Done():
			return state, false, nil
		case <-time.After(pause):
		}
	}
}

// isThrottled reports whether AWS said to come again more slowly.
func isThrottled(err error) bool {
	var e interface{ Throttled() bool }
	return errors.As(err, &e) && e.Throttled()
}

// expectation is what slots should hold after a run.
type expectation associations.Table

// expected is what the plan's goal binds, and what its edits leave otherwise.
func expected(p plan.Plan, result Result) expectation {
	goal := p.Goal
	if result.Release.Number != 0 {
		goal = result.Release // with the numbers of what was published
	}
	want := expectation(goal.Table())
	for _, u := range p.Unfinished {
		delete(want, u.Slot)
	}
	for _, s := range result.Slots {
		want[s.Edit.Slot] = s.Edit.To
	}
	return want
}

// differ names the slots of a distribution that do not hold what they should.
func (w expectation) differ(state associations.State) []Drift {
	var drift []Drift
	for _, slot := range associations.Table(w).Slots() {
		if held := state.Held[slot]; slot.Distribution == state.Distribution && held != w[slot] {
			drift = append(drift, Drift{Slot: slot, Want: w[slot], Held: held})
		}
	}
	return drift
}

// Drift is a slot that does not hold what was written there.
type Drift struct {
	Slot       associations.Slot    `json:"slot"`
	Want, Held associations.Binding `json:"-"`
}

func (d Drift) String() string {
	return fmt.Sprintf("%s holds %s and not %s", d.Slot, d.Held, d.Want)
}

// Holding reports whether the release is in force where it was written.
func Holding(r release.Release, state associations.State) []Drift {
	return expectation(r.Table()).differ(state)
}

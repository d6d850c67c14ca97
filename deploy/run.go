package deploy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Run says who runs a plan, and what for: it becomes the release's provenance.
type Run struct {
	ID      string // unique
	Actor   string
	Message string
	Tool    string
	At      time.Time
}

// Runner does what plans say. It decides nothing.
type Runner struct {
	Cloud  Cloud
	Ledger Ledger
	// Code gives the zip of a content that the plan publishes.
	Code func(versions.ContentID) ([]byte, error)
	// Notify is told what happens, one event at a time.
	Notify func(Event)
	// Now is the clock of events; nothing is decided by it.
	Now func() time.Time
	// Limit bounds the versions that are published at once; at least 1.
	Limit int
	// Restore undoes the writes of a run that failed between distributions.
	Restore bool
	// Pace says how often Lambda's states are looked at; zero for AWS's own pace.
	Pace versions.Pace
	// Poll says how often CloudFront's status is looked at; zero for 10 s.
	Poll time.Duration
	// Timeout bounds the waiting for CloudFront; zero means not to wait at all.
	Timeout time.Duration

	mu sync.Mutex // one event at a time
}

// Result is what a run came to.
type Result struct {
	Release release.Release // as it was recorded; Number 0 if it was not
	Live    bool            // the release is the live one
	Slots   []SlotResult
	// Undeployed are the distributions that had not taken the configuration
	// over everywhere when the timeout ran out, or nobody waited.
	Undeployed []string
}

// SlotResult is what became of one edit.
type SlotResult struct {
	Edit associations.Edit `json:"edit"`
	// State is one of: written, not-written, unknown (the answer was lost),
	// restored.
	State string `json:"state"`
}

// Run runs the plan, in this order: lock, compare the ledger with what the
// plan saw, tag and publish, record, write distributions, commit, unlock,
// wait. A rollback writes first and records then, because it is urgent and
// what it leads to is recorded already; unless another release is in flight,
// whose record must not be lost sight of.
//
// When ctx is cancelled no further step is started, and the ones in flight are
// finished. Errors: *HeldError, *LockedError, *StaleError (nothing changed);
// *PartialError (some distributions were written); *BehindError (all is done
// but the bookkeeping); *UndeployedError (all is done, not yet everywhere);
// *InterruptedError.
func (r *Runner) Run(ctx context.Context, p plan.Plan, by Run) (Result, error) {
	if len(p.Held) > 0 {
		return Result{}, &release.HeldError{Stack: p.Stack, Held: p.Held}
	}
	var result Result
	if p.Changes() {
		var err error
		if result, err = r.locked(ctx, p, by); err != nil {
			return result, err
		}
	}
	return r.await(ctx, p, result)
}

// locked does everything that needs the lock.
func (r *Runner) locked(ctx context.Context, p plan.Plan, by Run) (result Result, err error) {
	lease, err := r.Ledger.Lock(ctx, LockRequest{
		Stack: p.Stack, Holder: by.Actor, RunID: by.ID, Phase: string(p.Kind),
		Role: p.Goal.Role, Tags: p.Goal.Tags, Seen: p.Seen,
	})
	if err != nil {
		return Result{}, err
	}
	defer func() {
		// The lock is given back even when ctx was cancelled: that is when it matters.
		if uerr := lease.Unlock(context.WithoutCancel(ctx)); uerr != nil {
			r.notify(Warned{Text: fmt.Sprintf("the lock was not given back and will expire: %v", uerr)})
		}
	}()
	e := execution{Runner: r, lease: lease, plan: p, by: by, goal: p.Goal, published: map[string]versions.Version{}}
	if marksTarget(p) {
		return e.rollback(ctx)
	}
	return e.forward(ctx)
}

// marksTarget says that a mark on the target is record enough for a rollback to
// begin. It is not if another release is in flight: the mark would take the
// place of the only trace of what that one may have written.
func marksTarget(p plan.Plan) bool {
	return p.Kind == release.KindRollback && p.Goal.Of != 0 && (p.Saw.Pending == 0 || p.Saw.Pending == p.Goal.Of)
}

// execution is one run under one lock.
type execution struct {
	*Runner
	lease Lease
	plan  plan.Plan
	by    Run
	goal  release.Release

	mu        sync.Mutex
	published map[string]versions.Version
	result    Result
}

// forward is the order of everything but a rollback: what will be attached is
// recorded before it is attached.
func (e *execution) forward(ctx context.Context) (Result, error) {
	if err := e.fresh(ctx); err != nil {
		return Result{}, err
	}
	if err := e.prepare(ctx); err != nil {
		return e.result, err
	}
	recorded, err := e.append(ctx)
	if err != nil {
		return e.result, err
	}
	if err := e.associate(ctx, e.lease.Verify); err != nil {
		return e.result, err
	}
	return e.commit(ctx, recorded)
}

// rollback writes before it records. Its target is marked as in flight before
// the first write; that and the comparison with what the plan saw run beside
// the reads that the write needs anyway.
func (e *execution) rollback(ctx context.Context) (Result, error) {
	fresh := make(chan error, 1)
	go func() { fresh <- e.fresh(ctx) }()
	mark := sync.OnceValue(func() error {
		if err := <-fresh; err != nil {
			return err
		}
		return e.lease.MarkPending(ctx, e.plan.Goal.Of)
	})
	guard := func(ctx context.Context) error {
		group, gctx := errgroup.WithContext(ctx)
		group.Go(func() error { return e.lease.Verify(gctx) })
		group.Go(mark)
		return group.Wait()
	}
	if err := e.prepare(ctx); err != nil {
		return e.result, err
	}
	if err := e.associate(ctx, guard); err != nil {
		return e.result, err
	}
	// Where every slot held already what is wanted, no write asked the guard.
	if err := mark(); err != nil {
		return e.result, err
	}
	// What is bound is what was wanted: from here on only the books can fail.
	ctx = context.WithoutCancel(ctx)
	recorded, err := e.append(ctx)
	if err != nil {
		return e.result, &BehindError{Stack: e.plan.Stack, Err: err}
	}
	return e.commit(ctx, recorded)
}

// fresh compares the ledger with what the plan saw.
func (e *execution) fresh(ctx context.Context) error {
	now, err := e.Ledger.Position(ctx, e.plan.Stack)
	if err != nil {
		return err
	}
	if now != e.plan.Saw {
		return &StaleError{Stack: e.plan.Stack, Saw: e.plan.Saw, Now: now}
	}
	return nil
}

// prepare runs the stages before CloudFront: tags and versions.
func (e *execution) prepare(ctx context.Context) error {
	for _, stage := range e.plan.Stages {
		group := errgroup.Group{}
		group.SetLimit(max(1, e.Limit))
		for _, s := range stage {
			switch s.(type) {
			case plan.Associate, plan.Await:
				continue
			}
			group.Go(func() error { return e.step(ctx, s) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	e.goal = e.goal.Resolve(e.published)
	return nil
}

// step runs one step unless the run was interrupted before it began.
func (e *execution) step(ctx context.Context, s plan.Step) error {
	if ctx.Err() != nil {
		return &InterruptedError{Stack: e.plan.Stack}
	}
	e.notify(StepStarted{Step: s})
	detail, err := e.do(context.WithoutCancel(ctx), s)
	if err != nil {
		e.notify(StepFailed{Step: s, Err: err})
		return err
	}
	e.notify(StepDone{Step: s, Detail: detail})
	return nil
}

// do interprets the steps that come before CloudFront.
func (e *execution) do(ctx context.Context, s plan.Step) (string, error) {
	since := e.Now()
	tick := func(reason string) { e.notify(StepWaiting{Step: s, Reason: reason, Since: since}) }
	switch s := s.(type) {
	case plan.Publish:
		return e.publish(ctx, s, tick)
	case plan.Activate:
		v, err := versions.AwaitActive(ctx, e.Cloud.Lambda, s.Version, e.plan.Stack, e.Pace, tick)
		if err != nil {
			return "", fmt.Errorf("version %s: %w", s.Version.Ref, err)
		}
		if s.Point {
			if err := versions.Point(ctx, e.Cloud.Lambda, v); err != nil {
				return "", fmt.Errorf("version %s: name it by its alias: %w", s.Version.Ref, err)
			}
		}
		return fmt.Sprintf("version %d is active", v.Ref.Number), nil
	case plan.Tag:
		arn := fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s", e.plan.Account, s.Function)
		if err := e.Cloud.Lambda.Tag(ctx, arn, s.Set, s.Remove); err != nil {
			return "", fmt.Errorf("tag %s: %w", s.Function, err)
		}
		return "tagged", nil
	default:
		panic(fmt.Sprintf("deploy: step %T is not one that prepares", s)) // prepare leaves out the others
	}
}

func (e *execution) publish(ctx context.Context, s plan.Publish, tick func(string)) (string, error) {
	zip, err := e.Code(s.Spec.Content)
	if err != nil {
		return "", fmt.Errorf("bundle of %s: %w", s.Key, err)
	}
	v, err := versions.Publish(ctx, e.Cloud.Lambda, versions.Job{
		Spec: s.Spec, Stack: e.plan.Stack, Zip: zip, CodeSHA256: s.CodeSHA256, Tags: s.Tags,
		Create: s.Create, Adopt: s.Adopt, Head: e.plan.Heads[s.Spec.Function],
	}, e.Pace, tick)
	if err != nil {
		return "", fmt.Errorf("publish %s: %w", s.Key, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.published[s.Spec.Function] = v
	return fmt.Sprintf("version %d", v.Ref.Number), nil
}

// append records the release, with its provenance.
func (e *execution) append(ctx context.Context) (release.Release, error) {
	if ctx.Err() != nil {
		return release.Release{}, &InterruptedError{Stack: e.plan.Stack}
	}
	goal := e.goal
	goal.RunID, goal.Actor, goal.Message, goal.Tool, goal.At = e.by.ID, e.by.Actor, e.by.Message, e.by.Tool, e.by.At
	recorded, err := e.lease.Append(context.WithoutCancel(ctx), goal)
	if err != nil {
		return release.Release{}, fmt.Errorf("record the release: %w", err)
	}
	e.result.Release = recorded
	e.notify(Recorded{Release: recorded})
	return recorded, nil
}

func (e *execution) commit(ctx context.Context, recorded release.Release) (Result, error) {
	if err := e.lease.Commit(context.WithoutCancel(ctx), recorded.Number); err != nil {
		return e.result, &BehindError{Stack: e.plan.Stack, Err: fmt.Errorf("make release %d the live one: %w", recorded.Number, err)}
	}
	e.result.Live = true
	e.notify(Committed{Release: recorded})
	return e.result, nil
}

func (r *Runner) notify(ev Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Notify != nil {
		r.Notify(ev)
	}
}

// isLost says that a write may have happened although it ended with an error.
func isLost(err error) bool {
	var lost interface{ Lost() bool }
	return errors.As(err, &lost) && lost.Lost()
}

package deploy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	// Restore rolls a run back that failed after it had marked its release.
	Restore bool
	// Pace says how often Lambda's states are looked at; zero for AWS's own pace.
	Pace versions.Pace
	// Poll is the longest time between two looks at CloudFront's status; zero for 20 s.
	Poll time.Duration
	// LockTimeout bounds the waiting for a lock that another run holds; zero
	// means not to wait. LockPoll says how often it is looked at; zero for 5 s.
	LockTimeout, LockPoll time.Duration
	// Timeout bounds the waiting for CloudFront; zero means not to wait at all.
	Timeout time.Duration

	mu sync.Mutex // one event at a time
}

// Result is what a run came to.
type Result struct {
	Release release.Release // the record that was made or completed; Number 0 if none was
	Live    bool            // the release is the live one
	// Settled is the release in flight that was made live first; 0 for none.
	Settled int
	// Already reports that another run had done what the plan is about: Release is
	// the other's, and nothing was changed.
	Already bool
	Slots   []SlotResult
	// RolledBack is the release that --on-failure rollback made; Number 0 if
	// there is none.
	RolledBack release.Release
	// Drift are the slots that did not stay as the release says.
	Drift []Drift
	// Undeployed are the distributions that had not taken the configuration
	// over everywhere when the timeout ran out, or that were not waited for.
	Undeployed []string
}

// ProofAge is how old the proof of the lock may be before a write in Lambda.
// Before each write in CloudFront there is one of its own.
const ProofAge = 30 * time.Second

// Run runs the plan, in one order for every kind: lock, compare the ledger with
// what the plan saw, commit what was written before, tag and publish, record,
// mark as in flight, write distributions, commit, unlock, wait. Nothing is
// written to CloudFront that is not in a record.
//
// When ctx is cancelled no further step is started, and the ones in flight are
// finished. Errors: *release.HeldError, *LockedError, *StaleError (nothing
// changed); *PartialError (some distributions were written, or may have been);
// *UncommittedError (all were written, and the ledger does not say so yet);
// *UndeployedError (all is done, not yet everywhere); *DriftError (all was
// written, and did not stay); *UnfinishedError (a rollback did what it could);
// *InterruptedError.
func (r *Runner) Run(ctx context.Context, p plan.Plan, by Run) (Result, error) {
	if len(p.Held) > 0 {
		return Result{}, p.HeldError()
	}
	result := Result{}
	if p.Changes() {
		var err error
		if result, err = r.locked(ctx, p, by); err != nil {
			return r.awaitBack(ctx, result, err)
		}
	} else {
		r.clearDead(ctx, p, by)
	}
	result, err := r.await(ctx, p, result)
	if _, slow := errors.AsType[*UndeployedError](err); len(p.Unfinished) > 0 && (err == nil || slow) {
		// What is left undone stays so, however long the edge takes.
		err = errors.Join(&UnfinishedError{Stack: p.Stack, Target: int(p.Goal.Brought), Left: p.Unfinished}, err)
	}
	return result, err
}

// awaitBack waits until what --on-failure rollback wrote is everywhere. The
// error stays: the run failed.
func (r *Runner) awaitBack(ctx context.Context, result Result, err error) (Result, error) {
	back, ok := errors.AsType[*RolledBackError](err)
	if !ok || back.Rollback != nil {
		return result, err
	}
	waited, werr := r.await(ctx, back.back, back.written)
	result.Undeployed, result.Drift, back.Waiting = waited.Undeployed, waited.Drift, werr
	return result, err
}

// locked runs all of a plan but the waiting, under the stack's lock.
func (r *Runner) locked(ctx context.Context, p plan.Plan, by Run) (result Result, err error) {
	lease, err := r.lock(ctx, LockRequest{
		Stack: p.Stack, Holder: by.Actor, RunID: by.ID, Phase: string(p.Kind),
		Role: p.Goal.Role, Tags: p.Goal.Tags, Seen: p.Seen, AllowLost: p.Named,
	})
	if err != nil {
		return Result{}, err
	}
	defer func() { r.unlock(ctx, lease, err) }()
	e := execution{Runner: r, lease: lease, plan: p, by: by, goal: p.Goal, published: map[string]versions.Version{}}
	return e.run(ctx)
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
	marked    bool // the release that it recorded is the one in flight
}

func (e *execution) run(ctx context.Context) (Result, error) {
	done, err := e.fresh(ctx)
	if err != nil || done {
		return e.result, err
	}
	if err := e.settle(ctx); err != nil {
		return e.result, err
	}
	if err := e.prepare(ctx); err != nil {
		return e.result, err
	}
	if err := e.record(ctx); err != nil {
		return e.result, err
	}
	if err := e.associate(ctx); err != nil {
		if e.restores(err) {
			return e.result, e.rollBack(ctx, err)
		}
		return e.result, err
	}
	return e.result, e.commit(ctx)
}

// fresh compares the ledger with what the plan saw. A rollback that was not told
// where to go is never planned again; it is done if another run has undone just
// that release meanwhile.
func (e *execution) fresh(ctx context.Context) (done bool, err error) {
	now, err := e.Ledger.Position(ctx, e.plan.Stack)
	if err != nil || now == e.plan.Saw {
		return false, err
	}
	stale := &StaleError{Stack: e.plan.Stack, Saw: e.plan.Saw, Now: now}
	if e.plan.Kind != release.KindRollback || e.plan.Named || now.Pending != 0 {
		return false, stale
	}
	live, err := e.Ledger.Get(ctx, e.plan.Stack, now.Live)
	if err != nil {
		return false, errors.Join(stale, err)
	}
	if live.Kind != release.KindRollback || live.Undone != e.plan.Goal.Undone || live.Undone == 0 {
		return false, stale
	}
	e.result.Release, e.result.Live, e.result.Already = live, true, true
	e.notify(Warned{Text: fmt.Sprintf("release %d was rolled back by another run meanwhile (release %d)", live.Undone, live.Number)})
	return true, nil
}

// settle commits a release whose writes a dead run had all made.
func (e *execution) settle(ctx context.Context) error {
	if e.plan.Settle == 0 {
		return nil
	}
	settled := release.Release{Stack: e.plan.Stack, Number: e.plan.Settle}
	if err := e.lease.Commit(context.WithoutCancel(ctx), settled); err != nil {
		return fmt.Errorf("make release %d, which was written before, the live one: %w", e.plan.Settle, err)
	}
	e.result.Settled = e.plan.Settle
	e.notify(Committed{Release: settled})
	return nil
}

// prepare runs the stages before CloudFront: tags and versions.
func (e *execution) prepare(ctx context.Context) error {
	for _, stage := range e.plan.Stages {
		group := errgroup.Group{}
		group.SetLimit(max(1, e.Limit))
		errs := make([]error, len(stage))
		for i, s := range stage {
			switch s.(type) {
			case plan.Associate, plan.Await:
				continue
			}
			group.Go(func() error {
				errs[i] = e.step(ctx, s)
				return errs[i]
			})
		}
		if err := group.Wait(); err != nil {
			return failures(errs, err)
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
	ctx = context.WithoutCancel(ctx)
	e.notify(StepStarted{Step: s})
	err := e.lease.Prove(ctx, ProofAge)
	detail := ""
	if err == nil {
		detail, err = e.do(ctx, s)
	}
	if err != nil {
		e.notify(StepFailed{Step: s, Err: err})
		return err
	}
	e.notify(StepDone{Step: s, Detail: detail})
	return nil
}

// do interprets the steps that come before CloudFront.
func (e *execution) do(ctx context.Context, s plan.Step) (string, error) {
	since, lambda := e.Now(), guarded{e.Cloud.Lambda, e.lease}
	tick := func(reason string) { e.notify(StepWaiting{Step: s, Reason: reason, Since: since}) }
	switch s := s.(type) {
	case plan.Publish:
		return e.publish(ctx, s, tick)
	case plan.Activate:
		v, err := versions.AwaitActive(ctx, lambda, s.Version, e.plan.Stack, e.Pace, tick)
		if err != nil {
			return "", fmt.Errorf("version %s: %w", s.Version.Ref, err)
		}
		if s.Point {
			if err := versions.Point(ctx, lambda, v); err != nil {
				return "", fmt.Errorf("version %s: name it by its alias: %w", s.Version.Ref, err)
			}
		}
		return fmt.Sprintf("version %d is active", v.Ref.Number), nil
	case plan.Tag:
		arn := fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s", e.plan.Account, s.Function)
		if err := lambda.Tag(ctx, arn, s.Set, s.Remove); err != nil {
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
	v, err := versions.Publish(ctx, guarded{e.Cloud.Lambda, e.lease}, versions.Job{
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

// record writes the release down, with its provenance, and marks it as in
// flight. A plan that completes a release, or only puts back what one says,
// has its record already. One without a step has nothing to be in flight.
func (e *execution) record(ctx context.Context) error {
	if ctx.Err() != nil {
		return &InterruptedError{Stack: e.plan.Stack}
	}
	switch {
	case e.plan.Complete != 0:
		e.result.Release = e.goal
		return nil
	case !e.plan.Record:
		return nil
	}
	goal, err := e.append(ctx, e.goal)
	if err != nil {
		return err
	}
	e.goal, e.result.Release = goal, goal
	if goal.Kind == release.KindResume {
		return nil // it writes nothing, so nothing of it can be in flight
	}
	if err := e.mark(ctx, goal); err != nil {
		return err
	}
	e.marked = true
	return nil
}

func (e *execution) append(ctx context.Context, goal release.Release) (release.Release, error) {
	goal.RunID, goal.Actor, goal.Message, goal.Tool, goal.At = e.by.ID, e.by.Actor, e.by.Message, e.by.Tool, e.by.At
	if goal.Kind == release.KindRollback {
		goal.Holds = release.Because(goal.Holds, goal.Undone, goal.Message)
	}
	recorded, err := e.lease.Append(context.WithoutCancel(ctx), goal)
	if err != nil {
		return release.Release{}, fmt.Errorf("record the release: %w", err)
	}
	e.notify(Recorded{Release: recorded})
	return recorded, nil
}

func (e *execution) mark(ctx context.Context, r release.Release) error {
	if err := e.lease.Mark(context.WithoutCancel(ctx), r); err != nil {
		return fmt.Errorf("mark release %d as in flight: %w", r.Number, err)
	}
	return nil
}

// commit makes the release the live one. Where only slots were put back there
// is nothing to commit.
func (e *execution) commit(ctx context.Context) error {
	if !e.plan.Record && e.plan.Complete == 0 {
		return nil
	}
	if err := e.lease.Commit(context.WithoutCancel(ctx), e.goal); err != nil {
		return &UncommittedError{Stack: e.plan.Stack, Release: e.goal, Err: err}
	}
	e.result.Live = true
	e.notify(Committed{Release: e.goal})
	return nil
}

func (r *Runner) notify(ev Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Notify != nil {
		r.Notify(ev)
	}
}

// isLost reports whether a write may have happened although it ended with an error.
func isLost(err error) bool {
	var lost interface{ Lost() bool }
	return errors.As(err, &lost) && lost.Lost()
}

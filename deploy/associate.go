package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
)

// associate writes the distributions one after the other. CloudFront allows a
// few writes a minute, so writing at once gains nothing, and a failure then
// leaves the later distributions as they were.
func (e *execution) associate(ctx context.Context, guard func(context.Context) error) error {
	changes := e.changes()
	for _, ch := range changes {
		for _, edit := range ch.Edits {
			e.result.Slots = append(e.result.Slots, SlotResult{Edit: edit, State: "not-written"})
		}
	}
	for i, ch := range changes {
		if ctx.Err() != nil {
			if i > 0 && e.Restore {
				return e.partial(ctx, changes[:i], context.Cause(ctx))
			}
			return &InterruptedError{Stack: e.plan.Stack, Slots: e.result.Slots, Written: i > 0}
		}
		if err := e.write(context.WithoutCancel(ctx), ch, guard); err != nil {
			written := changes[:i]
			if isLost(err) {
				written = changes[:i+1] // perhaps; taking it back does nothing if it was not
			}
			if len(written) == 0 {
				return err
			}
			return e.partial(ctx, written, err)
		}
	}
	return nil
}

// changes gives the plan's edits with the numbers of what was published.
func (e *execution) changes() []associations.Change {
	var changes []associations.Change
	for _, stage := range e.plan.Stages {
		for _, s := range stage {
			a, ok := s.(plan.Associate)
			if !ok {
				continue
			}
			ch := associations.Change{Distribution: a.Change.Distribution, Edits: slices.Clone(a.Change.Edits)}
			for i, edit := range ch.Edits {
				if v, ok := e.published[edit.To.Version.Function]; ok && edit.To.Version.Pending() {
					ch.Edits[i].To.Version = v.Ref
				}
			}
			changes = append(changes, ch)
		}
	}
	return changes
}

func (e *execution) write(ctx context.Context, ch associations.Change, guard func(context.Context) error) error {
	step := plan.Associate{Change: ch}
	e.notify(StepStarted{Step: step})
	if _, err := e.Cloud.CloudFront.Write(ctx, e.plan.Account, ch, guard); err != nil {
		if isLost(err) {
			e.mark(ch, "unknown")
		}
		e.notify(StepFailed{Step: step, Err: err})
		return fmt.Errorf("distribution %s: %w", ch.Distribution, err)
	}
	e.mark(ch, "written")
	e.notify(StepDone{Step: step, Detail: "accepted"})
	return nil
}

func (e *execution) mark(ch associations.Change, state string) {
	for i, s := range e.result.Slots {
		if slices.Contains(ch.Edits, s.Edit) {
			e.result.Slots[i].State = state
		}
	}
}

// partial ends a run that failed after the first write, and undoes what was
// written if the runner is to.
func (e *execution) partial(ctx context.Context, written []associations.Change, cause error) error {
	failed := &PartialError{Stack: e.plan.Stack, Live: e.plan.Saw.Live, Err: cause}
	if e.Restore {
		ctx := context.WithoutCancel(ctx)
		for _, ch := range slices.Backward(written) {
			back := associations.Change{Distribution: ch.Distribution}
			for _, edit := range ch.Edits {
				back.Edits = append(back.Edits, associations.Edit{Slot: edit.Slot, From: edit.To, To: edit.From})
			}
			if _, err := e.Cloud.CloudFront.Write(ctx, e.plan.Account, back, e.lease.Verify); err != nil {
				failed.Restoring = errors.Join(failed.Restoring, fmt.Errorf("restore distribution %s: %w", ch.Distribution, err))
				continue
			}
			e.mark(ch, "restored")
		}
	}
	failed.Slots = e.result.Slots
	return failed
}

// await waits until the distributions have the configuration everywhere. It
// holds no lock: whoever kills it loses nothing but the report.
func (r *Runner) await(ctx context.Context, p plan.Plan, result Result) (Result, error) {
	var ids []string
	for _, stage := range p.Stages {
		for _, s := range stage {
			if a, ok := s.(plan.Await); ok {
				ids = append(ids, a.Distribution)
			}
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
	undeployed := make([]string, len(ids))
	group := errgroup.Group{}
	group.SetLimit(readLimit)
	for i, id := range ids {
		group.Go(func() error {
			done, err := r.deployed(wctx, id)
			if !done {
				undeployed[i] = id
			}
			return err
		})
	}
	err := group.Wait()
	result.Undeployed = slices.DeleteFunc(undeployed, func(id string) bool { return id == "" })
	switch {
	case err != nil:
		return result, fmt.Errorf("everything was accepted, but waiting for CloudFront ended: %w", err)
	case ctx.Err() != nil:
		return result, &InterruptedError{Stack: p.Stack, Accepted: true}
	case len(result.Undeployed) > 0:
		return result, &UndeployedError{Stack: p.Stack, Distributions: result.Undeployed, After: r.Timeout}
	}
	return result, nil
}

// deployed polls one distribution until it is deployed or ctx ends.
func (r *Runner) deployed(ctx context.Context, id string) (bool, error) {
	step, since := plan.Await{Distribution: id}, r.Now()
	r.notify(StepStarted{Step: step})
	poll := r.Poll
	if poll == 0 {
		poll = 10 * time.Second
	}
	for {
		state, err := r.Cloud.CloudFront.Distribution(ctx, id)
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil:
			r.notify(StepFailed{Step: step, Err: err})
			return false, err
		case state.Deployed:
			r.notify(StepDone{Step: step, Detail: "deployed"})
			return true, nil
		}
		r.notify(StepWaiting{Step: step, Reason: "InProgress", Since: since})
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(poll):
		}
	}
}

// PartialError says that a run failed after the first distribution was
// written: some slots hold the new version and some do not.
type PartialError struct {
	Stack     string
	Live      int // the release that was live before, 0 for none
	Slots     []SlotResult
	Err       error
	Restoring error // what restoring met, nil if it worked or was not asked for
}

func (e *PartialError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s is between two releases: %v", e.Stack, e.Err)
	for _, s := range e.Slots {
		fmt.Fprintf(&b, "\n  %s: %s (%s → %s)", s.Edit.Slot, s.State, s.Edit.From, s.Edit.To)
	}
	if e.Restoring != nil {
		fmt.Fprintf(&b, "\n%v", e.Restoring)
	}
	return b.String()
}

// Unwrap gives the cause and what restoring met.
func (e *PartialError) Unwrap() []error {
	if e.Restoring == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Restoring}
}

// BehindError says that the account is as it was wanted, but the ledger does
// not say so.
type BehindError struct {
	Stack string
	Err   error
}

func (e *BehindError) Error() string {
	return fmt.Sprintf("CloudFront has everything, but the ledger of stack %s is behind: %v", e.Stack, e.Err)
}

// Unwrap gives the cause.
func (e *BehindError) Unwrap() error { return e.Err }

// UndeployedError says that CloudFront accepted everything and had not taken
// it over everywhere when the timeout ran out.
type UndeployedError struct {
	Stack         string
	Distributions []string
	After         time.Duration
}

func (e *UndeployedError) Error() string {
	return fmt.Sprintf("CloudFront accepted the change, but after %s it is not yet everywhere: %s", e.After, strings.Join(e.Distributions, ", "))
}

// InterruptedError says that the run was stopped by a signal between steps.
type InterruptedError struct {
	Stack    string
	Slots    []SlotResult
	Written  bool // some distributions were written, others not
	Accepted bool // everything was written; only the waiting was stopped
}

func (e *InterruptedError) Error() string {
	switch {
	case e.Accepted:
		return "interrupted while waiting; CloudFront accepted everything"
	case e.Written:
		var b strings.Builder
		fmt.Fprintf(&b, "interrupted between two distributions of stack %s", e.Stack)
		for _, s := range e.Slots {
			fmt.Fprintf(&b, "\n  %s: %s (%s → %s)", s.Edit.Slot, s.State, s.Edit.From, s.Edit.To)
		}
		return b.String()
	default:
		return fmt.Sprintf("interrupted; no distribution of stack %s was written", e.Stack)
	}
}

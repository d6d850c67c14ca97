package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Remaining is a function of a stack that was not removed, and why.
type Remaining struct {
	Function string
	// Waits reports that CloudFront has replicas still: it goes when they have gone.
	Waits bool
	// Bound is a slot of another owner that holds one of its versions, "" for none.
	Bound string
	// Kept says what is in it that the stack did not put there, "" for nothing: it
	// was given back, without the stack's tag and versions.
	Kept string
	// Others says whose it is by now, of one that is not the stack's any more.
	Others string
	Err    error // why it could not be removed
}

// Dismantled is what came of the removal of a stack.
type Dismantled struct {
	Removals  []Removal
	Remaining []Remaining
	// Done reports that nothing of the stack is left, its releases included.
	Done bool
}

// Dismantle removes the functions of a stack that has let go of its slots
// (PrepareDestroy), and, once none is left that is only the stack's, the function
// that keeps its releases. Before it deletes anything it looks through all
// distributions of the account. A function that holds versions or aliases of
// others is given back: the stack's own versions and its tag are taken off.
//
// state is the ledger as it was just read.
//
// Errors: *LockedError, *UnsoundError, *StaleError where the stack binds
// something, or something is in flight (nothing changed); *PruneError for what
// could not be deleted; *InterruptedError.
func (r *Runner) Dismantle(ctx context.Context, p Pruning, state release.LedgerState, by Run) (done Dismantled, err error) {
	p.Everything = true
	if err := letGo(state); err != nil {
		return Dismantled{}, err
	}
	lease, err := r.Ledger.Lock(context.WithoutCancel(ctx), LockRequest{
		Stack: p.Stack, Holder: by.Actor, RunID: by.ID, Phase: "remove", Role: state.Live.Role, Seen: state.Seen,
	})
	if err != nil {
		return Dismantled{}, err
	}
	defer func() {
		if uerr := lease.Unlock(context.WithoutCancel(ctx)); uerr != nil && !done.Done {
			r.notify(Warned{Text: fmt.Sprintf("the lock was not given back and will expire: %v", uerr)})
		}
	}()
	now, err := r.Ledger.Position(ctx, p.Stack)
	if err == nil && now != state.Position() {
		err = &StaleError{Stack: p.Stack, Saw: state.Position(), Now: now}
	}
	if err != nil {
		return Dismantled{}, err
	}
	left, err := Survey(ctx, r.Cloud, r.Ledger, p)
	if err != nil {
		return Dismantled{}, err
	}
	lambda := guarded{r.Cloud.Lambda, lease}
	d := dismantling{removing: removing{r, p.Stack, guardedStorage{lambda, r.Cloud.Storage}}, lambda: lambda}
	for _, f := range left.Functions {
		if err := d.function(ctx, f); err != nil {
			return d.out, err
		}
	}
	if failed := d.failed(); len(failed) > 0 {
		return d.out, &PruneError{Stack: p.Stack, Failed: failed}
	}
	return d.ledger(ctx, p.Ledger)
}

// letGo is an error if a stack binds something, or if something is in flight.
func letGo(state release.LedgerState) error {
	if _, flying := state.InFlight(); flying || len(state.Live.Table()) > 0 {
		at := state.Position()
		return &StaleError{Stack: stackOf(state), Saw: release.Position{Live: at.Live}, Now: at}
	}
	return nil
}

// dismantling removes a stack under its lock.
type dismantling struct {
	removing
	lambda versions.Lambda
	out    Dismantled
}

// function removes one function, or gives it back. It ends with an error only
// where nothing further may be tried.
func (d *dismantling) function(ctx context.Context, f StoredFunction) error {
	switch {
	case f.Unread != nil:
		d.out.Remaining = append(d.out.Remaining, Remaining{Function: f.Function, Err: f.Unread})
		return nil
	case f.NotOurs != "":
		d.out.Remaining = append(d.out.Remaining, Remaining{Function: f.Function, Others: f.NotOurs})
		return nil
	case f.Bound != "":
		d.out.Remaining = append(d.out.Remaining, Remaining{Function: f.Function, Bound: f.Bound})
		return nil
	}
	removals, err := d.removing.function(ctx, f)
	d.out.Removals = append(d.out.Removals, removals...)
	if err != nil {
		return err
	}
	waits := slices.ContainsFunc(removals, func(m Removal) bool { return m.Waits })
	i := slices.IndexFunc(removals, func(m Removal) bool { return m.Err != nil })
	switch {
	case i >= 0:
		d.out.Remaining = append(d.out.Remaining, Remaining{Function: f.Function, Err: removals[i].Err})
	case waits:
		d.out.Remaining = append(d.out.Remaining, Remaining{Function: f.Function, Waits: true})
	case !f.Whole:
		return d.giveBack(ctx, f)
	}
	return nil
}

// giveBack takes the stack's tag off a function that is not only the stack's.
func (d *dismantling) giveBack(ctx context.Context, f StoredFunction) error {
	head, err := d.lambda.Head(ctx, f.Function)
	if err == nil && head.Exists {
		err = d.lambda.Tag(ctx, head.ARN, nil, []string{versions.StackTag})
	}
	if is[*LostLockError](err) {
		return err
	}
	left := Remaining{Function: f.Function, Kept: "aliases that others made", Err: err}
	if len(f.Verdicts) == 0 {
		left.Kept = "no version that the stack published, and code that may be of others"
	}
	for _, v := range f.Verdicts {
		if v.Stock.Version.Stack != d.stack {
			left.Kept = fmt.Sprintf("version %d, which the stack did not publish", v.Stock.Version.Ref.Number)
			break
		}
	}
	d.out.Remaining = append(d.out.Remaining, left)
	return nil
}

// failed are the deletions that failed.
func (d *dismantling) failed() []Removal {
	return slices.DeleteFunc(slices.Clone(d.out.Removals), func(m Removal) bool { return m.Err == nil })
}

// ledger removes the function that keeps the releases, if nothing of the stack
// is left.
func (d *dismantling) ledger(ctx context.Context, function string) (Dismantled, error) {
	var failures []error
	for _, left := range d.out.Remaining {
		if left.Err != nil {
			failures = append(failures, fmt.Errorf("give %s back: %w", left.Function, left.Err))
		}
		if left.Waits || left.Bound != "" || left.Err != nil {
			return d.out, errors.Join(failures...)
		}
	}
	m := Removal{Ref: versions.Ref{Function: function}}
	removals, err := d.one(ctx, m, func(ctx context.Context) error { return d.shop.DeleteFunction(ctx, function) })
	d.out.Removals = append(d.out.Removals, removals...)
	if failed := d.failed(); err == nil && len(failed) > 0 {
		err = &PruneError{Stack: d.stack, Failed: failed}
	}
	d.out.Done = err == nil
	return d.out, err
}

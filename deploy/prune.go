package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Removal is what came of one deletion.
type Removal struct {
	Ref versions.Ref // Number 0 for the function itself, or for a loose alias
	// Alias is the loose alias that was deleted; "" for a version or a function.
	Alias string
	// Versions is how many versions went, or would have, and Bytes their size.
	Versions int
	Bytes    int64
	// Waits reports that CloudFront has replicas still: to be tried again later.
	Waits bool
	Err   error // why it was not deleted, of one that does not wait
}

// Pruned is what a pruning came to.
type Pruned struct {
	Leftovers Leftovers
	Removals  []Removal
}

// PruneError says that some deletions failed. Everything else was deleted; the
// same command tries again.
type PruneError struct {
	Stack  string
	Failed []Removal
}

func (e *PruneError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s: %d of the deletions failed:", e.Stack, len(e.Failed))
	for _, f := range e.Failed {
		fmt.Fprintf(&b, "\n  %s: %v", cmp.Or(f.Alias, f.Ref.String()), f.Err)
	}
	return b.String()
}

// Unwrap gives the causes.
func (e *PruneError) Unwrap() []error {
	list := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		list[i] = f.Err
	}
	return list
}

// Prune deletes what Survey finds that nothing needs, under the stack's lock: no
// run of the stack publishes, binds or goes back meanwhile. A version that
// CloudFront has replicas of stays and is no failure.
//
// Errors: *LockedError, *UnsoundError, also of an apply that died (nothing
// changed); *PruneError;
// *InterruptedError.
//
// state is the ledger as it was just read; one that is not there is not made.
func (r *Runner) Prune(ctx context.Context, p Pruning, state release.LedgerState, by Run) (done Pruned, err error) {
	if err := tells(state, p.Stack); err != nil {
		return Pruned{}, err
	}
	// A lock that is held is not waited for: its run might die, and the lock, taken
	// over, no longer tell so.
	lease, err := r.Ledger.Lock(context.WithoutCancel(ctx), LockRequest{
		Stack: p.Stack, Holder: by.Actor, RunID: by.ID, Phase: "prune", Role: state.Live.Role, Seen: state.Seen,
	})
	if err != nil {
		return Pruned{}, err
	}
	defer func() { r.unlock(ctx, lease, err) }()
	if done.Leftovers, err = Survey(ctx, r.Cloud, r.Ledger, p); err != nil {
		return done, err
	}
	if err = lease.Unkeep(context.WithoutCancel(ctx), done.Leftovers.Dropped); err != nil {
		return done, err
	}
	w := removing{r, p.Stack, guardedStorage{guarded{r.Cloud.Lambda, lease}, r.Cloud.Storage}}
	for _, f := range done.Leftovers.Functions {
		removals, err := w.function(ctx, f)
		done.Removals = append(done.Removals, removals...)
		if err != nil {
			return done, err
		}
	}
	failed := slices.DeleteFunc(slices.Clone(done.Removals), func(m Removal) bool { return m.Err == nil })
	if len(failed) > 0 {
		return done, &PruneError{Stack: p.Stack, Failed: failed}
	}
	return done, nil
}

// removing deletes under a lock.
type removing struct {
	*Runner
	stack string
	shop  versions.Shop
}

// function deletes what may go of one function. It ends with an error only where
// no further deletion may be tried.
func (w removing) function(ctx context.Context, f StoredFunction) ([]Removal, error) {
	if f.Whole {
		m := Removal{Ref: versions.Ref{Function: f.Function}, Versions: len(f.Verdicts)}
		for _, v := range f.Verdicts {
			m.Bytes += v.Stock.Bytes
		}
		return w.one(ctx, m, func(ctx context.Context) error {
			if err := w.still(ctx, f); err != nil {
				return err
			}
			return w.shop.DeleteFunction(ctx, f.Function)
		})
	}
	var all []Removal
	for _, v := range f.Spare() {
		m, err := w.one(ctx, Removal{Ref: v.Stock.Version.Ref, Versions: 1, Bytes: v.Stock.Bytes}, func(ctx context.Context) error {
			return versions.Remove(ctx, w.shop, v)
		})
		all = append(all, m...)
		if err != nil {
			return all, err
		}
	}
	for _, name := range f.Loose {
		m, err := w.one(ctx, Removal{Ref: versions.Ref{Function: f.Function}, Alias: name}, func(ctx context.Context) error {
			return w.shop.DeleteAlias(ctx, f.Function, name)
		})
		all = append(all, m...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// still makes sure that a function which is to be deleted is as it was judged:
// another stack may have adopted it meanwhile, and published into it.
func (w removing) still(ctx context.Context, f StoredFunction) error {
	head, err := w.Cloud.Lambda.Head(ctx, f.Function)
	if err != nil || !head.Exists {
		return err
	}
	shelf, err := w.shop.Shelf(ctx, f.Function)
	if err != nil {
		return err
	}
	if head.TagsError != "" || head.Tags[versions.StackTag] != w.stack || len(shelf.Stock) != len(f.Verdicts) {
		return fmt.Errorf("function %s was changed since it was looked at", f.Function)
	}
	return nil
}

// one makes one deletion, unless the run was interrupted before it began.
func (w removing) one(ctx context.Context, m Removal, remove func(context.Context) error) ([]Removal, error) {
	if ctx.Err() != nil {
		return nil, &InterruptedError{Stack: w.stack, Deleting: true}
	}
	err := remove(context.WithoutCancel(ctx))
	switch {
	case is[*LostLockError](err):
		return nil, err
	case errors.Is(err, versions.ErrReplicated):
		m.Waits = true
	default:
		m.Err = err
	}
	w.notify(Removed{Removal: m})
	return []Removal{m}, nil
}

package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Pruning says what is to be pruned.
type Pruning struct {
	Stack string
	// Keep is how many of the newest releases may still be gone back to; at least 1.
	Keep int
	// Ledger is the name of the function that keeps the releases: it is none of
	// the stack's handlers.
	Ledger string
}

// Leftovers are what a stack has stored in Lambda, and what of that nothing needs.
type Leftovers struct {
	Stack string
	// Kept are the releases that may still be gone back to, oldest first, and
	// Dropped are those that were protected until now and are not among them.
	Kept, Dropped []int
	// Distributions is how many distributions of the account were looked through.
	Distributions int
	// Functions are those of the stack by name, and those that its releases name
	// and that are not the stack's any more.
	Functions []StoredFunction
}

// StoredFunction is one function of the stack.
type StoredFunction struct {
	Function string
	// NotOurs says why nothing of it may be deleted; "" if it is the stack's.
	NotOurs string
	// Orphan reports that neither the live release nor the one in flight has it.
	Orphan bool
	// Whole reports that the function itself may be deleted.
	Whole    bool
	Verdicts []versions.Verdict // of its versions, oldest first
	// Loose are aliases that a run which died left, and that stand for nothing.
	Loose []string
}

// Spare are the versions that may be deleted.
func (f StoredFunction) Spare() []versions.Verdict {
	var list []versions.Verdict
	for _, v := range f.Verdicts {
		if v.Stays == "" {
			list = append(list, v)
		}
	}
	return list
}

// Nothing reports whether there is nothing to delete.
func (l Leftovers) Nothing() bool {
	return len(l.Dropped) == 0 && !slices.ContainsFunc(l.Functions, func(f StoredFunction) bool {
		return f.Whole || len(f.Spare())+len(f.Loose) > 0
	})
}

// UnsoundError says that a ledger cannot tell what its releases need, so that
// nothing may be deleted. Nothing was changed.
type UnsoundError struct {
	Stack string
	Err   error
}

func (e *UnsoundError) Error() string {
	return fmt.Sprintf("nothing of stack %s is deleted: %v", e.Stack, e.Err)
}

// Unwrap gives the cause.
func (e *UnsoundError) Unwrap() error { return e.Err }

// errNoLedger is the reason where there is no ledger.
var errNoLedger = errors.New("it has no releases, for there is no ledger in this account")

// Survey reads what a stack has stored, and judges it. Needed is what a kept
// release mentions and what sits in any distribution of the account, disabled and
// staging ones and templates of tenants included.
//
// Errors: *UnsoundError.
func Survey(ctx context.Context, c Cloud, l Ledger, p Pruning) (Leftovers, error) {
	state, err := l.Read(ctx, p.Stack)
	if state.Broken != 0 && err != nil {
		return Leftovers{}, &UnsoundError{p.Stack, err}
	}
	if err != nil {
		return Leftovers{}, err
	}
	if err := state.Sound(p.Stack); err != nil {
		return Leftovers{}, &UnsoundError{p.Stack, err}
	}
	if !state.Exists {
		return Leftovers{}, &UnsoundError{p.Stack, errNoLedger}
	}
	s := survey{cloud: c, ledger: l, Pruning: p, state: state, needs: versions.Needs{}, mentioned: map[string]bool{}}
	s.out.Stack = p.Stack
	for _, read := range []func(context.Context) error{s.records, s.distributions, s.functions} {
		if err := read(ctx); err != nil {
			return Leftovers{}, err
		}
	}
	return s.out, nil
}

// tells is an error if a ledger does not tell what is live, or tells only by its
// lock that an apply died: a lock that is taken over tells it no more.
func tells(state release.LedgerState, stack string) error {
	err := state.Sound(stack)
	if died := state.Died(stack); err == nil && died != nil {
		err = died
	}
	if err == nil && !state.Exists {
		err = errNoLedger
	}
	if err != nil {
		return &UnsoundError{stack, err}
	}
	return nil
}

// survey is one reading of what a stack has stored.
type survey struct {
	Pruning
	cloud     Cloud
	ledger    Ledger
	state     release.LedgerState
	needs     versions.Needs
	mentioned map[string]bool // functions that a kept release needs
	out       Leftovers
}

// records reads the kept releases. One that cannot be read may need anything.
func (s *survey) records(ctx context.Context) error {
	list, err := s.ledger.List(ctx, s.Stack)
	if err != nil {
		return err
	}
	numbers := make([]int, len(list))
	for i, r := range list {
		numbers[i] = r.Number
	}
	s.out.Kept, s.out.Dropped = s.state.Retained(numbers, s.Keep)
	found := make([]release.Release, len(s.out.Kept))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for i, n := range s.out.Kept {
		group.Go(func() error {
			r, err := s.ledger.Get(gctx, s.Stack, n)
			switch {
			case errors.Is(err, ErrNoRelease): // deleted by others: it needs nothing any more
			case err != nil:
				return &UnsoundError{s.Stack, err}
			}
			found[i] = r
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	// What is in flight may go back to what it found.
	for _, e := range s.state.Pending.Edits {
		for _, ref := range []versions.Ref{e.From.Version, e.To.Version} {
			s.needs.Need(ref, fmt.Sprintf("release %d, which is in flight", s.state.Pending.Number))
		}
	}
	for i, r := range slices.Backward(found) {
		for ref := range r.Needs() {
			s.needs.Need(ref, fmt.Sprintf("release %d", s.out.Kept[i]))
			s.mentioned[ref.Function] = true
		}
	}
	return nil
}

// distributions notes what sits in the slots of the account, whoever owns them.
func (s *survey) distributions(ctx context.Context) error {
	all, err := s.cloud.CloudFront.Distributions(ctx)
	if err != nil {
		return err
	}
	s.out.Distributions = len(all)
	bound := versions.Needs{}
	for _, d := range all {
		for _, slot := range d.Held.Slots() {
			bound.Need(d.Held[slot].Version, slot.String())
		}
	}
	for ref, what := range s.needs {
		bound.Need(ref, what) // what is bound says more
	}
	s.needs = bound
	return nil
}

// functions judges the functions that the kept releases need, and those whose
// name begins with the stack's: that is how they are named if the spec does not
// say otherwise. Their tag tells whose they are.
func (s *survey) functions(ctx context.Context) error {
	all, err := s.cloud.Storage.Functions(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, name := range all {
		if name != s.Ledger && (s.mentioned[name] || strings.HasPrefix(name, s.Stack+"-")) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	found := make([]StoredFunction, len(names))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for i, name := range names {
		group.Go(func() (err error) {
			found[i], err = s.function(gctx, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s.out.Functions = slices.DeleteFunc(found, func(f StoredFunction) bool { return f.Function == "" })
	return nil
}

func (s *survey) function(ctx context.Context, name string) (StoredFunction, error) {
	head, err := s.cloud.Lambda.Head(ctx, name)
	if err != nil || !head.Exists {
		return StoredFunction{}, err
	}
	switch owner := head.Tags[versions.StackTag]; {
	case head.TagsError != "":
		return StoredFunction{Function: name, NotOurs: "its tags are not readable (" + head.TagsError + ")"}, nil
	case owner == s.Stack:
	case !s.mentioned[name]:
		return StoredFunction{}, nil // another's, that only looks like one of the stack's
	case owner == "":
		return StoredFunction{Function: name, NotOurs: "it carries no tag " + versions.StackTag}, nil
	default:
		return StoredFunction{Function: name, NotOurs: "it belongs to stack " + owner}, nil
	}
	shelf, err := s.cloud.Storage.Shelf(ctx, name)
	if errors.Is(err, versions.ErrNoVersion) {
		return StoredFunction{}, nil
	}
	if err != nil {
		return StoredFunction{}, err
	}
	_, live := s.state.Live.Function(name)
	_, flight := s.state.Pending.Function(name)
	f := StoredFunction{Function: name, Orphan: !live && !flight, Verdicts: shelf.Spare(s.Stack, s.needs), Loose: shelf.Loose()}
	f.Whole = f.Orphan && shelf.Whole(f.Verdicts)
	return f, nil
}

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
		return w.one(ctx, m, func(ctx context.Context) error { return w.shop.DeleteFunction(ctx, f.Function) })
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

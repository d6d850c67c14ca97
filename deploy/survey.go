package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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
	// Everything reports that the stack is to be removed: no release needs anything
	// any more. Keep then only says how far back functions are looked for.
	Everything bool
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
	// Unread says why it is not known whose it is; nil if it is.
	Unread error
	// Bound is a slot that holds a version which the stack published; "" if none does.
	Bound string
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
	if err := cmp.Or(state.Sound(p.Stack), state.Foreign()); err != nil {
		return Leftovers{}, &UnsoundError{p.Stack, err}
	}
	if !state.Exists {
		return Leftovers{}, &UnsoundError{p.Stack, errNoLedger}
	}
	s := survey{cloud: c, read: NewReader(c), ledger: l, Pruning: p, state: state, needs: versions.Needs{}, mentioned: map[string]bool{}}
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
	err := cmp.Or(state.Sound(stack), state.Foreign())
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
	read      *Reader
	ledger    Ledger
	state     release.LedgerState
	needs     versions.Needs  // of releases and slots
	bound     versions.Needs  // of slots
	mentioned map[string]bool // functions that a kept release has, or names as orphans
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
	for _, name := range release.Orphaned(nil, s.state.Live, s.state.Pending) {
		s.mentioned[name] = true
	}
	for i, r := range slices.Backward(found) {
		for _, f := range r.Functions {
			s.mentioned[f.Spec.Function] = true
		}
		for ref := range r.Needs() {
			if !s.Everything {
				s.needs.Need(ref, fmt.Sprintf("release %d", s.out.Kept[i]))
			}
		}
	}
	if s.Everything {
		return nil
	}
	// What is in flight may go back to what it found.
	for _, e := range s.state.Pending.Edits {
		for _, ref := range []versions.Ref{e.From.Version, e.To.Version} {
			s.needs.Need(ref, fmt.Sprintf("release %d, which is in flight", s.state.Pending.Number))
		}
	}
	return nil
}

// distributions notes what sits in the slots of the account, of every owner.
func (s *survey) distributions(ctx context.Context) error {
	all, err := s.read.All(ctx)
	if err != nil {
		return err
	}
	s.out.Distributions, s.bound = len(all), versions.Needs{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		d := all[id]
		for _, slot := range d.Held.Slots() {
			s.bound.Need(d.Held[slot].Version, slot.String())
		}
	}
	for ref, what := range s.bound {
		s.needs[ref] = what // it says more than a release's number
	}
	return nil
}

// functions judges the functions that the kept releases need or name as orphans,
// and those whose name begins with the stack's: that is how they are named if the spec does not
// say otherwise. Their tag tells whose they are.
func (s *survey) functions(ctx context.Context) error {
	all, err := s.read.Functions(ctx)
	if err != nil {
		return err
	}
	// What a release names is looked for one by one: a listing may be old.
	found := maps.Clone(s.mentioned)
	for _, name := range all {
		if strings.HasPrefix(name, s.Stack+"-") {
			found[name] = true
		}
	}
	delete(found, s.Ledger)
	delete(found, "")
	names := slices.Sorted(maps.Keys(found))
	judged := make([]StoredFunction, len(names))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for i, name := range names {
		group.Go(func() (err error) {
			judged[i], err = s.function(gctx, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s.out.Functions = slices.DeleteFunc(judged, func(f StoredFunction) bool { return f.Function == "" })
	return nil
}

func (s *survey) function(ctx context.Context, name string) (StoredFunction, error) {
	head, err := s.cloud.Lambda.Head(ctx, name)
	if isRefused(err) {
		return StoredFunction{Function: name, NotOurs: "it may not be read", Unread: err}, nil
	}
	if err != nil || !head.Exists {
		return StoredFunction{}, err
	}
	switch owner := head.Tags[versions.StackTag]; {
	case head.TagsError != "":
		return StoredFunction{
			Function: name, NotOurs: "its tags are not readable (" + head.TagsError + ")",
			Unread: &versions.UnknownOwnerError{Function: name, Reason: head.TagsError},
		}, nil
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
	f := StoredFunction{Function: name, Orphan: s.Everything || !live && !flight, Verdicts: shelf.Spare(s.Stack, s.needs), Loose: shelf.Loose()}
	f.Whole = f.Orphan && shelf.Whole(f.Verdicts)
	for _, v := range f.Verdicts {
		if v.Stock.Version.Stack == s.Stack {
			f.Bound = cmp.Or(f.Bound, s.bound[v.Stock.Version.Ref])
		}
	}
	return f, nil
}

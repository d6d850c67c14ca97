package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Prepare observes the account and plans an apply. Some facts are worth a call
// only when a plan leans on them: then they are read, and the plan is made again.
func Prepare(ctx context.Context, r *Reader, state release.LedgerState, want plan.Desired, rules plan.Rules) (plan.Plan, error) {
	o, err := newObserver(ctx, r, state, want.Stack, want.Account)
	if err != nil {
		return plan.Plan{}, err
	}
	if want.Account != "" && want.Account != o.have.Account {
		return plan.NewPlan(want, o.have, rules) // refuses; nothing of that account is for this stack to read
	}
	o.want = want
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return o.distributions(gctx, want.Distributions) })
	group.Go(func() error { return o.functions(gctx) })
	group.Go(func() (err error) {
		o.have.Orphans, err = r.Orphans(gctx, state, want.Functions)
		return err
	})
	if err := group.Wait(); err != nil {
		return plan.Plan{}, err
	}
	if err := o.holders(ctx, release.Release{Functions: want.Functions}); err != nil {
		return plan.Plan{}, err
	}
	return o.settle(ctx, func() (plan.Plan, error) { return plan.NewPlan(want, o.have, rules) })
}

// PrepareRollback observes the account and plans a rollback. It reads the
// records that the request may lead to, the distributions that they name, and
// every version that would be attached.
func PrepareRollback(ctx context.Context, r *Reader, l Ledger, state release.LedgerState, req release.Request, rules plan.Rules) (plan.Plan, error) {
	if req.Named {
		state = state.Recalled()
	}
	o, err := newObserver(ctx, r, state, stackOf(state), "")
	if err != nil {
		return plan.Plan{}, err
	}
	if err := o.releases(ctx, l, release.Needs(state, req)); err != nil {
		return plan.Plan{}, err
	}
	records := slices.Collect(maps.Values(o.have.Releases))
	var entries []release.Distribution
	for _, record := range records {
		entries = append(entries, record.Distributions...)
	}
	if err := o.distributions(ctx, entries); err != nil {
		return plan.Plan{}, err
	}
	if err := o.holders(ctx, records...); err != nil {
		return plan.Plan{}, err
	}
	return o.settle(ctx, func() (plan.Plan, error) { return plan.NewRollback(req, o.have, rules) })
}

// PrepareDestroy observes the account and plans to let go of every slot of the
// stack.
func PrepareDestroy(ctx context.Context, r *Reader, state release.LedgerState, rules plan.Rules) (plan.Plan, error) {
	o, err := newObserver(ctx, r, state, stackOf(state), "")
	if err != nil {
		return plan.Plan{}, err
	}
	if err := o.distributions(ctx, nil); err != nil {
		return plan.Plan{}, err
	}
	if err := o.holders(ctx); err != nil {
		return plan.Plan{}, err
	}
	return o.settle(ctx, func() (plan.Plan, error) { return plan.NewDestroy(o.have, rules) })
}

// stackOf is the stack's name: a caller sets it on a live release that is none.
func stackOf(state release.LedgerState) string {
	return cmp.Or(state.Live.Stack, state.Pending.Stack)
}

// observer reads what a plan needs, and nothing else: what the ledger tells
// needs no call.
type observer struct {
	read *Reader
	want plan.Desired // of an apply
	mu   sync.Mutex   // guards have's maps
	have plan.Observed
}

func newObserver(ctx context.Context, r *Reader, state release.LedgerState, stack, account string) (*observer, error) {
	o := &observer{read: r, have: plan.Observed{
		Stack: stack, Account: state.Account, Ledger: state, Releases: map[int]release.Release{},
		Heads: map[string]versions.Head{}, Versions: versions.Inventory{}, Interrupted: map[string]bool{},
		States: map[versions.Ref]versions.Published{}, Gone: map[versions.Ref]bool{}, Unread: map[versions.Ref]string{}, Distributions: map[string]associations.State{},
	}}
	if o.have.Account != "" {
		return o, nil
	}
	found, err := r.Account(ctx)
	o.have.Account = found
	return o, err
}

// releases reads records by number. One that was deleted is absent.
func (o *observer) releases(ctx context.Context, l Ledger, numbers []int) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for _, n := range numbers {
		group.Go(func() error {
			r, err := l.Get(gctx, o.have.Stack, n)
			if errors.Is(err, ErrNoRelease) {
				return nil // the plan says what that means
			}
			if err != nil {
				return err
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			o.have.Releases[n] = r
			return nil
		})
	}
	return group.Wait()
}

// distributions reads those that entries name, and those of the live release
// and of the one in flight.
func (o *observer) distributions(ctx context.Context, entries []release.Distribution) error {
	found, err := o.read.Stack(ctx, o.have.Ledger, entries)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.have.Distributions = found
	return err
}

// functions reads what no release in hand tells of the wanted functions: those
// that may have to be published, or tagged. Of those that no release names, a
// listing may tell that they do not exist.
func (o *observer) functions(ctx context.Context) error {
	live, pending := o.have.Ledger.Live, o.have.Ledger.Pending
	var check, look []versions.Spec
	var fresh []string
	for _, f := range o.want.Functions {
		name := f.Spec.Function
		old, inLive := live.Function(name)
		begun, inPending := pending.Function(name)
		switch {
		case inLive && old.Spec == f.Spec, inPending && begun.Spec == f.Spec:
			if plan.Retags(o.have.Ledger, o.want) { // whose it is, before its tags are touched
				check = append(check, f.Spec)
			}
			continue
		case !inLive && !inPending:
			fresh = append(fresh, name)
		}
		look = append(look, f.Spec)
	}
	missing, err := o.read.Missing(ctx, fresh)
	if err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for _, spec := range check {
		group.Go(func() error { return o.head(gctx, spec.Function) })
	}
	for _, spec := range look {
		if missing[spec.Function] {
			o.setHead(versions.Head{Function: spec.Function})
			continue
		}
		group.Go(func() error { return o.lookUp(gctx, spec) })
	}
	return group.Wait()
}

func (o *observer) head(ctx context.Context, name string) error {
	head, err := o.read.cloud.Lambda.Head(ctx, name)
	if err != nil {
		return err
	}
	o.setHead(head)
	return nil
}

func (o *observer) setHead(h versions.Head) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.have.Heads[h.Function] = h
}

// version reads one version. One that does not exist is Gone.
func (o *observer) version(ctx context.Context, ref versions.Ref) error {
	v, err := o.read.Version(ctx, ref)
	o.mu.Lock()
	defer o.mu.Unlock()
	if errors.Is(err, versions.ErrNoVersion) {
		o.have.Gone[ref] = true
		return nil
	}
	if err != nil {
		return err
	}
	o.have.States[ref] = v
	return nil
}

// holders reads the versions that sit in the observed distributions and are
// recorded nowhere in hand, if they are of functions that the releases in hand
// name or have left somewhere, or sit in slots that are the stack's to empty: an
// earlier release may have put them there, or their owner. Their own mark tells.
// Usually there are none. A version of another owner may not be readable: then
// it is not the stack's.
func (o *observer) holders(ctx context.Context, more ...release.Release) error {
	live, flight := o.have.Ledger.Live, o.have.Ledger.Pending
	records := append([]release.Release{live, flight}, more...)
	names := map[string]bool{}
	for _, r := range records {
		for _, f := range r.Functions {
			names[f.Spec.Function] = true
		}
		for _, l := range r.Left {
			names[l.Binding.Version.Function] = true
		}
	}
	own := release.Base{Live: live, Superseded: flight}.Ownership().Slots
	refs, drifted := map[versions.Ref]bool{}, map[versions.Ref]bool{}
	for _, state := range o.have.Distributions {
		for slot, held := range state.Held {
			known := slices.ContainsFunc(records, func(r release.Release) bool { _, ok := r.Records(held.Version); return ok })
			switch {
			case held.ARN != "" || known:
			case names[held.Version.Function]:
				refs[held.Version] = true
			case own[slot]:
				drifted[held.Version] = true
			}
		}
	}
	o.owners(ctx, slices.Collect(maps.Keys(drifted)))
	return o.readVersions(ctx, refs)
}

func (o *observer) readVersions(ctx context.Context, refs map[versions.Ref]bool) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for ref := range refs {
		group.Go(func() error { return o.version(gctx, ref) })
	}
	return group.Wait()
}

// settle plans, reads what the plan takes for granted, and plans again, until
// there is nothing left to read. Each fact is read once, so planning ends.
func (o *observer) settle(ctx context.Context, newPlan func() (plan.Plan, error)) (plan.Plan, error) {
	for {
		p, err := newPlan()
		if blocked, ok := errors.AsType[*plan.BlockedError](err); ok && o.owners(ctx, blocked.Unknown(o.have)) {
			continue
		}
		if err != nil {
			return plan.Plan{}, err
		}
		refs := o.unseen(p)
		policies := slices.DeleteFunc(p.Writes(), func(id string) bool { return o.have.Distributions[id].PolicyKnown })
		if len(refs)+len(policies) == 0 {
			return p, nil
		}
		group, gctx := errgroup.WithContext(ctx)
		group.SetLimit(readLimit)
		for ref := range refs {
			group.Go(func() error { return o.trusted(gctx, ref, p) })
		}
		group.Go(func() error { return o.policies(gctx, policies) })
		if err := group.Wait(); err != nil {
			return plan.Plan{}, err
		}
	}
}

// policies reads what continuous deployment policies distributions have.
func (o *observer) policies(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := o.read.Policies(ctx, ids)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range ids {
		delete(o.have.Distributions, id) // it may be gone by now: the plan says what that means
	}
	maps.Copy(o.have.Distributions, found)
	return nil
}

// owners looks whose the holders of wanted slots are, which costs a call each
// and only where there is a conflict to report. One that may not be read is no
// obstacle to reporting it. It reports whether something was looked at.
func (o *observer) owners(ctx context.Context, refs []versions.Ref) bool {
	group := errgroup.Group{}
	group.SetLimit(readLimit)
	for _, ref := range refs {
		group.Go(func() error {
			if err := o.version(ctx, ref); err != nil {
				o.mu.Lock()
				defer o.mu.Unlock()
				o.have.Unread[ref] = err.Error()
			}
			return nil
		})
	}
	_ = group.Wait() // each says why in Unread
	return len(refs) > 0
}

// unseen are the versions that a plan takes for granted and that have not been
// looked at: those that it would attach, and, of an apply, those that it keeps
// for others to attach. An apply trusts a version that is attached somewhere: it
// exists. A rollback looks at every one that it attaches.
func (o *observer) unseen(p plan.Plan) map[versions.Ref]bool {
	sits := map[versions.Ref]bool{}
	for _, state := range o.have.Distributions {
		for _, b := range state.Held {
			sits[b.Version] = true
		}
	}
	refs := map[versions.Ref]bool{}
	see := func(ref versions.Ref) {
		_, seen := o.have.States[ref]
		trusted := p.Kind != release.KindRollback && (sits[ref] || o.known(ref))
		if ref.Number != 0 && !seen && !o.have.Gone[ref] && !trusted {
			refs[ref] = true
		}
	}
	for _, e := range p.Edits() {
		see(e.To.Version)
	}
	if p.Kind == release.KindApply {
		for _, f := range p.Context.Kept {
			see(f.Ref())
		}
	}
	return refs
}

// trusted reads a version that a plan takes for granted. If an apply finds it
// gone, or another one in its place, its content is looked up like one that no
// release names.
func (o *observer) trusted(ctx context.Context, ref versions.Ref, p plan.Plan) error {
	if err := o.version(ctx, ref); err != nil {
		return fmt.Errorf("version %s, which is to be attached or handed on: %w", ref, err)
	}
	f, recorded := p.Goal.Records(ref)
	o.mu.Lock()
	serves := o.have.Serves(f)
	o.mu.Unlock()
	if serves || !recorded || p.Kind == release.KindRollback {
		return nil
	}
	return o.lookUp(ctx, f.Spec)
}

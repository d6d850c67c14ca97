package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// listFrom is the number of distributions from which one listing of the
// account (pages of 100) is cheaper than single reads.
const listFrom = 6

// readLimit bounds the reads that run at once. Lambda allows 15 control-plane
// calls a second in all but GetFunction's 100 (Lambda quotas).
const readLimit = 8

// AliasError says that no distribution of the account has an alternate domain name.
type AliasError struct{ Key, Alias string }

func (e *AliasError) Error() string {
	return fmt.Sprintf("no distribution of this account has the alternate domain name %s", e.Alias)
}

// Resolve finds the ids of distributions that a spec names by alternate domain
// name. The id that the live release recorded is tried first, at the price of
// a read that the plan needs anyway; only then is the account listed. What was
// read on the way is returned too.
func Resolve(ctx context.Context, cf CloudFront, named []release.Distribution, live release.Release) ([]release.Distribution, map[string]associations.State, error) {
	found, seen := slices.Clone(named), map[string]associations.State{}
	var listed []associations.State
	for i, d := range found {
		if d.ID != "" {
			continue
		}
		id, err := recordedAlias(ctx, cf, d.Alias, live, seen)
		if err != nil {
			return nil, nil, err
		}
		if id == "" && listed == nil {
			if listed, err = cf.Distributions(ctx); err != nil {
				return nil, nil, fmt.Errorf("find %s: %w", d.Alias, err)
			}
		}
		for _, state := range listed {
			if id == "" && hasAlias(state, d.Alias) {
				id = state.Distribution
				seen[id] = state
			}
		}
		if id == "" {
			return nil, nil, &AliasError{Key: d.Key, Alias: d.Alias}
		}
		found[i].ID = id
	}
	keys := map[string]string{}
	for _, d := range found {
		if other, taken := keys[d.ID]; taken {
			return nil, nil, &plan.SameDistributionError{Keys: [2]string{other, d.Key}, ID: d.ID}
		}
		keys[d.ID] = d.Key
	}
	return found, seen, nil
}

// recordedAlias checks that the distribution the live release found by the
// alias still has it. It gives "" when there is none, or it has not.
func recordedAlias(ctx context.Context, cf CloudFront, alias string, live release.Release, seen map[string]associations.State) (string, error) {
	for _, d := range live.Distributions {
		if d.Alias != alias {
			continue
		}
		state, err := cf.Distribution(ctx, d.ID)
		if _, gone := errors.AsType[*associations.DistributionError](err); gone {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if hasAlias(state, alias) {
			seen[d.ID] = state
			return d.ID, nil
		}
	}
	return "", nil
}

// hasAlias compares as DNS does: without regard to case.
func hasAlias(s associations.State, alias string) bool {
	return slices.ContainsFunc(s.Aliases, func(a string) bool { return strings.EqualFold(a, alias) })
}

// Observe looks at everything that a plan for want needs, and at nothing else:
// what the ledger tells needs no call. seen is what Resolve read already.
func Observe(ctx context.Context, c Cloud, state release.LedgerState, want plan.Desired, seen map[string]associations.State) (plan.Observed, error) {
	have := plan.Observed{
		Stack: want.Stack, Account: state.Account, Ledger: state,
		Heads: map[string]versions.Head{}, Versions: versions.Inventory{}, Interrupted: map[string]bool{},
		States: map[versions.Ref]versions.Published{}, Gone: map[versions.Ref]bool{}, Distributions: maps.Clone(seen),
	}
	if have.Distributions == nil {
		have.Distributions = map[string]associations.State{}
	}
	if have.Account == "" {
		account, err := c.Identity.Account(ctx)
		if err != nil {
			return plan.Observed{}, err
		}
		have.Account = account
	}
	if want.Account != "" && want.Account != have.Account {
		return have, nil // NewPlan refuses; nothing of that account is ours to read
	}
	o := observer{cloud: c, have: &have, want: want}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	o.distributions(gctx, group)
	o.functions(gctx, group)
	if err := group.Wait(); err != nil {
		return plan.Observed{}, err
	}
	return have, o.holders(ctx)
}

type observer struct {
	cloud Cloud
	want  plan.Desired
	mu    sync.Mutex // guards have's maps
	have  *plan.Observed
}

// distributions reads those the stack names and those its releases name.
func (o *observer) distributions(ctx context.Context, group *errgroup.Group) {
	ids := map[string]bool{}
	for _, list := range [][]release.Distribution{o.want.Distributions, o.have.Ledger.Live.Distributions, o.have.Ledger.Pending.Distributions} {
		for _, d := range list {
			if _, read := o.have.Distributions[d.ID]; !read {
				ids[d.ID] = true
			}
		}
	}
	if len(ids) >= listFrom {
		group.Go(func() error {
			all, err := o.cloud.CloudFront.Distributions(ctx)
			if err != nil {
				return err
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			for _, state := range all {
				if ids[state.Distribution] {
					o.have.Distributions[state.Distribution] = state
				}
			}
			return nil
		})
		return
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		group.Go(func() error { return o.distribution(ctx, id) })
	}
}

func (o *observer) distribution(ctx context.Context, id string) error {
	state, err := o.cloud.CloudFront.Distribution(ctx, id)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, gone := errors.AsType[*associations.DistributionError](err); gone {
		delete(o.have.Distributions, id) // absent, whatever a list said: NewPlan says what that means
		return nil
	}
	if err != nil {
		return err
	}
	o.have.Distributions[id] = state
	return nil
}

// functions reads what no release in hand tells: versions that a rollback
// wants back, and the functions that may have to be published.
func (o *observer) functions(ctx context.Context, group *errgroup.Group) {
	live, pending := o.have.Ledger.Live, o.have.Ledger.Pending
	for _, f := range o.want.Functions {
		name := f.Spec.Function
		if f.Number != 0 {
			if !plan.Recorded(live, f) && o.want.Binds(name) {
				group.Go(func() error { return o.version(ctx, f.Ref()) })
			}
			continue
		}
		old, inLive := live.Function(name)
		begun, inPending := pending.Function(name)
		if inLive && old.Spec == f.Spec || inPending && begun.Spec == f.Spec {
			if plan.Retags(o.have.Ledger, o.want) { // whose it is, before its tags are touched
				group.Go(func() error { return o.head(ctx, name) })
			}
			continue
		}
		group.Go(func() error { return o.lookUp(ctx, f.Spec) })
	}
}

func (o *observer) head(ctx context.Context, name string) error {
	head, err := o.cloud.Lambda.Head(ctx, name)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.have.Heads[name] = head
	return nil
}

func (o *observer) version(ctx context.Context, ref versions.Ref) error {
	v, err := o.cloud.Lambda.Version(ctx, ref)
	if errors.Is(err, versions.ErrNoVersion) {
		return nil // absent: NewPlan says what that means
	}
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.have.States[ref] = v
	return nil
}

// holders reads the versions that sit in slots of ours, are of functions of
// ours, and yet are recorded nowhere in hand: an earlier release may have put
// them there. Their own mark tells. Usually there are none.
func (o *observer) holders(ctx context.Context) error {
	own, names := plan.Owned(o.have.Ledger, o.want), o.names()
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	asked := map[versions.Ref]bool{}
	o.origins(gctx, group, asked)
	for slot := range own.Slots {
		held := o.have.Distributions[slot.Distribution].Held[slot]
		ref := held.Version
		if held.Empty() || held.ARN != "" || own.Versions[ref] || !names[ref.Function] || asked[ref] {
			continue
		}
		asked[ref] = true
		group.Go(func() error { return o.version(gctx, ref) })
	}
	return group.Wait()
}

// names are those of the functions that are known to be the stack's: wanted or
// recorded ones, and those that a release in flight was to take out of a slot,
// unless that was an adoption.
func (o *observer) names() map[string]bool {
	pending := o.have.Ledger.Pending
	names := map[string]bool{}
	for _, list := range [][]release.Function{o.want.Functions, o.have.Ledger.Live.Functions, pending.Functions} {
		for _, f := range list {
			names[f.Spec.Function] = true
		}
	}
	first := release.Table(pending.Origins)
	for _, e := range pending.Changed {
		if e.From.Version.Function != "" && e.From != first[e.Slot] {
			names[e.From.Version.Function] = true
		}
	}
	return names
}

// origins makes sure of the versions that a rollback would give slots back to:
// their owner may have deleted them meanwhile.
func (o *observer) origins(ctx context.Context, group *errgroup.Group, asked map[versions.Ref]bool) {
	for slot, b := range o.want.GivesBack {
		if b.ARN != "" || asked[b.Version] || o.have.Distributions[slot.Distribution].Held[slot] == b {
			continue
		}
		asked[b.Version] = true
		group.Go(func() error {
			if err := o.version(ctx, b.Version); err != nil {
				return fmt.Errorf("what %s is to be given back to: %w", slot, err)
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			_, found := o.have.States[b.Version]
			o.have.Gone[b.Version] = !found
			return nil
		})
	}
}

// Prepare observes and plans. Some facts are worth a call only when a plan
// leans on them: then they are read, and the plan is made again.
func Prepare(ctx context.Context, c Cloud, state release.LedgerState, want plan.Desired, rules plan.Rules, seen map[string]associations.State) (plan.Plan, error) {
	have, err := Observe(ctx, c, state, want, seen)
	if err != nil {
		return plan.Plan{}, err
	}
	o := observer{cloud: c, have: &have, want: want}
	for {
		planned, err := plan.NewPlan(want, have, rules)
		if err != nil {
			return plan.Plan{}, err
		}
		group, gctx := errgroup.WithContext(ctx)
		group.SetLimit(readLimit)
		again := o.doubts(gctx, group, planned)
		if err := group.Wait(); err != nil {
			return plan.Plan{}, err
		}
		if !again {
			return planned, nil
		}
	}
}

// doubts reads what the plan takes for granted and nobody has looked at: the
// continuous deployment policy of a distribution that was only listed, and
// versions that are recorded, sit nowhere, and would now be attached. Each is
// read once, so planning ends.
func (o *observer) doubts(ctx context.Context, group *errgroup.Group, planned plan.Plan) bool {
	attached := map[versions.Ref]bool{}
	for _, state := range o.have.Distributions {
		for _, b := range state.Held {
			attached[b.Version] = true
		}
	}
	asked := map[versions.Ref]versions.Spec{}
	for _, edit := range planned.Goal.Changed {
		ref := edit.To.Version
		_, read := o.have.States[ref]
		i := slices.IndexFunc(planned.Goal.Functions, func(f release.Function) bool { return f.Ref() == ref && f.Number != 0 })
		if i < 0 || read || attached[ref] || o.known(ref) || o.want.Kind == release.KindRollback {
			continue
		}
		asked[ref] = planned.Goal.Functions[i].Spec
	}
	unknown := slices.DeleteFunc(planned.Writes(), func(id string) bool { return o.have.Distributions[id].PolicyKnown })
	// Only now: what is read from here on changes what was looked at above.
	for ref, spec := range asked {
		group.Go(func() error { return o.exists(ctx, ref, spec) })
	}
	for _, id := range unknown {
		group.Go(func() error { return o.distribution(ctx, id) })
	}
	return len(asked)+len(unknown) > 0
}

// exists makes sure of a recorded version. If it was deleted, its content is
// looked up like one that no release names.
func (o *observer) exists(ctx context.Context, ref versions.Ref, spec versions.Spec) error {
	if err := o.version(ctx, ref); err != nil {
		return err
	}
	o.mu.Lock()
	_, found := o.have.States[ref]
	o.have.Gone[ref] = !found
	o.mu.Unlock()
	if found {
		return nil
	}
	return o.lookUp(ctx, spec)
}

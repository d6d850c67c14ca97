package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// NewPlan decides what has to be done so that have becomes want. It is pure:
// equal values give equal plans. All obstacles come at once, in a
// *BlockedError. A plan that a hold forbids is still made, with Held set, so
// that it can be shown.
func NewPlan(want Desired, have Observed, rules Rules) (Plan, error) {
	p := planner{want: want, have: have, rules: rules, own: Owned(have.Ledger, want)}
	if want.Account != "" && have.Account != want.Account {
		return Plan{}, &BlockedError{Stack: want.Stack, Problems: []error{
			&AccountError{Want: want.Account, Have: have.Account}}}
	}
	p.own = p.own.with(have, want.Stack)
	p.resolve()
	table := p.bindings()
	result, errs := associations.Diff(
		associations.Want{Table: table, Distributions: p.distributionIDs()},
		have.Distributions, p.own.Ownership,
		associations.Rules{Adopt: rules.Adopt, AllowDetach: rules.AllowDetach, WithPolicy: rules.WithPolicy, Restore: want.Kind == release.KindRollback})
	p.errs = append(p.errs, errs...)
	p.retag = p.tags()
	if len(p.errs) > 0 {
		return Plan{}, &BlockedError{Stack: want.Stack, Problems: p.errs}
	}
	for _, s := range result.Skipped {
		delete(table, s.Slot)
	}
	return p.plan(table, result), nil
}

type planner struct {
	want  Desired
	have  Observed
	rules Rules
	own   ownership

	functions []release.Function // want's, with the numbers of versions that exist
	publish   []Publish
	activate  []Activate
	kept      []release.Function
	retag     []Tag
	adopted   bool            // a function is taken over
	lost      []release.Bound // what cannot be given back, because it no longer exists
	errs      []error
}

// resolve finds for each wanted function the version that serves, or plans to
// publish one.
func (p *planner) resolve() {
	for _, f := range p.want.Functions {
		switch {
		case f.Number != 0:
			p.pinned(f)
		default:
			p.reuseOrPublish(f)
		}
	}
}

// pinned takes exactly the recorded version, or refuses: a rollback never
// quietly publishes.
func (p *planner) pinned(f release.Function) {
	if Recorded(p.have.Ledger.Live, f) || !p.want.Binds(f.Spec.Function) {
		p.keep(f)
		return
	}
	seen, ok := p.have.States[f.Ref()]
	if !ok {
		p.errs = append(p.errs, &PinError{Function: f, Release: p.want.Of, Gone: true})
		return
	}
	if seen.TagsError != "" {
		p.errs = append(p.errs, &versions.UnknownOwnerError{Function: f.Spec.Function, Reason: seen.TagsError})
		return
	}
	if seen.Version.Spec != f.Spec || seen.Version.Stack != p.want.Stack || seen.Tags[versions.StackTag] != p.want.Stack ||
		f.CodeSHA256 != "" && seen.Version.CodeSHA256 != f.CodeSHA256 {
		p.errs = append(p.errs, &PinError{Function: f, Release: p.want.Of, Seen: seen.Version, Owner: seen.Tags[versions.StackTag]})
		return
	}
	p.keep(f)
	// What was just seen Active needs no second look: a rollback is urgent.
	if seen.State.State != "Active" {
		p.activate = append(p.activate, Activate{Key: f.Key, Version: seen.Version})
	}
}

func (p *planner) keep(f release.Function) {
	p.functions = append(p.functions, f)
	p.kept = append(p.kept, f)
}

func (p *planner) reuseOrPublish(f release.Function) {
	for _, r := range []release.Release{p.have.Ledger.Live, p.have.Ledger.Pending} {
		if old, ok := r.Function(f.Spec.Function); ok && old.Spec == f.Spec && !p.have.Gone[old.Ref()] {
			f.Number, f.CodeSHA256 = old.Number, old.CodeSHA256
			p.keep(f)
			return
		}
	}
	if v, ok := versions.Reuse(f.Spec, p.want.Stack, p.have.Versions[f.Spec.Function]); ok {
		f.Number, f.CodeSHA256 = v.Ref.Number, v.CodeSHA256
		p.keep(f)
		p.activate = append(p.activate, Activate{Key: f.Key, Version: v, Point: p.have.Interrupted[f.Spec.Function]})
		return
	}
	p.functions = append(p.functions, f)
	head := p.have.Heads[f.Spec.Function]
	step := Publish{
		Key: f.Key, Spec: f.Spec, Create: !head.Exists, Resets: head.Config.Extra,
		CodeSHA256: f.CodeSHA256, ZipBytes: f.ZipBytes, Tags: p.want.Tags,
	}
	if old, ok := p.have.Ledger.Live.Function(f.Spec.Function); ok {
		step.Replaces, step.Config = old.Number, configChange(old.Spec.Config, f.Spec.Config)
	}
	if head.Exists && head.Tags[versions.StackTag] != p.want.Stack {
		switch {
		case head.TagsError != "":
			p.errs = append(p.errs, &versions.UnknownOwnerError{Function: f.Spec.Function, Reason: head.TagsError})
			return
		case !p.rules.Adopt:
			p.errs = append(p.errs, &versions.OwnerError{Function: f.Spec.Function, Owner: head.Tags[versions.StackTag]})
			return
		}
		step.Adopt, p.adopted = true, true
	}
	p.publish = append(p.publish, step)
}

// configChange says in words what differs between two configurations.
func configChange(from, to versions.Config) string {
	var words []string
	say := func(what, from, to string) {
		if from != to {
			words = append(words, fmt.Sprintf("%s %s → %s", what, cmp.Or(from, "default"), cmp.Or(to, "default")))
		}
	}
	say("runtime", from.Runtime, to.Runtime)
	say("handler", from.Handler, to.Handler)
	say("role", from.Role, to.Role)
	say("memory", strconv.Itoa(from.MemoryMB), strconv.Itoa(to.MemoryMB))
	say("timeout", strconv.Itoa(from.TimeoutSeconds), strconv.Itoa(to.TimeoutSeconds))
	say("log format", from.Logging.Format, to.Logging.Format)
	say("log level", from.Logging.Level, to.Logging.Level)
	say("log group", from.Logging.Group, to.Logging.Group)
	return strings.Join(words, ", ")
}

// bindings names the versions that the wanted slots shall hold.
func (p *planner) bindings() associations.Table {
	numbers := map[string]int{}
	for _, f := range p.functions {
		numbers[f.Spec.Function] = f.Number
	}
	table := make(associations.Table, len(p.want.Bindings))
	for slot, b := range p.want.Bindings {
		if b.ARN == "" && b.Version.Number == 0 {
			b.Version.Number = numbers[b.Version.Function]
		}
		table[slot] = b
	}
	p.giveBack(table)
	return table
}

// giveBack adds what slots go back to, as far as they still are ours to give
// and what sat there still exists.
func (p *planner) giveBack(table associations.Table) {
	for _, slot := range p.want.GivesBack.Slots() {
		b := p.want.GivesBack[slot]
		switch held := p.have.Distributions[slot.Distribution].Held[slot]; {
		case held != b && !p.own.Owns(slot, held):
		case p.have.Gone[b.Version]:
			p.lost = append(p.lost, release.Bound{Slot: slot, Binding: b})
		default:
			table[slot] = b
		}
	}
}

// bound leaves out what is given back: it is nobody's business of ours any more.
func (p *planner) bound(table associations.Table) associations.Table {
	table = maps.Clone(table)
	maps.DeleteFunc(table, func(slot associations.Slot, _ associations.Binding) bool {
		_, given := p.want.GivesBack[slot]
		return given
	})
	return table
}

func (p *planner) distributionIDs() []string {
	ids := make([]string, 0, len(p.want.Distributions))
	for _, d := range p.want.Distributions {
		ids = append(ids, d.ID)
	}
	return ids
}

// plan puts the decisions together.
func (p *planner) plan(table associations.Table, result associations.Result) Plan {
	plan := Plan{
		Schema: PlanSchema, Stack: p.want.Stack, Kind: p.want.Kind, Account: p.have.Account,
		Saw: p.have.Ledger.Position(), Seen: p.have.Ledger.Seen, Heads: p.have.Heads,
	}
	if plan.Kind == release.KindApply && (p.adopted || len(result.Adopted) > 0) {
		plan.Kind = release.KindAdopt
	}
	plan.Goal = p.goal(plan.Kind, table, result)
	plan.Stages = p.stages(table, result)
	plan.Record = p.needsRecord(plan)
	plan.Notes = p.notes(result)
	plan.Context = p.context()
	if p.want.Kind == release.KindApply && plan.Changes() {
		plan.Held = heldBy(p.want, p.have.Ledger.Holds())
	}
	return plan
}

// stages orders the steps: tags, then versions, then one write for each
// distribution, then waiting. Steps of one stage do not depend on each other.
// Tags come before versions because TagResource is refused while a function
// is being updated (Lambda Developer Guide, function states).
func (p *planner) stages(table associations.Table, result associations.Result) []Stage {
	var tags, prepare, associate, await Stage
	for _, t := range p.retag {
		tags = append(tags, t)
	}
	for _, s := range p.publish {
		prepare = append(prepare, s)
	}
	for _, s := range p.activate {
		prepare = append(prepare, s)
	}
	waits := map[string]bool{}
	for _, ch := range result.Changes {
		associate = append(associate, Associate{Change: ch})
		waits[ch.Distribution] = true
	}
	for slot := range table {
		if !p.have.Distributions[slot.Distribution].Deployed {
			waits[slot.Distribution] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(waits)) {
		await = append(await, Await{Distribution: id})
	}
	var stages []Stage
	for _, s := range []Stage{tags, prepare, associate, await} {
		if len(s) > 0 {
			stages = append(stages, s)
		}
	}
	return stages
}

// goal is the release that the plan leads to.
func (p *planner) goal(kind release.Kind, table associations.Table, result associations.Result) release.Release {
	live := p.have.Ledger.Live
	table = p.bound(table)
	goal := release.Release{
		Schema: release.ReleaseSchema, Stack: p.want.Stack, Kind: kind, Parent: live.Number, Of: p.want.Of,
		Account: p.have.Account, Source: p.want.Source, Role: p.want.Role, Tags: p.want.Tags,
		Functions: slices.Clone(p.functions), Distributions: slices.Clone(p.want.Distributions),
		Bindings: release.List(table), Origins: p.origins(table),
		Holds: p.holds(),
	}
	slices.SortFunc(goal.Functions, release.CompareFunctions)
	for _, ch := range result.Changes {
		goal.Changed = append(goal.Changed, ch.Edits...)
	}
	return goal
}

// holds are the holds in force after the plan.
func (p *planner) holds() []release.Hold {
	if p.want.Kind == release.KindRollback {
		return p.want.Holds
	}
	return p.have.Ledger.Holds()
}

// origins says of each bound slot what sat there before the stack took it.
func (p *planner) origins(table associations.Table) []release.Bound {
	known := associations.Table{}
	for _, list := range [][]release.Bound{p.want.Origins, p.have.Ledger.Pending.Origins, p.have.Ledger.Live.Origins} {
		maps.Copy(known, release.Table(list))
	}
	origins := associations.Table{}
	for slot := range table {
		held := p.have.Distributions[slot.Distribution].Held[slot]
		switch first, ok := known[slot]; {
		case ok:
			origins[slot] = first
		case !held.Empty() && !p.own.Owns(slot, held) && !p.own.Slots[slot]:
			origins[slot] = held
		}
	}
	return release.List(origins)
}

// needsRecord says that the goal is not what the live release says already.
func (p *planner) needsRecord(plan Plan) bool {
	live, goal := p.have.Ledger.Live, plan.Goal
	switch {
	case live.Number == 0, p.have.Ledger.Pending.Number != 0, plan.Kind != release.KindApply:
		return true
	}
	for _, stage := range plan.Stages {
		for _, s := range stage {
			if _, wait := s.(Await); !wait {
				return true
			}
		}
	}
	return !slices.Equal(identities(live.Functions), identities(goal.Functions)) ||
		!slices.Equal(live.Distributions, goal.Distributions) ||
		!slices.Equal(live.Bindings, goal.Bindings) ||
		!maps.Equal(live.Tags, goal.Tags)
}

// identities leaves out what does not make a function another one: where it
// is packed anew, its zip may have another size.
func identities(functions []release.Function) []release.Function {
	list := slices.Clone(functions)
	for i := range list {
		list[i].ZipBytes, list[i].CodeSHA256 = 0, ""
	}
	return list
}

// recorded says that the release binds exactly this version.
func Recorded(r release.Release, f release.Function) bool {
	old, ok := r.Function(f.Spec.Function)
	return ok && old.Number == f.Number && old.Spec == f.Spec
}

package plan

import (
	"cmp"
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// NewPlan decides what has to be done so that have becomes want. It is pure:
// equal values give equal plans. All obstacles come at once, in a
// *BlockedError. A plan that a hold forbids is still made, with Held set, so
// that it can be shown.
func NewPlan(want Desired, have Observed, rules Rules) (Plan, error) {
	if want.Account != "" && have.Account != want.Account {
		return Plan{}, &BlockedError{Stack: want.Stack, Problems: []error{
			&AccountError{Want: want.Account, Have: have.Account}}}
	}
	if err := cmp.Or(have.Ledger.Sound(want.Stack), have.Ledger.Foreign()); err != nil {
		return Plan{}, &BlockedError{Stack: want.Stack, Problems: []error{err}}
	}
	p := newPlanner(want, have, rules, have.written() == release.WrittenAll)
	p.resolve()
	p.entries = p.numbered(want.Distributions)
	table := release.Release{Distributions: p.entries}.Table()
	result, errs := associations.Diff(associations.Want{Table: table, Distributions: p.ids()}, have.Distributions, p.own,
		associations.Rules{Adopt: rules.Adopt, AllowDetach: rules.AllowDetach, WithPolicy: rules.WithPolicy})
	p.errs = append(p.errs, errs...)
	p.retag = p.tags()
	if len(p.errs) > 0 {
		return Plan{}, p.blocked()
	}
	return p.plan(table, result), nil
}

// planner is one plan in the making.
type planner struct {
	want  Desired
	have  Observed
	rules Rules
	base  release.Base
	// settle is the release in flight that is committed first; 0 for none.
	settle int
	own    associations.Ownership

	functions []release.Function // want's, with the numbers of versions that exist
	entries   []release.Distribution
	publish   []Publish
	activate  []Activate
	kept      []release.Function
	retag     []Tag
	adopted   bool // a function is taken over
	errs      []error
}

// newPlanner begins a plan that commits the release in flight first, or
// supersedes it.
func newPlanner(want Desired, have Observed, rules Rules, settle bool) *planner {
	p := &planner{want: want, have: have, rules: rules, base: release.Base{Live: have.Ledger.Live}}
	switch flight, flying := have.Ledger.InFlight(); {
	case flying && settle:
		p.settle, p.base.Live = flight.Number, flight
	case flying:
		p.base.Superseded = flight
	}
	p.own = owned(p.base, have)
	return p
}

// owned is what the base makes the stack's, with the versions that any release
// in hand recorded, and those that were seen to carry the stack's mark.
func owned(base release.Base, have Observed) associations.Ownership {
	own := base.Ownership()
	for _, r := range have.inHand() {
		for _, f := range r.Functions {
			own.Versions[f.Ref()] = true
		}
	}
	for ref, v := range have.States {
		if v.Version.Stack == have.Stack && v.TagsError == "" && v.Tags[versions.StackTag] == have.Stack {
			own.Versions[ref] = true
		}
	}
	return own
}

// numbered gives the entries with the numbers of the versions that exist.
func (p *planner) numbered(entries []release.Distribution) []release.Distribution {
	numbers := map[string]int{}
	for _, f := range p.functions {
		numbers[f.Spec.Function] = f.Number
	}
	list := slices.Clone(entries)
	for i := range list {
		list[i].Bindings = slices.Clone(list[i].Bindings)
		for j := range list[i].Bindings {
			if b := &list[i].Bindings[j].Binding; b.Version.Number == 0 {
				b.Version.Number = numbers[b.Version.Function]
			}
		}
	}
	return list
}

func (p *planner) ids() []string { return release.Release{Distributions: p.entries}.IDs() }

// plan puts the decisions of an apply together.
func (p *planner) plan(table associations.Table, result associations.Result) Plan {
	plan := Plan{
		Schema: Schema, Stack: p.want.Stack, Kind: release.KindApply, Account: p.have.Account,
		Saw: p.have.Ledger.Position(), Settle: p.settle, Seen: p.have.Ledger.Seen, Heads: p.have.Heads,
	}
	p.wake()
	plan.Stages = p.stages(result.Changes, table)
	plan.Goal = p.goal(table, result)
	plan.Record = p.needsRecord(plan)
	if !plan.Record {
		plan.Goal = p.base.Live
	}
	plan.Notes = append(p.notes(result), p.strayNotes(table, result.Changes)...)
	if plan.Record {
		plan.Notes = append(plan.Notes, p.recordNotes(plan)...)
		plan.Notes = append(plan.Notes, p.sourceNotes()...)
	}
	plan.Context = p.context()
	if plan.Changes() {
		plan.Held = p.held(plan.Goal)
		plan.Context.FlightStays = len(plan.Held) > 0 && p.base.Supersedes() && !p.base.Superseded.IsBack() && !p.have.Ledger.UndoesSlots()
	}
	return plan
}

// stages orders the steps: tags, then versions, then one write for each
// distribution, then waiting. Steps of one stage do not depend on each other.
// Tags come before versions because TagResource is refused while a function
// is being updated (Lambda Developer Guide, function states).
func (p *planner) stages(changes []associations.Change, table associations.Table) []Stage {
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
	for _, ch := range changes {
		associate = append(associate, Associate{Change: ch})
		waits[ch.Distribution] = true
	}
	for slot := range table {
		if state, ok := p.have.Distributions[slot.Distribution]; ok && !state.Deployed {
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

// goal is the release that an apply leads to.
func (p *planner) goal(table associations.Table, result associations.Result) release.Release {
	live, sup := p.base.Live, p.base.Superseded
	goal := release.Release{
		Schema: release.Schema, Stack: p.want.Stack, Kind: release.KindApply, Adopted: p.adopted || len(result.Adopted) > 0,
		Parent: live.Number, Account: p.have.Account, Source: p.want.Source, Role: p.want.Role, Tags: p.want.Tags,
		Functions: slices.Clone(p.functions), Distributions: p.entries, Edits: edits(result.Changes),
		Unknown: live.Unknown,
	}
	slices.SortFunc(goal.Functions, release.CompareFunctions)
	goal.Orphans = release.Orphaned(goal.Functions, live, sup)
	goal.Holds = p.holdsAfter()
	goal.Takings = p.takings(table, goal.Edits)
	goal.Left = p.base.StillLeft(p.have.Held, decidedBy(table, goal.Edits))
	if sup.IsBack() && release.SameBindings(goal.Distributions, sup.Distributions) {
		// What the dead rollback was to bind: it is completed by another hand.
		goal.Brought, goal.Returns, goal.Back = sup.Brought, sup.Returns, sup.Back
		goal.On(sup)
		return goal
	}
	p.descend(&goal, p.changesSlots(table, goal.Edits))
	return goal
}

// descend says where a release that goes forward comes from, and where it
// returns. changes reports whether it changes a slot.
func (p *planner) descend(goal *release.Release, changes bool) {
	live, sup := p.base.Live, p.base.Superseded
	switch {
	case changes && sup.GoingBack():
		goal.Brought, goal.Returns = release.Self, sup.Target
		goal.Since(sup) // which has its target's commits
	case changes && p.base.Supersedes() && sup.Brought == live.Brought:
		// It brought nothing of its own: what is live comes before this one.
		goal.Brought, goal.Returns = release.Self, live.Number
		goal.Since(live, sup.Commits...)
	case changes && sup.IsBack():
		goal.Brought, goal.Returns = release.Self, sup.Number
		goal.Since(sup)
	case changes && p.base.Supersedes():
		goal.Brought, goal.Returns = release.Self, sup.Returns
		goal.Since(release.Release{CommitsBefore: sup.CommitsBefore}, sup.Commits...)
	case changes:
		goal.Brought, goal.Returns = release.Self, live.Number
		goal.Since(live)
	default:
		goal.Brought, goal.Returns, goal.Back = live.Brought, live.Returns, live.Back
		goal.On(live)
	}
}

// changesSlots reports whether an apply binds a slot otherwise than live did,
// or writes one, itself or by what it supersedes, that live did not bind. To
// repair what was changed outside is no change.
func (p *planner) changesSlots(table associations.Table, edits []associations.Edit) bool {
	live := p.base.Live.Table()
	touched := maps.Clone(live)
	for _, list := range [][]associations.Edit{edits, p.base.Superseded.Edits} {
		for _, e := range list {
			touched[e.Slot] = e.To
		}
	}
	for _, l := range p.base.Superseded.Left {
		touched[l.Slot] = l.Binding
	}
	for slot := range touched {
		if table[slot] != live[slot] {
			return true
		}
	}
	return false
}

// takings carries on what slots held before the stack took them, and adds what
// this plan takes, in place or by writing.
func (p *planner) takings(table associations.Table, edits []associations.Edit) []release.Taking {
	taken, own := p.base.Takings(p.have.Held), p.base.Untaken(p.own, p.have.Held)
	for slot, b := range table {
		held := p.have.Held(slot)
		release.Take(taken, associations.Edit{Slot: slot, From: held, To: b}, own)
	}
	for _, e := range edits {
		if e.To.Empty() {
			release.Take(taken, e, own)
		}
	}
	decided := decidedBy(table, edits)
	for _, e := range p.base.Superseded.Edits {
		if t := taken[e.Slot]; !decided(e.Slot) && t.Holder == p.have.Held(e.Slot) {
			delete(taken, e.Slot) // given back by a rollback that died
		}
	}
	return release.SortTakings(taken)
}

// holds are the holds in force.
func (p *planner) holds() []release.Hold {
	if p.settle != 0 {
		return p.base.Live.Holds
	}
	return p.have.Ledger.Holds()
}

// holdsAfter are those in force after an apply. What a dead rollback lifted by
// going back is held no more: a rollback of this release goes to its target. What
// one lifted that went forth is held again.
func (p *planner) holdsAfter() []release.Hold {
	if sup := p.base.Superseded; sup.GoingBack() || sup.Kind == release.KindApply || sup.Kind == release.KindDestroy {
		return sup.Holds
	}
	return p.holds()
}

// held gives every reason why the goal must not be applied.
func (p *planner) held(goal release.Release) []release.Held {
	return release.HeldBy(p.holds(), release.Bringing{
		Places: goal.Places(), Source: p.want.Source, Strict: p.want.StrictHold,
		Spec: func(ref versions.Ref) versions.Spec {
			f, _ := goal.Function(ref.Function)
			return f.Spec
		},
		Key: func(function string) string {
			if f, ok := goal.Function(function); ok {
				return f.Key
			}
			return function
		},
		Gone: func(at release.Place) bool { return !p.placeExists(goal, at) },
	})
}

// placeExists reports whether the cache behavior of a place exists, in the
// distributions that the key means now, or meant last if the goal drops it.
func (p *planner) placeExists(goal release.Release, at release.Place) bool {
	for _, r := range []release.Release{goal, p.have.Ledger.Live, p.have.Ledger.Pending} {
		for _, d := range r.Distributions {
			if d.Key == at.Key {
				return slices.ContainsFunc(d.IDs, func(id string) bool {
					return p.have.exists(associations.Slot{Distribution: id, Path: at.Path})
				})
			}
		}
	}
	return false
}

// needsRecord reports whether the goal is not what the base says already.
func (p *planner) needsRecord(plan Plan) bool {
	live, goal := p.base.Live, plan.Goal
	return live.Number == 0 || p.base.Supersedes() || plan.acts() || goal.Adopted ||
		!slices.Equal(identities(live.Functions), identities(goal.Functions)) ||
		!release.SameBindings(live.Distributions, goal.Distributions) ||
		!maps.Equal(live.Tags, goal.Tags)
}

// identities leaves out what does not make a function another one: where it
// is packed anew, its zip may have another size, and its parts may be known.
func identities(functions []release.Function) []release.Function {
	list := slices.Clone(functions)
	for i := range list {
		list[i].ZipBytes, list[i].CodeSHA256, list[i].Parts = 0, "", versions.Parts{}
	}
	return list
}

// edits are those of changes, in the order of their slots.
func edits(changes []associations.Change) []associations.Edit {
	var list []associations.Edit
	for _, ch := range changes {
		list = append(list, ch.Edits...)
	}
	return list
}

// decidedBy tells which slots a plan binds or edits.
func decidedBy(table associations.Table, edits []associations.Edit) func(associations.Slot) bool {
	return func(s associations.Slot) bool {
		_, bound := table[s]
		return bound || slices.ContainsFunc(edits, func(e associations.Edit) bool { return e.Slot == s })
	}
}

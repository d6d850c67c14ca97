package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// NewRollback decides how to go back, or to a named release, without a spec and
// without bundles: the target's own versions are attached, by number. It is
// pure. What stands in the way comes at once, in a *BlockedError; what can only
// be left undone is in the plan's Unfinished.
func NewRollback(req release.Request, have Observed, rules Rules) (Plan, error) {
	if err := have.Ledger.Sound(have.Stack); err != nil && !req.Named {
		return Plan{}, err
	}
	have.Ledger = have.Ledger.Recalled()
	route, err := release.Find(have.Ledger, req, have.written())
	if err != nil {
		return Plan{}, err
	}
	p := &restorer{planner: newPlanner(Desired{Stack: have.Stack}, have, rules, route.Settle != 0), req: req, route: route}
	switch {
	case route.Way == release.WayNothing:
		return p.nothing(), nil
	case route.Way != release.WayPutBack && route.Target != 0 && !p.known(route.Target):
		return Plan{}, &release.NoTargetError{Stack: have.Stack, Live: have.Ledger.Live.Number, Asked: route.Target}
	case req.Named && have.Ledger.Live.Number == 0 && have.Ledger.Pending.Number == 0 && req.To == 0:
		return Plan{}, &release.NoTargetError{Stack: have.Stack}
	}
	p.prepare()
	if route.Way == release.WayPutBack {
		return p.putBack()
	}
	return p.restore()
}

// restorer is a rollback's planner.
type restorer struct {
	*planner
	req    release.Request
	route  release.Route
	undone release.Release
	target release.Release
	taken  map[associations.Slot]release.Taking // what slots held before
	// unknown reports that nothing is known of what is live.
	unknown bool

	table      associations.Table              // what the target binds, where it is now
	moved      map[release.Place]release.Place // by the target's place
	edits      map[associations.Slot]associations.Edit
	unfinished []Unfinished
	notes      []Note
}

func (p *restorer) known(n int) bool {
	r := p.release(n)
	return r.Number == n
}

// release finds a release that was observed; the zero Release for 0.
func (p *restorer) release(n int) release.Release {
	for _, r := range []release.Release{p.have.Ledger.Live, p.have.Ledger.Pending, p.have.Releases[n]} {
		if r.Number == n {
			return r
		}
	}
	return release.Release{}
}

func (p *restorer) prepare() {
	p.undone, p.target = p.release(p.route.Undone), p.release(p.route.Target)
	if p.req.Named && p.base.Supersedes() && p.route.Way == release.WayNew && p.target.Brought == p.base.Live.Brought {
		// What is in flight is all that separates the stack from the target.
		p.route.Undone, p.undone = p.base.Superseded.Number, p.base.Superseded
	}
	p.taken = p.base.Takings(p.have.Held)
	p.restoring()
	p.table, p.moved = associations.Table{}, map[release.Place]release.Place{}
	p.edits = map[associations.Slot]associations.Edit{}
	for _, r := range p.have.Releases {
		for _, f := range r.Functions {
			p.own.Versions[f.Ref()] = true
		}
	}
}

// restoring takes a named release for what was live, where the ledger does not
// tell: its alias live was deleted, or names no record. Whose the slots are, what
// they held before and what is held is then as that release says.
func (p *restorer) restoring() {
	lost := p.have.Ledger.Lost != 0 || p.have.Ledger.Broken != 0
	if !lost || p.base.Live.Number != 0 || !p.req.Named || p.target.Number == 0 {
		return // where nothing was ever live, a record makes no slot the stack's
	}
	own := release.Base{Live: p.target}.Ownership()
	maps.Copy(p.own.Slots, own.Slots)
	maps.Copy(p.own.Versions, own.Versions)
	maps.Copy(p.own.Functions, own.Functions)
	for _, t := range p.target.Takings {
		if _, known := p.taken[t.Slot]; !known {
			p.taken[t.Slot] = t
		}
	}
	p.unknown = !p.base.Supersedes()
}

func (p *restorer) note(kind, format string, args ...any) {
	p.notes = append(p.notes, Note{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

// gone leaves out a slot whose cache behavior does not exist.
func (p *restorer) gone(slot associations.Slot) {
	p.unfinished = append(p.unfinished, Unfinished{slot, behaviorGone, true})
}

// begin is what every plan of a rollback has.
func (p *restorer) begin() Plan {
	return Plan{
		Schema: Schema, Stack: p.have.Stack, Kind: release.KindRollback, Account: p.have.Account, Named: p.req.Named,
		Saw: p.have.Ledger.Position(), Seen: p.have.Ledger.Seen, Goal: p.base.Live,
	}
}

func (p *restorer) nothing() Plan {
	plan := p.begin()
	plan.Goal, plan.Settle = p.have.Ledger.Live, 0
	plan.Context.Holds = p.have.Ledger.Holds()
	text := fmt.Sprintf("release %d is neither live nor in flight: there is nothing of it to undo", p.req.Of)
	if flight, flying := p.have.Ledger.InFlight(); flying {
		text += fmt.Sprintf("; release %d is in flight now", flight.Number)
	}
	plan.Notes = []Note{{Kind: "nothing", Text: text}}
	return plan
}

// putBack plans what a rollback does that finds the stack back already: what
// differs from the live release is put back, and nothing is recorded.
func (p *restorer) putBack() (Plan, error) {
	plan := p.begin()
	plan.Settle = p.settle
	live := p.base.Live
	p.table = live.Table()
	for _, slot := range p.table.Slots() {
		b, held := p.table[slot], p.have.Held(slot)
		switch {
		case held == b:
		case !p.have.exists(slot):
			p.gone(slot)
			delete(p.table, slot)
		case !p.own.Fills(slot, held) && !p.rules.Adopt:
			p.errs = append(p.errs, &associations.ConflictError{Slot: slot, Holder: held})
		default:
			p.edits[slot] = associations.Edit{Slot: slot, From: held, To: b}
		}
	}
	p.target = live
	if p.takesFromOthers() {
		// Who held the slot before has to be known: this is recorded.
		plan.Record, plan.Goal = true, p.again(live)
	}
	out := passedContents(p.release(live.Back), live)
	p.strays(out, nil)
	plan.Context.Back = &Back{At: int(live.Brought), Since: live.At, Undone: live.Back, Further: live.Returns}
	if live.Brought == 0 {
		plan.Context.Back.Further = -1
	}
	plan.Context.Holds = live.Holds
	p.note("already-back", "%s", p.backWords(live))
	return p.finish(plan)
}

// again is a record of what is live, of a rollback that takes slots over.
func (p *restorer) again(live release.Release) release.Release {
	goal := live.Derive(release.KindRollback)
	goal.Adopted, goal.Undone, goal.Target = true, live.Back, live.Number
	goal.Edits = edits(p.changes())
	goal.Takings = p.takings(goal.Edits)
	goal.Left = p.base.StillLeft(p.have.Held, decidedBy(p.table, goal.Edits))
	return goal
}

// takesFromOthers reports whether the rollback writes over what is not the
// stack's: --adopt allowed it.
func (p *restorer) takesFromOthers() bool {
	own := p.base.Untaken(p.own, p.have.Held)
	for slot, e := range p.edits {
		if _, bound := p.table[slot]; bound && !e.From.Empty() && !own.Empties(slot, e.From) {
			return true
		}
	}
	return false
}

// backWords says where the stack is back at.
func (p *restorer) backWords(live release.Release) string {
	at := "what was there before the first release"
	if live.Brought != 0 {
		at = fmt.Sprintf("release %d", live.Brought)
	}
	return fmt.Sprintf("back at %s: release %d was rolled back %s", at, live.Back, live.At.UTC().Format("2006-01-02 15:04 UTC"))
}

// restore plans a rollback that has something to undo.
func (p *restorer) restore() (Plan, error) {
	entries := p.place()
	p.fill()
	p.empty()
	plan := p.begin()
	plan.Settle = p.settle
	sup := p.base.Superseded
	goal := p.goal(entries)
	switch {
	case p.route.Way == release.WayComplete && p.asRecorded(goal):
		plan.Complete, plan.Goal = sup.Number, sup
	case p.route.Way == release.WayComplete:
		// It cannot be finished as it was recorded: another of the same target.
		goal.Brought, goal.Returns, goal.Back = sup.Brought, sup.Returns, sup.Back
		goal.Commits, goal.CommitsBefore = sup.Commits, sup.CommitsBefore
		if !p.typedOver() {
			goal.Holds = sup.Holds
		}
		plan.Record, plan.Goal = true, goal
	case p.alreadyThere(goal):
		// What differs is put back.
	default:
		plan.Record, plan.Goal = true, goal
	}
	p.strays(p.passed(), goal.Contents())
	plan.Context.Holds = plan.Goal.Holds
	if r := p.target; r.Number != 0 {
		plan.Context.Target = &Target{r.Number, r.At, r.Actor, r.Message, r.Source.Commit, r.Source.Dirty}
	}
	return p.finish(plan)
}

// asRecorded reports whether a rollback in flight can be finished by the record
// that it has.
func (p *restorer) asRecorded(goal release.Release) bool {
	return release.SameBindings(goal.Distributions, p.base.Superseded.Distributions) && !p.typedOver() && !p.takesFromOthers()
}

// typedOver reports whether a person completes what --on-failure rollback began:
// that one holds nothing, and a rollback that is typed does.
func (p *restorer) typedOver() bool {
	return p.base.Superseded.Automatic && !p.req.Automatic
}

// alreadyThere reports whether a named release's bindings are live already.
func (p *restorer) alreadyThere(goal release.Release) bool {
	for slot := range p.edits {
		if _, bound := p.table[slot]; !bound {
			return false // it empties a slot, or gives one back: that is recorded first
		}
	}
	return p.req.Named && !p.base.Supersedes() && p.have.Ledger.Lost == 0 && p.have.Ledger.Broken == 0 && !p.takesFromOthers() && maps.Equal(goal.Places(), p.base.Live.Places()) &&
		(p.base.Live.Number != 0 || p.target.Number == 0)
}

// finish checks what will be attached, and puts steps and notes into the plan.
func (p *restorer) finish(plan Plan) (Plan, error) {
	p.pinned()
	changes := p.changes()
	p.policies(changes)
	if len(p.errs) > 0 {
		return Plan{}, p.blocked()
	}
	plan.Stages = p.stages(changes, p.table)
	plan.Unfinished = p.unfinished
	plan.Notes = append(p.notes, p.writeNotes(changes)...)
	from := p.context()
	for _, d := range p.target.Distributions {
		if id := d.ID(); id != "" && from.Keys[id] == "" {
			from.Keys[id] = d.Key
		}
	}
	plan.Context.Domains, plan.Context.Keys, plan.Context.Kept = from.Domains, from.Keys, plan.Goal.Functions
	plan.Context.Replaced = replaced(p.base.Live, plan.Goal.Functions)
	return plan, nil
}

// changes groups the edits by distribution.
func (p *restorer) changes() []associations.Change {
	byID := map[string][]associations.Edit{}
	for slot, e := range p.edits {
		byID[slot.Distribution] = append(byID[slot.Distribution], e)
	}
	var list []associations.Change
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		slices.SortFunc(byID[id], func(a, b associations.Edit) int { return a.Slot.Compare(b.Slot) })
		list = append(list, associations.Change{Distribution: id, Edits: byID[id], WithPolicy: p.rules.WithPolicy})
	}
	return list
}

// policies asks for --with-policy where a distribution takes part in
// continuous deployment.
func (p *restorer) policies(changes []associations.Change) {
	for _, ch := range changes {
		state := p.have.Distributions[ch.Distribution]
		if !p.rules.WithPolicy && (state.Staging || state.Policy != "") {
			p.errs = append(p.errs, &associations.PolicyError{Distribution: ch.Distribution, Policy: state.Policy})
		}
	}
}

// pinned makes sure of every version that will be attached: a rollback never
// publishes, and refuses before its first write. What has not been looked at
// yet is taken for granted: the observer reads it, and plans again.
func (p *restorer) pinned() {
	done := map[versions.Ref]bool{}
	for _, slot := range slices.SortedFunc(maps.Keys(p.edits), associations.Slot.Compare) {
		to := p.edits[slot].To
		if to.Empty() || to.ARN != "" || done[to.Version] {
			continue
		}
		done[to.Version] = true
		p.pin(slot, to.Version)
	}
}

func (p *restorer) pin(slot associations.Slot, ref versions.Ref) {
	f, ours := p.target.Records(ref)
	if p.have.Gone[ref] {
		if ours {
			p.errs = append(p.errs, &PinError{Function: f, Release: p.target.Number, Gone: true})
			return
		}
		p.errs = append(p.errs, &HolderGoneError{Slot: slot, Holder: ref})
		return
	}
	seen, looked := p.have.States[ref]
	if !looked || !ours {
		return
	}
	if unknown := seen.Version.Spec.Config.Unknown(); len(unknown) > 0 {
		p.note("unknown-config", "%s carries %s, which this edgedeploy does not know; all that it knows is as release %d recorded it",
			ref, strings.Join(unknown, " and "), p.target.Number)
	}
	switch {
	case seen.TagsError != "":
		p.errs = append(p.errs, &versions.UnknownOwnerError{Function: ref.Function, Reason: seen.TagsError})
	case seen.Version.Spec.Known() != f.Spec || seen.Version.Stack != p.have.Stack || seen.Tags[versions.StackTag] != p.have.Stack ||
		f.CodeSHA256 != "" && seen.Version.CodeSHA256 != f.CodeSHA256:
		p.errs = append(p.errs, &PinError{Function: f, Release: p.target.Number, Seen: seen.Version, Owner: seen.Tags[versions.StackTag]})
	case seen.State.State != "Active":
		// What was just seen Active needs no second look: a rollback is urgent.
		v := seen.Version
		v.Spec = v.Spec.Known()
		p.activate = append(p.activate, Activate{Key: f.Key, Version: v})
	}
}

package plan

import (
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// NewDestroy decides how a stack lets go of all its slots: what it took from
// others goes back to them, and the rest is emptied. That is a release like any
// other, which binds nothing and publishes nothing: a rollback of it restores what
// was live, as long as the versions are there. What sits there by the hand of
// others is left alone and named. It is pure. A stack that has let go already
// gets a plan without changes.
func NewDestroy(have Observed, rules Rules) (Plan, error) {
	if err := have.Ledger.Sound(have.Stack); err != nil {
		return Plan{}, err
	}
	if err := have.Ledger.Foreign(); err != nil {
		return Plan{}, err
	}
	rules.AllowDetach = true // that is what was asked for
	p := &restorer{planner: newPlanner(Desired{Stack: have.Stack}, have, rules, have.written() == release.WrittenAll), req: release.Request{Named: true}}
	p.prepare()
	p.empty()
	plan := p.begin()
	plan.Kind, plan.Settle = release.KindDestroy, p.settle
	if live := p.base.Live; p.base.Supersedes() || live.Number != 0 && live.Kind != release.KindDestroy || len(p.edits) > 0 {
		plan.Record, plan.Goal = true, p.destroyed()
	}
	for _, s := range straysIn(have, p.own, []release.Release{p.base.Live, p.base.Superseded}, p.after) {
		p.notes = append(p.notes, strayNote(s))
	}
	plan.Context.Holds = plan.Goal.Holds
	plan, err := p.finish(plan)
	plan.Context.Kept = p.base.Live.Functions // their keys name what is let go of
	return plan, err
}

// destroyed is the record of a stack that has let go of its slots. Its holds stay
// in force: going forward lifts none.
func (p *restorer) destroyed() release.Release {
	live := p.base.Live
	like := live
	if like.Number == 0 {
		like = p.base.Superseded
	}
	goal := release.Release{
		Schema: release.Schema, Stack: p.have.Stack, Kind: release.KindDestroy, Parent: live.Number, Account: p.have.Account,
		Role: like.Role, Tags: like.Tags, Functions: []release.Function{}, Distributions: []release.Distribution{},
		Edits: edits(p.changes()), Holds: p.holdsAfter(), Unknown: live.Unknown,
	}
	goal.Orphans = release.Orphaned(nil, live, p.base.Superseded)
	goal.Takings = p.takings(goal.Edits)
	goal.Left = p.base.StillLeft(p.have.Held, decidedBy(nil, goal.Edits))
	p.descend(&goal, true)
	return goal
}

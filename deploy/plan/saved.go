package plan

import (
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Applied is what is left to do of a plan whose release is live: to wait until it
// is everywhere. While another release is in flight on top, that is not waited
// for, because the slots are the other's.
func (p Plan) Applied(state release.LedgerState) Plan {
	done := Plan{
		Schema: p.Schema, Stack: p.Stack, Kind: p.Kind, Account: p.Account, Saw: state.Position(), Seen: state.Seen, Goal: state.Live,
		Notes:   []Note{{Kind: "applied", Text: fmt.Sprintf("This plan was applied as release %d, which is live", state.Live.Number)}},
		Context: Context{Domains: p.Context.Domains, Keys: p.Context.Keys, Kept: state.Live.Functions, Holds: state.Live.Holds},
	}
	if _, flying := state.InFlight(); flying {
		return done
	}
	var await Stage
	for s := range p.Steps() {
		if a, ok := s.(Await); ok && !slices.Contains(await, Step(a)) {
			await = append(await, a)
		}
	}
	if len(await) > 0 {
		done.Stages = []Stage{await}
	}
	return done
}

// Settled is a plan whose Settle was done already, by a run that died before its
// own record or by another one: the rest of it is as it was planned. It reports
// whether that is where the ledger stands.
func (p Plan) Settled(now release.Position) (Plan, bool) {
	if p.Settle == 0 || now != (release.Position{Live: p.Settle}) {
		return p, false
	}
	p.Saw, p.Settle = now, 0
	return p, true
}

// NewCompletion plans to finish the apply in flight by the record that it has: the
// slots that it did not write yet are written, and nothing is published. It is
// pure. A slot that holds neither what was there nor what is to be there is an
// obstacle, as to the run that began it: a *BlockedError.
func NewCompletion(have Observed) (Plan, error) {
	if err := have.Ledger.Foreign(); err != nil {
		return Plan{}, &BlockedError{Stack: have.Stack, Problems: []error{err}}
	}
	flight, flying := have.Ledger.InFlight()
	if !flying || flight.Kind != release.KindApply {
		return Plan{}, fmt.Errorf("stack %s has no apply in flight that could be completed", have.Stack)
	}
	p := newPlanner(Desired{Stack: have.Stack}, have, Rules{}, false)
	var changes []associations.Change
	for _, e := range flight.Edits {
		switch held := have.Held(e.Slot); held {
		case e.To:
		case e.From:
			if n := len(changes) - 1; n < 0 || changes[n].Distribution != e.Slot.Distribution {
				// The plan that made the record was allowed to, or met no policy.
				changes = append(changes, associations.Change{Distribution: e.Slot.Distribution, WithPolicy: true})
			}
			last := &changes[len(changes)-1]
			last.Edits = append(last.Edits, e)
		default:
			p.errs = append(p.errs, &associations.ChangedError{
				Slot: e.Slot, From: e.From, To: e.To, Live: held, NoBehavior: !have.exists(e.Slot),
			})
		}
	}
	if len(p.errs) > 0 {
		return Plan{}, p.blocked()
	}
	return Plan{
		Schema: Schema, Stack: have.Stack, Kind: release.KindApply, Account: have.Account,
		Saw: have.Ledger.Position(), Seen: have.Ledger.Seen, Complete: flight.Number, Goal: flight,
		Stages:  p.stages(changes, flight.Table()),
		Notes:   []Note{{Kind: "in-flight", Text: fmt.Sprintf("goes on with release %d, which a run of this plan began", flight.Number)}},
		Context: Context{Domains: p.context().Domains, Keys: p.context().Keys, Kept: flight.Functions, Holds: flight.Holds},
	}, nil
}

package plan

import (
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Applied is what is left to do of a plan whose release is live: to wait until it
// is everywhere. While another release is in flight on top, that is not waited
// for, because the slots are the other's.
func (p Plan) Applied(state release.LedgerState) Plan {
	done := Plan{
		Schema: p.Schema, Stack: p.Stack, Kind: p.Kind, Account: p.Account, Saw: state.Position(), Seen: state.Seen, Goal: state.Live,
		Notes:   []Note{{Kind: "applied", Text: fmt.Sprintf("This plan was applied as release %d, which is live", state.Live.Number)}},
		Context: Context{Domains: p.Context.Domains, Kept: state.Live.Functions, Holds: state.Live.Holds},
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

package plan

import (
	"cmp"
	"fmt"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// NewResume plans to lift holds: it records a release that binds what is bound,
// and touches nothing else. A release in flight all of whose writes were made is
// committed first; with another one it refuses with *InFlightError. Where there
// is nothing to lift it refuses with *NotHeldError.
func NewResume(lift release.Lift, have Observed) (Plan, error) {
	state := have.Ledger
	if err := cmp.Or(state.Sound(have.Stack), state.Foreign()); err != nil {
		return Plan{}, err
	}
	live, settle := state.Live, 0
	if flight, ok := state.InFlight(); ok {
		if written := have.written(); written != release.WrittenAll {
			return Plan{}, &InFlightError{Stack: have.Stack, State: state, Written: written}
		}
		live, settle = flight, flight.Number
	}
	if live.Number == 0 {
		return Plan{}, &release.NoTargetError{Stack: have.Stack}
	}
	stay, gone := release.Lifted(live.Holds, lift)
	if len(gone) == 0 {
		return Plan{}, &NotHeldError{Stack: have.Stack, Lift: lift, Holds: live.Holds}
	}
	goal := live.Derive(release.KindResume)
	goal.Holds = stay
	return Plan{
		Schema: Schema, Stack: have.Stack, Kind: release.KindResume, Account: have.Account, Settle: settle,
		Saw: state.Position(), Seen: state.Seen, Goal: goal, Record: true,
		Context: Context{Holds: stay, Kept: goal.Functions},
	}, nil
}

// InFlightError says that a release was begun and never committed, so that what
// is bound is not what the live release says. A record on top of it would hide
// what it wrote. Nothing was changed.
type InFlightError struct {
	Stack   string
	State   release.LedgerState
	Written release.Written
}

func (e *InFlightError) Error() string {
	flight := e.State.Pending
	if flight.GoingBack() {
		return fmt.Sprintf("stack %s is on its way back to release %d: that rollback was interrupted", e.Stack, flight.Target)
	}
	return fmt.Sprintf("stack %s has release %d in flight: it was begun and never committed", e.Stack, flight.Number)
}

// NotHeldError says that there is no hold to lift.
type NotHeldError struct {
	Stack string
	Lift  release.Lift
	Holds []release.Hold
}

func (e *NotHeldError) Error() string {
	of := ""
	if e.Lift.Function != "" {
		of = " of function " + e.Lift.Function
	}
	switch {
	case e.Lift.Release != 0:
		return fmt.Sprintf("stack %s has no hold%s for release %d", e.Stack, of, e.Lift.Release)
	case of != "" && len(e.Holds) > 0:
		return fmt.Sprintf("stack %s holds nothing%s", e.Stack, of)
	default:
		return fmt.Sprintf("stack %s is not held", e.Stack)
	}
}

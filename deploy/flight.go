package deploy

import (
	"context"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// PrepareCompletion plans to finish the apply in flight. It reads the distributions
// that its record names, and those of the live release.
func PrepareCompletion(ctx context.Context, r *Reader, state release.LedgerState) (plan.Plan, error) {
	o, err := newObserver(ctx, r, state, stackOf(state), "")
	if err != nil {
		return plan.Plan{}, err
	}
	if err := o.distributions(ctx, nil); err != nil {
		return plan.Plan{}, err
	}
	return plan.NewCompletion(o.have)
}

// PrepareResume plans to lift holds. The account is looked at only while a
// release is in flight.
func PrepareResume(ctx context.Context, r *Reader, state release.LedgerState, lift release.Lift) (plan.Plan, error) {
	o, err := newObserver(ctx, r, state, stackOf(state), "")
	if err != nil {
		return plan.Plan{}, err
	}
	if _, flying := state.InFlight(); flying {
		if err := o.distributions(ctx, nil); err != nil {
			return plan.Plan{}, err
		}
	}
	return plan.NewResume(lift, o.have)
}

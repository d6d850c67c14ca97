package deploy

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// PrepareCompletion plans to finish the apply in flight. It reads the distributions
// that its record names.
func PrepareCompletion(ctx context.Context, c Cloud, state release.LedgerState) (plan.Plan, error) {
	o, err := newObserver(ctx, c, state, stackOf(state), "")
	if err != nil {
		return plan.Plan{}, err
	}
	if err := o.flight(ctx); err != nil {
		return plan.Plan{}, err
	}
	return plan.NewCompletion(o.have)
}

// flight reads the distributions of the live release and of the one in flight.
func (o *observer) flight(ctx context.Context) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	o.distributions(gctx, group, nil)
	return group.Wait()
}

// PrepareResume plans to lift holds. The account is looked at only while a
// release is in flight.
func PrepareResume(ctx context.Context, c Cloud, state release.LedgerState, lift release.Lift) (plan.Plan, error) {
	o, err := newObserver(ctx, c, state, stackOf(state), "")
	if err != nil {
		return plan.Plan{}, err
	}
	if _, flying := state.InFlight(); flying {
		if err := o.flight(ctx); err != nil {
			return plan.Plan{}, err
		}
	}
	return plan.NewResume(lift, o.have)
}

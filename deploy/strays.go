package deploy

import (
	"context"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Strays finds versions of the stack in slots of the distributions, as they
// were read, that neither the live release nor the one in flight decides. A
// version that neither of them records is looked at: its mark tells whose it is.
func Strays(ctx context.Context, r *Reader, state release.LedgerState, distributions map[string]associations.State) ([]release.Stray, error) {
	if state.Live.Number == 0 && state.Pending.Number == 0 {
		return nil, nil
	}
	o, err := newObserver(ctx, r, state, stackOf(state), "")
	if err != nil {
		return nil, err
	}
	o.have.Distributions = distributions
	if err := o.holders(ctx); err != nil {
		return nil, err
	}
	return plan.Strays(o.have), nil
}

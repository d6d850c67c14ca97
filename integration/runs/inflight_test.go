package runs

import (
	"context"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// interruptAfterFirstWrite lets an apply die once it wrote its first distribution.
func (r *rig) interruptAfterFirstWrite(want plan.Desired) {
	r.t.Helper()
	planned, err := r.plan(r.t.Context(), want)
	if err != nil {
		r.t.Fatal(err)
	}
	r.interrupt(planned)
}

// interrupt runs a plan and stops it once it wrote its first distribution.
func (r *rig) interrupt(planned plan.Plan) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	runner := r.runner()
	runner.Notify = func(e deploy.Event) {
		if done, ok := e.(deploy.StepDone); ok {
			if _, wrote := done.Step.(plan.Associate); wrote {
				cancel()
			}
		}
	}
	if _, err := runner.Run(ctx, planned, deploy.Run{ID: "interrupted", Actor: "me", Tool: "test"}); err == nil {
		r.t.Fatal("the run was not interrupted")
	}
}

func at(number int) associations.Binding {
	if number == 0 {
		return associations.Binding{}
	}
	return associations.Binding{Version: versions.Ref{Function: "shop-auth", Number: number}}
}

// A rollback out of an apply that stopped halfway may itself die at any call.
// Rolled back once more, everything is as the live release has it: it goes no
// further back, and forgets no slot that only the halfway release took.
func TestARollbackFromHalfwayThatDiesIsRepairedByRollingBackAgain(t *testing.T) {
	t.Parallel()
	const three = "({...event.Records[0].cf.request, three: 3})"
	for name, to := range map[string]int{"to what is live": -1, "further back": 1} {
		for _, effect := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for n := 12; ; n++ { // before that, the rollback only reads
					r := newRig(t, viewer.Distribution, second.Distribution)
					r.mustApply(r.want(one, viewer))
					r.mustApply(r.want(two, viewer))
					// It takes images too, writes the first distribution, and stops before the second.
					r.interruptAfterFirstWrite(r.want(three, viewer, images, second))
					if held := r.held(images); held != at(3) {
						t.Fatalf("%s holds %s", images, held)
					}
					r.connect()
					r.dieAt(n, effect)
					_, err := r.rollback(t.Context(), to)
					r.revive()
					wanted := at(2)
					if to == 1 {
						wanted = at(1)
					}
					if err != nil {
						state, rerr := r.ledger.Read(t.Context(), stack)
						if rerr != nil {
							t.Fatal(rerr)
						}
						if state.Live.Kind != release.KindRollback {
							if _, err := r.rollback(t.Context(), to); err != nil {
								t.Fatalf("died at call %d; again: %v", n, err)
							}
						}
					}
					if held := r.held(viewer); held != wanted {
						t.Errorf("died at call %d: %s holds %s, want %s", n, viewer, held, wanted)
					}
					if held := r.held(images); !held.Empty() {
						t.Errorf("died at call %d: %s still holds %s", n, images, held)
					}
					if err == nil {
						return
					}
				}
			})
		}
	}
}

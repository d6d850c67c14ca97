package runs

import (
	"context"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
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

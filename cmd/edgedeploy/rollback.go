package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
)

func (a *app) rollbackCommand() *cobra.Command {
	var run runFlags
	var rules plan.Rules
	var req release.Request
	var dry bool
	cmd := &cobra.Command{
		Use:   "rollback [RELEASE]",
		Short: "Undo what is live, or go to any release; builds nothing",
		Long: `Rollback undoes what is live: the versions that were bound before go back into
their slots. Nothing is built or published, and no spec is needed (--stack).

It undoes one release, however often it is said. Where the stack is back
already it says so, puts back what was changed outside, and waits until it is
everywhere. While a release is in flight, that one is undone; a rollback that
was interrupted is completed.

--of N says which release is to be undone; if that is neither live nor in
flight, nothing is. Pipelines use it. --to N goes to any release that was live
or in flight once; --to 0 to before the first. A number alone is that of --to.

What is taken out of service is held: apply refuses it until it has changed, or
until resume.`,
		Args: a.takes(1, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(run.check(cmd, a.shown), a.asked(cmd, args, &req)); err != nil {
				return err
			}
			return a.rollback(cmd.Context(), rollingBack{req, rules, run, dry})
		},
	}
	run.register(cmd)
	f := cmd.Flags()
	f.IntVar(&req.To, "to", 0, "the release to go to; 0 is before the first")
	f.IntVar(&req.Of, "of", 0, "the release to undo; nothing is done if it is neither live nor in flight")
	f.BoolVar(&dry, "dry-run", false, "show the plan and end")
	f.BoolVar(&rules.Adopt, "adopt", false, "take slots back that something else holds by now")
	f.BoolVar(&rules.AllowDetach, "allow-detach", false, "empty slots of which no release after the target says that they were empty")
	f.BoolVar(&rules.WithPolicy, "with-policy", false, "change distributions that take part in continuous deployment")
	a.stackFlag(cmd)
	return cmd
}

// asked completes what a rollback was asked for: rollback 3 is rollback --to 3.
func (a *app) asked(cmd *cobra.Command, args []string, req *release.Request) error {
	said := func(flag string) bool { return cmd.Flags().Changed(flag) }
	req.Named = said("to") || len(args) == 1
	if len(args) == 1 {
		n, err := a.releaseArgument(cmd, args, 0)
		switch {
		case err != nil:
			return err
		case said("of"):
			return misused(cmd, "say one of them", "rollback %d goes to release %d, and --of %d undoes release %d", n, n, req.Of, req.Of)
		case said("to") && !a.fromEnv["to"]:
			return misused(cmd, "say it once", "rollback %d is rollback --to %d, and here is --to %d too", n, n, req.To)
		}
		req.To = n
	}
	const listed = "edgedeploy history lists the releases by number"
	switch {
	case req.To < 0:
		return misused(cmd, listed, "%s is a release number, or 0, not %d", a.shown("to"), req.To)
	case said("of") && req.Of < 1:
		return misused(cmd, listed, "%s is a release number from 1, not %d", a.shown("of"), req.Of)
	}
	return nil
}

// rollingBack is what rollback was asked for.
type rollingBack struct {
	req   release.Request
	rules plan.Rules
	run   runFlags
	dry   bool
}

func (a *app) rollback(ctx context.Context, r rollingBack) error {
	return a.withStack(ctx, func(ses *connect.Session, stack string) error {
		for try := 1; ; try++ {
			p, err := a.prepareRollback(ctx, ses, stack, r)
			if err != nil {
				return err
			}
			if r.dry {
				return a.showPlan(p)
			}
			err = a.showAndRun(ctx, ses, planfile.Plan{Plan: p}, r.run, fmt.Sprintf("Roll %s back?", stack))
			// One that undoes what is live meant what was live when it was typed:
			// it is never planned again. (deploy/release, Request.Plain)
			if !is[*deploy.StaleError](err) || !r.run.yes || r.req.Plain() || try == plans {
				return err
			}
			a.warn(err.Error() + "; planning again")
		}
	})
}

func (a *app) prepareRollback(ctx context.Context, ses *connect.Session, stack string, r rollingBack) (plan.Plan, error) {
	state, err := a.readStack(ctx, ses, stack)
	// To go to a release that is named nothing has to be known of what is live.
	known := r.req.Named && r.req.To != 0 && state.Broken != 0 && is[*ledger.RecordError](err)
	if err != nil && !known {
		return plan.Plan{}, err
	}
	return deploy.PrepareRollback(ctx, deploy.NewReader(ses.Cloud), ses.Ledger, state, r.req, r.rules)
}

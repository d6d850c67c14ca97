package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
)

func (a *app) destroyCommand() *cobra.Command {
	run := runFlags{parallel: 1, restore: restoreStop} // it publishes nothing
	var rules plan.Rules
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Let go of every slot, and remove the stack's functions",
		Long: `Destroy takes a stack out of an account. Slots that it took from others go back
to them, its other slots are emptied, and nothing else in a distribution
changes. That is a release like any other: until the versions are gone, rollback
restores what was live.

Then the functions are removed, and last the one that keeps the releases. Lambda
refuses that for hours after the last slot let go, as long as CloudFront has
replicas: destroy says what is left, ends with exit code 0, and the same command
goes on later. A function that another distribution uses stays. So does what a
function holds that this stack did not put there; the stack's tag is taken off.

It asks, or wants --yes, which no environment variable can say.`,
		Args: a.takes(0, nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := run.check(cmd, a.shown); err != nil {
				return err
			}
			if run.yes && (a.fromEnv["yes"] || a.fromEnv["auto-approve"]) {
				run.yes = false
				a.warn("EDGEDEPLOY_YES does not count for destroy: what deletes has to be said with --yes")
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				return a.destroy(ctx, ses, stack, run, rules)
			})
		},
	}
	run.registerRun(cmd, "why, for the history")
	cmd.Flags().BoolVar(&rules.WithPolicy, "with-policy", false, "change distributions that take part in continuous deployment")
	a.stackFlag(cmd)
	return cmd
}

func (a *app) destroy(ctx context.Context, ses *connect.Session, stack string, run runFlags, rules plan.Rules) error {
	// It need not exist: the same command again ends as the first, also where that
	// was done and its answer was lost.
	state, err := ses.Read(ctx, stack)
	if err != nil {
		return err
	}
	state.Live.Stack = stack
	shown := render.Destroyed{Stack: stack, Command: a.commands(stack).Command(release.Action{Verb: release.VerbDestroy})}
	if !state.Exists {
		if err := a.lostLedger(ctx, ses, stack); err != nil {
			return err
		}
		shown.Nothing = true
		return a.destroyed(shown)
	}
	p, err := deploy.PrepareDestroy(ctx, deploy.NewReader(ses.Cloud), state, rules)
	if err != nil {
		return err
	}
	if a.output == "text" || !run.yes {
		a.say(render.PlanText(p, a.commands(stack), a.err) + "\n")
	}
	if err := a.confirm(ctx, run.yes, fmt.Sprintf("Remove stack %s, its functions and its releases?", stack)); err != nil {
		return err
	}
	show, done := a.progress(p.Context.Keys)
	defer done()
	runner := run.runner(ses)
	runner.Notify = show
	shown.Result, err = runner.Run(ctx, p, provenance.Run(a.lookup, run.message))
	if err == nil {
		state, err = a.readStack(ctx, ses, stack)
	}
	if err == nil {
		shown.Dismantled, err = runner.Dismantle(ctx, deploy.Pruning{
			Stack: stack, Keep: ledger.KeptReleases, Ledger: ledger.FunctionName(stack),
		}, state, provenance.Run(a.lookup, run.message))
	}
	done()
	if err != nil && (shown.Result.Live || len(shown.Dismantled.Removals) > 0) {
		err = &afterwardsError{err}
	}
	if err != nil {
		shown.ExitCode, shown.Error, shown.Hint = exitCode(err), err.Error(), a.hint(err)
	}
	return cmp.Or(a.destroyed(shown), err)
}

func (a *app) destroyed(d render.Destroyed) error {
	return a.document(
		func() string { return render.Destroy(d, a.out) },
		func() ([]byte, error) { return render.DestroyJSON(d) },
		func() string { return render.DestroyMarkdown(d) },
	)
}

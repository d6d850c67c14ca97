package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/screen/term"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
)

// runFlags are the flags of the commands that change something.
type runFlags struct {
	yes     bool
	message string
	noWait  bool
	timeout time.Duration
	locked  time.Duration // --lock-timeout
	// parallel is how many functions are published at once.
	parallel int
	restore  string // --on-failure; only apply has it
}

// Lambda takes 15 calls a second in an account (Lambda quotas), which some eight
// publications use up. More than maxParallel would only be throttled.
const (
	defaultParallel = 4
	maxParallel     = 32
)

// What --on-failure may be.
const (
	restoreStop = "stop"
	restoreBack = "rollback"
)

func (r *runFlags) register(cmd *cobra.Command) {
	r.restore = restoreStop
	r.registerRun(cmd, "why, for the history (apply: default is the commit's subject)")
	cmd.Flags().IntVar(&r.parallel, "parallel", defaultParallel, fmt.Sprintf("how many functions to publish at once, 1 to %d; distributions are written one by one", maxParallel))
}

// registerRun registers what a run that publishes nothing has, too.
func (r *runFlags) registerRun(cmd *cobra.Command, why string) {
	f := cmd.Flags()
	f.BoolVarP(&r.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&r.yes, "auto-approve", false, "the same as --yes")
	f.StringVarP(&r.message, "message", "m", "", why)
	f.BoolVar(&r.noWait, "no-wait", false, "end as soon as CloudFront accepted everything")
	r.registerLock(cmd)
	f.DurationVar(&r.timeout, "timeout", 30*time.Minute, "how long to wait until the change is everywhere")
}

func (r *runFlags) registerLock(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&r.locked, "lock-timeout", 0, "how long to wait for a lock that another run holds; 0 does not wait")
}

func (r *runFlags) registerRestore(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.restore, "on-failure", restoreStop, "stop, or rollback: undo the release if a distribution cannot be written")
}

// check judges the values; shown names a flag as the user did.
func (r *runFlags) check(cmd *cobra.Command, shown func(flag string) string) error {
	switch {
	case r.restore != restoreStop && r.restore != restoreBack:
		return choice(cmd, shown("on-failure"), r.restore, []string{restoreStop, restoreBack})
	case r.parallel < 1 || r.parallel > maxParallel:
		return misused(cmd, "4 is usual", "%s is 1 to %d, not %d", shown("parallel"), maxParallel, r.parallel)
	case r.locked < 0:
		return misused(cmd, "0 does not wait", "%s is 0 or more, not %s", shown("lock-timeout"), r.locked)
	case r.timeout <= 0:
		return misused(cmd, "--no-wait does not wait", "%s is more than 0, not %s", shown("timeout"), r.timeout)
	}
	return nil
}

// confirm asks before anything is changed.
func (a *app) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	prompt := term.Prompt{
		In: a.streams.In, Out: a.streams.Err,
		Interactive: term.Interactive(a.streams.In, a.streams.Err, a.env),
	}
	ok, err := prompt.Confirm(ctx, question)
	if is[*term.InterruptError](err) {
		a.say("\n") // the question has no line end of its own
		return fmt.Errorf("%w; nothing was changed", err)
	}
	if err != nil {
		return err
	}
	if !ok {
		return errDeclined
	}
	return nil
}

var errDeclined = fmt.Errorf("nothing was changed: the answer was not yes")

// runner is what runs with these flags.
func (r *runFlags) runner(ses *connect.Session) *deploy.Runner {
	runner := &deploy.Runner{
		Cloud: ses.Cloud, Ledger: ses.Ledger, Now: time.Now,
		Limit: r.parallel, Restore: r.restore == restoreBack, LockTimeout: r.locked,
	}
	if !r.noWait {
		runner.Timeout = r.timeout
	}
	if ses.Local {
		runner.LockPoll = 200 * time.Millisecond // the local AWS has no quotas to respect
	}
	return runner
}

// execute runs a plan and tells what came of it.
func (a *app) execute(ctx context.Context, ses *connect.Session, p planfile.Plan, r runFlags) error {
	runner := r.runner(ses)
	runner.Code = p.Code
	show, done := a.progress(p.Plan.Context.Keys)
	runner.Notify = show
	message := r.message
	if message == "" {
		message = p.Subject
	}
	by := provenance.Run(a.lookup, message)
	if p.ID != "" {
		by.ID = p.ID + planRun + by.ID // so that the record tells which plan it came from
	}
	result, err := runner.Run(ctx, p.Plan, by)
	done()
	if a.output == "text" && p.Plan.Changes() {
		a.say("\n")
	}
	if !p.Plan.Changes() && err == nil {
		if a.output == "text" {
			return nil // the plan said so
		}
	}
	stopped, _ := errors.AsType[*deploy.InterruptedError](err)
	accepted := err == nil || is[*deploy.UndeployedError](err) || stopped != nil && stopped.Accepted
	if settled := result.Settled != 0 && !p.Plan.Record && accepted; settled || !p.Plan.Changes() {
		// The document of every other run, of what is live: a pipeline that runs
		// again wants the same qualified ARNs as the first time.
		number := cmp.Or(result.Settled, p.Plan.Saw.Live)
		result.Release.Number, result.Release.Functions, result.Live = number, p.Plan.Goal.Functions, number != 0
	}
	if is[*deploy.StaleError](err) || is[*deploy.LockedError](err) {
		return err
	}
	if a.applied.Number != 0 {
		result.Release = a.applied
	}
	outcome := render.Outcome{Plan: p.Plan, Result: result, Commands: a.commands(p.Plan.Stack), Lost: is[*deploy.LostLockError](err), Applied: a.applied.Number != 0, Wrote: a.appliedWrote}
	if err != nil {
		outcome.ExitCode, outcome.Error, outcome.Hint = exitCode(err), err.Error(), a.hint(err)
	}
	if werr := a.document(
		func() string { return render.Result(outcome, a.out) },
		func() ([]byte, error) { return render.ResultJSON(outcome) },
		func() string { return render.ResultMarkdown(outcome) },
	); werr != nil && err == nil {
		return werr
	}
	return err
}

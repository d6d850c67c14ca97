package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

func (a *app) rollbackCommand() *cobra.Command {
	var run runFlags
	var rules plan.Rules
	var to int
	var dry bool
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Go back to an earlier release, without building anything",
		Long: `Rollback puts an earlier release's versions back into its slots. Nothing is
built or published, and no spec is needed (--stack). Without --to it goes to the
nearest earlier release that is complete, was not itself rolled back, and binds
something else than now. --to 0 goes to before the first release.

What is taken out of service is held: apply refuses it until it changes, or
until resume.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := run.check(cmd); err != nil {
				return err
			}
			if to < -1 {
				return &usageError{cmd.CommandPath(), fmt.Errorf("--to is a release number, or 0; not %d", to)}
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *session, stack string) error {
				for try := 1; ; try++ {
					p, err := a.prepareRollback(ctx, ses, stack, to, rules)
					if err != nil {
						return err
					}
					if dry {
						return a.showPlan(p.plan)
					}
					err = a.showAndRun(ctx, ses, p, run, fmt.Sprintf("Roll %s back?", stack))
					if !is[*deploy.StaleError](err) || !run.yes || to < 0 || try == plans {
						return err
					}
					a.warn(err.Error() + "; planning again")
				}
			})
		},
	}
	run.register(cmd)
	f := cmd.Flags()
	f.IntVar(&to, "to", -1, "the release to go back to; 0 is before the first")
	f.BoolVar(&dry, "dry-run", false, "show the plan and end")
	f.BoolVar(&rules.Adopt, "adopt", false, "take slots back that something else holds by now")
	f.BoolVar(&rules.WithPolicy, "with-policy", false, "change distributions that take part in continuous deployment")
	a.stackFlag(cmd)
	return cmd
}

// prepareRollback plans a rollback. What does not depend on each other is
// asked at once: a rollback is urgent, and its round trips are counted.
func (a *app) prepareRollback(ctx context.Context, ses *session, stack string, to int, rules plan.Rules) (prepared, error) {
	var (
		state   release.LedgerState
		at      release.Position
		history release.History
		target  release.Release
		passed  []release.Release
	)
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { state, err = ses.read(gctx, stack); return err })
	group.Go(func() (err error) {
		history, at, err = a.lineage(gctx, ses, stack)
		if err != nil {
			return err
		}
		if to < 0 {
			if to, err = history.Target(stack, at); err != nil {
				return err
			}
		}
		target, passed, err = a.releases(gctx, ses, stack, to, history.Passed(at, to))
		return err
	})
	if err := group.Wait(); err != nil {
		return prepared{}, err
	}
	if state.Position() != at {
		return prepared{}, &deploy.StaleError{Stack: stack, Saw: state.Position(), Now: at}
	}
	if at.Live == 0 && at.Pending == 0 {
		return prepared{}, &release.NoTargetError{Stack: stack}
	}
	want := plan.RollbackTo(state, target, passed)
	planned, err := deploy.Prepare(ctx, ses.Cloud, state, want, rules, nil)
	return prepared{plan: planned}, err
}

// lineage reads what the list of releases and the ledger's aliases tell.
func (a *app) lineage(ctx context.Context, ses *session, stack string) (release.History, release.Position, error) {
	var list []release.Summary
	var at release.Position
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { list, err = ses.ledger.List(gctx, stack); return err })
	group.Go(func() (err error) { at, err = ses.ledger.Position(gctx, stack); return err })
	err := group.Wait()
	return release.NewHistory(list), at, err
}

// releases reads the target and the releases that going there passes.
func (a *app) releases(ctx context.Context, ses *session, stack string, to int, numbers []int) (release.Release, []release.Release, error) {
	var target release.Release
	passed := make([]release.Release, len(numbers))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	if to != 0 {
		group.Go(func() (err error) { target, err = ses.ledger.Get(gctx, stack, to); return err })
	}
	for i, n := range numbers {
		group.Go(func() (err error) {
			passed[i], err = ses.ledger.Get(gctx, stack, n)
			if errors.Is(err, deploy.ErrNoRelease) {
				err = nil // deleted: there is nothing left of it to hold
			}
			return err
		})
	}
	err := group.Wait()
	return target, passed, err
}

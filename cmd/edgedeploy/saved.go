package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
)

// planRun stands between a saved plan's id and what tells its runs apart: two
// runs of one file must not take each other's lock.
const planRun = "."

func (a *app) applySaved(cmd *cobra.Command, file string, run runFlags) (err error) {
	for _, name := range []string{"adopt", "allow-detach", "with-policy", "upgrade-trampoline"} {
		if cmd.Flags().Changed(name) && !a.fromEnv[name] {
			return &usageError{cmd.CommandPath(), errors.New("--" + name + " was to be said to plan: a saved plan is run as it is")}
		}
	}
	ctx := cmd.Context()
	p, err := planfile.Open(file)
	if err != nil {
		return err
	}
	switch {
	case p.Local && !a.local:
		return &usageError{cmd.CommandPath(), fmt.Errorf("%s was planned with --local: apply it with --local", file)}
	case a.local && !p.Local:
		return &usageError{cmd.CommandPath(), fmt.Errorf("%s was planned without --local: apply it without", file)}
	}
	ses, err := a.connect(ctx, nil, p.Plan.Account)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ses.Close()) }()
	account, err := ses.Identity.Account(ctx)
	if err != nil {
		return err
	}
	if account != p.Plan.Account {
		return &plan.AccountError{Want: p.Plan.Account, Have: account}
	}
	state, err := a.since(ctx, ses, p)
	if err != nil {
		return err
	}
	if madeBy(p, state.Live) {
		return a.appliedBefore(ctx, ses, p, state, run)
	}
	return a.showAndRun(ctx, ses, p, run, "Apply this to "+p.Plan.Stack+"?")
}

// begunError says that a saved plan was run before, and that its release is in
// flight. Nothing was changed.
type begunError struct {
	*deploy.StaleError
	flight *plan.InFlightError
}

func (e *begunError) Error() string {
	return fmt.Sprintf("this plan was begun as release %d, which is in flight: it was never committed", e.flight.State.Pending.Number)
}

func (e *begunError) Unwrap() []error { return []error{e.flight, e.StaleError} }

// elsewhereError says that a saved plan was made with another local AWS than the
// one that is open, which is not where the plan saw its stack. Nothing was changed.
type elsewhereError struct {
	*deploy.StaleError
	planned, here string // the folders
}

func (e *elsewhereError) Error() string {
	return fmt.Sprintf("this plan was made with the local AWS in %s, and this is the one in %s: there stack %s was at release %s, and here it is at %s",
		e.planned, e.here, e.Stack, e.Saw, e.Now)
}

func (e *elsewhereError) Unwrap() error { return e.StaleError }

// since compares a saved plan with where the stack stands now, before anything
// else is said of it: a plan that is stale is not held, nor fit to be asked about.
// It gives what the ledger says if the plan is live already, and else nothing.
func (a *app) since(ctx context.Context, ses *connect.Session, p planfile.Plan) (release.LedgerState, error) {
	now, err := ses.Ledger.Position(ctx, p.Plan.Stack)
	if err != nil || now == p.Plan.Saw {
		return release.LedgerState{}, err
	}
	stale := &deploy.StaleError{Stack: p.Plan.Stack, Saw: p.Plan.Saw, Now: now}
	if p.Data != "" && p.Data != ses.Data {
		return release.LedgerState{}, &elsewhereError{stale, p.Data, ses.Data}
	}
	state, err := ses.Ledger.Read(ctx, p.Plan.Stack)
	if err != nil {
		return release.LedgerState{}, errors.Join(stale, err)
	}
	switch {
	case madeBy(p, state.Live):
		return state, nil
	case madeBy(p, state.Pending):
		return release.LedgerState{}, &begunError{stale, &plan.InFlightError{Stack: p.Plan.Stack, State: state}}
	}
	return release.LedgerState{}, stale
}

// appliedBefore ends a saved plan that is live already as every run ends: it waits
// until that is everywhere, and gives the same document.
func (a *app) appliedBefore(ctx context.Context, ses *connect.Session, p planfile.Plan, state release.LedgerState, run runFlags) error {
	p.Plan = p.Plan.Applied(state)
	if a.output == "text" {
		if err := a.print(p.Plan.Notes[0].Text + ".\n"); err != nil {
			return err
		}
	}
	return a.execute(ctx, ses, p, run)
}

// madeBy reports whether a run of the plan made the release.
func madeBy(p planfile.Plan, r release.Release) bool {
	return r.Number != 0 && r.Kind == p.Plan.Kind && strings.HasPrefix(r.RunID, p.ID+planRun)
}

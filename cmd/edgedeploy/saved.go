package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

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

// checkSaved refuses what can be no saved plan, and says what is meant then.
func (a *app) checkSaved(cmd *cobra.Command, file string) error {
	right := a.rightForm(cmd, file)
	info, err := os.Stat(file)
	switch {
	case strings.HasSuffix(file, ".edplan"), right == "":
		if err == nil && info.IsDir() {
			err = syscall.EISDIR
		}
		return fileError("apply runs a saved plan", file, err)
	default:
		return misused(cmd, right, "apply runs a saved plan, and %s is none", typed(file))
	}
}

func (a *app) applySaved(cmd *cobra.Command, file string, run runFlags) (err error) {
	for _, name := range []string{"adopt", "allow-detach", "with-policy", "upgrade-trampoline"} {
		if cmd.Flags().Changed(name) && !a.fromEnv[name] {
			return misused(cmd, "edgedeploy plan --"+name+" --out FILE, and apply that", "a saved plan is run as it is, and here is --%s", name)
		}
	}
	ctx := cmd.Context()
	p, err := planfile.Open(file)
	if err != nil {
		return err
	}
	switch {
	case p.Local && !a.local:
		return misused(cmd, "apply it with --local, too", "%s was planned with --local", file)
	case a.local && !p.Local:
		return misused(cmd, "apply it without --local, too", "%s was planned without --local", file)
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
	a.saved, a.planned = file, p.Plan
	p.Plan, err = a.since(ctx, ses, p)
	if err != nil {
		return err
	}
	if done := appliedNote(p.Plan); done != "" {
		if a.output == "text" {
			if err := a.print(done + ".\n"); err != nil {
				return err
			}
		}
		return a.execute(ctx, ses, p, run)
	}
	run.yes = true // it was looked at when it was saved: to apply it is to approve it
	return a.showAndRun(ctx, ses, p, run, "")
}

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
// It gives what is left to do: all of it, what a run of it that died did not do, or
// only to wait.
func (a *app) since(ctx context.Context, ses *connect.Session, p planfile.Plan) (plan.Plan, error) {
	now, err := ses.Ledger.Position(ctx, p.Plan.Stack)
	if err != nil || now == p.Plan.Saw {
		return p.Plan, err
	}
	stale := &deploy.StaleError{Stack: p.Plan.Stack, Saw: p.Plan.Saw, Now: now}
	if p.Data != "" && p.Data != ses.Data {
		return plan.Plan{}, &elsewhereError{stale, p.Data, ses.Data}
	}
	if settled, ok := p.Plan.Settled(now); ok {
		return settled, nil
	}
	state, err := ses.Ledger.Read(ctx, p.Plan.Stack)
	if err != nil {
		return plan.Plan{}, errors.Join(stale, err)
	}
	switch {
	case madeBy(p, state.Live):
		a.applied, a.appliedWrote = state.Live, len(p.Plan.Edits()) > 0
		return p.Plan.Applied(state), nil
	case madeBy(p, state.Pending):
		return deploy.PrepareCompletion(ctx, deploy.NewReader(ses.Cloud), state)
	}
	return plan.Plan{}, stale
}

// appliedNote says that a plan is live already; "" if it is not.
func appliedNote(p plan.Plan) string {
	for _, n := range p.Notes {
		if n.Kind == "applied" {
			return n.Text
		}
	}
	return ""
}

// madeBy reports whether a run of the plan made the release.
func madeBy(p planfile.Plan, r release.Release) bool {
	return r.Number != 0 && r.Kind == p.Plan.Kind && strings.HasPrefix(r.RunID, p.ID+planRun)
}

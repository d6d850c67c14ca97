package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/versions"
)

// lostLedgerError says that a stack's functions are there, and its ledger is not.
type lostLedgerError struct {
	stack     string
	functions []string
}

func (e *lostLedgerError) Error() string {
	return fmt.Sprintf("stack %s has lost its ledger (function %s), and its functions are there: %s",
		e.stack, release.LedgerFunction(e.stack), strings.Join(e.functions, ", "))
}

func (e *lostLedgerError) advice() string {
	return "edgedeploy apply --adopt begins its releases anew; what is live is known then"
}

// lostLedger is an error where there is no ledger, and functions of the spec are
// tagged for its stack all the same.
func (a *app) lostLedger(ctx context.Context, ses *connect.Session, stack string) error {
	left, err := a.orphans(ctx, ses)
	if err != nil || len(left) == 0 {
		return err
	}
	return &lostLedgerError{stack, left}
}

func (a *app) driftCommand() *cobra.Command {
	var detailed bool
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Show what was changed outside since the live release",
		Long: `Drift compares the account with what the live release left there, and says of
each difference what was recorded, what is there now, and since when as far as
AWS tells; by whom, only CloudTrail knows. It looks at

  slots         what they hold, and whether their cache behavior still exists
  strays        versions of the stack where no release put them
  versions      whether each recorded one exists and is what was recorded
  $LATEST       whether it was edited (no edge location runs it)
  tags          the stack's own and those of the spec
  replication   whether CloudFront may still read each bound version
  the ledger    the function that keeps the releases, and its aliases

With the spec it says what is wanted, too. A spec that was changed and not
applied yet is no drift: plan shows that. It changes nothing, and fits a
scheduled job: --detailed-exitcode ends with 2 where there is drift.`,
		Args: a.takes(0, nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				d, err := a.drift(ctx, ses, stack)
				if err != nil {
					return err
				}
				if detailed && len(d.List) > 0 {
					a.exit, d.ExitCode = exitChanges, exitChanges
				}
				return a.document(
					func() string { return render.DriftText(d, a.out) },
					func() ([]byte, error) { return render.DriftJSON(d) },
					func() string { return render.DriftMarkdown(d) },
				)
			})
		},
	}
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 if there is drift")
	a.stackFlag(cmd)
	return cmd
}

func (a *app) drift(ctx context.Context, ses *connect.Session, stack string) (render.Drift, error) {
	state, err := a.readStack(ctx, ses, stack)
	if err != nil && state.Broken == 0 {
		return render.Drift{}, err
	}
	d := render.Drift{
		Stack: stack, Account: state.Account, Live: state.Live, Pending: state.Pending, Commands: a.commands(stack), Now: time.Now(),
	}
	if !state.Exists {
		if lost := a.lostLedger(ctx, ses, stack); lost != nil {
			if !is[*lostLedgerError](lost) {
				return d, lost
			}
			d.List = []plan.Divergence{{Kind: plan.DriftLedger, Version: versions.Ref{Function: release.LedgerFunction(stack)}, Detail: "it was deleted, and the stack's history with it"}}
		}
		return d, nil
	}
	reader := deploy.NewReader(ses.Cloud)
	if d.List, err = deploy.FindDrift(ctx, reader, state); err != nil {
		return render.Drift{}, err
	}
	if d.Departed, err = reader.Orphans(ctx, state, state.Live.Functions); err != nil {
		return render.Drift{}, err
	}
	a.wanted(&d)
	return d, nil
}

// wanted adds what the spec wants, if one was read. A distribution that the spec
// names by its alias has the ids that the live release found.
func (a *app) wanted(d *render.Drift) {
	if a.doc == nil {
		return
	}
	d.Wanted = map[associations.Slot]string{}
	has := map[string]bool{}
	for _, f := range a.doc.Stack.Functions {
		has[f.Name] = true
	}
	for _, f := range d.Live.Functions {
		if !has[f.Spec.Function] {
			d.Left = append(d.Left, f.Key)
		}
	}
	for _, dist := range a.doc.Stack.Distributions {
		ids := []string{dist.ID}
		if dist.ID == "" {
			ids = nil
			for _, live := range d.Live.Distributions {
				if live.Key == dist.Key {
					ids = live.IDs
				}
			}
		}
		for _, id := range ids {
			for _, want := range dist.Slots {
				d.Wanted[associations.Slot{Distribution: id, Path: want.Path, Trigger: want.Trigger}] = want.Function
			}
		}
	}
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
)

func (a *app) pruneCommand() *cobra.Command {
	var keep int
	var yes bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Show, or delete, the versions that nothing needs",
		Long: `Prune shows which versions and functions of the stack nothing needs any more,
and deletes them with --yes. It asks nothing: without --yes it only looks.

What stays: what a release needs that may still be gone back to (the newest
--keep, the live one, one in flight, and those that these return to or hold);
what sits in any slot of any distribution of the account, whoever put it there,
disabled and staging distributions included; what another alias names; what this
stack did not publish; and the newest version of each function. A function that
left the stack is deleted as a whole once all of that is true of it.

CloudFront keeps replicas of a version for hours after the last slot let go of
it, and until then Lambda refuses the deletion. That is no failure: exit code 0,
and the next prune deletes it. Releases beyond --keep can no longer be gone back
to; their records stay in the history.`,
		Args: a.takes(0, nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if keep < 1 || keep > ledger.KeptReleases {
				return misused(cmd, fmt.Sprintf("what is live always stays, and the ledger keeps %d at most", ledger.KeptReleases),
					"%s is a number from 1 to %d, not %d", a.shown("keep"), ledger.KeptReleases, keep)
			}
			if yes && a.fromEnv["yes"] {
				yes = false // a pipeline sets it for apply
				a.warn("EDGEDEPLOY_YES does not count for prune: what deletes has to be said with --yes")
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				return a.prune(ctx, ses, deploy.Pruning{Stack: stack, Keep: keep, Ledger: ledger.FunctionName(stack)}, yes)
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&keep, "keep", ledger.KeptReleases, "how many of the newest releases may still be gone back to")
	f.BoolVarP(&yes, "yes", "y", false, "delete, and not only look")
	a.stackFlag(cmd)
	return cmd
}

func (a *app) prune(ctx context.Context, ses *connect.Session, p deploy.Pruning, yes bool) error {
	state, err := a.readStack(ctx, ses, p.Stack)
	if err != nil && state.Broken == 0 {
		return err
	}
	shown := render.Pruning{Keep: p.Keep, Ran: yes}
	if !yes {
		if died := state.Died(p.Stack); died != nil {
			a.warn(died.Error() + "; until an apply went on from there, nothing is deleted")
		} else {
			shown.Command = a.pruneAll(p)
		}
		if shown.Leftovers, err = deploy.Survey(ctx, ses.Cloud, ses.Ledger, p); err != nil {
			return err
		}
		if err := a.pruned(shown); err != nil || a.output != "text" || shown.Leftovers.Nothing() || shown.Command == "" {
			return err
		}
		a.say(render.Hint(shown.Command+" deletes this", a.err))
		return nil
	}
	show, done := a.progress(nil)
	runner := &deploy.Runner{Cloud: ses.Cloud, Ledger: ses.Ledger, Now: time.Now, Notify: show}
	result, err := runner.Prune(ctx, p, state, provenance.Run(a.lookup, ""))
	done()
	if err != nil && result.Removals == nil {
		return err
	}
	if err != nil {
		err = &afterwardsError{err}
	}
	shown.Leftovers, shown.Removals = result.Leftovers, result.Removals
	if err != nil {
		shown.ExitCode, shown.Error = exitCode(err), err.Error()
	}
	return cmp.Or(a.pruned(shown), err)
}

// afterwardsError is an error of a run that had changed something before: it is no
// conflict that left all as it was.
type afterwardsError struct{ err error }

func (e *afterwardsError) Error() string { return e.err.Error() }

// Unwrap gives the error.
func (e *afterwardsError) Unwrap() error { return e.err }

func (a *app) pruned(p render.Pruning) error {
	return a.document(
		func() string { return render.Prune(p, time.Now(), a.out) },
		func() ([]byte, error) { return render.PruneJSON(p) },
		func() string { return render.PruneMarkdown(p) },
	)
}

// pruneAll is the command that deletes.
func (a *app) pruneAll(p deploy.Pruning) string {
	text := a.commands(p.Stack).Command(release.Action{Verb: release.VerbPrune}) + " --yes"
	if p.Keep != ledger.KeptReleases {
		text += " --keep " + strconv.Itoa(p.Keep)
	}
	return text
}

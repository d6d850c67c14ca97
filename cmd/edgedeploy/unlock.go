package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
)

func (a *app) unlockCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "unlock [RUN]",
		Short: "Take the lock away from a run that is dead",
		Long: `A lock expires by itself two minutes after its run died, and the next run takes
it over. Unlock is for those who do not want to wait. It shows the holder first,
and never touches what is live or in flight.

Without RUN it clears a lock that has expired, and refuses any other with exit
code 4; the refusal names the run. With RUN it takes that run's lock away,
expired or not. If the run is alive after all, it stops before its next write,
and is told who took its lock away.`,
		Args: a.takes(1, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			run := ""
			if len(args) == 1 {
				run = args[0]
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				return a.unlock(ctx, ses, stack, unlocking{run, yes})
			})
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.stackFlag(cmd)
	return cmd
}

// unlocking is what unlock was asked for.
type unlocking struct {
	run string // "" for an expired lock of any run
	yes bool
}

func (a *app) unlock(ctx context.Context, ses *connect.Session, stack string, u unlocking) error {
	if err := ses.Right(ctx); err != nil {
		return err
	}
	have, now, err := ses.Ledger.Holder(ctx, stack)
	if err != nil {
		return err
	}
	switch {
	case have.RunID == "":
		if _, err := a.readStack(ctx, ses, stack); is[*unknownStackError](err) {
			return err
		}
		return a.unlocked(stack, have)
	case u.run != "" && u.run != have.RunID:
		return &deploy.LockedError{Stack: stack, Lock: have, Now: now, Asked: u.run}
	case u.run == "" && have.Held():
		return &deploy.LockedError{Stack: stack, Lock: have, Now: now}
	}
	a.say(holderText(stack, have, now))
	question := "Clear this lock?"
	if have.Held() {
		question = "Take it away, even if that run is alive?"
	}
	if err := a.confirm(ctx, u.yes, question); err != nil {
		return err
	}
	was, err := ses.Ledger.Unlock(ctx, deploy.UnlockRequest{
		Stack: stack, RunID: have.RunID, Live: u.run != "", By: provenance.Actor(a.lookup),
	})
	if err != nil {
		return err
	}
	return a.unlocked(stack, was)
}

// holderText shows who holds a lock, what for, and until when.
func holderText(stack string, l release.LockInfo, now time.Time) string {
	if l.Foreign != "" {
		return fmt.Sprintf("The lock of stack %s says %q, which this edgedeploy does not understand.\n", render.Clean(stack), render.Clean(l.Foreign))
	}
	until := fmt.Sprintf("expires in %s unless it is renewed", l.Expires.Sub(now).Round(time.Second))
	if l.Expired {
		until = fmt.Sprintf("expired %s ago", render.Span(now.Sub(l.Expires)))
	}
	return fmt.Sprintf("Stack %s is locked by %s.\n  run    %s\n  doing  %s\n  until  %s (%s)\n", render.Clean(stack),
		cmp.Or(render.Clean(l.Holder), "an unknown holder"), render.Clean(l.RunID), render.Clean(l.Phase), l.Expires.UTC().Format("2006-01-02 15:04:05 UTC"), until)
}

func (a *app) unlocked(stack string, was release.LockInfo) error {
	text := fmt.Sprintf("Stack %s was not locked.\n", render.Clean(stack))
	if was.RunID != "" {
		text = fmt.Sprintf("Stack %s is unlocked. It was locked by %s (run %s, %s).\n",
			render.Clean(stack), render.Clean(was.Holder), render.Clean(was.RunID), render.Clean(was.Phase))
	}
	same := func() string { return text }
	return a.document(same, func() ([]byte, error) {
		return render.UnlockingJSON(render.Unlocking{Stack: stack, WasLocked: was.RunID != "", Holder: was.Holder, RunID: was.RunID, Phase: was.Phase})
	}, same)
}

// clearDead clears the lock that a dead run left, for a command that turns out
// to have nothing to do. That the lock stays is no failure of such a command: the
// next run takes it over.
func (a *app) clearDead(ctx context.Context, ses *connect.Session, stack string, seen release.Seen) {
	was, err := deploy.ClearDead(ctx, ses.Ledger, stack, seen, provenance.Actor(a.lookup))
	switch {
	case err != nil:
		a.warn(fmt.Sprintf("the lock of run %s, which has expired, was not cleared: %v", seen.Dead, err))
	case was.RunID != "":
		a.say(fmt.Sprintf("the lock that %s took (run %s) had expired, and is cleared\n", render.Clean(was.Holder), render.Clean(was.RunID)))
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// withStack connects for a command that needs only the stack's name: from
// --stack, or from the spec.
func (a *app) withStack(ctx context.Context, do func(ses *session, stack string) error) (err error) {
	var s *spec
	stack := a.stack
	if stack == "" {
		if s, err = a.load(); err != nil {
			return err
		}
		stack = s.Stack.Name
	}
	ses, err := a.connect(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ses.close()) }()
	return do(ses, stack)
}

func (a *app) historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "history",
		Aliases: []string{"releases"},
		Short:   "List the releases, newest first",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *session, stack string) error {
				if err := ses.right(ctx); err != nil {
					return err
				}
				list, err := ses.ledger.List(ctx, stack)
				if err != nil {
					return err
				}
				at, err := ses.ledger.Position(ctx, stack)
				if err != nil {
					return err
				}
				log := render.Log{Stack: stack, Releases: list, Live: at.Live, Pending: at.Pending, Now: time.Now()}
				return a.document(
					func() string { return render.History(log, a.out) },
					func() ([]byte, error) { return render.HistoryJSON(log) },
					func() string { return render.HistoryMarkdown(log) },
				)
			})
		},
	}
	a.stackFlag(cmd)
	return cmd
}

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [RELEASE]",
		Short: "Show one release in full (default: the live one)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := releaseArgument(cmd, args)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *session, stack string) error {
				if err := ses.right(ctx); err != nil {
					return err
				}
				at, err := ses.ledger.Position(ctx, stack)
				if err != nil {
					return err
				}
				if number == 0 {
					number = at.Live
				}
				if number == 0 {
					return &release.NoTargetError{Stack: stack}
				}
				r, err := ses.ledger.Get(ctx, stack, number)
				if err != nil {
					return err
				}
				live := number == at.Live
				return a.document(
					func() string { return render.Show(r, live, a.out) },
					func() ([]byte, error) { return render.ShowJSON(r, live) },
					func() string { return render.ShowMarkdown(r, live) },
				)
			})
		},
	}
	a.stackFlag(cmd)
	return cmd
}

// releaseArgument reads an optional release number.
func releaseArgument(cmd *cobra.Command, args []string) (int, error) {
	if len(args) == 0 {
		return 0, nil
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 {
		return 0, &usageError{cmd.CommandPath(), fmt.Errorf("a release is a number from 1, as history lists them; not %q", args[0])}
	}
	return n, nil
}

func (a *app) unlockCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "Take the lock away from a run that is dead",
		Long: `Unlock takes a stack's lock away from whoever holds it. A lock expires by itself
two minutes after its run died, so this is for the impatient. It never touches
what is live or in flight.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *session, stack string) error {
				if err := ses.right(ctx); err != nil {
					return err
				}
				if err := a.confirm(ctx, yes, "Unlock "+stack+", even if its run is still alive?"); err != nil {
					return err
				}
				was, err := ses.ledger.Unlock(ctx, stack)
				if err != nil {
					return err
				}
				return a.unlocked(stack, was)
			})
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.stackFlag(cmd)
	return cmd
}

func (a *app) unlocked(stack string, was release.LockInfo) error {
	text := fmt.Sprintf("Stack %s was not locked.\n", render.Clean(stack))
	if was.RunID != "" {
		text = fmt.Sprintf("Stack %s is unlocked. It was locked by %s (run %s, %s).\n",
			render.Clean(stack), render.Clean(was.Holder), render.Clean(was.RunID), render.Clean(was.Phase))
	}
	same := func() string { return text }
	return a.document(same, func() ([]byte, error) {
		return json.MarshalIndent(map[string]any{
			"schema": 1, "stack": stack, "wasLocked": was.RunID != "", "holder": was.Holder, "runId": was.RunID, "phase": was.Phase,
		}, "", "  ")
	}, same)
}

func (a *app) resumeCommand() *cobra.Command {
	var message string
	cmd := &cobra.Command{
		Use:   "resume [RELEASE]",
		Short: "Lift the hold that a rollback left (of one release, or all)",
		Long: `A rollback holds the content it took out of service: apply refuses it until it
changes. Resume lifts the hold. It records a release, and touches nothing in
CloudFront.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := releaseArgument(cmd, args)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *session, stack string) error {
				state, err := ses.read(ctx, stack)
				if err != nil {
					return err
				}
				state.Live.Stack = stack // also when there is none
				planned, err := plan.PlanResume(state, number)
				if err != nil {
					return err
				}
				run := runFlags{message: message, noWait: true, restore: "stop"}
				if err := a.execute(ctx, ses, prepared{plan: planned}, run); err != nil {
					return err
				}
				for _, h := range state.Holds() {
					if number == 0 || h.Release == number {
						a.say(fmt.Sprintf("Lifted the hold on what release %d bound.\n", h.Release))
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVarP(&message, "message", "m", "", "why, for the history")
	a.stackFlag(cmd)
	return cmd
}

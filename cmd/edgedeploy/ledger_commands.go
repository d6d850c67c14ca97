package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
)

func (a *app) historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "history",
		Aliases: []string{"releases"},
		Short:   "List the releases, newest first",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				if err := ses.Right(ctx); err != nil {
					return err
				}
				list, err := ses.Ledger.List(ctx, stack)
				if err != nil {
					return err
				}
				at, err := a.position(ctx, ses, stack)
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
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				if err := ses.Right(ctx); err != nil {
					return err
				}
				at, err := a.position(ctx, ses, stack)
				if err != nil {
					return err
				}
				if number == 0 {
					number = at.Live
				}
				if number == 0 {
					return &release.NoTargetError{Stack: stack}
				}
				r, err := ses.Ledger.Get(ctx, stack, number)
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

// position is where a stack stands. If its ledger has lost which release is live,
// it is what was live, with a warning: a person looks for one to go to.
func (a *app) position(ctx context.Context, ses *connect.Session, stack string) (release.Position, error) {
	at, err := ses.Ledger.Position(ctx, stack)
	if err != nil || at.Live != 0 {
		return at, err
	}
	state, err := ses.Ledger.Read(ctx, stack)
	if lost := state.Sound(stack); err == nil && lost != nil {
		a.warn(lost.Error())
		at.Live = state.Lost
	}
	return at, err
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

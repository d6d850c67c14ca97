package main

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
)

// listed is how many releases history lists where nothing is said.
const listed = 20

func (a *app) historyCommand() *cobra.Command {
	var limit int
	var all bool
	cmd := &cobra.Command{
		Use:     "history [N]",
		Aliases: []string{"releases"},
		Short:   "List the releases, newest first",
		Long: `History lists the newest releases: N of them, 20 where nothing is said. It reads
each by its number, so that a long history costs no more than a short one. --all
lists them all.`,
		Args: a.takes(1, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			limit, err := a.limited(cmd, args, limit, all)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				log, err := a.log(ctx, ses, stack, limit)
				if err != nil {
					return err
				}
				return a.document(
					func() string { return render.History(log, a.out) },
					func() ([]byte, error) { return render.HistoryJSON(log) },
					func() string { return render.HistoryMarkdown(log) },
				)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", listed, "how many releases")
	cmd.Flags().BoolVar(&all, "all", false, "list all releases")
	a.stackFlag(cmd)
	return cmd
}

// limited is how many releases history lists; 0 for all. history 5 is history
// --limit 5.
func (a *app) limited(cmd *cobra.Command, args []string, limit int, all bool) (int, error) {
	said := cmd.Flags().Changed("limit") && !a.fromEnv["limit"]
	if len(args) == 1 {
		n, err := strconv.Atoi(args[0])
		if m := wholeNumber.FindStringSubmatch(args[0]); err != nil || n < 1 {
			right := cmp.Or(a.rightForm(cmd, args[0]), stackForm(cmd, args[0]), "such as edgedeploy history 5, or --all")
			if m != nil && err != nil {
				right = "did you mean edgedeploy history " + m[1] + "?"
			}
			return 0, misused(cmd, right, "history lists a number of releases from 1, not %s", quoted(args[0]))
		}
		if said {
			return 0, misused(cmd, "say it once", "history %d is history --limit %d, and here is --limit %d too", n, n, limit)
		}
		limit, said = n, true
	}
	switch {
	case all && said:
		return 0, misused(cmd, "say one of them", "--all lists all releases, and here is a limit of %d", limit)
	case all:
		return 0, nil
	case limit < 1:
		return 0, misused(cmd, "--all lists them all", "%s is a number from 1, not %d", a.shown("limit"), limit)
	}
	return limit, nil
}

// log reads the newest releases of a stack; all of them for a limit of 0.
func (a *app) log(ctx context.Context, ses *connect.Session, stack string, limit int) (render.Log, error) {
	log := render.Log{Stack: stack, Now: time.Now(), Commands: a.commands(stack)}
	if err := ses.Right(ctx); err != nil {
		return log, err
	}
	if limit == 0 {
		var err error
		if log.Releases, err = ses.Ledger.List(ctx, stack); err != nil {
			return log, err
		}
	} else {
		recent, err := ses.Ledger.Recent(ctx, stack, limit)
		if err != nil {
			return log, err
		}
		log.Releases, log.More = recent.Releases, recent.More
		log.Live, log.Pending = recent.Position.Live, recent.Position.Pending
	}
	if log.Live != 0 {
		return log, nil
	}
	at, err := a.position(ctx, ses, stack)
	log.Live, log.Pending = at.Live, at.Pending
	return log, err
}

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [RELEASE]",
		Short: "Show one release in full (default: the live one)",
		Args:  a.takes(1, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := a.releaseArgument(cmd, args, 1)
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
	if err == nil {
		err = a.exists(ctx, ses, stack, state.Exists)
	}
	if lost := state.Sound(stack); err == nil && lost != nil {
		a.warn(lost.Error())
		at.Live = state.Lost
	}
	return at, err
}

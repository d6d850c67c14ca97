package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
)

// answerWithin bounds what a shell waits for an account: a second, with what
// starting the program takes.
const answerWithin = 800 * time.Millisecond

// pick judges by its state whether a release is offered.
type pick func(render.ReleaseState) bool

// beforeFirst is the state before the first release, which a rollback may go to.
const beforeFirst render.ReleaseState = "before the first"

func every(s render.ReleaseState) bool { return s != beforeFirst }

// wentLive are the releases that a rollback may go to.
func wentLive(s render.ReleaseState) bool { return s != render.StateLive && s != render.StateNever }

// undoable are those that --of may name.
func undoable(s render.ReleaseState) bool {
	return s == render.StateLive || s == render.StateInFlight
}

// releases completes the number of a release, with what it was for.
func (a *app) releases(wanted pick) completer {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.fromAccount(cmd, func(ctx context.Context, ses *connect.Session, stack string) []string {
			recent, err := ses.Ledger.Recent(ctx, stack, listed)
			if err != nil {
				return nil
			}
			states := render.Log{Stack: stack, Releases: recent.Releases, Live: recent.Position.Live, Pending: recent.Position.Pending}.States()
			var list []string
			for _, r := range recent.Releases {
				if state := states[r.Number]; wanted(state) {
					about := cmp.Or(string(state), "was live") + ", " + r.At.UTC().Format("2006-01-02 15:04") + " " + cmp.Or(r.Message, string(r.Kind))
					list = append(list, described(strconv.Itoa(r.Number), about))
				}
			}
			if wanted(beforeFirst) && recent.Exists {
				list = append(list, "0\tbefore the first release")
			}
			return list
		})
	}
}

// heldReleases are those whose rollback holds something.
func (a *app) heldReleases(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.fromAccount(cmd, func(ctx context.Context, ses *connect.Session, stack string) []string {
		state, err := ses.Ledger.Read(ctx, stack)
		if err != nil {
			return nil
		}
		var list []string
		for _, h := range state.Holds() {
			list = append(list, described(strconv.Itoa(h.Release), cmp.Or(h.Why, "held since it was rolled back")))
		}
		return list
	})
}

// lockHolder is the run that holds the lock.
func (a *app) lockHolder(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.fromAccount(cmd, func(ctx context.Context, ses *connect.Session, stack string) []string {
		lock, _, err := ses.Ledger.Holder(ctx, stack)
		if err != nil || lock.RunID == "" {
			return nil
		}
		return []string{described(lock.RunID, fmt.Sprintf("%s, by %s", lock.Phase, lock.Holder))}
	})
}

// fromAccount asks the account for what a shell may offer. It gives nothing where
// that takes too long, fails, or would have to ask a person.
func (a *app) fromAccount(cmd *cobra.Command, ask func(context.Context, *connect.Session, string) []string) ([]string, cobra.ShellCompDirective) {
	if !a.silently(cmd) {
		return nothing(cmd, nil, "")
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), answerWithin)
	defer cancel()
	answer := make(chan []string, 1)
	go func() { answer <- a.look(ctx, ask) }()
	select {
	case list := <-answer:
		return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	case <-ctx.Done(): // what does not listen to that ends with the process
		return nothing(cmd, nil, "")
	}
}

// look asks an account without a person: it makes nothing there, and nothing here.
func (a *app) look(ctx context.Context, ask func(context.Context, *connect.Session, string) []string) []string {
	var s *spec
	stack := a.stack
	if stack == "" {
		var err error
		if s, err = a.load(); err != nil {
			return nil
		}
		stack = s.Stack.Name
	}
	o := a.connectOptions(s)
	o.Unattended = true
	ses, err := connect.Open(ctx, o)
	if err != nil {
		return nil
	}
	defer func() { _ = ses.Close() }() // nothing was written
	if ses.Right(ctx) != nil {
		return nil
	}
	return ask(ctx, ses, stack)
}

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
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
)

func (a *app) resumeCommand() *cobra.Command {
	run := runFlags{noWait: true, restore: restoreStop, timeout: 1, parallel: 1}
	var function string
	var all bool
	cmd := &cobra.Command{
		Use:   "resume [RELEASE]",
		Short: "Lift what a rollback holds",
		Long: `A rollback holds what it took out of service: apply refuses it until it has
changed. Resume lifts that: what the rollback of RELEASE holds, or, where only
one release is held, of that one. --all lifts everything, --function only what
concerns one function. It records a release, and touches nothing in CloudFront.

What is lifted already stays so: said again, it changes nothing.`,
		Args: a.takes(1, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := a.releaseArgument(cmd, args, 1)
			if err != nil {
				return err
			}
			if number != 0 && all {
				return misused(cmd, "say one of them", "resume %d lifts what one rollback holds, and --all everything", number)
			}
			if err := run.check(cmd, a.shown); err != nil {
				return err
			}
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				return a.resume(ctx, ses, stack, resuming{number, all, function, run})
			})
		},
	}
	f := cmd.Flags()
	f.StringVarP(&run.message, "message", "m", "", "why, for the history")
	f.StringVar(&function, "function", "", "only what concerns this function: its key in the spec, or its name in Lambda")
	run.registerLock(cmd)
	f.BoolVar(&all, "all", false, "lift the holds of every release")
	a.stackFlag(cmd)
	return cmd
}

// resuming is what resume was asked for.
type resuming struct {
	release  int
	all      bool
	function string
	run      runFlags
}

func (a *app) resume(ctx context.Context, ses *connect.Session, stack string, r resuming) error {
	state, err := a.readStack(ctx, ses, stack)
	if err != nil {
		return err
	}
	lift, err := liftOf(state, r)
	if err != nil {
		return err
	}
	p, err := deploy.PrepareResume(ctx, deploy.NewReader(ses.Cloud), state, lift)
	if none, ok := errors.AsType[*plan.NotHeldError](err); ok {
		a.clearDead(ctx, ses, stack, state.Seen)
		return a.notHeld(ctx, ses, state, none)
	}
	if err != nil {
		return err
	}
	if err := a.execute(ctx, ses, planfile.Plan{Plan: p}, r.run); err != nil {
		return err
	}
	_, gone := release.Lifted(state.Holds(), lift)
	for _, h := range gone {
		text := fmt.Sprintf("Lifted what the rollback of release %d holds", h.Release)
		if lift.Function != "" {
			text += " of " + render.Clean(lift.Function)
		}
		a.say(text + ".\n")
	}
	return nil
}

// severalHeldError says that resume needs to be told which release is meant.
type severalHeldError struct {
	stack string
	holds []release.Hold
}

func (e *severalHeldError) Error() string {
	texts := make([]string, len(e.holds))
	for i, h := range e.holds {
		texts[i] = fmt.Sprint(h.Release)
	}
	return fmt.Sprintf("stack %s holds what the rollbacks of %d releases took out of service: %s", e.stack, len(e.holds), strings.Join(texts, ", "))
}

// liftOf says what is to be lifted. Without a number there has to be one
// release at most that is held.
func liftOf(state release.LedgerState, r resuming) (release.Lift, error) {
	lift := release.Lift{Release: r.release}
	if r.function != "" {
		var err error
		if lift.Function, err = functionName(state, r.function); err != nil {
			return release.Lift{}, err
		}
	}
	holds := state.Holds()
	if r.release == 0 && !r.all {
		if len(holds) > 1 {
			return release.Lift{}, &severalHeldError{state.Live.Stack, holds}
		}
		if len(holds) == 1 {
			lift.Release = holds[0].Release
		}
	}
	return lift, nil
}

// functionName gives the Lambda name that a key or a Lambda name means, among
// the functions of the releases and those that are held.
func functionName(state release.LedgerState, name string) (string, error) {
	for _, r := range []release.Release{state.Live, state.Pending} {
		for _, f := range r.Functions {
			if f.Key == name || f.Spec.Function == name {
				return f.Spec.Function, nil
			}
		}
	}
	// A function that is in no release any more has no key; its usual name has.
	for _, h := range state.Holds() {
		for _, s := range h.Content {
			if s.Function == name || s.Function == state.Live.Stack+"-"+name {
				return s.Function, nil
			}
		}
		for _, e := range h.Edits {
			if e.Spec.Function == name || e.Spec.Function == state.Live.Stack+"-"+name {
				return e.Spec.Function, nil
			}
		}
	}
	return "", fmt.Errorf("stack %s has no function %s, and none of that name is held", state.Live.Stack, name)
}

// maxResumes bounds how far back it is looked for the release that lifted a hold.
const maxResumes = 5

// notHeld tells of a hold that is lifted already. To lift it again is no
// failure: the same command ends in the same state.
func (a *app) notHeld(ctx context.Context, ses *connect.Session, state release.LedgerState, e *plan.NotHeldError) error {
	if e.Lift.Release == 0 {
		return a.told(state, fmt.Sprintf("Stack %s is not held.\n", render.Clean(state.Live.Stack)))
	}
	what := fmt.Sprintf("Release %d", e.Lift.Release)
	if e.Lift.Function != "" {
		what = fmt.Sprintf("What release %d bound of %s", e.Lift.Release, render.Clean(e.Lift.Function))
	}
	by := state.Live
	for range maxResumes {
		if by.Kind != release.KindResume || by.Parent == 0 {
			break
		}
		before, err := ses.Ledger.Get(ctx, state.Live.Stack, by.Parent)
		if errors.Is(err, deploy.ErrNoRelease) {
			break
		}
		if err != nil {
			return err
		}
		if _, gone := release.Lifted(before.Holds, e.Lift); len(gone) > 0 {
			return a.told(state, fmt.Sprintf("%s is not held: release %d lifted that.\n", what, by.Number))
		}
		by = before
	}
	return a.told(state, what+" is not held (any more).\n")
}

// told ends a resume that found nothing to do.
func (a *app) told(state release.LedgerState, text string) error {
	same := func() string { return text }
	return a.document(same, func() ([]byte, error) {
		return render.ResultJSON(render.Outcome{Message: strings.TrimSpace(text), Plan: plan.Plan{
			Stack: state.Live.Stack, Kind: release.KindResume, Saw: state.Position(), Context: plan.Context{Holds: state.Holds()},
		}})
	}, same)
}

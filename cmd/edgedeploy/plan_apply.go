package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
)

// ruleFlags are the permissions of one plan.
type ruleFlags struct {
	plan.Rules
	upgrade bool
}

func (r *ruleFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&r.Adopt, "adopt", false, "take over slots and functions that something else holds")
	f.BoolVar(&r.AllowDetach, "allow-detach", false, "empty the slots of distributions that left the spec")
	f.BoolVar(&r.WithPolicy, "with-policy", false, "change distributions that take part in continuous deployment")
	f.BoolVar(&r.upgrade, "upgrade-trampoline", false, "give every function the newest trampoline")
}

func (a *app) planCommand() *cobra.Command {
	var rules ruleFlags
	var detailed bool
	var out string
	cmd := &cobra.Command{
		Use:     "plan",
		Aliases: []string{"diff"},
		Short:   "Show what apply would do",
		Long:    "Plan reads the spec, packs the bundles, looks at the account and says what apply\nwould do. It changes nothing.",
		Args:    a.takes(0, nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkOut(out); err != nil {
				return err
			}
			return a.plan(cmd.Context(), rules, detailed, out)
		},
	}
	rules.register(cmd)
	a.loads.register(cmd.Flags())
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 if there are changes")
	cmd.Flags().StringVar(&out, "out", "", "save the plan and its bundles to this file, for apply FILE")
	return cmd
}

// checkOut makes sure, before there is a plan, that it can be saved.
func (a *app) checkOut(file string) error {
	if file == "" {
		return nil
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fileError(a.shown("out"), file, syscall.EISDIR)
	}
	if err := planfile.MayReplace(file); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Dir(file))
	return fileError(a.shown("out"), filepath.Dir(file), err)
}

func (a *app) plan(ctx context.Context, rules ruleFlags, detailed bool, out string) error {
	return a.withBundles(ctx, func(s *spec, all map[string]built, ses *connect.Session) error {
		p, err := a.prepare(ctx, s, ses, all, rules)
		if err != nil {
			return err
		}
		if out != "" {
			p.ID = provenance.NewID()
			if err := planfile.Save(out, p); err != nil {
				return err
			}
		}
		if detailed && p.Plan.Changes() {
			a.exit = exitChanges
		}
		if err := a.showPlan(p.Plan); err != nil || out == "" {
			return err
		}
		a.say(a.savedWords(p.Plan, out))
		return nil
	})
}

// savedWords say where a plan was saved, and what runs it.
func (a *app) savedWords(p plan.Plan, file string) string {
	if len(p.Held) > 0 {
		return fmt.Sprintf("\nSaved in %s, which apply refuses while that is held. Once it is lifted, plan again:\nthis plan is stale by then.\n", render.Clean(file))
	}
	c := a.commands(p.Stack)
	c.Saved = file
	return fmt.Sprintf("\nSaved in %s. To run it:\n  %s\n", render.Clean(file), c.Command(release.Action{Verb: release.VerbApply}))
}

// withBundles reads the spec, packs its bundles, and only then connects.
func (a *app) withBundles(ctx context.Context, do func(*spec, map[string]built, *connect.Session) error) (err error) {
	s, err := a.load()
	if err != nil {
		return err
	}
	all, err := a.bundles(ctx, s)
	if err != nil {
		return err
	}
	ses, err := a.connect(ctx, s, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ses.Close()) }()
	if err = do(s, all, ses); err != nil {
		a.nearestTo(ctx, ses, err)
	}
	return err
}

func (a *app) showPlan(p plan.Plan) error {
	a.warnBack(p)
	return a.document(
		func() string { return render.PlanText(p, a.commands(p.Stack), a.out) },
		func() ([]byte, error) { return render.PlanJSON(p, a.exit) },
		func() string { return render.PlanMarkdown(p, a.commands(p.Stack)) },
	)
}

// warnBack warns a person who believes that something is about to be undone.
func (a *app) warnBack(p plan.Plan) {
	for _, n := range p.Notes {
		if n.Kind != "already-back" {
			continue
		}
		text := n.Text
		if back := p.Context.Back; back != nil && back.Further >= 0 {
			text += "; to go further: " + a.commands(p.Stack).Command(release.Action{Verb: release.VerbRollback, To: back.Further, HasTo: true})
		}
		a.warn(text)
	}
}

func (a *app) applyCommand() *cobra.Command {
	var rules ruleFlags
	var run runFlags
	cmd := &cobra.Command{
		Use:     "apply [PLANFILE]",
		Aliases: []string{"deploy"},
		Short:   "Publish, associate and record what the spec wants",
		Long: `Apply shows the plan, asks, and runs the very plan it showed. With a file that
plan --out wrote, it runs that plan without asking (to name the file is to
approve it), goes on with a run of it that died, says that it was applied
already, or refuses it as stale.

It can be repeated at any time: what is there already is not done again.`,
		Args: a.takes(1, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := run.check(cmd, a.shown); err != nil {
				return err
			}
			if len(args) == 1 {
				if err := a.checkSaved(cmd, args[0]); err != nil {
					return err
				}
				return a.applySaved(cmd, args[0], run)
			}
			return a.apply(cmd.Context(), rules, run)
		},
	}
	rules.register(cmd)
	a.loads.register(cmd.Flags())
	run.register(cmd)
	run.registerRestore(cmd)
	return cmd
}

// plans bounds how often apply --yes plans anew because another run was faster.
const plans = 3

func (a *app) apply(ctx context.Context, rules ruleFlags, run runFlags) error {
	return a.withBundles(ctx, func(s *spec, all map[string]built, ses *connect.Session) error {
		for try := 1; ; try++ {
			p, err := a.prepare(ctx, s, ses, all, rules)
			if err != nil {
				return err
			}
			err = a.showAndRun(ctx, ses, p, run, "Apply this to "+s.Stack.Name+"?")
			// No person approved this plan, so another one is as good.
			if !is[*deploy.StaleError](err) || !run.yes || try == plans {
				return err
			}
			a.warn(err.Error() + "; planning again")
		}
	})
}

// showAndRun shows a plan, asks if there is something to ask, and runs it.
func (a *app) showAndRun(ctx context.Context, ses *connect.Session, p planfile.Plan, run runFlags, question string) error {
	a.warnBack(p.Plan)
	a.planned = p.Plan
	// The result is the document on stdout, whatever its form; the plan before it
	// is for the eyes, and stays in a job's log.
	shown := p.Plan
	shown.Held = nil // the error that follows says it, and what to do
	a.say(render.PlanText(shown, a.commands(p.Plan.Stack), a.err) + "\n")
	if len(p.Plan.Held) > 0 {
		return p.Plan.HeldError()
	}
	if p.Plan.Changes() {
		if err := a.confirm(ctx, run.yes, question); err != nil {
			return err
		}
	}
	return a.execute(ctx, ses, p, run)
}

package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/versions"
)

func (a *app) statusCommand() *cobra.Command {
	var detailed bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what is live, by slot, and whether it is what was deployed",
		Args: a.takes(0, func(arg string) string {
			if m := wholeNumber.FindStringSubmatch(arg); m != nil {
				return "edgedeploy show " + m[1] + " tells of a release"
			}
			return ""
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withStack(ctx, func(ses *connect.Session, stack string) error {
				st, err := a.status(ctx, ses, stack)
				if err != nil {
					return err
				}
				st.Commands = a.commands(stack)
				if detailed && !settled(st) {
					a.exit, st.ExitCode = exitChanges, exitChanges
				}
				return a.document(
					func() string { return render.StatusText(st, a.out) },
					func() ([]byte, error) { return render.StatusJSON(st) },
					func() string { return render.StatusMarkdown(st) },
				)
			})
		},
	}
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 if a slot does not hold what the live release put there, another one holds a version of the stack, or a release is in flight")
	a.stackFlag(cmd)
	return cmd
}

// status compares what the live release says with what is there.
func (a *app) status(ctx context.Context, ses *connect.Session, stack string) (render.Status, error) {
	state, err := ses.Read(ctx, stack)
	broken, unread := errors.AsType[*ledger.RecordError](err)
	switch {
	case unread && state.Broken != 0:
		return render.Status{
			Stack: stack, Account: state.Account, Broken: broken.Number, Good: broken.Good, Damage: broken.Error(), Pending: state.Pending, Phase: state.Phase,
			Lock: state.Lock, Now: time.Now(),
		}, nil
	case err != nil:
		return render.Status{}, err
	}
	if err := a.exists(ctx, ses, stack, state.Exists); err != nil {
		return render.Status{}, err
	}
	if !state.Exists {
		orphans, err := a.orphans(ctx, ses)
		return render.Status{Stack: stack, NoLedger: true, Orphans: orphans, Now: time.Now()}, err
	}
	st := render.Status{
		Stack: stack, Account: state.Account, Live: state.Live, Pending: state.Pending, Phase: state.Phase, Lost: state.Lost,
		Lock: state.Lock, Holds: state.Holds(), Now: time.Now(), Functions: make([]render.FunctionStatus, len(state.Live.Functions)),
	}
	reader := deploy.NewReader(ses.Cloud)
	there, err := reader.Stack(ctx, state, nil)
	if err != nil {
		return render.Status{}, err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	attached := attachedIn(there)
	for i, f := range state.Live.Functions {
		st.Functions[i].Function = f
		if attached[f.Ref()] {
			continue // it exists, and is what was attached: Lambda deletes none that has replicas
		}
		group.Go(func() (err error) { st.Functions[i], err = functionStatus(gctx, reader, f); return err })
	}
	if err := group.Wait(); err != nil {
		return render.Status{}, err
	}
	if _, flying := state.InFlight(); flying {
		st.Written = state.Pending.Written(func(s associations.Slot) associations.Binding { return there[s.Distribution].Held[s] })
	}
	for _, b := range state.Live.Bindings() {
		i := slices.IndexFunc(state.Live.Distributions, func(d release.Distribution) bool { return slices.Contains(d.IDs, b.Slot.Distribution) })
		st.Slots = append(st.Slots, slotStatus(b, state.Live.Distributions[i], there))
	}
	if st.Departed, err = reader.Orphans(ctx, state, state.Live.Functions); err != nil {
		return render.Status{}, err
	}
	st.Strays, err = deploy.Strays(ctx, reader, state, there)
	return st, err
}

// orphans are the functions of the spec that are tagged for its stack. They are
// looked for where there is no ledger: it was deleted then.
func (a *app) orphans(ctx context.Context, ses *connect.Session) ([]string, error) {
	if a.doc == nil {
		return nil, nil
	}
	tagged := make([]string, len(a.doc.Stack.Functions))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, f := range a.doc.Stack.Functions {
		group.Go(func() error {
			head, err := ses.Lambda.Head(gctx, f.Name)
			if head.Tags[versions.StackTag] == a.doc.Stack.Name {
				tagged[i] = f.Name
			}
			return err
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(tagged, func(name string) bool { return name == "" }), err
}

// attachedIn are the versions that sit somewhere in these distributions.
func attachedIn(distributions map[string]associations.State) map[versions.Ref]bool {
	refs := map[versions.Ref]bool{}
	for _, d := range distributions {
		for _, b := range d.Held {
			refs[b.Version] = true
		}
	}
	return refs
}

func functionStatus(ctx context.Context, reader *deploy.Reader, f release.Function) (render.FunctionStatus, error) {
	v, err := reader.Version(ctx, f.Ref())
	switch {
	case errors.Is(err, versions.ErrNoVersion):
		return render.FunctionStatus{Function: f, Note: "the version does not exist any more"}, nil
	case err != nil:
		return render.FunctionStatus{}, err
	case v.Version.Spec.Known() != f.Spec:
		return render.FunctionStatus{Function: f, State: v.State.State, Note: "the version is not what the release recorded"}, nil
	}
	if unknown := v.Version.Spec.Config.Unknown(); len(unknown) > 0 {
		return render.FunctionStatus{Function: f, State: v.State.State, Note: "it carries " + strings.Join(unknown, " and ") + ", which this edgedeploy does not know"}, nil
	}
	return render.FunctionStatus{Function: f, State: v.State.State}, nil
}

func slotStatus(b release.Bound, d release.Distribution, distributions map[string]associations.State) render.SlotStatus {
	s := render.SlotStatus{Slot: b.Slot, Key: d.Key, Domain: d.Alias, Wanted: b.Binding}
	there, ok := distributions[b.Slot.Distribution]
	switch {
	case !ok:
		s.Note = "the distribution does not exist any more"
		return s
	case !slices.Contains(there.Behaviors, b.Slot.Path):
		s.Note = "the cache behavior does not exist any more"
	}
	if s.Domain == "" && len(there.Aliases) > 0 {
		s.Domain = there.Aliases[0]
	}
	if s.Domain == "" {
		s.Domain = there.DomainName
	}
	s.Held, s.Deployed = there.Held[b.Slot], there.Deployed
	return s
}

// settled reports whether everything is as the live release left it.
func settled(st render.Status) bool {
	return st.Pending.Number == 0 && st.Live.Number != 0 && len(st.Strays) == 0 &&
		!slices.ContainsFunc(st.Slots, func(s render.SlotStatus) bool { return !s.Matches() || !s.Deployed }) &&
		!slices.ContainsFunc(st.Functions, func(f render.FunctionStatus) bool { return f.Note != "" })
}

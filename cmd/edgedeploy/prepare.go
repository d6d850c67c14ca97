package main

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
	"github.com/edgedeploy/edgedeploy/versions"
)

// prepare makes the plan of a spec: bundles first, so that what is wrong with
// the files is said before anything is contacted.
func (a *app) prepare(ctx context.Context, s *spec, ses *connect.Session, all map[string]built, rules ruleFlags) (planfile.Plan, error) {
	all = maps.Clone(all)
	state, err := ses.Read(ctx, s.Stack.Name)
	if err != nil {
		return planfile.Plan{}, err
	}
	if !rules.upgrade {
		if all, err = a.keepTrampolines(s, all, state.Live); err != nil {
			return planfile.Plan{}, err
		}
	}
	account := deploy.NewReader(ses.Cloud)
	distributions, err := deploy.Resolve(ctx, account, plan.Named(s.Stack), state.Live)
	if err != nil {
		return planfile.Plan{}, err
	}
	for _, d := range distributions {
		for _, id := range d.IDs {
			s.ids[id] = d.Key
		}
	}
	from := provenance.Find(ctx, s.project(all), a.lookup)
	known := from.Provenance(ctx, state.Live.Source, state.Pending.Source)
	for {
		packed, borrowed, err := packed(all, state.Live, state.Pending)
		if err != nil {
			return planfile.Plan{}, err
		}
		want := plan.Want(s.Stack, packed, distributions, from.Source)
		want.Provenance = known
		planned, err := deploy.Prepare(ctx, account, state, want, rules.Rules)
		if err != nil {
			return planfile.Plan{}, err
		}
		zips, again, err := zipsOf(planned, all, borrowed)
		if err != nil {
			return planfile.Plan{}, err
		}
		if !again {
			return planfile.Plan{Plan: planned, Code: planfile.Zips(zips), Local: a.local, Data: ses.Data, Subject: from.Subject}, nil
		}
	}
}

// zipsOf gives the zips of what a plan publishes. Where one was not zipped,
// because a release has its content, and has to be published all the same (its
// version is gone), its zip is another than the recorded one: the plan is to be
// made again.
func zipsOf(p plan.Plan, all map[string]built, borrowed map[string]bool) (zips map[versions.ContentID][]byte, again bool, err error) {
	zips = map[versions.ContentID][]byte{}
	for s := range p.Steps() {
		step, ok := s.(plan.Publish)
		if !ok {
			continue
		}
		b, err := all[step.Key].zipped()
		if err != nil {
			return nil, false, err
		}
		all[step.Key], zips[b.Content] = b, b.Zip
		again = again || borrowed[step.Key]
	}
	return zips, again, nil
}

// project is what a release of the spec is made from: the spec, and the files
// that were packed.
func (s *spec) project(all map[string]built) provenance.Project {
	inputs := []string{path.Join(s.dir, filepath.Base(s.file))}
	for _, b := range all {
		inputs = append(inputs, b.Inputs...)
	}
	slices.Sort(inputs)
	return provenance.Project{Dir: filepath.Dir(s.file), Root: s.top, Packed: slices.Compact(inputs)}
}

// keepTrampolines packs functions again that are live with another trampoline
// than the newest: a new edgedeploy is no reason to deploy anybody anew.
func (a *app) keepTrampolines(s *spec, all map[string]built, live release.Release) (map[string]built, error) {
	keep := map[string]int{}
	for _, f := range s.Stack.Functions {
		old, ok := live.Function(f.Name)
		if ok && f.Trampoline == 0 && old.Trampoline != 0 && all[f.Key].Bundle.Trampoline != 0 && old.Trampoline != all[f.Key].Bundle.Trampoline {
			keep[f.Name] = old.Trampoline
		}
	}
	if len(keep) == 0 {
		return all, nil
	}
	kept := maps.Clone(all)
	for _, f := range s.Stack.Functions {
		number, ok := keep[f.Name]
		if !ok {
			continue
		}
		b, problems := s.pack(f, number)
		if problems != nil {
			return nil, fmt.Errorf("%s is live with trampoline %d: %s", f.Key, number, problems[0].Message)
		}
		kept[f.Key] = b
	}
	return kept, nil
}

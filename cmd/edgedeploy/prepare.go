package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// prepared is a plan with what running it needs.
type prepared struct {
	plan    plan.Plan
	zips    map[versions.ContentID][]byte
	subject string // the commit's first line
	local   bool   // for the local AWS
}

// prepare makes the plan of a spec: bundles first, so that what is wrong with
// the files is said before anything is contacted.
func (a *app) prepare(ctx context.Context, s *spec, ses *session, all map[string]built, rules ruleFlags) (prepared, error) {
	state, err := ses.read(ctx, s.Stack.Name)
	if err != nil {
		return prepared{}, err
	}
	if !rules.upgrade {
		if all, err = a.keepTrampolines(s, all, state.Live); err != nil {
			return prepared{}, err
		}
	}
	distributions, seen, err := deploy.Resolve(ctx, ses.CloudFront, plan.Named(s.Stack), state.Live)
	if err != nil {
		return prepared{}, err
	}
	for _, d := range distributions {
		s.ids[d.ID] = d.Key
	}
	dir := filepath.Dir(s.file)
	from := source(ctx, dir)
	planned, err := deploy.Prepare(ctx, ses.Cloud, state, plan.Want(s.Stack, packed(all), distributions, from), rules.Rules, seen)
	if err != nil {
		return prepared{}, err
	}
	zips := map[versions.ContentID][]byte{}
	for _, b := range all {
		zips[b.Content] = b.Zip
	}
	return prepared{plan: planned, zips: zips, local: a.local, subject: subject(ctx, dir, from)}, nil
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
		b, problem := s.pack(f, number)
		if problem != nil {
			return nil, fmt.Errorf("%s is live with trampoline %d: %s", f.Key, number, problem.Message)
		}
		kept[f.Key] = b
	}
	return kept, nil
}

// code gives the zips of a plan to the runner.
func (p prepared) code(id versions.ContentID) ([]byte, error) {
	zip, ok := p.zips[id]
	if !ok {
		return nil, fmt.Errorf("content %s is not at hand", id.Short())
	}
	return zip, nil
}

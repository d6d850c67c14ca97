package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/internal/node"
	"github.com/edgedeploy/edgedeploy/internal/render"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// loadFlags say whether and where bundles are loaded before anything else is
// done with them.
type loadFlags struct {
	skip bool
	node []string
}

func (l *loadFlags) register(f *pflag.FlagSet) {
	f.BoolVar(&l.skip, "no-load", false, "do not load the bundles in Node.js: run nothing of theirs here")
	nodeFlag(f, &l.node)
}

// bundles packs every function, and loads what was packed.
func (a *app) bundles(ctx context.Context, s *spec) (map[string]built, error) {
	all, err := a.build(ctx, s, nil)
	if err != nil {
		return nil, err
	}
	return all, a.checkLoads(ctx, s, all)
}

// checkLoads loads every bundle in Node.js, without any event, where there is
// one: a module that the engine refuses, or a script that throws, is better
// found here than at the edge. What loaded once is not loaded again.
//
// On another release of Node.js than the function's, a failure is a warning.
func (a *app) checkLoads(ctx context.Context, s *spec, all map[string]built) error {
	var todo []built
	for _, f := range s.Stack.Functions {
		if b := all[f.Key]; node.RuntimeMajor(b.Config.Runtime) != 0 && !a.loadedBefore(b) {
			todo = append(todo, b)
		}
	}
	if a.loads.skip || len(todo) == 0 {
		return nil
	}
	nodes, err := a.nodes(ctx, a.loads.node)
	if is[*node.NotFoundError](err) && len(a.loads.node) == 0 {
		return nil // Lambda has one; here nothing but this needs it
	}
	if err != nil {
		return err
	}
	found := make([]*stackspec.Problem, len(todo)*len(nodes))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, b := range todo {
		for k, n := range nodes {
			group.Go(func() (err error) {
				found[i*len(nodes)+k], err = a.loadsIn(ctx, s, b, n)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return a.loadProblems(todo, nodes, found)
}

// loadProblems tells what was found, and remembers what loaded.
func (a *app) loadProblems(todo []built, nodes []node.Node, found []*stackspec.Problem) error {
	var problems []stackspec.Problem
	failed := false
	for i, b := range todo {
		good := true
		for _, p := range found[i*len(nodes) : (i+1)*len(nodes)] {
			if p != nil {
				good = false
				failed = failed || !p.Warning
				problems = append(problems, *p)
			}
		}
		if good {
			a.rememberLoad(b)
		}
	}
	if failed {
		return &invalidError{problems: problems}
	}
	if len(problems) > 0 {
		a.say(render.Problems(problems, a.err))
	}
	return nil
}

// loadsIn loads one bundle in one Node.js, and says what is wrong with it, if
// anything is. An error is about running Node.js at all.
func (a *app) loadsIn(ctx context.Context, s *spec, b built, n node.Node) (*stackspec.Problem, error) {
	f, err := runs(b)
	if err != nil {
		return nil, err
	}
	session, err := n.Run(ctx, f, nil)
	if err != nil {
		return nil, err
	}
	key, _, _ := sourceOf(b.Function)
	if session.Load != nil {
		other := n.Major != node.RuntimeMajor(b.Config.Runtime)
		hint := "--no-load leaves this out"
		if other {
			hint = "it will run on " + b.Config.Runtime + ", which --node PATH may name; --no-load leaves this out"
		}
		p := s.problem(fmt.Sprintf("does not load in Node.js %s: %s", n.Version, session.Load), hint, other, "functions", b.Key, key)
		return &p, nil
	}
	if b.OnError != "continue" {
		return nil, nil
	}
	for _, l := range session.LoadLogs {
		if l.Level == "error" {
			// The trampoline lets events pass when the handler cannot start.
			p := s.problem("logged an error while it was loaded: "+l.Text,
				"with on-error: continue, events pass unchanged as long as the handler cannot start", true, "functions", b.Key, key)
			return &p, nil
		}
	}
	return nil, nil
}

// loadMark is the file that says that a bundle loaded; "" where nothing can be
// kept. The limits have no part in it: what needs more memory to load than it
// is given fails in edgedeploy test as well.
func (a *app) loadMark(b built) string {
	dir := a.cacheDir
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(user, "edgedeploy")
	}
	return filepath.Join(dir, "loads", string(b.Content)+"."+b.Config.Runtime)
}

func (a *app) loadedBefore(b built) bool {
	_, err := os.Stat(a.loadMark(b))
	return err == nil
}

// rememberLoad leaves a mark. Where it cannot be written the bundle is loaded
// again next time, which costs a moment and is no reason to bother anybody.
func (a *app) rememberLoad(b built) {
	mark := a.loadMark(b)
	if mark == "" || os.MkdirAll(filepath.Dir(mark), 0o700) != nil {
		return
	}
	_ = os.WriteFile(mark, nil, 0o600)
}

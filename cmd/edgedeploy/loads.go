package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
	"github.com/edgedeploy/edgedeploy/internal/handlers/sources"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// loadFlags say whether and where bundles are loaded before anything else is
// done with them.
type loadFlags struct {
	skip bool
	programs
	old  bool // take runtimes that Lambda creates no functions with
	tell bool // where there is no program to load in: to check is what the command is for
}

func (l *loadFlags) register(f *pflag.FlagSet) {
	f.BoolVar(&l.skip, "no-load", false, "do not load the bundles in Node.js or Python: run nothing of theirs here")
	l.programs.register(f)
	f.BoolVar(&l.old, "allow-deprecated", false, "only warn of a runtime that Lambda creates no functions with any more")
}

// aging warns of runtimes that Lambda lets go of, and refuses those that it
// creates no functions with any more.
func (a *app) aging(s *spec) error {
	day, refuse := a.streams.Now(), false
	var problems []stackspec.Problem
	for _, f := range s.Stack.Functions {
		message, refused := stackspec.Aging(f.Config.Runtime, day)
		if message == "" {
			continue
		}
		hint := "use " + stackspec.Newest(f.Config.Runtime)
		if refused && !a.loads.old {
			refuse = true
			hint += "; if AWS moved the date, or the function exists and may still be updated, say --allow-deprecated"
		}
		problems = append(problems, s.problem(message, hint, !refused || a.loads.old, "functions", f.Key, "runtime"))
	}
	switch {
	case refuse:
		return &invalidError{problems: problems}
	case len(problems) > 0:
		a.say(render.Problems(problems, a.err))
	}
	return nil
}

// bundles packs every function, and loads what was packed.
func (a *app) bundles(ctx context.Context, s *spec) (map[string]built, error) {
	if err := a.aging(s); err != nil {
		return nil, err
	}
	all, err := a.build(ctx, s, nil)
	if err != nil {
		return nil, err
	}
	return all, a.checkLoads(ctx, s, all)
}

// loading is one bundle in one program.
type loading struct {
	built
	engine engine
}

// checkLoads loads every bundle in Node.js or Python, without any event, where
// there is one: a module that the engine refuses, or a script that throws, is
// better found here than at the edge. What loaded in its own release is not
// loaded again, in any; what loaded in another one only not in that.
//
// On another release than the function's, a failure that may be the release's
// own is a warning.
func (a *app) checkLoads(ctx context.Context, s *spec, all map[string]built) error {
	var unknown []built
	for _, f := range s.Stack.Functions {
		if b := all[f.Key]; !a.loadedBefore(b, b.Config.Runtime) {
			unknown = append(unknown, b)
		}
	}
	if a.loads.skip || len(unknown) == 0 {
		return nil
	}
	families, err := a.families(ctx, a.loads.programs, unknown)
	if err != nil {
		return err
	}
	if a.loads.tell {
		a.reportNotLoaded(families)
	}
	var todo []loading
	for _, b := range unknown {
		for _, e := range families[node.IsPython(b.Config.Runtime)].engines {
			if !a.loadedBefore(b, e.runtime) {
				todo = append(todo, loading{b, e})
			}
		}
	}
	found := make([]*stackspec.Problem, len(todo))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, l := range todo {
		group.Go(func() (err error) {
			found[i], err = a.loadsIn(ctx, s, l.built, l.engine)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return a.loadProblems(todo, found)
}

// reportNotLoaded names which bundles nothing here could load. Lambda has a
// program for them, and nothing but this needs one here.
func (a *app) reportNotLoaded(families map[bool]family) {
	if families[false].missing != nil {
		a.say("edgedeploy: the bundles were not loaded: there is no Node.js in PATH\n")
	}
	if why := families[true].missing; why != nil {
		a.say(fmt.Sprintf("edgedeploy: the bundles in Python were not loaded: %v\n", why))
	}
}

// loadProblems tells what was found, and remembers what loaded.
func (a *app) loadProblems(todo []loading, found []*stackspec.Problem) error {
	var problems []stackspec.Problem
	var loaded []string
	failed := false
	for i, p := range found {
		if p == nil {
			loaded = append(loaded, loadMark(todo[i].built, todo[i].engine.runtime))
			continue
		}
		failed = failed || !p.Warning
		problems = append(problems, *p)
	}
	a.loadMarks().Set(loaded...)
	if failed {
		return &invalidError{problems: problems}
	}
	if len(problems) > 0 {
		a.say(render.Problems(problems, a.err))
	}
	return nil
}

// loadsIn loads one bundle in one program, and says what is wrong with it, if
// anything is. An error is about running the program at all.
func (a *app) loadsIn(ctx context.Context, s *spec, b built, e engine) (*stackspec.Problem, error) {
	f, err := a.loads.runs(b)
	if err != nil {
		return nil, err
	}
	session, err := e.Run(ctx, f, nil)
	if err != nil {
		return nil, err
	}
	key, _, _ := sourceOf(b.Function)
	if session.Load != nil && session.Load.MissingSDK() != "" {
		p := s.problem(fmt.Sprintf("could not be loaded to its end in %s: it needs %s, which Lambda has beside the bundle and nothing here has; what comes after that was not looked into", e, session.Load.MissingSDK()),
			"--sdk DIR names a folder that has it; what is in the bundle is what was tested, so packing it is safer", true, "functions", b.Key, key)
		return &p, nil
	}
	if session.Load != nil {
		other := e.runtime != b.Config.Runtime && ofRelease(session.Load, e.runtime, b.Config.Runtime)
		p := s.problem(fmt.Sprintf("does not load in %s: %s", e, session.Load),
			loadHint(session.Load, b, other), other, "functions", b.Key, key)
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

// loadRules is another text whenever bundles are loaded by other rules.
const loadRules = "as Lambda loads it"

// loadMark names the mark that says that a bundle loaded in a release of Node.js
// or Python, named by its runtime. It is a digest of all that loading depends
// on: the handler is a bundle's by configuration, and the runtime decides
// whether callbacks are taken. The limits have no part in it: what needs more
// memory to load than it is given fails in edgedeploy test as well.
func loadMark(b built, release string) string {
	name := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%s", loadRules, b.Content, b.Config.Runtime, b.Bundle.Handler, release))
	return hex.EncodeToString(name[:])
}

// loadMarks are where such marks are kept; nowhere if there is no such folder.
func (a *app) loadMarks() sources.Marks {
	dir := a.cacheDir
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return sources.Marks{}
		}
		dir = filepath.Join(user, "edgedeploy")
	}
	return sources.Marks{Dir: filepath.Join(dir, "loads")}
}

func (a *app) loadedBefore(b built, release string) bool {
	return a.loadMarks().Has(loadMark(b, release))
}

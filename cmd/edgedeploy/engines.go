package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
)

// programs are those that handlers are run in, as they were asked for.
type programs struct {
	node   []string
	python string
	sdk    string // a folder with the AWS SDK that Lambda's image has
}

func (p *programs) register(f *pflag.FlagSet) {
	f.StringSliceVar(&p.node, "node", nil, "the Node.js program to run handlers in (default: node in PATH)")
	f.StringVar(&p.python, "python", "", "the Python program for handlers in Python (default: python3 in PATH)")
	f.StringVar(&p.sdk, "sdk", "", "a folder with the AWS SDK that Lambda has beside a bundle")
}

// runner runs a packed function: a [node.Node] or a [node.Python].
type runner interface {
	Run(context.Context, node.Function, [][]byte) (node.Session, error)
}

// engine is a program that runs handlers.
type engine struct {
	runner
	runtime string // the Lambda runtime that it is of: nodejs24.x
	node    string // its version, if it is a Node.js
	python  string // or a Python
	path    string
}

func (e engine) String() string {
	if e.python != "" {
		return "Python " + e.python
	}
	return "Node.js " + e.node
}

// flag is how another program of its kind is named.
func (e engine) flag() string {
	if e.python != "" {
		return "--python"
	}
	return "--node"
}

// engines finds the programs that run functions of a runtime. Their paths come
// from the command line or the environment, never from the spec.
func (a *app) engines(ctx context.Context, p programs, runtime string) ([]engine, error) {
	search, _ := a.lookup("PATH")
	if node.IsPython(runtime) {
		found, err := node.FindPython(ctx, p.python, search)
		if err != nil {
			return nil, err
		}
		return []engine{{runner: found, runtime: found.Runtime(), python: found.Version, path: found.Path}}, nil
	}
	paths := p.node
	if len(paths) == 0 {
		paths = []string{""}
	}
	var all []engine
	for _, path := range paths {
		n, err := node.Find(ctx, path, search)
		if err != nil {
			return nil, err
		}
		all = append(all, engine{runner: n, runtime: fmt.Sprintf("nodejs%d.x", n.Major), node: n.Version, path: n.Path})
	}
	return all, nil
}

// family are the engines of one language, looked for once.
type family struct {
	engines []engine
	missing error // nobody asked for a program, and there is none
}

// families finds what the functions need: Node.js by false, Python by true. A
// program that was asked for and is not there is an error.
func (a *app) families(ctx context.Context, p programs, all []built) (map[bool]family, error) {
	found := map[bool]family{}
	for _, b := range all {
		python := node.IsPython(b.Config.Runtime)
		if _, ok := found[python]; ok {
			continue
		}
		engines, err := a.engines(ctx, p, b.Config.Runtime)
		asked := len(p.node) > 0
		if python {
			asked = p.python != ""
		}
		switch {
		case is[*node.NotFoundError](err) && !asked:
			found[python] = family{missing: err}
		case err != nil:
			return nil, err
		default:
			found[python] = family{engines: engines}
		}
	}
	return found, nil
}

// releaseNumber is the number in which the releases of a runtime differ: 24 of
// nodejs24.x, 13 of python3.13.
func releaseNumber(runtime string) int {
	digits, python := strings.CutPrefix(runtime, "python3.")
	if !python {
		return node.RuntimeMajor(runtime)
	}
	minor, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return minor
}

// runs is a function as an engine runs it.
func (p programs) runs(b built) (node.Function, error) {
	b, err := b.zipped()
	return node.Function{
		SDK:  p.sdk,
		Name: b.Function.Name, Zip: b.Zip, Handler: b.Bundle.Handler, Runtime: b.Config.Runtime,
		MemoryMB: b.Config.MemoryMB, Timeout: time.Duration(b.Config.TimeoutSeconds) * time.Second,
	}, err
}

// withSDK adds to a failure where the SDK that it misses may come from.
func withSDK(f *node.Failure) string {
	if f.MissingSDK() == "" {
		return f.Error()
	}
	first, _, _ := strings.Cut(f.Error(), "\n") // behind it is who required it
	return first + "; Lambda has the AWS SDK beside the bundle, and --sdk DIR names a folder that has it here"
}

// otherRuntime warns that a function is tried on another release than it will
// run on.
func (a *app) otherRuntime(b built, e engine) {
	if b.Config.Runtime != e.runtime {
		a.warn(fmt.Sprintf("%s will run on %s, and this is %s: %s PATH names another", b.Key, b.Config.Runtime, e, e.flag()))
	}
}

package node

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// The switches that Lambda starts Node.js with, because newer releases do by
// default what Lambda does not want to be relied on. At the edge nobody can
// take them back: NODE_OPTIONS is an environment variable.
const (
	noRequireES = "--no-experimental-require-module" // require() of an ES module
	noDetectES  = "--no-experimental-detect-module"  // a .js without "type" is an ES module if it reads like one
)

// lambdaSwitches are those of a runtime.
//
//	runtime     switches     source
//	nodejs20.x  noRequireES  Lambda Developer Guide, "Building Lambda functions with Node.js" (2025-09), experimental features that Lambda disables
//	nodejs22.x  both         the same table
//	nodejs24.x  both         LIKELY: the table is older. Lambda's own client for 24 is tested with both (its package.json, 4.0.2), and nestjs/docs.nestjs.com#3530 (2026-09) has require() disabled on 20, 22 and 24
//	nodejs26.x  both         LIKELY: as 24
func lambdaSwitches(major int) []string {
	if major <= 20 {
		return []string{noRequireES}
	}
	return []string{noRequireES, noDetectES}
}

// switches are what this program is started with for a function of a runtime:
// those of the runtime that this program knows. One that does not know the
// switch has not the feature either, or has it for good.
func (n Node) switches(major int) []string {
	return slices.DeleteFunc(lambdaSwitches(major), func(s string) bool { return !slices.Contains(n.known, s) })
}

// program is this one for a function in its box. It caps the heap at the
// function's memory: not exactly what Lambda counts, which is the whole process,
// but what a leak runs into. Of the packages in Lambda's own NODE_PATH there are
// those of f.SDK.
func (n Node) program(b box, f Function) (program, error) {
	if err := b.linkSDK(f.SDK); err != nil {
		return program{}, err
	}
	major := RuntimeMajor(f.Runtime)
	if major == 0 {
		major = n.Major
	}
	args := n.switches(major)
	if f.MemoryMB > 0 {
		args = append(args, fmt.Sprintf("--max-old-space-size=%d", f.MemoryMB))
	}
	env := append(surroundings(n.search), f.reserved(b.task)...)
	return program{
		path: n.Path, args: append(args, b.runner("runner.cjs")),
		env: append(env, "NODE_PATH="+b.task), callbacks: major < callbackFree,
	}, nil
}

// probe asks the program at path for its version, with the switches that it
// knows. A release that knows all of them is asked once.
func (n Node) probe(ctx context.Context, timeout time.Duration) (version string, known []string, err error) {
	all := []string{noRequireES, noDetectES}
	if version, err = n.version(ctx, timeout, all...); err == nil || !exited(err) {
		return version, all, err
	}
	if version, err = n.version(ctx, timeout); err != nil {
		return "", nil, err
	}
	for _, s := range all {
		if _, err := n.version(ctx, timeout, s); err == nil {
			known = append(known, s)
		}
	}
	return version, known, nil
}

// exited reports whether a program ended by itself, as one does that does not
// know a switch, and did not keep silent.
func exited(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() >= 0
}

// version is what the program says with --version behind some switches.
func (n Node) version(ctx context.Context, timeout time.Duration, switches ...string) (string, error) {
	out, err := askedFor(ctx, timeout, n.Path, n.search, append(switches, "--version")...)
	return strings.TrimSpace(out), err
}

// askedFor is what a program says of its version, with all that it starts within
// that time.
func askedFor(ctx context.Context, timeout time.Duration, path, search string, args ...string) (string, error) {
	bound, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(bound, path, args...)
	cmd.Env = surroundings(search)
	cmd.WaitDelay = time.Second
	group(cmd) // ^C is for this program, which ends the other
	out, err := cmd.Output()
	switch {
	case err != nil && ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil && bound.Err() != nil:
		return "", fmt.Errorf("ask %s for its version: it gave none within %v", path, timeout)
	case err != nil:
		return "", fmt.Errorf("ask %s for its version: %w; it gets no environment but PATH and TZ, so name the program itself and not a version manager's shim", path, err)
	}
	return string(out), nil
}

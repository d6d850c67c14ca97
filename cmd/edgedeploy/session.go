package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
)

// connectOptions says which AWS the flags ask for. The spec, if there is one,
// says what the local AWS should have.
func (a *app) connectOptions(s *spec) connect.Options {
	o := connect.Options{
		Profile: a.profile, Endpoint: a.endpoint, Local: a.local, LocalData: a.localData,
		Top:       func() (string, error) { return a.top(".") },
		UserAgent: "edgedeploy/" + provenance.Tool(), OnCall: a.calls.add, OnThrottle: a.calls.throttle(a), Warn: a.warn,
	}
	if a.verbose {
		o.OnCall = a.calls.tell(a)
	}
	if s != nil {
		o.Stack, o.Top = &s.Stack, func() (string, error) { return s.top, nil }
	}
	return o
}

// connect opens the AWS that the flags ask for. account is that of a saved
// plan, "" without one.
func (a *app) connect(ctx context.Context, s *spec, account string) (*connect.Session, error) {
	if a.local && (a.profile != "" || a.endpoint != "") {
		return nil, &usageError{command: "edgedeploy", err: errors.New("--local goes with neither --profile nor --endpoint-url")}
	}
	o := a.connectOptions(s)
	o.Account = account
	ses, err := connect.Open(ctx, o)
	if err == nil && ses.RegionIgnored != "" && a.verbose {
		a.say(fmt.Sprintf("region %s of the environment is not used: Lambda@Edge lives in us-east-1\n", ses.RegionIgnored))
	}
	return ses, err
}

// withStack connects for a command that needs only the stack's name: from
// --stack, or from the spec.
func (a *app) withStack(ctx context.Context, do func(ses *connect.Session, stack string) error) (err error) {
	var s *spec
	stack := a.stack
	if stack == "" {
		if s, err = a.load(); err != nil {
			return &noStackError{err}
		}
		stack = s.Stack.Name
	}
	ses, err := a.connect(ctx, s, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ses.Close()) }()
	return do(ses, stack)
}

// noStackError says that no stack was named, and that the spec, which would have
// named it, cannot be read. The command itself needs no spec.
type noStackError struct{ err error }

func (e *noStackError) Error() string { return e.err.Error() }

// Unwrap gives what is wrong with the spec.
func (e *noStackError) Unwrap() error { return e.err }

// readStack looks at a stack's ledger. A state that names no release names its
// stack all the same.
func readStack(ctx context.Context, ses *connect.Session, stack string) (release.LedgerState, error) {
	state, err := ses.Read(ctx, stack)
	state.Live.Stack = stack
	return state, err
}

func missing(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, os.ErrNotExist)
}

// commands writes the commands that lead on, with the flags of this run.
func (a *app) commands(stack string) render.Commands {
	c := render.Commands{Stack: stack, Saved: a.saved}
	switch {
	case a.file != defaultFile:
		c.Spec = []string{"-f", a.file}
	case a.doc == nil && missing(defaultFile):
		c.Spec = []string{"-f", "FILE"} // the stack was named, or its plan: where its spec is, nobody said
	}
	for _, name := range a.allowEnv {
		c.Spec = append(c.Spec, "--allow-env", name)
	}
	add := func(flag, value string) {
		if value != "" {
			c.Flags = append(c.Flags, flag, value)
		}
	}
	if a.local {
		c.Flags = append(c.Flags, "--local")
	}
	add("--local-data", a.localData)
	add("--root", a.root)
	add("--profile", a.profile)
	add("--endpoint-url", a.endpoint)
	return c
}

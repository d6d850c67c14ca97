package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/nearest"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
	"github.com/edgedeploy/edgedeploy/stackspec"
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
		other := "endpoint-url"
		if a.profile != "" {
			other = "profile"
		}
		return nil, &usageError{what: fmt.Sprintf("%s is one AWS, and %s another", a.shown("local"), a.shown(other)), right: "say one of them"}
	}
	if err := a.checkEndpoint(); err != nil {
		return nil, err
	}
	o := a.connectOptions(s)
	o.Account = account
	ses, err := connect.Open(ctx, o)
	if err == nil && ses.RegionIgnored != "" && a.verbose {
		a.say(fmt.Sprintf("region %s of the environment is not used: Lambda@Edge lives in us-east-1\n", ses.RegionIgnored))
	}
	return ses, err
}

// checkEndpoint refuses an endpoint that is no address of the web.
func (a *app) checkEndpoint() error {
	u, err := url.Parse(a.endpoint)
	if a.endpoint == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	right := "such as http://127.0.0.1:4599"
	if port := wholeNumber.FindStringSubmatch(a.endpoint); port != nil {
		right = meant("http://127.0.0.1:" + port[1])
	} else if bare, err := url.Parse("http://" + a.endpoint); err == nil && bare.Host != "" && bare.Path == "" && !strings.Contains(a.endpoint, "://") {
		right = meant(typed("http://" + a.endpoint))
	}
	return &usageError{what: a.shown("endpoint-url") + " is no http or https URL: " + quoted(a.endpoint), right: right}
}

// checkStack refuses a name that no stack can have.
func (a *app) checkStack(cmd *cobra.Command) error {
	if a.stack == "" || stackNames.MatchString(a.stack) {
		return nil
	}
	right := "check the name"
	if near := stackspec.NameFrom(a.stack); near != a.stack && stackNames.MatchString(near) {
		right = meant(near)
	}
	return misused(cmd, right, "%s is at most 40 of a-z, 0-9 and -, not %s", a.shown("stack"), quoted(a.stack))
}

// stackNames are the names that a stack may have.
var stackNames = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

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

// readStack looks at the ledger of a stack that has to exist. A state that names no
// release names its stack all the same.
func (a *app) readStack(ctx context.Context, ses *connect.Session, stack string) (release.LedgerState, error) {
	state, err := ses.Read(ctx, stack)
	if err == nil {
		err = a.exists(ctx, ses, stack, state.Exists)
	}
	state.Live.Stack = stack
	return state, err
}

// exists refuses a stack that --stack names and that has no ledger: the name is
// mistyped, or the account is another one. A spec's own stack may be about to be
// applied for the first time.
func (a *app) exists(ctx context.Context, ses *connect.Session, stack string, there bool) error {
	if there || a.stack == "" {
		return nil
	}
	e := &unknownStackError{stack: stack, shown: a.shown("stack"), here: a.peek()}
	if account, err := ses.Identity.Account(ctx); err == nil { // to help, it need not be known
		e.account = account
	}
	return e
}

// unknownStackError says that a stack that was named does not exist.
type unknownStackError struct {
	stack   string
	shown   string // the flag that names it
	account string // where it was looked for, "" if not known
	here    string // the stack of the spec in this folder, "" for none
}

func (e *unknownStackError) Error() string {
	if e.account == "" {
		return fmt.Sprintf("%s: there is no stack %s", e.shown, e.stack)
	}
	return fmt.Sprintf("%s: account %s has no stack %s", e.shown, e.account, e.stack)
}

func (e *unknownStackError) advice() string {
	switch {
	case e.here != "" && e.here != e.stack:
		if nearest.Word(e.stack, []string{e.here}) != "" {
			return meant(e.here)
		}
		return "the spec here is of stack " + e.here + "; is the account the right one?"
	case e.here == e.stack:
		return "apply it first; or the account is another, or its ledger was deleted"
	}
	return "check the name and the account; or its ledger was deleted"
}

func missing(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, os.ErrNotExist)
}

// commands writes the commands that lead on, with the flags of this run.
func (a *app) commands(stack string) render.Commands {
	c := render.Commands{Stack: stack, Saved: a.saved}
	switch {
	case a.foundAbove: // and found there again
	case a.file != defaultFile:
		c.Spec = []string{"-f", a.file}
	case a.doc == nil && a.peek() != stack:
		c.Spec = []string{"-f", "FILE"} // the stack was named, or its plan: where its spec is, nothing said
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
	add("-C", a.chdir)
	add("--local-data", a.localData)
	add("--root", a.root)
	add("--profile", a.profile)
	add("--endpoint-url", a.endpoint)
	return c
}

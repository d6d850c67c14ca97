package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

const guarded = `version: 1
stack: shop
account: "ACCOUNT"
defaults: { role: "arn:aws:iam::ACCOUNT:role/edge", timeout: TIMEOUT }
functions: { a: { wasm: redirect.wasm } }
distributions: { www: { DISTRIBUTION, behaviors: { default: { viewer-request: a } } } }
`

// guardRig is a folder with a spec for an account, another account that has a
// stack of the same name with two releases, and credentials for that one.
type guardRig struct {
	t   *testing.T
	dir string
	env map[string]string
	aws *localaws.Server
}

// serveAWS serves a local AWS until the test has ended, and gives its address.
func serveAWS(t *testing.T) (*localaws.Server, string) {
	t.Helper()
	server, err := localaws.Open(localaws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, web.URL
}

func newGuardRig(t *testing.T) *guardRig {
	t.Helper()
	const theirs, id = "999999999999", "E9AAAAAAAAAAAA"
	server, url := serveAWS(t)
	if err := server.Seed(theirs, localaws.Seed{
		Roles: []iam.SeedRole{{ARN: "arn:aws:iam::" + theirs + ":role/edge"}}, Distributions: []cf.SeedDistribution{{ID: id}},
	}); err != nil {
		t.Fatal(err)
	}
	r := &guardRig{t: t, dir: t.TempDir(), aws: server, env: map[string]string{
		"AWS_ACCESS_KEY_ID": theirs, "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": url,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}}
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	r.write("redirect.wasm", string(wasm))
	for name, words := range map[string][]string{
		"one.yaml":   {"ACCOUNT", theirs, "TIMEOUT", "5", "DISTRIBUTION", "id: " + id},
		"two.yaml":   {"ACCOUNT", theirs, "TIMEOUT", "4", "DISTRIBUTION", "id: " + id},
		"ours.yaml":  {"ACCOUNT", "123456789012", "TIMEOUT", "5", "DISTRIBUTION", "id: E1AAAAAAAAAAAA"},
		"alias.yaml": {"ACCOUNT", "123456789012", "TIMEOUT", "5", "DISTRIBUTION", "alias: www.example.com"},
		"first.yaml": {"stack: shop", "stack: new", "ACCOUNT", "123456789012", "TIMEOUT", "5", "DISTRIBUTION", "alias: www.example.com"},
	} {
		r.write(name, strings.NewReplacer(words...).Replace(guarded))
	}
	for _, file := range []string{"one.yaml", "two.yaml"} {
		if code, text := r.edgedeploy("apply", "--yes", "-f", file); code != 0 {
			t.Fatalf("apply %s exits with %d: %s", file, code, text)
		}
	}
	return r
}

func (r *guardRig) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// edgedeploy runs the program, and gives its exit code and what it said. The
// SDK reads the process's own environment.
func (r *guardRig) edgedeploy(command string, args ...string) (int, string) {
	r.t.Helper()
	for i, arg := range args {
		if strings.HasSuffix(arg, ".yaml") {
			args[i] = filepath.Join(r.dir, arg)
		}
	}
	for name, value := range r.env {
		r.t.Setenv(name, value)
	}
	out, err := os.CreateTemp(r.dir, "out")
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	code := Main(r.t.Context(), append([]string{command}, args...), Streams{In: os.Stdin, Out: out, Err: out}, os.LookupEnv)
	text, err := os.ReadFile(out.Name())
	if err != nil {
		r.t.Fatal(err)
	}
	return code, string(text)
}

// Whoever is asked has seen the plan, whatever form the result has.
func TestThePlanIsShownBeforeTheQuestion(t *testing.T) {
	r := newGuardRig(t)
	for _, form := range []string{"text", "json", "markdown"} {
		code, text := r.edgedeploy("rollback", "-o", form, "-f", "two.yaml")
		if code != exitFailed || !strings.Contains(text, "viewer-request     a 2 → 1") || !strings.Contains(text, "without a terminal") {
			t.Errorf("-o %s exits with %d: %s", form, code, text)
		}
	}
}

// account: names the one account that a spec is for. With credentials of
// another one, that has a stack of the same name, no command does anything.
func TestNoCommandWorksInAnotherAccountThanTheSpecs(t *testing.T) {
	r := newGuardRig(t)
	for _, args := range [][]string{
		{"plan", "-f", "ours.yaml"},
		{"plan", "-f", "alias.yaml"},
		{"plan", "-f", "first.yaml"},
		{"apply", "--yes", "-f", "ours.yaml"},
		{"rollback", "--yes", "-f", "ours.yaml"},
		{"resume", "-f", "ours.yaml"},
		{"unlock", "--yes", "-f", "ours.yaml"},
		{"status", "-f", "ours.yaml"},
		{"history", "-f", "ours.yaml"},
		{"show", "-f", "ours.yaml"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			r.aws.ResetCalls()
			code, text := r.edgedeploy(args[0], args[1:]...)
			if code != exitConflict || !strings.Contains(text, "the credentials belong to account 999999999999") {
				t.Errorf("exits with %d: %s", code, text)
			}
			for _, c := range r.aws.Calls() {
				if c.Method != "GET" && c.Service != "sts" {
					t.Errorf("%s %s was called", c.Service, c.Operation)
				}
			}
		})
	}
	// Its own people go on as ever.
	if code, text := r.edgedeploy("rollback", "--yes", "-f", "two.yaml"); code != 0 {
		t.Errorf("their own rollback exits with %d: %s", code, text)
	}
}

package awscli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// binary is the program and client the AWS CLI; TestMain finds both.
var binary, client string

func TestMain(m *testing.M) { os.Exit(prepare(m)) }

func prepare(m *testing.M) int {
	name := cmp.Or(os.Getenv("EDGEDEPLOY_TEST_AWS"), "aws")
	out, err := exec.Command(name, "--version").CombinedOutput()
	switch {
	case err == nil:
		client = name
	case os.Getenv("EDGEDEPLOY_REQUIRE_AWSCLI") != "":
		fmt.Fprintf(os.Stderr, "the AWS CLI is required and does not run: %v\n%s", err, out)
		return 1
	default:
		return m.Run() // and every test says that it is skipped
	}
	return program.Main(m, &binary)
}

const (
	account = program.Account
	role    = "arn:aws:iam::" + account + ":role/edge"
	lambda  = "arn:aws:lambda:us-east-1:" + account + ":function:"
	seeded  = "E1AAAAAAAAAAAA"
)

// rig is a local AWS and the folder that the CLI runs in.
type rig struct {
	*program.Local
	t   *testing.T
	dir string
}

// newRig serves a local AWS that has a role and a distribution.
func newRig(t *testing.T, flags ...string) *rig {
	t.Helper()
	if client == "" {
		t.Skip("NOT RUN: there is no AWS CLI. Install it, or name it in EDGEDEPLOY_TEST_AWS.")
	}
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	local, err := program.Serve(ctx, binary, t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	err = local.Seed(ctx, localaws.Seed{
		Roles:         []iam.SeedRole{{ARN: role}},
		Distributions: []cf.SeedDistribution{{ID: seeded, PathPatterns: []string{"/img/*"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &rig{Local: local, t: t, dir: t.TempDir()}
}

// with is the rig for a subtest.
func (r *rig) with(t *testing.T) *rig { return &rig{Local: r.Local, t: t, dir: t.TempDir()} }

// patience is more than any call of the CLI may take, waiters included.
const patience = program.Patience

// run runs the CLI: no retries, no pager, JSON.
func (r *rig) run(args ...string) (stdout, stderr string, ok bool) {
	r.t.Helper()
	return r.exec(client, append(args, "--endpoint-url", r.Endpoint, "--output", "json"))
}

func (r *rig) exec(name string, args []string) (stdout, stderr string, ok bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, &out, &errs
	cmd.Env = append(program.Environment(r.dir, ""), "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "LC_ALL=C.UTF-8")
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || ctx.Err() != nil) {
		r.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), errors.Join(err, ctx.Err()), errs.String())
	}
	return out.String(), errs.String(), err == nil
}

// aws has to succeed, and decodes what the CLI prints into a T.
func aws[T any](r *rig, args ...string) T {
	r.t.Helper()
	stdout, stderr, ok := r.run(args...)
	if !ok {
		r.t.Fatalf("aws %s: %s", strings.Join(args, " "), stderr)
	}
	var v T
	if err := json.Unmarshal([]byte(stdout), &v); err != nil {
		r.t.Fatalf("aws %s prints no %T: %v\n%s", strings.Join(args, " "), v, err, stdout)
	}
	return v
}

// done has to succeed and to print nothing.
func (r *rig) done(args ...string) {
	r.t.Helper()
	if stdout, stderr, ok := r.run(args...); !ok || strings.TrimSpace(stdout) != "" {
		r.t.Fatalf("aws %s: %s%s", strings.Join(args, " "), stdout, stderr)
	}
}

// refused has to fail with a code and AWS's own sentence.
func (r *rig) refused(code, sentence string, args ...string) {
	r.t.Helper()
	stdout, stderr, ok := r.run(args...)
	if ok {
		r.t.Fatalf("aws %s is let through: %s", strings.Join(args, " "), stdout)
	}
	if !strings.Contains(stderr, "("+code+")") || !strings.Contains(stderr, sentence) {
		r.t.Errorf("aws %s says:\n%s\nwant (%s) %s", strings.Join(args, " "), strings.TrimSpace(stderr), code, sentence)
	}
}

// file writes a file into the rig's folder and returns the CLI's word for it.
func (r *rig) file(name string, v any) string {
	r.t.Helper()
	raw, isRaw := v.([]byte)
	if !isRaw {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			r.t.Fatal(err)
		}
	}
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		r.t.Fatal(err)
	}
	if isRaw {
		return "fileb://" + path
	}
	return "file://" + path
}

// object is a JSON object.
type object = map[string]any

// api makes a Lambda call without the CLI, for what only has to be there.
func (r *rig) api(call string, in any) {
	r.t.Helper()
	if err := r.JSON(r.t.Context(), "lambda", call, in, nil); err != nil {
		r.t.Fatal(err)
	}
}

// function creates a function and publishes version 1, with more members if given.
func (r *rig) function(name string, more object) {
	r.t.Helper()
	in := object{
		"FunctionName": name, "Role": role, "Runtime": "nodejs22.x", "Handler": "index.handler",
		"Publish": true, "Code": object{"ZipFile": smallZip(r.t, 0)},
	}
	for k, v := range more {
		in[k] = v
	}
	r.api("POST /2015-03-31/functions", in)
}

// configuration is a distribution's, with its ETag, as the CLI shows it.
type configuration struct {
	ETag               string
	DistributionConfig object
}

func (r *rig) config(id string) configuration {
	r.t.Helper()
	return aws[configuration](r, "cloudfront", "get-distribution-config", "--id", id)
}

// associated is a deep copy of a configuration with associations in the
// default behaviour.
func (c configuration) associated(t *testing.T, list ...object) object {
	t.Helper()
	fresh := clone(t, c.DistributionConfig)
	associate(fresh["DefaultCacheBehavior"].(object), list...)
	return fresh
}

func associate(behavior object, list ...object) {
	associations := object{"Quantity": len(list)}
	if len(list) > 0 {
		associations["Items"] = list
	}
	behavior["LambdaFunctionAssociations"] = associations
}

func clone(t *testing.T, o object) object {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var fresh object
	if err := json.Unmarshal(raw, &fresh); err != nil {
		t.Fatal(err)
	}
	return fresh
}

func association(arn, event string) object {
	return object{"LambdaFunctionARN": arn, "EventType": event, "IncludeBody": false}
}

// behavior finds a behaviour of a configuration by its pattern.
func behavior(t *testing.T, config object, pattern string) object {
	t.Helper()
	items := config["CacheBehaviors"].(object)["Items"].([]any)
	i := slices.IndexFunc(items, func(b any) bool { return b.(object)["PathPattern"] == pattern })
	if i < 0 {
		t.Fatalf("no behaviour %s", pattern)
	}
	return items[i].(object)
}

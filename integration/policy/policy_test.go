package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// silent are the commands that contact no AWS.
var silent = []string{"build", "completion", "help", "iam-policy", "init", "invoke", "local", "schema", "test", "validate", "version"}

func TestThePolicyAllowsTheCallsThatAreMadeAndNoMore(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	deployer, cleaner := s.policy("deployer"), s.policy("cleaner")
	table := map[string]bool{}
	for _, r := range unrecorded() {
		table[r.sid+" "+r.action] = true
	}
	s.live()
	used, deploying := s.used(deployer)
	s.clean()
	cleaned, cleaning := s.used(append(slices.Clone(deployer), cleaner...))
	maps.Copy(used, cleaned)
	for _, r := range unrecorded() {
		if r.source == "" || used[r.sid+" "+r.action] {
			t.Errorf("the row %s %s has no source, or is called and needs no row", r.sid, r.action)
		}
	}
	var idle, want []string
	for _, st := range append(deployer, cleaner...) {
		for _, action := range st.Action {
			if name := st.Sid + " " + action; !used[name] && !table[name] {
				idle = append(idle, name)
			}
		}
	}
	slices.Sort(idle)
	if diff := cmp.Diff(want, idle); diff != "" {
		t.Errorf("allowed, neither called nor in the table (-want +got)\n%s", diff)
	}
	s.everyCommandRan()
	t.Logf("%d and %d calls, %d and %d statements, %d allowed actions were called", deploying, cleaning, len(deployer), len(cleaner), len(used))
}

// used judges the calls since the last reset by the statements, and gives the
// allowed actions that were called.
func (s *stack) used(statements []statement) (used map[string]bool, calls int) {
	s.t.Helper()
	list, err := s.local.Calls(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	used = map[string]bool{}
	for _, c := range list {
		action, resource := needs(c)
		if action == "" || c.Service == "edgedeploy" {
			continue
		}
		allowed := false
		for _, st := range statements {
			if st.allows(action, resource) {
				allowed, used[st.Sid+" "+action] = true, true
			}
		}
		if !allowed {
			s.t.Errorf("%s on %s is called, and the policy does not allow it", action, resource)
		}
	}
	return used, len(list)
}

// everyCommandRan makes sure that no command is forgotten: each was run, or is
// said to contact nothing.
func (s *stack) everyCommandRan() {
	s.t.Helper()
	for _, name := range s.commands() {
		if ran := s.ran[name]; ran == slices.Contains(silent, name) {
			s.t.Errorf("%s: run is %v, and that it contacts no AWS is said: %v", name, ran, !ran)
		}
	}
}

// needs is the permission that a call needs, "" for none.
func needs(c localaws.Call) (action, resource string) {
	const lambda = "arn:aws:lambda:us-east-1:" + program.Account + ":function:"
	switch {
	case c.Service == "lambda" && strings.HasPrefix(c.Operation, "ListFunctions"):
		return "lambda:ListFunctions", "*"
	case c.Service == "lambda" && c.Operation == "Invoke":
		return "lambda:InvokeFunction", lambda + c.Resource
	case c.Service == "lambda" && strings.HasPrefix(c.Resource, "arn:"):
		return "lambda:" + c.Operation, c.Resource
	case c.Service == "lambda":
		return "lambda:" + c.Operation, lambda + c.Resource
	case c.Service == "cloudfront" && c.Resource == "":
		return "cloudfront:" + c.Operation, "*"
	case c.Service == "cloudfront":
		return "cloudfront:" + c.Operation, "arn:aws:cloudfront::" + program.Account + ":distribution/" + c.Resource
	}
	return "", "" // sts:GetCallerIdentity and presigned locations need none
}

// statement is one of the deployer's policy.
type statement struct {
	Sid              string
	Action, Resource []string
}

// allows is IAM's rule without conditions: * stands for any text.
func (s statement) allows(action, resource string) bool {
	if !slices.Contains(s.Action, action) {
		return false
	}
	for _, pattern := range s.Resource {
		// path.Match stops at slashes, which a name of Lambda's has none of.
		if ok, err := path.Match(pattern, resource); err == nil && ok || pattern == "*" {
			return true
		}
	}
	return false
}

// stack is a project, and the account that it is for.
type stack struct {
	t     *testing.T
	local *program.Local
	dir   string
	ran   map[string]bool
	file  spec
}

// spec is what changes in the spec.
type spec struct {
	memory          int
	role, tag, home string
}

const (
	firstRole  = "arn:aws:iam::" + program.Account + ":role/edge"
	secondRole = "arn:aws:iam::" + program.Account + ":role/other"
)

func newStack(t *testing.T) *stack {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	local, err := program.Serve(ctx, binary, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	seed := localaws.Seed{Roles: []iam.SeedRole{{ARN: firstRole}, {ARN: secondRole}}}
	for i := range 6 {
		seed.Distributions = append(seed.Distributions, cf.SeedDistribution{ID: id(i)})
	}
	if err := local.Seed(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, local: local, dir: t.TempDir(), ran: map[string]bool{}, file: spec{128, firstRole, "a", ""}}
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	s.write("redirect.wasm", wasm)
	s.change(func(*spec) {})
	return s
}

func id(i int) string { return fmt.Sprintf("E%013d", i) }

// change writes the spec anew.
func (s *stack) change(how func(*spec)) {
	how(&s.file)
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nstack: shop\naccount: %q\ntags: { t: %s", program.Account, s.file.tag)
	if s.file.tag == "b" {
		b.WriteString(", more: x")
	}
	fmt.Fprintf(&b, " }\ndefaults: { role: %q, timeout: 5, memory: %d }\nfunctions:\n", s.file.role, s.file.memory)
	for i := range 7 { // the last one is bound nowhere
		fmt.Fprintf(&b, "  f%d: { wasm: redirect.wasm, config: { home: /%d%s } }\n", i, i, s.file.home)
	}
	b.WriteString("distributions:\n")
	for i := range 6 {
		fmt.Fprintf(&b, "  d%d: { id: %s, behaviors: { default: { viewer-request: f%d } } }\n", i, id(i), i)
	}
	s.write("edgedeploy.yaml", []byte(b.String()))
}

func (s *stack) write(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// run runs a command, which has to end with that exit code; -1 for any.
func (s *stack) run(exit int, args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, program.Environment(s.dir, s.local.Endpoint), &out, &said
	if err := cmd.Run(); err != nil {
		if _, exited := errors.AsType[*exec.ExitError](err); !exited {
			s.t.Fatalf("edgedeploy %v: %v", args, err)
		}
	}
	if code := cmd.ProcessState.ExitCode(); exit >= 0 && code != exit {
		s.t.Fatalf("edgedeploy %v exits with %d, want %d:\n%s%s", args, code, exit, out.String(), said.String())
	}
	s.ran[args[0]] = true
	return out.String()
}

func (s *stack) policy(whose string) []statement {
	s.t.Helper()
	var doc struct{ Statement []statement }
	if err := json.Unmarshal([]byte(s.run(0, "iam-policy", whose)), &doc); err != nil || len(doc.Statement) == 0 {
		s.t.Fatalf("the policy: %v", err)
	}
	delete(s.ran, "iam-policy")
	return doc.Statement
}

// commands are those that the program's help lists.
func (s *stack) commands() []string {
	s.t.Helper()
	out := s.run(0, "--help")
	delete(s.ran, "--help")
	_, list, ok := strings.Cut(out, "Commands:\n")
	if !ok {
		s.t.Fatalf("the help lists no commands:\n%s", out)
	}
	var names []string
	for line := range strings.Lines(list) {
		name := strings.Fields(line)
		if len(name) == 0 || !strings.HasPrefix(line, "  ") {
			break
		}
		names = append(names, name[0])
	}
	return names
}

func (s *stack) arm(f localaws.Fault) {
	s.t.Helper()
	if err := s.local.Arm(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

// live takes the stack through all that makes calls.
func (s *stack) live() {
	t := s.t
	t.Helper()
	if err := s.local.ResetCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	apply := func() { t.Helper(); s.run(0, "apply", "--yes", "--no-load") }
	s.run(0, "plan", "--no-load")
	apply()
	s.run(0, "plan", "--no-load")
	for _, look := range []string{"status", "drift", "history", "show"} {
		s.run(0, look)
	}
	s.change(func(f *spec) { f.tag = "b" })
	apply()
	s.change(func(f *spec) { f.tag = "a" })
	apply()
	s.change(func(f *spec) { f.memory = 256 })
	apply()
	s.run(0, "rollback", "--yes", "-m", "too large")
	s.run(0, "resume", "--all")
	// Answers are lost: what became of the calls is read back.
	s.change(func(f *spec) { f.memory, f.role, f.home = 512, secondRole, "/new" })
	s.arm(localaws.Fault{Service: "lambda", Operation: "PublishVersion", Resource: "shop-f0", Kind: localaws.DropAfter})
	s.arm(localaws.Fault{Service: "lambda", Operation: "CreateAlias", Kind: localaws.DropAfter})
	apply()
	// A version sleeps that the way back attaches.
	arn := "arn:aws:lambda:us-east-1:" + program.Account + ":function:shop-f0:1"
	if err := s.local.JSON(t.Context(), "edgedeploy", "POST /_edgedeploy/inactive", map[string]string{"version": arn}, nil); err != nil {
		t.Fatal(err)
	}
	s.run(-1, "unlock")
	s.run(0, "rollback", "--to", "1", "--yes")
	s.run(0, "resume", "--all")
	// Releases are made until the oldest leaves.
	for i := range 40 {
		s.change(func(f *spec) { f.tag = fmt.Sprint("n", i) })
		apply()
	}
}

// clean deletes what is not needed any more, and in the end everything. One
// function holds a version of others, which is given back.
func (s *stack) clean() {
	t := s.t
	t.Helper()
	if err := s.local.ResetCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.change(func(f *spec) { f.memory = 1024 })
	s.run(0, "apply", "--yes", "--no-load")
	s.change(func(f *spec) { f.memory = 2048 })
	s.run(0, "apply", "--yes", "--no-load")
	// The answer of a move is lost: the alias is read back.
	s.arm(localaws.Fault{Service: "lambda", Operation: "UpdateAlias", Kind: localaws.DropAfter, Call: 2})
	s.run(0, "prune", "--keep", "1", "--yes")
	alias := map[string]string{"Name": "prod", "FunctionVersion": "$LATEST"}
	if err := s.local.JSON(t.Context(), "lambda", "POST /2015-03-31/functions/shop-f1/aliases", alias, nil); err != nil {
		t.Fatal(err)
	}
	s.run(0, "prune", "--keep", "1", "--yes")
	s.run(0, "destroy", "--yes")
}

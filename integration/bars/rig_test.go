package bars

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

const role = "arn:aws:iam::" + program.Account + ":role/edge"

// spec is a stack of two functions in three slots of two distributions; what
// it says of the functions changes with memory.
func spec(memory int) string {
	return fmt.Sprintf(`version: 1
stack: shop
account: %q
defaults: { role: %q, timeout: 5, memory: %d }
functions:
  auth: { wasm: redirect.wasm }
  resize: { wasm: redirect.wasm, config: { home: /en/ } }
distributions:
  www:
    id: E1AAAAAAAAAAAA
    behaviors:
      default: { viewer-request: auth }
      /img/*: { origin-response: resize }
  shop:
    id: E2AAAAAAAAAAAA
    behaviors:
      default: { viewer-request: auth }
`, program.Account, role, memory)
}

// folder is a project with the example's handler and the spec.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "redirect.wasm", wasm)
	write(t, dir, "edgedeploy.yaml", []byte(spec(128)))
	return dir
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// serve starts a local AWS that has what the spec takes for granted.
func serve(t *testing.T) *program.Local {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
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
	err = local.Seed(ctx, localaws.Seed{
		Roles: []iam.SeedRole{{ARN: role}},
		Distributions: []cf.SeedDistribution{
			{ID: "E1AAAAAAAAAAAA", PathPatterns: []string{"/img/*"}}, {ID: "E2AAAAAAAAAAAA"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return local
}

// outcome is what a run of the program left behind.
type outcome struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// patience is more than any run here may take; one that takes longer hangs.
const patience = program.Patience

// run runs the program in a folder, against endpoint unless that is "".
func run(t *testing.T, dir, endpoint string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, err bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, program.Environment(dir, endpoint), &out, &err
	start := time.Now()
	fail := cmd.Run()
	_, exited := errors.AsType[*exec.ExitError](fail)
	switch {
	case ctx.Err() != nil: // not Fatal: this may be another goroutine than the test's
		t.Errorf("edgedeploy %v hangs:\n%s", args, err.String())
	case fail != nil && !exited:
		t.Errorf("edgedeploy %v: %v", args, fail)
		return outcome{code: -1}
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), err.String(), time.Since(start)}
}

// must is run, and has to exit with 0.
func must(t *testing.T, dir, endpoint string, args ...string) outcome {
	t.Helper()
	o := run(t, dir, endpoint, args...)
	if o.code != 0 {
		t.Fatalf("edgedeploy %v exits with %d:\n%s%s", args, o.code, o.stdout, o.stderr)
	}
	return o
}

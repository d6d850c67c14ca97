package pacing

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// functions is how many a stack has.
const functions = 6

// --parallel bounds how many functions are published at once, said as a flag or by
// the environment; without it four are.
func TestParallelIsHowManyFunctionsArePublishedAtOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args, env []string
		want      int
	}{
		"one":             {[]string{"--parallel", "1"}, nil, 1},
		"all":             {[]string{"--parallel=32"}, nil, functions},
		"not said":        {nil, nil, 4},
		"the environment": {nil, []string{"EDGEDEPLOY_PARALLEL=2"}, 2},
		"the flag wins":   {[]string{"--parallel", "3"}, []string{"EDGEDEPLOY_PARALLEL=2"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			local, err := program.Serve(ctx, binary, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := local.Stop(); err != nil {
					t.Error(err)
				}
			}()
			edge := "arn:aws:iam::" + program.Account + ":role/edge"
			if err := local.Seed(ctx, localaws.Seed{Roles: []iam.SeedRole{{ARN: edge}}}); err != nil {
				t.Fatal(err)
			}
			// More than a busy machine takes between two calls that are made at once.
			if err := local.Arm(ctx, localaws.Fault{Operation: "CreateFunction", Kind: localaws.Delay, DelayMs: 1000, Times: 100}); err != nil {
				t.Fatal(err)
			}
			dir := project(t, edge)
			cmd := exec.CommandContext(ctx, binary, append([]string{"apply", "--yes"}, tt.args...)...)
			cmd.Dir, cmd.Env = dir, append(program.Environment(dir, local.Endpoint), tt.env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			calls, err := local.Calls(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got := together(calls); got != tt.want {
				t.Errorf("%d functions were created at once, want %d", got, tt.want)
			}
		})
	}
}

// project is a stack of functions that no distribution binds.
func project(t *testing.T, edge string) string {
	t.Helper()
	dir := t.TempDir()
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	var spec bytes.Buffer
	fmt.Fprintf(&spec, "version: 1\nstack: shop\ndefaults: { role: %q }\nfunctions:\n", edge)
	for i := range functions {
		fmt.Fprintf(&spec, "  f%d: { wasm: redirect.wasm, config: { home: /%d/ } }\n", i, i)
	}
	for name, data := range map[string][]byte{"redirect.wasm": wasm, "edgedeploy.yaml": spec.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// together is how many functions of the stack were being created at one moment.
func together(calls []localaws.Call) int {
	most := 0
	for _, c := range calls {
		at := 0
		for _, o := range calls {
			if created(o) && created(c) && o.Start <= c.Start && c.Start < o.End {
				at++
			}
		}
		most = max(most, at)
	}
	return most
}

func created(c localaws.Call) bool {
	return c.Operation == "CreateFunction" && strings.HasPrefix(c.Resource, "shop-f")
}

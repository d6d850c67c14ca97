package pipelines

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/program"
)

// binary is the program, cargo the folder of a cargo that builds modules, and
// self this test, which stands in for others under their names.
var binary, cargo, self string

func TestMain(m *testing.M) {
	if stub, is := stubs[filepath.Base(os.Args[0])]; is {
		if err := stub(os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "%s, as it is in this test: %v\n", filepath.Base(os.Args[0]), err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(prepare(m))
}

func prepare(m *testing.M) int {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "edgedeploy-pipelines")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }() // left behind, it only takes space
		self, err = os.Executable()
	}
	if err == nil {
		cargo, err = program.NeedCargo(ctx)
	}
	if err == nil && cargo != "" {
		binary, err = program.Build(ctx, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

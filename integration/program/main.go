package program

import (
	"context"
	"fmt"
	"os"
)

// Main is the end of a TestMain: it builds the program, sets binary to its path,
// runs the tests and gives the exit code. m is a *testing.M.
func Main(m interface{ Run() int }, binary *string) int {
	dir, err := os.MkdirTemp("", "edgedeploy-test")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }() // left behind, it only takes space
		*binary, err = Build(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

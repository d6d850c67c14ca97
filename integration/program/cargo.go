package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoCargo says that there is no cargo that builds for the browser's kind of
// WebAssembly.
var ErrNoCargo = errors.New("there is no cargo with the target wasm32-unknown-unknown (Debian: apt-get install cargo libstd-rust-dev-wasm32 lld)")

// Cargo finds the folder of a cargo and a rustc that build for
// wasm32-unknown-unknown: Debian's, or those in PATH. If there are none, the
// error is [ErrNoCargo].
func Cargo(ctx context.Context) (string, error) {
	for _, dir := range append([]string{"/usr/bin"}, filepath.SplitList(os.Getenv("PATH"))...) {
		if _, err := os.Stat(filepath.Join(dir, "cargo")); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, filepath.Join(dir, "rustc"), "--print", "sysroot").Output()
		if err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(strings.TrimSpace(string(out)), "lib/rustlib/wasm32-unknown-unknown")); err == nil {
			return dir, nil
		}
	}
	return "", ErrNoCargo
}

// NeedCargo is [Cargo] for a TestMain: without one the folder is "", which is
// an error only where EDGEDEPLOY_REQUIRE_CARGO says that it has to be there.
func NeedCargo(ctx context.Context) (string, error) {
	dir, err := Cargo(ctx)
	if err != nil && os.Getenv("EDGEDEPLOY_REQUIRE_CARGO") == "" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("EDGEDEPLOY_REQUIRE_CARGO is set, and %w", err)
	}
	return dir, nil
}

package pipelines

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// cargoOnce runs the real cargo, the first time that it is called so for the
// same sources. Later it brings the module that this built: the pipelines build
// some twenty times here, and change nothing but the spec in between.
func cargoOnce(args []string) (err error) {
	out, err := exec.Command("git", "rev-parse", "HEAD:Cargo.toml", "HEAD:Cargo.lock", "HEAD:src", "HEAD:edgedeploy-guest").Output()
	if err != nil {
		return fmt.Errorf("which sources are these: %w", err)
	}
	key := sha256.Sum256([]byte(strings.Join(args, "\x00") + string(out)))
	kept := filepath.Join(os.Getenv("STUB_CARGO_KEPT"), fmt.Sprintf("%x", key))
	lock, err := os.OpenFile(kept+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	const built = "target/wasm32-unknown-unknown/release"
	if _, err := os.Stat(kept); err == nil {
		return copyModules(kept, built)
	}
	cmd := exec.Command(os.Getenv("STUB_CARGO"), args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	return copyModules(built, kept)
}

func copyModules(from, to string) error {
	modules, err := filepath.Glob(filepath.Join(from, "*.wasm"))
	if err == nil && len(modules) == 0 {
		err = fmt.Errorf("no module is in %s", from)
	}
	for _, m := range modules {
		err = errors.Join(err, copyFile(m, filepath.Join(to, filepath.Base(m)), 0o755))
	}
	return err
}

package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// way is one way of running the handler.
type way struct {
	name  string
	pack  func(root *os.Root) (bundle.Bundle, error)
	build string // how to make what it needs, where that is not in the repository
}

const handlers = "integration/bench/handlers"

// The ways that are compared with each other, too.
const (
	wayHost  = "host, Rust (guest/rust)"
	wayBytes = "bytes, C"
	wayFloor = "JSON both ways, no Wasm"
	wayGlue  = "glue, wasm-bindgen and serde"
)

// config is that of examples/redirect.
func config() map[string]any {
	return map[string]any{"redirect-from": "www.example.com", "redirect-to": "example.com", "frame-options": "SAMEORIGIN"}
}

// ways are compared row by row. The first is what the others are measured by.
func ways() []way {
	return []way{
		{name: "plain JavaScript", pack: ready(map[string]string{"index.js": handlers + "/plain/index.js"})},
		{name: wayHost, pack: module("examples/redirect/redirect.wasm")},
		{name: "host, Go (guest/go)", pack: golang},
		{name: wayBytes, pack: module(handlers + "/bytes/bytes.wasm")},
		{name: wayFloor, pack: ready(map[string]string{
			"index.js": handlers + "/floor/index.js", "plain.js": handlers + "/plain/index.js",
		})},
		{name: wayGlue, pack: module(handlers + "/bindgen/pkg"), build: handlers + "/bindgen/build.sh"},
	}
}

func module(path string) func(*os.Root) (bundle.Bundle, error) {
	return func(root *os.Root) (bundle.Bundle, error) {
		return bundle.Build(root, bundle.Function{Name: "bench", Wasm: path, Config: config(), Runtime: "nodejs22.x"})
	}
}

// golang builds the handler in Go, and packs it.
func golang(root *os.Root) (_ bundle.Bundle, err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return bundle.Bundle{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "go.wasm"), ".")
	cmd.Dir = filepath.Join(root.Name(), handlers, "gohost")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return bundle.Bundle{}, fmt.Errorf("go build: %w\n%s", err, out)
	}
	own, err := os.OpenRoot(dir)
	if err != nil {
		return bundle.Bundle{}, err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	return module("go.wasm")(own)
}

// ready packs files of the repository under other names, with no trampoline.
func ready(files map[string]string) func(*os.Root) (bundle.Bundle, error) {
	return func(root *os.Root) (_ bundle.Bundle, err error) {
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			return bundle.Bundle{}, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		for to, from := range files {
			b, err := root.ReadFile(from)
			if err != nil {
				return bundle.Bundle{}, err
			}
			if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
				return bundle.Bundle{}, err
			}
		}
		own, err := os.OpenRoot(dir)
		if err != nil {
			return bundle.Bundle{}, err
		}
		defer func() { err = errors.Join(err, own.Close()) }()
		return bundle.Build(own, bundle.Function{Name: "bench", Bundle: ".", Handler: "index.handler"})
	}
}

// unpack writes a zip's files into a folder, as Lambda does.
func unpack(b []byte, dir string) error {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	for _, f := range r.File {
		// The zips are those of bundle.Build, which refuses names that climb.
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		src, err := f.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(src)
		if err := errors.Join(err, src.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

// tree makes a root that holds the given files.
func tree(t *testing.T, content map[string]string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return openRoot(t, dir)
}

func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	return root
}

// handlerTree is a project with the smallest module there is.
func handlerTree(t *testing.T) *os.Root {
	t.Helper()
	return tree(t, map[string]string{"h.wasm": string(wasmtest.Host{}.Module())})
}

type entry struct {
	name   string
	data   string
	mode   fs.FileMode
	method uint16
	flags  uint16
}

// foreign writes a zip as another tool might, with headers we never write.
func foreign(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: e.method, Flags: e.flags}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.name, "/") {
			continue // zip.Writer allows no content here
		}
		if _, err := f.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wantError checks what a person would read.
func wantError(t *testing.T, err error, path, say string) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error that says %q", err, say)
	}
	if e.Path != path || !strings.Contains(err.Error(), say) {
		t.Errorf("got %q at %q, want %q at %q", err, e.Path, say, path)
	}
	return e
}

package guest

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write go.txtar anew")

// sources are the files of a guest library that a handler is built from.
func sources(t *testing.T, dir string, is func(name string) bool) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !is(name) {
			return err
		}
		b, err := os.ReadFile(path.Join(dir, name))
		files[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func held(t *testing.T, all fs.FS) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(all, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(all, name)
		files[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestGoIsWhatTheModuleHolds(t *testing.T) {
	want := sources(t, "go", func(name string) bool {
		return name == "go.mod" || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "internal/probe/")
	})
	if *update {
		archive := txtar.Archive{Comment: []byte("What is in go, for starters. Written by `go test ./guest -update`.\n")}
		err := fs.WalkDir(os.DirFS("go"), ".", func(name string, _ fs.DirEntry, err error) error {
			if data, ok := want[name]; ok {
				archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(data)})
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("go.txtar", txtar.Format(&archive), 0o644); err != nil {
			t.Fatal(err)
		}
		golang = txtar.Format(&archive)
	}
	if diff := cmp.Diff(want, held(t, Go())); diff != "" {
		t.Errorf("go.txtar is not what go holds; run go test ./guest -update: -go +go.txtar\n%s", diff)
	}
	if len(want) < 5 || want["go.mod"] == "" {
		t.Errorf("only %d files were found in go", len(want))
	}
}

func TestRustIsTheWholeCrate(t *testing.T) {
	want := sources(t, "rust", func(name string) bool { return name == "Cargo.toml" || strings.HasPrefix(name, "src/") })
	if diff := cmp.Diff(want, held(t, Rust())); diff != "" {
		t.Errorf("-rust +embedded\n%s", diff)
	}
	if !bytes.Contains([]byte(want["Cargo.toml"]), []byte("edgedeploy-guest")) {
		t.Error("Cargo.toml is not the crate's")
	}
}

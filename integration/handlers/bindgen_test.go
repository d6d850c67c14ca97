package handlers

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// bindgenExample builds the example from what its build.sh made, which is not
// committed. CI requires it; elsewhere Rust may not be there.
func bindgenExample(t *testing.T) bundle.Bundle {
	t.Helper()
	const dir = "examples/wasm-bindgen"
	if _, err := repository(t).Stat(dir + "/pkg"); err != nil {
		if os.Getenv("EDGEDEPLOY_REQUIRE_BINDGEN") != "" {
			t.Fatalf("%s/pkg is not there: run %s/build.sh", dir, dir)
		}
		t.Skipf("skipped: it needs Rust; run %s/build.sh", dir)
	}
	return functionsOf(t, dir)["rewrite"]
}

func TestTheWasmBindgenExampleGivesItsExpectedResults(t *testing.T) {
	t.Parallel()
	b := bindgenExample(t)
	if b.ABI != bundle.Glue || len(b.Warnings) > 0 {
		t.Errorf("it is packed as %q, with warnings %q", b.ABI, b.Warnings)
	}
	checkFixtures(t, b, "examples/wasm-bindgen/fixtures")
	names, err := fs.Glob(repository(t).FS(), "examples/wasm-bindgen/fixtures/*.event.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range names {
		seen[at(readJSON(t, name), "Records", "0", "cf", "config", "eventType").(string)] = true
	}
	if len(seen) != 4 {
		t.Errorf("the fixtures cover %v, want all four triggers", seen)
	}
}

// What the trampoline mends: without it the handler's own result is a Map for
// the headers and undefined for what is absent.
func TestTheWasmBindgenExampleReturnsWhatJSONWouldLose(t *testing.T) {
	t.Parallel()
	b := bindgenExample(t)
	const script = `const { handler } = require('./handler.js');
const result = handler(JSON.parse(process.argv[1]), { config: JSON.parse(require('./edgedeploy.json').config) });
process.stdout.write([result.headers instanceof Map, 'statusDescription' in result, JSON.stringify(result.headers)].join());
`
	event, err := repository(t).ReadFile("examples/wasm-bindgen/fixtures/viewer-request-redirect.event.json")
	if err != nil {
		t.Fatal(err)
	}
	onEachNode(t, func(t *testing.T, node string) {
		cmd := exec.CommandContext(t.Context(), node, "-e", script, string(event))
		cmd.Dir = unpack(t, b.Zip)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "true,true,{}" {
			t.Errorf("%s, %v: the example proves nothing any more", out, err)
		}
	})
}

// What does not fit the structs is logged in serde's words, and the event passes.
func TestTheWasmBindgenExampleNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	b := bindgenExample(t)
	onEachNode(t, func(t *testing.T, node string) {
		e := event("viewer-request", "")
		delete(subject(e, "request"), "clientIp")
		s := run(t, node, b, e, event("viewer-request", ""))
		if log := strings.Join(s.Outcomes[0].texts("error"), "\n"); !strings.Contains(log, "missing field `clientIp`") || s.Outcomes[0].Result["uri"] != "/a" {
			t.Errorf("logged %s, result %v", log, s.Outcomes[0].Result)
		}
		if s.Outcomes[1].Error != "" || len(s.Outcomes[1].Logs) > 0 {
			t.Errorf("the event after it: %+v", s.Outcomes[1])
		}
	})
}

// The other targets, as wasm-bindgen itself writes them for the example.
func TestEveryTargetOfWasmBindgenRunsOrIsRefused(t *testing.T) {
	t.Parallel()
	bindgenExample(t)
	const (
		command = "../../.tools/wasm-bindgen/bin/wasm-bindgen"
		built   = "../../examples/wasm-bindgen/target/wasm32-unknown-unknown/release/rewrite.wasm"
		started = "import init, { handler as inner } from './pkg/rewrite.js';\nlet ready;\nexport const handler = async (event, context) => { await (ready ??= init()); return inner(event, context); };\n"
	)
	for _, name := range []string{command, built} {
		if _, err := os.Stat(name); err != nil && os.Getenv("EDGEDEPLOY_REQUIRE_BINDGEN") == "" {
			t.Skipf("skipped: pkg was built without examples/wasm-bindgen/build.sh: %v", err)
		}
	}
	tests := map[string]struct {
		target, entry string
		refused       string
	}{
		"nodejs":                {"nodejs", "", ""},
		"bundler":               {"bundler", "", ""},
		"web":                   {"web", "", "target web"},
		"web, started by hand":  {"web", started, ""},
		"deno":                  {"deno", "", "target deno"},
		"no-modules":            {"no-modules", "", "target no-modules"},
		"nodejs, from an entry": {"nodejs", "export { handler } from './pkg/rewrite.js';\n", ""},
	}
	e := readJSON(t, "examples/wasm-bindgen/fixtures/viewer-request-redirect.event.json")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if out, err := exec.CommandContext(t.Context(), command, "--target", tt.target, "--no-typescript", "--out-dir", filepath.Join(dir, "pkg"), built).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			f := bundle.Function{Name: "h", Wasm: "pkg", Config: map[string]any{
				"redirect-from": "www.example.com", "redirect-to": "example.com", "shop-path": "/", "shop-origin": "x"}}
			if tt.entry != "" {
				f.Wasm, f.Entry = "", "h.mjs"
				if err := os.WriteFile(filepath.Join(dir, "h.mjs"), []byte(tt.entry), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			b, err := bundle.Build(root, f)
			if cerr := root.Close(); cerr != nil {
				t.Fatal(cerr)
			}
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("got %v, want it refused as %s", err, tt.refused)
				}
				return
			}
			if err != nil || len(b.Warnings) > 0 {
				t.Fatalf("%v, warnings %q", err, b.Warnings)
			}
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b, e)
				if s.Load != "" || s.Outcomes[0].Result["status"] != "301" {
					t.Errorf("%s; %+v", s.Load, s.Outcomes)
				}
			})
		})
	}
}

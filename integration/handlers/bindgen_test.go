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

// bindgens are the releases of wasm-bindgen at hand: the oldest that is supported,
// from examples/wasm-bindgen/build.sh, and the newest, from
// integration/bindgen/build.sh. CI has both.
func bindgens(t *testing.T) map[string]struct{ command, built string } {
	t.Helper()
	all := map[string]struct{ command, built string }{
		"oldest": {"../../.tools/wasm-bindgen/bin/wasm-bindgen", "../../examples/wasm-bindgen/target/wasm32-unknown-unknown/release/rewrite.wasm"},
	}
	if dir := os.Getenv("EDGEDEPLOY_TEST_BINDGEN"); dir != "" {
		all["newest"] = struct{ command, built string }{filepath.Join(dir, "bin/wasm-bindgen"), filepath.Join(dir, "rewrite.wasm")}
	} else if os.Getenv("EDGEDEPLOY_REQUIRE_BINDGEN") != "" {
		t.Fatal("EDGEDEPLOY_TEST_BINDGEN is not set: export EDGEDEPLOY_TEST_BINDGEN=$(integration/bindgen/build.sh .tools/bindgen)")
	}
	for name, one := range all {
		for _, file := range []string{one.command, one.built} {
			if _, err := os.Stat(file); err != nil {
				if os.Getenv("EDGEDEPLOY_REQUIRE_BINDGEN") != "" {
					t.Fatalf("the %s wasm-bindgen: %v", name, err)
				}
				t.Logf("without the %s wasm-bindgen: %v", name, err)
				delete(all, name)
			}
		}
	}
	if len(all) == 0 {
		t.Skip("skipped: no wasm-bindgen was built by examples/wasm-bindgen/build.sh or integration/bindgen/build.sh")
	}
	return all
}

// The targets, as wasm-bindgen itself writes them for the example.
func TestEveryTargetOfWasmBindgenRunsOrIsRefused(t *testing.T) {
	t.Parallel()
	const (
		started = "import init, { handler as inner } from './pkg/rewrite.js';\nlet ready;\nexport const handler = async (event, context) => { await (ready ??= init()); return inner(event, context); };\n"
		given   = "import { initSync, handler as inner } from './pkg/rewrite.js';\nimport module from './pkg/rewrite_bg.wasm';\ninitSync(INIT);\nexport const handler = inner;\n"
		passed  = "export { handler } from './pkg/rewrite.js';\n"
	)
	tests := map[string]struct {
		target, entry string
		refused       string // by both; "" for none
		only          string // the release that has the target
	}{
		"nodejs":                        {target: "nodejs"},
		"bundler":                       {target: "bundler"},
		"web":                           {target: "web", refused: "target web"},
		"web, started by hand":          {target: "web", entry: started},
		"web, given its module":         {target: "web", entry: given},
		"deno":                          {target: "deno", refused: "target deno", only: "oldest"},
		"deno, newer":                   {target: "deno", only: "newest"},
		"no-modules":                    {target: "no-modules", refused: "target no-modules"},
		"module":                        {target: "module", only: "newest"},
		"experimental-nodejs-module":    {target: "experimental-nodejs-module", only: "newest"},
		"nodejs, from an entry":         {target: "nodejs", entry: passed},
		"bundler, from an entry":        {target: "bundler", entry: passed},
		"nodejs modules, from an entry": {target: "experimental-nodejs-module", entry: passed, only: "newest"},
	}
	for release, tool := range bindgens(t) {
		for name, tt := range tests {
			if tt.only != "" && tt.only != release {
				continue
			}
			if init := map[string]string{"oldest": "module", "newest": "{ module }"}[release]; tt.entry != "" {
				tt.entry = strings.Replace(tt.entry, "INIT", init, 1)
			}
			t.Run(release+", "+name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if out, err := exec.CommandContext(t.Context(), tool.command, "--target", tt.target, "--no-typescript", "--out-dir", filepath.Join(dir, "pkg"), tool.built).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				checkBindgen(t, dir, tt.entry, tt.refused)
			})
		}
	}
}

// checkBindgen packs what wasm-bindgen wrote, and gives it an event.
func checkBindgen(t *testing.T, dir, entry, refused string) {
	t.Helper()
	f := bundle.Function{Name: "h", Wasm: "pkg", Config: map[string]any{
		"redirect-from": "www.example.com", "redirect-to": "example.com", "shop-path": "/", "shop-origin": "x"}}
	if entry != "" {
		f.Wasm, f.Entry = "", "h.mjs"
		if err := os.WriteFile(filepath.Join(dir, "h.mjs"), []byte(entry), 0o600); err != nil {
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
	if refused != "" {
		if err == nil || !strings.Contains(err.Error(), refused) {
			t.Errorf("got %v, want it refused as %s", err, refused)
		}
		return
	}
	if err != nil || len(b.Warnings) > 0 {
		t.Fatalf("%v, warnings %q", err, b.Warnings)
	}
	e := readJSON(t, "examples/wasm-bindgen/fixtures/viewer-request-redirect.event.json")
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, e)
		if s.Load != "" || len(s.LoadLogs) > 0 || s.Outcomes[0].Result["status"] != "301" {
			t.Errorf("%s; %v; %+v", s.Load, s.LoadLogs, s.Outcomes)
		}
	})
}

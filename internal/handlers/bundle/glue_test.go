package bundle

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

// bindgen is what wasm-bindgen writes for Node.js, as far as packing sees it.
func bindgen(custom ...string) map[string]string {
	var sections [][]byte
	for _, name := range custom {
		sections = append(sections, wasmtest.Custom(name, 1))
	}
	return map[string]string{
		"pkg/x.js": "const path = require('path').join(__dirname, 'x_bg.wasm');\n" +
			"const wasm = new WebAssembly.Instance(new WebAssembly.Module(require('fs').readFileSync(path)), { __wbindgen_placeholder__: module.exports }).exports;\n" +
			"module.exports.f = () => {};\nmodule.exports.handler = (event) => wasm.count();\n",
		"pkg/x_bg.wasm": string(wasmtest.Counter{From: "__wbindgen_placeholder__", Name: "f", Custom: sections}.Module()),
	}
}

func TestWhatWasmBindgenWroteIsPackedWhicheverPartIsNamed(t *testing.T) {
	t.Parallel()
	root := tree(t, bindgen("name", "producers"))
	var first Bundle
	for i, f := range []Function{
		{Wasm: "pkg", OnError: "continue", Config: map[string]any{"a": 1}},
		{Wasm: "pkg/x_bg.wasm", OnError: "continue", Config: map[string]any{"a": 1}},
		{Entry: "pkg/x.js", OnError: "continue", Config: map[string]any{"a": 1}},
		{Wasm: "./pkg/", Trampoline: 1, OnError: "continue", Config: map[string]any{"a": 1}},
	} {
		b, err := Build(root, f)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = b
		}
		if b.Content != first.Content || b.ABI != Glue || b.Handler != "index.handler" || b.Trampoline != 1 {
			t.Errorf("%+v: content %s, abi %q, handler %q, trampoline %d", f, b.Content, b.ABI, b.Handler, b.Trampoline)
		}
		if len(b.Dropped) != 2 || len(b.Warnings) > 0 {
			t.Errorf("dropped %v, warnings %q", b.Dropped, b.Warnings)
		}
		opened, err := Open(b.Zip)
		if err != nil || opened.Trampoline != 1 || opened.ABI != Glue || opened.Handler != "index.handler" {
			t.Errorf("opened as trampoline %d of %q, %v", opened.Trampoline, opened.ABI, err)
		}
	}
	files := unzip(t, first.Zip)
	names := slices.Sorted(maps.Keys(files))
	const module = "files/x_bg.wasm"
	if diff := cmp.Diff([]string{"edgedeploy.json", module, "handler.js", "index.js"}, names); diff != "" {
		t.Errorf("files: -want +got\n%s", diff)
	}
	want := `{"abi":"glue","config":"{\"a\":1}","module":"handler.js","onError":"continue","trampoline":1}` + "\n"
	if diff := cmp.Diff(want, files["edgedeploy.json"]); diff != "" {
		t.Errorf("manifest: -want +got\n%s", diff)
	}
	if !strings.Contains(files["handler.js"], `__dirname + "/files"`) {
		t.Errorf("handler.js does not look into files")
	}
	m, err := wasm.Parse([]byte(files[module]))
	if err != nil || len(m.Customs) > 0 {
		t.Errorf("custom sections %v, %v", m.Customs, err)
	}
	kept, err := Build(root, Function{Wasm: "pkg", KeepNames: true})
	if err != nil || len(kept.Dropped) != 1 {
		t.Errorf("with keep-names: dropped %v, %v", kept.Dropped, err)
	}
}

func TestGlueThatCannotRunIsRefused(t *testing.T) {
	t.Parallel()
	with := func(changes map[string]string) map[string]string {
		files := bindgen()
		maps.Copy(files, changes)
		maps.DeleteFunc(files, func(_, text string) bool { return text == "" })
		return files
	}
	tests := map[string]struct {
		files           map[string]string
		f               Function
		path, say, hint string
	}{
		"a module without its JavaScript": {with(map[string]string{"pkg/x.js": ""}), Function{Wasm: "pkg/x_bg.wasm"},
			"pkg/x_bg.wasm", "needs the JavaScript that wasm-bindgen wrote with it: pkg/x.js: cannot be read", "--target nodejs"},
		"a module of another name": {with(map[string]string{"pkg/y.wasm": bindgen()["pkg/x_bg.wasm"]}), Function{Wasm: "pkg/y.wasm"},
			"pkg/y.wasm", "is not called *_bg.wasm", "entry:"},
		"a module that wasm-bindgen has not seen": {with(map[string]string{"x.wasm": bindgen("__wasm_bindgen_unstable")["pkg/x_bg.wasm"]}), Function{Wasm: "x.wasm"},
			"x.wasm", "still has to go through wasm-bindgen", "wasm-bindgen --target nodejs --out-dir pkg x.wasm"},
		"a module that was fetched": {bindgen(), Function{Wasm: "https://example.com/x_bg.wasm", Source: []byte(bindgen()["pkg/x_bg.wasm"])},
			"https://example.com/x_bg.wasm", "which is not fetched along", "install the package"},
		"a component":                {map[string]string{"x.wasm": "\x00asm\x0d\x00\x01\x00"}, Function{Wasm: "x.wasm"}, "x.wasm", "is a WebAssembly component", "jco transpile"},
		"two modules in a folder":    {with(map[string]string{"pkg/y_bg.wasm": "x"}), Function{Wasm: "pkg"}, "pkg", "holds pkg/x_bg.wasm and pkg/y_bg.wasm", "name the one"},
		"a folder of something else": {map[string]string{"dist/index.js": "x"}, Function{Wasm: "dist"}, "dist", "is a folder without a *_bg.wasm", "bundle:"},
		"target web": {with(map[string]string{"pkg/x.js": "async function __wbg_load() { WebAssembly.instantiateStreaming() }\nexport function handler() {}\nexport { initSync };\nexport default __wbg_init;"}), Function{Wasm: "pkg"},
			"pkg/x.js", "target web", "--target nodejs"},
		"target web, newer":             {with(map[string]string{"pkg/x.js": "export function handler() {}\nexport { initSync, __wbg_init as default };"}), Function{Wasm: "pkg"}, "pkg/x.js", "target web", "--target nodejs"},
		"target deno":                   {with(map[string]string{"pkg/x.js": "const wasmCode = await Deno.readFile(wasm_url);"}), Function{Wasm: "pkg"}, "pkg/x.js", "target deno", "--target nodejs"},
		"target no-modules":             {with(map[string]string{"pkg/x.js": "let wasm_bindgen;\n(function() {})();"}), Function{Wasm: "pkg"}, "pkg/x.js", "target no-modules", "--target nodejs"},
		"no handler in it":              {with(map[string]string{"pkg/x.js": "export const handel = 1;"}), Function{Wasm: "pkg"}, "", "pkg/x.js: does not export handler", "export const handler"},
		"an import that is not there":   {map[string]string{"h.ts": "import x from 'x';\nexport const handler = () => x;"}, Function{Entry: "h.ts"}, "", `h.ts:1:15: Could not resolve "x"`, "npm install"},
		"an entry that is no script":    {map[string]string{"h.py": ""}, Function{Entry: "h.py"}, "", "h.py: is neither JavaScript nor TypeScript", ".ts"},
		"a script as a module":          {map[string]string{"h.ts": "export const handler = 1"}, Function{Wasm: "h.ts"}, "h.ts", "is a script, and no WebAssembly module", "entry:"},
		"a module as an entry":          {bindgen(), Function{Entry: "pkg/x_bg.wasm"}, "", "pkg/x_bg.wasm: is neither JavaScript nor TypeScript", "wasm:"},
		"an entry outside":              {map[string]string{"h.js": ""}, Function{Entry: "../h.js"}, "", "../h.js: ", ""},
		"a runtime that is not Node.js": {bindgen(), Function{Name: "f", Wasm: "pkg", Runtime: "python3.14"}, "f", "cannot run in python3.14", "nodejs"},
		"an on-error that is none":      {bindgen(), Function{Name: "f", Wasm: "pkg", OnError: "x"}, "f", `on-error is "x"`, "continue"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Build(tree(t, tt.files), tt.f)
			if e := wantError(t, err, tt.path, tt.say); !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("hint %q, want %q", e.Hint, tt.hint)
			}
		})
	}
}

// The trampoline gives it one.
func TestAnEntryWithACallbackIsNoWarning(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"h.ts": "export const handler = (event: any, context: any, callback: any) => callback(null, event);\n"})
	b, err := Build(root, Function{Entry: "h.ts"})
	if err != nil || len(b.Warnings) != 0 {
		t.Errorf("warnings %q, %v", b.Warnings, err)
	}
}

func TestSectionsOfSeveralModulesAreCountedTogether(t *testing.T) {
	t.Parallel()
	module := func(from string) string {
		return string(wasmtest.Counter{From: from, Name: "f", Custom: [][]byte{wasmtest.Custom("name", 1, 2)}}.Module())
	}
	root := tree(t, map[string]string{
		"h.js": "import a from './a.wasm';\nimport b from './b.wasm';\nexport const handler = () => [a, b];", "a.wasm": module("a"), "b.wasm": module("b"),
	})
	b, err := Build(root, Function{Entry: "h.js"})
	want := []Dropped{{Name: "name", Bytes: 2 * len(wasmtest.Custom("name", 1, 2))}}
	if diff := cmp.Diff(want, b.Dropped); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
}

package bundle

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

func TestABundleTellsTheFilesItWasMadeFrom(t *testing.T) {
	t.Parallel()
	module := string(wasmtest.Host{}.Module())
	files := map[string]string{
		"h.wasm":                    module,
		"out/index.js":              "exports.handler = async (e) => e;\n",
		"out/lib/a.js":              "// a\n",
		"out/notes.md":              "left out\n",
		"out/.edgedeployignore":     "*.md\n",
		"src/h.ts":                  "import { a } from './a';\nimport b from 'b';\nimport data from './d.json';\nexport const handler = async () => a + b + data.x;\n",
		"src/a.ts":                  "export const a: number = 1;\n",
		"src/d.json":                `{"x": 1}`,
		"src/other.ts":              "export {};\n",
		"tsconfig.json":             `{"extends": "./base.json"}`,
		"base.json":                 `{"compilerOptions": {"strict": true}}`,
		"node_modules/b/index.js":   "module.exports = 2;\n",
		"node_modules/b/unused.cjs": "",
	}
	for name, text := range bindgen() {
		files[name] = text
	}
	root := tree(t, files)
	if err := root.WriteFile("ready.zip", foreign(t, entry{name: "index.js", data: "exports.handler = async (e) => e;\n"}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		f    Function
		want []string
	}{
		"a module":              {Function{Wasm: "./h.wasm"}, []string{"h.wasm"}},
		"a module from the web": {Function{Wasm: "h.wasm", Source: []byte(module)}, []string{}},
		"what wasm-bindgen made": {Function{Wasm: "pkg"},
			[]string{"pkg/x.js", "pkg/x_bg.wasm", "tsconfig.json", "base.json"}},
		"a folder": {Function{Bundle: "out", Handler: "index.handler"},
			[]string{"out/.edgedeployignore", "out/index.js", "out/lib/a.js"}},
		"a folder with config": {Function{Bundle: "./out/", Handler: "index.handler", Config: map[string]any{"a": 1}},
			[]string{"out/.edgedeployignore", "out/index.js", "out/lib/a.js"}},
		"a zip": {Function{Bundle: "ready.zip", Handler: "index.handler"}, []string{"ready.zip"}},
		"a script": {Function{Entry: "src/h.ts"},
			[]string{"src/h.ts", "src/a.ts", "src/d.json", "tsconfig.json", "base.json", "node_modules/b/index.js"}},
	} {
		b, err := Build(root, test.f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(draft{inputs: test.want}.sorted(), b.Inputs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

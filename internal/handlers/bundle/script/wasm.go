package script

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// take puts a module beside the bundle. Its name there says what is in it, so
// that two packages with an index_bg.wasm do not meet, and the order in which
// esbuild comes upon them does not matter.
func (b *bundler) take(name string, src []byte) (string, wasm.Module, error) {
	m, err := wasm.Parse(src)
	if err != nil {
		return "", m, &Error{Problems: []Problem{{
			File: name, Text: "is not a readable WebAssembly module: " + err.Error(),
			Hint: "see that the file is whole, and build it without what Node.js does not have yet: take wasm-opt's --all-features away",
		}}}
	}
	if why := m.TooNew(b.in.Node); why != "" {
		return "", m, &Error{Problems: []Problem{{
			File: name, Text: why, Hint: fmt.Sprintf("use the runtime nodejs%d.x or newer, or take wasm-opt's --all-features away", wasm.FirstNode3),
		}}}
	}
	sum := sha256.Sum256(src)
	base := path.Base(name)
	stored := strings.TrimSuffix(base, ".wasm") + "-" + hex.EncodeToString(sum[:4]) + ".wasm"
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wasm[stored] = src
	return stored, m, nil
}

// wasmModule is what `import … from "x.wasm"` gives: by default the compiled
// WebAssembly.Module, and by their names the exports of an instance. There is
// an instance only if the module imports nothing, or from files beside it, as
// what wasm-bindgen makes for bundlers does. What is not used is left out.
func (b *bundler) wasmModule(name string, src []byte) (string, error) {
	stored, m, err := b.take(name, src)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("import { readFileSync } from \"node:fs\";\nimport { join } from \"node:path\";\n")
	var from []string
	linkable := true
	for _, i := range m.Imports {
		if !slices.Contains(from, i.Module) {
			from = append(from, i.Module)
		}
		linkable = linkable && (strings.HasPrefix(i.Module, "./") || strings.HasPrefix(i.Module, "../"))
	}
	if linkable {
		for n, module := range from {
			fmt.Fprintf(&out, "import * as i%d from %s;\n", n, quote(module))
		}
	}
	fmt.Fprintf(&out, "const module = /* @__PURE__ */ new WebAssembly.Module(/* @__PURE__ */ readFileSync(/* @__PURE__ */ join(__dirname, %s)));\nexport default module;\n", quote(stored))
	if !linkable {
		return out.String(), nil
	}
	out.WriteString("const instance = /* @__PURE__ */ new WebAssembly.Instance(module, {")
	for n, module := range from {
		fmt.Fprintf(&out, "%s: i%d, ", quote(module), n)
	}
	out.WriteString("});\nconst pick = (name) => instance.exports[name];\n")
	for n, e := range m.Exports {
		if e.Name != "default" {
			fmt.Fprintf(&out, "const e%d = /* @__PURE__ */ pick(%s);\nexport { e%d as %s };\n", n, quote(e.Name), n, quote(e.Name))
		}
	}
	return out.String(), nil
}

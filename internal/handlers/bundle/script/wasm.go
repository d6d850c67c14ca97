package script

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// imported is a module that is imported. Its name in the bundle says what is in
// it, so that two packages with an index_bg.wasm do not meet.
type imported struct {
	name string
	src  []byte
}

// take remembers a module, and gives the identifier of its place.
func (b *bundler) take(name string, src []byte) (string, wasm.Module, error) {
	m, err := b.checked(name, src)
	if err != nil {
		return "", m, err
	}
	sum := sha256.Sum256(src)
	id := hex.EncodeToString(sum[:6])
	stored := strings.TrimSuffix(path.Base(name), ".wasm") + "-" + id[:8] + ".wasm"
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, ok := b.wasm[id]; !ok || stored < old.name {
		b.wasm[id] = imported{stored, src}
	}
	return "__edgedeploy_wasm_" + id, m, nil
}

// checked refuses a module that the runtime cannot take.
func (b *bundler) checked(name string, src []byte) (wasm.Module, error) {
	m, err := wasm.Parse(src)
	if wasm.IsComponent(src) {
		return m, &Error{Problems: []Problem{{File: name, Text: "is a WebAssembly component, which Node.js does not load", Hint: wasm.Transpile}}}
	}
	if err != nil {
		return m, &Error{Problems: []Problem{{
			File: name, Text: "is not a readable WebAssembly module: " + err.Error(),
			Hint: "see that the file is whole, and build it without what Node.js does not have yet: take wasm-opt's --all-features away",
		}}}
	}
	if why := m.TooNew(b.in.Node); why != "" {
		return m, &Error{Problems: []Problem{{
			File: name, Text: why, Hint: fmt.Sprintf("use the runtime nodejs%d.x or newer, or take wasm-opt's --all-features away", wasm.FirstNode3),
		}}}
	}
	return m, nil
}

// modulesOf lists the .wasm files of a package, sorted.
func (b *bundler) modulesOf(folder string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if list, ok := b.packages[folder]; ok {
		return list
	}
	var list []string
	// What cannot be walked has no module that could be read.
	_ = fs.WalkDir(b.in.Root.FS(), folder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil, d.IsDir() && d.Name() == "node_modules" && name != folder:
			return fs.SkipDir
		case d.Type().IsRegular() && path.Ext(name) == ".wasm":
			list = append(list, name)
		}
		return nil
	})
	b.packages[folder] = list
	return list
}

// wasmModule is what `import … from "x.wasm"` gives: by default the compiled
// WebAssembly.Module, and by their names the exports of an instance. There is
// an instance only if the module imports nothing, or from files beside it, as
// what wasm-bindgen makes for bundlers does. What is not used is left out.
func (b *bundler) wasmModule(name string, src []byte) (string, error) {
	place, m, err := b.take(name, src)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("import { readFileSync } from \"node:fs\";\n")
	var from []string
	linkable := true
	for _, i := range m.Imports {
		if !slices.Contains(from, i.Module) {
			from = append(from, i.Module)
		}
		// wasm-bindgen names ./x_bg.js in every module since 0.2.100 or so, and
		// writes that file for some targets only.
		beside := strings.HasPrefix(i.Module, "./") || strings.HasPrefix(i.Module, "../")
		linkable = linkable && beside && b.exists(path.Join(path.Dir(name), i.Module))
	}
	if linkable {
		for n, module := range from {
			fmt.Fprintf(&out, "import * as i%d from %s;\n", n, quote(module))
		}
	}
	fmt.Fprintf(&out, "const module = /* @__PURE__ */ new WebAssembly.Module(/* @__PURE__ */ readFileSync(/* @__PURE__ */ (() => %s)()));\nexport default module;\n", place)
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

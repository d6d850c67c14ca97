package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// scriptFile is the bundled handler of a glue bundle.
const scriptFile = "handler.js"

// nodejsTarget is how everything that wasm-bindgen makes is made to fit.
const nodejsTarget = "build it with `wasm-bindgen --target nodejs` or `wasm-pack build --target nodejs`; --target bundler works as well"

// packGlue bundles a script with everything that it imports.
func packGlue(root *os.Root, f Function, entry string, lim limits) (draft, error) {
	m, err := newManifest(f)
	if err != nil {
		return draft{}, err
	}
	major, err := nodeMajor(f)
	if err != nil {
		return draft{}, err
	}
	made, err := script.Bundle(script.Input{Root: root, Entry: entry, Node: major, MaxFile: lim.unzipped, External: f.External})
	if e, ok := errors.AsType[*script.Error](err); ok {
		return draft{}, &Error{Reason: e.Error(), Hint: e.Problems[0].Hint, Problems: e.Problems}
	}
	if err != nil {
		return draft{}, &Error{Path: entry, Reason: "cannot be bundled", Err: err}
	}
	m.ABI, m.Module = Glue, scriptFile
	entryScript, _ := trampoline(m.Trampoline, Glue, nil)
	out := files{entryFile: entryScript}
	if made.Async {
		out = awaiting(m.Trampoline)
	}
	out[scriptFile] = made.Script
	maps.Copy(out, made.Files)
	d := draft{files: out, handler: wasmHandler, abi: Glue, trampoline: m.Trampoline, inputs: made.Inputs}
	for _, name := range files(made.Wasm).names() {
		code, sections, err := wasm.Strip(made.Wasm[name], func(section string) bool { return droppable(section, f.KeepNames) })
		if err != nil {
			return draft{}, &Error{Path: name, Reason: "is not a usable WebAssembly module", Hint: rebuild, Err: err}
		}
		out[name] = code
		for _, s := range sections {
			d.drop(s.Name, s.Size)
		}
	}
	if err := m.configure(f); err != nil {
		return draft{}, err
	}
	if err := m.finish(out); err != nil {
		return draft{}, err
	}
	d.warnings = made.Warnings
	return d, nil
}

// drop counts a section that was left out; the modules of one bundle have
// sections of the same names.
func (d *draft) drop(name string, size int) {
	i := slices.IndexFunc(d.dropped, func(one Dropped) bool { return one.Name == name })
	if i < 0 {
		d.dropped = append(d.dropped, Dropped{Name: name, Bytes: size})
		return
	}
	d.dropped[i].Bytes += size
}

// configure adds the configuration.
func (m *manifest) configure(f Function) error {
	if len(f.Config) == 0 {
		return nil
	}
	config, err := encodeConfig(f.Config)
	m.Config = strings.TrimSuffix(string(config), "\n")
	return err
}

// finish adds the manifest to the files.
func (m *manifest) finish(out files) error {
	b, err := canonical(m)
	out[manifestFile] = b
	return err
}

// oldestNode is what a script is written for if the runtime is not known.
const oldestNode = 20

func nodeMajor(f Function) (int, error) {
	if f.Runtime == "" {
		return oldestNode, nil
	}
	major, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(f.Runtime, "nodejs"), ".x"))
	if err != nil {
		return 0, &Error{Path: f.Name, Reason: "cannot run in " + f.Runtime + ": the handler is JavaScript", Hint: "use a nodejs runtime"}
	}
	return major, nil
}

// madeByBindgen reports whether a module needs the JavaScript of wasm-bindgen.
func madeByBindgen(m wasm.Module) bool {
	return slices.ContainsFunc(m.Imports, func(i wasm.Import) bool {
		return i.Module == "wbg" || strings.HasPrefix(i.Module, "__wbindgen_") ||
			strings.HasPrefix(i.Module, "./") && strings.HasSuffix(i.Module, ".js")
	}) || unbound(m)
}

// unbound reports whether a module is one that wasm-bindgen has not seen yet.
func unbound(m wasm.Module) bool {
	return slices.ContainsFunc(m.Customs, func(c wasm.Custom) bool { return c.Name == "__wasm_bindgen_unstable" })
}

const bindgenSuffix = "_bg.wasm"

// glueOf finds the JavaScript that wasm-bindgen wrote beside a module.
func glueOf(root *os.Root, f Function, m wasm.Module, lim limits) (string, error) {
	module := f.Wasm
	if unbound(m) {
		return "", &Error{
			Path: module, Reason: "comes from the Rust compiler and still has to go through wasm-bindgen",
			Hint: "run `wasm-bindgen --target nodejs --out-dir pkg " + path.Base(module) + "` and name pkg",
		}
	}
	if f.Source != nil {
		return "", &Error{
			Path: module, Reason: "needs the JavaScript that wasm-bindgen wrote with it, which is not fetched along",
			Hint: "install the package where the project is, and name its folder",
		}
	}
	stem, ok := strings.CutSuffix(module, bindgenSuffix)
	if !ok {
		return "", &Error{
			Path: module, Reason: "imports what wasm-bindgen's JavaScript gives, and is not called *" + bindgenSuffix + ", so that the JavaScript beside it cannot be told",
			Hint: "name the script that loads it with entry:",
		}
	}
	glue := stem + ".js"
	text, err := readFile(root, glue, lim.unzipped)
	if e, ok := errors.AsType[*Error](err); ok {
		return "", &Error{Path: module, Reason: "needs the JavaScript that wasm-bindgen wrote with it: " + e.Error(), Hint: nodejsTarget}
	}
	if err != nil {
		return "", err
	}
	return glue, checkTarget(glue, string(text))
}

// checkTarget refuses JavaScript that waits to be started by a browser's page
// or another runtime. An entry may start target web by itself.
func checkTarget(glue, text string) error {
	target := ""
	switch {
	case regexp.MustCompile(`\bDeno\.`).MatchString(text):
		target = "deno"
	case regexp.MustCompile(`\b(let|var|const) wasm_bindgen\s*[=;]`).MatchString(text):
		target = "no-modules"
	case strings.Contains(text, "WebAssembly.instantiateStreaming") && strings.Contains(text, "export default"):
		target = "web"
	case strings.Contains(text, "export { initSync") || strings.Contains(text, "export {initSync"):
		target = "web"
	default:
		return nil
	}
	return &Error{
		Path: glue, Reason: "was made for wasm-bindgen's target " + target + ", whose handler is not there until somebody has started it",
		Hint: nodejsTarget,
	}
}

// bindgenModule finds the one module of a directory that wasm-bindgen wrote.
func bindgenModule(root *os.Root, dir string) (string, error) {
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return "", pathError(dir, err)
	}
	var found []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), bindgenSuffix) {
			found = append(found, path.Join(dir, e.Name()))
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &Error{
			Path: dir, Reason: "is a folder without a *" + bindgenSuffix + ", so wasm-bindgen did not write it",
			Hint: "name a module; a script goes into entry:, and a folder that is ready as it is into bundle:",
		}
	}
	return "", &Error{Path: dir, Reason: fmt.Sprintf("holds %s", strings.Join(found, " and ")), Hint: "name the one that exports handler"}
}

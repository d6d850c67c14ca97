package bundle

import (
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// The files of a bundle. The script of the entry has what it needs before the first
// event, the configuration, too: a file more takes a tenth of a millisecond at each
// cold start. A bundle with an entry of its own gets a config.json.
const (
	entryFile    = "index.js"
	wasmHandler  = "index.handler"
	manifestFile = "edgedeploy.json"
	moduleFile   = "handler.wasm"
	configFile   = "config.json"
	originFile   = "origin.js" // read when a handler wants it
	awaitFile    = "index.mjs" // the entry, for scripts that await
	glueFile     = "glue.cjs"  // and what it runs
)

// passOn is the on-error that lets an event pass unchanged.
const passOn = "continue"

// manifest says what a function was packed with. The trampoline of the glue
// interface reads it; to others it is what they were made of. Its members are in
// the order of their names, as everywhere in canonical JSON.
type manifest struct {
	ABI        ABI    `json:"abi"`
	Config     string `json:"config,omitempty"` // JSON: not all handlers want it parsed
	Module     string `json:"module"`
	OnError    string `json:"onError"`
	Trampoline int    `json:"trampoline"`
}

// packWasm packs a module, or what wasm-bindgen made of one.
func packWasm(root *os.Root, f Function, lim limits) (draft, error) {
	named := f.Wasm
	if f.Source == nil {
		var err error
		if f.Wasm, err = moduleOf(root, f.Wasm); err != nil {
			return draft{}, err
		}
	}
	raw, err := f.module(root, lim)
	if err != nil {
		return draft{}, err
	}
	m, err := wasm.Parse(raw)
	if err != nil && script.IsEntry(f.Wasm) {
		return draft{}, &Error{Path: f.Wasm, Reason: "is a script, and no WebAssembly module", Hint: "name it with entry:"}
	}
	if wasm.IsComponent(raw) {
		return draft{}, &Error{Path: f.Wasm, Reason: "is a WebAssembly component, which Node.js does not load", Hint: wasm.Transpile}
	}
	if err != nil {
		return draft{}, &Error{Path: f.Wasm, Reason: "is not a usable WebAssembly module", Hint: rebuild, Err: err}
	}
	if f.Wasm != named || madeByBindgen(m) {
		entry, err := glueOf(root, f, m, lim)
		if err != nil {
			return draft{}, err
		}
		made, err := packGlue(root, f, entry, lim)
		made.inputs = append(made.inputs, f.Wasm)
		return made, err
	}
	made, err := packModule(f, m, raw)
	if f.Source == nil {
		made.inputs = []string{f.Wasm}
	}
	return made, err
}

// moduleOf gives the module that wasm: names: itself, or the one in a folder.
func moduleOf(root *os.Root, name string) (string, error) {
	if info, err := root.Stat(path.Clean(name)); err == nil && info.IsDir() {
		return bindgenModule(root, path.Clean(name))
	}
	return name, nil
}

func packModule(f Function, parsed wasm.Module, raw []byte) (draft, error) {
	m, err := newManifest(f)
	if err != nil {
		return draft{}, err
	}
	module, err := prepare(f, parsed, raw)
	if err != nil {
		return draft{}, err
	}
	m.ABI, m.Module = module.abi, moduleFile
	if err := m.configure(f); err != nil {
		return draft{}, err
	}
	out := calling(m.Trampoline, m.ABI, wantsOf(m.ABI, parsed, m.OnError), m.Config)
	out[moduleFile] = module.code
	if err := m.finish(out); err != nil {
		return draft{}, err
	}
	return draft{
		files: out, handler: wasmHandler, abi: m.ABI, trampoline: m.Trampoline, dropped: module.dropped,
		warnings: unreadConfig(f, module.abi, parsed),
	}, nil
}

// unreadConfig warns of configuration that the module has no way to ask for.
func unreadConfig(f Function, abi ABI, m wasm.Module) []string {
	if len(f.Config) == 0 {
		return nil
	}
	switch abi {
	case Host:
		asks := func(i wasm.Import) bool { return i.Module == hostModule && i.Name == "config" }
		if !slices.ContainsFunc(m.Imports, asks) {
			return []string{f.Wasm + " does not import " + hostModule + ".config, so it cannot read config:"}
		}
	case Bytes:
		if _, ok := m.Export("edge_config"); !ok {
			return []string{f.Wasm + " does not export edge_config, so it cannot read config:"}
		}
	}
	return nil
}

// newManifest holds what does not depend on the module.
func newManifest(f Function) (manifest, error) {
	m := manifest{OnError: f.OnError, Trampoline: f.Trampoline}
	if m.Trampoline == 0 {
		m.Trampoline = NewestTrampoline
	}
	if m.Trampoline < 1 || m.Trampoline > NewestTrampoline {
		return manifest{}, &Error{
			Path:   f.Name,
			Reason: fmt.Sprintf("trampoline %d is not in this program, which has 1 to %d", m.Trampoline, NewestTrampoline),
			Hint:   "use a newer edgedeploy",
		}
	}
	switch f.OnError {
	case "":
		m.OnError = "fail"
	case "fail", passOn:
	default:
		return manifest{}, &Error{Path: f.Name, Reason: fmt.Sprintf("on-error is %q", f.OnError), Hint: "want fail or continue"}
	}
	return m, nil
}

// rebuild is what helps against a module that is damaged or no module at all.
const rebuild = "build the handler again, for wasm32, and see that the file is copied whole"

// prepared is a module that is fit to be packed.
type prepared struct {
	code    []byte
	abi     ABI
	dropped []Dropped
}

// prepare checks a module and leaves out the sections nobody reads at the edge.
func prepare(f Function, m wasm.Module, raw []byte) (prepared, error) {
	abi, err := check(f.Wasm, m)
	if err != nil {
		return prepared{}, err
	}
	if major, err := nodeMajor(f); err != nil {
		return prepared{}, err
	} else if why := m.TooNew(major); why != "" && f.Runtime != "" {
		return prepared{}, &Error{Path: f.Wasm, Reason: why, Hint: fmt.Sprintf("use the runtime nodejs%d.x or newer, or build without these features", wasm.FirstNode3)}
	}
	module, sections, err := wasm.Strip(raw, func(name string) bool { return droppable(name, f.KeepNames) })
	if err != nil {
		return prepared{}, &Error{Path: f.Wasm, Reason: "is not a usable WebAssembly module", Hint: rebuild, Err: err}
	}
	out := prepared{code: module, abi: abi}
	for _, s := range sections {
		out.dropped = append(out.dropped, Dropped{Name: s.Name, Bytes: s.Size})
	}
	return out, nil
}

// droppable reports whether a custom section is for tools only. Sections of
// unknown names stay: somebody may read them through WebAssembly.Module.
func droppable(name string, keepNames bool) bool {
	switch {
	case name == "producers" || name == "target_features":
		return true
	case name == "name" || name == "sourceMappingURL" || name == "external_debug_info",
		strings.HasPrefix(name, ".debug_"):
		return !keepNames
	}
	return false
}

// addConfig puts the configuration beside an entry that we know nothing of.
func addConfig(out files, f Function) error {
	if len(f.Config) == 0 {
		return nil
	}
	if out[configFile] != nil {
		return &Error{
			Path:   path.Join(f.Bundle, configFile),
			Reason: "is in the bundle already, and config would overwrite it",
			Hint:   "remove the file, or the config of " + f.Name,
		}
	}
	b, err := encodeConfig(f.Config)
	if err != nil {
		return err
	}
	out[configFile] = b
	return nil
}

// readFile reads a plain file of at most max bytes below root.
func readFile(root *os.Root, name string, max int64) (_ []byte, err error) {
	name = path.Clean(name)
	// Asked before opening, because opening a pipe would wait for a writer.
	info, err := root.Stat(name)
	if err != nil {
		return nil, pathError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{Path: name, Reason: "is not a file"}
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, pathError(name, err)
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = pathError(name, cerr)
		}
	}()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, pathError(name, err)
	}
	if int64(len(b)) > max {
		return nil, &Error{Path: name, Reason: fmt.Sprintf("is larger than %d bytes, which no bundle can hold", max)}
	}
	return b, nil
}

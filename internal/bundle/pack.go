package bundle

import (
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/bundle/wasm"
)

// The files of a bundle made from a module. The trampoline finds the others
// through the manifest.
const (
	entryFile    = "index.js"
	wasmHandler  = "index.handler"
	manifestFile = "edgedeploy.json"
	moduleFile   = "handler.wasm"
	configFile   = "config.json"
)

// manifest is what the trampoline reads first. Its members are in the order of
// their names, as everywhere in canonical JSON.
type manifest struct {
	ABI        string `json:"abi"`
	Config     string `json:"config,omitempty"`
	Module     string `json:"module"`
	OnError    string `json:"onError"`
	Trampoline int    `json:"trampoline"`
}

func packWasm(root *os.Root, f Function, lim limits) (draft, error) {
	number := f.Trampoline
	if number == 0 {
		number = NewestTrampoline
	}
	script, ok := Trampoline(number)
	if !ok {
		return draft{}, &Error{
			Path:   f.Name,
			Reason: fmt.Sprintf("trampoline %d is not in this program, which has 1 to %d", number, NewestTrampoline),
			Hint:   "use a newer edgedeploy",
		}
	}
	m := manifest{ABI: hostABI, Module: moduleFile, OnError: f.OnError, Trampoline: number}
	switch f.OnError {
	case "":
		m.OnError = "fail"
	case "fail", "continue":
	default:
		return draft{}, &Error{Path: f.Name, Reason: fmt.Sprintf("on-error is %q", f.OnError), Hint: "want fail or continue"}
	}
	raw, err := readFile(root, f.Wasm, lim.unzipped)
	if err != nil {
		return draft{}, err
	}
	module, dropped, err := prepare(f, raw)
	if err != nil {
		return draft{}, err
	}
	out := files{entryFile: script, moduleFile: module}
	if err := addConfig(out, f); err != nil {
		return draft{}, err
	}
	if out[configFile] != nil {
		m.Config = configFile
	}
	if out[manifestFile], err = canonical(m); err != nil {
		return draft{}, err
	}
	return draft{files: out, handler: wasmHandler, trampoline: number, dropped: dropped}, nil
}

// rebuild is what helps against a module that is damaged or no module at all.
const rebuild = "build the handler again, for wasm32, and see that the file is copied whole"

// prepare checks a module and leaves out the sections nobody reads at the edge.
func prepare(f Function, raw []byte) ([]byte, []Dropped, error) {
	m, err := wasm.Parse(raw)
	if err != nil {
		return nil, nil, &Error{Path: f.Wasm, Reason: "is not a usable WebAssembly module", Hint: rebuild, Err: err}
	}
	if err := checkHost(f.Wasm, m); err != nil {
		return nil, nil, err
	}
	module, sections, err := wasm.Strip(raw, func(name string) bool { return droppable(name, f.KeepNames) })
	if err != nil {
		return nil, nil, &Error{Path: f.Wasm, Reason: "is not a usable WebAssembly module", Hint: rebuild, Err: err}
	}
	var dropped []Dropped
	for _, s := range sections {
		dropped = append(dropped, Dropped{Name: s.Name, Bytes: s.Size})
	}
	return module, dropped, nil
}

// droppable says whether a custom section is for tools only. Sections of
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

// addConfig bakes the configuration into the files.
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

package bundle

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/bundle/wasm"
)

// hostABI names the interface in the manifest, and is the export by which a
// module says that it was built for it.
const hostABI = "edge_abi_1"

// hostModule is the module name of every import.
const hostModule = "edge"

// hostImports are the functions a module may import, version 1 of the
// interface, with their signatures. docs/abi-host.md says what they mean.
func hostImports() map[string]string {
	return map[string]string{
		"intern":         "(i32, i32) -> i32",
		"get":            "(i32) -> i32",
		"set":            "(i32, i32, i32) -> ()",
		"header":         "(i32, i32, i32) -> i32",
		"header_count":   "(i32) -> i32",
		"header_at":      "(i32, i32) -> i32",
		"set_header":     "(i32, i32, i32) -> ()",
		"put_header":     "(i32, i32, i32, i32) -> ()",
		"append_header":  "(i32, i32, i32, i32) -> ()",
		"remove_header":  "(i32, i32) -> ()",
		"respond":        "(i32) -> ()",
		"body":           "() -> i32",
		"body_truncated": "() -> i32",
		"set_body":       "(i32, i32, i32) -> ()",
		"config":         "(i32, i32) -> i32",
		"log":            "(i32, i32, i32) -> ()",
		"now":            "() -> f64",
		"random":         "(i32, i32) -> ()",
	}
}

// hostExports are the functions a module must export.
func hostExports() map[string]string {
	return map[string]string{
		hostABI:       "() -> ()",
		"edge_handle": "(i32) -> i32",
		"edge_buffer": "(i32) -> i32",
	}
}

// checkHost accepts a module that speaks the host interface, and otherwise
// says everything that is missing or wrong at once.
func checkHost(path string, m wasm.Module) error {
	faults := slices.Concat(importFaults(m), exportFaults(m), memoryFaults(m))
	if len(faults) == 0 {
		return nil
	}
	return &Error{
		Path:   path,
		Reason: "does not speak the host interface: " + strings.Join(faults, "; ") + "; it " + inventory(m),
		Hint:   hostHint(m),
	}
}

func importFaults(m wasm.Module) []string {
	known := hostImports()
	var faults []string
	for _, i := range m.Imports {
		want, ok := known[i.Name]
		switch {
		case i.Module != hostModule || !ok:
			faults = append(faults, fmt.Sprintf("import %s is unknown", i))
		case i.Kind != wasm.Func || i.Type.String() != want:
			faults = append(faults, fmt.Sprintf("import %s should be %s%s", i, hostModule+"."+i.Name, want))
		}
	}
	return abridge(faults)
}

func exportFaults(m wasm.Module) []string {
	var faults []string
	need := hostExports()
	for _, name := range slices.Sorted(maps.Keys(need)) {
		e, ok := m.Export(name)
		switch {
		case !ok && name == hostABI:
			faults = append(faults, missingABI(m))
		case !ok:
			faults = append(faults, fmt.Sprintf("export %s%s is missing", name, need[name]))
		case e.Kind != wasm.Func || e.Type.String() != need[name]:
			faults = append(faults, fmt.Sprintf("export %s should be %s%s", e, name, need[name]))
		}
	}
	if e, ok := m.Export("edge_init"); ok && (e.Kind != wasm.Func || e.Type.String() != "() -> ()") {
		faults = append(faults, fmt.Sprintf("export %s should be edge_init() -> ()", e))
	}
	return faults
}

// missingABI tells a module for another version from one for no version.
func missingABI(m wasm.Module) string {
	versioned := regexp.MustCompile(`^edge_abi_[0-9]+$`)
	for _, e := range m.Exports {
		if versioned.MatchString(e.Name) {
			return fmt.Sprintf("export %s stands for another version of the interface; this program knows %s", e.Name, hostABI)
		}
	}
	return fmt.Sprintf("export %s() -> () is missing", hostABI)
}

func memoryFaults(m wasm.Module) []string {
	e, ok := m.Export("memory")
	switch {
	case !ok || e.Kind != wasm.Memory:
		return []string{"export memory (memory) is missing"}
	case len(m.Memories) > 1:
		return []string{fmt.Sprintf("it has %d memories, want one", len(m.Memories))}
	case e.Memory.Shared:
		return []string{"its memory is shared between threads"}
	case e.Memory.Is64:
		return []string{"its memory has 64-bit addresses"}
	}
	return nil
}

// inventory lists what a module has, for people who wonder what they built.
func inventory(m wasm.Module) string {
	var imports, exports []string
	for _, i := range m.Imports {
		imports = append(imports, i.String())
	}
	for _, e := range m.Exports {
		exports = append(exports, e.String())
	}
	return fmt.Sprintf("imports %s, and exports %s", listed(imports), listed(exports))
}

func listed(items []string) string {
	if len(items) == 0 {
		return "nothing"
	}
	return strings.Join(abridge(items), ", ")
}

// abridge keeps a message readable: glue code may import a hundred functions.
func abridge(items []string) []string {
	const most = 12
	if len(items) <= most {
		return items
	}
	return append(slices.Clone(items[:most]), fmt.Sprintf("and %d more", len(items)-most))
}

// hostHint recognises what other tools make.
func hostHint(m wasm.Module) string {
	for _, i := range m.Imports {
		switch {
		case strings.HasPrefix(i.Module, "wasi_"):
			return "this module wants WASI, which the host interface does not offer; build for wasm32-unknown-unknown, without a runtime"
		case strings.HasPrefix(i.Module, "__wbindgen") || i.Module == "wbg":
			return "this module was made for wasm-bindgen; declare the edge imports yourself (docs/abi-host.md), or pack the generated JavaScript as a ready bundle (bundle:)"
		}
	}
	return "docs/abi-host.md lists every import and export; examples/redirect is a small handler to start from"
}

package bundle

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// ABI is how events reach a handler. It is told by what a module imports and
// exports, never configured.
type ABI string

const (
	// Host is the interface of docs/abi-host.md: the module asks the host for
	// what it needs of an event.
	Host ABI = "host"
	// Bytes is the interface of docs/abi-bytes.md: the event goes in as JSON,
	// and a patch comes out.
	Bytes ABI = "bytes"
	// Glue is the interface of docs/abi-glue.md: JavaScript, by wasm-bindgen or
	// by hand, that exports handler and brings its modules with it.
	Glue ABI = "glue"
)

// abis are those whose module is called by a trampoline of ours.
func abis() []ABI { return []ABI{Host, Bytes} }

// The exports by which modules are told apart.
const (
	hostVersion = "edge_abi_1"
	handleName  = "edge_handle"
	allocName   = "edge_alloc"
)

// abiOf tells which interface a module means to speak, "" if none. Whether it
// speaks it well is for check.
func abiOf(m wasm.Module) ABI {
	versioned := regexp.MustCompile(`^edge_abi_[0-9]+$`)
	for _, e := range m.Exports {
		if versioned.MatchString(e.Name) {
			return Host
		}
	}
	if slices.ContainsFunc(m.Imports, func(i wasm.Import) bool { return i.Module == hostModule }) {
		return Host
	}
	_, alloc := m.Export(allocName)
	if handle, ok := m.Export(handleName); alloc || ok && len(handle.Type.Params) == 2 {
		return Bytes
	}
	if _, ok := m.Export(handleName); ok {
		return Host
	}
	return ""
}

// check accepts a module that speaks one of the interfaces, and otherwise says
// everything that is missing or wrong at once.
func check(path string, m wasm.Module) (ABI, error) {
	abi := abiOf(m)
	if abi == "" {
		return "", unfit(path, m)
	}
	faults := faultsOf(abi, m)
	if len(faults) == 0 {
		return abi, nil
	}
	return "", &Error{
		Path:   path,
		Reason: fmt.Sprintf("does not speak the %s interface: %s; it %s", abi, strings.Join(faults, "; "), inventory(m)),
		Hint:   hintFor(abi, m),
	}
}

func faultsOf(abi ABI, m wasm.Module) []string {
	imports, exports := hostImports(), hostExports()
	if abi == Bytes {
		imports, exports = nil, bytesExports()
	}
	return slices.Concat(programFaults(m), importFaults(m, imports), exportFaults(m, exports), memoryFaults(m))
}

// programFaults tells a program from a library: nothing of a program can be
// called before its _start has begun, and after its end nothing of it is left.
func programFaults(m wasm.Module) []string {
	if _, ok := m.Export("_start"); !ok {
		return nil
	}
	if _, ok := m.Export("_initialize"); ok {
		return nil
	}
	return []string{"export _start without _initialize: it is a program, which runs once and ends"}
}

// unfit says of a module that speaks no interface what it has, and what each
// interface would need.
func unfit(path string, m wasm.Module) error {
	parts := []string{"it " + inventory(m)}
	for _, abi := range abis() {
		parts = append(parts, fmt.Sprintf("%s would need the exports %s", abi, strings.Join(missing(abi, m), ", ")))
	}
	parts = append(parts, fmt.Sprintf("%s would need the JavaScript that wasm-bindgen writes", Glue))
	if unknown := importFaults(m, hostImports()); len(unknown) > 0 {
		parts = append(parts, fmt.Sprintf("and nothing offers %d of its imports", len(unknown)))
	}
	return &Error{
		Path: path, Reason: "speaks no interface for handlers: " + strings.Join(parts, "; "),
		Hint: cmp.Or(madeHint(m), "docs/handlers.md compares the interfaces; edgedeploy init --lang writes a handler to start from"),
	}
}

// missing lists the exports that an interface needs and a module has not.
func missing(abi ABI, m wasm.Module) []string {
	need := hostExports()
	if abi == Bytes {
		need = bytesExports()
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(need)) {
		if e, ok := m.Export(name); !strings.HasSuffix(name, "?") && (!ok || e.Kind != wasm.Func || e.Type.String() != need[name]) {
			names = append(names, name+need[name])
		}
	}
	if len(memoryFaults(m)) > 0 {
		names = append(names, "memory")
	}
	return names
}

// madeHint recognises what compilers make for other hosts.
func madeHint(m wasm.Module) string {
	from := func(modules ...string) bool {
		return slices.ContainsFunc(m.Imports, func(i wasm.Import) bool { return slices.Contains(modules, i.Module) })
	}
	switch {
	case from("gojs", "go"):
		return "this was built with GOOS=js; build it with GOOS=wasip1 GOARCH=wasm and -buildmode=c-shared (guest/go)"
	case len(programFaults(m)) > 0:
		return "this is a program with a main function, which runs once and ends; build a library instead (Go: -buildmode=c-shared with //go:wasmexport; Rust: crate-type cdylib)"
	}
	return ""
}

func hintFor(abi ABI, m wasm.Module) string {
	switch {
	case madeHint(m) != "":
		return madeHint(m)
	case slices.ContainsFunc(m.Imports, func(i wasm.Import) bool { return strings.HasPrefix(i.Module, "wasi_") && i.Module != wasiModule }):
		return "only WASI preview 1 (" + wasiModule + ") is there, as far as it makes sense without files"
	case abi == Bytes:
		return "docs/abi-bytes.md lists every import and export"
	}
	return "docs/abi-host.md lists every import and export; examples/redirect is a small handler to start from"
}

// importFaults names the imports that are neither known nor of WASI.
func importFaults(m wasm.Module, known map[string]string) []string {
	var faults []string
	for _, i := range m.Imports {
		want, ok := known[i.Name]
		where := hostModule
		if i.Module == wasiModule {
			want, ok = wasiImports()[i.Name]
			where = wasiModule
		}
		switch {
		case i.Module != where || !ok:
			faults = append(faults, fmt.Sprintf("import %s is unknown", i))
		case i.Kind != wasm.Func || i.Type.String() != want:
			faults = append(faults, fmt.Sprintf("import %s should be %s%s", i, where+"."+i.Name, want))
		}
	}
	return abridge(faults)
}

// exportFaults names what is missing of the exports that an interface needs,
// and what has the wrong type. A name with a question mark is optional.
func exportFaults(m wasm.Module, need map[string]string) []string {
	var faults []string
	for _, key := range slices.Sorted(maps.Keys(need)) {
		name, optional := strings.CutSuffix(key, "?")
		e, ok := m.Export(name)
		switch {
		case !ok && optional:
		case !ok && name == hostVersion:
			faults = append(faults, missingVersion(m))
		case !ok:
			faults = append(faults, fmt.Sprintf("export %s%s is missing", name, need[key]))
		case e.Kind != wasm.Func || e.Type.String() != need[key]:
			faults = append(faults, fmt.Sprintf("export %s should be %s%s", e, name, need[key]))
		}
	}
	return faults
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
	const most = 8
	if len(items) <= most {
		return items
	}
	return append(slices.Clone(items[:most]), fmt.Sprintf("and %d more", len(items)-most))
}

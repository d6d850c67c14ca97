package bundle

import (
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

func i32s(n int) []wasm.ValType { return slices.Repeat([]wasm.ValType{wasm.I32}, n) }

func hostModuleValue() wasm.Module {
	page := wasm.Limits{Min: 1}
	one := wasm.FuncType{Params: i32s(1), Results: i32s(1)}
	return wasm.Module{
		Imports: []wasm.Import{
			{Module: "edge", Name: "get", Type: one},
			{Module: "edge", Name: "now", Type: wasm.FuncType{Results: []wasm.ValType{wasm.F64}}},
		},
		Exports: []wasm.Export{
			{Name: "memory", Kind: wasm.Memory, Memory: page},
			{Name: "edge_abi_1"}, {Name: "edge_init"},
			{Name: "edge_handle", Type: one}, {Name: "edge_buffer", Type: one},
			{Name: "__data_end", Kind: wasm.Global},
		},
		Memories: []wasm.Limits{page},
	}
}

func TestTheHostInterfaceIsJudgedByImportsAndExports(t *testing.T) {
	t.Parallel()
	remove := func(name string) func(*wasm.Module) {
		return func(m *wasm.Module) {
			m.Exports = slices.DeleteFunc(m.Exports, func(e wasm.Export) bool { return e.Name == name })
		}
	}
	retype := func(name string, typ wasm.FuncType) func(*wasm.Module) {
		return func(m *wasm.Module) {
			for i := range m.Exports {
				if m.Exports[i].Name == name {
					m.Exports[i].Type = typ
				}
			}
		}
	}
	imports := func(i wasm.Import) func(*wasm.Module) {
		return func(m *wasm.Module) { m.Imports = append(m.Imports, i) }
	}
	one := wasm.FuncType{Params: i32s(1), Results: i32s(1)}
	tests := map[string]struct {
		change    func(*wasm.Module)
		say, hint string
	}{
		"a module that speaks it": {func(*wasm.Module) {}, "", ""},
		"no edge_init":            {remove("edge_init"), "", ""},
		"no version":              {remove("edge_abi_1"), "export edge_abi_1() -> () is missing", "abi-host.md"},
		"no handler, no version, no import": {func(m *wasm.Module) { *m = wasm.Module{Exports: m.Exports[:1], Memories: m.Memories} },
			"it imports nothing, and exports memory (memory); host would need the exports edge_abi_1() -> (), edge_buffer(i32) -> i32, edge_handle(i32) -> i32; bytes would need the exports edge_alloc(i32) -> i32, edge_handle(i32, i32) -> i32; glue would need the JavaScript that wasm-bindgen writes", "handlers.md"},
		"an import that nothing offers": {func(m *wasm.Module) { *m = wasm.Module{Imports: []wasm.Import{{Module: "env", Name: "f"}}} },
			"memory; glue would need the JavaScript that wasm-bindgen writes; and nothing offers 1 of its imports", ""},
		"a Go program for a browser": {func(m *wasm.Module) { *m = wasm.Module{Imports: []wasm.Import{{Module: "gojs", Name: "f"}}} }, "speaks no interface", "GOOS=wasip1"},
		"a program with our exports": {func(m *wasm.Module) { m.Exports = append(m.Exports, wasm.Export{Name: "_start"}) }, "export _start without _initialize: it is a program", "-buildmode=c-shared"},
		"a library that has a main, too": {func(m *wasm.Module) {
			m.Exports = append(m.Exports, wasm.Export{Name: "_start"}, wasm.Export{Name: "_initialize"})
		}, "", ""},
		"a program":                       {func(m *wasm.Module) { *m = wasm.Module{Exports: []wasm.Export{{Name: "_start"}}} }, "speaks no interface for handlers: it imports nothing, and exports _start() -> ()", "main function"},
		"no handler":                      {remove("edge_handle"), "export edge_handle(i32) -> i32 is missing", "abi-host.md"},
		"no buffer":                       {remove("edge_buffer"), "export edge_buffer(i32) -> i32 is missing", "abi-host.md"},
		"no memory":                       {remove("memory"), "export memory (memory) is missing", "abi-host.md"},
		"a handler of the bytes kind":     {retype("edge_handle", wasm.FuncType{Params: i32s(2), Results: i32s(1)}), "export edge_handle(i32, i32) -> i32 should be edge_handle(i32) -> i32", ""},
		"an edge_init that wants a value": {retype("edge_init", wasm.FuncType{Params: i32s(1)}), "export edge_init(i32) -> () should be edge_init() -> ()", ""},
		"an unknown function of edge":     {imports(wasm.Import{Module: "edge", Name: "fetch"}), "import edge.fetch() -> () is unknown", "abi-host.md"},
		"a known name of another module":  {imports(wasm.Import{Module: "env", Name: "get", Type: wasm.FuncType{Params: i32s(1), Results: i32s(1)}}), "import env.get(i32) -> i32 is unknown", ""},
		"a known function's wrong type":   {imports(wasm.Import{Module: "edge", Name: "now"}), "import edge.now() -> () should be edge.now() -> f64", ""},
		"a known name that is a global":   {imports(wasm.Import{Module: "edge", Name: "respond", Kind: wasm.Global}), "import edge.respond (global) should be edge.respond(i32) -> ()", ""},
		"WASI":                            {imports(wasm.Import{Module: "wasi_snapshot_preview1", Name: "fd_close", Type: one}), "", ""},
		"a WASI function's wrong type":    {imports(wasm.Import{Module: "wasi_snapshot_preview1", Name: "fd_close"}), "import wasi_snapshot_preview1.fd_close() -> () should be wasi_snapshot_preview1.fd_close(i32) -> i32", ""},
		"a WASI function that is none":    {imports(wasm.Import{Module: "wasi_snapshot_preview1", Name: "get", Type: one}), "import wasi_snapshot_preview1.get(i32) -> i32 is unknown", ""},
		"another WASI":                    {imports(wasm.Import{Module: "wasi_unstable", Name: "fd_close", Type: one}), "import wasi_unstable.fd_close(i32) -> i32 is unknown", "only WASI preview 1"},
		"a version of the future": {func(m *wasm.Module) { m.Exports[1].Name = "edge_abi_2" },
			"export edge_abi_2 stands for another version of the interface; this program knows edge_abi_1", ""},
		"shared memory":   {func(m *wasm.Module) { m.Exports[0].Memory.Shared = true }, "shared between threads", ""},
		"64-bit memory":   {func(m *wasm.Module) { m.Exports[0].Memory.Is64 = true }, "64-bit addresses", ""},
		"two memories":    {func(m *wasm.Module) { m.Memories = make([]wasm.Limits, 2) }, "2 memories, want one", ""},
		"nothing at all":  {func(m *wasm.Module) { *m = wasm.Module{} }, "speaks no interface for handlers: it imports nothing, and exports nothing", "docs/handlers.md"},
		"what it does do": {remove("edge_abi_1"), "it imports edge.get(i32) -> i32, edge.now() -> f64, and exports memory (memory), edge_init() -> ()", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := hostModuleValue()
			tt.change(&m)
			_, err := check("h.wasm", m)
			if tt.say == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if e := wantError(t, err, "h.wasm", tt.say); !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("hint %q, want %q", e.Hint, tt.hint)
			}
		})
	}
}

func TestAHundredImportsStayReadable(t *testing.T) {
	t.Parallel()
	m := hostModuleValue()
	m.Imports = slices.Repeat([]wasm.Import{{Module: "wbg", Name: "f"}}, 100)
	_, err := check("h.wasm", m)
	e := wantError(t, err, "h.wasm", "and 92 more")
	if n := strings.Count(e.Reason, "wbg.f"); n != 16 {
		t.Errorf("wbg.f is named %d times, want 8 as a fault and 8 in the inventory", n)
	}
}

func bytesModuleValue() wasm.Module {
	page := wasm.Limits{Min: 1}
	two := wasm.FuncType{Params: i32s(2), Results: i32s(1)}
	return wasm.Module{
		Exports: []wasm.Export{
			{Name: "memory", Kind: wasm.Memory, Memory: page},
			{Name: "edge_alloc", Type: wasm.FuncType{Params: i32s(1), Results: i32s(1)}},
			{Name: "edge_handle", Type: two},
			{Name: "edge_config", Type: wasm.FuncType{Params: i32s(2)}},
			{Name: "_initialize"},
		},
		Memories: []wasm.Limits{page},
	}
}

func TestTheBytesInterfaceIsJudgedByImportsAndExports(t *testing.T) {
	t.Parallel()
	at := func(i int, change func(*wasm.Export)) func(*wasm.Module) {
		return func(m *wasm.Module) { change(&m.Exports[i]) }
	}
	tests := map[string]struct {
		change func(*wasm.Module)
		say    string
	}{
		"a module that speaks it":   {func(*wasm.Module) {}, ""},
		"without what is optional":  {func(m *wasm.Module) { m.Exports = m.Exports[:3] }, ""},
		"no alloc":                  {at(1, func(e *wasm.Export) { e.Name = "malloc" }), "does not speak the bytes interface: export edge_alloc(i32) -> i32 is missing"},
		"no handle":                 {at(2, func(e *wasm.Export) { e.Name = "handle" }), "export edge_handle(i32, i32) -> i32 is missing"},
		"a handle of another type":  {at(2, func(e *wasm.Export) { e.Type.Results = nil }), "export edge_handle(i32, i32) -> () should be edge_handle(i32, i32) -> i32"},
		"a config of another type":  {at(3, func(e *wasm.Export) { e.Type.Params = nil }), "export edge_config() -> () should be edge_config(i32, i32) -> ()"},
		"an import that nobody has": {func(m *wasm.Module) { m.Imports = []wasm.Import{{Module: "env", Name: "abort"}} }, "import env.abort() -> () is unknown"},
		"WASI": {func(m *wasm.Module) {
			m.Imports = []wasm.Import{{Module: wasiModule, Name: "sched_yield", Type: wasm.FuncType{Results: i32s(1)}}}
		}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := bytesModuleValue()
			tt.change(&m)
			abi, err := check("h.wasm", m)
			if tt.say != "" {
				wantError(t, err, "h.wasm", tt.say)
				return
			}
			if err != nil || abi != Bytes {
				t.Errorf("%q, %v; want bytes", abi, err)
			}
		})
	}
}

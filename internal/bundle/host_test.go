package bundle

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/bundle/wasm"
	"github.com/edgedeploy/edgedeploy/internal/bundle/wasm/wasmtest"
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
	tests := map[string]struct {
		change    func(*wasm.Module)
		say, hint string
	}{
		"a module that speaks it":         {func(*wasm.Module) {}, "", ""},
		"no edge_init":                    {remove("edge_init"), "", ""},
		"no version":                      {remove("edge_abi_1"), "export edge_abi_1() -> () is missing", "abi-host.md"},
		"no handler":                      {remove("edge_handle"), "export edge_handle(i32) -> i32 is missing", "abi-host.md"},
		"no buffer":                       {remove("edge_buffer"), "export edge_buffer(i32) -> i32 is missing", "abi-host.md"},
		"no memory":                       {remove("memory"), "export memory (memory) is missing", "abi-host.md"},
		"a handler of the bytes kind":     {retype("edge_handle", wasm.FuncType{Params: i32s(2), Results: i32s(1)}), "export edge_handle(i32, i32) -> i32 should be edge_handle(i32) -> i32", ""},
		"an edge_init that wants a value": {retype("edge_init", wasm.FuncType{Params: i32s(1)}), "export edge_init(i32) -> () should be edge_init() -> ()", ""},
		"an unknown function of edge":     {imports(wasm.Import{Module: "edge", Name: "fetch"}), "import edge.fetch() -> () is unknown", "abi-host.md"},
		"a known name of another module":  {imports(wasm.Import{Module: "env", Name: "get", Type: wasm.FuncType{Params: i32s(1), Results: i32s(1)}}), "import env.get(i32) -> i32 is unknown", ""},
		"a known function's wrong type":   {imports(wasm.Import{Module: "edge", Name: "now"}), "import edge.now() -> () should be edge.now() -> f64", ""},
		"a known name that is a global":   {imports(wasm.Import{Module: "edge", Name: "respond", Kind: wasm.Global}), "import edge.respond (global) should be edge.respond(i32) -> ()", ""},
		"WASI":                            {imports(wasm.Import{Module: "wasi_snapshot_preview1", Name: "fd_write"}), "wasi_snapshot_preview1.fd_write() -> () is unknown", "wasm32-unknown-unknown"},
		"wasm-bindgen":                    {imports(wasm.Import{Module: "__wbindgen_placeholder__", Name: "f"}), "is unknown", "wasm-bindgen"},
		"a version of the future": {func(m *wasm.Module) { m.Exports[1].Name = "edge_abi_2" },
			"export edge_abi_2 stands for another version of the interface; this program knows edge_abi_1", ""},
		"shared memory":   {func(m *wasm.Module) { m.Exports[0].Memory.Shared = true }, "shared between threads", ""},
		"64-bit memory":   {func(m *wasm.Module) { m.Exports[0].Memory.Is64 = true }, "64-bit addresses", ""},
		"two memories":    {func(m *wasm.Module) { m.Memories = make([]wasm.Limits, 2) }, "2 memories, want one", ""},
		"nothing at all":  {func(m *wasm.Module) { *m = wasm.Module{} }, "it imports nothing, and exports nothing", ""},
		"what it does do": {remove("edge_abi_1"), "it imports edge.get(i32) -> i32, edge.now() -> f64, and exports memory (memory), edge_init() -> ()", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := hostModuleValue()
			tt.change(&m)
			err := checkHost("h.wasm", m)
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
	e := wantError(t, checkHost("h.wasm", m), "h.wasm", "and 88 more")
	if n := strings.Count(e.Reason, "wbg.f"); n != 24 {
		t.Errorf("wbg.f is named %d times, want 12 as a fault and 12 in the inventory", n)
	}
}

func TestSectionsForToolsAreDroppedAndReported(t *testing.T) {
	t.Parallel()
	all := []string{"name", "producers", "target_features", ".debug_info", "sourceMappingURL", "external_debug_info", "mine"}
	var customs [][]byte
	for _, name := range all {
		customs = append(customs, wasmtest.Custom(name, 1, 2, 3))
	}
	root := tree(t, map[string]string{"h.wasm": string(wasmtest.Host{Custom: customs}.Module())})
	for keep, want := range map[bool][]string{
		false: all[:6],
		true:  {"producers", "target_features"},
	} {
		b, err := Build(root, Function{Wasm: "h.wasm", KeepNames: keep})
		if err != nil {
			t.Fatal(err)
		}
		var dropped, kept []string
		for _, d := range b.Dropped {
			dropped = append(dropped, d.Name)
			if want := len(wasmtest.Custom(d.Name, 1, 2, 3)); d.Bytes != want {
				t.Errorf("%s: %d bytes, want %d", d.Name, d.Bytes, want)
			}
		}
		if diff := cmp.Diff(want, dropped); diff != "" {
			t.Errorf("keep names %v: -want +dropped\n%s", keep, diff)
		}
		m, err := wasm.Parse([]byte(unzip(t, b.Zip)["handler.wasm"]))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range m.Customs {
			kept = append(kept, c.Name)
		}
		rest := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return slices.Contains(want, n) })
		if diff := cmp.Diff(rest, kept); diff != "" {
			t.Errorf("keep names %v: -want +kept\n%s", keep, diff)
		}
	}
}

func TestThreeDeclaredParametersAreAWarningFromNode24(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source string
		want   int
	}{
		"an async arrow with two":         {"exports.handler = async (event, context) => event", 2},
		"an async arrow with a callback":  {"exports.handler = async (event, context, callback) => {}", 3},
		"a function expression":           {"exports.handler = function (e, c, cb) { cb() }", 3},
		"a named async function":          {"module.exports.handler=async function named(e,c,cb){}", 3},
		"a declaration":                   {"export async function handler(\n  event,\n  context,\n  callback,\n) {\n}", 3},
		"a trailing comma":                {"export const handler = (event, context,) => {}", 2},
		"a property":                      {"module.exports = { handler: async (a, b, c) => 1 }", 3},
		"destructured parameters":         {"exports.handler = async ({ Records: [a, b] }, { x, y }) => 1", 2},
		"a default ends the count":        {"exports.handler = async (event, context, callback = f(1, 2)) => 1", 2},
		"a rest parameter ends the count": {"exports.handler = async (event, ...rest) => 1", 1},
		"no parameters":                   {"exports.handler = () => 1", 0},
		"a call":                          {"exports.handler = (0, wrap.wrap)(a, b, c); exports.handler(1, 2, 3)", 0},
		"a wrapped handler":               {"exports.handler = wrap(async (a, b, c) => 1)", 0},
		"another function":                {"exports.myhandler = (a, b, c) => 1; function handlers(a, b, c) {}", 0},
		"text that ends early":            {"exports.handler = async (a, b, c", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := declaredParameters(tt.source, "handler"); got != tt.want {
				t.Errorf("counted %d, want %d", got, tt.want)
			}
		})
	}
	root := tree(t, map[string]string{"d/index.mjs": "export const handler = (a, b, c) => 1"})
	for runtime, want := range map[string]int{"nodejs22.x": 0, "nodejs24.x": 1, "nodejs26.x": 1, "python3.14": 0, "": 0} {
		b, err := Build(root, Function{Bundle: "d", Handler: "index.handler", Runtime: runtime})
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Warnings) != want {
			t.Errorf("%s: warnings %q, want %d", runtime, b.Warnings, want)
		}
	}
}

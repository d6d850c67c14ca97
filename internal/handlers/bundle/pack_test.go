package bundle

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

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
	for runtime, want := range map[string]int{"nodejs22.x": 0, "nodejs24.x": 1, "nodejs26.x": 1, "": 0} {
		b, err := Build(root, Function{Bundle: "d", Handler: "index.handler", Runtime: runtime})
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Warnings) != want {
			t.Errorf("%s: warnings %q, want %d", runtime, b.Warnings, want)
		}
	}
}

func TestConfigThatNobodyReadsIsAWarning(t *testing.T) {
	t.Parallel()
	config := map[string]any{"k": "v"}
	reader := wasmtest.Module(
		wasmtest.Section(1, wasmtest.Vec(wasmtest.Sig([]byte{wasmtest.I32}, []byte{wasmtest.I32}), wasmtest.Sig(nil, nil), wasmtest.Sig([]byte{wasmtest.I32, wasmtest.I32}, []byte{wasmtest.I32}))),
		wasmtest.Section(2, wasmtest.Vec(wasmtest.ImportFunc("edge", "config", 2))),
		wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(1), wasmtest.Leb(0), wasmtest.Leb(0))),
		wasmtest.Section(5, wasmtest.Vec([]byte{0, 1})),
		wasmtest.Section(7, wasmtest.Vec(
			wasmtest.Export("memory", 2, 0), wasmtest.Export("edge_abi_1", 0, 1),
			wasmtest.Export("edge_handle", 0, 2), wasmtest.Export("edge_buffer", 0, 3),
		)),
		wasmtest.Section(10, wasmtest.Vec(wasmtest.Body(), wasmtest.Body(0x41, 0), wasmtest.Body(0x41, 0))),
	)
	root := tree(t, map[string]string{
		"deaf.wasm": string(wasmtest.Host{}.Module()), "reader.wasm": string(reader), "bytes.wasm": string(wasmtest.Bytes()),
	})
	tests := map[string]struct {
		f    Function
		want []string
	}{
		"a host module that asks":        {Function{Wasm: "reader.wasm", Config: config}, nil},
		"a host module that does not":    {Function{Wasm: "deaf.wasm", Config: config}, []string{"deaf.wasm does not import edge.config, so it cannot read config:"}},
		"a bytes module that does not":   {Function{Wasm: "bytes.wasm", Config: config}, []string{"bytes.wasm does not export edge_config, so it cannot read config:"}},
		"a module without configuration": {Function{Wasm: "deaf.wasm"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := Build(root, tt.f)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, b.Warnings); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestAModuleOfWebAssembly3NeedsARuntimeThatTakesIt(t *testing.T) {
	t.Parallel()
	module := wasmtest.Module(
		wasmtest.Section(1, wasmtest.Vec(wasmtest.Sig([]byte{wasmtest.I32}, []byte{wasmtest.I32}), wasmtest.Sig(nil, nil), []byte{0x5f, 0})),
		wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(1), wasmtest.Leb(0), wasmtest.Leb(0))),
		wasmtest.Section(5, wasmtest.Vec([]byte{0, 1})),
		wasmtest.Section(7, wasmtest.Vec(
			wasmtest.Export("memory", 2, 0), wasmtest.Export("edge_abi_1", 0, 0),
			wasmtest.Export("edge_handle", 0, 1), wasmtest.Export("edge_buffer", 0, 2),
		)),
		wasmtest.Section(10, wasmtest.Vec(wasmtest.Body(), wasmtest.Body(0x41, 0), wasmtest.Body(0x41, 0))),
	)
	root := tree(t, map[string]string{"h.wasm": string(module)})
	for _, runtime := range []string{"nodejs22.x", "nodejs24.x", ""} {
		if _, err := Build(root, Function{Wasm: "h.wasm", Runtime: runtime}); err != nil {
			t.Errorf("%s: %v", runtime, err)
		}
	}
	_, err := Build(root, Function{Wasm: "h.wasm", Runtime: "nodejs20.x"})
	if e := wantError(t, err, "h.wasm", "uses types of WebAssembly 3.0"); !strings.Contains(e.Hint, "nodejs22.x or newer") {
		t.Errorf("hint %q", e.Hint)
	}
}

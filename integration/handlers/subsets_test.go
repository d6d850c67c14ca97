package handlers

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

// everyImport lists all that modules may import: the probes import it.
func everyImport(t *testing.T) []wasm.Import {
	t.Helper()
	var all []wasm.Import
	for _, name := range []string{"probe/probe.wasm", "wasiprobe/probe.wasm"} {
		src, err := repository(t).ReadFile("integration/handlers/" + name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := wasm.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range m.Imports {
			if name == "probe/probe.wasm" || i.Module != "edge" {
				all = append(all, i)
			}
		}
	}
	return all
}

// importing is a module with these imports and exports, whose code is nothing.
func importing(abi bundle.ABI, imports []wasm.Import, exports []string) []byte {
	encoded := func(all []wasm.ValType) []byte {
		var b []byte
		for _, v := range all {
			b = append(b, byte(v))
		}
		return b
	}
	i32 := []byte{wasmtest.I32}
	types := [][]byte{wasmtest.Sig(nil, nil), wasmtest.Sig(i32, i32), wasmtest.Sig([]byte{wasmtest.I32, wasmtest.I32}, i32), wasmtest.Sig([]byte{wasmtest.I32, wasmtest.I32}, nil)}
	const none, one, two, take = 0, 1, 2, 3
	var imported, funcs, exported, bodies [][]byte
	for n, i := range imports {
		types = append(types, wasmtest.Sig(encoded(i.Type.Params), encoded(i.Type.Results)))
		imported = append(imported, wasmtest.ImportFunc(i.Module, i.Name, 4+n))
	}
	add := func(name string, typ int, code ...byte) {
		exported = append(exported, wasmtest.Export(name, 0, len(imports)+len(funcs)))
		funcs, bodies = append(funcs, wasmtest.Leb(typ)), append(bodies, wasmtest.Body(code...))
	}
	zero := []byte{0x41, 0}
	if abi == bundle.Host {
		add("edge_abi_1", none)
		add("edge_handle", one, zero...)
		add("edge_buffer", one, zero...)
	} else {
		add("edge_alloc", one, zero...)
		add("edge_handle", two, zero...)
		for _, name := range exports {
			typ := map[string]int{"edge_config": take, "edge_body": take, "edge_wants": one}[name]
			add(name, typ, map[bool][]byte{true: zero}[typ == one]...)
		}
	}
	exported = append(exported, wasmtest.Export("memory", 2, 0))
	return wasmtest.Module(
		wasmtest.Section(1, wasmtest.Vec(types...)), wasmtest.Section(2, wasmtest.Vec(imported...)),
		wasmtest.Section(3, wasmtest.Vec(funcs...)), wasmtest.Section(5, wasmtest.Vec([]byte{0, 1})),
		wasmtest.Section(7, wasmtest.Vec(exported...)), wasmtest.Section(10, wasmtest.Vec(bodies...)),
	)
}

// subset is what subsets.cjs is asked to compare.
type subset struct {
	Some    string      `json:"some"`
	All     string      `json:"all"`
	ABI     bundle.ABI  `json:"abi"`
	Imports []oneImport `json:"imports"`
	Exports []string    `json:"exports"`
	Seed    int         `json:"seed"`
}

type oneImport struct {
	Module string   `json:"module"`
	Name   string   `json:"name"`
	Params []string `json:"params"`
}

func describe(imports []wasm.Import) []oneImport {
	all := []oneImport{}
	for _, i := range imports {
		one := oneImport{Module: i.Module, Name: i.Name, Params: []string{}}
		for _, p := range i.Type.Params {
			one.Params = append(one.Params, p.String())
		}
		all = append(all, one)
	}
	return all
}

// Whatever a module imports, its trampoline offers that and nothing else, and does
// with any calls of it in any events what one does that offers everything.
func TestAnyImportsGiveATrampolineThatDoesWhatTheWholeOneDoes(t *testing.T) {
	t.Parallel()
	all := everyImport(t)
	options := []string{"edge_body", "edge_config", "edge_wants"}
	onEachNode(t, func(t *testing.T, node string) {
		full := map[string]string{}
		for _, mode := range []string{"fail", "continue"} {
			full["host "+mode] = unpack(t, buildModule(t, importing(bundle.Host, all, nil), mode).Zip)
			full["bytes "+mode] = unpack(t, buildModule(t, importing(bundle.Bytes, wasiOf(all), options), mode).Zip)
		}
		rapid.Check(t, func(rt *rapid.T) {
			s := subset{ABI: rapid.SampledFrom([]bundle.ABI{bundle.Host, bundle.Host, bundle.Bytes}).Draw(rt, "interface"), Exports: []string{}}
			mode := rapid.SampledFrom([]string{"fail", "continue"}).Draw(rt, "on-error")
			offered := all
			if s.ABI == bundle.Bytes {
				offered = wasiOf(all)
				s.Exports = drawSome(rt, options, "export")
			}
			chosen := drawSome(rt, offered, "import")
			s.Imports, s.Seed = describe(chosen), rapid.IntRange(0, 1<<30).Draw(rt, "seed")
			s.Some, s.All = unpack(t, buildModule(t, importing(s.ABI, chosen, s.Exports), mode).Zip), full[string(s.ABI)+" "+mode]
			job, err := json.Marshal(s)
			if err != nil {
				rt.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), node, "testdata/subsets.cjs", string(job)).CombinedOutput(); err != nil {
				rt.Fatalf("%v\n%s", err, out)
			}
		})
	})
}

// drawSome draws a few of a list, or many.
func drawSome[T any](rt *rapid.T, from []T, what string) []T {
	percent := rapid.SampledFrom([]int{5, 20, 50, 90}).Draw(rt, what+"s, in percent")
	out := []T{}
	for _, one := range from {
		if rapid.IntRange(0, 99).Draw(rt, what) < percent {
			out = append(out, one)
		}
	}
	return out
}

func wasiOf(all []wasm.Import) []wasm.Import {
	var out []wasm.Import
	for _, i := range all {
		if strings.HasPrefix(i.Module, "wasi_") {
			out = append(out, i)
		}
	}
	return out
}

// The configuration stands in the script, between quotes, whatever is in it.
func TestAnyConfigurationArrivesAsItIs(t *testing.T) {
	t.Parallel()
	config := map[string]any{
		"quotes": "'\"`\\", "ends": "\r\n\u2028\u2029\x00\x7f\x85", "plain": "ä€😀 ${x}", "'; throw 1; //": "key", "const baked = '{}';": "again",
		"nested": map[string]any{"list": []any{true, nil, 1.5, "</script>"}, "__proto__": "x"},
	}
	want, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "h.wasm"), importing(bundle.Bytes, nil, []string{"edge_config"}), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	b, err := bundle.Build(root, bundle.Function{Name: "h", Wasm: "h.wasm", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := bundle.Open(b.Zip); err != nil || opened.Trampoline != b.Trampoline || opened.ABI != b.ABI {
		t.Errorf("opened, it is of trampoline %d for %q: %v", opened.Trampoline, opened.ABI, err)
	}
	const look = `const line = require('fs').readFileSync(process.argv[1], 'utf8').split('\n').find((l) => l.startsWith('const baked ='));
		process.stdout.write(new Function(line.replace('const baked =', 'return '))())`
	onEachNode(t, func(t *testing.T, node string) {
		out, err := exec.CommandContext(t.Context(), node, "-e", look, filepath.Join(unpack(t, b.Zip), "index.js")).Output()
		if err != nil {
			t.Fatal(err)
		}
		var have, should any
		if err := errors.Join(json.Unmarshal(out, &have), json.Unmarshal(want, &should)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(should, have); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

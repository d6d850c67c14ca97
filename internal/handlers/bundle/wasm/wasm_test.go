package wasm_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

func TestParseTellsWhatAModuleWantsAndOffers(t *testing.T) {
	t.Parallel()
	got, err := wasm.Parse(wasmtest.Module(complete()...))
	if err != nil {
		t.Fatal(err)
	}
	now := wasm.FuncType{Params: []wasm.ValType{wasm.I32}, Results: []wasm.ValType{wasm.F64}}
	memory := wasm.Limits{Min: 2, Max: 16, Bounded: true}
	customs := len(wasmtest.Module(complete()[:8]...))
	want := wasm.Module{
		Imports: []wasm.Import{{Module: "edge", Name: "now", Type: now}},
		Exports: []wasm.Export{
			{Name: "memory", Kind: wasm.Memory, Memory: memory},
			{Name: "handle", Index: 1, Type: wasm.FuncType{
				Params: []wasm.ValType{wasm.I32, wasm.I32}, Results: []wasm.ValType{wasm.I32}}},
			{Name: "again", Type: now},
			{Name: "g", Kind: wasm.Global},
		},
		Memories: []wasm.Limits{memory},
		Start:    true,
		Customs: []wasm.Custom{
			{Name: "name", Offset: customs, Size: 10},
			{Name: "other", Offset: customs + 10, Size: 9},
			{Name: "name", Offset: customs + 19, Size: 7},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got, want := got.Imports[0].String(), "edge.now(i32) -> f64"; got != want {
		t.Errorf("import reads %q, want %q", got, want)
	}
	if got, want := got.Exports[0].String(), "memory (memory)"; got != want {
		t.Errorf("export reads %q, want %q", got, want)
	}
}

func TestParseReadsEveryKindOfImport(t *testing.T) {
	t.Parallel()
	kinds := func(name string, desc ...byte) []byte {
		return slices.Concat(wasmtest.Str("m"), wasmtest.Str(name), desc)
	}
	got, err := wasm.Parse(wasmtest.Module(
		wasmtest.Section(1, wasmtest.Vec(wasmtest.Sig(nil, nil))),
		wasmtest.Section(2, wasmtest.Vec(
			kinds("f", 0, 0), kinds("t", 1, 0x70, 0, 1), kinds("m", 2, 7, 1, 2),
			kinds("g", 3, wasmtest.I32, 1), kinds("e", 4, 0, 0))),
		wasmtest.Section(7, wasmtest.Vec(wasmtest.Export("a", 0, 0), wasmtest.Export("b", 1, 0), wasmtest.Export("c", 2, 0), wasmtest.Export("d", 3, 0), wasmtest.Export("e", 4, 0))),
	))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range got.Imports {
		names = append(names, i.String())
	}
	want := []string{"m.f() -> ()", "m.t (table)", "m.m (memory)", "m.g (global)", "m.e (tag)"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if m := got.Exports[2].Memory; !m.Shared || !m.Is64 || !m.Bounded {
		t.Errorf("exported memory is %+v, want shared, 64-bit and bounded", m)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	types := wasmtest.Section(1, wasmtest.Vec(wasmtest.Sig(nil, nil)))
	whole := wasmtest.Module(complete()...)
	tests := map[string]struct {
		in     []byte
		offset int
		say    string
	}{
		"an empty file":                     {nil, 0, "empty"},
		"something else":                    {[]byte("\x7fELF...."), 0, `starts with "\x7fELF"`},
		"the text format":                   {[]byte("  (module\n)"), 0, "wat2wasm"},
		"a header that ends early":          {whole[:6], 6, "middle of the header"},
		"a component":                       {[]byte("\x00asm\x0d\x00\x01\x00"), 4, "component"},
		"another version":                   {[]byte("\x00asm\x02\x00\x00\x00"), 4, "version 02 00 00 00"},
		"a section longer than the file":    {wasmtest.Module([]byte{1, 9, 0}), 9, "announces 9 bytes of a section in 1"},
		"a section longer than its content": {wasmtest.Module(wasmtest.Section(1, wasmtest.Vec(), []byte{0})), 11, "1 bytes too many"},
		"a section shorter than its content": {wasmtest.Module(wasmtest.Section(1, []byte{1, 0x60}), wasmtest.Section(0, wasmtest.Str("x"))), 12,
			"middle of a value"},
		"an unknown section":                 {wasmtest.Module(wasmtest.Section(14)), 8, "section number 14"},
		"a section twice":                    {wasmtest.Module(types, types), 14, "a second type section"},
		"sections out of order":              {wasmtest.Module(wasmtest.Section(3, wasmtest.Vec()), types), 11, "type section comes too late"},
		"data count after code":              {wasmtest.Module(wasmtest.Section(10, wasmtest.Vec()), wasmtest.Section(12, wasmtest.Leb(0))), 11, "data count section comes too late"},
		"a number of six bytes":              {wasmtest.Module([]byte{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0}), 9, "too many bytes"},
		"a number beyond 32 bits":            {wasmtest.Module([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x1f}), 9, "does not fit 32 bits"},
		"a count beyond what is there":       {wasmtest.Module(wasmtest.Section(1, wasmtest.Leb(1<<20))), 10, "announces 1048576 types in 0 bytes"},
		"an unknown form of type":            {wasmtest.Module(wasmtest.Section(1, wasmtest.Vec([]byte{0x5d, 0}))), 11, "type form 0x5d is unknown"},
		"a group in a group":                 {wasmtest.Module(wasmtest.Section(1, wasmtest.Vec([]byte{0x4e, 1, 0x4e, 0}))), 13, "type form 0x4e is unknown"},
		"a field that may change somehow":    {wasmtest.Module(wasmtest.Section(1, wasmtest.Vec([]byte{0x5f, 1, wasmtest.I32, 2}))), 14, "mutability 0x02"},
		"a heap type of six bytes":           {wasmtest.Module(wasmtest.Section(1, wasmtest.Vec([]byte{0x60, 1, 0x64, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0}))), 14, "heap type takes too many bytes"},
		"an unknown value type":              {wasmtest.Module(wasmtest.Section(1, wasmtest.Vec(wasmtest.Sig([]byte{0x62}, nil)))), 13, "value type 0x62"},
		"a name that is not UTF-8":           {wasmtest.Module(types, wasmtest.Section(2, wasmtest.Vec(wasmtest.ImportFunc("\xff", "f", 0)))), 17, "not UTF-8"},
		"an unknown import kind":             {wasmtest.Module(wasmtest.Section(2, wasmtest.Vec(slices.Concat(wasmtest.Str("m"), wasmtest.Str("f"), []byte{9})))), 15, "import kind 9"},
		"an unknown mutability":              {wasmtest.Module(wasmtest.Section(2, wasmtest.Vec(slices.Concat(wasmtest.Str("m"), wasmtest.Str("g"), []byte{3, wasmtest.I32, 2})))), 17, "mutability"},
		"an import of a type that is not":    {wasmtest.Module(types, wasmtest.Section(2, wasmtest.Vec(wasmtest.ImportFunc("m", "f", 1)))), 22, "type 1 of 1"},
		"a function of a type that is not":   {wasmtest.Module(types, wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(3)))), 17, "type 3 of 1"},
		"a function without a body":          {wasmtest.Module(types, wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(0)))), 18, "1 functions are declared, 0 have bodies"},
		"a body that runs out":               {wasmtest.Module(types, wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(0))), wasmtest.Section(10, []byte{1, 9, 0})), 21, "bytes of a body"},
		"a memory whose maximum is too low":  {wasmtest.Module(wasmtest.Section(5, wasmtest.Vec([]byte{1, 2, 1}))), 11, "maximum 1 is below the minimum 2"},
		"limits of an unknown kind":          {wasmtest.Module(wasmtest.Section(5, wasmtest.Vec([]byte{8, 1}))), 11, "unknown kind 0x08"},
		"an export of nothing":               {wasmtest.Module(wasmtest.Section(7, wasmtest.Vec(wasmtest.Export("memory", 2, 0)))), 11, `"memory" is memory 0 of 0`},
		"an export of an unknown kind":       {wasmtest.Module(wasmtest.Section(7, wasmtest.Vec(wasmtest.Export("x", 9, 0)))), 11, `"x" is kind 9`},
		"two exports of one name":            {wasmtest.Module(wasmtest.Section(5, wasmtest.Vec([]byte{0, 1})), wasmtest.Section(7, wasmtest.Vec(wasmtest.Export("m", 2, 0), wasmtest.Export("m", 2, 0)))), 20, `named "m"`},
		"a start function that is not there": {wasmtest.Module(types, wasmtest.Section(8, wasmtest.Leb(0))), 16, "function 0 of 0"},
		"a custom section without a name":    {wasmtest.Module(wasmtest.Section(0)), 10, "middle of a value"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wasm.Parse(tt.in)
			e, ok := errors.AsType[*wasm.Error](err)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.Offset != tt.offset || !strings.Contains(err.Error(), tt.say) {
				t.Errorf("got %q, want byte %d and %q", err, tt.offset, tt.say)
			}
		})
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	t.Parallel()
	whole := wasmtest.Module(complete()...)
	ends := map[int]bool{8: true} // a module may be empty
	at := 8
	for i, s := range complete() {
		at += len(s)
		ends[at] = i < 2 || i >= 7 // between declaring functions and bringing bodies it is none
	}
	for n := range len(whole) {
		if _, err := wasm.Parse(whole[:n]); err == nil && !ends[n] {
			t.Errorf("the first %d of %d bytes pass", n, len(whole))
		}
	}
}

func TestStripDropsExactlyTheNamedSections(t *testing.T) {
	t.Parallel()
	parts := complete()
	in := wasmtest.Module(parts...)
	before := bytes.Clone(in)
	got, dropped, err := wasm.Strip(in, func(n string) bool { return n == "name" })
	if err != nil {
		t.Fatal(err)
	}
	if want := wasmtest.Module(append(parts[:8:8], parts[9])...); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	if len(dropped) != 2 || dropped[0].Size != 10 || dropped[1].Size != 7 {
		t.Errorf("dropped %+v, want two sections of 10 and 7 bytes", dropped)
	}
	if !bytes.Equal(in, before) {
		t.Error("Strip changed its input")
	}
}

func TestStripKeepsMeaning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := complete()[:8]
		keep := wasmtest.Module(parts...)
		// Custom sections may stand anywhere: scatter some.
		for range rapid.IntRange(0, 6).Draw(t, "sections") {
			name := rapid.SampledFrom([]string{"name", ".debug_info", "x"}).Draw(t, "name")
			at := rapid.IntRange(0, len(parts)).Draw(t, "at")
			parts = slices.Insert(slices.Clone(parts), at, wasmtest.Custom(name, rapid.SliceOf(rapid.Byte()).Draw(t, "body")...))
		}
		in := wasmtest.Module(parts...)
		got, dropped, err := wasm.Strip(in, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, keep) {
			t.Fatalf("got  %x\nwant %x", got, keep)
		}
		size := len(got)
		for _, d := range dropped {
			size += d.Size
		}
		if size != len(in) {
			t.Fatalf("%d bytes kept and dropped, want %d", size, len(in))
		}
	})
}

// Each type of a group has an index of its own, and the functions behind them
// keep theirs.
func TestParseReadsTheTypesOfWebAssembly3(t *testing.T) {
	t.Parallel()
	i32 := byte(wasmtest.I32)
	tests := map[string]struct {
		types  [][]byte
		of     int // the type of the function that is exported
		want   string
		since3 bool
	}{
		"plain functions":           {[][]byte{wasmtest.Sig([]byte{i32}, nil)}, 0, "(i32) -> ()", false},
		"references of 2.0":         {[][]byte{wasmtest.Sig([]byte{0x70}, []byte{0x6f})}, 0, "(funcref) -> externref", false},
		"a reference to a type":     {[][]byte{{0x60, 1, 0x64, 0, 0}}, 0, "(ref) -> ()", true},
		"one to an abstract type":   {[][]byte{{0x60, 2, 0x63, 0x70, 0x64, 0x6f, 1, i32}}, 0, "(ref null, ref) -> i32", true},
		"a shorthand":               {[][]byte{{0x60, 1, 0x6e, 0}}, 0, "(ref 0x6e) -> ()", true},
		"an index of several bytes": {[][]byte{{0x60, 1, 0x63, 0x80, 1, 1, i32}}, 0, "(ref null) -> i32", true},
		"a struct before":           {[][]byte{{0x5f, 3, i32, 0, 0x78, 1, 0x64, 0x6e, 1}, wasmtest.Sig(nil, []byte{i32})}, 1, "() -> i32", true},
		"an array before":           {[][]byte{{0x5e, 0x77, 1}, wasmtest.Sig(nil, []byte{i32})}, 1, "() -> i32", true},
		"a group before":            {[][]byte{{0x4e, 2, 0x5f, 0, 0x50, 1, 0, 0x5f, 1, i32, 0}, wasmtest.Sig(nil, []byte{i32})}, 2, "() -> i32", true},
		"an empty group before":     {[][]byte{{0x4e, 0}, wasmtest.Sig(nil, []byte{i32})}, 0, "() -> i32", true},
		"a function in a group":     {[][]byte{{0x4e, 2, 0x5e, i32, 0, 0x4f, 0, 0x60, 0, 1, i32}}, 1, "() -> i32", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := wasm.Parse(wasmtest.Module(
				wasmtest.Section(1, wasmtest.Vec(tt.types...)),
				wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(tt.of))),
				wasmtest.Section(7, wasmtest.Vec(wasmtest.Export("f", 0, 0))),
				wasmtest.Section(10, wasmtest.Vec(wasmtest.Body())),
			))
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Exports[0].Type.String(); got != tt.want || m.Since3 != tt.since3 {
				t.Errorf("f%s, since 3.0 %v; want f%s, %v", got, m.Since3, tt.want, tt.since3)
			}
		})
	}
}

// An engine that shares no code with us must see the same module.
func TestParseAgreesWithAnEngine(t *testing.T) {
	t.Parallel()
	in := wasmtest.Module(append(complete()[:8], wasmtest.Custom("x", 1, 2, 3))...)
	ctx := t.Context()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { rt.Close(ctx) })
	for _, drop := range []bool{false, true} {
		stripped, _, err := wasm.Strip(in, func(string) bool { return drop })
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := rt.CompileModule(ctx, stripped)
		if err != nil {
			t.Fatalf("the engine refuses what passed: %v", err)
		}
		ours, err := wasm.Parse(stripped)
		if err != nil {
			t.Fatal(err)
		}
		got, want := map[string]string{}, map[string]string{}
		for _, e := range ours.Exports {
			if e.Kind == wasm.Func {
				got[e.Name] = e.Type.String()
			}
		}
		for name, d := range theirs.ExportedFunctions() {
			want[name] = signature(d)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("exports: -engine +ours\n%s", diff)
		}
		for i, d := range theirs.ImportedFunctions() {
			mod, name, _ := d.Import()
			if got, want := ours.Imports[i].String(), mod+"."+name+signature(d); got != want {
				t.Errorf("import %d is %s, the engine says %s", i, got, want)
			}
		}
	}
}

func signature(d api.FunctionDefinition) string {
	convert := func(in []api.ValueType) []wasm.ValType {
		var out []wasm.ValType
		for _, t := range in {
			out = append(out, wasm.ValType(t))
		}
		return out
	}
	return wasm.FuncType{Params: convert(d.ParamTypes()), Results: convert(d.ResultTypes())}.String()
}

// Whatever comes in: no panic, and what is accepted can be stripped, is
// accepted again, and keeps its imports and exports.
func FuzzParse(f *testing.F) {
	f.Add(wasmtest.Module(complete()...))
	f.Add(wasmtest.Module())
	f.Add([]byte("\x00asm\x0d\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := wasm.Parse(in)
		if err != nil {
			e, ok := errors.AsType[*wasm.Error](err)
			if !ok {
				t.Fatalf("%v is no *Error", err)
			}
			if e.Offset < 0 || e.Offset > len(in) {
				t.Fatalf("offset %d in %d bytes", e.Offset, len(in))
			}
			return
		}
		stripped, dropped, err := wasm.Strip(in, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		if len(dropped) != len(m.Customs) {
			t.Fatalf("dropped %d of %d custom sections", len(dropped), len(m.Customs))
		}
		again, err := wasm.Parse(stripped)
		if err != nil {
			t.Fatalf("stripped module does not parse: %v", err)
		}
		m.Customs = nil
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatalf("-before +after\n%s", diff)
		}
	})
}

// sections of a small complete module: one import, one memory, two functions.
func complete() [][]byte {
	return [][]byte{
		wasmtest.Section(1, wasmtest.Vec(wasmtest.Sig([]byte{wasmtest.I32, wasmtest.I32}, []byte{wasmtest.I32}), wasmtest.Sig(nil, nil), wasmtest.Sig([]byte{wasmtest.I32}, []byte{wasmtest.F64}))),
		wasmtest.Section(2, wasmtest.Vec(wasmtest.ImportFunc("edge", "now", 2))),
		wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(0), wasmtest.Leb(1))),
		wasmtest.Section(5, wasmtest.Vec([]byte{1, 2, 16})),
		wasmtest.Section(6, wasmtest.Vec([]byte{wasmtest.I32, 0, 0x41, 7, 0x0b})),
		wasmtest.Section(7, wasmtest.Vec(wasmtest.Export("memory", 2, 0), wasmtest.Export("handle", 0, 1), wasmtest.Export("again", 0, 0), wasmtest.Export("g", 3, 0))),
		wasmtest.Section(8, wasmtest.Leb(2)),
		wasmtest.Section(10, wasmtest.Vec(wasmtest.Body(0x41, 0), wasmtest.Body())),
		wasmtest.Custom("name", 1, 2, 3),
		wasmtest.Custom("other", 4),
		wasmtest.Custom("name"),
	}
}

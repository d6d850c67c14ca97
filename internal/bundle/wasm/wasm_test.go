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

	"github.com/edgedeploy/edgedeploy/internal/bundle/wasm"
)

func TestParseTellsWhatAModuleWantsAndOffers(t *testing.T) {
	t.Parallel()
	got, err := wasm.Parse(module(complete()...))
	if err != nil {
		t.Fatal(err)
	}
	now := wasm.FuncType{Params: []wasm.ValType{wasm.I32}, Results: []wasm.ValType{wasm.F64}}
	memory := wasm.Limits{Min: 2, Max: 16, Bounded: true}
	customs := len(module(complete()[:8]...))
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
	kinds := func(name string, desc ...byte) []byte { return slices.Concat(str("m"), str(name), desc) }
	got, err := wasm.Parse(module(
		section(1, vec(sig(nil, nil))),
		section(2, vec(
			kinds("f", 0, 0), kinds("t", 1, 0x70, 0, 1), kinds("m", 2, 7, 1, 2),
			kinds("g", 3, i32, 1), kinds("e", 4, 0, 0))),
		section(7, vec(export("a", 0, 0), export("b", 1, 0), export("c", 2, 0), export("d", 3, 0), export("e", 4, 0))),
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
	types := section(1, vec(sig(nil, nil)))
	whole := module(complete()...)
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
		"a section longer than the file":    {module([]byte{1, 9, 0}), 9, "announces 9 bytes of a section in 1"},
		"a section longer than its content": {module(section(1, vec(), []byte{0})), 11, "1 bytes too many"},
		"a section shorter than its content": {module(section(1, []byte{1, 0x60}), section(0, str("x"))), 12,
			"middle of a value"},
		"an unknown section":                 {module(section(14)), 8, "section number 14"},
		"a section twice":                    {module(types, types), 14, "a second type section"},
		"sections out of order":              {module(section(3, vec()), types), 11, "type section comes too late"},
		"data count after code":              {module(section(10, vec()), section(12, leb(0))), 11, "data count section comes too late"},
		"a number of six bytes":              {module([]byte{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0}), 9, "too many bytes"},
		"a number beyond 32 bits":            {module([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x1f}), 9, "does not fit 32 bits"},
		"a count beyond what is there":       {module(section(1, leb(1<<20))), 10, "announces 1048576 types in 0 bytes"},
		"a garbage-collected type":           {module(section(1, vec([]byte{0x5f, 0}))), 11, "garbage collection"},
		"an unknown value type":              {module(section(1, vec(sig([]byte{0x63}, nil)))), 13, "value type 0x63"},
		"a name that is not UTF-8":           {module(types, section(2, vec(importFunc("\xff", "f", 0)))), 17, "not UTF-8"},
		"an unknown import kind":             {module(section(2, vec(slices.Concat(str("m"), str("f"), []byte{9})))), 15, "import kind 9"},
		"an unknown mutability":              {module(section(2, vec(slices.Concat(str("m"), str("g"), []byte{3, i32, 2})))), 17, "mutability"},
		"an import of a type that is not":    {module(types, section(2, vec(importFunc("m", "f", 1)))), 22, "type 1 of 1"},
		"a function of a type that is not":   {module(types, section(3, vec(leb(3)))), 17, "type 3 of 1"},
		"a function without a body":          {module(types, section(3, vec(leb(0)))), 18, "1 functions are declared, 0 have bodies"},
		"a body that runs out":               {module(types, section(3, vec(leb(0))), section(10, []byte{1, 9, 0})), 21, "bytes of a body"},
		"a memory whose maximum is too low":  {module(section(5, vec([]byte{1, 2, 1}))), 11, "maximum 1 is below the minimum 2"},
		"limits of an unknown kind":          {module(section(5, vec([]byte{8, 1}))), 11, "unknown kind 0x08"},
		"an export of nothing":               {module(section(7, vec(export("memory", 2, 0)))), 11, `"memory" is memory 0 of 0`},
		"an export of an unknown kind":       {module(section(7, vec(export("x", 9, 0)))), 11, `"x" is kind 9`},
		"two exports of one name":            {module(section(5, vec([]byte{0, 1})), section(7, vec(export("m", 2, 0), export("m", 2, 0)))), 20, `named "m"`},
		"a start function that is not there": {module(types, section(8, leb(0))), 16, "function 0 of 0"},
		"a custom section without a name":    {module(section(0)), 10, "middle of a value"},
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
	whole := module(complete()...)
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
	in := module(parts...)
	before := bytes.Clone(in)
	got, dropped, err := wasm.Strip(in, func(n string) bool { return n == "name" })
	if err != nil {
		t.Fatal(err)
	}
	if want := module(append(parts[:8:8], parts[9])...); !bytes.Equal(got, want) {
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
		keep := module(parts...)
		// Custom sections may stand anywhere: scatter some.
		for range rapid.IntRange(0, 6).Draw(t, "sections") {
			name := rapid.SampledFrom([]string{"name", ".debug_info", "x"}).Draw(t, "name")
			at := rapid.IntRange(0, len(parts)).Draw(t, "at")
			parts = slices.Insert(slices.Clone(parts), at, custom(name, rapid.SliceOf(rapid.Byte()).Draw(t, "body")...))
		}
		in := module(parts...)
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

// An engine that shares no code with us must see the same module.
func TestParseAgreesWithAnEngine(t *testing.T) {
	t.Parallel()
	in := module(append(complete()[:8], custom("x", 1, 2, 3))...)
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
	f.Add(module(complete()...))
	f.Add(module())
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

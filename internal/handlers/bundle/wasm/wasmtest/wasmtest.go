package wasmtest

import (
	"encoding/binary"
	"slices"
)

// Value types.
const (
	I32 = 0x7f
	F64 = 0x7c
)

// Leb encodes an unsigned number.
func Leb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// Str encodes a name, or any counted bytes.
func Str(s string) []byte { return append(Leb(len(s)), s...) }

// Vec encodes a counted list.
func Vec(items ...[]byte) []byte { return append(Leb(len(items)), slices.Concat(items...)...) }

// Section encodes a section with that number.
func Section(id byte, body ...[]byte) []byte {
	b := slices.Concat(body...)
	return slices.Concat([]byte{id}, Leb(len(b)), b)
}

// Custom encodes a custom section.
func Custom(name string, body ...byte) []byte { return Section(0, Str(name), body) }

// Module puts the header before the sections.
func Module(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), slices.Concat(sections...)...)
}

// Sig encodes a function type.
func Sig(params, results []byte) []byte {
	return slices.Concat([]byte{0x60}, Str(string(params)), Str(string(results)))
}

// ImportFunc encodes the import of a function of the given type.
func ImportFunc(module, name string, typ int) []byte {
	return slices.Concat(Str(module), Str(name), []byte{0}, Leb(typ))
}

// Export encodes an export; kind 0 is a function, 2 a memory, 3 a global.
func Export(name string, kind byte, index int) []byte {
	return slices.Concat(Str(name), []byte{kind}, Leb(index))
}

// Body encodes a function body without locals from its instructions, the last
// end left out.
func Body(code ...byte) []byte {
	return Str(string(slices.Concat([]byte{0}, code, []byte{0x0b})))
}

// Host describes a module that speaks the host interface. The zero value is
// the smallest one: it imports nothing and lets every event pass.
type Host struct {
	Handle []byte   // instructions of edge_handle; nil returns 0
	Buffer []byte   // instructions of edge_buffer; nil returns 1024
	Init   []byte   // instructions of edge_init; nil leaves it out
	Start  bool     // run edge_init's instructions as the start function too
	Custom [][]byte // sections to append
}

// Module encodes it.
func (h Host) Module() []byte {
	handle, buffer := h.Handle, h.Buffer
	if handle == nil {
		handle = []byte{0x41, 0} // i32.const 0
	}
	if buffer == nil {
		buffer = []byte{0x41, 0x80, 0x08} // i32.const 1024
	}
	funcs := [][]byte{Leb(1), Leb(0), Leb(0)}
	exports := [][]byte{
		Export("memory", 2, 0), Export("edge_abi_1", 0, 0),
		Export("edge_handle", 0, 1), Export("edge_buffer", 0, 2),
	}
	bodies := [][]byte{Body(), Body(handle...), Body(buffer...)}
	if h.Init != nil {
		funcs = append(funcs, Leb(1))
		exports = append(exports, Export("edge_init", 0, 3))
		bodies = append(bodies, Body(h.Init...))
	}
	sections := [][]byte{
		Section(1, Vec(Sig([]byte{I32}, []byte{I32}), Sig(nil, nil))),
		Section(3, Vec(funcs...)),
		Section(5, Vec([]byte{0, 1})),
		Section(7, Vec(exports...)),
	}
	if h.Start {
		sections = append(sections, Section(8, Leb(3)))
	}
	sections = append(sections, Section(10, Vec(bodies...)))
	return Module(append(sections, h.Custom...)...)
}

// Counter is a module that remembers: count returns how often it was called,
// trap traps. With an import, call calls that function.
type Counter struct {
	From, Name string   // the import, of type () -> (); no From, no import
	Custom     [][]byte // sections to append
}

// Module encodes it.
func (c Counter) Module() []byte {
	imports, first := [][]byte{}, 0
	funcs := [][]byte{Leb(0), Leb(1)}
	// global.get 0, i32.const 1, i32.add, global.set 0, global.get 0
	bodies := [][]byte{Body(0x23, 0, 0x41, 1, 0x6a, 0x24, 0, 0x23, 0), Body(0x00)}
	if c.From != "" {
		imports, first = append(imports, ImportFunc(c.From, c.Name, 1)), 1
		funcs, bodies = append(funcs, Leb(1)), append(bodies, Body(0x10, 0))
	}
	exports := [][]byte{Export("memory", 2, 0), Export("count", 0, first), Export("trap", 0, first+1)}
	if c.From != "" {
		exports = append(exports, Export("call", 0, first+2))
	}
	return Module(append([][]byte{
		Section(1, Vec(Sig(nil, []byte{I32}), Sig(nil, nil))),
		Section(2, Vec(imports...)),
		Section(3, Vec(funcs...)),
		Section(5, Vec([]byte{0, 1})),
		Section(6, Vec([]byte{I32, 1, 0x41, 0, 0x0b})),
		Section(7, Vec(exports...)),
		Section(10, Vec(bodies...)),
	}, c.Custom...)...)
}

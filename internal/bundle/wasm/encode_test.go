package wasm_test

import (
	"encoding/binary"
	"slices"
)

// The helpers below write modules by hand, as the specification spells them,
// so that the reader is judged by something that is not the reader.

func leb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func str(s string) []byte { return append(leb(len(s)), s...) }

func vec(items ...[]byte) []byte { return append(leb(len(items)), slices.Concat(items...)...) }

func section(id byte, body ...[]byte) []byte {
	b := slices.Concat(body...)
	return slices.Concat([]byte{id}, leb(len(b)), b)
}

func custom(name string, body ...byte) []byte { return section(0, str(name), body) }

func module(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), slices.Concat(sections...)...)
}

const (
	i32 = 0x7f
	f64 = 0x7c
)

func sig(params, results []byte) []byte {
	return slices.Concat([]byte{0x60}, str(string(params)), str(string(results)))
}

func importFunc(mod, name string, typ int) []byte {
	return slices.Concat(str(mod), str(name), []byte{0}, leb(typ))
}

func export(name string, kind byte, index int) []byte {
	return slices.Concat(str(name), []byte{kind}, leb(index))
}

// body is `i32.const 0; end` when it returns, `end` when it does not.
func body(returns bool) []byte {
	code := []byte{0x00, 0x0b}
	if returns {
		code = []byte{0x00, 0x41, 0x00, 0x0b}
	}
	return append(leb(len(code)), code...)
}

// sections of a small complete module: one import, one memory, two functions.
func complete() [][]byte {
	return [][]byte{
		section(1, vec(sig([]byte{i32, i32}, []byte{i32}), sig(nil, nil), sig([]byte{i32}, []byte{f64}))),
		section(2, vec(importFunc("edge", "now", 2))),
		section(3, vec(leb(0), leb(1))),
		section(5, vec([]byte{1, 2, 16})),
		section(6, vec([]byte{i32, 0, 0x41, 7, 0x0b})),
		section(7, vec(export("memory", 2, 0), export("handle", 0, 1), export("again", 0, 0), export("g", 3, 0))),
		section(8, leb(2)),
		section(10, vec(body(true), body(false))),
		custom("name", 1, 2, 3),
		custom("other", 4),
		custom("name"),
	}
}

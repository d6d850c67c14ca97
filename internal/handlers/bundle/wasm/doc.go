// Package wasm reads the outer structure of a WebAssembly module: what it
// imports, what it exports and with which types, its memories, its start
// function and its custom sections. It can also write the same module without
// some of its custom sections.
//
// It knows the binary format of the WebAssembly core specification 2.0
// (section "Binary Format") and, of later proposals, just enough to step over
// the tag section. It never looks into function bodies, never validates code,
// and never runs anything: an engine does that when the module is loaded.
// Everything that does not have the shape it expects is an [Error] with the
// offset of the byte at fault.
package wasm

// Package wasmtest writes small WebAssembly modules for tests, byte by byte as
// the core specification spells them.
//
// It shares no code with the reader that it helps to judge, validates nothing,
// and is imported by tests only.
package wasmtest

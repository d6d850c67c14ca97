//go:build wasip1

package host

import "unsafe"

// edge_abi_1 says which version of the interface the module was built for. It
// is never called.
//
//go:wasmexport edge_abi_1
func edgeABI1() {}

//go:wasmexport edge_buffer
func edgeBuffer(n uint32) unsafe.Pointer { return Buffer(n) }

//go:wasmexport edge_init
func edgeInit() { start() }

//go:wasmexport edge_handle
func edgeHandle(event int32) int32 { return handle(event) }

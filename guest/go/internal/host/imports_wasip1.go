//go:build wasip1

package host

import (
	"syscall"
	"unsafe"
)

// A string is an address and a length to the host.

//go:wasmimport edge intern
func intern(s string) uint32

//go:wasmimport edge get
func get(field uint32) int32

//go:wasmimport edge set
func set(field uint32, value string)

//go:wasmimport edge header
func headerValue(of, name, i uint32) int32

//go:wasmimport edge header_count
func headerCount(of uint32) uint32

//go:wasmimport edge header_at
func headerAt(of, i uint32) int32

//go:wasmimport edge put_header
func putHeader(of, name uint32, value string)

//go:wasmimport edge append_header
func appendHeader(of, name uint32, value string)

//go:wasmimport edge remove_header
func removeHeader(of, name uint32)

//go:wasmimport edge respond
func respond(status uint32)

//go:wasmimport edge body
func body() int32

//go:wasmimport edge body_truncated
func bodyTruncated() uint32

//go:wasmimport edge set_body
func setBody(form uint32, body string)

//go:wasmimport edge config
func config(key string) int32

//go:wasmimport edge log
func log(level uint32, message string)

//go:wasmimport edge now
func now() float64

//go:wasmimport edge random
func random(ptr unsafe.Pointer, n uint32)

// Exit ends the instance; the host logs that and makes a new one.
func Exit() { syscall.Exit(1) }

// Refused says whether a recovered panic is a host function's refusal. Here a
// refusal is an exception of JavaScript that no Go code ever sees.
func Refused(any) bool { return false }

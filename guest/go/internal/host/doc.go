// Package host is the host interface of edgedeploy, version 1, in Go's words:
// the functions that docs/abi-host.md lists, with strings for addresses and
// lengths. It owns the room that the host delivers to, and the numbers of the
// interface.
//
// Built for wasip1 it calls the host. Built for anything else it calls a [Fake]
// that lives in this package, so that handlers can be tested without
// WebAssembly. A module has one thread, so nothing here is locked; package
// edgetest keeps tests apart.
package host

//go:build wasip1

// Command gobytes is a handler of the bytes interface as somebody would write it
// who has Go, its JSON package and docs/abi-bytes.md.
package main

import (
	"encoding/json"
	"fmt"
	"unsafe"
)

var (
	config map[string]string
	given  = map[unsafe.Pointer][]byte{} // kept from the garbage collector until used
	answer []byte
	pair   [2]uint32
	size   int
)

//go:wasmexport edge_alloc
func alloc(n uint32) unsafe.Pointer {
	b := make([]byte, max(n, 1))
	p := unsafe.Pointer(unsafe.SliceData(b))
	given[p] = b
	return p
}

// take returns what was written to a place of alloc's.
func take(p unsafe.Pointer, n uint32) []byte {
	b := given[p][:n]
	delete(given, p)
	return b
}

//go:wasmexport edge_config
func configure(p unsafe.Pointer, n uint32) {
	if err := json.Unmarshal(take(p, n), &config); err != nil {
		panic(err)
	}
	fmt.Println("configured", config["name"])
}

//go:wasmexport edge_body
func body(p unsafe.Pointer, n uint32) { size = len(take(p, n)) }

//go:wasmexport edge_handle
func handle(p unsafe.Pointer, n uint32) unsafe.Pointer {
	var event struct {
		Config  struct{ EventType string }
		Request struct{ URI string }
	}
	if err := json.Unmarshal(take(p, n), &event); err != nil {
		panic(err)
	}
	fmt.Println(event.Config.EventType, event.Request.URI, size)
	switch event.Request.URI {
	case "/same":
		return nil
	case "/panic":
		panic("it was asked for")
	}
	patch := map[string]any{"headers": map[string]any{"X-Name": config["name"], "Cookie": nil}}
	if event.Config.EventType == "viewer-request" {
		patch["uri"] = "/go" + event.Request.URI
	}
	var err error
	if answer, err = json.Marshal(patch); err != nil {
		panic(err)
	}
	pair = [2]uint32{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(answer)))), uint32(len(answer))}
	return unsafe.Pointer(&pair)
}

func main() {}

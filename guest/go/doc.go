// Package edge is for writing Lambda@Edge handlers in Go, as WebAssembly.
//
//	package main
//
//	import (
//		"strings"
//
//		edge "github.com/edgedeploy/edgedeploy/guest/go"
//	)
//
//	func init() {
//		edge.Handle(edge.Handlers{
//			ViewerRequest: func(e edge.ViewerRequest) (*edge.Response, error) {
//				bare, www := strings.CutPrefix(e.Headers().Get("Host"), "www.")
//				if !www {
//					return nil, nil // go on
//				}
//				return edge.Redirect(301, "https://"+bare+e.URI()), nil
//			},
//		})
//	}
//
//	func main() {} // never called, but Go wants one
//
// Built with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o handler.wasm .
//
// it is a module for edgedeploy.yaml. Each trigger has an event type that offers
// what the trigger may do, and nothing else.
//
// The event stays with the host, in JavaScript, and a method asks for one thing of
// it: the cost of an event is the number of questions, not its size. What is
// asked for twice is better kept in a variable. An event is valid until its
// handler returns; a goroutine that outlives the handler must not use it.
//
// A host function that is asked for what cannot be done (a header value with a line
// break, a field that is read-only) ends the event and the instance; no Go code
// can recover from that. Package edgetest runs handlers without WebAssembly.
package edge

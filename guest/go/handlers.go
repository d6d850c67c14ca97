package edge

import (
	"runtime"

	"github.com/edgedeploy/edgedeploy/guest/go/internal/host"
)

// Handlers says which function handles which trigger. An event of a trigger
// without one is an error in the log and fails, because somebody associated the
// function with a trigger that it was not written for.
//
// A handler of requests returns nil to let the request go on as it was edited,
// or a response to answer with. An error or a panic goes to the function's log,
// and the event fails: on-error in edgedeploy.yaml decides what visitors get.
type Handlers struct {
	// Start, if not nil, runs once per instance, before the first event. There
	// is no event yet: it can read Config, log, and ask for Now and Random. An
	// error, or a panic, keeps the function from loading. What it makes lives as
	// long as the instance, which Lambda ends as it likes: it is a cache.
	Start func() error

	ViewerRequest  func(ViewerRequest) (*Response, error)
	OriginRequest  func(OriginRequest) (*Response, error)
	OriginResponse func(OriginResponse) error
	ViewerResponse func(ViewerResponse) error
}

var (
	handlers   Handlers
	registered bool
)

// Handle registers the handlers. Call it once, from an init function: main
// is never called.
func Handle(h Handlers) {
	if registered {
		panic("edge: Handle was called twice")
	}
	handlers, registered = h, true
}

func init() { host.Guest(start, handle) }

// start is edge_init.
func start() {
	defer func() {
		if v := recover(); v != nil {
			panicked("start", v)
			host.Exit()
		}
	}()
	if !registered {
		host.Log(host.Error, "edge: Handle was never called; call it from an init function, because main does not run")
		host.Exit()
	}
	if handlers.Start == nil {
		return
	}
	if err := handlers.Start(); err != nil {
		host.Log(host.Error, "start: "+err.Error())
		host.Exit()
	}
}

// handle is edge_handle.
func handle(event int32) (code int32) {
	defer func() {
		if v := recover(); v != nil {
			panicked(trigger(event), v)
			code = host.Failed
		}
	}()
	response, there, err := dispatch(event)
	switch {
	case !there:
		host.Log(host.Error, trigger(event)+": this module has no handler for it; name one in edge.Handlers, or take the function off this trigger")
		return host.Failed
	case err != nil:
		host.Log(host.Error, trigger(event)+": "+err.Error())
		return host.Failed
	case response != nil:
		response.send()
		return host.Answer
	}
	return host.Continue
}

// dispatch calls the handler of a trigger, if there is one.
func dispatch(event int32) (r *Response, there bool, err error) {
	switch h := &handlers; {
	case event == host.ViewerRequest && h.ViewerRequest != nil:
		r, err = h.ViewerRequest(ViewerRequest{})
	case event == host.OriginRequest && h.OriginRequest != nil:
		r, err = h.OriginRequest(OriginRequest{})
	case event == host.OriginResponse && h.OriginResponse != nil:
		err = h.OriginResponse(OriginResponse{})
	case event == host.ViewerResponse && h.ViewerResponse != nil:
		err = h.ViewerResponse(ViewerResponse{})
	default:
		return nil, false, nil
	}
	return r, true, err
}

// panicked logs a recovered panic with where it came from, as one entry. What a
// fake host refused goes on: on a real one it could not have been recovered.
func panicked(where string, v any) {
	if host.Refused(v) {
		panic(v)
	}
	host.Log(host.Error, where+": panic: "+words(v)+"\n\n"+stack())
}

// stack is what runtime/debug.Stack returns. That package imports os, which
// would put 126 KB into every module.
func stack() string {
	b := make([]byte, 4096)
	return string(b[:runtime.Stack(b, false)])
}

// words is what the runtime prints for a panic, without package fmt, which
// would make every module larger by a fifth.
func words(v any) string {
	switch v := v.(type) {
	case error:
		return v.Error()
	case interface{ String() string }:
		return v.String()
	case string:
		return v
	default:
		return "a value that is neither a string nor an error"
	}
}

func trigger(event int32) string {
	switch event {
	case host.ViewerRequest:
		return "viewer-request"
	case host.OriginRequest:
		return "origin-request"
	case host.OriginResponse:
		return "origin-response"
	case host.ViewerResponse:
		return "viewer-response"
	}
	return "an event of a trigger that is not known"
}

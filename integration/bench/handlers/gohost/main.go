// The handler of examples/redirect in Go, on the host interface.
package main

import (
	"strings"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
)

var from, to, frameOptions string

func init() {
	edge.Handle(edge.Handlers{
		Start: func() error {
			from, _ = edge.Config("redirect-from")
			to, _ = edge.Config("redirect-to")
			frameOptions, _ = edge.Config("frame-options")
			return nil
		},
		ViewerRequest: redirect,
		OriginRequest: indexDocument,
		OriginResponse: func(e edge.OriginResponse) error {
			secure(e.Headers())
			return nil
		},
		ViewerResponse: func(e edge.ViewerResponse) error {
			secure(e.Headers())
			return nil
		},
	})
}

func main() {} // never called, but Go wants one

func redirect(e edge.ViewerRequest) (*edge.Response, error) {
	if from == "" || !strings.EqualFold(e.Headers().Get("Host"), from) {
		return nil, nil
	}
	location := "https://" + to + e.URI()
	if query := e.Querystring(); query != "" {
		location += "?" + query
	}
	r := edge.Redirect(301, location)
	r.Description = "Moved Permanently"
	r.Headers = append(r.Headers, edge.Header{Name: "Cache-Control", Value: "max-age=3600"})
	return r, nil
}

func indexDocument(e edge.OriginRequest) (*edge.Response, error) {
	uri := e.URI()
	if strings.HasSuffix(uri, "/") {
		e.SetURI(uri + "index.html")
	} else if strings.LastIndexByte(uri, '/') > strings.LastIndexByte(uri, '.') {
		e.SetURI(uri + "/index.html")
	}
	return nil, nil
}

func secure(headers edge.EditHeaders) {
	headers.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	headers.Set("X-Content-Type-Options", "nosniff")
	headers.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	headers.Set("X-Frame-Options", frameOptions)
}

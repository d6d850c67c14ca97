package edge_test

import (
	"strings"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
)

// A handler of two triggers: www.example.com moves to example.com, and
// responses get a header.
func Example() {
	init := func() { // func init() in a real module
		edge.Handle(edge.Handlers{
			ViewerRequest: func(e edge.ViewerRequest) (*edge.Response, error) {
				bare, www := strings.CutPrefix(e.Headers().Get("Host"), "www.")
				if !www {
					return nil, nil // go on
				}
				return edge.Redirect(301, "https://"+bare+e.URI()), nil
			},
			ViewerResponse: func(e edge.ViewerResponse) error {
				e.Headers().Set("X-Content-Type-Options", "nosniff")
				return nil
			},
		})
	}
	_ = init
}

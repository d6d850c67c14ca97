package main

import (
	"slices"
	"strings"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
	config "github.com/edgedeploy/edgedeploy/guest/go/settings"
)

// country is what CloudFront found out about the visitor. It is there only if
// the behavior's cache policy or origin request policy asks for it.
const country = "CloudFront-Viewer-Country"

// chosen tells the origin, and ourselves at origin-response, which language was
// chosen for a path that names none.
const chosen = "X-Geo-Language"

var site settings

func init() {
	edge.Handle(edge.Handlers{
		Start:          func() (err error) { site, err = readSettings(&config.Reader{}); return err },
		OriginRequest:  choose,
		OriginResponse: describe,
	})
}

func main() {} // never called, but Go wants one

// choose finds the origin and the language for a request that the cache could
// not answer.
func choose(e edge.OriginRequest) (*edge.Response, error) {
	from := e.Headers().Get(country)
	if slices.Contains(site.blocked, from) {
		return &edge.Response{
			Status: 451, Description: "Unavailable For Legal Reasons",
			Headers: []edge.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}, {Name: "Cache-Control", Value: "max-age=300"}},
			Body:    "Not available in your country.\n",
		}, nil
	}
	if domain, ok := site.origins[site.regions[from]]; ok {
		e.SendTo(domain)
	}
	uri := e.URI()
	if site.named(uri) || site.without(uri) {
		e.Headers().Del(chosen) // a visitor may have sent one
		return nil, nil
	}
	language := site.language(e.Headers().Get("Accept-Language"), from)
	e.Headers().Set(chosen, language)
	e.SetURI("/" + language + uri)
	return nil, nil
}

// describe says what was chosen, for caches and search engines beyond us.
func describe(e edge.OriginResponse) error {
	language := e.Request().Headers().Get(chosen)
	if language == "" {
		return nil
	}
	e.Headers().Set("Content-Language", language)
	for _, line := range e.Headers().Values("Vary") {
		for _, name := range strings.Split(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Accept-Language") {
				return nil
			}
		}
	}
	e.Headers().Add("Vary", "Accept-Language")
	return nil
}

package edge

import (
	"iter"
	"strings"

	"github.com/edgedeploy/edgedeploy/guest/go/internal/host"
)

// Headers reads headers: of the request, of the response, or the custom ones
// that CloudFront adds for an origin. Names are compared without case.
//
// The names that are asked for are kept as long as the instance. Ask for names
// that are in the source, not for what visitors send.
type Headers struct{ of host.Of }

// Get returns the first value of a header, "" if there is none.
func (h Headers) Get(name string) string {
	value, _ := h.Lookup(name)
	return value
}

// Lookup returns the first value of a header, and whether there is one.
func (h Headers) Lookup(name string) (string, bool) { return host.Header(h.of, name, 0) }

// Values returns all values of a header.
func (h Headers) Values(name string) []string {
	var all []string
	for i := uint32(0); ; i++ {
		value, ok := host.Header(h.of, name, i)
		if !ok {
			return all
		}
		all = append(all, value)
	}
}

// Len counts the headers, repeated ones each time.
func (h Headers) Len() int { return int(host.HeaderCount(h.of)) }

// All gives every header, the name in lower case. The list is made before the
// first one is given, so headers may be changed meanwhile.
func (h Headers) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		lines := make([]string, 0, h.Len())
		for i := range uint32(cap(lines)) {
			if line, ok := host.HeaderAt(h.of, i); ok {
				lines = append(lines, line)
			}
		}
		for _, line := range lines {
			// A name has no colon, so the first one ends it.
			if name, value, _ := strings.Cut(line, ": "); !yield(name, value) {
				return
			}
		}
	}
}

// EditHeaders also changes them. A name keeps the spelling that it is given
// here; a value must not contain a line break or NUL.
//
// CloudFront forbids some headers and makes others read-only, depending on the
// trigger. Its lists change, so they are not checked here: see "Restrictions on
// edge functions" in its Developer Guide.
type EditHeaders struct{ Headers }

// Set replaces all values of a header by one.
func (h EditHeaders) Set(name, value string) { host.PutHeader(h.of, name, value) }

// Add adds a value beside those that are there.
func (h EditHeaders) Add(name, value string) { host.AppendHeader(h.of, name, value) }

// Del removes all values of a header; none is fine.
func (h EditHeaders) Del(name string) { host.RemoveHeader(h.of, name) }

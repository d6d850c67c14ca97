package main

import "github.com/edgedeploy/edgedeploy/guest/go/accept"

// language chooses one of the site's: what the browser likes best of them, then
// what the country speaks, then the first.
func (s settings) language(header, country string) string {
	if best := accept.Language(header, s.languages...); best != "" {
		return best
	}
	if l, ok := s.speaks[country]; ok {
		return l
	}
	return s.languages[0]
}

package main

import (
	"slices"
	"strconv"
	"strings"
)

// language chooses one of the site's: what the browser likes best of them, then
// what the country speaks, then the first.
func (s settings) language(accept, country string) string {
	best, weight := "", 0.0
	for _, item := range strings.Split(accept, ",") {
		tag, q := preference(item)
		if l := s.match(tag); l != "" && q > weight { // of equals the first counts
			best, weight = l, q
		}
	}
	if best != "" {
		return best
	}
	if l, ok := s.speaks[country]; ok {
		return l
	}
	return s.languages[0]
}

// preference reads one item of Accept-Language, "de-AT;q=0.7" (RFC 9110,
// 12.5.4). A weight that is none counts as 0: not acceptable.
func preference(item string) (tag string, q float64) {
	tag, parameter, weighted := strings.Cut(item, ";")
	tag = strings.ToLower(strings.TrimSpace(tag))
	if !weighted {
		return tag, 1
	}
	name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || !strings.EqualFold(name, "q") || !(q >= 0 && q <= 1) {
		return tag, 0
	}
	return tag, q
}

// match finds what the site has for a tag: pt-br for pt-BR, else pt.
func (s settings) match(tag string) string {
	for tag != "" {
		if slices.Contains(s.languages, tag) {
			return tag
		}
		end := strings.LastIndexByte(tag, '-')
		tag = tag[:max(end, 0)]
	}
	return ""
}

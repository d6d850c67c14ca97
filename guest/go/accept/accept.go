// Package accept chooses what a browser prefers: by Accept, Accept-Language and
// Accept-Encoding, with their weights (RFC 9110, 12.5).
//
// What decides has to be in the cache key, or the first visitor decides for all.
// These headers have hundreds of forms: choose at viewer-request, write the choice
// into a header or the path, and put that into the key.
package accept

import (
	"iter"
	"strings"
)

// Weights gives what a header lists, with its weights in thousandths (0: not
// acceptable), in order. Parameters but q stay with the item. A weight that is
// none counts as 0.
func Weights(header string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for text := range strings.SplitSeq(header, ",") {
			if value, weight := item(text); value != "" && !yield(value, weight) {
				return
			}
		}
	}
}

func item(text string) (value string, q int) {
	start := strings.IndexByte(text, ';')
	for start >= 0 {
		end := strings.IndexByte(text[start+1:], ';')
		parameter := text[start+1:]
		if end >= 0 {
			parameter, end = parameter[:end], start+1+end
		}
		if name, weighs, _ := strings.Cut(parameter, "="); strings.EqualFold(strings.TrimSpace(name), "q") {
			return strings.TrimSpace(text[:start]), weight(strings.TrimSpace(weighs))
		}
		start = end
	}
	return strings.TrimSpace(text), 1000
}

// weight reads 0.815; at most three digits follow the point.
func weight(text string) int {
	whole, rest, _ := strings.Cut(text, ".")
	if whole != "0" && whole != "1" || len(rest) > 3 {
		return 0
	}
	n := int(whole[0] - '0')
	for i := range 3 {
		digit := byte('0')
		if i < len(rest) {
			digit = rest[i]
		}
		if digit < '0' || digit > '9' {
			return 0
		}
		n = n*10 + int(digit-'0')
	}
	if n > 1000 {
		return 0
	}
	return n
}

// MediaType chooses a media type for an Accept header: of those offered the one
// with the highest weight, of equals the first offered. The most specific item of
// the header says an offer's weight: text/html before text/* before */*. It returns
// "" if nothing offered is acceptable.
//
// Without the header everything is acceptable: give "*/*" then. Browsers say */*
// for what they do not name, so offer first what everybody can read, or ask
// [Names].
func MediaType(header string, offers ...string) string {
	return best(offers, func(offer string) int {
		_, weight := match(header, offer)
		return weight
	})
}

// Names reports whether an Accept header names a media type, with a weight above 0.
// image/* and */* are not enough: browsers say them of formats that they cannot
// read.
func Names(header, mediaType string) bool {
	rank, weight := match(header, mediaType)
	return rank == 2 && weight > 0
}

// match returns how specific the best item of a header is for an offer, from 2
// for the type itself down to 0 for */* and -1 for none, and its weight.
func match(header, offer string) (rank, weight int) {
	rank = -1
	kind, _, _ := strings.Cut(offer, "/")
	for value, q := range Weights(header) {
		of, sub, _ := strings.Cut(value, "/")
		r := -1
		switch {
		case strings.EqualFold(value, offer):
			r = 2
		case value == "*/*":
			r = 0
		case sub == "*" && strings.EqualFold(of, kind):
			r = 1
		}
		if r > rank {
			rank, weight = r, q
		}
	}
	return rank, weight
}

// Language chooses a language for an Accept-Language header: of those offered the
// one that fits the item with the highest weight, of equals the first in the
// header. de-AT takes de-AT, else de (RFC 4647, 3.4), unless the header refuses
// that one. It returns "" if nothing fits; * fits nothing, so that your default
// decides.
func Language(header string, offers ...string) string {
	chosen, highest := "", 0
	for tag, q := range Weights(header) {
		if q <= highest {
			continue
		}
		if offer := lookup(header, tag, offers); offer != "" {
			chosen, highest = offer, q
		}
	}
	return chosen
}

func lookup(header, tag string, offers []string) string {
	for tag != "" {
		for _, offer := range offers {
			if strings.EqualFold(offer, tag) && !refused(header, tag) {
				return offer
			}
		}
		tag = tag[:max(strings.LastIndexByte(tag, '-'), 0)]
	}
	return ""
}

func refused(header, tag string) bool {
	for value, q := range Weights(header) {
		if q == 0 && strings.EqualFold(value, tag) {
			return true
		}
	}
	return false
}

// Encoding chooses a content coding for an Accept-Encoding header: of those offered
// the one with the highest weight, of equals the first offered. It returns "" if
// none is acceptable, or if the header prefers what is not coded (identity): send
// it as it is.
//
// CloudFront normalizes the header of behaviors that compress.
func Encoding(header string, offers ...string) string {
	weigh := func(offer string) int {
		q, ok := named(header, offer)
		if !ok {
			q, _ = named(header, "*")
		}
		return q
	}
	chosen := best(offers, weigh)
	if plain, _ := named(header, "identity"); chosen != "" && weigh(chosen) < plain {
		return ""
	}
	return chosen
}

func named(header, coding string) (q int, ok bool) {
	for value, q := range Weights(header) {
		if strings.EqualFold(value, coding) {
			return q, true
		}
	}
	return 0, false
}

func best(offers []string, weigh func(string) int) string {
	chosen, highest := "", 0
	for _, offer := range offers {
		if q := weigh(offer); q > highest {
			chosen, highest = offer, q
		}
	}
	return chosen
}

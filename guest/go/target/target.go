// Package target judges the targets of redirects that come from a request, such
// as the page to return to after a login.
//
// A target that is used as it came sends people to any site, from a link that
// begins with your name (an open redirect). These functions accept what browsers
// read as a place of yours, and nothing else. net/url does not: it reads "/\evil"
// and "/\t/evil" as paths, and browsers do not.
package target

import "strings"

// Local reports whether a target is a path of the same site, with a query and
// fragment or without: it begins with one slash, and has no backslash, space,
// control character or anything beyond ASCII.
func Local(target string) bool {
	return strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "//") && plain(target)
}

// OnHosts reports whether a target is [Local], or an address with https:// whose
// host is one of these, without a port, user or password.
func OnHosts(target string, hosts ...string) bool {
	const scheme = "https://"
	if len(target) < len(scheme) || !strings.EqualFold(target[:len(scheme)], scheme) {
		return Local(target)
	}
	host := target[len(scheme):]
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	if !plain(target) {
		return false
	}
	for _, ours := range hosts {
		if ours != "" && strings.EqualFold(host, ours) {
			return true
		}
	}
	return false
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '\\' {
			return false
		}
	}
	return true
}

// OfRequest returns path and query of a request as a target that is [Local]:
// slashes and backslashes at the beginning become one slash, and what is neither
// allowed nor percent-coded is percent-coded.
func OfRequest(uri, querystring string) string {
	var b strings.Builder
	b.WriteByte('/')
	push(&b, strings.TrimLeftFunc(uri, func(r rune) bool { return r == '/' || r == '\\' || r <= ' ' }), "")
	if querystring != "" {
		b.WriteByte('?')
		push(&b, querystring, "?")
	}
	return b.String()
}

func push(b *strings.Builder, s, stays string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~%/:@!$&'()*+,;=", c) >= 0 || strings.IndexByte(stays, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
}

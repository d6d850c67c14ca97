package edge

import (
	"errors"
	"strconv"
	"strings"
)

// SameSite says with which requests of other sites a browser sends a cookie.
type SameSite string

// The values of SameSite. A cookie with SameSiteNone has to be Secure.
const (
	SameSiteStrict SameSite = "Strict" // with none of them
	SameSiteLax    SameSite = "Lax"    // with those that open a page
	SameSiteNone   SameSite = "None"   // with all
)

// SetCookie is a cookie to give to a browser. (http.Cookie does the same, with
// all of net/http, which makes a module four times as large.)
type SetCookie struct {
	Name, Value string

	Path   string // "" is "/": the browser's own default is the folder of the page
	Domain string // this domain and all below; "" is this host alone

	// MaxAge keeps it for so many seconds; 0 as long as the browser runs, and
	// below 0 removes it. Browsers cut it at 400 days.
	MaxAge int

	Secure      bool // over https only
	HTTPOnly    bool // not for scripts
	Partitioned bool // one for each site that embeds this one
	SameSite    SameSite
}

// Line returns the value of the Set-Cookie header: add it with Headers().Add, or
// to the headers of a [Response]. It is an error if a part has characters that
// would end it, a semicolon or a line break for example, or if browsers would
// refuse the whole.
func (c SetCookie) Line() (string, error) {
	if c.Path == "" {
		c.Path = "/"
	}
	if why := c.invalid(); why != "" {
		return "", errors.New("cookie: " + why)
	}
	line := c.Name + "=" + c.Value + "; Path=" + c.Path
	if c.Domain != "" {
		line += "; Domain=" + c.Domain
	}
	if c.MaxAge != 0 {
		line += "; Max-Age=" + strconv.Itoa(max(c.MaxAge, 0))
	}
	for _, flag := range []struct {
		is   bool
		name string
	}{{c.Secure, "Secure"}, {c.HTTPOnly, "HttpOnly"}, {c.Partitioned, "Partitioned"}, {c.SameSite != "", "SameSite=" + string(c.SameSite)}} {
		if flag.is {
			line += "; " + flag.name
		}
	}
	return line, nil
}

// invalid says what is wrong with a cookie, "" if nothing is.
func (c SetCookie) invalid() string {
	host, secure := hasPrefixFold(c.Name, "__Host-"), hasPrefixFold(c.Name, "__Secure-")
	switch {
	case c.Name == "" || !all(c.Name, token):
		return "a name is letters, digits and !#$%&'*+-.^_`|~"
	case !all(c.Value, func(b byte) bool { return graphic(b) && strings.IndexByte("\",;\\", b) < 0 }):
		return "a value has no space, quote, comma, semicolon, backslash or control character and is ASCII; encode it, with url.QueryEscape for example"
	case c.Path[0] != '/' || !all(c.Path, func(b byte) bool { return (graphic(b) || b == ' ') && b != ';' }):
		return "a path begins with / and has no semicolon or control character and is ASCII"
	case !all(c.Domain, func(b byte) bool { return alphanumeric(b) || b == '.' || b == '-' }):
		return "a domain is letters, digits, dots and dashes"
	case c.SameSite != "" && c.SameSite != SameSiteStrict && c.SameSite != SameSiteLax && c.SameSite != SameSiteNone:
		return "SameSite is Strict, Lax or None"
	case (host || secure) && !c.Secure:
		return "a name with __Host- or __Secure- wants Secure"
	case host && (c.Domain != "" || c.Path != "/"):
		return "a name with __Host- has the path / and no domain"
	case (c.SameSite == SameSiteNone || c.Partitioned) && !c.Secure:
		return "SameSiteNone and Partitioned want Secure"
	}
	return ""
}

// hasPrefixFold compares as browsers do with the prefixes of names: without case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func graphic(b byte) bool { return b > ' ' && b < 0x7f }

func alphanumeric(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// token is what names of cookies consist of (RFC 9110, 5.6.2).
func token(b byte) bool { return alphanumeric(b) || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0 }

package settings

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

type (
	null   struct{}
	number string // as it is spelled
)

func kind(node any) string {
	switch node := node.(type) {
	case null:
		return "null"
	case bool:
		return "true or false"
	case number:
		return string(node)
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return "a text"
}

var errNoJSON = errors.New("no JSON")

// deepest is how many lists and maps may lie in each other.
const deepest = 64

// parse reads a document (RFC 8259), strictly: null, bool, number, string, []any or
// map[string]any.
func parse(text string) (any, error) {
	p := &parser{rest: text}
	p.space()
	node := p.value()
	p.space()
	if p.failed || p.rest != "" {
		return nil, errNoJSON
	}
	return node, nil
}

type parser struct {
	rest   string
	depth  int
	failed bool
}

func (p *parser) fail() any {
	p.failed, p.rest = true, ""
	return nil
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *parser) takes(prefix string) bool {
	rest, found := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return found
}

func (p *parser) value() any {
	switch {
	case p.takes("null"):
		return null{}
	case p.takes("true"):
		return true
	case p.takes("false"):
		return false
	case p.takes(`"`):
		return p.text()
	case p.takes("["):
		return p.list()
	case p.takes("{"):
		return p.object()
	}
	return p.number()
}

// more reads on in a list or map, and reports whether a member comes. first is
// true before any was read.
func (p *parser) more(first bool, end string) bool {
	p.space()
	if p.takes(end) || p.failed {
		p.depth--
		return false
	}
	if !first && !p.takes(",") {
		p.fail()
		return false
	}
	p.space()
	return true
}

func (p *parser) list() any {
	all := []any{}
	if p.depth++; p.depth > deepest {
		return p.fail()
	}
	for p.more(len(all) == 0, "]") {
		all = append(all, p.value())
	}
	return all
}

func (p *parser) object() any {
	all := map[string]any{}
	if p.depth++; p.depth > deepest {
		return p.fail()
	}
	for first := true; p.more(first, "}"); first = false {
		if !p.takes(`"`) {
			return p.fail()
		}
		key := p.text()
		p.space()
		if !p.takes(":") {
			return p.fail()
		}
		p.space()
		all[key] = p.value()
	}
	return all
}

func (p *parser) digits() bool {
	rest := strings.TrimLeft(p.rest, "0123456789")
	some := len(rest) < len(p.rest)
	p.rest = rest
	return some
}

func (p *parser) number() any {
	all := p.rest
	p.takes("-")
	if !p.takes("0") && !p.digits() || p.takes(".") && !p.digits() {
		return p.fail()
	}
	if p.takes("e") || p.takes("E") {
		if !p.takes("+") {
			p.takes("-")
		}
		if !p.digits() {
			return p.fail()
		}
	}
	return number(all[:len(all)-len(p.rest)])
}

// text reads a string behind its first quote.
func (p *parser) text() string {
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			b.WriteString(p.rest[:i])
			p.rest = p.rest[i+1:]
			return b.String()
		case c < ' ':
			i = len(p.rest)
		case c == '\\':
			b.WriteString(p.rest[:i])
			p.rest = p.rest[i+1:]
			b.WriteRune(p.escape())
			i = -1
		}
	}
	p.fail()
	return ""
}

func (p *parser) escape() rune {
	if p.takes("u") {
		high := p.unit()
		before := p.rest
		if utf16.IsSurrogate(high) && p.takes(`\u`) {
			if r := utf16.DecodeRune(high, p.unit()); r != utf8.RuneError {
				return r
			}
			if !p.failed {
				p.rest = before // the second stands for itself
			}
		}
		return high // a surrogate alone becomes U+FFFD
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if p.rest != "" {
		if i := strings.IndexByte(from, p.rest[0]); i >= 0 {
			p.rest = p.rest[1:]
			return rune(to[i])
		}
	}
	p.fail()
	return 0
}

func (p *parser) unit() rune {
	if len(p.rest) < 4 {
		p.fail()
		return 0
	}
	var unit rune
	for _, c := range []byte(p.rest[:4]) {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' {
			p.fail()
			return 0
		}
		unit = unit<<4 | rune(digit)
	}
	p.rest = p.rest[4:]
	return unit
}

package bundle

import (
	"bytes"
	"regexp"
	"strings"
)

// pythonText is how a text of Python begins: the letters before it, and its quotes.
var pythonText = regexp.MustCompile(`^(?i)(?:[a-z]{0,2})("""|'''|"|')`)

// pythonCode blanks out of a script in Python what is no code of it: comments, and
// all texts but those that are a name. What stands in the braces of a text with
// values is code. What stays stands where it stood.
func pythonCode(source []byte) []byte {
	p := &pythonReader{src: string(source), out: bytes.Clone(source)}
	p.code(0, false)
	return p.out
}

type pythonReader struct {
	src string
	out []byte
}

// blank takes out what stands between two bytes, but for ends of lines.
func (p *pythonReader) blank(from, to int) {
	for i := from; i < to; i++ {
		if p.out[i] != '\n' {
			p.out[i] = ' '
		}
	}
}

// code reads up to the end or, of a value within a text, to the brace that ends it.
func (p *pythonReader) code(at int, value bool) int {
	deep := 0
	for at < len(p.src) {
		c := p.src[at]
		found := pythonText.FindStringSubmatch(p.src[at:min(at+5, len(p.src))])
		switch {
		case value && c == '}' && deep == 0:
			return at + 1
		case c == '#':
			end := at + len(p.src[at:])
			if n := strings.IndexByte(p.src[at:], '\n'); n >= 0 {
				end = at + n
			}
			p.blank(at, end)
			at = end
			continue
		case found != nil:
			at = p.text(at, found[0], found[1])
			continue
		case isNameByte(c):
			for at < len(p.src) && isNameByte(p.src[at]) {
				at++
			}
			continue
		case strings.IndexByte("([{", c) >= 0:
			deep++
		case strings.IndexByte(")]}", c) >= 0:
			deep--
		}
		at++
	}
	return at
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// pythonName is a text that stays.
var pythonName = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// text reads a text that begins so, and gives where it ends: with its line at the
// latest, unless it has three quotes.
func (p *pythonReader) text(at int, begin, quotes string) int {
	values := strings.ContainsAny(begin, "fFtT")
	from, start := at, at+len(begin)
	for at = start; at < len(p.src); {
		rest := p.src[at:]
		switch {
		case strings.HasPrefix(rest, quotes):
			if values || !pythonName.MatchString(p.src[start:at]) {
				p.blank(from, at+len(quotes))
			}
			return at + len(quotes)
		case len(quotes) == 1 && rest[0] == '\n':
			p.blank(from, at)
			return at
		case rest[0] == '\\':
			at += 2
		case values && strings.HasPrefix(rest, "{{"):
			at += 2
		case values && rest[0] == '{':
			p.blank(from, at+1)
			at = p.code(at+1, true)
			from, start = at, at
		default:
			at++
		}
	}
	p.blank(from, len(p.src))
	return len(p.src)
}

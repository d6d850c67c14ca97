package places

import "strings"

// markup is what is known of the JSX of one script.
type markup struct {
	typed  bool // it is TypeScript, where <T,> and <T extends U> are of a function
	misled int  // how many bytes were read of what looked like an element and was none
}

// mostMisled bounds how far a script is read on in vain for the end of an
// element: a type may look like the begin of one.
const mostMisled = 2 << 20

// element takes an element of JSX with all that it holds, and reports whether
// there is one.
func (l *lexer) element() bool {
	if l.jsx == nil || l.level >= mostNested || l.jsx.misled > mostMisled || !l.beginsElement() {
		return false
	}
	e := elementReader{lexer: l, at: l.at}
	if !e.read() {
		l.jsx.misled += e.at - l.at
		if l.level == 0 || e.at < len(l.src) {
			return false
		}
		l.at = len(l.src) // neither has the placeholder an end
		return true
	}
	l.add(token{kind: element, from: l.at, to: e.at, pieces: e.pieces})
	l.at = e.at
	return true
}

// beginsElement reports whether an element begins here, and not the type
// parameters of a function.
func (l *lexer) beginsElement() bool {
	rest := strings.TrimLeft(l.src[l.at+1:], " \t\r\n")
	if strings.HasPrefix(rest, ">") {
		return true
	}
	name := l.run(len(l.src) - len(rest))
	if name == len(l.src)-len(rest) {
		return false
	}
	if !l.jsx.typed {
		return true
	}
	if rest = strings.TrimLeft(l.src[name:], " \t\r\n"); strings.HasPrefix(rest, ",") {
		return false
	}
	rest, extends := strings.CutPrefix(rest, "extends")
	rest = strings.TrimLeft(rest, " \t\r\n")
	return !extends || strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ">") || strings.HasPrefix(rest, "/")
}

// elementReader reads an element, and those in it.
type elementReader struct {
	*lexer
	at     int
	open   []string // the names of elements whose ends have still to come
	pieces []piece
}

// read reads up to the end of the first element, and reports whether it has one.
func (e *elementReader) read() bool {
	for e.at < len(e.src) {
		ok := true
		switch c := e.src[e.at]; {
		case strings.HasPrefix(e.src[e.at:], "</"):
			ok = e.end()
		case c == '<':
			ok = e.tag()
		case c == '{':
			ok = e.braces()
		default:
			e.at++
			continue
		}
		if !ok {
			return false
		}
		if len(e.open) == 0 {
			return true
		}
	}
	return false
}

// blanks passes white space, and comments, which may stand in a tag.
func (e *elementReader) blanks() {
	at := e.lexer.at
	e.lexer.at = e.at
	for e.lexer.at < len(e.src) && e.skipped() {
	}
	e.at, e.lexer.at = e.lexer.at, at
}

// name reads a.b, a:b or a-b.
func (e *elementReader) name() string {
	from := e.at
	for e.at < len(e.src) && (e.run(e.at) > e.at || strings.IndexByte("-.:", e.src[e.at]) >= 0) {
		e.at = max(e.run(e.at), e.at+1)
	}
	return e.src[from:e.at]
}

// sign passes a text.
func (e *elementReader) sign(s string) bool {
	if !strings.HasPrefix(e.src[e.at:], s) {
		return false
	}
	e.at += len(s)
	return true
}

// braces takes an expression in braces.
func (e *elementReader) braces() bool {
	tokens, end := e.hole(e.at + 1)
	if end >= len(e.src) {
		e.at = end
		return false
	}
	if tokens == nil {
		tokens = []token{} // a comment
	}
	e.pieces = append(e.pieces, piece{hole: tokens})
	e.at = end + 1
	return true
}

// end reads the end of an element: of that which was opened last.
func (e *elementReader) end() bool {
	e.at += len("</")
	e.blanks()
	name := e.name()
	e.blanks()
	n := len(e.open) - 1
	if n < 0 || e.open[n] != name || !e.sign(">") {
		return false
	}
	e.open = e.open[:n]
	return true
}

// tag reads the begin of an element, with its attributes.
func (e *elementReader) tag() bool {
	e.at++
	e.blanks()
	name := e.name()
	e.types()
	for {
		e.blanks()
		switch {
		case e.sign("/>"):
			return name != ""
		case e.sign(">"):
			e.open = append(e.open, name)
			return true
		case !e.attribute():
			return false
		}
	}
}

// types passes what TypeScript gives a component: <List<string> of={x}/>.
func (e *elementReader) types() {
	for deep := 0; e.at < len(e.src) && (deep > 0 || e.src[e.at] == '<'); e.at++ {
		switch {
		case e.src[e.at] == '<':
			deep++
		case e.src[e.at] == '>' && e.src[e.at-1] != '=':
			deep--
		}
	}
}

// attribute reads one, and reports whether there is one.
func (e *elementReader) attribute() bool {
	if e.at < len(e.src) && e.src[e.at] == '{' {
		return e.braces() // {...all}
	}
	if e.name() == "" {
		return false
	}
	if e.blanks(); !e.sign("=") {
		return true
	}
	if e.blanks(); e.at == len(e.src) {
		return false
	}
	switch c := e.src[e.at]; c {
	case '{':
		return e.braces()
	case '<':
		inner := elementReader{lexer: e.lexer, at: e.at}
		ok := inner.read()
		e.at, e.pieces = inner.at, append(e.pieces, inner.pieces...)
		return ok
	case '\'', '"':
		end := strings.IndexByte(e.src[e.at+1:], c)
		if end < 0 {
			return false
		}
		t := token{kind: text, from: e.at, to: e.at + end + 2, value: e.src[e.at+1 : e.at+1+end], opener: -1}
		e.pieces = append(e.pieces, piece{hole: []token{t}})
		e.at = t.to
		return true
	}
	return false
}

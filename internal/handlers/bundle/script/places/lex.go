package places

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	word    kind = iota // an identifier or a keyword
	text                // a string without placeholders; value is what it says
	mold                // a template with placeholders
	number              // and regular expressions, which are as little of a path
	sign                // one character, or =>, or ...
	element             // of JSX; pieces are what it holds in braces
)

// token is a piece of a script.
type token struct {
	kind     kind
	from, to int     // bytes
	value    string  // of a word, a sign or a text
	pieces   []piece // of a mold
	begins   state   // what it begins, or goes on with
	opener   int     // the index of the bracket that it stands in; -1 if in none
	depth    int     // how many braces it stands in
}

// piece is a part of a template: a text, and then the tokens of a placeholder.
type piece struct {
	text string
	hole []token
}

// lexer reads a script leniently: what it misreads ends with its line, or its
// bracket, and costs a path that is not found.
type lexer struct {
	src    string
	at     int
	tokens []token
	open   []frame // brackets
	top    frame   // the script, or the placeholder, outside of them
	state  state
	depth  int
	level  int   // how many templates it stands in
	flat   []int // how many brackets are open in the placeholders of templates that are read flat
	jsx    *markup
}

// mostNested is how many templates may stand in each other. What stands deeper is
// read flat, without the bounds of its texts: no path is told of it.
const mostNested = 50

// lex reads a script. Of which language it is, the name of its file tells.
func lex(src, file string) []token {
	l := &lexer{src: src, top: frame{kind: statements}}
	if ext := path.Ext(file); ext == ".jsx" || ext == ".tsx" {
		l.jsx = &markup{typed: ext == ".tsx"}
	}
	l.at = len(src) - len(strings.TrimPrefix(src, "\uFEFF"))
	if strings.HasPrefix(src[l.at:], "#!") {
		l.at += lineEnd(src[l.at:])
	}
	l.read()
	return l.tokens
}

// hole reads the tokens of a placeholder, up to the brace that closes it, and
// gives where that stands.
func (l *lexer) hole(at int) ([]token, int) {
	inner := &lexer{src: l.src, at: at, level: l.level + 1, state: operand, jsx: l.jsx}
	inner.read()
	return inner.tokens, inner.at
}

func (l *lexer) read() {
	src := l.src
	for l.at < len(src) {
		if l.skipped() {
			continue
		}
		c := src[l.at]
		switch {
		case c == '}' && len(l.flat) > 0 && len(l.open) == l.flat[len(l.flat)-1]:
			l.flat = l.flat[:len(l.flat)-1]
			l.bracket(c)
			l.flatText()
		case l.level > 0 && c == '}' && len(l.open) == 0:
			return
		case c == '\'' || c == '"':
			l.quoted(c)
		case c == '`' && l.level == mostNested:
			l.at++
			l.flatText()
		case c == '`':
			l.template()
		case c == '/' && l.state != ended && l.regexp():
		case c == '<' && l.state != ended && l.element():
		case c >= '0' && c <= '9':
			l.number()
		case l.run(l.at) > l.at:
			l.take(word, l.run(l.at))
		case c >= utf8.RuneSelf || c == '#':
			l.take(word, l.run(l.at+1))
		case strings.HasPrefix(src[l.at:], "=>"):
			l.take(sign, l.at+2)
		case strings.HasPrefix(src[l.at:], "..."):
			l.take(sign, l.at+3)
		default:
			l.bracket(c)
		}
	}
}

// skipped passes white space and comments: those of HTML are JavaScript's, too.
func (l *lexer) skipped() bool {
	rest := l.src[l.at:]
	switch {
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "<!--"), strings.HasPrefix(rest, "-->") && l.newLine():
		l.at += lineEnd(rest)
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			l.at = len(l.src)
		} else {
			l.at += end + 4
		}
	default:
		r, size := utf8.DecodeRuneInString(rest)
		if !unicode.IsSpace(r) && r != '\uFEFF' {
			return false
		}
		l.at += size
	}
	return true
}

// newLine reports whether a line ended behind the last token.
func (l *lexer) newLine() bool {
	if len(l.tokens) == 0 {
		return true
	}
	return strings.ContainsAny(l.src[l.tokens[len(l.tokens)-1].to:l.at], lineEnds)
}

// lineEnds are the characters that end a line of JavaScript.
const lineEnds = "\n\r\u2028\u2029"

func lineEnd(s string) int {
	if i := strings.IndexAny(s, lineEnds); i >= 0 {
		return i
	}
	return len(s)
}

func isWord(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// run gives where the word that stands at a byte ends. A character of it may be
// written by its number: \u0061 or \u{61}.
func (l *lexer) run(at int) int {
	for at < len(l.src) {
		if rest, ok := strings.CutPrefix(l.src[at:], "\\u"); ok {
			at += len("\\u")
			if end := strings.IndexByte(rest, '}'); end > 0 && rest[0] == '{' {
				at += end + 1
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(l.src[at:])
		if !isWord(r) {
			break
		}
		at += size
	}
	return at
}

// number takes a number, of which the dot is a part.
func (l *lexer) number() {
	to := l.run(l.at)
	if to < len(l.src) && l.src[to] == '.' {
		to = l.run(to + 1)
	}
	l.take(number, to)
}

func (l *lexer) take(k kind, to int) {
	l.add(token{kind: k, from: l.at, to: to, value: l.src[l.at:to]})
	l.at = to
}

func (l *lexer) add(t token) {
	t.opener, t.depth, t.begins = -1, l.depth, l.state
	if n := len(l.open); n > 0 {
		t.opener = l.open[n-1].index
	}
	l.tokens = append(l.tokens, t)
	l.state = l.after(t)
}

// bracket takes one character, and keeps what stands in what.
func (l *lexer) bracket(c byte) {
	then := operand
	closes := strings.IndexByte(")]}", c) >= 0
	if closes {
		then = l.close(c)
	}
	if c == '}' {
		l.depth = max(0, l.depth-1)
	}
	l.take(sign, l.at+1)
	switch {
	case closes:
		l.state = then
	case strings.IndexByte("([{", c) >= 0:
		l.begin(c)
	}
	if c == '{' {
		l.depth++
	}
}

// quoted takes a string, which ends with its line at the latest.
func (l *lexer) quoted(quote byte) {
	var value strings.Builder
	at := l.at + 1
	for at < len(l.src) && l.src[at] != quote && l.src[at] != '\n' && l.src[at] != '\r' {
		at = l.char(at, &value)
	}
	if at < len(l.src) && l.src[at] == quote {
		at++
	}
	l.add(token{kind: text, from: l.at, to: at, value: value.String()})
	l.at = at
}

// char reads one character of a text, and gives where the next one begins.
// Escapes by number are no part of any path that is met.
func (l *lexer) char(at int, value *strings.Builder) int {
	if l.src[at] != '\\' || at+1 == len(l.src) {
		value.WriteByte(l.src[at])
		return at + 1
	}
	switch c := l.src[at+1]; c {
	case 'n':
		value.WriteByte('\n')
	case 't':
		value.WriteByte('\t')
	case '\n':
	case '\r':
		if strings.HasPrefix(l.src[at+2:], "\n") {
			return at + 3
		}
	default:
		value.WriteByte(c)
	}
	return at + 2
}

func (l *lexer) template() {
	var value strings.Builder
	var pieces []piece
	at := l.at + 1
	for at < len(l.src) && l.src[at] != '`' {
		if !strings.HasPrefix(l.src[at:], "${") {
			at = l.char(at, &value)
			continue
		}
		hole, end := l.hole(at + 2)
		pieces = append(pieces, piece{value.String(), hole})
		value.Reset()
		at = min(end+1, len(l.src))
	}
	at = min(at+1, len(l.src))
	t := token{kind: text, from: l.at, to: at, value: value.String()}
	if pieces != nil {
		t.kind, t.pieces = mold, append(pieces, piece{text: value.String()})
	}
	l.add(t)
	l.at = at
}

// flatText takes a text of a template up to its end, or into its next placeholder.
func (l *lexer) flatText() {
	from := l.at
	for l.at < len(l.src) && l.src[l.at] != '`' && !strings.HasPrefix(l.src[l.at:], "${") {
		if l.at++; l.src[l.at-1] == '\\' {
			l.at = min(l.at+1, len(l.src))
		}
	}
	if strings.HasPrefix(l.src[l.at:], "${") {
		l.take(sign, l.at+2)
		l.open = append(l.open, frame{index: len(l.tokens) - 1, then: ended})
		l.state = operand
		l.flat = append(l.flat, len(l.open))
		return
	}
	l.at = min(l.at+1, len(l.src))
	l.add(token{kind: mold, from: from, to: l.at, pieces: []piece{{}}})
}

// regexp takes a regular expression, and reports whether there is one: it ends
// with its line at the latest.
func (l *lexer) regexp() bool {
	class := false
	for at := l.at + 1; at < len(l.src) && !endsLine(l.src[at:]); at++ {
		switch c := l.src[at]; {
		case c == '\\' && !endsLine(l.src[at+1:]):
			at++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			l.take(number, l.run(at+1))
			return true
		}
	}
	return false
}

// endsLine reports whether a text begins with the end of a line.
func endsLine(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune(lineEnds, r)
}

package places

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	word   kind = iota // an identifier or a keyword
	text               // a string without placeholders; value is what it says
	mold               // a template with placeholders
	number             // and regular expressions, which are as little of a path
	sign               // one character, or =>, or ...
)

// token is a piece of a script.
type token struct {
	kind     kind
	from, to int     // bytes
	value    string  // of a word, a sign or a text
	pieces   []piece // of a mold
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
	open   []int // indexes of brackets
	depth  int
	level  int   // how many templates it stands in
	flat   []int // how many brackets are open in the placeholders of templates that are read flat
}

// mostNested is how many templates may stand in each other. What stands deeper is
// read flat, without the bounds of its texts: no path is told of it.
const mostNested = 50

// lex reads tokens up to the end, or to the brace that closes the placeholder of
// a template, which stands in so many.
func lex(src string, at, level int) ([]token, int) {
	l := &lexer{src: src, at: at, level: level}
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
		case level > 0 && c == '}' && len(l.open) == 0:
			return l.tokens, l.at
		case c == '\'' || c == '"':
			l.quoted(c)
		case c == '`' && level == mostNested:
			l.at++
			l.flatText()
		case c == '`':
			l.template()
		case c == '/' && l.beginsRegexp():
			l.regexp()
		case c >= '0' && c <= '9':
			l.take(number, l.run(l.at))
		case isWord(rune(c)) || c >= utf8.RuneSelf || c == '#':
			l.take(word, max(l.run(l.at+1), l.at+1))
		case strings.HasPrefix(src[l.at:], "=>"):
			l.take(sign, l.at+2)
		case strings.HasPrefix(src[l.at:], "..."):
			l.take(sign, l.at+3)
		default:
			l.bracket(c)
		}
	}
	return l.tokens, l.at
}

// skipped passes white space and comments.
func (l *lexer) skipped() bool {
	rest := l.src[l.at:]
	switch {
	case strings.HasPrefix(rest, "//"):
		l.at += lineEnd(rest)
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			l.at = len(l.src)
		} else {
			l.at += end + 4
		}
	case strings.IndexByte(" \t\r\n\v\f", rest[0]) >= 0:
		l.at++
	default:
		return false
	}
	return true
}

func lineEnd(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

func isWord(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// run gives where the word that stands at a byte ends.
func (l *lexer) run(at int) int {
	for at < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[at:])
		if !isWord(r) {
			break
		}
		at += size
	}
	return at
}

func (l *lexer) take(k kind, to int) {
	l.add(token{kind: k, from: l.at, to: to, value: l.src[l.at:to]})
	l.at = to
}

func (l *lexer) add(t token) {
	t.opener, t.depth = -1, l.depth
	if n := len(l.open); n > 0 {
		t.opener = l.open[n-1]
	}
	l.tokens = append(l.tokens, t)
}

// bracket takes one character, and keeps what stands in what.
func (l *lexer) bracket(c byte) {
	closes := strings.IndexByte(")]}", c) >= 0
	if closes && len(l.open) > 0 {
		l.open = l.open[:len(l.open)-1]
	}
	if c == '}' {
		l.depth = max(0, l.depth-1)
	}
	l.take(sign, l.at+1)
	if strings.IndexByte("([{", c) >= 0 {
		l.open = append(l.open, len(l.tokens)-1)
	}
	if c == '{' {
		l.depth++
	}
}

// quoted takes a string, which ends with its line at the latest.
func (l *lexer) quoted(quote byte) {
	var value strings.Builder
	at := l.at + 1
	for at < len(l.src) && l.src[at] != quote && l.src[at] != '\n' {
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
		hole, end := lex(l.src, at+2, l.level+1)
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
		l.open = append(l.open, len(l.tokens)-1)
		l.flat = append(l.flat, len(l.open))
		return
	}
	l.at = min(l.at+1, len(l.src))
	l.add(token{kind: mold, from: from, to: l.at, pieces: []piece{{}}})
}

// before are the words that an expression may follow.
var before = []string{"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "do", "else", "instanceof", "yield", "await"}

// beginsRegexp reports whether a slash begins a regular expression: where a value
// cannot have just ended.
func (l *lexer) beginsRegexp() bool {
	if len(l.tokens) == 0 {
		return true
	}
	switch last := l.tokens[len(l.tokens)-1]; last.kind {
	case word:
		return slices.Contains(before, last.value)
	case sign:
		return !slices.Contains([]string{")", "]", "}"}, last.value)
	}
	return false
}

func (l *lexer) regexp() {
	class := false
	at := l.at + 1
	for ; at < len(l.src) && l.src[at] != '\n' && (class || l.src[at] != '/'); at++ {
		switch l.src[at] {
		case '\\':
			at++
		case '[':
			class = true
		case ']':
			class = false
		}
	}
	at = min(at+1, len(l.src))
	l.take(number, l.run(at))
}

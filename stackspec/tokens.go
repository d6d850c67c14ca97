package stackspec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// scan makes tokens of the source and takes out of them all that YAML has and
// a spec has not, reporting each. ok is false when the rest cannot be parsed.
//
// doubts are places that this lexer reads, and other readers of YAML read in
// another way or not at all. They are problems unless the parser finds the
// file broken anyway, which then explains them better. (They were found by
// comparing what the parser makes of some ten thousand random files with what
// PyYAML and ruamel.yaml make of them.)
func scan(r *report, doc string) (out token.Tokens, doubts []Problem, ok bool) {
	tokens, err := tokenize(doc)
	if err != nil {
		r.add(1, 1, Problem{Message: "the file is not YAML that can be read: " + err.Error()})
		return nil, nil, false
	}
	if tk := tokens.InvalidToken(); tk != nil {
		r.syntax(tk, tk.Error)
		return nil, nil, false
	}
	s := scanner{report: r, in: tokens, doubts: report{file: r.file}, chars: map[int][]rune{}}
	for s.pos < len(s.in) && !s.stop {
		s.token(s.in[s.pos])
		s.stop = s.stop || len(r.problems) > maxProblems // more are not reported
	}
	return s.out, s.doubts.problems, !s.stop && bounded(r, s.out)
}

// tokenize asks the lexer. Lexer and parser have been seen to panic on broken
// input; here that is an error like any other, because the input is at fault
// and nothing is left half done.
func tokenize(doc string) (tokens token.Tokens, err error) {
	defer func() {
		if v := recover(); v != nil {
			tokens, err = nil, errBroken
		}
	}()
	return lexer.Tokenize(doc), nil
}

var errBroken = errors.New("its structure is broken")

type scanner struct {
	report *report
	in     token.Tokens
	pos    int
	out    token.Tokens
	begun  bool // there was content
	flow   int  // how many { and [ are open
	stop   bool
	doubts report
	chars  map[int][]rune // lines that columns were corrected in
}

func (s *scanner) keep(tk *token.Token) {
	s.out = append(s.out, tk)
	s.begun = true
	s.pos++
}

func (s *scanner) problem(tk *token.Token, p Problem) {
	s.report.add(tk.Position.Line, tk.Position.Column, p)
}

// doubt notes a place that readers of YAML disagree about, one in a line.
func (s *scanner) doubt(tk *token.Token, p Problem) {
	if n := len(s.doubts.problems); n == 0 || s.doubts.problems[n-1].Line != tk.Position.Line {
		s.doubts.add(tk.Position.Line, tk.Position.Column, p)
	}
}

// next gives the token after the one at hand if it is on the same line.
func (s *scanner) next() *token.Token {
	if s.pos+1 < len(s.in) && s.in[s.pos+1].Position.Line == s.in[s.pos].Position.Line {
		return s.in[s.pos+1]
	}
	return nil
}

func (s *scanner) token(tk *token.Token) {
	switch tk.Type {
	case token.CommentType:
		s.pos++
	case token.AliasType:
		s.alias(tk)
	case token.AnchorType:
		s.problem(tk, Problem{Message: "anchors (&name) are not part of a spec", Hint: "write the value where it is used; defaults: holds what functions share"})
		if s.pos++; s.pos < len(s.in) && s.in[s.pos].Type == token.StringType {
			s.pos++ // its name
		}
	case token.TagType:
		s.problem(tk, Problem{Message: "tags (!name) are not part of a spec", Hint: "leave it out; quotes make a string"})
		s.pos++
	case token.MergeKeyType:
		s.problem(tk, Problem{Message: "merge keys (<<) are not part of a spec", Hint: "write the values where they are used; defaults: holds what functions share"})
		s.keep(tk)
	case token.MappingKeyType:
		s.problem(tk, Problem{Message: "keys that begin with ? are not part of a spec", Hint: `write "key: value"; quote a pattern that begins with ?`})
		s.stop = true
	case token.DirectiveType:
		s.problem(tk, Problem{Message: "directives (%) are not part of a spec", Hint: "leave the line out"})
		s.stop = true
	case token.DocumentHeaderType, token.DocumentEndType:
		s.document(tk)
	case token.MappingStartType, token.SequenceStartType:
		s.flow++
		s.keep(tk)
	case token.MappingEndType, token.SequenceEndType:
		s.flow--
		s.keep(tk)
	case token.MappingValueType:
		s.colon(tk)
		s.keep(tk)
	case token.LiteralType, token.FoldedType:
		s.block(tk)
	case token.CollectEntryType, token.SequenceEntryType:
		s.separator(tk)
		s.keep(tk)
	case token.StringType:
		s.place(tk)
		s.plain(tk)
		s.keep(tk)
	default:
		s.keep(tk)
	}
}

// separator refuses commas before the first entry, and dashes in braces.
func (s *scanner) separator(tk *token.Token) {
	first := false
	if n := len(s.out); n > 0 {
		last := s.out[n-1].Type
		first = last == token.MappingStartType || last == token.SequenceStartType
	}
	switch {
	case tk.Type == token.CollectEntryType && first:
		s.doubt(tk, Problem{Message: "there is nothing before this comma", Hint: "leave it out"})
	case tk.Type == token.SequenceEntryType && s.flow > 0:
		s.doubt(tk, Problem{Message: "inside { } and [ ], a list is written [a, b]", Hint: "leave the dash out, or quote it"})
	}
}

// colon refuses ${env:NAME} without quotes in braces, and {a:b}. To YAML 1.2 that is one key, "a:b"; to this lexer, and
// to many people, it is a key and a value.
func (s *scanner) colon(tk *token.Token) {
	next := s.next()
	if s.flow == 0 || len(s.out) == 0 || next == nil || next.Position.Column != tk.Position.Column+1 {
		return
	}
	key := s.out[len(s.out)-1]
	if n := len(s.out); n > 2 && s.out[n-2].Type == token.MappingStartType && strings.HasSuffix(s.out[n-3].Value, "$") {
		s.problem(s.out[n-3], Problem{
			Message: "inside { } and [ ] a variable must be quoted, because its braces are YAML's own there",
			Hint:    `write "${env:EDGEDEPLOY_NAME}", with the quotes`,
		})
		s.stop = true
		return
	}
	switch {
	case key.Type == token.SingleQuoteType, key.Type == token.DoubleQuoteType:
	case next.Type == token.CollectEntryType, next.Type == token.MappingEndType, next.Type == token.SequenceEndType:
	default:
		s.doubt(key, Problem{
			Message: "in braces, readers of YAML disagree about a colon without a space behind it",
			Hint:    `write a space after the colon, or quote a key that contains one: { "a:b": c }`,
		})
	}
}

// document lets one document be, and stops before a second one.
func (s *scanner) document(tk *token.Token) {
	first := !s.begun && tk.Type == token.DocumentHeaderType
	last := true
	for _, after := range s.in[s.pos+1:] {
		last = last && (after.Type == token.CommentType || after.Type == token.DocumentEndType)
	}
	switch {
	case first:
		s.begun = true
		s.pos++
	case last:
		s.pos = len(s.in)
	default:
		s.problem(tk, Problem{Message: "a second document begins here; a spec is one document", Hint: "put the other stack into a file of its own"})
		s.pos = len(s.in)
	}
}

// alias tells an unquoted path pattern from an alias, and makes a string of
// either, so that the rest of the file can be judged. The lexer takes "*" for
// an alias and the rest, the colon included, for its name.
func (s *scanner) alias(tk *token.Token) {
	name, colon := "", false
	if next := s.next(); next != nil && next.Type == token.StringType && next.Position.Column == tk.Position.Column+1 {
		name, colon = strings.CutSuffix(next.Value, ":")
		s.pos++
	}
	pattern := "*" + name
	after := s.next()
	if colon || after != nil && after.Type == token.MappingValueType {
		s.problem(tk, Problem{
			Message: fmt.Sprintf("the key %s begins with *, which YAML takes for an alias", quote(pattern)),
			Hint:    fmt.Sprintf(`quote it: "%s":`, strings.Map(printable, pattern)),
		})
	} else {
		s.problem(tk, Problem{
			Message: "aliases (*name) are not part of a spec",
			Hint:    "write the value itself; quote a string that begins with *",
		})
	}
	pos := *tk.Position
	s.keep(token.String(pattern, pattern, &pos))
	if colon {
		at := pos
		at.Column += len([]rune(pattern))
		s.out = append(s.out, token.MappingValue(&at))
	}
}

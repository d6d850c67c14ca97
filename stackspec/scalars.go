package stackspec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// block keeps the header of a block scalar together with its text.
func (s *scanner) block(tk *token.Token) {
	if strings.ContainsAny(tk.Value, "123456789") {
		s.doubt(tk, Problem{Message: "indentation numbers behind | and > are not part of a spec", Hint: "leave the number out"})
	}
	s.keep(tk)
	for s.pos < len(s.in) && s.in[s.pos].Type == token.CommentType {
		s.pos++
	}
	if s.pos >= len(s.in) || s.in[s.pos].Type != token.StringType {
		return
	}
	s.blank(tk, s.in[s.pos].Value)
	s.keep(s.in[s.pos])
}

// blank refuses the blank lines in a block that make the lexer lose step: it
// has been seen to take the quotes of the next key for a part of it.
func (s *scanner) blank(header *token.Token, text string) {
	switch {
	case strings.TrimSpace(text) == "":
		s.doubt(header, Problem{Message: "there is no text in this block", Hint: `an empty string is ""`})
		return
	case strings.HasPrefix(text, "\n"):
		s.doubt(header, Problem{Message: "this block begins with a blank line", Hint: "take it out, or write the text in double quotes"})
		return
	}
	indent := -1
	for i := header.Position.Line; i < len(s.report.lines); i++ {
		line := s.report.lines[i]
		begin := len(line) - len(strings.TrimLeft(line, " "))
		if begin == len(line) {
			if indent >= 0 && begin > indent {
				s.doubts.add(i+1, 1, Problem{Message: "this blank line of a block has more spaces than the block is indented", Hint: "leave the line empty"})
				return
			}
			continue
		}
		if indent < 0 {
			indent = begin
		}
		if begin < indent {
			return
		}
	}
}

// place corrects the column of unquoted text: the lexer counts spaces behind
// it as if they were before it.
func (s *scanner) place(tk *token.Token) {
	first, _, _ := strings.Cut(tk.Value, " ")
	at := tk.Position.Line - 1
	if first == "" || at >= len(s.report.lines) {
		return
	}
	line, ok := s.chars[at]
	if !ok {
		line = []rune(s.report.lines[at])
		s.chars[at] = line
	}
	const far = 1000
	want := []rune(first)
	for col := min(tk.Position.Column, len(line)); col > max(0, tk.Position.Column-far); col-- {
		if begins(line[col-1:], want) {
			tk.Position.Column = col
			return
		}
	}
}

func begins(line, want []rune) bool {
	return len(line) >= len(want) && slices.Equal(line[:len(want)], want)
}

// plain refuses unquoted text that this lexer lets through and that is
// something else to YAML.
func (s *scanner) plain(tk *token.Token) {
	const inBraces = "{}[],"
	switch {
	case strings.IndexAny(tk.Value, inBraces+"%@`&*!|>#") == 0:
		s.doubt(tk, Problem{Message: fmt.Sprintf("unquoted text cannot begin with %s", tk.Value[:1]), Hint: "quote it"})
	case s.flow > 0 && (strings.ContainsAny(tk.Value, inBraces) || strings.Contains(tk.Value+" ", ": ") || strings.HasPrefix(tk.Value, "?")):
		s.doubt(tk, Problem{Message: "inside { } and [ ], this text must be quoted", Hint: "quote what contains brackets, commas or a colon before a space, or begins with ?"})
	}
}

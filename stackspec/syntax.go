package stackspec

import (
	"strings"

	"github.com/goccy/go-yaml/token"
)

// slip is what a person did, by what the YAML parser says of it.
type slip struct {
	part       string // of the parser's message
	says, hint string // says "" keeps the parser's words
}

// slips are in the order in which they are looked for.
var slips = []slip{
	{"end character of double-quoted", `a text in double quotes begins here, and does not end`, `write the other " at its end`},
	{"end character of single-quoted", `a text in single quotes begins here, and does not end`, `write the other ' at its end; a ' inside is written twice`},
	{"reserved character", "", "quote the value"},
	{"must be specified", "", "close what is open, or quote text that contains brackets, commas or a colon before a space"},
	{"'[' character corresponding", "there is no [ for this ]", "take it out, or quote text that contains brackets"},
	{"'{' character corresponding", "there is no { for this }", "take it out, or quote text that contains brackets"},
	{"unexpected key name", "there is no key with a value here", "write a space after the key's colon, and keep a key in one line"},
	{"block sequence entries", "a list cannot begin behind its key", "put the first dash into a line of its own, or write [a, b]"},
	{"non-map value", "", indented},
	{"not allowed in this context", "", indented},
}

const indented = "check the indentation: the keys of one mapping begin in one column"

// syntax reports what the lexer or parser stopped at.
func (r *report) syntax(tk *token.Token, message string) {
	line := ""
	if tk.Position.Line >= 1 && tk.Position.Line <= len(r.lines) {
		line = r.lines[tk.Position.Line-1]
	}
	p := Problem{Message: message, Hint: "look at the quotes, the brackets and the indentation here and in the line above"}
	for _, s := range slips {
		if !strings.Contains(message, s.part) {
			continue
		}
		if p.Hint = s.hint; s.says != "" {
			p.Message = s.says
		}
		break
	}
	switch value := strings.Contains(message, "mapping value is not allowed"); {
	case strings.Contains(line, "${") && strings.ContainsAny(line, "{["):
		p.Hint = `inside { } and [ ] a variable must be quoted: "${env:EDGEDEPLOY_NAME}"`
	case value && strings.Count(line, ": ") > 1:
		p.Message, p.Hint = "there are two colons with a space behind them in this line", `a value that contains ": " must be quoted`
	case value:
		p.Message = "this line is not indented like the ones around it"
	}
	p.Message = "this is not YAML: " + p.Message
	r.add(tk.Position.Line, tk.Position.Column, p)
}

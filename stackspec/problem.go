package stackspec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Problem is one thing that is wrong, or odd, about a spec.
type Problem struct {
	File string `json:"file"`
	// Line and Column count from 1, in lines and characters. They are where
	// the wrong key or value begins, or where the one begins that lacks something.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path says which key it is about: functions.resize.memory. Keys that are
	// no plain words are quoted. It is "" for what is about the whole file.
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do about it; may be ""
	// Excerpt is the line with its number and, below it, a caret under the
	// column, without a newline at its end. Long lines are cut around the
	// caret; what a terminal would act on is replaced.
	Excerpt string `json:"excerpt,omitempty"`
	// Warning says that the spec can be used all the same.
	Warning bool `json:"warning,omitempty"`
}

// Error says where and what in one line.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// InvalidError says everything that keeps a spec from being used.
type InvalidError struct {
	// Problems are in file order. Warnings are among them.
	Problems []Problem
}

func (e *InvalidError) Error() string {
	var hard []Problem
	for _, p := range e.Problems {
		if !p.Warning {
			hard = append(hard, p)
		}
	}
	switch len(hard) {
	case 0:
		return "the spec is invalid"
	case 1:
		return hard[0].Error()
	default:
		return fmt.Sprintf("%s (and %d more)", hard[0].Error(), len(hard)-1)
	}
}

// maxProblems bounds how many problems are reported: a person reads no more, and a
// hostile file must not make a report larger than itself.
const maxProblems = 100

// report collects problems.
type report struct {
	file     string
	lines    []string
	problems []Problem
	shown    sync.Map // lines as excerpts show them, []rune by index
}

// line gives a line without the secrets of its addresses. A file may be one
// line, and a hundred problems in it.
func (r *report) line(i int) []rune {
	if chars, ok := r.shown.Load(i); ok {
		return chars.([]rune)
	}
	chars := []rune(hidden(r.lines[i]))
	r.shown.Store(i, chars)
	return chars
}

// add reports a problem at a position.
func (r *report) add(line, col int, p Problem) {
	p.File, p.Line, p.Column = r.file, max(line, 1), max(col, 1)
	p.Message, p.Hint = shown(p.Message, 400), shown(p.Hint, 400)
	r.problems = append(r.problems, p)
}

func (r *report) failed() bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool { return !p.Warning })
}

// sorted gives the problems in file order, each once, and not too many.
func (r *report) sorted() []Problem {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var list []Problem
	for _, p := range r.problems {
		if !slices.Contains(list[max(0, len(list)-maxProblems):], p) {
			list = append(list, p)
		}
		if len(list) > maxProblems {
			break
		}
	}
	if len(list) > maxProblems {
		last := list[maxProblems]
		list = list[:maxProblems]
		list[maxProblems-1] = Problem{
			File: r.file, Line: last.Line, Column: last.Column,
			Message: fmt.Sprintf("there are more problems; the first %d are shown", maxProblems-1),
		}
	}
	for i, p := range list {
		list[i].Excerpt = r.excerpt(p.Line, p.Column)
	}
	return list
}

// excerptWidth is how many columns an excerpt takes at most, with the line's
// number: where it is printed, two more are left of it.
const excerptWidth = 78

// excerpt shows a line with a caret under a column. It is "" for lines the
// file does not have.
func (r *report) excerpt(line, col int) string {
	if line > len(r.lines) {
		return ""
	}
	return excerpt(r.line(line-1), line, col)
}

// Excerpt shows a line of another file as [Problem] has it: its text, and its
// number and the column from 1.
func Excerpt(text string, line, column int) string {
	return excerpt([]rune(hidden(text)), line, max(column, 1))
}

func excerpt(chars []rune, line, col int) string {
	gutter := fmt.Sprintf("%d | ", line)
	caret := min(col-1, len(chars))
	from, to := 0, len(chars)
	// Where the line is cut, there is an ellipsis on either side.
	if width := excerptWidth - len(gutter) - 2; to > width {
		from = max(0, min(caret-width/2, to-width))
		to = min(to, from+width)
	}
	part := strings.Map(printable, string(chars[from:to]))
	caret -= from
	if from > 0 {
		part, caret = "…"+part, caret+1
	}
	if to < len(chars) {
		part += "…"
	}
	blank := strings.Repeat(" ", len(gutter)-2) + "| "
	return gutter + part + "\n" + blank + strings.Repeat(" ", caret) + "^"
}

// printable replaces what must not reach a terminal: controls, and marks that
// change the direction of text. Tabs become one space, so that carets fit.
func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
		return '\uFFFD'
	}
	return r
}

// quote shows a piece of the file in a message: cut short, printable, in
// double quotes.
func quote(s string) string {
	return `"` + shown(s, 60) + `"`
}

// shown makes text of the file, or of the YAML parser, fit to be printed: cut
// short, and without what a terminal would act on.
func shown(s string, most int) string {
	const address = 2048 // the longest there is; what is cut off of one tells nothing
	s = hidden(s[:min(len(s), 4*most+address)])
	if chars := []rune(s); len(chars) > most {
		s = string(chars[:most-1]) + "…"
	}
	return strings.Map(printable, s)
}

// pathOf joins the keys of a path as a Problem shows it.
func pathOf(keys []string) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		if parts[i] = quote(k); plainKey(k) {
			parts[i] = shown(k, 200)
		}
	}
	return strings.Join(parts, ".")
}

func plainKey(key string) bool {
	return key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

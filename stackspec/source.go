package stackspec

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

const bom = "\ufeff"

// readSource brings the bytes of a file to lines of clean text. ok is false
// when they cannot be read any further.
func readSource(r *report, src []byte) (string, bool) {
	if len(src) > maxBytes {
		r.add(1, 1, Problem{
			Message: fmt.Sprintf("the file has more than %d bytes, which is the most a spec has", maxBytes),
			Hint:    smaller,
		})
		return "", false
	}
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		r.add(1, 1, Problem{Message: "the file is UTF-16", Hint: "save it as UTF-8"})
		return "", false
	}
	if line, col, bad := invalidUTF8(src); bad {
		r.add(line, col, Problem{Message: "the file is not UTF-8 here", Hint: "save it as UTF-8"})
		return "", false
	}
	doc := strings.ReplaceAll(string(src), "\r\n", "\n")
	if strings.HasPrefix(doc, bom) {
		doc = strings.TrimPrefix(doc, bom)
		r.add(1, 1, Problem{Message: "the file begins with a byte order mark", Hint: "save it as UTF-8 without BOM"})
	}
	r.lines = strings.Split(doc, "\n")
	if !controls(r) {
		return "", false
	}
	return strings.ReplaceAll(doc, "\t", " "), true
}

func invalidUTF8(src []byte) (line, col int, bad bool) {
	line, col = 1, 1
	for len(src) > 0 {
		c, size := utf8.DecodeRune(src)
		switch {
		case c == utf8.RuneError && size == 1:
			return line, col, true
		case c == '\n':
			line, col = line+1, 0
		}
		src, col = src[size:], col+1
	}
	return 0, 0, false
}

// controls reports tabs and control characters, the first of each in a line.
// It gives false when what follows would only be confusion: tabs that indent,
// and controls, among them the carriage returns that some take for line ends.
func controls(r *report) bool {
	ok := true
	for i, line := range r.lines {
		if len(r.problems) > maxProblems {
			return false
		}
		if at := strings.IndexFunc(line, control); at >= 0 {
			ok = false
			r.add(i+1, utf8.RuneCountInString(line[:at])+1, Problem{
				Message: "there is a control character here",
				Hint:    `in a string, write it as an escape in double quotes, like "\n"`,
			})
		}
		at := strings.IndexByte(line, '\t')
		if at < 0 {
			continue
		}
		p := Problem{Message: "there is a tab here", Hint: `use spaces; in a string, write \t in double quotes`}
		if strings.TrimLeft(line[:at], " ") == "" {
			ok = false
			p.Message, p.Hint = "this line is indented with a tab", "indent with spaces: YAML knows no tabs there"
		}
		r.add(i+1, utf8.RuneCountInString(line[:at])+1, p)
	}
	return ok
}

func control(c rune) bool {
	return c < ' ' && c != '\t' || c >= 0x7f && c < 0xa0 || string(c) == bom
}

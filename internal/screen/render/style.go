package render

import (
	"strings"
	"unicode"
)

// Style is what the reader's side is like.
type Style struct {
	Color bool
	// Width is the number of columns; 0 for no limit. Prose is wrapped to it.
	// Facts (names, ARNs, edits) are never cut in a plan, whatever the width.
	Width int
}

// The eight escape codes (ECMA-48, SGR).
const (
	reset   = "\x1b[0m"
	bold    = "\x1b[1m"
	dim     = "\x1b[2m"
	red     = "\x1b[31m"
	green   = "\x1b[32m"
	yellow  = "\x1b[33m"
	magenta = "\x1b[35m"
	cyan    = "\x1b[36m"
)

// signColor repeats in colour what the sign already says.
func signColor(sign string) string {
	switch sign {
	case "+":
		return green
	case "-":
		return red
	case "~":
		return yellow
	case "!":
		return magenta
	default:
		return dim
	}
}

// span is a piece of a line: text, and the escape code that it is set in.
type span struct{ text, code string }

func plain(text string) span { return span{text: text} }

// cell is a span that takes a column of the given width.
func cell(text string, width int) span {
	return span{text: pad(Clean(text), width)}
}

// page collects lines. All text passes Clean here, so that no caller can
// forget it; the escape codes are added afterwards.
type page struct {
	style Style
	b     strings.Builder
}

func (p *page) line(indent int, spans ...span) {
	for len(spans) > 0 && strings.TrimSpace(Clean(spans[len(spans)-1].text)) == "" {
		spans = spans[:len(spans)-1]
	}
	if len(spans) > 0 {
		p.b.WriteString(strings.Repeat(" ", indent))
	}
	for i, s := range spans {
		text := Clean(s.text)
		if i == len(spans)-1 {
			text = strings.TrimRight(text, " ")
		}
		p.b.WriteString(p.style.paint(s.code, text))
	}
	p.b.WriteByte('\n')
}

// fits reports whether a line is no wider than the style allows.
func (p *page) fits(indent int, spans ...span) bool {
	for _, s := range spans {
		indent += cells(Clean(s.text))
	}
	return p.style.Width <= 0 || indent <= p.style.Width
}

func (p *page) blank() { p.b.WriteByte('\n') }

// prose writes a text of any length behind a mark, wrapped to the width, with
// the following lines under the first word.
func (p *page) prose(indent int, mark, text string) {
	hang := indent + cells(mark)
	for i, part := range wrap(Clean(text), p.style.Width-hang) {
		if i == 0 {
			p.line(indent, span{mark, signColor(strings.TrimSpace(mark))}, plain(part))
			continue
		}
		p.line(hang, plain(part))
	}
}

// headed writes a text of any length behind a head that stays in one line,
// wrapped to the width, with the following lines a little further right.
func (p *page) headed(head []span, text string) {
	const hang = 2
	used := 0
	for _, s := range head {
		used += cells(Clean(s.text))
	}
	// Something as wide as the head stands for it while the text is wrapped.
	stand := strings.Repeat("-", max(0, used-1-hang))
	for i, part := range wrap(stand+" "+Clean(text), p.style.Width-hang) {
		if i == 0 {
			p.line(0, append(head, plain(strings.TrimPrefix(part, stand+" ")))...)
			continue
		}
		p.line(hang, plain(part))
	}
}

// closing writes the last sentence, wrapped and set in bold.
func (p *page) closing(text string) {
	for _, part := range wrap(Clean(text), p.style.Width) {
		p.line(0, span{part, bold})
	}
}

func (p *page) String() string { return p.b.String() }

func (s Style) paint(code, text string) string {
	if !s.Color || code == "" || text == "" {
		return text
	}
	return code + text + reset
}

// wrap breaks a text at spaces into lines of at most width cells. Words are
// never broken. A width below minProse means no limit: a column that narrow
// is worse to read than a terminal's own wrapping.
func wrap(text string, width int) []string {
	const minProse = 20
	words := strings.Fields(text)
	if len(words) == 0 {
		return []string{""}
	}
	if width < minProse {
		return []string{strings.Join(words, " ")}
	}
	lines := []string{words[0]}
	for _, w := range words[1:] {
		last := &lines[len(lines)-1]
		if cells(*last)+1+cells(w) > width {
			lines = append(lines, w)
			continue
		}
		*last += " " + w
	}
	return lines
}

// cells counts the columns that a terminal gives a text: none for combining
// marks, two for wide East Asian characters and emoji (Unicode Standard Annex
// 11, in the coarse ranges that matter for names and messages).
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && r <= 0x115f,
		r >= 0x2e80 && r <= 0xa4cf && r != 0x303f,
		r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f,
		r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f,
		r >= 0x1f680 && r <= 0x1f6ff,
		r >= 0x1f900 && r <= 0x1f9ff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// pad fills a text with spaces to the width.
func pad(s string, width int) string {
	if n := width - cells(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// padLeft right-aligns a text in the width.
func padLeft(s string, width int) string {
	if n := width - cells(s); n > 0 {
		return strings.Repeat(" ", n) + s
	}
	return s
}

// cut shortens a text to the width, with "…" where something is missing.
func cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if cells(s) <= width {
		return s
	}
	n := 0
	for i, r := range s {
		if n+runeCells(r) > width-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
		n += runeCells(r)
	}
	return s
}

// widest gives the width of the widest of the texts, as Clean leaves them.
func widest(texts ...string) int {
	n := 0
	for _, t := range texts {
		n = max(n, cells(Clean(t)))
	}
	return n
}

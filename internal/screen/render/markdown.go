package render

import (
	"strconv"
	"strings"
	"unicode"
)

// md writes a text from outside for Markdown: every ASCII character that
// could mean anything to Markdown or HTML becomes a character reference, which
// by CommonMark never acts as structure. A dot is left alone but behind "www",
// and a colon before a digit or a space, for that makes no link in GitHub's
// dialect.
func md(s string) string {
	s = Clean(s)
	var b strings.Builder
	for i, r := range s {
		link := r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www")
		word := r == ':' && i+1 < len(s) && strings.IndexByte(" 0123456789", s[i+1]) >= 0
		switch {
		case r >= 0x80, unicode.IsLetter(r), unicode.IsDigit(r), word, strings.ContainsRune(" -,/=+%;.", r) && !link:
			b.WriteRune(r)
		default:
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return b.String()
}

// code is md within <code>, where forges link neither mentions nor issue
// numbers: a commit message must not be able to call people.
func code(s string) string {
	if Clean(s) == "" {
		return ""
	}
	return "<code>" + md(s) + "</code>"
}

// mdTable writes a table; the cells are Markdown already.
func mdTable(b *strings.Builder, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	mdRow(b, head)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	mdRow(b, rule)
	for _, r := range rows {
		mdRow(b, r)
	}
	b.WriteByte('\n')
}

func mdRow(b *strings.Builder, cells []string) {
	b.WriteString("|")
	for _, c := range cells {
		b.WriteString(" " + c + " |")
	}
	b.WriteByte('\n')
}

// mdFold writes a section that a reader has to open. GitHub and GitLab need
// the empty lines to read Markdown inside.
func mdFold(b *strings.Builder, summary, body string) {
	if body == "" {
		return
	}
	b.WriteString("<details><summary>" + summary + "</summary>\n\n" + strings.TrimRight(body, "\n") + "\n\n</details>\n\n")
}

func finish(b *strings.Builder) string { return strings.TrimRight(b.String(), "\n") + "\n" }

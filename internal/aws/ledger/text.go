package ledger

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDescription is how much a description of a version or an alias holds
// (Lambda API model, Description: 0 to 256 characters). What it counts for a
// character outside ASCII is not said, so bytes are counted here: never too many.
const maxDescription = 256

// oneLine takes from a text what would end the line or drive a terminal, and
// what is no UTF-8.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.IsControl(r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, ""))
}

// cut shortens a text to at most n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

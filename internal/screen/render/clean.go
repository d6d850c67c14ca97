package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a text from outside harmless on one line of a terminal: escape
// sequences are removed whole, control characters and invisible formatting
// (bidirectional overrides among them) are removed, and tabs, line ends and
// line separators become spaces. The joiners that some scripts need between
// letters stay. Bytes that are not UTF-8 become U+FFFD.
func Clean(s string) string {
	if harmless(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == esc:
			size = sequence(s[i:])
		case r == csi:
			size += parameters(s[i+size:])
		case r == '\t', r == '\n', r == '\r', r == '\v', r == '\f', r == 0x85, unicode.In(r, unicode.Zl, unicode.Zp):
			b.WriteByte(' ')
		case !invisible(r):
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// CleanLines is Clean for a text that may have several lines: line feeds stay.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(Clean(strings.TrimSuffix(l, "\r")), " ")
	}
	return strings.Join(lines, "\n")
}

const (
	esc = 0x1b
	csi = 0x9b // the one-character form of ESC [
)

func harmless(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || invisible(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return false
		}
	}
	return true
}

// invisible reports whether a character steers instead of showing: control
// characters (Cc) and formatting characters (Cf), but for the two joiners.
func invisible(r rune) bool {
	const nonJoiner, joiner = 0x200c, 0x200d
	if r == nonJoiner || r == joiner {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf)
}

// sequence gives the length of the escape sequence at the start of s (ECMA-48
// and the xterm control strings). A control string that never ends counts as
// its introducer only, so that it cannot swallow the rest of the text.
func sequence(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '[':
		return 2 + parameters(s[2:])
	case ']', 'P', 'X', '^', '_':
		for i := 2; i < len(s); i++ {
			if s[i] == '\a' {
				return i + 1
			}
			if s[i] == esc && i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
		}
		return 2
	}
	n := 1
	for n < len(s) && s[n] >= 0x20 && s[n] <= 0x2f {
		n++
	}
	if n < len(s) && s[n] >= 0x30 && s[n] <= 0x7e {
		n++
	}
	return n
}

// parameters gives the length of a control sequence behind its introducer.
func parameters(s string) int {
	n := 0
	for n < len(s) && s[n] >= 0x20 && s[n] <= 0x3f {
		n++
	}
	if n < len(s) && s[n] >= 0x40 && s[n] <= 0x7e {
		n++
	}
	return n
}

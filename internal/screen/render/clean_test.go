package render

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCleanLeavesNothingThatSteersATerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"plain text stays":                    {"geo-redirect 17 → new", "geo-redirect 17 → new"},
		"colours go":                          {"\x1b[31mred\x1b[0m", "red"},
		"cursor movements go":                 {"a\x1b[2J\x1b[1;1Hb", "ab"},
		"a title goes with its text":          {"a\x1b]0;owned\ab", "ab"},
		"a link's address goes, its text not": {"\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\", "here"},
		"an endless string hides nothing":     {"a\x1b]0;all of this stays", "a0;all of this stays"},
		"a device control string goes":        {"a\x1bPq#0\x1b\\b", "ab"},
		"a reset goes":                        {"a\x1bcb", "ab"},
		"a character set goes":                {"a\x1b(0b", "ab"},
		"a lone escape goes":                  {"a\x1b", "a"},
		"the one-character introducer goes":   {"a\u009b31mb", "ab"},
		"an unfinished sequence goes":         {"a\x1b[31", "a"},
		"a letter beyond ASCII survives one":  {"a\x1b[3é", "aé"},
		"line ends become spaces":             {"a\r\nb\tc\vd", "a  b c d"},
		"line separators become spaces":       {"a\u2028b\u2029c\u0085d", "a b c d"},
		"directions go":                       {"\u202eabc\u2066d\u200f", "abcd"},
		"zero width and tags go":              {"a\u200bb\ufeffc\U000e0041d", "abcd"},
		"joiners stay":                        {"می\u200cخواهم", "می\u200cخواهم"},
		"backspace and bell go":               {"a\b\ab\x7f", "ab"},
		"bad bytes show as such":              {"a\xff\x9bb", "a\ufffd\ufffdb"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// hostile draws strings made of what attacks are made of.
func hostile() *rapid.Generator[string] {
	pieces := []string{"\x1b", "[", "]", "31", ";", "m", "\a", "\\", "\n", "\r", "\t", "\u009b", "\u202e", "\u2028", "\u200b", "\xff",
		"|", "<", ">", "&", "`", "*", "_", "~", "@team", "#12", "www.evil.example", "http://x", "<!--", "</td>", "\\|", "[a](b)", "日本", "é", " ", "a", "edgedeploy: error: "}
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "any") {
			return rapid.String().Draw(t, "text")
		}
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(t, "pieces"), "")
	})
}

func TestCleanIsHarmlessAndIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := Clean(hostile().Draw(t, "text"))
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
				t.Fatalf("%U is left in %q", r, got)
			}
		}
		if again := Clean(got); again != got {
			t.Fatalf("cleaning again changes %q to %q", got, again)
		}
	})
}

func TestCleanKeepsWhatNeedsNoCleaning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.P, unicode.S)).Draw(t, "text")
		if got := Clean(text); got != text {
			t.Fatalf("got %q, want %q", got, text)
		}
	})
}

func TestCleanLinesKeepsLineFeedsOnly(t *testing.T) {
	t.Parallel()
	if got, want := CleanLines("one\r\ntwo \x1b[1m\n\tthree\rfour"), "one\ntwo\n three four"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCutFitsItsWidth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := Clean(hostile().Draw(t, "text"))
		width := rapid.IntRange(0, 30).Draw(t, "width")
		got := cut(text, width)
		if cells(got) > width {
			t.Fatalf("%q takes %d of %d columns", got, cells(got), width)
		}
		if cells(text) <= width && got != text && width > 0 {
			t.Fatalf("%q was cut to %q although it fits %d", text, got, width)
		}
	})
}

func TestWrapLosesNoWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := Clean(hostile().Draw(t, "text"))
		width := rapid.IntRange(0, 60).Draw(t, "width")
		lines := wrap(text, width)
		if got, want := strings.Join(lines, " "), strings.Join(strings.Fields(text), " "); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		for _, l := range lines {
			if cells(l) > width && width >= 20 && strings.Contains(l, " ") {
				t.Fatalf("%q could have been broken at %d", l, width)
			}
		}
	})
}

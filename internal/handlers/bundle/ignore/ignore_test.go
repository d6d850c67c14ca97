package ignore

import (
	"errors"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func parse(t interface {
	Helper()
	Fatalf(string, ...any)
}, src string) *List {
	t.Helper()
	l, err := Parse([]byte(src))
	if err != nil {
		t.Fatalf("%v in\n%s", err, src)
	}
	return l
}

func judge(t interface {
	Helper()
	Fatalf(string, ...any)
}, l *List, name string) bool {
	t.Helper()
	out, err := l.Match(name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func TestPatternsMeanWhatTheyMeanToDocker(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		src     string
		in, out string // names that stay, and that are left out
	}{
		"nothing":                        {"", "a b/c .git/config", ""},
		"comments and blank lines":       {"# a\n\n   \n#b", "a #b", ""},
		"a name":                         {"a", "b/a ab A", "a a/b a/b/c"},
		"a leading slash":                {"/a", "b/a", "a a/b"},
		"a slash at the end":             {"a/", "b/a", "a a/b"},
		"spaces around":                  {"  a b  ", "a b/a", ""},
		"a star is for one folder":       {"*.map", "a.js b/a.map", "a.map"},
		"two stars are for all":          {"**/*.map", "a.js", "a.map b/a.map b/c/d.map"},
		"a folder anywhere":              {"**/test", "atest testing/a", "test/a b/test/c b/c/test"},
		"all of a folder":                {"a/**", "b/a", "a/b a/b/c"},
		"a question mark":                {"a?", "a abc", "ab ac/x"},
		"a class":                        {"[ab].js", "c.js AB.js", "a.js b.js"},
		"an escape":                      {`\*`, "a", "*"},
		"an exception":                   {"*.js\n!index.js", "index.js a/b.js", "a.js"},
		"an exception before counts not": {"!index.js\n*.js", "", "index.js a.js"},
		"the last one decides":           {"*.js\n!index.js\nindex.*", "", "index.js a.js index.mjs"},
		"an exception deep inside":       {"node_modules\n!node_modules/keep/lib", "node_modules/keep/lib node_modules/keep/lib/a.js", "node_modules/a.js node_modules/keep/b.js"},
		"everything but":                 {"**\n!index.js\n!lib/*.js", "index.js lib/a.js", "a.js lib/a.map lib/sub/a.js"},
		"an exception with two stars":    {"*\n!**/*.js", "a.js b/c.js b/c/d.js", "a.ts b/c.ts"},
		"case counts":                    {"README.md\n*.MAP", "readme.md a.map", "README.md a.MAP"},
		"Windows' line ends":             {"a\r\n!a/b\r\n", "a/b", "a/c"},
		"a byte order mark":              {"\ufeffa", "b", "a"},
		"names that regexps know":        {"a.b+c(d)$", "axb+c(d)$ a.bb+c", "a.b+c(d)$"},
		"not ASCII":                      {"**/*.ü", "a.u", "x/ä.ü"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := parse(t, tt.src)
			for _, n := range strings.Fields(tt.in) {
				if judge(t, l, n) {
					t.Errorf("%s is left out by line %d", n, l.Line(n))
				}
			}
			for _, n := range strings.Fields(tt.out) {
				if !judge(t, l, n) {
					t.Errorf("%s stays", n)
				} else if l.Line(n) == 0 {
					t.Errorf("%s is left out by no line", n)
				}
			}
		})
	}
}

func TestWhatIsNoPatternIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		src  string
		line int
		says string
	}{
		"an open class":       {"a\n\n# c\n[b", 4, `"[b" is not a pattern`},
		"an empty class":      {"a[]", 1, "is not a pattern"},
		"a range backwards":   {"[b-a]", 1, "is not a pattern"},
		"a lone backslash":    {"a\nb\\", 2, "is not a pattern"},
		"a lone exclamation":  {"a\n!", 2, "an exception without a pattern"},
		"an exception's form": {"a\n![b", 2, `"![b" is not a pattern`},
		"the folder itself":   {"a/..", 1, "matches nothing in this folder"},
		"outside":             {"a\n../b", 2, "matches nothing in this folder"},
		"an exception above":  {"!../b", 1, "matches nothing in this folder"},
		"a control character": {"a\nb\x00", 2, "a control character"},
		"an escape sequence":  {"\x1b[31m", 1, "a control character"},
		"Latin 1":             {"a\n\xfc", 2, "not UTF-8"},
		"too many":            {strings.Repeat("a\n", MaxPatterns+1), MaxPatterns + 1, "more than 1000 patterns"},
		"too large":           {strings.Repeat("#", MaxBytes+1), 1, "more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.src))
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Line != tt.line || !strings.Contains(e.Reason, tt.says) {
				t.Fatalf("got %v, want line %d: %s", err, tt.line, tt.says)
			}
			if e.Hint == "" {
				t.Error("it says nothing about what to do")
			}
		})
	}
	parse(t, strings.Repeat("a\n#\n\n", MaxPatterns))
}

// The rule, said without the matcher's shortcuts: the last pattern that matches
// a name or a folder around it decides.
func TestTheLastPatternThatMatchesDecides(t *testing.T) {
	t.Parallel()
	ignored := 0
	rapid.Check(t, func(t *rapid.T) {
		segment := rapid.SampledFrom([]string{"a", "b", "ab", "*", "?", "**", "a*", "*b", "[ab]", ".a"})
		var src strings.Builder
		for range rapid.IntRange(0, 5).Draw(t, "patterns") {
			if rapid.Bool().Draw(t, "exception") {
				src.WriteString("!")
			}
			src.WriteString(strings.Join(rapid.SliceOfN(segment, 1, 3).Draw(t, "pattern"), "/") + "\n")
		}
		name := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", ".a", "c"}), 1, 4).Draw(t, "name"), "/")
		l := parse(t, src.String())
		want, line := false, 0
		for _, p := range l.single {
			ok, err := p.matcher.MatchesOrParentMatches(name)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if ok {
				want = !p.exception
			}
			if ok && !p.exception {
				line = p.line
			}
		}
		if got := judge(t, l, name); got != want {
			t.Fatalf("%s: ignored is %v, want %v, by\n%s", name, got, want, src.String())
		}
		if got := l.Line(name); got != line {
			t.Fatalf("%s: line %d, want %d, of\n%s", name, got, line, src.String())
		}
		if want {
			ignored++
		}
	})
	if ignored < 10 {
		t.Errorf("%d ignored names prove nothing", ignored)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a\n!b", "**/[a-z]?\n", "\\", "[^]a]", "!", "\ufeff#"} {
		f.Add([]byte(s), "a/b")
	}
	f.Fuzz(func(t *testing.T, src []byte, name string) {
		l, err := Parse(src)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("%T", err)
			}
			return
		}
		name = path.Clean("/" + name)[1:]
		if name == "" {
			return
		}
		judge(t, l, name) // what Parse took can be matched
		l.Line(name)
	})
}

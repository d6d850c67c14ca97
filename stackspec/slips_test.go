package stackspec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

func TestAMisspeltKeyStandsForTheOneThatIsMeant(t *testing.T) {
	t.Parallel()
	const www = "distributions:\n  www:\n    id: E2EXAMPLE1ABCD\n    behaviors: { default: { viewer-request: f } }\n"
	for name, c := range map[string]struct {
		src  string
		want []string // the messages, all of them
	}{
		"and what is in it is checked": {
			head + "function:\n  f: { wsam: f.wasm, memory: 5 }\n" + www,
			[]string{`unknown key "function"`, `unknown key "wsam" in functions.f`, "memory 5 is out of range"},
		},
		"and references find what it holds": {
			head + "functoins:\n  f: { wasm: f.wasm }\n  g: { wasm: g.wasm }\n" + strings.ReplaceAll(www, "request: f", "request: h"),
			[]string{`unknown key "functoins"`, `there is no function "h"`},
		},
		"unless the right one is there, too": {
			head + one + "functoins: { g: { wasm: g.wasm, memory: 5 } }\n" + www,
			[]string{`unknown key "functoins"`},
		},
		"and its value is not held against it": {
			head + "functions:\n  f: { wasm: f.wasm, memroy: many, runtme: [1] }\n" + www,
			[]string{`unknown key "memroy" in functions.f`, `unknown key "runtme" in functions.f`},
		},
		"and what must be there is": {
			"verison: 1\nstakc: s\ndefaults:\n  rloe: " + role + "\n" + one + www,
			[]string{`unknown key "verison"`, `unknown key "stakc"`, `unknown key "rloe" in defaults`},
		},
		"and one that may be anything is blamed for nothing": {
			head + "functions:\n  f: { blob: f.wasm }\n" + www,
			[]string{`unknown key "blob" in functions.f`},
		},
		"and what it is no part of is still missing": {
			head + "functions:\n  f: { wasm: f.wasm }\n  g: {}\ncolour: red\n" + www,
			[]string{"g has neither wasm nor entry nor bundle", `unknown key "colour"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range problems(t, c.src, stackspec.Options{}) {
				got = append(got, p.Message)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
}

// Keys are recognised with any two neighbours swapped: short ones, too, in which
// two letters that differ are too many.
func TestSwappedLettersAreRecognised(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"tags", "hold", "stack", "account", "functions", "distributions"} {
		for i := range len(word) - 1 {
			if word[i] == word[i+1] {
				continue
			}
			wrong := word[:i] + string(word[i+1]) + string(word[i]) + word[i+2:]
			list := problems(t, "version: 1\n"+wrong+": {}\n", stackspec.Options{})
			if !slices.ContainsFunc(list, func(p stackspec.Problem) bool { return p.Hint == "did you mean "+word+"?" }) {
				t.Errorf("%s is not recognised as %s: %v", wrong, word, list)
			}
		}
	}
}

func TestNearestNamesComeFirst(t *testing.T) {
	t.Parallel()
	names := []string{"/api/*", "/images/*", "default", "/img/*", "/static/*"}
	if got, want := stackspec.Nearest("/imgs/*", names, 2), []string{"/img/*", "/images/*"}; !slices.Equal(got, want) {
		t.Errorf("nearest are %q, want %q", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.StringN(0, 12, 40)).Draw(t, "names")
		before := slices.Clone(names)
		n := rapid.IntRange(0, 5).Draw(t, "n")
		got := stackspec.Nearest(rapid.String().Draw(t, "unknown"), names, n)
		if len(got) != min(n, len(names)) || !slices.Equal(names, before) {
			t.Fatalf("%d of %q gives %q", n, before, got)
		}
		if len(names) > 0 && n > 0 {
			if exact := stackspec.Nearest(names[0], names, 1)[0]; !strings.EqualFold(exact, names[0]) {
				t.Fatalf("the nearest of %q is %q", names[0], exact)
			}
		}
	})
}

// With many functions a hint names the likely ones, not all or none.
func TestAReferenceToOneOfManyFunctionsNamesTheNearest(t *testing.T) {
	t.Parallel()
	src := head + "functions:\n"
	for i := range 30 {
		src += fmt.Sprintf("  handler-%02d: { wasm: f.wasm }\n", i)
	}
	src += "  resize: { wasm: f.wasm }\ndistributions:\n  www: { id: E2EXAMPLE1ABCD, behaviors: { default: { viewer-request: zzzzzzzzzz } } }\n"
	list := problems(t, src, stackspec.Options{})
	if want := "the functions are resize, handler-00, handler-01, handler-02, handler-03, handler-04 and 25 more"; len(list) != 1 || list[0].Hint != want {
		t.Errorf("problems %v, want the hint %q", list, want)
	}
}

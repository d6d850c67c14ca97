package stackspec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

// fleet is a spec of n distributions, each with one function in its default
// behavior.
func fleet(n int) string {
	var b strings.Builder
	b.WriteString(head + one + "distributions:\n")
	for i := range n {
		fmt.Fprintf(&b, "  d%05d:\n    id: E2EXAMPLE%05d\n    behaviors:\n      default:\n        viewer-request: f\n", i, i)
	}
	return b.String()
}

// terse is the same in braces: more words in fewer bytes.
func terse(n int) string {
	var b strings.Builder
	b.WriteString(head + one + "distributions:\n")
	for i := range n {
		fmt.Fprintf(&b, "  d%05d: { id: E2EXAMPLE%05d, behaviors: { default: { viewer-request: f } } }\n", i, i)
	}
	return b.String()
}

func TestFleetsAreRead(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(int) string{"a line a key": fleet, "a line a distribution": terse} {
		for _, n := range []int{1_000, 5_000} {
			t.Run(fmt.Sprintf("%s, %d", name, n), func(t *testing.T) {
				t.Parallel()
				if got := parse(t, write(n)).Stack.Distributions; len(got) != n || len(got[n-1].Slots) != 1 {
					t.Errorf("%d distributions of %d", len(got), n)
				}
			})
		}
	}
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	config := func(s string) string {
		return head + "functions:\n  f:\n    wasm: f\n    config:\n      a: " + s + "\n"
	}
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "\n        k%d: 1", i)
		}
		return b.String()
	}
	braces := func(n int) string { return "{" + strings.ReplaceAll(keys(n), "\n", ",")[1:] + " }" }
	for name, write := range map[string]func(int) string{
		"keys":              keys,
		"braces":            braces,
		"brackets":          func(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" },
		"dashes":            func(n int) string { return strings.Repeat("\n        - 1", n) },
		"dashes below keys": func(n int) string { return strings.Repeat("\n        - { a: 1, b: [1, 2] }", n) },
		"after deeper ones": func(n int) string { return "\n        a: { b: [1, 2] }\n        c:\n          d: 1" + keys(n-2) },
		"behind a comma":    func(n int) string { return "[ {}, " + strings.Repeat("[],", n-2) + "{} ]" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, config(write(10_000)))
			got := problems(t, config(write(10_001)), stackspec.Options{})
			if len(got) != 1 || got[0].Message != "this mapping or list has more than 10000 entries" || !strings.Contains(got[0].Hint, "several stacks") {
				t.Errorf("problems: %v", got)
			}
		})
	}
	t.Run("many mappings that are not too large", func(t *testing.T) {
		t.Parallel()
		parse(t, config("\n        k: 1"+strings.Repeat("\n        j: { a: 1 }", 1)+"\n      b: "+braces(6_000)+"\n      c: "+braces(6_000)))
	})
}

func TestValuesAreNotMissingWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ head, unit, tail string }{
		"keys":              {"tags:\n", "  a:\n", ""},
		"dashes":            {"tags:\n", "  -\n", ""},
		"braces":            {"tags: { ", "a, ", "}\n"},
		"braces with colon": {"tags: { ", "a:, ", "}\n"},
		"many braces":       {"tags: [ ", "{a}, {a: }, {a: {b}}, ", "]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := problems(t, head+c.head+strings.Repeat(c.unit, 200)+c.tail, stackspec.Options{})
			if len(got) != 1 || got[0].Message != "up to here, there is no value behind more than 100 keys or dashes" {
				t.Errorf("%d problems: %v", len(got), got[0])
			}
		})
	}
	full := strings.Repeat("      k:\n        a: 1\n", 1) + "      l:\n"
	for i := range 200 {
		full += fmt.Sprintf("      - {a: 1, b: [c, d], e: {}, }\n      -\n        f: {g: ''}\n      - - h\n        - i%d\n", i)
	}
	parse(t, head+"functions:\n  f:\n    wasm: f\n    config:\n"+full)
}

// largest are the slowest specs that were found among those that are allowed.
func largest() map[string]string {
	const most = 1 << 20
	fill := func(head, unit, tail string) string {
		return head + strings.Repeat(unit, (most-len(head)-len(tail))/len(unit)) + tail
	}
	return map[string]string{
		"fleet of 1000":  fleet(1_000),
		"fleet of 10000": fleet(10_000),
		"long mappings":  fill("", " k:\n"+strings.Repeat("  a: b\n", 9_999), ""),
		"long braces":    fill("", "k: {"+strings.Repeat("a: b,", 9_999)+"}\n", ""),
		"long brackets":  fill("", "k: ["+strings.Repeat("a,", 9_999)+"]\n", ""),
		"unknown keys":   fill(head+"functions:\n", "  f: { "+strings.Repeat("wsam: f,", 5_000)+"}\n", ""),
	}
}

// BenchmarkParse measures what the bounds of a spec allow.
func BenchmarkParse(b *testing.B) {
	for name, src := range largest() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = stackspec.Parse("edgedeploy.yaml", []byte(src), stackspec.Options{}) // most are invalid
			}
		})
	}
}

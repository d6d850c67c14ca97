package places

import (
	"strings"
	"testing"
	"time"
)

// What is no code holds quotes, backticks and braces, which begin and end nothing.
// Package script compares the same with esbuild, in scripts at random.
func TestWhatIsNoCodeHidesNoPath(t *testing.T) {
	t.Parallel()
	// R is a regular expression that hides all behind it from those who take it
	// for a division, and D what a division hides from those who take it for one.
	replaced := strings.NewReplacer("R", "/[`'\"/{]/", "D", "/ 2; __dirname; x /")
	for name, tt := range map[string]struct {
		file, script string
		words        int // of the script's place
	}{
		"behind a condition":            {"i.js", "if (a) R.test(b); __dirname", 1},
		"behind loops":                  {"i.js", "for (;;) R.test(b); for await (a of b) R.test(b); while (a) R.test(b); __dirname", 1},
		"in a loop":                     {"i.js", "for (a of R.b) ; __dirname", 1},
		"behind a call":                 {"i.js", "f(a) D c", 1},
		"behind a method of that name":  {"i.js", "a.if(b) D c; a.while(b) D c", 2},
		"behind a block":                {"i.js", "if (a) {} R.test(b); { } R.test(b); a: { b() } R.test(b); __dirname", 1},
		"behind a function":             {"i.js", "function f() {} R.test(b); async function g() {} R.test(b); export default function () {} R.test(b); __dirname", 1},
		"behind a function's value":     {"i.js", "x = function () {} D c; x = async function f() {} D c", 2},
		"behind a class":                {"i.js", "class A extends b({}) { c() {} } R.test(b); __dirname", 1},
		"behind a class's value":        {"i.js", "x = class A { c() {} } D c", 1},
		"behind an arrow's body":        {"i.js", "x = () => {}\nR.test(b); __dirname", 1},
		"behind an object":              {"i.js", "x = { a: 1 } D c; f({} D c)", 2},
		"behind a case":                 {"i.js", "switch (a) { case b ? c : d: R.test(e); default: R.test(e) }\n__dirname", 1},
		"behind a label":                {"i.js", "x = y\na: { b() } R.test(c); __dirname", 1},
		"in a condition":                {"i.js", "x = a ? {} D c : R; __dirname", 2},
		"behind words":                  {"i.js", "typeof R.a; async () => { await R.a }; function* f() { yield R }; export default R; __dirname", 1},
		"behind members called as they": {"i.js", "a.typeof D c; a?.return D c; a.of D c; of D c", 4},
		"behind what counts":            {"i.js", "a++ D c; a-- D c; a + +R.b; __dirname", 3},
		"behind a line's end":           {"i.js", "a\n++b\nfor (;;) { break\nR.test(a) } for (;;) { continue a\nR.test(a) } debugger\nR.test(a); __dirname", 1},
		"behind a number":               {"i.js", "1. D c; .5 D c; 1e3 D c; 1..a D c", 4},
		"behind a template":             {"i.js", "`a` D c; `${a} '` D c; `${R.a}`; __dirname", 3},
		"in a class of characters":      {"i.js", "x = /[/'\\]`]/.a; __dirname", 1},
		"no end":                        {"i.js", "a = <b>(c) / 2; __dirname", 1},
		"behind TypeScript's !":         {"i.ts", "a! D c; f()! D c; if (a) !R.test(b); __dirname", 3},
		"behind a type":                 {"i.ts", "function f(a?: b): { c: d } {} R.test(b); class A<B> extends C<D> { c!: E; f?(): void } R.test(b); interface G { h?: i }\nR.test(b); __dirname", 1},
		"in comments":                   {"i.js", "// it's `\r__dirname /* ' ` */; <!-- __dirname\n--> __dirname\n__dirname; a --> b; __dirname", 3},
		"in a comment's end":            {"i.js", "// it's\u2028__dirname", 1},
		"behind odd blanks":             {"i.js", "x =\u00a0R.a;\u2028R.a; \uFEFFR.a; __dirname", 1},
		"in a first line":               {"i.js", "#!/usr/bin/env it's `\n__dirname", 1},
		"behind a mark":                 {"i.js", "\uFEFF#!it's `\n__dirname", 1},
		"in a text of two lines":        {"i.js", "'a\\\r\nb`' + __dirname", 1},
		"in a name by numbers":          {"i.js", "a\\u{62}c D c", 1},
		"in JSX":                        {"i.jsx", "x = <a b=\"it's\" c='`'>it's ` {/* it's */} {__dirname} / {<d.e f-g={__dirname}/>}</a> D c; <></>; a < b; __dirname", 4},
		"in JSX's comments":             {"i.jsx", "x = <a\n// it's\nb /* ` */ {...__dirname}/>; __dirname", 2},
		"in typed JSX":                  {"i.tsx", "const f = <T,>(a: T) => a, g = <T extends A>(a: T) => a; x = <A<B> c>it's</A>; type H = <T>(a: T) => 'b'; __dirname; x = <a>it's</a>; __dirname", 2},
		"no JSX":                        {"i.ts", "x = <A>'it'; __dirname", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := replaced.Replace(tt.script)
			if got := len(Read(script, tt.file).Words); got != tt.words {
				t.Errorf("%d words, want %d: %s", got, tt.words, script)
			}
		})
	}
}

// A file that is full of what looks like JSX and is none is not read on and on.
func TestWhatLooksLikeJSXIsTriedWithinBounds(t *testing.T) {
	work := func(n int) float64 {
		script := strings.Repeat("type A = <T>(a: { b: [] }) => {};\n", n)
		return testing.AllocsPerRun(1, func() { Read(script, "i.tsx") })
	}
	if once, twice := work(500), work(1000); twice > 3*once {
		t.Errorf("%v allocations, of twice as much: %v", once, twice)
	}
}

// With much time to spare: a script of one
// line is read once.
func TestALongLineIsReadOnce(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"(/", "/[/", "a=/b/;", "<!-- ", "\\u{", "<a b=", "<a>{"} {
		start := time.Now()
		Read(strings.Repeat(part, 20000), "i.jsx")
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%q takes %v", part, took)
		}
	}
}

func TestNamesThatAreDeclared(t *testing.T) {
	t.Parallel()
	for script, declared := range map[string]bool{
		"const a = 1, __dirname = b(); c(__dirname)":        true,
		"var a = { b }, __dirname":                          true,
		"let a = 1\nf(), __dirname":                         false,
		"function f(a = __dirname) {}":                      false,
		"(a, { b = [__dirname] }) => {}":                    false,
		"const { a = __dirname } = b":                       false,
		"function f(a = 1, __dirname) { return __dirname }": true,
		"a.class\n__dirname":                                false,
	} {
		if got := len(Read(script, "i.js").Words) == 0; got != declared {
			t.Errorf("%s: declared %v, want %v", script, got, declared)
		}
	}
}

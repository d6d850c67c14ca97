package script

import (
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script/places"
)

// writer writes random scripts. Wherever a name may stand it may be __dirname,
// and so may a part of what is no code.
type writer struct {
	*rapid.T
	left       int // how much more may be nested
	jsx, typed bool
}

// one draws one of some texts, in which S, E and N stand for what is drawn in turn: a
// statement, an expression, and what stands for nothing: blanks and comments.
func (w *writer) one(what string, texts ...string) string {
	text := rapid.SampledFrom(texts).Draw(w.T, what)
	var out strings.Builder
	for _, r := range text {
		switch r {
		case 'S':
			out.WriteString(w.statement())
		case 'E':
			out.WriteString(w.expression())
		case 'N':
			out.WriteString(w.nothing())
		case 'P':
			out.WriteString(w.primary())
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func (w *writer) nothing() string {
	return w.one("nothing", "", "", " ", "\n", "\t", "\r\n", "\u00a0", "\u2028", "/* it's __dirname ` */", "/* / */", "// it's \" ` __dirname /* \n", "\n--> it's __dirname ` \n", "<!-- it's __dirname `\n")
}

// primary is what stands closest to an operator, and can be divided.
func (w *writer) primary() string {
	all := []string{
		"a", "__dirname", "__dirname", "1", "1.", ".5", "1e-3", "0x1f", "1_0n", "this", "null", "of", "async", "get", "let_", "\\u0061", "a\\u{62}c",
		`'it"s __dirname'`, `"it's __dirname \" "`, "'a\\\nb'", "'a\\\r\nb'", "'//'", "`it's __dirname`", "''",
		"/[`'\"/__dirname]/g", "/`/", "/'/.source", "/\\//", "/[\\]/]'/u", "/{/", "/=/", "/(?<a>')__dirname/d.b",
	}
	if w.left > 0 {
		w.left--
		all = append(all, "(NEN)", "(E, E)", "[E, NE]", "[...E]", "`'${E}`", "`${E}\"${NE}`", "a(E)", "a.if(E)", "a.while(E)", "a.return", "a?.class", "a?.[E]", "a?.(E)",
			"a[E]", "new a(E)", "{}.b", "{ a: E, if: E, [E]: E, class: E, return: E, async: E, __dirname: 1 }", "{ a(b) {S}, get c() {S}, async *d() {S}, if(e) {S} }",
			"function () {S}", "async function a(b = E) {S}", "function* () { yield E; yield }", "class {}", "class A extends P { a = E; static b = E; static {S} c(d) {S} get e() {S} #f = E; if(g) {S} [E]() {S} }",
			"(() => {S})", "(a => E)", "(async () => { await E })", "import.meta.a", "a.__dirname", "a`${E}'`", "a.b.c")
		if w.jsx {
			all = append(all, "<a/>", "<a>it's __dirname ` / { /* it's */ }</a>", "<a b='\"__dirname' c=\"it's\" d={E} {...E}/>", "<></>", "<a.b c-d=\"/\" e={<b>it's {E}</b>}>{E}'{E}<c d/>`</a.b>", "<a\n// it's\nb/* ' */=\"'\" c></a>")
		}
		if w.typed {
			all = append(all, "a!", "(E as B)", "(E as any as Array<B>)", "(E satisfies B)", "a<B>(E)", "((a: B, b?: C): D => E)", "(async <T,>(a: T) => E)", "class<T> { a?: B = E; private b!: C; c?(): void }")
			if w.jsx {
				all = append(all, "(<T extends B>(a: T) => E)", "(<T,>(a: T): T => E)", "<A<B> c={E}>it's</A>")
			} else {
				all = append(all, "(<B>E)")
			}
		}
	}
	return w.one("primary", all...)
}

func (w *writer) expression() string {
	if w.left <= 0 {
		return w.primary()
	}
	w.left--
	return w.one("expression", "P", "P", "PN/ NP", "P / P / P", "P / /'/.a", "P + +P", "P - -/`/.a", "aN++ / P", "a-- / P", "P < P", "a > /'/.b", "a ? E : E", "a ? a ? E : E : E", "(a ?? E)", "(a || E)", "P in P", "P instanceof P", "typeof a(P)", "!a(P)", "~ a(P)", "-a(P)", "void a(P)", "a = E", "a /= E", "a ? {} : E", "a ? b => ({ b: E }) : E", "a?.5:P", "P * P % P ** a")
}

func (w *writer) statement() string {
	if w.left <= 0 {
		return ";"
	}
	w.left--
	all := []string{
		"E;", "E;S", "SS", "NSN", "S\nS", "a\nE;", "let a1 = E;S", "var b1 = E, c1 = E\nS", "if (E) S", "if (E) S else S", "if (E) /'/.test(E); else /`/.test(E);", "for (;;) S", "for (var d1 = E; E; a++) /\"/.test(a);",
		"for (var e1 of E) S", "for (var f1 in E) S", "for (a of /'/.b) S", "while (E) /'/.test(E);", "do S while (E) /`/.test(E);", "do /'/.test(E); while (E)", "{S}", "{S} /'/.test(E);", "{ a: S } /`/.test(E)\n", "b: S", "b: /'/.test(E);",
		"switch (E) { case E: S default: S }", "switch (E) { case E ? E : E: /'/.test(E); case /'/: default: /`/.test(E) }\n/'/.test(E);", "try {S} catch (g) {S} finally {S}\n/'/.test(E);", "try {S} catch {S} /'/.test(E);",
		"function h1() {S}\n/'/.test(E);", "function h1() { return E }", "function h1() { return /'/ / E }", "async function i1() { await E; for await (a of E) /'/.test(E); }", "function* j1() { yield /'/; yield\n;/`/ }", "class K1 extends P { a() {S} } /'/.test(E);",
		"debugger\n/'/.test(E)\n", "m: for (;;) { break m\n/'/.test(E) }", "for (;;) { continue\n/'/.test(E) }", "throw E;", "a\n++b\n/'/ / E;", "a++\n/ b / E;", "a = b\n/ c / E;", "var n1 = () => {}\n/'/.test(E);", "var n1 = function () {} / E;", "var n1 = {} / E;", "var n1 = class {} / E;",
		"({ a } = E);", "[a] = E;", "var { a: o1 = E } = E;", "var [p1 = E] = E;", ";(E);", ";`${E}`;", "if (E) {S} /'/.test(E);", "if (E) ; else {S} /'/.test(E);", "with_(E) / E;", "a.for(E) / E;",
	}
	if w.typed {
		all = append(all, "interface A1 { a: B; b?: C, d(): void }\n/'/.test(E);", "type B1 = { a: 'b' } | C<D>;", "type C1 = <T>(a: T) => void;", "enum D1 { a = 1, b = 'c' } /'/.test(E);", "namespace F1 {S} /'/.test(E);", "abstract class G1<T> implements H { abstract a(): void; private readonly b: C = E; constructor(private c?: D) {S} e(): { f: 1 } {S} } /'/.test(E);", "function I1(a?: B, c: D = E): F2 {S}", "function J1(a: any): a is B {S} /'/.test(E);", "var k1: { a: B } = E;", "var l1 = E as { a: 1 };", "declare const m1: B;", "let n2 = a! / E;", "function o2<T extends B>(a: T): T[] {S}")
	}
	return w.one("statement", all...)
}

const esbuildsName = "the_place_of_the_script"

// byEsbuild counts how often a script asks for __dirname; ok is false for what
// is no script.
func byEsbuild(script string, loader api.Loader) (n int, ok bool) {
	out := api.Transform(script, api.TransformOptions{Loader: loader, Define: map[string]string{"__dirname": esbuildsName}, LogLevel: api.LogLevelSilent, JSX: api.JSXTransform})
	return strings.Count(string(out.Code), esbuildsName), len(out.Errors) == 0
}

// What is code, and what a text, a comment, a regular expression or a part of JSX, is
// read as esbuild reads it.
func TestScriptsAreReadAsEsbuildReadsThem(t *testing.T) {
	t.Parallel()
	for ext, loader := range map[string]api.Loader{"js": api.LoaderJS, "jsx": api.LoaderJSX, "ts": api.LoaderTS, "tsx": api.LoaderTSX} {
		t.Run(ext, func(t *testing.T) {
			t.Parallel()
			read, all := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				w := &writer{T: t, left: 12, jsx: strings.HasSuffix(ext, "x"), typed: strings.HasPrefix(ext, "t")}
				script := rapid.SampledFrom([]string{"", "", "#!/usr/bin/env node's __dirname\n", "\uFEFF", "\uFEFF#!it's\n"}).Draw(t, "start") + w.statement() + w.statement() + "\n;__dirname"
				all++
				want, ok := byEsbuild(script, loader)
				if !ok {
					return
				}
				read++
				if got := len(places.Read(script, "i."+ext).Words); got != want {
					t.Fatalf("%d words, want %d, in\n%s", got, want, script)
				}
			})
			if read < all/4 {
				t.Errorf("only %d of %d scripts are scripts", read, all)
			}
		})
	}
}

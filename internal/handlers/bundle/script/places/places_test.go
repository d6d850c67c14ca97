package places

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// told writes what was found in one line each: the kind, the path, the line.
func told(script string) []string {
	var all []string
	for _, u := range Read(script, "p/lib/i.js").Uses {
		at := u.Path
		if !u.Known && u.Pattern != "" {
			at = u.Pattern
		} else if !u.Known {
			at = "?"
		} else if at == "" {
			at = "outside"
		}
		all = append(all, fmt.Sprintf("%s %s %d", []string{"names", "reads", "lists", "runs"}[u.Kind], at, u.Line))
	}
	return all
}

func TestPathsThatAScriptMakesOfItsOwnPlaceAreKnown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		want   []string
	}{
		"path.join":               {"fs.readFileSync(path.join(__dirname, '..', 'data', 'x.json'))", []string{"reads p/data/x.json 1"}},
		"require in place":        {"require('fs').readFileSync(require('path').join(__dirname, 'x.json'))", []string{"reads p/lib/x.json 1"}},
		"join, imported":          {"readFileSync(join(__dirname, './x.json'), 'utf8')", []string{"reads p/lib/x.json 1"}},
		"compiled TypeScript":     {"(0, fs_1.readFileSync)((0, path_1.join)(__dirname, 'x.json'))", []string{"reads p/lib/x.json 1", "names p/lib/x.json 1"}},
		"path.resolve":            {"fs.readFile(path.resolve(__dirname, '../x'), done)", []string{"reads p/x 1"}},
		"resolve of the root":     {"fs.readFile(path.resolve(__dirname, '/etc/x'), done)", []string{"names p/lib 1"}},
		"a sum":                   {"fs.readFileSync(__dirname + '/x.json')", []string{"reads p/lib/x.json 1"}},
		"a template":              {"fs.readFileSync(`${__dirname}/x.json`)", []string{"reads p/lib/x.json 1"}},
		"import.meta.url":         {"await readFile(new URL('../x.json?v=1', import.meta.url), 'utf8')", []string{"reads p/x.json 1"}},
		"fileURLToPath":           {"readFileSync(fileURLToPath(new URL('x.json', import.meta.url)))", []string{"reads p/lib/x.json 1"}},
		"import.meta.dirname":     {"readFileSync(import.meta.dirname + '/x.json')", []string{"reads p/lib/x.json 1"}},
		"an address of a folder":  {"const d = new URL('data/', import.meta.url);\nreadFileSync(new URL('x', d))", []string{"names p/lib/data 1", "reads p/lib/data/x 2"}},
		"__dirname as ES modules": {"const __filename = fileURLToPath(import.meta.url);\nconst __dirname = path.dirname(__filename);\nreadFileSync(join(__dirname, 'x'))", []string{"names p/lib 2", "reads p/lib/x 3"}},
		"variables":               {"const DATA = path.join(path.dirname(__dirname), 'data');\nexports.f = () => fs.readFileSync(path.join(DATA, 'x.json'))", []string{"names p/data 1", "reads p/data/x.json 2"}},
		"a variable below":        {"const f = () => readFileSync(FILE);\nconst FILE = __dirname + '/x';", []string{"reads p/lib/x 1"}},
		"a type":                  {"const FILE: string = join(__dirname, 'x') as string;\nreadFileSync(FILE!)", []string{"names p/lib/x 1", "reads p/lib/x 2"}},
		"a path that is kept":     {"module.exports = path.join(__dirname, 'x.txt')", []string{"names p/lib/x.txt 1"}},
		"outside":                 {"readFileSync(path.join(__dirname, '../../../x'))", []string{"reads outside 1"}},
		"the script itself":       {"readFileSync(__filename)", []string{"reads p/lib/i.js 1"}},
		"a worker":                {"new Worker(new URL('./w.js', import.meta.url), { type: 'module' })", []string{"runs p/lib/w.js 1"}},
		"a worker of a namespace": {"new threads.Worker(path.join(__dirname, 'w.js'))", []string{"runs p/lib/w.js 1"}},
		"a worker of a text":      {"import 'worker_threads'; new Worker(source, { eval: true })", nil},
		"a worker somewhere":      {"import 'worker_threads'; new Worker(file)", []string{"runs ? 1"}},
		"a page's worker":         {"new Worker(file)", nil},
		"a folder":                {"readdirSync(path.join(__dirname, 'x'))", []string{"lists p/lib/x 1"}},
		"a name that is computed": {"fs.readFileSync(path.join(__dirname, name))", []string{"reads ? 1"}},
		"a kind that is known":    {"fs.readFileSync(path.join(__dirname, '../[x]', name + '.json'))", []string{`reads p/\[x]/*.json 1`}},
		"a folder that is not":    {"const at = simd ? 'simd' : 'any';\nfs.readFileSync(`${__dirname}/w/${at}/x.wasm`)", []string{"reads p/lib/w/*/x.wasm 2"}},
		"an address, computed":    {"fs.readFileSync(new URL(`./x-${n}.json`, import.meta.url))", []string{"reads p/lib/x-*.json 1"}},
		"a default":               {"const d = path.resolve(__dirname, process.env.D || '../data');\nfs.readFileSync(d + '/x')", []string{"names p/data 1", "reads p/data/x 2"}},
		"a default that is own":   {"new Worker(overrides['w'] || path.join(__dirname, 'w.js'), {})", []string{"runs p/lib/w.js 1"}},
		"a member":                {"const f = { a: join(__dirname, 'x'), b: 'y' };\nreadFileSync(f.a); readFileSync(f.b)", []string{"names p/lib/x 1", "reads p/lib/x 2"}},
		"one or the other":        {"const d = big ? __dirname : '/tmp';\n\nfs.readFileSync(d + '/x')", []string{"reads ? 3"}},
		"a variable set twice":    {"let d = __dirname;\nd = join(d, 'y');\nfs.readFileSync(join(d, 'x'))", []string{"names p/lib 1", "reads ? 3"}},
		"an argument":             {"fs.readFileSync(file); open(a, b); readFile('x')", nil},
		"in comments and texts":   {"// readFileSync(__dirname + '/x')\n/* __dirname + '/y' */ const s = \"__dirname + '/z'\", r = /__dirname '/;", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := told(tt.script)
			for _, line := range tt.want {
				if !slices.Contains(got, line) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
			for _, line := range got { // that it has a path as well is no harm
				if !strings.HasPrefix(line, "names") && !slices.Contains(tt.want, line) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
			if tt.want == nil && len(got) > 0 {
				t.Errorf("got %q, want nothing", got)
			}
		})
	}
}

func TestTheTextThatAPathEndsWithIsTold(t *testing.T) {
	t.Parallel()
	const script = "new Worker(new URL('./w.ts', import.meta.url)); new Worker(join(__dirname, \"x.js\"))"
	var got []string
	for _, u := range Read(script, "i.js").Uses {
		if u.Kind == Runs {
			got = append(got, script[u.From:u.To])
		}
	}
	if diff := cmp.Diff([]string{"'./w.ts'", `"x.js"`}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWordsThatMeanTheScriptsPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // with the words in brackets
		"a(<__dirname>, <__filename>)":                                                                     "",
		"`${<__dirname>}/x ${`${<__filename>}`}`":                                                          "",
		"x = { <__dirname>, y: <__filename> }":                                                             "short",
		"x = { __dirname: 1 }; y.__dirname":                                                                "",
		"x ? <__dirname> : y":                                                                              "",
		"[1, <__dirname>, 2]":                                                                              "",
		"'__dirname' + /__dirname/ // __dirname":                                                           "",
		"const __dirname = 1; f(__dirname, <__filename>)":                                                  "",
		"(function (exports, __filename, __dirname) { __dirname })":                                        "",
		"const { __dirname } = x; __dirname":                                                               "",
		"(__dirname, x) => __dirname":                                                                      "",
		"<fetch>(u); x.fetch(u); typeof fetch":                                                             "",
		"import { fetch } from 'x'; fetch(u)":                                                              "",
		"const x = { fetch(u) { return 1 } }; async function f() {}":                                       "",
		"function fetch() {} fetch(u)":                                                                     "",
		"class A { async fetch(p: string): Promise { return <fetch>(p) } }":                                "",
		"class A { x = 1\n fetch(p: string): string { <fetch>(p); return p } }":                            "",
		"class A { x() {} private *fetch(p: string): B { } static async *fetch(): B { } }":                 "",
		"class A { @b(c) fetch(p: string): B { } }":                                                        "",
		"const a = { b: 1, fetch(u: string): string { return u } }; a.fetch(u)":                            "",
		"const a = { fetch(u: string): string { return u } }":                                              "",
		"const a = { b: c ? <fetch>(u) : d, e: c ? await <fetch>(u) : 2 * f ? 3 * <fetch>(u) : 4 }":        "",
		"switch (a) { case <fetch>(u): <fetch>(v); }":                                                      "",
		"{ <fetch>(u); <fetch>(v) } async () => <fetch>(w)":                                                "",
		"declare const __dirname: string; f(<__dirname>)":                                                  "",
		"declare global { var __filename: string; const __dirname: string }\nf(<__dirname>, <__filename>)": "",
		"declare function fetch(u: string): Promise; <fetch>(<__dirname>)":                                 "",
		"declare function f(__dirname: string): void; f(<__dirname>)":                                      "",
		"declare module 'x' { const __dirname: string }\nf(<__dirname>)":                                   "",
		"declare const a: string; const __dirname = a; f(__dirname)":                                       "",
	}
	for marked, short := range tests {
		script := strings.NewReplacer("<", "", ">", "").Replace(strings.ReplaceAll(marked, "=>", "=\x00"))
		script = strings.ReplaceAll(script, "\x00", ">")
		out, at := "", 0
		anyShort := false
		for _, w := range Read(script, "i.js").Words {
			out += script[at:w.From] + "<" + script[w.From:w.To] + ">"
			at = w.To
			anyShort = anyShort || w.Short
		}
		if out += script[at:]; out != marked || anyShort != (short != "") {
			t.Errorf("got %s, want %s; short %v", out, marked, anyShort)
		}
	}
}

func TestMetaIsAskedForByTokens(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{
		"f(import.meta.url)": true, "`${`${import.meta.url}`}`": true, "import\n.meta": true,
		"'import.meta.url'": false, "// import.meta": false, "`import.meta`": false, "/import.meta/": false, "import('meta')": false,
	} {
		if got := Meta(script, "i.js"); got != want {
			t.Errorf("%s: %v, want %v", script, got, want)
		}
	}
}

func TestModulesNamedInTextsAreToldUnlessTheyAreImported(t *testing.T) {
	t.Parallel()
	got := Read("import a from './a.wasm'; import('./b.wasm'); require('./c.wasm'); require.resolve('d.wasm'); f('e.wasm', `${x}/f.wasm`, `g.wasm`, '.wasm.js')", "i.js").Wasm
	if diff := cmp.Diff([]string{"e.wasm", "f.wasm", "g.wasm"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestHowAScriptRequiresAModule(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]Required{
		"exports.f = () => { return require('x') }":                       Called,
		"require('x'); exports.f = () => { require('x') }":                AtLoad,
		"if (y) { require(\"x\") }":                                       AtLoad,
		"exports.f = () => g(1, require('x'))":                            Called,
		"const f = () => 1; require('x')":                                 AtLoad,
		"f(() => 1, require('x'))":                                        AtLoad,
		"function f() { try { require('x') } catch {} }":                  Tried,
		"function f() { try { require('x') } catch { require('x') } }":    Called,
		"try { module.exports = require(`${a}x`) } catch (e) { throw e }": Rethrown,
		"try { require('x') } catch { y = 1 }":                            Tried,
		"module.exports = require(`${a}y`)":                               Nowhere,
		"const x = require('x')":                                          AtLoad,
		"// require('x')\nf(function () { require('y') })":                Nowhere,
		"const t = `${'}'}`; function f() { require('x') } {":             Called,
	} {
		if got := Requires(script, "i.js", "x"); got != want {
			t.Errorf("%s: %v, want %v", script, got, want)
		}
	}
}

// Only what nobody runs while the script is loaded is a function's own business.
func TestWhichFunctionsRunLater(t *testing.T) {
	t.Parallel()
	for script, later := range map[string]bool{
		"{ R }":                                          false,
		"if (y) { R } else { z() }":                      false,
		"for (const y of z) { R }":                       false,
		"switch (y) { case 1: { R } }":                   false,
		"class A { static { R } }":                       false,
		"(function () { R })()":                          false,
		"(function () { R }())":                          false,
		"(() => { R })()":                                false,
		"(() => R)()":                                    false,
		"(async () => { await R })()":                    false,
		"!function () { R }()":                           false,
		"(function () { R }).call(this)":                 false,
		"(function () { R })?.()":                        false,
		"(function () { if (y) { R } }.call(this))":      false,
		"new function () { R }":                          false,
		"const y = new (class { constructor() { R } })":  false,
		"y.forEach(function (z) { R })":                  false,
		"y.forEach((z) => { R })":                        false,
		"y.forEach(z => R)":                              false,
		"define(['z'], function (z) { R })":              false,
		"(function (m) { m[0]() })([function () { R }])": false,
		"run({ 1: function (m) { R } })":                 false,
		"run({ 'a.js'(m) { R } })":                       false,
		"exports.a = wrap(() => R)":                      false,
		"exports.a = wrap(b || function () { R })":       false,
		"const f = () => {}\nR":                          false,
		"const f = () => {}\nexports.y = R":              false,
		"const f = () => 1\nexports.y = R":               false,
		"const f = () => g(1)\nconst y = R":              false,
		"const f = () => 1, y = R":                       false,
		"(function (root, f) { if (typeof exports === 'object') { module.exports = f(R) } else { root.y = f(root.z) } })(this, function (z) { return z })": false,

		"function f() { R }":                                        true,
		"function f() { R }\n(function () { y() })()":               true,
		"export default function () { R }":                          true,
		"async function f() { R }":                                  true,
		"function* f() { R }":                                       true,
		"y()\nfunction f() { R }":                                   true,
		"function f() { if (y) { for (;;) { R } } }":                true,
		"function f() { y.map(z => R) }":                            true,
		"function f() { (function () { R })() }":                    true,
		"exports.f = function () { R }":                             true,
		"exports.f = function g() { R }.bind(y)":                    true,
		"exports.f = (function () { R })":                           true,
		"exports.f = async () => { R }":                             true,
		"exports.f = () => R":                                       true,
		"exports.f = y => z ? R : 1":                                true,
		"exports.f = y => y instanceof Z && g({ a: [R] })":          true,
		"exports.f = y || function () { R }":                        true,
		"module.exports = { f() { R } }":                            true,
		"module.exports = { f: 1, async g() { R } }":                true,
		"module.exports = { get f() { return R } }":                 true,
		"module.exports = { f: function () { R } }":                 true,
		"export default { f() { R } }":                              true,
		"class A { m() { R } }":                                     true,
		"class A extends b(c) { static m() { R } }":                 true,
		"exports.A = class extends B { ['m']() { R } }":             true,
		"(function () { exports.f = function () { R } })()":         true,
		"var f = (function () { return function () { R } })()":      true,
		"Object.defineProperty(exports, 'f', { get: () => R })":     true,
		"Object.defineProperty(exports, 'f', { get() { R } })":      true,
		"define(o, { a: 1, get f() { return R } })":                 true,
		"Object.defineProperty(o, 'f', { get: function () { R } })": true,
		"exports.f = function () {\n  try { y() } catch { R } }":    true,
	} {
		want := AtLoad
		if later {
			want = Called
		}
		if got := Requires(strings.ReplaceAll(script, "R", "require('x')"), "i.js", "x"); got != want {
			t.Errorf("%s: %v, want %v", script, got, want)
		}
	}
}

// nest puts an expression into so many templates.
func nest(levels int, inner string) string {
	return strings.Repeat("`a${", levels) + inner + strings.Repeat("}b`", levels)
}

func TestWordsInTemplatesHoweverDeepAreFound(t *testing.T) {
	t.Parallel()
	for _, levels := range []int{1, mostNested - 1, mostNested, mostNested + 1, mostNested + 2, 2000, 200000} {
		script := "f(" + nest(levels, "{ x: __dirname + /`/ + `}` }") + ", __filename); const y = { __dirname }"
		var got []string
		for _, w := range Read(script, "i.js").Words {
			got = append(got, fmt.Sprint(w.Name, w.Short, script[w.From:w.To]))
		}
		if diff := cmp.Diff([]string{"__dirnamefalse__dirname", "__filenamefalse__filename", "__dirnametrue__dirname"}, got); diff != "" {
			t.Errorf("%d levels, -want +got\n%s", levels, diff)
		}
		if got := Read(nest(levels, "__dirname"), "i.js").Words; len(got) != 1 || got[0].Short {
			t.Errorf("%d levels: %v", levels, got)
		}
	}
}

func TestAPathInTemplatesThatAreTooDeepCannotBeTold(t *testing.T) {
	t.Parallel()
	for levels, want := range map[int]string{1: "reads p/lib/x 1", mostNested: "reads p/lib/x 1", mostNested + 1: "reads ? 1", 2000: "reads ? 1"} {
		script := "fs.readFileSync(" + strings.Repeat("`${", levels) + "__dirname + '/x'" + strings.Repeat("}`", levels) + ")"
		if got := told(script); !slices.Contains(got, want) {
			t.Errorf("%d levels: got %q, want %q", levels, got, want)
		}
	}
}

// Work is counted in what it allocates, so that no test waits for it: twice as
// many levels take about twice as much.
func TestTemplatesInTemplatesAreReadOnce(t *testing.T) {
	work := func(levels int) float64 {
		script := "const d = __dirname; const x = " + nest(levels, "1") + ";"
		return testing.AllocsPerRun(1, func() { Read(script, "i.js") })
	}
	for _, levels := range []int{100, 1000} {
		if once, twice := work(levels), work(2*levels); twice > 3*once {
			t.Errorf("%d levels: %v allocations, twice as many: %v", levels, once, twice)
		}
	}
}

func TestATextThatEndsInTheMiddleIsRead(t *testing.T) {
	t.Parallel()
	const whole = "const w = new Worker(new URL('./w.js', import.meta.url)); fs.readFileSync(path.join(__dirname, `a${b}.txt`)); fetch(new URL('x.wasm', import.meta.url)); require.resolve('./y.js')"
	for i := range len(whole) {
		Read(whole[:i], "i.js")
		Read(whole[i:], "i.js")
	}
	Read("new URL()", "i.js")
}

// Whatever the text: it is read to its end, once, and what is told lies in it.
func TestAnyTextIsRead(t *testing.T) {
	t.Parallel()
	parts := []string{"__dirname", "import.meta.url", "path.join", "new URL", "readFileSync", "new Worker", "(", ")", "{", "}", "[", "]", ",", ";", "+", "=", "=>", ".", "'", "\"", "`", "${", "/", "//", "/*", "*/", "\\", "\n", " ", "x", "'a'", "'b.wasm'", "const ", "ü", "\xff", "?", ":", "!", "as T", "await "}
	rapid.Check(t, func(t *rapid.T) {
		script := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 60).Draw(t, "parts"), "")
		found := Read(script, "i.js")
		at := 0
		for _, w := range found.Words {
			if w.From < at || w.To > len(script) || script[w.From:w.To] != w.Name {
				t.Fatalf("word %+v in %q", w, script)
			}
			at = w.To
		}
		for _, u := range found.Uses {
			if u.From < 0 || u.To > len(script) || u.Line < 1 || u.Column < 1 {
				t.Fatalf("use %+v in %q", u, script)
			}
		}
		Requires(script, "i.js", "a")
	})
}

func BenchmarkRead(b *testing.B) {
	script := strings.Repeat("function f(a) { return g(function () { return h(a, [1, { x: `${a}` }], function () { const p = path.join(__dirname, 'x', a); return p; }); }); }\n", 2000)
	b.SetBytes(int64(len(script)))
	for b.Loop() {
		Read(script, "i.js")
	}
}

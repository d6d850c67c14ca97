package handlers

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

// project packs a function of files that are written for the test.
func project(t testing.TB, files map[string]string, f bundle.Function) bundle.Bundle {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.Name = "h"
	b, err := bundle.Build(root, f)
	if cerr := root.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return b
}

// entry packs one script, with the counting module beside it.
func entry(t *testing.T, script string, f bundle.Function) bundle.Bundle {
	t.Helper()
	f.Entry = "h.mjs"
	return project(t, map[string]string{"h.mjs": script, "counter.wasm": counter("")}, f)
}

// counter is a module with state whose import is of the given module.
func counter(from string) string { return string(wasmtest.Counter{From: from, Name: "f"}.Module()) }

// The ways in which glue code finds its module and its snippets, each reduced
// to the lines that a bundler trips over.
func TestGlueFindsItsModuleAndItsSnippets(t *testing.T) {
	t.Parallel()
	const tail = `
module.exports.f = () => {};
const wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes), { __wbindgen_placeholder__: module.exports }).exports;
module.exports.handler = () => { wasm.call(); return { uri: '/' + wasm.count() }; };
`
	nodejs := func(head string) map[string]string {
		return map[string]string{"pkg/x.js": head + tail, "pkg/x_bg.wasm": counter("__wbindgen_placeholder__")}
	}
	web := `let wasm;
async function __wbg_load(module, imports) {
  if (typeof Response === 'function' && module instanceof Response) {
    return await WebAssembly.instantiateStreaming(module, imports);
  }
  const instance = await WebAssembly.instantiate(module, imports);
  return instance instanceof WebAssembly.Instance ? { instance, module } : instance;
}
export function initSync({ module }) {
  if (!(module instanceof WebAssembly.Module)) module = new WebAssembly.Module(module);
  wasm = new WebAssembly.Instance(module, { wbg: { f() {} } }).exports;
}
export default async function __wbg_init({ module_or_path } = {}) {
  if (typeof module_or_path === 'undefined') {
    module_or_path = new URL('x_bg.wasm', import.meta.url);
  }
  if (typeof module_or_path === 'string' || (typeof URL === 'function' && module_or_path instanceof URL)) {
    module_or_path = fetch(module_or_path);
  }
  wasm = (await __wbg_load(await module_or_path, { wbg: { f() {} } })).instance.exports;
}
export function count() { wasm.call(); return wasm.count(); }
`
	webPackage := func(entry string) map[string]string {
		return map[string]string{"h.ts": entry, "pkg/x.js": web, "pkg/x_bg.wasm": counter("wbg")}
	}
	tests := map[string]struct {
		files map[string]string
		f     bundle.Function
	}{
		"target nodejs, path.join":  {nodejs("const path = require('path').join(__dirname, 'x_bg.wasm');\nconst bytes = require('fs').readFileSync(path);"), bundle.Function{Wasm: "pkg"}},
		"target nodejs, a template": {nodejs("const wasmPath = `${__dirname}/x_bg.wasm`;\nconst bytes = require('fs').readFileSync(wasmPath);"), bundle.Function{Wasm: "pkg/x_bg.wasm"}},
		"a concatenation":           {nodejs("const bytes = require('fs').readFileSync(__dirname + '/x_bg.wasm');"), bundle.Function{Wasm: "pkg"}},
		"a list of places to look":  {nodejs("const at = __dirname.split('/').map((_, i, all) => require('path').join(all.slice(0, i).join('/'), 'node_modules/x', './x_bg.wasm'));\nat.unshift(require('path').join(__dirname, './x_bg.wasm'));\nconst fs = require('fs');\nconst bytes = fs.readFileSync(at.find((p) => fs.existsSync(p)));"), bundle.Function{Wasm: "pkg"}},
		"path.resolve":              {nodejs("const bytes = require('fs').readFileSync(require('path').resolve(__dirname, \"x_bg.wasm\"));"), bundle.Function{Wasm: "pkg"}},
		"snippets by String.raw": {map[string]string{
			"pkg/x.js":      "const { one } = require(String.raw`./snippets/x-1a2b/inline0.js`);\nif (one() !== 1) throw new Error('no snippet');\nconst bytes = require('fs').readFileSync(require('path').join(__dirname, 'x_bg.wasm'));" + tail,
			"pkg/x_bg.wasm": counter("__wbindgen_placeholder__"), "pkg/snippets/x-1a2b/inline0.js": "export function one() { return 1 }",
		}, bundle.Function{Wasm: "pkg"}},
		"target bundler": {map[string]string{
			"pkg/x.js":    "import * as wasm from \"./x_bg.wasm\";\nexport * from \"./x_bg.js\";\nimport { __wbg_set_wasm } from \"./x_bg.js\";\n__wbg_set_wasm(wasm);\n",
			"pkg/x_bg.js": "let wasm;\nexport function __wbg_set_wasm(val) { wasm = val; }\nexport function f() {}\nexport function handler() { wasm.call(); return { uri: '/' + wasm.count() }; }\n", "pkg/x_bg.wasm": counter("./x_bg.js"),
		}, bundle.Function{Wasm: "pkg"}},
		"target bundler, older": {map[string]string{
			"pkg/x.js":    "import * as wasm from \"./x_bg.wasm\";\nexport * from \"./x_bg.js\";\n",
			"pkg/x_bg.js": "import * as wasm from './x_bg.wasm';\nexport function f() {}\nexport function handler() { wasm.call(); return { uri: '/' + wasm.count() }; }\n", "pkg/x_bg.wasm": counter("./x_bg.js"),
		}, bundle.Function{Wasm: "pkg"}},
		"target module": {map[string]string{
			"pkg/x.js":      "import source wasmModule from \"./x_bg.wasm\";\nexport function f() {}\nconst wasm = new WebAssembly.Instance(wasmModule, { './x_bg.js': { f } }).exports;\nexport function handler() { wasm.call(); return { uri: '/' + wasm.count() }; }\n",
			"pkg/x_bg.wasm": counter("./x_bg.js"),
		}, bundle.Function{Wasm: "pkg"}},
		"target experimental-nodejs-module": {map[string]string{
			"pkg/x.js":      "import { readFileSync } from 'node:fs';\nexport function f() {}\nconst wasm = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(new URL('x_bg.wasm', import.meta.url))), { './x_bg.js': { f } }).exports;\nexport function handler() { wasm.call(); return { uri: '/' + wasm.count() }; }\n",
			"pkg/x_bg.wasm": counter("./x_bg.js"),
		}, bundle.Function{Wasm: "pkg"}},
		"target web, started without arguments": {webPackage("import init, { count } from './pkg/x.js';\nlet ready: Promise<void>;\nexport const handler = async () => { await (ready ??= init()); return { uri: '/' + count() }; };"), bundle.Function{Entry: "h.ts"}},
		"target web, started with its module":   {webPackage("import init, { count } from './pkg/x.js';\nimport module_or_path from './pkg/x_bg.wasm';\nlet ready: Promise<void>;\nexport const handler = async () => { await (ready ??= init({ module_or_path })); return { uri: '/' + count() }; };"), bundle.Function{Entry: "h.ts"}},
		"target web, started at once":           {webPackage("import { initSync, count } from './pkg/x.js';\nimport module from './pkg/x_bg.wasm';\ninitSync({ module });\nexport const handler = () => ({ uri: '/' + count() });"), bundle.Function{Entry: "h.ts"}},
		"target web, newer, its module imported": {map[string]string{
			"h.ts":     "import { initSync, count } from './pkg/x.js';\nimport module from './pkg/x_bg.wasm';\ninitSync({ module });\nexport const handler = () => ({ uri: '/' + count() });",
			"pkg/x.js": strings.ReplaceAll(web, "wbg: {", "'./x_bg.js': {"), "pkg/x_bg.wasm": counter("./x_bg.js"),
		}, bundle.Function{Entry: "h.ts"}},
		"target web, newer, started without arguments": {map[string]string{
			"h.ts":     "import init, { count } from './pkg/x.js';\nlet ready: Promise<unknown>;\nexport const handler = async () => { await (ready ??= init()); return { uri: '/' + count() }; };",
			"pkg/x.js": strings.ReplaceAll(web, "wbg: {", "'./x_bg.js': {"), "pkg/x_bg.wasm": counter("./x_bg.js"),
		}, bundle.Function{Entry: "h.ts"}},
		"a module's exports by their names": {map[string]string{"h.mjs": "import { count } from './c.wasm';\nexport const handler = () => ({ uri: '/' + count() });", "c.wasm": counter("")}, bundle.Function{Entry: "h.mjs"}},
		"a required module":                 {map[string]string{"h.cjs": "const c = require('./c.wasm');\nexports.handler = () => ({ uri: '/' + c.count() });", "c.wasm": counter("")}, bundle.Function{Entry: "h.cjs"}},
		"a module of a package":             {map[string]string{"h.mts": "import m from 'p/c.wasm';\nconst { count } = new WebAssembly.Instance(m).exports as any;\nexport const handler = () => ({ uri: '/' + count() });", "node_modules/p/c.wasm": counter("")}, bundle.Function{Entry: "h.mts"}},
		"require.resolve beside":            {map[string]string{"h.cjs": "const { count } = new WebAssembly.Instance(new WebAssembly.Module(require('fs').readFileSync(require.resolve('./c.wasm')))).exports;\nexports.handler = () => ({ uri: '/' + count(), at: undefined && __dirname });", "c.wasm": counter("")}, bundle.Function{Entry: "h.cjs"}},
		"require.resolve of a package's":    {map[string]string{"h.cjs": "const { count } = new WebAssembly.Instance(new WebAssembly.Module(require('fs').readFileSync(require.resolve('p/c.wasm')))).exports;\nexports.handler = () => ({ uri: '/' + count() });", "node_modules/p/c.wasm": counter("")}, bundle.Function{Entry: "h.cjs"}},
		"import.meta that is given a url":   {map[string]string{"h.mjs": "import { readFileSync } from 'fs';\nif (typeof import.meta.url === 'undefined') { import.meta.url = 'https://localhost'; }\nconst { url } = import.meta;\nconst { count } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(new URL('./c.wasm', url)))).exports;\nexport const handler = () => ({ uri: '/' + count() });", "c.wasm": counter("")}, bundle.Function{Entry: "h.mjs"}},
		"a path from import.meta.dirname":   {map[string]string{"h.mjs": "import { readFileSync } from 'fs';\nconst { count } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(import.meta.dirname + '/c.wasm'))).exports;\nexport const handler = () => ({ uri: '/' + count() });", "c.wasm": counter("")}, bundle.Function{Entry: "h.mjs"}},
		"a default export":                  {map[string]string{"h.mjs": "let n = 0;\nexport default async () => ({ uri: '/' + ++n });"}, bundle.Function{Entry: "h.mjs"}},
		"a default export with a handler":   {map[string]string{"h.ts": "let n = 0;\nexport default { async handler(): Promise<any> { return { uri: '/' + ++n } } };"}, bundle.Function{Entry: "h.ts"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := project(t, tt.files, tt.f)
			onEachNode(t, func(t *testing.T, node string) {
				e := event("viewer-request", "")
				s := run(t, node, b, e, e)
				if s.Load != "" || s.Parameters != 2 {
					t.Fatalf("%s; %d parameters", s.Load, s.Parameters)
				}
				for i, want := range []string{"/1", "/2"} {
					if o := s.Outcomes[i]; o.Result["uri"] != want || o.Error != "" || len(o.Logs) > 0 {
						t.Errorf("event %d gave %v, error %q, logs %v; want %s", i, o.Result, o.Error, o.Logs, want)
					}
				}
			})
		})
	}
}

// Two packages call their module index_bg.wasm; each must get its own.
func TestModulesOfTheSameNameDoNotMeet(t *testing.T) {
	t.Parallel()
	glue := func(from string) string {
		return "const bytes = require('fs').readFileSync(require('path').join(__dirname, 'index_bg.wasm'));\n" +
			"exports.imports = () => WebAssembly.Module.imports(new WebAssembly.Module(bytes))[0].module;\n"
	}
	b := project(t, map[string]string{
		"h.js":                         "exports.handler = () => ({ uri: '/' + require('a').imports() + require('b').imports() });",
		"node_modules/a/index.js":      glue("a"),
		"node_modules/a/index_bg.wasm": counter("a"),
		"node_modules/b/index.js":      glue("b"),
		"node_modules/b/index_bg.wasm": counter("b"),
	}, bundle.Function{Entry: "h.js"})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, event("viewer-request", ""))
		if s.Load != "" || s.Outcomes[0].Result["uri"] != "/ab" {
			t.Errorf("%s; %+v", s.Load, s.Outcomes)
		}
	})
}

func TestResultsBecomeWhatJSONCanSay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		returned string
		want     object
	}{
		"maps, as serde-wasm-bindgen makes them": {
			"new Map([['status', '200'], ['headers', new Map([['set-cookie', [new Map([['key', 'Set-Cookie'], ['value', 'a']]), { value: 'b' }]]])]])",
			object{"status": "200", "headers": object{"set-cookie": []any{object{"key": "Set-Cookie", "value": "a"}, object{"value": "b"}}}}},
		"a map within an object": {"({ status: '200', headers: new Map([['vary', [{ value: 'x' }]]]) })",
			object{"status": "200", "headers": object{"vary": []any{object{"value": "x"}}}}},
		"absent members":            {"({ status: '200', body: null, bodyEncoding: undefined, headers: { vary: [{ key: undefined, value: 'x' }] } })", object{"status": "200", "headers": object{"vary": []any{object{"value": "x"}}}}},
		"absent members of a map":   {"new Map([['status', '200'], ['body', null]])", object{"status": "200"}},
		"absent items":              {"({ headers: { vary: [null, { value: 'x' }, undefined] } })", object{"headers": object{"vary": []any{object{"value": "x"}}}}},
		"keys that are no texts":    {"new Map([[1, 'a']])", object{"1": "a"}},
		"a key that JavaScript has": {"new Map([['__proto__', 'a'], ['b', 1n]])", object{"__proto__": "a", "b": 1.0}},
		"what knows its own JSON":   {"({ date: new Date(0) })", object{"date": "1970-01-01T00:00:00.000Z"}},
		"a promise":                 {"Promise.resolve(new Map([['a', 'b']]))", object{"a": "b"}},
	}
	onEachNode(t, func(t *testing.T, node string) {
		for name, tt := range tests {
			s := run(t, node, entry(t, "export const handler = () => "+tt.returned+";", bundle.Function{}), event("viewer-request", ""))
			if s.Load != "" || s.Outcomes[0].Error != "" {
				t.Errorf("%s: %s %s", name, s.Load, s.Outcomes[0].Error)
				continue
			}
			if diff := cmp.Diff(tt.want, s.Outcomes[0].Result); diff != "" {
				t.Errorf("%s: -want +got\n%s", name, diff)
			}
		}
	})
}

// A handler may keep what it returned and return it again; and what needs no
// mending must not cost a copy.
func TestResultsAreTheSameValueOrACopyAndNeverChanged(t *testing.T) {
	t.Parallel()
	b := entry(t, "export const handler = (event) => event.returned;", bundle.Function{OnError: "continue"})
	const script = `const assert = require('node:assert');
const { handler } = require('./index.js');
const ask = (returned) => handler({ returned, Records: [{ cf: { request: {}, config: {} } }] });
const deeply = (v) => { if (typeof v === 'object' && v) Object.values(Object.freeze(v)).forEach(deeply); return v; };
(async () => {
  const sound = deeply({ uri: '/', n: 0, f: false, s: '', headers: { a: [{ value: 'x' }] } });
  assert.strictEqual(await ask(sound), sound);
  const kept = deeply({ uri: null, list: [null, 1], headers: new Map([['vary', null], ['age', [1]]]) });
  for (let i = 0; i < 2; i++) {
    assert.deepStrictEqual(await ask(kept), { list: [1], headers: { age: [1] } });
  }
  assert.strictEqual(kept.headers.size, 2);
  assert.strictEqual(await ask(undefined), undefined);
  assert.strictEqual(await ask(null), null);
  // Twice the work at each level would never end here.
  let far = null;
  for (let i = 0; i < 40; i++) far = i % 2 ? { sound, far } : [sound, far];
  assert.strictEqual(JSON.stringify(await ask(far)), JSON.stringify(far).replace('null', '').replace(',]', ']'));
  const held = [sound, 1];
  assert.strictEqual(await ask(held), held);
})().catch((err) => { console.error(err); process.exitCode = 1; });
`
	onEachNode(t, func(t *testing.T, node string) {
		cmd := exec.CommandContext(t.Context(), node, "-e", script)
		cmd.Dir = unpack(t, b.Zip)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func TestAGlueHandlerThatFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script, say string
		sentence    bool // that is all: a stack would lead into the trampoline
	}{
		"an exception":            {"throw new Error('no good')", "no good", false},
		"a rejection":             {"return Promise.reject(new TypeError('later'))", "later", false},
		"a text, as Rust's Err":   {"throw 'plain text'", "the handler threw plain text", true},
		"a value, as Rust's Err":  {"const value = { code: 7n }; value.self = value; throw value", "the handler threw <ref *1> { code: 7n, self: [Circular *1] }", true},
		"a trap":                  {"trap()", "unreachable", false},
		"an instance of a class":  {"class Response { __wbg_ptr = 1 }; return { headers: new Response() }", "an instance of Response, whose members stay in WebAssembly", true},
		"a number too large":      {"return { a: 2n ** 60n }", "1152921504606846976n, which JSON cannot say exactly", true},
		"a result in a circle":    {"const a = { b: [1, new Map()] }; a.b[1].set('c', a); return a", "the result.b[1].c is the result again, so it cannot be written as JSON", true},
		"a result without an end": {"let a = null; for (let i = 0; i < 1e5; i++) a = { a }; return a", "the result has more than 200 levels", true},
		"a circle far inside":     {"let a = { s: {} }; a.x = a; for (let i = 0; i < 30; i++) a = { l: a, r: a }; return a", ".x is the result.l.l", true},
	}
	const head = "import { trap } from './counter.wasm';\nexport const handler = (event) => {\n  const { cf } = event.Records[0];\n  const { request } = cf;\n  if (request.uri === '/good') return request;\n  request.uri = '/changed';\n  delete (cf.response ?? request).headers;\n  "
	for name, tt := range tests {
		for _, mode := range []string{"fail", "continue"} {
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				b := entry(t, head+tt.script+"\n};", bundle.Function{OnError: mode})
				onEachNode(t, func(t *testing.T, node string) {
					good := event("viewer-request", "")
					subject(good, "request")["uri"] = "/good"
					events := []object{event("viewer-request", ""), event("origin-response", ""), good}
					want := []object{subject(event("viewer-request", ""), "request"), subject(event("origin-response", ""), "response"), subject(good, "request")}
					s := run(t, node, b, events...)
					for i, o := range s.Outcomes[:2] {
						if mode == "fail" {
							want[i] = nil
						}
						if diff := cmp.Diff(want[i], o.Result); diff != "" {
							t.Errorf("event %d: -want +got\n%s", i, diff)
						}
						if got := o.Error != ""; got != (mode == "fail") || got && !strings.Contains(o.Error, tt.say) {
							t.Errorf("event %d: error %q", i, o.Error)
						}
						if log := strings.Join(o.texts("error"), "\n"); !strings.Contains(log, tt.say) || strings.Contains(log, "    at ") == tt.sentence {
							t.Errorf("event %d: want %q in the log, stack %v, got %s", i, tt.say, !tt.sentence, log)
						}
					}
					if diff := cmp.Diff(want[2], s.Outcomes[2].Result); diff != "" {
						t.Errorf("the event after it: -want +got\n%s", diff)
					}
				})
			})
		}
	}
}

// A handler that calls import() writes no line to the log.
func TestWhatIsImportedLaterIsThereAndNothingIsLogged(t *testing.T) {
	t.Parallel()
	b := project(t, map[string]string{
		"h.mjs":     "export const handler = async (event) => {\n  const fs = await import('node:fs'), { sleep } = await import('./later.mjs'), cjs = await import('./later.cjs');\n  await sleep(1);\n  return { uri: [typeof fs.default.readFileSync, typeof fs.readFileSync, cjs.default.a, cjs.a].join() };\n};",
		"later.mjs": "export { setTimeout as sleep } from 'node:timers/promises';", "later.cjs": "exports.a = 1;",
	}, bundle.Function{Entry: "h.mjs"})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, event("viewer-request", ""))
		if o := s.Outcomes[0]; s.Load != "" || len(s.LoadLogs) > 0 || len(o.Logs) > 0 || o.Result["uri"] != "function,function,1,1" {
			t.Errorf("%s; logged %v; %+v", s.Load, s.LoadLogs, o)
		}
	})
}

// After a trap memory may be in any state, so the next event gets a new
// instance, however deep the trap is hidden. An exception costs nothing.
func TestOnlyATrapCostsAGlueInstance(t *testing.T) {
	t.Parallel()
	b := entry(t, `import { count, trap } from './counter.wasm';
const deep = () => deep() + 1;
export const handler = async (event) => {
  const { request } = event.Records[0].cf;
  const n = String(count());
  switch (request.querystring) {
    case 'throw': throw new Error('no');
    case 'trap': trap();
    case 'wrapped': try { trap(); } catch (cause) { throw new Error('wrapped', { cause }); }
    case 'deep': deep();
  }
  return { n };
};`, bundle.Function{OnError: "continue"})
	with := func(query string) object {
		e := event("viewer-request", "")
		subject(e, "request")["querystring"] = query
		return e
	}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, with(""), with(""), with("throw"), with(""), with("trap"), with(""), with("wrapped"), with(""), with("deep"), with(""))
		var got []any
		for _, o := range s.Outcomes {
			got = append(got, o.Result["n"])
		}
		if diff := cmp.Diff([]any{"1", "2", nil, "4", nil, "1", nil, "1", nil, "1"}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// Each trap leaves an instance behind, and a memory of four gigabytes of
// addresses; a handler that always traps must not run out of them.
func TestAThousandTrapsLeaveAWorkingGlueHandler(t *testing.T) {
	t.Parallel()
	b := entry(t, "import { count, trap } from './counter.wasm';\nexport const handler = (event) => event.Records[0].cf.request.uri === '/a' ? trap() : { n: String(count()) };", bundle.Function{OnError: "continue"})
	last := event("viewer-request", "")
	subject(last, "request")["uri"] = "/b"
	events := append(slices.Repeat([]object{event("viewer-request", "")}, 1000), last)
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		if got := s.Outcomes[1000]; got.Result["n"] != "1" {
			t.Errorf("got %v, error %q, logs %v", got.Result, got.Error, got.Logs)
		}
	})
}

// Memories of Wasm are large: what a trap ended must not stay reachable.
func TestAHandlerThatTrappedIsForgotten(t *testing.T) {
	t.Parallel()
	b := entry(t, `import { trap } from './counter.wasm';
const held = {};
(globalThis.seen ??= []).push(new WeakRef(held));
export const handler = () => { held.used = true; trap(); };`, bundle.Function{OnError: "continue"})
	const script = `console.error = () => {};
const { handler } = require('./index.js');
(async () => {
  for (let i = 0; i < 5; i++) await handler({ Records: [{ cf: { request: {}, config: {} } }] });
  await new Promise((done) => setTimeout(done, 10)); // a WeakRef is strong until its turn is over
  gc();
  process.stdout.write(seen.length + ' ' + seen.filter((ref) => ref.deref()).length);
})();
`
	onEachNode(t, func(t *testing.T, node string) {
		cmd := exec.CommandContext(t.Context(), node, "--expose-gc", "-e", script)
		cmd.Dir = unpack(t, b.Zip)
		if out, err := cmd.Output(); err != nil || string(out) != "5 0" {
			t.Errorf("of the handlers %s are kept, want 5 0; %v", out, err)
		}
	})
}

// What AWS published for callbacks runs as it is, on Node.js 24 too, where Lambda
// itself takes none.
func TestAnEntryMayHaveACallback(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, say string }{
		"its result":             {"callback(null, changed);", ""},
		"later":                  {"setTimeout(() => callback(null, changed), 5);", ""},
		"in an async one":        {"callback(null, changed); await null;", ""},
		"a promise after all":    {"return changed;", ""},
		"the first one counts":   {"callback(null, changed); callback(new Error('late')); return {};", ""},
		"its error":              {"callback(new Error('refused'));", "refused"},
		"a text":                 {"callback('refused');", "refused"},
		"what it throws":         {"throw new Error('refused');", "refused"},
		"null for no error":      {"callback(undefined, changed);", ""},
		"the event loop's own":   {"context.callbackWaitsForEmptyEventLoop = false; callback(null, changed);", ""},
		"the configuration, too": {"callback(null, { ...changed, uri: context.config.uri });", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := ""
			if strings.Contains(tt.body, "await") || strings.Contains(tt.body, "return") {
				kind = "async "
			}
			b := project(t, map[string]string{"h.js": "exports.handler = " + kind + "(event, context, callback) => {\nconst changed = { ...event.Records[0].cf.request, uri: '/changed' };\n" + tt.body + "\n};"},
				bundle.Function{Entry: "h.js", Config: map[string]any{"uri": "/changed"}})
			onEachNode(t, func(t *testing.T, node string) {
				e := event("viewer-request", "")
				s := run(t, node, b, e)
				if s.Load != "" {
					t.Fatal(s.Load)
				}
				if tt.say != "" {
					if !strings.Contains(s.Outcomes[0].Error, tt.say) {
						t.Errorf("failed with %q, want %q", s.Outcomes[0].Error, tt.say)
					}
					return
				}
				if s.Outcomes[0].Result["uri"] != "/changed" {
					t.Errorf("%+v", s.Outcomes[0])
				}
			})
		})
	}
}

func TestAGlueHandlerThatCannotStart(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ script, say string }{
		"an exception at load":         {"throw new Error('at load');\nexport const handler = () => 1;", "at load"},
		"no function":                  {"export const handler = 'index.js';", "exports no function handler: write"},
		"no handler in CommonJS":       {"export { x as handler } from './x.cjs';", "exports no function handler: write"},
		"code that the engine refuses": {"import m from './bad.wasm';\nexport const handler = () => m;", "CompileError"},
	}
	bad := wasmtest.Host{Handle: []byte{0x6a}}.Module()
	for name, tt := range tests {
		for _, mode := range []string{"fail", "continue"} {
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				b := project(t, map[string]string{"h.mjs": tt.script, "x.cjs": "exports.y = 1", "bad.wasm": string(bad)}, bundle.Function{Entry: "h.mjs", OnError: mode})
				onEachNode(t, func(t *testing.T, node string) {
					e := event("viewer-request", "")
					s := run(t, node, b, e)
					if mode == "fail" {
						if !strings.Contains(s.Load, tt.say) {
							t.Errorf("load gave %q, want %q", s.Load, tt.say)
						}
						return
					}
					if s.Load != "" {
						t.Fatal(s.Load)
					}
					if diff := cmp.Diff(subject(e, "request"), s.Outcomes[0].Result); diff != "" {
						t.Errorf("the event did not pass: -want +got\n%s", diff)
					}
				})
			})
		}
	}
}

func TestAGlueHandlerGetsItsConfiguration(t *testing.T) {
	t.Parallel()
	script := `export const handler = (event, context) => {
  'use strict';
  let frozen = 'no';
  try { context.config.list?.push(1) ?? (context.config.a = 1); } catch { frozen = 'yes'; }
  return { config: context.config, frozen, id: context.awsRequestId };
};`
	config := map[string]any{"word": "grüße", "list": []any{"a", map[string]any{"b": true}}}
	want := map[string]object{
		"some": {"config": object(config), "frozen": "yes", "id": "00000000-0000-4000-8000-000000000000"},
		"none": {"config": object{}, "frozen": "yes", "id": "00000000-0000-4000-8000-000000000000"},
	}
	for name, c := range map[string]map[string]any{"some": config, "none": nil} {
		b := entry(t, script, bundle.Function{Config: c})
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b, event("viewer-request", ""))
				if diff := cmp.Diff(want[name], s.Outcomes[0].Result); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		})
	}
}

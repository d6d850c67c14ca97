package handlers

import (
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// What lies beside a script in the project is found from the packed zip, in
// whatever way the script names it. Each says "yes".
func TestFilesBesideAScriptAreThere(t *testing.T) {
	t.Parallel()
	const data = `{"a":"yes"}`
	answer := "export const handler = async () => ({ uri: '/' + await a() });\n"
	tests := map[string]struct{ entry, files string }{ // files as name=text, in lines
		"beside a package's folder": {"import { a } from 'p';\n" + answer,
			"node_modules/p/package.json={\"main\":\"lib/i.js\"}\nnode_modules/p/lib/i.js=const fs = require('fs'), path = require('path'); const D = path.join(path.dirname(__dirname), 'data'); exports.a = () => JSON.parse(fs.readFileSync(path.join(D, 'x.json'))).a;\nnode_modules/p/data/x.json=" + data},
		"two of one name": {"import { a as b } from 'p'; import { a as c } from 'q'; const a = () => b() + c();\n" + answer,
			"node_modules/p/index.js=exports.a = () => require('fs').readFileSync(__dirname + '/x.txt', 'utf8');\nnode_modules/p/x.txt=y\nnode_modules/q/index.mjs=import fs from 'fs'; export const a = () => fs.readFileSync(new URL('x.txt', import.meta.url), 'utf8');\nnode_modules/q/package.json={\"exports\":\"./index.mjs\"}\nnode_modules/q/x.txt=es"},
		"an address":               {"import { readFile } from 'node:fs/promises';\nconst a = async () => JSON.parse(await readFile(new URL('./x.json', import.meta.url), 'utf8')).a;\n" + answer, "x.json=" + data},
		"above the script":         {"import { readFileSync } from 'node:fs'; import { join } from 'node:path';\nconst a = () => readFileSync(join(import.meta.dirname, '..', 'data/x.txt'), 'utf8');\n" + answer, "data/x.txt=yes"},
		"a stream":                 {"import { createReadStream } from 'node:fs';\nconst a = async () => (await createReadStream(new URL('./x.txt', import.meta.url)).toArray()).join('');\n" + answer, "x.txt=yes"},
		"fetched":                  {"const a = async () => (await fetch(new URL('./x.txt', import.meta.url))).text();\n" + answer, "x.txt=yes"},
		"a module that is fetched": {"const url = new URL('m.wasm', import.meta.url).href;\nconst a = async () => (await WebAssembly.instantiateStreaming(fetch(url, { credentials: 'same-origin' }), {})).instance.exports.count() === 1 ? 'yes' : 'no';\n" + answer, "m.wasm=COUNTER"},
		"a module named elsewhere": {"import { load } from 'p'; const a = () => load();\n" + answer,
			"node_modules/p/package.json={\"exports\":\"./i.mjs\"}\nnode_modules/p/i.mjs=import { p } from './lib/path.mjs'; import { readFileSync } from 'fs'; export const load = () => new WebAssembly.Instance(new WebAssembly.Module(readFileSync(p('m.wasm')))).exports.count() ? 'yes' : 'no';\nnode_modules/p/lib/path.mjs=import { fileURLToPath } from 'url'; export const p = (n) => fileURLToPath(new URL(n, import.meta.url));\nnode_modules/p/lib/m.wasm=COUNTER"},
		"createRequire":      {"import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\nconst a = () => require('./x.json').a;\n" + answer, "x.json=" + data},
		"require.resolve":    {"import { readFileSync } from 'fs';\nimport { at } from './r.cjs'; const a = () => readFileSync(at, 'utf8');\n" + answer, "r.cjs=exports.at = require.resolve('p/x.txt');\nnode_modules/p/x.txt=yes"},
		"an import of text":  {"import html from './x.html'; import svg from './x.svg'; const a = () => html + svg;\n" + answer, "x.html=ye\nx.svg=s"},
		"an import of bytes": {"import png from './x.png'; const a = () => String.fromCharCode(...png);\n" + answer, "x.png=yes"},
		"?raw":               {"import js from './x.js?raw'; const a = () => js;\n" + answer, "x.js=yes"},
		"?url":               {"import url from './x.txt?url'; import { readFileSync } from 'fs'; const a = () => readFileSync(new URL(url), 'utf8');\n" + answer, "x.txt=yes"},
		"?url, fetched":      {"import url from './m.wasm?url'; const a = async () => (await WebAssembly.instantiateStreaming(fetch(url))).instance.exports.count() ? 'yes' : '';\n" + answer, "m.wasm=COUNTER"},
		"?init":              {"import init from './m.wasm?init'; const a = async () => (await init({})).exports.count() ? 'yes' : '';\n" + answer, "m.wasm=COUNTER"},
		"?module":            {"import m from './m.wasm?module'; const a = async () => new WebAssembly.Instance(m).exports.count() ? 'yes' : '';\n" + answer, "m.wasm=COUNTER"},
		"a worker": {"import { Worker } from 'node:worker_threads'; import { once } from 'node:events';\nconst a = async () => (await once(new Worker(new URL('./w.ts', import.meta.url)), 'message'))[0];\n" + answer,
			"w.ts=import { parentPort } from 'node:worker_threads'; import { readFileSync } from 'node:fs'; import { e } from './e.ts'; (parentPort as any).postMessage(readFileSync(new URL('./x.txt', import.meta.url), 'utf8') + e);\ne.ts=export const e: string = 'es';\nx.txt=y"},
		"a worker of a package": {"import { a } from 'p';\n" + answer,
			"node_modules/p/package.json={\"main\":\"lib/i.js\"}\nnode_modules/p/lib/i.js=const { Worker } = require('worker_threads'), path = require('path'); exports.a = () => new Promise((done, fail) => new Worker(path.join(__dirname, 'w.js')).on('message', done).on('error', fail));\nnode_modules/p/lib/w.js=require('worker_threads').parentPort.postMessage(require('fs').readFileSync(__dirname + '/../x.txt', 'utf8'));\nnode_modules/p/x.txt=yes"},
		"with top-level await": {"import { readFileSync } from 'node:fs';\nconst text = await Promise.resolve(readFileSync(new URL('./x.txt', import.meta.url), 'utf8')); const a = () => text;\n" + answer, "x.txt=yes"},
		"what AssemblyScript writes": {"import { a } from './build.js';\n" + answer,
			"build.js=async function instantiate(module, imports = {}) { const { exports } = await WebAssembly.instantiate(module, imports); return { a: () => (exports.count() ? 'yes' : 'no') }; } export const { a } = await (async url => instantiate(await (async () => { const isNodeOrBun = typeof process != 'undefined' && process.versions != null && process.versions.node != null; if (isNodeOrBun) { return globalThis.WebAssembly.compile(await (await import('node:fs/promises')).readFile(url)); } else { return await globalThis.WebAssembly.compileStreaming(globalThis.fetch(url)); } })(), {}))(new URL('release.wasm', import.meta.url));\nrelease.wasm=COUNTER"},
		"what jco transpile writes": {"import { a } from './c.js';\n" + answer,
			"c.js=const isNode = typeof process !== 'undefined' && process.versions && process.versions.node; let _fs; async function fetchCompile (url) { if (isNode) { _fs = _fs || await import('node:fs/promises'); return WebAssembly.compile(await _fs.readFile(url)); } return fetch(url).then(WebAssembly.compileStreaming); } let count; const $init = (async () => { const module0 = fetchCompile(new URL('./c.core.wasm', import.meta.url)); ({ exports: { count } } = await WebAssembly.instantiate(await module0)); })(); await $init; export const a = () => (count() ? 'yes' : 'no');\nc.core.wasm=COUNTER"},
		"a module that is imported": {"import m from './m.wasm'; import { readFileSync } from 'fs';\nconst { count } = new WebAssembly.Instance(m).exports, again = readFileSync(import.meta.dirname + '/m.wasm'); const a = () => count() && again.length ? 'yes' : '';\n" + answer, "m.wasm=COUNTER"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"src/h.mjs": tt.entry}
			for line := range strings.SplitSeq(tt.files, "\n") {
				file, text, _ := strings.Cut(line, "=")
				if !strings.HasPrefix(file, "node_modules/") && !strings.HasPrefix(file, "data/") {
					file = "src/" + file
				}
				files[file] = strings.ReplaceAll(text, "COUNTER", counter(""))
			}
			b := project(t, files, bundle.Function{Entry: "src/h.mjs", Runtime: "nodejs22.x"})
			if len(b.Warnings) > 0 {
				t.Errorf("warnings %q", b.Warnings)
			}
			modules := 0
			for _, f := range b.Files {
				if strings.HasSuffix(f.Name, ".wasm") {
					modules++
				}
			}
			if modules > 1 {
				t.Errorf("the module is there %d times: %v", modules, b.Files)
			}
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b, event("viewer-request", ""), event("viewer-request", ""))
				if s.Load != "" || len(s.LoadLogs) > 0 {
					t.Fatalf("%s; logged %v", s.Load, s.LoadLogs)
				}
				for _, o := range s.Outcomes {
					if o.Result["uri"] != "/yes" || len(o.Logs) > 0 {
						t.Errorf("%+v", o)
					}
				}
			})
		})
	}
}

// A handler that awaits where it is loaded is loaded before its first event,
// fails as others do, and is made anew after a trap.
func TestAHandlerThatAwaitsWhereItIsLoaded(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"dep.mjs":      "import { setTimeout } from 'node:timers/promises';\nawait setTimeout(5);\nexport const { Buffer } = await import('node:buffer');\n",
		"cjs.cjs":      "exports.sep = require('path').sep;",
		"counter.wasm": counter(""),
		"h.mjs": "import { Buffer } from './dep.mjs';\nimport { sep } from './cjs.cjs';\nimport { count, trap } from './counter.wasm';\n" +
			"export const handler = async (event, context) => event.Records[0].cf.request.uri === '/trap' ? trap() : { uri: sep + count() + Buffer.from('x') + context.config.c };\n",
	}
	trap := event("viewer-request", "")
	subject(trap, "request")["uri"] = "/trap"
	b := project(t, files, bundle.Function{Entry: "h.mjs", OnError: "continue", Config: map[string]any{"c": "!"}})
	opened, err := bundle.Open(b.Zip)
	if err != nil || opened.Trampoline != b.Trampoline || opened.ABI != bundle.Glue || opened.Handler != b.Handler {
		t.Errorf("opened as trampoline %d of %q, handler %q, %v", opened.Trampoline, opened.ABI, opened.Handler, err)
	}
	files["h.mjs"] = "await 1;\nthrow new TypeError('at load');\nexport const handler = () => 1;\n"
	failing := project(t, files, bundle.Function{Entry: "h.mjs"})
	passing := project(t, files, bundle.Function{Entry: "h.mjs", OnError: "continue"})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, event("viewer-request", ""), event("viewer-request", ""), trap, event("viewer-request", ""))
		if s.Load != "" || len(s.LoadLogs) > 0 || s.Parameters != 2 {
			t.Fatalf("%s; logged %v; %d parameters", s.Load, s.LoadLogs, s.Parameters)
		}
		for i, want := range []string{"/1x!", "/2x!", "/trap", "/1x!"} {
			if got := s.Outcomes[i].Result["uri"]; got != want {
				t.Errorf("event %d gave %v, want %s; %+v", i, got, want, s.Outcomes[i])
			}
		}
		if log := strings.Join(s.Outcomes[2].texts("error"), "\n"); !strings.Contains(log, "unreachable") || !strings.Contains(log, "handler.js:") {
			t.Errorf("the trap was logged as %s", log)
		}
		if s := run(t, node, failing, event("viewer-request", "")); !strings.Contains(s.Load, "TypeError: at load") {
			t.Errorf("load gave %q", s.Load)
		}
		if s := run(t, node, passing, trap); s.Load != "" || s.Outcomes[0].Result["uri"] != "/trap" {
			t.Errorf("%s; %+v", s.Load, s.Outcomes)
		}
	})
}

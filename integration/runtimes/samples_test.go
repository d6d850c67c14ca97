package runtimes

// sample is a bundle.
type sample struct {
	handler string
	files   map[string]string
}

type files = map[string]string

// js is a bundle of one CommonJS file.
func js(text string) sample { return sample{"index.handler", files{"index.js": text}} }

// mjs is a bundle of one ES module.
func mjs(text string) sample { return sample{"index.handler", files{"index.mjs": text}} }

// body is a CommonJS handler with this body; asyncBody an async one.
func body(text string) sample      { return js("exports.handler = (event, context) => {" + text + "}") }
func asyncBody(text string) sample { return js("exports.handler = async (event) => {" + text + "}") }

// callback is a handler with a third parameter.
func callback(text string) sample {
	return js("exports.handler = (event, context, callback) => {" + text + "}")
}

const es = "export const handler = async (event) => ({ es: event.n });"
const cjs = "exports.handler = async (event) => ({ cjs: event.n });"

func samples() map[string]sample {
	all := map[string]sample{}
	for _, part := range []map[string]sample{extensions(), names(), exported(), broken(), calls(), callbacks(), ends()} {
		for name, s := range part {
			all[name] = s
		}
	}
	return all
}

// extensions say how a file is loaded.
func extensions() map[string]sample {
	module, common := `{"type":"module"}`, `{"type":"commonjs"}`
	return map[string]sample{
		"js":                       js(cjs),
		"mjs":                      mjs(es),
		"cjs":                      {"index.handler", files{"index.cjs": cjs}},
		"no extension":             {"index.handler", files{"index": cjs}},
		"no extension, ES":         {"index.handler", files{"index": es}},
		"a folder":                 {"index.handler", files{"index/index.js": cjs}},
		"a folder without index":   {"index.handler", files{"index/main.js": cjs}},
		"a folder beside a file":   {"index.handler", files{"index/other.js": "", "index.js": cjs}},
		"js before mjs and cjs":    {"index.handler", files{"index.js": cjs, "index.mjs": es, "index.cjs": "throw 1"}},
		"mjs before cjs":           {"index.handler", files{"index.mjs": es, "index.cjs": cjs}},
		"ES in js":                 js(es),
		"import in js":             js("import 'node:fs'; exports.handler = async () => 1"),
		"require in mjs":           mjs("require('fs'); export const handler = async () => 1"),
		"exports in mjs":           mjs(cjs),
		"ES in cjs":                {"index.handler", files{"index.cjs": es}},
		"type module":              {"index.handler", files{"index.js": es, "package.json": module}},
		"type module, CommonJS":    {"index.handler", files{"index.js": cjs, "package.json": module}},
		"type module, cjs":         {"index.handler", files{"index.cjs": cjs, "package.json": module}},
		"type commonjs, ES":        {"index.handler", files{"index.js": es, "package.json": common}},
		"type above":               {"lib/deep/index.handler", files{"lib/deep/index.js": es, "package.json": module}},
		"nearer type wins":         {"lib/index.handler", files{"lib/index.js": cjs, "lib/package.json": common, "package.json": module}},
		"nearer without type wins": {"lib/index.handler", files{"lib/index.js": es, "lib/package.json": "{}", "package.json": module}},
		"a broken package.json":    {"index.handler", files{"index.js": es, "package.json": "{"}},
		"package.json is null":     {"index.handler", files{"index.js": cjs, "package.json": "null"}},
		"json":                     {"index.handler", files{"index.json": `{"handler": 1}`}},
		"in node_modules":          {"own.handler", files{"node_modules/own/index.js": cjs}},
		"in NODE_PATH":             {"index.handler", files{"lib/other.js": "exports.n = 5", "index.js": "const o = require('lib/other'); exports.handler = async () => o"}},
	}
}

// names are ways to write a handler.
func names() map[string]sample {
	nested := "exports.v2 = { run: async () => 6, deep: { er: async () => 7 } };"
	return map[string]sample{
		"a path":                 {"lib/a/main.run", files{"lib/a/main.js": "exports.run = async () => 3"}},
		"a path with ./":         {"./lib/main.run", files{"lib/main.js": "exports.run = async () => 4"}},
		"a nested export":        {"index.v2.run", files{"index.js": nested}},
		"deeper":                 {"a/b.v2.deep.er", files{"a/b.js": nested}},
		"nested in ES":           {"index.v2.run", files{"index.mjs": "export const v2 = { run: async () => 8 }"}},
		"nested, missing":        {"index.v3.run", files{"index.js": nested}},
		"a dot in the file":      {"index.v2.handler", files{"index.v2.js": cjs}},
		"a dot in the folder":    {"lib.v2/index.handler", files{"lib.v2/index.js": cjs}},
		"no dot":                 {"index", files{"index.js": cjs}},
		"two dots":               {"../index.handler", files{"index.js": cjs}},
		"nothing after":          {"index.", files{"index.js": cjs}},
		"a repeated name":        {"a.b/a.b", files{"a.b/a.js": "exports.b = async () => 9"}},
		"missing file":           {"main.handler", files{"index.js": cjs}},
		"a space":                {"my index.handler", files{"my index.js": cjs}},
		"a percent sign":         {"a%41.handler", files{"a%41.mjs": es}},
		"a member of a function": {"index.a.b", files{"index.js": "exports.a = () => {}; exports.a.b = async () => 10"}},
	}
}

// exported are the ways to export.
func exported() map[string]sample {
	return map[string]sample{
		"missing export":        js("exports.other = async () => 1"),
		"no exports":            js(""),
		"missing in ES":         mjs("export const other = 1"),
		"a text":                js("exports.handler = 'x'"),
		"null":                  js("exports.handler = null"),
		"an object":             js("exports.handler = {}"),
		"a class":               js("exports.handler = class { constructor() { this.a = 1; } }"),
		"a bound function":      js("exports.handler = (async function () { return this.a; }).bind({ a: 2 })"),
		"module.exports":        js("module.exports = { handler: async () => 3 }"),
		"a function with it":    js("module.exports = Object.assign(() => 1, { handler: async () => 4 })"),
		"an instance":           js("class A { async handler() { return 5; } } module.exports = new A()"),
		"a getter":              js("Object.defineProperty(exports, 'handler', { get: () => async () => 6 })"),
		"exports null":          js("module.exports = null"),
		"exports a text":        js("module.exports = 'x'"),
		"default":               mjs("export default async () => 7"),
		"default with it":       mjs("export default { handler: async () => 8 }"),
		"default by its name":   {"index.default", files{"index.mjs": "export default async () => 9"}},
		"named before default":  mjs("export const handler = async () => 10; export default { handler: async () => 11 }"),
		"esModule":              js("Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { handler: async () => 12 }"),
		"assigned in a loop":    js("for (const k of ['handler']) exports[k] = async () => 13"),
		"re-exported":           {"index.handler", files{"index.mjs": "export * from './other.cjs'", "other.cjs": cjs}},
		"a promise of exports":  js("module.exports = Promise.resolve({ handler: async () => 14 })"),
		"an async function too": js("exports.handler = async function named(event, context) { return named.length; }"),
	}
}

// broken bundles do not load.
func broken() map[string]sample {
	return map[string]sample{
		"throws":                 js("throw new RangeError('x')"),
		"throws a text":          js("throw 'x'"),
		"throws null":            js("throw null"),
		"throws an object":       js("throw { code: 'MODULE_NOT_FOUND' }"),
		"throws in ES":           mjs("throw new TypeError('y')"),
		"a missing package":      js("require('nope')"),
		"a missing package, ES":  mjs("import 'nope'; export const handler = 1"),
		"a missing file":         js("require('./nope')"),
		"a missing file, ES":     mjs("import './nope.mjs'"),
		"a missing built-in":     js("require('node:nope')"),
		"a syntax error":         js("exports.handler = ("),
		"a syntax error further": {"index.handler", files{"index.js": "require('./other')", "other.js": "let let = 1"}},
		"a syntax error in ES":   mjs("export const = 1"),
		"its own SyntaxError":    js("throw new SyntaxError('mine')"),
		"bad JSON":               js("JSON.parse('{'); exports.handler = 1"),
		"no such name in ES":     {"index.handler", files{"index.mjs": "import { nope } from './o.mjs'; export const handler = nope", "o.mjs": "export {}"}},
		"requires ES": {"index.handler", files{
			"index.js": "const { n } = require('es'); exports.handler = async () => n", "node_modules/es/package.json": `{"type":"module","exports":"./index.js"}`, "node_modules/es/index.js": "export const n = 1"}},
		"imports ES later": {"index.handler", files{
			"index.js": "exports.handler = async () => (await import('es')).n", "node_modules/es/package.json": `{"type":"module","exports":"./index.js"}`, "node_modules/es/index.js": "export const n = 2"}},
		"requires an mjs":         {"index.handler", files{"index.js": "exports.handler = async () => require('./o.mjs').n", "o.mjs": "export const n = 3"}},
		"ES in a package without": {"index.handler", files{"index.mjs": "import { n } from 'es'; export const handler = async () => n", "node_modules/es/package.json": `{"exports":"./index.js"}`, "node_modules/es/index.js": "export const n = 4"}},
		"await at the top":        mjs("const n = await Promise.resolve(5); export const handler = async () => n"),
		"await in js":             js("const n = await Promise.resolve(5); exports.handler = async () => n"),
		"await that throws":       mjs("await Promise.reject(new Error('late')); export const handler = 1"),
	}
}

// calls end an event without a callback.
func calls() map[string]sample {
	return map[string]sample{
		"async":                  asyncBody("return { a: event.n }"),
		"undefined":              asyncBody(""),
		"a promise":              body("return new Promise((r) => setTimeout(() => r('later'), 20))"),
		"a thenable":             body("return { then(ok) { ok('thenable') } }"),
		"a thenable that waits":  body("return { then(ok) { setTimeout(ok, 10, 'thenable') } }"),
		"a thenable that throws": body("return { then() { throw new Error('then') } }"),
		"then is no function":    body("return { then: 1 }"),
		"no promise":             body("return { a: 1 }"),
		"nothing":                body(""),
		"a throw":                body("throw new TypeError('no')"),
		"an async throw":         asyncBody("throw new TypeError('no')"),
		"a thrown text":          asyncBody("throw 'no'"),
		"a thrown object":        asyncBody("throw { a: 1 }"),
		"a thrown undefined":     asyncBody("throw undefined"),
		"a thrown class":         asyncBody("class Mine extends Error { constructor(m) { super(m); this.name = 'Mine'; } } throw new Mine('own')"),
		"like an error":          asyncBody("throw { name: 'N', message: 'm', stack: 's' }"),
		"a BigInt":               asyncBody("return 1n"),
		"a circle":               asyncBody("const a = {}; a.a = a; return a"),
		"the context":            js("exports.handler = async (e, c) => [typeof c.succeed, typeof c.callbackWaitsForEmptyEventLoop, c.functionName, c.functionVersion, c.memoryLimitInMB, c.invokedFunctionArn, typeof c.getRemainingTimeInMillis()]"),
		"awslambda":              js("exports.handler = async () => [typeof awslambda.streamifyResponse, typeof awslambda.HttpResponseStream]"),
		"Node's switches":        js("exports.handler = async () => process.execArgv.filter((a) => a.startsWith('--no'))"),
	}
}

// callbacks end an event until Node.js 22.
func callbacks() map[string]sample {
	return map[string]sample{
		"a callback":                  callback("callback(null, { a: 1 })"),
		"a callback later":            callback("setTimeout(callback, 20, null, 2)"),
		"a callback's error":          callback("callback(new RangeError('no'))"),
		"a callback's text":           callback("callback('no')"),
		"a callback with false":       callback("callback(false, 3)"),
		"a callback with nothing":     callback("callback()"),
		"two callbacks":               callback("callback(null, 4); callback(null, 5)"),
		"a callback never":            callback("setTimeout(() => {}, 20)"),
		"a callback that waits":       callback("setTimeout(() => { globalThis.late = 1 }, 30); callback(null, 6)"),
		"a callback that does not":    callback("context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1e6); callback(null, 7)"),
		"a callback and a promise":    callback("callback(null, 8); return Promise.resolve(9)"),
		"a callback in async":         js("exports.handler = async (event, context, callback) => { callback(null, 10); }"),
		"a promise before a callback": js("exports.handler = async (event, context, callback) => { setTimeout(callback, 20, null, 11); return 12; }"),
		"a callback, then a throw":    callback("callback(null, 13); throw new Error('after')"),
		"a default parameter":         js("exports.handler = (event, context, callback = () => {}) => { callback(null, 14) }"),
		"a default before":            js("exports.handler = (event, context = {}, callback) => { callback(null, 15) }"),
		"a rest":                      js("exports.handler = (event, ...rest) => { rest.at(1)?.(null, 16); return Promise.resolve(17) }"),
		"arguments":                   js("exports.handler = function () { if (arguments[2]) arguments[2](null, 18); else return 19; }"),
		"four parameters":             js("exports.handler = async (a, b, c, d) => 20"),
		"succeed":                     body("context.succeed?.({ a: 21 })"),
		"fail":                        body("context.fail?.(new Error('no'))"),
		"fail with nothing":           body("context.fail?.()"),
		"done":                        body("context.done?.(null, 22)"),
		"done with an error":          body("context.done?.('no')"),
		"succeed and wait":            body("setInterval(() => {}, 1e6); (context.succeed ?? (() => process.exit(1)))(23)"),
		"a callback's BigInt":         callback("callback(null, 1n)"),
	}
}

// ends are the ends of processes.
func ends() map[string]sample {
	return map[string]sample{
		"an exit while loading":   js("process.exit(3)"),
		"an exit":                 asyncBody("process.exit(0)"),
		"a promise for ever":      body("return new Promise(() => {})"),
		"an uncaught error":       body("setTimeout(() => { throw new RangeError('late') }); return new Promise((r) => setTimeout(r, 1000))"),
		"a rejection":             body("Promise.reject(new RangeError('lost')); return new Promise((r) => setTimeout(r, 1000))"),
		"a rejection with a text": body("setTimeout(() => Promise.reject('lost')); return new Promise((r) => setTimeout(r, 1000))"),
		"await for ever":          mjs("await new Promise(() => {}); export const handler = 1"),
	}
}

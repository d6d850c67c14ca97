package node

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// nodes are the programs to test with. None is a failure and not a skip:
// without one this package tests nothing.
func nodes(t *testing.T) []Node {
	t.Helper()
	paths := []string{""}
	if list := os.Getenv("EDGEDEPLOY_TEST_NODES"); list != "" {
		paths = strings.Split(list, ",")
	}
	var all []Node
	for _, path := range paths {
		n, err := Find(t.Context(), path, os.Getenv("PATH"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func onEach(t *testing.T, test func(t *testing.T, n Node)) {
	t.Helper()
	for _, n := range nodes(t) {
		t.Run(n.Version, func(t *testing.T) {
			t.Parallel()
			test(t, n)
		})
	}
}

// zipped makes a bundle of files, of which some may be run.
func zipped(t *testing.T, files map[string]string, programs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o644)
		if slices.Contains(programs, name) {
			h.SetMode(0o755)
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// commonJS is a function with this body of index.js.
func commonJS(t *testing.T, script string) Function {
	t.Helper()
	return Function{
		Name: "f", Zip: zipped(t, map[string]string{"index.js": script}), Handler: "index.handler",
		Runtime: "nodejs24.x", MemoryMB: 128, Timeout: 20 * time.Second,
	}
}

func run(t *testing.T, n Node, f Function, events ...string) Session {
	t.Helper()
	var docs [][]byte
	for _, e := range events {
		docs = append(docs, []byte(e))
	}
	s, err := n.Run(t.Context(), f, docs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lines is one line for each outcome.
func lines(s Session) []string {
	var out []string
	for _, o := range s.Outcomes {
		if o.Error != nil {
			out = append(out, "error: "+o.Error.Error())
			continue
		}
		out = append(out, string(o.Result))
	}
	return out
}

func TestEventsGoToOneProcessInTurn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, n Node) {
		f := commonJS(t, `let n = 0; exports.handler = async (event) => ({ z: event.a, a: ++n });`)
		s := run(t, n, f, `{"a":1}`, "{\n\"a\": \"\u2028\u2029<\"}", `{"a":[]}`)
		want := []string{`{"z":1,"a":1}`, "{\"z\":\"\u2028\u2029<\",\"a\":2}", `{"z":[],"a":3}`}
		if diff := cmp.Diff(want, lines(s)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if s.Load != nil || s.Parameters != 1 || s.LoadTime <= 0 || s.Outcomes[0].Duration <= 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheHandlerLearnsNothingOfOurs(t *testing.T) {
	t.Setenv("EDGEDEPLOY_SECRET", "x")
	for _, n := range nodes(t) {
		f := commonJS(t, `exports.handler = async (e, c) => ({ env: process.env, tz: process.env.TZ, cwd: process.cwd() === __dirname,
			memory: c.memoryLimitInMB, left: c.getRemainingTimeInMillis() > 1000, argv: process.execArgv })`)
		s := run(t, n, f, `{}`)
		var got struct {
			Env    map[string]string
			CWD    bool
			Memory string
			Left   bool
			Argv   []string
		}
		if err := json.Unmarshal(s.Outcomes[0].Result, &got); err != nil {
			t.Fatal(err)
		}
		task := got.Env["LAMBDA_TASK_ROOT"]
		want := map[string]string{
			"_HANDLER": "index.handler", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_REGION": "eu-central-1",
			"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
			"AWS_LAMBDA_FUNCTION_NAME": "us-east-1.f", "AWS_LAMBDA_FUNCTION_VERSION": "1",
			"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
			"AWS_LAMBDA_LOG_GROUP_NAME":      "/aws/lambda/us-east-1.f", "AWS_LAMBDA_LOG_STREAM_NAME": "local",
			"LAMBDA_RUNTIME_DIR": "/var/runtime", "LAMBDA_TASK_ROOT": task, "LANG": "en_US.UTF-8",
			"NODE_PATH": task, "PATH": os.Getenv("PATH"), "TZ": "UTC",
		}
		if diff := cmp.Diff(want, got.Env); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if !got.CWD || got.Memory != "128" || !got.Left || !strings.Contains(strings.Join(got.Argv, " "), "--max-old-space-size=128") {
			t.Errorf("%+v", got)
		}
	}
}

// What a release does by default, and Lambda does not, is off.
func TestNodeRunsWithLambdasSwitches(t *testing.T) {
	t.Parallel()
	both := []string{noRequireES, noDetectES}
	tests := []struct {
		known []string
		major int
		want  []string
	}{
		{both, 20, []string{noRequireES}},
		{both, 22, both},
		{both, 24, both},
		{[]string{noDetectES}, 22, []string{noDetectES}},
		{nil, 26, nil},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, (Node{known: test.known}).switches(test.major), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%v on %d: -want +got\n%s", test.known, test.major, diff)
		}
	}
	for _, n := range nodes(t) {
		if n.Major >= 22 && n.Major <= 24 && len(n.known) != 2 {
			t.Errorf("%s knows %v", n.Version, n.known)
		}
	}
	only := "case \" $* \" in *require-module*) exit 9;; *) echo v20.11.0;; esac"
	path := filepath.Join(t.TempDir(), "node")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+only+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	old, err := Find(t.Context(), path, os.Getenv("PATH"))
	if err != nil || old.Version != "v20.11.0" || len(old.known) != 1 || old.known[0] != noDetectES {
		t.Errorf("%+v, %v", old, err)
	}
}

func TestAProgramInTheBundleRuns(t *testing.T) {
	t.Parallel()
	f := commonJS(t, "")
	f.Zip = zipped(t, map[string]string{
		"bin/tool": "#!/bin/sh\necho ran", "bin/text": "#!/bin/sh\necho ran",
		"index.js": `const run = (n) => { try { return require("child_process").execFileSync(__dirname + "/bin/" + n).toString() } catch (e) { return e.code } };
			exports.handler = async () => [run("tool"), run("text")]`,
	}, "bin/tool")
	if diff := cmp.Diff([]string{`["ran\n","EACCES"]`}, lines(run(t, nodes(t)[0], f, `{}`))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWhatJSONHidesIsNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value, result string
		hidden        []Hidden
	}{
		"undefined":                       {`undefined`, `null`, []Hidden{{Path: "", Kind: "undefined"}}},
		"null":                            {`null`, `null`, nil},
		"a Map":                           {`({ headers: new Map([["a", 1]]) })`, `{"headers":{}}`, []Hidden{{Path: "/headers", Kind: "Map", How: "emptied"}}},
		"a Set":                           {`new Set([1])`, `{}`, []Hidden{{Path: "", Kind: "Set", How: "emptied"}}},
		"numbers":                         {`({ a: [NaN, -Infinity, 1] })`, `{"a":[null,null,1]}`, []Hidden{{Path: "/a/0", Kind: "NaN"}, {Path: "/a/1", Kind: "-Infinity"}}},
		"functions":                       {`({ "a/b~": () => 1, s: Symbol("x"), u: undefined })`, `{}`, []Hidden{{Path: "/a~1b~0", Kind: "function"}, {Path: "/s", Kind: "symbol"}, {Path: "/u", Kind: "undefined"}}},
		"a date":                          {`({ d: new Date(0) })`, `{"d":"1970-01-01T00:00:00.000Z"}`, []Hidden{{"/d", "Date", "dated"}}},
		"an invalid date":                 {`({ d: new Date(NaN) })`, `{"d":null}`, []Hidden{{Path: "/d", Kind: "an invalid Date"}}},
		"a Headers":                       {`({ headers: new Headers({ a: "1" }) })`, `{"headers":{}}`, []Hidden{{"/headers", "Headers", "emptied"}}},
		"an empty Headers":                {`({ headers: new Headers(), m: new Map(), s: new Set() })`, `{"headers":{},"m":{},"s":{}}`, nil},
		"a query":                         {`({ q: new URLSearchParams("a=1") })`, `{"q":{}}`, []Hidden{{"/q", "URLSearchParams", "emptied"}}},
		"a form":                          {`(() => { const f = new FormData(); f.set("a", "1"); return { f }; })()`, `{"f":{}}`, []Hidden{{"/f", "FormData", "emptied"}}},
		"a Response":                      {`new Response("hi")`, `{}`, []Hidden{{"", "Response", "emptied"}}},
		"a promise":                       {`({ body: Promise.resolve("x") })`, `{"body":{}}`, []Hidden{{"/body", "Promise", "emptied"}}},
		"bytes":                           {`({ b: Buffer.from("a"), u: new Uint8Array(1) })`, `{"b":{"type":"Buffer","data":[97]},"u":{"0":0}}`, []Hidden{{"/b", "Buffer", "spelled"}, {"/u", "Uint8Array", "spelled"}}},
		"an ArrayBuffer":                  {`({ b: new ArrayBuffer(8), v: new DataView(new ArrayBuffer(8)) })`, `{"b":{},"v":{}}`, []Hidden{{"/b", "ArrayBuffer", "emptied"}, {"/v", "DataView", "emptied"}}},
		"an error":                        {`Object.assign(new TypeError("no"), { code: 1 })`, `{"code":1}`, []Hidden{{"", "TypeError", "emptied"}}},
		"an expression":                   {`({ r: /a/ })`, `{"r":{}}`, []Hidden{{"/r", "RegExp", "emptied"}}},
		"a weak map":                      {`({ m: new WeakMap() })`, `{"m":{}}`, []Hidden{{"/m", "WeakMap", "emptied"}}},
		"a generator":                     {`({ g: (function* () { yield 1; })() })`, `{"g":{}}`, []Hidden{{"/g", "", "emptied"}}},
		"a class above Map":               {`(() => { class Own extends Map {} return { headers: new Own([["a", 1]]) }; })()`, `{"headers":{}}`, []Hidden{{"/headers", "Own", "emptied"}}},
		"accessors":                       {`(() => { class Answer { get status() { return "200"; } go() {} } return new Answer(); })()`, `{}`, []Hidden{{"/status", "Answer", "unlisted"}}},
		"an accessor besides":             {`(() => { class Answer { status = "200"; get size() { return 1; } } return new Answer(); })()`, `{"status":"200"}`, []Hidden{{"/size", "Answer", "unlisted"}}},
		"inherited members":               {`Object.create({ status: "200" })`, `{}`, []Hidden{{"/status", "Object", "unlisted"}}},
		"a member that is not enumerable": {`Object.defineProperty({}, "status", { value: "200" })`, `{}`, []Hidden{{"/status", "Object", "unlisted"}}},
		"private fields":                  {`(() => { class Own { #a = 1; a() { return this.#a; } } return { headers: new Own() }; })()`, `{"headers":{}}`, []Hidden{{"/headers", "Own", "opaque"}}},
		"an instance that is plain data":  {`(() => { class Own { constructor() { this.status = "200"; } } return new Own(); })()`, `{"status":"200"}`, nil},
		"what says its JSON":              {`({ u: new URL("https://a/"), o: { toJSON: (key) => ({ key, m: new Map([[1, 1]]) }) } })`, `{"u":"https://a/","o":{"key":"o","m":{}}}`, []Hidden{{"/o/m", "Map", "emptied"}}},
		"a boxed text":                    {`({ s: new String("x"), n: new Number(1), b: new Boolean(true) })`, `{"s":"x","n":1,"b":true}`, nil},
		"no prototype":                    {`({ __proto__: null, a: Object.assign(Object.create(null), { b: 1 }) })`, `{"a":{"b":1}}`, nil},
		"an accessor of the object's own": {`({ get status() { return "200"; } })`, `{"status":"200"}`, nil},
		"another realm":                   {`require("vm").runInNewContext('({ status: "200", list: [1] })')`, `{"status":"200","list":[1]}`, nil},

		"the same twice": {`(() => { const a = [undefined]; return { a, b: a }; })()`, `{"a":[null],"b":[null]}`, []Hidden{{Path: "/a/0", Kind: "undefined"}}},
	}
	for _, n := range nodes(t) {
		for name, test := range tests {
			t.Run(n.Version+" "+name, func(t *testing.T) {
				t.Parallel()
				s := run(t, n, commonJS(t, `exports.handler = async () => `+test.value), `{}`)
				if diff := cmp.Diff([]string{test.result}, lines(s)); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if diff := cmp.Diff(test.hidden, s.Outcomes[0].Hidden, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		}
	}
}

// An event that kills its process costs that process only.
func TestFailuresAreOutcomes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ script, name, say string }{
		"a throw":          {`throw new TypeError("no")`, "TypeError", "no"},
		"a thrown text":    {`throw "no"`, "string", "no"},
		"a BigInt":         {`return { a: 1n }`, "Runtime.JSONStringifyError", "Unable to stringify response body"},
		"a circle":         {`const a = {}; a.a = a; return a`, "Runtime.JSONStringifyError", "Unable to stringify response body"},
		"an exit":          {`process.exit(7)`, crashed, "exit status 7"},
		"a rejection":      {`Promise.reject(new Error("lost")); return new Promise(() => setTimeout(() => {}, 1e6))`, "Error", "lost"},
		"a stray one":      {`Promise.reject(new Error("lost")); return {}`, "Error", "lost"},
		"a timer's throw":  {`setTimeout(() => { throw new Error("late") }); return new Promise(() => {})`, "Error", "late"},
		"a write to fd 3":  {`require("fs").writeSync(3, "x\n"); return {}`, crashed, "file descriptor 3"},
		"an endless loop":  {`for (;;);`, timedOut, "Task timed out after 2.00 seconds"},
		"an endless wait":  {`return new Promise(() => setInterval(() => {}, 1e6))`, timedOut, "Task timed out after 2.00 seconds"},
		"memory":           {`const a = []; for (;;) a.push(new Array(1e5).fill({}).map(() => ({ a: [1] })))`, crashed, "out of memory"},
		"a process behind": {`require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "inherit" }); process.kill(process.pid, "SIGKILL")`, crashed, "signal: killed"},
	}
	for _, n := range nodes(t) {
		for name, test := range tests {
			t.Run(n.Version+" "+name, func(t *testing.T) {
				t.Parallel()
				f := commonJS(t, `exports.handler = async (e) => { if (e.ok) return { ok: true }; `+test.script+` }`)
				if test.name == timedOut {
					f.Timeout = 2 * time.Second
				}
				if name == "memory" {
					f.MemoryMB = 24 // soon full
				}
				start := time.Now()
				s := run(t, n, f, `{"ok":1}`, `{}`, `{"ok":1}`)
				if len(s.Outcomes) != 3 || string(s.Outcomes[0].Result) != `{"ok":true}` || string(s.Outcomes[2].Result) != `{"ok":true}` {
					t.Fatalf("outcomes: %q", lines(s))
				}
				got := s.Outcomes[1].Error
				if got == nil || got.Name != test.name || !strings.Contains(got.Message, test.say) {
					t.Errorf("got %+v, want %s with %q", got, test.name, test.say)
				}
				if took := time.Since(start); took > 30*time.Second {
					t.Errorf("took %v", took)
				}
			})
		}
	}
}

func TestErrorsHaveTheirStack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, n Node) {
		s := run(t, n, commonJS(t, "exports.handler = async () => deeper();\nfunction deeper() { throw new Error('x'); }"), `{}`)
		if !strings.Contains(s.Outcomes[0].Error.Stack, "at deeper") || !strings.Contains(s.Outcomes[0].Error.Stack, "(index.js:2:") {
			t.Errorf("stack: %s", s.Outcomes[0].Error.Stack)
		}
	})
}

func TestLogsBelongToTheirEvent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, n Node) {
		f := commonJS(t, `console.log("loading %d", 1); exports.handler = async (e) => { console.warn("w", { a: 1 }); process.stdout.write("raw\n"); console.error(e.n); return null }`)
		s := run(t, n, f, `{"n":1}`, `{"n":2}`)
		if diff := cmp.Diff([]Log{{"log", "loading 1"}}, s.LoadLogs); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if diff := cmp.Diff([]Log{{"warn", "w { a: 1 }"}, {"stdout", "raw"}, {"error", "2"}}, s.Outcomes[1].Logs); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestWarningsOfNodeDoNotSayWhereTheBundleLies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, n Node) {
		s := run(t, n, commonJS(t, `process.emitWarning("see " + __filename); exports.handler = async () => console.log(__dirname)`), `{}`)
		if len(s.LoadLogs) == 0 || !strings.Contains(s.LoadLogs[0].Text, "see index.js") || !strings.HasPrefix(s.Outcomes[0].Logs[0].Text, "/") {
			t.Errorf("%+v, %+v", s.LoadLogs, s.Outcomes[0].Logs)
		}
	})
}

// Wherever a handler or an interpreter writes a path: it is Lambda's.
func TestNoTextNamesTheFolderThatABundleLiesIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, n Node) {
		const writes = `console.log(__dirname, new Error('a').stack); process.stderr.write(__filename); require('fs').writeSync(2, require('url').pathToFileURL(__filename).href);`
		s := run(t, n, commonJS(t, writes+`exports.handler = async (e) => { `+writes+` if (e.n) throw new Error(__filename); process.abort() }`), `{"n":1}`, `{"n":0}`)
		checkNames(t, s, "/var/task/index.js:1:")
		if s.Stray != "" && !strings.Contains(s.Stray, "file:///var/task/index.js") {
			t.Errorf("stray: %s", s.Stray)
		}
		s = run(t, n, commonJS(t, writes+"throw new Error(require('path').join(__dirname, 'x'))"), `{}`)
		checkNames(t, s, "/var/task/index.js:1:")
		if s.Load == nil || s.Load.Message != "x" {
			t.Errorf("%+v", s.Load)
		}
	})
}

func checkNames(t *testing.T, s Session, want string) {
	t.Helper()
	all := fmt.Sprintf("%+v %+v %+v", s.LoadLogs, s.Load, s.Stray)
	for _, o := range s.Outcomes {
		all += fmt.Sprintf("%+v %+v", o.Logs, o.Error)
	}
	if strings.Contains(all, "edgedeploy-") || strings.Count(all, want) < 1 {
		t.Errorf("want %s and no folder of this machine's: %s", want, all)
	}
}

func TestWritesPastTheConsoleAreKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, n Node) {
		s := run(t, n, commonJS(t, `exports.handler = async () => { require("fs").writeSync(2, "straight"); return {} }`), `{}`)
		if s.Stray != "straight" || string(s.Outcomes[0].Result) != "{}" {
			t.Errorf("%+v", s)
		}
	})
}

func TestLoadingMayFail(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files   map[string]string
		handler string
		runtime string
		say     string
	}{
		"no file":        {map[string]string{"main.js": ""}, "index.handler", "nodejs24.x", "Runtime.ImportModuleError: Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs"},
		"no export":      {map[string]string{"index.js": "exports.other = 1"}, "index.handler", "nodejs24.x", "Runtime.HandlerNotFound: index.handler is undefined or not exported"},
		"no such member": {map[string]string{"index.js": "exports.v2 = {}"}, "index.v2.run", "nodejs24.x", "Runtime.HandlerNotFound: index.v2.run is undefined or not exported"},
		"a text":         {map[string]string{"index.js": "exports.handler = 'x'"}, "index.handler", "nodejs24.x", "Runtime.HandlerNotFound: index.handler is not a function"},
		"no name":        {map[string]string{"index.js": ""}, "index", "nodejs22.x", "Runtime.MalformedHandlerName: Bad handler"},
		"ES in a .js":    {map[string]string{"index.js": "export const handler = async () => ({})"}, "index.handler", "nodejs22.x", "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token 'export'"},
		"ES on 24":       {map[string]string{"index.js": "export const handler = async () => ({})"}, "index.handler", "nodejs24.x", "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token 'export'"},
		"an ES package": {map[string]string{"index.js": "require('es')", "node_modules/es/package.json": `{"type":"module"}`, "node_modules/es/index.js": "export {}"},
			"index.handler", "nodejs20.x", "require() of ES Module"},
		"a throw":         {map[string]string{"index.js": "throw new RangeError('x')"}, "index.handler", "nodejs24.x", "RangeError: x"},
		"a syntax error":  {map[string]string{"index.js": "exports.handler = ("}, "index.handler", "nodejs24.x", "Runtime.UserCodeSyntaxError: SyntaxError: "},
		"an exit":         {map[string]string{"index.js": "process.exit(3)"}, "index.handler", "nodejs24.x", "exit status 3"},
		"a third one":     {map[string]string{"index.js": "exports.handler = async (e, c, cb) => ({})"}, "index.handler", "nodejs24.x", "removed support for callback-based"},
		"a rejection":     {map[string]string{"index.js": "Promise.reject(new RangeError('x')); exports.handler = async () => ({})"}, "index.handler", "nodejs24.x", "RangeError: x"},
		"no such package": {map[string]string{"index.js": "require('nope')"}, "index.handler", "nodejs24.x", "Cannot find module 'nope'"},
	}
	for _, n := range nodes(t) {
		for name, test := range tests {
			t.Run(n.Version+" "+name, func(t *testing.T) {
				t.Parallel()
				f := Function{Name: "f", Zip: zipped(t, test.files), Handler: test.handler, Runtime: test.runtime, MemoryMB: 128, Timeout: time.Second}
				s := run(t, n, f, `{}`, `{}`)
				if s.Load == nil || !strings.Contains(s.Load.Error(), test.say) || len(s.Outcomes) != 0 {
					t.Errorf("load %v, outcomes %q; want %q", s.Load, lines(s), test.say)
				}
			})
		}
	}
}

func TestEveryKindOfModuleLoads(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files            map[string]string
		handler, runtime string
		want             string
	}{
		"an ES module":         {map[string]string{"index.mjs": "export const handler = async () => ({ a: 1 })"}, "index.handler", "nodejs22.x", `{"a":1}`},
		"a package of type ES": {map[string]string{"package.json": `{"type":"module"}`, "index.js": "export const handler = async () => ({ a: 2 })"}, "index.handler", "nodejs22.x", `{"a":2}`},
		"a folder":             {map[string]string{"lib/a/main.cjs": "module.exports = { run: async () => ({ a: 3 }) }"}, "lib/a/main.run", "nodejs22.x", `{"a":3}`},
		"a name within a name": {map[string]string{"index.js": "exports.v2 = { run: async () => ({ a: 6 }) }"}, "index.v2.run", "nodejs22.x", `{"a":6}`},
		"the same in ES":       {map[string]string{"index.mjs": "export const v2 = { run: async () => ({ a: 7 }) }"}, "index.v2.run", "nodejs22.x", `{"a":7}`},
		"a callback":           {map[string]string{"index.js": "exports.handler = (e, c, cb) => { setTimeout(() => cb(null, { a: 4 }), 5) }"}, "index.handler", "nodejs22.x", `{"a":4}`},
		"a callback's error":   {map[string]string{"index.js": "exports.handler = (e, c, cb) => { cb(new Error('no')) }"}, "index.handler", "nodejs22.x", `error: no`},
		"no promise":           {map[string]string{"index.js": "exports.handler = () => ({ a: 5 })"}, "index.handler", "nodejs22.x", `null`},
		"the context":          {map[string]string{"index.js": "exports.handler = (e, c) => { c.succeed({ a: 8 }) }"}, "index.handler", "nodejs20.x", `{"a":8}`},
		"the context's error":  {map[string]string{"index.js": "exports.handler = (e, c) => { c.fail('no') }"}, "index.handler", "nodejs22.x", `error: string: no`},
		"a default":            {map[string]string{"index.mjs": "export default { handler: async () => ({ a: 9 }) }"}, "index.handler", "nodejs24.x", `{"a":9}`},
	}
	for _, n := range nodes(t) {
		for name, test := range tests {
			t.Run(n.Version+" "+name, func(t *testing.T) {
				t.Parallel()
				f := Function{Name: "f", Zip: zipped(t, test.files), Handler: test.handler, Runtime: test.runtime, MemoryMB: 128, Timeout: 20 * time.Second}
				if diff := cmp.Diff([]string{test.want}, lines(run(t, n, f, `{}`))); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		}
	}
}

func TestCancellingEndsEverything(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, n Node) {
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		f := commonJS(t, `exports.handler = () => new Promise(() => setInterval(() => {}, 1e6))`)
		f.Timeout = time.Hour
		start := time.Now()
		_, err := n.Run(ctx, f, [][]byte{[]byte(`{}`)})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	n := nodes(t)[0]
	run(t, n, commonJS(t, `exports.handler = async () => process.exit(1)`), `{}`)
	run(t, n, commonJS(t, `throw 1`), `{}`)
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestNamesDoNotLeaveTheFolder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../runner.cjs", "/tmp/x", "a/../../x"} {
		_, err := nodes(t)[0].Run(t.Context(), Function{Zip: zipped(t, map[string]string{name: "x"}), Handler: "index.handler", Timeout: time.Second}, nil)
		if err == nil || !strings.Contains(err.Error(), "unpack "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFindSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	n := nodes(t)[0]
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.Symlink(n.Path, filepath.Join(dir, "node")); err != nil {
		t.Fatal(err)
	}
	found, err := Find(t.Context(), "", fmt.Sprintf("%s:.:%s", t.TempDir(), dir))
	if err != nil || found.Path != filepath.Join(dir, "node") || found.Version != n.Version || found.Major != n.Major || found.Major < 18 {
		t.Errorf("%+v, %v", found, err)
	}
	var missing *NotFoundError
	if _, err := Find(t.Context(), "", t.TempDir()); !errors.As(err, &missing) || !strings.Contains(err.Error(), "in PATH") {
		t.Errorf("in an empty PATH: %v", err)
	}
	if found, err := Find(t.Context(), "node", dir); err != nil || found.Version != n.Version {
		t.Errorf("by its name: %+v, %v", found, err)
	}
	if _, err := Find(t.Context(), "node99", dir); !errors.As(err, &missing) || !strings.Contains(err.Error(), "no node99 in PATH") {
		t.Errorf("by another name: %v", err)
	}
	if _, err := Find(t.Context(), filepath.Join(dir, "nope"), ""); !errors.As(err, &missing) || !strings.Contains(err.Error(), "nope") {
		t.Errorf("at a path: %v", err)
	}
	if _, err := Find(t.Context(), script("python", "echo Python 3"), ""); err == nil || !strings.Contains(err.Error(), `is no Node.js: asked for its version it says "Python 3"`) {
		t.Errorf("another program: %v", err)
	}
	liar, err := Find(t.Context(), script("liar", "case \" $* \" in *\" --version \"*) echo v24.0.0;; *) exit 5;; esac"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := liar.Run(t.Context(), commonJS(t, ""), nil); err == nil || !strings.Contains(err.Error(), "exit status 5") {
		t.Errorf("a program that only says that it is Node.js: %v", err)
	}
	if _, err := Find(t.Context(), script("broken", "exit 3"), ""); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a broken program: %v", err)
	}
}

// ^C goes to every process of the terminal's group. The program that is asked is
// not in it: its own end would be told as its fault.
func TestFindEndsWhenItsCallerDoes(t *testing.T) {
	t.Parallel()
	type finder func(ctx context.Context, path string, timeout time.Duration) error
	for name, tt := range map[string]struct {
		find finder
		says string
	}{
		"Node.js": {func(ctx context.Context, path string, timeout time.Duration) error {
			_, err := find(ctx, path, os.Getenv("PATH"), timeout)
			return err
		}, "echo v24.0.0"},
		"Python": {func(ctx context.Context, path string, timeout time.Duration) error {
			_, err := findPython(ctx, path, os.Getenv("PATH"), timeout)
			return err
		}, "echo 3.13.0; echo $0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script := func(name, text string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
				return path
			}
			asked := filepath.Join(dir, "asked")
			stopped := errors.New("stopped")
			ctx, stop := context.WithCancelCause(t.Context())
			go func() {
				for ctx.Err() == nil {
					if _, err := os.Stat(asked); err == nil {
						stop(stopped)
					}
					time.Sleep(time.Millisecond)
				}
			}()
			slow := script("slow", "touch "+asked+"; sleep 60; "+tt.says)
			begin := time.Now()
			if err := tt.find(ctx, slow, time.Minute); !errors.Is(err, stopped) || time.Since(begin) > 30*time.Second {
				t.Errorf("after %v: %v", time.Since(begin), err)
			}
			if err := tt.find(t.Context(), slow, time.Millisecond); err == nil || !strings.Contains(err.Error(), "it gave none within 1ms") {
				t.Errorf("of one that is too slow: %v", err)
			}
			if runtime.GOOS != "linux" {
				t.Skip("looks into /proc")
			}
			leads := script("leads", `[ "$(cut -d ' ' -f 5 /proc/$$/stat)" = $$ ] && { `+tt.says+`; }`)
			if err := tt.find(t.Context(), leads, time.Minute); err != nil {
				t.Errorf("it is in the group of this program: %v", err)
			}
		})
	}
}

func TestRuntimeMajor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"nodejs24.x": 24, "nodejs22.x": 22, "python3.13": 0, "nodejs": 0, "": 0} {
		if got := RuntimeMajor(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// The process behind must be gone, or its pipes would keep Run waiting.
func TestAProcessThatIsLeftBehindIsEnded(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	onEach(t, func(t *testing.T, n Node) {
		f := commonJS(t, `exports.handler = async () => { const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "inherit" }); return { pid: c.pid } }`)
		var pid int
		if _, err := fmt.Sscanf(string(run(t, n, f, `{}`).Outcomes[0].Result), `{"pid":%d}`, &pid); err != nil {
			t.Fatal(err)
		}
		for range 600 {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err != nil || strings.Contains(string(stat), ") Z ") {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("process %d lives on", pid)
	})
}

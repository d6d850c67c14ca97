package script

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

type tree map[string]string

// write puts files into a folder, and opens it.
func (files tree) write(t *testing.T, dir string) *os.Root {
	t.Helper()
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
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	return root
}

func bundleAt(root *os.Root, entry string) (Output, error) {
	return Bundle(Input{Root: root, Entry: entry, Node: 22, MaxFile: 1 << 20})
}

func module() string { return string(wasmtest.Counter{}.Module()) }

const handler = "export const handler = async (event) => event;\n"

func TestWhatCannotRunAtTheEdgeIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files     tree
		say, hint string
	}{
		"no entry":            {tree{"other.ts": ""}, "src/h.ts: cannot be read: no such file", "correct the path"},
		"a package not there": {tree{"src/h.ts": "\nimport x from 'left-pad';\n" + handler + "x;"}, `src/h.ts:2:15: Could not resolve "left-pad"`, "npm install"},
		"a file not there":    {tree{"src/h.ts": "import x from './pkg/x.js';\n" + handler + "x;"}, `src/h.ts:1:15: Could not resolve "./pkg/x.js"`, "build what makes the file"},
		"the AWS SDK, not installed": {tree{"src/h.ts": "import '@aws-sdk/client-s3';\n" + handler},
			`Could not resolve "@aws-sdk/client-s3"`, "the AWS SDK included"},
		"a mistake in the source":        {tree{"src/h.ts": "export const handler = async (event) => {\n  return event +;\n}"}, `src/h.ts:2:17: Unexpected ";"`, ""},
		"no handler":                     {tree{"src/h.ts": "export const handel = () => 1;"}, "src/h.ts: does not export handler", "export const handler"},
		"no handler anywhere":            {tree{"src/h.ts": "export const x = 1; export { handel } from './x.ts'"}, `Could not resolve "./x.ts"`, ""},
		"top-level await behind require": {tree{"src/h.ts": "const x = require('./x.mjs');\n" + handler + "x;", "src/x.mjs": "export * from './y.mjs'", "src/y.mjs": "export const y = await 1;"}, `src/h.ts:1:11: "./x.mjs" awaits where it is loaded, so it cannot be required`, "import it"},
		"native code":                    {tree{"src/h.ts": "import x from 'n';\n" + handler + "x;", "node_modules/n/index.js": "module.exports = require('./build/n.node')", "node_modules/n/build/n.node": "x"}, `"./build/n.node" is a native library`, "WebAssembly instead"},
		"native code for every platform": {tree{
			"src/h.ts":                        "import x from 'sharp';\n" + handler + "x;",
			"node_modules/sharp/package.json": `{"main": "i.js", "optionalDependencies": {"@img/sharp-linux-x64": "1"}}`,
			"node_modules/sharp/i.js":         "module.exports = require(`@img/sharp-${process.platform}-x64`)",
		}, `src/h.ts:1:15: "sharp" brings a native library`, "photon-node"},
		"code from the web":      {tree{"src/h.ts": "import x from 'https://esm.sh/x';\n" + handler + "x;"}, "is an address", "install the package"},
		"a file of no kind":      {tree{"src/h.ts": "import x from './x.psd';\n" + handler + "x;", "src/x.psd": "x"}, "No loader is configured", "readFileSync"},
		"a bundler's own suffix": {tree{"src/h.ts": "import x from './x.js?worker';\n" + handler + "x;", "src/x.js": "x"}, "src/x.js: is imported with ?worker, which is another bundler's", "new Worker"},
		"a module that is none": {tree{"src/h.ts": "import x from './x.wasm';\n" + handler + "x;", "src/x.wasm": "x"},
			"is not a readable WebAssembly module", "--all-features"},
		"a component":       {tree{"src/h.ts": "import x from './x.wasm';\n" + handler + "x;", "src/x.wasm": "\x00asm\x0d\x00\x01\x00"}, "is a WebAssembly component", "jco transpile"},
		"a large file":      {tree{"src/h.ts": "import x from './x.json';\n" + handler + "x;", "src/x.json": `"` + strings.Repeat("x", 1<<20) + `"`}, "no bundle holds more than", ""},
		"extends not there": {tree{"src/h.ts": handler, "tsconfig.json": `{"extends": "./base.json"}`}, `tsconfig.json: extends "./base.json", which is not in the project`, "npm install"},
		"extends that leaves the project": {tree{"src/h.ts": handler, "src/tsconfig.json": `{/* up */ "extends": ["../../../etc/x.json",]}`},
			`src/tsconfig.json: extends "../../../etc/x.json", which is not in the project`, "outside of the project"},
		"extends that goes round": {tree{"src/h.ts": handler, "tsconfig.json": `{"extends": "./b"}`, "b.json": `{"extends": "./tsconfig.json"}`}, "more than 100 files, or extends itself", "leads back"},
		"a tsconfig that is none": {tree{"src/h.ts": handler, "tsconfig.json": `{`}, "tsconfig.json: is not JSON with comments", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bundleAt(tt.files.write(t, t.TempDir()), "src/h.ts")
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !strings.Contains(e.Error(), tt.say) || !strings.Contains(e.Problems[0].Hint, tt.hint) {
				t.Errorf("got %q, hint %q\nwant %q, hint %q", e, e.Problems[0].Hint, tt.say, tt.hint)
			}
		})
	}
}

func TestAModuleOfWebAssembly3NeedsANodeThatTakesIt(t *testing.T) {
	t.Parallel()
	root := tree{"h.ts": "import x from './x.wasm';\n" + handler + "x;", "x.wasm": string(wasmtest.Module(
		wasmtest.Section(1, wasmtest.Vec([]byte{0x60, 1, 0x64, 0x70, 0}))))}.write(t, t.TempDir())
	for node, refused := range map[int]bool{20: true, 22: false, 24: false} {
		_, err := Bundle(Input{Root: root, Entry: "h.ts", Node: node, MaxFile: 1 << 20})
		e, ok := errors.AsType[*Error](err)
		if ok != refused || ok && !(strings.Contains(e.Error(), "x.wasm: uses types of WebAssembly 3.0") && strings.Contains(e.Problems[0].Hint, "nodejs22.x or newer")) {
			t.Errorf("for Node.js %d: %v", node, err)
		}
	}
}

// Every way out of the root that a source, a package or a link could take.
func TestNothingOutsideOfTheRootIsRead(t *testing.T) {
	t.Parallel()
	tests := map[string]tree{
		"a path upward":              {"in/h.js": "import x from '../../secret.js';\n" + handler + "x;"},
		"an absolute path":           {"in/h.js": "import x from 'TOP/secret.js';\n" + handler + "x;"},
		"a package above the root":   {"in/h.js": "import x from 'above';\n" + handler + "x;"},
		"a link to a file":           {"in/h.js": "import x from './link.js';\n" + handler + "x;"},
		"a link to a folder":         {"in/h.js": "import x from './folder/secret.js';\n" + handler + "x;"},
		"a module by its path":       {"in/h.js": "import x from '../../secret.wasm';\n" + handler + "x;"},
		"a link in place of package": {"in/h.js": "import x from 'linked';\n" + handler + "x;"},
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			above := tree{"secret.js": "export default 'SECRET'", "secret.wasm": module(), "node_modules/above/index.js": "module.exports = 'SECRET'"}
			above.write(t, top)
			for name := range files {
				files[name] = strings.ReplaceAll(files[name], "TOP", filepath.ToSlash(top))
			}
			files["node_modules/here/index.js"] = ""
			root := files.write(t, filepath.Join(top, "project"))
			for link, target := range map[string]string{
				"in/link.js": filepath.Join(top, "secret.js"), "in/folder": top,
				"node_modules/linked": filepath.Join(top, "node_modules", "above"),
			} {
				if err := os.Symlink(target, filepath.Join(top, "project", link)); err != nil {
					t.Fatal(err)
				}
			}
			out, err := bundleAt(root, "in/h.js")
			if err == nil || !strings.Contains(err.Error(), outside) {
				t.Errorf("got %v, want it refused as outside", err)
			}
			if strings.Contains(string(out.Script), "SECRET") || len(out.Wasm) > 0 {
				t.Error("it was read all the same")
			}
		})
	}
}

// A path in a text is no import: what lies outside is not taken, and nothing
// is said, because most such texts are no paths at all.
// A package.json above the root would decide what kind of module a file is, and
// whether it is left out, on one machine and not on another.
func TestAPackageAboveTheRootDecidesNothing(t *testing.T) {
	t.Parallel()
	sources := tree{
		"src/h.ts": "import x from '../lib.js'; import './side.js'; export const handler = async (event) => x(event);",
		"lib.js":   "exports.__esModule = true; exports.default = (event) => event;", "src/side.js": "console.log('loaded');",
	}
	alone, err := bundleAt(sources.write(t, t.TempDir()), "src/h.ts")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		files   tree // beside and in the project, which is deep/project
		refused string
	}{
		"says the type":         {tree{"package.json": `{"type": "module"}`}, "(type)"},
		"says what can be left": {tree{"package.json": `{"name": "x", "sideEffects": false, "type": "commonjs"}`}, "(type, sideEffects)"},
		"says nothing of it":    {tree{"package.json": `{"name": "x", "dependencies": {}}`}, ""},
		"stands behind another": {tree{"package.json": `{"type": "module"}`, "deep/package.json": `{}`}, ""},
		"stands behind the own": {tree{"package.json": `{"type": "module", "sideEffects": false}`, "deep/project/package.json": `{}`}, ""},
		"is not there":          {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			project := filepath.Join(top, "deep", "project")
			root := sources.write(t, project)
			tt.files.write(t, top)
			got, err := bundleAt(root, "src/h.ts")
			if tt.refused == "" {
				if diff := cmp.Diff(string(alone.Script), string(got.Script)); err != nil || diff != "" {
					t.Errorf("%v, -alone +below it\n%s", err, diff)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(e.Error(), filepath.Join(top, "package.json")+" says "+tt.refused) || e.Problems[0].Hint != aboveHint {
				t.Errorf("got %v, want it refused", err)
			}
		})
	}
}

func TestAPathInATextTakesOnlyFilesOfTheProject(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	tree{"secret.wasm": module()}.write(t, top)
	root := tree{"h.js": "const p = require('path').join(__dirname, '../secret.wasm'), q = __dirname + '/none.wasm';\nexports.handler = () => [p, q]"}.write(t, filepath.Join(top, "project"))
	out, err := bundleAt(root, "h.js")
	if err != nil || len(out.Wasm) != 0 {
		t.Errorf("got %d modules, %v", len(out.Wasm), err)
	}
}

// The same project gives the same bytes wherever it lies, whichever folder
// above it is taken as the root, and whatever lies around it.
func TestTheSameSourcesGiveTheSameBytesAnywhere(t *testing.T) {
	t.Parallel()
	project := tree{
		"fn/src/h.ts": "import { a } from '../../lib/a.js';\nimport one from 'one';\nimport two from 'two';\n" +
			"export const handler = async (event: any): Promise<any> => ({ ...event, a, one, two, u: import.meta.url });\n",
		"lib/a.js":                       "export const a = 'a';\n",
		"node_modules/one/index.js":      "module.exports = require('fs').readFileSync(require('path').join(__dirname, 'index_bg.wasm'));",
		"node_modules/one/index_bg.wasm": module(),
		"node_modules/two/index.js":      "module.exports = require('fs').readFileSync(`${__dirname}/index_bg.wasm`);",
		"node_modules/two/index_bg.wasm": string(wasmtest.Counter{From: "env", Name: "f"}.Module()),
	}
	var first Output
	for i, below := range []string{"p", "p", "another/and/deeper"} {
		top := t.TempDir()
		entry := "fn/src/h.ts"
		root := project.write(t, filepath.Join(top, below))
		if i == 1 { // a root further up, and beside it what esbuild would look at
			tree{"tsconfig.json": `{"compilerOptions": {"target": "es5"}}`}.write(t, filepath.Dir(top))
			root, entry = tree{}.write(t, top), below+"/"+entry
		}
		out, err := bundleAt(root, entry)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = out
		}
		if diff := cmp.Diff(string(first.Script), string(out.Script)); diff != "" {
			t.Errorf("%s: -first +this\n%s", below, diff)
		}
		if got := slices.Sorted(maps.Keys(out.Wasm)); len(got) != 2 || !slices.Equal(got, slices.Sorted(maps.Keys(first.Wasm))) {
			t.Errorf("%s: modules %v", below, got)
		}
		if strings.Contains(string(out.Script), filepath.ToSlash(top)) || strings.Contains(string(out.Script), filepath.Base(top)) {
			t.Errorf("%s: the output knows where it was made", below)
		}
	}
}

func TestOneModuleUsedTwiceIsThereOnce(t *testing.T) {
	t.Parallel()
	root := tree{
		"h.js":   "import a from './a.wasm';\nimport b from './b/a.wasm';\nexport const handler = () => [a, b];",
		"a.wasm": module(), "b/a.wasm": module(),
	}.write(t, t.TempDir())
	out, err := bundleAt(root, "h.js")
	if err != nil || len(out.Wasm) != 1 {
		t.Fatalf("%d modules, %v", len(out.Wasm), err)
	}
}

// Whatever is found at run time only is not in the bundle. What a package
// tries and can do without is its own business.
func TestWhatCannotBeFollowedIsAWarning(t *testing.T) {
	t.Parallel()
	root := tree{
		"h.js":                    "const p = require('p');\nexports.handler = (event) => [p, require(event.x), import(event.y)];",
		"node_modules/p/index.js": "module.exports = (n) => require(n);\ntry { require('optional') } catch {}\n",
	}.write(t, t.TempDir())
	out, err := bundleAt(root, "h.js")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`h.js:2:34: This call to "require" will not be bundled because the argument is not a string literal`,
		`h.js:2:52: This "import" expression will not be bundled because the argument is not a string literal`,
		`node_modules/p/index.js:1:25: This call to "require" will not be bundled because the argument is not a string literal`,
	}
	if diff := cmp.Diff(want, out.Warnings); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAWellMadeEntryHasNoWarnings(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"h.js":   "exports.handler = async (event) => event;",
		"m.js":   "module.exports = async (event) => event;",
		"h.mjs":  handler,
		"d.mjs":  "export default async (event) => event;",
		"o.mjs":  "export default { handler: async (event) => event };",
		"h.cts":  "export = { handler: async (event: object) => event };",
		"h.tsx":  handler,
		"url.js": handler + "import.meta.url;",
	} {
		out, err := bundleAt(tree{name: text, "package.json": "{}"}.write(t, t.TempDir()), name)
		if err != nil || len(out.Warnings) > 0 {
			t.Errorf("%s: %v, %q", name, err, out.Warnings)
		}
	}
}

func TestTheNearestTsconfigIsObeyed(t *testing.T) {
	t.Parallel()
	root := tree{
		"tsconfig.json":                          "{",
		"fn/tsconfig.json":                       "{ // paths\n \"extends\": [\"./base\", \"@org/config/tsconfig.json\"], /* \" */ }",
		"fn/base.json":                           `{"compilerOptions": {"paths": {"@lib/*": ["./lib/*"]}}}`,
		"node_modules/@org/config/tsconfig.json": `{"compilerOptions": {"jsxFactory": "made"}}`,
		"fn/src/h.tsx":                           "import { a } from '@lib/a';\ndeclare function made(...args: any[]): any;\nexport const handler = () => <b>{a}</b>;",
		"fn/lib/a.ts":                            "export const a = 'aliased';",
	}.write(t, t.TempDir())
	out, err := bundleAt(root, "fn/src/h.tsx")
	if err != nil || !strings.Contains(string(out.Script), "aliased") || !strings.Contains(string(out.Script), `made("b"`) {
		t.Errorf("%v\n%s", err, out.Script)
	}
}

// What TypeScript makes of options that come from several files.
func TestATsconfigSaysWhatItExtends(t *testing.T) {
	t.Parallel()
	const source = "import { a } from 'lib/a';\nexport const handler = () => a;"
	a := func(says string) string { return "export const a = '" + says + "';" }
	for name, files := range map[string]tree{
		"paths beside the file that has them": {"src/tsconfig.json": `{"extends": "../conf/base"}`, "conf/base.json": `{"compilerOptions": {"paths": {"lib/*": ["./x/*"]}}}`, "conf/x/a.ts": a("good")},
		"paths below an own baseUrl":          {"src/tsconfig.json": `{"extends": "../conf/base", "compilerOptions": {"baseUrl": "../y"}}`, "conf/base.json": `{"compilerOptions": {"paths": {"lib/*": ["x/*"]}}}`, "y/x/a.ts": a("good"), "conf/x/a.ts": a("bad")},
		"a baseUrl from elsewhere":            {"src/tsconfig.json": `{"extends": "../conf/base"}`, "conf/base.json": `{"compilerOptions": {"baseUrl": "."}}`, "conf/lib/a.ts": a("good")},
		"the folder that it begins in":        {"src/tsconfig.json": `{"extends": "../conf/base"}`, "conf/base.json": `{"compilerOptions": {"paths": {"lib/*": ["${configDir}/x/*"]}}}`, "src/x/a.ts": a("good"), "conf/x/a.ts": a("bad")},
		"its own over what it extends":        {"tsconfig.json": `{"extends": ["./b.json"], "compilerOptions": {"paths": {"lib/*": ["./x/*"]}}}`, "b.json": `{"compilerOptions": {"paths": {"lib/*": ["./z/*"]}}}`, "x/a.ts": a("good"), "z/a.ts": a("bad")},
		"the last of several":                 {"tsconfig.json": `{"extends": ["./b", "./c"]}`, "b.json": `{"compilerOptions": {"paths": {"lib/*": ["./z/*"]}}}`, "c.json": `{"compilerOptions": {"paths": {"lib/*": ["./x/*"]}}}`, "x/a.ts": a("good"), "z/a.ts": a("bad")},
		"a folder above":                      {"src/tsconfig.json": `{"extends": ".."}`, "tsconfig.json": `{"compilerOptions": {"paths": {"lib/*": ["./x/*"]}}}`, "x/a.ts": a("good")},
		"a package":                           {"src/tsconfig.json": `{"extends": "p"}`, "node_modules/p/tsconfig.json": `{"compilerOptions": {"paths": {"lib/*": ["./x/*"]}}}`, "node_modules/p/x/a.ts": a("good")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files["src/h.ts"] = source
			out, err := bundleAt(files.write(t, t.TempDir()), "src/h.ts")
			if err != nil || !strings.Contains(string(out.Script), `"good"`) || len(out.Warnings) > 0 {
				t.Errorf("%v %q\n%s", err, out.Warnings, out.Script)
			}
		})
	}
}

// Ways that esbuild would go, and that only look as if they stayed inside.
func TestNoTsconfigOutsideOfTheRootIsRead(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]tree{
		"a package that leads out":    {"tsconfig.json": `{"extends": "p"}`, "node_modules/p/package.json": `{"tsconfig": "../../../outside.json"}`, "node_modules/p/tsconfig.json": "{}"},
		"a package's exports":         {"tsconfig.json": `{"extends": "p/x"}`, "node_modules/p/package.json": `{"exports": {"./x": "./link.json"}}`, "node_modules/p/x.json": "{}"},
		"extends that is there twice": {"tsconfig.json": `{"extends": "../outside.json", "extends": "./inside.json"}`, "inside.json": "{}"},
		"extends in another case":     {"tsconfig.json": `{"Extends": "./inside.json", "extends": "../outside.json"}`, "inside.json": "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			tree{"outside.json": "SECRET"}.write(t, top)
			project := filepath.Join(top, "project")
			files["h.ts"] = handler
			root := files.write(t, project)
			if files["node_modules/p/package.json"] != "" {
				if err := os.Symlink(filepath.Join(top, "outside.json"), filepath.Join(project, "node_modules/p/link.json")); err != nil {
					t.Fatal(err)
				}
			}
			out, err := bundleAt(root, "h.ts")
			if err != nil && !strings.Contains(err.Error(), "which is not in the project") || strings.Contains(strings.Join(out.Warnings, ""), "outside") {
				t.Errorf("%v %q", err, out.Warnings)
			}
		})
	}
}

// A newer esbuild that writes other bytes makes new content, and so a new
// version, of every function with a script. That has to be a choice: say it in
// the commit that changes this digest.
func TestTheBytesAreTheSameAsEver(t *testing.T) {
	t.Parallel()
	root := tree{
		"h.ts": "import { a } from './esm.mjs';\nimport c from './cjs.cjs';\nimport m, { count } from './m.wasm';\nimport d from './d.json';\n" +
			"enum E { A, B }\nclass K { #x = 1; static y?: number; get x() { return this.#x ?? E.B; } }\n" +
			"export const handler = async (event: any): Promise<object> => ({ ...event, a, c, d, m, n: count(), k: new K().x, u: import.meta.url });\n",
		"esm.mjs": "export const a = [`ü${1}`, /x/v, 1_000];\nexport const unused = 1;\n",
		"cjs.cjs": "exports.y = require('node:path').sep;\n", "d.json": `{"a": 1}`, "m.wasm": module(),
	}.write(t, t.TempDir())
	out, err := bundleAt(root, "h.ts")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(out.Script)
	if got, want := hex.EncodeToString(sum[:]), "821f9314898d8525d7f0d9afe47507551f55c778bf89c6d9ab938bf664c2cda2"; got != want {
		t.Errorf("the script's SHA-256 is %s, want %s\n%s", got, want, out.Script)
	}
}

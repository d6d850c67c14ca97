package script

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whoever reads what is not in the bundle learns it when it is made, with the
// line, and only of sources that are in the bundle.
func TestWhatCannotBePackedIsAWarningThatNamesTheLine(t *testing.T) {
	t.Parallel()
	use := "import { a } from 'p';\nexport const handler = () => a();\n"
	tests := map[string]struct {
		source string // of the package
		want   string // "" for no warning
	}{
		"a computed name":   {"const fs = require('fs'), path = require('path');\nexports.a = (n) => fs.readFileSync(path.join(__dirname, n));", "node_modules/p/i.js:2:23: reads a file beside the script whose name cannot be told"},
		"a folder":          {"exports.a = () =>\n  require('fs').readdirSync(__dirname);", "node_modules/p/i.js:2:17: reads a folder beside the script"},
		"a worker":          {"const { Worker } = require('worker_threads');\nexports.a = (n) => new Worker(n);", "node_modules/p/i.js:2:24: starts a worker whose file cannot be told"},
		"a worker, kept":    {"const { Worker } = require('worker_threads'), w = require('path').join(__dirname, 'w.js');\nexports.a = (n) => new Worker(w);", ""},
		"a worker, nothing": {"const { Worker } = require('worker_threads');\nexports.a = (n) => new Worker(__dirname + '/none.js');", "node_modules/p/i.js:2:24: starts a worker from what is no script"},
		"somebody's path":   {"exports.a = (n) => require('fs').readFileSync(n);", ""},
		"a name that is":    {"exports.a = (n) => require('fs').readFileSync(__dirname + '/w.js');", ""},
		"no such file":      {"const fs = require('fs');\nexports.a = () => fs.readFileSync(require('path').join(__dirname, 'gone.html'));", "node_modules/p/i.js:2:22: reads node_modules/p/gone.html, which is not there, so reading it will fail; correct the path, or build what makes the file"},
		"no such folder":    {"exports.a = () => `${require('fs').readFileSync(`${__dirname}/gone/w.js`)}`;", "node_modules/p/i.js:1:36: reads node_modules/p/gone/w.js, which is not there"},
		"a folder, read":    {"exports.a = () => require('fs').readFileSync(__dirname);", "node_modules/p/i.js:1:33: reads node_modules/p, which is not there"},
		"outside":           {"exports.a = () => require('fs').readFileSync(__dirname + '/../../../gone.html');", "node_modules/p/i.js:1:33: reads a file that lies outside of the project, so it is not in the bundle; move it inside"},
		"tried":             {"exports.a = () => { try { return require('fs').readFileSync(__dirname + '/gone.html') } catch { return '' } };", ""},
		"caught":            {"exports.a = () => require('fs/promises').readFile(__dirname + '/gone.html').catch(() => '');", ""},
		"asked for":         {"const fs = require('fs'), p = __dirname + '/gone.html';\nexports.a = () => fs.existsSync(p) ? fs.readFileSync(p) : '';", ""},
		"asked for, by tsc": {"const fs_1 = require('fs'), p = __dirname + '/gone.html';\nexports.a = () => (0, fs_1.existsSync)(p) ? (0, fs_1.readFileSync)(p) : '';", ""},
		"one of many":       {"exports.a = (n) => require('fs').readFileSync(__dirname + '/' + n + '.js');", ""},
		"in a text":         {"exports.a = () => \"readFileSync(__dirname + '/gone.html')\";", ""},
		"only named":        {"exports.a = __dirname + '/gone.html';", ""},
		"require.resolve":   {"exports.a = (n) => require.resolve('./w.js');", `node_modules/p/i.js:1:36: require.resolve of "./w.js" has no answer at run time`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tree{"h.mjs": use, "node_modules/p/package.json": `{"main": "i.js"}`, "node_modules/p/i.js": tt.source, "node_modules/p/w.js": "exports.w = 1"}.write(t, t.TempDir())
			out, err := bundleAt(root, "h.mjs")
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(out.Warnings, "\n")
			if (tt.want == "") != (got == "") || !strings.HasPrefix(got, tt.want) || strings.Contains(got, "external") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestASourceThatIsLeftOutPacksAndWarnsOfNothing(t *testing.T) {
	t.Parallel()
	root := tree{
		"h.mjs":                       "import { a } from 'p';\n" + handler,
		"node_modules/p/package.json": `{"exports": "./i.mjs", "sideEffects": false}`,
		"node_modules/p/i.mjs":        "import fs from 'fs';\nexport const a = (n) => [fs.readFileSync(import.meta.dirname + '/x.txt'), fs.readFileSync(import.meta.dirname + n)];",
		"node_modules/p/x.txt":        "x",
	}.write(t, t.TempDir())
	out, err := bundleAt(root, "h.mjs")
	if err != nil || len(out.Warnings) > 0 || len(out.Files) > 0 {
		t.Errorf("%v, warnings %q, files %v", err, out.Warnings, slices.Sorted(maps.Keys(out.Files)))
	}
}

// Where files lie in the bundle is where they lie to each other in the project.
func TestFilesKeepTheirPlacesToEachOther(t *testing.T) {
	t.Parallel()
	root := tree{
		"apps/edge/src/h.js": "const fs = require('fs');\nexports.handler = () => [fs.readFileSync(__dirname + '/../x.txt'), fs.readFileSync(__dirname + '/../../lib/y.txt'), require('../../lib/l.js')];",
		"apps/edge/x.txt":    "x", "apps/lib/y.txt": "y", "apps/lib/l.js": "exports.z = require('path').join(__dirname, '../edge/x.txt');",
		"apps/lib/secret.txt": "s",
	}.write(t, t.TempDir())
	out, err := bundleAt(root, "apps/edge/src/h.js")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]byte{"files/edge/x.txt": []byte("x"), "files/lib/y.txt": []byte("y")}, out.Files); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !slices.Contains(out.Inputs, "apps/lib/y.txt") {
		t.Errorf("inputs %q", out.Inputs)
	}
}

func TestAFileOutsideOfTheRootIsNotPacked(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	tree{"secret.txt": "SECRET"}.write(t, top)
	root := tree{"h.js": "const fs = require('fs');\nexports.handler = () => [fs.readFileSync(__dirname + '/../secret.txt'), fs.readFileSync(__dirname + '/link.txt')];"}.write(t, filepath.Join(top, "project"))
	if err := os.Symlink(filepath.Join(top, "secret.txt"), filepath.Join(top, "project", "link.txt")); err != nil {
		t.Fatal(err)
	}
	out, err := bundleAt(root, "h.js")
	if err != nil || len(out.Files) > 0 {
		t.Errorf("%v, files %v", err, out.Files)
	}
}

func TestAnImportThatLeadsNowhereIsExplained(t *testing.T) {
	t.Parallel()
	const use = "import { a } from '@ws/lib';\nexport const handler = () => a;\n"
	lib := `{"name": "@ws/lib", "exports": {".": {"types": "./src/i.ts", "import": "./dist/i.mjs"}}}`
	tests := map[string]struct {
		files     tree
		link      string
		say, hint string
	}{
		"a workspace's package, unbuilt": {tree{"apps/h.ts": use, "package.json": `{"workspaces": ["packages/*"]}`, "packages/lib/package.json": lib}, "packages/lib",
			`apps/h.ts:1:19: "@ws/lib" leads to packages/lib/dist/i.mjs, which its package.json names and which does not exist`, "npm run build --workspace @ws/lib"},
		"an older package, unbuilt": {tree{"apps/h.ts": use, "packages/lib/package.json": `{"name": "@ws/lib", "main": "dist/i.js"}`}, "packages/lib",
			`leads to packages/lib/dist/i.js, which its package.json names`, "build the package first"},
		"not linked": {tree{"apps/h.ts": use, "package.json": `{"workspaces": {"packages": ["packages/*"]}}`, "packages/lib/package.json": lib, "packages/lib/dist/i.mjs": ""}, "",
			`"@ws/lib" is packages/lib of this workspace, which is not linked into node_modules`, "run npm install"},
		"not linked, pnpm, unbuilt": {tree{"apps/h.ts": use, "pnpm-workspace.yaml": "packages:\n  - 'packages/**'\n", "packages/lib/package.json": lib}, "",
			"packages/lib/dist/i.mjs, which its package.json names, does not exist either", "and then build"},
		"Yarn Plug'n'Play":       {tree{"apps/h.ts": use, "package.json": "{}", ".pnp.cjs": "// not read"}, "", `Could not resolve "@ws/lib"`, "nodeLinker: node-modules"},
		"what is not exported":   {tree{"apps/h.ts": "import '@ws/lib/x'; " + use, "packages/lib/package.json": lib, "packages/lib/dist/i.mjs": "export const a = 1"}, "packages/lib", `"@ws/lib/x" is not in the package @ws/lib, which is installed`, "packages/lib/package.json exports"},
		"a name of package.json": {tree{"apps/h.ts": "import '#x'; " + handler, "package.json": `{"imports": {"#x": "./dist/x.js"}}`}, "", `Could not resolve "#x"`, "imports of package.json"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			root := tt.files.write(t, dir)
			if tt.link != "" {
				if err := os.MkdirAll(filepath.Join(dir, "node_modules", "@ws"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(filepath.Join("..", "..", tt.link), filepath.Join(dir, "node_modules", "@ws", "lib")); err != nil {
					t.Fatal(err)
				}
			}
			_, err := bundleAt(root, "apps/h.ts")
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !strings.Contains(e.Error(), tt.say) || !strings.Contains(e.Problems[0].Hint, tt.hint) || strings.Contains(e.Error()+e.Problems[0].Hint, "as external") {
				t.Errorf("got %q, hint %q\nwant %q, hint %q", e, e.Problems[0].Hint, tt.say, tt.hint)
			}
		})
	}
}

// A package may require what it lacks in a function that nobody calls; the
// project's own sources, and what runs when it is loaded, may not.
func TestARequireThatNobodyMayCallIsAWarning(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		own, of string
		want    string
		refused bool
	}{
		"in a function of a package":      {"", "exports.a = () => require('none');", `node_modules/p/index.js:1:27: "none" is required within a function and not there`, false},
		"when a package is loaded":        {"", "exports.a = require('none');", "", true},
		"tried":                           {"", "exports.a = () => { try { return require('none') } catch {} };", "", false},
		"in a file that a function loads": {"", "exports.a = () => require('./lazy');", `node_modules/p/lazy.js:1:9: "none" is required within a function and not there`, false},
		"in a file that is loaded":        {"", "exports.a = require('./lazy');", "", true},
		// A table of webpack's: it does not tell which of its modules are loaded at
		// once, and many are optional. What is, fails when the bundle is loaded here.
		"in a module of webpack's": {"", "const m = { 1: (x) => { x.exports = require('none') }, 2: x => require('none') };\nexports.a = () => m[2]({});", `node_modules/p/index.js:1:45: "none" is required within a function and not there`, false},
		"in an own function":       {"const f = () => require('none');\n", "exports.a = 1;", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tree{"h.js": tt.own + "const p = require('p');\nexports.handler = () => p.a();", "node_modules/p/index.js": tt.of, "node_modules/p/lazy.js": "require('none');"}.write(t, t.TempDir())
			out, err := bundleAt(root, "h.js")
			if (err != nil) != tt.refused || strings.Join(out.Warnings, "\n") != tt.want && !strings.HasPrefix(strings.Join(out.Warnings, "\n"), tt.want+",") {
				t.Errorf("%v, warnings %q", err, out.Warnings)
			}
		})
	}
}

func TestNativeCodeIsRefusedOnceForAPackage(t *testing.T) {
	t.Parallel()
	root := tree{
		"h.js":                    "const n = require('n');\nexports.handler = () => n;",
		"node_modules/n/index.js": "module.exports = [require('./a.node'), require('./b.node'), require('./c')];",
		"node_modules/n/c.js":     "module.exports = require('./a.node');",
		"node_modules/n/a.node":   "x", "node_modules/n/b.node": "x",
	}.write(t, t.TempDir())
	_, err := bundleAt(root, "h.js")
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Problems) != 1 || !strings.Contains(e.Problems[0].Hint, "WebAssembly") {
		t.Errorf("got %v, want one problem", err)
	}
}

// A package with another way, and one whose parts are others'.
func TestNativeCodeThatIsNotNeededIsLeftOut(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]tree{
		"tried":           {"node_modules/n/index.js": "try { module.exports = require('./a.node') } catch { module.exports = 'wasm' }"},
		"tried, computed": {"node_modules/n/index.js": "try { module.exports = require(`./${process.arch}.node`) } catch { module.exports = 'wasm' }"},
		"thrown on":       {"node_modules/n/index.js": "let n; try { n = require(`./${process.arch}.node`) } catch (e) { throw e }\nmodule.exports = n && 'wasm';"},
		"another's":       {"node_modules/n/package.json": `{"main": "i.js", "optionalDependencies": {"@other/thing-linux-x64-gnu": "1"}}`, "node_modules/n/i.js": "module.exports = 'wasm'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files["h.js"], files["node_modules/n/a.node"] = "exports.handler = () => require('n');", "NATIVE"
			out, err := bundleAt(files.write(t, t.TempDir()), "h.js")
			if err != nil || strings.Contains(string(out.Script), "NATIVE") || len(out.Files) > 0 {
				t.Errorf("%v, files %v", err, out.Files)
			}
			if fails := !strings.Contains(string(out.Script), "new Proxy"); fails == (name == "thrown on") {
				t.Errorf("it fails when it is loaded: %v\n%s", fails, out.Script)
			}
			if warned := len(out.Warnings) == 1 && strings.HasPrefix(out.Warnings[0], "node_modules/n: brings native libraries"); warned != (name == "tried, computed" || name == "thrown on") {
				t.Errorf("warnings %q", out.Warnings)
			}
		})
	}
}

func TestWhatIsExternalIsLeftToBeFound(t *testing.T) {
	t.Parallel()
	root := tree{"h.mjs": "import { S3 } from '@aws-sdk/client-s3'; import x from 'x/y'; const z = require('zz');\nexport const handler = () => [S3, x, z];"}.write(t, t.TempDir())
	for _, external := range [][]string{{"@aws-sdk/*", "x", "zz"}, {"@aws-sdk/client-s3", "x/y", "z*"}} {
		out, err := Bundle(Input{Root: root, Entry: "h.mjs", Node: 22, MaxFile: 1 << 20, External: external})
		if err != nil || !strings.Contains(string(out.Script), `require("@aws-sdk/client-s3")`) {
			t.Errorf("%q: %v\n%s", external, err, out.Script)
		}
	}
	if _, err := Bundle(Input{Root: root, Entry: "h.mjs", Node: 22, MaxFile: 1 << 20, External: []string{"@aws-sdk", "xx", "z"}}); err == nil || !strings.Contains(err.Error(), `"zz"`) {
		t.Errorf("got %v, want what is not named refused", err)
	}
}

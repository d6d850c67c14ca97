package script

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// said is all that a bundle says: its warnings, or why there is none.
func said(t *testing.T, files tree) string {
	t.Helper()
	out, err := bundleAt(files.write(t, t.TempDir()), "h.js")
	if err != nil {
		return "refused: " + err.Error()
	}
	return strings.Join(out.Warnings, "\n")
}

// A file that both a function and the loading of another file lead to, the
// latter by more steps: esbuild reads in parallel, and may come to what is
// missing before it knows of the second way.
func TestWhatIsMissingIsJudgedTheSameEachTime(t *testing.T) {
	t.Parallel()
	files := tree{
		"h.js":                    "const p = require('p');\nexports.handler = () => p.a();",
		"node_modules/p/index.js": "exports.a = () => require('./lazy');\n",
		"node_modules/p/lazy.js":  "require('none');",
	}
	never := said(t, files)
	if !strings.HasPrefix(never, `node_modules/p/lazy.js:1:9: "none" is required within a function`) {
		t.Errorf("got %q, want a warning", never)
	}
	const steps = 20
	files["node_modules/p/index.js"] += "require('./step0');"
	for i := range steps {
		files[fmt.Sprintf("node_modules/p/step%d.js", i)] = fmt.Sprintf("require('./step%d');", i+1)
	}
	files[fmt.Sprintf("node_modules/p/step%d.js", steps)] = "require('./lazy');"
	for i := range 20 {
		if diff := cmp.Diff(`refused: node_modules/p/lazy.js:1:9: Could not resolve "none"`, said(t, files)); diff != "" {
			t.Fatalf("the %dth time, -want +got\n%s", i+1, diff)
		}
	}
}

// Files in layers, each of which requires all of the next: as many ways lead to
// the last one as there are numbers of so many digits.
func TestWhatIsMissingIsJudgedOnceForAllWaysThatLeadToIt(t *testing.T) {
	t.Parallel()
	const layers, wide = 30, 4
	all := func(layer int) string {
		var text strings.Builder
		for i := range wide {
			fmt.Fprintf(&text, "require('./l%d_%d');", layer, i)
		}
		return text.String()
	}
	files := tree{
		"h.js":                    "const p = require('p');\nexports.handler = () => p.a();",
		"node_modules/p/index.js": "exports.a = () => {" + all(0) + "};",
	}
	for layer := range layers {
		for i := range wide {
			files[fmt.Sprintf("node_modules/p/l%d_%d.js", layer, i)] = all(layer + 1)
		}
	}
	for i := range wide {
		files[fmt.Sprintf("node_modules/p/l%d_%d.js", layers, i)] = "require('none');"
	}
	if got := strings.Count(said(t, files), `"none" is required within a function`); got != wide {
		t.Errorf("got %d warnings, want %d", got, wide)
	}
	files["node_modules/p/index.js"] = all(0)
	if got := strings.Count(said(t, files), `Could not resolve "none"`); got != wide {
		t.Errorf("got %d problems, want %d", got, wide)
	}
}

func TestWhatAPackageLacksWhenItIsLoadedIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"in a block":                    "if (true) { module.exports = require('none') }",
		"in a function called at once":  "(function () { module.exports = require('none') })();",
		"in a callback":                 "['x'].forEach((x) => { exports[x] = require('none') });",
		"for a universal definition":    "(function (root, f) { if (typeof exports === 'object') { module.exports = f(require('none')) } })(this, (none) => none);",
		"behind a function":             "const f = () => {}\nmodule.exports = require('none')",
		"in a function, and without it": "exports.f = () => require('none');\nexports.x = require('none');",
	} {
		got := said(t, tree{"h.js": "const p = require('p');\nexports.handler = () => p;", "node_modules/p/index.js": text})
		if !strings.HasPrefix(got, "refused: ") || !strings.Contains(got, `Could not resolve "none"`) {
			t.Errorf("%s: got %q, want it refused", name, got)
		}
	}
}

// A text is no reason to make an ES module of a file, in which this is undefined
// and nothing can return.
func TestATextThatSaysImportMetaMakesNoModule(t *testing.T) {
	t.Parallel()
	out, err := bundleAt(tree{
		"h.js": "const c = require('./c');\nexports.handler = () => [c.x, __dirname];",
		"c.js": "this.x = 'import.meta.url'; // import.meta\nif (this.x) return;\n",
	}.write(t, t.TempDir()), "h.js")
	if err != nil || len(out.Warnings) > 0 || !strings.Contains(string(out.Script), "exports2.x = 'import.meta.url'") && !strings.Contains(string(out.Script), `exports2.x = "import.meta.url"`) {
		t.Errorf("%v, warnings %q\n%s", err, out.Warnings, out.Script)
	}
}

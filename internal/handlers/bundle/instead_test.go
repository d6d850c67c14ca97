package bundle

import (
	"errors"
	"testing"
)

// What is wrong with a handler is told with what to write instead.
func TestAHandlerThatIsNotThereIsToldWhatIs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files            map[string]string
		handler, runtime string
		hint             string
	}{
		"Python without a runtime":    {map[string]string{"d/index.py": "", "d/lib/__init__.py": ""}, "index.handler", "", "index.py is Python: set runtime: python3.13, and handler: index.handler if that is where the function is"},
		"Python of the console":       {map[string]string{"d/a.py": "", "d/lambda_function.py": ""}, "index.handler", "nodejs24.x", "lambda_function.py is Python: set runtime: python3.13, and handler: lambda_function.lambda_handler if that is where the function is"},
		"JavaScript for Python":       {map[string]string{"d/lib/main.mjs": "", "d/node_modules/a/index.js": ""}, "index.handler", "python3.13", "lib/main.mjs is JavaScript: set runtime: nodejs24.x, and handler: lib/main.handler if that is what it exports"},
		"another file":                {map[string]string{"d/main.js": "", "d/a.txt": "", "d/b.py": ""}, "index.handler", "nodejs24.x", "point handler: at a file that is there: d has main.js, so main.handler"},
		"another file in Python":      {map[string]string{"d/main.py": "", "d/lib/b.py": ""}, "index.handler", "python3.13", "point handler: at a file that is there: d has lib/b.py and main.py, so lib/b.handler"},
		"many":                        {map[string]string{"d/a.js": "", "d/b.js": "", "d/c.js": "", "d/d/index.js": ""}, "d/index/x.handler", "", "point handler: at a file that is there, as a.handler is at a.js"},
		"none":                        {map[string]string{"d/a.txt": ""}, "index.handler", "", "build the handler into d first, or correct bundle: and handler:"},
		"a folder, which is imported": {map[string]string{"d/lib/index.js": ""}, "lib.handler", "nodejs24.x", "write it like lib/index.handler"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Build(tree(t, tt.files), Function{Name: "f", Bundle: "d", Handler: tt.handler, Runtime: tt.runtime})
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Hint != tt.hint {
				t.Errorf("%v, hint %q, want %q", err, e.Hint, tt.hint)
			}
		})
	}
}

// integration/runtimes compares the same with Lambda's clients.
func TestAHandlersFileMayBeAnyThatLambdaTakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file, handler string
		old, young    bool // packed until Node.js 22, from 24 on
	}{
		"no extension":    {"index", "index.handler", true, true},
		"below":           {"lib/index", "lib/index.handler", true, true},
		"a folder":        {"index/index.js", "index.handler", true, false},
		"in it":           {"index/index.js", "index/index.handler", true, true},
		"an installed":    {"node_modules/a/index.js", "a.handler", true, true},
		"a text":          {"index.txt", "index.handler", false, false},
		"the same twice":  {"a.b/a.js", "a.b/a.b", false, false},
		"a folder's file": {"lib/index.mjs", "lib.handler", false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for runtime, want := range map[string]bool{"nodejs22.x": tt.old, "": tt.old, "nodejs24.x": tt.young} {
				_, err := Build(tree(t, map[string]string{"d/" + tt.file: ""}), Function{Name: "f", Bundle: "d", Handler: tt.handler, Runtime: runtime})
				if (err == nil) != want {
					t.Errorf("%q: %v", runtime, err)
				}
			}
		})
	}
}

func TestACallbackInACommentIsNone(t *testing.T) {
	t.Parallel()
	for text, warns := range map[string]bool{
		"exports.handler = (event, context, callback) => {}":                                               true,
		"// exports.handler = (event, context, callback) => {}\nexports.handler = async (event) => {}":     false,
		"const s = `exports.handler = (event, context, callback) => {}`; exports.handler = async () => {}": false,
	} {
		b, err := Build(tree(t, map[string]string{"d/index.js": text}), Function{Name: "f", Bundle: "d", Handler: "index.handler", Runtime: "nodejs24.x"})
		if err != nil || (len(b.Warnings) > 0) != warns {
			t.Errorf("%s: warnings %q, %v", text, b.Warnings, err)
		}
	}
}

package bundle

import "testing"

func TestTheRuntimeDecidesWhatAHandlersFileIs(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"d/index.py": "def handler(event, context): return event", "d/lib/main.py": "", "d/pkg/__init__.py": "", "d/only.mjs": "",
	})
	tests := map[string]struct{ handler, runtime, say string }{
		"a module":               {"index.handler", "python3.13", ""},
		"in a folder":            {"lib/main.handler", "python3.9", ""},
		"in a folder, by dots":   {"lib.main.handler", "python3.13", ""},
		"a package":              {"pkg.handler", "python3.13", ""},
		"no such module":         {"nope.handler", "python3.13", `handler "nope.handler" needs nope.py in d, because its runtime is python3.13`},
		"JavaScript":             {"only.handler", "python3.13", "needs only.py in d"},
		"no name of a function":  {"index.", "python3.13", "is not a module and the name of a function"},
		"above":                  {"../index.handler", "python3.13", "is not a module and the name of a function"},
		"Python for Node.js":     {"index.handler", "nodejs24.x", "needs index.js, .mjs or .cjs in d"},
		"JavaScript for Node.js": {"only.handler", "nodejs24.x", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Build(root, Function{Name: "f", Bundle: "d", Handler: test.handler, Runtime: test.runtime})
			if test.say == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, "f", test.say)
		})
	}
}

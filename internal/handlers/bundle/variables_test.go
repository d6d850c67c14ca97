package bundle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestVariablesThatTheEdgeLacksAreNamedWithTheirLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file, text string
		want       []place
	}{
		"a member":             {"a.js", "x\nprocess.env.STAGE", []place{{"STAGE", "a.js", 2}}},
		"in brackets":          {"a.ts", `process.env["STAGE"] + process.env[ 'B' ]`, []place{{"STAGE", "a.ts", 1}, {"B", "a.ts", 1}}},
		"taken apart":          {"a.mjs", "const {\n A,\n B: b,\n C = 1 } = process.env;", []place{{"A", "a.mjs", 1}, {"B", "a.mjs", 1}, {"C", "a.mjs", 1}}},
		"once":                 {"a.js", "process.env.A\nprocess.env.A", []place{{"A", "a.js", 1}}},
		"what Lambda sets":     {"a.js", "process.env.AWS_REGION; process.env.LAMBDA_TASK_ROOT; process.env.AWS_LAMBDA_FUNCTION_NAME", nil},
		"what is set":          {"a.js", "process.env.A = 1; process.env.B ??= 2; process.env.A + process.env.B", nil},
		"compared":             {"a.js", "if (process.env.A == 1) {}", []place{{"A", "a.js", 1}}},
		"in a comment":         {"a.js", "// process.env.A\n/*\n * process.env.B\n */", nil},
		"another object":       {"a.js", "process.envelope.A; my.process.environment.B; const { A } = process.env.sub", []place{{"sub", "a.js", 1}}},
		"somebody's package":   {"d/node_modules/x/a.js", "process.env.A", nil},
		"no script":            {"a.json", "process.env.A", nil},
		"Python":               {"a.py", "import os\nos.environ['A']; os.environ.get(\"B\", 1); os.getenv('C')", []place{{"A", "a.py", 2}, {"B", "a.py", 2}, {"C", "a.py", 2}}},
		"set in Python":        {"a.py", "os.environ['A'] = '1'\nos.environ['A']", nil},
		"Lambda's, in Python":  {"a.py", "os.environ['AWS_REGION']", nil},
		"commented, in Python": {"a.py", "# os.environ['A']", nil},
		"behind code":          {"a.js", "f(); // process.env.A\ng(); /* process.env.B */ h() /* process.env.C\nprocess.env.D */", nil},
		"in texts":             {"a.js", "f(\"process.env.A\", 'process.env.B', `process.env.C ${process.env.D} process[\"env\"]`, /process.env.E/); `${`${process.env['F']}`}`", []place{{"D", "a.js", 1}, {"F", "a.js", 1}}},
		"behind a regexp":      {"a.js", "if (a) /[`'\"]/.test(b);\nprocess.env.A", []place{{"A", "a.js", 2}}},
		"in JSX":               {"a.jsx", "x = <a b=\"process.env.A\">it's process.env.B {process.env.C}</a>", []place{{"C", "a.jsx", 1}}},
		"set in a comment":     {"a.js", "// process.env.A = 1\nprocess.env.A", []place{{"A", "a.js", 2}}},
		"behind code, Python":  {"a.py", "f()  # os.environ['A']\nos.environ['B']  # it's", []place{{"B", "a.py", 2}}},
		"in texts of Python":   {"a.py", "\"\"\"os.environ['A']\nos.getenv('B')\"\"\"\nprint('os.environ[\"C\"]', r\"os.environ['D']\\\", b'')\nos.environ['E']", []place{{"E", "a.py", 4}}},
		"in values in texts":   {"a.py", "f\"it's os.environ['A'] {{os.environ['B']}} {os.environ['C']:>{os.environ['D']}} {f'{os.getenv('E')}'}\" + os.environ['F']", []place{{"C", "a.py", 1}, {"D", "a.py", 1}, {"E", "a.py", 1}, {"F", "a.py", 1}}},
		"in a broken text":     {"a.py", "x = 'it\nos.environ['A'] + \"\"\"", []place{{"A", "a.py", 2}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := unset(test.file, []byte(test.text))
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(place{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestScriptsThatReadVariablesAreWarnedOf(t *testing.T) {
	t.Parallel()
	script := plainEntry + "\n// nothing\nconst stage = process.env.STAGE;"
	root := tree(t, map[string]string{
		"d/index.js": script, "d/node_modules/x/i.js": "process.env.OTHER", "src/a.ts": "import './b';\nexport const handler = async (e: any) => e;", "src/b.ts": "\n\nconsole.log(process.env.STAGE);",
		"many/index.js": plainEntry + strings.Join([]string{"", "process.env.A", "process.env.B", "process.env.C", "process.env.D", "process.env.E", "process.env.F", "process.env.G"}, "\n"),
	})
	const says = " reads the environment variable STAGE, which no function at the edge has: use config:"
	tests := map[string]struct {
		f    Function
		want []string
	}{
		"a folder":  {Function{Bundle: "d", Handler: "index.handler"}, []string{"d/index.js:3" + says}},
		"a zip":     {Function{Bundle: "z.zip", Source: foreign(t, entry{name: "index.js", data: script}), Handler: "index.handler"}, []string{"z.zip: index.js:3" + says}},
		"an entry":  {Function{Entry: "src/a.ts"}, []string{"src/b.ts:3" + says}},
		"very many": {Function{Bundle: "many", Handler: "index.handler"}, []string{"and 2 more environment variables are read that no function at the edge has"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.f.Name = "f"
			b, err := Build(root, test.f)
			if err != nil {
				t.Fatal(err)
			}
			if name == "very many" && len(b.Warnings) == mostVariables+1 {
				b.Warnings = b.Warnings[mostVariables:]
			}
			if diff := cmp.Diff(test.want, b.Warnings); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// Whatever a script is: its code stands where it stood.
func TestCodeStaysInItsPlace(t *testing.T) {
	t.Parallel()
	parts := []string{"a", "os.environ['A']", "process.env.A", "'", "\"", "`", "\"\"\"", "'''", "f\"", "rb'", "{", "}", "{{", "}}", "${", "#", "//", "/*", "*/", "/", "<", ">", "\\", "\n", " ", "(", ")", "ü", "\xff", "=", ":"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 40).Draw(t, "parts"), "")
		for _, file := range []string{"a.js", "a.tsx", "a.py"} {
			how, _ := readingOf(file)
			code := how.code(file, []byte(text))
			if len(code) != len(text) {
				t.Fatalf("%s: %d bytes became %d: %q", file, len(text), len(code), text)
			}
			for i, c := range code {
				if c != ' ' && c != text[i] || text[i] == '\n' && c != '\n' {
					t.Fatalf("%s: %q became %q", file, text, code)
				}
			}
		}
	})
}

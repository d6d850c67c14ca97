package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
)

// unread is Lambda's report of a line of Python, with the words that the release has for it.
func unread(says, line string) *node.Failure {
	return &node.Failure{Name: "Runtime.UserCodeSyntaxError", Message: "Syntax error in module 'index': " + says + " (index.py, line 2)",
		Stack: "Runtime.UserCodeSyntaxError: …\n  File \"index.py\" Line 2\n    " + line}
}

// What Pythons 3.8, 3.11, 3.12 and 3.13 say, and which release reads it, if any does.
func TestALineThatNoPythonReadsIsAnErrorInAny(t *testing.T) {
	t.Parallel()
	tests := []struct {
		has        int
		says, line string
		reads      int // 0 for none
	}{
		{8, "invalid syntax", "@a[0].b", 9},
		{8, "invalid syntax", "match x:", 10},
		{8, "invalid syntax", "with (open('a') as a, open('b') as b): pass", 10},
		{8, "invalid syntax", "except* A: pass", 11},
		{8, "invalid syntax", "a[*b]", 11},
		{11, "invalid syntax", "type X = int", 12},
		{11, "expected '('", "async def f[T](x): pass", 12},
		{11, "invalid syntax", "class A[T]: pass", 12},
		{11, "f-string: unmatched '['", "f'{x['a']}'", 12},
		{8, "f-string expression part cannot include a backslash", "None", 12},
		{11, "f-string expression part cannot include a backslash", "x = f'''", 12},
		{11, "unterminated string literal (detected at line 1)", "f'{x # c", 12},
		{12, "invalid syntax", "class A[T = int]: pass", 13},
		{13, "multiple exception types must be parenthesized", "except A, B: pass", 14},
		{13, "invalid syntax", "x = t'{x}'", 14},
		{8, "invalid syntax", "def", 0},
		{11, "invalid syntax", "def f(:", 0},
		{11, "'(' was never closed", "x = (", 0},
		{12, "unexpected indent", "  x = 1", 0},
		{11, "expected an indented block after function definition on line 1", "pass", 0},
		{11, "Missing parentheses in call to 'print'. Did you mean print(...)?", "print 'a'", 0},
		{11, "unterminated string literal (detected at line 1)", "x = 'a", 0},
		{11, "expected ':'", "if x", 0},
		{11, "invalid syntax. Perhaps you forgot a comma?", "x = {'a' 1}", 0},
	}
	for _, tt := range tests {
		for wants := tt.has + 1; wants <= newestGrammar+1; wants++ {
			warns := ofRelease(unread(tt.says, tt.line), fmt.Sprintf("python3.%d", tt.has), fmt.Sprintf("python3.%d", wants))
			switch {
			case wants > newestGrammar && !warns:
				t.Errorf("%s: an error for Python 3.%d, of which nothing is known", tt.line, wants)
			case wants <= newestGrammar && tt.reads > 0 && wants >= tt.reads && !warns:
				t.Errorf("%s: an error for Python 3.%d, which reads it", tt.line, wants)
			case wants <= newestGrammar && tt.reads == 0 && warns && wants-tt.has <= 3:
				t.Errorf("%s: a warning for Python 3.%d, which reads it as little as 3.%d", tt.line, wants, tt.has)
			}
		}
		if ofRelease(unread(tt.says, tt.line), "python3.14", "python3.13") {
			t.Errorf("%s: a newer Python refuses it, and it is a warning", tt.line)
		}
	}
}

func TestWhatToDoAboutABundleThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	const leave = "; --no-load leaves this out"
	var js, py built
	js.Config.Runtime, py.Config.Runtime = "nodejs24.x", "python3.13"
	entry := js
	entry.ABI = bundle.Glue
	tests := map[string]struct {
		f    node.Failure
		b    built
		says string
	}{
		"a throw":                {node.Failure{Name: "TypeError", Stack: "TypeError: x\n    at f (node:internal/x:1:2)\n    at Object.<anonymous> (lib/a.js:1:7)\n    at b.js:2:1"}, js, "it fails at lib/a.js:1:7 of the bundle, before the first event" + leave},
		"a line of JavaScript":   {node.Failure{Name: "Runtime.UserCodeSyntaxError", Stack: "index.js:3\nconst\n\nSyntaxError: Unexpected end of input\n    at x (node:vm:1:1)"}, js, "it fails at index.js:3 of the bundle"},
		"a raise":                {node.Failure{Name: "ValueError", Stack: "ValueError: x\n  File \"index.py\", line 2, in <module>\n    import a\n  File \"a.py\", line 7, in <module>\n  File \"/usr/lib/python3/x.py\", line 9, in y"}, py, "it fails at a.py:7 of the bundle"},
		"a line of Python":       {*unread("invalid syntax", "def"), py, "it fails at index.py:2 of the bundle"},
		"nowhere":                {node.Failure{Name: "string", Message: "x"}, js, "--no-load leaves this out"},
		"no such export":         {node.Failure{Name: "Runtime.HandlerNotFound"}, js, "point handler: at what the file has: its name, a dot, and the name of a function" + leave},
		"no such package":        {node.Failure{Name: "Runtime.ImportModuleError"}, js, "put it into the bundle, node_modules with it, or name the script with entry:"},
		"an external one":        {node.Failure{Name: "Runtime.ImportModuleError"}, entry, "nothing is beside the bundle at the edge: take it out of external:"},
		"no package of Python's": {node.Failure{Name: "Runtime.ImportModuleError"}, py, "put the package into the bundle, as pip install --target does" + leave},
		"too long":               {node.Failure{Name: "Sandbox.Timedout"}, js, "do less before the first event" + leave},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := loadHint(&tt.f, tt.b, false); !strings.HasPrefix(got, tt.says) {
				t.Errorf("got %q, want %q", got, tt.says)
			}
		})
	}
}

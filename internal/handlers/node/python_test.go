package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// python is the one in PATH. Where there is none these tests have nothing to
// run in.
func python(t *testing.T) Python {
	t.Helper()
	p, err := FindPython(t.Context(), "", os.Getenv("PATH"))
	var missing *NotFoundError
	if errors.As(err, &missing) {
		if os.Getenv("EDGEDEPLOY_REQUIRE_PYTHON") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT RUN: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func inPython(t *testing.T, p Python, handler string, files map[string]string, events ...string) Session {
	t.Helper()
	f := Function{Name: "f", Zip: zipped(t, files), Handler: handler, Runtime: "python3.13", MemoryMB: 128, Timeout: 2 * time.Second}
	var docs [][]byte
	for _, e := range events {
		docs = append(docs, []byte(e))
	}
	s, err := p.Run(t.Context(), f, docs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPythonHandlersAreCalled(t *testing.T) {
	t.Parallel()
	p := python(t)
	tests := map[string]struct{ script, want string }{
		"a result":               {"return {'n': event['n'], 'ü': [True, None]}", `{"n": 1, "ü": [true, null]}`},
		"nothing":                {"pass", "null"},
		"a decimal":              {"import decimal; return [decimal.Decimal('1.50'), decimal.Decimal('2')]", "[1.50, 2]"},
		"a set":                  {"return {1}", "error: Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable"},
		"bytes within":           {"import base64; return {b'k': base64.b64encode(b'abc'), 'l': [b'd']}", `{"k": "YWJj", "l": ["d"]}`},
		"a named tuple":          {"import collections; H = collections.namedtuple('H', 'key value'); return [H('Content-Type', 'image/png')]", `[{"key": "Content-Type", "value": "image/png"}]`},
		"bytes that are no text": {"return {'body': b'\\xff'}", "error: Runtime.MarshalError: Unable to marshal response: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"},
		"no number":              {"return float('nan')", "error: Runtime.MarshalError: Unable to marshal response: Out of range float values are not JSON compliant"},
		"bytes":                  {"return b'{}'", "error: Runtime.MarshalError: the handler returned bytes, which Lambda passes on as they are, and CloudFront wants an object"},
		"a raise":                {"raise KeyError('x')", "error: KeyError: 'x'"},
		"an exit":                {"import sys; sys.exit(3)", "error: Runtime.ExitError: the process ended before it answered: exit status 3"},
		"an endless loop":        {"while True: pass", "error: Sandbox.Timedout: Task timed out after 2.00 seconds"},
		"the context":            {"return [context.function_name, context.function_version, context.memory_limit_in_mb, context.get_remaining_time_in_millis() > 1000]", `["us-east-1.f", "1", "128", true]`},
		"what Lambda sets":       {"import os; return [os.environ['AWS_REGION'], os.environ['LAMBDA_TASK_ROOT'] == os.getcwd(), 'HOME' in os.environ]", `["eu-central-1", true, false]`},
		"packages are not":       {"import pip", "error: ModuleNotFoundError: No module named 'pip'"},
		"an empty stdin":         {"import sys; return sys.stdin.read()", `""`},
		"a module of theirs":     {"import lib.own; return lib.own.n", "5"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"index.py": "def handler(event, context):\n    if event.get('ok'): return 'ok'\n    " + test.script + "\n", "lib/own.py": "n = 5\n"}
			s := inPython(t, p, "index.handler", files, `{"ok":1}`, `{"n":1}`, `{"ok":1}`)
			if s.Load != nil {
				t.Fatal(s.Load)
			}
			got := lines(s)
			// Newer releases of Python say more of the number.
			if got[1] = strings.TrimSuffix(got[1], ": nan"); cmp.Diff([]string{`"ok"`, test.want, `"ok"`}, got) != "" {
				t.Errorf("got %q, want %s", got, test.want)
			}
		})
	}
}

func TestPythonHandlersMayNotLoad(t *testing.T) {
	t.Parallel()
	p := python(t)
	tests := map[string]struct {
		handler string
		files   map[string]string
		say     string
	}{
		"no file":         {"index.handler", map[string]string{"main.py": ""}, "Runtime.ImportModuleError: Unable to import module 'index': No module named 'index'"},
		"no package":      {"index.handler", map[string]string{"index.py": "import nope"}, "Runtime.ImportModuleError: Unable to import module 'index': No module named 'nope'"},
		"no function":     {"lib/index.handler", map[string]string{"lib/index.py": ""}, "Runtime.HandlerNotFound: Handler 'handler' missing on module 'lib/index'"},
		"a syntax error":  {"index.handler", map[string]string{"index.py": "def"}, "Runtime.UserCodeSyntaxError: Syntax error in module 'index': invalid syntax (index.py, line 1)"},
		"a raise":         {"index.handler", map[string]string{"index.py": "raise ValueError('no')"}, "ValueError: no"},
		"no dot":          {"index", map[string]string{"index.py": ""}, "Runtime.MalformedHandlerName: Bad handler 'index'"},
		"a built-in name": {"sys.exit", map[string]string{"sys.py": ""}, "Runtime.BuiltInModuleConflict: Cannot use built-in module sys as a handler module"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inPython(t, p, test.handler, test.files, `{}`)
			if s.Load == nil || !strings.HasPrefix(s.Load.Error(), test.say) || len(s.Outcomes) != 0 {
				t.Errorf("load %v, want %s", s.Load, test.say)
			}
		})
	}
}

func TestPythonsLogsAndStacks(t *testing.T) {
	t.Parallel()
	p := python(t)
	s := inPython(t, p, "index.handler", map[string]string{"index.py": strings.Join([]string{
		"import logging, os, sys", "print('loading')", "def handler(event, context):",
		"    print('one'); sys.stderr.write('two'); logging.warning('three %d', 3); logging.info('quiet')", "    os.write(2, b'straight')", "    return deeper()",
		"def deeper():", "    raise ValueError('x')"}, "\n")}, `{}`)
	if diff := cmp.Diff([]Log{{"stdout", "loading"}}, s.LoadLogs); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]Log{{"stdout", "one"}, {"warn", "three 3"}, {"stderr", "two"}}, s.Outcomes[0].Logs); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if stack := s.Outcomes[0].Error.Stack; !strings.Contains(stack, `File "index.py", line 8, in deeper`) || strings.Contains(stack, "runner.py") {
		t.Errorf("stack: %s", stack)
	}
	if s.Stray != "straight" {
		t.Errorf("stray: %q", s.Stray)
	}
}

func TestPythonsTextsDoNotNameTheFolderThatABundleLiesIn(t *testing.T) {
	t.Parallel()
	p := python(t)
	const writes = "print(__file__); traceback.print_stack(); sys.stderr.write(__file__); logging.warning(os.getcwd()); os.write(2, __file__.encode())"
	for _, ends := range []string{"raise ValueError(__file__)", "os.abort()"} {
		s := inPython(t, p, "index.handler", map[string]string{"index.py": "import logging, os, sys, traceback\n" + writes + "\ndef handler(event, context):\n    " + writes + "\n    " + ends}, `{}`)
		checkNames(t, s, `File "/var/task/index.py", line 2`)
	}
	s := inPython(t, p, "index.handler", map[string]string{"index.py": "import os\nraise ValueError(os.getcwd())"}, `{}`)
	checkNames(t, s, "/var/task")
}

// As Lambda counts it: the whole process, with the interpreter.
func TestPythonHasTheMemoryOfItsFunction(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: only Linux tells how much memory a process took")
	}
	p := python(t)
	script := "kept = []\ndef handler(event, context):\n    n = event['mb']\n    while n > 0 or n < 0:\n        kept.append(b'x' * (1 << 20)); n -= 1\n    return len(kept)\n"
	f := Function{Name: "f", Zip: zipped(t, map[string]string{"index.py": script}), Handler: "index.handler", Runtime: "python3.13", MemoryMB: 128, Timeout: time.Minute}
	var events [][]byte
	for _, mb := range []int{20, 20, 200, 10, -1, 1} {
		events = append(events, fmt.Appendf(nil, `{"mb":%d}`, mb))
	}
	s, err := p.Run(t.Context(), f, events)
	if err != nil {
		t.Fatal(err)
	}
	got := lines(s)
	for i, want := range []string{"20", "40", "error: Runtime.OutOfMemory: the process took 2", "10", "error: Runtime.OutOfMemory: the process took ", "1"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("event %d: %s, want %s", i, got[i], want)
		}
	}
	for i, stack := range []string{"kept = [b'x' * (1 << 20) for _ in range(200)]", "while True: x = [b'x' * (1 << 20), globals().get('x')]"} {
		s := inPython(t, p, "index.handler", map[string]string{"index.py": stack}, `{}`)
		if s.Load == nil || s.Load.Name != "Runtime.OutOfMemory" || !strings.HasSuffix(s.Load.Message, " MB, and the function has 128: Lambda ends it") {
			t.Errorf("load %d: %v", i, s.Load)
		}
	}
}

func TestFindPythonSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	p := python(t)
	if !IsPython(p.Runtime()) || IsPython("nodejs24.x") {
		t.Errorf("runtime %s", p.Runtime())
	}
	var missing *NotFoundError
	if _, err := FindPython(t.Context(), "", t.TempDir()); !errors.As(err, &missing) || err.Error() != "there is no python3 in PATH" {
		t.Errorf("in an empty PATH: %v", err)
	}
	if _, err := FindPython(t.Context(), filepath.Join(t.TempDir(), "nope"), ""); !errors.As(err, &missing) || !strings.Contains(err.Error(), "no Python at") {
		t.Errorf("at a path: %v", err)
	}
	other := filepath.Join(t.TempDir(), "python3")
	if err := os.WriteFile(other, []byte("#!/bin/sh\necho 2.7.18\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := FindPython(t.Context(), other, ""); err == nil || !strings.Contains(err.Error(), "is no Python 3") {
		t.Errorf("another program: %v", err)
	}
}

package runtimes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
)

// pythonClient is AWS's runtime interface client for Python, with the Python that
// it was installed for.
type pythonClient struct {
	python  node.Python
	runtime string // that the function says it has
	dir     string
}

// startPython lets a Python that sees nothing of this machine's run the client.
const startPython = "import sys; sys.path[:0] = [%q, %q]; from awslambdaric.__main__ import main; main(['', sys.argv[1]])"

func findPythonClient(t *testing.T) pythonClient {
	t.Helper()
	dir := filepath.Join(os.Getenv("EDGEDEPLOY_TEST_PACKAGES"), "python")
	if _, err := os.Stat(filepath.Join(dir, "awslambdaric")); err != nil {
		if os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "" {
			t.Fatal(err)
		}
		t.Skip("NOT RUN: no awslambdaric; integration/packages.sh installs it with pip, and EDGEDEPLOY_TEST_PACKAGES names its folder")
	}
	p, err := node.FindPython(t.Context(), "", os.Getenv("PATH"))
	if err != nil {
		t.Fatal(err)
	}
	// Its native half is made for one release of Python.
	cmd := exec.CommandContext(t.Context(), p.Path, "-I", "-S", "-c", fmt.Sprintf("import sys; sys.path.insert(0, %q); import runtime_client", dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "" {
			t.Fatalf("%v: %s", err, out)
		}
		t.Skipf("NOT RUN: awslambdaric is installed for another Python than %s; run integration/packages.sh again", p.Version)
	}
	return pythonClient{p, p.Runtime(), dir}
}

// judge has the client load a bundle and run the event.
func (c pythonClient) judge(t *testing.T, b sample) verdict {
	t.Helper()
	task := filepath.Join(t.TempDir(), "task")
	lay(t, task, b.files)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	api := pythonAPI(t, cancel)
	cmd := exec.CommandContext(ctx, c.python.Path, "-I", "-S", "-B", "-c", fmt.Sprintf(startPython, task, c.dir), b.handler)
	cmd.Dir = task
	var noise bytes.Buffer
	cmd.Stdout, cmd.Stderr = &noise, &noise
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "TZ=UTC", "LAMBDA_TASK_ROOT=" + task, "_HANDLER=" + b.handler, "AWS_LAMBDA_RUNTIME_API=" + api.address,
		"AWS_EXECUTION_ENV=AWS_Lambda_" + c.runtime, "AWS_LAMBDA_FUNCTION_VERSION=1", "AWS_LAMBDA_FUNCTION_NAME=us-east-1.f",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_LOG_GROUP_NAME=g", "AWS_LAMBDA_LOG_STREAM_NAME=s",
	}
	_ = cmd.Run() // it is stopped once it has reported
	within := func(s string) string { return strings.ReplaceAll(s, task+"/", "") }
	api.mu.Lock()
	defer api.mu.Unlock()
	switch {
	case api.said != nil:
		return verdict{Load: within(api.said.Load), Event: within(api.said.Event)}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		t.Fatalf("the client did not end: %s", noise.String())
	}
	return verdict{Event: ended}
}

// told is what a client reported to the Runtime API.
type told struct {
	address string
	mu      sync.Mutex
	said    *verdict // the first report
	given   bool
}

// pythonAPI is the Runtime API with one event. It stops the client once that has
// reported.
func pythonAPI(t *testing.T, stop func()) *told {
	t.Helper()
	a := &told{}
	report := func(v verdict) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.said == nil {
			a.said = &v
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // it was stopped
		}
		const path = "/2018-06-01/runtime/"
		switch r.URL.Path {
		case path + "invocation/next":
			a.mu.Lock()
			given := a.given
			a.given = true
			a.mu.Unlock()
			if given {
				stop()
				return
			}
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(20*time.Second).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:000000000000:function:us-east-1.f:1")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"n":1}`)
			return
		case path + "invocation/1/response":
			report(verdict{Event: string(body)})
		case path + "invocation/1/error":
			report(verdict{Event: describe(t, string(body))})
		case path + "init/error":
			report(verdict{Load: describe(t, string(body))})
		default:
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	a.address = strings.TrimPrefix(server.URL, "http://")
	return a
}

// ours is the verdict of package node.
func (c pythonClient) ours(t *testing.T, b sample) verdict {
	t.Helper()
	return judge(t, c.python.Run, c.runtime, b)
}

// py is a bundle of one file, pyBody a handler with this body, and pyFirst one
// with this before it.
func py(text string) sample     { return sample{"index.handler", files{"index.py": text}} }
func pyBody(text string) sample { return py("def handler(event, context):\n    " + text + "\n") }
func pyFirst(text string) sample {
	return py(text + "\ndef handler(event, context):\n    return event\n")
}

func pythonSamples() map[string]sample {
	const def = "def handler(event, context):\n    return [__name__, event]\n"
	return map[string]sample{
		"a result":                {"index.handler", files{"index.py": def}},
		"a path":                  {"lib/main.handler", files{"lib/main.py": def}},
		"dots":                    {"lib.main.handler", files{"lib/main.py": def}},
		"a package":               {"lib.handler", files{"lib/__init__.py": def}},
		"a package before a file": {"lib.handler", files{"lib/__init__.py": def, "lib.py": "raise ValueError('file')"}},
		"a file before a folder":  {"lib.handler", files{"lib.py": def, "lib/other.py": ""}},
		"a folder":                {"lib.handler", files{"lib/other.py": ""}},
		"a member of a class":     {"index.A.handler", files{"index.py": "class A:\n    def handler(event, context): return 1\n"}},
		"no dot":                  {"index", files{"index.py": def}},
		"nothing after":           {"index.", files{"index.py": def}},
		"a slash first":           {"/index.handler", files{"index.py": def}},
		"a built-in name":         {"sys.exit", files{"sys.py": def}},
		"a library's name":        {"json.handler", files{"json.py": def}},
		"no file":                 {"main.handler", files{"index.py": def}},
		"no function":             py("x = 1"),
		"no function to call":     py("handler = 1"),
		"a class":                 py("class handler:\n    def __init__(self, event, context): pass"),
		"a lambda":                py("handler = lambda event, context: event['n']"),
		"async":                   py("async def handler(event, context): return 1"),
		"a generator":             py("def handler(event, context): yield 1"),
		"one parameter":           py("def handler(event): return 1"),
		"defaults":                py("def handler(event, context, more=3): return more"),
		"another module":          {"index.handler", files{"index.py": "from lib import own\ndef handler(event, context): return own.n", "lib/own.py": "n = 5"}},

		"raises":               pyFirst("raise ValueError('no')"),
		"raises a text":        pyFirst("raise 'no'"),
		"a missing package":    pyFirst("import nope"),
		"a missing name":       pyFirst("from json import nope"),
		"its own ImportError":  pyFirst("raise ImportError('mine')"),
		"a syntax error":       pyFirst("x = ("),
		"a bad indent":         pyFirst("  x = 1"),
		"a syntax error below": {"index.handler", files{"index.py": "import lib", "lib.py": "def"}},
		"its own SyntaxError":  pyFirst("raise SyntaxError('mine')"),
		"exits while loading":  pyFirst("import sys; sys.exit(3)"),
		"its own class":        pyFirst("class Mine(Exception): pass\nraise Mine('a', 2)"),

		"nothing":               pyBody("pass"),
		"letters":               pyBody("return {'ü': '\\u2028\\U0001f600\"\\\\/'}"),
		"numbers":               pyBody("return [1, -0.0, 1e100, 0.1, 10**20, True, None]"),
		"keys":                  pyBody("return {1: 'a', None: 'b', True: 'c', 1.5: 'd'}"),
		"keys that are none":    pyBody("return {(1, 2): 'a'}"),
		"a tuple":               pyBody("return (1, (2,))"),
		"a named tuple":         pyBody("import collections; return collections.namedtuple('A', 'b c')(1, [2])"),
		"a decimal":             pyBody("import decimal; return [decimal.Decimal('1.50'), decimal.Decimal('2'), decimal.Decimal('1E+2'), decimal.Decimal('-0')]"),
		"bytes within":          pyBody("return {'a': b'b', b'c': 1}"),
		"bytes that are no":     pyBody("return {'a': b'\\xff'}"),
		"a set":                 pyBody("return {1}"),
		"a date":                pyBody("import datetime; return datetime.date(2026, 1, 2)"),
		"an enum":               pyBody("import enum; return enum.IntEnum('A', 'b').b"),
		"a text's class":        pyBody("class A(str): pass\n    return A('a')"),
		"a dict's class":        pyBody("import collections; return collections.OrderedDict(b=1, a=2)"),
		"a circle":              pyBody("a = []; a.append(a); return a"),
		"half a character":      pyBody("return '\\ud800'"),
		"an object":             pyBody("return object"),
		"an iterator":           pyBody("return iter([1])"),
		"a raise":               pyBody("raise TypeError('no')"),
		"a raise without":       pyBody("raise TypeError"),
		"a key":                 pyBody("return event['nope']"),
		"an exit":               pyBody("import sys; sys.exit(0)"),
		"an exit for good":      pyBody("import os; os._exit(0)"),
		"a key of the keyboard": pyBody("raise KeyboardInterrupt"),
		"what json.loads gives": pyBody("return [type(event).__name__, type(event['n']).__name__]"),
		"the context": pyBody("return [context.function_name, context.function_version, context.memory_limit_in_mb, context.invoked_function_arn, " +
			"type(context.get_remaining_time_in_millis()).__name__, context.client_context, context.identity.cognito_identity_id, callable(context.log)]"),
		"deep": pyBody("a = []\n    for _ in range(100000): a = [a]\n    return a"),
	}
}

// What Lambda writes as NaN is no JSON, and CloudFront takes no such result. It is
// a failure here, which says so.
func TestNumbersThatJSONCannotSayAreAFailure(t *testing.T) {
	t.Parallel()
	c := findPythonClient(t)
	for _, value := range []string{"float('nan')", "[float('inf')]", "{'a': -float('inf')}", "decimal.Decimal('NaN')", "decimal.Decimal('-Infinity')"} {
		b := pyBody("import decimal; return " + value)
		theirs, ours := c.judge(t, b), c.ours(t, b)
		if json.Valid([]byte(theirs.Event)) || !strings.HasPrefix(ours.Event, "error Runtime.MarshalError: Unable to marshal response: Out of range float values") {
			t.Errorf("%s: Lambda's client: %+v\npackage node:    %+v", value, theirs, ours)
		}
	}
}

func TestOurVerdictOnPythonIsLambdas(t *testing.T) {
	t.Parallel()
	c := findPythonClient(t)
	all := pythonSamples()
	type run struct{ name, runtime string }
	var runs []run
	for _, name := range slices.Sorted(maps.Keys(all)) {
		runs = append(runs, run{name, c.runtime})
	}
	for _, name := range []string{"letters", "half a character"} { // the runtime decides how they are written
		runs = append(runs, run{name, "python3.11"}, run{name, "python3.12"}, run{name, "python3.15"})
	}
	limit := make(chan struct{}, 2)
	for _, r := range runs {
		t.Run(r.name+" in "+r.runtime, func(t *testing.T) {
			t.Parallel()
			limit <- struct{}{}
			defer func() { <-limit }()
			c, name := c, r.name
			c.runtime = r.runtime
			if theirs, ours := c.judge(t, all[name]), c.ours(t, all[name]); !same(theirs, ours) {
				t.Errorf("Lambda's client: %+v\npackage node:    %+v", theirs, ours)
			}
		})
	}
}

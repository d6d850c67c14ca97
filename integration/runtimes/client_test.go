package runtimes

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
)

// client is one of AWS's runtime interface clients, with the Node.js and the
// switches that Lambda runs it with.
type client struct {
	node    node.Node
	runtime string
	args    []string
}

// clients are the client of every release that there is to test with.
func clients(t *testing.T) []client {
	t.Helper()
	packages := os.Getenv("EDGEDEPLOY_TEST_PACKAGES")
	if packages == "" {
		if os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "" {
			t.Fatal("EDGEDEPLOY_TEST_PACKAGES is not set")
		}
		t.Skip("NOT RUN: no npm packages; integration/packages.sh installs them, and EDGEDEPLOY_TEST_PACKAGES names their folder")
	}
	paths := strings.Split(os.Getenv("EDGEDEPLOY_TEST_NODES"), ",")
	var all []client
	for _, path := range paths {
		n, err := node.Find(t.Context(), path, os.Getenv("PATH"))
		if err != nil {
			t.Fatal(err)
		}
		c := client{node: n, runtime: fmt.Sprintf("nodejs%d.x", n.Major)}
		switch n.Major {
		case 20:
			c.args = []string{"--no-experimental-require-module"}
		case 22, 24:
			c.args = []string{"--no-experimental-require-module", "--no-experimental-detect-module"}
		default:
			t.Logf("NOT RUN: no client of Lambda's is known for Node.js %s", n.Version)
			continue
		}
		c.args = append(c.args, install(t, packages, n.Major))
		all = append(all, c)
	}
	return all
}

// install puts the client and its transport into a folder, and gives its
// program.
func install(t *testing.T, packages string, major int) string {
	t.Helper()
	from, start := "lambda-ric-4/index.mjs", ""
	if major < 24 {
		from, start = "lambda-ric-3/dist/index.mjs", "import { run } from './index.mjs'; await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);"
	}
	source, err := os.ReadFile(filepath.Join(packages, "node_modules", from))
	if err != nil {
		t.Fatalf("the runtime interface client is missing; run integration/packages.sh again: %v", err)
	}
	transport, err := os.ReadFile("testdata/transport.cjs")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// The client requires ./rapid-client.node; a folder of that name will do.
	files := map[string]string{"index.mjs": string(source), "start.mjs": start, "rapid-client.node/index.js": string(transport)}
	lay(t, dir, files)
	if start == "" {
		return filepath.Join(dir, "index.mjs")
	}
	return filepath.Join(dir, "start.mjs")
}

func lay(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// verdict is what became of a bundle and its event.
type verdict struct {
	Load  string // the error of loading, or ""
	Event string // the result, or the error
}

// ended is the verdict on a process that ended without a word.
const ended = "the process ended"

type reported struct {
	What string
	Body string
}

type failure struct{ ErrorType, ErrorMessage string }

// judge has the client load a bundle and run the event.
func (c client) judge(t *testing.T, b sample) verdict {
	t.Helper()
	task := filepath.Join(t.TempDir(), "task")
	lay(t, task, b.files)
	lay(t, filepath.Dir(task), map[string]string{"package.json": "{}"})
	api := runtimeAPI(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.node.Path, c.args...)
	cmd.Dir = task
	var noise bytes.Buffer
	cmd.Stdout, cmd.Stderr = &noise, &noise
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "TZ=UTC", "NODE_PATH=" + task, "LAMBDA_TASK_ROOT=" + task, "_HANDLER=" + b.handler,
		"AWS_LAMBDA_RUNTIME_API=" + api.address, "AWS_EXECUTION_ENV=AWS_Lambda_" + c.runtime, "AWS_LAMBDA_FUNCTION_VERSION=1",
		"AWS_LAMBDA_FUNCTION_NAME=us-east-1.f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_LOG_GROUP_NAME=g", "AWS_LAMBDA_LOG_STREAM_NAME=s",
	}
	reports, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	first, lines := "", bufio.NewScanner(reports)
	for lines.Scan() {
		if first == "" {
			first = lines.Text()
		}
	}
	_ = cmd.Wait() // how it ends is seen by what it reported
	if ctx.Err() != nil {
		t.Fatalf("the client did not end: %s", noise.String())
	}
	within := func(s string) string { return c.shown(s, task) }
	if init := api.reported(); init != "" {
		return verdict{Load: within(init)}
	}
	if first == "" {
		return verdict{Event: ended}
	}
	var r reported
	if err := json.Unmarshal([]byte(first), &r); err != nil {
		t.Fatal(err)
	}
	if r.What == "result" {
		return verdict{Event: r.Body}
	}
	return verdict{Event: within(describe(t, r.Body))}
}

// shown takes the folders out of a text.
func (c client) shown(s, task string) string {
	dir := filepath.Dir(c.args[len(c.args)-1])
	return strings.NewReplacer("file://"+task+"/", "", task+"/", "", dir+"/", "/var/runtime/").Replace(s)
}

func describe(t *testing.T, body string) string {
	t.Helper()
	var f failure
	if err := json.Unmarshal([]byte(body), &f); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return "error " + f.ErrorType + ": " + f.ErrorMessage
}

// api is as much of the Runtime API as the clients use without their transport:
// the report that a function does not load.
type api struct {
	address string
	mu      sync.Mutex
	init    string
}

func runtimeAPI(t *testing.T) *api {
	t.Helper()
	a := &api{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/2018-06-01/runtime/init/error" {
			http.Error(w, "no such call", http.StatusNotFound)
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.init == "" {
			a.init = describe(t, string(body))
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	a.address = strings.TrimPrefix(server.URL, "http://")
	return a
}

func (a *api) reported() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.init
}

package handlers

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
)

// oldestStandIn is the oldest Node.js that runs the trampoline as Lambda's
// releases do; used only when none of those was named.
const oldestStandIn = 20

// nodes returns the binaries to test with. No Node.js is a failure and not a
// skip: without it this package tests nothing.
func nodes(t *testing.T) []string {
	t.Helper()
	if list := os.Getenv("EDGEDEPLOY_TEST_NODES"); list != "" {
		return strings.Split(list, ",")
	}
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("no Node.js: run `export EDGEDEPLOY_TEST_NODES=$(integration/nodes.sh .tools/nodes)`, or put node 20 or newer into PATH")
	}
	version := nodeVersion(t, path)
	major, err := strconv.Atoi(strings.SplitN(strings.TrimPrefix(version, "v"), ".", 2)[0])
	if err != nil || major < oldestStandIn {
		t.Fatalf("%s is %s; want 20 or newer, or EDGEDEPLOY_TEST_NODES from integration/nodes.sh", path, version)
	}
	t.Logf("EDGEDEPLOY_TEST_NODES is not set: %s %s stands in for Lambda's releases", path, version)
	return []string{path}
}

func nodeVersion(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if err != nil {
		t.Fatalf("%s --version: %v", path, err)
	}
	return strings.TrimSpace(string(out))
}

// onEachNode runs a test under every Node.js.
func onEachNode(t *testing.T, test func(t *testing.T, node string)) {
	t.Helper()
	for _, node := range nodes(t) {
		t.Run(nodeVersion(t, node), func(t *testing.T) {
			t.Parallel()
			test(t, node)
		})
	}
}

type object = map[string]any

type logged struct {
	Level string
	Text  string
}

// outcome is what one event led to.
type outcome struct {
	Result object
	Error  string
	Holes  []string // members that are null, undefined or a Map
	Logs   []logged
}

// texts returns what was logged at a level.
func (o outcome) texts(level string) []string {
	var out []string
	for _, l := range o.Logs {
		if l.Level == level {
			out = append(out, l.Text)
		}
	}
	return out
}

// session is the life of one Lambda instance.
type session struct {
	Load       string // why the entry did not load, or ""
	LoadLogs   []logged
	Parameters int // that the handler declares
	Outcomes   []outcome
}

// run gives a bundle's handler the events in one process, as Lambda does.
func run(t *testing.T, program string, b bundle.Bundle, events ...object) session {
	t.Helper()
	n, err := node.Find(t.Context(), program, os.Getenv("PATH"))
	if err != nil {
		t.Fatal(err)
	}
	var docs [][]byte
	for _, e := range events {
		doc, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	ran, err := n.Run(t.Context(), node.Function{
		Name: "test", Zip: b.Zip, Handler: b.Handler, Runtime: fmt.Sprintf("nodejs%d.x", n.Major), MemoryMB: 1024, Timeout: time.Minute,
	}, docs)
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	s := session{LoadLogs: logs(ran.LoadLogs), Parameters: ran.Parameters}
	if ran.Load != nil {
		s.Load = asJavaScript(ran.Load)
	}
	for i, r := range ran.Outcomes {
		o := outcome{Logs: logs(r.Logs)}
		if r.Error != nil {
			o.Error = asJavaScript(r.Error)
		} else {
			var v any
			if err := json.Unmarshal(r.Result, &v); err != nil {
				t.Fatalf("%v in %s", err, r.Result)
			}
			o.Result, _ = v.(object)
			o.Holes = holes(v, "result")
		}
		for _, h := range r.Hidden {
			if h.How == result.Dated {
				continue // text in another format
			}
			o.Holes = append(o.Holes, "result"+h.Path+" is "+h.Kind)
		}
		if len(o.Holes) > 0 {
			t.Errorf("event %d: CloudFront would refuse %v", i, o.Holes)
		}
		s.Outcomes = append(s.Outcomes, o)
	}
	return s
}

// asJavaScript is what String(err) says.
func asJavaScript(f *node.Failure) string { return f.Name + ": " + f.Message }

func logs(all []node.Log) []logged {
	var out []logged
	for _, l := range all {
		out = append(out, logged(l))
	}
	return out
}

// holes lists the members that are null, which CloudFront refuses.
func holes(v any, at string) (found []string) {
	switch v := v.(type) {
	case nil:
		return []string{at + " is null"}
	case object:
		for key, member := range v {
			found = append(found, holes(member, at+"."+key)...)
		}
	case []any:
		for i, member := range v {
			found = append(found, holes(member, fmt.Sprintf("%s.%d", at, i))...)
		}
	}
	return found
}

func unpack(t testing.TB, b []byte) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range r.File {
		src, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(src)
		if err != nil {
			t.Fatal(err)
		}
		// Build refuses names that leave the bundle; these tests use its zips.
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// repository opens the module's root.
func repository(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot("../..")
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

// build packs a function of this repository.
func build(t *testing.T, f bundle.Function) bundle.Bundle {
	t.Helper()
	b, err := bundle.Build(repository(t), f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readJSON reads a file of this repository.
func readJSON(t *testing.T, name string) object {
	t.Helper()
	b, err := repository(t).ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var v object
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// at walks into a decoded JSON value.
func at(v any, path ...string) any {
	for _, p := range path {
		switch x := v.(type) {
		case object:
			v = x[p]
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// fields lists the lines of a text that say something.
func fields(text string) []string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testNodes are the programs that EDGEDEPLOY_TEST_NODES names, or the one in
// PATH. None is a failure and not a skip.
func testNodes(t *testing.T) string {
	t.Helper()
	if list := os.Getenv("EDGEDEPLOY_TEST_NODES"); list != "" {
		return list
	}
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("no Node.js: run `export EDGEDEPLOY_TEST_NODES=$(integration/nodes.sh .tools/nodes)`, or put node 20 or newer into PATH")
	}
	return path
}

// What people are told to copy passes its own tests, every fixture of it with
// an expectation, on every Node.js. Examples without a module here are built
// and tested where their tools are.
func TestEveryExamplePassesItsOwnTests(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("../../examples/*/*.wasm")
	if err != nil || len(modules) < 3 {
		t.Fatalf("examples with a module: %v, %v", modules, err)
	}
	nodes := testNodes(t)
	for _, module := range modules {
		dir := filepath.Dir(module)
		spec := filepath.Join(dir, "edgedeploy.yaml")
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			out, err := os.CreateTemp(t.TempDir(), "out")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = out.Close() }()
			code := Main(t.Context(), []string{"test", "-o", "json", "--node", nodes, "-f", spec}, Streams{In: os.Stdin, Out: out, Err: os.Stderr}, os.LookupEnv)
			doc, err := os.ReadFile(out.Name())
			if err != nil {
				t.Fatal(err)
			}
			if code != 0 {
				t.Fatalf("edgedeploy test exits with %d: %s", code, doc)
			}
			checkExample(t, doc, len(strings.Split(nodes, ",")))
		})
	}
}

// A reader of several examples' pages has one local AWS for all of them,
// where a slot has one holder. So no two share a distribution or a stack.
func TestExamplesLeaveEachOtherAlone(t *testing.T) {
	t.Parallel()
	specs, err := filepath.Glob("../../examples/*/edgedeploy.yaml")
	if err != nil || len(specs) < 8 {
		t.Fatalf("examples with a spec: %v, %v", specs, err)
	}
	named := regexp.MustCompile(`(?m)^(?:stack|    id|    alias): (\S+)`)
	holder := map[string]string{}
	for _, spec := range specs {
		raw, err := os.ReadFile(spec)
		if err != nil {
			t.Fatal(err)
		}
		names := named.FindAllStringSubmatch(string(raw), -1)
		if len(names) < 2 {
			t.Errorf("%s names %v: a stack and a distribution are missing", spec, names)
		}
		for _, m := range names {
			if other := holder[m[1]]; other != "" {
				t.Errorf("%s names %s, which %s has", spec, m[1], other)
			}
			holder[m[1]] = spec
		}
	}
}

func checkExample(t *testing.T, doc []byte, nodes int) {
	t.Helper()
	var report struct {
		Passed   int
		Untested []string
		Runs     []struct {
			Function string
			Fixtures []struct {
				Name       string
				Expected   bool
				Violations []struct{ Rule, Text string }
			}
		}
	}
	if err := json.Unmarshal(doc, &report); err != nil {
		t.Fatal(err)
	}
	if report.Passed == 0 || len(report.Runs)%nodes != 0 || len(report.Untested) > 0 {
		t.Errorf("%d passed in %d runs on %d Node.js, without fixtures: %v", report.Passed, len(report.Runs), nodes, report.Untested)
	}
	for _, r := range report.Runs {
		for _, f := range r.Fixtures {
			if !f.Expected || len(f.Violations) > 0 {
				t.Errorf("%s/%s: expected %v, warnings %v", r.Function, f.Name, f.Expected, f.Violations)
			}
		}
	}
}

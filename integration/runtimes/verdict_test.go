package runtimes

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
)

// ours is the verdict of package node.
func (c client) ours(t *testing.T, b sample) verdict {
	t.Helper()
	return judge(t, c.node.Run, c.runtime, b)
}

// judge is the verdict of package node with the runtime of this name, which run
// starts.
func judge(t *testing.T, run func(context.Context, node.Function, [][]byte) (node.Session, error), name string, b sample) verdict {
	t.Helper()
	var code bytes.Buffer
	w := zip.NewWriter(&code)
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(b.files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f := node.Function{Name: "f", Zip: code.Bytes(), Handler: b.handler, Runtime: name, MemoryMB: 128, Timeout: 20 * time.Second}
	s, err := run(t.Context(), f, [][]byte{[]byte(`{"n":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	tell := func(f *node.Failure) string { return "error " + f.Name + ": " + f.Message }
	switch {
	case s.Load != nil:
		return verdict{Load: tell(s.Load)}
	case s.Outcomes[0].Error != nil:
		return verdict{Event: tell(s.Outcomes[0].Error)}
	}
	return verdict{Event: string(s.Outcomes[0].Result)}
}

// same compares the verdicts. What a client leaves to the end of its process we
// say, too: then any failure at the same place will do.
func same(theirs, ours verdict) bool {
	if theirs.Event == ended {
		return ours.Load != "" || strings.HasPrefix(ours.Event, "error ")
	}
	return theirs == ours
}

func TestOurVerdictIsLambdas(t *testing.T) {
	t.Parallel()
	all := samples()
	for _, c := range clients(t) {
		t.Run(c.runtime, func(t *testing.T) {
			t.Parallel()
			var agreed atomic.Int64
			limit := make(chan struct{}, runtime.NumCPU())
			t.Run("bundles", func(t *testing.T) {
				for _, name := range slices.Sorted(maps.Keys(all)) {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						limit <- struct{}{}
						defer func() { <-limit }()
						theirs, ours := c.judge(t, all[name]), c.ours(t, all[name])
						if !same(theirs, ours) {
							t.Errorf("Lambda's client: %+v\npackage node:    %+v", theirs, ours)
							return
						}
						agreed.Add(1)
					})
				}
			})
			t.Logf("%d of %d bundles have the same verdict on %s (Node.js %s)", agreed.Load(), len(all), c.runtime, c.node.Version)
		})
	}
}

// Samples that all load, or all fail, would compare little.
func TestTheSamplesAreMany(t *testing.T) {
	t.Parallel()
	if n := len(samples()); n < 60 {
		t.Errorf("%d samples, want 60", n)
	}
}

// What a handler finds in its environment is what a bundle may ask for.
func TestTheVariablesAreThoseThatBundlesMayRead(t *testing.T) {
	t.Parallel()
	n, err := node.Find(t.Context(), strings.Split(os.Getenv("EDGEDEPLOY_TEST_NODES"), ",")[0], os.Getenv("PATH"))
	if err != nil {
		t.Fatal(err)
	}
	c := client{node: n, runtime: "nodejs24.x"}
	var names []string
	if err := json.Unmarshal([]byte(c.ours(t, asyncBody("return Object.keys(process.env)")).Event), &names); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !slices.Contains(bundle.Variables(), name) {
			t.Errorf("%s is set here, and package bundle warns of it", name)
		}
	}
	if len(names) < 10 {
		t.Errorf("only %v", names)
	}
}

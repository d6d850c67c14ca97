package handlers

import (
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/bundle"
	"github.com/edgedeploy/edgedeploy/internal/fixture"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// redirect builds the example from its own spec.
func redirect(t *testing.T) bundle.Bundle {
	t.Helper()
	const dir = "examples/redirect"
	src, err := repository(t).ReadFile(dir + "/edgedeploy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := stackspec.Parse("edgedeploy.yaml", src, stackspec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := doc.Stack.Functions[0]
	return build(t, bundle.Function{
		Name: f.Key, Wasm: path.Join(dir, f.Wasm), Runtime: f.Config.Runtime,
		OnError: f.OnError, Config: f.Baked, KeepNames: f.KeepNames, Trampoline: f.Trampoline,
	})
}

func TestTheRedirectExampleGivesItsExpectedResults(t *testing.T) {
	t.Parallel()
	b := redirect(t)
	const dir = "examples/redirect/fixtures"
	found, err := fixture.Find(repository(t).FS(), dir, []string{"site"})
	if err != nil {
		t.Fatal(err)
	}
	var events []object
	seen := map[string]bool{}
	for _, f := range found {
		event := readJSON(t, f.Event)
		seen[at(event, "Records", "0", "cf", "config", "eventType").(string)] = true
		events = append(events, event)
		if !f.Expected {
			t.Errorf("%s has no expectation", f.Name)
		}
	}
	if len(seen) != 4 {
		t.Errorf("the fixtures cover %v, want all four triggers", seen)
	}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		if s.Load != "" {
			t.Fatal(s.Load)
		}
		if s.Parameters != 2 {
			t.Errorf("the handler declares %d parameters; Node.js 24 on Lambda wants two", s.Parameters)
		}
		for i, f := range found {
			o := s.Outcomes[i]
			if o.Error != "" || len(o.Logs) > 0 {
				t.Errorf("%s: error %q, logs %v", f.Name, o.Error, o.Logs)
			}
			if diff := cmp.Diff(at(readJSON(t, f.Expect), "result"), any(o.Result)); diff != "" {
				t.Errorf("%s: -want +got\n%s", f.Name, diff)
			}
		}
	})
}

// The promise of the README.
func TestTheRedirectExampleIsSmall(t *testing.T) {
	t.Parallel()
	b := redirect(t)
	if len(b.Zip) > 12<<10 {
		t.Errorf("the zip has %d bytes, want at most 12 KB", len(b.Zip))
	}
	for _, f := range b.Files {
		t.Logf("%-16s %6d bytes, %5d zipped", f.Name, f.Size, f.Compressed)
	}
}

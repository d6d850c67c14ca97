package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/fixture"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// functionsOf builds what an example's spec names, by key.
func functionsOf(t *testing.T, dir string) map[string]bundle.Bundle {
	t.Helper()
	src, err := repository(t).ReadFile(dir + "/edgedeploy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := stackspec.Parse("edgedeploy.yaml", src, stackspec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	built := map[string]bundle.Bundle{}
	for _, f := range doc.Stack.Functions {
		built[f.Key] = build(t, bundle.Function{
			Name: f.Key, Wasm: below(dir, f.Wasm), Entry: below(dir, f.Entry), Runtime: f.Config.Runtime,
			OnError: f.OnError, Config: f.Baked, External: f.External, KeepNames: f.KeepNames, Trampoline: f.Trampoline,
		})
	}
	return built
}

// below gives a path of a spec as the repository knows it; "" stays "".
func below(dir, name string) string {
	if name == "" {
		return ""
	}
	return path.Join(dir, name)
}

// checkExample gives each function of an example its fixtures.
func checkExample(t *testing.T, dir string) {
	t.Helper()
	built := functionsOf(t, dir)
	for key, b := range built {
		fixtures := dir + "/fixtures"
		if len(built) > 1 {
			fixtures += "/" + key
		}
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			checkFixtures(t, b, fixtures)
		})
	}
}

// checkFixtures gives a function the events of a folder, as `edgedeploy test`
// does, and wants no error in its log where none is expected.
func checkFixtures(t *testing.T, b bundle.Bundle, dir string) {
	t.Helper()
	fixtures, err := fixture.Find(repository(t).FS(), dir, []string{"the only one"})
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("%s: no fixtures (%v)", dir, err)
	}
	var events []object
	var want []fixture.Expectation
	for _, f := range fixtures {
		doc, err := repository(t).ReadFile(f.Expect)
		if err != nil {
			t.Fatal(err)
		}
		e, err := fixture.ParseExpectation(doc)
		if err != nil {
			t.Fatalf("%s: %v", f.Expect, err)
		}
		events, want = append(events, readJSON(t, f.Event)), append(want, e)
	}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		if s.Load != "" {
			t.Fatal(s.Load)
		}
		if s.Parameters != 2 {
			t.Errorf("the handler declares %d parameters; Node.js 24 on Lambda wants two", s.Parameters)
		}
		for i, o := range s.Outcomes {
			if want[i].Error != "" {
				if !strings.Contains(o.Error, want[i].Error) {
					t.Errorf("%s: error %q, want %q", fixtures[i].Name, o.Error, want[i].Error)
				}
				continue
			}
			if log := o.texts("error"); o.Error != "" || len(log) > 0 {
				t.Errorf("%s: error %q, logged %q", fixtures[i].Name, o.Error, log)
			}
			result, err := json.Marshal(o.Result)
			if err != nil {
				t.Fatal(err)
			}
			differences, err := want[i].Diff(result)
			if diff := cmp.Diff([]fixture.Difference(nil), differences); err != nil || diff != "" {
				t.Errorf("%s: %v: -want +got\n%s", fixtures[i].Name, err, diff)
			}
		}
	})
}

// Those whose module is committed; what has to be built first has a test of its
// own that does so.
func TestExamplesGiveTheirExpectedResults(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ab-test", "auth", "formats", "redirect", "site"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkExample(t, "examples/"+name)
		})
	}
}

// The promise of the README.
func TestTheRedirectExampleIsSmall(t *testing.T) {
	t.Parallel()
	b := functionsOf(t, "examples/redirect")["site"]
	if len(b.Zip) > 12_000 {
		t.Errorf("the zip has %d bytes, want at most 12 KB", len(b.Zip))
	}
	for _, f := range b.Files {
		t.Logf("%-16s %6d bytes, %5d zipped", f.Name, f.Size, f.Compressed)
	}
}

// What guest/rust offers besides costs a module nothing that does not call it: these
// are the bytes from before it offered base64, HMAC, cookies and the rest. A change
// of the example, or of what it calls, changes them for a reason.
func TestTheRedirectExamplePaysForNothingElse(t *testing.T) {
	t.Parallel()
	const want = "c2dd141290715b7e5e3255b81a4162e586525ff5d8baae78e72d62c304596e28"
	module, err := repository(t).ReadFile("examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(module); hex.EncodeToString(sum[:]) != want {
		t.Errorf("redirect.wasm has the digest %x, want %s", sum, want)
	}
}

func TestTheRedirectExampleCoversTheFourTriggers(t *testing.T) {
	t.Parallel()
	found, err := fixture.Find(repository(t).FS(), "examples/redirect/fixtures", []string{"site"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[any]bool{}
	for _, f := range found {
		seen[at(readJSON(t, f.Event), "Records", "0", "cf", "config", "eventType")] = true
	}
	if len(seen) != 4 {
		t.Errorf("the fixtures cover %v, want all four triggers", seen)
	}
}

// https:// and nothing before a path of two slashes would lead anywhere.
func TestTheRedirectExampleSendsNobodyToNowhere(t *testing.T) {
	t.Parallel()
	b := build(t, bundle.Function{Name: "site", Wasm: "examples/redirect/redirect.wasm", Config: map[string]any{"redirect-from": "d123.cloudfront.net"}})
	e := event("viewer-request", "")
	subject(e, "request")["uri"] = "//evil.example/"
	subject(e, "request")["headers"] = object{"host": values("Host", "d123.cloudfront.net")}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, e)
		if len(s.LoadLogs) != 1 || s.LoadLogs[0].Text != "config: redirect-to is missing, so nothing is redirected" {
			t.Errorf("logged %v", s.LoadLogs)
		}
		if got := s.Outcomes[0].Result["uri"]; got != "//evil.example/" {
			t.Errorf("the request became %v, want it to go on", s.Outcomes[0].Result)
		}
	})
}

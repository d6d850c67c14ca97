package handlers

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// npmHandler is a handler of testdata/npm, with what its first lines say:
//
//	// npm: NAME@VERSION     the package that it is about, on npm
//	// want: "TEXT"          the body of its response, in JSON
//	// warns: TEXT           what the one warning at build says; none otherwise
//	// not: v20. REASON      a release of Node.js that does not take it
//	// fast                  CI runs it; make packages runs all
type npmHandler struct {
	name, script          string
	pkg, version          string
	want, warns, not, why string
	fast                  bool
}

func npmHandlers(t *testing.T) []npmHandler {
	t.Helper()
	files, err := filepath.Glob("testdata/npm/*.mjs")
	if err != nil {
		t.Fatal(err)
	}
	var all []npmHandler
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		h := npmHandler{name: strings.TrimSuffix(filepath.Base(file), ".mjs"), script: string(text)}
		for line := range strings.Lines(h.script) {
			key, value, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "// ")), ": ")
			switch key {
			case "npm":
				at := strings.LastIndex(value, "@")
				h.pkg, h.version = value[:at], value[at+1:]
			case "want":
				if err := json.Unmarshal([]byte(value), &h.want); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
			case "warns":
				h.warns = value
			case "not":
				h.not, h.why, _ = strings.Cut(value, " ")
			case "fast":
				h.fast = true
			}
		}
		if h.pkg == "" || h.want == "" {
			t.Fatalf("%s says no package, or not what is wanted", file)
		}
		all = append(all, h)
	}
	return all
}

// packages is a folder with the npm packages of integration/packages.sh. CI
// requires them; elsewhere the tests that need them are skipped, because the
// others need nothing but Go and Node.js.
func packages(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("EDGEDEPLOY_TEST_PACKAGES")
	if dir == "" {
		if os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "" {
			t.Fatal("EDGEDEPLOY_TEST_PACKAGES is not set: export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)")
		}
		t.Skip("skipped: it needs npm packages; export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)")
	}
	return dir
}

// there says whether a package is installed as it is pinned. Of those that CI
// runs, and with EDGEDEPLOY_REQUIRE_PACKAGES=all of all, absence is a failure.
func (h npmHandler) there(t *testing.T, dir string) {
	t.Helper()
	var about struct{ Version string }
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", filepath.FromSlash(h.pkg), "package.json"))
	if err == nil {
		err = json.Unmarshal(text, &about)
	}
	if err == nil && about.Version == h.version {
		return
	}
	missing := fmt.Sprintf("%s@%s is not in %s (%q, %v)", h.pkg, h.version, dir, about.Version, err)
	if required := os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES"); required == "all" || required != "" && h.fast {
		t.Fatal(missing)
	}
	t.Skip("skipped: " + missing + "; make packages has all")
}

// npm packages, each with another way to load its code and its files, run from
// their packed zip. What does not run says so when it is built.
func TestPackagesByOthersRun(t *testing.T) {
	t.Parallel()
	for _, h := range npmHandlers(t) {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			dir := packages(t)
			h.there(t, dir)
			b := h.build(t, dir)
			onEachNode(t, func(t *testing.T, node string) {
				if version := nodeVersion(t, node); h.not != "" && strings.HasPrefix(version, h.not) {
					t.Skipf("%s: %s", version, h.why)
				}
				e := event("viewer-request", "")
				s := run(t, node, b, e, e)
				if s.Load != "" || len(s.LoadLogs) > 0 {
					t.Fatalf("%s, logs %v", s.Load, s.LoadLogs)
				}
				for _, o := range s.Outcomes {
					if o.Error != "" || len(o.texts("error")) > 0 || o.Result["body"] != h.want {
						t.Errorf("got %q, want %q; %s, logs %v", o.Result["body"], h.want, o.Error, o.Logs)
					}
				}
			})
		})
	}
}

// build packs a handler beside the packages: a copy of all of them would take
// longer than everything else.
func (h npmHandler) build(t *testing.T, dir string) bundle.Bundle {
	t.Helper()
	own, err := os.MkdirTemp(dir, "handler-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(own); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(filepath.Join(own, "h.mjs"), []byte(h.script), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Build(root, bundle.Function{Name: "h", Entry: filepath.Base(own) + "/h.mjs", Runtime: "nodejs22.x"})
	if cerr := root.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	t.Logf("%d bytes in the zip", len(b.Zip))
	got := strings.Join(b.Warnings, "\n")
	if h.warns == "" && got != "" || !strings.Contains(got, h.warns) {
		t.Errorf("warnings %q, want %q", b.Warnings, h.warns)
	}
	return b
}

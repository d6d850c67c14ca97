package runtimes

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// refusal is why a sample is not packed; "" if it is.
func refusal(t *testing.T, s sample, runtime string) string {
	t.Helper()
	dir := t.TempDir()
	lay(t, dir, s.files)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }() // it is read
	if _, err := bundle.Build(root, bundle.Function{Name: "f", Bundle: ".", Handler: s.handler, Runtime: runtime}); err != nil {
		return err.Error()
	}
	return ""
}

// What Lambda finds is packed, and what it does not find is refused, where a person
// can still do something about it.
func TestAHandlerIsFoundWhereLambdaFindsIt(t *testing.T) {
	t.Parallel()
	all := extensions()
	maps.Copy(all, names())
	all["a folder's main"] = sample{"lib.handler", files{"lib/package.json": `{"main": "main.js"}`, "lib/main.js": cjs}}
	all["a folder's mjs"] = sample{"lib.handler", files{"lib/index.mjs": es}}
	all["a folder below"] = sample{"a/lib.handler", files{"a/lib/index.js": cjs}}
	for _, c := range clients(t) {
		t.Run(c.runtime, func(t *testing.T) {
			t.Parallel()
			for _, name := range slices.Sorted(maps.Keys(all)) {
				theirs, why := c.judge(t, all[name]), refusal(t, all[name], c.runtime)
				missing := theirs.Load != "" && regexp.MustCompile("ImportModuleError|MalformedHandlerName|Directory import|Cannot find module").MatchString(theirs.Load)
				found := theirs.Load == "" && !strings.Contains(all[name].handler, " ") // which Lambda's API refuses
				if missing && why == "" || found && why != "" {
					t.Errorf("%s: Lambda's client: %+v\npacking: %q", name, theirs, why)
				}
			}
		})
	}
}

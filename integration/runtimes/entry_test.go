package runtimes

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// packed is a sample as the entry of a function, with what calls it as the edge
// does: the trampoline looks at the request.
func packed(t *testing.T, s sample, runtime string) sample {
	t.Helper()
	dir := t.TempDir()
	lay(t, dir, s.files)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }() // it is read
	b, err := bundle.Build(root, bundle.Function{Name: "f", Entry: "index.js", Runtime: runtime})
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Zip), int64(len(b.Zip)))
	if err != nil {
		t.Fatal(err)
	}
	all := files{"edge.js": "const { handler } = require('./index.js'); exports.handler = (event, context) => handler({ ...event, Records: [{ cf: { request: {} } }] }, context)"}
	for _, f := range r.File {
		src, err := r.Open(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(src)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.ToSlash(f.Name)] = string(text)
	}
	return sample{"edge.handler", all}
}

// An entry may take its callback in any way that Lambda gives it one.
func TestAnEntryGetsTheCallbackThatLambdaGives(t *testing.T) {
	t.Parallel()
	all := callbacks()
	all["a default that is called"] = js("exports.handler = (event, context, done = () => {}) => { setTimeout(done, 20, null, { a: event.n }) }")
	all["a default that is not a callback"] = js("exports.handler = async (event, context, deps = { n: 5 }) => ({ n: deps.n ?? 'a callback' })")
	all["nothing"] = body("")
	same := []string{"a default parameter", "a default before", "a default that is called", "a default that is not a callback", "a rest", "arguments", "nothing", "four parameters"}
	declared := []string{"a callback", "a callback later", "a callback's error", "a callback with nothing", "two callbacks", "a callback never", "a callback and a promise", "a callback in async", "a promise before a callback"}
	for _, c := range clients(t) {
		t.Run(c.runtime, func(t *testing.T) {
			t.Parallel()
			names := same
			if c.node.Major < 24 { // then Lambda refuses them
				names = append(names, declared...)
			}
			if got := c.judge(t, packed(t, all["a callback never"], c.runtime)); got != (verdict{Event: "null"}) {
				t.Errorf("without a call of its callback: %+v, want null", got)
			}
			for _, name := range names {
				if name == "four parameters" && c.node.Major >= 24 {
					continue
				}
				theirs, ours := c.judge(t, all[name]), c.judge(t, packed(t, all[name], c.runtime))
				if theirs != ours {
					t.Errorf("%s: Lambda's client: %+v\nas an entry: %+v", name, theirs, ours)
				}
			}
		})
	}
}

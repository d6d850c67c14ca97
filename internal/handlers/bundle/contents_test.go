package bundle

import (
	"slices"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

// What was changed in a project is what is named, and nothing else.
func TestPartsTellWhatChanged(t *testing.T) {
	t.Parallel()
	config := func(home string) map[string]any { return map[string]any{"home": home} }
	module, other := string(wasmtest.Host{}.Module()), string(wasmtest.Host{Buffer: []byte{0x41, 0x80, 0x10}}.Module())
	type project struct {
		files map[string]string
		f     Function
	}
	wasm := func(code string, f Function) project {
		f.Wasm = "h.wasm"
		return project{map[string]string{"h.wasm": code}, f}
	}
	entry := func(script, beside string, f Function) project {
		f.Entry = "h.js"
		return project{map[string]string{"h.js": script, "word.js": "export const word = '" + beside + "'"}, f}
	}
	ready := func(script string, f Function) project {
		f.Bundle, f.Handler = "dist", "index.handler"
		return project{map[string]string{"dist/index.js": script}, f}
	}
	const script = "import { word } from './word.js'; export const handler = () => word"
	for name, c := range map[string]struct {
		was, is project
		want    []string
	}{
		"the module":        {wasm(module, Function{}), wasm(other, Function{}), []string{"module"}},
		"its config":        {wasm(module, Function{Config: config("a")}), wasm(module, Function{Config: config("b")}), []string{"config"}},
		"its first config":  {wasm(module, Function{}), wasm(module, Function{Config: config("b")}), []string{"config"}},
		"on-error":          {wasm(module, Function{}), wasm(module, Function{OnError: "continue"}), []string{"on-error"}},
		"both":              {wasm(module, Function{Config: config("a")}), wasm(other, Function{}), []string{"module", "config"}},
		"nothing":           {wasm(module, Function{Config: config("a")}), wasm(module, Function{Config: config("a")}), nil},
		"the script":        {entry(script, "a", Function{}), entry(script+"+'!'", "a", Function{}), []string{"script"}},
		"what it imports":   {entry(script, "a", Function{}), entry(script, "b", Function{}), []string{"script"}},
		"a script's config": {entry(script, "a", Function{}), entry(script, "a", Function{Config: config("a")}), []string{"config"}},
		"another kind":      {wasm(module, Function{}), entry(script, "a", Function{}), []string{"module", "script", "interface"}},
		"a ready file":      {ready("a", Function{}), ready("b", Function{}), []string{"files"}},
		"a ready config":    {ready("a", Function{Config: config("a")}), ready("a", Function{Config: config("b")}), []string{"config"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			build := func(p project) Bundle {
				b, err := Build(tree(t, p.files), p.f)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			was, is := build(c.was), build(c.is)
			if got := is.Parts.Differ(was.Parts); !slices.Equal(got, c.want) {
				t.Errorf("%q differ, want %q", got, c.want)
			}
			if (was.Content == is.Content) != (c.want == nil) {
				t.Error("the content id tells another story")
			}
		})
	}
}

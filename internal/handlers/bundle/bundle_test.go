package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

func TestBuildPacksAModuleWithItsTrampoline(t *testing.T) {
	t.Parallel()
	b, err := Build(handlerTree(t), Function{
		Name: "h", Wasm: "h.wasm", Handler: "ignored.x", OnError: "continue",
		Config: map[string]any{"b": "<&>", "a": map[string]any{"z": 1, "y": []any{true, nil, 1.5}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	script, _ := trampoline(1, Host, []string{"host", "continue"})
	want := map[string]string{
		"edgedeploy.json": `{"abi":"host","config":"{\"a\":{\"y\":[true,null,1.5],\"z\":1},\"b\":\"<&>\"}","module":"handler.wasm","onError":"continue","trampoline":1}` + "\n",
		"handler.wasm":    string(wasmtest.Host{}.Module()),
		"index.js":        string(bake(script, `{"a":{"y":[true,null,1.5],"z":1},"b":"<&>"}`)),
	}
	if diff := cmp.Diff(want, unzip(t, b.Zip)); diff != "" {
		t.Errorf("files: -want +got\n%s", diff)
	}
	if b.Handler != "index.handler" || b.Trampoline != 1 {
		t.Errorf("handler %q, trampoline %d, want index.handler and 1", b.Handler, b.Trampoline)
	}
	var size int64
	for i, f := range b.Files {
		size += f.Size
		sum := sha256.Sum256([]byte(want[f.Name]))
		if f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(want[f.Name])) || f.Compressed == 0 {
			t.Errorf("file %d is %+v", i, f)
		}
	}
	if b.Uncompressed != size {
		t.Errorf("uncompressed %d, want %d", b.Uncompressed, size)
	}
	sum := sha256.Sum256(b.Zip)
	if got, want := b.CodeSHA256, base64.StdEncoding.EncodeToString(sum[:]); got != want {
		t.Errorf("CodeSHA256 %s, want %s", got, want)
	}
}

func unzip(t *testing.T, b []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range r.File {
		data, err := readEntry(f, maxUnzipped)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
	}
	return out
}

func TestNoConfigMeansNoConfigFile(t *testing.T) {
	t.Parallel()
	b, err := Build(handlerTree(t), Function{Wasm: "h.wasm"})
	if err != nil {
		t.Fatal(err)
	}
	got := unzip(t, b.Zip)
	if _, ok := got["config.json"]; ok {
		t.Error("config.json is in the bundle")
	}
	if want := `{"abi":"host","module":"handler.wasm","onError":"fail","trampoline":1}` + "\n"; got["edgedeploy.json"] != want {
		t.Errorf("manifest %s, want %s", got["edgedeploy.json"], want)
	}
}

// fixed is a bundle whose bytes depend on nothing that changes with the
// program: no trampoline, no module.
func fixed(t *testing.T) Bundle {
	t.Helper()
	root := tree(t, map[string]string{
		"d/index.mjs":   "export const handler = async (event) => event.Records[0].cf.request;\n",
		"d/lib/ünï.txt": strings.Repeat("edge ", 200),
		"d/empty":       "",
	})
	b, err := Build(root, Function{Bundle: "d", Handler: "index.handler", Config: map[string]any{"k": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The content id is the identity of everything that was ever published. If
// this test fails, the change is wrong: it must never be updated.
func TestContentIDNeverChanges(t *testing.T) {
	t.Parallel()
	const want = "c78719331a63d3fd26cb16b4c40664251bb7735238eb6a761b786cbccb653e67"
	if got := fixed(t).Content; got != want {
		t.Errorf("content id %s, want %s", got, want)
	}
	// The same from the description of the encoding, by hand.
	h := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	text := "edgedeploy content 1\n" +
		"config.json\x00" + h("{\"k\":\"v\"}\n") + "\n" +
		"empty\x00" + h("") + "\n" +
		"index.mjs\x00" + h("export const handler = async (event) => event.Records[0].cf.request;\n") + "\n" +
		"lib/ünï.txt\x00" + h(strings.Repeat("edge ", 200)) + "\n"
	if h(text) != want {
		t.Errorf("by hand %s, want %s", h(text), want)
	}
}

// A program has a mark of its own, which is no part of any name.
func TestContentIDOfAProgramNeverChanges(t *testing.T) {
	t.Parallel()
	program, err := Open(foreign(t, entry{name: "bin/tool", data: "#!/bin/sh\n", mode: 0o755}, entry{name: "index.js", data: "x"}))
	if err != nil {
		t.Fatal(err)
	}
	h := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	text := "edgedeploy content 1\nbin/tool\x00" + h("#!/bin/sh\n") + " x\nindex.js\x00" + h("x") + "\n"
	if string(program.Content) != h(text) {
		t.Errorf("content id %s, by hand %s", program.Content, h(text))
	}
	if files := program.Files; !files[0].Executable || files[1].Executable {
		t.Errorf("%+v", files)
	}
	// Packed and read again, the same modes are there.
	again, _, err := writeZip(files{"bin/tool": []byte("#!/bin/sh\n"), "index.js": []byte("x")}, executables{"bin/tool": true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(again), int64(len(again)))
	if err != nil || r.File[0].Mode() != 0o755 || r.File[1].Mode() != 0o644 {
		t.Errorf("%v, %v, %v", r.File[0].Mode(), r.File[1].Mode(), err)
	}
}

// The zip's bytes may change when a new Go release compresses differently.
// Then update this digest in the commit that raises the Go version, knowing
// that nothing is published again because of it: identity is the content id.
func TestZipBytesAreFixedForOneGoRelease(t *testing.T) {
	t.Parallel()
	const want = "LdZhoBcLfiNbJAzmLILi6YQYLt9Z1b0YDEjsvQ3lax0="
	if got := fixed(t).CodeSHA256; got != want {
		t.Errorf("zip digest %s, want %s", got, want)
	}
}

func TestZipHeadersHoldNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	b := fixed(t)
	r, err := zip.NewReader(bytes.NewReader(b.Zip), int64(len(b.Zip)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
		if f.Mode() != 0o644 || len(f.Extra) != 0 || f.Method != zip.Deflate {
			t.Errorf("%s: mode %v, extra %x, method %d", f.Name, f.Mode(), f.Extra, f.Method)
		}
		if want := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC); !f.Modified.Equal(want) {
			t.Errorf("%s: time %v, want %v", f.Name, f.Modified, want)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("names %v are not sorted", names)
	}
}

func TestABundleMadeHereOpensAsItself(t *testing.T) {
	t.Parallel()
	built, err := Build(handlerTree(t), Function{Wasm: "h.wasm", Config: map[string]any{"a": 1}})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(built.Zip)
	if err != nil {
		t.Fatal(err)
	}
	built.Warnings, built.Inputs, built.Parts = nil, nil, opened.Parts // about its making
	if diff := cmp.Diff(built, opened); diff != "" {
		t.Errorf("-built +opened\n%s", diff)
	}
}

func TestABundleOfOthersHasNoTrampoline(t *testing.T) {
	t.Parallel()
	module := string(wasmtest.Host{}.Module())
	fs := calling(1, Host, wantsOf(Host, wasm.Module{}, "fail"), "")
	script := string(fs[entryFile])
	for name, entries := range map[string][]entry{
		"an entry of its own":             {{name: "index.js", data: "exports.handler = 1"}},
		"our entry without our manifest":  {{name: "index.js", data: script}, {name: "handler.wasm", data: module}},
		"our entry without a module":      {{name: "index.js", data: script}, {name: "edgedeploy.json", data: "{}"}},
		"our entry with one byte changed": {{name: "index.js", data: script + "\n"}, {name: "edgedeploy.json", data: "{}"}, {name: "handler.wasm", data: module}},
		"our entry with another manifest": {{name: "index.js", data: script}, {name: "edgedeploy.json", data: `{"onError":"continue"}`}, {name: "handler.wasm", data: module}},
	} {
		b, err := Open(foreign(t, entries...))
		if err != nil {
			t.Fatal(err)
		}
		if b.Trampoline != 0 || b.Handler != "" {
			t.Errorf("%s: trampoline %d, handler %q", name, b.Trampoline, b.Handler)
		}
	}
}

func TestEveryTrampolineIsThere(t *testing.T) {
	t.Parallel()
	for n := 1; n <= NewestTrampoline; n++ {
		for _, abi := range append(abis(), Glue) {
			b, ok := trampoline(n, abi, []string{string(abi)})
			if !ok || !regexp.MustCompile(`exports\.handler = \(?async (function )?\(event, context\)`).Match(b) {
				t.Errorf("trampoline %d for %s is missing or has no handler of two parameters", n, abi)
			}
		}
	}
	for _, n := range []int{-1, 0, NewestTrampoline + 1} {
		if _, ok := trampoline(n, Host, nil); ok {
			t.Errorf("there is a trampoline %d", n)
		}
	}
	if _, ok := trampoline(1, "none", nil); ok {
		t.Error("there is a trampoline for no interface")
	}
}

// A content id depends on what is in the files and on which are programs, and
// on nothing else.
func TestContentIDDependsOnNamesBytesAndProgramsOnly(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		content := rapid.MapOfN(
			rapid.StringMatching(`[a-z]{1,3}(/[a-z]{4,5}){0,2}\.txt`), rapid.String(), 1, 6).Draw(rt, "files")
		content["index.js"] = "exports.handler = async (event) => event"
		names := slices.Sorted(maps.Keys(content))
		modes := map[string][]os.FileMode{}
		programs := executables{}
		for _, name := range names {
			modes[name] = []os.FileMode{0o600, 0o644, 0o664}
			if rapid.Bool().Draw(rt, "program") {
				modes[name], programs[name] = []os.FileMode{0o700, 0o755, 0o555}, true
			}
		}
		var ids []string
		for _, how := range []string{"a", "b"} {
			n++
			dir := filepath.Join(base, how, hex.EncodeToString([]byte{byte(n >> 16), byte(n >> 8), byte(n)}))
			for _, name := range rapid.Permutation(names).Draw(rt, "order "+how) {
				mode := rapid.SampledFrom(modes[name]).Draw(rt, "mode")
				write(rt, filepath.Join(dir, name), content[name], mode)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				rt.Fatal(err)
			}
			b, err := Build(root, Function{Bundle: ".", Handler: "index.handler"})
			if cerr := root.Close(); err != nil || cerr != nil {
				rt.Fatal(err, cerr)
			}
			ids = append(ids, string(b.Content), b.CodeSHA256)
			// Another tool's zip: stored, in another order, with other modes.
			var entries []entry
			for _, name := range rapid.Permutation(names).Draw(rt, "zip order "+how) {
				method := rapid.SampledFrom([]uint16{zip.Store, zip.Deflate}).Draw(rt, "method")
				entries = append(entries, entry{name: name, data: content[name], mode: rapid.SampledFrom(modes[name]).Draw(rt, "mode in the zip"), method: method})
			}
			for _, z := range [][]byte{b.Zip, foreign(t, entries...)} {
				opened, err := Open(z)
				if err != nil {
					rt.Fatal(err)
				}
				if opened.Content != b.Content {
					rt.Fatalf("opened %s, built %s", opened.Content, b.Content)
				}
			}
		}
		if ids[0] != ids[2] || ids[1] != ids[3] {
			rt.Fatalf("the same files gave %v", ids)
		}
		// And every change is seen.
		changed := rapid.SampledFrom(names).Draw(rt, "changed")
		before := contentOf(content, programs)
		if ids[0] != before {
			rt.Fatalf("built %s, want %s", ids[0], before)
		}
		programs[changed] = !programs[changed]
		if contentOf(content, programs) == before {
			rt.Fatalf("whether %s is a program changed nothing", changed)
		}
		programs[changed] = !programs[changed]
		content[changed] += "x"
		if contentOf(content, programs) == before {
			rt.Fatalf("changing %s changed nothing", changed)
		}
	})
}

func contentOf(content map[string]string, programs executables) string {
	fs := files{}
	for name, text := range content {
		fs[name] = []byte(text)
	}
	return string(describe(unzipped{files: fs, programs: programs}, nil).Content)
}

func write(t *rapid.T, name, text string, mode os.FileMode) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(rapid.Int64Range(0, 2e9).Draw(t, "mtime"), 0)
	if err := os.Chtimes(name, when, when); err != nil {
		t.Fatal(err)
	}
}

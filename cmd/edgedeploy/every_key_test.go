package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

// TestEveryValueOfEveryKeyStays applies each value of the table to the local
// AWS, as a new stack, as a change of one, and as what is there already. Each
// time a second plan has nothing to do: what was made is what is observed.
func TestEveryValueOfEveryKeyStays(t *testing.T) {
	t.Parallel()
	project := newKeyProject(t)
	for _, row := range keyRows(project.keySite) {
		for _, value := range row.values {
			t.Run(row.at+": "+value[:min(len(value), 40)], func(t *testing.T) {
				t.Parallel()
				after := maps.Clone(row.with)
				if after == nil {
					after = patch{}
				}
				after[row.at] = value
				project.run(t, project.spec(t, row.with), project.spec(t, after), row.effect)
			})
		}
	}
}

// TestTheTableHasEveryKeyOfTheSchema holds the table against the schema: each
// key, each word of an enumeration, both bools, the bounds of every number.
func TestTheTableHasEveryKeyOfTheSchema(t *testing.T) {
	t.Parallel()
	var root schemaNode
	if err := json.Unmarshal(stackspec.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	root.collect("", want)
	if len(want) < 60 {
		t.Fatalf("the schema has only %d keys: %v", len(want), want)
	}
	got := map[string][]string{}
	for _, row := range keyRows(keySite{}) {
		key := ""
		for _, word := range strings.Fields(row.at) {
			next := strings.TrimSpace(key + " " + word)
			if _, named := want[next]; !named {
				next = strings.TrimSpace(key + " *")
			}
			key = next
		}
		if _, known := want[key]; !known {
			t.Errorf("the schema has no key %s", row.at)
		}
		got[key] = append(got[key], row.values...)
	}
	for key, values := range want {
		if len(got[key]) == 0 {
			t.Errorf("the table has no row for %s", key)
		}
		for _, value := range values {
			name := key + " " + value
			_, excused := unapplied()[name]
			switch applied := slices.Contains(got[key], value); {
			case !applied && !excused:
				t.Errorf("the table has no row for %s", name)
			case applied && excused:
				t.Errorf("%s is excused, and has a row", name)
			}
		}
	}
	for name := range unapplied() {
		key := name[:strings.LastIndex(name, " ")]
		if !slices.Contains(want[key], strings.TrimPrefix(name, key+" ")) {
			t.Errorf("the schema does not have %s, which is excused", name)
		}
	}
}

// schemaNode is what of the JSON Schema says which keys and values there are.
type schemaNode struct {
	Properties           map[string]schemaNode `json:"properties"`
	AdditionalProperties json.RawMessage       `json:"additionalProperties"`
	AnyOf                []schemaNode          `json:"anyOf"`
	Type                 string                `json:"type"`
	Enum                 []json.RawMessage     `json:"enum"`
	Const                json.RawMessage       `json:"const"`
	Minimum, Maximum     json.RawMessage
}

// collect notes the keys below key, with the values that the schema lists.
func (n schemaNode) collect(key string, into map[string][]string) {
	if key != "" {
		values := into[key]
		for _, v := range append(n.Enum, n.Const, n.Minimum, n.Maximum) {
			if v != nil {
				values = append(values, string(v))
			}
		}
		if n.Type == "boolean" {
			values = append(values, "true", "false")
		}
		into[key] = values
	}
	for name, p := range n.Properties {
		p.collect(strings.TrimSpace(key+" "+name), into)
	}
	for _, a := range n.AnyOf {
		a.collect(key, into)
	}
	var elem schemaNode
	if json.Unmarshal(n.AdditionalProperties, &elem) == nil { // false is no schema
		elem.collect(key+" *", into)
	}
}

// keyProject is a folder with all that the table's specs name.
type keyProject struct {
	dir string
	keySite
}

// keySite serves what is in the folder.
type keySite struct {
	url   string
	files map[string][]byte
}

// address and digest are values for a spec.
func (s keySite) address(name string) string { return strconv.Quote(s.url + "/" + name) }

func (s keySite) digest(name string) string {
	return fmt.Sprintf(`"%x"`, sha256.Sum256(s.files[name]))
}

func newKeyProject(t *testing.T) keyProject {
	t.Helper()
	p := keyProject{dir: t.TempDir()}
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	p.files = map[string][]byte{
		"redirect.wasm": wasm, "named.wasm": withNames(wasm), "entry.ts": []byte("export const handler = async (event: any) => event.Records[0].cf.request;\n"),
		"dist/index.js": []byte(keyScript), "dist/lib/main.mjs": []byte("export const run = async () => {};\n"),
		"dist/index.py": []byte("def handler(event, context):\n    return event\n"), "dist.zip": keyZip(t),
	}
	for name, data := range p.files {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	web := httptest.NewServer(http.FileServer(http.Dir(p.dir)))
	t.Cleanup(web.Close)
	p.url = web.URL
	return p
}

const keyScript = "exports.handler = async (event) => event.Records[0].cf.request;\n"

// keyZip is dist with its script alone, the same bytes each time.
func keyZip(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("index.js")
	if err == nil {
		_, err = w.Write([]byte(keyScript))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withNames is a module with a name section, which says that it is called m
// (WebAssembly specification, "Name Section").
func withNames(module []byte) []byte {
	return append(slices.Clone(module), "\x00\x09\x04name\x00\x02\x01m"...)
}

// patch sets keys of a spec, by their path with spaces, to values in JSON; ""
// takes a key out. Shorter paths come first.
type patch map[string]string

// spec writes the plain spec with a patch, and gives the path of the file.
func (p keyProject) spec(t *testing.T, with patch) string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(plainSpec), &doc); err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.SortedFunc(maps.Keys(with), func(a, b string) int { return len(a) - len(b) }) {
		words := strings.Fields(path)
		at := doc
		for _, word := range words[:len(words)-1] {
			next, ok := at[word].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[word] = next
			}
			at = next
		}
		last := words[len(words)-1]
		if with[path] == "" {
			delete(at, last)
			continue
		}
		var value any
		d := json.NewDecoder(strings.NewReader(with[path]))
		d.UseNumber()
		if err := d.Decode(&value); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		at[last] = value
	}
	text, err := json.MarshalIndent(doc, "", "  ") // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp(p.dir, "*.yaml")
	if err == nil {
		_, err = file.Write(text)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// run makes a stack of the spec after, makes before of it, and finds after
// again; then it makes after of a stack of before.
func (p keyProject) run(t *testing.T, before, after string, e effect) {
	t.Helper()
	made := p.aws(t)
	made.stays(after)
	if e == alone {
		return
	}
	made.apply(before)
	made.edgedeploy(map[effect]int{changes: exitChanges, same: 0}[e], after, "plan", "--detailed-exitcode", "--allow-detach")
	made.stays(after)
	if e == changes {
		changed := p.aws(t)
		changed.apply(before)
		changed.stays(after)
	}
}

// keyAWS is a local AWS that has nothing yet.
type keyAWS struct {
	t       *testing.T
	project keyProject
	dir     string
}

func (p keyProject) aws(t *testing.T) keyAWS { return keyAWS{t, p, t.TempDir()} }

func (a keyAWS) apply(spec string) {
	a.t.Helper()
	a.edgedeploy(0, spec, "apply", "--yes", "--adopt", "--allow-detach")
}

// stays applies a spec, and wants a second plan to have nothing to do.
func (a keyAWS) stays(spec string) {
	a.t.Helper()
	a.apply(spec)
	a.edgedeploy(0, spec, "plan", "--detailed-exitcode")
}

func (a keyAWS) edgedeploy(want int, spec string, args ...string) {
	a.t.Helper()
	args = append(args, "--local", "--local-data", a.dir, "-f", spec)
	if code, said := a.project.edgedeploy(a.t, args); code != want {
		a.t.Fatalf("edgedeploy %s exits with %d, want %d:\n%s", strings.Join(args, " "), code, want, said)
	}
}

func (p keyProject) edgedeploy(t *testing.T, args []string) (int, string) {
	t.Helper()
	env := map[string]string{
		"EDGEDEPLOY_NO_LOAD": "true", "EDGEDEPLOY_ACTOR": "test", "EDGEDEPLOY_CACHE_DIR": filepath.Join(p.dir, "cache"),
		"EDGEDEPLOY_ROOT": p.dir, "PATH": os.Getenv("PATH"),
	}
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	code := Main(t.Context(), args, Streams{In: os.Stdin, Out: out, Err: out, Now: scriptDay}, lookup)
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(text)
}

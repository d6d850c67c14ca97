package planfile

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/versions"
)

// zipOf makes a zip with the entries in the order of their names.
func zipOf(t *testing.T, entries map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(entries[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// publishing is a plan that publishes one bundle.
func publishing(t *testing.T, zipped []byte) Plan {
	t.Helper()
	b, err := bundle.Open(zipped)
	if err != nil {
		t.Fatal(err)
	}
	return naming(zipped, b.Content)
}

func naming(zipped []byte, id versions.ContentID) Plan {
	sum := sha256.Sum256(zipped)
	p := plan.Plan{Schema: plan.Schema, Stack: "shop", Kind: release.KindApply, Stages: []plan.Stage{{plan.Publish{
		Key: "a", Spec: versions.Spec{Function: "shop-a", Content: id}, CodeSHA256: base64.StdEncoding.EncodeToString(sum[:]),
	}}}}
	return Plan{Plan: p, ID: "0123456789abcdef", Subject: "why", Local: true, Data: "/a/.edgedeploy/local", Code: Zips(map[versions.ContentID][]byte{id: zipped})}
}

func small(t *testing.T) []byte {
	return zipOf(t, map[string][]byte{"index.js": []byte("exports.handler = async () => {};\n")})
}

func save(t *testing.T, p Plan) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "shop.plan")
	if err := Save(name, p); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestWhatIsSavedIsOpened(t *testing.T) {
	t.Parallel()
	zipped := small(t)
	p := publishing(t, zipped)
	got, err := Open(save(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != p.ID || got.Subject != "why" || !got.Local || got.Data != p.Data || got.Plan.Stack != "shop" {
		t.Errorf("got %+v", got)
	}
	id := publishes(p.Plan)[0].Spec.Content
	if code, err := got.Code(id); err != nil || !bytes.Equal(code, zipped) {
		t.Errorf("the bundle is another one: %v", err)
	}
	if _, err := got.Code("nope"); err == nil || !strings.Contains(err.Error(), "not at hand") {
		t.Errorf("a content that the plan does not publish: %v", err)
	}
}

// A redirect table of a few megabytes shrinks to a thousandth.
func TestABundleMayShrinkVeryFar(t *testing.T) {
	t.Parallel()
	zipped := zipOf(t, map[string][]byte{"index.js": nil, "table.json": bytes.Repeat([]byte("[\"/a\",\"/b\"],\n"), 3<<20/14)})
	if len(zipped) > 3<<20/200 {
		t.Fatalf("the bundle has %d bytes", len(zipped))
	}
	if _, err := Open(save(t, publishing(t, zipped))); err != nil {
		t.Error(err)
	}
}

// Whoever plans is told, and not the job that applies.
func TestWhatApplyWouldRefuseIsNotSaved(t *testing.T) {
	t.Parallel()
	large := publishing(t, small(t))
	large.Plan.Notes = []plan.Note{{Kind: "no-commit", Text: strings.Repeat("x", maxPlanJSON)}}
	other := publishing(t, small(t))
	other.Code = func(versions.ContentID) ([]byte, error) { return []byte("another"), nil }
	unnamed := publishing(t, small(t))
	unnamed.ID = ""
	for want, p := range map[string]Plan{
		"plan.json: larger than 16384 KB":                 large,
		"the bundle of a is not the one that was planned": other,
		"no id that a run can have":                       unnamed,
	} {
		name := filepath.Join(t.TempDir(), "shop.plan")
		err := Save(name, p)
		if err == nil || !strings.Contains(err.Error(), "apply would refuse "+name) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			t.Errorf("%s: it is saved: %v", want, err)
		}
	}
}

// A bundle is read again when it is needed. What was exchanged meanwhile is
// not published.
func TestABundleThatIsExchangedLaterIsNotGiven(t *testing.T) {
	t.Parallel()
	p := publishing(t, small(t))
	name := save(t, p)
	got, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	id := publishes(p.Plan)[0].Spec.Content
	other := zipOf(t, map[string][]byte{"index.js": []byte("exports.handler = evil;\n")})
	if err := os.WriteFile(name, zipOf(t, map[string][]byte{bundleFolder + string(id) + ".zip": other}), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := got.Code(id); err == nil || !strings.Contains(err.Error(), "is not the one that was planned") {
		t.Errorf("got %v", err)
	}
}

func document(t *testing.T, p Plan) []byte {
	t.Helper()
	doc, err := json.Marshal(p.Plan)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestCraftedFilesAreRefused(t *testing.T) {
	t.Parallel()
	zipped := small(t)
	p := publishing(t, zipped)
	entry := bundleName(publishes(p.Plan)[0])
	with := func(change func(map[string][]byte)) []byte {
		entries := map[string][]byte{planEntry: document(t, p), idEntry: []byte(p.ID), subjectEntry: nil, entry: zipped}
		change(entries)
		return zipOf(t, entries)
	}
	zeros := make([]byte, 51<<20)
	inner := zeroFiles(t, 5, "%d", zeros)
	bomb := naming(inner, versions.ContentID(strings.Repeat("a", 64)))
	many := map[string][]byte{planEntry: document(t, p), idEntry: []byte(p.ID)}
	for i := range maxEntries {
		many[fmt.Sprintf("x%d", i)] = nil
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"an entry that the plan does not publish": {with(func(e map[string][]byte) { e["bundles/x.zip"] = zipped }), `it has "bundles/x.zip", which its plan does not publish`},
		"a bundle that is too large":              {with(func(e map[string][]byte) { e[entry] = zeros }), ".zip: larger than 51200 KB"},
		"a bundle that unpacks to too much": {zipOf(t, map[string][]byte{planEntry: document(t, bomb), idEntry: []byte(bomb.ID), bundleName(publishes(bomb.Plan)[0]): inner}),
			"the bundle of a: 4: the bundle exceeds 262144000 bytes unzipped"},
		"a plan that is too large": {with(func(e map[string][]byte) { e[planEntry] = zeros[:maxPlanJSON+1] }), "plan.json: larger than 16384 KB"},
		"a long subject":           {with(func(e map[string][]byte) { e[subjectEntry] = make([]byte, maxText+1) }), "subject.txt: larger than 4 KB"},
		"no bundle":                {with(func(e map[string][]byte) { delete(e, entry) }), "is not at hand"},
		"another bundle":           {with(func(e map[string][]byte) { e[entry] = inner[:100] }), "the bundle of a is not the one that was planned"},
		"no id":                    {with(func(e map[string][]byte) { delete(e, idEntry) }), "no id that a run can have"},
		"an id of another form":    {with(func(e map[string][]byte) { e[idEntry] = []byte("../0123456789") }), "no id that a run can have"},
		"too many entries":         {zipOf(t, many), "it has 1002 entries, more than 1000"},
		"an entry twice":           {twice(t, p, zipped), `"plan.json" is in it twice`},
		"more than it claims":      {lying(t, p, zipped), "plan.json: "},
		"no zip":                   {[]byte("version: 1\n"), "not a valid zip file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "crafted.plan")
			if err := os.WriteFile(file, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// twice is a file with two plans: one for a reader that takes the first, one
// for a reader that takes the last.
func twice(t *testing.T, p Plan, zipped []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range []struct {
		name string
		data []byte
	}{{planEntry, document(t, p)}, {bundleName(publishes(p.Plan)[0]), zipped}, {planEntry, []byte("{}")}} {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lying is a file whose plan claims ten bytes and holds all of it.
func lying(t *testing.T, p Plan, zipped []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	doc := document(t, p)
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: planEntry, Method: zip.Store, CRC32: crc32.ChecksumIEEE(doc), CompressedSize64: uint64(len(doc)), UncompressedSize64: 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(doc); err != nil {
		t.Fatal(err)
	}
	if f, err = w.Create(idEntry); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, p.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A file of 3 MB that says to unpack to 20 GB was once unpacked. Now nothing of
// it is held in memory but what a true plan needs.
func TestABombTakesNoMemory(t *testing.T) {
	p := publishing(t, small(t))
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	addZeros(t, w, 700, "bundles/%d.zip", make([]byte, 30<<20))
	for name, data := range map[string][]byte{planEntry: document(t, p), idEntry: []byte(p.ID)} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bomb.plan")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Open(file)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("it is opened")
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 32 {
		t.Errorf("opening it allocates %d MB", used)
	}
}

// zeroFiles is a zip of n files of the same zeros, which are compressed once.
func zeroFiles(t *testing.T, n int, name string, zeros []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	addZeros(t, w, n, name, zeros)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addZeros(t *testing.T, w *zip.Writer, n int, name string, zeros []byte) {
	t.Helper()
	packed := deflated(t, zeros)
	for i := range n {
		f, err := w.CreateRaw(&zip.FileHeader{
			Name: fmt.Sprintf(name, i), Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(zeros),
			CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(zeros)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(packed); err != nil {
			t.Fatal(err)
		}
	}
}

func deflated(t *testing.T, data []byte) []byte {
	t.Helper()
	one := zipOf(t, map[string][]byte{"x": data})
	r, err := zip.NewReader(bytes.NewReader(one), int64(len(one)))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := r.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := io.ReadAll(raw)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

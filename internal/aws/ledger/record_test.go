package ledger

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

const testRole = "arn:aws:iam::123456789012:role/edge-exec"

// sample is a release with every member set.
func sample(stack, run string) release.Release {
	slot := associations.Slot{Distribution: "E2EXAMPLE1ABCD", Path: "/img/*", Trigger: associations.OriginRequest}
	other := associations.Slot{Distribution: "E1EXAMPLE1ABCD", Path: associations.DefaultPath, Trigger: associations.ViewerRequest}
	spec := versions.Spec{
		Function: "shop-geo", Content: "9f3c1e",
		Config: versions.Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: testRole, MemoryMB: 128, TimeoutSeconds: 5,
			Logging: versions.Logging{Format: "json", Level: "info", Group: "/edge/shop"}},
	}
	ours := associations.Binding{Version: versions.Ref{Function: "shop-geo", Number: 17}, IncludeBody: true}
	foreign := associations.Binding{ARN: "arn:aws:lambda:us-east-1:123456789012:function:legacy:2"}
	place := release.Place{Key: "www", Path: "/img/*", Trigger: associations.OriginRequest}
	return release.Release{
		Schema: release.Schema, Stack: stack, Kind: release.KindRollback, Adopted: true, Automatic: true,
		Parent: 41, Brought: release.Self, Returns: 38, Back: 40, Undone: 41, Target: 39,
		RunID: run, At: time.Date(2026, 8, 1, 14, 0, 0, 123456789, time.FixedZone("CEST", 7200)),
		Account: testAccount, Actor: "jo", Message: "<b>too slow</b> & \"wrong\"", Tool: "v0.1.0",
		Source: release.Source{Commit: strings.Repeat("ab", 20), Branch: "main", Dirty: true},
		Role:   testRole, Tags: map[string]string{"team": "web", "app": "shop"},
		Functions: []release.Function{{Key: "geo", Spec: spec, Trampoline: 1, Number: 17, CodeSHA256: "c2hh", ZipBytes: 1234}},
		Distributions: []release.Distribution{{
			Key: "www", Alias: "www.example.com", IDs: []string{"E2EXAMPLE1ABCD", "E3EXAMPLE1ABCD"},
			Bindings: []release.Placed{{Path: slot.Path, Trigger: slot.Trigger, Binding: ours}},
		}},
		Edits: []associations.Edit{{Slot: slot, From: foreign, To: ours}, {Slot: other, From: ours}},
		Takings: []release.Taking{
			{Slot: slot, Holder: foreign, Release: release.Self},
			{Slot: other, Release: 12},
		},
		Left:    []release.Bound{{Slot: other, Binding: ours}},
		Commits: []string{strings.Repeat("ab", 20)},
		Holds: []release.Hold{{
			Release: 41, Brought: 37, Content: []versions.Spec{spec},
			Edits:   []release.HeldEdit{{Place: place, Spec: spec, Empty: true, IncludeBody: true}},
			Commits: []string{strings.Repeat("cd", 20)},
		}},
		Unknown: `{"canary":{"weight":0.05},"waves":[1,2]}`,
	}
}

// same compares releases: times as instants, empty lists as absent ones.
func same(want, got release.Release) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }))
}

func TestRecordsReadAsWritten(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]release.Release{
		"every member":   sample("shop", "run1"),
		"the least":      {Schema: 1, Stack: "shop", Kind: release.KindApply, RunID: "run1", At: epoch},
		"a known origin": {Schema: 1, Stack: "shop", Kind: release.KindResume, Brought: 12, RunID: "run1", At: epoch},
	} {
		zipped, err := packRelease(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := openRelease("shop", 42, zipped, codeSHA256(zipped))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want = want.Numbered(42)
		if diff := same(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRecordEncodingIsCanonical(t *testing.T) {
	t.Parallel()
	r := release.Release{Schema: 1, Stack: "shop", Kind: release.KindApply, RunID: "run1", At: time.Date(2026, 8, 1, 14, 0, 0, 5, time.FixedZone("CEST", 7200)), Message: "a<b", Distributions: []release.Distribution{{Key: "www"}}}
	want := `{"schema":1,"stack":"shop","kind":"apply","parent":0,"brought":0,"returns":0,"runId":"run1","at":"2026-08-01T12:00:00.000000005Z","account":"","message":"a<b","tool":"","role":"","functions":[],"distributions":[{"key":"www","ids":[],"bindings":[]}]}` + "\n"
	for range 2 {
		got, err := encodeRelease(r)
		if err != nil || string(got) != want {
			t.Fatalf("got %s, %v\nwant %s", got, err, want)
		}
		r.At, r.Functions = r.At.UTC(), []release.Function{}
	}
	first, err1 := packRelease(sample("shop", "run1"))
	again, err2 := packRelease(sample("shop", "run1"))
	if err1 != nil || err2 != nil || !bytes.Equal(first, again) {
		t.Error("the same release gives two zips")
	}
}

func TestGenesisIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	zipped, err := packGenesis()
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		t.Fatal(err)
	}
	// Another Go release may compress otherwise and change this on purpose;
	// nothing depends on it but that it does not change from run to run.
	const golden = "OLMsrhoGil2MJNC3FcSVuJndOBTAskajigmwjP59xNE="
	if got := codeSHA256(zipped); len(r.File) != 1 || r.File[0].Name != "index.js" || got != golden {
		t.Errorf("got %d files, hash %s; want index.js alone, hash %s", len(r.File), got, golden)
	}
}

// rezip makes a zip of the given files in their order.
func rezip(t *testing.T, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, file := range files {
		f, err := w.Create(file[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(file[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRecordsThatEdgedeployDidNotWriteAreRefused(t *testing.T) {
	t.Parallel()
	doc, err := encodeRelease(sample("shop", "run1"))
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) []byte {
		changed := strings.Replace(string(doc), old, new, 1)
		if changed == string(doc) {
			t.Fatalf("the record has no %s", old)
		}
		return rezip(t, [2]string{recordFile, changed})
	}
	link := func() []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: recordFile}
		h.SetMode(0o777 | 1<<27) // fs.ModeSymlink
		if _, err := w.CreateHeader(h); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, tt := range map[string]struct {
		zipped []byte
		says   string
	}{
		"no zip":                    {[]byte("PK nothing"), "is not a zip"},
		"two files":                 {rezip(t, [2]string{recordFile, string(doc)}, [2]string{"index.js", ""}), "is not a zip of release.json alone"},
		"two of the same name":      {rezip(t, [2]string{recordFile, string(doc)}, [2]string{recordFile, string(doc)}), "is not a zip of release.json alone"},
		"another file":              {rezip(t, [2]string{"index.js", string(doc)}), "is not a zip of release.json alone"},
		"no file":                   {rezip(t), "is not a zip of release.json alone"},
		"a link":                    {link(), "is not a zip of release.json alone"},
		"a bomb":                    {rezip(t, [2]string{recordFile, strings.Repeat(" ", maxRecordJSON+1)}), "has more than 16777216 bytes"},
		"no JSON":                   {rezip(t, [2]string{recordFile, "release 41"}), "is not a JSON record"},
		"two values":                {rezip(t, [2]string{recordFile, string(doc) + string(doc)}), "is not a JSON record"},
		"another stack's":           {with(`"stack":"shop"`, `"stack":"blog"`), `is one of stack "blog"`},
		"no format":                 {with(`"schema":1`, `"schema":0`), "has no format number"},
		"a newer format":            {with(`"schema":1`, fmt.Sprintf(`"schema":%d,"new":[]`, release.Schema+1)), "upgrade edgedeploy"},
		"a member in other letters": {with(`"schema":1`, `"schema":1,"Parent":7`), `"parent" is spelled "Parent"`},
		"a release below 0":         {with(`"parent":41`, `"parent":-41`), "negative number"},
		"an origin below 0":         {with(`"brought":"self"`, `"brought":-1`), "not by -1"},
		"a number in a text":        {with(`"runId":"run1"`, `"runId":1`), "is not a record of format 1"},
		"no run":                    {with(`"runId":"run1"`, `"runId":""`), "does not say which run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := openRelease("shop", 1, tt.zipped, codeSHA256(tt.zipped))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want an error that says %q", err, tt.says)
			}
		})
	}
	good := rezip(t, [2]string{recordFile, string(doc)})
	if _, err := openRelease("shop", 1, good, codeSHA256(good)); err != nil {
		t.Errorf("the record itself is refused: %v", err)
	}
	if _, err := openRelease("shop", 1, good, codeSHA256([]byte("other"))); err == nil || !strings.Contains(err.Error(), "hashes to") {
		t.Errorf("a wrong hash: got %v", err)
	}
}

func TestRecordsTooLargeToReadBackAreNotWritten(t *testing.T) {
	t.Parallel()
	r := sample("shop", "run1")
	r.Message = strings.Repeat("x", maxRecordJSON)
	if _, err := packRelease(r); err == nil {
		t.Error("a record over the limit was packed")
	}
	// What compresses well may still be written up to the last byte.
	r.Message = ""
	doc, err := encodeRelease(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Message = strings.Repeat("x", maxRecordJSON-len(doc)-len(`"message":"",`))
	zipped, err := packRelease(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openRelease("shop", 1, zipped, codeSHA256(zipped)); err != nil {
		t.Errorf("the largest record does not read: %v", err)
	}
	r.Message += "x"
	if _, err := packRelease(r); err == nil {
		t.Error("one byte more was packed")
	}
}

// A record that a newer edgedeploy wrote within the same format is read, and
// what is made from it keeps the members that this one does not know.
func TestRow45MembersThatAreNotKnownAreKept(t *testing.T) {
	t.Parallel()
	plain := sample("shop", "run1")
	plain.Unknown = ""
	doc, err := encodeRelease(plain)
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(doc), `"schema":1`, `"waves": [1, 2] ,"schema":1,"canary":{"weight":0.05,"b":"<"}`, 1)
	newer = strings.Replace(newer, `"key":"geo"`, `"layers":["x"],"key":"geo"`, 1) // of a part: not kept, and no obstacle
	got, err := decodeRelease("shop", []byte(newer))
	if err != nil {
		t.Fatal(err)
	}
	const unknown = `{"canary":{"weight":0.05,"b":"<"},"waves":[1,2]}`
	if got.Unknown != unknown {
		t.Errorf("kept %s, want %s", got.Unknown, unknown)
	}
	again, err := encodeRelease(got)
	if want := strings.TrimSuffix(string(doc), "}\n") + "," + unknown[1:] + "\n"; err != nil || string(again) != want {
		t.Errorf("got %s, %v\nwant %s", again, err, want)
	}
	for name, bad := range map[string]string{
		"no object":      `[1]`,
		"a known member": `{"parent":7}`,
	} {
		r := plain
		r.Unknown = bad
		if _, err := encodeRelease(r); err == nil {
			t.Errorf("%s: was written", name)
		}
	}
}

func FuzzOpenRelease(f *testing.F) {
	zipped, err := packRelease(sample("shop", "run1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(zipped)
	f.Fuzz(func(t *testing.T, zipped []byte) {
		r, err := openRelease("shop", 1, zipped, codeSHA256(zipped))
		if err != nil {
			return
		}
		again, err := packRelease(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := openRelease("shop", 1, again, codeSHA256(again))
		if diff := same(r, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func FuzzDecodeRelease(f *testing.F) {
	doc, err := encodeRelease(sample("shop", "run1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Fuzz(func(t *testing.T, doc []byte) {
		if r, err := decodeRelease("shop", doc); err == nil && (r.Stack != "shop" || r.Schema != release.Schema || !json.Valid(doc)) {
			t.Errorf("accepted %q", doc)
		}
	})
}

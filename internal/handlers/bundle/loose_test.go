package bundle

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestALooseBundleTellsAllButItsZip(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"b/index.js": "exports.handler = async () => ({})", "b/data/a.txt": "a"})
	f := Function{Name: "b", Bundle: "b", Handler: "index.handler", Runtime: "nodejs24.x"}
	whole, err := Build(root, f)
	if err != nil {
		t.Fatal(err)
	}
	loose, err := Gather(root, f)
	if err != nil {
		t.Fatal(err)
	}
	want := whole
	want.Zip, want.CodeSHA256, want.Files = nil, "", nil
	for _, file := range whole.Files {
		file.Compressed = 0
		want.Files = append(want.Files, file)
	}
	if diff := cmp.Diff(want, loose.Bundle()); diff != "" {
		t.Errorf("loose (-want +got)\n%s", diff)
	}
	for range 2 {
		got, err := loose.Zip()
		if diff := cmp.Diff(whole, got); err != nil || diff != "" {
			t.Errorf("zipped: %v (-want +got)\n%s", err, diff)
		}
	}
	if diff := cmp.Diff(whole, loose.Bundle()); diff != "" {
		t.Errorf("after it was zipped (-want +got)\n%s", diff)
	}
}

func TestNoZipIsLargerThanALooseBundleSays(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 300_000)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	many := files{"index.js": []byte("x")}
	for i := range 300 {
		many[fmt.Sprintf("node_modules/a/b/c/%d.js", i)] = noise[i : i+i%7]
	}
	for name, fs := range map[string]files{
		"nothing":  {"index.js": nil},
		"noise":    {"index.js": noise},
		"one byte": {"index.js": []byte("x")},
		"a block":  {"index.js": noise[:65535]},
		"more":     {"index.js": noise[:65536]},
		"zeros":    {"index.js": make([]byte, 200_000)},
		"mixed":    {"index.js": bytes.Join([][]byte{noise[:40000], make([]byte, 40000), noise[40000:90000]}, nil)},
		"many":     many,
	} {
		zip, _, err := writeZip(fs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if most := mostZipped(list(unzipped{files: fs})); most < int64(len(zip)) {
			t.Errorf("%s: %d bytes, and at most %d were said", name, len(zip), most)
		}
	}
}

// What is too large only as a zip is refused at once, as Build does.
func TestGatherRefusesAZipThatIsTooLarge(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 4000)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	root := tree(t, map[string]string{"b/index.js": "exports.handler = 1", "b/noise": string(noise)})
	f := Function{Name: "b", Bundle: "b", Handler: "index.handler"}
	_, err := gather(root, f, limits{zipped: 4000, unzipped: 1 << 20})
	_, want := build(root, f, limits{zipped: 4000, unzipped: 1 << 20})
	if err == nil || want == nil || err.Error() != want.Error() {
		t.Errorf("got  %v\nwant %v", err, want)
	}
	if _, err := gather(root, f, limits{zipped: 5000, unzipped: 1 << 20}); err != nil {
		t.Errorf("one that is small enough: %v", err)
	}
}

package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
)

func sampleBundles() []Bundle {
	return []Bundle{
		{Function: "geo-redirect", File: ".edgedeploy/build/geo-redirect.zip", Content: content, CodeSHA256: "oW0dd7Zk1Q2r3s4t5u6v7w8x9y0zAbCdEfGhIjKlMn0=",
			ZipBytes: 9_011, Uncompressed: 21_700, ABI: "host", Trampoline: 1,
			Files:   []BundleFile{{Name: "handler.wasm", Size: 15_360, Compressed: 6_656}, {Name: "index.js", Size: 6_340, Compressed: 2_100}},
			Dropped: []BundleFile{{Name: "name", Size: 4_096}},
			Room:    &Room{Triggers: []associations.Trigger{associations.ViewerRequest, associations.ViewerResponse}, Max: 50 << 20, Former: 1 << 20}},
		{Function: "resize", File: ".edgedeploy/build/resize.zip", Content: resized, ZipBytes: 1_400_000, Uncompressed: 3_000_000,
			Files:   []BundleFile{{Name: "index.js", Size: 2_900_000, Compressed: 1_399_000}, {Name: "package.json", Size: 100_000, Compressed: 400}},
			LeftOut: &LeftOut{Files: 12, Bytes: 9_000_000},
			Room:    &Room{Triggers: []associations.Trigger{associations.ViewerRequest}, Max: 4 << 20, Former: 4 << 20}},
	}
}

func TestBundlesGolden(t *testing.T) {
	t.Parallel()
	golden(t, "bundles.txt", Bundles(sampleBundles(), Style{Width: 80}))
	golden(t, "bundles.md", BundlesMarkdown(sampleBundles()))
	doc, err := BundlesJSON(sampleBundles())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "bundles.json", string(doc))
}

func TestBundlesOfNoFunctionsSaySo(t *testing.T) {
	t.Parallel()
	if got, want := Bundles(nil, Style{}), "The spec has no functions.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	doc, err := BundlesJSON(nil)
	if got, want := string(doc), "{\n  \"schema\": 1,\n  \"bundles\": []\n}\n"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestSharesAreShortAndNeverNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		part, whole int64
		want        string
	}{
		{0, 10, "0.0 %"}, {1, 100_000, "< 0.1 %"}, {1, 1000, "0.1 %"}, {25, 1000, "2.5 %"}, {9_949, 100_000, "9.9 %"},
		{9_951, 100_000, "10 %"}, {100, 100, "100 %"}, {300, 100, "300 %"}, {1, 0, ""},
	} {
		if got := percent(tt.part, tt.whole); got != tt.want {
			t.Errorf("%d of %d is %q, want %q", tt.part, tt.whole, got, tt.want)
		}
	}
}

func TestOfManyFilesTheLargestAreTold(t *testing.T) {
	t.Parallel()
	b := Bundle{Function: "f", ZipBytes: 1 << 20}
	for i := range 41 {
		b.Files = append(b.Files, BundleFile{Name: fmt.Sprintf("f%02d.", i), Size: 2 << 10, Compressed: int64(1000 + i)})
	}
	text := Bundles([]Bundle{b}, Style{})
	for i, f := range b.Files {
		if strings.Contains(text, f.Name) != (i >= 11) {
			t.Errorf("%s is told: %v", f.Name, i < 11)
		}
	}
	if want := "11 smaller files        22 KB →     11 KB    1.1 %"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
	b.Files = b.Files[:40]
	if text := Bundles([]Bundle{b}, Style{}); strings.Contains(text, "smaller") || strings.Index(text, "f00.") > strings.Index(text, "f39.") {
		t.Errorf("forty files are not told by name:\n%s", text)
	}
}

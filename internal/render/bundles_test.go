package render

import "testing"

func sampleBundles() []Bundle {
	return []Bundle{
		{Function: "geo-redirect", File: ".edgedeploy/build/geo-redirect.zip", Content: content, CodeSHA256: "oW0dd7Zk1Q2r3s4t5u6v7w8x9y0zAbCdEfGhIjKlMn0=",
			ZipBytes: 9_011, Uncompressed: 21_700, Trampoline: 1,
			Files:   []BundleFile{{Name: "handler.wasm", Size: 15_360, Compressed: 6_656}, {Name: "index.js", Size: 6_340, Compressed: 2_100}},
			Dropped: []BundleFile{{Name: "name", Size: 4_096}}},
		{Function: "resize", File: ".edgedeploy/build/resize.zip", Content: resized, ZipBytes: 1_400_000},
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

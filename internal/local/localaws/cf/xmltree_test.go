package cf

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// read collects all text of an element and of what is in it.
func read(n *node) string {
	whole := n.local + ":" + n.text + "("
	for _, c := range n.children {
		whole += read(c)
	}
	return whole + ")"
}

// FuzzParseDocument looks that no text makes the reader panic, that the
// offsets it found describe the text, and that edits keep what they do not
// name.
func FuzzParseDocument(f *testing.F) {
	whole, err := os.ReadFile("testdata/complete.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, seed := range []string{
		"", "<a/>", "<a></a>", "<a:b xmlns:a='u'><a:c x='>'/></a:b>", "<a><![CDATA[<b>]]>&#x41;<!-- c --></a>",
		"\ufeff<?xml version='1.0'?><a\n>\r\n</a >", "<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>",
		"<DistributionConfig><CacheBehaviors><Items><CacheBehavior/></Items></CacheBehaviors></DistributionConfig>",
		"<a xmlns=''/>", "<!DOCTYPE a><a/>", "<a><b></a></b>", "<a/><b/>", "<?xml?><a/>",
		"<p:DistributionConfig xmlns:p='u'><p:CacheBehaviors/></p:DistributionConfig>",
	} {
		f.Add([]byte(seed))
	}
	config := distributionConfigShape()
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := parseDocument(src)
		if err != nil {
			return
		}
		offsets(t, doc, doc.root)
		config.validate(doc.root, "distributionConfig")
		consistent(doc.root, config)
		behaviorsOf(doc.root)

		lifted, err := parseDocument(doc.lift(doc.root, ""))
		if err != nil {
			t.Fatalf("lifted: %v", err)
		}
		if got, want := read(lifted.root), read(doc.root); got != want {
			t.Errorf("lifted: got %q, want %q", got, want)
		}
		if doc.root.empty {
			return // has no room for defaults, and lacks what the schema requires
		}
		for _, n := range behaviorsOf(doc.root) {
			if n.node.empty {
				return
			}
		}
		completed := doc.complete(config)
		again, err := parseDocument(completed)
		if err != nil {
			t.Fatalf("completed: %v\n%s", err, completed)
		}
		if twice := again.complete(config); !bytes.Equal(twice, completed) {
			t.Errorf("completed twice:\n%s\n%s", completed, twice)
		}
	})
}

// offsets checks that the tags are where the nodes say.
func offsets(t *testing.T, doc *document, n *node) {
	t.Helper()
	src := string(doc.src)
	if !strings.HasPrefix(src[n.start:n.end], "<"+n.name()) || src[n.nameEnd-len(n.local):n.nameEnd] != n.local {
		t.Errorf("%s starts with %q", n.name(), src[n.start:n.nameEnd])
	}
	if !n.empty && (!strings.HasPrefix(src[n.outer:n.end], "</"+n.name()) || !strings.HasSuffix(src[n.start:n.inner], ">")) {
		t.Errorf("%s holds %q", n.name(), src[n.inner:n.outer])
	}
	at := n.inner
	for _, c := range n.children {
		if c.start < at || c.end > n.outer {
			t.Errorf("%s stands outside of %s", c.name(), n.name())
		}
		at = c.end
		offsets(t, doc, c)
	}
}

func TestEditsOfOnePlaceAreMadeInOrder(t *testing.T) {
	t.Parallel()
	got := applyEdits([]byte("0123456789"), []edit{
		{at: 5, end: 5, text: "a"}, {at: 8, end: 10, text: "z"}, {at: 5, end: 5, text: "b"}, {at: 0, end: 1, text: ""},
	})
	if want := "1234ab567z"; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

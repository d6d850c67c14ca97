package awscloud

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/associations"
)

// The generator writes configurations as no client would and any XML writer
// may: members in any order, unknown ones in between, comments, references,
// CDATA, prefixes, CRLF. Two markers, which are no part of XML's markup, say
// where a list of associations begins and ends in the text.

type docGen struct {
	*rapid.T

	prefix string
}

func (g docGen) el(name, inner string) string {
	name = g.prefix + name
	space := rapid.SampledFrom([]string{"", "", "", " ", "\r\n"}).Draw(g.T, "space")
	attr := rapid.SampledFrom([]string{"", "", " z='/>'", ` z = "&lt;'"`}).Draw(g.T, "attribute")
	if inner == "" && rapid.Bool().Draw(g.T, "self-closing") {
		return "<" + name + attr + space + "/>"
	}
	return "<" + name + attr + space + ">" + inner + "</" + name + space + ">"
}

// text writes a text in one of its spellings.
func (g docGen) text(s string) string {
	switch rapid.IntRange(0, 4).Draw(g.T, "spelling") {
	case 0:
		return "<![CDATA[" + s + "]]>"
	case 1:
		return escape(s) + "<![CDATA[]]><?pi <!DOCTYPE?>"
	case 2:
		return "<!-- " + "was x -->" + escape(s)
	case 3:
		if first, size := utf8.DecodeRuneInString(s); size > 0 {
			return fmt.Sprintf("&#x%X;", first) + escape(s[size:])
		}
	}
	return escape(s)
}

// scalar writes a number or a boolean, which may have white space around it.
func (g docGen) scalar(v any) string {
	space := rapid.SampledFrom([]string{"", "", " ", "\r\n\t"})
	return space.Draw(g.T, "before") + g.text(fmt.Sprint(v)) + space.Draw(g.T, "behind")
}

func (g docGen) noise() string {
	return rapid.SampledFrom([]string{
		"", "", "", "\r\n  ", "<!-- <LambdaFunctionAssociations> -->", "<?keep me?>",
		"<" + g.prefix + "Future a=\"1\"><" + g.prefix + "LambdaFunctionAssociations/></" + g.prefix + "Future>",
		"<o:LambdaFunctionAssociations xmlns:o='urn:other'/>", "<![CDATA[ ]]>", "&#160;", "<!---->",
	}).Draw(g.T, "noise")
}

// mixed puts members into an order, with noise around them.
func (g docGen) mixed(members ...string) string {
	var b strings.Builder
	b.WriteString(g.noise())
	for _, m := range rapid.Permutation(members).Draw(g.T, "order") {
		b.WriteString(m + g.noise())
	}
	return b.String()
}

var genARNs = []string{arn1, arn2, arn9, "arn:aws:lambda:us-east-1:111111111111:function:x:$LATEST", "odd<&arn", " " + arn1, arn1 + "\u00A0"}

func drawHeld(t *rapid.T) map[associations.Trigger]association {
	held := map[associations.Trigger]association{}
	for _, trigger := range associations.Triggers() {
		if rapid.Bool().Draw(t, "held") {
			held[trigger] = association{
				rapid.SampledFrom(genARNs).Draw(t, "arn"), trigger.Request() && rapid.Bool().Draw(t, "body"),
			}
		}
	}
	return held
}

// list writes the associations, "" for leaving them out.
func (g docGen) list(held map[associations.Trigger]association) string {
	var items []string
	for _, trigger := range associations.Triggers() {
		a, ok := held[trigger]
		if !ok {
			continue
		}
		members := []string{g.el("LambdaFunctionARN", g.text(a.arn)), g.el("EventType", g.text(string(trigger)))}
		if a.includeBody || rapid.Bool().Draw(g.T, "body written") {
			members = append(members, g.el("IncludeBody", g.scalar(a.includeBody)))
		}
		items = append(items, g.el("LambdaFunctionAssociation", g.mixed(members...)))
	}
	var parts []string
	if rapid.IntRange(0, 5).Draw(g.T, "quantity") > 0 {
		parts = append(parts, g.el("Quantity", g.scalar(len(items))))
	}
	switch {
	case len(items) > 0 || rapid.Bool().Draw(g.T, "empty items"):
		parts = append(parts, g.el("Items", g.mixed(items...)))
	case rapid.Bool().Draw(g.T, "no list"):
		return ""
	}
	return g.el("LambdaFunctionAssociations", g.mixed(parts...))
}

func (g docGen) behavior(name, path string, held map[associations.Trigger]association) string {
	members := []string{g.el("Compress", "true"), g.el("TargetOriginId", g.text("o")), g.el("FunctionAssociations", g.el("Quantity", "0"))}
	if path != associations.DefaultPath {
		pattern := path
		if rapid.Bool().Draw(g.T, "no slash") {
			pattern = strings.TrimPrefix(path, "/")
		}
		members = append(members, g.el("PathPattern", g.text(pattern)))
	}
	if list := g.list(held); list != "" {
		members = append(members, list)
	}
	return g.el(name, g.mixed(members...))
}

// genPaths come in this order: what looks like /img/* is before it.
var genPaths = []string{"/a&b/*", "/default", "/img/*\u00A0", "/\u2003img/*", "/img/*\n", "/ /img/*", "/img/*"}

// drawDoc gives a document and what it holds.
func drawDoc(t *rapid.T) (string, map[string]map[associations.Trigger]association) {
	g := docGen{t, rapid.SampledFrom([]string{"", "", "cf:"}).Draw(t, "prefix")}
	held := map[string]map[associations.Trigger]association{associations.DefaultPath: drawHeld(t)}
	var list []string
	for _, path := range genPaths {
		held[path] = drawHeld(t)
		list = append(list, g.behavior("CacheBehavior", path, held[path]))
	}
	behaviors := g.el("CacheBehaviors", g.mixed(g.el("Quantity", fmt.Sprint(len(list))), g.el("Items", g.mixed(list...))))
	inner := g.mixed(behaviors, g.behavior("DefaultCacheBehavior", associations.DefaultPath, held[associations.DefaultPath]), g.el("Comment", g.text("hi")))
	xmlns := " xmlns='urn:cf'"
	if g.prefix != "" {
		xmlns = ` xmlns:cf="urn:cf"`
	}
	start := rapid.SampledFrom([]string{"", "\uFEFF", "<?xml version='1.0' encoding=\"UTF-8\"?>\r\n", "<!-- first -->"}).Draw(t, "start")
	return start + "<" + g.prefix + "DistributionConfig" + xmlns + ">" + inner + "</" + g.prefix + "DistributionConfig>\n", held
}

func drawEdits(t *rapid.T) []slotEdit {
	var edits []slotEdit
	for _, path := range append([]string{associations.DefaultPath}, genPaths...) {
		for trigger, want := range drawHeld(t) {
			edits = append(edits, slotEdit{path, trigger, want})
		}
		for _, trigger := range associations.Triggers() {
			if rapid.IntRange(0, 3).Draw(t, "emptied") == 0 {
				edits = append(edits, slotEdit{path: path, trigger: trigger})
			}
		}
	}
	// The last word on a slot counts: keep one edit for each.
	last := map[string]slotEdit{}
	for _, e := range edits {
		last[e.path+string(e.trigger)] = e
	}
	edits = edits[:0]
	for _, path := range append([]string{associations.DefaultPath}, genPaths...) {
		for _, trigger := range associations.Triggers() {
			if e, ok := last[path+string(trigger)]; ok {
				edits = append(edits, e)
			}
		}
	}
	return edits
}

// outside gives a document as tokens, without the insides of the lists of
// those behaviours, and without empty lists that may have been written out.
func outside(t interface{ Fatal(...any) }, doc []byte, edited map[string]bool) string {
	root, err := parseXML(doc)
	if err != nil {
		t.Fatal(err)
	}
	behaviors, err := readBehaviors(root)
	if err != nil {
		t.Fatal(err)
	}
	var cuts []patch
	for _, b := range behaviors {
		if edited[b.path] && b.list != nil {
			cuts = append(cuts, patch{b.list.start, b.list.end, ""})
		}
	}
	return string(apply(doc, cuts))
}

func TestSpliceKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc, held := drawDoc(t)
		edits := drawEdits(t)
		got, err := splice([]byte(doc), edits)
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		changed := map[string]bool{}
		for _, e := range edits {
			if held[e.path][e.trigger] != e.want {
				changed[e.path] = true
			}
			if e.want.empty() {
				delete(held[e.path], e.trigger)
			} else {
				held[e.path][e.trigger] = e.want
			}
		}
		if diff := cmp.Diff(outside(t, []byte(doc), changed), outside(t, got, changed)); diff != "" {
			t.Fatalf("outside the lists that change (-before +after)\n%s", diff)
		}
		if len(changed) == 0 && string(got) != doc {
			t.Fatalf("nothing was to change:\n%s", cmp.Diff(doc, string(got)))
		}
		read, counts := readHeldByToken(t, got)
		if diff := cmp.Diff(held, read, cmp.AllowUnexported(association{})); diff != "" {
			t.Fatalf("held (-want +got)\n%s\n%s", diff, got)
		}
		for path, n := range counts {
			if changed[path] && n != len(held[path]) {
				t.Fatalf("Quantity of %s is %d, with %d associations\n%s", path, n, len(held[path]), got)
			}
		}
	})
}

// TestSpliceKeepsNeighboursBytes: an association that no edit names is in the
// new document as it was.
func TestSpliceKeepsNeighboursBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc, _ := drawDoc(t)
		edits := drawEdits(t)
		got, err := splice([]byte(doc), edits)
		if err != nil {
			t.Fatal(err)
		}
		root, err := parseXML([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		behaviors, err := readBehaviors(root)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, e := range edits {
			named[e.path+string(e.trigger)] = true
		}
		for _, b := range behaviors {
			for trigger, h := range b.held {
				if n := h.node; !named[b.path+string(trigger)] && !strings.Contains(string(got), doc[n.start:n.end]) {
					t.Fatalf("%s of %s lost its bytes %s\n%s", trigger, b.path, doc[n.start:n.end], got)
				}
			}
		}
	})
}

// xmlHeld decodes associations with encoding/xml's own decoder, which shares
// nothing with the reader that splice uses but the tokens.
type xmlBehavior struct {
	Path string `xml:"urn:cf PathPattern"`
	List *struct {
		Quantity int `xml:"urn:cf Quantity"`
		Items    []struct {
			ARN  string `xml:"urn:cf LambdaFunctionARN"`
			On   string `xml:"urn:cf EventType"`
			Body string `xml:"urn:cf IncludeBody"`
		} `xml:"urn:cf Items>LambdaFunctionAssociation"`
	} `xml:"urn:cf LambdaFunctionAssociations"`
}

func readHeldByToken(t *rapid.T, doc []byte) (map[string]map[associations.Trigger]association, map[string]int) {
	var config struct {
		Default   xmlBehavior   `xml:"urn:cf DefaultCacheBehavior"`
		Behaviors []xmlBehavior `xml:"urn:cf CacheBehaviors>Items>CacheBehavior"`
	}
	if err := xml.Unmarshal(doc, &config); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	held, counts := map[string]map[associations.Trigger]association{}, map[string]int{}
	read := func(path string, b xmlBehavior) {
		held[path] = map[associations.Trigger]association{}
		if b.List == nil {
			return
		}
		counts[path] = b.List.Quantity
		for _, a := range b.List.Items {
			held[path][associations.Trigger(a.On)] = association{a.ARN, strings.TrimSpace(a.Body) == "true"}
		}
	}
	read(associations.DefaultPath, config.Default)
	for _, b := range config.Behaviors {
		read(associations.CanonicalPath(b.Path), b)
	}
	return held, counts
}

// FuzzSplice feeds anything: either it is refused when it is read, or it can be
// edited, and what comes out is well formed, says what was asked, and is the
// same outside the default list.
func FuzzSplice(f *testing.F) {
	f.Add([]byte(hostile), "viewer-request", arn1, true)
	f.Add([]byte("<a><DefaultCacheBehavior/></a>"), "origin-request", arn2, false)
	f.Add([]byte("<a xmlns='x'><DefaultCacheBehavior><LambdaFunctionAssociations><Quantity>1</Quantity><Items>"+
		oneAssociation("viewer-request", arn1, "true")+"</Items></LambdaFunctionAssociations></DefaultCacheBehavior></a>"), "viewer-request", "", false)
	for _, tt := range malformed {
		f.Add([]byte(tt.of("<a><DefaultCacheBehavior/></a>")), "viewer-request", arn1+"\u00A0", true)
	}
	f.Fuzz(func(t *testing.T, doc []byte, trigger, arn string, body bool) {
		edit := slotEdit{associations.DefaultPath, associations.Trigger(trigger), association{arn, body}}
		if !edit.trigger.Valid() || edit.want.empty() && body || checkEncoding([]byte(arn)) != nil {
			return
		}
		root, err := parseXML(doc)
		if err == nil {
			_, err = readBehaviors(root)
		}
		got, failed := splice(doc, []slotEdit{edit})
		if (err == nil) != (failed == nil) {
			t.Fatalf("reading says %v, editing says %v\n%q", err, failed, doc)
		}
		if err != nil {
			return
		}
		dec := xml.NewDecoder(bytes.NewReader(got))
		for err == nil {
			_, err = dec.Token()
		}
		if err != io.EOF {
			t.Fatalf("%v\n%q", err, got)
		}
		edited := map[string]bool{associations.DefaultPath: true}
		before, after := outside(t, doc, edited), outside(t, got, edited)
		if before == after {
			return
		}
		// Only a behaviour without anything in it may change its own tag.
		if again, err := splice(got, []slotEdit{edit}); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("not stable: %v\n%q\n%q", err, got, again)
		}
		if len(after)-len(before) != len("></>")-len("/>")+selfClosedName(t, doc) && len(before) != len(after) {
			t.Fatalf("outside the list (-before +after)\n%s", cmp.Diff(before, after))
		}
	})
}

// selfClosedName is the length of the default behaviour's name as spelled.
func selfClosedName(t *testing.T, doc []byte) int {
	root, err := parseXML(doc)
	if err != nil {
		t.Fatal(err)
	}
	n, err := root.child("DefaultCacheBehavior")
	if err != nil || n == nil {
		t.Fatal(n, err)
	}
	return len(n.name)
}

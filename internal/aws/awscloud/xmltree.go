package awscloud

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is one element of a document, with the byte offsets it came from. The
// document is only ever cut at these offsets, never written from the tree.
type node struct {
	name         string // as spelled, with its prefix
	space, local string // resolved
	start, end   int    // the whole element
	// inner and innerEnd enclose what is between the tags; both equal end in a
	// self-closing element.
	inner, innerEnd int
	text            string // character data directly inside, references resolved
	children        []*node
}

// maxDepth bounds the nesting of a document. The deepest element of the API
// model is eleven levels down; the rest is room for elements to come.
const maxDepth = 64

// xmlSpace is the white space of XML. Unicode has more of it, which is text to
// XML.
const xmlSpace = " \t\r\n"

// parseXML reads a document in time and memory linear in its length.
//
// It refuses what is not well-formed, and what another reader may read in
// another way: other encodings than UTF-8 (offsets would mean something else),
// a document type (its entities may stand for anything), and anything but
// comments and processing instructions around the one root. A byte order mark
// of UTF-8 is fine: it is before the root, where no byte is ever changed.
func parseXML(doc []byte) (*node, error) {
	if err := checkEncoding(doc); err != nil {
		return nil, err
	}
	p := parser{doc: doc, dec: xml.NewDecoder(bytes.NewReader(doc))}
	for {
		start := int(p.dec.InputOffset())
		token, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read XML: %w", err)
		}
		if err := p.take(token, start, int(p.dec.InputOffset())); err != nil {
			return nil, err
		}
	}
	if p.root == nil {
		return nil, errors.New("read XML: no root element")
	}
	return p.root, nil
}

// parser builds the tree of a document.
type parser struct {
	doc  []byte
	dec  *xml.Decoder
	root *node
	open []*opened
}

// opened is an element whose end is still to come. Its text comes in pieces,
// of which there may be very many.
type opened struct {
	*node
	chars []byte
}

// take adds a token, which is the bytes from start to end.
func (p *parser) take(token xml.Token, start, end int) error {
	switch t := token.(type) {
	case xml.StartElement:
		return p.begin(t, start, end)
	case xml.EndElement:
		n := p.open[len(p.open)-1]
		n.innerEnd, n.end = start, end
		n.text, n.chars = string(n.chars), nil
		p.open = p.open[:len(p.open)-1]
	case xml.CharData:
		if len(p.open) > 0 {
			n := p.open[len(p.open)-1]
			n.chars = append(n.chars, t...)
			return nil
		}
		outside := p.doc[start:end]
		if start == 0 {
			outside = bytes.TrimPrefix(outside, utf8BOM)
		}
		if outside = bytes.Trim(outside, xmlSpace); len(outside) > 0 {
			return fmt.Errorf("it has text outside of its root element: %q behind byte %d", excerpt(string(outside)), start)
		}
	case xml.ProcInst:
		if strings.EqualFold(t.Target, "xml") && len(bytes.TrimPrefix(p.doc[:start], utf8BOM)) > 0 {
			return fmt.Errorf("it has an XML declaration that does not come first, at byte %d", start)
		}
	case xml.Directive:
		return fmt.Errorf("it has a document type (%q at byte %d), and its entities may stand for anything", excerpt(string(p.doc[start:end])), start)
	}
	return nil
}

// begin adds the start tag from start to end.
func (p *parser) begin(t xml.StartElement, start, end int) error {
	n := &node{
		name: spelledName(p.doc[start:end]), space: t.Name.Space, local: t.Name.Local,
		start: start, end: end, inner: end, innerEnd: end,
	}
	if len(p.open) == maxDepth {
		return fmt.Errorf("it has more than %d levels of elements, at byte %d", maxDepth, start)
	}
	if len(t.Attr) > 1 {
		seen := make(map[xml.Name]bool, len(t.Attr))
		for _, a := range t.Attr {
			if seen[a.Name] {
				return fmt.Errorf("<%s> at byte %d has the attribute %s twice", shorten(n.name), start, shorten(a.Name.Local))
			}
			seen[a.Name] = true
		}
	}
	switch {
	case len(p.open) > 0:
		parent := p.open[len(p.open)-1]
		parent.children = append(parent.children, n)
	case p.root != nil:
		return fmt.Errorf("it has a second root element, <%s> at byte %d", shorten(n.name), start)
	default:
		p.root = n
	}
	p.open = append(p.open, &opened{node: n})
	return nil
}

var utf8BOM = []byte("\uFEFF")

// declaration is an XML declaration (XML 1.0, production 23) with its encoding.
var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')` +
	`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z][\w.-]*)"|'([A-Za-z][\w.-]*)'))?` +
	`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>$`)

// checkEncoding makes sure that a document is in UTF-8, says nothing else, and
// holds no character that XML forbids. encoding/xml checks texts and attributes
// but not comments, and misses declarations that are spelled with spaces.
func checkEncoding(doc []byte) error {
	if err := checkWidth(doc); err != nil {
		return err
	}
	if err := checkDeclaration(bytes.TrimPrefix(doc, utf8BOM)); err != nil {
		return err
	}
	for at := 0; at < len(doc); {
		r, size := utf8.DecodeRune(doc[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return fmt.Errorf("it is not in UTF-8: byte %d is 0x%02X", at, doc[at])
		case r < ' ' && !strings.ContainsRune(xmlSpace, r), r == 0xFFFE, r == 0xFFFF:
			return fmt.Errorf("it has the character %U at byte %d, which XML forbids", r, at)
		}
		at += size
	}
	return nil
}

// checkWidth refuses encodings of more than one byte for "<", which show in the
// first bytes (XML 1.0, appendix F).
func checkWidth(doc []byte) error {
	for _, first := range []struct{ bytes, encoding string }{
		{"\x00\x00\xFE\xFF", "UTF-32"}, {"\xFF\xFE\x00\x00", "UTF-32"}, {"\x00\x00\x00<", "UTF-32"}, {"<\x00\x00\x00", "UTF-32"},
		{"\xFE\xFF", "UTF-16"}, {"\xFF\xFE", "UTF-16"}, {"\x00<", "UTF-16"}, {"<\x00", "UTF-16"},
	} {
		if bytes.HasPrefix(doc, []byte(first.bytes)) {
			return fmt.Errorf("it is in %s, and only UTF-8 is read", first.encoding)
		}
	}
	return nil
}

// checkDeclaration checks the XML declaration of a document, if it has one.
func checkDeclaration(doc []byte) error {
	rest, ok := bytes.CutPrefix(doc, []byte("<?xml"))
	if !ok || len(rest) == 0 || !strings.ContainsRune(xmlSpace+"?", rune(rest[0])) {
		return nil
	}
	end := bytes.Index(doc, []byte("?>"))
	if end < 0 {
		return errors.New("its XML declaration does not end")
	}
	m := declaration.FindSubmatch(doc[:end+len("?>")])
	if m == nil {
		return fmt.Errorf("its XML declaration is odd: %q", excerpt(string(doc[:end+len("?>")])))
	}
	if encoding := string(m[1]) + string(m[2]); encoding != "" && !strings.EqualFold(encoding, "UTF-8") {
		return fmt.Errorf("it says that its encoding is %q, and only UTF-8 is read", excerpt(encoding))
	}
	return nil
}

// spelledName gives the name of a start tag as the document spells it.
func spelledName(tag []byte) string {
	name := tag[1:]
	if i := bytes.IndexAny(name, " \t\r\n/>"); i >= 0 {
		name = name[:i]
	}
	return string(name)
}

// selfClosing reports whether the element is written <name/>.
func (n *node) selfClosing() bool { return n.inner == n.end }

// prefix is the namespace prefix of the element's own name, with its colon.
// A child spelled with it is in the namespace of the element, whatever was
// declared where, because every declaration the element sees its child sees.
func (n *node) prefix() string {
	if i := strings.IndexByte(n.name, ':'); i >= 0 {
		return n.name[:i+1]
	}
	return ""
}

// all gives the children of that name and of the element's own namespace.
func (n *node) all(local string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, c := range n.children {
		if c.local == local && c.space == n.space {
			found = append(found, c)
		}
	}
	return found
}

// child gives the only child of that name, nil if there is none. Two are
// refused: which one CloudFront means is unknown.
func (n *node) child(local string) (*node, error) {
	found := n.all(local)
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%s at byte %d has %d elements %s", shorten(n.name), n.start, len(found), local)
}

// value gives the text of the only child of that name, "" if there is none.
//
// It is the text as it stands, white space included. CloudFront writes none
// around a text, and AWS's SDKs take none away: a path pattern that ends with a
// space is another pattern than the one without it, and an ARN or an id with a
// space around it is none that is known here.
func (n *node) value(local string) (string, error) {
	c, err := n.child(local)
	if c == nil || err != nil {
		return "", err
	}
	return c.leaf()
}

// leaf gives the text of an element that holds nothing but text.
func (n *node) leaf() (string, error) {
	if len(n.children) > 0 {
		return "", fmt.Errorf("%s at byte %d holds elements where text belongs", shorten(n.name), n.start)
	}
	return n.text, nil
}

// flag gives a boolean child, false if there is none or nothing in it. Anything
// that the SDK does not take for a boolean is refused. XML's white space around
// booleans and numbers means nothing (XML Schema, part 2, whiteSpace).
func (n *node) flag(local string) (bool, error) {
	text, err := n.value(local)
	if text = strings.Trim(text, xmlSpace); text == "" || err != nil {
		return false, err
	}
	set, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s of %s at byte %d is no boolean: %q", local, shorten(n.name), n.start, excerpt(text))
	}
	return set, nil
}

// items gives the members of one of CloudFront's lists, which are all spelled
// <list><Quantity>1</Quantity><Items><member/></Items></list>.
func (n *node) items(list, member string) ([]*node, error) {
	l, err := n.child(list)
	if l == nil || err != nil {
		return nil, err
	}
	items, err := l.child("Items")
	return items.all(member), err
}

package cf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds the nesting of a document. The API's own schema is eleven
// levels deep; the rest is room for elements we do not know.
const maxDepth = 64

// document is an XML text together with the offsets of its elements, so that
// parts of it can be read, copied and replaced without touching the rest.
type document struct {
	src  []byte
	root *node
}

// node is one element. All offsets count bytes of document.src.
type node struct {
	parent        *node
	prefix, local string // as spelled
	space         string // the namespace the prefix stands for
	declares      []binding
	start, end    int // the element, tags included
	nameEnd       int // just after the name in the start tag
	inner, outer  int // where the content starts and ends; both are end if self-closing
	empty         bool
	chars         []byte
	text          string // character data directly inside, decoded
	children      []*node
}

// binding is a namespace declaration; the default namespace has no prefix.
type binding struct{ prefix, uri string }

// parseDocument reads one well-formed XML document in UTF-8 whose elements
// use declared prefixes only. A document type declaration is refused: it is
// the door to entity bombs, and no AWS client sends one.
func parseDocument(src []byte) (*document, error) {
	p := parser{src: src, dec: xml.NewDecoder(bytes.NewReader(src))}
	for {
		at := int(p.dec.InputOffset())
		token, err := p.dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := p.token(at, token); err != nil {
			return nil, fmt.Errorf("byte %d: %w", at, err)
		}
	}
	if p.open != nil {
		return nil, fmt.Errorf("element %s is not closed", p.open.name())
	}
	if p.root == nil {
		return nil, errors.New("no root element")
	}
	return &document{src: src, root: p.root}, nil
}

type parser struct {
	src   []byte
	dec   *xml.Decoder
	root  *node
	open  *node
	depth int
}

func (p *parser) token(at int, token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return p.startElement(at, t)
	case xml.EndElement:
		return p.endElement(at, t)
	case xml.CharData:
		return p.chars(at, t)
	case xml.ProcInst:
		if strings.EqualFold(t.Target, "xml") && len(bytes.TrimPrefix(p.src[:at], []byte("\ufeff"))) > 0 {
			return errors.New("the XML declaration must come first")
		}
	case xml.Directive:
		return errors.New("a document type declaration is not allowed")
	}
	return nil
}

func (p *parser) startElement(at int, t xml.StartElement) error {
	if p.open == nil && p.root != nil {
		return errors.New("more than one root element")
	}
	if p.depth++; p.depth > maxDepth {
		return fmt.Errorf("more than %d levels of elements", maxDepth)
	}
	n := &node{parent: p.open, prefix: t.Name.Space, local: t.Name.Local, start: at, inner: int(p.dec.InputOffset())}
	n.nameEnd = at + len("<") + len(n.name())
	n.empty = bytes.HasSuffix(p.src[at:n.inner], []byte("/>"))
	if err := n.bind(t.Attr); err != nil {
		return err
	}
	if p.open == nil {
		p.root = n
	} else {
		p.open.children = append(p.open.children, n)
	}
	p.open = n
	return nil
}

// bind takes the namespace declarations of a start tag and resolves the
// prefixes of the element and of its attributes.
func (n *node) bind(attrs []xml.Attr) error {
	seen := map[xml.Name]bool{}
	for _, a := range attrs {
		if seen[a.Name] {
			return fmt.Errorf("attribute %s is given twice", a.Name.Local)
		}
		seen[a.Name] = true
		switch {
		case a.Name.Space == "xmlns":
			if a.Value == "" {
				return fmt.Errorf("prefix %s is bound to nothing", a.Name.Local)
			}
			n.declares = append(n.declares, binding{prefix: a.Name.Local, uri: a.Value})
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			n.declares = append(n.declares, binding{uri: a.Value})
		}
	}
	for _, a := range attrs {
		if _, ok := n.resolve(a.Name.Space); !ok {
			return fmt.Errorf("prefix %s is not declared", a.Name.Space)
		}
	}
	space, ok := n.resolve(n.prefix)
	if !ok {
		return fmt.Errorf("prefix %s is not declared", n.prefix)
	}
	n.space = space
	return nil
}

// resolve says which namespace a prefix stands for inside n.
func (n *node) resolve(prefix string) (uri string, ok bool) {
	for at := n; at != nil; at = at.parent {
		for _, b := range at.declares {
			if b.prefix == prefix {
				return b.uri, true
			}
		}
	}
	return "", prefix == "" || prefix == "xml" || prefix == "xmlns"
}

func (p *parser) endElement(at int, t xml.EndElement) error {
	n := p.open
	if n == nil || n.prefix != t.Name.Space || n.local != t.Name.Local {
		return fmt.Errorf("end tag of %s closes nothing", t.Name.Local)
	}
	n.outer, n.end = at, int(p.dec.InputOffset())
	n.text, n.chars = string(n.chars), nil
	p.open = n.parent
	p.depth--
	return nil
}

func (p *parser) chars(at int, t xml.CharData) error {
	if p.open != nil {
		p.open.chars = append(p.open.chars, t...)
		return nil
	}
	outside := t
	if at == 0 {
		outside = bytes.TrimPrefix(outside, []byte("\ufeff"))
	}
	if len(bytes.TrimSpace(outside)) > 0 {
		return errors.New("text outside of the root element")
	}
	return nil
}

// name is the element's name as spelled.
func (n *node) name() string {
	if n.prefix == "" {
		return n.local
	}
	return n.prefix + ":" + n.local
}

// child is the first child of that name in n's own namespace, or nil. It is
// safe to call on a nil node, so that lookups chain.
func (n *node) child(local string) *node {
	for _, c := range n.all(local) {
		return c
	}
	return nil
}

// all lists the children of that name in n's own namespace.
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

// value is the text of a child, or "" if there is none.
func (n *node) value(local string) string {
	if c := n.child(local); c != nil {
		return c.text
	}
	return ""
}

// flag reads a boolean child; an absent one is false.
func (n *node) flag(local string) bool { return parseBool(n.value(local)) }

// items lists the members of a Quantity/Items structure.
func (n *node) items(local, item string) []*node {
	return n.child(local).child("Items").all(item)
}

// inherited lists the declarations that n takes from elements around it and
// that ambient does not already provide, innermost first.
func (n *node) inherited(ambient string) []binding {
	known := map[string]bool{}
	for _, b := range n.declares {
		known[b.prefix] = true
	}
	var need []binding
	for at := n.parent; at != nil; at = at.parent {
		for _, b := range at.declares {
			if known[b.prefix] {
				continue
			}
			known[b.prefix] = true
			if b.prefix != "" || b.uri != ambient {
				need = append(need, b)
			}
		}
	}
	return need
}

// lift copies an element out of its document. The bytes stay as they are, but
// for the namespace declarations it can no longer inherit: those are added to
// its start tag, unless the default namespace of the new place (ambient)
// already says the same.
func (d *document) lift(n *node, ambient string) []byte {
	var out bytes.Buffer
	out.Write(d.src[n.start:n.nameEnd])
	for _, b := range n.inherited(ambient) {
		out.WriteString(" xmlns")
		if b.prefix != "" {
			out.WriteString(":" + b.prefix)
		}
		out.WriteString(`="` + escape(b.uri) + `"`)
	}
	out.Write(d.src[n.nameEnd:n.end])
	return out.Bytes()
}

// escape writes text so that it can stand in an element or an attribute.
func escape(text string) string {
	var out strings.Builder
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		panic(err) // a strings.Builder does not fail
	}
	return out.String()
}

package awscloud

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
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

// parseXML reads a document. Whatever encoding/xml cannot read strictly is
// refused: other encodings than UTF-8 (their offsets would mean something
// else), entities of a document type, and more than one root.
func parseXML(doc []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	var root *node
	var open []*node
	for {
		start := int(dec.InputOffset())
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read XML: %w", err)
		}
		end := int(dec.InputOffset())
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{
				name: spelledName(doc[start:end]), space: t.Name.Space, local: t.Name.Local,
				start: start, end: end, inner: end, innerEnd: end,
			}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, n)
			case root != nil:
				return nil, fmt.Errorf("read XML: a second root element %s at byte %d", n.name, start)
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			n := open[len(open)-1]
			n.innerEnd, n.end = start, end
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				n := open[len(open)-1]
				n.text += string(t)
			}
		}
	}
	if root == nil {
		return nil, errors.New("read XML: no root element")
	}
	return root, nil
}

// spelledName gives the name of a start tag as the document spells it.
func spelledName(tag []byte) string {
	name := tag[1:]
	if i := bytes.IndexAny(name, " \t\r\n/>"); i >= 0 {
		name = name[:i]
	}
	return string(name)
}

// selfClosing says that the element is written <name/>.
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
// refused: nobody could tell which one CloudFront means.
func (n *node) child(local string) (*node, error) {
	found := n.all(local)
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%s at byte %d has %d elements %s", n.name, n.start, len(found), local)
}

// value gives the text of the only child of that name, "" if there is none,
// without the white space around it.
func (n *node) value(local string) (string, error) {
	c, err := n.child(local)
	if c == nil || err != nil {
		return "", err
	}
	if len(c.children) > 0 {
		return "", fmt.Errorf("%s at byte %d holds elements where text belongs", c.name, c.start)
	}
	return strings.TrimSpace(c.text), nil
}

// flag gives a boolean child, false if there is none.
func (n *node) flag(local string) (bool, error) {
	text, err := n.value(local)
	return text == "true" || text == "1", err
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

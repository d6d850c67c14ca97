package cf

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// edit replaces src[at:end] by text.
type edit struct {
	at, end int
	text    string
}

// applyEdits returns src with all edits made; edits of one place are made in
// the order given. They must not overlap.
func applyEdits(src []byte, edits []edit) []byte {
	ordered := slices.Clone(edits)
	slices.SortStableFunc(ordered, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var out bytes.Buffer
	done := 0
	for _, e := range ordered {
		out.Write(src[done:e.at])
		out.WriteString(e.text)
		done = e.end
	}
	out.Write(src[done:])
	return out.Bytes()
}

// element writes <name>content</name> with a prefix on every tag of it.
// The content must be plain: tags without attributes, and text without "<".
func element(prefix, name, content string) string {
	return prefixed(prefix, "<"+name+">"+content+"</"+name+">")
}

// prefixed puts a namespace prefix on every tag of plain XML.
func prefixed(prefix, plain string) string {
	if prefix == "" {
		return plain
	}
	return strings.NewReplacer("</", "</"+prefix+":", "<", "<"+prefix+":").Replace(plain)
}

// place is the offset where a member belongs: after the nearest member before
// it in the schema that is present, or else first.
func place(parent *node, shape *shape, name string) int {
	at := parent.inner
	for _, m := range shape.members {
		if m.name == name {
			break
		}
		if c := parent.child(m.name); c != nil {
			at = c.end
		}
	}
	return at
}

// set gives parent a member with plain content, in place of the one it has.
func set(parent *node, shape *shape, name, content string) edit {
	e := edit{text: element(parent.prefix, name, content)}
	if c := parent.child(name); c != nil {
		e.at, e.end = c.start, c.end
	} else {
		e.at = place(parent, shape, name)
		e.end = e.at
	}
	return e
}

// defaults lists the insertions that give n, and everything in it, the members
// which CloudFront echoes although the client left them out.
func defaults(n *node, s *shape) []edit {
	var edits []edit
	if n.empty {
		return nil // <x/> has no room; the schema wants more of it anyway
	}
	for _, m := range s.members {
		switch c := n.child(m.name); {
		case c != nil:
			edits = append(edits, defaults(c, m.shape)...)
		case m.echoed:
			at := place(n, s, m.name)
			edits = append(edits, edit{at: at, end: at, text: element(n.prefix, m.name, m.fallback)})
		}
	}
	if s.kind == kindList {
		for _, item := range n.all(s.itemName) {
			edits = append(edits, defaults(item, s.item)...)
		}
	}
	return edits
}

// complete returns the document with those defaults, and every other byte as
// it was.
func (d *document) complete(config *shape) []byte {
	return applyEdits(d.src, defaults(d.root, config))
}

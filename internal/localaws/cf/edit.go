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

// defaults lists the insertions that give parent every member which
// CloudFront echoes although the client left it out.
func defaults(parent *node, shape *shape) []edit {
	var edits []edit
	for _, m := range shape.members {
		if !m.echoed || parent.child(m.name) != nil {
			continue
		}
		at := place(parent, shape, m.name)
		edits = append(edits, edit{at: at, end: at, text: element(parent.prefix, m.name, m.fallback)})
	}
	return edits
}

// complete returns the document with defaults for the configuration itself
// and for each of its behaviours, and every other byte as it was.
func (d *document) complete(config *shape) []byte {
	edits := defaults(d.root, config)
	if b := d.root.child("DefaultCacheBehavior"); b != nil {
		edits = append(edits, defaults(b, config.member("DefaultCacheBehavior").shape)...)
	}
	item := config.member("CacheBehaviors").shape.member("Items").shape.item
	for _, b := range d.root.items("CacheBehaviors", "CacheBehavior") {
		edits = append(edits, defaults(b, item)...)
	}
	return applyEdits(d.src, edits)
}

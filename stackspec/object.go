package stackspec

import (
	"fmt"
	"strings"
)

func (c *checker) object(n *node, t *typ, path []string) {
	for _, e := range n.entries {
		if e.key.bad {
			continue
		}
		f, ok := t.field(e.key.text)
		switch {
		case !ok:
			c.unknown(n, e, t, path)
		case f.refused != "":
			c.problem(e.key, below(path, f.key), Problem{Message: f.refused, Hint: f.hint})
		default:
			c.check(e.value, f.typ, below(path, f.key))
		}
	}
	c.together(n, t, path)
}

// unknown reports a key that is none. Where it is plain which one was meant, it
// stands for that one from here on: nothing that would only follow from the
// slip is reported, and what is in a mapping is checked all the same.
func (c *checker) unknown(n *node, e *entry, t *typ, path []string) {
	spelled, meant := e.key.text, t.meant(e.key.text)
	hint := "the keys here are " + list(t.known())
	if meant != "" {
		hint = "did you mean " + meant + "?"
	}
	c.problem(e.key, below(path, spelled), Problem{Message: fmt.Sprintf("unknown key %s%s", quote(spelled), in(path)), Hint: hint})
	n.unsure = true
	if meant == "" || n.entry(meant) != nil {
		return
	}
	f, _ := t.field(meant)
	e.key.text = meant
	if nests := f.typ.shape == anObject || f.typ.shape == aMap; !nests || e.value.kind != mapping {
		e.value.bad = true
		return
	}
	e.key.bad = false
	c.check(e.value, f.typ, below(path, meant))
}

func in(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return " in " + pathOf(path)
}

// together checks which keys must and must not stand beside each other.
func (c *checker) together(n *node, t *typ, path []string) {
	line, col := start(n)
	missing := func(p Problem) {
		p.Path = pathOf(path)
		c.report.add(line, col, p)
	}
	for _, f := range t.fields {
		e := n.entry(f.key)
		if f.required && e == nil {
			missing(Problem{Message: fmt.Sprintf("%s has no %s", subject(path), f.key), Hint: "add " + f.key + ": " + f.example()})
		}
	}
	var there []*entry
	for _, key := range t.oneOf {
		if e := n.entry(key); e != nil {
			there = append(there, e)
		}
	}
	switch {
	case len(t.oneOf) > 0 && len(there) == 0 && n.unsure:
		return // the unknown key may be the one
	case len(t.oneOf) > 0 && len(there) == 0:
		missing(Problem{
			Message: fmt.Sprintf("%s has neither %s", subject(path), strings.Join(t.oneOf, " nor ")),
			Hint:    "add one of them",
		})
		return // what they need beside them is moot
	case len(there) > 1:
		c.problem(there[1].key, below(path, there[1].key.text), Problem{
			Message: fmt.Sprintf("%s has both %s and %s", subject(path), there[0].key.text, there[1].key.text),
			Hint:    "keep one of them",
		})
		return
	}
	for _, f := range t.fields {
		e := n.entry(f.key)
		if e == nil {
			continue
		}
		for _, need := range f.needs {
			if n.entry(need.key) == nil && (need.or == "" || n.entry(need.or) == nil) {
				c.problem(e.key, below(path, f.key), Problem{Message: need.says, Hint: need.hint})
			}
		}
	}
	c.pin(n, t, path)
}

// start is where a mapping is pointed to: its key, or its first line.
func start(n *node) (line, col int) {
	if n.owner != nil {
		return n.owner.line, n.owner.col
	}
	return n.line, n.col
}

// example shows how a required key may look.
func (f field) example() string {
	switch f.key {
	case "version":
		return "1"
	case "stack":
		return "my-site"
	default:
		return "<" + f.typ.name() + ">"
	}
}

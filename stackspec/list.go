package stackspec

import (
	"fmt"
	"strconv"
)

func (c *checker) list(n *node, t *typ, path []string) {
	if n.kind != sequence {
		c.problem(n, path, Problem{
			Message: fmt.Sprintf("%s is %s; it must be a list", subject(path), n.kind),
			Hint:    "write it like [a, b], or one a line with a hyphen before each",
		})
		return
	}
	for i, item := range n.items {
		c.check(item, t.elem, below(path, strconv.Itoa(i)))
		n.bad = n.bad || item.bad
	}
}

// items gives a list of strings; nil for none.
func items(n *node) []string {
	if n == nil {
		return nil
	}
	var list []string
	for _, item := range n.items {
		list = append(list, item.value)
	}
	return list
}

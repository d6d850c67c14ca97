package bundle

import (
	"slices"
	"strings"
)

// A part is a piece of a trampoline's source: a statement or a few, which a
// script has or has not. Above it stands what it is called and what it needs:
//
//	//: deliver: room memory
//	const deliver = (function (value) {
//
// A part called always is in every script. What a module imports is called by
// its namespace, edge.get, and what it exports by its name, edge_body. A line that
// ends with "// with deliver" is there if that part is, one that ends with
// "// without deliver" if it is not; neither makes it needed.
type part struct {
	name  string
	needs []string
	lines []string
}

const (
	partMark    = "//: "
	withMark    = " // with "
	withoutMark = " // without "
	alwaysPart  = "always"
)

// partsIn reads a source. What has no name above it, to begin with, is always there.
func partsIn(source string) []part {
	all := []part{{name: alwaysPart}}
	for line := range strings.Lines(source) {
		head, ok := strings.CutPrefix(line, partMark)
		if !ok {
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
			continue
		}
		name, needs, _ := strings.Cut(strings.TrimSpace(head), ":")
		all = append(all, part{name: name, needs: strings.Fields(needs)})
	}
	return all
}

// assemble puts the parts with these names together, and all that they need, in
// the order of the source. It depends on nothing else, and nothing else may ever
// be made of it: content ids depend on every byte.
func assemble(source []part, names []string) string {
	chosen := closure(source, names)
	var script strings.Builder
	for _, p := range source {
		if !chosen[p.name] {
			continue
		}
		for _, line := range p.lines {
			script.WriteString(kept(line, chosen))
		}
	}
	return script.String()
}

// kept returns what a script with these parts has of a line.
func kept(line string, chosen map[string]bool) string {
	for mark, wanted := range map[string]bool{withMark: true, withoutMark: false} {
		code, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), mark)
		switch {
		case ok && chosen[name] == wanted:
			return code + "\n"
		case ok:
			return ""
		}
	}
	return line
}

// closure returns the parts with these names, with all that they need.
func closure(source []part, names []string) map[string]bool {
	needs := map[string][]string{}
	for _, p := range source {
		needs[p.name] = append(needs[p.name], p.needs...)
	}
	chosen := map[string]bool{}
	for open := append(slices.Clone(names), alwaysPart); len(open) > 0; {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		if !chosen[name] {
			chosen[name] = true
			open = append(open, needs[name]...)
		}
	}
	return chosen
}

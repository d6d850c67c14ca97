package places

import (
	"path"
	"slices"
	"strings"
)

// value is what an expression is known to be: a text, or a path that begins at
// the script's own place.
type value struct {
	known bool
	own   bool   // it is made of the script's place, whether or not it is known
	text  string // with holes where it is not known
	last  *token // the text that it ends with
}

// hole stands in a text for what cannot be told.
const hole = "\x00"

// unknown is a text of which nothing is known; with own, a path of which nothing
// is known but where it comes from.
func unknown(own bool) value {
	if own {
		return value{own: true}
	}
	return value{text: hole}
}

// lost reports whether not even a pattern is known.
func (v value) lost() bool { return v.own && !v.known && v.text == "" }

// joined puts texts together as path.join does.
func joined(parts []value) value {
	if len(parts) == 0 {
		return unknown(false)
	}
	v := value{known: true}
	for i, p := range parts {
		if p.lost() || p.own && i > 0 {
			return unknown(true)
		}
		v.own = v.own || p.own
		v.known = v.known && p.known
		v.text += "/" + p.text
		v.last = p.last
	}
	v.text = clean(v.text[1:])
	return v
}

// clean keeps the slash at the end, which tells a folder in an address.
func clean(p string) string {
	c := path.Clean(p)
	if strings.HasSuffix(p, "/") && c != "." {
		return c + "/"
	}
	return c
}

// added puts texts together as + does.
func added(a, b value) value {
	if a.lost() || b.own {
		return unknown(true)
	}
	return value{known: a.known && b.known, own: a.own, text: a.text + b.text, last: b.last}
}

// against resolves an address as new URL does.
func against(parts []value) value {
	switch len(parts) {
	case 0: // a text that ends here, or no URL
		return unknown(false)
	case 1:
		return parts[0]
	}
	own := parts[0].own || parts[1].own
	ref, base := parts[0], parts[1]
	if len(parts) != 2 || !base.known || !base.own || ref.own || ref.text == hole ||
		strings.HasPrefix(ref.text, "/") || strings.Contains(ref.text, ":") {
		return unknown(own)
	}
	folder := base.text[:strings.LastIndex(base.text, "/")+1]
	rel, _, _ := strings.Cut(ref.text, "?")
	rel, _, _ = strings.Cut(rel, "#")
	p := clean(folder + rel)
	if rel == "." || rel == ".." || strings.HasSuffix(rel, "/.") || strings.HasSuffix(rel, "/..") {
		p += "/"
	}
	return value{known: ref.known, own: true, text: p, last: ref.last}
}

// called is what a function makes of its arguments, known by its name alone:
// it may have been imported under any namespace.
func called(name string, args []value) value {
	switch name {
	case "join":
		return joined(args)
	case "resolve":
		for _, a := range args[min(1, len(args)):] {
			if strings.HasPrefix(a.text, "/") && !a.own {
				return unknown(false)
			}
		}
		return joined(args)
	case "dirname":
		if len(args) == 1 && args[0].known {
			v := args[0]
			v.text, v.last = path.Dir(path.Clean(v.text)), nil
			return v
		}
	case "fileURLToPath", "pathToFileURL", "normalize", "String", "toNamespacedPath", "realpathSync":
		if len(args) > 0 {
			return args[0]
		}
	}
	return unknown(slices.ContainsFunc(args, func(v value) bool { return v.own }))
}

// at gives a token, or an empty sign behind the end.
func (r *reader) at(i int) token {
	if i < 0 || i >= len(r.tokens) {
		return token{kind: sign, opener: -1}
	}
	return r.tokens[i]
}

func (r *reader) is(i int, value string) bool {
	t := r.at(i)
	return (t.kind == sign || t.kind == word) && t.value == value
}

// deepest bounds how far expressions are followed into each other.
const deepest = 100

// expression evaluates what begins at a token, and gives the token behind it.
func (r *reader) expression(i, depth int) (value, int) {
	v, i := r.sum(i, depth)
	for depth <= deepest {
		var next, other value
		switch {
		case r.is(i, "|") && r.is(i+1, "|"), r.is(i, "?") && r.is(i+1, "?"):
			if next, i = r.sum(i+2, depth+1); !v.known && !v.own {
				v = next // what nobody set is what it is by default
			}
		case r.is(i, "?") && !r.is(i+1, "."):
			if next, i = r.expression(i+1, depth+1); !r.is(i, ":") {
				return unknown(v.own || next.own), i
			}
			other, i = r.expression(i+1, depth+1)
			return unknown(next.own || other.own), i
		default:
			return v, i
		}
	}
	return v, i
}

func (r *reader) sum(i, depth int) (value, int) {
	v, i := r.term(i, depth)
	for r.is(i, "+") && !r.is(i+1, "+") && !r.is(i+1, "=") {
		var next value
		next, i = r.term(i+1, depth)
		v = added(v, next)
	}
	return v, i
}

func (r *reader) term(i, depth int) (value, int) {
	if depth > deepest {
		return unknown(false), i
	}
	switch t := r.at(i); {
	case t.kind == text:
		return r.members(value{known: true, text: t.value, last: &t}, i+1, depth)
	case t.kind == mold:
		return r.template(i, depth), i + 1
	case r.is(i, "("):
		return r.parenthesis(i, depth)
	case r.is(i, "await"):
		return r.term(i+1, depth+1)
	case r.is(i, "new"):
		name, next := r.chain(i + 1)
		if name == "URL" && r.is(next, "(") {
			args, end := r.arguments(next, depth)
			return r.members(against(args), end, depth)
		}
		return unknown(false), next
	case t.kind == word:
		return r.named(i, depth)
	}
	return unknown(false), i + 1
}

// parenthesis is an expression in parentheses, or a call in the form of
// compiled TypeScript: (0, path_1.join)(…).
func (r *reader) parenthesis(i, depth int) (value, int) {
	if r.is(i+2, ",") && r.at(i+1).value == "0" {
		if name, next := r.chain(i + 3); r.is(next, ")") && r.is(next+1, "(") {
			args, end := r.arguments(next+1, depth)
			return r.members(called(name, args), end, depth)
		}
	}
	v, next := r.expression(i+1, depth+1)
	if !r.is(next, ")") {
		end := r.closing(i)
		return unknown(v.own || r.ownWithin(i, end)), end + 1
	}
	return r.members(v, next+1, depth)
}

// chain reads a.b.c and gives the last name.
func (r *reader) chain(i int) (string, int) {
	name := r.at(i).value
	for i++; ; i += 2 {
		if r.is(i, "?") && r.is(i+1, ".") {
			i++
		}
		if !r.is(i, ".") || r.at(i+1).kind != word {
			return name, i
		}
		name = r.at(i + 1).value
	}
}

// named evaluates a name: the script's place, a variable, or a call.
func (r *reader) named(i, depth int) (value, int) {
	switch {
	case r.is(i, "import") && r.is(i+1, ".") && r.is(i+2, "meta") && r.is(i+3, "."):
		switch r.at(i + 4).value {
		case "url", "filename":
			return r.members(value{known: true, own: true, text: r.file}, i+5, depth)
		case "dirname":
			return value{known: true, own: true, text: path.Dir(r.file)}, i + 5
		}
		return unknown(true), i + 5
	}
	v, ok := r.names[r.at(i).value]
	name, next := r.chain(i)
	if r.is(next, "(") {
		args, end := r.arguments(next, depth)
		return r.members(called(name, args), end, depth)
	}
	if member, ok := r.names[r.at(i).value+"."+name]; ok && next == i+3 {
		return r.members(member, next, depth)
	}
	if ok {
		return r.members(v, i+1, depth)
	}
	return r.members(unknown(false), next, depth)
}

// members follows what is asked of a value: its text stays, or is unknown.
func (r *reader) members(v value, i, depth int) (value, int) {
	for {
		if r.is(i, "[") {
			v, i = unknown(v.own), r.closing(i)+1
			continue
		}
		if !r.is(i, ".") || r.at(i+1).kind != word {
			break
		}
		name := r.at(i + 1).value
		i += 2
		if r.is(i, "(") {
			var args []value
			args, i = r.arguments(i, depth)
			if !v.known && !v.own {
				v = called(name, args) // require('path').join(…)
				continue
			}
		}
		if !slices.Contains([]string{"href", "pathname", "toString"}, name) {
			v = unknown(v.own)
		}
	}
	if r.is(i, "!") && !r.is(i+1, "=") {
		i++ // TypeScript's
	}
	if r.is(i, "as") && r.at(i+1).kind == word {
		_, i = r.chain(i + 1)
	}
	return v, i
}

func (r *reader) template(i, depth int) value {
	v := value{known: true}
	for n, p := range r.tokens[i].pieces {
		v = added(v, value{known: true, text: p.text})
		inner := r.holes[i][n]
		if inner == nil {
			continue
		}
		within, end := inner.expression(0, depth+1)
		if end != len(p.hole) {
			within = unknown(within.own || inner.ownWithin(0, len(p.hole)))
		}
		if within.own && v.known && v.text == "" && !v.own {
			v = within
		} else {
			v = added(v, within)
		}
	}
	v.last = nil
	return v
}

// arguments evaluates those of a call whose parenthesis stands at i, and gives
// the token behind it.
func (r *reader) arguments(i, depth int) ([]value, int) {
	end := r.closing(i)
	var args []value
	for at := i + 1; at < end; {
		v, next := r.expression(at, depth+1)
		stop := r.argumentEnd(max(next, at+1), i, end)
		if next != stop {
			v = unknown(v.own || r.ownWithin(at, stop))
		}
		args = append(args, v)
		at = stop + 1
	}
	return args, end + 1
}

// argumentEnd finds the comma behind an argument, or the closing parenthesis.
func (r *reader) argumentEnd(i, opener, end int) int {
	for ; i < end; i++ {
		if r.is(i, ",") && r.at(i).opener == opener {
			return i
		}
		if r.close[i] < end {
			i = r.close[i]
		}
	}
	return end
}

// closing gives the bracket that closes the one at i.
func (r *reader) closing(i int) int {
	if i < 0 || i >= len(r.close) {
		return len(r.tokens)
	}
	return r.close[i]
}

// ownWithin reports whether any token tells of the script's place.
func (r *reader) ownWithin(from, to int) bool {
	to = min(to, len(r.tokens))
	return from < to && r.owned[to] > r.owned[from]
}

package places

import "strings"

// Required is how a script requires a module.
type Required int

const (
	Nowhere  Required = iota
	AtLoad            // when it is loaded
	Called            // within functions only that run later, if ever
	Tried             // within try only, so that it can do without
	Rethrown          // within try only, and what is caught is thrown on
)

// Requires says how a script requires a module: by its name, or by a template
// that it fits.
func Requires(script, file, module string) Required { return Requirer(script, file)(module) }

// Requirer is [Requires] for many modules of one script.
func Requirer(script, file string) func(module string) Required {
	return newReader(lex(script, file), root, nil).requires
}

func (r *reader) requires(module string) Required {
	how := Nowhere
	for i, t := range r.tokens {
		if t.kind != word || t.value != "require" || !r.is(i+1, "(") || !r.at(i+2).names(module) {
			continue
		}
		switch {
		case r.tried(t) >= 0:
			if how == Nowhere {
				how = Tried
			}
			if r.throwsOn(r.tried(t)) {
				how = Rethrown
			}
		case !r.later(i):
			return AtLoad
		default:
			how = Called
		}
	}
	return how
}

// Rethrows reports whether a script requires, by a template with this end, what it
// throws on without.
func Rethrows(script, file, end string) bool {
	tokens := lex(script, file)
	r := newReader(tokens, root, nil)
	for i, t := range tokens {
		named := r.at(i + 2)
		if t.kind == word && t.value == "require" && named.kind == mold && strings.HasSuffix(named.pieces[len(named.pieces)-1].text, end) &&
			r.tried(t) >= 0 && r.throwsOn(r.tried(t)) {
			return true
		}
	}
	return false
}

// names reports whether a token is a text, or a template that may become it.
func (t token) names(s string) bool {
	switch t.kind {
	case text:
		return t.value == s
	case mold:
		return strings.HasPrefix(s, t.pieces[0].text) && strings.HasSuffix(s, t.pieces[len(t.pieces)-1].text)
	}
	return false
}

// tried gives the brace of the try that a token stands in; -1 if in none.
func (r *reader) tried(t token) int {
	for at := t.opener; at >= 0; at = r.tokens[at].opener {
		if r.is(at, "{") && r.is(at-1, "try") {
			return at
		}
	}
	return -1
}

// throwsOn reports whether what is caught of a try is thrown again.
func (r *reader) throwsOn(try int) bool {
	at := r.closing(try) + 1
	if !r.is(at, "catch") {
		return false
	}
	if at++; r.is(at, "(") {
		at = r.closing(at) + 1
	}
	return r.is(at, "{") && r.is(at+1, "throw")
}

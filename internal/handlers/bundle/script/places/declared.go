package places

// declares reports whether a script has a variable of a name that Node.js gives.
func (r *reader) declares(name string) bool {
	for i, t := range r.tokens {
		if t.kind != word || t.value != name || r.ambient(i) {
			continue
		}
		for _, by := range []string{"const", "let", "var", "function", "class", "import", "as"} {
			if r.is(i-1, by) && !r.is(i-2, ".") {
				return true
			}
		}
		if r.is(i+1, "=>") || r.is(i-1, ",") && r.further(i) {
			return true
		}
		if t.opener >= 0 && r.declaring(t.opener) && !r.byDefault(i) {
			return true
		}
	}
	return false
}

// further reports whether a name is declared with others before it.
func (r *reader) further(i int) bool {
	for at := i - 1; at > r.tokens[i].opener; at-- {
		switch {
		case r.tokens[at].opener != r.tokens[i].opener:
		case r.is(at-1, "const"), r.is(at-1, "let"), r.is(at-1, "var"):
			return true
		case r.is(at, ";"), r.begins(at):
			return false
		}
	}
	return false
}

// byDefault reports whether a token stands in what a parameter, or a name that is
// taken out of an object, is by default.
func (r *reader) byDefault(i int) bool {
	for at := i - 1; at > r.tokens[i].opener; at-- {
		if r.tokens[at].opener != r.tokens[i].opener {
			continue
		}
		if r.is(at, ",") {
			return false
		}
		if r.is(at, "=") {
			return true
		}
	}
	return false
}

// ambient reports whether a token is part of what TypeScript declares to be
// there from elsewhere: of declare const x, or within declare global { … }.
func (r *reader) ambient(i int) bool {
	for at := i; at >= 0; at = r.tokens[at].opener {
		for _, n := range []int{at - 1, at - 2, at - 3} { // declare module "x" {, declare function f(
			if r.is(n, "declare") && r.at(n+1).kind == word && r.tokens[n].opener == r.tokens[at].opener {
				return true
			}
			if t := r.at(n); t.kind == sign && t.value != "*" {
				break
			}
		}
	}
	return false
}

// declaring reports whether a bracket holds names that are declared: parameters,
// or what is imported or taken apart.
func (r *reader) declaring(opener int) bool {
	if r.is(opener, "{") {
		end := r.close[opener]
		return r.is(opener-1, "const") || r.is(opener-1, "let") || r.is(opener-1, "var") || r.is(opener-1, "import") ||
			r.is(end+1, "from") || r.is(opener-1, "(") && r.declaring(opener-1)
	}
	if !r.is(opener, "(") {
		return false
	}
	return r.is(opener-1, "function") || r.is(opener-2, "function") || r.is(r.close[opener]+1, "=>")
}

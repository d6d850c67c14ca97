package places

import "slices"

// later reports whether a token stands in a function that runs later than its
// script is loaded, as far as the script itself tells: one that is neither
// called on the spot nor given to another, which may call it at once.
func (r *reader) later(i int) bool {
	for at := i; at >= 0; at = r.tokens[at].opener {
		if arrow := r.behindArrow(at); arrow >= 0 && !r.given(arrow) {
			return true
		}
		if r.is(at, "{") && r.defers(at) {
			return true
		}
	}
	return false
}

// defers reports whether a brace begins the body of such a function.
func (r *reader) defers(brace int) bool {
	if r.is(brace-1, "=>") {
		return !r.given(brace - 1)
	}
	if !r.is(brace-1, ")") {
		return false
	}
	name := r.opening(brace-1) - 1
	if begin := r.functionAt(name); begin >= 0 {
		return r.declared(begin) || !r.is(begin-1, "new") && !r.callsBehind(r.closing(brace)) && !r.given(begin)
	}
	object := r.tokens[brace].opener
	if !r.literal(object) || slices.Contains(controls, r.at(name).value) {
		return false
	}
	return r.is(name-1, "get") || !r.given(brace)
}

// controls are the words before a parenthesis and a block that are no names.
var controls = []string{"if", "for", "while", "switch", "with", "catch", "await"}

// functionAt gives where the function begins whose parameters stand behind a
// token; -1 if there is none.
func (r *reader) functionAt(at int) int {
	if r.at(at).kind == word && !r.is(at, "function") {
		at--
	}
	if r.is(at, "*") {
		at--
	}
	if !r.is(at, "function") {
		return -1
	}
	if r.is(at-1, "async") {
		at--
	}
	return at
}

// declared reports whether a function that begins at a token is a statement, so
// that a parenthesis behind it calls nothing.
func (r *reader) declared(begin int) bool {
	switch last := r.at(begin - 1); {
	case begin == 0:
		return true
	case last.kind == sign:
		return slices.Contains([]string{";", "{", "}", ")", "]"}, last.value)
	case last.kind == word:
		return last.value == "else" || last.value == "do" || !slices.Contains(before, last.value)
	}
	return true
}

// callsBehind reports whether what ends at a token is called there.
func (r *reader) callsBehind(end int) bool {
	at := end + 1
	if r.is(at, "?") && r.is(at+1, ".") {
		at++
	}
	if r.is(at, ".") {
		at++
		if r.is(at, "call") || r.is(at, "apply") {
			at++
		}
	}
	return r.is(at, "(")
}

// given reports whether a value with a token in it is an argument of a call, or
// part of one, or called in its parentheses. What a getter is, runs when asked.
func (r *reader) given(at int) bool {
	for {
		opener := r.tokens[at].opener
		switch {
		case opener < 0:
			return false
		case r.is(opener, "("):
			if r.calls(opener) || r.is(opener-1, "new") || r.callsBehind(r.closing(opener)) {
				return true
			}
		case r.is(opener, "{"):
			if !r.literal(opener) || r.getter(at) {
				return false
			}
		}
		at = opener
	}
}

// getter reports whether a function is a member called get, as
// Object.defineProperty takes it.
func (r *reader) getter(at int) bool {
	if r.is(at, "=>") {
		at--
		if r.is(at, ")") {
			at = r.opening(at)
		}
		if r.is(at-1, "async") {
			at--
		}
	}
	return r.is(at-1, ":") && r.is(at-2, "get") || r.is(at-1, ")") && r.is(r.opening(at-1)-1, "get")
}

// calls reports whether a parenthesis holds arguments.
func (r *reader) calls(paren int) bool {
	switch last := r.at(paren - 1); last.kind {
	case word:
		return !slices.Contains(before, last.value) && !slices.Contains(controls, last.value) &&
			last.value != "default" && last.value != "extends"
	case sign:
		return slices.Contains([]string{")", "]", "}"}, last.value) || last.value == "." && r.is(paren-2, "?")
	}
	return true
}

// opening gives the bracket that the one at a token closes.
func (r *reader) opening(end int) int {
	if at := r.at(end - 1); at.kind == sign && (at.value == "(" || at.value == "[" || at.value == "{") {
		return end - 1
	}
	return r.at(end - 1).opener
}

// literal reports whether a brace begins an object or the body of a class, not
// statements.
func (r *reader) literal(brace int) bool {
	if !r.is(brace, "{") {
		return false
	}
	switch last := r.at(brace - 1); last.kind {
	case sign:
		return brace > 0 && !slices.Contains([]string{")", ";", "{", "}", "=>"}, last.value) || r.extends(brace)
	case word:
		return last.value != "else" && last.value != "do" && (last.value == "default" || slices.Contains(before, last.value)) || r.extends(brace)
	}
	return false
}

// extends reports whether what stands before a brace is the head of a class.
func (r *reader) extends(brace int) bool {
	for at := brace - 1; at >= 0 && at > brace-20; at-- {
		if r.tokens[at].opener != r.tokens[brace].opener {
			continue
		}
		if r.is(at, "class") {
			return true
		}
		if r.is(at, ";") || r.is(at, "{") || r.is(at, "}") || r.is(at, "=") || r.is(at, "=>") {
			return false
		}
	}
	return false
}

// behindArrow gives the arrow of a function without braces that a token stands
// in, of those in its own brackets; -1 if there is none.
func (r *reader) behindArrow(i int) int {
	for at := i; at > r.tokens[i].opener+1; at-- {
		if r.tokens[at].opener != r.tokens[i].opener {
			continue
		}
		if r.is(at-1, "=>") {
			if r.is(at, "{") {
				return -1
			}
			return at - 1
		}
		if r.is(at, ";") || r.is(at, ",") || r.begins(at) {
			return -1
		}
	}
	return -1
}

// begins reports whether a statement begins with a token, though no semicolon
// stands before it: where one value would follow another.
func (r *reader) begins(i int) bool {
	if t := r.at(i); t.kind != word || t.value == "in" || t.value == "instanceof" || t.value == "of" {
		return false
	}
	switch last := r.at(i - 1); last.kind {
	case word:
		return last.value != "async" && !slices.Contains(before, last.value)
	case sign:
		return last.value == ")" || last.value == "]" || last.value == "}"
	}
	return true
}

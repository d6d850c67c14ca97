package places

import "regexp"

// aName is what a text says that may be the name of a member: a["b"].
var aName = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)

// Code blanks out of a script what is no code of it: comments, regular expressions,
// and all texts but those that are a name. What stays stands where it stood.
func Code(script, file string) []byte {
	out := []byte(script)
	for i, c := range out {
		if c != '\n' {
			out[i] = ' '
		}
	}
	var keep func(tokens []token)
	keep = func(tokens []token) {
		for _, t := range tokens {
			for _, p := range t.pieces {
				keep(p.hole)
			}
			if t.kind == word || t.kind == sign || t.kind == text && aName.MatchString(t.value) || t.kind == number && script[t.from] != '/' {
				copy(out[t.from:t.to], script[t.from:t.to])
			}
		}
	}
	keep(lex(script, file))
	return out
}

package places

import (
	"slices"
	"strings"
)

// reader evaluates the expressions of one script.
type reader struct {
	tokens []token
	file   string            // the script, slash-separated
	names  map[string]value  // of variables
	close  []int             // the bracket that closes the one of that index
	holes  map[int][]*reader // of the placeholders of templates, by their index; nil behind the last text
	owned  []int             // how many of the tokens before tell of the script's place
}

func newReader(tokens []token, file string, names map[string]value) *reader {
	r := nested(tokens, file, names)
	r.count()
	return r
}

// nested makes the readers of a script and of all placeholders in it, once.
func nested(tokens []token, file string, names map[string]value) *reader {
	r := &reader{tokens: tokens, file: file, names: names, close: make([]int, len(tokens)), holes: map[int][]*reader{}}
	var open []int
	for i, t := range tokens {
		r.close[i] = len(tokens)
		for len(open) > 0 && t.opener < open[len(open)-1] {
			r.close[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
		if t.kind == sign && strings.Contains("([{", t.value) {
			open = append(open, i)
		}
		for _, p := range t.pieces {
			var hole *reader
			if p.hole != nil {
				hole = nested(p.hole, file, names)
			}
			r.holes[i] = append(r.holes[i], hole)
		}
	}
	return r
}

// count prepares ownWithin.
func (r *reader) count() {
	for _, holes := range r.holes {
		for _, inner := range holes {
			if inner != nil {
				inner.count()
			}
		}
	}
	r.owned = make([]int, len(r.tokens)+1)
	for i := range r.tokens {
		r.owned[i+1] = r.owned[i]
		if r.tells(i) {
			r.owned[i+1]++
		}
	}
}

// tells reports whether a token tells of the script's place.
func (r *reader) tells(i int) bool {
	switch t := r.tokens[i]; t.kind {
	case word:
		return r.names[t.value].own && !r.is(i-1, ".") || t.value == "import" && r.is(i+1, ".") && r.is(i+2, "meta")
	case mold, element:
		return slices.ContainsFunc(r.holes[i], func(inner *reader) bool {
			return inner != nil && inner.ownWithin(0, len(inner.tokens))
		})
	}
	return false
}

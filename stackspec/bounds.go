package stackspec

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// What bounds the work of reading a spec. There is nothing in it that multiplies:
// anchors and aliases are refused. Time and memory are measured by
// BenchmarkParse.
const (
	// maxBytes is the largest spec that is read: 12,000 distributions with one
	// function each.
	maxBytes = 1 << 20
	// maxDepth bounds how deep values nest, because the parser recurses.
	maxDepth = 40
	// maxEntries bounds one mapping or list: the YAML parser takes time in the
	// square of a mapping's length, and stack in proportion to it.
	maxEntries = 10_000
	// maxMissing bounds the values that are not there: for each the parser moves
	// all that follows in the file. Each is an error of its own.
	maxMissing = maxProblems
)

// smaller is the hint for what is too large.
const smaller = "split it into several stacks, each with a file of its own; data that handlers need goes into their bundles"

// open is a mapping or list that has not ended.
type open struct {
	column  int // of its keys or dashes; 0 inside { } and [ ]
	entries int
	braces  bool // it is written in { }
	colon   bool // the entry at hand, in { }, has one
}

// bounds finds the first place where values nest too deep, are too many, or are
// missing too often.
type bounds struct {
	opened  []open
	missing int
}

// bounded refuses values that nest deeper than maxDepth, and mappings and lists
// of more than maxEntries, and more than maxMissing keys and dashes with nothing
// behind them.
func bounded(r *report, tokens token.Tokens) bool {
	var b bounds
	for i, tk := range tokens {
		b.read(tokens, i)
		n := len(b.opened)
		p := Problem{Hint: smaller}
		switch {
		case n > maxDepth:
			p.Message, p.Hint = fmt.Sprintf("values nest deeper than %d levels here", maxDepth), "put data that handlers need into their bundles, not into config:"
		case n > 0 && b.opened[n-1].entries > maxEntries:
			p.Message = fmt.Sprintf("this mapping or list has more than %d entries", maxEntries)
		case b.missing > maxMissing:
			p.Message = fmt.Sprintf("up to here, there is no value behind more than %d keys or dashes", maxMissing)
			p.Hint = "write one behind each, or take the keys out; an empty mapping is {}, an empty string \"\""
		default:
			continue
		}
		r.add(tk.Position.Line, tk.Position.Column, p)
		return false
	}
	return true
}

// read takes one token. What is written with indentation ends where a key or a
// dash stands further left.
func (b *bounds) read(tokens token.Tokens, i int) {
	switch tk := tokens[i]; tk.Type {
	case token.MappingStartType, token.SequenceStartType:
		b.opened = append(b.opened, open{entries: 1, braces: tk.Type == token.MappingStartType})
	case token.MappingEndType, token.SequenceEndType:
		b.valued(tokens[max(0, i-1)].Type)
		b.end()
	case token.CollectEntryType:
		b.valued(tokens[max(0, i-1)].Type)
		if n := len(b.opened); n > 0 {
			b.opened[n-1].entries++
		}
	case token.SequenceEntryType:
		b.entry(tk.Position.Column)
		b.followed(tokens[i+1:], tk)
	case token.MappingValueType:
		if i > 0 {
			b.entry(tokens[i-1].Position.Column)
			b.followed(tokens[i+1:], tokens[i-1])
		}
	}
}

// end leaves the innermost { or [.
func (b *bounds) end() {
	for n := len(b.opened); n > 0; n = len(b.opened) {
		last := b.opened[n-1]
		b.opened = b.opened[:n-1]
		if last.column == 0 {
			return
		}
	}
}

// entry takes a key or a dash. Inside { } and [ ] commas count.
func (b *bounds) entry(column int) {
	n := len(b.opened)
	for n > 0 && b.opened[n-1].column > column {
		n--
	}
	b.opened = b.opened[:n]
	switch {
	case n > 0 && b.opened[n-1].column == 0:
		b.opened[n-1].colon = true
	case n > 0 && b.opened[n-1].column == column:
		b.opened[n-1].entries++
	default:
		b.opened = append(b.opened, open{column: column, entries: 1})
	}
}

// valued ends an entry inside { }: it lacks a value where it has no colon, or
// ends with it.
func (b *bounds) valued(before token.Type) {
	n := len(b.opened)
	if n == 0 || !b.opened[n-1].braces {
		return
	}
	empty := before == token.MappingStartType || before == token.CollectEntryType
	if !empty && (!b.opened[n-1].colon || before == token.MappingValueType) {
		b.missing++
	}
	b.opened[n-1].colon = false
}

// followed counts a key or dash outside of { } and [ ] that has nothing behind
// it: what comes next stands in a later line, and no further right. The dashes
// of a key's list may stand below the key.
func (b *bounds) followed(rest token.Tokens, key *token.Token) {
	if n := len(b.opened); n > 0 && b.opened[n-1].column == 0 {
		return
	}
	if len(rest) == 0 {
		b.missing++
		return
	}
	at, next := key.Position, rest[0].Position
	list := key.Type != token.SequenceEntryType && rest[0].Type == token.SequenceEntryType && next.Column == at.Column
	if next.Line > at.Line && next.Column <= at.Column && !list {
		b.missing++
	}
}

package stackspec

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// readYAML makes a tree of a file. It reports everything that keeps the file
// from being one document of plain YAML, and gives nil when there is no tree.
//
// goccy/go-yaml serves as lexer and parser only: its decoder drops second
// documents, expands aliases, turns 0o7 into 7 and speaks of Go types.
func readYAML(r *report, src []byte) *node {
	doc, ok := readSource(r, src)
	if !ok {
		return nil
	}
	tokens, doubts, ok := scan(r, doc)
	if !ok {
		return nil
	}
	body, err := parse(tokens)
	if err != nil {
		if y, ok := errors.AsType[syntaxError](err); ok && y.GetToken() != nil {
			r.syntax(y.GetToken(), y.GetMessage())
		} else {
			r.add(1, 1, Problem{Message: "the file is not YAML that can be read: " + err.Error()})
		}
		return nil
	}
	if len(doubts) > 0 {
		r.problems = append(r.problems, doubts...)
		return nil // what the parser made of it is not what was meant
	}
	if body == nil {
		r.add(1, 1, Problem{Message: "the file is empty", Hint: "`edgedeploy init` writes a spec to start from"})
		return nil
	}
	return builder{r, regexp.MustCompile(numberLike)}.node(body, nil)
}

// syntaxError is what the parser's own error, whose type is internal, can tell.
type syntaxError interface {
	error
	GetToken() *token.Token
	GetMessage() string
}

// parse gives the body of the first document, nil if there is none.
func parse(tokens token.Tokens) (body ast.Node, err error) {
	defer func() {
		if v := recover(); v != nil {
			body, err = nil, errBroken
		}
	}()
	// Duplicate keys are let through because the parser stops at the first.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	for _, d := range file.Docs {
		if d.Body != nil {
			return d.Body, nil
		}
	}
	return nil, nil
}

type builder struct {
	report     *report
	numberLike *regexp.Regexp
}

func (b builder) node(n ast.Node, path []string) *node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return b.mapping(n, n.Values, path)
	case *ast.MappingValueNode:
		return b.mapping(n, []*ast.MappingValueNode{n}, path)
	case *ast.SequenceNode:
		list := b.at(sequence, n)
		for i, v := range n.Values {
			at := below(path, strconv.Itoa(i))
			item := b.node(v, at)
			if !n.IsFlowStyle && item.kind != null && item.col <= list.col {
				item.bad = true
				b.report.add(item.line, item.col, Problem{
					Path:    pathOf(at),
					Message: fmt.Sprintf("this is read as an entry of the list that begins in line %d", list.line),
					Hint:    "write something behind every dash, and indent what goes on",
				})
			}
			list.items = append(list.items, item)
		}
		return list
	case *ast.LiteralNode:
		s := b.at(text, n)
		s.quoted = true
		if n.Value != nil {
			s.text = n.Value.Value
		}
		return s
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode, *ast.MergeKeyNode:
		return b.scalar(n)
	}
	odd := b.at(null, n)
	odd.bad = true
	b.report.add(odd.line, odd.col, Problem{Path: pathOf(path), Message: "this kind of YAML is not part of a spec"})
	return odd
}

func (builder) at(k kind, n ast.Node) *node {
	pos := n.GetToken().Position
	return &node{kind: k, line: pos.Line, col: pos.Column}
}

// numberLike is whatever any version of YAML reads as a number when it is not
// quoted: 1.1 and 1.2 disagree about 0o7, 1_000 and 1e3.
const numberLike = `^[-+]?(0[xXoObB][0-9A-Fa-f_]+|(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))$|^\.(nan|NaN|NAN)$`

func (b builder) scalar(n ast.Node) *node {
	tk := n.GetToken()
	s := b.at(text, n)
	s.text = tk.Value
	switch tk.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		s.quoted = true
		return s
	case token.NullType, token.ImplicitNullType:
		s.kind = null
	case token.BoolType:
		s.kind = boolean
	}
	if s.kind == text && b.numberLike.MatchString(s.text) {
		s.kind = number
	}
	return s
}

func (b builder) mapping(n ast.Node, values []*ast.MappingValueNode, path []string) *node {
	m := b.at(mapping, n)
	block := n.GetToken().Type != token.MappingStartType
	first := map[string]*node{}
	for i, v := range values {
		key := b.node(v.Key, path)
		if i == 0 && block {
			m.line, m.col = key.line, key.col // the parser says where its colon is
		}
		at := below(path, key.text)
		value := b.node(v.Value, at)
		value.owner = key
		if value.kind == null && v.Value.GetToken().Type == token.ImplicitNullType {
			value.line, value.col = key.line, key.col
		}
		if block && !value.kind.nests() && value.line > key.line && value.col <= key.col {
			value.bad = true
			b.report.add(value.line, value.col, Problem{
				Path:    pathOf(at),
				Message: fmt.Sprintf("this is read as the value of %s in line %d", quote(key.text), key.line),
				Hint:    "write a space after a key's colon, or indent a value that goes on",
			})
		}
		if v.Key.GetToken().Type == token.MergeKeyType {
			continue // reported by the scanner
		}
		if key.kind != text && !key.bad {
			key.bad = true
			b.report.add(key.line, key.col, Problem{
				Path:    pathOf(at),
				Message: fmt.Sprintf("the key %s is %s to YAML; keys are strings", quote(key.text), key.kind),
				Hint:    fmt.Sprintf(`quote it: "%s":`, strings.Map(printable, key.text)),
			})
		}
		if before := first[key.text]; before != nil {
			value.bad = true
			b.report.add(key.line, key.col, Problem{
				Path:    pathOf(at),
				Message: fmt.Sprintf("the key %s is there already, in line %d", quote(key.text), before.line),
				Hint:    "keep one of the two",
			})
			continue
		}
		first[key.text] = key
		m.entries = append(m.entries, &entry{key: key, value: value})
	}
	return m
}

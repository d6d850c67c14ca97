package stackspec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/edgedeploy/edgedeploy/associations"
)

// Parse reads a spec. name is what problems call the file. On failure the
// error is an *InvalidError with every problem there is, in file order, and
// the Document only serves to Locate what was understood.
func Parse(name string, src []byte, o Options) (Document, error) {
	r := &report{file: name}
	doc := Document{root: readYAML(r, src), report: r}
	if doc.root != nil {
		newChecker(r, o).check(doc.root, root(), nil)
		if d := (decoder{report: r, root: doc.root}); !doc.root.bad {
			doc.Stack = d.stack()
		}
	}
	problems := r.sorted()
	if r.failed() {
		return Document{root: doc.root, report: r}, &InvalidError{Problems: problems}
	}
	doc.Warnings = problems
	return doc, nil
}

// decoder makes a Stack of a tree that was held against the table of keys. It
// skips what is bad, and reports what the table cannot see: names that clash,
// references that lead nowhere, members that do not go together.
type decoder struct {
	report *report
	root   *node
	roles  []placed // every role, in file order
	known  []string // the keys of all functions, sound or not
}

// placed is a value with the path it stands at.
type placed struct {
	node *node
	path []string
}

func (d *decoder) problem(n *node, path []string, p Problem) {
	p.Path = pathOf(path)
	d.report.add(n.line, n.col, p)
}

func (d *decoder) stack() Stack {
	s := Stack{
		Name:       str(d.root.get("stack")),
		Account:    str(d.root.get("account")),
		Tags:       texts(d.root.get("tags")),
		StrictHold: d.root.get("hold") != nil,
		Viewer:     limit(d.root.get("limits").get("viewer")),
		Origin:     limit(d.root.get("limits").get("origin")),
	}
	s.Functions = d.functions(s.Name)
	s.Distributions = d.distributions()
	s.Role = d.role(s.Functions)
	d.accounts()
	if d.empty("functions") && d.root.has("stack") {
		d.problem(d.root.entry("stack").key, nil, Problem{
			Warning: true, Message: "the stack has no functions: applying it takes out of CloudFront what it put there",
		})
	}
	return s
}

// empty reports whether a map of the spec has no entries, sound or not.
func (d *decoder) empty(key string) bool {
	n := d.root.get(key)
	return !d.root.has(key) || n != nil && len(n.entries) == 0
}

// role finds the ledger function's role, and reports functions without one.
func (d *decoder) role(functions []Function) string {
	defaults := d.root.get("defaults")
	if role := defaults.get("role"); role != nil {
		return str(role)
	}
	if e := d.root.entry("defaults"); e != nil && (e.value.bad || e.value.has("role")) {
		return "" // it is there, and what is wrong with it was reported
	}
	all := d.root.get("functions").each()
	for _, e := range all {
		if e.value.kind == mapping && e.value.entry("role") == nil {
			d.problem(e.key, []string{"functions", e.key.text}, Problem{
				Message: e.key.text + " has no role",
				Hint:    "write role: here, or once for all under defaults:",
			})
		}
	}
	if len(functions) > 0 {
		return functions[0].Config.Role
	}
	if d.empty("functions") {
		line, col := 1, 1
		if e := d.root.entry("stack"); e != nil {
			line, col = e.key.line, e.key.col
		}
		d.report.add(line, col, Problem{
			Message: "the stack has no role",
			Hint:    "write it under defaults:, the function that keeps the releases needs one",
		})
	}
	return ""
}

// accounts holds every role against account:, and against each other: one
// stack lives in one account.
func (d *decoder) accounts() {
	if defaults := d.root.get("defaults").get("role"); defaults != nil {
		d.roles = append(d.roles, placed{defaults, []string{"defaults", "role"}})
	}
	slices.SortStableFunc(d.roles, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.node.line, b.node.line), cmp.Compare(a.node.col, b.node.col))
	})
	want, from := d.root.get("account"), "account:"
	for _, role := range d.roles {
		account := accountOf(role.node.value)
		switch {
		case want == nil:
			copied := *role.node
			copied.value = account
			want, from = &copied, "the role in line "+strconv.Itoa(role.node.line)
		case account != want.value:
			p := Problem{
				Message: fmt.Sprintf("this role is in another account than %s", from),
				Hint:    "all functions of a stack, and the distributions they serve, live in one account",
			}
			if !role.node.secret && !want.secret {
				p.Message = fmt.Sprintf("this role is in account %s, but %s says %s", account, from, want.value)
			}
			d.problem(role.node, role.path, p)
		}
	}
}

// accountOf gives the account part of an ARN whose form was checked.
func accountOf(arn string) string {
	const before = len("arn:aws:iam::")
	return arn[before : before+12]
}

func limit(n *node) associations.Limit {
	return associations.Limit{
		MemoryMB:       integer(n.get("memory")),
		TimeoutSeconds: integer(n.get("timeout")),
		ZipBytes:       int64(integer(n.get("zip"))),
	}
}

// str gives a string's value after substitution; "" for none.
func str(n *node) string {
	if n == nil {
		return ""
	}
	return n.value
}

// integer gives a number's value; 0 for none. Its form and range were checked.
func integer(n *node) int {
	if n == nil {
		return 0
	}
	v, err := strconv.Atoi(n.text)
	if err != nil {
		panic("stackspec: an unchecked number was decoded: " + err.Error())
	}
	return v
}

// yes gives a bool's value; false for none.
func yes(n *node) bool { return n != nil && n.text == "true" }

// texts gives a map of strings; nil for none.
func texts(n *node) map[string]string {
	var m map[string]string
	for _, e := range n.each() {
		if m == nil {
			m = map[string]string{}
		}
		m[e.key.text] = e.value.value
	}
	return m
}

// or gives the first node that is there.
func or(nodes ...*node) *node {
	for _, n := range nodes {
		if n != nil {
			return n
		}
	}
	return nil
}

package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Check holds the rules against the tree. The violations come in the order of
// paths and lines; exceptions are taken out, and those that nothing needs are
// reported.
func (t Tree) Check(r Rules) []Violation {
	c := &checker{tree: t, rules: r}
	for _, pkg := range t.packages() {
		c.pkg(pkg)
	}
	for _, f := range t.files {
		c.file = f
		c.imports()
		c.syntax()
		if f.test {
			c.hurry()
		} else {
			c.bans()
			c.lengths()
			c.comments()
		}
	}
	return c.judged()
}

type checker struct {
	tree  Tree
	rules Rules
	file  file
	found []Violation
}

// judged takes the exceptions out.
func (c *checker) judged() []Violation {
	needed := map[string]bool{}
	list := slices.DeleteFunc(c.found, func(v Violation) bool {
		_, accepted := c.rules.Exceptions[v.Key]
		needed[v.Key] = needed[v.Key] || accepted
		return accepted
	})
	for key := range c.rules.Exceptions {
		if !needed[key] {
			list = append(list, Violation{Path: key, Rule: "exceptions", Key: "exceptions " + key, Text: "nothing needs this exception any more"})
		}
	}
	slices.SortFunc(list, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	return list
}

// breach reports a violation in the current file.
func (c *checker) breach(rule, what string, at token.Pos, format string, args ...any) {
	v := Violation{Path: c.file.path, Rule: rule, Key: strings.TrimSpace(rule + " " + c.file.path + " " + what), Text: fmt.Sprintf(format, args...)}
	if at.IsValid() {
		v.Line = c.tree.line(at)
	}
	c.found = append(c.found, v)
}

// pkg checks that a package stands in the table, and says what it owns.
func (c *checker) pkg(pkg string) {
	report := func(rule, text string) {
		c.found = append(c.found, Violation{Path: pkg, Rule: rule, Key: rule + " " + pkg, Text: text})
	}
	if _, known := c.rules.May[pkg]; !known && !c.free(pkg) {
		report("table", "the package has no line in the import table")
	}
	if !c.documented(pkg) {
		report("doc", "no doc.go says what the package owns and what it never does")
	}
}

// documented reports whether a package's comment is where one looks for it: in
// doc.go, in the only file there is, or in a command's main.go.
func (c *checker) documented(pkg string) bool {
	var shipped []file
	for _, f := range c.tree.files {
		if f.pkg == pkg && !f.test {
			shipped = append(shipped, f)
		}
	}
	return slices.ContainsFunc(shipped, func(f file) bool {
		name := path.Base(f.path)
		home := name == "doc.go" || len(shipped) == 1 || name == "main.go" && f.syntax.Name.Name == "main"
		return home && f.syntax.Doc != nil
	})
}

func (c *checker) free(pkg string) bool {
	return slices.ContainsFunc(c.rules.Free, func(dir string) bool { return below(pkg, dir) })
}

// syntax checks what no file may have, tests included.
func (c *checker) syntax() {
	for _, i := range c.file.imports() {
		if i.name == "." {
			c.breach("dot-import", i.path, i.place, "%s is imported into the file's own names", i.path)
		}
	}
	for _, d := range c.file.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
			c.breach("init", "", fn.Pos(), "init runs before main has decided anything")
		}
	}
}

// imports checks a file's imports against the table of packages and that of
// outside modules.
func (c *checker) imports() {
	for _, i := range c.file.imports() {
		switch ours, isOurs := strings.CutPrefix(i.path, c.rules.Module+"/"); {
		case isOurs:
			c.importOurs(i, ours)
		case strings.Contains(strings.Split(i.path, "/")[0], "."):
			c.importOutside(i)
		}
	}
}

func (c *checker) importOurs(i imported, pkg string) {
	f := c.file
	if slices.Contains(c.rules.OnlyTests, pkg) && !f.test {
		c.breach("import", pkg, i.place, "%s is for tests only", pkg)
		return
	}
	switch {
	case f.test && (pkg == f.pkg || slices.Contains(c.rules.OnlyTests, pkg)):
	case c.free(f.pkg), slices.Contains(c.rules.May[f.pkg], pkg):
	case f.test && slices.Contains(c.rules.TestMay[f.pkg], pkg):
	default:
		c.breach("import", pkg, i.place, "%s may not import %s", f.pkg, pkg)
	}
}

func (c *checker) importOutside(i imported) {
	f := c.file
	if slices.ContainsFunc(c.rules.TestModules, func(m string) bool { return within(i.path, m) }) {
		if !f.test {
			c.breach("module", i.path, i.place, "%s is for tests only", i.path)
		}
		return
	}
	for module, sole := range c.rules.Sole {
		if !within(i.path, module) {
			continue
		}
		if sole != "" && sole != f.pkg && !(f.test && c.free(f.pkg)) {
			c.breach("module", i.path, i.place, "only %s may name %s", sole, module)
		}
		return
	}
	c.breach("module", i.path, i.place, "the module of %s stands in no table", i.path)
}

// bans checks what a file names.
func (c *checker) bans() {
	for _, ban := range c.rules.Bans {
		if !ban.holds(c.file.pkg) {
			continue
		}
		for _, i := range c.file.imports() {
			if slices.Contains(ban.Imports, i.path) {
				c.breach(ban.Rule, i.path, i.place, "%s is not for %s", i.path, c.file.pkg)
			}
		}
		name := func(name string, at token.Pos) {
			if ban.name(name) {
				c.breach(ban.Rule, name, at, "%s is not for %s", name, c.file.pkg)
			}
		}
		c.file.uses(name)
		c.file.builtins(name)
	}
}

// comments checks that the comment of a function with one bool as its result is
// in the words of Go: it "reports whether".
func (c *checker) comments() {
	for _, d := range c.file.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Doc == nil || !isBool(fn.Type.Results) {
			continue
		}
		words := strings.Fields(fn.Doc.Text())
		if len(words) > 1 && words[0] == fn.Name.Name && slices.Contains([]string{"says", "tells", "checks"}, words[1]) {
			c.breach("reports", funcName(fn), fn.Pos(), "%s gives a bool: its comment says %q, and should say \"reports whether\"", funcName(fn), words[1])
		}
	}
}

func isBool(results *ast.FieldList) bool {
	if results.NumFields() != 1 {
		return false
	}
	name, ok := results.List[0].Type.(*ast.Ident)
	return ok && name.Name == "bool"
}

// lengths checks the budgets.
func (c *checker) lengths() {
	b := c.rules.Budget
	if over(c.file.lines, b.FileLines) {
		c.breach("file-length", "", token.NoPos, "%d lines; the budget is %d", c.file.lines, b.FileLines)
	}
	ast.Inspect(c.file.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if lines := c.tree.line(n.End()) - c.tree.line(n.Pos()) + 1; over(lines, b.FunctionLines) {
				c.breach("function-length", funcName(n), n.Pos(), "%s has %d lines; the budget is %d", funcName(n), lines, b.FunctionLines)
			}
			if over(n.Type.Params.NumFields(), b.Parameters) {
				c.breach("parameters", funcName(n), n.Pos(), "%s has %d parameters; the budget is %d", funcName(n), n.Type.Params.NumFields(), b.Parameters)
			}
		case *ast.TypeSpec:
			if i, ok := n.Type.(*ast.InterfaceType); ok && over(i.Methods.NumFields(), b.InterfaceMethods) {
				c.breach("interface", n.Name.Name, n.Pos(), "%s has %d methods; the budget is %d", n.Name.Name, i.Methods.NumFields(), b.InterfaceMethods)
			}
		}
		return true
	})
}

func over(n, budget int) bool { return budget > 0 && n > budget }

// funcName gives a function's name, a method's with its type: "T.Name".
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	recv := fn.Recv.List[0].Type
	for {
		switch t := recv.(type) {
		case *ast.StarExpr:
			recv = t.X
		case *ast.IndexExpr:
			recv = t.X
		case *ast.IndexListExpr:
			recv = t.X
		case *ast.Ident:
			return t.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}

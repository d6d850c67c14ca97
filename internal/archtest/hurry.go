package archtest

import (
	"go/ast"
	"go/token"
	"strconv"
	"time"
)

// hurry finds tests that fail because the machine is busy: they take something
// for slow when less than Rules.Patience has passed. What shall be found to hang
// has to hang for longer than that. Where time is that of testing/synctest no
// machine is busy, so packages whose tests import it are left out.
func (c *checker) hurry() {
	if c.rules.Patience == 0 || c.tree.bubbles(c.file.pkg) {
		return
	}
	elapsed := c.file.elapsed()
	ast.Inspect(c.file.syntax, func(n ast.Node) bool {
		compared, ok := n.(*ast.BinaryExpr)
		if !ok || compared.Op != token.GTR && compared.Op != token.GEQ || !elapsed(compared.X) {
			return true
		}
		if limit, ok := duration(compared.Y); ok && limit < c.rules.Patience {
			c.breach("hurry", limit.String(), compared.Pos(), "%v is too slow only on an idle machine; let what hangs hang longer than %v", limit, c.rules.Patience)
		}
		return true
	})
}

// bubbles reports whether tests of a package import testing/synctest.
func (t Tree) bubbles(pkg string) bool {
	for _, f := range t.files {
		if f.pkg != pkg || !f.test {
			continue
		}
		for _, i := range f.imports() {
			if i.path == "testing/synctest" {
				return true
			}
		}
	}
	return false
}

// elapsed finds the variables of a file that time.Since gave, and tells whether
// an expression is one, or a call of it.
func (f file) elapsed() func(ast.Expr) bool {
	since := func(e ast.Expr) bool {
		call, ok := e.(*ast.CallExpr)
		if !ok {
			return false
		}
		name, ok := call.Fun.(*ast.SelectorExpr)
		return ok && name.Sel.Name == "Since"
	}
	variables := map[string]bool{}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if set, ok := n.(*ast.AssignStmt); ok && len(set.Rhs) == 1 && since(set.Rhs[0]) {
			if name, ok := set.Lhs[0].(*ast.Ident); ok {
				variables[name.Name] = true
			}
		}
		return true
	})
	return func(e ast.Expr) bool {
		name, ok := e.(*ast.Ident)
		return ok && variables[name.Name] || since(e)
	}
}

var units = map[string]time.Duration{
	"Nanosecond": time.Nanosecond, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
	"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
}

// duration reads time.Second, 5*time.Second and the like; of others ok is false.
func duration(e ast.Expr) (d time.Duration, ok bool) {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		d, ok = units[e.Sel.Name]
	case *ast.BinaryExpr:
		number, is := e.X.(*ast.BasicLit)
		unit, known := duration(e.Y)
		if !is || !known || e.Op != token.MUL {
			return 0, false
		}
		n, err := strconv.ParseInt(number.Value, 0, 64)
		d, ok = time.Duration(n)*unit, err == nil
	}
	return d, ok
}

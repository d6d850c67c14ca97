package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Tree is every Go file of a repository, parsed.
type Tree struct {
	fset  *token.FileSet
	files []file
}

// file is one Go file. pkg is its directory relative to the repository's
// root: packages are named by where they are.
type file struct {
	path   string
	pkg    string
	test   bool // a _test.go file
	syntax *ast.File
	lines  int
}

// skipped are directories that hold no code of ours. Go itself ignores
// testdata and names that begin with a dot or an underscore.
func skipped(name string) bool {
	return name == "testdata" || name == "node_modules" || name == "dist" ||
		(len(name) > 1 && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")))
}

// nested reports whether a directory is the root of another Go module. Handlers in Go
// are such: what a WebAssembly module may not do is another matter.
func nested(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return dir != "." && err == nil
}

// Load parses all Go files of the module at the root of fsys, whatever their
// build constraints say.
func Load(fsys fs.FS) (Tree, error) {
	t := Tree{fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (skipped(d.Name()) || nested(fsys, name)):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		f, err := t.parse(fsys, name)
		t.files = append(t.files, f)
		return err
	})
	if err != nil {
		return Tree{}, fmt.Errorf("read the repository: %w", err)
	}
	return t, nil
}

func (t Tree) parse(fsys fs.FS, name string) (file, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return file{}, err
	}
	syntax, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	return file{
		path: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), syntax: syntax,
		lines: strings.Count(strings.TrimSuffix(string(src), "\n"), "\n") + 1,
	}, nil
}

// packages lists the directories with Go files, sorted.
func (t Tree) packages() []string {
	var list []string
	for _, f := range t.files {
		list = append(list, f.pkg)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (t Tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

// imported is one import of a file.
type imported struct {
	path  string // as written
	name  string // by which the file calls it; "." and "_" as written
	place token.Pos
}

func (f file) imports() []imported {
	var list []imported
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it: it is a string
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		list = append(list, imported{path: p, name: name, place: spec.Pos()})
	}
	return list
}

// uses calls found for each name of an imported package that the file writes
// out, such as "time.Now", under the import path and whatever name it was
// imported by.
func (f file) uses(found func(name string, at token.Pos)) {
	names := map[string]string{}
	for _, i := range f.imports() {
		names[i.name] = i.path
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && names[x.Name] != "" {
			found(names[x.Name]+"."+sel.Sel.Name, sel.Pos())
		}
		return true
	})
}

// builtins calls found for each call of print and println, which need no import.
func (f file) builtins(found func(name string, at token.Pos)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if fun, ok := call.Fun.(*ast.Ident); ok && (fun.Name == "print" || fun.Name == "println") {
				found(fun.Name, call.Pos())
			}
		}
		return true
	})
}

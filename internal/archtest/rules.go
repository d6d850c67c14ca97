package archtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Rules is the picture of the house. Packages are named by their directory
// relative to the repository's root.
type Rules struct {
	Module string // our own module path
	// May lists for each package which of our packages it may import. A
	// package without a line is a violation: it must be argued for.
	May map[string][]string
	// TestMay lists what the test files of a package may import besides.
	TestMay map[string][]string
	// Free are the directories whose packages may import any of ours.
	Free []string
	// OnlyTests are packages of ours that only test files may import.
	OnlyTests []string
	// Sole names, for each outside module of the program, the one package
	// that may name it; "" is for modules that any may.
	Sole map[string]string
	// TestModules are outside modules that only test files may name.
	TestModules []string
	Bans        []Ban
	Budget      Budget
	// Patience is how much time has to pass before a test may find that
	// something is slow. A zero is no limit.
	Patience time.Duration
	// Exceptions gives for a Violation.Key why it is accepted. One that
	// nothing needs any more is itself a violation.
	Exceptions map[string]string
}

// Ban forbids packages and names to the shipped code of some packages.
type Ban struct {
	Rule string
	// In are the directories it holds for, with all below them; "." is all.
	In []string
	// Not are directories that are left out.
	Not []string
	// Imports are import paths. Names are import path and name, such as
	// "time.Now"; a star stands for any rest of the name.
	Imports, Names []string
}

// Budget says how long things may get, outside tests. A zero is no limit.
type Budget struct {
	FileLines, FunctionLines, Parameters, InterfaceMethods int
}

// Violation is one breach of a rule.
type Violation struct {
	Path string
	Line int // 0 for a whole file or package
	Rule string
	// Key names the breach without a line number: "rule path what".
	Key  string
	Text string
}

func (v Violation) String() string {
	if v.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", v.Path, v.Rule, v.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", v.Path, v.Line, v.Rule, v.Text)
}

func (b Ban) holds(pkg string) bool {
	return slices.ContainsFunc(b.In, func(dir string) bool { return below(pkg, dir) }) &&
		!slices.ContainsFunc(b.Not, func(dir string) bool { return below(pkg, dir) })
}

func (b Ban) name(name string) bool {
	return slices.ContainsFunc(b.Names, func(banned string) bool {
		prefix, star := strings.CutSuffix(banned, "*")
		return name == banned || star && strings.HasPrefix(name, prefix)
	})
}

// below reports whether a package is in a directory or further down.
func below(pkg, dir string) bool {
	return dir == "." || pkg == dir || strings.HasPrefix(pkg, dir+"/")
}

// within reports whether an import path is of a module.
func within(path, module string) bool { return path == module || strings.HasPrefix(path, module+"/") }

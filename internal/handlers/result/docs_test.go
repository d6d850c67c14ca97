package result

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the documents anew")

const (
	testingDoc = "../../../docs/testing.md"
	begin      = "<!-- Below: written by `go test ./internal/handlers/result -run TestTheRulesAreDocumented -update` -->\n"
	end        = "<!-- End of what is written. -->\n"
)

func TestTheRulesAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(testingDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(doc), begin)
	got, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has lost the line %q or %q", testingDoc, begin, end)
	}
	want := rulesDoc()
	if *update {
		if err := os.WriteFile(testingDoc, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the rules say; write it anew with -update:\n%s", testingDoc, diff)
	}
}

// rulesDoc is the table of rules, and the tables that they speak of.
func rulesDoc() string {
	var b strings.Builder
	b.WriteString("\n| rule | wants | CloudFront's page | source |\n|---|---|---|---|\n")
	for _, r := range Rules() {
		page := strings.TrimPrefix(r.Page, pagePrefix)
		if page != "" {
			page = "“… " + page + "”"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, r.Says, page, r.Source)
	}
	b.WriteString("\nRead-only at their trigger:\n\n| trigger | headers |\n|---|---|\n")
	for _, t := range Triggers() {
		fmt.Fprintf(&b, "| %s | `%s` |\n", t, strings.Join(readOnly(t), "`, `"))
	}
	b.WriteString("\n")
	return b.String()
}

// A rule that nothing can break would be a promise that nobody keeps.
func TestEveryRuleHasItsWordsAndItsSource(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range Rules() {
		if r.Name == "" || !strings.HasSuffix(r.Says, ".") || r.Source == "" || seen[r.Name] {
			t.Errorf("%+v", r)
		}
		seen[r.Name] = true
	}
}

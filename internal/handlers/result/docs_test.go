package result

import (
	"flag"
	"fmt"
	"os"
	"slices"
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

// rulesDoc is the table of rules, and the table that one of them speaks of.
func rulesDoc() string {
	var b strings.Builder
	b.WriteString("\n| rule | verdict | trigger | wants | source |\n|---|---|---|---|---|\n")
	for _, r := range Rules() {
		says := r.Says
		if r.Page != "" {
			says += " CloudFront's page: “" + strings.TrimPrefix(r.Page, pagePrefix) + "”"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.Name, r.Verdict, triggers(r.At), says, r.Source)
	}
	b.WriteString("\nRead-only at their trigger:\n\n| trigger | headers |\n|---|---|\n")
	for _, t := range Triggers() {
		fmt.Fprintf(&b, "| %s | `%s` |\n", t, strings.Join(readOnly(t), "`, `"))
	}
	b.WriteString("\n")
	return b.String()
}

func triggers(at []Trigger) string {
	if slices.Equal(at, Triggers()) {
		return "all"
	}
	var names []string
	for _, t := range at {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

func TestEveryRuleHasItsWordsAndItsSource(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range Rules() {
		if r.Name == "" || !strings.HasSuffix(r.Says, ".") || r.Source == "" || seen[r.Name] || len(r.At) == 0 ||
			r.Verdict != Error && r.Verdict != Warning || r.Verdict == Warning && r.Page != "" {
			t.Errorf("%+v", r)
		}
		seen[r.Name] = true
	}
}

// A rule that nothing can break would be a promise that nobody keeps, and a
// finding of a rule, a severity or a trigger that the table does not have would
// be one that nobody can look up.
func TestTheTableAndTheJudgeAreTheSame(t *testing.T) {
	t.Parallel()
	broken := map[string][]Trigger{}
	record := func(e Event, found []Violation) {
		for _, v := range found {
			fitsTable(t, e, v)
			if !slices.Contains(broken[v.Rule], e.Trigger) {
				broken[v.Rule] = append(broken[v.Rule], e.Trigger)
			}
		}
	}
	for _, trigger := range Triggers() {
		e := parse(t, fixture(trigger))
		for _, edit := range edits() { // at every trigger, not only its own
			if got, fits := edited(t, e, edit); fits {
				record(e, judged(t, e, got))
			}
		}
		for _, whole := range wholes() {
			record(e, Judge(e, Returned{JSON: []byte(whole.result)}))
		}
		for _, h := range hides() {
			record(e, Judge(e, Returned{JSON: []byte(h.result), Hidden: []Hidden{h.hidden}}))
		}
	}
	bare := `{"config":{"eventType":"%s"},"request":{"method":"POST","uri":"/"}}`
	for _, trigger := range []Trigger{ViewerRequest, OriginRequest} {
		e := parse(t, fmt.Sprintf(bare, trigger))
		record(e, Judge(e, Returned{JSON: []byte(`{"method":"POST","uri":"/","body":{"action":"replace","encoding":"text","data":"x"}}`)}))
	}
	for _, r := range Rules() {
		for _, trigger := range r.At {
			if !slices.Contains(broken[r.Name], trigger) {
				t.Errorf("the table says that %s can be broken at %s, and no test breaks it there", r.Name, trigger)
			}
		}
	}
}

// edited is the event's own request or response with an edit, if it has what is
// edited.
func edited(t *testing.T, e Event, edit edit) (got map[string]any, fits bool) {
	defer func() { fits = recover() == nil }()
	return put(subject(t, e), edit.path, edit.value), true
}

// fitsTable wants a finding to be one that the table of rules has.
func fitsTable(t interface{ Errorf(string, ...any) }, e Event, v Violation) {
	for _, r := range Rules() {
		if r.Name != v.Rule {
			continue
		}
		if v.Severity != r.Verdict || !slices.Contains(r.At, e.Trigger) || v.Source != r.Source || v.Text == "" {
			t.Errorf("at %s: %+v is not what the table says of %s", e.Trigger, v, r.Name)
		}
		if v.Status != 0 && v.Severity != Error || v.Page != "" && v.Page != r.Page {
			t.Errorf("at %s: %+v ends in another way than %s", e.Trigger, v, r.Name)
		}
		return
	}
	t.Errorf("at %s: %+v has a rule that the table does not have", e.Trigger, v)
}

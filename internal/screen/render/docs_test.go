package render

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func doc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whoever owns a distribution elsewhere programs against that table.
func TestEveryMemberOfTheStatusIsDocumented(t *testing.T) {
	t.Parallel()
	_, table, found := strings.Cut(doc(t, "terraform.md"), "| member | is |")
	if !found {
		t.Fatal("docs/terraform.md has no table of members")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	text, err := StatusJSON(sampleStatus())
	if err != nil {
		t.Fatal(err)
	}
	var status map[string]json.RawMessage
	if err := json.Unmarshal(text, &status); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(status)) {
		if !strings.Contains(table, "`"+name+"`") && !strings.Contains(table, "`"+name+"[]`") {
			t.Errorf("docs/terraform.md does not say what %s is", name)
		}
	}
	for list, members := range map[string]any{"functions": statusFunction{State: "s", Note: "n", CodeSHA256: "c"}, "slots": statusSlot{Domain: "d", Note: "n"}, "strays": statusStray{},
		"live": statusRelease{Back: 1, Undone: 1, Target: new(int), Actor: "a", Message: "m", Commit: "c", Dirty: true, CommitFrom: "v"}, "lock": statusLock{Expires: sampleStatus().Now, Foreign: "f"}} {
		_, row, _ := strings.Cut(table, "| `"+list)
		row, _, _ = strings.Cut(row, "\n")
		_, row, _ = strings.Cut(row, "{")
		row, _, _ = strings.Cut(row, "}")
		var have map[string]json.RawMessage
		if err := json.Unmarshal([]byte(jsonOf(t, members)), &have); err != nil {
			t.Fatal(err)
		}
		documented := strings.Split(row, ", ")
		slices.Sort(documented)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(have)), documented); diff != "" {
			t.Errorf("members of %s (-code +docs/terraform.md):\n%s", list, diff)
		}
	}
}

func TestTheTrustPolicyIsDocumented(t *testing.T) {
	t.Parallel()
	_, shown, found := strings.Cut(doc(t, "aws-setup.md"), "```json\n")
	if !found {
		t.Fatal("docs/aws-setup.md shows no policy")
	}
	shown, _, _ = strings.Cut(shown, "```")
	var documented, have any
	if err := json.Unmarshal([]byte(shown), &documented); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(RoleTrustPolicy(), &have); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(have, documented); diff != "" {
		t.Errorf("docs/aws-setup.md shows another policy (-code +docs):\n%s", diff)
	}
}

func TestEveryStatementAndStateIsDocumented(t *testing.T) {
	t.Parallel()
	setup, releases := doc(t, "aws-setup.md"), doc(t, "releases.md")
	for _, target := range targets() {
		if !strings.Contains(setup, "| `"+target.sid+"` |") {
			t.Errorf("docs/aws-setup.md does not say what %s is for", target.sid)
		}
	}
	for _, state := range []ReleaseState{StateLive, StateInFlight, StateNever, StateRolledBack} {
		if !strings.Contains(releases, "| "+string(state)+" |") {
			t.Errorf("docs/releases.md does not say what %q means", state)
		}
	}
}

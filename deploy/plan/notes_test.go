package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Whoever takes a function out of the spec, or one over, reads what becomes of it.
func TestAPlanSaysWhatBecomesOfFunctions(t *testing.T) {
	t.Parallel()
	was := numbered(7, "", "one", "three", "two")
	flight := numbered(8, "", "one", "three", "two", "zero")
	flight.Number = 8
	const stays = " leaves the stack: it and its versions stay in Lambda until nothing needs them and prune deletes them"
	ours := versions.Head{Exists: true, Tags: map[string]string{versions.StackTag: "s"}}
	for name, test := range map[string]struct {
		want  release.Release
		head  versions.Head
		rules plan.Rules
		flies release.Release
		notes []plan.Note
	}{
		"all stay": {want: was, head: ours},
		"two leave": {want: numbered(7, "", "one"), head: ours,
			notes: []plan.Note{{Kind: "leaves", Text: "function s-b" + stays}, {Kind: "leaves", Text: "function s-c" + stays}}},
		"what an interrupted release published leaves, too": {want: was, head: ours, flies: flight, notes: []plan.Note{
			{Kind: "in-flight", Text: "supersedes release 8, which was begun and never committed"}, {Kind: "leaves", Text: "function s-d" + stays},
			{Kind: "records", Text: "a release is recorded because the one in flight is superseded"}}},
		"one is taken over": {want: numbered(7, "", "other", "three", "two"), head: versions.Head{Exists: true}, rules: plan.Rules{Adopt: true},
			notes: []plan.Note{{Kind: "adopt-function", Text: "takes over function s-a: overwrites the code and the configuration of its $LATEST; its published versions stay"}}},
	} {
		if test.flies.Number != 0 {
			slot := associations.Slot{Distribution: "E1", Path: associations.DefaultPath, Trigger: associations.Triggers()[3]}
			test.flies.Edits = []associations.Edit{{Slot: slot, To: test.flies.Table()[slot]}}
		}
		p, err := plan.NewPlan(wantOf(test.want), plan.Observed{
			Stack: "s", Ledger: release.LedgerState{Live: was, Pending: test.flies, Account: account},
			Heads: map[string]versions.Head{"s-a": test.head},
			Distributions: map[string]associations.State{"E1": {
				Distribution: "E1", Deployed: true, PolicyKnown: true, Behaviors: []string{associations.DefaultPath}, Held: was.Table(),
			}},
		}, test.rules)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(test.notes, p.Notes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

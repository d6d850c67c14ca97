package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// A plan says what its commit means for what is live, if it makes a release.
func TestAPlanSaysWhatItsCommitTakesBack(t *testing.T) {
	t.Parallel()
	ours, live := strings.Repeat("a", 40), strings.Repeat("b", 40)
	const names = "commit aaaaaaaaaaaa"
	for name, test := range map[string]struct {
		from, live string // commits
		same       bool   // nothing changes
		known      plan.Provenance
		want       []plan.Note
	}{
		"newer":       {from: ours, live: live, known: plan.Provenance{Orders: map[string]plan.Order{live: plan.OrderAfter}}},
		"the same":    {from: live, live: live, known: plan.Provenance{Orders: map[string]plan.Order{live: plan.OrderSame}}},
		"nothing new": {from: ours, live: live, same: true, known: plan.Provenance{Unheld: "why", Orders: map[string]plan.Order{live: plan.OrderBefore}}},
		"not asked":   {from: ours, live: live},
		"of another release": {from: ours, live: live, known: plan.Provenance{
			Orders: map[string]plan.Order{strings.Repeat("c", 40): plan.OrderBefore}}},
		"older": {from: ours, live: live, known: plan.Provenance{Orders: map[string]plan.Order{live: plan.OrderBefore}},
			want: []plan.Note{{Kind: "takes-back", Text: "takes newer work back: " + names + " is an ancestor of commit bbbbbbbbbbbb, which release 7 is from"}}},
		"diverged": {from: ours, live: live, known: plan.Provenance{Orders: map[string]plan.Order{live: plan.OrderDiverged}},
			want: []plan.Note{{Kind: "takes-back", Text: "takes work back: " + names + " does not have all of commit bbbbbbbbbbbb, which release 7 is from; their histories have diverged"}}},
		"not in the clone": {from: ours, live: live, known: plan.Provenance{Untold: "look elsewhere", Orders: map[string]plan.Order{live: plan.OrderUnknown}},
			want: []plan.Note{{Kind: "order-unknown", Text: "cannot tell whether " + names + " takes back work of commit bbbbbbbbbbbb, which release 7 is from: look elsewhere"}}},
		"no commit": {live: live, known: plan.Provenance{Unheld: "git is not installed"},
			want: []plan.Note{{Kind: "no-commit", Text: "there is no commit for a rollback to hold: git is not installed"}}},
		"live has none, and files differ": {from: ours, known: plan.Provenance{Unheld: "a is not as in it", Orders: map[string]plan.Order{}},
			want: []plan.Note{{Kind: "no-commit", Text: "there is no commit for a rollback to hold: a is not as in it"}}},
	} {
		was := numbered(7, test.live, "one")
		want := wantOf(was)
		if !test.same {
			want = wantOf(numbered(7, test.live, "two"))
		}
		want.Source, want.Provenance = release.Source{Commit: test.from}, test.known
		p, err := plan.NewPlan(want, plan.Observed{
			Stack: "s", Ledger: release.LedgerState{Live: was, Account: account},
			Heads: map[string]versions.Head{"s-a": {Exists: true, Tags: map[string]string{versions.StackTag: "s"}}},
			Distributions: map[string]associations.State{"E1": {
				Distribution: "E1", Deployed: true, PolicyKnown: true, Behaviors: []string{associations.DefaultPath}, Held: was.Table(),
			}},
		}, plan.Rules{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Record == test.same {
			t.Errorf("%s: record is %v", name, p.Record)
		}
		if diff := cmp.Diff(test.want, p.Notes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A release in flight that is committed first is what the plan takes back.
func TestAPlanComparesWithWhatItCommitsFirst(t *testing.T) {
	t.Parallel()
	ours, live, flying := strings.Repeat("a", 40), strings.Repeat("b", 40), strings.Repeat("c", 40)
	was, flight := numbered(7, live, "one"), numbered(8, flying, "two")
	flight.Number = 8
	slot := associations.Slot{Distribution: "E1", Path: associations.DefaultPath, Trigger: associations.Triggers()[0]}
	flight.Edits = []associations.Edit{{Slot: slot, From: was.Table()[slot], To: flight.Table()[slot]}}
	want := wantOf(was)
	want.Source = release.Source{Commit: ours}
	want.Provenance.Orders = map[string]plan.Order{live: plan.OrderAfter, flying: plan.OrderBefore}
	p, err := plan.NewPlan(want, plan.Observed{
		Stack: "s", Ledger: release.LedgerState{Live: was, Pending: flight, Account: account},
		Heads: map[string]versions.Head{"s-a": {Exists: true, Tags: map[string]string{versions.StackTag: "s"}}},
		Distributions: map[string]associations.State{"E1": {
			Distribution: "E1", Deployed: true, PolicyKnown: true, Behaviors: []string{associations.DefaultPath}, Held: flight.Table(),
		}},
	}, plan.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	last := p.Notes[len(p.Notes)-1]
	if p.Settle != 8 || last.Kind != "takes-back" || !strings.Contains(last.Text, "commit cccccccccccc, which release 8 is from") {
		t.Errorf("settles %d, notes %+v", p.Settle, p.Notes)
	}
}

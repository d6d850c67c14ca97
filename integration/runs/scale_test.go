package runs

import (
	"fmt"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// many is how many releases the ledger has, and versions the function.
const many = 10_000

// maxScaledCalls is what a rollback takes on any ledger, besides one for each
// version and one for each distribution that changes; and what a plan with its
// apply takes for one changed function.
const maxScaledCalls = 25

// fill publishes versions of a function until it has n.
func (r *rig) fill(function string, n int) {
	r.t.Helper()
	a, b := r.pack("exports.a = 1").Zip, r.pack("exports.b = 1").Zip
	for i := range n {
		zip := a
		if i%2 == 1 {
			zip = b
		}
		if err := r.cloud.Lambda.UpdateCode(r.t.Context(), function, "", zip); err != nil {
			r.t.Fatal(err)
		}
		if _, err := r.cloud.Lambda.Publish(r.t.Context(), versions.PublishInput{Function: function, Description: fmt.Sprint("of another tool ", i)}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// What a command costs does not grow with what happened before: no command but
// history lists releases, and none lists the versions of a function.
func TestCallsDoNotGrowWithTheHistory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("NOT RUN: -short leaves out the 20,000 publications it needs")
	}
	r := newRig(t, viewer.Distribution, second.Distribution)
	r.mustApply(r.want(one, viewer, images, second))
	r.fill("shop-auth", many)
	r.fill(release.LedgerFunction(stack), many)
	r.mustApply(r.want(two, viewer, images, second))

	for _, step := range []struct {
		name string
		run  func() error
		most int
	}{
		{"plan with nothing to do", func() error { _, err := r.plan(t.Context(), r.want(two, viewer, images, second)); return err }, 6},
		{"rollback", func() error { _, err := r.rollback(t.Context()); return err }, maxScaledCalls + 1 + 2},
		{"rollback, again", func() error { _, err := r.rollback(t.Context()); return err }, maxScaledCalls},
		{"rollback --to the first", func() error { _, err := r.rollback(t.Context(), 1); return err }, maxScaledCalls},
		{"rollback --to before", func() error { _, err := r.rollback(t.Context(), 0); return err }, maxScaledCalls + 2},
		{"plan of a changed function", func() error { _, err := r.plan(t.Context(), r.want(three, viewer, images)); return err }, maxScaledCalls},
		{"plan and apply of a changed function", func() error { _, err := r.apply(t.Context(), r.want(three, viewer, images)); return err }, maxScaledCalls},
	} {
		r.connect()
		r.server.ResetCalls()
		if err := step.run(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		calls := aws(r.calls())
		polls := polling(calls)
		if n := len(calls) - polls; n > step.most {
			t.Errorf("%s: %d calls besides %d polls, want at most %d:\n%s", step.name, n, polls, step.most, operations(calls))
		}
		for _, c := range calls {
			if c.Operation == "ListVersionsByFunction" {
				t.Errorf("%s lists versions: %s", step.name, c.Path)
			}
		}
		t.Logf("%s, on %d releases and %d versions: %d calls and %d polls", step.name, many, many, len(calls)-polls, polls)
	}
}

const three = "(event, event.Records[0].cf.request)"

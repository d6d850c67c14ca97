package crash

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/rig"
)

// afterFailure goes on from where a run with --on-failure rollback was struck.
// A person types the apply again, without what made it fail, or rollback. Either
// ends whole: with all of the new slots, or with all of the old ones.
//
// Exit codes of apply: 0, or 5 if the content is held (docs/releases.md, table
// 3: a rollback that goes back is in flight, or was made, because CloudFront
// refused the content). Of rollback: 0; 4 if the apply died before it was in
// flight, and 1 if nothing was ever there to go back to.
func (c *testCase) afterFailure(where string) {
	c.t.Helper()
	c.Save("dead")
	o := c.Run(applying()...)
	switch o.Code {
	case 0:
		c.entire(where+", apply", c.snapshot(), true)
	case 5:
		if strings.Contains(c.scene.name, "refused") {
			break
		}
		fallthrough
	default:
		c.t.Errorf("%s: apply exits with %d:\n%s%s", where, o.Code, o.Stdout, o.Stderr)
	}
	c.advised(where+", apply", o)
	if o.Code == 5 {
		c.Must(rollback()...)
		c.entire(where+", apply, rollback", c.snapshot(), false)
	}
	c.Restore("dead")
	o = c.Run(rollback()...)
	now := c.snapshot()
	c.advised(where+", rollback", o)
	c.undone(where+", rollback", o, now)
}

// undone holds how a rollback ends after a run that failed.
func (c *testCase) undone(where string, o rig.Outcome, now snapshot) {
	c.t.Helper()
	died := o.Code == 4 && strings.Contains(o.Stderr, "died before it wrote anything")
	none := o.Code == 1 && strings.Contains(o.Stderr, "there is no earlier one to go back to")
	if o.Code != 0 && !died && !none {
		c.t.Errorf("%s: it exits with %d:\n%s%s", where, o.Code, o.Stdout, o.Stderr)
		return
	}
	c.entire(where, now, false)
}

// entire holds that the slots are all new or all old, and nothing is in flight.
func (c *testCase) entire(where string, now snapshot, renewed bool) {
	c.t.Helper()
	want := maps.Clone(c.begin.Slots)
	if renewed {
		for id, lines := range want {
			want[id] = slices.Clone(lines)
			for i, line := range lines {
				want[id][i] = strings.Replace(line, "shop-auth:1", "shop-auth:2", 1)
			}
		}
	}
	if diff := cmp.Diff(want, now.Slots); diff != "" {
		c.t.Errorf("%s: bound (-want +got):\n%s", where, diff)
	}
	if now.Pending != 0 {
		c.t.Errorf("%s: release %d is in flight", where, now.Pending)
	}
	if twice := now.twice(); len(twice) > 0 {
		c.t.Errorf("%s: published %v", where, twice)
	}
}

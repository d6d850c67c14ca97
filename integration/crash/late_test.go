package crash

import (
	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// late runs the command again, and lets the dead run's write happen after it, or
// in the middle of it. What AWS takes from it then may be, and nothing else (docs/releases.md, "The lock"):
//
//   - a version that no slot and no release has, a record that no alias names,
//     an alias that no command reads before it moves it: nothing to be seen;
//   - a slot that differs from the live release: status and plan name it, and the
//     same command puts it back, but for one of a saved plan: that tells of it.
//
// live and pending stay where they are, if the run had the lock: to take it over
// is to fence the dead one off. One that had nothing to do, or refused, took none.
//
// After a run with --on-failure rollback, rollback is typed: it ends with all of
// the old slots, or says that there is nothing to undo.
func (c *testCase) late(where string, how way, st strike) {
	c.t.Helper()
	again := c.run
	if c.scene.refuses != nil {
		again = rollback()
	}
	was := c.snapshot()
	second, delivered := c.amid(where, how, st, again)
	done := c.snapshot()
	if c.scene.refuses == nil {
		if second.Code != c.code {
			c.t.Errorf("%s: again, it exits with %d, want %d:\n%s%s", where, second.Code, c.code, second.Stdout, second.Stderr)
		}
		c.same(where, done)
	}
	if !delivered {
		c.deliver(where, st)
	}
	now := c.snapshot()
	if ran := was.All != done.All; ran && (now.Number != done.Number || now.Pending != done.Pending) {
		c.t.Errorf("%s: delivered late, it moved live and pending from %d and %d to %d and %d",
			where, done.Number, done.Pending, now.Number, now.Pending)
	}
	if now.All == done.All || !c.tried.fresh("late", now) {
		return
	}
	c.done.landed(st.operation)
	if diff := cmp.Diff(done.Slots, now.Slots); diff != "" {
		if o := c.Run("status", "--detailed-exitcode"); o.Code != 2 {
			c.t.Errorf("%s: delivered late, it changed slots (-was +is):\n%s and status exits with %d:\n%s%s", where, diff, o.Code, o.Stdout, o.Stderr)
		}
	}
	third := c.Run(again...)
	end := c.snapshot()
	if c.scene.refuses != nil {
		c.undone(where+", delivered late", third, end)
		return
	}
	want, bound := c.third, done.Slots
	if c.scene.saved && !cmp.Equal(done.Slots, now.Slots) {
		want, bound = 1, now.Slots // a plan that was applied is told what differs, and puts nothing back
	}
	if third.Code != want {
		c.t.Errorf("%s: delivered late, and once more, it exits with %d:\n%s%s", where, third.Code, third.Stdout, third.Stderr)
	}
	if diff := cmp.Diff(bound, end.Slots); diff != "" {
		c.t.Errorf("%s: delivered late, and once more, bound (-want +got):\n%s", where, diff)
	}
	if end.Pending != 0 {
		c.t.Errorf("%s: delivered late, and once more, release %d is in flight", where, end.Pending)
	}
	if twice := end.twice(); len(twice) > 0 {
		c.t.Errorf("%s: delivered late, and once more, published %v", where, twice)
	}
}

// deliver lets the dead run's call happen.
func (c *testCase) deliver(where string, st strike) {
	c.t.Helper()
	if n := c.Release(st.held, false); n != 1 {
		c.t.Errorf("%s: %d calls were delivered late", where, n)
	}
}

// amid runs a command, and if the way says so delivers the dead run's call when
// the command has the lock and is about to record: live and pending stay.
func (c *testCase) amid(where string, how way, st strike, args []string) (o rig.Outcome, delivered bool) {
	c.t.Helper()
	if !how.amid {
		return c.Run(args...), false
	}
	c.Arm(localaws.Fault{Service: "lambda", Operation: "PublishVersion", Resource: ledger, Kind: localaws.PauseBefore, DelayMs: heldMs})
	p := c.Start(args...)
	held, reached := p.ReachBeside(1)
	c.Disarm()
	if reached {
		was := c.snapshot()
		c.deliver(where, st)
		if now := c.snapshot(); now.Number != was.Number || now.Pending != was.Pending {
			c.t.Errorf("%s: delivered amid, it moved live and pending from %d and %d to %d and %d", where, was.Number, was.Pending, now.Number, now.Pending)
		}
		c.Release(held.ID, false)
	}
	return p.Wait(), reached
}

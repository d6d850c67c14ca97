package crash

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/rig"
)

// A run that is struck at any call, in any way, and is then typed again, ends
// as the undisturbed one.
func TestEveryRunMayBeStruckAtEveryCall(t *testing.T) {
	t.Parallel()
	aws := rig.Serve(t)
	done := &covered{points: map[string]map[string]int{}}
	t.Run("scenes", func(t *testing.T) {
		for _, s := range scenes() {
			tried := &states{seen: map[string]bool{}}
			for _, how := range ways() {
				t.Run(s.name+", "+how.name, func(t *testing.T) {
					t.Parallel()
					c := newCase(t, aws, s)
					c.tried, c.done = tried, done
					c.everywhere(how)
					done.finished()
				})
			}
		}
	})
	done.report(t)
}

// states are those that were gone on from, in one scene.
type states struct {
	mu   sync.Mutex
	seen map[string]bool
}

// first reports whether a thing was not tried yet, and marks it as tried.
func (s *states) first(what string) bool { return s.fresh(what, snapshot{}) }

// fresh reports whether a state was not seen yet, and marks it as seen.
func (s *states) fresh(what string, at snapshot) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := what + at.All
	was := s.seen[key]
	s.seen[key] = true
	return !was
}

// testCase is a scene in an account.
type testCase struct {
	*world
	scene
	tried *states
	done  *covered

	spots []spot                // the calls of the undisturbed run
	code  int                   // and its exit code
	begin snapshot              // before the run
	end   snapshot              // after the undisturbed run
	plan  int                   // what plan --detailed-exitcode says then
	third int                   // the exit code of the same command again
	whole []map[string][]string // what else advice may lead to
}

func newCase(t *testing.T, aws *rig.Server, s scene) *testCase {
	t.Helper()
	c := &testCase{world: newWorld(t, aws), scene: s}
	s.before(c.world)
	c.write(s.spec)
	c.begin = c.snapshot()
	c.Save("before")
	c.ResetCalls()
	c.refuse(s)
	o := c.Run(s.run...)
	c.Disarm()
	c.code, c.spots = o.Code, spots(c.Calls())
	if want := map[bool]int{false: 0, true: 1}[s.refuses != nil]; o.Code != want {
		t.Fatalf("undisturbed, %s exits with %d, want %d:\n%s%s", words(s.run), o.Code, want, o.Stdout, o.Stderr)
	}
	c.end = c.snapshot()
	if c.end.Pending != 0 || len(c.end.twice()) > 0 {
		t.Fatalf("undisturbed, release %d is in flight, published is %v", c.end.Pending, c.end.twice())
	}
	c.plan = c.Run("plan", "--no-load", "--detailed-exitcode").Code
	if s.refuses == nil {
		c.third = c.Run(s.run...).Code
	}
	if c.begin.Pending != 0 {
		c.whole = c.wholes()
	}
	return c
}

// everywhere strikes the run at each of its calls in one way.
func (c *testCase) everywhere(how way) {
	c.t.Helper()
	for n, at := range c.spots {
		if how.late && !at.write {
			continue // an answer that is late changes nothing
		}
		c.Restore("before")
		st, struck := c.strike(c.scene, how, at.Fault)
		where := fmt.Sprintf("%s, %s at call %d (%s %s)", c.scene.name, how.name, n+1, at.Operation, at.Resource)
		if !struck {
			c.t.Errorf("%s: it was not called again; the run exits with %d:\n%s%s", where, st.outcome.Code, st.outcome.Stdout, st.outcome.Stderr)
			continue
		}
		c.done.add(how, st)
		c.after(where, how, st)
	}
}

// after goes on from where a strike left the account.
func (c *testCase) after(where string, how way, st strike) {
	c.t.Helper()
	dead := c.snapshot()
	c.half(where, dead)
	c.Advance(lockLife)
	if how.late {
		c.late(where, how, st)
		return
	}
	if !c.tried.fresh("struck", dead) {
		return
	}
	c.advised(where, st.outcome)
	if c.scene.refuses != nil {
		c.afterFailure(where)
		return
	}
	second := c.Run(c.run...)
	c.converged(where, second)
}

// half holds what is true at any instant: a slot that is bound before and after
// is not empty on the way.
func (c *testCase) half(where string, now snapshot) {
	c.t.Helper()
	for id, was := range c.begin.Slots {
		for _, line := range was {
			slot := slotOf(line)
			if holds(c.end.Slots[id], slot) && !holds(now.Slots[id], slot) {
				c.t.Errorf("%s: %s %s is empty on the way", where, id, slot)
			}
		}
	}
}

func slotOf(line string) string { return line[:strings.LastIndex(line, " ")+1] }

func holds(lines []string, slot string) bool {
	return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, slot) })
}

// converged holds that the second run came to the end of the undisturbed one.
func (c *testCase) converged(where string, second rig.Outcome) {
	c.t.Helper()
	got := c.snapshot()
	if second.Code != c.code {
		c.t.Errorf("%s: again, it exits with %d, want %d:\n%s%s", where, second.Code, c.code, second.Stdout, second.Stderr)
		return
	}
	c.same(where, got)
	if c.tried.fresh("again", got) {
		c.rests(where, got)
	}
}

// same compares the account with that of the undisturbed run.
func (c *testCase) same(where string, got snapshot) {
	c.t.Helper()
	if diff := cmp.Diff(c.end.Slots, got.Slots); diff != "" {
		c.t.Errorf("%s: bound (-undisturbed +got):\n%s", where, diff)
	}
	if twice := got.twice(); len(twice) > 0 {
		c.t.Errorf("%s: published %v", where, twice)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(c.end.Published)), slices.Sorted(maps.Keys(got.Published))); diff != "" {
		c.t.Errorf("%s: published (-undisturbed +got):\n%s", where, diff)
	}
	if got.Pending != 0 {
		c.t.Errorf("%s: release %d is in flight", where, got.Pending)
	}
	if diff := cmp.Diff(c.end.lineage(c.begin), got.lineage(c.begin)); diff != "" {
		c.t.Errorf("%s: the live release (-undisturbed +got):\n%s", where, diff)
	}
}

// rests holds that nothing is in flight for the program, either, and that the
// same command once more changes nothing.
func (c *testCase) rests(where string, at snapshot) {
	c.t.Helper()
	c.settled(where)
	if o := c.Run("plan", "--no-load", "--detailed-exitcode"); o.Code != c.plan {
		c.t.Errorf("%s: then plan exits with %d, want %d:\n%s%s", where, o.Code, c.plan, o.Stdout, o.Stderr)
	}
	o := c.Run(c.run...)
	if o.Code != c.third {
		c.t.Errorf("%s: a third time it exits with %d, want %d:\n%s%s", where, o.Code, c.third, o.Stdout, o.Stderr)
	}
	c.unchanged(where, at)
}

func (c *testCase) unchanged(where string, was snapshot) {
	c.t.Helper()
	now := c.snapshot()
	if diff := cmp.Diff(was.Slots, now.Slots); diff != "" {
		c.t.Errorf("%s: a third time, bound (-was +is):\n%s", where, diff)
	}
	if was.Releases != now.Releases || was.Number != now.Number || now.Pending != 0 {
		c.t.Errorf("%s: a third time, there are %d releases of which %d is live (%d in flight), it were %d and %d",
			where, now.Releases, now.Number, now.Pending, was.Releases, was.Number)
	}
}

// status is what the suite reads of the document.
type status struct {
	Pending *struct{ Release int }
	Next    []struct{ Command, Does string }
}

// settled holds that status sees nothing in flight.
func (c *testCase) settled(where string) {
	c.t.Helper()
	if s := c.status(where); s.Pending != nil {
		c.t.Errorf("%s: status says that release %d is in flight", where, s.Pending.Release)
	}
}

func (w *world) status(where string) (s status) {
	w.t.Helper()
	o := w.Run("status", "-o", "json")
	if err := json.Unmarshal([]byte(o.Stdout), &s); o.Code != 0 || err != nil {
		w.t.Errorf("%s: status exits with %d, %v:\n%s%s", where, o.Code, err, o.Stdout, o.Stderr)
	}
	return s
}

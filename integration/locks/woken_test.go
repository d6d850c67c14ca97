package locks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// A run is stopped at each of its calls, its lock expires, and another run takes
// over and ends. Woken, it moves neither live nor pending, writes one distribution
// at most, and says what happened.
func TestAWokenHolder(t *testing.T) {
	t.Parallel()
	aws := rig.Serve(t)
	for _, kind := range []localaws.Kind{localaws.PauseBefore, localaws.PauseAfter} {
		calls := callsOfAnApply(t, newStack(t, aws))
		for n := 1; n <= calls; n++ {
			t.Run(fmt.Sprintf("%s call %d", kind, n), func(t *testing.T) {
				t.Parallel()
				woken(t, newStack(t, aws), localaws.Fault{Call: n, Kind: kind})
			})
		}
	}
}

func callsOfAnApply(t *testing.T, s stack) int {
	t.Helper()
	s.want(256)
	s.ResetCalls()
	s.Must(apply("--no-wait")...)
	return len(s.Calls())
}

func woken(t *testing.T, s stack, at localaws.Fault) {
	s.want(256)
	s.Arm(at)
	run := s.Start(apply("--no-wait")...)
	held, ok := run.Reach()
	if !ok {
		t.Fatalf("not reached: %+v", run.Wait())
	}
	if strings.Contains(s.alias("lock").Description, `"open":true`) {
		s.Release(held.ID, false) // it has no lock to lose: not yet, or not any more
		if o := run.Wait(); o.Code != 0 {
			t.Errorf("%s: exit code %d:\n%s", held.Operation, o.Code, o.Stderr)
		}
		return
	}
	s.Advance(lockLife)
	s.want(512)
	s.Must(apply("--no-wait")...)
	live, pending, before := s.alias("live").FunctionVersion, s.alias("pending").FunctionVersion, s.bound()
	s.ResetCalls()
	s.Release(held.ID, false)
	o := run.Wait()
	report := func(format string, args ...any) {
		t.Errorf("%s %s: %s; exit code %d:\n%s", held.Service, held.Operation, fmt.Sprintf(format, args...), o.Code, o.Stderr)
	}
	if now, then := s.alias("live").FunctionVersion, s.alias("pending").FunctionVersion; now != live || then != pending {
		report("live and pending moved from %s and %s to %s and %s", live, pending, now, then)
	}
	landed := 0
	for i, v := range s.bound() {
		if v != before[i] {
			landed++
		}
	}
	if landed > 1 {
		report("%d writes landed: %v, and before it was %v", landed, s.bound(), before)
	}
	wrote := strings.Contains(o.Stdout+o.Stderr, "written") && !strings.Contains(o.Stderr, "nothing was written")
	switch {
	case o.Code == 4 && landed > 0:
		report("it wrote, and says that it did not")
	case o.Code == 1 && !wrote:
		report("it says nothing of what it wrote")
	case o.Code != 1 && o.Code != 4 && o.Code != 0:
		report("no such end")
	case o.Code == 0 && !s.wasLive(live):
		report("it did not notice")
	case o.Code != 0 && !strings.Contains(o.Stderr, "lock of stack shop") && !strings.Contains(o.Stderr, "plan is stale") && !strings.Contains(o.Stderr, "; the plan saw "):
		report("it does not say why")
	}
}

// wasLive reports whether a run's release was made live before the one that is
// live now: the history has an older one that is not marked as never live.
func (s stack) wasLive(now string) bool {
	s.t.Helper()
	o := s.Must("history", "--stack", "shop")
	return now != "" && !strings.Contains(o.Stdout, "never live")
}

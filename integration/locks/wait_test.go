package locks

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/rig"
)

// A run waits for the lock as long as it was told, compares what it planned, and
// goes on from there.
func TestARunWaitsForTheLock(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	s.want(256)
	first, held := s.hold(update, apply()...)
	begin := time.Now()
	ends(t, s.Run(apply("--lock-timeout", "1s")...), 4, "wait for the lock: held by ", "; waited 1s for it", "hint: wait until it ends; if that run is dead: edgedeploy unlock ")
	if took := time.Since(begin); took < time.Second {
		t.Errorf("it ended after %v", took)
	}
	if o := s.Run(apply()...); o.Code != 4 || strings.Contains(o.Stderr, "waited") || strings.Contains(o.Stderr, "wait for the lock") {
		t.Errorf("without --lock-timeout: %+v", o)
	}
	s.want(512)
	second := s.Start(apply("--lock-timeout", "2m")...)
	second.Says("wait for the lock: held by ")
	s.Release(held.ID, false)
	ends(t, first.Wait(), 0)
	ends(t, second.Wait(), 0, "wait for the lock: held by ", "; at most 2m0s", "the plan is stale", "planning again")
	if got := s.bound(); got != [2]int{3, 3} {
		t.Errorf("bound %v", got)
	}
}

// Of two rollbacks at once the second waits, and finds the first one's work done.
func TestTwoRollbacksAtOnceAreOneStep(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	s.want(256)
	s.Must(apply()...)
	s.want(512)
	s.Must(apply()...)
	back := []string{"rollback", "--yes", "--lock-timeout", "2m", "--stack", "shop"}
	first, held := s.hold(update, back...)
	second := s.Start(append(back, "--of", "3")...)
	second.Says("wait for the lock: held by ")
	s.Release(held.ID, false)
	ends(t, first.Wait(), 0)
	second.Wait()
	if got := s.bound(); got != [2]int{2, 2} {
		t.Errorf("bound %v", got)
	}
}

func TestWaitingForTheLockCanBeInterrupted(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	s.want(256)
	first, held := s.hold(update, apply()...)
	second := s.Start(apply("--lock-timeout", "10m")...)
	second.Says("wait for the lock: held by ")
	begin := time.Now()
	second.Signal(syscall.SIGINT)
	ends(t, second.Wait(), 130, "wait for the lock: held by ")
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	s.Release(held.ID, false)
	ends(t, first.Wait(), 0)
}

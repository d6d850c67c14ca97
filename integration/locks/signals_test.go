package locks

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/rig"
)

// The first interrupt finishes the write that is under way, and gives the lock back.
func TestTheFirstInterruptFinishesTheWrite(t *testing.T) {
	t.Parallel()
	aws := rig.Serve(t)
	back := []string{"rollback", "--yes", "--stack", "shop"}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		for verb, args := range map[string][]string{"apply": apply(), "rollback": back} {
			for which, id := range []string{www, api} {
				t.Run(fmt.Sprintf("%s, %v in write %d", verb, sig, which+1), func(t *testing.T) {
					t.Parallel()
					interrupted(t, newStack(t, aws), sig, args, id)
				})
			}
		}
	}
}

func interrupted(t *testing.T, s stack, sig os.Signal, args []string, id string) {
	s.want(256)
	was, now := 1, 2
	if args[0] == "rollback" {
		s.Must(apply()...)
		was, now = 2, 1
	}
	at := update
	at.Resource = id
	run, held := s.hold(at, args...)
	run.Signal(sig)
	run.Says("finishing what is in flight")
	s.Release(held.ID, false)
	o := run.Wait()
	want := [2]int{was, was}
	want[map[string]int{www: 0, api: 1}[id]] = now
	first := s.bound() == want
	if all := s.bound() == [2]int{now, now}; !first && !all {
		t.Errorf("bound %v", s.bound())
	}
	ends(t, o, 130, "finishing what is in flight")
	if !s.free() {
		t.Errorf("the lock stays: %s", s.alias("lock").Description)
	}
	s.Must(args...)
	if got := s.bound(); got != [2]int{now, now} {
		t.Errorf("the same command again bound %v", got)
	}
}

// The second one ends the process while the call is held.
func TestTheSecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	s.want(256)
	run, held := s.hold(update, apply()...)
	run.Signal(syscall.SIGINT)
	run.Says("finishing what is in flight")
	run.Signal(syscall.SIGTERM)
	ends(t, run.Wait(), 130, "stopped at once")
	s.Release(held.ID, true)
	s.Advance(lockLife)
	s.Must(apply()...)
	if got := s.bound(); got != [2]int{2, 2} {
		t.Errorf("bound %v", got)
	}
}

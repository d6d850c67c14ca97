package locks

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// A pipeline's clean-up step takes no lock away from a run that is healthy. One who
// names the run can, and the run is told by whom.
func TestALiveLockIsTakenOnlyFromTheRunThatIsNamed(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	s.want(256)
	run, held := s.hold(readCfg, apply()...)
	locked := s.Run(apply()...)
	ends(t, locked, 4, "stack shop is locked by ", "if that run is dead: edgedeploy unlock ")
	refused := s.Run("unlock", "--yes", "--stack", "shop")
	ends(t, refused, 4, "stack shop is locked by ", ", apply); the lock expires in ")
	command := named(t, refused)
	if !slices.Equal(command, named(t, locked)) {
		t.Errorf("two commands are named: %q and %q", command, named(t, locked))
	}
	ends(t, s.Run("unlock", "0123456789abcdef", "--yes", "--stack", "shop"), 4, "is not locked by run 0123456789abcdef but by ")
	if s.free() {
		t.Fatal("the lock is gone")
	}
	ends(t, s.Run(command...), 1, "run    "+command[1], "--yes") // it would ask
	o := s.Run(append(command, "--yes")...)
	ends(t, o, 0, "Stack shop is locked by ", "run    "+command[1], "doing  apply", "unless it is renewed")
	s.Release(held.ID, false)
	ends(t, run.Wait(), 4, "the lock of stack shop was taken away by unlock (", "the same command again takes the lock anew")
	if o := run.Wait(); strings.Contains(o.Stderr, "another run") || s.written() != 0 {
		t.Errorf("%d writes, and it says:\n%s", s.written(), o.Stderr)
	}
	ends(t, s.Run(append(command, "--yes")...), 0)
	s.Must(apply()...)
}

func TestAnExpiredLockIsClearedWithoutItsRun(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	s.want(256)
	if _, killed := s.KillAtCall(readCfg, rig.BeforeEffect, apply()...); !killed {
		t.Fatal("it was not killed")
	}
	s.Advance(lockLife)
	ends(t, s.Run("unlock", "0123456789abcdef", "--yes", "--stack", "shop"), 4, "but by ", "; the lock has expired", "edgedeploy unlock --stack shop")
	ends(t, s.Run("unlock", "--yes", "--stack", "shop"), 0, "(expired ")
	if !s.free() {
		t.Error("it is not free")
	}
	if o := s.Must("unlock", "--stack", "shop"); !strings.Contains(o.Stdout, "was not locked") {
		t.Errorf("said again: %+v", o)
	}
}

// A text in the lock that is not understood is respected, shown, and taken away by
// the command that is named.
func TestALockThatIsNotUnderstood(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	s.want(256)
	if got := s.Do("lambda", "PUT "+aliases+"lock", []byte(`{"Description":"frozen\u001b[2J until Monday"}`)); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	s.Advance(1000 * time.Hour)
	for _, args := range [][]string{apply(), apply("--lock-timeout", "1h"), {"unlock", "--yes", "--stack", "shop"}} {
		o := s.Run(args...)
		ends(t, o, 4, `the lock of stack shop says "frozen[2J until Monday"`, "find out what for", "edgedeploy unlock unknown --stack shop")
		if strings.Contains(o.Stderr, "2562047h") || strings.Contains(o.Stderr, "expires") {
			t.Errorf("it is said to expire:\n%s", o.Stderr)
		}
	}
	o := s.Must("status", "--stack", "shop")
	if !strings.Contains(o.Stdout, "frozen[2J until Monday") || strings.Contains(o.Stdout, "00:00:00") {
		t.Errorf("status says\n%s", o.Stdout)
	}
	ends(t, s.Run("unlock", "unknown", "--yes", "--stack", "shop"), 0, `says "frozen[2J until Monday"`)
	s.Must(apply()...)
}

// A run that finds nothing to do clears the lock of one that died, and writes
// nothing where there is none. What only looks never writes.
func TestARunWithNothingToDoClearsADeadRunsLock(t *testing.T) {
	t.Parallel()
	s := newStack(t, rig.Serve(t))
	writes := func(args ...string) (list []string) {
		s.ResetCalls()
		s.Must(args...)
		for _, c := range s.Calls() {
			if strings.HasPrefix(c.Operation, "Update") || strings.HasPrefix(c.Operation, "Create") || strings.HasPrefix(c.Operation, "Publish") {
				list = append(list, c.Operation)
			}
		}
		return list
	}
	if got := writes(apply()...); got != nil {
		t.Errorf("without a lock: %q", got)
	}
	for name, args := range map[string][]string{"apply": apply(), "rollback of what is not there": {"rollback", "--yes", "--of", "9", "--stack", "shop"},
		"resume of what is not held": {"resume", "1", "--stack", "shop"}} {
		s.want(256)
		if _, killed := s.KillAtCall(localaws.Fault{Service: "lambda", Operation: "UpdateAlias"}, rig.AfterEffect, apply()...); !killed {
			t.Fatal("it was not killed")
		}
		s.want(128)
		if got := writes(args...); got != nil {
			t.Errorf("%s, while the lock lasts: %q", name, got)
		}
		s.Advance(lockLife)
		if got := append(writes("plan", "--no-load"), writes("status", "--stack", "shop")...); got != nil {
			t.Errorf("plan and status: %q", got)
		}
		s.ResetCalls()
		ends(t, s.Run(args...), 0, "had expired, and is cleared")
		if !s.free() {
			t.Errorf("%s left the lock: %s", name, s.alias("lock").Description)
		}
		if got := writes(args...); got != nil {
			t.Errorf("%s, once it is cleared: %q", name, got)
		}
	}
}

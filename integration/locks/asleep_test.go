package locks

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// proofLife is more than a proof of the lock covers a write to Lambda: real time,
// as the program's own clocks are no test's to move.
const proofLife = 31 * time.Second

// sleeper is a run that stands still at one of its calls, as a machine that was
// suspended, after another run took its lock over and ended.
type sleeper struct {
	stack
	at      localaws.Fault
	run     *rig.Process
	held    localaws.Held
	before  []localaws.Call // what had ended when it fell asleep
	wrote   bool            // and whether CloudFront had taken something of it over
	live    string          // as the other run left it
	pending string
	slept   time.Time
}

// asleep are the runs that a holder is stopped in, with what they are run from.
// The other run is an apply of something else.
func asleep() map[string]struct {
	make func(stack)
	args []string
} {
	return map[string]struct {
		make func(stack)
		args []string
	}{
		"apply": {func(s stack) { s.wantTwo(256) }, apply("--no-wait")},
		"rollback": {func(s stack) {
			s.wantTwo(256)
			s.Must(apply("--no-wait")...)
		}, []string{"rollback", "--yes", "--no-wait", "--stack", "shop"}},
	}
}

// wantTwo is want of two functions, which are published side by side.
func (s stack) wantTwo(memory int) {
	s.Write("edgedeploy.yaml", fmt.Sprintf(`version: 1
stack: shop
account: %q
defaults: { role: %q, timeout: 5, memory: %d }
functions:
  auth: { bundle: auth, handler: index.handler }
  log: { bundle: auth, handler: index.handler }
distributions:
  www: { id: %s, behaviors: { default: { viewer-request: auth, origin-request: log } } }
  api: { id: %s, behaviors: { default: { viewer-request: auth, origin-request: log } } }
`, s.ID, s.Role(), memory, www, api))
}

// A holder is stopped at each of its calls, for longer than a proof of its lock
// lasts, while another run takes the lock over and ends. Woken, what had left
// already lands, and nothing else: one write for each function that it published,
// and one distribution. live and pending stay where the other run put them.
func TestAHolderThatSlept(t *testing.T) {
	t.Parallel()
	aws := rig.Serve(t)
	var list []*sleeper
	for name, scene := range asleep() {
		awake := len(list)
		first := newStack(t, aws)
		scene.make(first)
		first.ResetCalls()
		first.Must(scene.args...)
		for i, c := range first.Calls() {
			for _, kind := range []localaws.Kind{localaws.PauseBefore, localaws.PauseAfter} {
				if c.Method == "GET" && kind == localaws.PauseAfter || c.Service != "lambda" && c.Service != "cloudfront" {
					continue // what reads is stopped once
				}
				s := &sleeper{stack: newStack(t, aws), at: localaws.Fault{Call: i + 1, Kind: kind, DelayMs: 600_000}}
				scene.make(s.stack)
				if s.fallAsleep(scene.args) {
					list = append(list, s)
				}
			}
		}
		if n := len(list) - awake; n < 10 {
			t.Errorf("%s: %d holders sleep, and there are more calls under the lock", name, n)
		}
	}
	writes := 0
	for _, s := range list {
		time.Sleep(time.Until(s.slept.Add(proofLife)))
		writes += s.wake()
	}
	t.Logf("%d holders were stopped, overtaken and woken; %d writes of theirs landed then", len(list), writes)
}

// fallAsleep stops the run at its call, and lets another one do its work. It is
// false if the run has no lock there: not yet, or not any more.
func (s *sleeper) fallAsleep(args []string) bool {
	s.t.Helper()
	s.ResetCalls()
	s.Arm(s.at)
	s.run = s.Start(args...)
	var ok bool
	if s.held, ok = s.run.Reach(); !ok {
		s.t.Fatalf("not reached: %+v", s.run.Wait())
	}
	if s.free() {
		s.Release(s.held.ID, false)
		if o := s.run.Wait(); o.Code != 0 {
			s.t.Errorf("%s: exit code %d:\n%s", s.held.Operation, o.Code, o.Stderr)
		}
		return false
	}
	s.run.Signal(syscall.SIGSTOP)
	s.slept, s.before = time.Now(), s.Calls()
	s.wrote = s.written() > 0 || s.at.Kind == localaws.PauseAfter && s.held.Operation == "UpdateDistribution"
	s.Advance(lockLife)
	s.wantTwo(512)
	s.Must(apply("--no-wait")...)
	s.live, s.pending, s.before = s.alias("live").FunctionVersion, s.alias("pending").FunctionVersion, s.Calls()
	return true
}

// wake lets the run go on, and holds it to its promises. It gives how many of its
// writes landed.
func (s *sleeper) wake() int {
	s.t.Helper()
	s.Release(s.held.ID, false)
	s.run.Signal(syscall.SIGCONT)
	o := s.run.Wait()
	report := func(format string, args ...any) {
		s.t.Errorf("%s %s %s %s: %s; exit code %d:\n%s%s", s.at.Kind, s.held.Service, s.held.Operation, s.held.Resource, fmt.Sprintf(format, args...), o.Code, o.Stdout, o.Stderr)
	}
	n := 0
	for step, calls := range s.landed() {
		n += len(calls)
		if len(calls) > 1 {
			report("%s has %d writes: %v", step, len(calls), calls)
		}
		s.wrote = s.wrote || step == "cloudfront"
	}
	if live, pending := s.alias("live").FunctionVersion, s.alias("pending").FunctionVersion; live != s.live || pending != s.pending {
		report("live and pending moved from %s and %s to %s and %s", s.live, s.pending, live, pending)
	}
	switch {
	case o.Code == 0 && !s.wasLive(s.live), o.Code != 0 && o.Code != 1 && o.Code != 4:
		report("no such end")
	case o.Code == 4 && s.wrote, o.Code == 1 && !s.wrote:
		report("it is wrong about whether something of it is in CloudFront")
	case o.Code == 0:
	case !strings.Contains(o.Stderr, "lock of stack shop") && !strings.Contains(o.Stderr, "the plan is stale"):
		report("it does not say why")
	case undoes(o.Stdout + o.Stderr):
		report("it names a command that may undo the other run's work")
	}
	return n
}

// undoes reports whether a text names a command that changes something.
func undoes(text string) bool {
	return strings.Contains(text, "the same command again") || slices.ContainsFunc([]string{"rollback", "apply", "resume", "unlock"}, func(verb string) bool {
		return strings.Contains(text, "edgedeploy "+verb)
	})
}

// landed are the writes that came to be since the other run ended, by step: a
// function, or CloudFront as a whole.
func (s *sleeper) landed() map[string][]string {
	s.t.Helper()
	steps := map[string][]string{}
	for _, c := range s.Calls() {
		if c.Method == "GET" || c.Status/100 != 2 || slices.Contains(s.before, c) {
			continue
		}
		if s.at.Kind == localaws.PauseAfter && c.Start == s.held.Start {
			continue // it was done before
		}
		step := c.Service
		if step == "lambda" {
			step, _, _ = strings.Cut(c.Resource, ":")
		}
		steps[step] = append(steps[step], c.Operation)
	}
	return steps
}

package crash

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

// rivals is how many runs of one stack begin at once.
const rivals = 50

// contents is how many different specs they have.
const contents = 5

// Fifty applies of one stack begin at once. Each is done, or ends with 4 and has
// changed nothing: it met the lock, or a ledger that another run had moved on.
func TestFiftyAppliesAtOnceLeaveOneState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rig.Serve(t))
	w.apply(wide)
	for i := range contents {
		w.spec(i)
	}
	var list []*rig.Process
	for i := range rivals {
		list = append(list, w.Start(applying("-f", file(i%contents))...))
	}
	ends := map[int]int{}
	for i, p := range list {
		o := p.Wait()
		ends[o.Code]++
		if o.Code != 0 && o.Code != 4 {
			t.Errorf("run %d exits with %d:\n%s%s", i, o.Code, o.Stdout, o.Stderr)
		}
	}
	if ends[0] == 0 {
		t.Error("none came through")
	}
	t.Logf("%d were done, %d met another run", ends[0], ends[4])
	now := w.snapshot()
	if now.Pending != 0 || len(now.twice()) > 0 {
		t.Errorf("release %d is in flight, published is %v", now.Pending, now.twice())
	}
	var inForce []int
	for i := range contents {
		if w.Run("plan", "--no-load", "--detailed-exitcode", "-f", file(i)).Code == 0 {
			inForce = append(inForce, i)
		}
	}
	if len(inForce) != 1 {
		t.Errorf("the specs %v have nothing to do, want exactly one", inForce)
	}
	if s := w.status("at rest"); s.Pending != nil {
		t.Errorf("status says that release %d is in flight", s.Pending.Release)
	}
	if o := w.Run("status", "--detailed-exitcode"); o.Code != 0 {
		t.Errorf("status exits with %d:\n%s%s", o.Code, o.Stdout, o.Stderr)
	}
}

func file(i int) string { return fmt.Sprintf("%d.yaml", i) }

// spec writes one of the specs that differ in their configuration.
func (w *world) spec(i int) {
	w.Write(file(i), fmt.Sprintf(`version: 1
stack: shop
account: %q
defaults: { role: %q, timeout: 5, memory: %d }
functions: { auth: { bundle: auth, handler: index.handler } }
distributions:
  www: { id: %s, behaviors: { default: { viewer-request: auth }, /img/*: { viewer-request: auth } } }
  shop: { id: %s, behaviors: { default: { viewer-request: auth } } }
`, w.ID, w.Role(), 192+64*i, www, shop))
}

// The versions that the releases of TestAFixIsNotRolledBack bind.
const (
	good, bad, fixed = "shop-auth:1", "shop-auth:2", "shop-auth:3"
)

// firstLook is how many calls a rollback begins with, side by side, to see what
// is live. What it undoes is what is live then.
const firstLook = 2

// A rollback is stopped at each of its calls, and the fix is applied meanwhile.
// If the fix went live, the rollback changes nothing: what it was to undo is gone
// (docs/releases.md, row 16). If the rollback had the lock, the apply ends with 4,
// and is done when it is typed again.
func TestAFixIsNotRolledBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rig.Serve(t))
	after(one, two)(w)
	w.write(project{auth: 4})
	w.Save("before")
	ends := map[string]int{}
	for n := 1; ; n++ {
		w.Restore("before")
		w.Arm(localaws.Fault{Call: n, Kind: localaws.PauseBefore, DelayMs: heldMs})
		p := w.Start(rollback()...)
		held, reached := p.Reach()
		w.Disarm()
		if !reached {
			if n < 10 {
				t.Errorf("the rollback took only %d calls: %+v", n-1, p.Wait())
			}
			break
		}
		where := fmt.Sprintf("stopped at call %d, %s", n, held.Operation)
		first := w.Run(applying()...)
		between := w.snapshot()
		w.Release(held.ID, false)
		back := p.Wait()
		ends[fmt.Sprintf("apply %d, rollback %d", first.Code, back.Code)]++
		w.metAFix(where, n, first, back)
		if now := w.snapshot(); now.Pending != 0 || len(now.twice()) > 0 || now.Number < between.Number {
			t.Errorf("%s: release %d is in flight, published is %v, live moved from %d to %d", where, now.Pending, now.twice(), between.Number, now.Number)
		}
	}
	t.Logf("%v", ends)
}

// metAFix holds how a rollback and a fix end that met at call n of the rollback.
func (w *world) metAFix(where string, n int, first, back rig.Outcome) {
	w.t.Helper()
	unexpected := func() {
		w.t.Helper()
		w.t.Errorf("%s: apply exits with %d, and the rollback with %d:\n%s%s\n%s%s", where, first.Code, back.Code, first.Stdout, first.Stderr, back.Stdout, back.Stderr)
	}
	switch {
	case first.Code == 0 && back.Code == 0 && n <= firstLook:
		w.bindsOnly(where, bad) // it saw the fix, which returns to that
	case first.Code == 0:
		w.bindsOnly(where, fixed)
		// The rollback was all done, but for the waiting: then it says what it sees.
		waited := back.Code == 1 && strings.Contains(back.Stderr, "something else has changed it since")
		if back.Code != 4 && !waited {
			unexpected()
		}
	case first.Code == 4:
		if back.Code != 0 {
			unexpected()
		}
		w.bindsOnly(where, good)
		w.Must(applying()...)
		w.bindsOnly(where+", apply", fixed)
	default:
		unexpected()
	}
}

// bindsOnly holds that every slot of the first distribution has one version.
func (w *world) bindsOnly(where, version string) {
	w.t.Helper()
	lines := w.Bound(www)
	if len(lines) == 0 || slices.ContainsFunc(lines, func(l string) bool { return !strings.HasSuffix(l, " "+version) }) {
		w.t.Errorf("%s: bound is %q, want only %s", where, lines, version)
	}
}

// stacks is how many share a distribution.
const stacks = 12

// Twelve stacks with a path pattern each are applied at once. Each is done, or
// ends with 4 and has written nothing; to type those again is all it takes, and
// no stack takes another's slot away.
func TestTwelveStacksShareADistribution(t *testing.T) {
	t.Parallel()
	w := &world{rig.Serve(t).Account(t), t, nil}
	d := cf.SeedDistribution{ID: www}
	for i := range stacks {
		d.PathPatterns = append(d.PathPatterns, pattern(i))
		w.Write(file(i), fmt.Sprintf(`version: 1
stack: s%d
account: %q
defaults: { role: %q, timeout: 5, memory: 128 }
functions: { f: { bundle: auth, handler: index.handler } }
distributions: { www: { id: %s, behaviors: { %s: { viewer-request: f } } } }
`, i, w.ID, w.Role(), www, pattern(i)))
	}
	w.Seed(localaws.Seed{Distributions: []cf.SeedDistribution{d}})
	w.handler("auth", 1)
	left, rounds := stacks, 0
	for ; left > 0 && rounds < stacks; rounds++ {
		left = w.together(rounds)
	}
	t.Logf("%d stacks were done after %d rounds", stacks-left, rounds)
	var want []string
	for i := range stacks {
		want = append(want, fmt.Sprintf("%s viewer-request s%d-f:1", pattern(i), i))
	}
	if diff := cmp.Diff(want, w.Bound(www)); diff != "" {
		t.Errorf("bound (-want +got):\n%s", diff)
	}
	for i := range stacks {
		if o := w.Run("status", "--detailed-exitcode", "-f", file(i)); o.Code != 0 {
			t.Errorf("stack %d: status exits with %d:\n%s%s", i, o.Code, o.Stdout, o.Stderr)
		}
	}
}

func pattern(i int) string { return fmt.Sprintf("/%02d/*", i) }

// together applies all stacks at once and counts those that are not done.
func (w *world) together(round int) (left int) {
	var list []*rig.Process
	for i := range stacks {
		list = append(list, w.Start(applying("-f", file(i))...))
	}
	for i, p := range list {
		o := p.Wait()
		has := slices.ContainsFunc(w.Bound(www), func(l string) bool { return strings.HasPrefix(l, pattern(i)+" ") })
		switch o.Code {
		case 0:
			if !has {
				w.t.Errorf("round %d: stack %d is done, and its slot is empty", round, i)
			}
		case 4:
			left++
			if has && round == 0 {
				w.t.Errorf("round %d: stack %d ends with 4, and has its slot:\n%s", round, i, o.Stderr)
			}
		default:
			w.t.Errorf("round %d: stack %d exits with %d:\n%s%s", round, i, o.Code, o.Stdout, o.Stderr)
		}
	}
	return left
}

package runs

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

// lockLife is more than the lock of a dead run lives.
const lockLife = 3 * time.Minute

// dieAt lets the connection break at call n and stay broken: what a killed
// process looks like to AWS. The call itself may still have had its effect.
func (r *rig) dieAt(n int, effect bool) {
	kind := localaws.DropBefore
	if effect {
		kind = localaws.DropAfter
	}
	for _, f := range []localaws.Fault{{Call: n, Times: 1, Kind: kind}, {Call: n + 1, Times: 1 << 20, Kind: localaws.DropBefore}} {
		if err := r.server.Arm(f); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rig) revive() {
	r.server.Disarm()
	r.later(lockLife)
	r.connect()
}

// scenario is a run that may die, and what must be true in the end.
type scenario struct {
	name   string
	before func(r *rig)
	run    func(r *rig) error
	bound  map[associations.Slot]int // number of the version at the end; 0 for nothing
	most   int                       // versions of the function at the end
}

const one, two = "event.Records[0].cf.request", "({...event.Records[0].cf.request})"

func scenarios() []scenario {
	apply := func(source string, slots ...associations.Slot) func(r *rig) error {
		return func(r *rig) error { _, err := r.apply(r.t.Context(), r.want(source, slots...)); return err }
	}
	return []scenario{
		{
			name: "first apply", before: func(*rig) {}, run: apply(one, viewer, images, second),
			bound: map[associations.Slot]int{viewer: 1, images: 1, second: 1}, most: 1,
		},
		{
			name:   "second apply, one slot left out",
			before: func(r *rig) { r.mustApply(r.want(one, viewer, images, second)) }, run: apply(two, viewer, second),
			bound: map[associations.Slot]int{viewer: 2, images: 0, second: 2}, most: 2,
		},
		{
			name: "rollback",
			before: func(r *rig) {
				r.mustApply(r.want(one, viewer, images))
				r.mustApply(r.want(two, viewer, second))
			},
			run: func(r *rig) error {
				_, err := r.rollback(r.t.Context(), -1)
				return err
			},
			bound: map[associations.Slot]int{viewer: 1, images: 1, second: 0}, most: 2,
		},
	}
}

// Killing a run at any call and running it again reaches the same end,
// publishes nothing twice, and never leaves a wanted slot emptier than it was.
func TestARunThatDiesAtAnyCallIsRepairedByRunningItAgain(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, last call had its effect: %v", s.name, effect), func(t *testing.T) {
				t.Parallel()
				for n := 1; ; n++ {
					if survived := dieOnce(t, s, n, effect); survived {
						if n < 10 {
							t.Errorf("the run took only %d calls", n)
						}
						return
					}
				}
			})
		}
	}
}

// dieOnce runs the scenario, lets it die at call n, and runs it again. It says
// whether the run ended before it could die.
func dieOnce(t *testing.T, s scenario, n int, effect bool) (survived bool) {
	r := newRig(t, viewer.Distribution, second.Distribution)
	s.before(r)
	start := map[associations.Slot]associations.Binding{}
	for slot := range s.bound {
		start[slot] = r.held(slot)
	}
	r.connect()
	r.dieAt(n, effect)
	err := s.run(r)
	if err == nil {
		r.revive()
		s.check(r, n)
		return true
	}
	r.revive()
	for slot, number := range s.bound {
		if number != 0 && !start[slot].Empty() && r.held(slot).Empty() {
			t.Errorf("died at call %d: %s was emptied on the way", n, slot)
		}
	}
	if s.name == "rollback" {
		s.again(r, n)
	} else if err := s.run(r); err != nil {
		t.Fatalf("died at call %d; the second run: %v", n, err)
	}
	s.check(r, n)
	return false
}

// again repeats a rollback as a person would. When the first one came through
// to the end and only its answer was lost, there is nothing more to roll back.
func (s scenario) again(r *rig, n int) {
	state, err := r.ledger.Read(r.t.Context(), stack)
	if err != nil {
		r.t.Fatal(err)
	}
	if state.Live.Kind == release.KindRollback {
		return
	}
	if err := s.run(r); err != nil {
		r.t.Fatalf("died at call %d; the second rollback: %v", n, err)
	}
}

func (s scenario) check(r *rig, n int) {
	r.t.Helper()
	for slot, number := range s.bound {
		want := associations.Binding{}
		if number != 0 {
			want.Version = versions.Ref{Function: "shop-auth", Number: number}
		}
		if held := r.held(slot); held != want {
			r.t.Errorf("died at call %d: in the end %s holds %s, want %s", n, slot, held, want)
		}
	}
	list, err := r.cloud.Lambda.Versions(r.t.Context(), "shop-auth")
	if err != nil {
		r.t.Fatal(err)
	}
	if len(list) != s.most {
		r.t.Errorf("died at call %d: there are %d versions, want %d", n, len(list), s.most)
	}
	for _, v := range list {
		alias, err := r.cloud.Lambda.Alias(r.t.Context(), v.Ref.Function, v.Spec.Alias())
		if err != nil || alias.Version != strconv.Itoa(v.Ref.Number) {
			r.t.Errorf("died at call %d: the alias of version %d names %q, %v", n, v.Ref.Number, alias.Version, err)
		}
	}
	state, err := r.ledger.Read(r.t.Context(), stack)
	if err != nil {
		r.t.Fatal(err)
	}
	if state.Pending.Number != 0 {
		r.t.Errorf("died at call %d: release %d is still in flight", n, state.Pending.Number)
	}
	for _, b := range state.Live.Bindings {
		if number, ok := s.bound[b.Slot]; !ok || number != b.Binding.Version.Number {
			r.t.Errorf("died at call %d: the live release says %s holds %s", n, b.Slot, b.Binding)
		}
	}
}

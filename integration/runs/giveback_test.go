package runs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// other is another stack with a function of its own.
func (r *rig) other(source string, s associations.Slot) plan.Desired {
	other := r.want(source)
	other.Stack, other.Functions[0].Spec.Function = "other", "other-fn"
	bind(&other, s, "other-fn")
	return other
}

// foreign puts another stack's function into a slot, and gives what sits there then.
func (r *rig) foreign(s associations.Slot) associations.Binding {
	r.t.Helper()
	r.mustApply(r.other("null", s))
	return r.held(s)
}

func (r *rig) adopt(want plan.Desired) error {
	state, err := r.ledger.Read(r.t.Context(), want.Stack)
	if err != nil {
		return err
	}
	planned, err := deploy.Prepare(r.t.Context(), deploy.NewReader(r.cloud), state, want, plan.Rules{Adopt: true})
	if err != nil {
		return err
	}
	_, err = r.run(r.t.Context(), planned)
	return err
}

func TestARollbackToBeforeAnAdoptionGivesTheSlotBack(t *testing.T) {
	t.Parallel()
	for name, to := range map[string][]int{"to the release before it": {1}, "without saying where": nil, "to before the first one": {0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, viewer.Distribution)
			theirs := r.foreign(images)
			r.mustApply(r.want(one, viewer))
			if err := r.adopt(r.want(one, viewer, images)); err != nil {
				t.Fatal(err)
			}
			if _, err := r.rollback(t.Context(), to...); err != nil {
				t.Fatal(err)
			}
			if held := r.held(images); held != theirs {
				t.Errorf("%s holds %s, want %s", images, held, theirs)
			}
			// And it is theirs again: nothing of ours touches it from now on.
			if _, err := r.apply(t.Context(), r.want("({...event.Records[0].cf.request, next: 1})", viewer)); len(to) > 0 && to[0] == 1 && err != nil {
				t.Fatal(err)
			}
			if held := r.held(images); held != theirs {
				t.Errorf("after the next apply %s holds %s, want %s", images, held, theirs)
			}
		})
	}
}

func TestAHalfwayAdoptionIsGivenBackByAnyRollback(t *testing.T) {
	t.Parallel()
	for name, to := range map[string][]int{"to what is live": nil, "to before the first release": {0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, viewer.Distribution, second.Distribution)
			theirs := r.foreign(images)
			r.mustApply(r.want(one, viewer))
			want := r.want(two, viewer, images, second)
			planned := func() plan.Plan {
				state, err := r.ledger.Read(t.Context(), stack)
				if err != nil {
					t.Fatal(err)
				}
				planned, err := deploy.Prepare(t.Context(), deploy.NewReader(r.cloud), state, want, plan.Rules{Adopt: true})
				if err != nil {
					t.Fatal(err)
				}
				return planned
			}()
			r.interrupt(planned)
			if held := r.held(images); held != at(2) {
				t.Fatalf("%s holds %s", images, held)
			}
			if _, err := r.rollback(t.Context(), to...); err != nil {
				t.Fatal(err)
			}
			if held := r.held(images); held != theirs {
				t.Errorf("%s holds %s, want %s", images, held, theirs)
			}
		})
	}
}

// The version that was taken out was deleted meanwhile: a rollback says so and
// leaves everything as it is, rather than a slot empty (docs/releases.md, row 32).
func TestWhatNoLongerExistsIsNamedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	r.foreign(images)
	r.mustApply(r.want(one, viewer))
	if err := r.adopt(r.want(two, viewer, images)); err != nil {
		t.Fatal(err)
	}
	r.later(24 * time.Hour)
	r.delete("other-fn", 1)
	_, err := r.rollback(t.Context())
	if !isType[*plan.HolderGoneError](err) || !strings.Contains(err.Error(), "other-fn") {
		t.Errorf("rollback says %v", err)
	}
	for _, s := range []associations.Slot{viewer, images} {
		if held := r.held(s); held != at(2) {
			t.Errorf("%s holds %s, want version 2", s, held)
		}
	}
}

// What somebody else took from us since is theirs: it is neither overwritten
// nor an obstacle.
func TestASlotThatIsNotOursAnyMoreIsNotGivenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	r.foreign(images)
	r.mustApply(r.want(one, viewer))
	if err := r.adopt(r.want(two, viewer, images)); err != nil {
		t.Fatal(err)
	}
	third := associations.Binding{Version: versions.Ref{Function: "other-fn", Number: 2}}
	if err := r.adopt(r.other("undefined", images)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.rollback(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if held := r.held(images); held != third {
		t.Errorf("%s holds %s, want %s", images, held, third)
	}
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Lifting a hold records a release; what an interrupted one wrote must not be
// forgotten over that.
func TestResumeForgetsNothingThatIsInFlight(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution, second.Distribution)
	r.mustApply(r.want(one, viewer))
	r.mustApply(r.want(two, viewer))
	if _, err := r.rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.interruptAfterFirstWrite(r.want("null", viewer, images, second))
	state, err := r.ledger.Read(t.Context(), stack)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deploy.PrepareResume(t.Context(), deploy.NewReader(r.cloud), state, release.Lift{}); !isType[*plan.InFlightError](err) {
		t.Fatalf("resume on top of what is in flight: %v", err)
	}
	if _, err := r.rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if held := r.held(images); !held.Empty() {
		t.Errorf("%s still holds %s", images, held)
	}
	if held := r.held(viewer); held != at(1) {
		t.Errorf("%s holds %s, want version 1", viewer, held)
	}
}

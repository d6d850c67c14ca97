package runs

import (
	"context"
	"errors"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Two runs in a row are interrupted: the first after it took a slot for a
// function of its own, the second after it was recorded and before it gave
// that slot up, because the function has left the spec. Neither record says
// whose the slot's version is; its own mark does.
func TestASlotIsNotForgottenByTwoInterruptedRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution, second.Distribution)
	r.mustApply(r.want(one, viewer))
	more := r.want(one, viewer)
	extra := r.want("null", images).Functions[0]
	extra.Key, extra.Spec.Function = "extra", "shop-extra"
	more.Functions = append(more.Functions, extra)
	more.Bindings[images] = associations.Binding{Version: versions.Ref{Function: "shop-extra"}}
	more.Bindings[second] = associations.Binding{Version: versions.Ref{Function: "shop-extra"}}
	more.Distributions = r.want(one, viewer, images, second).Distributions
	r.interruptAfterFirstWrite(more)
	if r.held(images).Version.Function != "shop-extra" {
		t.Fatalf("%s holds %s", images, r.held(images))
	}

	plan, err := r.plan(t.Context(), r.want(two, viewer))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	runner := r.runner()
	runner.Notify = func(e deploy.Event) {
		if _, recorded := e.(deploy.Recorded); recorded {
			cancel()
		}
	}
	if _, err := runner.Run(ctx, plan, deploy.Run{ID: "second", Actor: "me", Tool: "test"}); err == nil {
		t.Fatal("the second run was not interrupted")
	}
	r.mustApply(r.want(two, viewer))
	if held := r.held(images); !held.Empty() {
		t.Errorf("%s still holds %s", images, held)
	}
}

// unreadable lets a version be read without its tags, as without lambda:ListTags.
type unreadable struct{ versions.Lambda }

func (u unreadable) Version(ctx context.Context, r versions.Ref) (versions.Published, error) {
	v, err := u.Lambda.Version(ctx, r)
	v.Tags, v.TagsError = nil, "AccessDeniedException: not authorized to perform lambda:ListTags"
	return v, err
}

func TestARollbackThatMayNotReadTagsSaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	r.mustApply(r.want(one, viewer))
	r.mustApply(r.want(two, viewer))
	r.cloud.Lambda = unreadable{r.cloud.Lambda}
	_, err := r.rollback(t.Context(), -1)
	if unknown, ok := errors.AsType[*versions.UnknownOwnerError](err); !ok || unknown.Function != "shop-auth" {
		t.Errorf("rollback says %v", err)
	}
}

// The answer to the second write is lost, and so is every answer to its
// repetitions. Whoever asked for the way back gets all of it.
func TestAFailedRunAlsoTakesBackWhatItMayHaveWritten(t *testing.T) {
	t.Parallel()
	for _, kind := range []localaws.Kind{localaws.DropAfter, localaws.DropBefore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, viewer.Distribution, second.Distribution)
			r.mustApply(r.want(one, viewer, second))
			plan, err := r.plan(t.Context(), r.want(two, viewer, second))
			if err != nil {
				t.Fatal(err)
			}
			if err := r.server.Arm(localaws.Fault{Service: "cloudfront", Operation: "UpdateDistribution", Call: 2, Times: 8, Kind: kind}); err != nil {
				t.Fatal(err)
			}
			runner := r.runner()
			runner.Restore = true
			_, err = runner.Run(t.Context(), plan, deploy.Run{ID: "lost", Actor: "me", Tool: "test"})
			partial, ok := errors.AsType[*deploy.PartialError](err)
			if !ok || partial.Restoring != nil {
				t.Fatalf("the run ends with %v", err)
			}
			for _, s := range partial.Slots {
				if s.State != "restored" || r.held(s.Edit.Slot) != at(1) {
					t.Errorf("%s is %s and holds %s, want it restored to version 1", s.Edit.Slot, s.State, r.held(s.Edit.Slot))
				}
			}
		})
	}
}

package runs

import (
	"context"
	"errors"
	"testing"

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
	bind(&more, images, "shop-extra")
	bind(&more, second, "shop-extra")
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
type unreadable struct{ deploy.Lambda }

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
	_, err := r.rollback(t.Context())
	if unknown, ok := errors.AsType[*versions.UnknownOwnerError](err); !ok || unknown.Function != "shop-auth" {
		t.Errorf("rollback says %v", err)
	}
}

// The answer to the second write is lost, and so is every answer to its
// repetitions. What was written all the same is found by reading back; what was
// not is a failure, which is rolled back.
func TestAWriteWhoseAnswerIsLostIsReadBack(t *testing.T) {
	t.Parallel()
	for kind, written := range map[localaws.Kind]bool{localaws.DropAfter: true, localaws.DropBefore: false} {
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
			result, err := runner.Run(t.Context(), plan, deploy.Run{ID: "lost", Actor: "me", Tool: "test"})
			failed, back := errors.AsType[*deploy.RolledBackError](err)
			number := 1
			if written {
				number = 2
			}
			if written && (err != nil || !result.Live) || !written && (!back || failed.Rollback != nil) {
				t.Fatalf("the run ends with %v", err)
			}
			for _, s := range result.Slots {
				if r.held(s.Edit.Slot) != at(number) || written != (s.State == deploy.SlotWritten) {
					t.Errorf("%s is %s and holds %s, want version %d", s.Edit.Slot, s.State, r.held(s.Edit.Slot), number)
				}
			}
		})
	}
}

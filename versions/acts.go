package versions

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// act is one change of $LATEST.
type act struct {
	do func(context.Context) error
	// needed says of a head whether the act still has to be done; that is how
	// an answer that was lost is told from a call that never arrived.
	needed func(Head) bool
	// early says that a head was read before an accepted act could be seen.
	early func(Head) bool
	done  func() // remembers that the act took place
}

// sameRevision reports whether a head is from before an act that was made against
// this one: every update gives $LATEST a new RevisionId.
func sameRevision(before Head) func(Head) bool {
	return func(h Head) bool { return h.RevisionID == before.RevisionID }
}

func (p *publisher) create() act {
	in := CreateInput{Function: p.job.Spec.Function, Config: p.job.Spec.Config, Tags: p.job.tags(), Zip: p.job.Zip}
	return act{
		do:     func(ctx context.Context) error { return p.lambda.Create(ctx, in) },
		needed: func(h Head) bool { return !h.Exists },
		done:   func() { p.made = true },
	}
}

func (p *publisher) adopt(head Head) act {
	return act{
		do:     func(ctx context.Context) error { return p.lambda.Tag(ctx, head.ARN, p.job.tags(), nil) },
		needed: p.foreign,
		// UNKNOWN whether tagging changes RevisionId; the tag itself tells.
		early: p.foreign,
		done:  func() {},
	}
}

func (p *publisher) configure(head Head) act {
	spec := p.job.Spec
	return act{
		do: func(ctx context.Context) error {
			return p.lambda.UpdateConfig(ctx, spec.Function, head.RevisionID, spec.Config)
		},
		needed: p.wantsConfig,
		early:  sameRevision(head),
		done:   func() { p.redoConfig = false },
	}
}

func (p *publisher) upload(head Head) act {
	return act{
		do: func(ctx context.Context) error {
			return p.lambda.UpdateCode(ctx, p.job.Spec.Function, head.RevisionID, p.job.Zip)
		},
		needed: p.wantsCode,
		early:  sameRevision(head),
		done:   func() { p.redoCode = false },
	}
}

// force updates the configuration to what it is already, so that Lambda sees
// a change. Whether it took place shows by the revision alone.
func (p *publisher) force(head Head) act {
	a := p.configure(head)
	a.needed = func(h Head) bool { return sameRevision(head)(h) || p.wantsConfig(h) }
	a.done = func() { p.forced = true }
	return a
}

// perform does an act and gives the head after it ended. When Lambda refused
// it because something else came first, nothing was done and the head says
// what there is now.
func (p *publisher) perform(ctx context.Context, head Head, a act) (Head, error) {
	err := a.do(ctx)
	switch {
	case err == nil:
		return p.performed(ctx, a)
	case errors.Is(err, ErrRoleNotReady):
		return head, p.awaitRole(ctx, err)
	case errors.Is(err, ErrInProgress), errors.Is(err, ErrStaleRevision), errors.Is(err, ErrFunctionExists):
		if errors.Is(err, ErrFunctionExists) {
			p.made = true
		}
		if err := p.contested(err); err != nil {
			return head, err
		}
		return p.settle(ctx, nil)
	case ctx.Err() != nil:
		return head, err
	}
	// The answer may be lost and the effect there: only reading back tells.
	next, back := p.settle(ctx, nil)
	switch {
	case back != nil:
		return head, errors.Join(err, fmt.Errorf("reading back: %w", back))
	case a.needed(next), next.State.Update == "Failed":
		return next, err
	}
	a.done()
	return next, nil
}

// performed waits for the end of an act that Lambda accepted.
func (p *publisher) performed(ctx context.Context, a act) (Head, error) {
	a.done()
	head, err := p.settle(ctx, a.early)
	if err != nil {
		return head, err
	}
	if head.State.Update == "Failed" {
		// Lambda Developer Guide, "Lambda function states": the function stays
		// Active with the code and configuration it had before.
		return head, &StateError{Name: "function " + p.job.Spec.Function, State: "update Failed", Reason: head.State.Reason,
			Advice: "Lambda kept what was there before; remove the cause and run again"}
	}
	if a.needed(head) {
		return head, p.contested(fmt.Errorf("an accepted change is not there: %s", p.wanting(head)))
	}
	return head, nil
}

// contested counts a conflict, and is an error once there were too many.
func (p *publisher) contested(cause error) error {
	if p.conflicts++; p.conflicts > maxConflicts {
		return &ContestedError{Function: p.job.Spec.Function, Times: p.conflicts, Err: cause}
	}
	return nil
}

// awaitRole lets time pass after Lambda could not assume the role. A role
// takes some seconds after its creation; one that never will be assumable
// looks the same, so the patience has a bound over the whole of Publish.
func (p *publisher) awaitRole(ctx context.Context, refusal error) error {
	if p.roleWait == nil {
		timeout := orDefault(p.pace.RoleTimeout, defaultRoleTimeout)
		p.roleWait = newWait("role "+p.job.Spec.Config.Role, p.pace.between(roleFirst), timeout, p.tick)
	}
	return p.roleWait.next(ctx, "Lambda cannot assume the role (yet)", refusal)
}

// settle reads $LATEST until nothing is in transition any more. A head that is
// early is looked at again (nil: none is).
func (p *publisher) settle(ctx context.Context, early func(Head) bool) (Head, error) {
	name := p.job.Spec.Function
	w := newWait("function "+name, p.pace.between(firstPoll), p.settleTimeout(), p.tick)
	defer w.stop()
	for {
		head, err := p.read(ctx)
		if err != nil {
			return head, err
		}
		p.seen = p.seen || head.Exists
		reason := waitingFor(name, head.State)
		switch {
		case !head.Exists && (p.seen || !p.made):
			return head, nil // the next step says what that means
		case !head.Exists:
			reason = name + " is not to be seen yet"
		case early != nil && early(head):
			reason = name + " does not show the change yet"
		case head.State.Settled():
			return head, nil
		}
		if err := w.next(ctx, reason, nil); err != nil {
			return head, err
		}
	}
}

func (p *publisher) settleTimeout() time.Duration { return orDefault(p.pace.Timeout, functionTimeout) }

// publish makes the version. Lambda answers with the last version, and drops
// the new description, when it holds that nothing changed since (LIKELY any
// update counts as a change; a comparison of contents is not excluded). So
// what comes back is compared, and if only the mark is not ours an update that
// changes nothing is made, once, to get a version that carries it.
func (p *publisher) publish(ctx context.Context, head Head) (Head, *Version, error) {
	got, err := p.lambda.Publish(ctx, PublishInput{
		Function:    p.job.Spec.Function,
		RevisionID:  head.RevisionID,
		CodeSHA256:  p.job.CodeSHA256,
		Description: p.job.mark().Describe(),
	})
	if err != nil {
		return p.unpublished(ctx, head, err)
	}
	want := Version{Ref: got.Version.Ref, Spec: p.job.Spec, CodeSHA256: p.job.CodeSHA256, Stack: p.job.Stack}
	diff := differences(got.Version, want, p.job.Stack)
	switch {
	case len(diff) == 0:
		return p.published(ctx, head, got)
	case got.Version.Spec.Config != want.Spec.Config || got.Version.CodeSHA256 != want.CodeSHA256:
		return head, nil, &MismatchError{Ref: want.Ref, Differences: diff}
	case p.forced:
		return head, nil, &UnmarkedError{Ref: want.Ref, Want: p.job.mark()}
	}
	head, err = p.perform(ctx, head, p.force(head))
	return head, nil, err
}

// published waits until the new version is Active, which a settled function's
// version is at once, and then moves the alias to it: whether an alias may name
// a Pending version is UNKNOWN.
func (p *publisher) published(ctx context.Context, head Head, got Published) (Head, *Version, error) {
	if got.State.State != "Active" {
		return p.found(ctx, head, got.Version)
	}
	if err := p.point(ctx, got.Version); err != nil {
		return head, nil, err
	}
	return head, &got.Version, nil
}

// found is published for a version whose state is not known.
func (p *publisher) found(ctx context.Context, head Head, v Version) (Head, *Version, error) {
	v, err := p.awaitPublished(ctx, v)
	if err == nil {
		err = p.point(ctx, v)
	}
	if err != nil {
		return head, nil, err
	}
	return head, &v, nil
}

// unpublished decides what an error of Publish means. Whatever it was, the
// version may be there: a repeated request that met its own success is
// answered with a stale revision. The list is asked before anything is
// published again.
func (p *publisher) unpublished(ctx context.Context, head Head, cause error) (Head, *Version, error) {
	if ctx.Err() != nil {
		return head, nil, cause
	}
	list, err := p.lambda.Versions(ctx, p.job.Spec.Function)
	if err != nil {
		return head, nil, errors.Join(cause, fmt.Errorf("reading back: %w", err))
	}
	if v, ok := Reuse(p.job.Spec, p.job.Stack, list); ok {
		return p.found(ctx, head, v)
	}
	next, err := p.settle(ctx, nil)
	if err != nil {
		return head, nil, errors.Join(cause, fmt.Errorf("reading back: %w", err))
	}
	if next.RevisionID == head.RevisionID && !errors.Is(cause, ErrStaleRevision) && !errors.Is(cause, ErrInProgress) {
		return head, nil, cause // no other client's change explains it
	}
	return next, nil, p.contested(cause)
}

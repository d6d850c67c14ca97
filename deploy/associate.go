package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// SlotState is what became of one edit of a run.
type SlotState string

// The states of edits. After a failure they are read back, not assumed.
const (
	SlotWritten    SlotState = "written"
	SlotNotWritten SlotState = "not-written"
	SlotChanged    SlotState = "changed"     // it holds neither what was there nor what was to be
	SlotUnknown    SlotState = "unknown"     // the answer was lost, and the slot could not be read back
	SlotRolledBack SlotState = "rolled-back" // by --on-failure rollback
)

// SlotResult is what became of one edit.
type SlotResult struct {
	Edit  associations.Edit `json:"edit"`
	State SlotState         `json:"state"`
	// Holds is what the slot was seen to hold, of a changed one.
	Holds associations.Binding `json:"holds,omitzero"`
}

// associate writes the distributions one after the other. CloudFront allows a
// few writes a minute, so writing at once gains nothing, and a failure then
// leaves the later distributions as they were.
func (e *execution) associate(ctx context.Context) error {
	changes := e.changes()
	first := len(e.result.Slots)
	for _, ch := range changes {
		for _, edit := range ch.Edits {
			e.result.Slots = append(e.result.Slots, SlotResult{Edit: edit, State: SlotNotWritten})
		}
	}
	for i, ch := range changes {
		left := len(changes) - i - 1
		err := context.Cause(ctx)
		if err != nil {
			err = &InterruptedError{Stack: e.plan.Stack, Unwritten: left + 1}
		} else if err = e.write(ctx, ch, left); err == nil {
			continue
		}
		return e.failed(ctx, changes[:i+1], first, err)
	}
	return nil
}

// changes gives the plan's edits with the numbers of what was published.
func (e *execution) changes() []associations.Change {
	var changes []associations.Change
	for s := range e.plan.Steps() {
		a, ok := s.(plan.Associate)
		if !ok {
			continue
		}
		ch := a.Change
		ch.Edits = slices.Clone(ch.Edits)
		for i, edit := range ch.Edits {
			if v, ok := e.published[edit.To.Version.Function]; ok && edit.To.Version.Pending() {
				ch.Edits[i].To.Version = v.Ref
			}
		}
		changes = append(changes, ch)
	}
	return changes
}

// write writes one distribution, after which so many are left. When ctx is
// cancelled, it ends only while it waits to send what was refused or throttled. An
// answer that was lost is met by reading back: if everything is as it was to be, it
// was written.
func (e *execution) write(ctx context.Context, ch associations.Change, left int) error {
	step := plan.Associate{Change: ch}
	e.notify(StepStarted{Step: step})
	guard := func(ctx context.Context) error {
		if err := e.lease.Prove(ctx, 0); err != nil {
			return &unprovenError{err}
		}
		return nil
	}
	paused := func(p associations.Pause) { e.notify(StepQueued{Step: step, Pause: p, Left: left}) }
	_, err := e.Cloud.CloudFront.Write(ctx, e.plan.Account, ch, guard, paused)
	if err != nil && !isLost(err) && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		err = &InterruptedError{Stack: e.plan.Stack, Unwritten: left + 1}
		e.notify(StepFailed{Step: step, Err: errors.New("interrupted before it was written")})
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err != nil && isLost(err) && e.readBack(ctx, ch) {
		err = nil
	}
	if err != nil {
		e.notify(StepFailed{Step: step, Err: err})
		if strings.Contains(err.Error(), ch.Distribution) {
			return err
		}
		return fmt.Errorf("distribution %s: %w", ch.Distribution, err)
	}
	e.note(ch, func(associations.Edit) (SlotState, associations.Binding) { return SlotWritten, associations.Binding{} })
	e.notify(StepDone{Step: step, Detail: "accepted"})
	return nil
}

// unprovenError says that the lock was not proven, so that nothing was written. That
// the answer to the proof itself was lost, if it was, says nothing of a distribution.
type unprovenError struct{ err error }

func (e *unprovenError) Error() string { return e.err.Error() }

func (e *unprovenError) Unwrap() error { return e.err }

// Lost reports that the write was not made.
func (e *unprovenError) Lost() bool { return false }

// readBack reads what the slots of a change hold, and reports whether all of
// them hold what they should.
func (e *execution) readBack(ctx context.Context, ch associations.Change) bool {
	state, err := e.Cloud.CloudFront.Distribution(ctx, ch.Distribution)
	if err != nil {
		e.note(ch, func(associations.Edit) (SlotState, associations.Binding) { return SlotUnknown, associations.Binding{} })
		return false
	}
	all := true
	e.note(ch, func(edit associations.Edit) (SlotState, associations.Binding) {
		held := state.Held[edit.Slot]
		all = all && held == edit.To
		switch held {
		case edit.To:
			return SlotWritten, associations.Binding{}
		case edit.From:
			return SlotNotWritten, associations.Binding{}
		}
		return SlotChanged, held
	})
	return all
}

// note sets the states of a change's slots.
func (e *execution) note(ch associations.Change, state func(associations.Edit) (SlotState, associations.Binding)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, s := range e.result.Slots {
		if slices.Contains(ch.Edits, s.Edit) {
			e.result.Slots[i].State, e.result.Slots[i].Holds = state(s.Edit)
		}
	}
}

// failed ends the writing. If anything was written, or may have been, every
// distribution that was tried is read back, and the error tells what it holds.
func (e *execution) failed(ctx context.Context, tried []associations.Change, first int, cause error) error {
	rctx := context.WithoutCancel(ctx)
	_, interrupted := errors.AsType[*InterruptedError](cause)
	if perr := e.lease.Prove(rctx, 0); is[*LostLockError](perr) && !is[*LostLockError](cause) {
		cause = errors.Join(cause, perr) // what stands in the way may be the run that took over
	}
	if len(tried) == 1 && !isLost(cause) {
		return cause // nothing was written
	}
	if interrupted || isLost(cause) {
		tried = tried[:len(tried)-1] // the last was not written, or was read back already
	}
	group := errgroup.Group{}
	group.SetLimit(readLimit)
	for _, ch := range tried {
		group.Go(func() error { e.readBack(rctx, ch); return nil })
	}
	_ = group.Wait() // what cannot be read is noted as unknown
	flight := e.goal
	if !e.plan.Record && e.plan.Complete == 0 {
		flight = release.Release{} // what is live is put back: nothing is in flight
	}
	return &PartialError{Stack: e.plan.Stack, Release: flight, Slots: e.result.Slots[first:], Err: cause}
}

// restores reports whether a run that failed is to be rolled back. Without the
// lock nothing may be written any more; and who interrupts a run wants no further
// step: the same command goes on.
func (e *execution) restores(err error) bool {
	_, lost := errors.AsType[*LostLockError](err)
	_, interrupted := errors.AsType[*InterruptedError](err)
	return e.Restore && (e.plan.Record || e.plan.Complete != 0) && e.plan.Kind == release.KindApply && !lost && !interrupted
}

// rollBack undoes a run that failed, by a recorded rollback of its release. It
// always gives an error: the run failed.
func (e *execution) rollBack(ctx context.Context, cause error) error {
	ctx = context.WithoutCancel(ctx)
	failed := &RolledBackError{Stack: e.plan.Stack, Release: e.goal, Flight: e.goal, Err: cause}
	state, err := e.state(ctx)
	if err != nil {
		failed.Rollback = err
		return failed
	}
	request := release.Request{Automatic: true, Refused: refusesContent(cause)}
	back, err := PrepareRollback(ctx, NewReader(e.Cloud), e.Ledger, state, request, plan.Rules{WithPolicy: true})
	if err != nil {
		failed.Rollback = err
		return failed
	}
	second := execution{Runner: e.Runner, lease: e.lease, plan: back, by: e.by, goal: back.Goal}
	second.by.Message = fmt.Sprintf("release %d failed: %v", e.goal.Number, reason(cause))
	second.by.ID += release.BackRun
	failed.Rollback = second.again(ctx)
	failed.Slots = e.result.Slots
	if failed.Rollback != nil {
		if second.marked {
			e.result.Release, failed.Flight = second.result.Release, second.result.Release
		}
		return failed
	}
	e.result.RolledBack, failed.Left = second.result.Release, back.Unfinished
	failed.back, failed.written = back, second.result
	for i, s := range e.result.Slots {
		if s.State == SlotWritten || s.State == SlotUnknown {
			e.result.Slots[i].State = SlotRolledBack
		}
	}
	return failed
}

// state is where the ledger stands while the run's release is in flight, as the
// run itself left it: reads of aliases may be stale.
func (e *execution) state(ctx context.Context) (release.LedgerState, error) {
	state := release.LedgerState{Exists: true, Account: e.plan.Account, Pending: e.goal, Phase: release.PhaseRun}
	live := e.plan.Saw.Live
	if e.plan.Settle != 0 {
		live = e.plan.Settle
	}
	if live == 0 {
		return state, nil
	}
	var err error
	state.Live, err = e.Ledger.Get(ctx, e.plan.Stack, live)
	return state, err
}

// again runs a plan under a lock that is held already, and compared.
func (e *execution) again(ctx context.Context) error {
	for _, do := range []func(context.Context) error{e.settle, e.prepare, e.record, e.associate, e.commit} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// refusesContent reports whether CloudFront would not take the content itself:
// then it is held like any that was rolled back.
func refusesContent(err error) bool {
	var content interface{ RefusedContent() bool }
	return errors.As(err, &content) && content.RefusedContent()
}

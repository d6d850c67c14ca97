package deploy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// PartialError says that a run failed and that some slots hold what it wrote,
// or may hold it. Its release stays in flight.
type PartialError struct {
	Stack   string
	Release release.Release // the one in flight; Number 0 where what is live was put back
	Slots   []SlotResult    // as they were read back
	Err     error
}

func (e *PartialError) Error() string {
	var b strings.Builder
	if is[*LostLockError](e.Err) {
		fmt.Fprintf(&b, "release %d of stack %s was written in part, and then the run lost its lock: %v", e.Release.Number, e.Stack, e.Err)
	} else if e.Release.Number == 0 {
		fmt.Fprintf(&b, "stack %s: not every slot was put back: %v", e.Stack, e.Err)
	} else {
		fmt.Fprintf(&b, "stack %s is between two releases: %v", e.Stack, e.Err)
	}
	writeSlots(&b, e.Slots)
	return b.String()
}

// Unwrap gives the cause.
func (e *PartialError) Unwrap() error { return e.Err }

func writeSlots(b *strings.Builder, slots []SlotResult) {
	for _, s := range slots {
		fmt.Fprintf(b, "\n  %s: %s (%s → %s)", s.Edit.Slot, s.State, s.Edit.From, s.Edit.To)
		if s.State == SlotChanged {
			fmt.Fprintf(b, "; it holds %s", s.Holds)
		}
	}
}

// RolledBackError says that a run failed and was rolled back
// (--on-failure rollback), or that rolling it back failed as well.
type RolledBackError struct {
	Stack   string
	Release release.Release // the one that failed
	// Flight is the release in flight if it could not be rolled back: the one that
	// failed, or the rollback of it.
	Flight   release.Release
	Slots    []SlotResult
	Err      error // why it failed
	Rollback error // why it could not be rolled back; nil if it was
	// Left is what the rollback leaves undone.
	Left []plan.Unfinished
	// Waiting is why the rollback is not known to be everywhere; nil if it is.
	Waiting error

	back    plan.Plan // the rollback, for waiting
	written Result
}

func (e *RolledBackError) Error() string {
	var b strings.Builder
	if e.Rollback == nil {
		fmt.Fprintf(&b, "release %d of stack %s failed and was rolled back: %v", e.Release.Number, e.Stack, reason(e.Err))
		for _, l := range e.Left {
			fmt.Fprintf(&b, "\n  left undone: %s: %s", l.Slot, l.Reason)
		}
		if e.Waiting != nil {
			fmt.Fprintf(&b, "\n%v", e.Waiting)
		}
		return b.String()
	}
	fmt.Fprintf(&b, "release %d of stack %s failed: %v\nand it could not be rolled back: %v", e.Release.Number, e.Stack, e.Err, e.Rollback)
	return b.String()
}

// reason is why a run failed, without what its slots held until they went back.
func reason(err error) error {
	if partial, ok := errors.AsType[*PartialError](err); ok {
		return partial.Err
	}
	return err
}

// Unwrap gives both causes.
func (e *RolledBackError) Unwrap() []error {
	if e.Rollback == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Rollback}
}

// UncommittedError says that every distribution was written, and that the
// ledger does not say yet that the release is live: it stays in flight.
type UncommittedError struct {
	Stack   string
	Release release.Release
	Err     error
}

func (e *UncommittedError) Error() string {
	return fmt.Sprintf("release %d of stack %s was written to CloudFront, but was not made the live one: %v", e.Release.Number, e.Stack, e.Err)
}

// Unwrap gives the cause.
func (e *UncommittedError) Unwrap() error { return e.Err }

// UndeployedError says that CloudFront accepted everything and had not taken
// it over everywhere when the timeout ran out.
type UndeployedError struct {
	Stack         string
	Distributions []string
	After         time.Duration
}

func (e *UndeployedError) Error() string {
	return fmt.Sprintf("CloudFront accepted the change, but after %s it is not yet everywhere: %s", e.After, strings.Join(e.Distributions, ", "))
}

// DriftError says that CloudFront accepted everything, and that slots did not
// stay as they were written: something else wrote the distribution since.
type DriftError struct {
	Stack string
	Drift []Drift
}

func (e *DriftError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s was written, and something else has changed it since:", e.Stack)
	for _, d := range e.Drift {
		fmt.Fprintf(&b, "\n  %s", d)
	}
	return b.String()
}

// UnfinishedError says that a rollback did what it could, and what it left.
type UnfinishedError struct {
	Stack  string
	Target int // the release that it went to; 0 for before the first
	Left   []plan.Unfinished
}

func (e *UnfinishedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the rollback of stack %s leaves something undone:", e.Stack)
	for _, l := range e.Left {
		fmt.Fprintf(&b, "\n  %s: %s", l.Slot, l.Reason)
	}
	return b.String()
}

// InterruptedError says that the run was stopped by a signal between steps.
type InterruptedError struct {
	Stack    string
	Accepted bool // everything was written; only the waiting was stopped
	// Unwritten is how many distributions were still to be written; 0 where the run
	// was not at them yet.
	Unwritten int
	Deleting  bool // it was a pruning
}

func (e *InterruptedError) Error() string {
	if e.Accepted {
		return "interrupted while waiting; CloudFront accepted everything"
	}
	if e.Deleting {
		return fmt.Sprintf("interrupted; nothing further of stack %s was deleted", e.Stack)
	}
	switch e.Unwritten {
	case 0:
		return fmt.Sprintf("interrupted; no distribution of stack %s was written", e.Stack)
	case 1:
		return fmt.Sprintf("interrupted; one distribution of stack %s was not written", e.Stack)
	}
	return fmt.Sprintf("interrupted; %d distributions of stack %s were not written", e.Unwritten, e.Stack)
}

// failures is what kept steps that ran side by side from being done: all that
// failed, in their order, and once where several say the same. first is the one that
// came first: of an interrupt, and of a lock that is lost, nothing else is to be said.
func failures(errs []error, first error) error {
	var own []error
	said := map[string]bool{}
	for _, err := range errs {
		if err == nil || said[err.Error()] || is[*InterruptedError](err) {
			continue
		}
		if is[*LostLockError](err) {
			return err
		}
		said[err.Error()] = true
		own = append(own, err)
	}
	switch len(own) {
	case 0:
		return first
	case 1:
		return own[0]
	}
	return errors.Join(own...)
}

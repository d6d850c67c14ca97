package deploy

import (
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Event is one thing that happened during a run, for its observer.
type Event interface{ event() }

// StepStarted, StepWaiting, StepDone and StepFailed follow one step.
type StepStarted struct{ Step plan.Step }

// StepWaiting says what a step is waiting for, each time it has looked.
type StepWaiting struct {
	Step   plan.Step
	Reason string
	Since  time.Time // when the waiting began
}

// StepQueued says that the write of a distribution is held back because CloudFront
// throttles, about each second.
type StepQueued struct {
	Step  plan.Step
	Pause associations.Pause
	Left  int // distributions that are written after this one
}

// StepDone says that a step ended; Detail is its result in words ("version 18").
type StepDone struct {
	Step   plan.Step
	Detail string
}

// StepFailed says that a step ended with an error.
type StepFailed struct {
	Step plan.Step
	Err  error
}

// Recorded says that the release was written to the ledger, and is pending.
type Recorded struct{ Release release.Release }

// Committed says that the release is live.
type Committed struct{ Release release.Release }

// LockWaiting says that another run holds the lock, each time it was looked at.
type LockWaiting struct {
	Lock  release.LockInfo
	Since time.Time     // when the waiting began
	Bound time.Duration // how long it may take
}

// Unlocked says that the lock of a run that is dead was cleared.
type Unlocked struct{ Lock release.LockInfo }

// Warned says something that a person should know although the run goes on.
type Warned struct{ Text string }

// Removed says that a version, a function or an alias was deleted, or not.
type Removed struct{ Removal Removal }

func (Removed) event()     {}
func (StepStarted) event() {}
func (StepWaiting) event() {}
func (StepQueued) event()  {}
func (StepDone) event()    {}
func (StepFailed) event()  {}
func (Recorded) event()    {}
func (Committed) event()   {}
func (Warned) event()      {}
func (LockWaiting) event() {}
func (Unlocked) event()    {}

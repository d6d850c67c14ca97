package versions

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/pace"
)

// Tick is told, after each look while something is waited for, what it is
// being waited for. A nil Tick is allowed.
type Tick func(reason string)

// Pace says how often to look while waiting, and for how long. The zero value
// of each member means its default.
type Pace struct {
	// Polls are the times between two looks; from firstPoll to longestPoll.
	Polls pace.Backoff
	// Luck gives random numbers in [0, 1) to Polls; those of math/rand/v2.
	Luck func() float64
	// Timeout bounds each wait; functionTimeout for a function's own
	// transitions, versionTimeout for a published version.
	Timeout time.Duration
	// RoleTimeout bounds how long a role that Lambda cannot assume yet is
	// tried again; defaultRoleTimeout.
	RoleTimeout time.Duration
}

// The defaults are those of the waiters in AWS's own API model of Lambda, but for
// the first looks: an update takes a second or so, and the looks ask GetFunction,
// which has a quota of its own of 100 requests a second, while nearly everything
// else shares 15 (Lambda Developer Guide, "Lambda quotas").
const (
	firstPoll = 200 * time.Millisecond
	// longestPoll: waiter PublishedVersionActive.
	longestPoll = 5 * time.Second
	// functionTimeout: the same waiters, 300 attempts at 1 s.
	functionTimeout = 300 * time.Second
	// versionTimeout: waiter PublishedVersionActive, 312 attempts at 5 s.
	versionTimeout = 312 * 5 * time.Second
	// appearTimeout: waiter FunctionExists, 20 attempts at 1 s. It bounds how
	// long something that was just made may be missing from an answer.
	appearTimeout = 20 * time.Second
	// defaultRoleTimeout has no source at AWS: IAM says only that changes take
	// time to be seen everywhere (IAM User Guide, "Changes that I make are not
	// always immediately visible"), and it is seconds as a rule.
	defaultRoleTimeout = 60 * time.Second
	roleFirst          = time.Second // each look is a call that sends the code
)

// between gives the times between the looks of one wait. Unless Polls say
// otherwise, first is the one before the second look.
func (p Pace) between(first time.Duration) func(waited time.Duration) time.Duration {
	polls, luck := p.Polls, p.Luck
	if polls == (pace.Backoff{}) {
		polls = pace.Backoff{First: first, Max: longestPoll}
	}
	if luck == nil {
		luck = rand.Float64
	}
	return func(waited time.Duration) time.Duration { return polls.After(waited, luck()) }
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// wait is one bounded wait. It keeps time by timers alone, and never reads
// the clock.
type wait struct {
	name     string // what is waited for, for errors
	between  func(waited time.Duration) time.Duration
	waited   time.Duration
	timeout  time.Duration
	deadline *time.Timer
	tick     Tick
}

func newWait(name string, between func(time.Duration) time.Duration, timeout time.Duration, tick Tick) *wait {
	if tick == nil {
		tick = func(string) {}
	}
	return &wait{name: name, between: between, timeout: timeout, deadline: time.NewTimer(timeout), tick: tick}
}

func (w *wait) stop() { w.deadline.Stop() }

// next reports the reason and lets some time pass until the next look. refusal is what
// Lambda said, if it was a call that was refused.
func (w *wait) next(ctx context.Context, reason string, refusal error) error {
	w.tick(reason)
	length := w.between(w.waited)
	w.waited += length
	pause := time.NewTimer(length)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s: %w", w.name, context.Cause(ctx))
	case <-w.deadline.C:
		return &WaitError{Name: w.name, Reason: reason, Timeout: w.timeout, Err: refusal}
	case <-pause.C:
		return nil
	}
}

// AwaitActive waits until a recorded version is Active, and makes sure that it
// is what was recorded: the same configuration, the same content by the mark
// of this stack in its description, and the same CodeSHA256 (if want has one),
// of a function that is tagged for this stack. A version that is Inactive is
// woken, once. The returned Version is as observed.
//
// Errors: ErrNoVersion when it was deleted, *OwnerError, *UnknownOwnerError,
// *MismatchError, *StateError when it ended in a state other than Active,
// *WaitError. What l itself answers is given back as it is.
func AwaitActive(ctx context.Context, l Lambda, want Version, stack string, pace Pace, tick Tick) (Version, error) {
	timeout := orDefault(pace.Timeout, versionTimeout)
	w := newWait(want.Ref.String(), pace.between(firstPoll), timeout, tick)
	defer w.stop()
	k := waking{lambda: l, wait: newWait(want.Ref.String(), pace.between(firstPoll), min(timeout, appearTimeout), tick)}
	defer k.wait.stop()
	for {
		have, err := l.Version(ctx, want.Ref)
		if err != nil {
			return Version{}, err
		}
		if err := verify(have, want, stack); err != nil {
			return Version{}, err
		}
		switch have.State.State {
		case "Active":
			return have.Version, nil
		case "Pending", "": // Lambda's own waiter goes on waiting only here
			k.stirred = k.asked
			err = w.next(ctx, waitingFor(want.Ref.String(), have.State), nil)
		case "Inactive":
			err = k.inactive(ctx, have)
		default:
			err = stateError(have, "it can never serve; publish again after the cause is gone")
		}
		if err != nil {
			return Version{}, err
		}
	}
}

// awaitPublished is AwaitActive for a version that was published a moment
// ago: it may be missing from the first answers.
func (p *publisher) awaitPublished(ctx context.Context, v Version) (Version, error) {
	w := newWait(v.Ref.String(), p.pace.between(firstPoll), appearTimeout, p.tick)
	defer w.stop()
	for {
		got, err := AwaitActive(ctx, p.lambda, v, p.job.Stack, p.pace, p.tick)
		if !errors.Is(err, ErrNoVersion) {
			return got, err
		}
		if werr := w.next(ctx, v.Ref.String()+" is not to be seen yet", err); werr != nil {
			return Version{}, werr
		}
	}
}

// verify checks ownership and identity of a version that was recorded, or compared
// when it was published. A member of its configuration that this program does not
// know is none of its own then: see Config.Known.
func verify(have Published, want Version, stack string) error {
	if have.TagsError != "" {
		return &UnknownOwnerError{Function: want.Ref.Function, Reason: have.TagsError}
	}
	if owner := have.Tags[StackTag]; owner != stack {
		return &OwnerError{Function: want.Ref.Function, Owner: owner}
	}
	seen := have.Version
	seen.Spec = seen.Spec.Known()
	if diff := differences(seen, want, stack); len(diff) > 0 {
		return &MismatchError{Ref: want.Ref, Differences: diff}
	}
	return nil
}

// differences says in what a version is not the wanted one. The mark must be
// of this stack: only such a description can be trusted to name the content.
func differences(have, want Version, stack string) []Difference {
	var list []Difference
	add := func(what, w, h string) {
		if w != h {
			list = append(list, Difference{What: what, Want: w, Have: h})
		}
	}
	add("function", want.Spec.Function, have.Spec.Function)
	add("publishing stack", stack, have.Stack)
	add("content", string(want.Spec.Content), string(have.Spec.Content))
	if want.CodeSHA256 != "" {
		add("CodeSha256", want.CodeSHA256, have.CodeSHA256)
	}
	return append(list, configDifferences(have.Spec.Config, want.Spec.Config)...)
}

func configDifferences(have, want Config) []Difference {
	var list []Difference
	add := func(what string, w, h any) {
		if w != h {
			list = append(list, Difference{What: what, Want: fmt.Sprint(w), Have: fmt.Sprint(h)})
		}
	}
	add("runtime", want.Runtime, have.Runtime)
	add("handler", want.Handler, have.Handler)
	add("role", want.Role, have.Role)
	add("memory", want.MemoryMB, have.MemoryMB)
	add("timeout", want.TimeoutSeconds, have.TimeoutSeconds)
	add("log format", want.Logging.Format, have.Logging.Format)
	add("log level", want.Logging.Level, have.Logging.Level)
	add("log group", want.Logging.Group, have.Logging.Group)
	add("forbidden configuration", want.Extra, have.Extra)
	return list
}

// waitingFor puts a state into words.
func waitingFor(name string, s State) string {
	state := s.State
	if s.Update == "InProgress" {
		state = "being updated"
	}
	if state == "" {
		state = "in an unknown state"
	}
	if s.Reason != "" {
		return fmt.Sprintf("%s is %s (%s)", name, state, s.Reason)
	}
	return fmt.Sprintf("%s is %s", name, state)
}

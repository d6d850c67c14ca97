package awscloud

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// maxRounds bounds how often a write is tried while other clients change the
// distribution between its read and its write.
const maxRounds = 5

// firstPause is at most how long the second round waits; each later one waits
// up to twice as long as the one before it. CloudFront takes a few writes a
// minute, so clients that wrote at once are apart after some seconds.
const firstPause = time.Second

// pauseAfter gives the time to wait after a round that another client won: at
// least half of its bound, so that pauses grow, and the rest by chance, so that
// two of this program do not meet again.
func (c *CloudFront) pauseAfter(round int) time.Duration {
	bound := firstPause << (round - 1)
	pause := bound/2 + rand.N(bound/2)
	if c.maxPause > 0 {
		pause = min(pause, c.maxPause)
	}
	return pause
}

// pause waits before the next round, or until ctx ends.
func (c *CloudFront) pause(ctx context.Context, id string, round int) error {
	timer := time.NewTimer(c.pauseAfter(round))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to write %s again, which another client changed: %w", id, context.Cause(ctx))
	}
}

// RaceError says that other clients changed a distribution between each read
// and the write that followed it. Nothing was written.
type RaceError struct {
	Rounds int
	Err    *Error // what CloudFront answered to the last write
}

func (e *RaceError) Error() string {
	return fmt.Sprintf("nothing was written, as other clients changed the distribution before each of %d writes: %v", e.Rounds, e.Err)
}

// Unwrap gives what CloudFront answered.
func (e *RaceError) Unwrap() error { return e.Err }

// refusedHint is for a 412 that another client's write does not explain.
//
// AWS answers DeleteDistribution of a distribution on a flat-rate pricing plan
// with 412 PreconditionFailed and a sentence about the plan, for good
// (github.com/ekristen/aws-nuke/issues/1024). That UpdateDistribution does the
// same is LIKELY, its sentence UNKNOWN; so is that such a plan excludes
// Lambda@Edge.
const refusedHint = "no other client wrote in between, so trying again does not help; " +
	"a distribution on a flat-rate pricing plan may allow no Lambda@Edge functions: look at it in the CloudFront console"

// RefusedError says that CloudFront refuses to change a distribution with the
// 412 of a stale ETag, although the ETag that was sent is the current one.
// Nothing was written, and another client is not the reason.
type RefusedError struct {
	Err *Error // with CloudFront's own sentence
}

func (e *RefusedError) Error() string {
	return "the write is refused although nothing changed since the read: " + e.Err.Error()
}

// Unwrap gives what CloudFront answered.
func (e *RefusedError) Unwrap() error { return e.Err }

func refused(by *Error) error {
	e := *by
	e.Hint = refusedHint
	return &RefusedError{&e}
}

// staleETag gives the 412 that err is, nil if it is another error.
func staleETag(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && e.Code == "PreconditionFailed" {
		return e
	}
	return nil
}

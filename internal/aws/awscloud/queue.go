package awscloud

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/edgedeploy/edgedeploy/internal/pace"
)

// queue lets the writes to CloudFront of one account go out one at a time, as
// fast as CloudFront takes them, which is learned from those that it throttles. A
// write that is throttled comes here again, and not to the SDK's retries: what it
// waits for can take minutes, in which its document grows old and the lock may
// be lost.
type queue struct {
	retryer aws.RetryerV2 // of the attempts themselves
	// maxPause bounds the waits; 0 for no bound but their own.
	maxPause time.Duration

	turn chan struct{} // held by the write whose turn it is, which alone uses rate
	rate pace.Rate
}

// maxThrottled bounds how often one write is sent while each is throttled. With
// the pauses in between (pace.Rate) that is a quarter of an hour: others may
// use the rate up, but not for ever. AWS_MAX_ATTEMPTS and max_attempts of a
// profile override it.
const maxThrottled = 15

func newQueue(attempts int, maxBackoff time.Duration) *queue {
	return &queue{
		retryer: unthrottled{newPlainRetryer(attempts, maxBackoff)}, maxPause: maxBackoff,
		turn: make(chan struct{}, 1),
	}
}

// unthrottled leaves what is throttled to the queue.
type unthrottled struct{ aws.RetryerV2 }

func (u unthrottled) IsErrorRetryable(err error) bool {
	return !throttles(err) && u.RetryerV2.IsErrorRetryable(err)
}

// enter waits for a write's turn, which leave ends. It calls told about each
// second, with how long it is still to wait and how far apart writes are now. When
// ctx ends, so does the wait, with the cause.
func (q *queue) enter(ctx context.Context, told func(wait, every time.Duration)) error {
	select {
	case q.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	start := time.Now()
	for {
		wait := q.rate.Wait(time.Now())
		if q.maxPause > 0 {
			wait = min(wait, q.maxPause-time.Since(start))
		}
		if wait <= 0 {
			return nil
		}
		told(wait, q.rate.Every())
		timer := time.NewTimer(min(wait, time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			q.leave()
			return context.Cause(ctx)
		}
	}
}

// answered notes what CloudFront answered to the write whose turn it is. An
// answer that was lost may be to a request that counted.
func (q *queue) answered(err error) {
	if err != nil && throttles(err) {
		q.rate.Throttled(time.Now(), rand.Float64())
		return
	}
	q.rate.Taken(time.Now(), rand.Float64())
}

func (q *queue) leave() { <-q.turn }

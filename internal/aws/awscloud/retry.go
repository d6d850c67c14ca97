package awscloud

import (
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// maxAttempts bounds how often one call is sent, with up to twenty seconds in
// between: what lasts a minute is outlasted. AWS_MAX_ATTEMPTS and max_attempts of
// a profile override it.
const maxAttempts = 8

// retryCost is what one repetition takes from the 500 tokens of a client, so
// that a hundred of them are made at most while nothing succeeds.
const retryCost = 5

// newRetryer is the retry policy of all calls but the writes to CloudFront, of its
// own instance for each service, because services throttle separately: the SDK's
// adaptive mode, which slows all calls down once one was throttled. AWS_RETRY_MODE
// does not change it.
//
// The pauses are said here, too: those that the SDK has by itself since its release
// of 2026-11-10 begin at 50 ms, and eight attempts then end after three seconds,
// which an outage of CloudFront's control plane outlasts.
//
// The SDK knows CloudFront's 400 Throttling ("Rate exceeded"), Lambda's 429
// TooManyRequestsException and 5xx such as 503 ServiceUnavailable; the tests
// hold it to that. Two things are added: a refused connection is not retried,
// since a person with a wrong endpoint should hear so at
// once; and an answer that was cut off is.
//
// A call whose answer was lost is sent again, and may then meet its own
// success: callers read back before they decide that another client was faster,
// and a write keeps in mind which of its attempts may have been carried out
// (see attempts).
func newRetryer(attempts int, maxBackoff time.Duration) aws.Retryer {
	return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, standard(attempts, maxBackoff))
	})
}

// newPlainRetryer is newRetryer without the adaptive mode, for calls that must
// not wait for what throttled others.
func newPlainRetryer(attempts int, maxBackoff time.Duration) aws.RetryerV2 {
	return retry.NewStandard(standard(attempts, maxBackoff))
}

// standard is what both have in common.
func standard(attempts int, maxBackoff time.Duration) func(*retry.StandardOptions) {
	if attempts == 0 {
		attempts = maxAttempts
	}
	return func(s *retry.StandardOptions) {
		s.MaxAttempts = attempts
		s.RetryCost = retryCost
		s.Backoff = retry.NewExponentialJitterBackoff(retry.DefaultMaxBackoff)
		if maxBackoff > 0 {
			s.MaxBackoff = maxBackoff
			s.Backoff = boundedBackoff{s.Backoff, maxBackoff}
		}
		s.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(connectionRule)}, s.Retryables...)
	}
}

// throttles reports whether AWS said to come again more slowly.
func throttles(err error) bool {
	status, _ := answered(err)
	return status == http.StatusTooManyRequests || retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool()
}

func connectionRule(err error) aws.Ternary {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return aws.FalseTernary
	case errors.Is(err, io.ErrUnexpectedEOF):
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// boundedBackoff cuts delays: the SDK's own bound applies to the last ones only.
type boundedBackoff struct {
	from  retry.BackoffDelayer
	bound time.Duration
}

// BackoffDelay gives the time to wait before the next attempt.
func (b boundedBackoff) BackoffDelay(attempt int, err error) (time.Duration, error) {
	d, err := b.from.BackoffDelay(attempt, err)
	return min(d, b.bound), err
}

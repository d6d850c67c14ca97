package awscloud

import "errors"

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

package awscloud

import (
	"context"
	"regexp"
	"strconv"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Call is one HTTP request that was sent to AWS.
type Call struct {
	Service   string // Lambda, CloudFront, STS
	Operation string
	Attempt   int // from 1
	// Status is the HTTP status, 0 if no answer came.
	Status   int
	Start    time.Time
	Duration time.Duration // until the answer's headers were there
}

// attemptNumber finds the attempt in the header that the SDK's retry loop sets:
// "attempt=2; max=8".
var attemptNumber = regexp.MustCompile(`attempt=(\d+)`)

// observeCalls tells onCall of every request, innermost in the stack, so that
// each attempt of the retry loop is one.
func observeCalls(onCall func(Call)) func(*middleware.Stack) error {
	observe := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
		middleware.DeserializeOutput, middleware.Metadata, error,
	) {
		call := Call{
			Service: awsmiddleware.GetServiceID(ctx), Operation: awsmiddleware.GetOperationName(ctx),
			Attempt: 1, Start: time.Now(),
		}
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			if m := attemptNumber.FindStringSubmatch(r.Header.Get("Amz-Sdk-Request")); m != nil {
				call.Attempt, _ = strconv.Atoi(m[1]) // digits only
			}
		}
		out, metadata, err := next.HandleDeserialize(ctx, in)
		call.Duration = time.Since(call.Start)
		if r, ok := out.RawResponse.(*smithyhttp.Response); ok && r != nil {
			call.Status = r.StatusCode
		}
		onCall(call)
		return out, metadata, err
	}
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("edgedeployCalls", observe), middleware.After)
	}
}

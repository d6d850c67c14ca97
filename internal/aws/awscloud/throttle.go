package awscloud

import (
	"context"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// observeThrottles tells onThrottle of every attempt that was throttled. It
// stands where the answer is understood: only its code tells a throttle of
// CloudFront from other refusals.
func observeThrottles(onThrottle func(service, operation string)) func(*middleware.Stack) error {
	observe := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
		middleware.DeserializeOutput, middleware.Metadata, error,
	) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if err != nil && throttles(err) {
			onThrottle(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx))
		}
		return out, metadata, err
	}
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("edgedeployThrottles", observe), middleware.Before)
	}
}

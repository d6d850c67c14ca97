package awscloud

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// overdueError is a call whose context ended while it waited to be sent again.
// The SDK tells of that end only; what AWS answered to the last attempt is why
// the call took so long.
type overdueError struct{ answer, end error }

func (e *overdueError) Error() string { return e.answer.Error() + ": " + e.end.Error() }

func (e *overdueError) Unwrap() []error { return []error{e.answer, e.end} }

// lastAnswer is the key of the context under which a call keeps what AWS answered
// to its last attempt.
type lastAnswer struct{}

// keepAnswers keeps the answer to the last attempt of each call, for a call that
// is cut off between two of them.
func keepAnswers(stack *middleware.Stack) error {
	call := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error,
	) {
		last := new(error)
		out, metadata, err := next.HandleInitialize(middleware.WithStackValue(ctx, lastAnswer{}, last), in)
		_, answered := errors.AsType[smithy.APIError](err)
		ended := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
		if ended && !answered && *last != nil {
			err = &overdueError{answer: *last, end: err}
		}
		return out, metadata, err
	}
	attempt := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
		middleware.DeserializeOutput, middleware.Metadata, error,
	) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		last, _ := middleware.GetStackValue(ctx, lastAnswer{}).(*error)
		if _, answered := errors.AsType[smithy.APIError](err); answered && last != nil {
			*last = err
		}
		return out, metadata, err
	}
	return errors.Join(
		stack.Initialize.Add(middleware.InitializeMiddlewareFunc("edgedeployCall", call), middleware.Before),
		stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("edgedeployAnswer", attempt), middleware.Before),
	)
}

package versions

import (
	"context"
	"errors"
	"fmt"
)

// waking brings one Inactive version back.
//
// "When you try to invoke a function that is inactive, the invocation fails and
// Lambda sets the function to pending state until the function resources are
// recreated. If Lambda fails to recreate the resources, the function is set to
// the inactive state" (Lambda Developer Guide, "Lambda function states"). That
// a dry run does the same is UNKNOWN. So neither the answer to it nor the lack
// of one decides anything: the state that is read afterwards does.
type waking struct {
	lambda Lambda
	// wait bounds how long the version may still be Inactive after the request.
	wait    *wait
	asked   bool
	refusal error // the answer to the request
	stirred bool  // the version was Pending after the request
}

// inactive decides what follows when the version is seen Inactive: it is woken,
// or looked at again, or it is an error.
func (k *waking) inactive(ctx context.Context, have Published) error {
	ref := have.Version.Ref
	failed := stateError(have, fmt.Sprintf("Lambda set it aside because it was idle; invoke it once by hand "+
		"(aws lambda invoke --region us-east-1 --function-name %s /dev/null), which fails and brings it back, and run again when it is Active", ref))
	switch {
	case !k.asked:
		k.asked = true
		if k.refusal = k.lambda.Wake(ctx, ref); k.refusal != nil && ctx.Err() != nil {
			return k.refusal
		}
		return nil // the next look tells
	case k.refusal != nil:
		failed.Err = k.refusal
		return failed
	case k.stirred:
		return failed // its resources cannot be made again: another request would end alike
	}
	err := k.wait.next(ctx, waitingFor(ref.String(), have.State)+" and was asked to wake up", nil)
	if _, over := errors.AsType[*WaitError](err); over {
		return failed
	}
	return err
}

func stateError(have Published, advice string) *StateError {
	return &StateError{Name: have.Version.Ref.String(), State: have.State.State, Reason: have.State.Reason, Advice: advice}
}

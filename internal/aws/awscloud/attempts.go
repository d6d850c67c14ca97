package awscloud

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// attempts notes how the attempts of one write ended, those that the SDK's
// retry loop makes without telling included.
type attempts struct {
	// open is what ended the first attempt that AWS may have carried out without
	// saying so, nil if there was none.
	open error
	// openEnd reports whether the last attempt was such a one.
	openEnd bool
}

// watch notes the attempts of one call. It is the outermost of what the retry
// loop repeats once a request is signed, so that an answer that was cut off
// counts as lost.
func (a *attempts) watch(service, operation, resource string) func(*middleware.Stack) error {
	note := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
		middleware.DeserializeOutput, middleware.Metadata, error,
	) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		a.openEnd = mayBeCarriedOut(out.RawResponse, err)
		if a.openEnd && a.open == nil {
			a.open = wrap(err, service, operation, resource)
		}
		return out, metadata, err
	}
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("edgedeployAttempts", note), middleware.Before)
	}
}

// mayBeCarriedOut reports whether an attempt that failed leaves open if the
// request was carried out: it was sent, and no refusal came back. A 5xx is
// none, and neither is the redirection of a network's login page.
func mayBeCarriedOut(response any, err error) bool {
	if err == nil {
		return false
	}
	// Without an answer, the SDK gives one with status 0.
	if r, ok := response.(*smithyhttp.Response); ok && r != nil && r.Response != nil && r.StatusCode != 0 {
		return r.StatusCode < 400 || r.StatusCode > 499
	}
	return !neverSent(err)
}

// neverSent reports whether there was no connection to send a request on.
func neverSent(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect") // net and net/http call them so
}

// judge marks the error that ended a write if an attempt of it may have been
// carried out. Only success settles that: a 412 may be the answer to a second
// attempt that met the first one's success, and what is read afterwards may
// hold the write of another client on top of it.
func (a *attempts) judge(err error) error {
	switch {
	case err == nil || a.open == nil:
		return err
	case a.openEnd:
		return &lostError{err: err}
	}
	return &lostError{err: err, earlier: a.open}
}

// lostError is an error after which the write may have been carried out.
type lostError struct {
	err error
	// earlier is what ended the attempt that may have been carried out; nil if
	// err is about that one itself.
	earlier error
}

func (e *lostError) Error() string {
	if e.earlier == nil {
		return e.err.Error()
	}
	return fmt.Sprintf("%v; it is not known whether an earlier attempt was carried out, whose answer was lost: %v", e.err, e.earlier)
}

func (e *lostError) Unwrap() error { return e.err }

// Lost reports that the write may have been carried out.
func (e *lostError) Lost() bool { return true }

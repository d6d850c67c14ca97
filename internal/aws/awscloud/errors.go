package awscloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Error is what AWS, or the way to it, answered instead of a result.
//
// Behind it (errors.Is, errors.As) are the errors that the rest of the program
// acts on: versions.ErrInProgress, ErrRoleNotReady, ErrStaleRevision,
// ErrFunctionExists, ErrAliasExists, ErrNoVersion,
// ErrReplicated, ErrAliased, *associations.DistributionError, and context.Canceled or DeadlineExceeded.
type Error struct {
	Service   string // Lambda, CloudFront, STS
	Operation string // AWS's name for it
	Resource  string // a name, an id or an ARN; "" where there is none
	Code      string // AWS's code; "" when no answer of AWS came at all
	Message   string // AWS's sentence, or what went wrong on the way
	RequestID string
	Status    int // HTTP status; 0 when there was no answer
	// Hint is one sentence of advice, "" if there is none to give.
	Hint string

	kind  error // the sentinel or type behind it, nil for none
	cause error // the SDK's own error
}

// Error says what was asked, and AWS's code, sentence and request id, which is
// what AWS Support asks for.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Service + " " + e.Operation)
	if e.Resource != "" {
		b.WriteString(" " + e.Resource)
	}
	b.WriteString(": ")
	if e.Code != "" {
		b.WriteString(e.Code + ": ")
	}
	b.WriteString(e.Message)
	switch {
	case e.Status != 0 && e.RequestID != "":
		fmt.Fprintf(&b, " (HTTP %d, request id %s)", e.Status, e.RequestID)
	case e.Status != 0:
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	return b.String()
}

// RefusedContent reports whether CloudFront would not associate a function
// because of what it is: its runtime, size, configuration and the like. A
// permission that the caller lacks says nothing about the function, and neither
// does a state that passes (Pending, Inactive).
func (e *Error) RefusedContent() bool {
	return e.Code == "InvalidLambdaFunctionAssociation" &&
		!strings.Contains(e.Message, "ermission") && !strings.Contains(e.Message, "must be in an Active state")
}

// Refused reports whether the caller lacks a permission.
func (e *Error) Refused() bool { return denied[e.Code] }

// Passing reports whether the same call may succeed a moment later: AWS throttled
// it or was out, or no answer came at all.
func (e *Error) Passing() bool {
	if _, ok := errors.AsType[*credentialsError](e.cause); ok {
		return false
	}
	return e.Status == 0 || e.Status >= http.StatusInternalServerError || e.Throttled()
}

// Throttled reports whether AWS said to come again more slowly.
func (e *Error) Throttled() bool { return throttles(e.cause) }

// Unwrap gives what callers act on, and the cause.
func (e *Error) Unwrap() []error {
	if e.kind == nil {
		return []error{e.cause}
	}
	return []error{e.kind, e.cause}
}

// wrap makes an *Error of what the SDK returned; nil stays nil.
func wrap(err error, service, operation, resource string) error {
	if err == nil {
		return nil
	}
	e := &Error{Service: service, Operation: operation, Resource: resource, cause: err}
	e.Status, e.RequestID = answered(err)
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		e.Code, e.Message = api.ErrorCode(), api.ErrorMessage()
		if e.Message == "" {
			e.Message = "AWS gave no reason"
		}
	} else {
		e.Message = onTheWay(err)
	}
	if _, ok := errors.AsType[*overdueError](err); ok {
		e.Message += "; no time was left to ask again"
	}
	if _, ok := errors.AsType[*credentialsError](err); ok {
		e.Status = 0 // the metadata service's answer, not AWS's: AWS was never asked
	}
	e.Message = scrub(e.Message)
	e.kind = kindOf(e)
	e.Hint = hintFor(e)
	return e
}

// answered finds the HTTP status and AWS's request id.
func answered(err error) (status int, requestID string) {
	if r, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); ok {
		status = r.HTTPStatusCode()
	}
	if r, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		requestID = r.ServiceRequestID()
	}
	return status, requestID
}

// onTheWay says in few words why no answer came. The SDK's own text repeats
// the operation and the URL.
func onTheWay(err error) string {
	var credentials *credentialsError
	var send *smithyhttp.RequestSendError
	var link *url.Error
	var operation *smithy.OperationError
	switch {
	case errors.As(err, &credentials):
		return credentials.Error()
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &link):
		return atEnd(link.Err)
	case errors.As(err, &send):
		return atEnd(send.Err)
	case errors.As(err, &operation):
		return atEnd(operation.Err)
	}
	return atEnd(err)
}

// atEnd words the two errors that say only "EOF".
func atEnd(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed before the answer was complete"
	}
	return err.Error()
}

// query is what may carry a signature in a URL, and userInfo a password. A URL
// that is quoted in an error need not be a good one: its password may have an @.
var (
	query    = regexp.MustCompile(`(https?://[^\s"'?]*)\?[^\s"']*`)
	userInfo = regexp.MustCompile(`(\w://)[^\s"'/]*@`)
)

// scrub takes user info and queries out of URLs: neither a password nor a
// signature must be shown.
func scrub(text string) string {
	return query.ReplaceAllString(userInfo.ReplaceAllString(text, "$1"), "$1?…")
}

// kindOf finds the error that callers act on. Codes, statuses and sentences
// are those of the Lambda and CloudFront API models and of replies that users
// logged; where one code has several meanings, the sentence decides.
func kindOf(e *Error) error {
	switch {
	case e.Code == "NoSuchDistribution":
		return &associations.DistributionError{Distribution: e.Resource}
	case e.Code == "ResourceNotFoundException":
		return versions.ErrNoVersion
	case e.Code == "PreconditionFailedException":
		return versions.ErrStaleRevision
	case e.Code == "InvalidParameterValueException" && strings.Contains(e.Message, "cannot be assumed by Lambda"):
		return versions.ErrRoleNotReady
	case e.Code == "InvalidParameterValueException" && strings.Contains(e.Message, "because it is a replicated function"):
		return versions.ErrReplicated
	case strings.Contains(e.Message, "following aliases reference it"): // the sentence was seen, its code is LIKELY a 409's
		return versions.ErrAliased
	case e.Code == "ResourceConflictException":
		return conflictKind(e)
	}
	return nil
}

// conflictKind tells 409s apart. That the function or alias exists is taken
// from the operation rather than from the sentence: the wording of the
// function's is only LIKELY ("Function already exist: <name>").
func conflictKind(e *Error) error {
	switch {
	case strings.Contains(e.Message, "is in progress"), strings.Contains(e.Message, "following state: Pending"):
		return versions.ErrInProgress
	case e.Operation == "CreateFunction":
		return versions.ErrFunctionExists
	case e.Operation == "CreateAlias":
		return versions.ErrAliasExists
	}
	return nil
}

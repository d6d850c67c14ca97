package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// shape is how an exception's body is laid out; AWS's API model gives the
// member names of each exception.
type shape int

const (
	userMessage    shape = iota // {"Type":"User","message":"…"}
	capitalMessage              // {"Type":"User","Message":"…"}
	bareMessage                 // {"message":"…"}
)

// apiError is an answer of the service that is not a success.
type apiError struct {
	Status        int
	Code, Message string
	Bare          bool // this one has no Type, whatever its code says
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// WriteError answers with an exception in Lambda's wire format: the code in
// x-amzn-ErrorType, the body in the layout of that exception. The Reason and
// Retry-After of throttling belong to code TooManyRequestsException.
func WriteError(w http.ResponseWriter, status int, code, message string) {
	body := map[string]string{}
	switch shapeOf(code) {
	case capitalMessage:
		body["Type"], body["Message"] = "User", message
		if status >= http.StatusInternalServerError {
			body["Type"] = "Service" // LIKELY: no recorded 5xx answer shows its Type
		}
	case bareMessage:
		body["message"] = message
	default:
		body["Type"], body["message"] = "User", message
		if status >= http.StatusInternalServerError {
			body["Type"] = "Service"
		}
	}
	if code == "TooManyRequestsException" {
		body["Reason"] = "CallerRateLimitExceeded"
		w.Header().Set("Retry-After", "1")
	}
	if code == "AccessDeniedException" && message == "" {
		delete(body, "message") // recorded for a foreign account's ARN: no sentence at all
		delete(body, "Type")
	}
	w.Header().Set("x-amzn-ErrorType", code)
	writeJSON(w, status, body)
}

func shapeOf(code string) shape {
	switch code {
	case "ResourceNotFoundException", "ServiceException", "CodeVerificationFailedException",
		"InvalidCodeSignatureException", "CodeSigningConfigNotFoundException":
		return capitalMessage
	case "ValidationException", "RequestEntityTooLargeException", "SerializationException",
		"MissingAuthenticationTokenException", "IncompleteSignatureException", "AccessDeniedException":
		return bareMessage
	}
	return userMessage
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("lambda: an answer of type %T does not encode: %v", body, err)) // only our own types reach this
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that hung up is the only thing that can go wrong here, and it is not there to be told.
	_, _ = w.Write(raw)
}

// fail answers with err, which is an *apiError or a fault of the store.
func fail(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*apiError](err); ok && e.Bare {
		w.Header().Set("x-amzn-ErrorType", e.Code)
		writeJSON(w, e.Status, map[string]string{"message": e.Message})
		return
	} else if ok {
		WriteError(w, e.Status, e.Code, e.Message)
		return
	}
	// No client retries 507, so that its user reads this at once.
	WriteError(w, http.StatusInsufficientStorage, "LocalStoreException", err.Error())
}

func invalid(format string, args ...any) error {
	return &apiError{Status: http.StatusBadRequest, Code: "InvalidParameterValueException", Message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &apiError{Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) error {
	return &apiError{Status: http.StatusConflict, Code: "ResourceConflictException", Message: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) error {
	return &apiError{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException", Message: fmt.Sprintf(format, args...)}
}

func accessDenied(message string) error {
	return &apiError{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: message}
}

func stale() error {
	return &apiError{
		Status: http.StatusPreconditionFailed,
		Code:   "PreconditionFailedException",
		Message: "The Revision Id provided does not match the latest Revision Id. " +
			"Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
	}
}

// notOffered is the honest answer of a local AWS to what only AWS can do. AWS
// itself never sends it.
func notOffered(format string, args ...any) error {
	return &apiError{
		Status:  http.StatusNotImplemented,
		Code:    "NotOfferedException",
		Message: "the local AWS does not offer " + fmt.Sprintf(format, args...),
	}
}

// violations collects what AWS's front end finds wrong with the members of a
// request before the service sees it; it reports all of them in one sentence.
type violations []string

func (v *violations) add(value, member, constraint string) {
	*v = append(*v, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint))
}

func (v *violations) missing(member string) {
	*v = append(*v, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", member))
}

func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	return &apiError{Status: http.StatusBadRequest, Code: "ValidationException", Message: v.sentence()}
}

func (v violations) sentence() string {
	plural := ""
	if len(v) > 1 {
		plural = "s"
	}
	return fmt.Sprintf("%d validation error%s detected: %s", len(v), plural, strings.Join(v, "; "))
}

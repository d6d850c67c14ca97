package cf

import (
	"fmt"
	"net/http"
)

// apiError is a refusal in CloudFront's own words.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return fmt.Sprintf("%s: %s", e.code, e.message) }

// sender tells whose fault it is, as the Type element says it.
func (e *apiError) sender() string {
	if e.status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// Messages of real replies, quoted from logs.
const (
	msgNoSuchDistribution   = "The specified distribution does not exist."
	msgInvalidIfMatch       = "The If-Match version is missing or not valid for the resource."
	msgPreconditionFailed   = "The request failed because it didn't meet the preconditions in one or more request-header fields."
	msgIllegalUpdate        = "You cannot update Origin or CallerReference."
	msgThrottling           = "Rate exceeded"
	msgHollowItems          = "Unexpected list element termination"
	msgNotForDeployment     = "One or more fields updated are not supported for continuous deployment."
	msgInvalidationsRunning = "Processing your request will cause you to exceed the maximum number of in-progress invalidations."
	msgInvalidationPaths    = "Your request contains one or more invalid invalidation paths."
)

// Messages that are the API model's description of the error. That the wire
// carries the same sentence is LIKELY.
const (
	msgMissingBody           = "This operation requires a body. Ensure that the body is present and the Content-Type header is set."
	msgInconsistent          = "The value of Quantity and the size of Items don't match."
	msgNotDisabled           = "The specified CloudFront distribution is not disabled. You must disable the distribution before you can delete it."
	msgAlreadyExists         = "The caller reference you attempted to create the distribution with is associated with another distribution."
	msgCNAMEAlreadyExists    = "The CNAME specified is already defined for CloudFront."
	msgTooManyBehaviors      = "You cannot create more cache behaviors for the distribution."
	msgTooManyOrigins        = "You cannot create more origins for the distribution."
	msgTooManyDistributions  = "Processing your request would cause you to exceed the maximum number of distributions allowed."
	msgTooManyAssociations   = "Your request contains more Lambda@Edge function associations than are allowed per distribution."
	msgResourceInUse         = "Cannot delete this resource because it is in use."
	msgNoSuchPolicy          = "The continuous deployment policy doesn't exist."
	msgPolicyInUse           = "You cannot delete a continuous deployment policy that is associated with a primary distribution."
	msgTooManyPolicies       = "You have reached the maximum number of continuous deployment policies for this Amazon Web Services account."
	msgStagingInUse          = "A continuous deployment policy for this staging distribution already exists."
	msgNoSuchInvalidation    = "The specified invalidation does not exist."
	msgBatchTooLarge         = "Invalidation batch specified is too large."
	msgNoSuchResource        = "A resource that was specified is not valid."
	msgNoSuchOrigin          = "One or more of your origins or origin groups do not exist." // LIKELY, from moto
	msgDuplicatePathPatterns = "The parameter PathPattern contains duplicates."             // UNKNOWN
	msgStagingIsFixed        = "The parameter Staging cannot be changed."                   // UNKNOWN
	msgNotWellFormed         = "The XML document is not well formed"                        // UNKNOWN
	msgTooLarge              = "The request body is too large."                             // UNKNOWN
)

func refuse(status int, code, message string) error {
	return &apiError{status: status, code: code, message: message}
}

func invalidArgument(message string) error {
	return refuse(http.StatusBadRequest, "InvalidArgument", message)
}

// notOffered is the answer of a local AWS to what only AWS can do. AWS itself
// never sends it.
func notOffered(format string, args ...any) error {
	return refuse(http.StatusNotImplemented, "NotOffered", fmt.Sprintf("the local AWS does not offer "+format, args...))
}

func noSuchDistribution() error {
	return refuse(http.StatusNotFound, "NoSuchDistribution", msgNoSuchDistribution)
}

// unreadable is the answer to a body that is no XML document at all.
// The code and the text are UNKNOWN.
func unreadable(cause error) error {
	return refuse(http.StatusBadRequest, "MalformedXML", msgNotWellFormed+": "+cause.Error())
}

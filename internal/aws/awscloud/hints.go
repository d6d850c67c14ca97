package awscloud

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"syscall"
)

// advice is what to do about an answer. Every member that is set must match.
type advice struct {
	code     string
	sentence string // part of AWS's sentence
	service  string
	hint     string
}

// advices are asked in order; the first that matches gives the hint. Codes
// without a sentence stand behind those with one.
//
// The sentences are CloudFront's and Lambda's own, as users logged them.
var advices = []advice{
	{code: "InvalidLambdaFunctionAssociation", sentence: "must reference a specific function version",
		hint: "only numbered versions can be associated: let edgedeploy publish one, or name one in the slot that you give back"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "must be in region",
		hint: "Lambda@Edge functions must be created in us-east-1: move this one there"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "invalid runtime",
		hint: "choose a current Node.js or Python runtime: CloudFront runs no other, and no container images"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "timeout is larger",
		hint: "lower `timeout` of this function: viewer triggers may allow less than origin triggers"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "memory size is larger",
		hint: "lower `memory` of this function: viewer triggers may allow only 128 MB"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "code size is larger",
		hint: "make the bundle smaller (strip the Wasm, optimise for size): viewer triggers may allow only 1 MB"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "environment variables",
		hint: "the edge has no environment variables: bake values in with `config` and apply again, which resets the function"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "VPC configuration",
		hint: "take the function out of its VPC: apply again, which resets what somebody added"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "cannot have a layer",
		hint: "take the layers off: apply again, which resets what somebody added; monitoring tools add them unasked"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "does not support functions with an architecture",
		hint: "the edge runs x86_64 only: apply again, which publishes the function for it"},
	{sentence: "must be assumable with edgelambda.amazonaws.com",
		hint: "let the role's trust policy allow sts:AssumeRole to both lambda.amazonaws.com and edgelambda.amazonaws.com"},
	{code: "InvalidLambdaFunctionAssociation", sentence: "is Inactive",
		hint: "Lambda set the version aside because it was idle: invoke it once by hand, which fails and brings it back, and run the same command again when it is Active"},
	{sentence: "must be in an Active state",
		hint: "the version is still being made ready: run the same command again in a minute"},
	{sentence: "add permission: lambda:GetFunction",
		hint: "allow lambda:GetFunction on the function's versions (…:function:NAME:*) to the credentials in use"},
	{sentence: "add permission: lambda:EnableReplication",
		hint: "allow lambda:EnableReplication* (with the asterisk) on the function's versions (…:function:NAME:*) to the credentials in use"},
	{sentence: "IncludeBody option can only be used",
		hint: "drop `include-body`: only request triggers see a body"},
	{sentence: "must be unique in the cache behavior",
		hint: "take the other function off this trigger first: a CloudFront Function counts too"},
	{code: "InvalidLambdaFunctionAssociation",
		hint: "CloudFront refuses this function at the edge; its sentence above names the reason"},

	{code: "TooManyLambdaFunctionAssociations", hint: "a distribution may have 100 Lambda@Edge triggers: ask AWS to raise the quota, or bind fewer"},
	{code: "TooManyDistributionsWithLambdaAssociations", hint: "the account has too many distributions with Lambda@Edge: ask AWS to raise the quota"},
	{code: "TooManyDistributionsWithSingleFunctionARN", hint: "one function is used by too many distributions: publish it under a second name"},
	{code: "NoSuchDistribution", hint: "check the distribution's id, and that the credentials belong to its account"},
	{code: "PreconditionFailed", hint: "another client is writing the same distribution: run the command again when it is done"},
	{code: "InvalidIfMatchVersion", hint: "the endpoint lost the ETag on the way: check what stands between here and CloudFront"},
	{code: "IllegalUpdate", hint: "CloudFront refuses to change something that edgedeploy sent back unchanged: try to save the distribution in the console to see what"},
	{code: "InvalidArgument", sentence: "continuous deployment", hint: "a continuous deployment policy is attached: it limits what may change; see --with-policy"},
	{code: "MalformedXML", hint: "CloudFront does not accept its own document back: please report this with the request id"},

	{code: "CodeStorageExceededException", hint: "the region's 75 GB of code storage are full: delete old function versions, or ask AWS for more"},
	{sentence: "The role defined for the function cannot be assumed by Lambda",
		hint: "check that the role exists and trusts lambda.amazonaws.com; a new role takes some seconds to be known"},
	{sentence: "because it is a replicated function",
		hint: "CloudFront removes replicas within hours after the last association is gone: try again later"},
	{sentence: "is no longer supported for creating or updating", hint: "choose a newer `runtime`"},
	{sentence: "not reachable in this region", hint: "Lambda@Edge functions live in us-east-1: the function named is in another region"},
	{sentence: "size must be smaller than", hint: "make the bundle smaller: Lambda takes 50 MB zipped and 250 MB unzipped"},
	{sentence: "Number of tags exceeds", hint: "a function may have 50 tags: remove some"},
	{code: "ResourceConflictException", sentence: "following state: Failed", hint: "the function could not be created: delete it and apply again"},
	{code: "ResourceConflictException", sentence: "is in progress", hint: "another client is changing the function: run the command again in a minute"},

	{code: "ExpiredToken", hint: "the session's credentials expired: sign in again (for example `aws sso login`)"},
	{code: "ExpiredTokenException", hint: "the session's credentials expired: sign in again (for example `aws sso login`)"},
	{code: "InvalidClientTokenId", hint: "AWS does not know this access key: check AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN and the profile"},
	{code: "UnrecognizedClientException", hint: "AWS does not know this access key: check AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN and the profile"},
	{code: "IncompleteSignature", hint: "the credentials are damaged: look for spaces or line ends in them"},
	{code: "OptInRequired", hint: "the account is not signed up for this service, or is suspended"},
	{code: "RequestTimeTooSkewed", hint: clockHint},
	{code: "RequestExpired", hint: clockHint},
	{code: "InvalidSignatureException", sentence: "expired", hint: clockHint},
	{code: "InvalidSignatureException", sentence: "not yet current", hint: clockHint},
	{code: "SignatureDoesNotMatch", sentence: "expired", hint: clockHint},
	{code: "SignatureDoesNotMatch", sentence: "not yet current", hint: clockHint},
	{code: "SignatureDoesNotMatch", hint: "the secret key does not belong to the access key, or something on the way changed the request"},
	{code: "InvalidSignatureException", hint: "the secret key does not belong to the access key, or something on the way changed the request"},

	{code: "Throttling", service: "CloudFront", hint: "CloudFront takes only a few writes a minute in an account, and other clients use them up: run the command again later"},
	{code: "Throttling", hint: throttleHint},
	{code: "ThrottlingException", hint: throttleHint},
	{code: "TooManyRequestsException", hint: throttleHint},
	{code: "ServiceUnavailable", hint: "AWS has a problem of its own: run the command again in a minute"},
	{code: "ServiceException", hint: "AWS has a problem of its own: run the command again in a minute"},
}

const (
	clockHint    = "this machine's clock is wrong: AWS accepts a difference of some minutes only (15, with most services)"
	throttleHint = "too many calls in this account at the moment: wait a minute and run the command again"
)

// denied are the codes that mean that a permission is missing.
var denied = map[string]bool{"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedOperation": true, "AuthorizationError": true}

// deniedAction finds the action in AWS's sentence: "User: <arn> is not
// authorized to perform: lambda:GetFunction on resource: <arn> because …".
var deniedAction = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z0-9]+\*?)`)

// hintFor gives one sentence of advice, "" if there is none to give.
func hintFor(e *Error) string {
	if e.Code == "" {
		return wayHint(e.cause)
	}
	for _, a := range advices {
		if a.matches(e) {
			return a.hint
		}
	}
	if denied[e.Code] {
		return "allow " + action(e) + " to the credentials in use; `edgedeploy iam-policy` prints a policy that is enough"
	}
	return ""
}

func (a advice) matches(e *Error) bool {
	return (a.code == "" || a.code == e.Code) &&
		(a.service == "" || a.service == e.Service) &&
		strings.Contains(e.Message, a.sentence)
}

// action is the permission that is missing: as AWS says it, or else the one
// that is called like the operation, which Invoke's is not.
func action(e *Error) string {
	if m := deniedAction.FindStringSubmatch(e.Message); m != nil {
		return m[1]
	}
	if e.Operation == "Invoke" {
		return "lambda:InvokeFunction"
	}
	return strings.ToLower(e.Service) + ":" + e.Operation
}

// wayHint gives advice when no answer came.
func wayHint(err error) string {
	var credentials *credentialsError
	var dns *net.DNSError
	switch {
	case errors.As(err, &credentials):
		return credentials.hint()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check --endpoint-url and AWS_ENDPOINT_URL, or start the server"
	case errors.As(err, &dns):
		return "the name cannot be resolved: check the network, a proxy (HTTPS_PROXY), and --endpoint-url"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no way to AWS from here: check the network and a proxy (HTTPS_PROXY)"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "no answer came: check the network and a proxy (HTTPS_PROXY)"
	}
	return ""
}

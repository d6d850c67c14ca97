package awscloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestAnErrorHasAWSsOwnWords(t *testing.T) {
	t.Parallel()
	cloud, _ := openStub(t, lambdaError(400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"))
	err := cloud.Lambda.UpdateCode(t.Context(), "auth", "", nil)
	const want = "Lambda UpdateFunctionCode auth: InvalidParameterValueException: Unzipped size must be smaller than 262144000 bytes (HTTP 400, request id req-1)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	cloud, _ = openStub(t, cloudFrontError(403, "AccessDenied", "no"))
	_, _, err = cloud.CloudFront.DistributionPage(t.Context(), "")
	const wantCF = "CloudFront ListDistributions: AccessDenied: no (HTTP 403, request id req-1)"
	if err == nil || err.Error() != wantCF {
		t.Errorf("got  %v\nwant %s", err, wantCF)
	}
}

// TestLambdaSentencesHaveKinds goes by what AWS's API model and recorded
// answers say.
func TestLambdaSentencesHaveKinds(t *testing.T) {
	t.Parallel()
	update := func(ctx context.Context, c *Cloud) error { return c.Lambda.UpdateCode(ctx, "auth", "r", nil) }
	create := func(ctx context.Context, c *Cloud) error {
		return c.Lambda.Create(ctx, versions.CreateInput{Function: "auth", Config: plainConfig()})
	}
	alias := func(ctx context.Context, c *Cloud) error {
		_, _, err := c.Ledger.CreateAlias(ctx, "auth", versions.Alias{Name: "live", Version: "1"})
		return err
	}
	kinds := []error{versions.ErrInProgress, versions.ErrRoleNotReady, versions.ErrStaleRevision, versions.ErrFunctionExists, versions.ErrAliasExists, versions.ErrNoVersion}
	for name, tt := range map[string]struct {
		do            func(context.Context, *Cloud) error
		status        int
		code, message string
		want          error
	}{
		"an update in progress":       {update, 409, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:us-east-1:1:function:auth", versions.ErrInProgress},
		"a pending function":          {update, 409, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending", versions.ErrInProgress},
		"a failed function":           {update, 409, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Failed", nil},
		"a create while it is made":   {create, 409, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending", versions.ErrInProgress},
		"a function that exists":      {create, 409, "ResourceConflictException", "Function already exist: auth", versions.ErrFunctionExists},
		"an alias that exists":        {alias, 409, "ResourceConflictException", "Alias already exists: arn:aws:lambda:us-east-1:1:function:auth:live", versions.ErrAliasExists},
		"a stale revision":            {update, 412, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id.", versions.ErrStaleRevision},
		"a missing function":          {update, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:1:function:auth", versions.ErrNoVersion},
		"a role that is not ready":    {create, 400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", versions.ErrRoleNotReady},
		"another invalid parameter":   {create, 400, "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again.", nil},
		"another hash than the given": {update, 400, "InvalidParameterValueException", "CodeSHA256 (a) is different from current CodeSHA256 in $LATEST (b). Please try again with the CodeSHA256 in $LATEST.", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, _ := openStub(t, lambdaError(tt.status, tt.code, tt.message))
			err := tt.do(t.Context(), cloud)
			for _, kind := range kinds {
				if errors.Is(err, kind) != (kind == tt.want) {
					t.Errorf("%v\nis %q: %v", err, kind, errors.Is(err, kind))
				}
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Message != tt.message || e.Status != tt.status || e.Code != tt.code {
				t.Errorf("got %#v", e)
			}
		})
	}
}

func TestHintsSayWhatToDo(t *testing.T) {
	t.Parallel()
	const edge = "InvalidLambdaFunctionAssociation"
	for message, tt := range map[string]struct {
		code, service, want string
	}{
		"The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: a":                                                            {edge, "CloudFront", "numbered versions"},
		"The function must be in region 'us-east-1'. ARN: a":                                                                                                                         {edge, "CloudFront", "us-east-1"},
		"The function has an invalid runtime for functions that are triggered by a CloudFront event: nodejs4.3 Expecting: nodejs6.10 Function: a":                                    {edge, "CloudFront", "runtime"},
		"The function timeout is larger than the maximum allowed for functions that are triggered by a CloudFront event: 15 Max allowed: 5 Function: a":                              {edge, "CloudFront", "`timeout`"},
		"The function memory size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: 1024 Max allowed: 128 Function: a":                 {edge, "CloudFront", "`memory`"},
		"The function code size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: 1212049 Max allowed: 1048576 Function: a":            {edge, "CloudFront", "bundle smaller"},
		"The function cannot have environment variables. Function: a":                                                                                                                {edge, "CloudFront", "`config`"},
		"The function cannot have a VPC configuration. Function:a":                                                                                                                   {edge, "CloudFront", "VPC"},
		"The function cannot have a layer. Function: a":                                                                                                                              {edge, "CloudFront", "layers"},
		"Lambda@Edge does not support functions with an architecture of arm64":                                                                                                       {edge, "CloudFront", "x86_64"},
		"The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals. Update the IAM role and try again. Role: r":         {edge, "CloudFront", "trust policy"},
		"The function must be in an Active state. The current state for function a is Pending":                                                                                       {edge, "CloudFront", "in a minute"},
		"The function must be in an Active state. The current state for function a is Inactive":                                                                                      {edge, "CloudFront", "invoke it once by hand"},
		"Lambda@Edge cannot retrieve the specified Lambda function. Update the IAM policy to add permission: lambda:GetFunction for resource: a and try again.":                      {edge, "CloudFront", "allow lambda:GetFunction"},
		"Lambda@Edge cannot enable replication for the specified Lambda function. Update the IAM policy to add permission: lambda:EnableReplication* for resource: a and try again.": {edge, "CloudFront", "lambda:EnableReplication*"},
		"The IncludeBody option can only be used with viewer-request or origin-request events.":                                                                                      {edge, "CloudFront", "`include-body`"},
		"The event type of a function association must be unique in the cache behavior. Event type viewer-request cannot":                                                            {"InvalidFunctionAssociation", "CloudFront", "CloudFront Function"},
		"a sentence of next year": {edge, "CloudFront", "refuses this function"},
		"Rate exceeded":           {"Throttling", "CloudFront", "few writes a minute"},
		"Rate Exceeded.":          {"TooManyRequestsException", "Lambda", "too many calls"},
		"User: arn:aws:iam::1:user/ci is not authorized to perform: iam:PassRole on resource: r because no identity-based policy allows it": {"AccessDeniedException", "Lambda", "allow iam:PassRole "},
		"no reason":                                                               {"AccessDenied", "CloudFront", "allow cloudfront:UpdateDistribution "},
		"Code storage limit exceeded.":                                            {"CodeStorageExceededException", "Lambda", "75 GB"},
		"The security token included in the request":                              {"ExpiredTokenException", "Lambda", "expired"},
		"Signature expired: 20261101T000000Z":                                     {"InvalidSignatureException", "Lambda", "clock"},
		"Signature not yet current: 20261101T000000Z":                             {"SignatureDoesNotMatch", "CloudFront", "clock"},
		"The request signature we calculated does not":                            {"SignatureDoesNotMatch", "CloudFront", "secret key"},
		"The security token included in the request is in":                        {"UnrecognizedClientException", "Lambda", "access key"},
		"The specified distribution does not exist.":                              {"NoSuchDistribution", "CloudFront", "distribution's id"},
		"One or more fields updated are not supported for continuous deployment.": {"InvalidArgument", "CloudFront", "--with-policy"},
		"nothing that anybody ever saw":                                           {"Surprise", "Lambda", ""},
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			err := wrap(&smithy.GenericAPIError{Code: tt.code, Message: message}, tt.service, "UpdateDistribution", "E1")
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(e.Hint, tt.want) || tt.want == "" && e.Hint != "" {
				t.Errorf("hint %q, want %q in it", e.Hint, tt.want)
			}
		})
	}
}

func TestEveryAdviceIsReached(t *testing.T) {
	t.Parallel()
	for _, a := range advices {
		e := &Error{Service: a.service, Code: a.code, Message: a.sentence}
		if e.Code == "" {
			e.Code = "Any"
		}
		if got := hintFor(e); got != a.hint {
			t.Errorf("%s %q: another advice is asked first: %q", a.code, a.sentence, got)
		}
	}
}

func TestWhatHappensOnTheWayIsSaidShortly(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4566}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for name, tt := range map[string]struct {
		cause      error
		want, hint string
	}{
		"a refused connection":      {refused, "dial tcp 127.0.0.1:4566: connect: connection refused", "nothing listens there"},
		"a name without an address": {&net.DNSError{Err: "no such host", Name: "lambda.us-east-1.amazonaws.com", IsNotFound: true}, "no such host", "resolved"},
		"no route":                  {&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, "no route to host", "no way to AWS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, stub := openStub(t, broken(tt.cause))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stub.answers = answers(func(r *http.Request) (*http.Response, error) {
				if len(stub.requests) > 1 {
					t.Error("asked again")
					cancel()
				}
				return nil, tt.cause
			})
			if errors.Is(tt.cause, syscall.EHOSTUNREACH) {
				// Retried, since routes come back; not here.
				err := wrap(&url.Error{Op: "Get", URL: "https://x", Err: tt.cause}, "STS", "GetCallerIdentity", "")
				checkWay(t, err, tt.want, tt.hint)
				return
			}
			_, err := cloud.Identity.Account(ctx)
			checkWay(t, err, tt.want, tt.hint)
		})
	}
}

func checkWay(t *testing.T, err error, want, hint string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != "" || e.Status != 0 || !strings.Contains(e.Message, want) || !strings.Contains(e.Hint, hint) {
		t.Errorf("got %#v", e)
	}
	if text := err.Error(); strings.Contains(text, "operation error") || strings.Contains(text, "https response") || strings.Contains(text, "StatusCode") {
		t.Errorf("the SDK's words are left in %q", text)
	}
}

func TestQueriesOfURLsAreNotShown(t *testing.T) {
	t.Parallel()
	err := wrap(&smithy.GenericAPIError{Code: "X", Message: `get "https://user:pw@b.s3.amazonaws.com/k?X-Amz-Signature=abc&X-Amz-Credential=AKIA/1" now`}, "Lambda", "GetFunction", "f")
	if text := err.Error(); strings.Contains(text, "abc") || strings.Contains(text, "AKIA") || strings.Contains(text, "pw") || !strings.Contains(text, "b.s3.amazonaws.com/k") {
		t.Errorf("got %q", text)
	}
}

func TestPasswordsInURLsAreNotShown(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"Failed to parse uri: https://user:secret@host:9x/":  "Failed to parse uri: https://host:9x/",
		`parse "https://user:sec@ret@host/": bad`:            `parse "https://host/": bad`,
		`invalid proxy address "http://user:secret@host:9x"`: `invalid proxy address "http://host:9x"`,
		"socks5://user:secret@host: no answer":               "socks5://host: no answer",
		"https://secret@host/k?token=secret":                 "https://host/k?…",
		"https://host/a@b, mail a@example.com":               "https://host/a@b, mail a@example.com",
	} {
		if got := scrub(said); got != want {
			t.Errorf("%s: got %s, want %s", said, got, want)
		}
		if err := wrap(errors.New(said), "Lambda", "GetFunction", "f"); strings.Contains(err.Error(), "secret") {
			t.Errorf("got %q", err)
		}
	}
	if err := checkEndpoint("ftp://user:secret@host"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestWrapKeepsNilAndTheCause(t *testing.T) {
	t.Parallel()
	if err := wrap(nil, "Lambda", "GetFunction", "f"); err != nil {
		t.Errorf("nil became %v", err)
	}
	err := wrap(fmt.Errorf("x: %w", context.Canceled), "Lambda", "GetFunction", "f")
	if !errors.Is(err, context.Canceled) || err.Error() != "Lambda GetFunction f: interrupted" {
		t.Errorf("got %v", err)
	}
	err = wrap(&smithy.GenericAPIError{Code: "NoSuchDistribution", Message: "The specified distribution does not exist."}, "CloudFront", "GetDistribution", "E9")
	if d, ok := errors.AsType[*associations.DistributionError](err); !ok || d.Distribution != "E9" {
		t.Errorf("got %v", err)
	}
	if _, ok := errors.AsType[*smithy.GenericAPIError](err); !ok {
		t.Errorf("the cause is gone: %v", err)
	}
}

// The sentences are those of recorded answers.
func TestContentIsRefusedByWhatTheFunctionIs(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]bool{
		"The function cannot have environment variables. Function: arn": true,
		"The function code size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: 1212049 Max allowed: 1048576 Function: arn": true,
		"Lambda@Edge cannot retrieve the specified Lambda function. Update the IAM policy to add permission: lambda:GetFunction for resource: arn and try again.":           false,
		"Lambda@Edge cannot enable replication for the specified Lambda function. Update the IAM policy to add permission: lambda:EnableReplication* for resource: arn":     false,
		"The function must be in an Active state. The current state for function arn is Pending":                                                                            false,
		"The function must be in an Active state. The current state for function arn is Inactive":                                                                           false,
	} {
		e := &Error{Operation: "UpdateDistribution", Code: "InvalidLambdaFunctionAssociation", Message: sentence, Status: 400}
		if got := e.RefusedContent(); got != want {
			t.Errorf("%q refuses the content: %t", sentence, got)
		}
	}
	if (&Error{Code: "AccessDenied"}).RefusedContent() {
		t.Error("AccessDenied refuses no content")
	}
}

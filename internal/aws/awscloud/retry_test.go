package awscloud

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

const callerIdentity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`

func broken(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// cut begins an answer and does not end it.
func cut(r *http.Request) (*http.Response, error) {
	response, err := answer(200, map[string]string{"ETag": "E1"}, "")(r)
	if err == nil {
		response.Body = io.NopCloser(io.MultiReader(&lastByte{}, iotestErr{}))
	}
	return response, err
}

type lastByte struct{ done bool }

func (l *lastByte) Read(p []byte) (int, error) {
	if l.done {
		return 0, io.EOF
	}
	l.done = true
	p[0] = '<'
	return 1, nil
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// identity, head and distribution are one call to each service.
func identity(ctx context.Context, c *Cloud) error {
	_, err := c.Identity.Account(ctx)
	return err
}

func head(ctx context.Context, c *Cloud) error {
	_, err := c.Lambda.Head(ctx, "auth")
	return err
}

func distribution(ctx context.Context, c *Cloud) error {
	_, _, err := c.CloudFront.config(ctx, distID)
	return err
}

var (
	identityOK     = answer(200, nil, callerIdentity)
	headOK         = answer(200, map[string]string{"Content-Type": "application/json"}, `{"Configuration":{"FunctionName":"auth","FunctionArn":"arn:auth"}}`)
	distributionOK = answer(200, map[string]string{"ETag": "E1"}, "<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>")
	unavailable    = cloudFrontError(503, "ServiceUnavailable", "CloudFront encountered an internal error. Please try again.")
)

// TestWhatIsRetried runs in bubbles, where waiting costs no time.
func TestWhatIsRetried(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	reset := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for name, tt := range map[string]struct {
		do       func(context.Context, *Cloud) error
		answers  []func(*http.Request) (*http.Response, error)
		requests int
		fails    bool
	}{
		"CloudFront's internal errors":            {distribution, answers(unavailable, distributionOK), 2, false},
		"an internal error that stays, 8 times":   {distribution, answers(unavailable), 8, true},
		"an answer that was cut off":              {distribution, answers(cut, distributionOK), 2, false},
		"Lambda's internal errors":                {head, answers(lambdaError(500, "ServiceException", "oops"), headOK), 2, false},
		"a lost connection":                       {identity, answers(broken(reset), broken(io.ErrUnexpectedEOF), identityOK), 3, false},
		"not a refused connection":                {identity, answers(broken(refused), identityOK), 1, true},
		"not a name that does not exist":          {identity, answers(broken(&net.DNSError{Err: "no such host", IsNotFound: true}), identityOK), 1, true},
		"not a refusal":                           {distribution, answers(cloudFrontError(400, "InvalidArgument", "no"), distributionOK), 1, true},
		"not a conflict":                          {head, answers(lambdaError(409, "ResourceConflictException", "An update is in progress"), headOK), 1, true},
		"not an edit that somebody was faster at": {distribution, answers(cloudFrontError(412, "PreconditionFailed", "no"), distributionOK), 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud, stub := openStub(t, tt.answers...)
				err := tt.do(t.Context(), cloud)
				if (err != nil) != tt.fails {
					t.Errorf("got %v", err)
				}
				if got := len(stub.requests); got != tt.requests {
					t.Errorf("%d requests, want %d", got, tt.requests)
				}
			})
		})
	}
}

// TestThrottlingIsRetried waits for real, two seconds at most: the SDK's
// adaptive mode waits in a loop that a bubble's clock does not get through.
func TestThrottlingIsRetried(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do      func(context.Context, *Cloud) error
		answers []func(*http.Request) (*http.Response, error)
	}{
		"CloudFront's, which is a 400": {distribution, answers(cloudFrontError(400, "Throttling", "Rate exceeded"), distributionOK)},
		"Lambda's":                     {head, answers(lambdaError(429, "TooManyRequestsException", "Rate exceeded"), headOK)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, stub := openStub(t, tt.answers...)
			if err := tt.do(t.Context(), cloud); err != nil || len(stub.requests) != 2 {
				t.Errorf("%d requests, %v", len(stub.requests), err)
			}
		})
	}
}

// A call that is cut off while it waits to be sent again says what AWS answered,
// not that no answer came.
func TestACallWhoseTimeRunsOutSaysThatItWasThrottled(t *testing.T) {
	t.Parallel()
	cloud, _ := openStub(t, lambdaError(429, "TooManyRequestsException", "Rate exceeded"))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, _, err := cloud.Ledger.UpdateAlias(ctx, "f", versions.Alias{Name: "lock", Version: "$LATEST"})
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != "TooManyRequestsException" || e.Status != 429 || !errors.Is(err, context.DeadlineExceeded) || !e.Passing() {
		t.Fatalf("got %v", err)
	}
	if want := "Lambda UpdateAlias f:lock: TooManyRequestsException: Rate exceeded; no time was left to ask again (HTTP 429"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %s\nwant %s…", err, want)
	}
}

func TestWhatMayPassIsToldFromWhatStays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		want   bool
	}{
		"a throttle":          {lambdaError(429, "TooManyRequestsException", "Rate exceeded"), true},
		"CloudFront's":        {lambdaError(400, "Throttling", "Rate exceeded"), true},
		"one of another name": {lambdaError(400, "RequestLimitExceeded", "slower"), true},
		"an outage":           {unavailable, true},
		"no network":          {broken(&net.OpError{Op: "dial", Err: syscall.ENETUNREACH}), true},
		"a permission":        {lambdaError(403, "AccessDeniedException", "no"), false},
		"another revision":    {lambdaError(412, "PreconditionFailedException", "no"), false},
		"what is not there":   {lambdaError(404, "ResourceNotFoundException", "no"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, _ := openStub(t, tt.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, _, err := cloud.Ledger.Alias(ctx, "f", "lock")
			if e, ok := errors.AsType[*Error](err); !ok || e.Passing() != tt.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func answers(list ...func(*http.Request) (*http.Response, error)) []func(*http.Request) (*http.Response, error) {
	return list
}

func TestEightAttemptsOutlastHalfAMinuteAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud, _ := openStub(t, unavailable)
		start := time.Now()
		_, _, err := cloud.CloudFront.DistributionPage(t.Context(), "")
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "ServiceUnavailable" || e.Hint == "" {
			t.Errorf("got %v", err)
		}
		// Seven waits with jitter, of 2, 4, 8, 16 and then 20 seconds at most:
		// 45 on average.
		if took := time.Since(start); took < 5*time.Second || took > 2*time.Minute {
			t.Errorf("gave up after %v", took)
		}
	})
}

func TestMaxBackoffBoundsTheWait(t *testing.T) {
	t.Parallel()
	policy := newRetryer(0, time.Millisecond)
	for attempt := range 8 {
		if d, err := policy.RetryDelay(attempt, errors.New("x")); err != nil || d > time.Millisecond {
			t.Errorf("attempt %d waits %v, %v", attempt, d, err)
		}
	}
	if got := policy.MaxAttempts(); got != 8 {
		t.Errorf("%d attempts", got)
	}
	if got := newRetryer(3, 0).MaxAttempts(); got != 3 {
		t.Errorf("%d attempts, want the 3 that were configured", got)
	}
}

func TestInterruptionEndsTheWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud, _ := openStub(t, unavailable)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := cloud.CloudFront.Distribution(ctx, distID)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestArmedFaultsOfTheLocalAWSAreRetried(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		w.arm(localaws.Fault{Service: "lambda", Operation: "GetFunction", Kind: localaws.Error, Status: 503, Code: "ServiceUnavailable", Message: "x"})
		w.arm(localaws.Fault{Service: "cloudfront", Operation: "GetDistribution", Kind: localaws.Throttle})
		w.arm(localaws.Fault{Service: "sts", Kind: localaws.DropBefore})
		if _, err := w.Lambda.Version(t.Context(), versions.Ref{Function: "auth", Number: 1}); !errors.Is(err, versions.ErrNoVersion) {
			t.Error(err)
		}
		w.wantCalls("GetFunction 503", "GetFunction 404 attempt 2")
		if _, err := w.CloudFront.Distribution(t.Context(), distID); err != nil {
			t.Error(err)
		}
		w.wantCalls("GetDistribution 400", "GetDistribution 200 attempt 2")
		if got, err := w.Identity.Account(t.Context()); err != nil || got != account {
			t.Error(got, err)
		}
		w.wantCalls("GetCallerIdentity 0", "GetCallerIdentity 200 attempt 2")
	})
}

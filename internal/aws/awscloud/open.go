package awscloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// Options say which AWS, and as whom. The zero value is AWS itself with the
// credentials and settings that the SDK finds in AWS_* and ~/.aws.
type Options struct {
	Profile string // --profile; "" for AWS_PROFILE or the default
	// EndpointURL replaces the endpoint of every service; "" for AWS's own, or
	// AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>.
	EndpointURL string
	// Local, if set, is the local AWS. Profile, EndpointURL, the environment
	// and ~/.aws are then not looked at: no real credential goes there.
	Local     *Local
	UserAgent string // "edgedeploy/1.2.3"
	// Unattended refuses credentials that a program of the configuration would be
	// run for (credential_process), because that may ask its user something.
	Unattended bool
	// OnCall is told of every HTTP request once its answer began. It is called
	// from many goroutines at a time.
	OnCall func(Call)
	// OnThrottle is told of every request that AWS throttled, from many goroutines
	// too.
	OnThrottle func(service, operation string)
	// MaxBackoff bounds the time between two attempts of a call; 0 means the
	// SDK's 20 seconds. After a throttle the adaptive mode may still pause up
	// to two seconds. It bounds as well the pauses of a write that is throttled,
	// or meets the writes of others (see CloudFront.Write).
	MaxBackoff time.Duration
}

// Local says how to reach a local AWS: in this process by its Transport, or a
// running one by its Endpoint.
type Local struct {
	Account   string // twelve digits; sent as the access key id, which is how a local AWS tells accounts apart
	Transport http.RoundTripper
	Endpoint  string // a URL; only without a Transport
}

// Cloud is one account's AWS, for one identity.
type Cloud struct {
	Lambda     *Lambda
	CloudFront *CloudFront
	Identity   *Identity
	Ledger     *LedgerAPI
	// RegionIgnored is the region that the environment or the profile names,
	// if it is another than us-east-1, which is used all the same.
	RegionIgnored string
}

// responseTimeout bounds the silence after a request was sent. Neither service
// has calls that take this long to begin an answer.
const responseTimeout = 2 * time.Minute

// Open makes the clients. It reads configuration files but asks nothing of
// AWS: credentials are looked for with the first call.
func Open(ctx context.Context, o Options) (*Cloud, error) {
	cfg, endpoint, err := load(ctx, o)
	if err != nil {
		return nil, err
	}
	cloud := &Cloud{}
	if cfg.Region != Region {
		cloud.RegionIgnored = cfg.Region
		cfg.Region = Region
	}
	attempts, backoff := cfg.RetryMaxAttempts, o.MaxBackoff
	cfg.Retryer = func() aws.Retryer { return newRetryer(attempts, backoff) }
	cfg.Logger = logging.Nop{}
	cfg.APIOptions = append(cfg.APIOptions, keepAnswers)
	if name, version, _ := strings.Cut(o.UserAgent, "/"); name != "" {
		cfg.APIOptions = append(cfg.APIOptions, awsmiddleware.AddUserAgentKeyValue(name, version))
	}
	if o.OnCall != nil {
		cfg.APIOptions = append(cfg.APIOptions, observeCalls(o.OnCall))
	}
	if o.OnThrottle != nil {
		cfg.APIOptions = append(cfg.APIOptions, observeThrottles(o.OnThrottle))
	}
	cloud.Lambda = &Lambda{api: lambda.NewFromConfig(cfg, func(lo *lambda.Options) { override(&lo.BaseEndpoint, endpoint) })}
	// A lock has to be renewed in time, so its calls do not wait until those for
	// functions may go on that were throttled.
	cloud.Ledger = &LedgerAPI{api: lambda.NewFromConfig(cfg, func(lo *lambda.Options) {
		override(&lo.BaseEndpoint, endpoint)
		lo.Retryer = newPlainRetryer(attempts, backoff)
	})}
	cloud.CloudFront = &CloudFront{
		api:      cloudfront.NewFromConfig(cfg, func(co *cloudfront.Options) { override(&co.BaseEndpoint, endpoint) }),
		maxPause: backoff, writes: newQueue(attempts, backoff), maxThrottled: cmp.Or(attempts, maxThrottled),
	}
	cloud.Identity = &Identity{api: sts.NewFromConfig(cfg, func(so *sts.Options) { override(&so.BaseEndpoint, endpoint) })}
	return cloud, nil
}

// override puts an endpoint in the place of what the SDK found; "" leaves that.
func override(at **string, endpoint string) {
	if endpoint != "" {
		*at = aws.String(endpoint)
	}
}

func load(ctx context.Context, o Options) (cfg aws.Config, endpoint string, err error) {
	if o.Local != nil {
		return o.Local.config()
	}
	if o.EndpointURL != "" {
		if err := checkEndpoint(o.EndpointURL); err != nil {
			return cfg, "", err
		}
	}
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = responseTimeout
	})
	// A default, not a setting: what else is set shall be known, to be told.
	settings := []func(*config.LoadOptions) error{config.WithHTTPClient(client), config.WithDefaultRegion(Region), config.WithLogger(logging.Nop{})}
	if o.Profile != "" {
		settings = append(settings, config.WithSharedConfigProfile(o.Profile))
	}
	cfg, err = config.LoadDefaultConfig(ctx, settings...)
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return cfg, "", &ProfileError{missing.Profile}
	}
	if err != nil {
		return cfg, "", fmt.Errorf("read the AWS configuration: %w", err)
	}
	if o.Unattended && byProgram(cfg.Credentials) {
		return cfg, "", errByProgram
	}
	cfg.Credentials = namedCredentials{cfg.Credentials}
	return cfg, o.EndpointURL, nil
}

var errByProgram = errors.New("the AWS configuration names a program for credentials, and it is not to be run here")

// byProgram reports whether credentials come, or may come, from a program.
func byProgram(from aws.CredentialsProvider) bool {
	known, ok := from.(aws.CredentialProviderSource)
	return !ok || slices.ContainsFunc(known.ProviderSources(), func(s aws.CredentialSource) bool {
		return s == aws.CredentialSourceProcess || s == aws.CredentialSourceProfileProcess
	})
}

// ProfileError says that the AWS configuration files have no such profile.
type ProfileError struct{ Name string }

func (e *ProfileError) Error() string {
	return fmt.Sprintf("the AWS configuration files have no profile %q", scrub(e.Name))
}

func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not the http or https URL of an endpoint", scrub(endpoint))
	}
	return nil
}

var accountID = regexp.MustCompile(`^\d{12}$`)

// inProcess is where requests go that never reach a network. The top-level
// domain is reserved (RFC 2606), so that none could by mistake.
const inProcess = "http://localaws.invalid"

// config gives a configuration with nothing of the environment in it.
func (l *Local) config() (aws.Config, string, error) {
	if !accountID.MatchString(l.Account) {
		return aws.Config{}, "", fmt.Errorf("local AWS: %q is no account id of twelve digits", l.Account)
	}
	cfg := aws.Config{Region: Region, Credentials: credentials.NewStaticCredentialsProvider(l.Account, "local", "")}
	switch {
	case l.Transport != nil && l.Endpoint != "":
		return cfg, "", errors.New("local AWS: both a transport and an endpoint are given")
	case l.Transport != nil:
		cfg.HTTPClient = &http.Client{
			Transport:     l.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		return cfg, inProcess, nil
	}
	if err := checkEndpoint(l.Endpoint); err != nil {
		return cfg, "", fmt.Errorf("local AWS: %w", err)
	}
	return cfg, l.Endpoint, nil
}

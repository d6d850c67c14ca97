package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// How often and how far apart a request is tried again. A server that asks for
// a longer pause (Retry-After) gets one, up to maxPause.
const (
	Retries  = 4
	waitMin  = 250 * time.Millisecond
	waitMax  = 4 * time.Second
	maxPause = 30 * time.Second
)

// Client says how to read. The zero Client with Timeout and MaxBytes reads from
// https only and follows no redirect.
type Client struct {
	// Transport does the requests; nil is http.DefaultTransport.
	Transport http.RoundTripper
	// AllowHTTP says to which host names plain http may be spoken; nil is none.
	AllowHTTP func(host string) bool
	// Redirects is how many may be followed; 0 makes each an error.
	Redirects int
	// ShowPath lets the path into errors. Without it they name scheme and host.
	ShowPath bool
	Timeout  time.Duration // of all tries together
	MaxBytes int64         // of the body, decoded
	// OnTry is told of every request, once its answer began; nil is not told.
	OnTry func(Try)
}

// Try is one request that was made.
type Try struct {
	Attempt  int // from 1; what follows a redirect belongs to the same attempt
	Status   int // 0 if no answer came
	Start    time.Time
	Duration time.Duration // until the answer's headers were there
}

// telling is a transport that tells of every request.
type telling struct {
	http.RoundTripper
	tell    func(Try)
	attempt int // only one request of a Get is under way at a time
}

// RoundTrip does one request.
func (t *telling) RoundTrip(r *http.Request) (*http.Response, error) {
	try := Try{Attempt: t.attempt + 1, Start: time.Now()}
	resp, err := t.RoundTripper.RoundTrip(r)
	if try.Duration = time.Since(try.Start); err == nil {
		try.Status = resp.StatusCode
	}
	t.tell(try)
	return resp, err
}

// StatusError is an answer other than 200. Its body is not shown: servers put
// parts of the request into it.
type StatusError struct{ Status int }

func (e *StatusError) Error() string {
	return fmt.Sprintf("HTTP status %d %s", e.Status, http.StatusText(e.Status))
}

// ErrTooLarge says that the body has more than Client.MaxBytes.
var ErrTooLarge = errors.New("the answer is too large")

// ErrNoURL says that a location cannot be requested at all.
var ErrNoURL = errors.New("this is no URL that can be read")

// redirectError is a redirect that is not followed.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// Name gives what of a location may be shown: scheme, host and, if path says
// so, path. It is "" for what is no URL.
func Name(location string, path bool) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return ""
	}
	if !path {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// Get reads a location. Its errors begin with the location's [Name], but for
// [ErrNoURL]; errors.Is and As find ErrTooLarge, StatusError and what ended
// ctx in them.
func (c Client) Get(ctx context.Context, location string) ([]byte, error) {
	name := Name(location, c.ShowPath)
	if name == "" {
		return nil, ErrNoURL
	}
	body, err := c.get(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return body, nil
}

func (c Client) get(ctx context.Context, location string) ([]byte, error) {
	u, err := url.Parse(location)
	if err != nil {
		return nil, ErrNoURL
	}
	if !c.allowed(u) {
		return nil, errors.New("only https is allowed there")
	}
	if u.User != nil {
		return nil, errors.New("a user name in a URL is not sent")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, errors.New("it cannot be requested") // the cause quotes the URL
	}
	var body []byte
	// Reading inside the handler makes a body that is cut short one more thing
	// that is tried again.
	req.SetResponseHandler(func(resp *http.Response) (err error) {
		body, err = c.read(resp)
		return err
	})
	seen := &visited{urls: []*url.URL{u}, showPath: c.ShowPath}
	if _, err := c.retrying(seen).Do(req); err != nil {
		return nil, seen.secretless(err)
	}
	return body, nil
}

func (c Client) allowed(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && c.AllowHTTP != nil && c.AllowHTTP(u.Hostname())
}

func (c Client) retrying(seen *visited) *retryablehttp.Client {
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	told := &telling{RoundTripper: transport, tell: c.OnTry}
	if c.OnTry != nil {
		transport = told
	}
	return &retryablehttp.Client{
		RequestLogHook: func(_ retryablehttp.Logger, _ *http.Request, n int) { told.attempt = n },
		HTTPClient: &http.Client{
			Transport: transport,
			CheckRedirect: func(req *http.Request, via []*http.Request) error {
				return c.redirect(req, via, seen)
			},
		},
		RetryMax: Retries, RetryWaitMin: waitMin, RetryWaitMax: waitMax,
		Backoff: func(least, most time.Duration, n int, resp *http.Response) time.Duration {
			return min(retryablehttp.DefaultBackoff(least, most, n, resp), maxPause)
		},
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			if is[*StatusError](err) || is[*redirectError](err) || errors.Is(err, ErrTooLarge) {
				return false, nil // what would be worth another try was tried again before the body was read
			}
			return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
		},
		// The client's own last words contain the URL.
		ErrorHandler: func(resp *http.Response, err error, _ int) (*http.Response, error) {
			if err == nil && resp != nil {
				err = &StatusError{resp.StatusCode}
			}
			if resp != nil && resp.Body != nil {
				err = errors.Join(err, resp.Body.Close())
			}
			return nil, err
		},
	}
}

// redirect judges where a server sends us.
func (c Client) redirect(req *http.Request, via []*http.Request, seen *visited) error {
	if c.Redirects == 0 {
		return http.ErrUseLastResponse // reported as the status that it is
	}
	seen.urls = append(seen.urls, req.URL)
	// Go puts the URL before this one there, with its query.
	req.Header.Del("Referer")
	to := req.URL.Scheme + "://" + req.URL.Host
	switch last := via[len(via)-1].URL; {
	case last.Scheme == "https" && req.URL.Scheme != "https":
		return &redirectError{"it redirects from https to " + to + ", which is not followed"}
	case !c.allowed(req.URL):
		return &redirectError{"it redirects to " + to + ": only https is allowed there"}
	case req.URL.User != nil:
		return &redirectError{"it redirects to a URL on " + req.URL.Host + " with a user name, which is not sent"}
	case len(via) > c.Redirects:
		return &redirectError{fmt.Sprintf("it redirects more than %d times", c.Redirects)}
	}
	return nil
}

func (c Client) read(resp *http.Response) ([]byte, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{resp.StatusCode}
	}
	if resp.ContentLength > c.MaxBytes {
		return nil, errors.Join(ErrTooLarge, resp.Body.Close())
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.MaxBytes+1))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(body)) > c.MaxBytes {
		return nil, ErrTooLarge
	}
	return body, nil
}

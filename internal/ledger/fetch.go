package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Bounds of one fetch.
const (
	fetchTimeout = time.Minute
	fetchRetries = 4
	fetchWaitMin = 250 * time.Millisecond
	fetchWaitMax = 4 * time.Second
)

var errTooLarge = errors.New("the answer is larger than a record can be")

// statusError is an answer other than 200. Its body is not shown: S3 puts
// parts of the request into it.
type statusError struct{ status int }

func (e *statusError) Error() string {
	return fmt.Sprintf("HTTP status %d %s", e.status, http.StatusText(e.status))
}

// fetch reads a presigned location. Neither its path nor its query, which are
// the permission to read it, appear in an error; redirects are not followed,
// and nothing but the location itself authorises the request.
func (l *Ledger) fetch(ctx context.Context, location string) ([]byte, error) {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return nil, errors.New("fetch the record: Lambda gave no URL for it")
	}
	from := u.Scheme + "://" + u.Host
	if u.Scheme != "https" && !(u.Scheme == "http" && l.AllowHTTP != nil && l.AllowHTTP(u.Hostname())) {
		return nil, fmt.Errorf("fetch the record from %s: only https is allowed there", from)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch the record from %s: the location cannot be requested", from)
	}
	var body []byte
	// Reading inside the handler makes a body that is cut short one more thing
	// that is tried again.
	req.SetResponseHandler(func(resp *http.Response) (err error) {
		body, err = readBody(resp)
		return err
	})
	if _, err := l.client().Do(req); err != nil {
		return nil, fmt.Errorf("fetch the record from %s: %w", from, secretless(err, u))
	}
	return body, nil
}

func (l *Ledger) client() *retryablehttp.Client {
	transport := l.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: fetchRetries, RetryWaitMin: fetchWaitMin, RetryWaitMax: fetchWaitMax,
		Backoff: retryablehttp.DefaultBackoff,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			if is[*statusError](err) || errors.Is(err, errTooLarge) {
				return false, nil // what would be worth another try was tried again before the body was read
			}
			return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
		},
		// The client's own last words contain the URL.
		ErrorHandler: func(resp *http.Response, err error, _ int) (*http.Response, error) {
			if err == nil && resp != nil {
				err = &statusError{resp.StatusCode}
			}
			if resp != nil && resp.Body != nil {
				err = errors.Join(err, resp.Body.Close())
			}
			return nil, err
		},
	}
}

func readBody(resp *http.Response) ([]byte, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, &statusError{resp.StatusCode}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRecordZip+1))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxRecordZip {
		return nil, errTooLarge
	}
	return body, nil
}

// secretless gives an error without the URL it happened at: as it is where it
// cannot contain it, otherwise only its words, and not even those if they
// quote the secret parts.
func secretless(err error, u *url.URL) error {
	for _, plain := range []error{context.Canceled, context.DeadlineExceeded, errTooLarge} {
		if errors.Is(err, plain) {
			return plain
		}
	}
	if status, ok := errors.AsType[*statusError](err); ok {
		return status
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	words := err.Error()
	for _, secret := range []string{u.RawQuery, strings.TrimPrefix(u.Path, "/"), strings.TrimPrefix(u.EscapedPath(), "/"), u.Fragment} {
		if secret != "" && strings.Contains(words, secret) {
			return errors.New("the connection failed")
		}
	}
	return errors.New(words)
}

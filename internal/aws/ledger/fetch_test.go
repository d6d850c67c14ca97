package ledger

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/fetch"
)

// trip is a transport that is a function.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

const secretURL = "https://code.test/_edgedeploy/code/TOKEN?X-Amz-Signature=SIGNATURE&X-Amz-Credential=KEY"

func secret(err error) bool {
	for _, s := range []string{"TOKEN", "SIGNATURE", "X-Amz", "KEY", "_edgedeploy"} {
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), s) {
				return true
			}
		}
	}
	return false
}

func TestFetchTriesAgainWhatMayPass(t *testing.T) {
	t.Parallel()
	cut := func() *http.Response {
		r := reply(http.StatusOK, "rec")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader("rec"), errReader{}))
		return r
	}
	synctest.Test(t, func(t *testing.T) {
		answers := []func() (*http.Response, error){
			func() (*http.Response, error) { return reply(http.StatusServiceUnavailable, "slow down"), nil },
			func() (*http.Response, error) { return nil, errors.New("connection refused") },
			func() (*http.Response, error) { return cut(), nil },
			func() (*http.Response, error) { return reply(http.StatusOK, "record"), nil },
		}
		n := 0
		l := &Ledger{Transport: trip(func(*http.Request) (*http.Response, error) { n++; return answers[n-1]() })}
		got, err := l.fetch(t.Context(), secretURL)
		if err != nil || string(got) != "record" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestFetchErrorsKeepTheLocationSecret(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		location string
		trip     trip
		says     string
		requests int
	}{
		"a server that stays down": {secretURL, func(*http.Request) (*http.Response, error) {
			return reply(http.StatusInternalServerError, ""), nil
		}, "https://code.test: HTTP status 500", 1 + fetch.Retries},
		"no connection": {secretURL, func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("dial tcp: connection refused")
		}, "https://code.test: dial tcp: connection refused", 1 + fetch.Retries},
		"a transport that quotes the URL": {secretURL, func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("no answer to " + r.URL.String())
		}, "https://code.test: the connection failed", 1 + fetch.Retries},
		"a transport that quotes the path": {secretURL, func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("no answer to " + r.URL.Path)
		}, "https://code.test: the connection failed", 1 + fetch.Retries},
		"an expired signature": {secretURL, func(*http.Request) (*http.Response, error) {
			return reply(http.StatusForbidden, "<Error>SIGNATURE KEY</Error>"), nil
		}, "https://code.test: HTTP status 403 Forbidden", 1},
		"a redirect": {secretURL, func(*http.Request) (*http.Response, error) {
			r := reply(http.StatusFound, "")
			r.Header.Set("Location", "http://169.254.169.254/TOKEN")
			return r, nil
		}, "https://code.test: HTTP status 302", 1},
		"an answer that does not end": {secretURL, func(*http.Request) (*http.Response, error) {
			r := reply(http.StatusOK, "")
			r.Body = io.NopCloser(zeros{})
			return r, nil
		}, "larger than a record can be", 1},
		"plain http": {strings.Replace(secretURL, "https", "http", 1), nil, "http://code.test: only https", 0},
		"a file":     {"file://code.test/TOKEN", nil, "only https", 0},
		"no URL":     {"https://code.test/%zzTOKEN", nil, "gave no URL", 0},
		"nothing":    {"", nil, "gave no URL", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				l := &Ledger{Transport: trip(func(r *http.Request) (*http.Response, error) { requests++; return tt.trip(r) })}
				_, err := l.fetch(t.Context(), tt.location)
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("got %v, want an error that says %q", err, tt.says)
				}
				if secret(err) {
					t.Errorf("the error tells the location: %v", err)
				}
				if requests != tt.requests {
					t.Errorf("%d requests, want %d", requests, tt.requests)
				}
			})
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFetchStopsWhenItsCallerDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		l := &Ledger{Transport: trip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: r.Context().Err()}
		})}
		start := time.Now()
		_, err := l.fetch(ctx, secretURL)
		if !errors.Is(err, context.DeadlineExceeded) || secret(err) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// Over a real connection: plain http only where it is allowed, no credentials
// of the environment's making, and a dropped connection tried again.
func TestFetchOverAConnection(t *testing.T) {
	t.Parallel()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			w.Header().Set("Content-Length", strconv.Itoa(100))
			_, _ = w.Write([]byte("short")) // and the connection is closed
			return
		}
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte("record"))
	}))
	defer server.Close()
	l := &Ledger{}
	if _, err := l.fetch(t.Context(), server.URL); err == nil {
		t.Error("plain http was fetched although nothing allows it")
	}
	l.AllowHTTP = func(host string) bool { return host == "127.0.0.1" }
	got, err := l.fetch(t.Context(), server.URL+"/code?token=x")
	if err != nil || string(got) != "record" || n != 2 {
		t.Errorf("got %q, %v after %d requests", got, err, n)
	}
}

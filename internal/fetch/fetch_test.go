package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// secure starts a server with TLS on loopback and gives the transport that
// trusts it.
func secure(t *testing.T, h http.HandlerFunc) (*httptest.Server, http.RoundTripper) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return s, s.Client().Transport
}

func client(transport http.RoundTripper) Client {
	return Client{Transport: transport, Redirects: 10, ShowPath: true, Timeout: time.Minute, MaxBytes: 1000}
}

// wantError checks that an error says something and keeps SECRET to itself,
// in whatever layer.
func wantError(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Fatalf("got %v, want an error that says %q", err, says)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "SECRET") {
			t.Errorf("the error tells a secret: %v", e)
		}
	}
}

func TestWhatMayPassIsTriedAgainOverTLS(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s, transport := secure(t, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "short") // and the connection is closed
		default:
			if len(r.Header["Authorization"])+len(r.Header["Cookie"])+len(r.Header["Referer"]) > 0 {
				w.WriteHeader(http.StatusBadRequest)
			}
			_, _ = io.WriteString(w, "whole")
		}
	})
	c := client(transport)
	var tries []string
	c.OnTry = func(try Try) { tries = append(tries, fmt.Sprint(try.Attempt, " ", try.Status)) }
	got, err := c.Get(t.Context(), s.URL+"/a?k=SECRET")
	if err != nil || string(got) != "whole" || n.Load() != 3 {
		t.Errorf("got %q, %v after %d requests", got, err, n.Load())
	}
	if want := "1 503, 2 200, 3 200"; strings.Join(tries, ", ") != want {
		t.Errorf("told of %v, want %s", tries, want)
	}
}

func TestAServerThatIsNotTrustedIsNotRead(t *testing.T) {
	t.Parallel()
	s, _ := secure(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "x") })
	_, err := client(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool()}}).Get(t.Context(), s.URL+"/a?SECRET")
	wantError(t, err, "certificate")
}

func TestRedirectsStaySecure(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "plain") }))
	t.Cleanup(plain.Close)
	var referer atomic.Value
	var s *httptest.Server
	s, transport := secure(t, func(w http.ResponseWriter, r *http.Request) {
		to := func(location string) { http.Redirect(w, r, location, http.StatusFound) }
		var left int
		switch _, err := fmt.Sscanf(r.URL.Path, "/hops/%d", &left); {
		case err == nil && left > 0:
			to(fmt.Sprintf("/hops/%d?token=SECRET", left-1))
		case err == nil, r.URL.Path == "/end":
			referer.Store(r.Header.Get("Referer"))
			_, _ = io.WriteString(w, "end")
		case r.URL.Path == "/plain":
			to(plain.URL + "/SECRET?SECRET")
		case r.URL.Path == "/file":
			to("file:///etc/SECRET")
		case r.URL.Path == "/user":
			to(strings.Replace(s.URL, "://", "://user:SECRET@", 1) + "/end")
		case r.URL.Path == "/gone":
			to("/SECRET/nowhere?SECRET")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	local := func(string) bool { return true }
	for name, tt := range map[string]struct {
		from string
		edit func(*Client)
		says string
	}{
		"ten are followed":           {"/hops/10?SECRET", nil, ""},
		"eleven are not":             {"/hops/11?SECRET", nil, "/hops/11: it redirects more than 10 times"},
		"to plain http":              {"/plain?SECRET", nil, "/plain: it redirects from https to http://127.0.0.1"},
		"to plain http on loopback":  {"/plain?SECRET", func(c *Client) { c.AllowHTTP = local }, "it redirects from https to http://127.0.0.1"},
		"to a file":                  {"/file?SECRET", nil, "it redirects from https to file://"},
		"to a URL with a user":       {"/user?SECRET", nil, "with a user name"},
		"to what is not there":       {"/gone?SECRET", nil, "/gone: HTTP status 404 Not Found"},
		"none where none may be":     {"/hops/1?SECRET", func(c *Client) { c.Redirects = 0 }, "HTTP status 302"},
		"one more than one that may": {"/hops/2?SECRET", func(c *Client) { c.Redirects = 1 }, "more than 1 times"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(transport)
			if tt.edit != nil {
				tt.edit(&c)
			}
			got, err := c.Get(t.Context(), s.URL+tt.from)
			if tt.says == "" {
				if err != nil || string(got) != "end" {
					t.Errorf("got %q, %v", got, err)
				}
				if r := referer.Load(); r != "" {
					t.Errorf("Referer tells %q", r)
				}
				return
			}
			wantError(t, err, tt.says)
		})
	}
}

func TestHTTPIsForHostsThatAreNamed(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://example.test/SECRET", http.StatusFound)
		}
		_, _ = io.WriteString(w, "x")
	}))
	t.Cleanup(s.Close)
	c := client(nil)
	_, err := c.Get(t.Context(), s.URL+"/a?SECRET")
	wantError(t, err, s.URL+"/a: only https is allowed")
	c.AllowHTTP = func(host string) bool { return host == "127.0.0.1" }
	if got, err := c.Get(t.Context(), s.URL+"/a"); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err = c.Get(t.Context(), s.URL+"/away")
	wantError(t, err, "it redirects to http://example.test: only https")
}

func TestNoMoreThanTheLimitIsRead(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]bool{"announced": true, "not announced": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n, size atomic.Int32
			size.Store(1001)
			s, transport := secure(t, func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				if length {
					w.Header().Set("Content-Length", fmt.Sprint(size.Load()))
				} else {
					w.(http.Flusher).Flush()
				}
				_, _ = w.Write(make([]byte, size.Load()))
			})
			_, err := client(transport).Get(t.Context(), s.URL+"/a?SECRET")
			wantError(t, err, "too large")
			if !errors.Is(err, ErrTooLarge) || n.Load() != 1 {
				t.Errorf("got %v after %d requests", err, n.Load())
			}
			size.Store(1000)
			if got, err := client(transport).Get(t.Context(), s.URL+"/a"); err != nil || len(got) != 1000 {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
}

// A server that announces too much is not waited for.
func TestWhatIsAnnouncedTooLargeIsNotRead(t *testing.T) {
	t.Parallel()
	s, transport := secure(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000000")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := client(transport)
	c.Timeout = 5 * time.Second
	if _, err := c.Get(t.Context(), s.URL+"/a"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestWhatCannotBeRequestedIsNotQuoted(t *testing.T) {
	t.Parallel()
	for location, says := range map[string]string{
		"": "no URL", "SECRET": "no URL", "https://host/%zzSECRET": "no URL", "/SECRET": "no URL",
		"file://host/a?SECRET": "file://host/a: only https", "https://SECRET@host/a": "https://host/a: a user name",
	} {
		_, err := client(nil).Get(t.Context(), location)
		wantError(t, err, says)
	}
}

// trip is a transport that is a function.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTimeIsLimitedWhateverTheServerAsksFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer trip
		took   time.Duration
		tries  int
		says   string
	}{
		"a server that never answers": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, 50 * time.Second, 1, "deadline exceeded"},
		"an hour's pause": {func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"3600"}}, Body: http.NoBody}, nil
		}, 50 * time.Second, 2, "deadline exceeded"},
		"a short pause": {func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"2"}}, Body: http.NoBody}, nil
		}, 2 * Retries * time.Second, 1 + Retries, "HTTP status 429"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, tries := time.Now(), 0
				count := trip(func(r *http.Request) (*http.Response, error) { tries++; return tt.answer(r) })
				c := client(count)
				c.Timeout = 50 * time.Second
				_, err := c.Get(t.Context(), "https://host.test/a?SECRET")
				wantError(t, err, "https://host.test/a: ")
				if took := time.Since(start); took != tt.took || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v after %v", err, took)
				}
				if tries != tt.tries {
					t.Errorf("%d tries, want %d", tries, tt.tries)
				}
			})
		})
	}
}

func TestItEndsWhenItsCallerDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client(trip(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") })).Get(ctx, "https://host.test/a")
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

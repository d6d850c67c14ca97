package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/fetch"
)

// Bounds of one fetch.
const (
	timeout   = 5 * time.Minute // with all its tries and redirects
	redirects = 10              // as many as browsers and curl follow, by order of magnitude
)

// Source is what to get.
type Source struct {
	URL      string
	SHA256   string // lower-case hex
	MaxBytes int64
}

// Name gives the URL as it may be shown: without its query.
func (s Source) Name() string { return fetch.Name(s.URL, true) }

// Store gets sources. The zero Store has no cache.
type Store struct {
	// Dir is the cache's folder; "" for none. It is made when it is needed.
	Dir string
	// Offline says to ask no server.
	Offline bool
	// Transport does the requests; nil is http.DefaultTransport, which takes a
	// proxy from the environment as everybody does.
	Transport http.RoundTripper
	// AllowHTTP says to which host names plain http may be spoken; nil is none.
	AllowHTTP func(host string) bool
	// Warn is told, in words, what is wrong with the cache; nil ignores it. It
	// may be called by several goroutines at once.
	Warn func(text string)
}

// DigestError says that a server sent something else than what was asked for.
type DigestError struct {
	Name      string // of the source
	Want, Got string // hex SHA-256
	Bytes     int64  // that were sent
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has the SHA-256 %s (%d bytes), not %s", e.Name, e.Got, e.Bytes, e.Want)
}

// SizeError says that a source is larger than it can be.
type SizeError struct {
	Name string
	Max  int64 // bytes
}

func (e *SizeError) Error() string { return fmt.Sprintf("%s has more than %d bytes", e.Name, e.Max) }

// OfflineError says that a source is not in the cache and no server is asked.
type OfflineError struct{ Name, Dir string }

func (e *OfflineError) Error() string {
	where := "and there is no cache"
	if e.Dir != "" {
		where = "is not in the cache " + e.Dir
	}
	return fmt.Sprintf("%s %s, and offline no server is asked", e.Name, where)
}

// Get gives a source's bytes: from the cache if they are there, from its server
// otherwise. Errors are [*DigestError], [*SizeError], [*OfflineError], or what
// kept the server from being read, with the source's Name in it.
func (s *Store) Get(ctx context.Context, src Source) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := s.open()
	defer c.close()
	if body := c.read(src); body != nil {
		return body, nil
	}
	if s.Offline {
		return nil, &OfflineError{Name: src.Name(), Dir: s.Dir}
	}
	body, err := s.fetch(ctx, src)
	if err != nil {
		return nil, err
	}
	c.write(src.SHA256, body)
	c.prune(time.Now())
	return body, nil
}

func (s *Store) fetch(ctx context.Context, src Source) ([]byte, error) {
	client := fetch.Client{
		Transport: s.Transport, AllowHTTP: s.AllowHTTP,
		Redirects: redirects, ShowPath: true, Timeout: timeout, MaxBytes: src.MaxBytes,
	}
	body, err := client.Get(ctx, src.URL)
	switch {
	case errors.Is(err, fetch.ErrTooLarge):
		return nil, &SizeError{Name: src.Name(), Max: src.MaxBytes}
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return nil, fmt.Errorf("%s: was not read within %v", src.Name(), timeout)
	case err != nil:
		return nil, err
	}
	if got := sum(body); got != src.SHA256 {
		return nil, &DigestError{Name: src.Name(), Want: src.SHA256, Got: got, Bytes: int64(len(body))}
	}
	return body, nil
}

func (s *Store) warn(format string, args ...any) {
	if s.Warn != nil {
		s.Warn(fmt.Sprintf(format, args...))
	}
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

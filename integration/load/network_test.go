package load

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// bufferedBytes is what net/http copies into a buffer of its own. Larger
	// writes get the memory of the handler.
	bufferedBytes = 4 << 10
	// A slow answer waits for this many writes, but not longer than slowest.
	writesMeanwhile = 8
	slowest         = time.Second
)

// slowListener makes every other large answer to a reader slow: the second half
// of it is sent after the store has changed below it.
type slowListener struct {
	net.Listener
	written *atomic.Int64 // writes begun by all clients
	large   atomic.Int64

	mu       sync.Mutex
	accepted []net.Conn
}

// Accept returns the next connection.
func (l *slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted = append(l.accepted, c)
	return &slowConn{Conn: c, l: l}, nil
}

// hangUp closes all connections. A server that is to stop would wait for those
// on which nothing was asked yet.
func (l *slowListener) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.accepted {
		_ = c.Close() // the server may have closed it
	}
}

func (l *slowListener) awaitWrites() {
	enough, end := l.written.Load()+writesMeanwhile, time.Now().Add(slowest)
	for l.written.Load() < enough && time.Now().Before(end) {
		time.Sleep(time.Millisecond)
	}
}

type slowConn struct {
	net.Conn
	l   *slowListener
	get atomic.Bool // the last request is a GET
}

// Read notes what a request begins with.
func (c *slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case bytes.HasPrefix(p[:n], []byte("GET ")):
		c.get.Store(true)
	case bytes.HasPrefix(p[:n], []byte("PUT ")), bytes.HasPrefix(p[:n], []byte("POST ")):
		c.get.Store(false)
	}
	return n, err
}

// Write may be slow. As with any connection, the caller must not change p
// before it returns.
func (c *slowConn) Write(p []byte) (int, error) {
	if len(p) <= bufferedBytes || !c.get.Load() || c.l.large.Add(1)%2 == 0 {
		return c.Conn.Write(p)
	}
	half := len(p) / 2
	n, err := c.Conn.Write(p[:half])
	if err != nil {
		return n, err
	}
	c.l.awaitWrites()
	n, err = c.Conn.Write(p[half:])
	return half + n, err
}

// plainBodies hides all methods of request bodies but Read and Close. The SDK
// closes a body as soon as the answer begins, and its WriteTo then returns
// io.EOF (smithy-go, safeWriteToReadCloser). The transport, if it has not seen
// the end of the body yet, takes that for an error and closes the connection
// below the answer: LIKELY what aws-sdk-go-v2 issue 1825 is about.
type plainBodies struct{ http.RoundTripper }

// RoundTrip sends a copy of the request.
func (p plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.RoundTripper.RoundTrip(r)
}

package localaws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
)

// InProcessHost is the host of code locations for in-process clients: a name
// that can never resolve, so that a client without the Transport fails loudly.
const InProcessHost = "localaws.invalid"

const inProcessBase = "http://" + InProcessHost

// errClosed is what a Transport answers after Close.
var errClosed = errors.New("the local AWS was closed")

// Transport is the client side of the server without a socket: a request for
// any host goes to the service that it is signed for, or whose path it uses.
// The checks of Handler do not apply. An answer streams as a real one does; a
// connection that a fault cuts shows as io.ErrUnexpectedEOF.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Server }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		closeBody(r)
		return nil, err
	}
	if !t.s.enter() {
		closeBody(r)
		return nil, errClosed
	}
	answer := newStream(r)
	go t.run(answer, inbound(r))
	<-answer.started // or ended, by the handler or by the context
	return answer.response(r)
}

// run answers one request; Close waits for it.
func (t transport) run(answer *stream, r *http.Request) {
	defer t.s.inFlight.Done()
	defer r.Body.Close()
	release := context.AfterFunc(r.Context(), func() { answer.end(r.Context().Err()) })
	defer release()
	defer func() {
		p := recover()
		if p == nil {
			answer.WriteHeader(http.StatusOK) // a handler that writes nothing says 200
			answer.end(io.EOF)
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			answer.end(io.ErrUnexpectedEOF)
			return
		}
		// net/http's server would log it and cut the connection.
		answer.end(fmt.Errorf("local AWS: %v\n%s", p, debug.Stack()))
	}()
	id, _, _ := t.s.identify(r)
	t.s.serve(answer, r, id, inProcessBase)
}

// inbound is a client's request as a server would see it.
func inbound(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	in.RequestURI = in.URL.RequestURI()
	in.RemoteAddr = "in-process"
	return in
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // RoundTrip must close it; there is nothing to do about an error
	}
}

// stream is an answer in the making: the handler writes to one end, the
// client reads from the other. Writing never waits for reading.
type stream struct {
	header  http.Header
	started chan struct{} // closed when status and header are fixed
	bodied  bool          // the status and method allow a body

	mu     sync.Mutex
	more   *sync.Cond
	status int
	sent   http.Header // the header at the time it was fixed
	data   bytes.Buffer
	err    error // how the answer ended: io.EOF, or what cut it
}

func newStream(r *http.Request) *stream {
	s := &stream{header: http.Header{}, started: make(chan struct{}), bodied: r.Method != http.MethodHead}
	s.more = sync.NewCond(&s.mu)
	return s
}

func (s *stream) Header() http.Header { return s.header }

func (s *stream) WriteHeader(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fix(status)
}

// fix takes the first status; the answer begins with it.
func (s *stream) fix(status int) {
	if s.status != 0 || s.err != nil {
		return
	}
	s.status, s.sent = status, s.header.Clone()
	if status == http.StatusNoContent || status == http.StatusNotModified {
		s.bodied = false
	}
	close(s.started)
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fix(http.StatusOK)
	if s.err != nil {
		return 0, s.err
	}
	if s.bodied {
		s.data.Write(p)
	}
	s.more.Broadcast()
	return len(p), nil
}

// Flush has nothing to do: what is written can be read at once.
func (s *stream) Flush() {}

// end fixes how the answer ends; the first end counts.
func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	if s.status == 0 {
		close(s.started)
	}
	s.more.Broadcast()
}

func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.data.Len() == 0 && s.err == nil {
		s.more.Wait()
	}
	if s.data.Len() > 0 {
		return s.data.Read(p)
	}
	return 0, s.err
}

// Close tells the handler that nobody reads any more.
func (s *stream) Close() error {
	s.end(errors.New("the client closed the answer"))
	return nil
}

// response is the client's view once the answer has started.
func (s *stream) response(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status == 0 {
		return nil, s.err
	}
	response := &http.Response{
		Status: fmt.Sprintf("%d %s", s.status, http.StatusText(s.status)), StatusCode: s.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: s.sent, Body: s, ContentLength: -1, Request: r,
	}
	if n, err := strconv.ParseInt(s.sent.Get("Content-Length"), 10, 64); err == nil {
		response.ContentLength = n
	}
	if !s.bodied && r.Method != http.MethodHead {
		response.ContentLength = 0
	}
	return response, nil
}

package localaws

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// strike answers a call that a fault hits.
func (x *exchange) strike(f Fault, entry *logged) {
	delay := time.Duration(f.DelayMs) * time.Millisecond
	switch f.Kind {
	case Error:
		writeError(x.w, x.service, f.Status, f.Code, f.Message)
	case Throttle:
		x.throttle()
	case DropBefore:
		panic(http.ErrAbortHandler)
	case DropAfter:
		x.answer(newKept(x.w))
		panic(http.ErrAbortHandler)
	case ResetBefore:
		x.reset()
	case ResetAfter:
		x.answer(newKept(x.w))
		x.reset()
	case Cut:
		answer := newKept(x.w)
		x.answer(answer)
		x.cut(answer)
	case Late:
		x.late(delay)
	case Delay:
		x.hear()
		if !x.sleep(delay) {
			panic(http.ErrAbortHandler) // Close waits for no delay
		}
		x.answer(x.w)
	case PauseBefore:
		x.hear()
		x.hold(entry, delay)
		x.answer(x.w)
	case PauseAfter:
		answer := newKept(x.w)
		x.answer(answer)
		x.hold(entry, delay)
		answer.send(x.w, answer.body.Bytes())
	}
}

// hear reads the whole request, so that it can be acted upon when the client
// has gone away.
func (x *exchange) hear() {
	body, err := io.ReadAll(x.r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the request never arrived as a whole
	}
	x.r.Body = io.NopCloser(bytes.NewReader(body))
}

// sleep waits; false if the server ends before.
func (x *exchange) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.over():
	case <-x.s.ctx.Done():
	}
	return false
}

// servingKey is for the context of Serve in the context of its requests.
type servingKey struct{}

// over says when Serve should end; never for what it does not serve.
func (x *exchange) over() <-chan struct{} {
	if serving, ok := x.r.Context().Value(servingKey{}).(context.Context); ok {
		return serving.Done()
	}
	return nil
}

// late cuts the connection and does what was asked later. Close waits for what
// has begun by then.
func (x *exchange) late(d time.Duration) {
	x.hear()
	if !x.s.enter() {
		panic(http.ErrAbortHandler)
	}
	later := *x
	later.r = x.r.WithContext(context.WithoutCancel(x.r.Context()))
	unheard := newKept(x.w)
	go func() {
		defer x.s.inFlight.Done()
		if later.sleep(d) {
			later.answer(unheard)
		}
	}()
	panic(http.ErrAbortHandler)
}

// reset ends the connection with a TCP reset if there is one.
func (x *exchange) reset() {
	x.w.end() // before the client can tell
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // in-process: there is no connection
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails if the client was first to end it; then there is nothing to reset
	}
	_ = conn.Close() // likewise
}

// cut sends the head of an answer and half of its body.
func (x *exchange) cut(k *kept) {
	if body := k.body.Bytes(); len(body) > 0 {
		k.header.Set("Content-Length", strconv.Itoa(len(body)))
		k.send(x.w, body[:len(body)/2])
		_ = http.NewResponseController(x.w).Flush() // the client may be gone
	}
	panic(http.ErrAbortHandler)
}

// throttle is each service's own way to say "slower": Lambda's 429 (API
// model), the others' 400 Throttling with "Rate exceeded" (seen in logs).
func (x *exchange) throttle() {
	if x.service == lambdaService {
		writeError(x.w, x.service, http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded")
		return
	}
	writeError(x.w, x.service, http.StatusBadRequest, "Throttling", "Rate exceeded")
}

// kept is an answer that is not sent yet, or never.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// newKept begins with the header that an answer by w begins with.
func newKept(w http.ResponseWriter) *kept { return &kept{header: w.Header().Clone()} }

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

// send answers with the head, and so much of the body.
func (k *kept) send(w http.ResponseWriter, body []byte) {
	k.WriteHeader(http.StatusOK)
	maps.Copy(w.Header(), k.header)
	w.WriteHeader(k.status)
	_, _ = w.Write(body) // the client may be gone
}

package awscloud

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

const arn3 = "arn:aws:lambda:us-east-1:111111111111:function:auth:3"

// answering is what happens to one attempt of UpdateDistribution, and what is
// answered. next is the local AWS.
type answering func(next http.RoundTripper, r *http.Request) (*http.Response, error)

// between stands between the client and the local AWS, and meets the attempts
// of UpdateDistribution with what a test wants, one after the other. Those
// beyond the list go through.
type between struct {
	next http.RoundTripper

	mu   sync.Mutex
	puts []answering
	seen int // attempts of UpdateDistribution
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/config") {
		return b.next.RoundTrip(r)
	}
	b.mu.Lock()
	put := answering(through)
	if b.seen < len(b.puts) {
		put = b.puts[b.seen]
	}
	b.seen++
	b.mu.Unlock()
	return put(b.next, r)
}

func through(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	return next.RoundTrip(r)
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// instead answers without asking the local AWS.
func instead(a func(*http.Request) (*http.Response, error)) answering {
	return func(_ http.RoundTripper, r *http.Request) (*http.Response, error) { return a(r) }
}

// done has the local AWS carry out the write, and answers something else.
func done(a func(*http.Request) (*http.Response, error)) answering {
	return func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
		if response.StatusCode != http.StatusOK {
			return nil, errors.New("the write was to be carried out, but was refused")
		}
		return a(r)
	}
}

// afterRival has another client write before the attempt arrives.
func (w *world) afterRival(edit func([]byte) []byte, then answering) answering {
	return func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		w.touch(edit)
		return then(next, r)
	}
}

// binding is a rival's edit that puts another function onto the slot.
func binding(arn string) func([]byte) []byte {
	return func(doc []byte) []byte {
		out, err := splice(doc, []slotEdit{bind("default", associations.ViewerRequest, arn)})
		if err != nil {
			panic(err)
		}
		return out
	}
}

var denied403 = instead(cloudFrontError(403, "AccessDenied", "User: x is not authorized to perform: cloudfront:UpdateDistribution"))

// lostCase is a write that is to bind auth:2 where auth:1 is.
type lostCase struct {
	guard func(context.Context) error
	// want checks the error, nil if there shall be none.
	want     func(error) bool
	lost     bool
	attempts int
}

func isChanged(err error) bool { return isA[*associations.ChangedError](err) }

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func hasCode(code string) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*Error](err)
		return ok && e.Code == code
	}
}

func (c lostCase) run(t *testing.T, w *world, b *between) {
	t.Helper()
	vr := slot("default", associations.ViewerRequest)
	guard := c.guard
	if guard == nil {
		guard = pass
	}
	state, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: vr, From: to("auth", 1), To: to("auth", 2)}), guard, nil)
	if b.seen != c.attempts {
		t.Errorf("%d attempts, want %d", b.seen, c.attempts)
	}
	if c.want == nil {
		if err != nil || state.Held[vr] != to("auth", 2) {
			t.Errorf("%v, %v", state.Held, err)
		}
		return
	}
	if err == nil || !c.want(err) || mayBeWritten(err) != c.lost {
		t.Errorf("got %v, may be written: %t", err, mayBeWritten(err))
	}
	now, rerr := w.CloudFront.Distribution(t.Context(), distID)
	if rerr != nil {
		t.Fatal(rerr)
	}
	if now.Held[vr] == to("auth", 2) && !c.lost {
		t.Errorf("the slot is written, and the error says that it is not: %v", err)
	}
}

// worldBetween is a world with auth:1 bound, whose writes then meet puts.
func worldBetween(t *testing.T) (*world, *between) {
	t.Helper()
	w := newServer(t, localaws.Options{})
	b := &between{next: w.server.Transport()}
	w.open(&Local{Account: account, Transport: b})
	for _, content := range []string{"c1", "c2", "c3"} {
		w.publish("auth", versions.ContentID(content))
	}
	if _, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil); err != nil {
		t.Fatal(err)
	}
	b.seen = 0
	return w, b
}

func TestAnAttemptWhoseAnswerWasLostLeavesItOpen(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]func(*http.Request) (*http.Response, error){
		"reset":                  broken(errReset),
		"closed":                 broken(io.ErrUnexpectedEOF),
		"500":                    cloudFrontError(500, "InternalError", "oops"),
		"503":                    unavailable,
		"502 of a gateway":       answer(502, nil, "<html>Bad Gateway</html>"),
		"an answer cut in two":   cut,
		"a timeout on the way":   broken(os.ErrDeadlineExceeded),
		"no answer but a closed": broken(io.EOF),
	} {
		for after, effect := range map[string]func(func(*http.Request) (*http.Response, error)) answering{"carried out": done, "not carried out": instead} {
			t.Run(name+", "+after, func(t *testing.T) {
				t.Parallel()
				carried := after == "carried out"
				t.Run("then its own success", func(t *testing.T) {
					w, b := worldBetween(t)
					b.puts = []answering{effect(lost)}
					lostCase{attempts: 2}.run(t, w, b)
				})
				t.Run("then 412, by the write of another function", func(t *testing.T) {
					w, b := worldBetween(t)
					b.puts = []answering{effect(lost), w.afterRival(binding(arn3), through)}
					lostCase{want: isChanged, lost: true, attempts: 2}.run(t, w, b)
				})
				t.Run("then 412, by a write beside the slot", func(t *testing.T) {
					w, b := worldBetween(t)
					b.puts = []answering{effect(lost), w.afterRival(same, through)}
					attempts := 2 // it is found in place
					if !carried {
						attempts = 3 // it is written in the next round
					}
					lostCase{attempts: attempts}.run(t, w, b)
				})
				t.Run("then 403", func(t *testing.T) {
					w, b := worldBetween(t)
					b.puts = []answering{effect(lost), denied403}
					lostCase{want: hasCode("AccessDenied"), lost: true, attempts: 2}.run(t, w, b)
				})
				t.Run("then a refusal in a later round", func(t *testing.T) {
					w, b := worldBetween(t)
					b.puts = []answering{effect(lost), w.afterRival(binding(arn1), through), denied403}
					lostCase{want: hasCode("AccessDenied"), lost: true, attempts: 3}.run(t, w, b)
				})
			})
		}
	}
}

func TestWhatEndsARoundAfterALostAnswerLeavesItOpen(t *testing.T) {
	t.Parallel()
	gone := errors.New("the lock is lost")
	t.Run("the guard", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{done(broken(errReset)), w.afterRival(binding(arn1), through)}
		guards := 0
		lostCase{
			guard: func(context.Context) error {
				if guards++; guards > 1 {
					return gone
				}
				return nil
			},
			want: func(err error) bool { return errors.Is(err, gone) }, lost: true, attempts: 2,
		}.run(t, w, b)
	})
	t.Run("others that are faster each time", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		rival := w.afterRival(binding(arn1), through)
		b.puts = []answering{done(broken(errReset)), rival, rival, rival, rival, rival}
		lostCase{want: isA[*RaceError], lost: true, attempts: 6}.run(t, w, b)
	})
	t.Run("the answer that ends it says what was lost", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{done(cloudFrontError(500, "InternalError", "oops")), instead(unavailable), denied403}
		lostCase{want: func(err error) bool {
			return strings.Contains(err.Error(), "AccessDenied") && strings.Contains(err.Error(), "InternalError: oops")
		}, lost: true, attempts: 3}.run(t, w, b)
	})
	t.Run("a redirection, as of a login page", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{done(answer(302, map[string]string{"Location": "https://portal.invalid/"}, ""))}
		lostCase{want: isA[*Error], lost: true, attempts: 1}.run(t, w, b)
	})
}

func TestDefiniteAnswersLeaveNothingOpen(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	refused := &net.OpError{Op: "proxyconnect", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for name, tt := range map[string]struct {
		puts     func(*world) []answering
		want     func(error) bool
		attempts int
	}{
		"a refusal": {func(*world) []answering { return []answering{denied403} }, hasCode("AccessDenied"), 1},
		"a throttle before": {func(*world) []answering {
			return []answering{instead(cloudFrontError(400, "Throttling", "Rate exceeded")), denied403}
		}, hasCode("AccessDenied"), 2},
		"a 412 before":                    {func(w *world) []answering { return []answering{w.afterRival(same, through), denied403} }, hasCode("AccessDenied"), 2},
		"a slot that another client took": {func(w *world) []answering { return []answering{w.afterRival(binding(arn3), through)} }, isChanged, 1},
		"no name": {func(*world) []answering {
			return []answering{instead(broken(&net.DNSError{Err: "no such host", IsNotFound: true}))}
		}, isA[*Error], 1},
		"no connection": {func(*world) []answering { return slices.Repeat([]answering{instead(broken(dial))}, 8) }, isA[*Error], 8},
		"no proxy":      {func(*world) []answering { return []answering{instead(broken(refused))} }, isA[*Error], 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, b := worldBetween(t)
			b.puts = tt.puts(w)
			lostCase{want: tt.want, attempts: tt.attempts}.run(t, w, b)
		})
	}
}

// calledOff is a write whose context one of its steps cancels.
func calledOff(t *testing.T, w *world, b *between, guard func(context.CancelFunc), put func(*world, context.CancelFunc) []answering) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if put != nil {
		b.puts = put(w, cancel)
	}
	_, err := w.CloudFront.Write(ctx, account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), From: to("auth", 1), To: to("auth", 2)}),
		func(context.Context) error { guard(cancel); return nil }, nil)
	return err
}

func TestAWriteThatIsCalledOffIsFinished(t *testing.T) {
	t.Parallel()
	w, b := worldBetween(t)
	if err := calledOff(t, w, b, func(cancel context.CancelFunc) { cancel() }, nil); err != nil || b.seen != 1 {
		t.Errorf("before it was sent: got %v after %d attempts", err, b.seen)
	}
	w, b = worldBetween(t)
	err := calledOff(t, w, b, func(context.CancelFunc) {}, func(_ *world, cancel context.CancelFunc) []answering {
		return []answering{done(func(r *http.Request) (*http.Response, error) { cancel(); return unavailable(r) })}
	})
	if err != nil || b.seen != 2 {
		t.Errorf("while its answer was lost: got %v after %d attempts", err, b.seen)
	}
}

func TestOnlyThePauseAfterARefusalEndsWhenAWriteIsCalledOff(t *testing.T) {
	t.Parallel()
	w, b := worldBetween(t)
	err := calledOff(t, w, b, func(context.CancelFunc) {}, func(w *world, cancel context.CancelFunc) []answering {
		rival := w.afterRival(same, through)
		return []answering{func(next http.RoundTripper, r *http.Request) (*http.Response, error) { cancel(); return rival(next, r) }}
	})
	if !errors.Is(err, context.Canceled) || mayBeWritten(err) || b.seen != 1 {
		t.Errorf("got %v, may be written: %t, after %d attempts", err, mayBeWritten(err), b.seen)
	}
}

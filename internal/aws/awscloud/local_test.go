package awscloud

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

const (
	account = "111111111111"
	role    = "arn:aws:iam::111111111111:role/edge"
	distID  = "E2EXAMPLE1ABCD"
)

// world is a local AWS with a role and a distribution, and a client of it.
type world struct {
	*Cloud
	server *localaws.Server
	t      *testing.T

	mu    sync.Mutex
	calls []Call
}

// eachWay runs a test in this process, and over HTTP on loopback.
func eachWay(t *testing.T, o localaws.Options, test func(t *testing.T, w *world)) {
	t.Run("in process", func(t *testing.T) {
		t.Parallel()
		w := newServer(t, o)
		w.open(&Local{Account: account, Transport: w.server.Transport()})
		test(t, w)
	})
	t.Run("over HTTP", func(t *testing.T) {
		t.Parallel()
		w := newServer(t, o)
		h := httptest.NewServer(w.server.Handler())
		t.Cleanup(h.Close)
		w.open(&Local{Account: account, Endpoint: h.URL})
		test(t, w)
	})
}

// inProcessWorld is a world without a socket.
func inProcessWorld(t *testing.T, o localaws.Options) *world {
	t.Helper()
	w := newServer(t, o)
	w.open(&Local{Account: account, Transport: w.server.Transport()})
	return w
}

func newServer(t *testing.T, o localaws.Options) *world {
	t.Helper()
	server, err := localaws.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{server: server, t: t}
	w.seed(fmt.Sprintf(`{"Roles":[{"ARN":%q}],"Distributions":[{"ID":%q,"Aliases":["www.example.com"],"PathPatterns":["img/*"]}]}`, role, distID))
	return w
}

func (w *world) seed(doc string) {
	w.t.Helper()
	var seed localaws.Seed
	if err := json.Unmarshal([]byte(doc), &seed); err != nil {
		w.t.Fatal(err)
	}
	if err := w.server.Seed(account, seed); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open(l *Local) {
	w.t.Helper()
	cloud, err := Open(w.t.Context(), Options{
		Local: l, UserAgent: "edgedeploy/test", MaxBackoff: time.Millisecond,
		OnCall: func(c Call) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.calls = append(w.calls, c)
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Cloud = cloud
}

func (w *world) arm(f localaws.Fault) {
	w.t.Helper()
	if err := w.server.Arm(f); err != nil {
		w.t.Fatal(err)
	}
}

// operations gives the calls since it was last asked, as "Operation status",
// with the attempt where it is not the first.
func (w *world) operations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, c := range w.calls {
		name := fmt.Sprintf("%s %d", c.Operation, c.Status)
		if c.Attempt > 1 {
			name += fmt.Sprintf(" attempt %d", c.Attempt)
		}
		names = append(names, name)
	}
	w.calls = nil
	return names
}

func (w *world) wantCalls(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.operations()); diff != "" {
		w.t.Errorf("calls (-want +got)\n%s", diff)
	}
}

func plainConfig() versions.Config {
	return versions.Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5}
}

// publish makes a function, or changes it, and publishes a version of it.
func (w *world) publish(function string, content versions.ContentID) versions.Published {
	w.t.Helper()
	ctx := w.t.Context()
	head, err := w.Lambda.Head(ctx, function)
	if err == nil && !head.Exists {
		err = w.Lambda.Create(ctx, versions.CreateInput{
			Function: function, Config: plainConfig(), Zip: zipped(w.t, string(content)),
			Tags: map[string]string{versions.StackTag: "shop"},
		})
	} else if err == nil {
		err = w.Lambda.UpdateCode(ctx, function, head.RevisionID, zipped(w.t, string(content)))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := w.Lambda.Publish(ctx, versions.PublishInput{
		Function: function, Description: versions.Mark{Stack: "shop", Content: content}.Describe(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func slot(path string, t associations.Trigger) associations.Slot {
	return associations.Slot{Distribution: distID, Path: path, Trigger: t}
}

func to(function string, number int) associations.Binding {
	return associations.Binding{Version: versions.Ref{Function: function, Number: number}}
}

// stub answers requests in this process with what a test wants, one answer
// after the other, the last one for ever.
type stub struct {
	mu       sync.Mutex
	answers  []func(*http.Request) (*http.Response, error)
	requests []string
	header   http.Header // of the last request
	body     []byte
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.header = r.Header
	if r.Body != nil {
		var err error
		if s.body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = slices.Delete(s.answers, 0, 1)
	}
	return next(r)
}

// answer is an answer as net/http would give it.
func answer(status int, header map[string]string, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		for k, v := range header {
			rec.Header().Set(k, v)
		}
		rec.WriteHeader(status)
		_, _ = rec.WriteString(body) // a recorder takes everything
		response := rec.Result()
		response.Request = r
		return response, nil
	}
}

func openStub(t *testing.T, answers ...func(*http.Request) (*http.Response, error)) (*Cloud, *stub) {
	t.Helper()
	s := &stub{answers: answers}
	cloud, err := Open(t.Context(), Options{Local: &Local{Account: account, Transport: s}, UserAgent: "edgedeploy/test"})
	if err != nil {
		t.Fatal(err)
	}
	return cloud, s
}

func lambdaError(status int, code, message string) func(*http.Request) (*http.Response, error) {
	return answer(status, map[string]string{"X-Amzn-Errortype": code, "X-Amzn-Requestid": "req-1", "Content-Type": "application/json"},
		fmt.Sprintf(`{"Type":"User","message":%q}`, message))
}

func cloudFrontError(status int, code, message string) func(*http.Request) (*http.Response, error) {
	return answer(status, map[string]string{"Content-Type": "text/xml"},
		`<?xml version="1.0"?><ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type><Code>`+code+
			`</Code><Message>`+strings.NewReplacer("<", "&lt;", "&", "&amp;").Replace(message)+`</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`)
}

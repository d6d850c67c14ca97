package lambda_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

const (
	account   = "123456789012"
	role      = "arn:aws:iam::123456789012:role/edge-exec"
	functions = "/2015-03-31/functions"
)

type object = map[string]any

// fixture is a service behind a real HTTP server, with a clock moved by hand.
type fixture struct {
	t      *testing.T
	store  *kv.Memory
	svc    *lambda.Service
	server *httptest.Server

	mu         sync.Mutex
	now        time.Time
	roles      []string // that Lambda may assume
	replicated []string // version ARNs
	region     string
	direct     bool // calls the handler without a socket, for tests of many calls
}

func newFixture(t *testing.T, d lambda.Delays) *fixture {
	t.Helper()
	f := &fixture{
		t: t, store: &kv.Memory{}, now: time.Date(2026, 11, 1, 12, 0, 0, 632_000_000, time.UTC),
		roles: []string{role}, region: "us-east-1",
	}
	f.svc = lambda.New(lambda.Config{
		Store: f.store, Roles: f, Now: func(string) time.Time { return f.clock() }, Delays: d, Secret: []byte("a secret of the test"),
		Replicated: func(_ kv.Tx, owner, arn string, _ time.Time) bool {
			return owner == account && slices.Contains(f.replicated, arn)
		},
	})
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, lambda.CodePath) {
			f.svc.ServeCode(w, r)
			return
		}
		caller := lambda.Caller{Account: account, Region: f.region, Base: "http://" + r.Host}
		f.svc.ServeHTTP(w, r.WithContext(lambda.WithCaller(r.Context(), caller)))
	}))
	t.Cleanup(f.server.Close)
	return f
}

// Trusts makes the fixture the IAM of its service.
func (f *fixture) Trusts(_ kv.Tx, arn, service string, _ time.Time) bool {
	return service == "lambda.amazonaws.com" && slices.Contains(f.roles, arn)
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (f *fixture) send(method, path string, body any) answer {
	f.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	default:
		var err error
		if raw, err = json.Marshal(body); err != nil {
			f.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, f.server.URL+path, bytes.NewReader(raw))
	if err != nil {
		f.t.Fatal(err)
	}
	if f.direct {
		w := httptest.NewRecorder()
		f.server.Config.Handler.ServeHTTP(w, r)
		return answer{w.Code, w.Header(), w.Body.Bytes()}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, got}
}

// must sends a request that succeeds with the status and returns the answer.
func (f *fixture) must(status int, method, path string, body any) object {
	f.t.Helper()
	a := f.send(method, path, body)
	if a.status != status {
		f.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if len(a.body) == 0 {
		return nil
	}
	return a.object(f.t)
}

func (a answer) object(t *testing.T) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(a.body, &o); err != nil {
		t.Fatalf("not an object: %s", a.body)
	}
	return o
}

// archive is a zip with one file of the given content.
func archive(t *testing.T, content string) []byte {
	t.Helper()
	return archiveOf(t, "index.js", content)
}

func archiveOf(t *testing.T, name, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	file, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(file, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func digest(zip []byte) string {
	sum := sha256.Sum256(zip)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// creation is the body of a CreateFunction that works, with changes.
func creation(t *testing.T, name string, changes object) object {
	t.Helper()
	body := object{
		"FunctionName": name, "Runtime": "nodejs24.x", "Role": role, "Handler": "index.handler",
		"Code": object{"ZipFile": archive(t, "one")},
	}
	for key, value := range changes {
		if value == nil {
			delete(body, key)
			continue
		}
		body[key] = value
	}
	return body
}

// create makes a function and lets it become Active.
func (f *fixture) create(name string) object {
	f.t.Helper()
	o := f.must(201, "POST", functions, creation(f.t, name, nil))
	f.advance(time.Hour)
	return o
}

// publish changes the description of $LATEST, so that there is something to
// publish, and publishes it.
func (f *fixture) publish(name, description string) object {
	f.t.Helper()
	f.must(200, "PUT", functions+"/"+name+"/configuration", object{"Description": description})
	f.advance(time.Hour)
	o := f.must(201, "POST", functions+"/"+name+"/versions", nil)
	f.advance(time.Hour)
	return o
}

func arn(name string) string { return "arn:aws:lambda:us-east-1:" + account + ":function:" + name }

func escaped(s string) string { return url.PathEscape(s) }

// only picks the members named out of an object.
func only(o object, keys ...string) object {
	picked := object{}
	for _, key := range keys {
		if value, ok := o[key]; ok {
			picked[key] = value
		}
	}
	return picked
}

func keys(o object) []string {
	var all []string
	for key := range o {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// maxRequestBytes is the largest CreateFunction request (AWS recorded
// "Request must be smaller than 70167211 bytes for the CreateFunction
// operation"). That other operations share the number is LIKELY.
const maxRequestBytes = 70167211

// heardOutBytes is how much of a request is read that is too large anyway.
const heardOutBytes = 16 << 20

// Roles answers what Lambda asks IAM.
type Roles interface {
	// Trusts says whether the role exists and may be assumed by the service
	// principal, such as lambda.amazonaws.com, at the instant now.
	Trusts(tx kv.Tx, roleARN, service string, now time.Time) bool
}

// Delays are how long transitions last; zero ends them before the next call.
type Delays struct {
	FunctionCreate time.Duration // Pending after CreateFunction
	FunctionUpdate time.Duration // InProgress after Update*
	// VersionActive is how long a published version stays Pending. Recorded
	// answers show a version of a settled zip function Active at once, which is
	// the zero value; a version published by Create or Update with Publish is
	// Pending at least as long as what it was made from.
	VersionActive time.Duration
}

// Config is what a Service needs; every field but Delays must be set.
type Config struct {
	Store kv.Store
	Roles Roles
	// Now is the clock of an account.
	Now    func(account string) time.Time
	Delays Delays
	// Replicated says whether CloudFront still has replicas of a version.
	Replicated func(tx kv.Tx, account, versionARN string, now time.Time) bool
	// Secret signs code locations. Whoever knows it can read all code.
	Secret []byte
}

// Service is Lambda's control plane. It keeps all state in its store and may
// be used by any number of goroutines.
type Service struct {
	Config

	patterns patterns
	routes   []route
}

// New makes a Service.
func New(c Config) *Service {
	return &Service{Config: c, patterns: compile(), routes: routes()}
}

// Caller is who a request is from, as found in its Authorization header.
type Caller struct {
	Account string // 12 digits
	Region  string // every region is a world of its own
	Base    string // scheme and host under which the server answers, for code locations
	Guessed bool   // the access key id names no account; this one was taken for it
}

type callerKey struct{}

// WithCaller attaches the caller to the context of a request for ServeHTTP.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// call is one request being answered, inside one transaction.
type call struct {
	s      *Service
	tx     kv.Tx
	caller Caller
	now    time.Time

	params     []string // of the path, unescaped
	query      url.Values
	body       []byte
	namespaced bool // the operation takes a NamespacedFunctionName
}

// ServeHTTP answers one API request. The caller must be in the context
// (WithCaller), and whether it may call at all was decided before.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("x-amzn-RequestId") == "" {
		w.Header().Set("x-amzn-RequestId", newUUID())
	}
	caller, ok := r.Context().Value(callerKey{}).(Caller)
	if !ok {
		fail(w, errors.New("the request carries no caller"))
		return
	}
	rt, params, ok := s.match(r)
	if !ok {
		fail(w, notOffered("the operation %s %s of Lambda", r.Method, r.URL.Path))
		return
	}
	if !rt.offered(r) {
		fail(w, notOffered("%s: it keeps functions and versions, and runs nothing here", rt.operation))
		return
	}
	body, err := readBody(r, rt.operation)
	if err != nil {
		fail(w, err)
		return
	}
	c := &call{s: s, caller: caller, now: s.Now(caller.Account), params: params, query: r.URL.Query(), body: body, namespaced: rt.namespaced}
	answer, err := c.run(rt)
	if err != nil {
		fail(w, err)
		return
	}
	if refusal, ok := answer.(*apiError); ok {
		fail(w, refusal)
		return
	}
	if answer == nil {
		w.WriteHeader(rt.status)
		return
	}
	writeJSON(w, rt.status, answer)
}

// run executes the operation in a transaction of its kind. An error undoes what
// the operation wrote; an answer that is an *apiError does not.
func (c *call) run(rt route) (any, error) {
	transact := c.s.Store.View
	if rt.writes {
		transact = c.s.Store.Update
	}
	var answer any
	err := transact(func(tx kv.Tx) error {
		c.tx = tx
		var err error
		answer, err = rt.do(c)
		return err
	})
	return answer, err
}

func readBody(r *http.Request, operation string) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	if err == nil && len(body) > maxRequestBytes {
		// A client that is still sending would meet a closed connection
		// instead of the answer, so what is not far above the limit is heard out.
		_, err = io.CopyN(io.Discard, r.Body, heardOutBytes)
		if err == nil || errors.Is(err, io.EOF) {
			return nil, requestTooLarge(operation)
		}
	}
	if err != nil {
		return nil, &apiError{Status: http.StatusBadRequest, Code: "InvalidRequestContentException", Message: fmt.Sprintf("the request body broke off: %v", err)}
	}
	return body, nil
}

func requestTooLarge(operation string) error {
	return tooLarge("Request must be smaller than %d bytes for the %s operation", maxRequestBytes, operation)
}

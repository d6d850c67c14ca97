package cf

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// namespace is the XML namespace of the API's documents.
const namespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/"

// maxBody bounds a request. CloudFront's own bound is UNKNOWN; the largest
// legal configuration (75 behaviours) stays under half a megabyte.
const maxBody = 4 << 20

// Functions is what CloudFront reads of Lambda and IAM.
type Functions interface {
	// Lookup finds the function version that a numbered version ARN names,
	// with its frozen configuration, in the caller's transaction.
	Lookup(tx kv.Tx, account, arn string) (Function, bool)
}

// Function is a published version as the association checks see it.
type Function struct {
	ARN, Version, Runtime, Role, State, Architecture, PackageType string
	TimeoutSeconds, MemoryMB                                      int
	CodeSize                                                      int64 // bytes of the zip
	HasEnvironment, HasVPC, HasLayers, HasDeadLetter              bool
	HasKMS, ActiveTracing                                         bool
	EphemeralMB                                                   int
	RoleTrust                                                     []string // services that may assume Role
}

// Config is what a Service is made of. Store and Functions are required.
type Config struct {
	Store     kv.Store
	Functions Functions
	// Now is the clock of an account; nil means time.Now.
	Now func(account string) time.Time
	// PropagationDelay is how long a write stays InProgress.
	PropagationDelay time.Duration
	// ReplicaDelay is how long a version stays replicated after the last
	// association with it went.
	ReplicaDelay time.Duration
	// LegacyViewerLimits brings back the quotas on viewer triggers that AWS
	// documented until 2024: 128 MB, 5 s, 1 MB.
	LegacyViewerLimits bool
	// WritesPerMinute is how many writes an account may send within a minute
	// before the next is throttled; 0 means any number.
	WritesPerMinute int
	// NewID returns 13 characters out of A-Z and 0-9, never the same twice;
	// nil means random ones.
	NewID func() string
}

// Service answers CloudFront's API.
type Service struct {
	Config
	config    *shape // of a DistributionConfig
	resources []*resourceKind
	routes    []route
}

// New returns a Service over the given parts.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = func(string) time.Time { return time.Now() }
	}
	if c.NewID == nil {
		c.NewID = randomID
	}
	return &Service{Config: c, config: distributionConfigShape(), resources: resourceKinds(), routes: routes()}
}

// randomID draws 65 random bits, more than a lifetime of writes can collide in.
func randomID() string { return rand.Text()[:13] }

type accountKey struct{}

// WithAccount returns a context that carries the 12-digit account a request
// acts in.
func WithAccount(ctx context.Context, account string) context.Context {
	return context.WithValue(ctx, accountKey{}, account)
}

// call is one request, read.
type call struct {
	account string
	now     time.Time
	params  []string // of the path
	request *http.Request
	body    []byte
}

// reply is a successful answer.
type reply struct {
	etag, location string
	body           []byte
}

// ServeHTTP answers one request. The account must be in the context; whether
// the caller may act in it has been decided before.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID()
	w.Header().Set("x-amzn-RequestId", id)
	rt, answer, err := s.answer(r)
	if err != nil {
		writeError(w, id, err)
		return
	}
	if answer.etag != "" {
		w.Header().Set("ETag", answer.etag)
	}
	if answer.location != "" {
		w.Header().Set("Location", answer.location)
	}
	if len(answer.body) > 0 {
		w.Header().Set("Content-Type", "text/xml")
	}
	w.WriteHeader(rt.success)
	// An error here means that the client is gone; there is nobody to tell.
	_, _ = w.Write(answer.body)
}

func (s *Service) answer(r *http.Request) (route, *reply, error) {
	account, _ := r.Context().Value(accountKey{}).(string)
	if account == "" {
		return route{}, nil, refuse(http.StatusForbidden, "AccessDenied", "The request belongs to no account.")
	}
	rt, params, ok := s.match(r)
	if !ok {
		return route{}, nil, notOffered("the operation %s %s of CloudFront", r.Method, r.URL.Path)
	}
	body, err := readBody(r.Body)
	if err != nil {
		return route{}, nil, err
	}
	c := &call{account: account, now: s.Now(account).UTC(), params: params, request: r, body: body}
	var answer *reply
	run := func(tx kv.Tx) (err error) {
		answer, err = rt.run(s, tx, c)
		return err
	}
	if !rt.writes {
		err = s.Store.View(run)
		return rt, answer, err
	}
	if err := s.admit(c.account, c.now); err != nil {
		return rt, nil, err
	}
	err = s.Store.Update(run)
	return rt, answer, err
}

func readBody(body io.Reader) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	read, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	if len(read) > maxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", msgTooLarge)
	}
	return read, nil
}

// writeError answers with the error's own code, or with one of ours where the
// store failed. Layout and headers after replies that real
// accounts logged (fog issue 3428).
func writeError(w http.ResponseWriter, id string, err error) {
	failure, ok := errors.AsType[*apiError](err)
	if !ok {
		// No client retries 507, so that its user reads this at once.
		failure = &apiError{status: http.StatusInsufficientStorage, code: "LocalStoreFailure", message: err.Error()}
	}
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0"?>` + "\n")
	fmt.Fprintf(&out, `<ErrorResponse xmlns="%s"><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
		namespace, failure.sender(), escape(failure.code), escape(failure.message), id)
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(failure.status)
	_, _ = w.Write(out.Bytes()) // the client may be gone
}

// requestID is a random UUID.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return strings.ToLower(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

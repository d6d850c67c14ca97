package iam

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// XML namespaces of the two services' answers.
const (
	Namespace    = "https://iam.amazonaws.com/doc/2010-05-08/"
	STSNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

const maxFormBytes = 1 << 20

// Config is what a Service needs.
type Config struct {
	Store kv.Store
	// Now is the clock of an account.
	Now func(account string) time.Time
	// Propagation is how long after CreateRole a role cannot be assumed yet.
	Propagation time.Duration
}

// Service answers STS and IAM. It may be used by any number of goroutines.
type Service struct {
	Config

	patterns patterns
}

// New makes a Service.
func New(c Config) *Service { return &Service{Config: c, patterns: compile()} }

// Caller is who a request is from.
type Caller struct {
	Account   string // 12 digits
	AccessKey string
}

type callerKey struct{}

// WithCaller attaches the caller to the context of a request for ServeHTTP.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Operation names the operation that a request means, "" if it names none. It
// reads the form in the request's body.
func Operation(r *http.Request) string {
	r.Body = http.MaxBytesReader(nil, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return ""
	}
	return r.Form.Get("Action")
}

// Resource names the role that a request is about, "" if none.
func Resource(r *http.Request) string {
	if Operation(r) == "" {
		return ""
	}
	return r.Form.Get("RoleName")
}

// failure is an answer that is not a success.
type failure struct {
	status        int
	code, message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func refuse(status int, code, format string, args ...any) error {
	return &failure{status, code, fmt.Sprintf(format, args...)}
}

// WriteError answers with an error in the form that the Query protocol and
// CloudFront share; the namespace tells the service.
func WriteError(w http.ResponseWriter, namespace string, status int, code, message string) {
	kind := "Sender"
	if status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	write(w, status, errorResponse{
		XMLName:   xml.Name{Space: namespace, Local: "ErrorResponse"},
		Error:     errorBody{Type: kind, Code: code, Message: message},
		RequestID: requestID(w),
	})
}

type errorResponse struct {
	XMLName   xml.Name
	Error     errorBody
	RequestID string `xml:"RequestId"`
}

type errorBody struct{ Type, Code, Message string }

type metadata struct{ RequestId string }

// requestID is the one already in the answer's header, or a new one.
func requestID(w http.ResponseWriter) string {
	id := w.Header().Get("x-amzn-RequestId")
	if id == "" {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails since Go 1.24
		id = fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
		w.Header().Set("x-amzn-RequestId", id)
	}
	return id
}

func write(w http.ResponseWriter, status int, body any) {
	raw, err := xml.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("iam: an answer of type %T does not encode: %v", body, err)) // only our own types reach this
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	// A client that hung up is the only thing that can go wrong here, and it is not there to be told.
	_, _ = w.Write(raw)
}

// ServeHTTP answers one API request of IAM or STS. The caller must be in the
// context (WithCaller).
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := Operation(r)
	caller, ok := r.Context().Value(callerKey{}).(Caller)
	namespace := Namespace
	if r.Form.Get("Version") == "2011-06-15" || action == "GetCallerIdentity" {
		namespace = STSNamespace
	}
	if !ok {
		WriteError(w, namespace, http.StatusInternalServerError, "InternalFailure", "the request carries no caller")
		return
	}
	answer, err := s.answer(action, caller, r.Form)
	if f, ok := errors.AsType[*failure](err); ok {
		WriteError(w, namespace, f.status, f.code, f.message)
		return
	}
	if err != nil {
		// No client retries 507, so that its user reads this at once.
		WriteError(w, namespace, http.StatusInsufficientStorage, "LocalStoreFailure", err.Error())
		return
	}
	out := response{XMLName: xml.Name{Space: namespace, Local: action + "Response"}, Metadata: metadata{requestID(w)}}
	if answer != nil {
		out.Result = &named{action + "Result", answer}
	}
	write(w, http.StatusOK, out)
}

// response is the envelope of the Query protocol.
type response struct {
	XMLName  xml.Name
	Result   *named
	Metadata metadata `xml:"ResponseMetadata"`
}

// named is an element whose name is known when it is written.
type named struct {
	name    string
	content any
}

// MarshalXML writes the content under the name.
func (n *named) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(n.content, xml.StartElement{Name: xml.Name{Local: n.name}})
}

// request is one call, inside one transaction.
type request struct {
	s      *Service
	tx     kv.Tx
	caller Caller
	form   url.Values
}

// answer runs an operation. A nil answer is one that has no result.
func (s *Service) answer(action string, caller Caller, form url.Values) (answer any, err error) {
	if action == "" {
		return nil, refuse(http.StatusBadRequest, "MissingAction", "the request names no readable Action")
	}
	op, ok := operations()[action]
	if !ok {
		return nil, notOffered("%s: of IAM and STS it knows GetCallerIdentity and what a role with its policies and tags needs", action)
	}
	for key := range form {
		member, _, _ := strings.Cut(key, ".")
		if member != "Action" && member != "Version" && !slices.Contains(op.parameters, member) {
			return nil, notOffered("the parameter %s of %s", member, action)
		}
	}
	transact := s.Store.View
	if op.writes {
		transact = s.Store.Update
	}
	err = transact(func(tx kv.Tx) (err error) {
		answer, err = op.run(&request{s: s, tx: tx, caller: caller, form: form})
		return err
	})
	return answer, err
}

// notOffered is the answer of a local AWS to what only AWS can do. AWS itself
// never sends it.
func notOffered(format string, args ...any) error {
	return refuse(http.StatusNotImplemented, "NotOffered", "the local AWS does not offer "+format, args...)
}

package iam

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// XML namespaces of the two services' answers.
const (
	Namespace    = "https://iam.amazonaws.com/doc/2010-05-08/"
	STSNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

const (
	defaultSession = 3600
	maxFormBytes   = 1 << 20
)

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
	answer, err := s.answer(w, action, caller, r.Form)
	if f, ok := errors.AsType[*failure](err); ok {
		WriteError(w, namespace, f.status, f.code, f.message)
		return
	}
	if err != nil {
		WriteError(w, namespace, http.StatusInternalServerError, "InternalFailure", "the local store: "+err.Error())
		return
	}
	write(w, http.StatusOK, answer)
}

func (s *Service) answer(w http.ResponseWriter, action string, caller Caller, form url.Values) (any, error) {
	switch action {
	case "GetCallerIdentity":
		out := callerIdentity{Metadata: metadata{requestID(w)}}
		out.Result.Account, out.Result.UserID = caller.Account, caller.AccessKey
		out.Result.Arn = "arn:aws:iam::" + caller.Account + ":user/local"
		return out, nil
	case "GetRole":
		var out getRole
		return &out, s.Store.View(func(tx kv.Tx) error {
			r, err := s.getRole(tx, caller.Account, form.Get("RoleName"))
			out = getRole{Result: roleResult{view(r)}, Metadata: metadata{requestID(w)}}
			return err
		})
	case "CreateRole":
		var out createRole
		return &out, s.Store.Update(func(tx kv.Tx) error {
			r, err := s.createRole(tx, caller.Account, form)
			out = createRole{Result: roleResult{view(r)}, Metadata: metadata{requestID(w)}}
			return err
		})
	case "":
		return nil, refuse(http.StatusBadRequest, "MissingAction", "the request names no readable Action")
	}
	return nil, refuse(http.StatusBadRequest, "InvalidAction", "the local AWS does not offer %s: of IAM and STS it knows GetCallerIdentity, GetRole and CreateRole", action)
}

type callerIdentity struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	Result  struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	} `xml:"GetCallerIdentityResult"`
	Metadata metadata `xml:"ResponseMetadata"`
}

type getRole struct {
	XMLName  xml.Name   `xml:"https://iam.amazonaws.com/doc/2010-05-08/ GetRoleResponse"`
	Result   roleResult `xml:"GetRoleResult"`
	Metadata metadata   `xml:"ResponseMetadata"`
}

type createRole struct {
	XMLName  xml.Name   `xml:"https://iam.amazonaws.com/doc/2010-05-08/ CreateRoleResponse"`
	Result   roleResult `xml:"CreateRoleResult"`
	Metadata metadata   `xml:"ResponseMetadata"`
}

type roleResult struct{ Role roleView }

type roleView struct {
	Path, RoleName, RoleId, Arn, CreateDate string

	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
}

func view(r role) roleView {
	return roleView{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN,
		CreateDate: r.Created.UTC().Format(time.RFC3339),
		// The document travels percent-encoded (RFC 3986), as the API reference says.
		AssumeRolePolicyDocument: strings.ReplaceAll(url.QueryEscape(r.Document), "+", "%20"),
		Description:              r.Description, MaxSessionDuration: r.MaxSession,
	}
}

func (s *Service) getRole(tx kv.Tx, account, name string) (role, error) {
	if !s.patterns.name.MatchString(name) {
		return role{}, refuse(http.StatusBadRequest, "ValidationError", "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	r, ok, err := s.find(tx, account, name)
	if err == nil && !ok {
		err = refuse(http.StatusNotFound, "NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	return r, err
}

func (s *Service) createRole(tx kv.Tx, account string, form url.Values) (role, error) {
	r := role{Name: form.Get("RoleName"), Path: "/", Document: form.Get("AssumeRolePolicyDocument"), Description: form.Get("Description"), MaxSession: defaultSession, Created: s.Now(account)}
	for key := range form {
		switch key {
		case "Action", "Version", "RoleName", "Path", "AssumeRolePolicyDocument", "Description", "MaxSessionDuration":
		default:
			return role{}, refuse(http.StatusBadRequest, "InvalidParameterCombination", "the local AWS does not offer the parameter %s of CreateRole", key)
		}
	}
	if !s.patterns.name.MatchString(r.Name) {
		return role{}, refuse(http.StatusBadRequest, "ValidationError", "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	if path := form.Get("Path"); path != "" {
		if !s.patterns.path.MatchString(path) {
			return role{}, refuse(http.StatusBadRequest, "ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
		}
		r.Path = path
	}
	if raw := form.Get("MaxSessionDuration"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 3600 || n > 43200 {
			return role{}, refuse(http.StatusBadRequest, "ValidationError", "MaxSessionDuration must be from 3600 to 43200 seconds") // text ours
		}
		r.MaxSession = n
	}
	if _, err := trusted(r.Document); err != nil {
		return role{}, refuse(http.StatusBadRequest, "MalformedPolicyDocument", "This policy contains invalid Json") // LIKELY
	}
	if _, ok, err := s.find(tx, account, r.Name); err != nil {
		return role{}, err
	} else if ok {
		return role{}, refuse(http.StatusConflict, "EntityAlreadyExists", "Role with name %s already exists.", r.Name)
	}
	r.ID, r.ARN = newID(), "arn:aws:iam::"+account+":role"+r.Path+r.Name
	r.AssumableAt = r.Created.Add(s.Propagation)
	return r, s.put(tx, account, r)
}

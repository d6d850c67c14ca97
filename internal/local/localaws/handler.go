package localaws

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// maxBodyBytes bounds any request, whatever becomes of it; it leaves room
// above the largest limit that a service applies itself, which is Lambda's.
const maxBodyBytes = 96 << 20

// exchange is one request being answered.
type exchange struct {
	s       *Server
	w       *recorder
	r       *http.Request
	id      identity
	service string
	base    string // scheme and host of this server, as the client knows it
}

// serve answers a request that may be answered: it was checked, or came by no
// socket. Every answer carries a Date of the account's clock and a request id.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, id identity, base string) {
	if strings.HasPrefix(r.URL.Path, lambda.CodePath) {
		if owner, ok := s.lambda.CodeOwner(r); ok {
			id.Account = owner
		}
	}
	w.Header().Set("Date", s.clock.now(id.Account).UTC().Format(http.TimeFormat))
	w.Header().Set("x-amzn-RequestId", newRequestID())
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	x := &exchange{s: s, w: &recorder{ResponseWriter: w, begin: func(int) {}}, r: r, id: id, service: serviceOf(r, id), base: base}
	if x.service != codeService && strings.HasPrefix(r.URL.Path, privatePath) {
		x.control()
		return
	}
	start := s.clock.now(id.Account).UnixNano()
	f, hit, entry := s.arrive(Call{
		Account: id.Account, Service: x.service, Operation: x.operation(), Resource: x.resource(),
		Method: r.Method, Path: x.path(), Start: start,
	})
	// The log has the call before the client has the answer, so that whoever
	// counts calls after an answer counts this one.
	x.w.begin = func(status int) {
		if status != 0 { // it may have been kept waiting, and the clock been moved
			w.Header().Set("Date", s.clock.now(id.Account).UTC().Format(http.TimeFormat))
		}
		s.log.end(entry, status, s.clock.now(id.Account).UnixNano())
	}
	defer x.w.end()
	if !hit {
		x.answer(x.w)
		return
	}
	x.strike(f, entry)
}

// arrive counts a call and logs it, both in one order.
func (s *Server) arrive(c Call) (f Fault, hit bool, entry *logged) {
	s.arrivals.Lock()
	defer s.arrivals.Unlock()
	f, hit = s.faults.take(c)
	c.Fault = f.Kind
	return f, hit, s.log.begin(c)
}

// answer lets the service answer.
func (x *exchange) answer(w http.ResponseWriter) {
	ctx := x.r.Context()
	switch x.service {
	case codeService:
		x.s.lambda.ServeCode(w, x.r)
	case lambdaService:
		x.s.lambda.ServeHTTP(w, x.r.WithContext(lambda.WithCaller(ctx, lambda.Caller{Account: x.id.Account, Region: x.id.Region, Base: x.base, Guessed: x.id.Guessed})))
	case cloudfrontService:
		x.s.cf.ServeHTTP(w, x.r.WithContext(cf.WithAccount(ctx, x.id.Account)))
	case iamService, stsService:
		x.s.iam.ServeHTTP(w, x.r.WithContext(iam.WithCaller(ctx, iam.Caller{Account: x.id.Account, AccessKey: x.id.AccessKey})))
	default:
		writeError(w, "", http.StatusNotImplemented, "NotOfferedException", fmt.Sprintf("the local AWS does not offer the service %q", x.id.Service))
	}
}

// operation names what the request asks for, "" if nothing known.
func (x *exchange) operation() string {
	switch x.service {
	case codeService:
		return "Download"
	case lambdaService:
		return x.s.lambda.Operation(x.r)
	case cloudfrontService:
		return x.s.cf.Operation(x.r)
	case iamService, stsService:
		return iam.Operation(x.r)
	}
	return ""
}

// path is the path for the log, which must not give away code.
func (x *exchange) path() string {
	if x.service == codeService {
		return lambda.CodePath + "…"
	}
	return x.r.URL.Path
}

// writeError answers in the format of a service.
func writeError(w http.ResponseWriter, service string, status int, code, message string) {
	switch service {
	case cloudfrontService:
		iam.WriteError(w, "http://cloudfront.amazonaws.com/doc/2020-05-31/", status, code, message)
	case iamService:
		iam.WriteError(w, iam.Namespace, status, code, message)
	case stsService:
		iam.WriteError(w, iam.STSNamespace, status, code, message)
	default:
		lambda.WriteError(w, status, code, message)
	}
}

// ended stands for the status of an answer that never begins.
const ended = -1

// recorder tells the status of an answer before the answer begins.
type recorder struct {
	http.ResponseWriter
	status int
	begin  func(status int)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// end tells that no answer begins if none has: cut, or nothing to say.
func (w *recorder) end() {
	if w.status == 0 {
		w.status = ended
		w.begin(0)
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

package localaws

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// Handler answers requests that come in by a socket. A web page in a browser
// on the same machine can send requests, too, and must not be able to store
// code that is run here; so a request is refused unless
//
//   - its Host is a loopback name with the port it came in by (a page's own
//     name may point at 127.0.0.1), unless Options.ListenAnyone is set;
//   - its Origin, if any, is this server, and Sec-Fetch-Site, if any, does not
//     say that another site sent it; no answer ever carries a CORS header;
//   - it carries an Authorization header as AWS's clients sign, which no form
//     and no "simple" cross-site request can; code locations carry a token
//     instead, and the ping gives nothing away.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, present, ok := s.identify(r)
		service := serviceOf(r, id)
		if !s.ownHost(r) {
			s.forbid(w, id, service, "AccessDenied", "the local AWS is reached by a loopback name and its port, not as "+strconv.Quote(r.Host))
			return
		}
		if crossSite(r) {
			s.forbid(w, id, service, "AccessDenied", "the local AWS answers no other site's pages")
			return
		}
		if !strings.HasPrefix(r.URL.Path, lambda.CodePath) && r.URL.Path != privatePath+"ping" {
			if !present {
				s.forbid(w, id, service, missingToken(service), "Missing Authentication Token")
				return
			}
			if !ok {
				s.forbid(w, id, service, incompleteSignature(service), "the Authorization header is not one of Signature Version 4: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…")
				return
			}
		}
		s.serve(w, r, id, "http://"+r.Host)
	})
}

// AWS names the two refusals a little differently per protocol (common errors
// of each API reference; IncompleteSignature is 400 there).
func missingToken(service string) string {
	if service == lambdaService {
		return "MissingAuthenticationTokenException"
	}
	return "MissingAuthenticationToken"
}

func incompleteSignature(service string) string {
	if service == lambdaService {
		return "IncompleteSignatureException"
	}
	return "IncompleteSignature"
}

func (s *Server) forbid(w http.ResponseWriter, id identity, service, code, message string) {
	w.Header().Set("Date", s.clock.now(id.Account).UTC().Format(http.TimeFormat))
	w.Header().Set("x-amzn-RequestId", newRequestID())
	if service == lambdaService && code == "AccessDenied" {
		code = "AccessDeniedException"
	}
	writeError(w, service, http.StatusForbidden, code, message)
}

// ownHost reports whether the request was meant for this server.
func (s *Server) ownHost(r *http.Request) bool {
	if s.options.ListenAnyone {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false // not from net/http's server: nothing says which port is ours
	}
	_, ours, err := net.SplitHostPort(local.String())
	if err != nil {
		return false
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.Trim(r.Host, "[]"), "80" // what a Host without a port means
	}
	return port == ours && loopbackName(host)
}

func loopbackName(host string) bool {
	return strings.EqualFold(host, "localhost") || host == "127.0.0.1" || host == "::1"
}

// crossSite reports whether a browser sent the request for a page of another
// origin. Another port of localhost is another origin.
func crossSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return true
	}
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" || !strings.EqualFold(u.Host, r.Host) {
			return true
		}
	}
	return false
}

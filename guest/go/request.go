package edge

import (
	"strings"

	"github.com/edgedeploy/edgedeploy/guest/go/internal/host"
)

// Event is what all events have.
type Event struct{}

// RequestID identifies the request, as X-Amz-Cf-Id and the access logs do.
func (Event) RequestID() string { return field(host.RequestID) }

// DistributionID is the distribution's id.
func (Event) DistributionID() string { return field(host.DistributionID) }

// DistributionDomain is the distribution's own domain name.
func (Event) DistributionDomain() string { return field(host.DistributionDomain) }

// field returns a field, "" if the event does not have it.
func field(f host.Field) string {
	value, _ := host.Get(f)
	return value
}

// Request reads the request. It is there at every trigger.
type Request struct{}

// Method is GET, POST and so on.
func (Request) Method() string { return field(host.Method) }

// URI is the path alone, with its leading slash.
func (Request) URI() string { return field(host.URI) }

// Querystring comes without its question mark, and is "" if there is none.
func (Request) Querystring() string { return field(host.Querystring) }

// ClientIP is the visitor's address, or that of the proxy in between.
func (Request) ClientIP() string { return field(host.ClientIP) }

// Headers reads the request's headers.
func (Request) Headers() Headers { return Headers{host.Request} }

// Cookie returns the value of the first cookie of that name, and whether there
// is one. The value is as the browser sent it.
func (r Request) Cookie(name string) (string, bool) {
	for _, line := range r.Headers().Values("Cookie") {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			key, value, ok := strings.Cut(pair, "=")
			if ok && strings.TrimSpace(key) == name {
				return strings.TrimSpace(value), true
			}
		}
	}
	return "", false
}

// EditRequest also changes the request.
type EditRequest struct{ Request }

// Headers reads and changes the request's headers.
func (EditRequest) Headers() EditHeaders { return EditHeaders{Headers{host.Request}} }

// SetURI changes the path. It starts with a slash and has no space or control
// character. The behavior that CloudFront has chosen stays.
func (EditRequest) SetURI(uri string) { host.Set(host.URI, uri) }

// SetQuerystring changes the query string, which has no space, control
// character or #.
func (EditRequest) SetQuerystring(query string) { host.Set(host.Querystring, query) }

// Body returns the request's body, decoded, and whether the event has one: the
// trigger needs include-body: true.
func (EditRequest) Body() (Body, bool) {
	b, ok := host.Body()
	if !ok {
		return Body{}, false
	}
	return Body{Bytes: b, Truncated: host.BodyTruncated()}, true
}

// SetBody replaces the request's body by a text. The trigger needs
// include-body: true.
func (EditRequest) SetBody(text string) { host.SetBody(host.Text, text) }

// SetBodyBytes replaces the request's body by bytes.
func (EditRequest) SetBodyBytes(b []byte) { host.SetBodyBytes(b) }

// Body is the body of a request.
type Body struct {
	Bytes []byte

	// Truncated says that CloudFront cut the body off: at 40 KB at
	// viewer-request, at 1 MB at origin-request (Developer Guide, "Quotas on
	// Lambda@Edge").
	Truncated bool
}

// ViewerRequest is the event before the cache.
type ViewerRequest struct {
	Event
	EditRequest
}

// OriginRequest is the event on the way to the origin, after the cache had no
// answer.
type OriginRequest struct {
	Event
	EditRequest
}

// Origin reads the origin that CloudFront is about to ask, and whether the event
// tells it.
func (OriginRequest) Origin() (Origin, bool) { return origin() }

// EditOrigin changes the origin, of whichever kind it is.
func (OriginRequest) EditOrigin() EditOrigin { return EditOrigin{} }

// SendTo sends the request to another host: it changes the origin's domain name and
// the Host header together, because an origin that is asked for another one's site
// has no answer. Everything else of the origin stays.
func (r OriginRequest) SendTo(domain string) {
	r.EditOrigin().SetDomain(domain)
	r.Headers().Set("Host", domain)
}

// CustomOrigin changes the origin, which becomes a custom one if it is not: with
// https on port 443, TLSv1.2, 30 and 5 seconds. Domain name, path and custom
// headers stay.
func (OriginRequest) CustomOrigin() CustomOrigin {
	host.Set(host.OriginKind, string(Custom))
	return CustomOrigin{}
}

// S3Origin changes the origin, which becomes an S3 bucket if it is not: without
// authentication. Domain name, path and custom headers stay.
func (OriginRequest) S3Origin() S3Origin {
	host.Set(host.OriginKind, string(S3))
	return S3Origin{}
}

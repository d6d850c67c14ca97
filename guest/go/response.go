package edge

import (
	"strconv"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/guest/go/internal/host"
)

// Response is an answer to a request, made at a request trigger.
//
// CloudFront takes 40 KB at viewer-request and 1 MB at origin-request, body and
// headers together (Developer Guide, "Quotas on Lambda@Edge").
type Response struct {
	Status      int    // 200 to 599
	Description string // "Not Found" and so on; may be ""
	Headers     []Header
	Body        string // sent as text if it is UTF-8, otherwise as bytes
}

// Header is one header of a Response. Several of one name all count.
type Header struct{ Name, Value string }

// Redirect is a response that sends the visitor somewhere else, with status 301,
// 302, 303, 307 or 308.
func Redirect(status int, location string) *Response {
	return &Response{Status: status, Headers: []Header{{"Location", location}}}
}

func (r *Response) send() {
	host.Respond(uint32(r.Status))
	if r.Description != "" {
		host.Set(host.StatusDescription, r.Description)
	}
	for _, h := range r.Headers {
		host.AppendHeader(host.Response, h.Name, h.Value)
	}
	if r.Body != "" {
		form := host.Text
		if !utf8.ValidString(r.Body) {
			form = host.Bytes
		}
		host.SetBody(form, r.Body)
	}
}

// response reads and changes what both response triggers have.
type response struct{}

// Request reads the request that led to the response.
func (response) Request() Request { return Request{} }

// Status is the response's status, 200 to 599.
func (response) Status() int { return number(host.Status) }

// StatusDescription is "OK" and so on, "" if there is none.
func (response) StatusDescription() string { return field(host.StatusDescription) }

// Headers reads and changes the response's headers.
func (response) Headers() EditHeaders { return EditHeaders{Headers{host.Response}} }

// OriginResponse is the event when the origin has answered, before the cache. It
// runs for errors too. The origin's body is not there to be read.
type OriginResponse struct {
	Event
	response
}

// Origin reads the origin that answered, and whether the event tells it.
func (OriginResponse) Origin() (Origin, bool) { return origin() }

// SetStatus changes the status and drops its description: "Not Found" must not
// stay behind on a 200.
func (OriginResponse) SetStatus(status int) { host.Set(host.Status, strconv.Itoa(status)) }

// SetStatusDescription changes the words after the status.
func (OriginResponse) SetStatusDescription(words string) {
	host.Set(host.StatusDescription, words)
}

// SetBody replaces the origin's body by a text; "" removes it. Content-Type and
// Content-Encoding are not touched: set what fits.
func (OriginResponse) SetBody(text string) { host.SetBody(host.Text, text) }

// SetBodyBytes replaces the origin's body by bytes.
func (OriginResponse) SetBodyBytes(b []byte) { host.SetBodyBytes(b) }

// ViewerResponse is the event before the visitor gets the response, from the
// cache too. It does not run when the origin answered 400 or above.
type ViewerResponse struct {
	Event
	response
}

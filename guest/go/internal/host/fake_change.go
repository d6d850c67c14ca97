//go:build !wasip1

package host

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What the trampoline accepts, in the words it refuses with.
var (
	token        = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	uriForm      = regexp.MustCompile(`^/[^\x00-\x20\x7f]*$`)
	queryForm    = regexp.MustCompile(`^[^\x00-\x20\x7f#]*$`)
	domainForm   = regexp.MustCompile(`^[^\s\x00-\x20\x7f:/]+$`)
	pathForm     = regexp.MustCompile(`^(/[^\x00-\x20\x7f]*[^\x00-\x20\x7f/])?$`)
	numberForm   = regexp.MustCompile(`^[0-9]{1,5}$`)
	lineBreaking = regexp.MustCompile(`[\x00\r\n]`)
)

var kindNames = []string{"viewer-request", "origin-request", "origin-response", "viewer-response"}

func matching(value string, form *regexp.Regexp, want string) string {
	if !form.MatchString(value) {
		refuse("%q: %s", value, want)
	}
	return value
}

func oneOf(value string, allowed ...string) string {
	if !slices.Contains(allowed, value) {
		refuse("%q: want %s", value, strings.Join(allowed, " or "))
	}
	return value
}

func whole(value string) float64 {
	if !numberForm.MatchString(value) {
		refuse("%q is no whole number", value)
	}
	n, _ := strconv.ParseFloat(value, 64) // five digits at most
	return n
}

func headerText(value string) string {
	if lineBreaking.MatchString(value) {
		refuse("a header value contains a line break or NUL")
	}
	return strings.ToValidUTF8(value, "\ufffd")
}

func (f *Fake) mayChangeRequest(what string) {
	f.inEvent()
	if !f.atRequest() {
		refuse("%s cannot be changed at %s", what, kindNames[f.event])
	}
}

func (f *Fake) mayChangeResponse(what string) {
	if !f.atRequest() && f.event != OriginResponse {
		refuse("viewer-response cannot change the %s", what)
	}
}

func (f *Fake) responseToChange(what string) object {
	r := f.response()
	if r == nil {
		refuse("%s: there is no response yet; call respond first", what)
	}
	return r
}

func (f *Fake) originToChange(want string) object {
	f.inEvent()
	if f.event != OriginRequest {
		refuse("the origin cannot be changed at %s", kindNames[f.event])
	}
	kind, part := f.origin()
	if want != "" && kind != want {
		refuse("only a %s origin has this field", want)
	}
	if part == nil {
		refuse("the event has no origin")
	}
	return part
}

func (f *Fake) set(field Field, value string) {
	f.inEvent()
	switch field {
	case URI:
		f.mayChangeRequest("uri")
		f.request()["uri"] = matching(value, uriForm, "a uri starts with / and has no space or control character")
	case Querystring:
		f.mayChangeRequest("querystring")
		f.request()["querystring"] = matching(value, queryForm, "a querystring has no space, control character or #")
	case Status:
		r := f.responseToChange("status")
		f.mayChangeResponse("status")
		if next := status(uint32(whole(value))); r["status"] != next {
			r["status"] = next
			delete(r, "statusDescription")
		}
	case StatusDescription:
		f.mayChangeResponse("status")
		f.responseToChange("status description")["statusDescription"] = headerText(value)
	case OriginKind:
		f.changeOriginKind(value)
	default:
		f.setOrigin(field, value)
	}
}

func (f *Fake) setOrigin(field Field, value string) {
	m, ok := originMembers[field]
	if !ok {
		f.get(field) // refuses what is unknown
		refuse("field %d is read-only", field)
	}
	part := f.originToChange(m[0])
	switch field {
	case OriginDomain:
		matching(value, domainForm, "a domain name has no colon, slash, space or control character")
	case OriginPath:
		matching(value, pathForm, "an origin path is empty, or starts and does not end with /, and has no space or control character")
	case OriginProtocol:
		oneOf(value, "http", "https")
	case OriginAuthMethod:
		oneOf(value, "none", "origin-access-identity")
	}
	switch field {
	case OriginPort, OriginReadTimeout, OriginKeepaliveTimeout:
		part[m[1]] = whole(value)
	case OriginSSLProtocols:
		var all []any
		for _, v := range strings.Split(value, ",") {
			all = append(all, v)
		}
		part[m[1]] = all
	default:
		part[m[1]] = value
	}
}

func (f *Fake) changeOriginKind(value string) {
	part := f.originToChange("")
	kind, _ := f.origin()
	oneOf(value, "custom", "s3")
	if value == kind {
		return
	}
	next := object{}
	for _, key := range []string{"customHeaders", "domainName", "path"} {
		if v, ok := part[key]; ok {
			next[key] = v
		}
	}
	if value == "s3" {
		next["authMethod"] = "none"
	} else {
		next["keepaliveTimeout"], next["port"], next["readTimeout"] = 5.0, 443.0, 30.0
		next["protocol"], next["sslProtocols"] = "https", []any{"TLSv1.2"}
	}
	f.request()["origin"] = object{value: next}
}

// holder returns what has the headers, and under which key.
func (f *Fake) holder(of Of) (object, string) {
	switch of {
	case Request:
		f.mayChangeRequest("request headers")
		return f.request(), "headers"
	case Response:
		return f.responseToChange("response headers"), "headers"
	case Origin:
		return f.originToChange(""), "customHeaders"
	}
	f.headers(of) // refuses
	return nil, ""
}

func (f *Fake) headersToChange(of Of) object {
	holder, key := f.holder(of)
	h, ok := holder[key].(object)
	if !ok {
		h = object{}
		holder[key] = h
	}
	return h
}

func (f *Fake) change(of Of, name uint32, value string, add bool) {
	h := f.headersToChange(of)
	key := interned[name]
	if !token.MatchString(key) || strings.EqualFold(key, "__proto__") { // as the trampoline does
		refuse("%q is no header name", key)
	}
	one := object{"key": key, "value": headerText(value)}
	var all []any
	if add {
		all = slices.Clone(valuesOf(h, key))
	}
	h[strings.ToLower(key)] = append(all, one)
}

func (f *Fake) removeHeader(of Of, name uint32) {
	delete(f.headersToChange(of), strings.ToLower(interned[name]))
}

func status(n uint32) string {
	if n < 200 || n > 599 {
		refuse("status %d is not within 200 to 599", n)
	}
	return strconv.Itoa(int(n))
}

func (f *Fake) respond(code uint32) {
	f.inEvent()
	if !f.atRequest() {
		refuse("respond is for request events; at %s change the response", kindNames[f.event])
	}
	f.answer = object{"status": status(code), "headers": object{}}
}

func (f *Fake) setBody(form uint32, body string) {
	f.inEvent()
	encoding := "text"
	switch form {
	case Text:
		body = strings.ToValidUTF8(body, string(utf8.RuneError))
	case Bytes:
		body, encoding = base64.StdEncoding.EncodeToString([]byte(body)), "base64"
	default:
		refuse("body form %d: want 0 (text) or 1 (bytes)", form)
	}
	if f.atRequest() && f.answer == nil {
		b, ok := f.request()["body"].(object)
		if !ok {
			refuse("the event has no request body; associate the function with its body included")
		}
		b["action"], b["data"], b["encoding"] = "replace", body, encoding
		return
	}
	f.mayChangeResponse("body")
	r := f.responseToChange("body")
	r["body"], r["bodyEncoding"] = body, encoding
}

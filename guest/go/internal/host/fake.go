//go:build !wasip1

package host

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Refusal is what a host function would have failed the handler with.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

func refuse(format string, a ...any) { panic(&Refusal{fmt.Sprintf(format, a...)}) }

type object = map[string]any

// Line is one entry of the log.
type Line struct {
	Level Level
	Text  string
}

// Fake is a host in memory. It changes an event as the trampoline does and
// refuses what that refuses.
type Fake struct {
	Settings map[string]any // the function's configuration
	Now      func() time.Time
	Entropy  io.Reader
	Lines    []Line

	event  Event
	cf     object // Records[0].cf; nil outside of events
	answer object // the response that a request handler builds
}

// current is the host of everything in this package.
var current = &Fake{}

// interned is shared by all fakes, as the numbers in names are.
var interned []string

// Use makes f the host from now on.
func Use(f *Fake) { current = f }

// Begin gives the fake an event: the member cf of its record.
func (f *Fake) Begin(cf object) (Event, error) {
	kinds := []string{"viewer-request", "origin-request", "origin-response", "viewer-response"}
	c, _ := cf["config"].(object)
	i := slices.Index(kinds, fmt.Sprint(c["eventType"]))
	if i < 0 {
		return 0, fmt.Errorf("the event's config.eventType is %v, want one of %s", c["eventType"], strings.Join(kinds, ", "))
	}
	if _, ok := cf["request"].(object); !ok {
		return 0, fmt.Errorf("the event has no request")
	}
	f.cf, f.event, f.answer = cf, Event(i), nil
	return f.event, nil
}

// End takes the event back and returns what goes to CloudFront for a code of
// edge_handle.
func (f *Fake) End(code int32) (object, error) {
	cf, answer := f.cf, f.answer
	f.cf, f.answer = nil, nil
	switch {
	case code == Continue && f.event <= OriginRequest:
		return cf["request"].(object), nil
	case code == Continue:
		return cf["response"].(object), nil
	case code == Answer && answer != nil:
		return answer, nil
	}
	return nil, fmt.Errorf("edge_handle returned %d", code)
}

func (f *Fake) intern(s string) uint32 {
	i := slices.Index(interned, s)
	if i < 0 {
		i, interned = len(interned), append(interned, s)
	}
	return uint32(i)
}

func (f *Fake) inEvent() {
	if f.cf == nil {
		refuse("this host function needs an event; edge_init has none")
	}
}

func (f *Fake) atRequest() bool { return f.event == ViewerRequest || f.event == OriginRequest }

func (f *Fake) request() object {
	f.inEvent()
	return f.cf["request"].(object)
}

func (f *Fake) response() object {
	f.inEvent()
	if f.atRequest() {
		return f.answer
	}
	r, _ := f.cf["response"].(object)
	return r
}

// origin returns the kind of the event's origin and its part, "" if it has none.
func (f *Fake) origin() (string, object) {
	o, _ := f.request()["origin"].(object)
	for _, kind := range []string{"custom", "s3"} {
		if part, ok := o[kind].(object); ok {
			return kind, part
		}
	}
	return "", nil
}

func member(o object, key string) (string, bool) {
	switch v := o[key].(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, fmt.Sprint(item))
		}
		return strings.Join(all, ","), true
	default:
		return "", false
	}
}

// originMembers are the fields of an origin, by kind: "" for both.
var originMembers = map[Field][2]string{
	OriginDomain: {"", "domainName"}, OriginPath: {"", "path"},
	OriginProtocol: {"custom", "protocol"}, OriginPort: {"custom", "port"},
	OriginReadTimeout: {"custom", "readTimeout"}, OriginKeepaliveTimeout: {"custom", "keepaliveTimeout"},
	OriginSSLProtocols: {"custom", "sslProtocols"},
	OriginRegion:       {"s3", "region"}, OriginAuthMethod: {"s3", "authMethod"},
}

func (f *Fake) get(field Field) (string, bool) {
	f.inEvent()
	settings, _ := f.cf["config"].(object)
	switch field {
	case Method:
		return member(f.request(), "method")
	case URI:
		return member(f.request(), "uri")
	case Querystring:
		return member(f.request(), "querystring")
	case ClientIP:
		return member(f.request(), "clientIp")
	case RequestID:
		return member(settings, "requestId")
	case DistributionID:
		return member(settings, "distributionId")
	case DistributionDomain:
		return member(settings, "distributionDomainName")
	case Status:
		return member(f.response(), "status")
	case StatusDescription:
		return member(f.response(), "statusDescription")
	}
	kind, part := f.origin()
	if field == OriginKind {
		return kind, kind != ""
	}
	m, ok := originMembers[field]
	if !ok {
		refuse("field %d is unknown", field)
	}
	if m[0] != "" && m[0] != kind {
		return "", false
	}
	return member(part, m[1])
}

// headers returns the map of one holder, nil if there is none.
func (f *Fake) headers(of Of) object {
	f.inEvent()
	var h object
	switch of {
	case Request:
		h, _ = f.request()["headers"].(object)
	case Response:
		h, _ = f.response()["headers"].(object)
	case Origin:
		_, part := f.origin()
		h, _ = part["customHeaders"].(object)
	default:
		refuse("headers of %d: want 0 (request), 1 (response) or 2 (origin)", of)
	}
	return h
}

func valuesOf(h object, name string) []any {
	all, _ := h[strings.ToLower(name)].([]any)
	return all
}

func (f *Fake) header(of Of, name, i uint32) (string, bool) {
	all := valuesOf(f.headers(of), interned[name])
	if int(i) >= len(all) {
		return "", false
	}
	return member(all[i].(object), "value")
}

// list gives headers in the order of their names: JSON keeps no other.
func (f *Fake) list(of Of) []string {
	var list []string
	h := f.headers(of)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, one := range valuesOf(h, name) {
			value, _ := member(one.(object), "value")
			list = append(list, name+": "+value)
		}
	}
	return list
}

func (f *Fake) headerAt(of Of, i uint32) (string, bool) {
	list := f.list(of)
	if int(i) >= len(list) {
		return "", false
	}
	return list[i], true
}

func (f *Fake) truncated() bool {
	b, _ := f.request()["body"].(object)
	truncated, _ := b["inputTruncated"].(bool)
	return truncated
}

func (f *Fake) body() (string, bool) {
	b, ok := f.request()["body"].(object)
	if !ok {
		return "", false
	}
	data, there := member(b, "data")
	if encoding, _ := member(b, "encoding"); encoding == "text" || !there {
		return data, there
	}
	decoded, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		refuse("the event's body is not base64: %v", err)
	}
	return string(decoded), true
}

func (f *Fake) config(key string) (string, bool) {
	v, ok := f.Settings[key]
	if s, isText := v.(string); isText || !ok {
		return s, ok
	}
	b, err := JSON(v)
	if err != nil {
		refuse("config %s: %v", key, err)
	}
	return string(b), true
}

// JSON encodes as JavaScript does, without escapes for HTML.
func JSON(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func (f *Fake) log(level Level, message string) {
	if level > Error {
		refuse("log level %d: want 0 (debug) to 3 (error)", level)
	}
	f.Lines = append(f.Lines, Line{level, message})
}

func (f *Fake) random(b []byte) {
	if _, err := io.ReadFull(f.Entropy, b); err != nil {
		refuse("random bytes: %v", err)
	}
}

package result

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Returned is what a function returned: as the JSON that Lambda makes of it,
// and what that JSON hides.
type Returned struct {
	JSON   []byte
	Hidden []Hidden
}

// Hidden is a value that JSON cannot say as it is.
type Hidden struct {
	Path string `json:"path"` // JSON pointer
	// Kind is what stands there: undefined, function, symbol, NaN, Infinity,
	// -Infinity, or the name of its class.
	Kind string `json:"kind"`
	// How is what JSON makes of an instance of that class.
	How string `json:"how,omitempty"`
}

// What JSON makes of instances.
const (
	Emptied  = "emptied"  // {}, although there is something in it
	Opaque   = "opaque"   // {}, and nobody can tell whether there is something in it
	Spelled  = "spelled"  // its bytes, one by one
	Dated    = "dated"    // a date's ISO 8601
	Unlisted = "unlisted" // nothing of this member: it is no enumerable property of the instance's own
)

// Judge says what CloudFront would find wrong with a result, in the order of
// the paths. What the event already carried is never a violation.
func Judge(e Event, r Returned) []Violation {
	j := &judge{event: e, hidden: map[string]Hidden{}, rules: map[string]Rule{}}
	for _, rule := range Rules() {
		j.rules[rule.Name] = rule
	}
	for _, h := range r.Hidden {
		j.hidden[h.Path] = h
	}
	j.whole(r.JSON)
	slices.SortStableFunc(j.out, func(a, b Violation) int { return cmp.Compare(a.Path, b.Path) })
	return j.out
}

// Refused reports whether CloudFront would not accept the result.
func Refused(violations []Violation) bool {
	return slices.ContainsFunc(violations, func(v Violation) bool { return v.Severity == Error })
}

type judge struct {
	event  Event
	hidden map[string]Hidden
	rules  map[string]Rule
	out    []Violation
}

// report adds a breach of a rule, which decides its severity.
func (j *judge) report(path, rule, format string, args ...any) {
	r := j.rules[rule]
	v := Violation{Path: path, Rule: rule, Severity: r.Verdict, Text: fmt.Sprintf(format, args...), Source: r.Source}
	if r.Verdict == Error && rule != ruleLost {
		v.Status, v.Page = 502, r.Page
	}
	j.out = append(j.out, v)
}

func (j *judge) whole(doc []byte) {
	if h, ok := j.hidden[""]; ok && h.How == "" {
		j.report("", ruleObject, "the function returned %s; return %s", h.Kind, j.wanted())
		return
	}
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		j.report("", ruleObject, "the function returned no JSON: %v", err)
		return
	}
	got, ok := v.(map[string]any)
	if !ok {
		j.report("", ruleObject, "the function returned %s; return %s", j.kind("", v), j.wanted())
		return
	}
	if j.losses() {
		return // of what is left, everything would seem to be missing
	}
	switch _, status := got["status"]; {
	case status && j.event.Trigger.request():
		j.generated(got)
	case status:
		j.updated(got)
	case got["Records"] != nil, got["cf"] != nil, got["request"] != nil:
		j.report("", ruleKind, "the function returned the event; return %s", j.wanted())
	case got["statusCode"] != nil:
		j.report("", ruleKind, "the result has statusCode, as responses of API Gateway and of function URLs have; CloudFront wants status, a string, and headers as lists of {\"key\", \"value\"}")
	case !hasAny(got, "method", "uri", "clientIp", "querystring", "origin"):
		j.report("", ruleKind, "the result has no status, so it is no response, and no uri, so it is no request; return %s", j.wanted())
	case j.event.Trigger.request():
		j.request(got)
	default:
		j.report("", ruleKind, "the function returned a request, or a response without status; return %s", j.wanted())
	}
}

func (j *judge) wanted() string {
	if j.event.Trigger.request() {
		return "event.Records[0].cf.request, or a response with a status"
	}
	return "event.Records[0].cf.response"
}

// members checks for nulls and for members that nobody knows. What was so in
// the event is let through.
func (j *judge) members(at string, got, was map[string]any, known ...string) {
	for _, key := range sorted(got) {
		path := at + "/" + escape(key)
		old, had := was[key]
		if had && reflect.DeepEqual(got[key], old) {
			continue
		}
		switch {
		case !slices.Contains(known, key) && foreign(key):
			j.report(path, ruleUnknown, "%s belongs to the responses of API Gateway and of function URLs; CloudFront has status, bodyEncoding and lists of headers instead", key)
		case !slices.Contains(known, key):
			j.report(path, ruleUnknown, "CloudFront knows no member %s here; whether it ignores it is not documented", key)
		case got[key] == nil:
			j.null(path)
		}
	}
}

// foreign reports whether a member is one of a response to API Gateway.
func foreign(key string) bool {
	return slices.Contains([]string{"statusCode", "isBase64Encoded", "multiValueHeaders", "cookies"}, key)
}

func (j *judge) null(path string) {
	if h := j.hidden[path]; h.Kind != "" && h.Kind != "undefined" {
		j.report(path, ruleNull, "is %s, which JSON turns into null", h.Kind)
		return
	}
	j.report(path, ruleNull, "is null: leave it out instead")
}

// text gives a member that must be a string. ok is false when there is nothing
// to check: it is missing, as it was in the event, or reported already.
func (j *judge) text(at, rule string, got, was map[string]any, key string) (string, bool) {
	v, there := got[key]
	old, had := was[key]
	path := at + "/" + key
	if !there || v == nil || j.lost(path) || had && reflect.DeepEqual(v, old) {
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		j.report(path, rule, "is %s; CloudFront wants a string", j.kind(path, v))
	}
	return s, ok
}

// changed reports whether a member is there and not as it was.
func changed(got, was map[string]any, key string) bool {
	v, there := got[key]
	old, had := was[key]
	return there && !(had && reflect.DeepEqual(v, old))
}

func hasAny(m map[string]any, keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { _, ok := m[k]; return ok })
}

func sorted(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// escape writes a member's name in a JSON pointer (RFC 6901).
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func item(at string, i int) string { return at + "/" + strconv.Itoa(i) }

// kind is what a value is called in a sentence.
func (j *judge) kind(path string, v any) string {
	h := j.hidden[path]
	switch {
	case h.How == Spelled:
		return article(h.Kind) + ", which JSON writes out byte by byte (base64 with its encoding says the same)"
	case h.Kind != "" && h.How == "":
		return h.Kind
	}
	return kindOf(v)
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return "a string"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// control reports whether a text has a control character.
func control(s string) bool { return strings.ContainsFunc(s, isControl) }

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

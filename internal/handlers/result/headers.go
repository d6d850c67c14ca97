package result

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// headers checks a header map against the one that the event had; was is nil
// for a response of the function's own.
func (j *judge) headers(at string, got, was any) {
	if j.lost(at) {
		return
	}
	old, _ := was.(map[string]any)
	now, ok := got.(map[string]any)
	if !ok && got != nil {
		j.report(at, ruleHeaderShape, "is %s; CloudFront wants an object of lists, by header name", j.kind(at, got))
		return
	}
	for _, name := range sorted(now) {
		if before, had := old[name]; had && reflect.DeepEqual(now[name], before) {
			continue
		}
		j.header(at+"/"+escape(name), name, now[name])
	}
	before, after := values(old), values(now)
	j.disallowed(at, now, before, after)
	for _, name := range readOnly(j.event.Trigger) {
		b, had := before[name]
		a, has := after[name]
		switch path := at + "/" + name; {
		case had && !has:
			j.report(path, ruleHeaderLocked, "%s is read-only at %s, and was deleted: change the headers that came instead of making new ones", name, j.event.Trigger)
		case has && !had:
			j.report(path, ruleHeaderLocked, "%s is read-only at %s, and was added", name, j.event.Trigger)
		case !slices.Equal(a, b):
			j.report(path, ruleHeaderLocked, "%s is read-only at %s, and was changed", name, j.event.Trigger)
		}
	}
}

// disallowed looks for headers that may not be added.
func (j *judge) disallowed(at string, now map[string]any, before, after map[string][]string) {
	for _, key := range sorted(now) {
		name := strings.ToLower(key)
		if old, had := before[name]; had && slices.Equal(old, after[name]) {
			continue
		}
		path := at + "/" + escape(key)
		switch {
		case disallowed(name):
			j.report(path, ruleDisallowed, "%s is a header that functions may not add or change", name)
		case j.event.Trigger != ViewerRequest || !strings.HasPrefix(name, "cloudfront-") || addable(name):
		case name == "cloudfront-viewer-country":
			// Restrictions on Lambda@Edge names this one.
			j.report(path, ruleDisallowed, "CloudFront adds %s itself, after viewer-request", name)
		default:
			j.report(path, ruleCloudFront, "CloudFront adds headers such as %s itself, after viewer-request; of CloudFront-Viewer-Country AWS says that it answers 502", name)
		}
	}
}

// header checks the shape of one name's entries.
func (j *judge) header(path, name string, v any) {
	if v == nil {
		j.null(path)
		return
	}
	if j.lost(path) {
		return
	}
	entries, ok := v.([]any)
	if !ok {
		j.report(path, ruleHeaderList, "is %s; CloudFront wants a list: [{\"key\": \"Name\", \"value\": \"…\"}]", j.kind(path, v))
		return
	}
	switch {
	case !token(name):
		j.report(path, ruleHeaderName, "%q is no header name", name)
	case name != strings.ToLower(name):
		j.report(path, ruleHeaderCase, "the name in headers is in lower case in all that AWS documents; the spelling belongs in key")
	}
	if len(entries) == 0 {
		j.report(path, ruleHeaderEmpty, "is an empty list; take the name out to delete the header")
	}
	for i, entry := range entries {
		j.entry(item(path, i), name, entry)
	}
}

func (j *judge) entry(path, name string, v any) {
	if j.lost(path) {
		return
	}
	entry, ok := v.(map[string]any)
	if !ok {
		j.report(path, ruleHeaderShape, "is %s; CloudFront wants {\"key\": \"Name\", \"value\": \"…\"}", j.kind(path, v))
		return
	}
	j.members(path, entry, nil, "key", "value")
	if key, there := entry["key"]; there && key != nil && !j.lost(path+"/key") { // absent is fine: CloudFront writes the name itself
		switch k, ok := key.(string); {
		case !ok:
			j.report(path+"/key", ruleHeaderShape, "is %s; CloudFront wants a string", j.kind(path+"/key", key))
		case !strings.EqualFold(k, name):
			j.report(path+"/key", ruleHeaderKey, "is %q, and the entry stands under %s; AWS does not say which of the two is sent", k, name)
		}
	}
	j.entryValue(path, name, entry)
}

func (j *judge) entryValue(path, name string, entry map[string]any) {
	at := path + "/value"
	if j.lost(at) {
		return
	}
	value, there := entry["value"]
	switch v := value.(type) {
	case string:
		j.value(at, name, v)
	case nil:
		if kind := j.hidden[at].Kind; !there && kind == "undefined" {
			j.report(path, ruleHeaderValue, "has no value: it is undefined")
		} else if !there {
			j.report(path, ruleHeaderValue, "has no value")
		}
	case []any:
		j.report(at, ruleHeaderValues, "is a list; AWS documents strings only, one entry for each value")
	default:
		j.report(at, ruleHeaderValue, "is %s; CloudFront wants a string", j.kind(at, value))
	}
}

// joinedCookies finds a comma before what looks like the start of a cookie. The
// comma of a date is followed by a day and a space.
var joinedCookies = regexp.MustCompile(`,\s*[!#$%&'*+\-.^_\x60|~0-9A-Za-z]+=`)

// value checks the characters of a header's value.
func (j *judge) value(path, name, v string) {
	switch {
	case strings.ContainsAny(v, "\r\n\x00"):
		j.report(path, ruleHeaderValue, "contains a line break or NUL")
	case strings.ContainsFunc(v, func(r rune) bool { return isControl(r) && r != '\t' }):
		j.report(path, ruleHeaderControl, "contains a control character; of CR it is known that CloudFront refuses it")
	case strings.ContainsFunc(v, func(r rune) bool { return r > unicode.MaxASCII }):
		j.report(path, ruleHeaderASCII, "contains characters that are not ASCII: CloudFront sent a Location with ? for each of them; encodeURI or RFC 8187 says them in ASCII")
	}
	if strings.EqualFold(name, "set-cookie") && joinedCookies.MatchString(v) {
		j.report(path, ruleCookies, "looks like several cookies joined by commas, which browsers take for one; give each an entry of its own")
	}
}

// values gives what stands in a header map, by lower-case name. Entries of
// another shape, which are refused elsewhere, count as what they are not: a
// value that equals no string.
func values(headers map[string]any) map[string][]string {
	out := map[string][]string{}
	for _, name := range sorted(headers) {
		lower := strings.ToLower(name)
		out[lower] = append([]string{}, out[lower]...) // there, even without a value
		entries, ok := headers[name].([]any)
		if !ok {
			out[lower] = append(out[lower], "\x00"+kindOf(headers[name]))
			continue
		}
		for _, e := range entries {
			entry, _ := e.(map[string]any)
			value, ok := entry["value"].(string)
			if !ok {
				value = "\x00" + kindOf(entry["value"])
			}
			out[lower] = append(out[lower], value)
		}
	}
	return out
}

// size is how many bytes the names and values have.
func size(headers any) int {
	m, _ := headers.(map[string]any)
	n := 0
	for name, list := range values(m) {
		for _, v := range list {
			n += len(name) + len(v)
		}
	}
	return n
}

// token reports whether a text is a token of HTTP (RFC 9110, 5.6.2).
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

package result

import (
	"reflect"
	"slices"
	"strings"
)

// headers checks a header map against the one that the event had; was is nil
// for a response of the function's own.
func (j *judge) headers(at string, got, was any) {
	old, _ := was.(map[string]any)
	now, ok := got.(map[string]any)
	if !ok && got != nil {
		j.refuse(at, ruleHeaderShape, "is %s; CloudFront wants an object of lists, by header name", kindOf(got))
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
			j.refuse(path, ruleHeaderLocked, "%s is read-only at %s, and was deleted: change the headers that came instead of making new ones", name, j.event.Trigger)
		case has && !had:
			j.refuse(path, ruleHeaderLocked, "%s is read-only at %s, and was added", name, j.event.Trigger)
		case !slices.Equal(a, b):
			j.refuse(path, ruleHeaderLocked, "%s is read-only at %s, and was changed", name, j.event.Trigger)
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
			j.refuse(path, ruleDisallowed, "%s is a header that functions may not add or change", name)
		case j.event.Trigger != ViewerRequest || !strings.HasPrefix(name, "cloudfront-"):
		case name == "cloudfront-viewer-country":
			// Restrictions on Lambda@Edge names this one.
			j.refuse(path, ruleDisallowed, "CloudFront adds %s itself, after viewer-request", name)
		default:
			j.warn(path, ruleDisallowed, "CloudFront adds headers such as %s itself, after viewer-request; of CloudFront-Viewer-Country AWS says that it answers 502", name)
		}
	}
}

// header checks the shape of one name's entries.
func (j *judge) header(path, name string, v any) {
	if v == nil {
		j.null(path)
		return
	}
	entries, ok := v.([]any)
	if !ok {
		j.refuse(path, ruleHeaderShape, "is %s; CloudFront wants a list: [{\"key\": \"Name\", \"value\": \"…\"}]", kindOf(v))
		return
	}
	switch {
	case !token(name):
		j.refuse(path, ruleHeaderName, "%q is no header name", name)
	case name != strings.ToLower(name):
		j.warn(path, ruleHeaderShape, "the name in headers is in lower case in all that AWS documents; the spelling belongs in key")
	}
	if len(entries) == 0 {
		j.warn(path, ruleHeaderShape, "is an empty list; take the name out to delete the header")
	}
	for i, entry := range entries {
		j.entry(item(path, i), name, entry)
	}
}

func (j *judge) entry(path, name string, v any) {
	entry, ok := v.(map[string]any)
	if !ok {
		j.refuse(path, ruleHeaderShape, "is %s; CloudFront wants {\"key\": \"Name\", \"value\": \"…\"}", kindOf(v))
		return
	}
	j.members(path, entry, nil, "key", "value")
	switch key, there := entry["key"]; k := key.(type) {
	case string:
		if !strings.EqualFold(k, name) {
			j.refuse(path+"/key", ruleHeaderShape, "is %q, which is not %s in another case", k, name)
		}
	case nil: // absent is fine: CloudFront writes the name itself
	default:
		if there {
			j.refuse(path+"/key", ruleHeaderShape, "is %s; CloudFront wants a string", kindOf(key))
		}
	}
	value, there := entry["value"]
	switch v := value.(type) {
	case string:
		j.value(path+"/value", v)
	case nil:
		if !there {
			j.refuse(path, ruleHeaderValue, "has no value")
		}
	case []any:
		// CloudFront's log speaks of "string or array of string type"
		// (aws-samples/cloudfront-authorization-at-edge#12); the guide does not.
		j.warn(path+"/value", ruleHeaderValue, "is a list; AWS documents strings only, one entry for each value")
	default:
		j.refuse(path+"/value", ruleHeaderValue, "is %s; CloudFront wants a string", kindOf(value))
	}
}

// value checks the characters of a header's value.
func (j *judge) value(path, v string) {
	switch {
	case strings.ContainsAny(v, "\r\n\x00"):
		j.refuse(path, ruleHeaderValue, "contains a line break or NUL")
	case strings.ContainsFunc(v, func(r rune) bool { return isControl(r) && r != '\t' }):
		j.warn(path, ruleHeaderValue, "contains a control character; of CR it is known that CloudFront refuses it")
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

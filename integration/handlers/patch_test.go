package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// patched is docs/abi-bytes.md in Go: what an event becomes by what a module of
// the bytes interface returned. It is written from that page and not from the
// trampoline, so that the two can be compared.
func patched(trigger string, cf object, returned []byte) (_ object, err error) {
	var v any
	if err := json.Unmarshal(returned, &v); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(fault)
			if !ok {
				panic(r)
			}
			err = errors.New(string(f))
		}
	}()
	patch := anObject(v)
	request, response := strings.HasSuffix(trigger, "request"), cf["response"]
	if request && patch["status"] == nil && !has(patch, "status") {
		return patchRequest(trigger, cf["request"].(object), patch), nil
	}
	if request {
		return patchResponse(object{"headers": object{}}, patch, true), nil
	}
	return patchResponse(response.(object), patch, trigger == "origin-response"), nil
}

// fault is what a patch is refused for.
type fault string

func must(ok bool, what string) {
	if !ok {
		panic(fault(what))
	}
}

func has(o object, key string) bool { _, ok := o[key]; return ok }

func known(o object, keys ...string) {
	for k := range o {
		must(slices.Contains(keys, k), "unknown "+k)
	}
}

func anObject(v any) object {
	o, ok := v.(object)
	must(ok, "no object")
	return o
}

func aString(v any, form string) string {
	s, ok := v.(string)
	must(ok, "no string")
	must(regexp.MustCompile(form).MatchString(s), "the form of "+s)
	return s
}

func aNumber(v any) float64 {
	n, ok := v.(float64)
	must(ok && n == float64(int64(n)) && n >= 0 && n <= 99999, "no whole number")
	return n
}

const anyText = `(?s)^.*$`

func patchRequest(trigger string, r, patch object) object {
	known(patch, "uri", "querystring", "headers", "origin", "body", "bodyEncoding")
	if has(patch, "uri") {
		r["uri"] = aString(patch["uri"], `^/[^\x00-\x20\x7f]*$`)
	}
	if has(patch, "querystring") {
		r["querystring"] = aString(patch["querystring"], `^[^\x00-\x20\x7f#]*$`)
	}
	if has(patch, "headers") {
		patchHeaders(r, "headers", patch["headers"])
	}
	if has(patch, "origin") {
		must(trigger == "origin-request", "origin")
		patchOrigin(r, anObject(patch["origin"]))
	}
	if data, encoding, ok := patchBody(patch); ok {
		must(has(r, "body"), "no body")
		b := r["body"].(object)
		b["action"], b["data"], b["encoding"] = "replace", data, encoding
	}
	return r
}

func patchBody(patch object) (data, encoding string, ok bool) {
	if !has(patch, "body") {
		must(!has(patch, "bodyEncoding"), "bodyEncoding alone")
		return "", "", false
	}
	encoding = "text"
	if e := patch["bodyEncoding"]; e != nil {
		encoding = aString(e, `^(text|base64)$`)
	}
	return aString(patch["body"], anyText), encoding, true
}

func patchResponse(r, patch object, mayChange bool) object {
	known(patch, "status", "statusDescription", "headers", "body", "bodyEncoding")
	if has(patch, "status") {
		must(mayChange, "status")
		n, ok := patch["status"].(float64)
		if s, isText := patch["status"].(string); isText {
			must(regexp.MustCompile(`^[0-9]{1,5}$`).MatchString(s), "digits")
			whole, err := strconv.Atoi(s)
			must(err == nil, "digits")
			n, ok = float64(whole), true
		}
		must(ok, "status")
		n = aNumber(n)
		must(n >= 200 && n <= 599, "range")
		if next := fmt.Sprint(n); r["status"] != next {
			r["status"] = next
			delete(r, "statusDescription")
		}
	}
	if has(patch, "statusDescription") {
		must(mayChange, "statusDescription")
		r["statusDescription"] = aString(patch["statusDescription"], `^[^\x00\r\n]*$`)
	}
	if has(patch, "headers") {
		patchHeaders(r, "headers", patch["headers"])
	}
	if data, encoding, ok := patchBody(patch); ok {
		must(mayChange, "body")
		r["body"], r["bodyEncoding"] = data, encoding
	}
	return r
}

func patchHeaders(holder object, key string, v any) {
	patch := anObject(v)
	headers, ok := holder[key].(object)
	if !ok {
		headers = object{}
		holder[key] = headers
	}
	seen := map[string]bool{}
	for name, v := range patch {
		lower := strings.ToLower(name)
		must(regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$").MatchString(name) && lower != "__proto__", "name")
		must(!seen[lower], "twice")
		seen[lower] = true
		var all []any
		switch v := v.(type) {
		case nil:
		case []any:
			all = v
		default:
			all = []any{v}
		}
		var values []any
		for _, one := range all {
			values = append(values, object{"key": name, "value": aString(one, `^[^\x00\r\n]*$`)})
		}
		if delete(headers, lower); len(values) > 0 {
			headers[lower] = values
		}
	}
}

func patchOrigin(r, patch object) {
	must(len(patch) == 1 && (has(patch, "custom") || has(patch, "s3")), "one kind")
	have, isCustom := r["origin"].(object)["custom"]
	if !isCustom {
		have = r["origin"].(object)["s3"]
	}
	part := have.(object)
	if has(patch, "s3") && isCustom {
		part = object{"authMethod": "none"}
	}
	if has(patch, "custom") && !isCustom {
		part = object{"keepaliveTimeout": 5.0, "port": 443.0, "protocol": "https", "readTimeout": 30.0, "sslProtocols": []any{"TLSv1.2"}}
	}
	for _, key := range []string{"customHeaders", "domainName", "path"} {
		part[key] = have.(object)[key]
	}
	kind, keys := "custom", []string{"keepaliveTimeout", "port", "protocol", "readTimeout", "sslProtocols"}
	if has(patch, "s3") {
		kind, keys = "s3", []string{"authMethod", "region"}
	}
	edits := anObject(patch[kind])
	known(edits, append(keys, "customHeaders", "domainName", "path")...)
	r["origin"] = object{kind: part}
	for key, v := range edits {
		switch key {
		case "customHeaders":
			patchHeaders(part, key, v)
		case "domainName":
			part[key] = aString(v, `^[^:/\p{Z}\x00-\x20\x7f\x{FEFF}]+$`)
		case "path":
			part[key] = aString(v, `^(/[^\x00-\x20\x7f]*[^\x00-\x20\x7f/])?$`)
		case "protocol":
			part[key] = aString(v, `^https?$`)
		case "authMethod":
			part[key] = aString(v, `^(none|origin-access-identity)$`)
		case "region":
			part[key] = aString(v, anyText)
		case "sslProtocols":
			list, ok := v.([]any)
			must(ok, "no list")
			for _, one := range list {
				aString(one, anyText)
			}
			part[key] = list
		default:
			part[key] = aNumber(v)
		}
	}
}

// plainText says that both languages read a text alike: Go's JSON reader
// refuses numbers beyond a float64, and replaces bytes that are not UTF-8 in
// another way than Node.js.
func plainText(b []byte) bool { return utf8.Valid(b) }

package result

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// request judges a request that goes on.
func (j *judge) request(got map[string]any) {
	was := j.event.request
	j.members("", got, was, "clientIp", "method", "uri", "querystring", "headers", "body", "origin")
	j.kept(got, was)
	j.url(got, was)
	j.headers("/headers", got["headers"], was["headers"])
	if changed(got, was, "headers") || changed(got, was, "querystring") {
		query, _ := got["querystring"].(string)
		if n := size(got["headers"]) + len(query); n > maxRequestHead {
			j.report("/headers", ruleHead, "has, with the querystring, %d bytes; CloudFront's quota for requests is %d", n, maxRequestHead)
		}
	}
	j.requestBody(got["body"], was["body"])
	j.origin(got, was)
}

// kept judges what has to stay as it was, and what is missing.
func (j *judge) kept(got, was map[string]any) {
	for _, key := range []string{"clientIp", "method"} {
		if got[key] != nil && !j.lost("/"+key) && changed(got, was, key) {
			j.report("/"+key, ruleReadOnly, "is read-only, and was changed")
		}
	}
	for _, key := range []string{"clientIp", "method", "uri", "querystring", "headers", "origin"} {
		_, there := got[key]
		if _, had := was[key]; there || !had || key == "origin" && j.event.Trigger != OriginRequest {
			continue
		}
		j.report("/"+key, ruleIncomplete, "is missing, and the request came with it; AWS does not say whether CloudFront takes what it was")
	}
}

// url judges the path and the query.
func (j *judge) url(got, was map[string]any) {
	if uri, ok := j.text("", ruleURI, got, was, "uri"); ok {
		switch {
		case !strings.HasPrefix(uri, "/"):
			j.report("/uri", ruleURI, "is %q; it has to start with /", uri)
		case strings.ContainsRune(uri, ' ') || control(uri):
			// Said of the query string only; a request line cannot carry it either.
			j.report("/uri", ruleURI, "contains a space or control character; escape it (%%20)")
		case strings.ContainsAny(uri, "?#"):
			j.report("/uri", ruleURIMark, "contains ? or #: it is a path, and the query has its own member; AWS does not say what becomes of it")
		}
	}
	if query, ok := j.text("", ruleQuery, got, was, "querystring"); ok {
		switch {
		case strings.ContainsAny(query, " #") || control(query):
			j.report("/querystring", ruleQuery, "contains a space, control character or #; escape it")
		case strings.HasPrefix(query, "?"):
			j.report("/querystring", ruleQueryMark, "starts with ?, which CloudFront adds itself")
		}
	}
	if !changed(got, was, "uri") && !changed(got, was, "querystring") {
		return
	}
	uri, _ := got["uri"].(string)
	query, _ := got["querystring"].(string)
	if n := utf8.RuneCountInString(uri) + utf8.RuneCountInString(query); n >= maxURLCharacters {
		j.report("/uri", ruleURL, "and querystring have %d characters together; CloudFront takes less than %d", n, maxURLCharacters)
	}
}

// requestBody judges the body that goes to the origin.
func (j *judge) requestBody(got, was any) {
	if got == nil || j.lost("/body") || reflect.DeepEqual(got, was) {
		return
	}
	body, ok := got.(map[string]any)
	if !ok {
		j.report("/body", ruleRequestBody, "is %s; a request's body is an object: {\"action\": \"replace\", \"encoding\": \"text\", \"data\": \"…\"}", j.kind("/body", got))
		return
	}
	old, had := was.(map[string]any)
	if !had {
		j.report("/body", ruleNotIncluded, "is there, and the event has none: unless the trigger includes bodies (include-body: true), AWS does not say that one can be set")
	}
	j.members("/body", body, old, "inputTruncated", "action", "encoding", "data")
	if body["inputTruncated"] != nil && had && changed(body, old, "inputTruncated") {
		j.report("/body/inputTruncated", ruleIgnored, "is read-only, and was changed")
	}
	action, ok := j.text("/body", ruleRequestBody, body, old, "action")
	if ok && action != "replace" && action != "read-only" {
		j.report("/body/action", ruleRequestBody, "is %q; CloudFront takes read-only and replace", action)
		return
	}
	if body["action"] != "replace" {
		for _, key := range []string{"data", "encoding"} {
			if changed(body, old, key) {
				j.report("/body/"+key, ruleIgnored, "was changed, and is ignored: the whole original body goes on unless action is replace")
			}
		}
		return
	}
	j.replaced(body)
}

// replaced judges a body with action replace, whether data is new or not.
func (j *judge) replaced(body map[string]any) {
	data, ok := body["data"].(string)
	if !ok && body["data"] != nil && !j.lost("/body/data") {
		j.report("/body/data", ruleRequestBody, "is %s; CloudFront wants a string", j.kind("/body/data", body["data"]))
	}
	if _, there := body["data"]; !there && !j.lost("/body/data") {
		j.report("/body/data", ruleRequestBody, "is missing, with action replace")
	}
	most, said, bytes := maxViewerBody, maxViewerBody, maxViewerBody
	if j.event.Trigger == OriginRequest {
		most, said, bytes = maxOriginBody, maxOriginBody, maxOriginBody
	}
	switch encoding := body["encoding"]; encoding {
	case "text":
	case nil, "base64": // base64 is what it is when nothing is said
		if ok {
			j.base64("/body/data", data)
		}
		most, said = base64OfViewer, maxViewerBody64
		if j.event.Trigger == OriginRequest {
			most, said = base64OfOrigin, maxOriginBody64
		}
	default:
		j.report("/body/encoding", ruleEncoding, "is not one of text and base64")
		return
	}
	switch {
	case len(data) > most:
		j.report("/body/data", ruleBodySize, "has %d bytes; CloudFront takes a body of %d at %s", len(data), bytes, j.event.Trigger)
	case len(data) > said:
		j.report("/body/data", ruleBodySize64, "has %d bytes of base64, and AWS speaks of %d for a body of %d", len(data), said, bytes)
	}
}

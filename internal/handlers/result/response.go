package result

import (
	"encoding/base64"
	"math"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// generated judges a response that a request trigger returned.
func (j *judge) generated(got map[string]any) {
	j.response(got, nil)
	body, _ := got["body"].(string)
	status, isNumber := number(got["status"])
	if (isNumber && status == "204" || got["status"] == "204") && body != "" && j.event.Trigger == ViewerRequest {
		j.report("/body", ruleNoContent, "is not empty, with status 204")
	}
	j.content(got)
	j.responseSize(got)
}

// updated judges what a response trigger returned.
func (j *judge) updated(got map[string]any) {
	was := j.event.response
	if j.event.Trigger == OriginResponse {
		j.response(got, was)
		if changed(got, was, "body") {
			j.content(got)
			j.responseSize(got)
		}
		return
	}
	for _, key := range []string{"status", "statusDescription"} {
		if !changed(got, was, key) {
			continue
		}
		if n, ok := number(got[key]); ok && n == was[key] {
			continue // the same in another type: no edit
		}
		j.report("/"+key, ruleIgnored, "viewer-response cannot change the %s; AWS does not say whether it is ignored or refused", key)
	}
	for _, key := range []string{"body", "bodyEncoding"} {
		if changed(got, was, key) {
			j.report("/"+key, ruleIgnored, "viewer-response cannot change the body; AWS does not say whether it is ignored or refused")
		}
	}
	j.response(got, was)
}

// response judges a response's members; was is nil for a new one.
func (j *judge) response(got, was map[string]any) {
	j.members("", got, was, "status", "statusDescription", "headers", "body", "bodyEncoding")
	j.status(got, was)
	if words, ok := j.text("", ruleType, got, was, "statusDescription"); ok && control(words) {
		j.report("/statusDescription", ruleType, "contains a control character")
	}
	j.headers("/headers", got["headers"], was["headers"])
	body, isText := j.text("", ruleBody, got, was, "body")
	switch encoding, ok := j.text("", ruleEncoding, got, was, "bodyEncoding"); {
	case !ok || encoding == "text":
	case encoding != "base64":
		j.report("/bodyEncoding", ruleEncoding, "is %q; CloudFront takes text and base64", encoding)
	case isText:
		j.base64("/body", body)
	}
}

// status judges a status, which AWS's examples at origin-response give as a
// number, and everything else as a string.
func (j *judge) status(got, was map[string]any) {
	if !changed(got, was, "status") {
		return
	}
	status, isNumber := number(got["status"])
	if isNumber {
		if j.event.Trigger != OriginResponse {
			j.report("/status", ruleStatusNumber, "is the number %s; a page of AWS says that it is a string, and only its examples at origin-response do otherwise", status)
		}
	} else {
		var ok bool
		if status, ok = j.text("", ruleStatus, got, was, "status"); !ok {
			return
		}
	}
	if !(len(status) == 3 && status >= "200" && status <= "599" && digits(status)) {
		j.report("/status", ruleStatus, "is %q; CloudFront takes 200 to 599", status)
	}
}

// number gives a whole number as its digits.
func number(v any) (string, bool) {
	n, ok := v.(float64)
	if !ok || n != math.Trunc(n) || math.Abs(n) >= 1<<53 {
		return "", false
	}
	return strconv.FormatInt(int64(n), 10), true
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// base64 wants a text to decode. Which dialects CloudFront takes besides the
// standard one is UNKNOWN.
func (j *judge) base64(path, s string) {
	if standard(s) {
		return
	}
	loose := strings.TrimRight(strings.NewReplacer("\r", "", "\n", "").Replace(s), "=")
	if _, err := base64.RawStdEncoding.DecodeString(loose); err == nil {
		j.report(path, ruleDialect, "is base64 with line breaks or without its padding; AWS does not say whether CloudFront takes that")
		return
	}
	j.report(path, ruleEncoding, "is said to be base64, and is not")
}

// standard reports whether a text is base64 in its standard form.
func standard(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && !strings.ContainsAny(s, "\r\n")
}

// content judges whether a body that is sent as text can be what its headers say.
func (j *judge) content(got map[string]any) {
	body, _ := got["body"].(string)
	if body == "" || got["bodyEncoding"] == "base64" {
		return
	}
	headers, _ := got["headers"].(map[string]any)
	of := values(headers)
	for _, value := range of["content-encoding"] {
		for coding := range strings.SplitSeq(value, ",") {
			if coding = strings.ToLower(strings.TrimSpace(coding)); compression(coding) {
				j.report("/body", ruleCompressed, "is text with content-encoding %s, and what is compressed is no text: give it as base64, with bodyEncoding base64", coding)
				return
			}
		}
	}
	for _, value := range of["content-type"] {
		if kind, _, err := mime.ParseMediaType(value); err != nil || !binaryType(kind) {
			continue
		}
		switch {
		case len(body) >= leastBase64 && standard(body):
			j.report("/body", ruleBinary, "looks like base64 with content-type %s, and is sent as it is written; bodyEncoding: 'base64' has it decoded", value)
		case strings.ContainsRune(body, utf8.RuneError) || control(strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(body)):
			j.report("/body", ruleBinary, "is bytes of %s made into text, which are others in UTF-8: give them as base64, with bodyEncoding base64", value)
		}
	}
}

// leastBase64 is how long a text is before it is taken for base64 by its looks.
const leastBase64 = 16

// compression reports whether a content-encoding makes something else than text
// (HTTP Content Coding Registry, 2026-11). AWS's own example of 2018 says UTF-8.
func compression(coding string) bool {
	return slices.Contains([]string{"gzip", "x-gzip", "br", "deflate", "compress", "x-compress", "zstd", "dcb", "dcz"}, coding)
}

// binaryType reports whether a media type is none of text. Playlists and the
// like below audio and video are, which their bodies tell.
func binaryType(kind string) bool {
	top, sub, _ := strings.Cut(kind, "/")
	switch top {
	case "image", "audio", "video", "font":
		return !strings.HasSuffix(sub, "+xml")
	}
	return slices.Contains([]string{
		"application/octet-stream", "application/pdf", "application/zip", "application/gzip", "application/wasm",
	}, kind)
}

// responseSize judges the size of a response. Whether a base64 body counts as
// it is written or as what it decodes to is UNKNOWN.
func (j *judge) responseSize(got map[string]any) {
	most := maxOriginResponse
	if j.event.Trigger == ViewerRequest {
		most = maxViewerResponse
	}
	body, _ := got["body"].(string)
	head := size(got["headers"])
	least := len(body)
	if got["bodyEncoding"] == "base64" {
		least = base64.StdEncoding.DecodedLen(len(body)) - strings.Count(body, "=")
	}
	switch {
	case head+least > most:
		j.report("/body", ruleSize, "makes a response of %d bytes with its headers; CloudFront takes %d at %s", head+least, most, j.event.Trigger)
	case head+len(body) > most:
		j.report("/body", ruleSize64, "makes a response of %d bytes with its headers as base64, and CloudFront takes %d at %s; AWS does not say whether it counts before or after decoding", head+len(body), most, j.event.Trigger)
	}
}

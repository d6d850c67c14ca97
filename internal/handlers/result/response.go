package result

import (
	"encoding/base64"
	"strings"
)

// generated judges a response that a request trigger returned.
func (j *judge) generated(got map[string]any) {
	j.response(got, nil)
	body, _ := got["body"].(string)
	if got["status"] == "204" && body != "" && j.event.Trigger == ViewerRequest {
		j.refuse("/body", ruleNoContent, "is not empty, with status 204")
	}
	j.responseSize(got)
}

// updated judges what a response trigger returned.
func (j *judge) updated(got map[string]any) {
	was := j.event.response
	if j.event.Trigger == OriginResponse {
		j.response(got, was)
		if changed(got, was, "body") {
			j.responseSize(got)
		}
		return
	}
	for _, key := range []string{"status", "statusDescription"} {
		if changed(got, was, key) {
			j.warn("/"+key, ruleIgnored, "viewer-response cannot change the %s; AWS does not say whether it is ignored or refused", key)
		}
	}
	for _, key := range []string{"body", "bodyEncoding"} {
		if changed(got, was, key) {
			j.warn("/"+key, ruleIgnored, "viewer-response cannot change the body; AWS does not say whether it is ignored or refused")
		}
	}
	j.response(got, was)
}

// response judges a response's members; was is nil for a new one.
func (j *judge) response(got, was map[string]any) {
	j.members("", got, was, "status", "statusDescription", "headers", "body", "bodyEncoding")
	if status, ok := j.text("", ruleStatus, got, was, "status"); ok && !(len(status) == 3 && status >= "200" && status <= "599" && digits(status)) {
		j.refuse("/status", ruleStatus, "is %q; CloudFront takes 200 to 599", status)
	}
	if words, ok := j.text("", ruleType, got, was, "statusDescription"); ok && control(words) {
		j.refuse("/statusDescription", ruleType, "contains a control character")
	}
	j.headers("/headers", got["headers"], was["headers"])
	body, isText := j.text("", ruleBody, got, was, "body")
	switch encoding, ok := j.text("", ruleEncoding, got, was, "bodyEncoding"); {
	case !ok || encoding == "text":
	case encoding != "base64":
		j.refuse("/bodyEncoding", ruleEncoding, "is %q; CloudFront takes text and base64", encoding)
	case isText:
		j.base64("/body", body)
	}
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// base64 wants a text to decode. Which dialects CloudFront takes besides the
// standard one is UNKNOWN.
func (j *judge) base64(path, s string) {
	if _, err := base64.StdEncoding.Strict().DecodeString(s); err == nil && !strings.ContainsAny(s, "\r\n") {
		return
	}
	loose := strings.TrimRight(strings.NewReplacer("\r", "", "\n", "").Replace(s), "=")
	if _, err := base64.RawStdEncoding.DecodeString(loose); err == nil {
		j.warn(path, ruleEncoding, "is base64 with line breaks or without its padding; AWS does not say whether CloudFront takes that")
		return
	}
	j.refuse(path, ruleEncoding, "is said to be base64, and is not")
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
		j.refuse("/body", ruleSize, "makes a response of %d bytes with its headers; CloudFront takes %d at %s", head+least, most, j.event.Trigger)
	case head+len(body) > most:
		j.warn("/body", ruleSize, "makes a response of %d bytes with its headers as base64, and CloudFront takes %d at %s; AWS does not say whether it counts before or after decoding", head+len(body), most, j.event.Trigger)
	}
}

package result

import (
	"slices"
	"strings"
)

// losses reports what JSON loses, and what it changes. It is true when the
// result as a whole, or one of its own members, is among what is lost.
func (j *judge) losses() (whole bool) {
	for path, h := range j.hidden {
		switch {
		case (h.Kind == "function" || h.Kind == "symbol") && path != "" && !knownMember(path):
			// A helper of the handler's own: CloudFront gets all that it looks for.
		case h.Kind == "function", h.Kind == "symbol":
			j.report(path, ruleLost, "is a %s, which JSON leaves out", h.Kind)
		case h.How == Emptied:
			j.report(path, ruleLost, "is %s, which JSON turns into {}: what is in it is lost%s", article(h.Kind), remedy(path, h.Kind))
			whole = whole || path == ""
		case h.How == Opaque && !j.unlistedBelow(path):
			j.report(path, ruleOpaque, "is %s, of which JSON can see nothing: what it keeps to itself is lost", article(h.Kind))
		case h.How == Unlisted && knownMember(path):
			j.report(path, ruleLost, "is no property of its own that %s lists, so JSON leaves it out", article(h.Kind))
			whole = whole || strings.Count(path, "/") == 1
		case h.How == Dated:
			j.report(path, ruleDate, "is a Date, of which JSON makes ISO 8601; in a header, toUTCString() says it as HTTP does")
		}
	}
	return whole
}

// remedy says what to return instead, where that is plain.
func remedy(path, kind string) string {
	switch {
	case kind == "Promise":
		return "; await it"
	case strings.HasSuffix(path, "/headers"), strings.HasSuffix(path, "/customHeaders"):
		return `; headers are a plain object of lists: {"name": [{"key": "Name", "value": "…"}]}`
	case path == "" && kind == "Response":
		return `; CloudFront wants {"status", "headers", "body"} as a plain object`
	}
	return ""
}

// lost reports whether what stands at a path is lost, and that was said.
func (j *judge) lost(path string) bool {
	h := j.hidden[path]
	return h.How == Emptied || h.How == Opaque || h.How == Unlisted && knownMember(path) || (h.Kind == "function" || h.Kind == "symbol") && (path == "" || knownMember(path))
}

// unlistedBelow reports whether a member is known to be missing of an instance.
func (j *judge) unlistedBelow(path string) bool {
	for p, h := range j.hidden {
		if h.How == Unlisted && strings.HasPrefix(p, path+"/") && knownMember(p) {
			return true
		}
	}
	return false
}

// knownMember reports whether a path ends in a name that CloudFront looks for,
// wherever that is: other members that JSON leaves out are nobody's loss.
func knownMember(path string) bool {
	i := strings.LastIndexByte(path, '/')
	return slices.Contains([]string{
		"status", "statusDescription", "headers", "body", "bodyEncoding",
		"clientIp", "method", "uri", "querystring", "origin", "custom", "s3",
		"action", "encoding", "data", "key", "value",
		"customHeaders", "domainName", "keepaliveTimeout", "path", "port", "protocol", "readTimeout", "sslProtocols", "authMethod", "region",
	}, path[i+1:])
}

// article writes a class's name in a sentence.
func article(class string) string {
	if class == "" {
		return "an instance of a class"
	}
	if strings.ContainsRune("AEIOaeio", rune(class[0])) {
		return "an " + class
	}
	return "a " + class
}

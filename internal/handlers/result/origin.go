package result

import (
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
)

// origin judges where a request goes.
func (j *judge) origin(got, was map[string]any) {
	if got["origin"] == nil || j.lost("/origin") || !changed(got, was, "origin") {
		return // a null, and a missing one, were reported already
	}
	if j.event.Trigger != OriginRequest {
		j.report("/origin", ruleOriginPlace, "was changed at %s; it can be changed at origin-request only", j.event.Trigger)
		return
	}
	origin, ok := got["origin"].(map[string]any)
	if !ok {
		j.report("/origin", ruleOriginKind, "is %s; CloudFront wants {\"custom\": …} or {\"s3\": …}", j.kind("/origin", got["origin"]))
		return
	}
	old, _ := was["origin"].(map[string]any)
	j.members("/origin", origin, old, "custom", "s3")
	_, custom := origin["custom"]
	_, s3 := origin["s3"]
	if custom == s3 {
		j.report("/origin", ruleOriginKind, "has to have exactly one of custom and s3")
		return
	}
	kind := "s3"
	if custom {
		kind = "custom"
	}
	at := "/origin/" + kind
	members, ok := origin[kind].(map[string]any)
	if !ok {
		if origin[kind] != nil {
			j.report(at, ruleOriginKind, "is %s; CloudFront wants an object", j.kind(at, origin[kind]))
		}
		return
	}
	before, _ := old[kind].(map[string]any)
	j.common(at, members, before)
	if custom {
		j.custom(at, members, before)
	} else {
		j.s3(at, members, before, old["custom"] != nil)
	}
	j.customHeaders(at+"/customHeaders", members["customHeaders"], before["customHeaders"], got["headers"])
}

// common judges what both kinds of origin have.
func (j *judge) common(at string, got, was map[string]any) {
	if _, there := got["domainName"]; !there {
		j.report(at+"/domainName", ruleOrigin, "is missing")
	}
	if p, ok := j.text(at, ruleOrigin, got, was, "path"); ok && p != "" {
		switch {
		case !strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/"):
			j.report(at+"/path", ruleOrigin, "is %q; it is empty, or starts and does not end with /", p)
		case strings.ContainsRune(p, ' ') || control(p):
			j.report(at+"/path", ruleOrigin, "contains a space or control character; escape it (%%20)")
		}
	}
}

func (j *judge) custom(at string, got, was map[string]any) {
	all := []string{"customHeaders", "domainName", "keepaliveTimeout", "path", "port", "protocol", "readTimeout", "sslProtocols"}
	j.members(at, got, was, all...)
	j.complete(at, got, was, all)
	if d, ok := j.text(at, ruleOrigin, got, was, "domainName"); ok {
		_, err := netip.ParseAddr(d)
		if d == "" || len(d) > maxCustomDomain || strings.ContainsAny(d, ":/ ") || control(d) || err == nil {
			j.report(at+"/domainName", ruleOrigin, "is %q; a custom origin is a host name of at most %d characters, without port, and no IP address", d, maxCustomDomain)
		}
	}
	if p, ok := j.text(at, ruleOrigin, got, was, "path"); ok && len(p) > maxCustomPath {
		j.report(at+"/path", ruleOrigin, "has %d characters; CloudFront takes %d", len(p), maxCustomPath)
	}
	if p, ok := j.text(at, ruleOrigin, got, was, "protocol"); ok && p != "http" && p != "https" {
		j.report(at+"/protocol", ruleOrigin, "is %q; CloudFront takes http and https", p)
	}
	if n, ok := j.number(at, got, was, "port"); ok && n != 80 && n != 443 && (n < 1024 || n > 65535) {
		j.report(at+"/port", ruleOrigin, "is %v; CloudFront takes 80, 443 and 1024 to 65535", n)
	}
	j.timeout(at, got, was, "keepaliveTimeout")
	j.timeout(at, got, was, "readTimeout")
	j.protocols(at+"/sslProtocols", got["sslProtocols"], was["sslProtocols"])
}

// complete looks for members that AWS's examples all have.
func (j *judge) complete(at string, got, was map[string]any, all []string) {
	for _, key := range all {
		_, there := got[key]
		if _, had := was[key]; !there && (had || was == nil) && key != "domainName" {
			j.report(at+"/"+key, ruleOriginDoubtful, "is missing; AWS does not say what CloudFront takes instead")
		}
	}
}

// number gives a member that must be a whole number, if it is new.
func (j *judge) number(at string, got, was map[string]any, key string) (float64, bool) {
	if got[key] == nil || !changed(got, was, key) {
		return 0, false
	}
	n, ok := got[key].(float64)
	if !ok || n != math.Trunc(n) {
		j.report(at+"/"+key, ruleOrigin, "is %s; CloudFront wants a whole number", j.kind(at+"/"+key, got[key]))
		return 0, false
	}
	return n, true
}

// timeout judges seconds.
func (j *judge) timeout(at string, got, was map[string]any, key string) {
	least, most := 1, oldKeepalive // what every account may have
	if key == "readTimeout" {
		least, most = oldReadMin, oldReadMax
	}
	n, ok := j.number(at, got, was, key)
	switch {
	case !ok:
	case n < 1 || n > newTimeout:
		j.report(at+"/"+key, ruleOrigin, "is %v seconds; CloudFront takes 1 to %d at most", n, newTimeout)
	case n < float64(least) || n > float64(most):
		j.report(at+"/"+key, ruleOriginDoubtful, "is %v seconds; more or less than %v to %v needs an account whose quota allows it", n, least, most)
	}
}

func (j *judge) protocols(at string, got, was any) {
	if got == nil || reflect.DeepEqual(got, was) {
		return
	}
	list, ok := got.([]any)
	if !ok {
		j.report(at, ruleOrigin, "is %s; CloudFront wants a list", j.kind(at, got))
		return
	}
	if len(list) == 0 {
		j.report(at, ruleOriginDoubtful, "is empty; AWS does not say what CloudFront does then")
	}
	for i, v := range list {
		if s, ok := v.(string); !ok || !slices.Contains([]string{"TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3"}, s) {
			j.report(item(at, i), ruleOrigin, "is not one of TLSv1.2, TLSv1.1, TLSv1 and SSLv3")
		}
	}
}

// bucketDomain reports whether a name looks like a bucket's: BUCKET.s3.REGION.… or
// one of the older forms without region or with a dash before it.
func bucketDomain(name string) bool {
	bucket, rest, ok := strings.Cut(name, ".s3")
	return ok && bucket != "" && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "-")) &&
		(strings.HasSuffix(rest, ".amazonaws.com") || strings.HasSuffix(rest, ".amazonaws.com.cn"))
}

func (j *judge) s3(at string, got, was map[string]any, wasCustom bool) {
	all := []string{"customHeaders", "domainName", "path", "authMethod", "region"}
	j.members(at, got, was, all...)
	j.complete(at, got, was, all[:4])
	if d, ok := j.text(at, ruleOrigin, got, was, "domainName"); ok {
		switch {
		case d == "" || len(d) > maxS3Domain || d != strings.ToLower(d) || strings.ContainsAny(d, ":/ ") || control(d):
			j.report(at+"/domainName", ruleOrigin, "is %q; an S3 origin is a domain name of at most %d characters, in lower case", d, maxS3Domain)
		case !bucketDomain(d):
			j.report(at+"/domainName", ruleOriginDoubtful, "is %q, which does not look like BUCKET.s3.REGION.amazonaws.com", d)
		}
	}
	method, ok := j.text(at, ruleOrigin, got, was, "authMethod")
	if ok && method != "none" && method != "origin-access-identity" {
		j.report(at+"/authMethod", ruleOrigin, "is %q; CloudFront takes none and origin-access-identity (and no origin access control here)", method)
	}
	region, isText := j.text(at, ruleOrigin, got, was, "region")
	if got["authMethod"] != "origin-access-identity" {
		return
	}
	if _, there := got["region"]; !there || isText && region == "" {
		j.report(at+"/region", ruleOrigin, "is missing; origin-access-identity needs it")
	}
	if wasCustom {
		j.report(at+"/authMethod", ruleOrigin, "cannot be origin-access-identity when the configured origin is a custom one")
	}
}

// customHeaders judges the headers that CloudFront adds for the origin.
func (j *judge) customHeaders(at string, got, was, request any) {
	if got == nil || reflect.DeepEqual(got, was) {
		return
	}
	now, ok := got.(map[string]any)
	if !ok {
		j.report(at, ruleOriginHeader, "is %s; CloudFront wants an object of lists, by header name", j.kind(at, got))
		return
	}
	old, _ := was.(map[string]any)
	of, _ := request.(map[string]any)
	sent := values(of)
	for _, name := range sorted(now) {
		if before, had := old[name]; had && reflect.DeepEqual(now[name], before) {
			continue
		}
		path, lower := at+"/"+escape(name), strings.ToLower(name)
		j.header(path, name, now[name])
		_, both := sent[lower]
		switch {
		case disallowed(lower):
			j.report(path, ruleOriginHeader, "%s is a header that functions may not add or change", lower)
		case !forOrigin(lower):
			j.report(path, ruleOriginHeader, "%s is a header that CloudFront cannot add for an origin", lower)
		case both:
			j.report(path, ruleOriginHeader, "%s is a header of the request too", lower)
		}
	}
}

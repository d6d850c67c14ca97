package cf

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"
)

// managed is a policy of AWS's own, which every account has. Ids, names and
// settings: Developer Guide, "Use managed cache policies", "Use managed origin
// request policies" and "Use managed response headers policies".
type managed struct {
	id, name string
	document string // the config, as GetXPolicyConfig answers
}

// managedSince is when the local AWS says that AWS last changed them.
var managedSince = time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)

// etag is made up, but stable.
func (m managed) etag() string {
	sum := sha256.Sum256([]byte(m.document))
	return "E" + base32.StdEncoding.EncodeToString(sum[:])[:13]
}

// own makes a managed policy of what its config says after the comment and the name.
func own(kind, id, name, comment, rest string) managed {
	// These two alone have no prefix, as accounts list them.
	if !strings.HasPrefix(name, "UseOriginCacheControlHeaders") {
		name = "Managed-" + name
	}
	return managed{id, name, "<" + kind + `Config xmlns="` + namespace + `">` + element("", "Comment", comment) +
		element("", "Name", name) + rest + "</" + kind + "Config>"}
}

// names is one part of a policy: a behaviour, and the names that it is about.
type names struct {
	behavior string
	items    string // separated by spaces
}

var nothing, everything = names{behavior: "none"}, names{behavior: "all"}

func only(items string) names { return names{"whitelist", items} }

func (n names) write(part, list string) string {
	var items []string
	for _, item := range strings.Fields(n.items) {
		items = append(items, element("", "Name", item))
	}
	content := element("", part+"Behavior", n.behavior)
	if len(items) > 0 {
		content += listOf(list, items)
	}
	return element("", list+"Config", content)
}

func managedCachePolicies() []managed {
	type ttl [3]int // least, default, most, in seconds
	policy := func(id, name, comment string, t ttl, gzip, brotli bool, headers, cookies, queries names) managed {
		return own("CachePolicy", id, name, comment,
			element("", "DefaultTTL", strconv.Itoa(t[1]))+element("", "MaxTTL", strconv.Itoa(t[2]))+element("", "MinTTL", strconv.Itoa(t[0]))+
				element("", "ParametersInCacheKeyAndForwardedToOrigin",
					element("", "EnableAcceptEncodingGzip", strconv.FormatBool(gzip))+element("", "EnableAcceptEncodingBrotli", strconv.FormatBool(brotli))+
						headers.write("Header", "Headers")+cookies.write("Cookie", "Cookies")+queries.write("QueryString", "QueryStrings")))
	}
	long, fresh := ttl{1, 86400, 31536000}, ttl{0, 0, 31536000}
	origin := only("host origin x-http-method x-http-method-override x-method-override")
	return []managed{
		policy("658327ea-f89d-4fab-a63d-7e88639e58f6", "CachingOptimized", "Policy with caching enabled. Supports Gzip and Brotli compression.", long, true, true, nothing, nothing, nothing),
		policy("b2884449-e4de-46a7-ac36-70bc7f1ddd6d", "CachingOptimizedForUncompressedObjects", "Default policy when compression is disabled", long, false, false, nothing, nothing, nothing),
		policy("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "CachingDisabled", "Policy with caching disabled", ttl{}, false, false, nothing, nothing, nothing),
		policy("08627262-05a9-4f76-9ded-b50ca2e3a84f", "Elemental-MediaPackage", "Policy for Elemental MediaPackage Origin", ttl{0, 86400, 31536000}, true, false, only("Origin"), nothing, only("aws.manifestfilter start end m")),
		policy("2e54312d-136d-493c-8eb9-b001f22f67d2", "Amplify", "Policy for Amplify Origin", ttl{2, 2, 600}, true, true, only("Authorization CloudFront-Viewer-Country Host"), everything, everything),
		policy("83da9c7e-98b4-4e11-a168-04f0df8e2c65", "UseOriginCacheControlHeaders", "Policy for origins that return Cache-Control headers. Query strings are not included in the cache key.", fresh, true, true, origin, everything, nothing),
		policy("4cc15a8a-d715-48a4-82b8-cc0b614638fe", "UseOriginCacheControlHeaders-QueryStrings", "Policy for origins that return Cache-Control headers and serve different content based on values present in the query string.", fresh, true, true, origin, everything, everything),
	}
}

func managedRequestPolicies() []managed {
	policy := func(id, name, comment string, headers, cookies, queries names) managed {
		return own("OriginRequestPolicy", id, name, comment,
			headers.write("Header", "Headers")+cookies.write("Cookie", "Cookies")+queries.write("QueryString", "QueryStrings"))
	}
	viewer := names{behavior: "allViewer"}
	edge := names{"allViewerAndWhitelistCloudFront", "CloudFront-Forwarded-Proto CloudFront-Is-Android-Viewer CloudFront-Is-Desktop-Viewer " +
		"CloudFront-Is-IOS-Viewer CloudFront-Is-Mobile-Viewer CloudFront-Is-SmartTV-Viewer CloudFront-Is-Tablet-Viewer CloudFront-Viewer-Address " +
		"CloudFront-Viewer-ASN CloudFront-Viewer-City CloudFront-Viewer-Country CloudFront-Viewer-Country-Name CloudFront-Viewer-Country-Region " +
		"CloudFront-Viewer-Country-Region-Name CloudFront-Viewer-Http-Version CloudFront-Viewer-Latitude CloudFront-Viewer-Longitude " +
		"CloudFront-Viewer-Metro-Code CloudFront-Viewer-Postal-Code CloudFront-Viewer-Time-Zone CloudFront-Viewer-TLS"}
	return []managed{
		policy("216adef6-5c7f-47e4-b989-5492eafa07d3", "AllViewer", "Policy to forward all parameters in viewer requests", viewer, everything, everything),
		policy("b689b0a8-53d0-40ab-baf2-68738e2966ac", "AllViewerExceptHostHeader", "Policy to forward all parameters in viewer requests except for the Host header", names{"allExcept", "Host"}, everything, everything),
		policy("33f36d7e-f396-46d9-90e0-52428a34d9dc", "AllViewerAndCloudFrontHeaders-2022-06", "Policy to forward all parameters in viewer requests and all CloudFront headers that were released through June 2022", edge, everything, everything),
		policy("59781a5b-3903-41f3-afcb-af62929ccde1", "CORS-CustomOrigin", "Policy for CORS with a custom origin", only("Origin"), nothing, nothing),
		policy("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", "CORS-S3Origin", "Policy for S3 origin with CORS", only("Origin Access-Control-Request-Headers Access-Control-Request-Method"), nothing, nothing),
		policy("acba4595-bd28-49b8-b9fe-13317c0390fa", "UserAgentRefererHeaders", "Policy to forward user-agent and referer headers to origin", only("User-Agent Referer"), nothing, nothing),
		policy("bf0718e1-ba1e-49d1-88b1-f726733018ae", "HostHeaderOnly", "Policy to forward the Host header only", only("Host"), nothing, nothing),
		policy("775133bc-15f2-49f9-abea-afb2e0bf67d2", "Elemental-MediaTailor-PersonalizedManifests", "Policy for Elemental MediaTailor origin",
			only("Origin Access-Control-Request-Headers Access-Control-Request-Method User-Agent X-Forwarded-For"), nothing, everything),
	}
}

func managedResponsePolicies() []managed {
	policy := func(id, name, comment, rest string) managed {
		return own("ResponseHeadersPolicy", id, name, comment, rest)
	}
	list := func(name, item string, items ...string) string {
		for i := range items {
			items[i] = element("", item, items[i])
		}
		return listOf(name, items)
	}
	simple := element("", "CorsConfig", list("AccessControlAllowOrigins", "Origin", "*")+list("AccessControlAllowHeaders", "Header", "*")+
		list("AccessControlAllowMethods", "Method", "GET", "HEAD", "POST")+element("", "AccessControlAllowCredentials", "false")+element("", "OriginOverride", "false"))
	preflight := element("", "CorsConfig", list("AccessControlAllowOrigins", "Origin", "*")+list("AccessControlAllowHeaders", "Header", "*")+
		list("AccessControlAllowMethods", "Method", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")+
		element("", "AccessControlAllowCredentials", "false")+list("AccessControlExposeHeaders", "Header", "*")+element("", "OriginOverride", "false"))
	no, yes := element("", "Override", "false"), element("", "Override", "true")
	security := element("", "SecurityHeadersConfig",
		element("", "XSSProtection", no+element("", "Protection", "true")+element("", "ModeBlock", "true"))+
			element("", "FrameOptions", no+element("", "FrameOption", "SAMEORIGIN"))+
			element("", "ReferrerPolicy", no+element("", "ReferrerPolicy", "strict-origin-when-cross-origin"))+
			element("", "ContentTypeOptions", yes)+
			element("", "StrictTransportSecurity", no+element("", "AccessControlMaxAgeSec", "31536000")))
	return []managed{
		policy("60669652-455b-4ae9-85a4-c4c02393f86c", "SimpleCORS", "Allows all origins for simple CORS requests", simple),
		policy("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "CORS-With-Preflight", "Allows all origins for CORS requests, including preflight requests", preflight),
		policy("67f7725c-6f97-4210-82d7-5512b31e9d03", "SecurityHeadersPolicy", "Adds a set of security headers to every response", security),
		policy("e61eb60c-9c35-4d20-a928-2b84e02af89c", "CORS-and-SecurityHeadersPolicy", "Allows all origins for simple CORS requests and adds security headers", simple+security),
		policy("eaab4381-ed33-4a86-88ca-d9558dc6cd63", "CORS-with-preflight-and-SecurityHeadersPolicy", "Allows all origins for CORS requests and adds security headers", preflight+security),
	}
}

package result

import "slices"

// Severity says how sure it is that CloudFront refuses.
type Severity string

const (
	// Error is for what CloudFront refuses, and for what gets lost unseen.
	Error Severity = "error"
	// Warning is for what CloudFront ignores, and for what AWS does not say.
	Warning Severity = "warning"
)

// Violation is one breach of one rule.
type Violation struct {
	Path     string   `json:"path"` // JSON pointer into the result; "" for the whole
	Rule     string   `json:"rule"` // a Rule's name
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`
	// Status is what the viewer would get: 502, or 0 where the request goes on.
	Status int `json:"status,omitempty"`
	// Page is what CloudFront writes on its error page, where somebody saw it.
	Page   string `json:"page,omitempty"`
	Source string `json:"source"`
}

// Rule is one thing that CloudFront wants of a result.
type Rule struct {
	Name string
	// Verdict is the severity of every breach of the rule.
	Verdict Severity
	At      []Trigger // where the rule can be broken
	Says    string
	Page    string // CloudFront's sentence for it; "" where nobody wrote it down
	Source  string
}

// The names of the rules.
const (
	ruleObject         = "result-object"
	ruleKind           = "result-kind"
	ruleLost           = "lost-in-json"
	ruleDate           = "date-in-json"
	ruleOpaque         = "opaque-instance"
	ruleNull           = "null-member"
	ruleType           = "member-type"
	ruleUnknown        = "unknown-member"
	ruleReadOnly       = "request-read-only"
	ruleIncomplete     = "request-incomplete"
	ruleURI            = "uri"
	ruleURIMark        = "uri-mark"
	ruleQuery          = "querystring"
	ruleQueryMark      = "querystring-mark"
	ruleURL            = "url-size"
	ruleHead           = "head-size"
	ruleHeaderShape    = "header-shape"
	ruleHeaderList     = "header-list"
	ruleHeaderKey      = "header-key"
	ruleHeaderCase     = "header-case"
	ruleHeaderEmpty    = "header-empty"
	ruleHeaderName     = "header-name"
	ruleHeaderValue    = "header-value"
	ruleHeaderValues   = "header-value-list"
	ruleHeaderControl  = "header-control"
	ruleHeaderASCII    = "header-non-ascii"
	ruleCookies        = "set-cookie-joined"
	ruleDisallowed     = "header-disallowed"
	ruleCloudFront     = "header-cloudfront"
	ruleHeaderLocked   = "header-read-only"
	ruleStatus         = "status"
	ruleStatusNumber   = "status-number"
	ruleNoContent      = "status-204-body"
	ruleBody           = "body"
	ruleEncoding       = "body-encoding"
	ruleDialect        = "base64-dialect"
	ruleCompressed     = "body-compressed-as-text"
	ruleBinary         = "body-binary-as-text"
	ruleSize           = "response-size"
	ruleSize64         = "response-size-base64"
	ruleRequestBody    = "request-body"
	ruleNotIncluded    = "request-body-not-included"
	ruleBodySize       = "request-body-size"
	ruleBodySize64     = "request-body-size-base64"
	ruleIgnored        = "edit-ignored"
	ruleOriginPlace    = "origin-place"
	ruleOriginKind     = "origin-kind"
	ruleOrigin         = "origin"
	ruleOriginDoubtful = "origin-doubtful"
	ruleOriginHeader   = "origin-headers"
)

// Where the rules were read. The guide of June 2023 is the last one that AWS
// published as files; the pages were read when they named flat-rate plans.
const (
	guide       = "CloudFront Developer Guide, "
	restAll     = guide + "Restrictions on all edge functions (2026-11)"
	restEdge    = guide + "Restrictions on Lambda@Edge (2026-11)"
	quotas      = guide + "Quotas on Lambda@Edge (2026-11)"
	structure   = guide + "Lambda@Edge event structure (2023-06)"
	generating  = guide + "Generating HTTP responses in request triggers (2023-06)"
	updating    = guide + "Updating HTTP responses in origin response triggers (2023-06)"
	includeBody = guide + "Accessing the request body (2023-06)"
	examples    = guide + "Lambda@Edge example functions (2023-06)"
	originAdds  = guide + "Custom headers that CloudFront can't add to origin requests (2023-06)"
	ecma        = "ECMA-262, JSON.stringify"
	unsaid      = "no page of AWS says it"
)

// pagePrefix begins CloudFront's sentence on its 502 page.
const pagePrefix = "The Lambda function result failed validation: "

// The sentences that were seen on CloudFront's page: CodeGenieApp/serverless-express#369,
// opennextjs/opennextjs-aws#427 and #392, the tests of a PHP bridge,
// marksteele/edge-rewrite#6, aws-samples/react-ssr-lambda#28, and a question
// that volcengine.com/article/109228 keeps.
const (
	pageReadOnly   = pagePrefix + "The function tried to add, delete, or change a read-only header."
	pageDisallowed = pagePrefix + "The function tried to add a blacklisted header."
	pageBody       = pagePrefix + "The body is not a string, is not an object, or exceeds the maximum size."
	pageURI        = pagePrefix + "The specified URI is in an invalid format."
	pageObject     = "The Lambda function returned invalid JSON: The JSON output must be an object type."
	pageList       = "The Lambda function returned an invalid entry in the headers object: Each header entry in the headers object must be an array."
)

// Rules lists what Judge checks, in the order in which it is explained.
func Rules() []Rule {
	return slices.Concat(wholeRules(), requestRules(), headerRules(), responseRules(), originRules())
}

func wholeRules() []Rule {
	all := Triggers()
	return []Rule{
		{ruleObject, Error, all, "The result is an object: not null, not undefined, no list, no text.", pageObject, generating},
		{ruleKind, Error, all, "Request triggers return the request, or a response; response triggers return the response.", "", generating},
		{ruleLost, Error, all, "JSON keeps what the result says: it makes {} of a Map, a Set, a Headers and other instances, and leaves out functions, symbols, and members that are inherited, behind accessors or not enumerable.", "", ecma},
		{ruleDate, Warning, all, "A time is text: JSON makes ISO 8601 of a Date, which no header of HTTP wants.", "", "RFC 9110, 5.6.7"},
		{ruleOpaque, Warning, all, "No member is an instance of a class of which JSON can see nothing.", "", ecma},
		{ruleNull, Error, all, "No member is null: leave it out instead.", "", structure + ", which knows no null"},
		{ruleType, Error, all, "statusDescription is a string without control characters.", "", structure},
		{ruleUnknown, Warning, all, "CloudFront knows every member.", "", unsaid},
		{ruleIgnored, Warning, []Trigger{ViewerRequest, OriginRequest, ViewerResponse}, "Edits that CloudFront ignores are not made: data of a read-only body, inputTruncated; status and body at viewer-response.", "", restEdge},
	}
}

func requestRules() []Rule {
	requests := []Trigger{ViewerRequest, OriginRequest}
	return []Rule{
		{ruleReadOnly, Error, requests, "clientIp and method stay as they were.", "", structure},
		{ruleIncomplete, Warning, requests, "A request keeps the members that it came with (at viewer-request, but for origin).", "", unsaid},
		{ruleURI, Error, requests, "uri is a string that starts with /, without spaces and control characters.", pageURI, structure},
		{ruleURIMark, Warning, requests, "uri has no ? or #: the query has its own member.", "", unsaid},
		{ruleQuery, Error, requests, "querystring is a string without spaces, control characters and #.", "", restAll},
		{ruleQueryMark, Warning, requests, "querystring does not start with ?, which CloudFront adds.", "", unsaid},
		{ruleURL, Error, requests, "uri and querystring together have less than 8,192 characters.", "", restAll},
		{ruleHead, Warning, requests, "The request's headers and querystring have at most 20,480 bytes.", "", quotas},
		{ruleRequestBody, Error, requests, "A request's body is an object: action is read-only or replace, data a string, which replace needs.", pageBody, includeBody},
		{ruleNotIncluded, Warning, requests, "A request has a body only where the event has one: the association includes bodies.", "", unsaid},
		{ruleBodySize, Error, requests, "A replaced request body has at most 40 KB at viewer-request, 1 MB at origin-request.", pageBody, restEdge},
		{ruleBodySize64, Warning, requests, "As base64, a replaced request body has at most 53.2 KB at viewer-request, 1.33 MB at origin-request.", "", restEdge},
	}
}

func headerRules() []Rule {
	all := Triggers()
	return []Rule{
		{ruleHeaderShape, Error, all, "headers is an object by header name; the entries of a name are objects {key, value}, and key is a string.", "", structure},
		{ruleHeaderList, Error, all, "The entries of a name are a list.", pageList, structure},
		{ruleHeaderKey, Warning, all, "key is the name that the list stands under, in any case. AWS's own example copies an entry to another name.", "", examples},
		{ruleHeaderCase, Warning, all, "Names in headers are in lower case; the spelling belongs in key.", "", structure},
		{ruleHeaderEmpty, Warning, all, "A name's list has an entry: to delete a header, its name is taken out.", "", unsaid},
		{ruleHeaderName, Error, all, "A header's name is a token of HTTP.", "", "RFC 9110, 5.6.2"},
		{ruleHeaderValue, Error, all, "A header's value is a string without CR, LF and NUL.", "", "CloudFront's log: aws-ia/cloudformation-aws-marketplace-saas#54"},
		{ruleHeaderValues, Warning, all, "A header's value is no list: there is one entry for each. CloudFront's log speaks of strings and arrays of them, the guide of strings.", "", "aws-samples/cloudfront-authorization-at-edge#12"},
		{ruleHeaderControl, Warning, all, "A header's value has no control characters but the tab. Of CR it is known that CloudFront refuses it.", "", unsaid},
		{ruleHeaderASCII, Warning, all, "A header's value is ASCII: CloudFront sent a Location with ? for each other character, though AWS says that values are UTF-8.", "", "mdn/yari#1891"},
		{ruleCookies, Warning, all, "Every cookie has a set-cookie entry of its own: browsers take what is joined by commas for one.", "", "RFC 6265, 3; opennextjs/opennextjs-aws#386"},
		{ruleDisallowed, Error, all, "Disallowed headers are neither added nor changed, nor CloudFront-Viewer-Country at viewer-request.", pageDisallowed, restAll},
		{ruleCloudFront, Warning, []Trigger{ViewerRequest}, "viewer-request adds no other CloudFront- headers than those AWS names: Forwarded-Proto, Is-Desktop-, Is-Mobile-, Is-SmartTV- and Is-Tablet-Viewer.", "", restEdge},
		{ruleHeaderLocked, Error, all, "Headers that are read-only at the trigger are neither added, changed nor deleted.", pageReadOnly, restAll},
	}
}

func responseRules() []Rule {
	all := Triggers()
	made := []Trigger{ViewerRequest, OriginRequest, OriginResponse} // where a body can be the function's
	return []Rule{
		{ruleStatus, Error, all, "status is a whole number from 200 to 599, as a string.", "", generating},
		{ruleStatusNumber, Warning, []Trigger{ViewerRequest, OriginRequest, ViewerResponse}, "status is a string: a page says so, and AWS's examples return numbers at origin-response only.", "", generating},
		{ruleNoContent, Error, []Trigger{ViewerRequest}, "A response with status 204 at viewer-request has no body.", "", generating},
		{ruleBody, Error, all, "A response's body is a string.", pageBody, generating},
		{ruleEncoding, Error, all, "bodyEncoding and body.encoding are text or base64, and base64 decodes.", "", generating},
		{ruleDialect, Warning, all, "base64 has its padding and no line breaks.", "", unsaid},
		{ruleCompressed, Warning, made, "A body whose content-encoding is gzip, br or the like is base64: what is compressed is no text.", "", "honojs/hono#4254"},
		{ruleBinary, Warning, made, "A body whose content-type is an image, a font or the like is said to be base64 where it is.", "", "honojs/hono#1949"},
		{ruleSize, Error, made, "A response that the function made has, with headers and body, at most 40 KB at viewer-request, 1 MB at origin triggers.", pageBody, quotas},
		{ruleSize64, Warning, made, "It has no more than that as base64 either: AWS does not say what is counted.", "", quotas},
	}
}

func originRules() []Rule {
	at := []Trigger{OriginRequest}
	return []Rule{
		{ruleOriginPlace, Error, []Trigger{ViewerRequest}, "The origin changes at origin-request only.", "", structure},
		{ruleOriginKind, Error, at, "The origin is exactly one of custom and s3.", "", structure},
		{ruleOrigin, Error, at, "The origin's members have values that CloudFront takes.", "", structure},
		{ruleOriginDoubtful, Warning, at, "The origin has all members that AWS's examples have, timeouts that every account may have, and a bucket's name if it is one.", "", structure},
		{ruleOriginHeader, Error, at, "An origin's customHeaders are neither disallowed headers, nor such as CloudFront cannot add for an origin, nor headers of the request.", "", structure + "; " + originAdds},
	}
}

package result

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
	Name   string
	Says   string
	Page   string // CloudFront's sentence for it; "" where nobody wrote it down
	Source string
}

// The names of the rules.
const (
	ruleObject       = "result-object"
	ruleKind         = "result-kind"
	ruleLost         = "lost-in-json"
	ruleNull         = "null-member"
	ruleType         = "member-type"
	ruleUnknown      = "unknown-member"
	ruleReadOnly     = "request-read-only"
	ruleURI          = "uri"
	ruleQuery        = "querystring"
	ruleURL          = "url-size"
	ruleHead         = "head-size"
	ruleHeaderShape  = "header-shape"
	ruleHeaderName   = "header-name"
	ruleHeaderValue  = "header-value"
	ruleDisallowed   = "header-disallowed"
	ruleHeaderLocked = "header-read-only"
	ruleStatus       = "status"
	ruleNoContent    = "status-204-body"
	ruleBody         = "body"
	ruleEncoding     = "body-encoding"
	ruleSize         = "response-size"
	ruleRequestBody  = "request-body"
	ruleBodySize     = "request-body-size"
	ruleIgnored      = "edit-ignored"
	ruleOriginPlace  = "origin-place"
	ruleOriginKind   = "origin-kind"
	ruleOrigin       = "origin"
	ruleOriginHeader = "origin-headers"
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
	unsaid      = "no page of AWS says it"
)

// pagePrefix begins CloudFront's sentence on its 502 page.
const pagePrefix = "The Lambda function result failed validation: "

// The three sentences that were seen: CodeGenieApp/serverless-express#369 and
// opennextjs/opennextjs-aws#427, opennextjs/opennextjs-aws#392, and the tests
// of a PHP bridge.
const (
	pageReadOnly   = pagePrefix + "The function tried to add, delete, or change a read-only header."
	pageDisallowed = pagePrefix + "The function tried to add a blacklisted header."
	pageBody       = pagePrefix + "The body is not a string, is not an object, or exceeds the maximum size."
)

// Rules lists what Judge checks, in the order in which it is explained.
func Rules() []Rule {
	return []Rule{
		{ruleObject, "The result is an object: not null, not undefined, no list, no text.", "", generating},
		{ruleKind, "Request triggers return the request, or a response; response triggers return the response.", "", generating},
		{ruleLost, "JSON keeps all of the result: a Map or a Set becomes {}, a function or symbol disappears.", "", "ECMA-262, JSON.stringify"},
		{ruleNull, "No member is null: leave it out instead.", "", structure + ", which knows no null"},
		{ruleType, "Members have the type that CloudFront gives them.", "", structure},
		{ruleUnknown, "CloudFront knows every member.", "", unsaid},
		{ruleReadOnly, "clientIp, method and body.inputTruncated stay as they were.", "", structure},
		{ruleURI, "uri is a path: it starts with /, without spaces, control characters, ? or #.", "", structure},
		{ruleQuery, "querystring has no spaces, control characters or #, and no ? of its own before it.", "", restAll},
		{ruleURL, "uri and querystring together have less than 8,192 characters.", "", restAll},
		{ruleHead, "The request's headers and querystring have at most 20,480 bytes.", "", quotas},
		{ruleHeaderShape, "headers is an object of lists, by lower-case name; entries are {key, value}, and key is that name in any case.", "", structure},
		{ruleHeaderName, "A header's name is a token of HTTP.", "", "RFC 9110, 5.6.2"},
		{ruleHeaderValue, "A header's value is a string without CR, LF, NUL or other control characters.", "", "CloudFront's log: aws-ia/cloudformation-aws-marketplace-saas#54"},
		{ruleDisallowed, "Disallowed headers are neither added nor changed.", pageDisallowed, restAll},
		{ruleHeaderLocked, "Headers that are read-only at the trigger are neither added, changed nor deleted.", pageReadOnly, restAll},
		{ruleStatus, "status is a string of a number from 200 to 599.", "", generating},
		{ruleNoContent, "A response with status 204 at viewer-request has no body.", "", generating},
		{ruleBody, "A response's body is a string.", pageBody, generating},
		{ruleEncoding, "bodyEncoding and body.encoding are text or base64, and base64 decodes.", "", generating},
		{ruleSize, "A response that the function made has, with headers and body, at most 40 KB at viewer triggers, 1 MB at origin triggers.", pageBody, quotas},
		{ruleRequestBody, "A request's body is an object: action is read-only or replace, data a string; it is there only if the trigger includes bodies.", pageBody, includeBody},
		{ruleBodySize, "A replaced request body has at most 40 KB at viewer-request, 1 MB at origin-request (as base64 53.2 KB, 1.33 MB).", pageBody, restEdge},
		{ruleIgnored, "Edits that CloudFront ignores are not made: data of a read-only body; status and body at viewer-response.", "", restEdge},
		{ruleOriginPlace, "The origin changes at origin-request only.", "", structure},
		{ruleOriginKind, "The origin is exactly one of custom and s3.", "", structure},
		{ruleOrigin, "The origin's members have values that CloudFront takes.", "", structure},
		{ruleOriginHeader, "An origin's customHeaders are no disallowed headers, and no headers of the request.", "", structure},
	}
}

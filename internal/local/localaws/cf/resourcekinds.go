package cf

import (
	"net/http"
	"slices"
)

// Sentences that are the API model's description of the error. That the wire
// carries the same is LIKELY.
const (
	msgNoSuchControl        = "The origin access control does not exist."
	msgInvalidControl       = "The origin access control is not valid."
	msgControlExists        = "An origin access control with the specified parameters already exists."
	msgControlInUse         = "Cannot delete the origin access control because it's in use by one or more distributions."
	msgNoCachePolicy        = "The cache policy does not exist."
	msgCachePolicyExists    = "A cache policy with this name already exists. You must provide a unique name. To modify an existing cache policy, use UpdateCachePolicy."
	msgCachePolicyInUse     = "Cannot delete the cache policy because it is attached to one or more cache behaviors."
	msgNoRequestPolicy      = "The origin request policy does not exist."
	msgRequestPolicyExists  = "An origin request policy with this name already exists. You must provide a unique name. To modify an existing origin request policy, use UpdateOriginRequestPolicy."
	msgRequestPolicyInUse   = "Cannot delete the origin request policy because it is attached to one or more cache behaviors."
	msgNoResponsePolicy     = "The response headers policy does not exist."
	msgResponsePolicyExists = "A response headers policy with this name already exists. You must provide a unique name. To modify an existing response headers policy, use UpdateResponseHeadersPolicy."
	msgResponsePolicyInUse  = "Cannot delete the response headers policy because it is attached to one or more cache behaviors in a CloudFront distribution."
	msgManagedUpdate        = "The update contains modifications that are not allowed."
	msgManagedDelete        = "You cannot delete a managed policy."
	msgPolicyType           = "The parameter Type must be managed or custom." // UNKNOWN
)

// resourceKinds are the four kinds, after the API model.
func resourceKinds() []*resourceKind {
	uuid := func(*Service) string { return requestID() }
	return []*resourceKind{
		{
			name: "OriginAccessControl", plural: "OriginAccessControls", path: "origin-access-control",
			config: originAccessControlShape(), newID: func(s *Service) string { return "E" + s.NewID() },
			// The one code about it that the model lists for CreateDistribution.
			absent: apiError{http.StatusBadRequest, "InvalidOriginAccessControl", msgInvalidControl},
			exists: "OriginAccessControlAlreadyExists", existsText: msgControlExists,
			used: "OriginAccessControlInUse", usedText: msgControlInUse,
			users: func(root *node) []string {
				return values(root.items("Origins", "Origin"), "OriginAccessControlId")
			},
		},
		policyKind("CachePolicy", "CachePolicies", "cache-policy", cachePolicyShape(), &resourceKind{
			newID: uuid, managed: managedCachePolicies(), absent: noSuch("NoSuchCachePolicy", msgNoCachePolicy),
			existsText: msgCachePolicyExists, usedText: msgCachePolicyInUse,
		}),
		policyKind("OriginRequestPolicy", "OriginRequestPolicies", "origin-request-policy", originRequestPolicyShape(), &resourceKind{
			newID: uuid, managed: managedRequestPolicies(), absent: noSuch("NoSuchOriginRequestPolicy", msgNoRequestPolicy),
			existsText: msgRequestPolicyExists, usedText: msgRequestPolicyInUse,
		}),
		policyKind("ResponseHeadersPolicy", "ResponseHeadersPolicies", "response-headers-policy", responseHeadersPolicyShape(), &resourceKind{
			newID: uuid, managed: managedResponsePolicies(), absent: noSuch("NoSuchResponseHeadersPolicy", msgNoResponsePolicy),
			existsText: msgResponsePolicyExists, usedText: msgResponsePolicyInUse,
		}),
	}
}

func noSuch(code, message string) apiError { return apiError{http.StatusNotFound, code, message} }

// policyKind completes what policies of behaviours have in common.
func policyKind(name, plural, path string, config *shape, k *resourceKind) *resourceKind {
	k.name, k.plural, k.path, k.config, k.dated = name, plural, path, config, true
	k.exists, k.used = name+"AlreadyExists", name+"InUse"
	k.users = func(root *node) []string {
		var nodes []*node
		for _, b := range behaviorsOf(root) {
			nodes = append(nodes, b.node)
		}
		return values(nodes, name+"Id")
	}
	return k
}

// values lists what the nodes' members of a name hold, each once, "" never.
func values(nodes []*node, name string) []string {
	var found []string
	for _, n := range nodes {
		if v := n.value(name); v != "" && !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	return found
}

// resourceRoutes are the operations on a kind. Policies are updated under their
// own path, an origin access control under its config (API model).
func resourceRoutes(k *resourceKind) []route {
	one, update := k.path+"/{}", k.path+"/{}"
	if !k.dated {
		update += "/config"
	}
	return []route{
		{"Create" + k.name, http.MethodPost, k.path, nil, 201, true, k.create},
		{"List" + k.plural, http.MethodGet, k.path, nil, 200, false, k.list},
		{"Get" + k.name, http.MethodGet, one, nil, 200, false, k.get},
		{"Get" + k.name + "Config", http.MethodGet, one + "/config", nil, 200, false, k.getConfig},
		{"Update" + k.name, http.MethodPut, update, nil, 200, true, k.update},
		{"Delete" + k.name, http.MethodDelete, one, nil, 204, true, k.delete},
	}
}

func originAccessControlShape() *shape {
	return structure(
		required("Name", sized(text(), 1, 64)), // Developer Guide: up to 64 characters
		optional("Description", sized(text(), 0, 256)),
		required("SigningProtocol", oneOf("sigv4")),
		required("SigningBehavior", oneOf("never", "always", "no-override")),
		required("OriginAccessControlOriginType", oneOf("s3", "mediastore", "mediapackagev2", "lambda")),
	)
}

// chosen is a part of a policy: a behaviour, and the names that it is about.
func chosen(part, list string, behaviors ...string) *shape {
	return structure(required(part+"Behavior", oneOf(behaviors...)), optional(list, quantity("Name", text())))
}

func cachePolicyShape() *shape {
	return structure(
		optional("Comment", sized(text(), 0, 128)),
		required("Name", text()),
		optional("DefaultTTL", integer()), optional("MaxTTL", integer()), required("MinTTL", integer()),
		optional("ParametersInCacheKeyAndForwardedToOrigin", structure(
			required("EnableAcceptEncodingGzip", boolean()), optional("EnableAcceptEncodingBrotli", boolean()),
			required("HeadersConfig", chosen("Header", "Headers", "none", "whitelist")),
			required("CookiesConfig", chosen("Cookie", "Cookies", "none", "whitelist", "allExcept", "all")),
			required("QueryStringsConfig", chosen("QueryString", "QueryStrings", "none", "whitelist", "allExcept", "all")),
		)),
	)
}

func originRequestPolicyShape() *shape {
	return structure(
		optional("Comment", sized(text(), 0, 128)),
		required("Name", text()),
		required("HeadersConfig", chosen("Header", "Headers", "none", "whitelist", "allViewer", "allViewerAndWhitelistCloudFront", "allExcept")),
		required("CookiesConfig", chosen("Cookie", "Cookies", "none", "whitelist", "all", "allExcept")),
		required("QueryStringsConfig", chosen("QueryString", "QueryStrings", "none", "whitelist", "all", "allExcept")),
	)
}

func responseHeadersPolicyShape() *shape {
	override := required("Override", boolean())
	header := structure(required("Header", text()), required("Value", text()), override)
	return structure(
		optional("Comment", sized(text(), 0, 128)),
		required("Name", text()),
		optional("CorsConfig", structure(
			required("AccessControlAllowOrigins", atLeast(0, "Origin", text())),
			required("AccessControlAllowHeaders", atLeast(0, "Header", text())),
			required("AccessControlAllowMethods", atLeast(0, "Method", oneOf("GET", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "HEAD", "ALL"))),
			required("AccessControlAllowCredentials", boolean()),
			optional("AccessControlExposeHeaders", quantity("Header", text())),
			optional("AccessControlMaxAgeSec", integer()),
			required("OriginOverride", boolean()),
		)),
		optional("SecurityHeadersConfig", structure(
			optional("XSSProtection", structure(override, required("Protection", boolean()), optional("ModeBlock", boolean()), optional("ReportUri", text()))),
			optional("FrameOptions", structure(override, required("FrameOption", oneOf("DENY", "SAMEORIGIN")))),
			optional("ReferrerPolicy", structure(override, required("ReferrerPolicy", oneOf("no-referrer", "no-referrer-when-downgrade", "origin",
				"origin-when-cross-origin", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url")))),
			optional("ContentSecurityPolicy", structure(override, required("ContentSecurityPolicy", text()))),
			optional("ContentTypeOptions", structure(override)),
			optional("StrictTransportSecurity", structure(override, optional("IncludeSubdomains", boolean()),
				optional("Preload", boolean()), required("AccessControlMaxAgeSec", integer()))),
		)),
		optional("ServerTimingHeadersConfig", structure(required("Enabled", boolean()), optional("SamplingRate", number()))),
		optional("CustomHeadersConfig", quantity("ResponseHeadersPolicyCustomHeader", header)),
		optional("RemoveHeadersConfig", quantity("ResponseHeadersPolicyRemoveHeader", structure(required("Header", text())))),
	)
}

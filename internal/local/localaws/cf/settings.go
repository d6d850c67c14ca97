package cf

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentences that real accounts logged: KNOWN.
const (
	// aws-cdk issue 10211
	msgBigComment = "The parameter Comment is too big."
	// aws-cdk issue 11504
	msgBigOriginID = "The parameter originId is too big."
	// quoted by many
	msgOriginIP = "The parameter origin name cannot be an IP address."
	// s3_website issue 83
	msgOriginName = "The parameter origin name must be a domain name."
	// terraform-provider-aws issue 17626
	msgBothCachings = "The parameter ForwardedValues cannot be used when a cache policy is associated to the cache behavior."
	// terraform-aws-cloudfront-s3-cdn issue 252
	msgNoCaching = "The parameter ForwardedValues is required."
	// quoted by many
	msgNoCertificate = "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name. For more details, see: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements"
	// quoted by many
	msgBadCertificate = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain."
)

// Sentences that are the API model's description of the error: the code is
// KNOWN, that the wire carries the same sentence is LIKELY.
const (
	msgRootObject    = "The default root object file name is too big or contains an invalid character."
	msgTooManyCNAMEs = "Your request contains more CNAMEs than are allowed per distribution."
	msgTooManyHeads  = "Your request contains too many origin custom headers."
	msgTooManyGroups = "Processing your request would cause you to exceed the maximum number of origin groups allowed."
	msgTwoAccesses   = "An origin cannot contain both an origin access control (OAC) and an origin access identity (OAI)."
	msgReadTimeout   = "The read timeout specified for the origin is not valid."
	msgKeepalive     = "The keep alive timeout specified for the origin is not valid."
	msgTTLOrder      = "The TTL order specified is not valid."
	msgCookies       = "Your request contains forward cookies option which doesn't match with the expectation for the whitelisted list of cookie names. Either list of cookie names has been specified when not allowed or list of cookie names is missing when expected."
	msgErrorCode     = "An invalid error code was specified."
	msgResponseCode  = "A response code is not valid."
	msgGeo           = "The specified geo restriction parameter is not valid."
	msgLocation      = "The location code specified is not valid."
)

// Sentences of ours for rules that the API model or the Developer Guide states:
// the rule is KNOWN, code InvalidArgument is LIKELY, the sentence is UNKNOWN.
const (
	msgTwiceAlias    = "The parameter Aliases contains duplicates."
	msgTwiceOrigin   = "The parameter origin Id contains duplicates."
	msgOriginPath    = "The parameter OriginPath must begin with a slash and must not end with one."
	msgAttempts      = "The parameter ConnectionAttempts must be between 1 and 3."
	msgConnectTime   = "The parameter ConnectionTimeout must be between 1 and 10."
	msgPort          = "The parameters HTTPPort and HTTPSPort must be 80, 443, or between 1024 and 65535."
	msgTwoOriginKind = "The parameter Origin must have one of S3OriginConfig, CustomOriginConfig and VpcOriginConfig."
	msgPathPattern   = "The parameter PathPattern must be 1 to 255 characters without spaces."
	msgMethods       = "The parameter AllowedMethods must have GET and HEAD, those and OPTIONS, or all seven methods."
	msgCachedMethods = "The parameter CachedMethods must have GET and HEAD, or those and OPTIONS, and only methods that are allowed."
	msgErrorPage     = "The parameters ResponsePagePath and ResponseCode must be given together."
	msgTwoCerts      = "The parameter ViewerCertificate must have one certificate, and SSLSupportMethod with one of its own."
)

// Quotas per distribution (CloudFront quotas page, late 2025) and lengths
// (Developer Guide, "Distribution settings reference").
const (
	maxAliases       = 100
	maxOriginHeaders = 30
	maxOriginGroups  = 10
	maxComment       = 128
	maxOriginID      = 128
	maxPathPattern   = 255
	maxRootObject    = 255
)

// checkSettings makes the checks of a configuration that look at nothing else.
func checkSettings(root *node) error {
	for _, check := range []func(*node) error{checkTop, checkCertificate, checkOriginSettings, checkCaching, checkErrorPages, checkGeo} {
		if err := check(root); err != nil {
			return err
		}
	}
	return nil
}

func checkTop(root *node) error {
	aliases := map[string]bool{}
	for _, alias := range root.items("Aliases", "CNAME") {
		if name := strings.ToLower(alias.text); aliases[name] {
			return invalidArgument(msgTwiceAlias)
		} else {
			aliases[name] = true
		}
	}
	object := root.value("DefaultRootObject")
	switch {
	case utf8.RuneCountInString(root.value("Comment")) > maxComment:
		return invalidArgument(msgBigComment)
	case strings.HasPrefix(object, "/") || len(object) > maxRootObject:
		return refuse(http.StatusBadRequest, "InvalidDefaultRootObject", msgRootObject)
	case len(aliases) > maxAliases:
		return refuse(http.StatusBadRequest, "TooManyDistributionCNAMEs", msgTooManyCNAMEs)
	}
	return nil
}

// checkCertificate looks that aliases have a certificate, of ACM's region. Which
// ones exist is not known here: any ARN will do.
func checkCertificate(root *node) error {
	c := root.child("ViewerCertificate")
	acm, iam := c.value("ACMCertificateArn"), c.value("IAMCertificateId")
	own := acm != "" || iam != ""
	switch {
	case !own && len(root.items("Aliases", "CNAME")) > 0:
		return refuse(http.StatusBadRequest, "InvalidViewerCertificate", msgNoCertificate)
	case acm != "" && !strings.HasPrefix(acm, "arn:aws:acm:us-east-1:"):
		return refuse(http.StatusBadRequest, "InvalidViewerCertificate", msgBadCertificate)
	case acm != "" && iam != "", own && c.flag("CloudFrontDefaultCertificate"), own && c.value("SSLSupportMethod") == "":
		return refuse(http.StatusBadRequest, "InvalidViewerCertificate", msgTwoCerts)
	}
	return nil
}

func checkOriginSettings(root *node) error {
	ids := map[string]bool{}
	for _, o := range root.items("Origins", "Origin") {
		if ids[o.value("Id")] {
			return invalidArgument(msgTwiceOrigin)
		}
		ids[o.value("Id")] = true
		if err := checkOrigin(o); err != nil {
			return err
		}
	}
	groups := root.items("OriginGroups", "OriginGroup")
	if len(groups) > maxOriginGroups {
		return refuse(http.StatusBadRequest, "TooManyOriginGroupsPerDistribution", msgTooManyGroups)
	}
	for _, g := range groups {
		if ids[g.value("Id")] {
			return invalidArgument(msgTwiceOrigin)
		}
		ids[g.value("Id")] = true
	}
	return nil
}

func checkOrigin(o *node) error {
	name, path := o.value("DomainName"), o.value("OriginPath")
	_, notIP := netip.ParseAddr(name)
	kinds := 0
	for _, kind := range []string{"S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"} {
		if o.child(kind) != nil {
			kinds++
		}
	}
	switch {
	case utf8.RuneCountInString(o.value("Id")) > maxOriginID:
		return invalidArgument(msgBigOriginID)
	case notIP == nil:
		return invalidArgument(msgOriginIP)
	case name == "" || strings.ContainsAny(name, "/: \t\n"):
		return invalidArgument(msgOriginName)
	case path != "" && (!strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/")):
		return invalidArgument(msgOriginPath)
	case !within(o, "ConnectionAttempts", 1, 3):
		return invalidArgument(msgAttempts)
	case !within(o, "ConnectionTimeout", 1, 10):
		return invalidArgument(msgConnectTime)
	case len(o.items("CustomHeaders", "OriginCustomHeader")) > maxOriginHeaders:
		return refuse(http.StatusBadRequest, "TooManyOriginCustomHeaders", msgTooManyHeads)
	case kinds > 1:
		return invalidArgument(msgTwoOriginKind)
	case o.value("OriginAccessControlId") != "" && o.child("S3OriginConfig").value("OriginAccessIdentity") != "":
		return refuse(http.StatusBadRequest, "IllegalOriginAccessConfiguration", msgTwoAccesses)
	}
	return checkCustomOrigin(o.child("CustomOriginConfig"))
}

func checkCustomOrigin(c *node) error {
	for _, name := range []string{"HTTPPort", "HTTPSPort"} {
		if port := number64(c, name, 80); port != 80 && port != 443 && (port < 1024 || port > 65535) {
			return invalidArgument(msgPort)
		}
	}
	switch {
	case !within(c, "OriginReadTimeout", 1, 120):
		return refuse(http.StatusBadRequest, "InvalidOriginReadTimeout", msgReadTimeout)
	case !within(c, "OriginKeepaliveTimeout", 1, 120):
		return refuse(http.StatusBadRequest, "InvalidOriginKeepaliveTimeout", msgKeepalive)
	}
	return nil
}

// number64 reads an integer that the schema has passed, or gives the default.
func number64(n *node, name string, absent int64) int64 {
	v, err := strconv.ParseInt(strings.TrimSpace(n.value(name)), 10, 64)
	if err != nil {
		return absent
	}
	return v
}

// within reports whether an integer is between two numbers, or absent.
func within(n *node, name string, least, most int64) bool {
	v := number64(n, name, least)
	return v >= least && v <= most
}

func checkCaching(root *node) error {
	for _, b := range behaviorsOf(root) {
		forwarded := b.node.child("ForwardedValues")
		policy := b.node.value("CachePolicyId") != ""
		switch {
		case b.node.local == "CacheBehavior" && !goodPattern(b.pattern):
			return invalidArgument(msgPathPattern)
		case policy && forwarded != nil:
			return invalidArgument(msgBothCachings)
		case !policy && forwarded == nil:
			return invalidArgument(msgNoCaching)
		}
		if err := checkMethods(b.node); err != nil {
			return err
		}
		if err := checkForwarded(b.node, forwarded); err != nil {
			return err
		}
	}
	return nil
}

// goodPattern judges length and spaces. Which other characters CloudFront
// refuses is documented as those it takes, but not what it does: UNKNOWN.
func goodPattern(pattern string) bool {
	return pattern != "" && len(pattern) <= maxPathPattern && !strings.ContainsFunc(pattern, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

func checkMethods(b *node) error {
	allowed := b.child("AllowedMethods")
	if allowed == nil {
		return nil
	}
	names := func(n *node) (found []string) {
		for _, m := range n.child("Items").all("Method") {
			found = append(found, m.text)
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	may := names(allowed)
	if n := len(may); n != 7 && !readOnly(may) {
		return invalidArgument(msgMethods)
	}
	cached := allowed.child("CachedMethods")
	if cached == nil {
		return nil
	}
	for _, m := range names(cached) {
		if !slices.Contains(may, m) {
			return invalidArgument(msgCachedMethods)
		}
	}
	if !readOnly(names(cached)) {
		return invalidArgument(msgCachedMethods)
	}
	return nil
}

// readOnly reports whether sorted methods are GET and HEAD, with or without OPTIONS.
func readOnly(methods []string) bool {
	return slices.Equal(methods, []string{"GET", "HEAD"}) || slices.Equal(methods, []string{"GET", "HEAD", "OPTIONS"})
}

func checkForwarded(b, forwarded *node) error {
	if forwarded == nil {
		return nil
	}
	cookies := forwarded.child("Cookies")
	names := len(cookies.items("WhitelistedNames", "Name"))
	if (cookies.value("Forward") == "whitelist") != (names > 0) {
		return refuse(http.StatusBadRequest, "InvalidForwardCookies", msgCookies)
	}
	// Defaults of the API model: 0, a day, a year. One that was left out does not
	// make the others wrong.
	least := number64(b, "MinTTL", 0)
	middle := number64(b, "DefaultTTL", max(least, 86400))
	most := number64(b, "MaxTTL", max(middle, 31536000))
	if b.child("DefaultTTL") == nil {
		middle = min(middle, most)
	}
	if least > middle || middle > most {
		return refuse(http.StatusBadRequest, "InvalidTTLOrder", msgTTLOrder)
	}
	return nil
}

// errorCodes are the statuses that may have a page of their own (Developer
// Guide, "HTTP status codes for which CloudFront caches responses").
var errorCodes = []string{"400", "403", "404", "405", "414", "416", "500", "501", "502", "503", "504"}

func checkErrorPages(root *node) error {
	for _, e := range root.items("CustomErrorResponses", "CustomErrorResponse") {
		page, code := e.value("ResponsePagePath"), e.value("ResponseCode")
		switch {
		case !slices.Contains(errorCodes, strings.TrimSpace(e.value("ErrorCode"))):
			return refuse(http.StatusBadRequest, "InvalidErrorCode", msgErrorCode)
		case code != "" && code != "200" && !slices.Contains(errorCodes, code):
			return refuse(http.StatusBadRequest, "InvalidResponseCode", msgResponseCode)
		case (page == "") != (code == ""):
			return invalidArgument(msgErrorPage)
		}
	}
	return nil
}

func checkGeo(root *node) error {
	geo := root.child("Restrictions").child("GeoRestriction")
	if geo == nil {
		return nil
	}
	locations := geo.child("Items").all("Location")
	if (geo.value("RestrictionType") == "none") != (len(locations) == 0) {
		return refuse(http.StatusBadRequest, "InvalidGeoRestrictionParameter", msgGeo)
	}
	for _, l := range locations {
		if len(l.text) != 2 || strings.ToUpper(l.text) != l.text || strings.ContainsFunc(l.text, func(r rune) bool { return r < 'A' || r > 'Z' }) {
			return refuse(http.StatusBadRequest, "InvalidLocationCode", msgLocation)
		}
	}
	return nil
}

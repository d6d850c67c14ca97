package cf_test

import (
	"fmt"
	"strings"
	"testing"
)

// change is a plain distribution with one thing in another's place.
func change(from, to string) string {
	plain := distribution("r", lambda())
	changed := strings.Replace(plain, from, to, 1)
	if changed == plain {
		panic("the plain distribution has no " + from)
	}
	return changed
}

// inOrigin is a plain distribution with more in its origin.
func inOrigin(more string) string {
	return change("</CustomOriginConfig>", "</CustomOriginConfig>"+more)
}

// inConfig is a plain distribution with more members.
func inConfig(more ...string) string { return distribution("r", lambda(), more...) }

func listed(name, item string, items ...string) string {
	var all strings.Builder
	for _, i := range items {
		all.WriteString("<" + item + ">" + i + "</" + item + ">")
	}
	return fmt.Sprintf("<%s><Quantity>%d</Quantity><Items>%s</Items></%s>", name, len(items), all.String(), name)
}

// pattern is a plain distribution with a second behaviour.
func withPattern(p string) string {
	return inConfig(listed("CacheBehaviors", "CacheBehavior", "<PathPattern>"+p+"</PathPattern><TargetOriginId>site</TargetOriginId>"+
		"<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>"+lambda()+cached))
}

// forwarded is a behaviour without a cache policy.
func forwarded(cookies, more string) string {
	return "<ForwardedValues><QueryString>false</QueryString><Cookies>" + cookies + "</Cookies></ForwardedValues>" + more
}

func methods(allowed, cached string) string {
	list := func(name, of, more string) string {
		l := listed(name, "Method", strings.Fields(of)...)
		return strings.Replace(l, "</"+name+">", more+"</"+name+">", 1)
	}
	return list("AllowedMethods", allowed, list("CachedMethods", cached, ""))
}

func many(n int, item func(int) string) []string {
	var all []string
	for i := range n {
		all = append(all, item(i))
	}
	return all
}

func TestWhatCloudFrontRefusesOfAConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	const invalid = "InvalidArgument"
	header := func(i int) string {
		return fmt.Sprintf("<HeaderName>x-%d</HeaderName><HeaderValue>v</HeaderValue>", i)
	}
	name := func(i int) string { return fmt.Sprintf("a%d.example.com", i) }
	group := func(i int) string {
		return fmt.Sprintf("<Id>g%d</Id><FailoverCriteria>%s</FailoverCriteria>%s", i, listed("StatusCodes", "StatusCode", "500"),
			listed("Members", "OriginGroupMember", "<OriginId>site</OriginId>", "<OriginId>site</OriginId>"))
	}
	page := func(parts string) string {
		return inConfig(listed("CustomErrorResponses", "CustomErrorResponse", parts))
	}
	geo := func(kind string, places ...string) string {
		list := listed("Restrictions", "Location", places...)
		return inConfig(strings.NewReplacer("<Restrictions>", "<Restrictions><GeoRestriction><RestrictionType>"+kind+"</RestrictionType>",
			"</Restrictions>", "</GeoRestriction></Restrictions>").Replace(list))
	}
	cert := func(parts string) string { return inConfig("<ViewerCertificate>" + parts + "</ViewerCertificate>") }
	const acm = "<ACMCertificateArn>arn:aws:acm:us-east-1:111111111111:certificate/c</ACMCertificateArn>"
	none := "<Forward>none</Forward>"
	for rule, tc := range map[string]struct{ config, code, sentence string }{
		"a comment of 129":              {change("<Comment>test<", "<Comment>"+strings.Repeat("é", 129)+"<"), invalid, "The parameter Comment is too big."},
		"an alias without certificate":  {inConfig(listed("Aliases", "CNAME", "a.example.com")), "InvalidViewerCertificate", "you must attach a trusted certificate"},
		"an alias twice":                {inConfig(listed("Aliases", "CNAME", "a.example.com", "A.example.com"), certificate), invalid, "Aliases contains duplicates"},
		"101 aliases":                   {inConfig(listed("Aliases", "CNAME", many(101, name)...), certificate), "TooManyDistributionCNAMEs", "more CNAMEs than are allowed"},
		"a root object with a slash":    {inConfig("<DefaultRootObject>/index.html</DefaultRootObject>"), "InvalidDefaultRootObject", "root object"},
		"a root object of 256":          {inConfig("<DefaultRootObject>" + strings.Repeat("x", 256) + "</DefaultRootObject>"), "InvalidDefaultRootObject", "root object"},
		"a certificate elsewhere":       {cert(strings.Replace(acm, "us-east-1", "eu-west-1", 1) + "<SSLSupportMethod>sni-only</SSLSupportMethod>"), "InvalidViewerCertificate", "isn't in us-east-1"},
		"two certificates":              {cert(acm + "<CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate><SSLSupportMethod>vip</SSLSupportMethod>"), "InvalidViewerCertificate", "one certificate"},
		"a certificate without support": {cert(acm), "InvalidViewerCertificate", "SSLSupportMethod"},

		"no attempts":               {inOrigin("<ConnectionAttempts>0</ConnectionAttempts>"), invalid, "ConnectionAttempts"},
		"4 attempts":                {inOrigin("<ConnectionAttempts>4</ConnectionAttempts>"), invalid, "ConnectionAttempts"},
		"11 seconds to connect":     {inOrigin("<ConnectionTimeout>11</ConnectionTimeout>"), invalid, "ConnectionTimeout"},
		"an origin path with a end": {inOrigin("<OriginPath>/a/</OriginPath>"), invalid, "OriginPath"},
		"the root as origin path":   {inOrigin("<OriginPath>/</OriginPath>"), invalid, "OriginPath"},
		"an origin path without /":  {inOrigin("<OriginPath>a</OriginPath>"), invalid, "OriginPath"},
		"31 headers":                {inOrigin(listed("CustomHeaders", "OriginCustomHeader", many(31, header)...)), "TooManyOriginCustomHeaders", "too many"},
		"an address as origin":      {change("site.example.com", "192.0.2.1"), invalid, "cannot be an IP address"},
		"an address of IPv6":        {change("site.example.com", "2001:db8::1"), invalid, "cannot be an IP address"},
		"a URL as origin":           {change("site.example.com", "https://site.example.com"), invalid, "must be a domain name"},
		"an id of 129":              {strings.ReplaceAll(inConfig(), ">site<", ">"+strings.Repeat("x", 129)+"<"), invalid, "The parameter originId is too big."},
		"an id twice": {change("<Origins><Quantity>1</Quantity><Items>", "<Origins><Quantity>2</Quantity><Items>"+
			"<Origin><Id>site</Id><DomainName>b.example.com</DomainName><S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin>"), invalid, "origin Id contains duplicates"},
		"an id of an origin group": {inConfig(listed("OriginGroups", "OriginGroup", strings.Replace(group(0), ">g0<", ">site<", 1))), invalid, "origin Id contains duplicates"},
		"11 origin groups":         {inConfig(listed("OriginGroups", "OriginGroup", many(11, group)...)), "TooManyOriginGroupsPerDistribution", "origin groups"},
		"two kinds of origin":      {inOrigin("<S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig>"), invalid, "must have one of"},
		"two kinds of access": {strings.NewReplacer("<CustomOriginConfig>", "<S3OriginConfig><OriginAccessIdentity>origin-access-identity/cloudfront/E1</OriginAccessIdentity></S3OriginConfig><!--", "</CustomOriginConfig>",
			"--><OriginAccessControlId>E1OAC</OriginAccessControlId>").Replace(inConfig()), "IllegalOriginAccessConfiguration", "both an origin access control"},
		"a port below 1024":     {change("<HTTPPort>80<", "<HTTPPort>81<"), invalid, "HTTPPort"},
		"a port of no number":   {change("<HTTPSPort>443<", "<HTTPSPort>65536<"), invalid, "HTTPSPort"},
		"121 seconds to read":   {change("<OriginReadTimeout>30<", "<OriginReadTimeout>121<"), "InvalidOriginReadTimeout", "read timeout"},
		"no second to keep":     {change("<OriginKeepaliveTimeout>5<", "<OriginKeepaliveTimeout>0<"), "InvalidOriginKeepaliveTimeout", "keep alive"},
		"an access not made":    {inOrigin("<OriginAccessControlId>E2OAC</OriginAccessControlId>"), "InvalidOriginAccessControl", "not valid"},
		"a request policy none": {distribution("r", cached+"<OriginRequestPolicyId>p</OriginRequestPolicyId>"), "NoSuchOriginRequestPolicy", "does not exist"},

		"no caching":                  {strings.Replace(inConfig(), cached, "", 1), invalid, "The parameter ForwardedValues is required."},
		"both cachings":               {distribution("r", cached+forwarded(none, "")), invalid, "cannot be used when a cache policy is associated"},
		"an unknown cache policy":     {distribution("r", "<CachePolicyId>00000000-0000-0000-0000-000000000000</CachePolicyId>"), "NoSuchCachePolicy", "The cache policy does not exist."},
		"a pattern of 256":            {withPattern("/" + strings.Repeat("x", 255)), invalid, "PathPattern"},
		"a pattern with a space":      {withPattern("/a b"), invalid, "PathPattern"},
		"a pattern of nothing":        {withPattern(""), invalid, "PathPattern"},
		"GET alone":                   {distribution("r", methods("GET", "GET")), invalid, "AllowedMethods"},
		"six methods":                 {distribution("r", methods("GET HEAD OPTIONS PUT POST PATCH", "GET HEAD")), invalid, "AllowedMethods"},
		"POST cached":                 {distribution("r", methods("GET HEAD OPTIONS PUT POST PATCH DELETE", "GET HEAD POST")), invalid, "CachedMethods"},
		"cached but not allowed":      {distribution("r", methods("GET HEAD", "GET HEAD OPTIONS")), invalid, "CachedMethods"},
		"a whitelist without cookies": {distribution("r", forwarded("<Forward>whitelist</Forward>", "")), "InvalidForwardCookies", "cookie names"},
		"cookies without a whitelist": {distribution("r", forwarded(none+listed("WhitelistedNames", "Name", "a"), "")), "InvalidForwardCookies", "cookie names"},
		"a most below the least":      {distribution("r", forwarded(none, "<MinTTL>10</MinTTL><DefaultTTL>10</DefaultTTL><MaxTTL>5</MaxTTL>")), "InvalidTTLOrder", "TTL"},
		"a default above the most":    {distribution("r", forwarded(none, "<MinTTL>0</MinTTL><DefaultTTL>10</DefaultTTL><MaxTTL>5</MaxTTL>")), "InvalidTTLOrder", "TTL"},

		"a page for 418":          {page("<ErrorCode>418</ErrorCode>"), "InvalidErrorCode", "error code"},
		"an answer of 201":        {page("<ErrorCode>404</ErrorCode><ResponsePagePath>/e</ResponsePagePath><ResponseCode>201</ResponseCode>"), "InvalidResponseCode", "response code"},
		"a page without a status": {page("<ErrorCode>404</ErrorCode><ResponsePagePath>/e</ResponsePagePath>"), invalid, "together"},
		"a country of words":      {geo("whitelist", "Germany"), "InvalidLocationCode", "location code"},
		"a country in lower case": {geo("blacklist", "de"), "InvalidLocationCode", "location code"},
		"countries for none":      {geo("none", "DE"), "InvalidGeoRestrictionParameter", "geo restriction"},
		"a list of no countries":  {geo("whitelist"), "InvalidGeoRestrictionParameter", "geo restriction"},
		"a function elsewhere": {distribution("r", listed("FunctionAssociations", "FunctionAssociation",
			"<FunctionARN>arn:aws:cloudfront::222222222222:function/f</FunctionARN><EventType>viewer-request</EventType>")), "InvalidFunctionAssociation", "same account"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.send("POST", "distribution", tc.config)
			if code, message := b.refused(a); code != tc.code || !strings.Contains(message, tc.sentence) || a.status != 400 && !strings.HasPrefix(code, "NoSuch") {
				t.Errorf("%d %s: %s\nwant %s: %s", a.status, code, message, tc.code, tc.sentence)
			}
			id, etag := b.created(strings.Replace(inConfig(), "<CallerReference>r", "<CallerReference>x", 1))
			a = b.update(id, etag, strings.Replace(tc.config, "<CallerReference>r", "<CallerReference>x", 1))
			if code, message := b.refused(a); code != tc.code && code != "InvalidArgument" && code != "IllegalUpdate" {
				t.Errorf("an update is answered %s: %s", code, message)
			}
		})
	}
	for rule, config := range map[string]string{
		"a comment of 128":             change("<Comment>test<", "<Comment>"+strings.Repeat("é", 128)+"<"),
		"100 aliases":                  inConfig(listed("Aliases", "CNAME", many(100, name)...), certificate),
		"a certificate of CloudFront":  cert("<CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate>"),
		"3 attempts and 10 seconds":    inOrigin("<ConnectionAttempts>3</ConnectionAttempts><ConnectionTimeout>10</ConnectionTimeout>"),
		"an origin path":               inOrigin("<OriginPath>/a/b</OriginPath>"),
		"30 headers":                   inOrigin(listed("CustomHeaders", "OriginCustomHeader", many(30, header)...)),
		"10 origin groups":             inConfig(listed("OriginGroups", "OriginGroup", many(10, group)...)),
		"a port of one's own":          change("<HTTPPort>80<", "<HTTPPort>8080<"),
		"an access control":            inOrigin("<OriginAccessControlId>E1OAC</OriginAccessControlId>"),
		"forwarded values":             distribution("r", forwarded(none, "<MinTTL>0</MinTTL>")),
		"a least of two days":          distribution("r", forwarded(none, "<MinTTL>172800</MinTTL>")),
		"a most of a minute":           distribution("r", forwarded(none, "<MinTTL>0</MinTTL><MaxTTL>60</MaxTTL>")),
		"three times":                  distribution("r", forwarded(none, "<MinTTL>0</MinTTL><DefaultTTL>5</DefaultTTL><MaxTTL>5</MaxTTL>")),
		"a whitelist":                  distribution("r", forwarded("<Forward>whitelist</Forward>"+listed("WhitelistedNames", "Name", "a"), "")),
		"a pattern of 255":             withPattern("/" + strings.Repeat("x", 254)),
		"a pattern of signs":           withPattern("/a_-.*$/~&quot;'@:+&amp;?%20"),
		"three methods, two cached":    distribution("r", methods("GET HEAD OPTIONS", "HEAD GET")),
		"seven methods, three cached":  distribution("r", methods("GET HEAD OPTIONS PUT POST PATCH DELETE", "OPTIONS HEAD GET")),
		"an error that is kept":        page("<ErrorCode>503</ErrorCode><ErrorCachingMinTTL>5</ErrorCachingMinTTL>"),
		"an error page":                page("<ErrorCode>404</ErrorCode><ResponsePagePath>/e</ResponsePagePath><ResponseCode>200</ResponseCode>"),
		"countries":                    geo("blacklist", "DE", "CH"),
		"a managed policy of each":     distribution("r", cached+"<OriginRequestPolicyId>216adef6-5c7f-47e4-b989-5492eafa07d3</OriginRequestPolicyId><ResponseHeadersPolicyId>67f7725c-6f97-4210-82d7-5512b31e9d03</ResponseHeadersPolicyId>"),
		"a CloudFront Function of own": distribution("r", listed("FunctionAssociations", "FunctionAssociation", "<FunctionARN>arn:aws:cloudfront::111111111111:function/f</FunctionARN><EventType>viewer-request</EventType>")),
	} {
		if a := newBench(t).send("POST", "distribution", config); a.status != 201 {
			t.Errorf("%s is refused: %s", rule, a.body)
		}
	}
}

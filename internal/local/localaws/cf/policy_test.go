package cf_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestAPolicyIsKeptByteForByte(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	doc := policyDocument(p.stagingName, true, tenPercent)
	a := b.must(b.send("POST", "continuous-deployment-policy", doc), 201)
	id := between(a.body, "<Id>", "</Id>")
	if a.location != "https://cloudfront.amazonaws.com/2020-05-31/continuous-deployment-policy/"+id || len(id) != 36 {
		t.Errorf("location %q", a.location)
	}
	got := b.must(b.send("GET", "continuous-deployment-policy/"+id+"/config", ""), 200)
	if got.body != doc || got.etag != a.etag {
		t.Errorf("ETag %q, document %s", got.etag, got.body)
	}
	whole := b.must(b.send("GET", "continuous-deployment-policy/"+id, ""), 200)
	wellFormed(t, whole.body)
	if !strings.Contains(whole.body, inside(doc, "ContinuousDeploymentPolicyConfig")) || whole.etag != a.etag {
		t.Errorf("ETag %q, document %s", whole.etag, whole.body)
	}
	changed := policyDocument(p.stagingName, false, "")
	b.must(b.send("PUT", "continuous-deployment-policy/"+id, changed, "If-Match", "E2QWRUHAPOMQZL"), 412)
	b.must(b.send("PUT", "continuous-deployment-policy/"+id, changed), 400)
	updated := b.must(b.send("PUT", "continuous-deployment-policy/"+id, changed, "If-Match", a.etag), 200)
	got = b.must(b.send("GET", "continuous-deployment-policy/"+id+"/config", ""), 200)
	if got.body != changed || got.etag != updated.etag || got.etag == a.etag {
		t.Errorf("ETag %q after %q, document %s", got.etag, a.etag, got.body)
	}
	list := b.must(b.send("GET", "continuous-deployment-policy", ""), 200)
	wellFormed(t, list.body)
	if !strings.Contains(list.body, "<Quantity>1</Quantity><Items><ContinuousDeploymentPolicySummary><ContinuousDeploymentPolicy><Id>"+id) {
		t.Errorf("list: %s", list.body)
	}
	b.must(b.send("DELETE", "continuous-deployment-policy/"+id, "", "If-Match", a.etag), 412)
	b.must(b.send("DELETE", "continuous-deployment-policy/"+id, "", "If-Match", updated.etag), 204)
	for _, a := range []answer{
		b.send("GET", "continuous-deployment-policy/"+id, ""),
		b.send("GET", "continuous-deployment-policy/"+id+"/config", ""),
		b.send("PUT", "continuous-deployment-policy/"+id, changed, "If-Match", updated.etag),
		b.send("DELETE", "continuous-deployment-policy/"+id, "", "If-Match", updated.etag),
	} {
		if code, message := b.refused(b.must(a, 404)); code != "NoSuchContinuousDeploymentPolicy" || message != "The continuous deployment policy doesn't exist." {
			t.Errorf("%s: %s", code, message)
		}
	}
}

func TestAPolicyThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	weight := func(config string) string {
		return "<TrafficConfig><SingleWeightConfig>" + config + "</SingleWeightConfig><Type>SingleWeight</Type></TrafficConfig>"
	}
	sticky := func(idle, most int) string {
		return weight(fmt.Sprintf("<Weight>0.05</Weight><SessionStickinessConfig><IdleTTL>%d</IdleTTL><MaximumTTL>%d</MaximumTTL></SessionStickinessConfig>", idle, most))
	}
	header := func(name string) string {
		return "<TrafficConfig><SingleHeaderConfig><Header>" + name + "</Header><Value>v</Value></SingleHeaderConfig><Type>SingleHeader</Type></TrafficConfig>"
	}
	primaryName := between(b.must(b.send("GET", "distribution/"+p.primary, ""), 200).body, "<DomainName>", "</DomainName>")
	for rule, tc := range map[string]struct{ doc, code string }{
		"more than 15 percent":          {policyDocument(p.stagingName, true, weight("<Weight>0.151</Weight>")), "InvalidArgument"},
		"less than nothing":             {policyDocument(p.stagingName, true, weight("<Weight>-0.1</Weight>")), "InvalidArgument"},
		"not a number":                  {policyDocument(p.stagingName, true, weight("<Weight>NaN</Weight>")), "InvalidArgument"},
		"a text as weight":              {policyDocument(p.stagingName, true, weight("<Weight>some</Weight>")), "MalformedXML"},
		"another header":                {policyDocument(p.stagingName, true, header("x-canary")), "InvalidArgument"},
		"sessions too short":            {policyDocument(p.stagingName, true, sticky(299, 600)), "InvalidArgument"},
		"sessions too long":             {policyDocument(p.stagingName, true, sticky(300, 3601)), "InvalidArgument"},
		"idle for longer than it lasts": {policyDocument(p.stagingName, true, sticky(601, 600)), "InvalidArgument"},
		"a type without its configuration": {policyDocument(p.stagingName, true,
			strings.Replace(tenPercent, "<Type>SingleWeight", "<Type>SingleHeader", 1)), "InvalidArgument"},
		"an unknown type":     {policyDocument(p.stagingName, true, "<TrafficConfig><Type>Random</Type></TrafficConfig>"), "MalformedXML"},
		"no staging":          {policyDocument("d0000000000000.cloudfront.net", true, tenPercent), "InvalidArgument"},
		"a primary":           {policyDocument(primaryName, true, tenPercent), "InvalidArgument"},
		"two names":           {strings.Replace(strings.Replace(policyDocument(p.stagingName, true, ""), "<DnsName>", "<DnsName>x</DnsName><DnsName>", 1), ">1<", ">2<", 1), "InvalidArgument"},
		"a lying Quantity":    {strings.Replace(policyDocument(p.stagingName, true, ""), ">1<", ">2<", 1), "InconsistentQuantities"},
		"nothing about being": {strings.Replace(policyDocument(p.stagingName, true, ""), "<Enabled>true</Enabled>", "", 1), "MalformedXML"},
	} {
		if code, message := b.refused(b.must(b.send("POST", "continuous-deployment-policy", tc.doc), 400)); code != tc.code {
			t.Errorf("%s: %s: %s", rule, code, message)
		}
	}
	for _, fine := range []string{weight("<Weight>0</Weight>"), weight("<Weight>0.15</Weight>"), sticky(300, 300), sticky(300, 3600), header("aws-cf-cd-canary"), ""} {
		a := b.must(b.send("POST", "continuous-deployment-policy", policyDocument(p.stagingName, true, fine)), 201)
		again := b.must(b.send("POST", "continuous-deployment-policy", policyDocument(p.stagingName, true, tenPercent)), 409)
		if code, message := b.refused(again); code != "StagingDistributionInUse" ||
			message != "A continuous deployment policy for this staging distribution already exists." {
			t.Errorf("%s: %s", code, message)
		}
		b.must(b.send("DELETE", "continuous-deployment-policy/"+between(a.body, "<Id>", "</Id>"), "", "If-Match", a.etag), 204)
	}
}

func TestAPolicyServesOneDistribution(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	policy, etag := attached(b, p)
	if code, message := b.refused(b.must(b.send("DELETE", "continuous-deployment-policy/"+policy, "", "If-Match", etag), 409)); code != "ContinuousDeploymentPolicyInUse" ||
		message != "You cannot delete a continuous deployment policy that is associated with a primary distribution." {
		t.Errorf("%s: %s", code, message)
	}
	for rule, tc := range map[string]struct {
		policy string
		status int
		code   string
	}{
		"a policy of another": {policy, 409, "ContinuousDeploymentPolicyInUse"},
		"no policy":           {"none", 404, "NoSuchContinuousDeploymentPolicy"},
	} {
		other := distribution("other", lambda(), "<ContinuousDeploymentPolicyId>"+tc.policy+"</ContinuousDeploymentPolicyId>")
		if code, message := b.refused(b.must(b.send("POST", "distribution", other), tc.status)); code != tc.code {
			t.Errorf("%s: %s: %s", rule, code, message)
		}
	}
	// In use, the staging distribution stays as well.
	config := b.config(p.primary)
	b.must(b.update(p.primary, config.etag, withPolicy(config.body, "")), 200)
	staging := b.config(p.staging)
	off := b.must(b.update(p.staging, staging.etag, strings.Replace(staging.body, "<Enabled>true</Enabled>\n  <ViewerCertificate>", "<Enabled>false</Enabled>\n  <ViewerCertificate>", 1)), 200)
	if code, _ := b.refused(b.must(b.send("DELETE", "distribution/"+p.staging, "", "If-Match", off.etag), 409)); code != "ResourceInUse" {
		t.Error(code)
	}
	b.must(b.send("DELETE", "continuous-deployment-policy/"+policy, "", "If-Match", etag), 204)
	b.must(b.send("DELETE", "distribution/"+p.staging, "", "If-Match", off.etag), 204)
}

func TestHTTP3AndAPolicyExcludeEachOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	policy := between(b.must(b.send("POST", "continuous-deployment-policy", policyDocument(p.stagingName, true, tenPercent)), 201).body, "<Id>", "</Id>")
	config := b.config(p.primary)
	changed := withPolicy(strings.Replace(config.body, "<HttpVersion>http2<", "<HttpVersion>http2and3<", 1), policy)
	if code, message := b.refused(b.must(b.update(p.primary, config.etag, changed), 400)); code != "InvalidArgument" {
		t.Errorf("%s: %s", code, message)
	}
}

func TestAnAccountHasTwentyPolicies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	names := []string{p.stagingName}
	for n := range 19 {
		a := b.must(copyOf(b, p.primary, b.config(p.primary).etag, fmt.Sprint("more", n)), 201)
		names = append(names, between(a.body, "<DomainName>", "</DomainName>"))
	}
	for _, name := range names {
		b.must(b.send("POST", "continuous-deployment-policy", policyDocument(name, true, tenPercent)), 201)
	}
	a := b.must(b.send("POST", "continuous-deployment-policy", policyDocument(names[0], true, tenPercent)), 400)
	if code, _ := b.refused(a); code != "TooManyContinuousDeploymentPolicies" {
		t.Error(code)
	}
	page := b.must(b.send("GET", "continuous-deployment-policy?MaxItems=15", ""), 200).body
	rest := b.must(b.send("GET", "continuous-deployment-policy?Marker="+between(page, "<NextMarker>", "</NextMarker>"), ""), 200).body
	if first, second := strings.Count(page, "<ContinuousDeploymentPolicy>"), strings.Count(rest, "<ContinuousDeploymentPolicy>"); first != 15 || second != 5 || strings.Contains(rest, "NextMarker") {
		t.Errorf("pages of %d and %d", first, second)
	}
}

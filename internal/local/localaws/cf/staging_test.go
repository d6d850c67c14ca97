package cf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pair is a primary distribution with its staging distribution.
type pair struct {
	primary, staging string
	stagingName      string // its domain
}

func copyOf(b *bench, primary, etag, reference string) answer {
	b.t.Helper()
	return b.send("POST", "distribution/"+primary+"/copy",
		`<CopyDistributionRequest xmlns="`+ns+`"><CallerReference>`+reference+`</CallerReference></CopyDistributionRequest>`,
		"If-Match", etag, "Staging", "true")
}

// staged makes a primary distribution and copies it.
func staged(b *bench) pair {
	b.t.Helper()
	doc := strings.Replace(complete(b.t), "http2and3", "http2", 1)
	id, etag := b.created(doc)
	a := b.must(copyOf(b, id, etag, "copy"), 201)
	return pair{primary: id, staging: between(a.body, "<Id>", "</Id>"), stagingName: between(a.body, "<DomainName>", "</DomainName>")}
}

func policyDocument(stagingName string, enabled bool, traffic string) string {
	return fmt.Sprintf(`<ContinuousDeploymentPolicyConfig xmlns="%s"><!-- canary --><StagingDistributionDnsNames><Quantity>1</Quantity><Items><DnsName>%s</DnsName></Items></StagingDistributionDnsNames><Enabled>%v</Enabled>%s</ContinuousDeploymentPolicyConfig>`,
		ns, stagingName, enabled, traffic)
}

const tenPercent = "<TrafficConfig><SingleWeightConfig><Weight>0.1</Weight></SingleWeightConfig><Type>SingleWeight</Type></TrafficConfig>"

// attached makes a policy for the pair and attaches it to the primary.
func attached(b *bench, p pair) (policy, policyETag string) {
	b.t.Helper()
	a := b.must(b.send("POST", "continuous-deployment-policy", policyDocument(p.stagingName, true, tenPercent)), 201)
	policy = between(a.body, "<Id>", "</Id>")
	config := b.config(p.primary)
	b.must(b.update(p.primary, config.etag, withPolicy(config.body, policy)), 200)
	return policy, a.etag
}

func withPolicy(doc, policy string) string {
	before, rest, _ := strings.Cut(doc, "<ContinuousDeploymentPolicyId>")
	_, after, _ := strings.Cut(rest, "</ContinuousDeploymentPolicyId>")
	return before + "<ContinuousDeploymentPolicyId>" + policy + "</ContinuousDeploymentPolicyId>" + after
}

func TestACopyIsThePrimaryButForItsIdentity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := strings.Replace(complete(t), "<Enabled>true", "<New mode='x'/><!-- keep --><Enabled>true", 1)
	id, etag := b.created(doc)
	a := b.must(copyOf(b, id, etag, "the copy"), 201)
	staging := between(a.body, "<Id>", "</Id>")
	want := strings.NewReplacer(
		"<CallerReference>complete<", "<CallerReference>the copy<",
		"<Aliases><Quantity>1</Quantity><Items><CNAME>www.example.com</CNAME></Items></Aliases>", "<Aliases><Quantity>0</Quantity></Aliases>",
		"<Staging>false<", "<Staging>true<",
	).Replace(doc)
	if diff := cmp.Diff(want, b.config(staging).body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a.location == "" || a.etag == "" || a.etag == etag || staging == id {
		t.Errorf("location %q, ETag %q, id %q", a.location, a.etag, staging)
	}
	if got := b.config(id).etag; got != etag {
		t.Error("copying changed the primary")
	}
	off := b.must(b.send("POST", "distribution/"+id+"/copy",
		`<CopyDistributionRequest><CallerReference>off</CallerReference><Enabled>false</Enabled></CopyDistributionRequest>`,
		"If-Match", etag, "Staging", "true"), 201)
	if !strings.Contains(off.body, "<Enabled>false</Enabled><ViewerCertificate>") && !strings.Contains(off.body, "<Enabled>false</Enabled>\n") {
		t.Errorf("the copy is not disabled: %s", off.body)
	}
}

func TestACopyIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	etag := b.config(p.primary).etag
	body := "<CopyDistributionRequest><CallerReference>x</CallerReference></CopyDistributionRequest>"
	for rule, tc := range map[string]struct {
		id, body string
		headers  []string
		status   int
		code     string
	}{
		"without If-Match":          {p.primary, body, []string{"Staging", "true"}, 400, "InvalidIfMatchVersion"},
		"with an outdated ETag":     {p.primary, body, []string{"Staging", "true", "If-Match", "E2QWRUHAPOMQZL"}, 412, "PreconditionFailed"},
		"without Staging":           {p.primary, body, []string{"If-Match", etag}, 400, "InvalidArgument"},
		"of a staging distribution": {p.staging, body, []string{"Staging", "true", "If-Match", b.config(p.staging).etag}, 400, "InvalidArgument"},
		"of nothing":                {"E0", body, []string{"Staging", "true", "If-Match", etag}, 404, "NoSuchDistribution"},
		"without a reference":       {p.primary, "<CopyDistributionRequest/>", []string{"Staging", "true", "If-Match", etag}, 400, "MalformedXML"},
		"with a used reference":     {p.primary, strings.Replace(body, ">x<", ">copy<", 1), []string{"Staging", "true", "If-Match", etag}, 409, "DistributionAlreadyExists"},
	} {
		a := b.must(b.send("POST", "distribution/"+tc.id+"/copy", tc.body, tc.headers...), tc.status)
		if code, message := b.refused(a); code != tc.code {
			t.Errorf("%s: %s: %s", rule, code, message)
		}
	}
	for n := range 19 {
		b.must(copyOf(b, p.primary, etag, fmt.Sprint("more", n)), 201)
	}
	if code, _ := b.refused(b.must(copyOf(b, p.primary, etag, "one too many"), 400)); code != "TooManyDistributions" {
		t.Error(code)
	}
}

func TestACopyIsCheckedLikeAnyConfiguration(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, etag := b.created(complete(t))
	f := b.functions[versionARN("fn", 1)]
	f.RoleTrust = nil
	b.functions[versionARN("fn", 1)] = f
	if code, _ := b.refused(b.must(copyOf(b, id, etag, "copy"), 400)); code != "InvalidLambdaFunctionAssociation" {
		t.Error(code)
	}
}

func TestACopyOfADistributionWithAPolicyHasNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	attached(b, p)
	a := b.must(copyOf(b, p.primary, b.config(p.primary).etag, "second"), 201)
	if !strings.Contains(a.body, "<ContinuousDeploymentPolicyId></ContinuousDeploymentPolicyId>") {
		t.Error(a.body)
	}
}

func TestAPromotionTakesEverythingButIdentityAliasesAndPolicy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	policy, policyETag := attached(b, p)
	staging := b.config(p.staging)
	changed := strings.NewReplacer("fn:1", "fn:3", "A comment", "The new one").Replace(staging.body)
	changed = strings.Replace(changed, "</Compress>", "</Compress><New a='b'/>", 1)
	staging = b.must(b.update(p.staging, staging.etag, changed), 200)
	primary := b.config(p.primary)

	promote := func(ifMatch string) answer {
		return b.send("PUT", "distribution/"+p.primary+"/promote-staging-config?StagingDistributionId="+p.staging, "", "If-Match", ifMatch)
	}
	for ifMatch, want := range map[string]int{
		"": 400, primary.etag: 400, primary.etag + ", E2QWRUHAPOMQZL": 412, staging.etag + ", " + primary.etag: 412,
	} {
		b.must(promote(ifMatch), want)
	}
	a := b.must(promote(primary.etag+", "+staging.etag), 200)
	after := b.config(p.primary)
	if a.etag != after.etag || a.etag == primary.etag || between(a.body, "<Id>", "</Id>") != p.primary {
		t.Errorf("ETag %q, %q", a.etag, after.etag)
	}
	want := withPolicy(strings.NewReplacer(
		"<CallerReference>copy<", "<CallerReference>complete<",
		"<Aliases><Quantity>0</Quantity></Aliases>", "<Aliases><Quantity>1</Quantity><Items><CNAME>www.example.com</CNAME></Items></Aliases>",
		"<Staging>true<", "<Staging>false<",
	).Replace(changed), policy)
	if diff := cmp.Diff(want, after.body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := b.config(p.staging); got.body != changed || got.etag != staging.etag {
		t.Error("the staging distribution changed")
	}
	off := b.must(b.send("GET", "continuous-deployment-policy/"+policy+"/config", ""), 200)
	if off.body != policyDocument(p.stagingName, false, tenPercent) || off.etag == policyETag {
		t.Errorf("the policy is %s", off.body)
	}
	if !replicated(b, versionARN("fn", 3)) {
		t.Error("the promoted version has no replicas")
	}
}

func TestAPromotionWantsTheStagingDistributionOfThePolicy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	etags := b.config(p.primary).etag + ", " + b.config(p.staging).etag
	promote := func(primary, staging, etags string) (int, string) {
		a := b.send("PUT", "distribution/"+primary+"/promote-staging-config?StagingDistributionId="+staging, "", "If-Match", etags)
		code, _ := b.refused(a)
		return a.status, code
	}
	if status, code := promote(p.primary, p.staging, etags); status != 400 || code != "InvalidArgument" {
		t.Errorf("without a policy: %d %s", status, code)
	}
	if status, code := promote(p.primary, "E0", etags); status != 404 || code != "NoSuchDistribution" {
		t.Errorf("of nothing: %d %s", status, code)
	}
	other, etag := b.created(distribution("other", lambda()))
	attached(b, p)
	if status, code := promote(other, p.staging, etag+", "+b.config(p.staging).etag); status != 400 || code != "InvalidArgument" {
		t.Errorf("to a distribution without the policy: %d %s", status, code)
	}
	if status, code := promote(p.primary, other, b.config(p.primary).etag+", "+etag); status != 400 || code != "InvalidArgument" {
		t.Errorf("of a distribution that is not staging: %d %s", status, code)
	}
}

func TestWithAPolicySomeMembersMustStay(t *testing.T) {
	t.Parallel()
	for rule, tc := range map[string]struct {
		from, to string
		allowed  bool
	}{
		"associations":     {"fn:1", "fn:3", true},
		"the comment":      {"A comment", "Another", true},
		"an origin":        {"site.example.com", "site2.example.com", true},
		"countries":        {"<Location>AT", "<Location>CH", true},
		"the root object":  {"index.html", "start.html", true},
		"logging":          {"cf/", "cf2/", true},
		"error responses":  {"/404.html", "/none.html", true},
		"spelling":         {"<PriceClass>PriceClass_100</PriceClass>", "<!-- price --><PriceClass>PriceClass_&#49;00</PriceClass>", true},
		"the price class":  {"PriceClass_100", "PriceClass_All", false},
		"HTTP versions":    {"<HttpVersion>http2<", "<HttpVersion>http1.1<", false},
		"IPv6":             {"<IsIPV6Enabled>true", "<IsIPV6Enabled>false", false},
		"the certificate":  {"TLSv1.2_2021", "TLSv1.2_2019", false},
		"the web ACL":      {"<WebACLId></WebACLId>", "<WebACLId>acl</WebACLId>", false},
		"being enabled":    {"<Enabled>true</Enabled>\n  <ViewerCertificate>", "<Enabled>false</Enabled>\n  <ViewerCertificate>", false},
		"leaving it alone": {"", "", true},
		"another order": {"<SSLSupportMethod>sni-only</SSLSupportMethod><MinimumProtocolVersion>TLSv1.2_2021</MinimumProtocolVersion>",
			"<MinimumProtocolVersion>TLSv1.2_2021</MinimumProtocolVersion>\n<SSLSupportMethod>sni-only</SSLSupportMethod>", true},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			p := staged(b)
			change := func(id string) answer {
				t.Helper()
				config := b.config(id)
				changed := strings.Replace(config.body, tc.from, tc.to, 1)
				if changed == config.body && tc.from != tc.to {
					t.Fatalf("%s is not in %s", tc.from, config.body)
				}
				return b.update(id, config.etag, changed)
			}
			back := func(id, body string) {
				t.Helper()
				b.must(b.update(id, b.config(id).etag, body), 200)
			}
			for _, id := range []string{p.primary, p.staging} {
				before := b.config(id).body
				b.must(change(id), 200) // before the policy, everything goes
				back(id, before)
			}
			attached(b, p)
			for _, id := range []string{p.primary, p.staging} {
				a := change(id)
				if tc.allowed {
					b.must(a, 200)
					continue
				}
				b.must(a, 400)
				if _, message := b.refused(a); message != "One or more fields updated are not supported for continuous deployment." {
					t.Errorf("message %q", message)
				}
			}
		})
	}
}

func TestAStagingDistributionHasNeitherAliasesNorAPolicy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := staged(b)
	config := b.config(p.staging)
	for rule, changed := range map[string]string{
		"aliases": strings.Replace(config.body, "<Aliases><Quantity>0</Quantity></Aliases>",
			"<Aliases><Quantity>1</Quantity><Items><CNAME>new.example.com</CNAME></Items></Aliases>", 1),
		"a policy": withPolicy(config.body, between(b.must(b.send("POST", "continuous-deployment-policy",
			policyDocument(p.stagingName, true, tenPercent)), 201).body, "<Id>", "</Id>")),
	} {
		if code, _ := b.refused(b.must(b.update(p.staging, config.etag, changed), 400)); code != "InvalidArgument" {
			t.Errorf("%s: %s", rule, code)
		}
	}
}

package cf_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// oac writes the configuration of an origin access control.
func oac(name, behavior string) string {
	return `<OriginAccessControlConfig xmlns="` + ns + `"><Name>` + name + `</Name><Description>of a test</Description>` +
		`<SigningProtocol>sigv4</SigningProtocol><SigningBehavior>` + behavior + `</SigningBehavior>` +
		`<OriginAccessControlOriginType>s3</OriginAccessControlOriginType></OriginAccessControlConfig>`
}

// cachePolicy writes the configuration of a cache policy.
func cachePolicy(name string) string {
	return `<CachePolicyConfig xmlns="` + ns + `"><Comment>c</Comment><Name>` + name + `</Name><MinTTL>1</MinTTL></CachePolicyConfig>`
}

func TestWhatDistributionsNameIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	request := `<OriginRequestPolicyConfig xmlns="` + ns + `"><Name>%s</Name><HeadersConfig><HeaderBehavior>none</HeaderBehavior></HeadersConfig>` +
		`<CookiesConfig><CookieBehavior>none</CookieBehavior></CookiesConfig><QueryStringsConfig><QueryStringBehavior>none</QueryStringBehavior></QueryStringsConfig></OriginRequestPolicyConfig>`
	for path, tc := range map[string]struct {
		name, first, second, update string
		use                         func(id string) string
	}{
		"origin-access-control": {"OriginAccessControl", oac("a", "always"), oac("b", "never"), "/config", func(id string) string {
			return strings.Replace(distribution("d", lambda()), "</CustomOriginConfig>", "</CustomOriginConfig><OriginAccessControlId>"+id+"</OriginAccessControlId>", 1)
		}},
		"cache-policy": {"CachePolicy", cachePolicy("a"), cachePolicy("b"), "", func(id string) string {
			return distribution("d", "<CachePolicyId>"+id+"</CachePolicyId>")
		}},
		"origin-request-policy": {"OriginRequestPolicy", fmt.Sprintf(request, "a"), fmt.Sprintf(request, "b"), "", func(id string) string {
			return distribution("d", cached+"<OriginRequestPolicyId>"+id+"</OriginRequestPolicyId>")
		}},
		"response-headers-policy": {"ResponseHeadersPolicy",
			`<ResponseHeadersPolicyConfig xmlns="` + ns + `"><Name>a</Name></ResponseHeadersPolicyConfig>`,
			`<ResponseHeadersPolicyConfig xmlns="` + ns + `"><Name>b</Name></ResponseHeadersPolicyConfig>`, "", func(id string) string {
				return distribution("d", cached+"<ResponseHeadersPolicyId>"+id+"</ResponseHeadersPolicyId>")
			}},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			made := b.must(b.send("POST", path, tc.first), 201)
			id := between(made.body, "<Id>", "</Id>")
			if made.etag == "" || made.location != "https://cloudfront.amazonaws.com/2020-05-31/"+path+"/"+id || !strings.HasPrefix(id, "E") && len(id) != 36 {
				t.Errorf("id %q, ETag %q, location %q", id, made.etag, made.location)
			}
			wellFormed(t, made.body)
			if got := b.must(b.send("GET", path+"/"+id, ""), 200); got.body != made.body || got.etag != made.etag {
				t.Errorf("read\n%s\ncreated\n%s", got.body, made.body)
			}
			if got := b.must(b.send("GET", path+"/"+id+"/config", ""), 200); got.body != tc.first || got.etag != made.etag {
				t.Errorf("the configuration is %s", got.body)
			}
			if code, _ := b.refused(b.must(b.send("POST", path, tc.first), 409)); code != tc.name+"AlreadyExists" {
				t.Error(code)
			}
			if code, _ := b.refused(b.must(b.send("PUT", path+"/"+id+tc.update, tc.second), 400)); code != "InvalidIfMatchVersion" {
				t.Error(code)
			}
			changed := b.must(b.send("PUT", path+"/"+id+tc.update, tc.second, "If-Match", made.etag), 200)
			if changed.etag == made.etag || !strings.Contains(changed.body, "<Name>b</Name>") {
				t.Errorf("ETag %q: %s", changed.etag, changed.body)
			}
			list := b.must(b.send("GET", path+"?Type=custom", ""), 200)
			wellFormed(t, list.body)
			if !strings.Contains(list.body, "<"+tc.name+"Summary>") || !strings.Contains(list.body, id) || !strings.Contains(list.body, "<Name>b</Name>") {
				t.Error(list.body)
			}
			user, etag := b.created(tc.use(id))
			if code, _ := b.refused(b.must(b.send("DELETE", path+"/"+id, "", "If-Match", changed.etag), 409)); code != tc.name+"InUse" {
				t.Error(code)
			}
			off := b.must(b.update(user, etag, strings.Replace(b.config(user).body, "<Enabled>true</Enabled><", "<Enabled>false</Enabled><", 1)), 200)
			b.must(b.send("DELETE", "distribution/"+user, "", "If-Match", off.etag), 204)
			if code, _ := b.refused(b.must(b.send("DELETE", path+"/"+id, "", "If-Match", made.etag), 412)); code != "PreconditionFailed" {
				t.Error(code)
			}
			b.must(b.send("DELETE", path+"/"+id, "", "If-Match", changed.etag), 204)
			if code, _ := b.refused(b.must(b.send("GET", path+"/"+id, ""), 404)); code != "NoSuch"+tc.name {
				t.Error(code)
			}
			refused := b.send("POST", "distribution", tc.use(id))
			code, _ := b.refused(refused)
			if want := map[bool]string{true: "400 InvalidOriginAccessControl", false: "404 NoSuch" + tc.name}[tc.update != ""]; fmt.Sprint(refused.status, " ", code) != want {
				t.Errorf("a distribution that names it is answered %d %s, want %s", refused.status, code, want)
			}
		})
	}
}

func TestEveryAccountHasAWSsOwnPolicies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for path, want := range map[string]struct {
		kind  string
		names []string
	}{
		"cache-policy": {"CachePolicy", []string{"Managed-CachingOptimized", "Managed-CachingOptimizedForUncompressedObjects", "Managed-CachingDisabled",
			"Managed-Elemental-MediaPackage", "Managed-Amplify", "UseOriginCacheControlHeaders", "UseOriginCacheControlHeaders-QueryStrings"}},
		"origin-request-policy": {"OriginRequestPolicy", []string{"Managed-AllViewer", "Managed-AllViewerExceptHostHeader", "Managed-AllViewerAndCloudFrontHeaders-2022-06",
			"Managed-CORS-CustomOrigin", "Managed-CORS-S3Origin", "Managed-UserAgentRefererHeaders", "Managed-HostHeaderOnly", "Managed-Elemental-MediaTailor-PersonalizedManifests"}},
		"response-headers-policy": {"ResponseHeadersPolicy", []string{"Managed-SimpleCORS", "Managed-CORS-With-Preflight", "Managed-SecurityHeadersPolicy",
			"Managed-CORS-and-SecurityHeadersPolicy", "Managed-CORS-with-preflight-and-SecurityHeadersPolicy"}},
	} {
		list := b.must(b.send("GET", path+"?Type=managed", ""), 200)
		wellFormed(t, list.body)
		var got struct {
			Quantity int
			Items    []struct {
				Type  string
				Inner []struct {
					ID     string `xml:"Id"`
					Config struct {
						Name string
					} `xml:",any"`
				} `xml:",any"`
			} `xml:"Items>X"`
		}
		body := strings.NewReplacer("<"+want.kind+"Summary>", "<X>", "</"+want.kind+"Summary>", "</X>", "<LastModifiedTime>2022-06-01T00:00:00.000Z</LastModifiedTime>", "").Replace(list.body)
		if err := xml.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, item := range got.Items {
			policy := item.Inner[0]
			names = append(names, policy.Config.Name)
			config := b.must(b.send("GET", path+"/"+policy.ID+"/config", ""), 200)
			one := b.must(b.send("GET", path+"/"+policy.ID, ""), 200)
			if item.Type != "managed" || one.etag == "" || one.etag != config.etag || !strings.Contains(one.body, inside(config.body, want.kind+"Config")) {
				t.Errorf("%s is %s: %s", policy.Config.Name, item.Type, one.body)
			}
			// It would be taken as one's own, so its settings fit the model.
			mine := strings.Replace(config.body, "<Name>"+policy.Config.Name, "<Name>mine-"+policy.Config.Name, 1)
			b.must(b.send("POST", path, mine), 201)
			for method, code := range map[string]string{"PUT": "IllegalUpdate", "DELETE": "IllegalDelete"} {
				if got, _ := b.refused(b.must(b.send(method, path+"/"+policy.ID, config.body, "If-Match", one.etag), 400)); got != code {
					t.Errorf("%s answers %s", method, got)
				}
			}
			if code, _ := b.refused(b.must(b.send("POST", path, config.body), 409)); code != want.kind+"AlreadyExists" {
				t.Error(code)
			}
		}
		if got.Quantity != len(want.names) || fmt.Sprint(names) != fmt.Sprint(want.names) {
			t.Errorf("%s: %d %v\nwant %v", path, got.Quantity, names, want.names)
		}
		if code, _ := b.refused(b.must(b.send("GET", path+"?Type=other", ""), 400)); code != "InvalidArgument" {
			t.Error(code)
		}
	}
}

func TestAListOfPoliciesIsPaged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 5 {
		b.must(b.send("POST", "cache-policy", cachePolicy(fmt.Sprint("own", i))), 201)
	}
	seen, marker := map[string]bool{}, ""
	for pages := 0; ; pages++ {
		a := b.must(b.send("GET", "cache-policy?MaxItems=3&Marker="+marker, ""), 200)
		for _, piece := range strings.Split(a.body, "<Id>")[1:] {
			id, _, _ := strings.Cut(piece, "<")
			if seen[id] {
				t.Errorf("%s is on two pages", id)
			}
			seen[id] = true
		}
		if marker = between(a.body, "<NextMarker>", "</NextMarker>"); marker == "" {
			if pages != 3 || len(seen) != 12 {
				t.Errorf("%d policies on %d pages", len(seen), pages+1)
			}
			return
		}
	}
}

// AWS SDK for JavaScript v2, the AWS CLI 1 of old and Terraform write an empty
// list as an element without children.
func TestAnEmptyListMayBeWrittenOut(t *testing.T) {
	t.Parallel()
	for rule, items := range map[string]string{"closed at once": "<Items/>", "with an end": "<Items></Items>", "with a space": "<Items> </Items>"} {
		const none = "<Quantity>0</Quantity>"
		with := func(doc string) string { return strings.ReplaceAll(doc, none, none+items) }
		b := newBench(t)
		id, etag := b.created(with(distribution("r", lambda()+"<ForwardedValues><QueryString>false</QueryString><Cookies><Forward>none</Forward>"+
			"<WhitelistedNames>"+none+"</WhitelistedNames></Cookies><Headers>"+none+"</Headers><QueryStringCacheKeys>"+none+"</QueryStringCacheKeys></ForwardedValues>",
			"<Aliases>"+none+"</Aliases>", "<CacheBehaviors>"+none+"</CacheBehaviors>", "<CustomErrorResponses>"+none+"</CustomErrorResponses>",
			"<Restrictions><GeoRestriction><RestrictionType>none</RestrictionType>"+none+"</GeoRestriction></Restrictions>")))
		if got := b.config(id).body; !strings.Contains(got, "<Headers>"+none+items+"</Headers>") {
			t.Errorf("%s: comes back as %s", rule, got)
		}
		b.must(b.update(id, etag, b.config(id).body), 200)
	}
}

func TestAListShowsADocumentWithoutItsKeptSummary(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, _ := b.created(complete(t))
	want := b.must(b.send("GET", "distribution", ""), 200).body
	err := b.store.Update(func(tx kv.Tx) error { return tx.Delete("cf-summaries", account+"/"+id) })
	if err != nil {
		t.Fatal(err)
	}
	if got := b.must(b.send("GET", "distribution", ""), 200).body; got != want {
		t.Errorf("without it the list says\n%s\nwith it\n%s", got, want)
	}
}

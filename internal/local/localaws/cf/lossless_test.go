package cf_test

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// complete is a configuration that leaves out nothing that CloudFront would
// add, so that it must come back exactly as it was sent.
func complete(t *testing.T) string {
	t.Helper()
	read, err := os.ReadFile(filepath.Join("testdata", "complete.xml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

// hostile documents all say the same as complete.xml, in ways that a client
// which decodes and encodes would not keep.
func hostile(t *testing.T) map[string]string {
	whole := complete(t)
	root := `<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">`
	first, _, _ := strings.Cut(whole, root)
	_, content, _ := strings.Cut(whole, root)
	prefixed := strings.NewReplacer("</", "</ns2:", "<", "<ns2:").Replace(strings.TrimSpace(content))
	return map[string]string{
		"as it is":                     whole,
		"without XML declaration":      strings.TrimPrefix(whole, first),
		"with a byte order mark":       "\ufeff" + whole,
		"with Windows line ends":       strings.ReplaceAll(whole, "\n", "\r\n"),
		"on one line":                  strings.ReplaceAll(whole, "\n", ""),
		"with comments everywhere":     strings.ReplaceAll(whole, "</Quantity>", "<!-- how many --></Quantity><!-- and what -->"),
		"with character references":    strings.Replace(whole, "<Comment>A", "<Comment>&#x41;&#65;&#13;&quot;&apos;", 1),
		"with CDATA":                   strings.Replace(whole, "<Comment>A", "<Comment><![CDATA[<&>]]>", 1),
		"with single quotes":           strings.ReplaceAll(whole, `"`, "'"),
		"with space in tags":           strings.ReplaceAll(strings.ReplaceAll(whole, "</Quantity>", "</Quantity\n\t>"), "<Items>", "<Items  >"),
		"with unknown elements":        strings.ReplaceAll(whole, "</TargetOriginId>", `</TargetOriginId><NewIn2031 mode="x"><Items><a/><b></b></Items></NewIn2031>`),
		"with unknown top elements":    strings.Replace(whole, "<Enabled>true", "<FutureFlag/><Enabled>true", 1),
		"with a foreign namespace":     strings.Replace(whole, "<Enabled>true", `<x:Enabled xmlns:x="urn:x">false</x:Enabled><Enabled>true`, 1),
		"with instructions":            strings.Replace(whole, "<Enabled>true", `<?keep me?><Enabled>true`, 1) + "<!-- the end -->\n<?bye?>\n\n",
		"with attributes":              strings.Replace(whole, "<Enabled>true", `<Enabled  note = 'a > b' >true`, 1),
		"with prefixes":                `<ns2:DistributionConfig xmlns:ns2="http://cloudfront.amazonaws.com/doc/2020-05-31/">` + prefixed,
		"without a namespace":          strings.Replace(whole, root, "<DistributionConfig>", 1),
		"with empty elements closed":   strings.Replace(whole, "<WebACLId></WebACLId>", "<WebACLId/>", 1),
		"with the comment first":       strings.Replace(strings.Replace(whole, "<Comment>A comment</Comment>", "", 1), "<CallerReference>", "<Comment>A comment</Comment><CallerReference>", 1),
		"with associations up front":   upFront(whole),
		"with letters of many scripts": strings.Replace(whole, "A comment", "Grüße, 世界 \U0001f30d", 1),
	}
}

// upFront moves the first associations to the start of their behaviour.
func upFront(whole string) string {
	from := strings.Index(whole, "<LambdaFunctionAssociations>")
	to := strings.Index(whole, "</LambdaFunctionAssociations>") + len("</LambdaFunctionAssociations>")
	moved := whole[:from] + whole[to:]
	return strings.Replace(moved, "<DefaultCacheBehavior>", "<DefaultCacheBehavior>"+whole[from:to], 1)
}

func TestADocumentComesBackByteForByte(t *testing.T) {
	t.Parallel()
	for rule, doc := range hostile(t) {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			if doc == complete(t) && rule != "as it is" {
				t.Fatal("the document is not altered at all")
			}
			b := newBench(t)
			id, etag := b.created(doc)
			if diff := cmp.Diff(doc, b.config(id).body); diff != "" {
				t.Errorf("created, then read (-sent +read):\n%s", diff)
			}
			a := b.must(b.update(id, etag, doc), 200)
			if diff := cmp.Diff(doc, b.config(id).body); diff != "" {
				t.Errorf("updated, then read (-sent +read):\n%s", diff)
			}
			wellFormed(t, a.body)
			if !strings.Contains(a.body, inside(doc, "DistributionConfig")) {
				t.Errorf("the distribution does not embed the document's own bytes:\n%s", a.body)
			}
			list := b.must(b.send("GET", "distribution", ""), 200)
			wellFormed(t, list.body)
			for _, kept := range []string{"DefaultCacheBehavior>", "CacheBehaviors>", "Restrictions>"} {
				if !strings.Contains(list.body, between(doc, "<"+kept, "</"+kept)) {
					t.Errorf("the summary does not embed the bytes of %s", kept)
				}
			}
		})
	}
}

// inside is what stands between the start tag and the end tag of the root.
func inside(doc, root string) string {
	at := strings.Index(doc, root)
	return doc[at+strings.Index(doc[at:], ">")+1 : strings.LastIndex(doc, "</")]
}

// wellFormed decodes all tokens, and looks that every element is in the
// namespace of the API or in one of its own.
func wellFormed(t *testing.T, doc string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Space != ns && start.Name.Space != "urn:x" {
			t.Errorf("element %s is in namespace %q", start.Name.Local, start.Name.Space)
		}
	}
}

func TestADocumentInsideOneWithTagsComesBackByteForByte(t *testing.T) {
	t.Parallel()
	_, whole, _ := strings.Cut(complete(t), "?>\n")
	whole = strings.TrimSpace(whole)
	const declared = ` xmlns="` + ns + `"`
	plain := strings.Replace(whole, declared, "", 1)
	foreign := strings.Replace(plain, "<Enabled>true", "<n:new/><Enabled>true", 1)
	for rule, tc := range map[string]struct{ outer, sent, want string }{
		"a namespace of its own stays":   {declared, whole, whole},
		"an inherited namespace is told": {declared, plain, whole},
		"no namespace stays none":        {"", plain, plain},
		"an inherited prefix is told": {declared + ` xmlns:n="urn:x&amp;y"`, foreign,
			strings.Replace(foreign, "<DistributionConfig", "<DistributionConfig"+declared+` xmlns:n="urn:x&amp;y"`, 1)},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.must(b.send("POST", "distribution?WithTags", "<DistributionConfigWithTags"+tc.outer+">"+tc.sent+
				"<Tags><Items><Tag><Key>team</Key><Value>web</Value></Tag></Items></Tags></DistributionConfigWithTags>"), 201)
			if diff := cmp.Diff(tc.want, b.config(between(a.body, "<Id>", "</Id>")).body); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			tags := b.must(b.send("GET", "tagging?Resource="+between(a.body, "<ARN>", "</ARN>"), ""), 200)
			if !strings.Contains(tags.body, "<Key>team</Key><Value>web</Value>") {
				t.Errorf("tags: %s", tags.body)
			}
		})
	}
}

func TestWhatCloudFrontEchoesIsAddedAndNothingElseTouched(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	added := []string{
		"<Aliases><Quantity>0</Quantity></Aliases>", "<DefaultRootObject></DefaultRootObject>",
		"<OriginGroups><Quantity>0</Quantity></OriginGroups>", "<CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses>",
		"<TrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity></TrustedSigners>",
		"<TrustedKeyGroups><Enabled>false</Enabled><Quantity>0</Quantity></TrustedKeyGroups>",
		"<AllowedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items><CachedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items></CachedMethods></AllowedMethods>",
		"<SmoothStreaming>false</SmoothStreaming>", "<Compress>false</Compress>",
		"<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>",
		"<FunctionAssociations><Quantity>0</Quantity></FunctionAssociations>",
		"<FieldLevelEncryptionId></FieldLevelEncryptionId>", "<GrpcConfig><Enabled>false</Enabled></GrpcConfig>",
		"<Logging><Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket></Bucket><Prefix></Prefix></Logging>",
		"<PriceClass>PriceClass_All</PriceClass>",
		"<ViewerCertificate><CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate><SSLSupportMethod>vip</SSLSupportMethod><MinimumProtocolVersion>TLSv1</MinimumProtocolVersion><CertificateSource>cloudfront</CertificateSource></ViewerCertificate>",
		"<Restrictions><GeoRestriction><RestrictionType>none</RestrictionType><Quantity>0</Quantity></GeoRestriction></Restrictions>",
		"<WebACLId></WebACLId>", "<HttpVersion>http2</HttpVersion>", "<IsIPV6Enabled>false</IsIPV6Enabled>",
		"<ContinuousDeploymentPolicyId></ContinuousDeploymentPolicyId>", "<Staging>false</Staging>",
		"<OriginPath></OriginPath>", "<CustomHeaders><Quantity>0</Quantity></CustomHeaders>", "<OriginReadTimeout>30</OriginReadTimeout>",
		"<OriginKeepaliveTimeout>5</OriginKeepaliveTimeout>", "<ConnectionAttempts>3</ConnectionAttempts>", "<ConnectionTimeout>10</ConnectionTimeout>",
		"<OriginShield><Enabled>false</Enabled></OriginShield>", "<OriginAccessControlId></OriginAccessControlId>",
		"<Headers><Quantity>0</Quantity></Headers>", "<QueryStringCacheKeys><Quantity>0</Quantity></QueryStringCacheKeys>",
	}
	bare := func(doc string) string {
		return strings.NewReplacer(timeouts, "", encryption, "").Replace(doc)
	}
	for rule, sent := range map[string]string{
		"plain": bare(distribution("a", "<Unknown a='1'/>",
			"\r\n<!-- behaviours --><CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/a</PathPattern>"+
				"<TargetOriginId>site</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy><ForwardedValues><QueryString>true</QueryString><Cookies><Forward>none</Forward></Cookies></ForwardedValues></CacheBehavior></Items></CacheBehaviors>")),
		"with a prefix": strings.NewReplacer("</", "</p:", "<!", "<!", "<", "<p:", "xmlns=", "xmlns:p=").Replace(bare(distribution("b", "",
			"<CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/a</PathPattern>"+
				"<TargetOriginId>site</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy><ForwardedValues><QueryString>true</QueryString><Cookies><Forward>none</Forward></Cookies></ForwardedValues></CacheBehavior></Items></CacheBehaviors>"))),
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			id, etag := b.created(sent)
			stored := b.config(id).body
			wellFormed(t, stored)
			rest := stored
			for _, element := range added {
				if rule == "with a prefix" {
					element = strings.NewReplacer("</", "</p:", "<", "<p:").Replace(element)
				}
				if !strings.Contains(rest, element) {
					t.Errorf("%s is not added", element)
				}
				rest = strings.ReplaceAll(rest, element, "")
			}
			if diff := cmp.Diff(sent, rest); diff != "" {
				t.Errorf("without the additions (-sent +stored):\n%s", diff)
			}
			// What was completed once is complete.
			b.must(b.update(id, etag, stored), 200)
			if diff := cmp.Diff(stored, b.config(id).body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAddedElementStandsWhereTheSchemaWantsIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, _ := b.created(strings.Replace(distribution("a", "<Compress>true</Compress>"), encryption, "", 1))
	want := "<Compress>true</Compress><LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>" +
		"<FunctionAssociations><Quantity>0</Quantity></FunctionAssociations><FieldLevelEncryptionId></FieldLevelEncryptionId>" + cached
	if got := b.config(id).body; !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
}

func TestPutRawStoresWhateverDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	raw := "<!-- hostile --><DistributionConfig ><CallerReference>r</CallerReference>\r\n<DefaultCacheBehavior/></DistributionConfig >\n"
	if err := b.service.PutRaw(account, "E0RAW", []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if got := b.config("E0RAW").body; got != raw {
		t.Errorf("got %q", got)
	}
	list := b.must(b.send("GET", "distribution", ""), 200)
	wellFormed(t, list.body)
	if !strings.Contains(list.body, "<DefaultCacheBehavior/>") || !strings.Contains(list.body, "<HttpVersion>http2</HttpVersion>") {
		t.Errorf("summary: %s", list.body)
	}
	minimal := strings.NewReplacer(timeouts, "", encryption, "").Replace(distribution("m", lambda()))
	if err := b.service.PutRaw(account, "E0MINIMAL", []byte(minimal)); err != nil {
		t.Fatal(err)
	}
	b.must(b.update("E0MINIMAL", b.config("E0MINIMAL").etag, minimal), 200) // lacks no more than before
	b.must(b.update("E0MINIMAL", b.config("E0MINIMAL").etag, minimal), 400) // lacks what it has now
	for _, bad := range []string{"", "<DistributionConfig>", "<Other/>"} {
		if err := b.service.PutRaw(account, "E0RAW", []byte(bad)); err == nil {
			t.Errorf("PutRaw took %q", bad)
		}
	}
	if got := b.config("E0RAW").body; got != raw {
		t.Errorf("a refused document replaced the one there was: %q", got)
	}
}

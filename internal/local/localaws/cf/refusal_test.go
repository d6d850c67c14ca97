package cf_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestARequestIsRefusedWithTheCodeAndTheWordsOfCloudFront(t *testing.T) {
	t.Parallel()
	good := distribution("ref", lambda())
	behaviors := func(n int) string {
		var items strings.Builder
		for i := range n {
			fmt.Fprintf(&items, "<CacheBehavior><PathPattern>/%d/*</PathPattern><TargetOriginId>site</TargetOriginId>"+
				"<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>%s</CacheBehavior>", i, lambda()+cached)
		}
		return fmt.Sprintf("<CacheBehaviors><Quantity>%d</Quantity><Items>%s</Items></CacheBehaviors>", n, items.String())
	}
	for rule, tc := range map[string]struct {
		body          string
		status        int
		code, message string
	}{
		"nothing sent": {"", 400, "MissingBody",
			"This operation requires a body. Ensure that the body is present and the Content-Type header is set."},
		"a required member is missing": {strings.Replace(good, "<Comment>test</Comment>", "", 1), 400, "MalformedXML",
			"1 validation error detected: Value null at 'distributionConfig.comment' failed to satisfy constraint: Member must not be null"},
		"a list in a list lacks a member": {
			distribution("ref", strings.Replace(lambda("viewer-request", "x"), "<LambdaFunctionARN>x</LambdaFunctionARN>", "", 1)), 400, "MalformedXML",
			"1 validation error detected: Value null at 'distributionConfig.defaultCacheBehavior.lambdaFunctionAssociations.items.1.member.lambdaFunctionARN' failed to satisfy constraint: Member must not be null"},
		"an event that there is not": {distribution("ref", lambda("1", "x")), 400, "MalformedXML",
			"1 validation error detected: Value '1' at 'distributionConfig.defaultCacheBehavior.lambdaFunctionAssociations.items.1.member.eventType' failed to satisfy constraint: Member must satisfy value set: [viewer-request, viewer-response, origin-request, origin-response]"},
		"several violations are told at once": {
			strings.Replace(distribution("ref", "<FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation><FunctionARN>arn:aws:cloudfront::111111111111:function/f</FunctionARN>"+
				"<EventType>1</EventType></FunctionAssociation></Items></FunctionAssociations>"), "<Enabled>true</Enabled>", "", 1), 400, "MalformedXML",
			"2 validation errors detected: Value '1' at 'distributionConfig.defaultCacheBehavior.functionAssociations.items.1.member.eventType' failed to satisfy constraint: Member must satisfy value set: [viewer-request, viewer-response]; Value null at 'distributionConfig.enabled' failed to satisfy constraint: Member must not be null"},
		"a number that is none": {strings.Replace(good, "<HTTPPort>80<", "<HTTPPort>eighty<", 1), 400, "MalformedXML",
			"1 validation error detected: Value 'eighty' at 'distributionConfig.origins.items.1.member.customOriginConfig.hTTPPort' failed to satisfy constraint: Member must be an integer"},
		"a boolean that is none": {strings.Replace(good, "<Enabled>true<", "<Enabled>yes<", 1), 400, "MalformedXML",
			"1 validation error detected: Value 'yes' at 'distributionConfig.enabled' failed to satisfy constraint: Member must be true or false"},
		"a member that is there twice": {distribution("ref", lambda()+lambda()), 400, "MalformedXML",
			"1 validation error detected: Value 'LambdaFunctionAssociations' at 'distributionConfig.defaultCacheBehavior.lambdaFunctionAssociations' failed to satisfy constraint: Member must not be repeated"},
		"members of another namespace do not count": {
			strings.Replace(good, "<Comment>", `<Comment xmlns="urn:other">`, 1), 400, "MalformedXML",
			"1 validation error detected: Value null at 'distributionConfig.comment' failed to satisfy constraint: Member must not be null"},
		"origin groups without any group": {distribution("ref", lambda(), "<OriginGroups><Quantity>0</Quantity><Items></Items></OriginGroups>"), 400, "MalformedInput",
			"Unexpected list element termination"},
		"origin groups closed at once": {distribution("ref", lambda(), "<OriginGroups><Quantity>0</Quantity><Items/></OriginGroups>"), 400, "MalformedInput",
			"Unexpected list element termination"},
		"another document": {"<Tags/>", 400, "MalformedXML",
			"1 validation error detected: Value null at 'distributionConfig' failed to satisfy constraint: Member must not be null"},
		"a Quantity that lies": {distribution("ref", strings.Replace(lambda(), "<Quantity>0<", "<Quantity>1<", 1)), 400, "InconsistentQuantities",
			"The value of Quantity and the size of Items don't match."},
		"a Quantity that lies deep inside": {distribution("ref", lambda(), strings.Replace(behaviors(3), "<Quantity>0<", "<Quantity>2<", 2)), 400, "InconsistentQuantities",
			"The value of Quantity and the size of Items don't match."},
		"an Items that has more": {distribution("ref", lambda(), "<Aliases><Quantity>1</Quantity><Items><CNAME>a.example.com</CNAME><CNAME>b.example.com</CNAME></Items></Aliases>"), 400, "InconsistentQuantities",
			"The value of Quantity and the size of Items don't match."},
		"a behaviour without an origin": {strings.Replace(good, "<TargetOriginId>site<", "<TargetOriginId>other<", 1), 404, "NoSuchOrigin",
			"One or more of your origins or origin groups do not exist."},
		"an origin group without an origin": {distribution("ref", lambda(), "<OriginGroups><Quantity>1</Quantity><Items><OriginGroup><Id>g</Id>"+
			"<FailoverCriteria><StatusCodes><Quantity>1</Quantity><Items><StatusCode>500</StatusCode></Items></StatusCodes></FailoverCriteria>"+
			"<Members><Quantity>2</Quantity><Items><OriginGroupMember><OriginId>site</OriginId></OriginGroupMember><OriginGroupMember><OriginId>other</OriginId></OriginGroupMember></Items></Members>"+
			"</OriginGroup></Items></OriginGroups>"), 404, "NoSuchOrigin", "One or more of your origins or origin groups do not exist."},
		"101 origins": {strings.Replace(strings.Replace(good, "<Origins><Quantity>1<", "<Origins><Quantity>101<", 1), "</Origin></Items>", "</Origin>"+
			strings.Repeat("<Origin><Id>o</Id><DomainName>o.example.com</DomainName></Origin>", 100)+"</Items>", 1), 400, "TooManyOrigins",
			"You cannot create more origins for the distribution."},
		"76 behaviours": {distribution("ref", lambda(), behaviors(76)), 400, "TooManyCacheBehaviors",
			"You cannot create more cache behaviors for the distribution."},
		"a path pattern twice, but for the slash": {
			distribution("ref", lambda(), strings.Replace(behaviors(2), "/1/*", "0/*", 1)), 400, "InvalidArgument",
			"The parameter PathPattern contains duplicates."},
		"a schema error before an association error": {
			strings.Replace(distribution("ref", lambda("viewer-request", "x")), "<Comment>test</Comment>", "", 1), 400, "MalformedXML",
			"1 validation error detected: Value null at 'distributionConfig.comment' failed to satisfy constraint: Member must not be null"},
		"a configuration error before an association error": {
			strings.Replace(distribution("ref", lambda("viewer-request", "x")), "<TargetOriginId>site<", "<TargetOriginId>other<", 1), 404, "NoSuchOrigin",
			"One or more of your origins or origin groups do not exist."},
		"101 associations": {distribution("ref", lambda(), fourOnEach(26)), 400, "TooManyLambdaFunctionAssociations",
			"Your request contains more Lambda@Edge function associations than are allowed per distribution."},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.must(b.send("POST", "distribution", tc.body), tc.status)
			if code, message := b.refused(a); code != tc.code || message != tc.message {
				t.Errorf("\n got %s: %s\nwant %s: %s", code, message, tc.code, tc.message)
			}
			if list := b.send("GET", "distribution", ""); !strings.Contains(list.body, "<Quantity>0</Quantity>") {
				t.Error("a refused request left something behind")
			}
		})
	}
}

// fourOnEach writes n behaviours with four associations each.
func fourOnEach(n int) string {
	arn := versionARN("fn", 1)
	var items strings.Builder
	for i := range n {
		fmt.Fprintf(&items, "<CacheBehavior><PathPattern>/%d/*</PathPattern><TargetOriginId>site</TargetOriginId>"+
			"<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>%s</CacheBehavior>", i,
			lambda("viewer-request", arn, "origin-request", arn, "origin-response", arn, "viewer-response", arn)+cached)
	}
	return fmt.Sprintf("<CacheBehaviors><Quantity>%d</Quantity><Items>%s</Items></CacheBehaviors>", n, items.String())
}

func TestQuotasAreReachedBeforeTheyAreExceeded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.created(distribution("hundred", lambda(), fourOnEach(25)))
	arn := versionARN("fn", 1)
	four := lambda("viewer-request", arn, "origin-request", arn, "origin-response", arn, "viewer-response", arn)
	b.created(distribution("seventy-five", lambda(), strings.ReplaceAll(fourOnEach(75), four, lambda())))
}

func TestAnAccountHas500Distributions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	put := func(n int) {
		doc := []byte(distribution(fmt.Sprint("ref", n), lambda()))
		if err := b.service.PutRaw(account, fmt.Sprint("E", n), doc); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 499 {
		put(n)
	}
	b.created(distribution("the last", lambda()))
	if code, _ := b.refused(b.must(b.send("POST", "distribution", distribution("one more", lambda())), 400)); code != "TooManyDistributions" {
		t.Error(code)
	}
	b.account = "222222222222"
	b.created(distribution("ref", lambda()))
}

func TestWhatIsNotWellFormedIsMalformed(t *testing.T) {
	t.Parallel()
	good := distribution("ref", lambda())
	for rule, body := range map[string]string{
		"text":                       "hello",
		"cut off":                    good[:len(good)-20],
		"two roots":                  good + good,
		"text after the root":        good + "x",
		"text before the root":       "x" + good,
		"tags that cross":            strings.Replace(good, "<Comment>test</Comment>", "<Comment><b></Comment></b>", 1),
		"an undeclared prefix":       strings.Replace(good, "<Comment>", "<x:y/><Comment>", 1),
		"an undeclared attribute":    strings.Replace(good, "<Comment>", `<Comment x:y="1">`, 1),
		"an attribute twice":         strings.Replace(good, "<Comment>", `<Comment a="1" a="2">`, 1),
		"an unknown entity":          strings.Replace(good, "test", "&nbsp;", 1),
		"a document type":            "<!DOCTYPE a [<!ENTITY b 'c'>]>" + good,
		"a late XML declaration":     "<!-- x --><?xml version='1.0'?>" + good,
		"another encoding":           "<?xml version='1.0' encoding='ISO-8859-1'?>" + good,
		"bytes that are not UTF-8":   strings.Replace(good, "test", "\xff\xfe", 1),
		"a thousand nested elements": strings.Replace(good, "<Comment>", strings.Repeat("<a>", 1000)+strings.Repeat("</a>", 1000)+"<Comment>", 1),
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.must(b.send("POST", "distribution", body), 400)
			if code, message := b.refused(a); code != "MalformedXML" || !strings.HasPrefix(message, "The XML document is not well formed: ") {
				t.Errorf("%s: %s", code, message)
			}
		})
	}
}

func TestABodyWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.must(b.send("POST", "distribution", strings.Repeat(" ", 4<<20+1)), 413)
	if code, _ := b.refused(a); code != "RequestEntityTooLarge" {
		t.Error(code)
	}
}

func TestAnUpdateIsRefusedWithTheCodeAndTheWordsOfCloudFront(t *testing.T) {
	t.Parallel()
	good := distribution("ref", lambda())
	for rule, tc := range map[string]struct {
		ifMatch, body string
		status        int
		code, message string
	}{
		"without If-Match": {"", good, 400, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource."},
		"with something that is no ETag": {`"quoted"`, good, 400, "InvalidIfMatchVersion",
			"The If-Match version is missing or not valid for the resource."},
		"with an outdated ETag": {"E2QWRUHAPOMQZL", good, 412, "PreconditionFailed",
			"The request failed because it didn't meet the preconditions in one or more request-header fields."},
		"with another caller reference": {"current", strings.Replace(good, ">ref<", ">other<", 1), 400, "IllegalUpdate",
			"You cannot update Origin or CallerReference."},
		"as a staging distribution of a sudden": {"current", strings.Replace(good, "<Enabled>", "<Staging>true</Staging><Enabled>", 1), 400, "IllegalUpdate",
			"The parameter Staging cannot be changed."},
		"without the element for associations": {"current", strings.Replace(good, lambda(), "", 1), 400, "InvalidArgument",
			"The parameter Lambda function associations is required."},
		"without that element in another behaviour": {"current", distribution("ref", lambda(),
			"<CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/a</PathPattern><TargetOriginId>site</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></CacheBehavior></Items></CacheBehaviors>"),
			400, "InvalidArgument", "The parameter Lambda function associations is required."},
		"without field-level encryption": {"current", strings.Replace(good, encryption, "", 1), 400, "InvalidArgument",
			"The parameter Field level encryption id is required."},
		"with forwarded values but no headers": {"current",
			distribution("ref", lambda()+"<ForwardedValues><QueryString>true</QueryString><Cookies><Forward>none</Forward></Cookies></ForwardedValues>"), 400, "InvalidArgument",
			"The parameter Header settings is required."},
		"without an origin's read timeout": {"current", strings.Replace(good, "<OriginReadTimeout>30</OriginReadTimeout>", "", 1), 400, "IllegalUpdate",
			"OriginReadTimeout is required for updates."},
		"without an origin's keep-alive timeout": {"current", strings.Replace(good, "<OriginKeepaliveTimeout>5</OriginKeepaliveTimeout>", "", 1), 400, "IllegalUpdate",
			"OriginKeepaliveTimeout is required for updates."},
		"the schema comes before If-Match": {"", strings.Replace(good, "<Comment>test</Comment>", "", 1), 400, "MalformedXML",
			"1 validation error detected: Value null at 'distributionConfig.comment' failed to satisfy constraint: Member must not be null"},
		"If-Match comes before the configuration": {"E2QWRUHAPOMQZL", strings.Replace(good, ">ref<", ">other<", 1), 412, "PreconditionFailed",
			"The request failed because it didn't meet the preconditions in one or more request-header fields."},
		"the configuration comes before associations": {"current", strings.Replace(distribution("ref", lambda("viewer-request", "x")), ">ref<", ">other<", 1), 400, "IllegalUpdate",
			"You cannot update Origin or CallerReference."},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id, etag := b.created(good)
			before := b.config(id)
			ifMatch := tc.ifMatch
			if ifMatch == "current" {
				ifMatch = etag
			}
			a := b.must(b.update(id, ifMatch, tc.body), tc.status)
			if code, message := b.refused(a); code != tc.code || message != tc.message {
				t.Errorf("\n got %s: %s\nwant %s: %s", code, message, tc.code, tc.message)
			}
			if after := b.config(id); after.body != before.body || after.etag != before.etag {
				t.Error("a refused update changed the distribution")
			}
		})
	}
}

func TestADistributionThatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other, _ := b.created(distribution("ref", lambda()))
	b.account = "222222222222" // to which the other one does not exist
	for _, id := range []string{"E0NONE0000000", other} {
		for _, a := range []answer{
			b.send("GET", "distribution/"+id, ""),
			b.send("GET", "distribution/"+id+"/config", ""),
			b.update(id, "E2QWRUHAPOMQZL", distribution("ref", lambda())),
			b.send("DELETE", "distribution/"+id, "", "If-Match", "E2QWRUHAPOMQZL"),
		} {
			b.must(a, 404)
			if code, message := b.refused(a); code != "NoSuchDistribution" || message != "The specified distribution does not exist." {
				t.Errorf("%s: %s", code, message)
			}
		}
	}
}

func TestACallerReferenceServesOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.created(distribution("ref", lambda()))
	a := b.must(b.send("POST", "distribution", strings.Replace(distribution("ref", lambda()), "test", "other", 1)), 409)
	if code, message := b.refused(a); code != "DistributionAlreadyExists" ||
		message != "The caller reference you attempted to create the distribution with is associated with another distribution." {
		t.Errorf("%s: %s", code, message)
	}
	b.created(distribution("another", lambda()))
}

func TestAnAliasBelongsToOneDistributionOfAllAccounts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	alias := func(name string) string {
		return "<Aliases><Quantity>1</Quantity><Items><CNAME>" + name + "</CNAME></Items></Aliases>" + certificate
	}
	id, etag := b.created(distribution("one", lambda(), alias("www.example.com")))
	b.must(b.update(id, etag, distribution("one", lambda(), alias("WWW.example.com"))), 200) // its own may stay
	second, etag := b.created(distribution("two", lambda()))
	refused := b.must(b.update(second, etag, distribution("two", lambda(), alias("www.EXAMPLE.com"))), 409)
	if code, message := b.refused(refused); code != "CNAMEAlreadyExists" || message != "The CNAME specified is already defined for CloudFront." {
		t.Errorf("%s: %s", code, message)
	}
	b.account = "222222222222"
	b.must(b.send("POST", "distribution", distribution("three", lambda(), alias("www.example.com"))), 409)
	b.created(distribution("three", lambda(), alias("www.example.org")))
}

func TestAnErrorLooksLikeCloudFronts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.send("GET", "distribution/E0NONE0000000", "")
	want := `<?xml version="1.0"?>` + "\n" + `<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type>` +
		`<Code>NoSuchDistribution</Code><Message>The specified distribution does not exist.</Message></Error><RequestId>` + a.id + `</RequestId></ErrorResponse>`
	if a.body != want || a.mimeType != "text/xml" || len(a.id) != 36 {
		t.Errorf("%s %q\n got %s\nwant %s", a.mimeType, a.id, a.body, want)
	}
	if again := b.send("GET", "distribution/E0NONE0000000", ""); again.id == a.id {
		t.Error("two requests have one id")
	}
}

func TestAnOperationThatIsNotOfferedIsNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{"cache-policy", "distribution/E1/associate-alias", "tagging?Operation=Other&Resource=x"} {
		a := b.must(b.send("PUT", path, ""), 501)
		name, _, _ := strings.Cut(path, "?")
		if code, message := b.refused(a); code != "NotOffered" || !strings.Contains(message, "PUT /2020-05-31/"+name) {
			t.Errorf("%s: %s", code, message)
		}
	}
}

func TestARequestWithoutAnAccountIsDenied(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.account = ""
	a := b.must(b.send("GET", "distribution", ""), 403)
	if code, _ := b.refused(a); code != "AccessDenied" {
		t.Error(code)
	}
}

package awscloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
)

const (
	portal = "<!DOCTYPE html>\n<html lang=en>\x1b[2J<a href='https://p.invalid/?k=secret'>Sign in</a>" +
		"<p>one two three four &nbsp;<br>BEYOND</p></html>"
	refusal = `<?xml version="1.0"?><ErrorResponse xmlns="` + namespace + `"><Error><Code>AccessDenied</Code></Error></ErrorResponse>`
)

// strangers are answers that are no document of CloudFront's with that root,
// with what is said about each.
func strangers(root string) map[string]struct{ body, says string } {
	return map[string]struct{ body, says string }{
		"a login page":            {portal, "it is <html>, not <" + root + ">"},
		"nothing":                 {"", "it is empty"},
		"white space":             {" \r\n", "it is empty"},
		"no XML":                  {"{\"ok\": true}", "it is no XML"},
		"a refusal with 200":      {refusal, "it is <ErrorResponse>, not <" + root + ">"},
		"another namespace":       {"<" + root + " xmlns='urn:x'><DefaultCacheBehavior/></" + root + ">", `its namespace is "urn:x"`},
		"half a document":         {"<" + root + "><DefaultCacheBehavior/>", "unexpected EOF"},
		"a root of another case":  {strings.ToLower("<" + root + "/>"), "not <" + root + ">"},
		"a root without end":      {"<" + strings.Repeat("a", 5000) + "/>", "it is <aaa"},
		"a document in a comment": {"<!-- <" + root + "/> -->", "it is no XML"},
	}
}

// wantNotUnderstood checks an error about an answer that was not understood.
func wantNotUnderstood(t *testing.T, err error, operation, says string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Operation != operation || e.Status != 200 || e.Hint == "" || !strings.Contains(e.Message, says) {
		t.Fatalf("got %v, want an *Error of %s with a hint that says %s", err, operation, says)
	}
	for _, r := range err.Error() {
		if r < ' ' {
			t.Errorf("%q has control characters", err)
		}
	}
	if len(err.Error()) > 600 || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "BEYOND") {
		t.Errorf("too much of the answer is told: %v", err)
	}
}

// emptying are edits that any document without associations would satisfy.
func emptying() associations.Change {
	return change(
		associations.Edit{Slot: slot("default", associations.ViewerRequest), From: to("auth", 1)},
		associations.Edit{Slot: slot("/gone/*", associations.ViewerRequest), From: to("auth", 1)},
	)
}

func TestAConfigurationThatIsNotUnderstoodIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	etag := map[string]string{"ETag": "E1"}
	cases := strangers("DistributionConfig")
	cases["no default behavior"] = struct{ body, says string }{"<DistributionConfig xmlns='" + namespace + "'/>", "no DefaultCacheBehavior"}
	cases["a whole distribution"] = struct{ body, says string }{distributionBody(distID), "it is <Distribution>"}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, stub := openStub(t, answer(200, etag, tt.body), answer(200, etag, distributionBody(distID)))
			_, err := cloud.CloudFront.Write(t.Context(), account, emptying(), pass)
			wantNotUnderstood(t, err, "GetDistributionConfig", tt.says)
			if mayBeWritten(err) || len(stub.requests) != 1 || !strings.Contains(err.Error(), distID) {
				t.Errorf("got %v after %v", err, stub.requests)
			}
		})
	}
}

// distributionBody is a Distribution without any association.
func distributionBody(id string) string {
	return `<Distribution xmlns="` + namespace + `"><Id>` + id + `</Id><ARN>arn:aws:cloudfront::111111111111:distribution/` + id + `</ARN>` +
		`<DistributionConfig><DefaultCacheBehavior/></DistributionConfig></Distribution>`
}

// distributionStrangers are answers that are not the Distribution distID.
func distributionStrangers() map[string]struct{ body, says string } {
	cases := strangers("Distribution")
	cases["another distribution"] = struct{ body, says string }{distributionBody("EOTHER"), `it is about the distribution "EOTHER"`}
	cases["no configuration"] = struct{ body, says string }{"<Distribution><Id>" + distID + "</Id><DefaultCacheBehavior/></Distribution>", "no DistributionConfig"}
	cases["no default behavior"] = struct{ body, says string }{
		strings.Replace(distributionBody(distID), "<DefaultCacheBehavior/>", "", 1), "no DefaultCacheBehavior"}
	return cases
}

func TestADistributionThatIsNotUnderstoodIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	for name, tt := range distributionStrangers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, _ := openStub(t, answer(200, map[string]string{"X-Amzn-Requestid": "req-7"}, tt.body))
			_, err := cloud.CloudFront.Distribution(t.Context(), distID)
			wantNotUnderstood(t, err, "GetDistribution", tt.says)
			if mayBeWritten(err) || !strings.Contains(err.Error(), distID) || !strings.Contains(err.Error(), "req-7") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAListingThatIsNotUnderstoodIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	cases := strangers("DistributionList")
	cases["nothing, which is not said to be all"] = struct{ body, says string }{"<DistributionList/>", "it lists nothing"}
	cases["members of another name"] = struct{ body, says string }{
		"<DistributionList><Quantity>1</Quantity><Items><Summary/></Items></DistributionList>", `its Quantity is "1"`}
	cases["a member without a default behavior"] = struct{ body, says string }{
		"<DistributionList><Quantity>1</Quantity><Items><DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::111111111111:distribution/E1</ARN>" +
			"</DistributionSummary></Items></DistributionList>", "distribution E1: it has no DefaultCacheBehavior"}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, _ := openStub(t, answer(200, nil, tt.body))
			list, err := cloud.CloudFront.Distributions(t.Context())
			wantNotUnderstood(t, err, "ListDistributions", tt.says)
			if list != nil {
				t.Errorf("listed %v", list)
			}
		})
	}
}

// TestAnAnswerToAWriteThatIsNotUnderstoodLeavesItOpen: the write was accepted
// by something, and may have happened.
func TestAnAnswerToAWriteThatIsNotUnderstoodLeavesItOpen(t *testing.T) {
	t.Parallel()
	held := answer(200, map[string]string{"ETag": "E1"}, "<DistributionConfig><DefaultCacheBehavior><LambdaFunctionAssociations><Quantity>1</Quantity><Items>"+
		oneAssociation("viewer-request", arn1, "false")+"</Items></LambdaFunctionAssociations></DefaultCacheBehavior></DistributionConfig>")
	for name, tt := range distributionStrangers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, stub := openStub(t, held, answer(200, nil, tt.body))
			_, err := cloud.CloudFront.Write(t.Context(), account, emptying(), pass)
			wantNotUnderstood(t, err, "UpdateDistribution", tt.says)
			if !mayBeWritten(err) || len(stub.requests) != 2 {
				t.Errorf("got %v, may be written: %t, after %v", err, mayBeWritten(err), stub.requests)
			}
		})
	}
}

func TestTheHintTellsAStrangerFromAnOddDocument(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		portal: "login page",
		strings.Replace(distributionBody(distID), "<DefaultCacheBehavior/>", "", 1): "report",
	} {
		cloud, _ := openStub(t, answer(http.StatusOK, nil, body))
		_, err := cloud.CloudFront.Distribution(t.Context(), distID)
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Hint, want) {
			t.Errorf("%v has the hint %q, want one with %q", err, e.Hint, want)
		}
	}
}

func TestDocumentsWithAndWithoutNamespaceAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		"<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>",
		"<DistributionConfig xmlns='" + namespace + "'><DefaultCacheBehavior/></DistributionConfig>",
		hostile,
	} {
		if b, err := readConfig([]byte(doc)); err != nil || len(b) == 0 {
			t.Errorf("%d behaviors, %v in %s", len(b), err, doc)
		}
	}
}

package awscloud

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

const someBehavior = `<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation>` +
	`<LambdaFunctionARN>` + arn2 + `</LambdaFunctionARN><EventType>viewer-request</EventType><IncludeBody>1</IncludeBody></LambdaFunctionAssociation>` +
	`<LambdaFunctionAssociation><EventType>connection-request</EventType><Target>of next year</Target></LambdaFunctionAssociation></Items></LambdaFunctionAssociations>` +
	`<FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation><FunctionARN>arn:aws:cloudfront::111111111111:function/f</FunctionARN><EventType>viewer-response</EventType></FunctionAssociation></Items></FunctionAssociations>`

func TestStateTellsWhatADistributionIs(t *testing.T) {
	t.Parallel()
	const members = `<Aliases><Quantity>2</Quantity><Items><CNAME>a.example.com</CNAME><CNAME> b.example.com </CNAME></Items></Aliases>` +
		`<DefaultCacheBehavior>` + someBehavior + `</DefaultCacheBehavior>` +
		`<CacheBehaviors><Quantity>3</Quantity><Items><CacheBehavior><PathPattern>img/*</PathPattern></CacheBehavior>` +
		`<CacheBehavior><PathPattern>*.jpg</PathPattern></CacheBehavior><CacheBehavior><PathPattern>/img/*</PathPattern>` + someBehavior + `</CacheBehavior></Items></CacheBehaviors>` +
		`<Enabled>true</Enabled><Staging>true</Staging>`
	const own = `<Id>E2EXAMPLE1ABCD</Id><ARN>arn:aws:cloudfront::111111111111:distribution/E2EXAMPLE1ABCD</ARN><Status>Deployed</Status><DomainName>d1.cloudfront.net</DomainName>`
	want := associations.State{
		Distribution: distID, Account: account, DomainName: "d1.cloudfront.net", Aliases: []string{"a.example.com", " b.example.com "},
		Enabled: true, Deployed: true, Staging: true, Policy: "P1", PolicyKnown: true,
		// An event type that nobody here knows is left out, and no error. The
		// second spelling of /img/* is never reached: what it holds is not there.
		Behaviors: []string{"/img/*", "/*.jpg", "default"},
		Held: associations.Table{
			slot("default", associations.ViewerRequest): {Version: versions.Ref{Function: "auth", Number: 2}, IncludeBody: true},
		},
		Functions: map[associations.Slot]string{slot("default", associations.ViewerResponse): "arn:aws:cloudfront::111111111111:function/f"},
	}
	got, err := readState([]byte(`<Distribution xmlns="`+namespace+`">`+own+`<DistributionConfig>`+members+`<ContinuousDeploymentPolicyId>P1</ContinuousDeploymentPolicyId></DistributionConfig></Distribution>`), distID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("a distribution: %v (-want +got)\n%s", err, diff)
	}
	want.Policy, want.PolicyKnown, want.Deployed = "", false, false
	list, _, err := readPage([]byte(`<DistributionList><Items><DistributionSummary>` + strings.Replace(own, "Deployed", "InProgress", 1) + members + `</DistributionSummary></Items></DistributionList>`))
	if diff := cmp.Diff([]associations.State{want}, list); err != nil || diff != "" {
		t.Errorf("a summary: %v (-want +got)\n%s", err, diff)
	}
}

func TestAStateWithoutAnAccountIsRefused(t *testing.T) {
	t.Parallel()
	for _, arn := range []string{"", "nonsense", "arn:aws:cloudfront:::distribution/E1"} {
		s, err := readState([]byte(`<Distribution><Id>E1</Id><ARN>`+arn+`</ARN><DistributionConfig><DefaultCacheBehavior/></DistributionConfig></Distribution>`), "E1")
		if err == nil || !strings.Contains(err.Error(), "no account in its ARN") {
			t.Errorf("%q gave %+v, %v", arn, s, err)
		}
	}
}

func TestPagesNameTheNextOne(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, next, err string }{
		"the last page":             {"<DistributionList><Quantity>0</Quantity><NextMarker>E9</NextMarker><IsTruncated>false</IsTruncated></DistributionList>", "", ""},
		"another one follows":       {"<DistributionList><Quantity>0</Quantity><NextMarker>E9</NextMarker><IsTruncated>true</IsTruncated></DistributionList>", "E9", ""},
		"another one without name":  {"<DistributionList><Quantity>0</Quantity><IsTruncated>true</IsTruncated></DistributionList>", "", "names no next one"},
		"something that is not XML": {"{}", "", "it is no XML"},
	} {
		_, next, err := readPage([]byte(tt.body))
		if next != tt.next || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v", name, next, err)
		}
	}
}

func TestOnlyOwnNumberedVersionsAreNamed(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]associations.Binding{
		arn2: to("auth", 2),
		arn9: {ARN: arn9}, // another account
		"arn:aws:lambda:us-east-1:111111111111:function:auth":                      {ARN: "arn:aws:lambda:us-east-1:111111111111:function:auth"},
		"arn:aws:lambda:us-east-1:111111111111:function:auth:$LATEST":              {ARN: "arn:aws:lambda:us-east-1:111111111111:function:auth:$LATEST"},
		"arn:aws:lambda:us-east-1:111111111111:function:auth:live":                 {ARN: "arn:aws:lambda:us-east-1:111111111111:function:auth:live"},
		"arn:aws:lambda:us-east-1:111111111111:function:auth:02":                   {ARN: "arn:aws:lambda:us-east-1:111111111111:function:auth:02"},
		"arn:aws:lambda:us-east-1:111111111111:function:auth:0":                    {ARN: "arn:aws:lambda:us-east-1:111111111111:function:auth:0"},
		"arn:aws:lambda:eu-west-1:111111111111:function:auth:2":                    {ARN: "arn:aws:lambda:eu-west-1:111111111111:function:auth:2"},
		"arn:aws:lambda:us-east-1:111111111111:function:auth:99999999999999999999": {ARN: "arn:aws:lambda:us-east-1:111111111111:function:auth:99999999999999999999"},
		"": {},
	} {
		if got := bindingOf(account, association{arn: arn}); got != want {
			t.Errorf("%s is %+v, want %+v", arn, got, want)
		}
	}
}

func TestBindingsAndAssociationsAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := association{
			rapid.OneOf(rapid.SampledFrom(append(genARNs, "")), rapid.StringMatching(`arn:aws:lambda:us-east-1:111111111111:function:[a-zA-Z0-9_-]{1,64}:[0-9]{1,3}`)).Draw(t, "arn"),
			rapid.Bool().Draw(t, "body"),
		}
		if a.empty() {
			a.includeBody = false
		}
		if got, err := associationOf(account, bindingOf(account, a)); err != nil || got != a {
			t.Fatalf("%+v came back as %+v, %v", a, got, err)
		}
	})
}

func TestAListThatTurnsInCirclesIsRefused(t *testing.T) {
	t.Parallel()
	cloud, stub := openStub(t, answer(200, nil, "<DistributionList><Quantity>0</Quantity><IsTruncated>true</IsTruncated><NextMarker>E9</NextMarker></DistributionList>"))
	_, _, err := cloud.CloudFront.DistributionPage(t.Context(), "E9")
	if err == nil || !strings.Contains(err.Error(), "the next page is itself") || len(stub.requests) != 1 {
		t.Errorf("got %v after %v", err, stub.requests)
	}
}

func TestAnswersAreReadToTheirLimit(t *testing.T) {
	t.Parallel()
	if got, err := readAtMost(strings.NewReader("abc"), 3); err != nil || string(got) != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := readAtMost(strings.NewReader("abcd"), 3); err == nil {
		t.Error("a longer answer was taken")
	}
}

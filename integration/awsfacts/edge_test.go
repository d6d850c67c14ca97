package awsfacts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
)

// edgeQuestion is a result that AWS's documents do not settle. CloudFront is
// asked by a function that returns it.
type edgeQuestion struct {
	name    string
	trigger result.Trigger
	rule    string // what the judge says of it
	// answer is what the function returns, as JSON: a response, or a patch of the
	// request (RFC 7396, where null takes a member away).
	answer string
}

func edgeQuestions() []edgeQuestion {
	const viewer, origin = result.ViewerRequest, result.OriginRequest
	return []edgeQuestion{
		{"a status as a number", viewer, "status-number", `{"status":200,"headers":{}}`},
		{"a status as a number, to be cached", origin, "status-number", `{"status":200,"headers":{}}`},
		{"an entry with another header's key", viewer, "header-key", `{"status":"200","headers":{"x-a":[{"key":"X-B","value":"1"}]}}`},
		{"a header's name in capitals", viewer, "header-case", `{"status":"200","headers":{"X-A":[{"key":"X-A","value":"1"}]}}`},
		{"a header without entries", viewer, "header-empty", `{"status":"200","headers":{"x-a":[]}}`},
		{"a list of values", viewer, "header-value-list", `{"status":"200","headers":{"x-a":[{"key":"X-A","value":["1","2"]}]}}`},
		{"a control character", viewer, "header-control", `{"status":"200","headers":{"x-a":[{"key":"X-A","value":"a\u0001b"}]}}`},
		{"a location that is not ASCII", viewer, "header-non-ascii", `{"status":"302","headers":{"location":[{"key":"Location","value":"/애드온/é"}]}}`},
		{"a member that nobody knows", viewer, "unknown-member", `{"status":"200","headers":{},"isBase64Encoded":false}`},
		{"a body that is null", viewer, "null-member", `{"status":"200","headers":{},"body":null}`},
		{"base64 without padding", viewer, "base64-dialect", `{"status":"200","headers":{},"body":"eA","bodyEncoding":"base64"}`},
		{"a response of more than 40 KB before it is decoded", viewer, "response-size-base64", `{"status":"200","headers":{},"bodyEncoding":"base64","body":"` + strings.Repeat("AAAA", 10<<10+1) + `"}`},
		{"a request without its method", viewer, "request-incomplete", `{"patch":{"method":null}}`},
		{"a request without its uri", viewer, "request-incomplete", `{"patch":{"uri":null}}`},
		{"a request without its querystring", viewer, "request-incomplete", `{"patch":{"querystring":null}}`},
		{"a request without its origin", origin, "request-incomplete", `{"patch":{"origin":null}}`},
		{"a ? in the uri", viewer, "uri-mark", `{"patch":{"uri":"/a?b=1"}}`},
		{"a # in the uri", viewer, "uri-mark", `{"patch":{"uri":"/a#b"}}`},
		{"a ? before the query", viewer, "querystring-mark", `{"patch":{"querystring":"?a=1"}}`},
		{"a body where none is included", viewer, "request-body-not-included", `{"patch":{"body":{"action":"replace","encoding":"text","data":"x"}}}`},
		{"a header of CloudFront's that AWS does not name", viewer, "header-cloudfront", `{"patch":{"headers":{"cloudfront-viewer-city":[{"key":"CloudFront-Viewer-City","value":"Bonn"}]}}}`},
		{"an origin without its port", origin, "origin-doubtful", `{"patch":{"origin":{"custom":{"port":null}}}}`},
	}
}

// edgeFunction is the code of the function that answers: /N, below any folder,
// with the answer N. Other paths go on.
func edgeFunction() string {
	var answers []json.RawMessage
	for _, q := range edgeQuestions() {
		answers = append(answers, json.RawMessage(q.answer))
	}
	doc, err := json.Marshal(answers)
	if err != nil {
		panic(err) // the answers are JSON, which the tests see
	}
	return `'use strict';
const answers = ` + string(doc) + `;
function patched(of, patch) {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const out = { ...of };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete out[name];
    else out[name] = patched(out[name], value);
  }
  return out;
}
exports.handler = async (event) => {
  const { request } = event.Records[0].cf;
  const answer = answers[/\/(\d+)$/.exec(request.uri)?.[1]] ?? { patch: {} };
  return answer.patch === undefined ? answer : patched(request, answer.patch);
};
`
}

// The function gives the answers that are asked about, and the judge says of
// each what the question is about: a warning, or no more than a guess.
func TestTheEdgeIsAskedWhatTheJudgeDoesNotKnow(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("NOT RUN: there is no node in PATH")
	}
	for i, q := range edgeQuestions() {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			event := edgeEvent(q.trigger, fmt.Sprintf("/asked/%d", i))
			run := edgeFunction() + "exports.handler(JSON.parse(require('node:fs').readFileSync(0))).then((r) => process.stdout.write(JSON.stringify(r)));"
			cmd := exec.CommandContext(t.Context(), node, "-e", run)
			cmd.Stdin = bytes.NewReader(event)
			got, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			e, err := result.ParseEvent(event)
			if err != nil {
				t.Fatal(err)
			}
			found := result.Judge(e, result.Returned{JSON: got})
			if len(found) != 1 || found[0].Rule != q.rule {
				t.Errorf("the judge says %+v of %s, and the question is about %s", found, got, q.rule)
			}
			unsettled := slices.ContainsFunc(result.Rules(), func(r result.Rule) bool {
				return r.Name == q.rule && (r.Verdict == result.Warning || strings.Contains(r.Source, "knows no null"))
			})
			if !unsettled {
				t.Errorf("%s is settled: there is nothing to ask", q.rule)
			}
		})
	}
}

// edgeEvent is what CloudFront sends to a function that is asked.
func edgeEvent(trigger result.Trigger, uri string) []byte {
	origin := ""
	if trigger == result.OriginRequest {
		origin = `,"origin":{"custom":{"customHeaders":{},"domainName":"example.com","keepaliveTimeout":5,"path":"","port":443,"protocol":"https","readTimeout":30,"sslProtocols":["TLSv1.2"]}}`
	}
	return []byte(`{"Records":[{"cf":{"config":{"eventType":"` + string(trigger) + `"},"request":{"clientIp":"203.0.113.7","method":"GET","uri":"` + uri +
		`","querystring":"","headers":{"host":[{"key":"Host","value":"d1.cloudfront.net"}]}` + origin + `}}}]}`)
}

// edgeSaw is what a viewer's answer says: that CloudFront refused the result, in
// its words, or what came of it.
func edgeSaw(status int, cache, location, page string) string {
	if strings.Contains(cache, "LambdaValidationError") || strings.Contains(page, "The Lambda function ") {
		sentence := page
		if i := strings.Index(page, "The Lambda function "); i >= 0 {
			sentence, _, _ = strings.Cut(page[i:], "\n")
		}
		return fmt.Sprintf("refused with %d: %s", status, strings.TrimSpace(sentence))
	}
	if location != "" {
		return fmt.Sprintf("taken, %d to %q", status, location)
	}
	return fmt.Sprintf("taken, %d", status)
}

func TestWhatTheEdgeSaysIsRead(t *testing.T) {
	t.Parallel()
	const page = "<H2>The request could not be satisfied.</H2>\n<HR noshade size=\"1px\">\nThe Lambda function result failed validation: The body is not a string, is not an object, or exceeds the maximum size.\nWe can't connect to the server"
	for want, got := range map[string]string{
		"refused with 502: The Lambda function result failed validation: The body is not a string, is not an object, or exceeds the maximum size.": edgeSaw(502, "LambdaValidationError from cloudfront", "", page),
		"taken, 200":            edgeSaw(200, "LambdaGeneratedResponse from cloudfront", "", "x"),
		`taken, 302 to "/??/é"`: edgeSaw(302, "LambdaGeneratedResponse from cloudfront", "/??/é", ""),
		"taken, 502":            edgeSaw(502, "Error from cloudfront", "", "CloudFront wasn't able to connect to the origin."),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What the edge needs can be made: the local AWS makes it, though it serves
// nothing.
func TestTheEdgeCanBeMade(t *testing.T) {
	t.Parallel()
	local := served(t)
	a, err := open(t.Context(), at(local.Endpoint), program.Account, localRole, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	domain, err := a.serve(t.Context(), edgeFunction())
	if err != nil || !strings.HasSuffix(domain, ".cloudfront.net") {
		t.Errorf("%q, %v", domain, err)
	}
	got, err := a.config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := got.DistributionConfig
	if !aws.ToBool(c.Enabled) || len(c.DefaultCacheBehavior.LambdaFunctionAssociations.Items) != 1 || len(c.CacheBehaviors.Items) != 1 {
		t.Errorf("it does not serve: %+v", c)
	}
	for _, what := range a.clean(t.Context(), time.Minute) {
		if !strings.Contains(what, "because it is a replicated function") {
			t.Errorf("left behind: %s", what)
		}
	}
}

// serve makes a distribution where a function answers requests: at
// viewer-request, and below /origin/ at origin-request. It returns the
// distribution's domain when it is deployed.
func (a *account) serve(ctx context.Context, script string) (string, error) {
	name := a.name("edge")
	err := a.create(ctx, name, func(in *lambda.CreateFunctionInput) {
		in.Code = &lambdatypes.FunctionCode{ZipFile: zipped(script)}
	})
	if err != nil {
		return "", err
	}
	number, err := a.publish(ctx, name, "answers")
	if err != nil {
		return "", err
	}
	if _, err := a.makeDistribution(ctx); err != nil {
		return "", err
	}
	associations := func(event types.EventType) *types.LambdaFunctionAssociations {
		return &types.LambdaFunctionAssociations{Quantity: aws.Int32(1), Items: []types.LambdaFunctionAssociation{bound(a.arn(name, number), event)}}
	}
	seen, err := a.change(ctx, func(c *types.DistributionConfig) {
		c.Enabled = aws.Bool(true)
		c.DefaultCacheBehavior.LambdaFunctionAssociations = associations(types.EventTypeViewerRequest)
		c.CacheBehaviors = &types.CacheBehaviors{Quantity: aws.Int32(1), Items: []types.CacheBehavior{{
			PathPattern: aws.String("/origin/*"), TargetOriginId: aws.String("o"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll,
			CachePolicyId: c.DefaultCacheBehavior.CachePolicyId, FieldLevelEncryptionId: aws.String(""),
			LambdaFunctionAssociations: associations(types.EventTypeOriginRequest),
		}}}
	})
	if err != nil {
		return "", err
	}
	if seen != "accepted" {
		return "", errors.New(seen)
	}
	in := &cloudfront.GetDistributionInput{Id: aws.String(a.distribution)}
	if err := cloudfront.NewDistributionDeployedWaiter(a.cloudfront).Wait(ctx, in, 40*time.Minute, func(o *cloudfront.DistributionDeployedWaiterOptions) { o.MinDelay = time.Second }); err != nil {
		return "", err
	}
	got, err := a.cloudfront.GetDistribution(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(got.Distribution.DomainName), nil
}

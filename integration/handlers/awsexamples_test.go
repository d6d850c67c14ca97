package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
)

// awsExample is an event for one of the example functions of AWS's developer
// guide, and what shows that the function did its work.
type awsExample struct {
	name    string // as in testdata/awsexamples
	trigger result.Trigger
	edit    object // members of the request, or of the response, besides the usual
	at      string // a JSON pointer into the result
	want    any
	// finds are the rules that the judge warns of. AWS publishes the function, so
	// it is never an error.
	finds []string
	only  string // "node": the guide has it in JavaScript only
}

func awsExamples() []awsExample {
	const (
		viewer, origin, response = result.ViewerRequest, result.OriginRequest, result.OriginResponse
		location                 = "/headers/location/0/value"
	)
	header := func(name, value string) object {
		return object{"headers": object{"host": one("Host", "www.example.com"), name: one(name, value)}}
	}
	s3 := object{"s3": object{"authMethod": "origin-access-identity", "customHeaders": object{}, "domainName": "my-bucket.s3.amazonaws.com", "path": "", "region": "us-east-1"}}
	inS3 := func(edit object) object { edit["origin"] = s3; return edit }
	query := func(q string) object { return object{"querystring": q} }
	form := object{"method": "POST", "body": object{"action": "read-only", "data": "bmFtZT1BZGE=", "encoding": "base64", "inputTruncated": false}}
	failed := object{"status": "404", "statusDescription": "Not Found"}
	changed := header("x-amz-meta-last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")
	return []awsExample{
		{name: "ab-test", trigger: viewer, edit: object{"uri": "/other"}, at: "/uri", want: "/other"},
		{name: "ab-test", trigger: viewer, edit: object{"uri": "/pixel.jpg", "headers": object{"cookie": []any{object{"key": "Cookie", "value": "x=1; group=b"}}}}, at: "/uri", want: "/groups/b.jpg"},
		{name: "override-header", trigger: response, edit: changed, at: "/headers/last-modified/0/value", want: "Mon, 01 Jan 2024 00:00:00 GMT", finds: []string{"header-key"}},
		{name: "override-header", trigger: result.ViewerResponse, at: "/headers/last-modified", want: nil},
		{name: "static-content", trigger: viewer, at: "/status", want: "200"},
		{name: "static-content", trigger: origin, at: "/headers/content-type/0/value", want: "text/html"},
		{name: "static-content-encoding", trigger: origin, at: "/headers/content-encoding/0/value", want: "UTF-8", only: "node"},
		{name: "static-content-gzip", trigger: viewer, at: "/bodyEncoding", want: "base64", only: "node"},
		{name: "redirect", trigger: viewer, at: location, want: "https://docs.example.com/edge.html"},
		{name: "redirect", trigger: origin, at: "/status", want: "302"},
		{name: "header-from-query", trigger: viewer, edit: query("auth=abc&x=1"), at: "/headers/auth-header/0/value", want: "abc"},
		{name: "header-from-query", trigger: origin, edit: query("auth=%C3%9F&x=1"), at: "/querystring", want: "x=1", finds: []string{"header-non-ascii"}},
		{name: "normalize-query", trigger: viewer, edit: query("Size=LARGE&color=Red"), at: "/querystring", want: "color=red&size=large"},
		{name: "sign-in", trigger: viewer, edit: header("cookie", "session-id=1; x=2"), at: "/uri", want: "/docs"},
		{name: "sign-in", trigger: viewer, edit: query("q=ä b"), at: "/status", want: "302"},
		{name: "country-redirect", trigger: origin, edit: header("cloudfront-viewer-country", "TW"), at: location, want: "https://tw.example.com/"},
		{name: "country-redirect", trigger: origin, at: location, want: "https://example.com/"},
		{name: "device-path", trigger: origin, edit: header("cloudfront-is-tablet-viewer", "true"), at: "/uri", want: "/tablet/docs"},
		{name: "device-path", trigger: origin, edit: header("cloudfront-is-smarttv-viewer", "true"), at: "/uri", want: "/smarttv/docs"},
		{name: "custom-to-s3", trigger: origin, edit: query("useS3Origin=true"), at: "/origin/s3/domainName", want: "my-bucket.s3.amazonaws.com"},
		{name: "custom-to-s3", trigger: origin, edit: query("useS3Origin=no"), at: "/origin/custom/port", want: 443.0},
		{name: "s3-region", trigger: origin, edit: inS3(header("cloudfront-viewer-country", "DE")), at: "/origin/s3/region", want: "eu-central-1"},
		{name: "s3-region", trigger: origin, edit: inS3(object{}), at: "/origin/s3/region", want: "us-east-1"},
		{name: "s3-to-custom", trigger: origin, edit: inS3(query("useCustomOrigin=true")), at: "/origin/custom/domainName", want: "www.example.com"},
		{name: "gradual-transfer", trigger: origin, edit: inS3(object{}), at: "/headers/host/0/value", want: "blue-bucket.s3.amazonaws.com"},
		{name: "country-origin", trigger: origin, edit: header("cloudfront-viewer-country", "IE"), at: "/origin/custom/domainName", want: "eu.example.com"},
		{name: "error-to-200", trigger: response, edit: failed, at: "/status", want: 200.0},
		{name: "error-to-200", trigger: response, at: "/status", want: "200"},
		{name: "error-to-302", trigger: response, edit: failed, at: location, want: "/plan-b/path?q=1"},
		{name: "read-form", trigger: viewer, edit: form, at: "/body/data", want: "bmFtZT1BZGE="},
		{name: "read-form", trigger: origin, at: "/method", want: "GET"},
		{name: "replace-form", trigger: viewer, edit: form, at: "/body/data", want: "name=Ada&added=yes"},
		{name: "replace-form", trigger: origin, edit: form, at: "/body/action", want: "replace"},
	}
}

func one(key, value string) []any { return []any{object{"key": key, "value": value}} }

// event is what CloudFront sends at the trigger, with the edit.
func (x awsExample) event() object {
	request := object{
		"clientIp": "203.0.113.178", "method": "GET", "uri": "/docs", "querystring": "q=1",
		"headers": object{"host": one("Host", "www.example.com"), "user-agent": one("User-Agent", "curl/8"), "via": one("Via", "2.0 x")},
	}
	if x.trigger == result.OriginRequest || x.trigger == result.OriginResponse {
		request["origin"] = object{"custom": object{
			"customHeaders": object{}, "domainName": "origin.example.com", "keepaliveTimeout": 5, "path": "", "port": 443,
			"protocol": "https", "readTimeout": 30, "sslProtocols": []any{"TLSv1.2"},
		}}
	}
	cf := object{"config": object{"distributionId": "E1", "eventType": x.trigger, "requestId": "x=="}, "request": request}
	edited := request
	if x.trigger == result.OriginResponse || x.trigger == result.ViewerResponse {
		edited = object{"status": "200", "statusDescription": "OK", "headers": object{"server": one("Server", "x"), "via": one("Via", "1.1 x")}}
		cf["response"] = edited
	}
	for name, value := range x.edit {
		edited[name] = value
	}
	return object{"Records": []any{object{"cf": cf}}}
}

// answered runs a program with all events, and returns what it wrote.
func answered[T any](t *testing.T, all []awsExample, program ...string) []T {
	t.Helper()
	var asked []object
	for _, x := range all {
		asked = append(asked, object{"name": x.name, "event": x.event()})
	}
	in, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program[0], program[1:]...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(program, " "), err, stderr.String())
	}
	var got []T
	if err := json.Unmarshal(out, &got); err != nil || len(got) != len(all) {
		t.Fatalf("%d answers for %d events: %v", len(got), len(all), err)
	}
	return got
}

// judgeExample wants the handler to have worked, and the judge to find no more
// than AWS's documents allow.
func judgeExample(t *testing.T, how string, x awsExample, doc json.RawMessage) {
	t.Helper()
	event, err := json.Marshal(x.event())
	if err != nil {
		t.Fatal(err)
	}
	e, err := result.ParseEvent(event)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprintf("%s, %s at %s with %v", x.name, how, x.trigger, x.edit)
	if diff := cmp.Diff(x.want, pointed(got, x.at)); diff != "" {
		t.Errorf("%s did not do its work: %s is -want +got\n%s", what, x.at, diff)
	}
	var finds []string
	for _, v := range result.Judge(e, result.Returned{JSON: doc}) {
		if v.Severity != result.Warning {
			t.Errorf("%s: a false error: %+v", what, v)
		}
		finds = append(finds, v.Rule)
	}
	if !slices.Equal(finds, x.finds) {
		t.Errorf("%s: found %v, want %v", what, finds, x.finds)
	}
}

// pointed is what stands at a JSON pointer, nil for nothing.
func pointed(v any, pointer string) any {
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch of := v.(type) {
		case object:
			v = of[name]
		case []any:
			v = of[0] // the tests point at no other
		default:
			return nil
		}
	}
	return v
}

// AWS publishes these functions, so each of them is valid.
func TestTheExamplesOfAWSAreValidInJavaScript(t *testing.T) {
	t.Parallel()
	all := awsExamples()
	onEachNode(t, func(t *testing.T, node string) {
		for i, got := range answered[struct{ Callback, Async json.RawMessage }](t, all, node, "testdata/awsexamples/drive.cjs") {
			judgeExample(t, "with a callback", all[i], got.Callback)
			judgeExample(t, "async", all[i], got.Async)
		}
	})
}

func TestTheExamplesOfAWSAreValidInPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT RUN: there is no python3 in PATH")
	}
	all := slices.DeleteFunc(awsExamples(), func(x awsExample) bool { return x.only == "node" })
	for i, got := range answered[json.RawMessage](t, all, python, "testdata/awsexamples/handlers.py") {
		judgeExample(t, "in Python", all[i], got)
	}
}

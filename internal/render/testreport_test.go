package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/fixture"
	"github.com/edgedeploy/edgedeploy/internal/result"
)

func sampleTests() Tests {
	refusal := result.Violation{
		Path: "/headers/host", Rule: "header-read-only", Severity: result.Error, Text: "host is read-only at viewer-request, and was changed", Status: 502,
		Page:   "The Lambda function result failed validation: The function tried to add, delete, or change a read-only header.",
		Source: "CloudFront Developer Guide, Restrictions on all edge functions (2026-11)",
	}
	odd := result.Violation{
		Path: "/origin/custom/readTimeout", Rule: "origin", Severity: result.Warning,
		Text: "is 61 seconds; more or less than 4 to 60 needs an account whose quota allows it", Source: "CloudFront Developer Guide, Lambda@Edge event structure (2023-06)",
	}
	return Tests{Passed: 3, Failed: 4, Untested: []string{"auth"}, Runs: []TestRun{
		{Function: "geo-redirect", Runtime: "nodejs24.x", Node: "v24.21.0", LoadMS: 2.1, Fixtures: []TestCase{
			{Name: "home", File: "fixtures/home.event.json", Trigger: "viewer-request", Passed: true, Expected: true, MS: 0.42},
			{Name: "new", Trigger: "viewer-request", Passed: true, MS: 12.4},
			{Name: "written", Trigger: "viewer-request", Passed: true, Expected: true, Written: "fixtures/written.expect.json", MS: 1204},
			{Name: "host", Trigger: "viewer-request", Expected: true, MS: 0.3, Violations: []result.Violation{refusal}, Logs: []LogEntry{{"info", "rewriting\nthe host"}, {"log", "rewritten"}}},
			{Name: "other-result", Trigger: "origin-request", Expected: true, MS: 0.3, Violations: []result.Violation{odd}, Differences: []fixture.Difference{
				{Path: "/headers/x-frame-options/0/value", Want: `"SAMEORIGIN"`, Got: `"DENY"`},
				{Path: "/headers/content-security-policy", Want: `[{"key":"Content-Security-Policy","value":"default-src 'self'; img-src *"}]`},
			}},
			{Name: "throws", Trigger: "viewer-request", MS: 0.3, Failure: "TypeError: cannot read properties of undefined (reading 'value')",
				Stack: "TypeError: cannot read\n    at home (index.js:3:9)\n    at async run (node:internal/x:1:1)"},
		}},
		{Function: "resize", Runtime: "nodejs22.x", Node: "v24.21.0", Load: "Error: Cannot find module 'sharp'\n    at Object.<anonymous> (index.js:1:1)", Fixtures: []TestCase{
			{Name: "small", Trigger: "origin-response", Failure: "the function does not load"},
		}},
	}}
}

func TestTestsGolden(t *testing.T) {
	t.Parallel()
	text := TestsText(sampleTests(), Style{Width: 80})
	golden(t, "tests.txt", text)
	fits(t, text)
	golden(t, "tests-color.txt", TestsText(sampleTests(), Style{Width: 80, Color: true}))
	golden(t, "tests.md", TestsMarkdown(sampleTests()))
	doc, err := TestsJSON(sampleTests())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tests.json", string(doc))
}

func sampleInvocation() Invocation {
	run := sampleTests().Runs[0]
	return Invocation{
		Function: "geo-redirect", Trigger: "viewer-request", Node: "v24.21.0", NodePath: "/usr/bin/node", LoadMS: 2.1, MS: 0.42,
		Result: json.RawMessage(`{"uri":"/a","headers":{"host":[{"key":"Host","value":"b\u0007\u202e"}]}}`),
		Logs:   run.Fixtures[3].Logs, Violations: run.Fixtures[3].Violations,
	}
}

func TestInvocationGolden(t *testing.T) {
	t.Parallel()
	text := InvocationNotes(sampleInvocation(), Style{Width: 80})
	golden(t, "invocation.txt", text)
	fits(t, text)
	golden(t, "invocation.md", InvocationMarkdown(sampleInvocation()))
	doc, err := InvocationJSON(sampleInvocation())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "invocation.json", string(doc))
	failed := Invocation{Function: "f", Trigger: "viewer-request", Node: "v24.21.0", Failure: "Error: no", Stack: "Error: no\n    at f (index.js:1:2)"}
	golden(t, "invocation-failed.txt", InvocationNotes(failed, Style{Width: 80}))
}

// The result on stdout is for programs: the same JSON, with what a terminal
// would obey escaped.
func TestTheResultStaysJSON(t *testing.T) {
	t.Parallel()
	text, err := InvocationResult(Invocation{Result: json.RawMessage("{\"z\":\"\u202e\u009b2J\",\"a\":1}")})
	if want := "{\n  \"z\": \"\\u202e\\u009b2J\",\n  \"a\": 1\n}\n"; err != nil || text != want {
		t.Errorf("got %q (%v), want %q", text, err, want)
	}
	if text, err := InvocationResult(Invocation{}); err != nil || text != "" {
		t.Errorf("no result gives %q, %v", text, err)
	}
	if !strings.Contains(TestsText(Tests{}, Style{}), "0 passed, 0 failed.") {
		t.Error("nothing has no sum")
	}
}

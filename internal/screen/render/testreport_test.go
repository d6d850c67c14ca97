package render

import (
	"encoding/json"
	"html"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/handlers/fixture"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
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
	return Tests{Passed: 3, Failed: 4, Untested: []string{"auth"},
		Uncovered: []Coverage{{Function: "geo-redirect", Trigger: associations.ViewerResponse}},
		Unbound:   []Coverage{{Function: "resize", Trigger: associations.OriginResponse, Fixtures: []string{"small", "with-a-rather-long-name"}}}, Runs: []TestRun{
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
				{Name: "small", Trigger: "origin-response", NotRun: true},
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

// A wrong body is as long as the one that was wanted: the report says how long,
// and the document has it.
func TestAReportStaysReadableWithALargeBody(t *testing.T) {
	t.Parallel()
	wanted, body := `"`+strings.Repeat("w", 201)+`"`, `"`+strings.Repeat("é", 25_000)+`"`
	report := Tests{Failed: 1, Runs: []TestRun{{Function: "f", Fixtures: []TestCase{{Name: "a", Differences: []fixture.Difference{
		{Path: "/body", Want: wanted, Got: body}, {Path: "/headers", Want: `{"a":` + body + `}`, Got: `"` + strings.Repeat("s", 198) + `"`},
	}}}}}}
	for form, text := range map[string]string{
		"80 columns": TestsText(report, Style{Width: 80}), "no limit": TestsText(report, Style{}), "Markdown": html.UnescapeString(TestsMarkdown(report)),
	} {
		for _, want := range []string{"w… (201 bytes)", "é… (50,000 bytes)", "é… (50,008 bytes)"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %s:\n%s", form, want, text)
			}
		}
		if len(text) > 2000 {
			t.Errorf("%s has %d bytes", form, len(text))
		}
		if form == "80 columns" {
			fits(t, text)
		} else if !strings.Contains(text, strings.Repeat("s", 198)+`"`) {
			t.Errorf("%s cuts what has 200 characters:\n%s", form, text)
		}
	}
	if doc, err := TestsJSON(report); err != nil || !strings.Contains(string(doc), strings.Repeat("é", 25_000)) {
		t.Errorf("the document has %d bytes, %v", len(doc), err)
	}
}

func TestTheCauseComesBeforeWhatDiffers(t *testing.T) {
	t.Parallel()
	for level, first := range map[string]bool{"error": true, "warn": false, "log": false} {
		report := Tests{Runs: []TestRun{{Fixtures: []TestCase{{
			Name: "a", Logs: []LogEntry{{"info", "before"}, {level, "it said so"}}, Violations: []result.Violation{{Path: "/uri", Rule: "uri", Severity: result.Error}},
			Differences: []fixture.Difference{{Path: "/status", Want: `"302"`, Got: `"301"`}},
		}}}}}
		text, markdown := TestsText(report, Style{}), TestsMarkdown(report)
		at := strings.Index(text, "it said so")
		if at < 0 || (at < strings.Index(text, "want")) != first {
			t.Errorf("logged at %s, it is in the wrong place:\n%s", level, text)
		}
		if strings.Index(text, "error: uri at /uri") > strings.Index(text, "want") || strings.Index(markdown, "/uri") > strings.Index(markdown, "want") {
			t.Errorf("what is refused comes after what differs:\n%s\n%s", text, markdown)
		}
		if at := strings.Index(markdown, "it said so"); first != (at >= 0 && at < strings.Index(markdown, "want")) {
			t.Errorf("logged at %s, it is in the wrong place:\n%s", level, markdown)
		}
	}
}

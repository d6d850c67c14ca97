package handlers

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
)

var update = flag.Bool("update", false, "write the document anew")

// The other programs that take results of Lambda@Edge functions. Neither judges
// them; what they do with a result is compared.
const (
	offlineVersion = "1.3.1"
	cdkVersion     = "0.147.22"
)

// comparison is a result, what the judge says of it, and what others do with it.
type comparison struct {
	what    string
	trigger result.Trigger
	result  string
	ours    string // "valid", or the rules that it breaks
	offline string
	cdk     string
}

func comparisons() []comparison {
	const request, response = result.ViewerRequest, result.OriginResponse
	return []comparison{
		{"a response as documented", request, `{"status":"200","headers":{"x-a":[{"key":"X-A","value":"1"}]}}`, "valid", "answers 200, x-a: 1", "answers 200, x-a: 1"},
		{"the request", request, `{"clientIp":"203.0.113.178","method":"GET","uri":"/b","querystring":"q=1","headers":{"host":[{"value":"www.example.com"}],"via":[{"value":"2.0 x"}]}}`, "valid", "goes on", "goes on"},
		{"a status as a number", request, `{"status":200}`, "warning status-number", "answers 200", "answers 200"},
		{"a status of 700", request, `{"status":"700","headers":{}}`, "error status", "answers 700", "answers 700"},
		{"null", request, `null`, "error result-object", "throws TypeError", "goes on"},
		{"a response for API Gateway", request, `{"statusCode":200,"body":"x"}`, "error result-kind", "goes on", "goes on"},
		{"the event", request, `{"Records":[]}`, "error result-kind", "goes on", "goes on"},
		{"a disallowed header", request, `{"status":"200","headers":{"keep-alive":[{"value":"1"}]}}`, "error header-disallowed", "answers 200, keep-alive: 1", "answers 200"},
		{"another disallowed header", request, `{"status":"200","headers":{"x-cache":[{"value":"1"}]}}`, "error header-disallowed", "answers 200, x-cache: 1", "answers 200, x-cache: 1"},
		{"a read-only header", request, `{"status":"200","headers":{"via":[{"value":"1"}]}}`, "error header-read-only", "answers 200, via: 1", "answers 200, via: 1"},
		{"a header as a string", request, `{"status":"200","headers":{"x-a":"1"}}`, "error header-list", "throws TypeError", "answers 200, x-a: 1"},
		{"a value as a number", request, `{"status":"200","headers":{"x-a":[{"value":1}]}}`, "error header-value", "answers 200, x-a: 1", "answers 200, x-a: 1"},
		{"a body as an object", request, `{"status":"200","headers":{},"body":{}}`, "error body", "answers 200", "answers 200"},
		{"a body that is no base64", request, `{"status":"200","headers":{},"body":"?","bodyEncoding":"base64"}`, "error body-encoding", "answers 200", "answers 200"},
		{"a body of more than 40 KB", request, `{"status":"200","headers":{},"body":"` + strings.Repeat("x", 40<<10+1) + `"}`, "error response-size", "answers 200", "answers 200"},
		{"another method", request, `{"clientIp":"203.0.113.178","method":"PUT","uri":"/docs","querystring":"q=1","headers":{"host":[{"value":"www.example.com"}],"via":[{"value":"2.0 x"}]}}`, "error request-read-only", "goes on", "goes on"},
		{"a uri without /", request, `{"clientIp":"203.0.113.178","method":"GET","uri":"b","querystring":"q=1","headers":{"host":[{"value":"www.example.com"}],"via":[{"value":"2.0 x"}]}}`, "error uri", "goes on", "goes on"},
		{"a request without its read-only headers", request, `{"clientIp":"203.0.113.178","method":"GET","uri":"/b","querystring":"q=1","headers":{}}`, "error header-read-only, error header-read-only", "goes on", "goes on"},
		{"a status as a number, for the origin's", response, `{"status":302,"statusDescription":"OK","headers":{"via":[{"value":"1.1 x"}]}}`, "valid", "answers 302, via: 1.1 x", "answers 302, via: 1.1 x"},
		{"a response without the origin's read-only header", response, `{"status":"200","headers":{}}`, "error header-read-only", "answers 200", "answers 200"},
		{"undefined headers", response, `{"status":"200"}`, "error header-read-only", "answers 200", "answers 200, server: x, via: 1.1 x"},
	}
}

func judgedAs(t *testing.T, c comparison) string {
	t.Helper()
	event, err := json.Marshal(awsExample{trigger: c.trigger}.event())
	if err != nil {
		t.Fatal(err)
	}
	e, err := result.ParseEvent(event)
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, v := range result.Judge(e, result.Returned{JSON: []byte(c.result)}) {
		rules = append(rules, string(v.Severity)+" "+v.Rule)
	}
	if len(rules) == 0 {
		return "valid"
	}
	return strings.Join(rules, ", ")
}

const (
	emulatorsBegin = "<!-- Below: written by `go test ./integration/handlers -run TestOthersAreComparedInTheDocument -update` -->\n"
	emulatorsEnd   = "<!-- End of what is compared. -->\n"
)

// What stands in the document is what the judge says; what the others do is
// checked where they are installed.
func TestOthersAreComparedInTheDocument(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	fmt.Fprintf(&b, "\n| a function returns | edgedeploy | serverless-offline-edge-lambda %s | cdk-local %s |\n|---|---|---|---|\n", offlineVersion, cdkVersion)
	for _, c := range comparisons() {
		if got := judgedAs(t, c); got != c.ours {
			t.Errorf("%s: the judge says %q, and the table %q", c.what, got, c.ours)
		}
		fmt.Fprintf(&b, "| %s, %s | %s | %s | %s |\n", c.what, c.trigger, c.ours, c.offline, c.cdk)
	}
	b.WriteString("\n")
	const name = "../../docs/testing.md"
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(doc), emulatorsBegin)
	got, tail, ended := strings.Cut(rest, emulatorsEnd)
	if !found || !ended {
		t.Fatalf("%s has lost the line %q or %q", name, emulatorsBegin, emulatorsEnd)
	}
	if *update {
		if err := os.WriteFile(name, []byte(head+emulatorsBegin+b.String()+emulatorsEnd+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), got); diff != "" {
		t.Errorf("%s is not what the comparison says; write it anew with -update:\n%s", name, diff)
	}
}

func TestOthersDoWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("EDGEDEPLOY_TEST_EMULATORS")
	if dir == "" {
		t.Skipf("NOT RUN: it needs 500 MB of npm packages; npm install --prefix DIR --ignore-scripts serverless-offline-edge-lambda@%s cdk-local@%s, and export EDGEDEPLOY_TEST_EMULATORS=DIR", offlineVersion, cdkVersion)
	}
	for name, want := range map[string]string{"serverless-offline-edge-lambda": offlineVersion, "cdk-local": cdkVersion} {
		var manifest struct{ Version string }
		doc, err := os.ReadFile(filepath.Join(dir, "node_modules", name, "package.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(doc, &manifest); err != nil || manifest.Version != want {
			t.Fatalf("%s is %s there, and was compared as %s: %v", name, manifest.Version, want, err)
		}
	}
	var asked []object
	for _, c := range comparisons() {
		asked = append(asked, object{"trigger": c.trigger, "event": awsExample{trigger: c.trigger}.event(), "result": json.RawMessage(c.result)})
	}
	in, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	onEachNode(t, func(t *testing.T, node string) {
		cmd := exec.CommandContext(t.Context(), node, "testdata/emulators/drive.mjs", dir)
		var stderr bytes.Buffer
		cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		var got []struct{ Offline, CDK string }
		if err := json.Unmarshal(out, &got); err != nil || len(got) != len(asked) {
			t.Fatalf("%d answers for %d results: %v", len(got), len(asked), err)
		}
		for i, c := range comparisons() {
			if got[i].Offline != c.offline || got[i].CDK != c.cdk {
				t.Errorf("%s: they do %q and %q, and the document says %q and %q", c.what, got[i].Offline, got[i].CDK, c.offline, c.cdk)
			}
		}
	})
}

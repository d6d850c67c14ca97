package handlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// The bytes interface and WASI together, from a language with a runtime.
func TestGoSpeaksTheBytesInterface(t *testing.T) {
	t.Parallel()
	b := goModule(t, "integration/handlers/testdata/gobytes", ".", bundle.Function{Config: map[string]any{"name": "grün"}})
	if b.ABI != bundle.Bytes {
		t.Fatalf("it was taken for %s", b.ABI)
	}
	at := func(uri string, e object) object {
		subject(e, "request")["uri"] = uri
		return e
	}
	changed := withBody(at("/a", event("viewer-request", "")), []byte("12345"))
	same, panics := at("/same", event("origin-request", "")), at("/panic", event("viewer-request", ""))
	response := at("/a", event("viewer-response", ""))
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, changed, same, panics, response)
		if diff := cmp.Diff([]logged{{"log", "configured grün"}}, s.LoadLogs); s.Load != "" || diff != "" {
			t.Fatalf("load %q, logs: -want +got\n%s", s.Load, diff)
		}
		logs := [][]string{
			{"viewer-request /a 5"}, {"origin-request /same 5"}, {"viewer-request /panic 5"},
			{"configured grün", "viewer-response /a 0"}, // another instance
		}
		for i, o := range s.Outcomes {
			if diff := cmp.Diff(logs[i], o.texts("log")); diff != "" {
				t.Errorf("event %d: logs: -want +got\n%s", i, diff)
			}
		}
		want := subject(changed, "request")
		headers := want["headers"].(object)
		got := s.Outcomes[0].Result
		if got["uri"] != "/go/a" || got["headers"].(object)["cookie"] != nil || headers["cookie"] == nil {
			t.Errorf("the request became %v", got)
		}
		if diff := cmp.Diff(subject(same, "request"), s.Outcomes[1].Result); diff != "" {
			t.Errorf("what returns 0 changes nothing: -want +got\n%s", diff)
		}
		if log := strings.Join(s.Outcomes[2].texts("error"), "\n"); s.Outcomes[2].Error == "" || !strings.Contains(log, "panic: it was asked for") || !strings.Contains(log, "gobytes/main.go:") {
			t.Errorf("a panic: error %q, logged %s", s.Outcomes[2].Error, log)
		}
		if diff := cmp.Diff(values("X-Name", "grün"), s.Outcomes[3].Result["headers"].(object)["x-name"]); diff != "" {
			t.Errorf("the response after it: -want +got\n%s", diff)
		}
	})
}

package result

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawEvent makes an event as CloudFront could: with headers that no function
// may add, values that no function may set, members that nobody knows.
func drawEvent(t *rapid.T) Event {
	trigger := rapid.SampledFrom(Triggers()).Draw(t, "trigger")
	request := obj{
		"clientIp": rapid.String().Draw(t, "clientIp"), "method": rapid.SampledFrom([]string{"GET", "POST", "get"}).Draw(t, "method"),
		"uri": "/" + rapid.String().Draw(t, "uri"), "querystring": rapid.String().Draw(t, "querystring"), "headers": drawHeaders(t),
	}
	if rapid.Bool().Draw(t, "with body") {
		request["body"] = obj{
			"action": "read-only", "encoding": rapid.SampledFrom([]string{"base64", "text"}).Draw(t, "encoding"),
			"data": rapid.String().Draw(t, "data"), "inputTruncated": rapid.Bool().Draw(t, "truncated"),
		}
	}
	if trigger == OriginRequest || trigger == OriginResponse {
		kind := rapid.SampledFrom([]string{"custom", "s3"}).Draw(t, "kind")
		request["origin"] = obj{kind: obj{
			"domainName": rapid.String().Draw(t, "domain"), "path": rapid.String().Draw(t, "path"), "customHeaders": drawHeaders(t),
			"port": rapid.IntRange(0, 1<<17).Draw(t, "port"), "new": rapid.Bool().Draw(t, "new"),
		}}
	}
	cf := obj{"config": obj{"eventType": trigger}, "request": request}
	if !trigger.request() {
		cf["response"] = obj{
			"status": rapid.SampledFrom([]string{"200", "404", "600", "100"}).Draw(t, "status"), "headers": drawHeaders(t),
			"statusDescription": rapid.String().Draw(t, "description"), "later": nil,
		}
	}
	doc, err := json.Marshal(cf)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ParseEvent(doc)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func drawHeaders(t *rapid.T) map[string]any {
	names := rapid.SampledFrom([]string{"host", "via", "x-cache", "x-edge-a", "x-amz-cf-id", "transfer-encoding", "accept", "cookie", "X-Odd", "a b"})
	headers := obj{}
	for _, name := range rapid.SliceOfN(names, 0, 6).Draw(t, "names") {
		var list []any
		for _, value := range rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "values") {
			list = append(list, obj{"key": strings.ToUpper(name), "value": value})
		}
		headers[name] = append([]any{}, list...)
	}
	return headers
}

func own(t *rapid.T, e Event) map[string]any {
	from := e.response
	if e.Trigger.request() {
		from = e.request
	}
	doc, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func judgeValue(t *rapid.T, e Event, v any) []Violation {
	return Judge(e, Returned{JSON: marshal(t, v)})
}

func marshal(t *rapid.T, v any) []byte {
	doc, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestWhatCloudFrontSentItTakesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		if got := judgeValue(t, e, own(t, e)); len(got) > 0 {
			t.Fatalf("the unchanged %s violates %v", e.Trigger, got)
		}
	})
}

// fault is a mistake that handlers make, where it can be made.
type fault struct {
	rule  string
	fits  func(e Event) bool
	plant func(got map[string]any)
}

func faults() []fault {
	always := func(Event) bool { return true }
	request := func(e Event) bool { return e.Trigger.request() }
	atOrigin := func(e Event) bool { return e.Trigger == OriginRequest }
	header := func(name string, v any) func(map[string]any) {
		return func(got map[string]any) { got["headers"].(map[string]any)[name] = v }
	}
	entry := func(v any) []any { return []any{obj{"value": v}} }
	return []fault{
		{ruleDisallowed, always, header("x-amz-cf-planted", entry("1"))},
		{ruleHeaderLocked, always, header("via", entry("planted"))},
		{ruleHeaderList, always, header("x-list", "planted")},
		{ruleHeaderShape, always, header("x-shape", []any{"planted"})},
		{ruleHeaderValue, always, header("x-value", entry("a\nb"))},
		{ruleHeaderName, always, header("x name", entry("1"))},
		{ruleNull, always, header("x-null", entry(nil))},
		{ruleURI, request, func(got map[string]any) { got["uri"] = "planted" }},
		{ruleQuery, request, func(got map[string]any) { got["querystring"] = "a b" }},
		{ruleReadOnly, request, func(got map[string]any) { got["method"] = "PLANTED" }},
		{ruleRequestBody, request, func(got map[string]any) { got["body"] = "planted" }},
		{ruleOriginKind, atOrigin, func(got map[string]any) { got["origin"] = obj{} }},
		{ruleOriginPlace, func(e Event) bool { return e.Trigger == ViewerRequest }, func(got map[string]any) { got["origin"] = obj{"s3": obj{}} }},
		{ruleStatus, func(e Event) bool { return !e.Trigger.request() }, func(got map[string]any) { got["status"] = 200.5 }},
		{ruleBody, func(e Event) bool { return e.Trigger == OriginResponse }, func(got map[string]any) { got["body"] = obj{} }},
		{ruleSize, func(e Event) bool { return e.Trigger == OriginResponse }, func(got map[string]any) { got["body"] = strings.Repeat("x", 1<<20+1) }},
	}
}

// Whatever the event was, and whatever else is wrong.
func TestAPlantedFaultIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		got := own(t, e)
		var want []string
		body := false // two faults in one body hide each other
		for _, f := range faults() {
			ofBody := f.rule == ruleBody || f.rule == ruleSize
			if !f.fits(e) || !rapid.Bool().Draw(t, "plant "+f.rule) || ofBody && body {
				continue
			}
			body = body || ofBody
			f.plant(got)
			want = append(want, f.rule)
		}
		found := judgeValue(t, e, got)
		for _, rule := range want {
			if !slices.ContainsFunc(found, func(v Violation) bool { return v.Rule == rule && v.Severity == Error }) {
				t.Errorf("%s was planted at %s, and is not in %v", rule, e.Trigger, found)
			}
		}
		if Refused(found) != (len(want) > 0) {
			t.Errorf("%d faults planted, refused: %v", len(want), found)
		}
		if diff := cmp.Diff(found, judgeValue(t, e, got)); diff != "" {
			t.Errorf("judged again: %s", diff)
		}
	})
}

// FuzzValidate gives any bytes as event and result.
func FuzzValidate(f *testing.F) {
	for _, t := range Triggers() {
		f.Add([]byte(fixture(t)), []byte(`{"status":"200","headers":{"a":[{"key":"A","value":"1"}]},"body":"eA==","bodyEncoding":"base64"}`), "/headers", "Map")
		f.Add([]byte(fixture(t)), []byte(`{"method":"POST","uri":"/b","querystring":"","headers":{},"body":{"action":"replace","data":"eA"},"origin":{"s3":{"authMethod":"none"}}}`), "", "undefined")
	}
	const small = 4 << 10 // large inputs slow it down and find nothing else
	for _, e := range edits() {
		doc, err := json.Marshal(put(subject(f, parse(f, fixture(e.trigger))), e.path, e.value))
		if err != nil {
			f.Fatal(err)
		}
		if len(doc) < small {
			f.Add([]byte(fixture(e.trigger)), doc, e.path, "Map")
		}
	}
	f.Fuzz(func(t *testing.T, event, result []byte, path, kind string) {
		e, err := ParseEvent(event)
		if err != nil {
			return
		}
		for _, r := range []Returned{{JSON: result}, {JSON: result, Hidden: []Hidden{{Path: path, Kind: kind}}}} {
			for _, v := range Judge(e, r) {
				fitsTable(t, e, v)
				if v.Path != "" && v.Path[0] != '/' && v.Path != path {
					t.Errorf("%+v", v)
				}
			}
		}
		if again, err := ParseEvent(e.JSON()); err != nil || again.Trigger != e.Trigger {
			t.Errorf("the event does not survive: %v", err)
		}
		sent := e.response
		if e.Trigger.request() {
			sent = e.request
		}
		_, status := sent["status"]
		if status == e.Trigger.request() || e.Trigger.request() && !hasAny(sent, "method", "uri") {
			return // no request or response as CloudFront sends them
		}
		doc, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		if got := Judge(e, Returned{JSON: doc}); len(got) > 0 && !hasAny(sent, "Records", "cf", "request") {
			t.Errorf("the unchanged event violates %v", got)
		}
	})
}

package result

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Any JSON at all is judged: without a panic, and with findings that the table
// of rules has.
func TestAnyJSONIsJudged(t *testing.T) {
	t.Parallel()
	kinds := rapid.SampledFrom([]Hidden{
		{Kind: "undefined"}, {Kind: "function"}, {Kind: "NaN"}, {Kind: "Headers", How: Emptied}, {Kind: "", How: Opaque},
		{Kind: "Buffer", How: Spelled}, {Kind: "Date", How: Dated}, {Kind: "Answer", How: Unlisted}, {Kind: "x", How: "y"},
	})
	paths := rapid.SampledFrom([]string{"", "/status", "/headers", "/headers/a", "/headers/a/0", "/headers/a/0/value", "/body", "/body/data", "/origin", "/origin/custom/port", "x"})
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		result := drawJSON(t, 4)
		if rapid.Bool().Draw(t, "of the event") {
			from := own(t, e)
			for _, key := range sorted(from) {
				if rapid.Bool().Draw(t, "other "+key) {
					from[key] = drawJSON(t, 4)
				}
			}
			result = from
		}
		r := Returned{JSON: marshal(t, result)}
		for range rapid.IntRange(0, 3).Draw(t, "hidden") {
			h := kinds.Draw(t, "kind")
			h.Path = paths.Draw(t, "path")
			r.Hidden = append(r.Hidden, h)
		}
		for _, v := range Judge(e, r) {
			fitsTable(t, e, v)
		}
	})
}

// drawJSON makes a value of any kind, with the names that the judge looks for.
func drawJSON(t *rapid.T, depth int) any {
	most := 6
	if depth == 0 {
		most = 4
	}
	switch rapid.IntRange(0, most).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.OneOf(rapid.Float64Range(-1e300, 1e300), rapid.Map(rapid.IntRange(-1, 700), func(n int) float64 { return float64(n) })).Draw(t, "number")
	case 3, 4:
		return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "200", "text", "base64", "replace", "read-only", "/", "?a", "gzip", "image/png", "a=1, b=2"})).Draw(t, "text")
	case 5:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			list = append(list, drawJSON(t, depth-1))
		}
		return list
	default:
		names := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"status", "statusDescription", "statusCode", "headers", "body", "bodyEncoding", "uri", "querystring", "method", "clientIp", "origin",
			"custom", "s3", "customHeaders", "domainName", "port", "path", "sslProtocols", "action", "encoding", "data", "key", "value",
			"set-cookie", "content-type", "content-encoding", "via", "Host", "Records", "cf",
		}))
		object := obj{}
		for range rapid.IntRange(0, 6).Draw(t, "members") {
			object[names.Draw(t, "name")] = drawJSON(t, depth-1)
		}
		return object
	}
}

// A result that keeps to what AWS documents has no finding, not even a warning.
func TestWhatAWSDocumentsIsValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, err := ParseEvent([]byte(fixture(rapid.SampledFrom(Triggers()).Draw(t, "trigger"))))
		if err != nil {
			t.Fatal(err)
		}
		got := own(t, e)
		switch {
		case e.Trigger.request() && rapid.Bool().Draw(t, "generate"):
			got = obj{}
			drawResponse(t, e.Trigger, got)
		case e.Trigger.request():
			drawRequest(t, e.Trigger, got)
		case e.Trigger == OriginResponse:
			drawResponse(t, e.Trigger, got)
		default:
			documentedHeaders(t, got)
		}
		if found := judgeValue(t, e, got); len(found) > 0 {
			t.Errorf("at %s, %s violates %+v", e.Trigger, marshal(t, got), found)
		}
	})
}

// documentedHeaders adds headers that any trigger may add, in any documented
// spelling, and takes one away that is not read-only anywhere.
func documentedHeaders(t *rapid.T, got map[string]any) {
	headers, there := got["headers"].(map[string]any)
	if !there {
		headers = obj{}
	}
	names := rapid.OneOf(rapid.SampledFrom([]string{"set-cookie", "location", "cache-control", "x-amz-meta-a"}), rapid.StringMatching(`x-[a-z0-9][a-z0-9-]{0,10}`)).
		Filter(func(name string) bool { return !disallowed(name) })
	for range rapid.IntRange(0, 4).Draw(t, "headers") {
		name := names.Draw(t, "name")
		var list []any
		for range rapid.IntRange(1, 3).Draw(t, "values") {
			entry := obj{"value": rapid.StringMatching(`[a-zA-Z0-9;=/"() .-]{0,30}`).Draw(t, "value")}
			if key := rapid.SampledFrom([]string{"", name, strings.ToUpper(name)}).Draw(t, "key"); key != "" {
				entry["key"] = key
			}
			list = append(list, entry)
		}
		headers[name] = list
	}
	for _, name := range []string{"cookie", "server"} {
		if rapid.Bool().Draw(t, "delete "+name) {
			delete(headers, name)
		}
	}
	got["headers"] = headers
}

func drawResponse(t *rapid.T, at Trigger, got map[string]any) {
	status := rapid.IntRange(200, 599).Draw(t, "status")
	got["status"] = strconv.Itoa(status)
	if at == OriginResponse && rapid.Bool().Draw(t, "as a number") {
		got["status"] = status
	}
	if rapid.Bool().Draw(t, "described") {
		got["statusDescription"] = rapid.StringMatching(`[A-Za-z ]{0,20}`).Draw(t, "description")
	}
	documentedHeaders(t, got)
	headers := got["headers"].(map[string]any)
	body := rapid.SliceOfN(rapid.Byte(), 0, 500).Draw(t, "body")
	switch kind := rapid.IntRange(0, 3).Draw(t, "kind of body"); {
	case kind == 0 || status == 204 && at == ViewerRequest:
	case kind == 1:
		headers["content-type"] = []any{obj{"key": "Content-Type", "value": "text/html; charset=utf-8"}}
		got["body"] = rapid.StringN(0, 500, -1).Draw(t, "text")
		if rapid.Bool().Draw(t, "said to be text") {
			got["bodyEncoding"] = "text"
		}
	default:
		headers["content-type"] = []any{obj{"value": rapid.SampledFrom([]string{"image/png", "font/woff2", "text/css", "application/octet-stream"}).Draw(t, "type")}}
		if rapid.Bool().Draw(t, "compressed") {
			headers["content-encoding"] = []any{obj{"value": rapid.SampledFrom([]string{"gzip", "br"}).Draw(t, "coding")}}
		}
		got["body"], got["bodyEncoding"] = base64.StdEncoding.EncodeToString(body), "base64"
	}
}

func drawRequest(t *rapid.T, at Trigger, got map[string]any) {
	documentedHeaders(t, got)
	got["uri"] = "/" + rapid.StringMatching(`[a-zA-Z0-9/._~%äö-]{0,40}`).Draw(t, "uri")
	got["querystring"] = rapid.StringMatching(`([a-z0-9]+=[a-zA-Z0-9%+?/ü-]*(&[a-z]+=[0-9]*){0,3})?`).Draw(t, "query")
	body := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "request body")
	switch rapid.IntRange(0, 2).Draw(t, "replaced") {
	case 1:
		got["body"] = obj{"action": "replace", "encoding": "text", "data": rapid.String().Draw(t, "data"), "inputTruncated": false}
	case 2:
		got["body"] = obj{"action": "replace", "encoding": "base64", "data": base64.StdEncoding.EncodeToString(body), "inputTruncated": false}
	}
	if at != OriginRequest {
		return
	}
	path := rapid.SampledFrom([]string{"", "/a", "/a/b%20c"}).Draw(t, "path")
	own := obj{}
	if rapid.Bool().Draw(t, "own header") {
		own["my-header"] = []any{obj{"key": "My-Header", "value": "1"}}
	}
	domain := fmt.Sprintf("%s.example.com", rapid.StringMatching(`[a-z][a-z0-9]{0,10}`).Draw(t, "domain"))
	switch rapid.IntRange(0, 2).Draw(t, "origin") {
	case 1:
		got["origin"] = obj{"custom": obj{
			"customHeaders": own, "domainName": domain, "path": path,
			"port":     rapid.OneOf(rapid.SampledFrom([]int{80, 443}), rapid.IntRange(1024, 65535)).Draw(t, "port"),
			"protocol": rapid.SampledFrom([]string{"http", "https"}).Draw(t, "protocol"), "sslProtocols": []any{"TLSv1", "TLSv1.2"},
			"readTimeout": rapid.IntRange(4, 60).Draw(t, "read"), "keepaliveTimeout": rapid.IntRange(1, 60).Draw(t, "keep"),
		}}
	case 2:
		domain = "bucket.s3." + rapid.SampledFrom([]string{"", "eu-west-1."}).Draw(t, "region") + "amazonaws.com"
		got["origin"] = obj{"s3": obj{"customHeaders": own, "domainName": domain, "path": path, "authMethod": "none", "region": ""}}
	default:
		return
	}
	got["headers"].(map[string]any)["host"] = []any{obj{"key": "host", "value": domain}}
}

package handlers

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

const probeModule = "integration/handlers/probe/probe.wasm"

func probe(t *testing.T, f bundle.Function) bundle.Bundle {
	t.Helper()
	f.Name, f.Wasm = "probe", probeModule
	return build(t, f)
}

// event makes a small event that tells the probe what to do, one command a
// line. Everything in it can be seen in a test's expectations.
func event(trigger, commands string) object {
	var do []any
	for _, c := range fields(commands) {
		do = append(do, object{"key": "X-Do", "value": c})
	}
	request := object{
		"clientIp": "203.0.113.7", "method": "POST", "uri": "/a", "querystring": "q=1",
		"headers": object{
			"host":   values("Host", "example.com"),
			"cookie": values("Cookie", "a=1", "b=2"),
		},
	}
	if len(do) > 0 {
		request["headers"].(object)["x-do"] = do
	}
	cf := object{
		"config": object{
			"distributionDomainName": "d1.cloudfront.net", "distributionId": "E1",
			"eventType": trigger, "requestId": "id==",
		},
		"request": request,
	}
	if strings.HasPrefix(trigger, "origin") {
		request["origin"] = object{"custom": object{
			"customHeaders": object{"x-env": values("X-Env", "prod")},
			"domainName":    "origin.example.com", "keepaliveTimeout": 5.0, "path": "/app", "port": 443.0,
			"protocol": "https", "readTimeout": 30.0, "sslProtocols": []any{"TLSv1.1", "TLSv1.2"},
		}}
	}
	if strings.HasSuffix(trigger, "response") {
		cf["response"] = object{
			"status": "404", "statusDescription": "Not Found",
			"headers": object{"set-cookie": values("Set-Cookie", "s=1", "s=2"), "server": values("Server", "x")},
		}
	}
	return object{"Records": []any{object{"cf": cf}}}
}

func values(key string, all ...string) []any {
	var out []any
	for _, v := range all {
		out = append(out, object{"key": key, "value": v})
	}
	return out
}

// withBody gives an event's request a body, encoded as CloudFront does.
func withBody(e object, data []byte) object {
	at(e, "Records", "0", "cf", "request").(object)["body"] = object{
		"action": "read-only", "encoding": "base64", "inputTruncated": false,
		"data": base64.StdEncoding.EncodeToString(data),
	}
	return e
}

// subject is what a trigger passes on.
func subject(e object, member string) object { return at(e, "Records", "0", "cf", member).(object) }

func TestHostFunctionsRead(t *testing.T) {
	t.Parallel()
	b := probe(t, bundle.Function{Config: map[string]any{
		"word": "grüße 🌍", "number": 1.5, "flag": false, "nothing": nil, "list": []any{"a", 1},
		"empty": "", "__proto__": "own", "map": map[string]any{"k": "v"},
	}})
	tests := map[string]struct {
		trigger, commands string
		want              string
	}{
		"fields of a request": {"viewer-request",
			"get method\n get uri\n get querystring\n get client-ip\n get request-id\n get distribution-id\n get distribution-domain",
			"=POST\n=/a\n=q=1\n=203.0.113.7\n=id==\n=E1\n=d1.cloudfront.net"},
		"no response and no origin at viewer-request": {"viewer-request",
			"get status\n get status-description\n get origin-kind\n get origin-domain\n get origin-port\n header response server 0\n count response\n count origin",
			"absent\nabsent\nabsent\nabsent\nabsent\nabsent\n0\n0"},
		"a custom origin": {"origin-request",
			"get origin-kind\n get origin-domain\n get origin-path\n get origin-protocol\n get origin-port\n get origin-read-timeout\n get origin-keepalive-timeout\n get origin-ssl-protocols\n get origin-region\n get origin-auth-method\n header origin X-Env 0\n count origin",
			"=custom\n=origin.example.com\n=/app\n=https\n=443\n=30\n=5\n=TLSv1.1,TLSv1.2\nabsent\nabsent\n=prod\n1"},
		"a response and its request": {"viewer-response",
			"event\n get status\n get status-description\n header response set-cookie 1\n header request host 0\n get uri",
			"3\n=404\n=Not Found\n=s=2\n=example.com\n=/a"},
		"header names in any case":  {"viewer-request", "header request COOKIE 0\n header request cookie 1", "=a=1\n=b=2"},
		"a value that is not there": {"viewer-request", "header request cookie 2\n header request accept 0\n header request constructor 0", "absent\nabsent\nabsent"},
		"all headers in turn": {"origin-response", "count response\n at response 0\n at response 1\n at response 2\n at response 3",
			"3\n=server: x\n=set-cookie: s=1\n=set-cookie: s=2\nabsent"},
		"a list after a change": {"viewer-response",
			"count response\n append-header response X-New 1\n count response\n at response 3\n remove-header response set-cookie\n at response 0",
			"3\n4\n=x-new: 1\n=server: x"},
		"lists of two holders": {"viewer-response", "at response 0\n at request 0\n at response 0", "=server: x\n=cookie: a=1\n=server: x"},
		"configuration": {"viewer-request",
			"config word\n config number\n config flag\n config nothing\n config list\n config empty\n config map\n config missing\n config __proto__\n config toString",
			"=grüße 🌍\n=1.5\n=false\n=null\n=[\"a\",1]\n=\n={\"k\":\"v\"}\nabsent\n=own\nabsent"},
		"no body":                   {"viewer-request", "body\n truncated", "absent\nno"},
		"memory that has grown":     {"viewer-request", "get uri\n grow 50\n get uri\n config word", "=/a\n=/a\n=grüße 🌍"},
		"what was written before":   {"viewer-request", "set uri /ü?x\n get uri\n put-header request Host b\n header request host 0", "=/ü?x\n=b"},
		"a response being built":    {"viewer-request", "respond 404\n get status\n get status-description\n count response", "=404\nabsent\n0"},
		"numbers of the events":     {"viewer-request", "event", "0"},
		"number of origin-request":  {"origin-request", "event", "1"},
		"number of origin-response": {"origin-response", "event", "2"},
	}
	onEachNode(t, func(t *testing.T, node string) {
		var names []string
		var events []object
		for name, tt := range tests {
			names, events = append(names, name), append(events, event(tt.trigger, tt.commands))
		}
		s := run(t, node, b, events...)
		for i, o := range s.Outcomes {
			if o.Error != "" {
				t.Errorf("%s: %s", names[i], o.Error)
			}
			if diff := cmp.Diff(fields(tests[names[i]].want), o.texts("info")); diff != "" {
				t.Errorf("%s: -want +got\n%s", names[i], diff)
			}
		}
	})
}

func TestHostFunctionsChange(t *testing.T) {
	t.Parallel()
	b := probe(t, bundle.Function{})
	request := func(edit func(object)) func(object) object {
		return func(e object) object { r := subject(e, "request"); edit(r); return r }
	}
	response := func(edit func(object)) func(object) object {
		return func(e object) object { r := subject(e, "response"); edit(r); return r }
	}
	headers := func(o object) object { return o["headers"].(object) }
	custom := func(o object) object { return at(o, "origin", "custom").(object) }
	answer := func(o object) func(object) object { return func(object) object { return o } }
	tests := map[string]struct {
		trigger, commands string
		want              func(e object) object // from the event as it was sent
	}{
		"nothing asked, nothing changed":                             {"viewer-request", "", request(func(object) {})},
		"a response left alone has no body, so the origin's is kept": {"origin-response", "", response(func(object) {})},
		"uri and querystring":                                        {"viewer-request", "set uri /b/ü\n set querystring", request(func(r object) { r["uri"], r["querystring"] = "/b/ü", "" })},
		"a header from constants":                                    {"viewer-request", "set-header request X-A b c", request(func(r object) { headers(r)["x-a"] = values("X-A", "b c") })},
		"a repeated header": {"viewer-response", "append-header response set-cookie s=3", response(func(r object) {
			headers(r)["set-cookie"] = append(values("Set-Cookie", "s=1", "s=2"), values("set-cookie", "s=3")...)
		})},
		"a header put over two":           {"viewer-response", "put-header response Set-Cookie s=9", response(func(r object) { headers(r)["set-cookie"] = values("Set-Cookie", "s=9") })},
		"an empty value":                  {"viewer-response", "put-header response X-Empty", response(func(r object) { headers(r)["x-empty"] = values("X-Empty", "") })},
		"a header removed":                {"viewer-response", "remove-header response SERVER\n remove-header response never", response(func(r object) { delete(headers(r), "server") })},
		"unicode in a value":              {"viewer-request", "put-header request X-City Zürich 🌍", request(func(r object) { headers(r)["x-city"] = values("X-City", "Zürich 🌍") })},
		"a status without the old words":  {"origin-response", "set status 200", response(func(r object) { r["status"] = "200"; delete(r, "statusDescription") })},
		"the same status keeps its words": {"origin-response", "set status 404", response(func(object) {})},
		"a status with words of its own":  {"origin-response", "set status 418\n set status-description I'm a teapot", response(func(r object) { r["status"], r["statusDescription"] = "418", "I'm a teapot" })},
		"a body for an error":             {"origin-response", "set-text sorry ü", response(func(r object) { r["body"], r["bodyEncoding"] = "sorry ü", "text" })},
		"a body removed":                  {"origin-response", "set-text", response(func(r object) { r["body"], r["bodyEncoding"] = "", "text" })},
		"a body of bytes":                 {"origin-response", "set-bytes 00ff80", response(func(r object) { r["body"], r["bodyEncoding"] = "AP+A", "base64" })},
		"another origin": {"origin-request",
			"set origin-domain other.example.com\n set origin-path\n set origin-protocol http\n set origin-port 8080\n set origin-read-timeout 10\n set origin-keepalive-timeout 3\n set origin-ssl-protocols TLSv1.2\n put-header request Host other.example.com",
			request(func(r object) {
				c := custom(r)
				c["domainName"], c["path"], c["protocol"], c["port"] = "other.example.com", "", "http", 8080.0
				c["readTimeout"], c["keepaliveTimeout"], c["sslProtocols"] = 10.0, 3.0, []any{"TLSv1.2"}
				headers(r)["host"] = values("Host", "other.example.com")
			})},
		"headers for the origin": {"origin-request", "append-header origin X-Env extra\n put-header origin X-New 1",
			request(func(r object) {
				custom(r)["customHeaders"] = object{"x-env": values("X-Env", "prod", "extra"), "x-new": values("X-New", "1")}
			})},
		"a custom origin that becomes S3": {"origin-request",
			"set origin-kind s3\n set origin-domain b.s3.eu-west-1.amazonaws.com\n set origin-region eu-west-1\n get origin-auth-method",
			request(func(r object) {
				r["origin"] = object{"s3": object{
					"authMethod": "none", "customHeaders": custom(r)["customHeaders"], "path": "/app",
					"domainName": "b.s3.eu-west-1.amazonaws.com", "region": "eu-west-1",
				}}
			})},
		"the kind of origin it is already": {"origin-request", "set origin-kind custom", request(func(object) {})},
		"there and back again": {"origin-request", "set origin-kind s3\n set origin-kind custom",
			request(func(r object) {
				c := custom(r)
				c["keepaliveTimeout"], c["readTimeout"], c["sslProtocols"] = 5.0, 30.0, []any{"TLSv1.2"}
			})},
		"an answer": {"viewer-request", "respond 302\n set status-description Found\n put-header response Location /x\n append-header response Set-Cookie a\n append-header response Set-Cookie b\n return 1",
			answer(object{"status": "302", "statusDescription": "Found", "headers": object{
				"location": values("Location", "/x"), "set-cookie": values("Set-Cookie", "a", "b")}})},
		"an answer with a body":         {"origin-request", "respond 200\n set-text <p>hi</p>\n return 1", answer(object{"status": "200", "headers": object{}, "body": "<p>hi</p>", "bodyEncoding": "text"})},
		"an answer begun anew":          {"viewer-request", "respond 200\n set-text x\n respond 410\n return 1", answer(object{"status": "410", "headers": object{}})},
		"an answer that is not sent":    {"viewer-request", "respond 500\n put-header response X-A b", request(func(object) {})},
		"edits beside an unsent answer": {"viewer-request", "respond 500\n set uri /c", request(func(r object) { r["uri"] = "/c" })},
	}
	onEachNode(t, func(t *testing.T, node string) {
		var names []string
		var events []object
		for name, tt := range tests {
			names, events = append(names, name), append(events, event(tt.trigger, tt.commands))
		}
		s := run(t, node, b, events...)
		for i, o := range s.Outcomes {
			if o.Error != "" {
				t.Errorf("%s: %s", names[i], o.Error)
			}
			if diff := cmp.Diff(tests[names[i]].want(events[i]), o.Result); diff != "" {
				t.Errorf("%s: -want +got\n%s", names[i], diff)
			}
		}
	})
}

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	b := probe(t, bundle.Function{})
	large := make([]byte, 1<<20)
	for i := range large {
		large[i] = byte(i * i >> 3)
	}
	hash := fnv.New64a()
	if _, err := hash.Write(large); err != nil {
		t.Fatal(err)
	}
	cut := withBody(event("viewer-request", "truncated"), []byte("x"))
	subject(cut, "request")["body"].(object)["inputTruncated"] = true
	events := []object{
		withBody(event("viewer-request", "body\n truncated"), []byte("a=ü&b=🌍")),
		withBody(event("viewer-request", "body"), nil),
		cut,
		withBody(event("origin-request", "body-sum\n echo-bytes"), large),
		withBody(event("origin-request", "echo-text\n body"), []byte("ü")),
		withBody(event("viewer-request", "set-text new ü\n body"), []byte("old")),
		withBody(event("viewer-request", "set-text"), []byte("old")),
		withBody(event("viewer-request", "respond 200\n set-text answer\n return 1"), []byte("question")),
	}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		logs := [][]string{
			{"=a=ü&b=🌍", "no"}, {"="}, {"yes"}, {fmt.Sprintf("=%d %d", len(large), hash.Sum64())}, {"=ü"}, {"=new ü"}, nil, nil,
		}
		body := func(action, encoding, data string) object {
			return object{"action": action, "encoding": encoding, "data": data, "inputTruncated": false}
		}
		bodies := []any{
			body("read-only", "base64", base64.StdEncoding.EncodeToString([]byte("a=ü&b=🌍"))),
			body("read-only", "base64", ""),
			at(cut, "Records", "0", "cf", "request", "body"),
			body("replace", "base64", base64.StdEncoding.EncodeToString(large)),
			body("replace", "text", "ü"),
			body("replace", "text", "new ü"),
			body("replace", "text", ""),
			"answer",
		}
		for i, o := range s.Outcomes {
			if o.Error != "" {
				t.Errorf("event %d: %s", i, o.Error)
			}
			if diff := cmp.Diff(logs[i], o.texts("info")); diff != "" {
				t.Errorf("event %d: logs: -want +got\n%s", i, diff)
			}
			if diff := cmp.Diff(bodies[i], o.Result["body"]); diff != "" {
				t.Errorf("event %d: body: -want +got\n%s", i, diff)
			}
		}
	})
}

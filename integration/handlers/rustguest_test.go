package handlers

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// rustGuest packs one of the modules that use guest/rust.
func rustGuest(t *testing.T, module string, f bundle.Function) bundle.Bundle {
	t.Helper()
	f.Name, f.Wasm = module, "integration/handlers/rustguest/"+module+".wasm"
	if f.Config == nil {
		f.Config = map[string]any{"word": "grüße", "list": []any{1}, "nested": map[string]any{"a": []any{1, 2}, "b": []any{}}, "quoted": "7"}
	}
	return build(t, f)
}

// inCase makes an event that says what the module does with it.
func inCase(trigger, name string) object {
	e := event(trigger, "")
	subject(e, "request")["headers"].(object)["x-case"] = values("X-Case", name)
	return e
}

// A row: what a case logs, and what it changes of the event as it was sent.
type rustCase struct {
	event object
	logs  string
	want  func(e object) object
}

func (c rustCase) result(e object) object {
	if c.want != nil {
		return c.want(e)
	}
	if r, ok := at(e, "Records", "0", "cf").(object)["response"]; ok {
		return r.(object)
	}
	return subject(e, "request")
}

func toS3(e object) object {
	delete(subject(e, "request"), "origin")
	subject(e, "request")["origin"] = object{"s3": object{
		"authMethod": "origin-access-identity", "customHeaders": object{},
		"domainName": "b.s3.us-east-1.amazonaws.com", "path": "", "region": "us-east-1",
	}}
	return e
}

func ofRequest(edit func(r, headers object)) func(object) object {
	return func(e object) object {
		r := subject(e, "request")
		edit(r, r["headers"].(object))
		return r
	}
}

func ofResponse(edit func(r, headers object)) func(object) object {
	return func(e object) object {
		r := subject(e, "response")
		edit(r, r["headers"].(object))
		return r
	}
}

// clone copies an event, so that an expectation can be edited from it.
func clone(t *testing.T, e object) object {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var out object
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func answering(o object) func(object) object { return func(object) object { return o } }

const (
	readRequest = "method=POST\nuri=/a\nquerystring=q=1\nclient_ip=203.0.113.7\nhost=example.com\naccept=absent\nb=2\nc=absent"
	readCustom  = "kind=Custom\ndomain=origin.example.com\npath=/app\nprotocol=Some(Https)\nport=Some(443)\nread_timeout=Some(30)\nkeepalive_timeout=Some(5)\nssl_protocols=TLSv1.1|TLSv1.2\nregion=None\nauth_method=None\nheaders=1\nx-env=prod"
)

func rustRequestCases() map[string]rustCase {
	many := func(_, h object) {
		for n := range 150 {
			name := "X-" + strconv.Itoa(n)
			h[strings.ToLower(name)] = values(name, name)
		}
	}
	return map[string]rustCase{
		"read": {inCase("viewer-request", "read"), readRequest +
			"\nmethod=POST\nuri=/a\nquerystring=q=1\nclient_ip=203.0.113.7\nrequest_id=id==\ndistribution_id=E1\ndistribution_domain=d1.cloudfront.net" +
			"\ncookie=1\ncookies=a=1|b=2\nhas=yes\nempty=no\nheaders=4\ncookie=a=1\ncookie=b=2\nhost=example.com\nx-case=read", nil},
		"edit": {inCase("viewer-request", "edit"), "", ofRequest(func(r, h object) {
			r["uri"], r["querystring"] = "/b/a", ""
			h["x-text"], h["x-string"], h["x-computed"], h["x-name"] = values("X-Text", "ü"), values("X-String", "s"), values("X-Computed", "grüße"), values("X-Name", "n")
			h["x-const"] = values("X-Const", "c", "d")
			delete(h, "cookie")
		})},
		"many constants":  {inCase("viewer-request", "many"), "", ofRequest(many)},
		"many deliveries": {inCase("viewer-request", "long"), "same=yes", nil},
		"no body":         {inCase("viewer-request", "body"), "body=absent", nil},
		"a body":          {withBody(inCase("viewer-request", "body"), []byte("ü")), "bytes=2\ntext=ü\ntruncated=no", nil},
		"an empty body":   {withBody(inCase("viewer-request", "body"), nil), "bytes=0\ntext=\ntruncated=no", nil},
		"bytes":           {withBody(inCase("viewer-request", "body"), []byte{0xff}), "bytes=1\ntext=no UTF-8\ntruncated=no", nil},
		"a new body": {withBody(inCase("viewer-request", "set-body"), []byte("old")), "", ofRequest(func(r, _ object) {
			r["body"] = object{"action": "replace", "encoding": "text", "data": "new ü", "inputTruncated": false}
		})},
		"new bytes": {withBody(inCase("viewer-request", "set-body-bytes"), []byte("old")), "", ofRequest(func(r, _ object) {
			r["body"] = object{"action": "replace", "encoding": "base64", "data": "AP8=", "inputTruncated": false}
		})},
		"a large body": {withBody(inCase("viewer-request", "echo"), make([]byte, 1<<20)), "", ofRequest(func(r, _ object) {
			r["body"] = object{"action": "replace", "encoding": "base64", "data": base64.StdEncoding.EncodeToString(make([]byte, 1<<20)), "inputTruncated": false}
		})},
		"an answer": {inCase("viewer-request", "answer"), "x-set=there\nx-text=absent", answering(object{
			"status": "200", "statusDescription": "Fine", "body": "hi ü", "bodyEncoding": "text",
			"headers": object{
				"x-computed": values("X-Computed", "grüße"), "content-type": values("Content-Type", "text/plain"),
				"set-cookie": values("Set-Cookie", "a=1", "b=2"),
				"x-set":      values("X-Set", "s", "t"), "x-set-const": values("X-Set-Const", "c"),
			},
		})},
		"an answer of bytes": {inCase("viewer-request", "answer-bytes"), "", answering(object{"status": "200", "headers": object{}, "body": "AP8=", "bodyEncoding": "base64"})},
		"a page": {inCase("viewer-request", "page"), "", answering(object{
			"status": "404", "headers": object{"content-type": values("Content-Type", "text/html; charset=utf-8"), "cache-control": values("Cache-Control", "no-store")},
			"body": "<p>1", "bodyEncoding": "text",
		})},
		"a text": {inCase("viewer-request", "text"), "", answering(object{
			"status": "404", "headers": object{"content-type": values("Content-Type", "text/plain; charset=utf-8")}, "body": "none", "bodyEncoding": "text",
		})},
		"a document": {inCase("viewer-request", "json"), "", answering(object{
			"status": "200", "headers": object{"content-type": values("Content-Type", "application/json")}, "body": "{}", "bodyEncoding": "text",
		})},
		"configuration with types": {inCase("viewer-request", "settings"), "list=Ok([1])\nnested=Ok({\"a\": [1, 2], \"b\": []})\n" +
			"word=Err(Error(\"config: word: want a whole number of 0 to 255, is a text\"))\nquoted=Ok(Some(7))\nnone=Ok(false)", nil},
		"a redirect":          {inCase("viewer-request", "redirect"), "", answering(object{"status": "302", "headers": object{"location": values("Location", "/elsewhere")}})},
		"an unsent answer":    {inCase("viewer-request", "unsent"), "", nil},
		"the environment":     {inCase("viewer-request", "environment"), "word=grüße\nlist=[1]\nmissing=absent\nnow=late\nrandom=yes", nil},
		"at origin-request":   {inCase("origin-request", "read"), readRequest, nil},
		"edits there":         {inCase("origin-request", "edit"), "", ofRequest(func(r, _ object) { r["uri"] = "/c" })},
		"an answer there":     {inCase("origin-request", "?"), "", answering(object{"status": "404", "headers": object{}})},
		"an origin":           {inCase("origin-request", "origin"), readCustom, nil},
		"an S3 origin":        {toS3(inCase("origin-request", "origin")), "kind=S3\ndomain=b.s3.us-east-1.amazonaws.com\npath=\nprotocol=None\nport=None\nread_timeout=None\nkeepalive_timeout=None\nssl_protocols=\nregion=Some(\"us-east-1\")\nauth_method=Some(OriginAccessIdentity)\nheaders=0", nil},
		"another origin":      {inCase("origin-request", "edit-origin"), "", ofRequest(editOrigin)},
		"origin and host":     {inCase("origin-request", "send-to"), "", ofRequest(sendTo)},
		"a custom origin":     {inCase("origin-request", "custom"), "", ofRequest(customOrigin)},
		"custom, from S3":     {toS3(inCase("origin-request", "https")), "", ofRequest(func(r, _ object) { r["origin"] = object{"custom": fresh("b.s3.us-east-1.amazonaws.com")} })},
		"S3, from custom":     {inCase("origin-request", "s3"), "", ofRequest(s3Origin)},
		"S3, no longer by id": {toS3(inCase("origin-request", "s3-none")), "", ofRequest(func(r, _ object) { at(r, "origin", "s3").(object)["authMethod"] = "none" })},
	}
}

func editOrigin(r, h object) {
	c := at(r, "origin", "custom").(object)
	c["domainName"], c["path"] = "other.example.com", ""
	c["customHeaders"] = object{"x-env": values("X-Env", "test")}
	h["host"] = values("Host", "other.example.com")
}

func sendTo(r, h object) {
	at(r, "origin", "custom").(object)["domainName"] = "other.example.com"
	h["host"] = values("Host", "other.example.com")
}

func customOrigin(r, _ object) {
	r["origin"] = object{"custom": object{
		"customHeaders": object{"x-env": values("X-Env", "prod", "more")}, "path": "/app",
		"domainName": "custom.example.com", "protocol": "http", "port": 8080.0,
		"readTimeout": 10.0, "keepaliveTimeout": 3.0, "sslProtocols": []any{"TLSv1.1", "TLSv1.2"},
	}}
}

func fresh(domain string) object {
	return object{
		"customHeaders": object{}, "path": "", "domainName": domain, "protocol": "https", "port": 443.0,
		"readTimeout": 30.0, "keepaliveTimeout": 5.0, "sslProtocols": []any{"TLSv1.2"},
	}
}

func s3Origin(r, _ object) {
	r["origin"] = object{"s3": object{
		"customHeaders": object{"x-env": values("X-Env", "prod")}, "path": "/app", "region": "eu-west-1",
		"domainName": "b.s3.eu-west-1.amazonaws.com", "authMethod": "origin-access-identity",
	}}
}

func rustResponseCases() map[string]rustCase {
	readResponse := "\nstatus=404\ndescription=Not Found"
	headers := "\nheaders=3\nserver=x\nset-cookie=s=1\nset-cookie=s=2"
	return map[string]rustCase{
		"a response and its origin": {inCase("origin-response", "read"), readRequest + readResponse + "\nserver=x" + headers + "\n" + readCustom, nil},
		"a status": {inCase("origin-response", "status"), "", ofResponse(func(r, _ object) {
			r["status"], r["statusDescription"] = "418", "I'm a teapot"
		})},
		"the body of a response": {inCase("origin-response", "body"), "", ofResponse(func(r, _ object) { r["body"], r["bodyEncoding"] = "sorry ü", "text" })},
		"and as bytes":           {inCase("origin-response", "body-bytes"), "", ofResponse(func(r, _ object) { r["body"], r["bodyEncoding"] = "AP8=", "base64" })},
		"its headers": {inCase("origin-response", "headers"), "", ofResponse(func(_, h object) {
			h["x-a"] = values("X-A", "1")
			h["set-cookie"] = append(values("Set-Cookie", "s=1", "s=2"), values("Set-Cookie", "s=3")...)
			delete(h, "server")
		})},
		"at viewer-response": {inCase("viewer-response", "read"), readRequest + readResponse + headers, nil},
		"a cookie given": {inCase("viewer-response", "cookie"), "language=de", ofResponse(func(_, h object) {
			h["set-cookie"] = append(values("Set-Cookie", "s=1", "s=2"), values("Set-Cookie", "b=3; Path=/; Max-Age=60")...)
		})},
		"headers there": {inCase("viewer-response", "headers"), "", ofResponse(func(_, h object) { h["x-computed"] = values("X-Computed", "grüße") })},
	}
}

func TestTheRustGuestReadsAndChangesEverything(t *testing.T) {
	t.Parallel()
	b := rustGuest(t, "typed", bundle.Function{})
	cases := rustRequestCases()
	maps.Copy(cases, rustResponseCases())
	names := slices.Sorted(maps.Keys(cases))
	var events []object
	for _, name := range names {
		events = append(events, cases[name].event)
	}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		if s.Load != "" {
			t.Fatal(s.Load)
		}
		for i, o := range s.Outcomes {
			if o.Error != "" {
				t.Errorf("%s: %s", names[i], o.Error)
			}
			if diff := cmp.Diff(cases[names[i]].logs, strings.Join(o.texts("info"), "\n")); diff != "" {
				t.Errorf("%s: logs: -want +got\n%s", names[i], diff)
			}
			// Rows share nothing, but both Node.js do: expect from a copy.
			if diff := cmp.Diff(cases[names[i]].result(clone(t, events[i])), o.Result); diff != "" {
				t.Errorf("%s: -want +got\n%s", names[i], diff)
			}
		}
	})
}

func TestTheRustGuestLogsWhyItFails(t *testing.T) {
	t.Parallel()
	b := rustGuest(t, "typed", bundle.Function{})
	tests := map[string]struct {
		event object
		say   string // the first line of the log at level error
	}{
		"an error":                    {inCase("viewer-request", "err"), "viewer-request: no user 7"},
		"an error at viewer-response": {inCase("viewer-response", "?"), "viewer-response: no such case"},
		"a panic":                     {inCase("viewer-request", "panic"), "panicked at src/typed.rs:LINE: it broke: 7"},
		"an index out of bounds":      {inCase("viewer-request", "index"), "panicked at src/typed.rs:LINE: index out of bounds: the len is 2 but the index is 2"},
		"a response given up":         {inCase("viewer-request", "stale"), "panicked at ./guest/rust/src/response.rs:LINE: this response was given up when another one was begun"},
		"more than memory has":        {inCase("viewer-request", "too-long"), "panicked at ./guest/rust/src/room.rs:LINE: no memory is left for a string"},
		"a body after an answer":      {withBody(inCase("viewer-request", "body-after-answer"), []byte("x")), "panicked at ./guest/rust/src/response.rs:LINE: the request's body cannot be changed once a response was begun"},
	}
	names := slices.Sorted(maps.Keys(tests))
	var events []object
	for _, name := range names {
		events = append(events, tests[name].event)
	}
	onEachNode(t, func(t *testing.T, node string) {
		for i, o := range run(t, node, b, events...).Outcomes {
			if o.Error == "" {
				t.Errorf("%s: did not fail", names[i])
			}
			log := o.texts("error")
			if len(log) == 0 || withoutPlace(log[0]) != tests[names[i]].say {
				t.Errorf("%s: logged %q, want %q first", names[i], log, tests[names[i]].say)
			}
		}
	})
}

// withoutPlace puts a word where a panic names line and column.
func withoutPlace(line string) string {
	before, rest, ok := strings.Cut(line, ".rs:")
	if _, message, found := strings.Cut(rest, ": "); ok && found {
		return before + ".rs:LINE: " + message
	}
	return line
}

func TestTheStateOfARustGuestLivesAsLongAsItsInstance(t *testing.T) {
	t.Parallel()
	b := rustGuest(t, "typed", bundle.Function{OnError: "continue"})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, inCase("viewer-request", "events"), inCase("viewer-request", "err"),
			inCase("viewer-request", "events"), inCase("viewer-request", "panic"), inCase("viewer-request", "events"))
		var got [][]string
		for _, o := range s.Outcomes {
			got = append(got, o.texts("info"))
		}
		if diff := cmp.Diff([][]string{{"events=1"}, nil, {"events=3"}, nil, {"init", "events=1"}}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestARustGuestWhoseInitFailsSaysWhy(t *testing.T) {
	t.Parallel()
	for what, say := range map[string]string{"fail": "init: no key 7", "panic": "init gave up"} {
		b := rustGuest(t, "typed", bundle.Function{Config: map[string]any{"init": what}})
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b)
				if s.Load == "" || len(s.LoadLogs) == 0 || !strings.HasSuffix(s.LoadLogs[0].Text, say) {
					t.Errorf("loaded with %q, logged %v; want a failure and %q", s.Load, s.LoadLogs, say)
				}
			})
		})
	}
}

func TestATriggerWithoutARustHandlerIsAnError(t *testing.T) {
	t.Parallel()
	b := rustGuest(t, "bare", bundle.Function{})
	onEachNode(t, func(t *testing.T, node string) {
		for _, trigger := range []string{"origin-request", "origin-response", "viewer-response"} {
			o := run(t, node, b, inCase(trigger, "?")).Outcomes[0]
			want := trigger + ": this module has no handler for it; name one in handlers!, or take the function off this trigger"
			if log := o.texts("error"); o.Error == "" || len(log) == 0 || log[0] != want {
				t.Errorf("%s: error %q, logged %q", trigger, o.Error, log)
			}
		}
	})
}

func TestARustGuestNeedsNoStandardLibrary(t *testing.T) {
	t.Parallel()
	b := rustGuest(t, "bare", bundle.Function{})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, inCase("viewer-request", "allocate"), inCase("viewer-request", "allocate"),
			inCase("viewer-request", "?"), inCase("viewer-request", "panic"), inCase("viewer-request", "allocate"))
		for _, i := range []int{0, 1, 4} {
			if diff := cmp.Diff([]string{"right"}, s.Outcomes[i].texts("info")); diff != "" || s.Outcomes[i].Error != "" {
				t.Errorf("event %d: %s; -want +got\n%s", i, s.Outcomes[i].Error, diff)
			}
		}
		if got := s.Outcomes[2].Result["status"]; got != "404" {
			t.Errorf("status %v, want 404", got)
		}
		log := strings.Join(s.Outcomes[3].texts("error"), "\n")
		if s.Outcomes[3].Error == "" || !strings.Contains(log, "nothing there") || !strings.Contains(log, "src/bare.rs:") {
			t.Errorf("a panic gave %q and logged %s", s.Outcomes[3].Error, log)
		}
	})
}

// What the table above says of everything.
func TestNoFunctionOfTheRustGuestIsForgotten(t *testing.T) {
	t.Parallel()
	used, err := repository(t).ReadFile("integration/handlers/rustguest/src/typed.rs")
	if err != nil {
		t.Fatal(err)
	}
	public := regexp.MustCompile(`(?m)^\s*pub fn (\w+)`)
	var count int
	for _, file := range []string{"body", "env", "event", "headers", "intern", "log", "origin", "response"} {
		src, err := repository(t).ReadFile("guest/rust/src/" + file + ".rs")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range public.FindAllSubmatch(src, -1) {
			count++
			name := string(m[1])
			if !regexp.MustCompile(`\b`+name+`\(`).Match(used) && name != "iter" { // a for loop calls it
				t.Errorf("%s of %s.rs is not used by typed.rs", name, file)
			}
		}
	}
	if count < 60 {
		t.Errorf("found only %d functions", count)
	}
}

// Panics name source files; the paths of who built the module stay out of it.
// (Those of Rust's own library begin with /usr in Debian's.)
func TestRustModulesDoNotSayWhereTheyWereBuilt(t *testing.T) {
	t.Parallel()
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	leaks := []string{"/home/", filepath.Clean(os.TempDir()) + "/", top}
	if home, err := os.UserHomeDir(); err == nil && home != "/" {
		leaks = append(leaks, home+"/")
	}
	for _, name := range []string{"integration/handlers/rustguest/typed.wasm", "integration/handlers/rustguest/bare.wasm", "examples/redirect/redirect.wasm", "examples/auth/auth.wasm", "examples/site/site.wasm", "examples/formats/formats.wasm"} {
		module, err := repository(t).ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, leak := range leaks {
			if strings.Contains(string(module), leak) {
				t.Errorf("%s contains %s", name, leak)
			}
		}
	}
}

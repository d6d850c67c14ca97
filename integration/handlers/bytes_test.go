package handlers

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

var triggers = []string{"viewer-request", "origin-request", "origin-response", "viewer-response"}

// bytesBundle packs the module that returns what the request's body says.
func bytesBundle(t testing.TB, f bundle.Function) bundle.Bundle {
	t.Helper()
	return moduleBundle(t, wasmtest.Bytes(), f)
}

func moduleBundle(t testing.TB, module []byte, f bundle.Function) bundle.Bundle {
	t.Helper()
	f.Wasm = "h.wasm"
	return project(t, map[string]string{f.Wasm: string(module)}, f)
}

// returning makes an event whose handler returns that text.
func returning(trigger, returned string) object {
	return withBody(event(trigger, ""), []byte(returned))
}

// unpatched is an event's cf as it would pass, with the body it was sent with.
func unpatched(t testing.TB, e object) object {
	t.Helper()
	b, err := json.Marshal(at(e, "Records", "0", "cf"))
	if err != nil {
		t.Fatal(err)
	}
	var cf object
	if err := json.Unmarshal(b, &cf); err != nil {
		t.Fatal(err)
	}
	return cf
}

func TestAPatchChangesWhatItSays(t *testing.T) {
	t.Parallel()
	b := bytesBundle(t, bundle.Function{})
	if b.ABI != bundle.Bytes {
		t.Fatalf("the module is packed as %q", b.ABI)
	}
	tests := map[string]struct{ trigger, returned, refused string }{
		"uri and querystring":         {"viewer-request", `{"uri":"/x","querystring":"a=b"}`, ""},
		"headers":                     {"viewer-request", `{"headers":{"X-New":"1","Cookie":["a=9","c=3"],"host":null}}`, ""},
		"an empty list removes":       {"origin-response", `{"headers":{"Set-Cookie":[]}}`, ""},
		"an empty patch":              {"viewer-response", `{}`, ""},
		"a response by number":        {"viewer-request", `{"status":302,"headers":{"Location":"/y"}}`, ""},
		"a response with a body":      {"origin-request", `{"status":"404","statusDescription":"No","body":"no","bodyEncoding":"text"}`, ""},
		"another status":              {"origin-response", `{"status":200}`, ""},
		"the same status":             {"origin-response", `{"status":"404"}`, ""},
		"a new body":                  {"origin-request", `{"body":"AAEC","bodyEncoding":"base64"}`, ""},
		"an origin of its kind":       {"origin-request", `{"origin":{"custom":{"domainName":"b.example.com","port":8443}}}`, ""},
		"another kind of origin":      {"origin-request", `{"origin":{"s3":{"domainName":"b.s3.eu-west-1.amazonaws.com","region":"eu-west-1","path":"","customHeaders":{"x-env":null,"X-A":"b"}}}}`, ""},
		"no object":                   {"viewer-request", `[1]`, "what edge_handle returned is no object"},
		"no JSON":                     {"viewer-request", `{`, "what edge_handle returned is no JSON"},
		"an unknown member":           {"viewer-request", `{"url":"/x"}`, `a patch of a request cannot have "url"; known are uri, querystring, headers, origin, body, bodyEncoding`},
		"a member of Object":          {"viewer-request", `{"constructor":"/x"}`, `cannot have "constructor"`},
		"a prototype":                 {"viewer-request", `{"headers":{"__proto__":"x"}}`, `"__proto__" is no header name`},
		"a prototype in capitals":     {"viewer-request", `{"headers":{"__PROTO__":"x"}}`, `"__PROTO__" is no header name`},
		"the method":                  {"viewer-request", `{"method":"PUT"}`, `cannot have "method"`},
		"a uri without slash":         {"viewer-request", `{"uri":"x"}`, "a uri starts with /"},
		"a number for a header":       {"viewer-request", `{"headers":{"a":1}}`, "header a is no string"},
		"one header in two cases":     {"viewer-request", `{"headers":{"a":"1","A":"2"}}`, "header A is there twice"},
		"a line break":                {"viewer-response", `{"headers":{"a":"b\r\nc: d"}}`, "line break"},
		"an origin at viewer-request": {"viewer-request", `{"origin":{"s3":{}}}`, "the origin cannot be changed at viewer-request"},
		"a path that goes on":         {"origin-request", `{"origin":{"custom":{"path":"/a\n"}}}`, "no space or control character"},
		"a domain with a NUL":         {"origin-request", `{"origin":{"custom":{"domainName":"a\u0000b"}}}`, "space or control character"},
		"two origins":                 {"origin-request", `{"origin":{"s3":{},"custom":{}}}`, "exactly one of custom and s3"},
		"a field of the other kind":   {"origin-request", `{"origin":{"custom":{"region":"x"}}}`, `origin custom cannot have "region"`},
		"a status at viewer-response": {"viewer-response", `{"status":500}`, "viewer-response cannot change the status"},
		"a body at viewer-response":   {"viewer-response", `{"body":""}`, "viewer-response cannot change the body"},
		"a status out of range":       {"viewer-request", `{"status":"99"}`, "status 99 is not within 200 to 599"},
		"half a status":               {"viewer-request", `{"status":200.5}`, "status is no whole number"},
		"an encoding alone":           {"origin-response", `{"bodyEncoding":"text"}`, "bodyEncoding is there without body"},
	}
	onEachNode(t, func(t *testing.T, node string) {
		var names []string
		var events []object
		for name, tt := range tests {
			names, events = append(names, name), append(events, returning(tt.trigger, tt.returned))
		}
		s := run(t, node, b, events...)
		for i, o := range s.Outcomes {
			tt := tests[names[i]]
			want, err := patched(tt.trigger, unpatched(t, events[i]), []byte(tt.returned))
			if (err != nil) != (tt.refused != "") {
				t.Errorf("%s: the page says %v, the table %q", names[i], err, tt.refused)
			}
			if tt.refused != "" {
				if !strings.Contains(o.Error, tt.refused) {
					t.Errorf("%s: error %q, want %q", names[i], o.Error, tt.refused)
				}
				continue
			}
			if diff := cmp.Diff(want, o.Result); o.Error != "" || diff != "" {
				t.Errorf("%s: %s -want +got\n%s", names[i], o.Error, diff)
			}
		}
	})
}

func TestWithoutAPatchTheEventPasses(t *testing.T) {
	t.Parallel()
	b := bytesBundle(t, bundle.Function{})
	onEachNode(t, func(t *testing.T, node string) {
		for _, trigger := range triggers {
			e := event(trigger, "")
			want := subject(e, trigger[strings.Index(trigger, "-")+1:])
			o := run(t, node, b, e).Outcomes[0]
			if diff := cmp.Diff(want, o.Result); o.Error != "" || diff != "" {
				t.Errorf("%s: %s -want +got\n%s", trigger, o.Error, diff)
			}
		}
	})
}

// A patch that is refused halfway must not leave its first half behind.
func TestARefusedPatchChangesNothing(t *testing.T) {
	t.Parallel()
	b := bytesBundle(t, bundle.Function{OnError: "continue"})
	e := returning("origin-request", `{"uri":"/x","headers":{"host":"y","cookie":null},"origin":{"s3":{"domainName":"d","port":1}}}`)
	onEachNode(t, func(t *testing.T, node string) {
		o := run(t, node, b, e).Outcomes[0]
		if diff := cmp.Diff(subject(e, "request"), o.Result); o.Error != "" || diff != "" {
			t.Errorf("%s -want +got\n%s", o.Error, diff)
		}
	})
}

// peer is a handler in a process of its own that answers line by line.
type peer struct {
	in  io.Writer
	out *bufio.Reader
}

func startPeer(t testing.TB, node string, b bundle.Bundle) *peer {
	t.Helper()
	script, err := filepath.Abs("testdata/serve.cjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, script, unpack(t, b.Zip))
	cmd.Env, cmd.Stderr = []string{"TZ=UTC"}, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), cmd.Wait() })
	return &peer{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

func (p *peer) ask(t testing.TB, e object) (result object, refused string) {
	t.Helper()
	line, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	answer, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var a struct {
		Result object
		Error  string
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	return a.Result, a.Error
}

// agree compares the trampoline with the page for one returned text.
func (p *peer) agree(t testing.TB, trigger string, returned []byte) {
	t.Helper()
	if len(returned) == 0 {
		return // the module lets the event pass
	}
	e := returning(trigger, string(returned))
	want, err := patched(trigger, unpatched(t, e), returned)
	got, refused := p.ask(t, e)
	switch {
	case refused != "" && !strings.HasPrefix(refused, "HandlerError: "):
		t.Fatalf("%s %q: %s is no refusal", trigger, returned, refused)
	case (err != nil) != (refused != ""):
		t.Fatalf("%s %q: the page says %v, the trampoline %q", trigger, returned, err, refused)
	case err == nil:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s %q: -page +trampoline\n%s", trigger, returned, diff)
		}
	}
}

func TestTheTrampolinePatchesAsThePageSays(t *testing.T) {
	t.Parallel()
	node := nodes(t)[0]
	p := startPeer(t, node, bytesBundle(t, bundle.Function{}))
	text := rapid.SampledFrom([]string{"", "/", "/a", "a", "x y", "#", "/é", "\n", "\x00", "text", "base64", "https", "none", "200", "404", "99", "b.example.com"})
	scalar := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.SampledFrom([]any{nil, true, 200.0, 404.0, 8080.0, -1.0, 1.5, 1e9, []any{}, object{}}),
	)
	name := rapid.SampledFrom([]string{"Host", "host", "X-New", "Cookie", "a b", "", "__proto__", "__Proto__", "constructor", "1", "Set-Cookie", "x-env"})
	headers := rapid.Map(rapid.MapOfN(name, rapid.OneOf(scalar, rapid.Map(rapid.SliceOfN(scalar, 0, 3), func(v []any) any { return v })), 0, 3),
		func(m map[string]any) any { return m })
	member := func(keys ...string) *rapid.Generator[map[string]any] {
		return rapid.Custom(func(t *rapid.T) map[string]any {
			m := object{}
			for range rapid.IntRange(0, 3).Draw(t, "members") {
				key := rapid.SampledFrom(keys).Draw(t, "key")
				switch key {
				case "headers", "customHeaders":
					m[key] = headers.Draw(t, "headers")
				default:
					m[key] = scalar.Draw(t, "value")
				}
			}
			return m
		})
	}
	origin := member("domainName", "path", "port", "protocol", "readTimeout", "keepaliveTimeout", "sslProtocols", "region", "authMethod", "customHeaders")
	rapid.Check(t, func(rt *rapid.T) {
		patch := member("uri", "querystring", "headers", "status", "statusDescription", "body", "bodyEncoding", "wrong").Draw(rt, "patch")
		if rapid.IntRange(0, 3).Draw(rt, "origin?") == 0 {
			patch["origin"] = object{rapid.SampledFrom([]string{"custom", "s3", "both"}).Draw(rt, "kind"): origin.Draw(rt, "origin")}
		}
		returned, err := json.Marshal(patch)
		if err != nil {
			rt.Fatal(err)
		}
		p.agree(t, rapid.SampledFrom(triggers).Draw(rt, "trigger"), returned)
	})
}

// What is a header name and what a value is decided character by character.
func TestEachCharacterOfAHeaderIsJudgedAsThePageSays(t *testing.T) {
	t.Parallel()
	p := startPeer(t, nodes(t)[0], bytesBundle(t, bundle.Function{}))
	for c := rune(0); c < 0x180; c++ {
		for _, headers := range []object{{"a" + string(c) + "b": "v"}, {string(c): "v"}, {"name": "a" + string(c) + "b"}} {
			returned, err := json.Marshal(object{"headers": headers})
			if err != nil {
				t.Fatal(err)
			}
			p.agree(t, "viewer-response", returned)
		}
	}
}

// FuzzPatch compares the trampoline with the page for whatever a module may
// return. `make fuzz` runs it.
func FuzzPatch(f *testing.F) {
	for i, returned := range []string{
		`{"uri":"/x","querystring":"a=b"}`, `{"headers":{"X-New":["1","2"],"host":null}}`, `{"status":302,"headers":{"Location":"/y"}}`,
		`{"status":"404","statusDescription":"No","body":"no","bodyEncoding":"text"}`, `{"body":"AAEC","bodyEncoding":"base64"}`,
		`{"origin":{"custom":{"domainName":"b.example.com","port":8443,"sslProtocols":["TLSv1.2"]}}}`,
		`{"origin":{"s3":{"domainName":"b","region":"eu-west-1","path":"/a","customHeaders":{"X-A":"b"},"authMethod":"none"}}}`, `[]`, `0`, `{`,
	} {
		f.Add(byte(i), []byte(returned))
	}
	var list []string
	if named := os.Getenv("EDGEDEPLOY_TEST_NODES"); named != "" {
		list = strings.Split(named, ",")
	} else if path, err := exec.LookPath("node"); err == nil {
		list = []string{path}
	} else {
		f.Fatal("no Node.js in the PATH")
	}
	p := startPeer(f, list[len(list)-1], bytesBundle(f, bundle.Function{}))
	f.Fuzz(func(t *testing.T, trigger byte, returned []byte) {
		if !plainText(returned) {
			return
		}
		p.agree(t, triggers[int(trigger)%len(triggers)], returned)
	})
}

func TestABodyReachesAModuleThatAsksForIt(t *testing.T) {
	t.Parallel()
	b := bytesBundle(t, bundle.Function{})
	large := `{"headers":{"x-large":"` + strings.Repeat("ä", 400_000) + `"}}`
	text := event("viewer-request", "")
	subject(text, "request")["body"] = object{"action": "read-only", "encoding": "text", "inputTruncated": false, "data": `{"uri":"/text"}`}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, returning("origin-request", large), text)
		if got, _ := at(s.Outcomes[0].Result, "headers", "x-large", "0", "value").(string); len(got) != 800_000 {
			t.Errorf("%d bytes came back, want 800,000; %s", len(got), s.Outcomes[0].Error)
		}
		if got := s.Outcomes[1].Result["uri"]; got != "/text" {
			t.Errorf("a body of text gave uri %v; %s", got, s.Outcomes[1].Error)
		}
		if want := base64.StdEncoding.EncodeToString([]byte(large)); at(s.Outcomes[0].Result, "body", "data") != want {
			t.Error("the body that passes was changed")
		}
	})
}

// A module gets of an event what it asked for. The echo returns it as a patch,
// whose first member is then refused by name.
func TestAModuleGetsTheMembersItWants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		wants   int
		trigger string
		first   string // "" for nothing at all, which is an empty patch
	}{
		{0, "origin-response", ""},
		{1, "origin-response", `"config"`},
		{2, "origin-response", `"request"`},
		{4, "origin-response", `"response"`},
		{4, "origin-request", ""},
		{6, "viewer-response", `"request"`},
		{7, "viewer-request", `"config"`},
	}
	onEachNode(t, func(t *testing.T, node string) {
		for _, tt := range tests {
			o := run(t, node, moduleBundle(t, wasmtest.Echo(tt.wants), bundle.Function{}), event(tt.trigger, "")).Outcomes[0]
			switch {
			case tt.first == "" && o.Error != "":
				t.Errorf("%d at %s: %s", tt.wants, tt.trigger, o.Error)
			case tt.first != "" && !strings.Contains(o.Error, "cannot have "+tt.first):
				t.Errorf("%d at %s: %q, want it to name %s", tt.wants, tt.trigger, o.Error, tt.first)
			}
		}
	})
}

// This module has room for a megabyte, and so for the event, but not for a
// body of a megabyte in base64 beside it.
func TestABodyIsNoPartOfTheJSON(t *testing.T) {
	t.Parallel()
	b := build(t, bundle.Function{Name: "bench", Wasm: "integration/bench/handlers/bytes/bytes.wasm"})
	e := withBody(event("origin-request", ""), make([]byte, 1<<20))
	subject(e, "request")["uri"] = "/docs/"
	onEachNode(t, func(t *testing.T, node string) {
		o := run(t, node, b, e).Outcomes[0]
		if o.Error != "" || o.Result["uri"] != "/docs/index.html" {
			t.Errorf("uri %v, %s", o.Result["uri"], o.Error)
		}
	})
}

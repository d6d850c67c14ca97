package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// goModule builds a main package of a nested Go module as its README says and
// packs it.
func goModule(t *testing.T, dir, pkg string, f bundle.Function) bundle.Bundle {
	t.Helper()
	to := t.TempDir()
	goIn(t, dir, []string{"GOOS=wasip1", "GOARCH=wasm"}, nil,
		"build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(to, "handler.wasm"), pkg)
	root, err := os.OpenRoot(to)
	if err != nil {
		t.Fatal(err)
	}
	f.Name, f.Wasm = "go", "handler.wasm"
	b, err := bundle.Build(root, f)
	if cerr := root.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return b
}

// goIn runs the go command in a folder of this repository.
func goIn(t *testing.T, dir string, env []string, in []byte, args ...string) []byte {
	t.Helper()
	noticeGo(t, dir)
	noticeGo(t, "guest/go")
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = filepath.Join("../..", dir)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = bytes.NewReader(in)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %v in %s: %v\n%s", args, dir, err, stderr.String())
	}
	return stdout.Bytes()
}

// noticeGo reads the sources that a go command is about to read: Go's cache of
// test results knows only what the test itself has read.
func noticeGo(t *testing.T, dir string) {
	t.Helper()
	err := fs.WalkDir(repository(t).FS(), dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".go" {
			_, err = os.ReadFile("../../" + name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goEvents are the typed events of guest/go put to use, at every trigger.
func goEvents() map[string]object {
	cut := withBody(event("viewer-request", "body"), []byte("x"))
	subject(cut, "request")["body"].(object)["inputTruncated"] = true
	large := make([]byte, 1<<20)
	for i := range large {
		large[i] = byte(i * i >> 3)
	}
	s3 := "set-region eu-west-1\n set-domain b.s3.eu-west-1.amazonaws.com\n"
	return map[string]object{
		"what all events have":     event("viewer-request", "event\n request\n count"),
		"headers that are read":    event("viewer-request", "header COOKIE\n header none\n values cookie\n values none\n all"),
		"cookies":                  event("origin-request", "cookie a\n cookie b\n cookie c"),
		"the surroundings":         event("viewer-request", "config word\n config list\n config empty\n config none\n now\n random"),
		"the log":                  event("viewer-request", "log ü %s"),
		"goroutines":               event("viewer-request", "goroutines\n sleep"),
		"garbage":                  event("viewer-request", "garbage"),
		"a request changed":        event("viewer-request", "set-uri /b/ü\n set-query\n set X-A b c\n add Cookie c=3\n del host\n request"),
		"a body read":              withBody(event("viewer-request", "body"), []byte("a=ü\x00")),
		"an empty body":            withBody(event("viewer-request", "body"), nil),
		"no body":                  event("viewer-request", "body"),
		"a body cut off":           cut,
		"a large body":             withBody(event("origin-request", "echo"), large),
		"a body replaced":          withBody(event("origin-request", "set-body grün\n body"), []byte("old")),
		"a body of bytes":          withBody(event("origin-request", "set-body-bytes 00ff80"), []byte("old")),
		"an answer":                event("viewer-request", "answer 404\n describe Not Found\n with Set-Cookie a\n with set-cookie b\n say nö\n set-uri /never/seen"),
		"an answer of bytes":       event("origin-request", "answer 200\n with Content-Type image/png\n say-bytes 89504e47"),
		"an answer of nothing":     event("viewer-request", "answer 204"),
		"a redirect":               event("viewer-request", "redirect https://example.com/?a=b"),
		"an origin read":           event("origin-request", "origin"),
		"an origin changed":        event("origin-request", "set-domain b.example.com\n set-path\n set-protocol http\n set-port 8080\n set-read-timeout 9\n set-keepalive-timeout 2\n set-ssl TLSv1.1 TLSv1.2\n origin-set X-New 1\n origin-add X-Env extra\n set Host b.example.com\n origin"),
		"an origin and its host":   event("origin-request", "send-to b.example.com\n origin\n header Host"),
		"an S3 origin":             event("origin-request", s3+"set-auth origin-access-identity\n origin-del X-Env\n origin"),
		"an S3 origin and back":    event("origin-request", s3+"set-port 8443"),
		"a response from origin":   event("origin-response", "status\n response-header set-cookie\n origin\n request"),
		"a response changed":       event("origin-response", "set-status 200\n status\n set-description Fine\n set-body ok\n del Server\n add Set-Cookie s=3"),
		"a response of bytes":      event("origin-response", "set-body-bytes 00ff01"),
		"a body removed":           event("origin-response", "set-body"),
		"a response for visitors":  event("viewer-response", "status\n set X-A b\n response-header x-a\n cookie a"),
		"an error":                 event("viewer-request", "error it is no use"),
		"a command nobody knows":   event("viewer-response", "set-body x"),
		"a line break in a header": event("viewer-request", "break X-A"),
		"a path with a space":      event("viewer-request", "set-uri /a b"),
		"a status out of range":    event("viewer-request", "answer 99"),
		"a body that is not there": event("viewer-request", "set-body x"),
		"a port of letters":        event("origin-request", "set-port 123456"),
		"a panic":                  event("viewer-request", "panic"),
		"a panic with an error":    event("origin-response", "panic-error"),
		"a panic with a value":     event("origin-request", "panic-value"),
		"a pointer to nothing":     event("viewer-response", "nil"),
	}
}

func TestGoHandlers(t *testing.T) {
	t.Parallel()
	const dir, pkg = "guest/go", "./internal/probe"
	config := map[string]any{"word": "grüße 🌍", "list": []any{"a", 1.0}, "empty": ""}
	b := goModule(t, dir, pkg, bundle.Function{Config: config})
	var names []string
	var events []object
	for name, e := range goEvents() {
		names, events = append(names, name), append(events, e)
	}
	in, err := json.Marshal(object{"config": config, "events": events})
	if err != nil {
		t.Fatal(err)
	}
	var native []struct {
		Result object
		Error  string
		Logs   []logged
	}
	if err := json.Unmarshal(goIn(t, dir, nil, in, "run", pkg), &native); err != nil {
		t.Fatal(err)
	}

	// The fake host of package edgetest, and the real one, agree on everything:
	// results, logs, and what fails.
	t.Run("are the same without WebAssembly", func(t *testing.T) {
		t.Parallel()
		onEachNode(t, func(t *testing.T, node string) {
			s := run(t, node, b, events...)
			if s.Load != "" {
				t.Fatal(s.Load)
			}
			for i, o := range s.Outcomes {
				name := names[i]
				if (o.Error == "") != (native[i].Error == "") {
					t.Errorf("%s: error %q, in the fake host %q", name, o.Error, native[i].Error)
					continue
				}
				if strings.HasPrefix(native[i].Error, "the host refused: ") && !strings.HasSuffix(o.Error, strings.TrimPrefix(native[i].Error, "the host refused: ")) {
					t.Errorf("%s: error %q, in the fake host %q", name, o.Error, native[i].Error)
				}
				if diff := cmp.Diff(native[i].Result, o.Result); o.Error == "" && diff != "" {
					t.Errorf("%s: -fake +real\n%s", name, diff)
				}
				logs := o.Logs
				if o.Error != "" {
					logs = logs[:len(logs)-1] // the trampoline's own, with its stack
				}
				if diff := cmp.Diff(firstLines(native[i].Logs), firstLines(logs)); diff != "" && name != "what all events have" {
					t.Errorf("%s: logs: -fake +real\n%s", name, diff)
				}
			}
		})
	})
	t.Run("give what was expected", func(t *testing.T) {
		t.Parallel()
		got := map[string]outcome{}
		for i, name := range names {
			got[name] = outcome{Result: native[i].Result, Error: native[i].Error, Logs: native[i].Logs}
		}
		expectGo(t, got)
	})
	t.Run("say where they panicked, and go on", func(t *testing.T) {
		t.Parallel()
		panicsOfGo(t, b)
	})
	t.Run("fail when they end, and begin anew", func(t *testing.T) {
		t.Parallel()
		endsOfGo(t, b)
	})
	for how, say := range map[string]string{"error": "start: the settings are wrong", "panic": "start: panic: no settings at all"} {
		t.Run("do not load after a start with "+how, func(t *testing.T) {
			t.Parallel()
			b := goModule(t, dir, pkg, bundle.Function{Config: map[string]any{"start": how}})
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b, event("viewer-request", ""))
				if s.Load == "" || len(s.LoadLogs) == 0 || !strings.HasPrefix(s.LoadLogs[0].Text, say) {
					t.Errorf("load %q, logs %v, want %q", s.Load, s.LoadLogs, say)
				}
			})
		})
	}
}

// firstLines drops stacks, which differ between machines.
func firstLines(logs []logged) []string {
	var lines []string
	for _, l := range logs {
		line, _, _ := strings.Cut(l.Text, "\n\n")
		lines = append(lines, l.Level+" "+line)
	}
	return lines
}

// expectGo holds outcomes against what was written down by hand: two hosts
// that agree may both be wrong.
func expectGo(t *testing.T, got map[string]outcome) {
	t.Helper()
	says := map[string][]string{
		"what all events have":    {"id== E1 d1.cloudfront.net", "POST /a q=1 203.0.113.7"},
		"headers that are read":   {"a=1 true true", " false true", `["a=1" "b=2"]`, "[]", "cookie=a=1", "cookie=b=2", "host=example.com", "8"},
		"cookies":                 {"1 true", "2 true", " false"},
		"the surroundings":        {"grüße 🌍 true", `["a",1] true`, " true", " false", "true", "true"},
		"the log":                 {"i\nü %s"},
		"goroutines":              {"2450", "awake"},
		"garbage":                 {"/a199999"},
		"a request changed":       {"POST /b/ü  203.0.113.7"},
		"a body read":             {`"a=ü\x00" false true`},
		"an empty body":           {`"" false true`},
		"no body":                 {`"" false false`},
		"a body cut off":          {`"x" true true`},
		"a body replaced":         {`"grün" false true`},
		"an origin read":          {"true custom origin.example.com /app https 443 30 5 [TLSv1.1 TLSv1.2]   [prod]"},
		"an origin changed":       {"true custom b.example.com  http 8080 9 2 [TLSv1.1 TLSv1.2]   [prod extra]"},
		"an S3 origin":            {"true s3 b.s3.eu-west-1.amazonaws.com /app  0 0 0 [] eu-west-1 origin-access-identity []"},
		"a response from origin":  {"404 Not Found", `["s=1" "s=2"]`, "true origin.example.com", "POST /a q=1 203.0.113.7"},
		"a response changed":      {"200 "},
		"a response for visitors": {"404 Not Found", `["b"]`, "1 true"},
	}
	for name, want := range says {
		said := got[name].texts("info")
		if name == "what all events have" {
			said = said[:min(2, len(said))] // the third is how many there were
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	results := map[string]object{
		"an answer": {"status": "404", "statusDescription": "Not Found", "body": "nö", "bodyEncoding": "text",
			"headers": object{"set-cookie": append(values("Set-Cookie", "a"), values("set-cookie", "b")...)}},
		"an answer of bytes": {"status": "200", "body": "iVBORw==", "bodyEncoding": "base64",
			"headers": object{"content-type": values("Content-Type", "image/png")}},
		"an answer of nothing": {"status": "204", "headers": object{}},
		"a redirect":           {"status": "307", "headers": object{"location": values("Location", "https://example.com/?a=b")}},
		"a response of bytes": {"status": "404", "statusDescription": "Not Found", "body": "AP8B", "bodyEncoding": "base64",
			"headers": object{"set-cookie": values("Set-Cookie", "s=1", "s=2"), "server": values("Server", "x")}},
		"a response changed": {"status": "200", "statusDescription": "Fine", "body": "ok", "bodyEncoding": "text",
			"headers": object{"set-cookie": append(values("Set-Cookie", "s=1", "s=2"), values("Set-Cookie", "s=3")...)}},
	}
	for name, want := range results {
		if diff := cmp.Diff(want, got[name].Result); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	errors := map[string]string{
		"an error": "edge_handle returned -1", "a command nobody knows": "edge_handle returned -1", "a panic": "edge_handle returned -1",
		"a line break in a header": "line break", "a path with a space": "no space", "a status out of range": "200 to 599",
		"a body that is not there": "no request body", "a port of letters": "whole number",
	}
	for name, want := range errors {
		if !strings.Contains(got[name].Error, want) {
			t.Errorf("%s: error %q, want %q", name, got[name].Error, want)
		}
	}
}

func panicsOfGo(t *testing.T, b bundle.Bundle) {
	t.Helper()
	tests := map[string]string{
		"panic":       "viewer-request: panic: it is panic\n\n",
		"panic-error": "viewer-request: panic: an error\n\n",
		"nil":         "viewer-request: panic: runtime error: invalid memory address or nil pointer dereference\n\n",
		"index":       "viewer-request: panic: runtime error: slice bounds out of range",
	}
	onEachNode(t, func(t *testing.T, node string) {
		for verb, say := range tests {
			s := run(t, node, b, event("viewer-request", verb), event("viewer-request", "count"))
			log := s.Outcomes[0].texts("error")
			if len(log) != 2 || !strings.HasPrefix(log[0], say) || !strings.Contains(log[0], "internal/probe/probe.go:") {
				t.Errorf("%s: logged %q; want one entry, %q and the line", verb, log, say)
			}
			if s.Outcomes[0].Error == "" {
				t.Errorf("%s: the event did not fail", verb)
			}
			if diff := cmp.Diff([]string{"2"}, s.Outcomes[1].texts("info")); diff != "" {
				t.Errorf("%s: a recovered panic costs no instance: %s", verb, diff)
			}
		}
	})
}

func endsOfGo(t *testing.T, b bundle.Bundle) {
	t.Helper()
	tests := map[string]string{
		"goroutine-panic": "panic: far away",
		"deadlock":        "all goroutines are asleep - deadlock!",
		"exit":            "proc_exit(3)",
		"break X-A":       "line break",
	}
	onEachNode(t, func(t *testing.T, node string) {
		for verb, say := range tests {
			s := run(t, node, b, event("viewer-request", verb), event("viewer-request", "count"), event("viewer-request", "count"))
			log := fmt.Sprint(s.Outcomes[0].texts("error"))
			if s.Outcomes[0].Error == "" || !strings.Contains(log, say) {
				t.Errorf("%s: error %q, logged %s, want %q", verb, s.Outcomes[0].Error, log, say)
			}
			if diff := cmp.Diff([]string{"1", "2"}, append(s.Outcomes[1].texts("info"), s.Outcomes[2].texts("info")...)); diff != "" {
				t.Errorf("%s: the next events have a new instance: %s", verb, diff)
			}
		}
	})
}

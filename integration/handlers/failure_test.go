package handlers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

// What a handler may do wrong, and what the log must say about it.
type failure struct{ trigger, commands, say string }

func failures() map[string]failure {
	return map[string]failure{
		"a trap":                                 {"viewer-request", "trap", "unreachable"},
		"a stack that overflows":                 {"viewer-request", "overflow", "Maximum call stack size exceeded"},
		"a negative result":                      {"viewer-request", "return -7", "edge_handle returned -7"},
		"an unknown result":                      {"viewer-request", "return 2", "edge_handle returned 2"},
		"an answer that was not built":           {"viewer-request", "return 1", "without a response from respond"},
		"an answer at a response trigger":        {"viewer-response", "return 1", "without a response from respond"},
		"respond at a response trigger":          {"origin-response", "respond 200", "respond is for request events"},
		"a status out of range":                  {"viewer-request", "respond 600", "status 600 is not within 200 to 599"},
		"a status below":                         {"viewer-request", "respond 199", "status 199 is not within"},
		"a status that is no number":             {"origin-response", "set status OK", `"OK" is no whole number`},
		"a status at viewer-response":            {"viewer-response", "set status 200", "viewer-response cannot change the status"},
		"status words at viewer-response":        {"viewer-response", "set status-description x", "viewer-response cannot change the status"},
		"a body at viewer-response":              {"viewer-response", "set-text x", "viewer-response cannot change the body"},
		"a body where none is exposed":           {"viewer-request", "set-text x", "associate the function with its body included"},
		"an unknown form of body":                {"origin-response", "raw-form 2", "body form 2"},
		"an unknown field":                       {"viewer-request", "raw-get 19", "field 19 is unknown"},
		"an unknown field to set":                {"viewer-request", "raw-set 19 x", "field 19 is unknown"},
		"a read-only field":                      {"viewer-request", "set method GET", "field 0 is read-only"},
		"a request field at a response trigger":  {"viewer-response", "set uri /x", "uri cannot be changed at viewer-response"},
		"a querystring there":                    {"origin-response", "set querystring x", "querystring cannot be changed at origin-response"},
		"a request header there":                 {"viewer-response", "put-header request A b", "request headers cannot be changed at viewer-response"},
		"a uri that is no path":                  {"viewer-request", "set uri b", "a uri starts with /"},
		"a uri with a space":                     {"viewer-request", "set uri /a b", "a uri starts with /"},
		"a querystring with a fragment":          {"viewer-request", "set querystring a#b", "no space, control character or #"},
		"the origin at viewer-request":           {"viewer-request", "set origin-domain x", "the origin cannot be changed at viewer-request"},
		"the origin at origin-response":          {"origin-response", "set origin-path /x", "the origin cannot be changed at origin-response"},
		"an origin of no kind":                   {"origin-request", "set origin-kind ftp", "want custom or s3"},
		"an origin without a domain":             {"origin-request", "set origin-domain", "a domain name has no colon"},
		"an origin with a port in its domain":    {"origin-request", "set origin-domain a:80", "a domain name has no colon"},
		"an origin path that ends in a slash":    {"origin-request", "set origin-path /a/", "does not end with /"},
		"an origin path with a space":            {"origin-request", "set origin-path /a b", "no space or control character"},
		"an origin protocol of no kind":          {"origin-request", "set origin-protocol ftp", "want http or https"},
		"an origin port that is no number":       {"origin-request", "set origin-port x", "no whole number"},
		"a field of the other kind of origin":    {"origin-request", "set origin-region x", "only a s3 origin has this field"},
		"and the other way round":                {"origin-request", "set origin-kind s3\n set origin-port 80", "only a custom origin has this field"},
		"response headers before a response":     {"viewer-request", "put-header response A b", "call respond first"},
		"a header name that is none":             {"viewer-request", "put-header request a:b c", `"a:b" is no header name`},
		"a header name that JavaScript reserves": {"viewer-request", "put-header request __proto__ c", "is no header name"},
		"the same in capitals":                   {"viewer-request", "put-header request __PROTO__ c", "is no header name"},
		"an empty header name":                   {"viewer-request", "header request  0", `"" is no header name`},
		"a header value with a line break":       {"viewer-response", "break-header response X-A", "line break or NUL"},
		"headers of nobody":                      {"viewer-request", "raw-header 3 0", "headers of 3"},
		"a string that was never interned":       {"viewer-request", "raw-header 0 9999", "no string was interned as 9999"},
		"an unknown log level":                   {"viewer-request", "log 4 x", "log level 4"},
		"an address beyond memory":               {"viewer-request", "raw-log-nowhere", "is outside of the"},
		"random bytes beyond memory":             {"viewer-request", "random-nowhere", "is outside of the"},
	}
}

// Every failure comes after edits, so that "unchanged" means undone.
func edits(trigger string) string {
	if strings.HasSuffix(trigger, "request") {
		return "set uri /edited\n set uri /twice\n put-header request X-Edited 1\n put-header request X-Edited 2\n remove-header request cookie\n append-header request Host 2\n"
	}
	return "put-header response X-Edited 1\n remove-header response server\n append-header response Set-Cookie 3\n"
}

func TestAFailureIsAnErrorOrChangesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"fail", "continue"} {
		b := probe(t, bundle.Function{OnError: mode})
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			onEachNode(t, func(t *testing.T, node string) {
				var names []string
				var events []object
				for name, f := range failures() {
					names = append(names, name)
					// The event after each failure must find a working handler.
					events = append(events, event(f.trigger, edits(f.trigger)+f.commands), event("viewer-request", "set uri /after"))
				}
				s := run(t, node, b, events...)
				for i, name := range names {
					f, failed, after := failures()[name], s.Outcomes[2*i], s.Outcomes[2*i+1]
					if diff := cmp.Diff(expected(mode, f, events[2*i]), failed.Result); diff != "" {
						t.Errorf("%s: -want +got\n%s", name, diff)
					}
					if got := failed.Error != ""; got != (mode == "fail") || got && !strings.Contains(failed.Error, f.say) {
						t.Errorf("%s: error %q", name, failed.Error)
					}
					if log := strings.Join(failed.texts("error"), "\n"); !strings.Contains(log, f.say) || !strings.Contains(log, "    at ") {
						t.Errorf("%s: want %q and a stack in the log, got %s", name, f.say, log)
					}
					if after.Error != "" || after.Result["uri"] != "/after" {
						t.Errorf("%s: the event after it gave %q, %v", name, after.Error, after.Result)
					}
				}
			})
		})
	}
}

// expected is the event's own request or response where traffic goes on.
func expected(mode string, f failure, e object) object {
	switch {
	case mode == "fail":
		return nil
	case strings.HasSuffix(f.trigger, "request"):
		return subject(e, "request")
	default:
		return subject(e, "response")
	}
}

// After a trap memory may be in any state, so the next event gets a new
// instance. A handler that only says no keeps the one it has.
func TestOnlyATrapCostsTheInstance(t *testing.T) {
	t.Parallel()
	b := probe(t, bundle.Function{OnError: "continue", Config: map[string]any{"init": "log"}})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b,
			event("viewer-request", "events"), event("viewer-request", "events"),
			event("viewer-request", "return -1"), event("viewer-request", "events"),
			event("viewer-request", "trap"), event("viewer-request", "events"),
		)
		var got [][]string
		for _, o := range s.Outcomes {
			got = append(got, o.texts("info"))
		}
		want := [][]string{{"1"}, {"2"}, nil, {"4"}, nil, {"init", "1"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if diff := cmp.Diff([]logged{{"info", "init"}}, s.LoadLogs); diff != "" {
			t.Errorf("at load: -want +got\n%s", diff)
		}
	})
}

// What one event left behind must not be seen by the next one.
func TestEventsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	b := probe(t, bundle.Function{OnError: "continue"})
	longer := event("viewer-response", "count response")
	subject(longer, "response")["headers"].(object)["age"] = values("Age", "1")
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b,
			event("viewer-request", "respond 200"), event("viewer-request", "get status\n return 1"),
			event("viewer-response", "count response"), longer,
			event("viewer-request", "set uri /b"), event("viewer-request", "trap"),
		)
		if diff := cmp.Diff([]string{"absent"}, s.Outcomes[1].texts("info")); diff != "" {
			t.Errorf("the response of the event before: -want +got\n%s", diff)
		}
		if len(s.Outcomes[1].texts("error")) != 1 {
			t.Errorf("an answer was sent that another event had built: %v", s.Outcomes[1].Result)
		}
		if got := [][]string{s.Outcomes[2].texts("info"), s.Outcomes[3].texts("info")}; !cmp.Equal(got, [][]string{{"3"}, {"4"}}) {
			t.Errorf("header counts %v, want 3 and 4", got)
		}
		if got := s.Outcomes[4].Result["uri"]; got != "/b" {
			t.Errorf("the failure of the next event undid this one: uri %v", got)
		}
	})
}

// Engines reserve gigabytes of addresses for each memory; a handler that traps
// on every event must not run out of them.
func TestAThousandTrapsLeaveAWorkingHandler(t *testing.T) {
	t.Parallel()
	b := probe(t, bundle.Function{OnError: "continue"})
	events := slices.Repeat([]object{event("viewer-request", "trap")}, 1000)
	events = append(events, event("viewer-request", "set uri /after"))
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		last := s.Outcomes[len(s.Outcomes)-1]
		if last.Error != "" || last.Result["uri"] != "/after" {
			t.Errorf("got %q, %v", last.Error, last.Result)
		}
	})
}

// A handler that cannot start must say so when it is loaded, unless traffic is
// to go on.
func TestAHandlerThatCannotStart(t *testing.T) {
	t.Parallel()
	unreachable := []byte{0x00}
	callsLog := wasmtest.Module( // log(0, 0, 0) in the start function
		wasmtest.Section(1, wasmtest.Vec(
			wasmtest.Sig([]byte{wasmtest.I32}, []byte{wasmtest.I32}), wasmtest.Sig(nil, nil),
			wasmtest.Sig([]byte{wasmtest.I32, wasmtest.I32, wasmtest.I32}, nil))),
		wasmtest.Section(2, wasmtest.Vec(wasmtest.ImportFunc("edge", "log", 2))),
		wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(1), wasmtest.Leb(0), wasmtest.Leb(0), wasmtest.Leb(1))),
		wasmtest.Section(5, wasmtest.Vec([]byte{0, 1})),
		wasmtest.Section(7, wasmtest.Vec(
			wasmtest.Export("memory", 2, 0), wasmtest.Export("edge_abi_1", 0, 1),
			wasmtest.Export("edge_handle", 0, 2), wasmtest.Export("edge_buffer", 0, 3))),
		wasmtest.Section(8, wasmtest.Leb(4)),
		wasmtest.Section(10, wasmtest.Vec(wasmtest.Body(), wasmtest.Body(0x41, 0), wasmtest.Body(0x41, 0),
			wasmtest.Body(0x41, 0, 0x41, 0, 0x41, 0, 0x10, 0))),
	)
	tests := map[string]struct {
		module []byte
		say    string
	}{
		"a trap in edge_init":           {wasmtest.Host{Init: unreachable}.Module(), "unreachable"},
		"a trap in the start function":  {wasmtest.Host{Init: unreachable, Start: true}.Module(), "unreachable"},
		"a host call before edge_init":  {callsLog, "cannot be called before edge_init"},
		"code that the engine refuses":  {wasmtest.Host{Handle: []byte{0x6a}}.Module(), "CompileError"},
		"an event's words in edge_init": {nil, "needs an event; edge_init has none"},
	}
	for name, tt := range tests {
		for _, mode := range []string{"fail", "continue"} {
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				var b bundle.Bundle
				if tt.module == nil {
					b = probe(t, bundle.Function{OnError: mode, Config: map[string]any{"init": "event"}})
				} else {
					b = buildModule(t, tt.module, mode)
				}
				onEachNode(t, func(t *testing.T, node string) {
					e := event("viewer-request", "")
					s := run(t, node, b, e)
					if log := fmt.Sprint(s.LoadLogs); !strings.Contains(log, tt.say) {
						t.Errorf("logged %s, want %q", log, tt.say)
					}
					if mode == "fail" {
						if !strings.Contains(s.Load, tt.say) {
							t.Errorf("load gave %q, want %q", s.Load, tt.say)
						}
						return
					}
					if s.Load != "" {
						t.Fatal(s.Load)
					}
					if diff := cmp.Diff(subject(e, "request"), s.Outcomes[0].Result); diff != "" {
						t.Errorf("the event did not pass: -want +got\n%s", diff)
					}
					if log := strings.Join(s.Outcomes[0].texts("error"), "\n"); !strings.Contains(log, tt.say) {
						t.Errorf("with the event it logged %q, want %q again", log, tt.say)
					}
				})
			})
		}
	}
}

// withBuffer is a module whose edge_handle gets a field and whose edge_buffer
// is the given code.
func withBuffer(field byte, code ...byte) []byte {
	return wasmtest.Module(
		wasmtest.Section(1, wasmtest.Vec(wasmtest.Sig([]byte{wasmtest.I32}, []byte{wasmtest.I32}), wasmtest.Sig(nil, nil))),
		wasmtest.Section(2, wasmtest.Vec(wasmtest.ImportFunc("edge", "get", 0))),
		wasmtest.Section(3, wasmtest.Vec(wasmtest.Leb(1), wasmtest.Leb(0), wasmtest.Leb(0))),
		wasmtest.Section(5, wasmtest.Vec([]byte{0, 1})),
		wasmtest.Section(7, wasmtest.Vec(
			wasmtest.Export("memory", 2, 0), wasmtest.Export("edge_abi_1", 0, 1),
			wasmtest.Export("edge_handle", 0, 2), wasmtest.Export("edge_buffer", 0, 3))),
		wasmtest.Section(10, wasmtest.Vec(wasmtest.Body(), wasmtest.Body(0x41, field, 0x10, 0, 0x1a, 0x41, 0), wasmtest.Body(code...))),
	)
}

func TestABufferThatIsRefusedOrOutOfMemoryIsAFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code []byte
		say  string
	}{
		"no room":                            {[]byte{0x41, 0}, "edge_buffer has no room for 2 bytes"},
		"the last bytes of memory":           {[]byte{0x41, 0xfe, 0xff, 0x03}, ""}, // 65534
		"one byte beyond":                    {[]byte{0x41, 0xff, 0xff, 0x03}, "address 65535 + 2 is outside of the 65536 bytes"},
		"an address in the upper half":       {[]byte{0x41, 0x7e}, "address 4294967294 + 2 is outside"}, // -2
		"memory that grows in edge_buffer":   {[]byte{0x41, 1, 0x40, 0, 0x1a, 0x41, 0x80, 0x80, 0x04}, ""},
		"a trap while the host is waiting":   {[]byte{0x00}, "unreachable"},
		"a host call while the host waits":   {[]byte{0x41, 3, 0x10, 0}, "Maximum call stack"},
		"room in memory that was just grown": {[]byte{0x41, 1, 0x40, 0, 0x1a, 0x41, 0xfe, 0xff, 0x07}, ""}, // 131070
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := buildModule(t, withBuffer(1, tt.code...), "fail")
			onEachNode(t, func(t *testing.T, node string) {
				o := run(t, node, b, event("viewer-request", "")).Outcomes[0]
				if (tt.say == "") != (o.Error == "") || !strings.Contains(o.Error, tt.say) {
					t.Errorf("error %q, want %q", o.Error, tt.say)
				}
			})
		})
	}
}

func TestLogLevelsClockAndRandomness(t *testing.T) {
	t.Parallel()
	b := probe(t, bundle.Function{})
	commands := "log 0 d %s\n log 1 i ü\n log 2 w\n log 3 e\n now\n random 64\n random 64\n random 0"
	onEachNode(t, func(t *testing.T, node string) {
		o := run(t, node, b, event("viewer-request", commands)).Outcomes[0]
		if len(o.Logs) != 8 {
			t.Fatalf("logs %v", o.Logs)
		}
		want := []logged{{"debug", "d %s"}, {"info", "i ü"}, {"warn", "w"}, {"error", "e"}}
		if diff := cmp.Diff(want, o.Logs[:4]); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		// Milliseconds since 1970 have 13 digits until the year 2286.
		if now := o.Logs[4].Text; len(now) != 13 {
			t.Errorf("now is %s", now)
		}
		a, b := o.Logs[5].Text, o.Logs[6].Text
		if len(a) != 64 || a == b || a == strings.Repeat("a", 64) {
			t.Errorf("random bytes %s and %s", a, b)
		}
	})
}

func TestNoRoomIsAskedForNothing(t *testing.T) {
	t.Parallel()
	b := buildModule(t, withBuffer(2, 0x00), "fail") // the querystring; edge_buffer traps
	onEachNode(t, func(t *testing.T, node string) {
		empty := event("viewer-request", "")
		subject(empty, "request")["querystring"] = ""
		s := run(t, node, b, empty, event("viewer-request", ""))
		if s.Outcomes[0].Error != "" {
			t.Errorf("an empty value gave %s", s.Outcomes[0].Error)
		}
		if s.Outcomes[1].Error == "" {
			t.Error("edge_buffer was not called for a value")
		}
	})
}

// The probe imports everything, so a function that the trampoline lacks, or
// that the checks of internal/handlers/bundle do not know, cannot go unseen.
func TestTheProbeImportsTheWholeInterface(t *testing.T) {
	t.Parallel()
	src, err := repository(t).ReadFile(probeModule)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := repository(t).ReadFile("docs/abi-host.md")
	if err != nil {
		t.Fatal(err)
	}
	var imports, documented []string
	for _, i := range m.Imports {
		imports = append(imports, i.Name+i.Type.String())
	}
	for line := range strings.Lines(string(doc)) {
		// Rows of the table of imports: | `name` | `signature` | meaning |
		if cells := strings.Split(line, "|"); len(cells) > 3 && strings.Contains(cells[2], "->") && !strings.Contains(cells[1], "edge_") {
			documented = append(documented, strings.Trim(cells[1], " `")+strings.Trim(cells[2], " `"))
		}
	}
	slices.Sort(imports)
	slices.Sort(documented)
	if diff := cmp.Diff(documented, imports); diff != "" {
		t.Errorf("-docs/abi-host.md +probe\n%s", diff)
	}
}

// buildModule packs a module that is no file of the repository.
func buildModule(t *testing.T, module []byte, mode string) bundle.Bundle {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "h.wasm"), module, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Build(root, bundle.Function{Name: "h", Wasm: "h.wasm", OnError: mode})
	if cerr := root.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return b
}

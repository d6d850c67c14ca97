//go:build !wasip1

package edge_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
	"github.com/edgedeploy/edgedeploy/guest/go/edgetest"
)

// on are the handlers of the test that runs; a module registers its own once.
var on edge.Handlers

func init() {
	edge.Handle(edge.Handlers{
		Start: func() error {
			if on.Start == nil {
				return nil
			}
			return on.Start()
		},
		ViewerRequest:  func(e edge.ViewerRequest) (*edge.Response, error) { return on.ViewerRequest(e) },
		OriginRequest:  func(e edge.OriginRequest) (*edge.Response, error) { return on.OriginRequest(e) },
		OriginResponse: func(e edge.OriginResponse) error { return on.OriginResponse(e) },
		// No ViewerResponse: an event without a handler.
	})
}

const request = `"request": {"clientIp": "203.0.113.7", "method": "GET", "uri": "/a", "querystring": "",
	"headers": {"cookie": [{"key": "Cookie", "value": "a; b =1;a=2=3 ; a=4"}, {"key": "Cookie", "value": "c=5"}]},
	"origin": {"s3": {"domainName": "b.s3.eu-west-1.amazonaws.com", "path": "", "region": "eu-west-1", "authMethod": "none", "customHeaders": {}}}}`

// give gives an event of a trigger to the handlers.
func give(h *edgetest.Host, trigger string) (map[string]any, error) {
	event := fmt.Sprintf(`{"Records": [{"cf": {"config": {"eventType": %q, "requestId": "id=="}, %s, "response": {"status": "200", "headers": {}}}}]}`, trigger, request)
	b, err := h.Handle([]byte(event))
	if err != nil {
		return nil, err
	}
	var result map[string]any
	return result, json.Unmarshal(b, &result)
}

func TestCookiesAreReadAsBrowsersWriteThem(t *testing.T) {
	on = edge.Handlers{ViewerRequest: func(e edge.ViewerRequest) (*edge.Response, error) {
		for name, want := range map[string]string{"a": "2=3", "b": "1", "c": "5"} {
			if got, ok := e.Cookie(name); !ok || got != want {
				t.Errorf("cookie %s is %q, %v, want %q", name, got, ok, want)
			}
		}
		if got, ok := e.Cookie("d"); ok {
			t.Errorf("cookie d is %q", got)
		}
		return nil, nil
	}}
	if _, err := give(new(edgetest.Host), "viewer-request"); err != nil {
		t.Error(err)
	}
}

func TestHeadersMayChangeWhileTheyAreListed(t *testing.T) {
	on = edge.Handlers{OriginResponse: func(e edge.OriginResponse) error {
		for name, value := range e.Request().Headers().All() {
			e.Headers().Add(name, value)
		}
		n := 0
		for range e.Headers().All() {
			e.Headers().Del("Cookie")
			if n++; n == 1 {
				break // a loop may end early
			}
		}
		e.Headers().Set("X-Left", fmt.Sprint(e.Headers().Len()))
		return nil
	}}
	got, err := give(new(edgetest.Host), "origin-response")
	want := map[string]any{"status": "200", "headers": map[string]any{
		"x-left": []any{map[string]any{"key": "X-Left", "value": "0"}},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestTheHostOfATestIsWhatTheTestSays(t *testing.T) {
	when := time.UnixMilli(1234567890123)
	on = edge.Handlers{OriginRequest: func(edge.OriginRequest) (*edge.Response, error) {
		b := make([]byte, 3)
		edge.Random(b)
		word, _ := edge.Config("word")
		list, _ := edge.Config("list")
		edge.Warn(fmt.Sprint(edge.Now().Equal(when), " ", string(b), " ", word, " ", list))
		return nil, nil
	}}
	h := &edgetest.Host{
		Config: map[string]any{"word": "w", "list": []any{1, "<"}},
		Now:    func() time.Time { return when }, Random: strings.NewReader("xyzw"),
	}
	if _, err := give(h, "origin-request"); err != nil {
		t.Fatal(err)
	}
	want := []edgetest.Log{{Level: "warn", Text: `true xyz w [1,"<"]`}}
	if !reflect.DeepEqual(h.Logs, want) {
		t.Errorf("logs %q, want %q", h.Logs, want)
	}
	if _, err := give(h, "origin-request"); err == nil || !strings.Contains(err.Error(), "random bytes") {
		t.Errorf("randomness that has run out gave %v", err)
	}
}

func TestStartRunsOncePerInstance(t *testing.T) {
	starts, events := 0, 0
	on = edge.Handlers{
		Start: func() error { starts++; return nil },
		ViewerRequest: func(e edge.ViewerRequest) (*edge.Response, error) {
			if events++; events == 2 {
				return nil, errors.New("no")
			}
			if events == 4 {
				e.SetURI("no slash")
			}
			return nil, nil
		},
	}
	h := new(edgetest.Host)
	for i, want := range []int{1, 1, 1, 1, 2} { // the refusal of the fourth cost the instance
		if _, err := give(h, "viewer-request"); (err != nil) != (i == 1 || i == 3) {
			t.Errorf("event %d: %v", i, err)
		}
		if starts != want {
			t.Errorf("after event %d: %d starts, want %d", i, starts, want)
		}
	}
}

func TestWhatFailsSaysWhy(t *testing.T) {
	tests := map[string]struct {
		trigger  string
		handlers edge.Handlers
		log, err string
	}{
		"an error": {"origin-response", edge.Handlers{OriginResponse: func(edge.OriginResponse) error { return errors.New("no") }},
			"origin-response: no", "edge_handle returned -1"},
		"a panic": {"origin-response", edge.Handlers{OriginResponse: func(edge.OriginResponse) error { panic("oh") }},
			"origin-response: panic: oh\n\ngoroutine ", "edge_handle returned -1"},
		"a trigger without a handler": {"viewer-response", edge.Handlers{}, "viewer-response: this module has no handler for it", "edge_handle returned -1"},
		"a start":                     {"origin-response", edge.Handlers{Start: func() error { return errors.New("no settings") }}, "start: no settings", "the module ended itself"},
		"a trigger nobody knows":      {"viewer-something", edge.Handlers{}, "", "eventType is viewer-something, want one of viewer-request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			on = tt.handlers
			h := new(edgetest.Host)
			_, err := give(h, tt.trigger)
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %s", err, tt.err)
			}
			if log := fmt.Sprint(h.Logs); tt.log != "" && (len(h.Logs) != 1 || !strings.Contains(log, tt.log)) {
				t.Errorf("logs %s, want one with %q", log, tt.log)
			}
		})
	}
}

func TestEventsThatAreNoneAreRefused(t *testing.T) {
	for _, event := range []string{"", "[]", "{}", `{"Records": []}`, `{"Records": [{}, {}]}`, `{"Records": [{"cf": {"config": {"eventType": "viewer-request"}}}]}`} {
		if _, err := new(edgetest.Host).Handle([]byte(event)); err == nil {
			t.Errorf("%q was taken", event)
		}
	}
}

func TestAnEventMayComeWithoutItsRecord(t *testing.T) {
	on = edge.Handlers{ViewerRequest: func(edge.ViewerRequest) (*edge.Response, error) { return edge.Redirect(302, "/x"), nil }}
	result, err := new(edgetest.Host).Handle([]byte(`{"config": {"eventType": "viewer-request"}, "request": {}}`))
	const want = `{"headers":{"location":[{"key":"Location","value":"/x"}]},"status":"302"}`
	if err != nil || string(result) != want {
		t.Errorf("got %s, %v, want %s", result, err, want)
	}
}

func TestHandleIsCalledOnce(t *testing.T) {
	defer func() {
		if v := recover(); v != "edge: Handle was called twice" {
			t.Errorf("recovered %v", v)
		}
	}()
	edge.Handle(edge.Handlers{})
}

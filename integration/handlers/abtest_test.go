package handlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// The share is a percentage of visitors, not a rule that looks random: of 5,000
// new ones 20 % get b, within six standard deviations (28 visitors each).
func TestTheABTestExampleSplitsByItsShare(t *testing.T) {
	t.Parallel()
	b := functionsOf(t, "examples/ab-test")["split"]
	const visitors = 5000
	events := make([]object, visitors)
	for i := range events {
		events[i] = event("viewer-request", "")
		delete(subject(events[i], "request")["headers"].(object), "cookie")
	}
	onEachNode(t, func(t *testing.T, node string) {
		got := map[any]int{}
		for _, o := range run(t, node, b, events...).Outcomes {
			got[at(o.Result, "headers", "x-ab-variant", "0", "value")]++
		}
		if got["a"]+got["b"] != visitors || got["b"] < 1000-170 || got["b"] > 1000+170 {
			t.Errorf("variants %v, want about 1000 b, all others a", got)
		}
	})
}

// A visitor who comes with nothing leaves with a cookie that gives the same
// variant again, whichever chance chose.
func TestTheABTestExampleKeepsVisitorsWhereTheyWerePut(t *testing.T) {
	t.Parallel()
	b := functionsOf(t, "examples/ab-test")["split"]
	onEachNode(t, func(t *testing.T, node string) {
		for range 3 {
			first := run(t, node, b, event("viewer-request", "")).Outcomes[0].Result
			seen := event("viewer-response", "")
			subject(seen, "request")["headers"] = first["headers"]
			response := run(t, node, b, seen).Outcomes[0].Result
			all, _ := at(response, "headers", "set-cookie").([]any)
			if len(all) != 3 { // two are the origin's
				t.Fatalf("set-cookie %v", all)
			}
			cookie, _, _ := strings.Cut(at(all[2], "value").(string), ";")
			next := event("viewer-request", "")
			subject(next, "request")["headers"] = object{"cookie": values("Cookie", "theme=dark; "+cookie)}
			again := run(t, node, b, next).Outcomes[0].Result
			if diff := cmp.Diff(at(first, "headers", "x-ab-variant"), at(again, "headers", "x-ab-variant")); diff != "" {
				t.Errorf("another variant at the next visit: %s", diff)
			}
		}
	})
}

func TestTheABTestExampleNamesASettingThatIsWrong(t *testing.T) {
	t.Parallel()
	good := func() map[string]any {
		return map[string]any{"cookie": "ab", "share": 20, "days": 30, "origin-a": "a.example.com", "origin-b": "b.example.com"}
	}
	tests := map[string]struct {
		key   string
		value any
	}{
		"a share over 100":           {"share", 101},
		"a share that is no number":  {"share", "a lot"},
		"half a percent":             {"share", 0.5},
		"no share":                   {"share", nil},
		"a cookie's name with a ;":   {"cookie", "a;b"},
		"no cookie":                  {"cookie", ""},
		"no origin for b":            {"origin-b", ""},
		"an origin beyond any name":  {"origin-a", strings.Repeat("a", 300)},
		"days beyond a browser's":    {"days", 401},
		"days that overflow":         {"days", "99999999999"},
		"a negative number of days":  {"days", -1},
		"a list where one is wanted": {"cookie", []any{"a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := good()
			config[tt.key] = tt.value
			b := build(t, bundle.Function{Name: "ab", Wasm: "examples/ab-test/ab_test.wasm", Config: config})
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b, event("viewer-request", ""))
				if s.Load == "" || len(s.LoadLogs) == 0 || !strings.HasPrefix(s.LoadLogs[0].Text, "ab-test: ") {
					t.Errorf("load %q, logs %v; want a failure that the log explains", s.Load, s.LoadLogs)
				}
			})
		})
	}
	b := build(t, bundle.Function{Name: "ab", Wasm: "examples/ab-test/ab_test.wasm", Config: good()})
	onEachNode(t, func(t *testing.T, node string) {
		if s := run(t, node, b, event("origin-response", "")); s.Load != "" {
			t.Errorf("the good configuration gave %s", s.Load)
		}
	})
}

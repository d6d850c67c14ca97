package main

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestOneHintNamesAllItsLines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ hints, want []string }{
		"none":              {nil, nil},
		"no place":          {[]string{"plan again", "wait"}, []string{"plan again", "wait"}},
		"one line":          {[]string{"remove it (a.yaml:3)"}, []string{"remove it (a.yaml:3)"}},
		"three lines":       {[]string{"remove it (a.yaml:3)", "remove it (a.yaml:5)", "remove it (a.yaml:9)"}, []string{"remove it (a.yaml:3, 5, 9)"}},
		"others in between": {[]string{"x (a.yaml:3)", "y (a.yaml:4)", "x (a.yaml:5)"}, []string{"x (a.yaml:3, 5)", "y (a.yaml:4)"}},
		"another file":      {[]string{"x (a.yaml:3)", "x (b.yaml:3)"}, []string{"x (a.yaml:3)", "x (b.yaml:3)"}},
		"brackets inside":   {[]string{"x (y) or z (a.yaml:3)", "x (y) or z (a.yaml:4)"}, []string{"x (y) or z (a.yaml:3, 4)"}},
	}
	for name, tt := range tests {
		var given []advised
		for _, h := range tt.hints {
			given = append(given, advised{text: h})
		}
		var got []string
		for _, h := range oncePerLine(given) {
			got = append(got, h.text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// Where one thing is to be done about one slot and another about the next, each
// hint says for which it is.
func TestEachHintSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	slot := func(n int) associations.Slot {
		return associations.Slot{Distribution: fmt.Sprintf("E%d", n), Path: "default", Trigger: "viewer-request"}
	}
	theirs := func(n int) error { return &associations.ConflictError{Slot: slot(n), Stack: "shop"} }
	named := func(n int, owner string) error {
		return &associations.ConflictError{Slot: slot(n), Stack: "shop", Owner: owner}
	}
	const adopt = "take it over with --adopt (rollback --to 0 gives it back), or remove the line"
	renamed := func(owner string) string {
		return "if stack: was renamed, say " + owner + " again, or take it over with --adopt (rollback --to 0 gives it back); else remove the line"
	}
	for name, c := range map[string]struct {
		problems []error
		want     string
	}{
		"one":             {[]error{theirs(1)}, adopt},
		"two of one kind": {[]error{theirs(1), theirs(2)}, adopt},
		"two kinds": {[]error{theirs(1), named(2, "store"), theirs(3)},
			"for E1 default viewer-request, E3 default viewer-request: " + adopt + "; for E2 default viewer-request: " + renamed("store")},
		"two owners": {[]error{named(1, "store"), named(2, "blog")},
			"for E1 default viewer-request: " + renamed("store") + "; for E2 default viewer-request: " + renamed("blog")},
		"a function and a slot": {[]error{&versions.OwnerError{Function: "shop-a"}, theirs(1)},
			"for shop-a: choose another name: for the function, or take it over with --adopt; for E1 default viewer-request: " + adopt},
		"too many": {[]error{named(1, "a"), named(2, "b"), named(3, "c"), named(4, "d"), named(5, "e")},
			"for E1 default viewer-request: " + renamed("a") + "; for E2 default viewer-request: " + renamed("b") +
				"; for E3 default viewer-request: " + renamed("c") + "; once that is done, 2 more are to be decided"},
		"one of many, and one": {[]error{theirs(1), theirs(2), theirs(3), theirs(4), theirs(5), named(6, "a")},
			"for E1 default viewer-request, E2 default viewer-request, E3 default viewer-request and 2 more: " + adopt +
				"; for E6 default viewer-request: " + renamed("a")},
	} {
		a := &app{running: "apply"}
		if diff := cmp.Diff(c.want, a.hint(&plan.BlockedError{Stack: "shop", Problems: c.problems})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

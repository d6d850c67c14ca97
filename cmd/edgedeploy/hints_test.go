package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
		if diff := cmp.Diff(tt.want, oncePerLine(tt.hints)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

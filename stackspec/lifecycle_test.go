package stackspec

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRuntimesAge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		runtime, day string
		say          string
		refused      bool
	}{
		"long before":          {"nodejs22.x", "2026-12-30", "", false},
		"months before":        {"nodejs22.x", "2026-12-31", "Lambda deprecates nodejs22.x on 2027-04-30, and creates no functions with it from 2027-06-01 on", false},
		"the day before":       {"nodejs22.x", "2027-04-29", "Lambda deprecates nodejs22.x on 2027-04-30", false},
		"deprecated":           {"nodejs22.x", "2027-04-30", "Lambda deprecated nodejs22.x on 2027-04-30", false},
		"still created":        {"nodejs22.x", "2027-05-31", "it creates no functions with it from 2027-06-01 on, and updates none from 2027-07-01 on", false},
		"not created":          {"nodejs22.x", "2027-06-01", "Lambda creates no functions with nodejs22.x since 2027-06-01, and updates none from 2027-07-01 on", true},
		"not updated":          {"nodejs22.x", "2027-07-01", "Lambda creates and updates no functions with nodejs22.x since 2027-07-01", true},
		"Python":               {"python3.10", "2026-11-30", "Lambda creates no functions with python3.10 since 2026-11-30", true},
		"without dates":        {"nodejs26.x", "2040-01-01", "", false},
		"unknown":              {"java25", "2040-01-01", "", false},
		"another part of Asia": {"nodejs22.x", "2026-12-31T05:00:00+06:00", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			day, err := time.Parse(time.DateOnly, test.day)
			if err != nil {
				if day, err = time.Parse(time.RFC3339, test.day); err != nil {
					t.Fatal(err)
				}
			}
			say, refused := Aging(test.runtime, day)
			if refused != test.refused || !strings.Contains(say, test.say) || (say == "") != (test.say == "") {
				t.Errorf("%q, %v", say, refused)
			}
		})
	}
}

// Every row is about a runtime of the spec, has its dates in order, and says
// where they are from; docs/spec.md has them all.
func TestLifecyclesAreDatedAndDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/spec.md")
	if err != nil {
		t.Fatal(err)
	}
	known := runtimes().words
	for _, l := range lifecycles() {
		dates := []string{l.deprecated, l.noCreate, l.noUpdate}
		for _, d := range dates {
			if _, err := time.Parse(time.DateOnly, d); err != nil {
				t.Error(err)
			}
		}
		if !slices.IsSorted(dates) || l.source == "" || !slices.Contains(known, l.runtime) {
			t.Errorf("%+v", l)
		}
		if row := "| " + l.runtime + " | " + strings.Join(dates, " | ") + " |"; !strings.Contains(string(doc), row) {
			t.Errorf("docs/spec.md lacks the row %s", row)
		}
		if n := Newest(l.runtime); !slices.Contains(known, n) || n[:3] != l.runtime[:3] {
			t.Errorf("newest of %s: %s", l.runtime, n)
		}
	}
}

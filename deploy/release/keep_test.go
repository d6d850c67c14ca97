package release

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestAReleaseNeedsWhatItBindsLeavesAndMayGiveBack(t *testing.T) {
	t.Parallel()
	bind := func(n int) associations.Binding {
		return associations.Binding{Version: versions.Ref{Function: "f", Number: n}}
	}
	slot := associations.Slot{Distribution: "D", Path: "default", Trigger: associations.ViewerRequest}
	r := Release{
		Functions:     []Function{{Key: "f", Spec: versions.Spec{Function: "f"}, Number: 1}},
		Distributions: []Distribution{{Key: "d", IDs: []string{"D"}, Bindings: []Placed{{Path: "default", Trigger: associations.ViewerRequest, Binding: bind(2)}}}},
		Takings:       []Taking{{Slot: slot, Holder: bind(3)}, {Slot: slot}},
		Left:          []Bound{{Slot: slot, Binding: bind(4)}},
		Edits:         []associations.Edit{{Slot: slot, From: bind(5), To: bind(2)}}, // done: it goes back nowhere
	}
	var got []int
	for ref := range r.Needs() {
		got = append(got, ref.Number)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]int{1, 2, 3, 4}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhichReleasesAreRetained(t *testing.T) {
	t.Parallel()
	numbers := func(from, to int) []int {
		var list []int
		for n := from; n <= to; n++ {
			list = append(list, n)
		}
		return list
	}
	live := func(r Release) LedgerState { return LedgerState{Exists: true, Live: r, Kept: numbers(1, 10)} }
	for name, c := range map[string]struct {
		state         LedgerState
		keep          int
		kept, dropped []int
	}{
		"the newest":                           {state: live(Release{Number: 10}), keep: 3, kept: []int{8, 9, 10}, dropped: numbers(1, 7)},
		"all, if there are fewer":              {state: live(Release{Number: 10}), keep: 40, kept: numbers(1, 10)},
		"what is live, however old":            {state: live(Release{Number: 2}), keep: 1, kept: []int{2, 10}, dropped: []int{1, 3, 4, 5, 6, 7, 8, 9}},
		"where the live one returns":           {state: live(Release{Number: 10, Returns: 4}), keep: 1, kept: []int{4, 10}, dropped: []int{1, 2, 3, 5, 6, 7, 8, 9}},
		"what the live one holds":              {state: live(Release{Number: 10, Holds: []Hold{{Release: 3, Brought: 2}}}), keep: 1, kept: []int{2, 3, 10}, dropped: []int{1, 4, 5, 6, 7, 8, 9}},
		"what the live one took out":           {state: live(Release{Number: 10, Back: 6, Undone: 7, Target: 5}), keep: 1, kept: []int{5, 6, 7, 10}, dropped: []int{1, 2, 3, 4, 8, 9}},
		"whatever was recorded since":          {state: LedgerState{Exists: true, Live: Release{Number: 10}, Kept: []int{1, 4, 10}}, keep: 2, kept: numbers(4, 12), dropped: []int{1}},
		"what is in flight and it names":       {state: LedgerState{Exists: true, Live: Release{Number: 10}, Pending: Release{Number: 12, Returns: 3}, Kept: numbers(1, 10)}, keep: 1, kept: []int{3, 10, 11, 12}, dropped: []int{1, 2, 4, 5, 6, 7, 8, 9}},
		"all records, where none is protected": {state: LedgerState{Exists: true, Pending: Release{Number: 1}}, keep: 1, kept: numbers(1, 12)},
		"a record that is not listed any more": {state: live(Release{Number: 10, Returns: 99}), keep: 10, kept: append(numbers(1, 10), 99)},
		"itself, before it has a number":       {state: live(Release{Number: 10, Brought: Self}), keep: 10, kept: numbers(1, 10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listed := numbers(1, 10)
			if name == "whatever was recorded since" || c.state.Pending.Number != 0 {
				listed = numbers(1, 12)
			}
			kept, dropped := c.state.Retained(listed, c.keep)
			if diff := cmp.Diff(c.kept, kept); diff != "" {
				t.Errorf("kept:\n%s", diff)
			}
			if diff := cmp.Diff(c.dropped, dropped); diff != "" {
				t.Errorf("dropped:\n%s", diff)
			}
		})
	}
}

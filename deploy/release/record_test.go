package release_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

type (
	slots  = associations.Table
	taking = release.Taking
)

func holding(t slots) func(associations.Slot) associations.Binding {
	return func(s associations.Slot) associations.Binding { return t[s] }
}

func change(path string, from, to associations.Binding) associations.Edit {
	return associations.Edit{Slot: at(path), From: from, To: to}
}

var (
	f1, f2, g1, h1 = binding("f", 1), binding("f", 2), binding("g", 1), binding("h", 1)
	x9, x12        = binding("x", 9), binding("x", 3)
	nothing        = associations.Binding{}
)

func TestHowFarAReleaseCame(t *testing.T) {
	t.Parallel()
	edits := []associations.Edit{change("A", f1, f2), change("B", nothing, g1), change("C", h1, nothing)}
	for name, c := range map[string]struct {
		edits []associations.Edit
		held  slots
		want  release.Written
	}{
		"before its first write":                {edits, slots{at("A"): f1, at("C"): h1}, release.WrittenNone},
		"between":                               {edits, slots{at("A"): f2, at("C"): h1}, release.WrittenPart},
		"after its last":                        {edits, slots{at("A"): f2, at("B"): g1}, release.WrittenAll},
		"somebody else's slots do not count":    {edits, slots{at("A"): x9, at("B"): g1}, release.WrittenAll},
		"nor do they count as written":          {edits, slots{at("A"): x9, at("B"): x9, at("C"): h1}, release.WrittenNone},
		"no slot that counts is none written":   {edits, slots{at("A"): x9, at("B"): x9, at("C"): x9}, release.WrittenNone},
		"a record without edits counts as such": {nil, slots{at("A"): x9}, release.WrittenAll},
	} {
		if got := (rel{Edits: c.edits}).Written(holding(c.held)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestWhatTheBaseMakesTheStacks(t *testing.T) {
	t.Parallel()
	live := record(4, 4, table{"A": f1})
	live.Functions = append(live.Functions, release.Function{Key: "k", Spec: spec("k", "1"), Number: 1}) // only published
	live.Left = []release.Bound{{Slot: at("L"), Binding: h1}}
	live.Edits = []associations.Edit{change("E", f1, f2)}
	flight := record(5, 5, table{"B": g1, "T": g1})
	flight.Edits = []associations.Edit{change("B", f2, g1), change("C", h1, nothing), change("T", x9, g1), change("M", x12, nothing)}
	flight.Takings = []taking{{Slot: at("T"), Holder: x9, Release: 5}, {Slot: at("M"), Holder: x12, Release: 3}}

	own := release.Base{Live: live}.Ownership()
	want := associations.Ownership{
		Slots:     map[associations.Slot]bool{at("A"): true, at("L"): true},
		Versions:  map[versions.Ref]bool{f1.Version: true, h1.Version: true, {Function: "k", Number: 1}: true},
		Functions: map[string]bool{"f": true},
	}
	if diff := cmp.Diff(want, own); diff != "" {
		t.Errorf("at rest:\n%s", diff)
	}
	own = release.Base{Live: live, Superseded: flight}.Ownership()
	for _, path := range []string{"B", "C", "T", "M"} {
		want.Slots[at(path)] = true
	}
	// What it replaces is the stack's, but for what it takes from others.
	want.Versions[g1.Version], want.Versions[f2.Version], want.Versions[x12.Version] = true, true, true
	want.Functions["g"] = true
	if diff := cmp.Diff(want, own); diff != "" {
		t.Errorf("with one in flight:\n%s", diff)
	}
}

func TestTakingsAreThoseThatWereWritten(t *testing.T) {
	t.Parallel()
	live := rel{Number: 4, Takings: []taking{{Slot: at("A"), Holder: x9, Release: 2}, {Slot: at("B"), Release: 4}}}
	flight := rel{Number: 5, Undone: 3, Takings: []taking{
		{Slot: at("A"), Holder: x12, Release: 5}, {Slot: at("B"), Holder: x12, Release: 5}, {Slot: at("C"), Holder: x9, Release: 5}, {Slot: at("D"), Holder: x9, Release: 5},
	}}
	flight.Edits = []associations.Edit{change("A", x12, f1), change("B", x12, f1), change("C", x9, f1), change("G", f1, x9), change("H", f1, nothing)}
	flight.Distributions = record(5, 5, table{"A": f1, "B": f1, "C": f1}).Distributions
	got := release.Base{Live: live, Superseded: flight}.Takings(holding(slots{at("A"): x12, at("B"): f1, at("C"): x9, at("G"): f1, at("H"): f1}))
	want := map[associations.Slot]taking{
		at("A"): {Slot: at("A"), Holder: x9, Release: 2},  // not written: the older one
		at("B"): {Slot: at("B"), Holder: x12, Release: 5}, // written
		at("D"): {Slot: at("D"), Holder: x9, Release: 5},  // adopted in place
		at("G"): {Slot: at("G"), Holder: x9, Release: 3},  // to be given back
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatATakingIs(t *testing.T) {
	t.Parallel()
	own := associations.Ownership{Slots: map[associations.Slot]bool{at("A"): true}, Versions: map[versions.Ref]bool{f1.Version: true, f2.Version: true}}
	older := taking{Slot: at("A"), Holder: x9, Release: 2}
	filled := taking{Slot: at("A"), Release: 2}
	for name, c := range map[string]struct {
		before, want taking // the zero taking for none
		edit         associations.Edit
	}{
		"a slot that was empty is filled":            {edit: change("A", nothing, f1), want: taking{Slot: at("A"), Release: release.Self}},
		"a stranger's is taken":                      {edit: change("A", x9, f1), want: taking{Slot: at("A"), Holder: x9, Release: release.Self}},
		"a stranger's is taken again":                {edit: change("A", x12, f1), before: older, want: taking{Slot: at("A"), Holder: x12, Release: release.Self}},
		"a stranger's in a slot that was filled":     {edit: change("A", x9, f1), before: filled, want: taking{Slot: at("A"), Holder: x9, Release: release.Self}},
		"our own in our slot is replaced":            {edit: change("A", f1, f2), before: older, want: older},
		"our own in our slot is none":                {edit: change("A", f1, f2)},
		"our own that was moved there":               {edit: change("Z", f1, f2), want: taking{Slot: at("Z"), Holder: f1, Own: true, Release: release.Self}},
		"a slot that was cleared is filled again":    {edit: change("A", nothing, f1), before: older, want: taking{Slot: at("A"), Holder: x9, Release: 2, Filled: release.Self}},
		"a filled slot that was cleared":             {edit: change("A", nothing, f1), before: filled, want: taking{Slot: at("A"), Release: 2, Filled: release.Self}},
		"a slot that was filled is emptied":          {edit: change("A", f1, nothing), before: filled},
		"a slot that was taken is emptied, and owed": {edit: change("A", f1, nothing), before: older, want: older},
	} {
		taken := map[associations.Slot]taking{}
		if c.before != (taking{}) {
			taken[c.before.Slot] = c.before
		}
		release.Take(taken, c.edit, own)
		if got := taken[c.edit.Slot]; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	for want, takings := range map[bool][]taking{
		true:  {{Release: 5}, {Holder: x9, Release: 5}, {Holder: x9, Release: 2, Filled: 5}, {Holder: f1, Own: true, Release: 5, Filled: 6}},
		false: {{Release: 4}, {Holder: f1, Own: true, Release: 5}, {Holder: x9, Release: 2, Filled: 4}, {}},
	} {
		for _, taken := range takings {
			if taken.FromOthersSince(4) != want {
				t.Errorf("%+v is from others since release 4: %v", taken, !want)
			}
		}
	}
}

func TestWhatASupersededReleaseLeaves(t *testing.T) {
	t.Parallel()
	live := rel{Number: 4, Left: []release.Bound{
		{Slot: at("L"), Binding: h1}, {Slot: at("N"), Binding: h1}, {Slot: at("W"), Binding: h1, Release: 3},
	}}
	flight := record(5, 5, table{"A": f2, "B": g1, "D": g1})
	flight.Left = []release.Bound{{Slot: at("M"), Binding: h1}, {Slot: at("D2"), Binding: h1}}
	flight.Edits = []associations.Edit{change("A", f1, f2), change("B", nothing, g1), change("D", nothing, g1), change("E", g1, nothing), change("G", g1, x9)}
	decided := func(s associations.Slot) bool { return s == at("D") || s == at("D2") }
	got := release.Base{Live: live, Superseded: flight}.StillLeft(holding(slots{at("A"): f1, at("L"): h1, at("N"): x9, at("M"): h1, at("D2"): h1, at("G"): x9}), decided)
	want := []release.Bound{
		{Slot: at("A"), Binding: f2, Release: 5}, {Slot: at("B"), Binding: g1, Release: 5}, {Slot: at("L"), Binding: h1}, {Slot: at("M"), Binding: h1},
		{Slot: at("W"), Binding: h1, Release: 3}, // its run may write it yet
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	live.Number = 13
	if got := (release.Base{Live: live}).StillLeft(holding(slots{}), decided); len(got) != 0 {
		t.Errorf("ten releases later %v is left", got)
	}
}

func TestAnOriginIsANumberOrSelf(t *testing.T) {
	t.Parallel()
	for o, doc := range map[release.Origin]string{release.Self: `"self"`, 0: "0", 42: "42"} {
		got, err := json.Marshal(o)
		if err != nil || string(got) != doc {
			t.Errorf("%d is written as %s, %v", o, got, err)
		}
		var back release.Origin
		if err := json.Unmarshal([]byte(doc), &back); err != nil || back != o {
			t.Errorf("%s is read as %d, %v", doc, back, err)
		}
	}
	for _, doc := range []string{"-1", `"other"`, "1.5", "{}"} {
		var o release.Origin
		if err := json.Unmarshal([]byte(doc), &o); err == nil {
			t.Errorf("%s is read as %d", doc, o)
		}
	}
}

func TestTheLedgersNumberStandsForSelf(t *testing.T) {
	t.Parallel()
	r := rel{Brought: release.Self, Takings: []taking{{Release: release.Self}, {Release: 3, Filled: release.Self}, {Release: 2, Filled: 3}}}
	want := rel{Number: 7, Brought: 7, Takings: []taking{{Release: 7}, {Release: 3, Filled: 7}, {Release: 2, Filled: 3}}}
	if diff := cmp.Diff(want, r.Numbered(7)); diff != "" {
		t.Error(diff)
	}
	if r.Takings[0].Release != release.Self {
		t.Error("the record that was numbered changed")
	}
	if n := (rel{Brought: 3}).Numbered(7); n.Brought != 3 {
		t.Errorf("what was brought before is brought by %d", n.Brought)
	}
}

func TestPublishedVersionsGetTheirNumbers(t *testing.T) {
	t.Parallel()
	r := record(0, 0, table{"A": binding("f", 0), "B": g1})
	r.Edits = []associations.Edit{change("A", f1, binding("f", 0)), change("B", nothing, g1)}
	got := r.Resolve(map[string]versions.Version{
		"f": {Ref: f2.Version, CodeSHA256: "sha"}, "g": {Ref: versions.Ref{Function: "g", Number: 9}, CodeSHA256: "other"},
	})
	if got.Table()[at("A")] != f2 || got.Edits[0].To != f2 || got.Edits[0].From != f1 {
		t.Errorf("f is %v, and written as %+v", got.Table()[at("A")], got.Edits[0])
	}
	if f, _ := got.Function("f"); f.Number != 2 || f.CodeSHA256 != "sha" {
		t.Errorf("f is recorded as %+v", f)
	}
	if f, _ := got.Function("g"); got.Table()[at("B")] != g1 || got.Edits[1].To != g1 || f.Number != 1 || f.CodeSHA256 != "" {
		t.Errorf("what has a number got another: %v, %+v", got.Table()[at("B")], f)
	}
	if r.Table()[at("A")].Version.Number != 0 || r.Edits[0].To.Version.Number != 0 {
		t.Error("the record that was resolved changed")
	}
}

func TestPendingIsInFlightAboveLive(t *testing.T) {
	t.Parallel()
	for want, aliases := range map[release.Position][2]int{
		{Live: 2, Pending: 3}: {2, 3}, {Live: 3}: {3, 3}, {Live: 4}: {4, 3}, {Pending: 1}: {0, 1}, {}: {0, 0},
	} {
		if got := release.At(aliases[0], aliases[1]); got != want {
			t.Errorf("live %d, pending %d: %v, want %v", aliases[0], aliases[1], got, want)
		}
	}
}

func TestCommitsAreKeptNewestFirst(t *testing.T) {
	t.Parallel()
	made := func(commit string) release.Release { return release.Release{Source: release.Source{Commit: commit}} }
	a, b, again, tags, over := made("a"), made("b"), made("a"), made("t"), made("f")
	a.Since(release.Release{})
	b.Since(a)
	again.Since(b)
	tags.On(b)
	over.Since(release.Release{CommitsBefore: b.CommitsBefore}, b.Commits...)
	dirty := release.Release{Source: release.Source{Commit: "x", Dirty: true}}
	dirty.Since(b)
	for name, c := range map[string]struct {
		made          release.Release
		since, before string
	}{
		"the first":                    {a, "a", ""},
		"the second":                   {b, "b", "a"},
		"one that was applied again":   {again, "a", "b a"},
		"tags only":                    {tags, "t b", "a"},
		"over one that died":           {over, "f", "b a"},
		"of files that were no commit": {dirty, "", "b a"},
	} {
		if since, before := strings.Join(c.made.Commits, " "), strings.Join(c.made.CommitsBefore, " "); since != c.since || before != c.before {
			t.Errorf("%s: %q after %q, want %q after %q", name, since, before, c.since, c.before)
		}
	}
	last := a
	for i := range 2 * release.MaxCommits {
		next := made(strconv.Itoa(i))
		next.Since(last)
		last = next
	}
	if n := len(last.Commits) + len(last.CommitsBefore); n != release.MaxCommits || last.CommitsBefore[0] != strconv.Itoa(2*release.MaxCommits-2) {
		t.Errorf("%d commits are kept, after %s", n, last.CommitsBefore[0])
	}
}

func TestTheNextCommandIsNamed(t *testing.T) {
	t.Parallel()
	heldLive := second
	heldLive.Holds = []hold{{Release: 7}, {Release: 9}}
	for name, c := range map[string]struct {
		state   release.LedgerState
		written release.Written
		want    []release.Action
	}{
		"nothing at rest": {state(second, rel{}), release.WrittenAll, nil},
		"what is held": {state(heldLive, rel{}), release.WrittenAll, []release.Action{
			{Verb: release.VerbResume, Release: 7, Does: "lifts what the rollback of release 7 holds"},
			{Verb: release.VerbResume, Release: 9, Does: "lifts what the rollback of release 9 holds"},
		}},
		"an apply half written": {state(first, second), release.WrittenPart, []release.Action{
			{Verb: release.VerbApply, Does: "goes on"}, {Verb: release.VerbRollback, Of: 2, Does: "undoes release 2: back to release 1"},
		}},
		"an apply all written": {state(rel{}, first), release.WrittenAll, []release.Action{
			{Verb: release.VerbApply, Does: "records that release 1 is live"}, {Verb: release.VerbRollback, Of: 1, Does: "undoes it: back to what was there before the first release"},
		}},
		"a repair on top of a rollback": {state(back, rel{Number: 4, Kind: release.KindApply, Parent: 3, Brought: 1, Back: 2, Returns: 0}), release.WrittenNone, []release.Action{
			{Verb: release.VerbApply, Does: "goes on with release 4"}, {Verb: release.VerbRollback, Of: 4, Does: "completes it: the stack stays back at release 1"},
		}},
		"a rollback": {state(second, back), release.WrittenNone, []release.Action{
			{Verb: release.VerbRollback, Of: 3, Does: "completes the rollback to release 1"}, {Verb: release.VerbApply, Another: true, Does: "of another version supersedes it; what it holds stays held"},
		}},
	} {
		if diff := cmp.Diff(c.want, release.Next(c.state, c.written), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestWhatADerivedReleaseInherits(t *testing.T) {
	t.Parallel()
	r := record(5, 2, table{"A": f1}, "c1")
	r.Kind, r.Returns, r.Back, r.Undone, r.Target, r.Adopted = release.KindRollback, 1, 4, 4, 2, true
	r.Edits, r.Left, r.Takings = []associations.Edit{change("A", f2, f1)}, []release.Bound{{Slot: at("L"), Binding: h1}}, []taking{{Slot: at("A"), Release: 1}}
	got := r.Derive(release.KindResume)
	want := r
	want.Kind, want.Parent, want.Number, want.Undone, want.Target, want.Adopted, want.Edits = release.KindResume, 5, 0, 0, 0, false, nil
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

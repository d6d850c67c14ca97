package render

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

func TestShowGolden(t *testing.T) {
	t.Parallel()
	text := Show(sampleRelease(), true, Style{Width: 80})
	fits(t, text)
	golden(t, "show.txt", text)
	golden(t, "show.md", ShowMarkdown(sampleRelease(), true))
	if got := uncolored(Show(sampleRelease(), true, Style{Width: 80, Color: true})); got != text {
		t.Errorf("colour says more than the text:\n%s", cmp.Diff(text, got))
	}
	bare := release.Release{Number: 45, Stack: "storefront", Kind: release.KindRollback, Parent: 44, At: at}
	golden(t, "show-bare.txt", Show(bare, false, Style{Width: 80}))
}

func TestShowJSONHasTheNumberAndTheRecord(t *testing.T) {
	t.Parallel()
	doc, err := ShowJSON(sampleRelease(), true)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Release int
		Live    bool
		Record  release.Release
	}
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	want := sampleRelease()
	want.Number = 0 // the ledger gives it; it is no part of the record
	if got.Release != 44 || !got.Live || !cmp.Equal(want, got.Record) {
		t.Errorf("got release %d, live %v, record differs:\n%s", got.Release, got.Live, cmp.Diff(want, got.Record))
	}
}

func TestShowListsEditsInTheOrderOfTheirSlots(t *testing.T) {
	t.Parallel()
	turned := sampleRelease()
	slices.Reverse(turned.Edits)
	slices.Reverse(turned.Distributions[0].Bindings)
	if diff := cmp.Diff(withoutDigest(sampleRelease()), withoutDigest(turned)); diff != "" {
		t.Errorf("the order of the record shows:\n%s", diff)
	}
}

func withoutDigest(r release.Release) string {
	return strings.ReplaceAll(Show(r, true, Style{}), r.BindingsDigest(), "")
}

// log40 is a history with a release in every state.
//
//	36 ← 37 ← 39 ← 41 ← 42 (rolled back) ← 44 (rollback to 41) ← 47 (resume, live)
//	          38, 40, 43, 46 never live; 48 in flight
func log40() Log {
	recorded := func(number, parent int) release.Summary {
		return release.Summary{Number: number, Kind: release.KindApply, Parent: parent, Brought: release.Origin(number), Returns: parent,
			At: at.Add(time.Duration(number-48) * time.Hour), Bindings: "0123456789ab", Commit: "4be1c0ffee01",
			Actor: "ada", Message: "change number " + strings.Repeat("x", number-36)}
	}
	list := []release.Summary{
		recorded(36, 35), recorded(37, 36), recorded(38, 37), recorded(39, 37), recorded(40, 39), recorded(41, 39),
		recorded(42, 41), recorded(43, 42), recorded(44, 42), recorded(46, 44), recorded(47, 44), recorded(48, 47),
	}
	back := &list[8]
	back.Kind, back.Undone, back.Target, back.Back, back.Brought, back.Returns = release.KindRollback, 42, 41, 42, 41, 39
	back.Holds, back.Commit = 1, "4be1c0ffee01+"
	back.Message = "the redirect loops for visitors from Norway, and this message goes on for longer than a line of eighty columns can take"
	back.Actor = "arn:aws:sts::123456789012:assumed-role/deployer/ada"
	lifted := &list[10]
	lifted.Kind, lifted.Back, lifted.Brought, lifted.Returns, lifted.Message = release.KindResume, 42, 41, 39, ""
	list[0].Actor, list[0].Message, list[0].Commit = "", "", ""
	list[1].From, list[11].From = "GITHUB_SHA", "CODEBUILD_RESOLVED_SOURCE_VERSION"
	return Log{Stack: "storefront", Releases: list, Live: 47, Pending: 48, Now: at}
}

func TestHistoryTellsWhatBecameOfEachRelease(t *testing.T) {
	t.Parallel()
	want := map[int]ReleaseState{
		36: "", 37: "", 38: StateNever, 39: "", 40: StateNever, 41: "", 42: StateRolledBack,
		43: StateNever, 44: "", 46: StateNever, 47: StateLive, 48: StateInFlight,
	}
	if diff := cmp.Diff(want, log40().States()); diff != "" {
		t.Errorf("states differ (-want +got):\n%s", diff)
	}
}

// Going forth to a release puts it into service again; undoing that takes it out.
func TestHistoryFollowsGoingBackAndForth(t *testing.T) {
	t.Parallel()
	l := Log{Live: 4, Releases: []release.Summary{
		{Number: 1, Kind: release.KindApply, Brought: 1},
		{Number: 2, Kind: release.KindApply, Parent: 1, Brought: 2, Returns: 1},
		{Number: 3, Kind: release.KindRollback, Parent: 2, Brought: 1, Back: 2, Undone: 2, Target: 1},
		{Number: 4, Kind: release.KindRollback, Parent: 3, Brought: 2, Returns: 3, Undone: 3, Target: 2},
		{Number: 5, Kind: release.KindRollback, Parent: 4, Brought: 1, Back: 4, Undone: 4, Target: 3},
	}}
	want := map[int]ReleaseState{1: "", 2: "", 3: "", 4: StateLive, 5: StateNever}
	if diff := cmp.Diff(want, l.States()); diff != "" {
		t.Errorf("forth (-want +got):\n%s", diff)
	}
	l.Live = 5
	want = map[int]ReleaseState{1: "", 2: StateRolledBack, 3: "", 4: StateRolledBack, 5: StateLive}
	if diff := cmp.Diff(want, l.States()); diff != "" {
		t.Errorf("back again (-want +got):\n%s", diff)
	}
}

func TestHistoryBehindAMissingRecordIsTakenToHaveBeenLive(t *testing.T) {
	t.Parallel()
	l := log40()
	l.Releases = append(l.Releases[:3:3], l.Releases[4:]...) // 39 is gone
	got := l.States()
	for n, want := range map[int]ReleaseState{36: "", 37: "", 38: "", 40: StateNever, 41: ""} {
		if got[n] != want {
			t.Errorf("release %d is %q, want %q", n, got[n], want)
		}
	}
	loop := Log{Live: 2, Releases: []release.Summary{{Number: 1, Parent: 2}, {Number: 2, Parent: 1}}}
	if got := loop.States(); got[2] != StateLive || got[1] != "" {
		t.Errorf("a ring of parents gives %v", got)
	}
}

func TestHistoryBeforeTheFirstLiveReleaseWasNeverLive(t *testing.T) {
	t.Parallel()
	l := Log{Live: 2, Releases: []release.Summary{{Number: 1}, {Number: 2}}}
	if got := l.States()[1]; got != StateNever {
		t.Errorf("an attempt before the first release is %q", got)
	}
}

func TestHistoryBeforeAnythingWasLive(t *testing.T) {
	t.Parallel()
	l := Log{Stack: "storefront", Pending: 2, Releases: []release.Summary{{Number: 1}, {Number: 2}}}
	want := map[int]ReleaseState{1: StateNever, 2: StateInFlight}
	if diff := cmp.Diff(want, l.States()); diff != "" {
		t.Errorf("states differ (-want +got):\n%s", diff)
	}
	if got, want := History(Log{Stack: "storefront"}, Style{}), "storefront has no release yet.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHistoryGolden(t *testing.T) {
	t.Parallel()
	text := History(log40(), Style{Width: 80})
	for line := range strings.SplitSeq(text, "\n") {
		if cells(line) > 80 {
			t.Errorf("a line takes %d columns: %s", cells(line), line)
		}
	}
	golden(t, "history.txt", text)
	golden(t, "history.md", HistoryMarkdown(log40()))
	if got := uncolored(History(log40(), Style{Width: 80, Color: true})); got != text {
		t.Errorf("colour says more than the text:\n%s", cmp.Diff(text, got))
	}
	doc, err := HistoryJSON(log40())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "history.json", string(doc))
}

func TestHistoryDoesNotReorderItsInput(t *testing.T) {
	t.Parallel()
	l := log40()
	History(l, Style{})
	if diff := cmp.Diff(log40(), l); diff != "" {
		t.Errorf("the input changed:\n%s", diff)
	}
}

// Where git could not be asked, it is the pipeline that vouches for the commit.
func TestACommitThatAPipelineNamedIsMarked(t *testing.T) {
	t.Parallel()
	r := sampleRelease()
	r.Source = release.Source{Commit: strings.Repeat("ab", 20), Branch: "main", From: "GITHUB_SHA"}
	if got, want := sourceWords(r.Source), "commit "+r.Source.Commit+" on main, as the pipeline's GITHUB_SHA says"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	doc, err := json.Marshal(releaseDocument(r))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), `"commitFrom":"GITHUB_SHA"`) {
		t.Errorf("the status says %s", doc)
	}
}

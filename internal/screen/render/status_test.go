package render

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func sampleStatus() Status {
	live := sampleRelease()
	st := Status{
		Stack: "storefront", Account: account, Live: live, Pending: release.Release{Number: 45, Kind: release.KindApply, Parent: 44, Brought: 45, Returns: 44, At: at.Add(time.Hour)},
		Written: release.WrittenPart, Commands: Commands{Stack: "storefront", Flags: []string{"--local"}},
		Lock:  release.LockInfo{Holder: "ci@runner-7", RunID: "77aa", Phase: "apply", Expires: at.Add(90 * time.Minute)},
		Holds: live.Holds, Now: at.Add(50 * time.Hour), ExitCode: 2,
	}
	for _, f := range live.Functions {
		st.Functions = append(st.Functions, FunctionStatus{Function: f, State: "Active"})
	}
	auth := function("shared-auth", 3, content)
	st.Functions = append(st.Functions, FunctionStatus{Function: auth, State: "Inactive", Note: "bound nowhere"})
	st.Live.Functions = append(st.Live.Functions, auth)
	for _, b := range live.Bindings() {
		st.Slots = append(st.Slots, SlotStatus{Slot: b.Slot, Domain: "www.example.com", Wanted: b.Binding, Held: b.Binding})
	}
	st.Slots[1].Held = associations.Binding{Version: versions.Ref{Function: "other-team-fn", Number: 9}}
	st.Slots[2].Held, st.Slots[2].Note = associations.Binding{}, "the cache behavior is gone"
	elsewhere := associations.Slot{Distribution: "E3OTHER", Path: "default", Trigger: associations.ViewerRequest}
	st.Slots = append(st.Slots, SlotStatus{Slot: elsewhere, Wanted: bind("geo-redirect", 16), Held: bind("geo-redirect", 16), Deployed: true})
	copied := associations.Slot{Distribution: "E3OTHER", Path: "/copied/*", Trigger: associations.ViewerRequest}
	st.Strays = []release.Stray{{Slot: copied, Binding: bind("geo-redirect", 15)}}
	return st
}

func TestStatusGolden(t *testing.T) {
	t.Parallel()
	text := StatusText(sampleStatus(), Style{Width: 80})
	fits(t, text)
	golden(t, "status.txt", text)
	golden(t, "status.md", StatusMarkdown(sampleStatus()))
	if got := uncolored(StatusText(sampleStatus(), Style{Width: 80, Color: true})); got != text {
		t.Errorf("colour says more than the text:\n%s", cmp.Diff(text, got))
	}
	doc, err := StatusJSON(sampleStatus())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", string(doc))
}

func TestStatusSaysInWordsHowThingsStand(t *testing.T) {
	t.Parallel()
	settled := sampleStatus()
	settled.Slots, settled.Strays = settled.Slots[3:], nil
	stray, strays := settled, settled
	stray.Strays = sampleStatus().Strays
	strays.Strays = append(sampleStatus().Strays, stray.Strays...)
	deploying := settled
	deploying.Slots = []SlotStatus{settled.Slots[0]}
	deploying.Slots[0].Deployed = false
	one := settled
	one.Slots = []SlotStatus{settled.Slots[0]}
	one.Slots[0].Held = associations.Binding{}
	unbound := settled
	unbound.Slots = nil
	for want, st := range map[string]Status{
		"Every slot is as release 44 says, deployed everywhere.":                                                                           settled,
		"Every slot is as release 44 says; CloudFront is still deploying E3OTHER.":                                                         deploying,
		"1 slot differs from release 44.":                                                                                                  one,
		"Every slot is as release 44 says; 1 slot outside of it holds a version of the stack.":                                             stray,
		"Every slot is as release 44 says; 2 slots outside of it hold a version of the stack.":                                             strays,
		"2 slots differ from release 44; 1 slot outside of it holds a version of the stack; CloudFront is still deploying E2EXAMPLE1ABCD.": sampleStatus(),
		"Release 44 binds nothing.":      unbound,
		"Nothing of this stack is live.": {Stack: "storefront"},
	} {
		if got := statusSummary(st); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAMissingBodyIsADifference(t *testing.T) {
	t.Parallel()
	s := sampleStatus().Slots[3]
	if !s.Matches() {
		t.Error("a slot that holds what it should does not match")
	}
	if s.Wanted.IncludeBody = true; s.Matches() {
		t.Error("a slot without the body matches one with it")
	}
}

// Whoever owns the distribution elsewhere reads this map and nothing else.
func TestStatusJSONGivesAFlatMapOfQualifiedARNs(t *testing.T) {
	t.Parallel()
	doc, err := StatusJSON(sampleStatus())
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ QualifiedARNs map[string]string }
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"geo-redirect": "arn:aws:lambda:us-east-1:123456789012:function:storefront-geo-redirect:16",
		"resize":       "arn:aws:lambda:us-east-1:123456789012:function:storefront-resize:4",
		"shared-auth":  "arn:aws:lambda:us-east-1:123456789012:function:storefront-shared-auth:3",
	}
	if diff := cmp.Diff(want, got.QualifiedARNs); diff != "" {
		t.Errorf("ARNs differ (-want +got):\n%s", diff)
	}
}

func TestStatusJSONOfNothingHasAllMembers(t *testing.T) {
	t.Parallel()
	doc, err := StatusJSON(Status{Stack: "storefront"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status-empty.json", string(doc))
}

// A ledger that was deleted leaves the functions that it told of.
func TestStatusTellsOfALedgerThatIsGone(t *testing.T) {
	t.Parallel()
	none := Status{Stack: "storefront", NoLedger: true}
	lost := Status{Stack: "storefront", NoLedger: true, Orphans: []string{"storefront-a", "storefront-b"}}
	for want, st := range map[string]Status{
		"there is no ledger (function edgedeploy-storefront-releases): nothing was applied yet, or it was deleted":                                                                        none,
		"the ledger (function edgedeploy-storefront-releases) does not exist, and there is what it told of (storefront-a, storefront-b): it was deleted, and the stack's history with it": lost,
	} {
		if notes := statusNotes(st); len(notes) != 1 || notes[0] != want {
			t.Errorf("got %q, want %q", notes, want)
		}
	}
	if way := none.next(); len(way) != 0 {
		t.Errorf("a stack that has nothing is to go on with %v", way)
	}
	if way := lost.next(); len(way) != 1 || way[0].Verb != release.VerbApply || !way[0].Adopt {
		t.Errorf("the way on is %v, want apply --adopt", way)
	}
	doc, err := StatusJSON(lost)
	if err != nil || !strings.Contains(string(doc), `"storefront-b"`) || !strings.Contains(string(doc), `"noLedger": true`) {
		t.Errorf("%v in %s", err, doc)
	}
}

func TestStatusTellsOfALiveThatIsNoRelease(t *testing.T) {
	t.Parallel()
	st := Status{Stack: "storefront", Broken: 45, Good: 44, Damage: "alias live names junk", Commands: Commands{Stack: "storefront"}}
	doc, err := StatusJSON(st)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"text": StatusText(st, Style{}), "json": string(doc), "markdown": StatusMarkdown(st)} {
		for _, want := range []string{"45", "alias live names junk", "edgedeploy rollback --to 44 --stack storefront"} {
			if want == "45" && form == "markdown" {
				continue // what is wrong names it
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", form, want, text)
			}
		}
	}
	if st.Good = 0; len(st.next()) != 0 {
		t.Errorf("without a good release the way on is %v", st.next())
	}
}

func TestStatusNotesWhatIsNotSettled(t *testing.T) {
	t.Parallel()
	st := sampleStatus()
	st.Pending = release.Release{Number: 45, Kind: release.KindRollback, Target: 41, Back: 44, Undone: 44}
	st.Lock.Expired, st.Holds, st.Strays, st.Written = true, nil, nil, release.WrittenNone
	want := []string{
		"the rollback to release 41 (release 45) is in flight, or was interrupted: none of its slots is written",
		"the lock that ci@runner-7 took (run 77aa) has expired; the next run takes it over",
	}
	if diff := cmp.Diff(want, statusNotes(st)); diff != "" {
		t.Errorf("notes differ (-want +got):\n%s", diff)
	}
	if notes := statusNotes(Status{Live: sampleRelease()}); len(notes) != 0 {
		t.Errorf("a settled stack is told about: %v", notes)
	}
}

// The ways on are those of release.Next, in every form.
func TestStatusNamesTheWaysOn(t *testing.T) {
	t.Parallel()
	flying, resting := sampleStatus(), sampleStatus()
	resting.Pending = release.Release{}
	for want, st := range map[string]Status{
		"edgedeploy apply --local":                               flying,
		"edgedeploy rollback --of 45 --stack storefront --local": flying,
		"edgedeploy resume 43 --stack storefront --local":        resting,
	} {
		doc, err := StatusJSON(st)
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{"text": StatusText(st, Style{Width: 80}), "json": string(doc), "markdown": StatusMarkdown(st)} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not name %q:\n%s", form, want, text)
			}
		}
	}
}

// Where the names are short, no line is wider than a terminal of 80 columns,
// whatever there is to tell.
func TestStatusAndShowFitATerminalWhereNamesDo(t *testing.T) {
	t.Parallel()
	slot := func(n int) associations.Slot {
		return associations.Slot{Distribution: fmt.Sprintf("E%013d", n), Path: "/api/*", Trigger: associations.OriginResponse}
	}
	bound := func(n int) associations.Binding {
		return associations.Binding{Version: versions.Ref{Function: "shop-auth", Number: n}, IncludeBody: true}
	}
	function := release.Function{Key: "auth", Number: 12345, Spec: versions.Spec{Function: "shop-auth", Content: "4a704e6be1509129aadb3bdcbb44b05461acf49f2527bbcda9bab53689c6d727"}}
	when := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	hold := release.Hold{Release: 12344, Brought: 12340, Content: []versions.Spec{function.Spec}, Commits: []string{"0123456789abcdef0123456789abcdef01234567"}, Why: strings.Repeat("far too slow ", 15)}
	live := release.Release{
		Stack: "shop", Number: 12345, Kind: release.KindRollback, Parent: 12344, Brought: 12340, Back: 12344, Undone: 12344, Target: 12340, At: when,
		Message: strings.Repeat("it is far too slow ", 9), Functions: []release.Function{function}, Holds: []release.Hold{hold}, Actor: "jo", Adopted: true, Automatic: true,
		Source:  release.Source{Commit: "0123456789abcdef0123456789abcdef01234567", Branch: "main", Dirty: true, From: "CODEBUILD_RESOLVED_SOURCE_VERSION"},
		Edits:   []associations.Edit{{Slot: slot(1), From: bound(11111), To: bound(12345)}},
		Takings: []release.Taking{{Slot: slot(1), Holder: bound(3), Release: 12345}},
	}
	st := Status{
		Stack: "shop", Account: "123456789012", Live: live, Holds: live.Holds, Now: when.Add(400 * 24 * time.Hour), Commands: Commands{Stack: "shop", Spec: []string{"-f", "one.yaml"}},
		Functions: []FunctionStatus{
			{Function: function, State: "Inactive", Note: "the version is not what the release recorded"},
			{Function: function, State: "Active", Note: "the version does not exist any more"},
		},
		Slots: []SlotStatus{
			{Slot: slot(1), Domain: "dl55vpzfimjyej.cloudfront.net", Wanted: bound(12345), Held: bound(11111)},
			{Slot: slot(2), Wanted: bound(12345), Note: "the distribution does not exist any more"},
			{Slot: slot(3), Wanted: bound(12345), Note: "the cache behavior does not exist any more"},
		},
		Strays: []release.Stray{{Slot: slot(4), Binding: bound(2), Left: 12344}},
		Lock:   release.LockInfo{RunID: "r1.2", Holder: "jo", Phase: "apply", Expires: when},
	}
	texts := map[string]string{"show": Show(live, true, Style{Width: 80})}
	for name, change := range map[string]func(*Status){
		"as it is": func(*Status) {}, "in flight": func(s *Status) { s.Pending, s.Written = live, release.WrittenPart },
		"lost": func(s *Status) { s.Live, s.Lost = release.Release{}, 12345 }, "no ledger": func(s *Status) { *s = Status{Stack: "shop", NoLedger: true, Orphans: []string{"shop-auth"}} },
		"broken":  func(s *Status) { s.Broken, s.Good, s.Damage = 12345, 12344, strings.Repeat("it is no record ", 9) },
		"foreign": func(s *Status) { s.Lock.Foreign = strings.Repeat("frozen ", 15) },
		"at rest": func(s *Status) { s.Slots, s.Live.Back, s.Live.Brought = nil, 12344, 0 },
	} {
		s := st
		change(&s)
		texts["status "+name] = StatusText(s, Style{Width: 80})
	}
	for name, text := range texts {
		for l := range strings.SplitSeq(text, "\n") {
			if cells(l) > 80 && !strings.Contains(l, "arn:aws:") {
				t.Errorf("%s: %d columns: %s", name, cells(l), l)
			}
		}
	}
}

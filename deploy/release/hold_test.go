package release_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

type (
	hold   = release.Hold
	held   = release.Held
	edit   = release.HeldEdit
	place  = release.Place
	places = map[place]associations.Binding
)

func spec(name, content string) versions.Spec {
	return versions.Spec{Function: name, Content: versions.ContentID(content)}
}

func www(path string) place {
	return place{Key: "www", Path: path, Trigger: associations.ViewerRequest}
}

// binding is version n of a function, "f+" with the body.
func binding(name string, n int) associations.Binding {
	body := name[len(name)-1] == '+'
	if body {
		name = name[:len(name)-1]
	}
	return associations.Binding{Version: versions.Ref{Function: name, Number: n}, IncludeBody: body}
}

// record makes a release of one distribution: a function's version n has
// content n.
func record(n, brought int, bound map[string]associations.Binding, commits ...string) rel {
	r := rel{Number: n, Kind: release.KindApply, Brought: release.Origin(brought), Commits: commits}
	d := release.Distribution{Key: "www", IDs: []string{"D1"}}
	for path, b := range bound {
		d.Bindings = append(d.Bindings, release.Placed{Path: path, Trigger: associations.ViewerRequest, Binding: b})
		f := release.Function{Key: b.Version.Function, Spec: spec(b.Version.Function, string(rune('0'+b.Version.Number))), Number: b.Version.Number}
		if !slices.Contains(r.Functions, f) {
			r.Functions = append(r.Functions, f)
		}
	}
	slices.SortFunc(d.Bindings, func(a, b release.Placed) int { return at(a.Path).Compare(at(b.Path)) })
	slices.SortFunc(r.Functions, release.CompareFunctions)
	r.Distributions = []release.Distribution{d}
	return r
}

func at(path string) associations.Slot {
	return associations.Slot{Distribution: "D1", Path: path, Trigger: associations.ViewerRequest}
}

type table = map[string]associations.Binding

func TestARollbackHoldsWhatItTakesOutOfService(t *testing.T) {
	t.Parallel()
	f1, f2, g1 := binding("f", 1), binding("f", 2), binding("g", 1)
	good := record(1, 1, table{"A": f1, "B": g1}, "c1")
	for name, c := range map[string]struct {
		bad   rel
		moved map[place]place
		want  hold
	}{
		"content that the target does not bind":      {bad: record(2, 2, table{"A": f2, "B": g1}, "c2", "c1"), want: hold{Content: []versions.Spec{spec("f", "2")}, Commits: []string{"c2"}}},
		"a slot that was emptied":                    {bad: record(2, 2, table{"A": f1}), want: hold{Edits: []edit{{Place: www("B"), Spec: spec("g", "1"), Empty: true}}}},
		"a slot that was filled with known content":  {bad: record(2, 2, table{"A": f1, "B": g1, "C": f1}), want: hold{Edits: []edit{{Place: www("C"), Spec: spec("f", "1")}}}},
		"known content in another's slot":            {bad: record(2, 2, table{"A": f1, "B": f1}), want: hold{Edits: []edit{{Place: www("B"), Spec: spec("f", "1")}}}},
		"a body that was included":                   {bad: record(2, 2, table{"A": binding("f+", 1), "B": g1}), want: hold{Edits: []edit{{Place: www("A"), Spec: spec("f", "1"), IncludeBody: true}}}},
		"no edit where content says it":              {bad: record(2, 2, table{"A": f2, "B": g1, "C": f2}), want: hold{Content: []versions.Spec{spec("f", "2")}}},
		"nothing where nothing differs":              {bad: record(2, 2, table{"A": f1, "B": g1}, "c1")},
		"no commit of what inherits from the target": {bad: record(2, 1, table{"A": f1, "B": g1}, "c2", "c1")},
		"nothing at a renamed pattern": {
			bad: record(2, 2, table{"A": f1, "B": g1}), moved: map[place]place{www("A"): www("Z")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			binds := places{}
			for at, b := range good.Places() {
				if to, ok := c.moved[at]; ok {
					at = to
				}
				binds[at] = b
			}
			got := release.NewHold(release.Passing{Undone: 2, Origin: 2, Taken: []rel{c.bad}, Target: good, Binds: binds, Moved: c.moved})
			c.want.Release, c.want.Brought = 2, 2
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAHoldIsOfEveryReleaseThatIsPassed(t *testing.T) {
	t.Parallel()
	target := record(1, 1, table{"A": binding("f", 1)}, "c1")
	got := release.NewHold(release.Passing{Undone: 3, Origin: 3, Target: target, Binds: target.Places(), Taken: []rel{
		record(3, 3, table{"A": binding("f", 3)}, "c3", "c1"), record(2, 2, table{"A": binding("f", 2)}, "c2", "c1"),
	}})
	want := hold{Release: 3, Brought: 3, Content: []versions.Spec{spec("f", "2"), spec("f", "3")}, Commits: []string{"c2", "c3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestACommitThatWasAppliedAgainIsHeldWhereItIsPassed(t *testing.T) {
	t.Parallel()
	led := func(n int, commits ...string) rel {
		r := record(n, n, table{"A": binding("f", n)}, commits[0])
		r.CommitsBefore = commits[1:]
		return r
	}
	long := make([]string, release.MaxCommits)
	for i := range long {
		long[i] = fmt.Sprint("old", i)
	}
	for name, c := range map[string]struct {
		target, bad rel
		want        string
	}{
		"once":                            {led(1, "a"), led(3, "c", "b", "a"), "b c"},
		"before the target, and after it": {led(2, "b", "a"), led(4, "c", "a", "b", "a"), "a c"},
		"the target's own":                {led(2, "b", "a"), led(4, "b", "c", "b", "a"), "c"},
		"from another branch":             {led(2, "z", "a"), led(4, "c", "b", "a"), "b c"},
		"of more than are kept":           {led(2, long...), led(4, append([]string{"c", "b"}, long[:len(long)-2]...)...), "b c"},
		"with nothing in common":          {led(2, "z"), led(4, "c"), "c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := release.NewHold(release.Passing{Undone: 4, Target: c.target, Binds: c.target.Places(), Taken: []rel{c.bad}})
			if commits := strings.Join(got.Commits, " "); commits != c.want {
				t.Errorf("commits %q are held, want %q", commits, c.want)
			}
		})
	}
}

func TestHoldsRefuseWhatTheyNameAndNothingElse(t *testing.T) {
	t.Parallel()
	f1, f2 := binding("f", 1), binding("f", 2)
	content := hold{Release: 2, Content: []versions.Spec{spec("f", "2")}}
	filled := hold{Release: 2, Edits: []edit{{Place: www("C"), Spec: spec("f", "1")}}}
	emptied := hold{Release: 2, Edits: []edit{{Place: www("B"), Spec: spec("g", "1"), Empty: true}}}
	commit := hold{Release: 2, Commits: []string{"c2"}}
	for name, c := range map[string]struct {
		hold   hold
		binds  places
		source release.Source
		strict bool
		gone   bool
		want   []held
	}{
		"the content, in any slot":               {hold: content, binds: places{www("Z"): f2}, want: []held{{Release: 2, Key: "key-f", Content: "2"}}},
		"other content passes":                   {hold: content, binds: places{www("A"): f1}},
		"the slot is filled again":               {hold: filled, binds: places{www("C"): f1}, want: []held{{Release: 2, Key: "key-f", Place: "www C viewer-request"}}},
		"the slot is filled otherwise":           {hold: filled, binds: places{www("C"): f2}},
		"the slot is filled with a body":         {hold: filled, binds: places{www("C"): binding("f+", 1)}},
		"the slot stays empty":                   {hold: filled, binds: places{}},
		"the slot's behavior is gone":            {hold: filled, binds: places{www("C"): f1}, gone: true},
		"the slot is emptied again":              {hold: emptied, binds: places{www("A"): f1}, want: []held{{Release: 2, Key: "key-g", Place: "www B viewer-request"}}},
		"the slot is bound, to anything":         {hold: emptied, binds: places{www("B"): f2}},
		"the emptied slot's behavior is gone":    {hold: emptied, binds: places{}, gone: true},
		"the commit again":                       {hold: commit, source: release.Source{Commit: "c2"}, want: []held{{Release: 2, Commit: "c2"}}},
		"the commit, with files that differ":     {hold: commit, source: release.Source{Commit: "c2", Dirty: true}},
		"another commit":                         {hold: commit, source: release.Source{Commit: "c3"}},
		"anything, where the spec is strict":     {hold: commit, strict: true, want: []held{{Release: 2, Strict: true}}},
		"no commit is not the commit of nothing": {hold: hold{Release: 2, Commits: []string{"c2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := release.HeldBy([]hold{c.hold}, release.Bringing{
				Places: c.binds, Source: c.source, Strict: c.strict,
				Spec: func(ref versions.Ref) versions.Spec { return spec(ref.Function, string(rune('0'+ref.Number))) },
				Key:  func(function string) string { return "key-" + function },
				Gone: func(place) bool { return c.gone },
			})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARollbackLiftsWhatItsTargetBinds(t *testing.T) {
	t.Parallel()
	target := record(2, 2, table{"A": binding("f", 2), "C": binding("f", 2)}, "c2")
	before := []hold{
		{Release: 2, Content: []versions.Spec{spec("f", "2"), spec("g", "2")}, Commits: []string{"c2", "c9"}, Edits: []edit{
			{Place: www("C"), Spec: spec("f", "2")}, {Place: www("B"), Spec: spec("g", "1"), Empty: true},
			{Place: www("A"), Spec: spec("f", "2"), IncludeBody: true}, {Place: www("C"), Spec: spec("g", "1"), Empty: true},
		}},
		{Release: 4, Content: []versions.Spec{spec("f", "2")}},
		{Release: 5, Content: []versions.Spec{spec("h", "1")}},
	}
	want := []hold{
		{Release: 2, Content: []versions.Spec{spec("g", "2")}, Commits: []string{"c9"}, Edits: []edit{
			{Place: www("A"), Spec: spec("f", "2"), IncludeBody: true}, {Place: www("C"), Spec: spec("g", "1"), Empty: true},
		}},
		{Release: 5, Content: []versions.Spec{spec("h", "1")}},
	}
	if diff := cmp.Diff(want, release.AfterRollback(before, target, nil, hold{Release: 7})); diff != "" {
		t.Errorf("with no hold of its own:\n%s", diff)
	}
	own := hold{Release: 5, Content: []versions.Spec{spec("h", "1"), spec("h", "2")}}
	want[1] = own
	if diff := cmp.Diff(want, release.AfterRollback(before, target, nil, own)); diff != "" {
		t.Errorf("with its own:\n%s", diff)
	}
	if len(before[0].Content) != 2 || len(before[0].Edits) != 4 || len(before[0].Commits) != 2 {
		t.Errorf("the holds before were changed: %+v", before)
	}
}

func TestResumeLiftsWhatItNames(t *testing.T) {
	t.Parallel()
	two := hold{Release: 2, Content: []versions.Spec{spec("f", "2"), spec("g", "2")}, Edits: []edit{{Place: www("A"), Spec: spec("f", "1")}}, Commits: []string{"c2"}}
	four := hold{Release: 4, Content: []versions.Spec{spec("g", "4")}}
	rest := hold{Content: []versions.Spec{spec("g", "2")}, Commits: []string{"c2"}, Release: 2}
	for name, c := range map[string]struct {
		lift       release.Lift
		stay, gone []hold
	}{
		"everything":                        {stay: nil, gone: []hold{two, four}},
		"one release":                       {lift: release.Lift{Release: 2}, stay: []hold{four}, gone: []hold{two}},
		"one that is not held":              {lift: release.Lift{Release: 3}, stay: []hold{two, four}},
		"a function, edits too":             {lift: release.Lift{Function: "f"}, stay: []hold{rest, four}, gone: []hold{two}},
		"the last of a release":             {lift: release.Lift{Release: 4, Function: "g"}, stay: []hold{two}, gone: []hold{four}},
		"a function that it does not hold":  {lift: release.Lift{Release: 4, Function: "f"}, stay: []hold{two, four}},
		"a function that none of them hold": {lift: release.Lift{Function: "h"}, stay: []hold{two, four}},
	} {
		stay, gone := release.Lifted([]hold{two, four}, c.lift)
		if diff := cmp.Diff([][]hold{c.stay, c.gone}, [][]hold{stay, gone}, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestTheHoldsInForceAreOfWhatIsLiveAndInFlight(t *testing.T) {
	t.Parallel()
	live, flight := second, rel{Number: 3, Kind: release.KindApply}
	live.Holds = []hold{{Release: 5, Commits: []string{"a"}}, {Release: 1, Content: []versions.Spec{spec("f", "1")}}}
	flight.Holds = []hold{{Release: 5, Commits: []string{"a", "b"}}}
	want := []hold{{Release: 1, Content: []versions.Spec{spec("f", "1")}}, {Release: 5, Commits: []string{"a", "b"}}}
	if diff := cmp.Diff(want, state(live, flight).Holds(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestAHoldRemembersWhatWasSaid(t *testing.T) {
	t.Parallel()
	holds := release.Because([]hold{{Release: 1, Why: "too old"}, {Release: 2}}, 2, "too\n many   redirects ")
	if diff := cmp.Diff([]hold{{Release: 1, Why: "too old"}, {Release: 2, Why: "too many redirects"}}, holds); diff != "" {
		t.Error(diff)
	}
	if again := release.Because(holds, 2, ""); again[1].Why != "too many redirects" {
		t.Errorf("a rollback of which nothing is said has taken it away: %+v", again)
	}
	if long := release.Because(holds, 2, strings.Repeat("ä", 300)); long[1].Why != strings.Repeat("ä", 199)+"…" || holds[1].Why != "too many redirects" {
		t.Errorf("a long one is kept as %q", long[1].Why)
	}
	err := &release.HeldError{Stack: "s", Held: []release.Held{{Release: 2, Commit: "c", Why: "too slow"}, {Release: 2, Strict: true, Why: "too slow"}, {Release: 3, Commit: "d"}}}
	if text := err.Error(); !strings.HasSuffix(text, "when release 3 was rolled back; the rollback of release 2 says: too slow") || strings.Count(text, "too slow") != 1 {
		t.Errorf("it says %q", text)
	}
}

func TestWhatIsHeldIsSaidOncePerRelease(t *testing.T) {
	t.Parallel()
	held := func(n int, keys ...string) (list []release.Held) {
		for _, k := range keys {
			list = append(list, release.Held{Release: n, Key: k, Content: versions.ContentID("0123456789abcdef" + k)})
		}
		return list
	}
	for want, list := range map[string][]release.Held{
		"a 0123456789ab, as it is configured, was taken out of service when release 4 was rolled back":                     held(4, "a"),
		"a 0123456789ab, b 0123456789ab, as they are configured, were taken out of service when release 4 was rolled back": held(4, "a", "b"),
		"a 0123456789ab, b 0123456789ab, as they are configured, were taken out of service when release 4 was rolled back; " +
			"c 0123456789ab, as it is configured, was taken out of service when release 2 was rolled back": append(held(4, "a", "b"), held(2, "c")...),
		"release 4 was rolled back and the spec says hold: strict": {{Release: 4, Strict: true}},
	} {
		err := &release.HeldError{Stack: "shop", Held: list}
		if got := err.Error(); got != "stack shop is held: "+want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

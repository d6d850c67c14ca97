package release_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

type (
	rel   = release.Release
	route = release.Route
)

// state is a ledger with a live release and one in flight.
func state(live, pending rel) release.LedgerState {
	return release.LedgerState{Exists: true, Live: live, Pending: pending, Phase: release.PhaseRun}
}

var (
	first   = rel{Number: 1, Kind: release.KindApply, Brought: 1}
	second  = rel{Number: 2, Kind: release.KindApply, Parent: 1, Brought: 2, Returns: 1}
	back    = rel{Number: 3, Kind: release.KindRollback, Parent: 2, Brought: 1, Returns: 0, Back: 2, Undone: 2, Target: 1}
	forth   = rel{Number: 4, Kind: release.KindRollback, Parent: 3, Brought: 2, Returns: 3, Undone: 3, Target: 2}
	tagged  = rel{Number: 4, Kind: release.KindApply, Parent: 3, Brought: 1, Returns: 0, Back: 2} // of tags only, over back
	plain   = release.Request{}
	toZero  = release.Request{Named: true}
	toFirst = release.Request{To: 1, Named: true}
)

func of(n int) release.Request { return release.Request{Of: n} }

func TestEachStateHasOneWayBack(t *testing.T) {
	t.Parallel()
	const all, part, none = release.WrittenAll, release.WrittenPart, release.WrittenNone
	third := rel{Number: 3, Kind: release.KindApply, Parent: 2, Brought: 3, Returns: 2}
	for name, c := range map[string]struct {
		state   release.LedgerState
		req     release.Request
		written release.Written
		want    route
	}{
		"what is live is undone":                             {state(second, rel{}), plain, none, route{Way: release.WayNew, Undone: 2, Target: 1}},
		"what is back stays where it is":                     {state(back, rel{}), plain, none, route{Way: release.WayPutBack, Undone: 2, Target: 1}},
		"what went forth is undone":                          {state(forth, rel{}), plain, none, route{Way: release.WayNew, Undone: 4, Target: 3}},
		"an apply half written is undone":                    {state(second, third), plain, part, route{Way: release.WayNew, Undone: 3, Target: 2, Supersedes: true}},
		"an apply all written is undone and not committed":   {state(second, third), plain, all, route{Way: release.WayNew, Undone: 3, Target: 2, Supersedes: true}},
		"the first apply is undone to nothing":               {state(rel{}, first), plain, part, route{Way: release.WayNew, Undone: 1, Target: 0, Supersedes: true}},
		"a rollback going forth is undone as an apply is":    {state(back, forth), plain, all, route{Way: release.WayNew, Undone: 4, Target: 3, Supersedes: true}},
		"a rollback half written is completed":               {state(second, back), plain, part, route{Way: release.WayComplete, Undone: 2, Target: 1, Supersedes: true}},
		"a rollback all written is committed and stays":      {state(second, back), plain, all, route{Way: release.WayPutBack, Undone: 2, Target: 1, Settle: 3}},
		"a repair on top of a rollback is completed":         {state(back, tagged), plain, part, route{Way: release.WayComplete, Undone: 2, Target: 4, Supersedes: true}},
		"tags on top of a rollback are committed, and stay":  {state(back, tagged), plain, all, route{Way: release.WayPutBack, Undone: 2, Target: 4, Settle: 4}},
		"--to goes from what is live":                        {state(second, rel{}), toFirst, none, route{Way: release.WayNew, Undone: 2, Target: 1}},
		"--to 0 goes to before the first":                    {state(second, rel{}), toZero, none, route{Way: release.WayNew, Undone: 2, Target: 0}},
		"--to goes further back than back":                   {state(back, rel{}), toZero, none, route{Way: release.WayNew, Undone: 3, Target: 0}},
		"--to supersedes what is half written":               {state(second, third), toFirst, part, route{Way: release.WayNew, Undone: 2, Target: 1, Supersedes: true}},
		"--to commits what is all written":                   {state(second, third), toFirst, all, route{Way: release.WayNew, Undone: 3, Target: 1, Settle: 3}},
		"--to completes a rollback to the same":              {state(second, back), toFirst, part, route{Way: release.WayComplete, Undone: 2, Target: 1, Supersedes: true}},
		"--to supersedes a rollback to another":              {state(second, back), toZero, part, route{Way: release.WayNew, Undone: 2, Target: 0, Supersedes: true}},
		"--to does not complete an apply":                    {state(first, second), toZero, part, route{Way: release.WayNew, Undone: 1, Target: 0, Supersedes: true}},
		"--of what is live undoes it":                        {state(second, rel{}), of(2), none, route{Way: release.WayNew, Undone: 2, Target: 1}},
		"--of what is neither live nor in flight is nothing": {state(second, rel{}), of(1), none, route{Way: release.WayNothing}},
		"--of what is in flight undoes it":                   {state(second, third), of(3), part, route{Way: release.WayNew, Undone: 3, Target: 2, Supersedes: true}},
		"--of what a rollback undoes completes it":           {state(second, back), of(2), part, route{Way: release.WayComplete, Undone: 2, Target: 1, Supersedes: true}},
		"--of what the live release inherited undoes that":   {state(rel{Number: 3, Kind: release.KindApply, Parent: 2, Brought: 2, Returns: 1}, rel{}), of(2), none, route{Way: release.WayNew, Undone: 3, Target: 1}},
		"--of what was gone back to is nothing":              {state(back, rel{}), of(1), none, route{Way: release.WayNothing}},
		"--of what was undone is nothing":                    {state(back, rel{}), of(2), none, route{Way: release.WayNothing}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := release.Find(c.state, c.req, c.written)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhereThereIsNoWayBack(t *testing.T) {
	t.Parallel()
	dead := release.LockInfo{RunID: "x", Phase: "apply", Expired: true}
	with := func(l release.LockInfo, live, pending rel) release.LedgerState {
		s := state(live, pending)
		s.Lock = l
		return s
	}
	own := second
	own.RunID = "x"
	for name, c := range map[string]struct {
		state release.LedgerState
		req   release.Request
		want  error // nil for a way
	}{
		"nothing is live":                           {state(rel{}, rel{}), plain, &release.NoTargetError{}},
		"the first release":                         {state(first, rel{}), plain, &release.NoTargetError{Live: 1}},
		"an apply died before it marked anything":   {with(dead, second, rel{}), plain, &release.DiedError{Run: "x", Live: 2, Returns: 1}},
		"an apply died after its commit":            {with(dead, own, rel{}), plain, nil},
		"an apply died after its mark":              {with(dead, first, own), plain, nil},
		"a rollback died before it marked anything": {with(release.LockInfo{RunID: "x", Phase: "rollback", Expired: true}, second, rel{}), plain, nil},
		"an apply that still holds the lock":        {with(release.LockInfo{RunID: "x", Phase: "apply"}, second, rel{}), plain, nil},
		"--of says what is meant":                   {with(dead, second, rel{}), of(2), nil},
		"--to says what is meant":                   {with(dead, second, rel{}), toFirst, nil},
		"the first release, but --to 0":             {state(first, rel{}), toZero, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := release.Find(c.state, c.req, release.WrittenNone)
			if diff := cmp.Diff(c.want, err); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOnlyWhatARollbackMayLookAtIsRead(t *testing.T) {
	t.Parallel()
	third := rel{Number: 7, Kind: release.KindApply, Parent: 6, Brought: 7, Returns: 5}
	undoing := rel{Number: 9, Kind: release.KindRollback, Parent: 7, Brought: 4, Returns: 3, Back: 8, Undone: 8, Target: 5}
	for name, c := range map[string]struct {
		state release.LedgerState
		req   release.Request
		want  []int
	}{
		"where the live one returns":             {state(third, rel{}), plain, []int{5}},
		"nothing for the first":                  {state(first, rel{}), plain, nil},
		"what back took out, and is back at":     {state(undoing, rel{}), plain, []int{4, 8}},
		"where the one in flight returns":        {state(first, third), plain, []int{5}},
		"all that a rollback in flight names":    {state(first, undoing), plain, []int{3, 4, 5, 8}},
		"the named one":                          {state(third, rel{}), release.Request{To: 3, Named: true}, []int{3}},
		"the named one, and what another undoes": {state(third, undoing), release.Request{To: 3, Named: true}, []int{3, 8}},
		"not release 0":                          {state(third, rel{}), toZero, nil},
		"not what is in hand":                    {state(third, undoing), release.Request{To: 7, Named: true}, []int{8}},
		"nothing for what cannot be undone":      {state(third, rel{}), of(2), nil},
	} {
		if diff := cmp.Diff(c.want, release.Needs(c.state, c.req), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestARollbackKnowsBackFromForth(t *testing.T) {
	t.Parallel()
	third := rel{Number: 6, Kind: release.KindApply, Parent: 4, Brought: 6, Returns: 4}
	for name, c := range map[string]struct {
		h     release.Heritage
		want  release.Lineage
		forth bool
	}{
		"plain goes back":                     {release.Heritage{Base: second, Undone: second, Target: first}, release.Lineage{Brought: 1, Returns: 0, Back: 2}, false},
		"--to what was brought before":        {release.Heritage{Base: third, Undone: third, Target: second, Named: true}, release.Lineage{Brought: 2, Returns: 1, Back: 6}, false},
		"--to what was brought after":         {release.Heritage{Base: back, Undone: back, Target: second, Named: true}, release.Lineage{Brought: 2, Returns: 3}, true},
		"--to a later number brought before":  {release.Heritage{Base: second, Undone: second, Target: rel{Number: 9, Brought: 1}, Named: true}, release.Lineage{Brought: 1, Back: 2}, false},
		"--to what is live inherits":          {release.Heritage{Base: back, Undone: back, Target: first, Named: true}, release.Lineage{Brought: 1, Returns: 0, Back: 2}, true},
		"undoing what is in flight":           {release.Heritage{Base: back, Undone: forth, Target: back, Superseded: forth}, release.Lineage{Brought: 1, Returns: 0, Back: 4}, false},
		"--to live undoes what is in flight":  {release.Heritage{Base: second, Undone: third, Target: second, Superseded: third, Named: true}, release.Lineage{Brought: 2, Returns: 1, Back: 6}, false},
		"--to later over what is in flight":   {release.Heritage{Base: back, Undone: back, Target: second, Superseded: third, Named: true}, release.Lineage{Brought: 2, Returns: 3}, true},
		"--to 0 binds and returns to nothing": {release.Heritage{Base: first, Undone: first, Named: true}, release.Lineage{Back: 1}, false},
	} {
		if diff := cmp.Diff(c.want, c.h.Lineage()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if c.h.Forth() != c.forth {
			t.Errorf("%s: forth is %v", name, c.h.Forth())
		}
	}
}

func TestWhatIsSaidWhereThereIsNoTarget(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"stack s has no release 9 that was live or in flight":                               &release.NoTargetError{Stack: "s", Live: 2, Asked: 9},
		"stack s has no live release":                                                       &release.NoTargetError{Stack: "s"},
		"release 1 is the first of stack s: there is no earlier one to go back to":          &release.NoTargetError{Stack: "s", Live: 1},
		`release 3 of stack s is in phase "canary": a rollout is at work`:                   &release.PhaseError{Stack: "s", Release: 3, Phase: "canary"},
		"stack s is held: commit c was taken out of service when release 2 was rolled back": &release.HeldError{Stack: "s", Held: []release.Held{{Release: 2, Commit: "c"}}},
	} {
		if err.Error() != want {
			t.Errorf("said %q, want %q", err, want)
		}
	}
	s := state(second, rel{Number: 3, Stack: "s"})
	if err := s.Foreign(); err != nil {
		t.Errorf("phase run: %v", err)
	}
	s.Phase = "canary"
	if e, ok := errors.AsType[*release.PhaseError](s.Foreign()); !ok || e.Release != 3 {
		t.Errorf("phase canary: %v", s.Foreign())
	}
	s.Pending = rel{}
	if err := s.Foreign(); err != nil {
		t.Errorf("with nothing in flight: %v", err)
	}
}

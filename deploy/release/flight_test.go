package release

import (
	"errors"
	"testing"
)

// An apply was interrupted, and the next one before it had marked anything.
func TestARollbackUndoesWhatIsInFlightWhateverDiedAfterIt(t *testing.T) {
	t.Parallel()
	state := LedgerState{
		Live:    Release{Number: 1, Kind: KindApply, Stack: "shop", RunID: "a", Brought: 1},
		Pending: Release{Number: 2, Kind: KindApply, Stack: "shop", RunID: "b", Brought: 2, Returns: 1},
		Phase:   PhaseRun,
		Lock:    LockInfo{RunID: "c", Phase: string(KindApply), Expired: true},
	}
	route, err := Find(state, Request{}, WrittenPart)
	if err != nil || route.Way != WayNew || route.Undone != 2 || route.Target != 1 {
		t.Errorf("got %+v, %v", route, err)
	}
	state.Pending = Release{}
	if route, err := Find(state, Request{}, WrittenNone); err == nil {
		t.Errorf("with nothing in flight, an apply that changed nothing is undone: %+v", route)
	}
}

func TestWhatIsInFlightIsEndedBeforeAHoldIsLifted(t *testing.T) {
	t.Parallel()
	held := HeldError{Stack: "shop", Held: []Held{{Release: 2}}}
	if next := held.Next(); len(next) != 1 || next[0].Verb != VerbResume || next[0].Release != 2 {
		t.Errorf("at rest: got %+v", next)
	}
	held.Flight = 3
	if next := held.Next(); len(next) != 1 || next[0].Verb != VerbRollback || next[0].HasTo || next[0].Of != 3 {
		t.Errorf("with a rollback in flight: got %+v", next)
	}
	held.Stays = true
	if next := held.Next(); len(next) != 1 || next[0].Verb != VerbApply {
		t.Errorf("with a repair of the first release in flight: got %+v", next)
	}
}

func TestWhatWasTakenMeanwhileHasToBeTakenOver(t *testing.T) {
	t.Parallel()
	for _, a := range Adopting(Next(LedgerState{Pending: Release{Number: 2, Kind: KindApply, Brought: 2, Parent: 1, Returns: 1}, Phase: PhaseRun}, WrittenPart)) {
		if !a.Adopt {
			t.Errorf("%+v ends in a conflict", a)
		}
	}
}

func TestTheFirstReleaseIsUndoneByGoingBeforeIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		live Release
		want Action
	}{
		{Release{Number: 1, Brought: 1}, Action{Verb: VerbRollback, HasTo: true}},
		{Release{Number: 2, Brought: 2, Returns: 1}, Action{Verb: VerbRollback, Of: 2}},
		{Release{Number: 3, Brought: 1, Back: 2}, Action{Verb: VerbRollback, HasTo: true}},
		{Release{Number: 4, Brought: 2, Back: 3, Returns: 1}, Action{Verb: VerbRollback, HasTo: true, To: 1}}, // --of 4 would find it back already
	} {
		_, err := Find(LedgerState{Live: c.live, Lock: LockInfo{RunID: "c", Phase: string(KindApply), Expired: true}}, Request{}, WrittenNone)
		died, ok := errors.AsType[*DiedError](err)
		if !ok {
			t.Fatalf("release %d: %v", c.live.Number, err)
		}
		got := died.Next()[0]
		if got.Does = ""; got != c.want {
			t.Errorf("release %d: advised is %+v, want %+v", c.live.Number, got, c.want)
		}
	}
}

// A lock that was taken away from a dead apply guards what a lock of its own did.
func TestUnlockDoesNotMakeADeadApplyForgotten(t *testing.T) {
	t.Parallel()
	live := Release{Number: 2, Brought: 2, Returns: 1, Kind: KindApply, RunID: "b"}
	taken := LockInfo{Taken: "c", Phase: string(KindApply)}
	_, err := Find(LedgerState{Live: live, Lock: taken}, Request{}, WrittenNone)
	if died, ok := errors.AsType[*DiedError](err); !ok || died.Run != "c" {
		t.Errorf("got %v", err)
	}
	for name, lock := range map[string]LockInfo{"of a rollback": {Taken: "c", Phase: string(KindRollback)}, "after its commit": {Taken: "b", Phase: string(KindApply)}, "given back": {}} {
		if route, err := Find(LedgerState{Live: live, Lock: lock}, Request{}, WrittenNone); err != nil || route.Target != 1 {
			t.Errorf("%s: %+v, %v", name, route, err)
		}
	}
	if route, err := Find(LedgerState{Exists: true, Live: live, Lock: taken}, Request{Of: 2}, WrittenNone); err != nil || route.Target != 1 {
		t.Errorf("--of: %+v, %v", route, err)
	}
}

func TestAnAdoptionGoesOnAsAnAdoption(t *testing.T) {
	t.Parallel()
	for _, adopted := range []bool{false, true} {
		state := LedgerState{Pending: Release{Number: 1, Kind: KindApply, Adopted: adopted}, Phase: PhaseRun}
		next := Next(state, WrittenPart)
		if len(next) == 0 || next[0].Verb != VerbApply || next[0].Adopt != adopted {
			t.Errorf("adopted %v: got %+v", adopted, next)
		}
	}
}

// r1 is live; r2 only brings tags, or a repair, and died. Nothing of it can be
// undone in the slots, and release 1 is not what was to be undone.
func TestWhatChangesNoSlotIsNotUndoneByEmptyingThem(t *testing.T) {
	t.Parallel()
	for _, written := range []Written{WrittenNone, WrittenPart, WrittenAll} {
		state := LedgerState{
			Live:    Release{Number: 1, Kind: KindApply, Stack: "shop", Brought: 1},
			Pending: Release{Number: 2, Kind: KindApply, Stack: "shop", Brought: 1, Parent: 1},
			Phase:   PhaseRun,
		}
		route, err := Find(state, Request{}, written)
		if none, ok := errors.AsType[*NoTargetError](err); !ok || none.Live != 1 {
			t.Errorf("%s: got %+v, %v", written, route, err)
		}
		if next := Next(state, written); len(next) != 1 || next[0].Verb != VerbApply {
			t.Errorf("%s: advised is %+v", written, next)
		}
		if next := Next(LedgerState{Pending: state.Pending}, written); len(next) != 1 || next[0].Verb != VerbApply {
			t.Errorf("%s: of the release in flight alone, advised is %+v", written, next)
		}
		if route, err := Find(state, Request{Named: true}, written); err != nil || route.Target != 0 {
			t.Errorf("%s: --to 0 gives %+v, %v", written, route, err)
		}
		state.Pending.Brought = 2
		if route, err := Find(state, Request{}, written); err != nil || route.Undone != 2 || route.Target != 0 {
			t.Errorf("%s: what changes slots is undone: got %+v, %v", written, route, err)
		}
	}
}

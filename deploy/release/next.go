package release

import (
	"fmt"
	"slices"
)

// Verb is a command that a person may run next.
type Verb string

// The verbs that advice names.
const (
	VerbApply    Verb = "apply"
	VerbRollback Verb = "rollback"
	VerbResume   Verb = "resume"
	VerbStatus   Verb = "status"
	VerbUnlock   Verb = "unlock"
	VerbPrune    Verb = "prune"
	VerbDestroy  Verb = "destroy"
)

// Action is one way on: a command and what it does.
type Action struct {
	Verb    Verb
	To      int    // rollback --to, with HasTo
	HasTo   bool   // --to is said
	Of      int    // rollback --of N, 0 for none
	Release int    // resume N, 0 for none
	Adopt   bool   // apply --adopt
	Another bool   // apply of another version than the one that was begun
	Run     string // unlock RUN, "" for none
	Does    string
}

// Next says which commands lead on from a state of the ledger, the one that
// keeps what was meant first. written says how far the release in flight came.
// Without one in flight and without a hold there is nothing to do.
func Next(state LedgerState, written Written) []Action {
	on := waysOn(state, written)
	if len(on) > 0 && state.Lock.Held() && state.Lock.Foreign == "" {
		// Until the lock is free, the others are refused.
		return append([]Action{{Verb: VerbUnlock, Run: state.Lock.RunID, Does: "takes its lock away, if that run is dead; then, or once the lock is free:"}}, on...)
	}
	return on
}

// waysOn are the commands that lead on from a state, for a run that has the lock.
func waysOn(state LedgerState, written Written) []Action {
	flight, flying := state.InFlight()
	switch {
	case state.Lost != 0:
		return []Action{{Verb: VerbRollback, To: state.Lost, HasTo: true, Does: fmt.Sprintf("makes a release of what release %d bound, and that live", state.Lost)}}
	case !flying:
		return nextAtRest(state)
	case state.Foreign() != nil:
		return []Action{undoing(flight.Number, "ends it by going back")}
	case flight.Kind == KindDestroy:
		return []Action{
			{Verb: VerbDestroy, Does: "goes on"},
			undoing(flight.Number, fmt.Sprintf("undoes release %d: back to %s", flight.Number, name(flight.Returns))),
		}
	case flight.GoingBack():
		return []Action{
			undoing(flight.Number, "completes the rollback to "+name(flight.Target)),
			{Verb: VerbApply, Another: true, Does: "of another version supersedes it; what it holds stays held"},
		}
	case flight.IsBack(): // tags, or a repair, on top of a rollback
		return []Action{
			{Verb: VerbApply, Adopt: flight.Adopted && written != WrittenAll, Does: fmt.Sprintf("goes on with release %d", flight.Number)},
			undoing(flight.Number, fmt.Sprintf("completes it: the stack stays back at %s", name(int(flight.Brought)))),
		}
	case !state.UndoesSlots():
		return []Action{{Verb: VerbApply, Adopt: flight.Adopted && written != WrittenAll, Does: fmt.Sprintf("goes on with release %d", flight.Number)}}
	case written == WrittenAll:
		return []Action{
			{Verb: VerbApply, Does: fmt.Sprintf("records that release %d is live", flight.Number)},
			undoing(flight.Number, "undoes it: back to "+name(flight.Returns)),
		}
	default:
		return []Action{
			{Verb: VerbApply, Adopt: flight.Adopted, Does: "goes on"},
			undoing(flight.Number, fmt.Sprintf("undoes release %d: back to %s", flight.Number, name(flight.Returns))),
		}
	}
}

// Adopting are the ways on where a slot holds what neither the run nor an earlier
// release of the stack put there: each has to be allowed to take it over.
func Adopting(on []Action) []Action {
	on = slices.Clone(on)
	for i, a := range on {
		if a.Verb == VerbApply || a.Verb == VerbRollback {
			on[i].Adopt, on[i].Does = true, a.Does+", and takes over what was put there meanwhile"
		}
	}
	return on
}

// undoing is a rollback of one release. Advice always says which: a plain rollback
// undoes what is live when it is typed, which may be a fix that came after the
// advice. Of a rollback in flight it is that one's own number: once it is live,
// or superseded, there is nothing left to do.
func undoing(flight int, does string) Action {
	return Action{Verb: VerbRollback, Of: flight, Does: does}
}

func nextAtRest(state LedgerState) []Action {
	var list []Action
	for _, h := range state.Live.Holds {
		list = append(list, lift(h.Release))
	}
	return list
}

func lift(number int) Action {
	return Action{Verb: VerbResume, Release: number, Does: fmt.Sprintf("lifts what the rollback of release %d holds", number)}
}

// Next says which commands lift what keeps a plan from being run.
func (e *HeldError) Next() []Action {
	if e.Flight != 0 && e.Stays {
		return []Action{{Verb: VerbApply, Does: fmt.Sprintf("of what release %d was made of goes on with it, as nothing comes before it; then resume can lift what is held", e.Flight)}}
	}
	if e.Flight != 0 {
		return []Action{undoing(e.Flight, fmt.Sprintf("ends release %d, which is in flight; then resume can lift what is held", e.Flight))}
	}
	var list []Action
	seen := map[int]bool{}
	for _, h := range e.Held {
		if !seen[h.Release] {
			seen[h.Release] = true
			list = append(list, lift(h.Release))
		}
	}
	return list
}

// Next says where one can go where there is nothing to go back to by itself.
func (e *NoTargetError) Next() []Action {
	if e.Live == 0 || e.Asked != 0 {
		return nil
	}
	return []Action{toZero()}
}

func toZero() Action {
	return Action{Verb: VerbRollback, HasTo: true, Does: "goes to " + name(0) + ": slots that were empty are emptied"}
}

// Next says how to undo the release before the run that died, if that is meant.
func (e *DiedError) Next() []Action {
	if e.Live == 0 {
		return nil
	}
	undo := Action{Verb: VerbRollback, Of: e.Live, Does: fmt.Sprintf("undoes release %d, which is live", e.Live)}
	switch {
	case e.Returns == 0:
		undo = toZero()
	case e.Back:
		undo = Action{Verb: VerbRollback, To: e.Returns, HasTo: true, Does: "goes further back, to " + name(e.Returns)}
	}
	return []Action{
		undo,
		{Verb: VerbRollback, To: e.Live, HasTo: true, Does: fmt.Sprintf("puts back what differs from release %d", e.Live)},
	}
}

// name is a release in words; 0 is the state before the first.
func name(n int) string {
	if n == 0 {
		return "what was there before the first release"
	}
	return fmt.Sprintf("release %d", n)
}

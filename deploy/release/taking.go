package release

import (
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
)

// Taking is a slot that a release filled when it was empty, or took over.
type Taking struct {
	Slot associations.Slot `json:"slot"`
	// Holder sat there before; empty for a slot that was filled.
	Holder associations.Binding `json:"holder,omitzero"`
	// Own reports that the holder was a version of the stack in a slot that was
	// not: its owner had moved it there, by renaming a path pattern say.
	Own     bool   `json:"own,omitempty"`
	Release Origin `json:"release"` // the release that filled the slot, or took it last
	// Filled is the release that filled it again since, when it was empty.
	Filled Origin `json:"filled,omitempty"`
}

// tookFromOthers reports whether what an edit of the release replaces was not
// the stack's.
func (r Release) tookFromOthers(e associations.Edit) bool {
	return slices.ContainsFunc(r.Takings, func(t Taking) bool {
		return t.Slot == e.Slot && int(t.Release) == r.Number && t.Holder == e.From && !t.Own
	})
}

// Takings are those of the base as far as they were written: a release that
// never wrote a slot has not taken it.
func (b Base) Takings(held func(associations.Slot) associations.Binding) map[associations.Slot]Taking {
	taken := map[associations.Slot]Taking{}
	for _, t := range b.Live.Takings {
		taken[t.Slot] = t
	}
	unwritten := map[associations.Slot]bool{}
	for _, e := range b.Superseded.Edits {
		unwritten[e.Slot] = held(e.Slot) == e.From
	}
	for _, t := range b.Superseded.Takings {
		if int(t.Release) != b.Superseded.Number || !unwritten[t.Slot] {
			taken[t.Slot] = t
		}
	}
	// What a dead rollback gives back, or was to empty and did not, is taken until
	// another decides; by whom, live may know.
	bound := b.Superseded.Table()
	for _, e := range b.Superseded.Edits {
		_, binds := bound[e.Slot]
		old, known := taken[e.Slot]
		unemptied := b.Superseded.Kind == KindRollback && e.To.Empty() && !held(e.Slot).Empty()
		if !binds && (unemptied && !known || !e.To.Empty() && old.Holder != e.To) {
			taken[e.Slot] = Taking{Slot: e.Slot, Holder: e.To, Release: Origin(b.Superseded.Undone)}
		}
	}
	return taken
}

// Untaken is ownership as far as takings go. A slot that the superseded release
// was to take from another owner, and did not write, is the stack's to empty; but
// the release that writes it first takes it.
func (b Base) Untaken(own associations.Ownership, held func(associations.Slot) associations.Binding) associations.Ownership {
	own.Slots = maps.Clone(own.Slots)
	for _, t := range b.Superseded.Takings {
		if int(t.Release) == b.Superseded.Number && !t.Holder.Empty() && held(t.Slot) == t.Holder {
			delete(own.Slots, t.Slot)
		}
	}
	return own
}

// Take notes what an edit, or an adoption in place, takes: what held the slot,
// if that was not the stack's own; or that it was empty, unless an older taking
// is remembered, of which filling the slot again is only the repair.
func Take(taken map[associations.Slot]Taking, e associations.Edit, own associations.Ownership) {
	old, known := taken[e.Slot]
	switch {
	case e.To.Empty():
		if known && old.Holder.Empty() {
			delete(taken, e.Slot) // it was empty, and is again
		}
	case !e.From.Empty() && !own.Empties(e.Slot, e.From):
		taken[e.Slot] = Taking{Slot: e.Slot, Holder: e.From, Own: own.Ours(e.From), Release: Self}
	case e.From.Empty() && !known:
		taken[e.Slot] = Taking{Slot: e.Slot, Release: Self}
	case e.From.Empty():
		old.Filled = Self
		taken[e.Slot] = old
	}
}

// FromOthersSince reports whether a release after n filled the slot when it was
// empty, or took it from others.
func (t Taking) FromOthersSince(n int) bool {
	return int(t.Release) > n && !t.Own || int(t.Filled) > n
}

// SortTakings lists takings in the order of their slots.
func SortTakings(taken map[associations.Slot]Taking) []Taking {
	list := make([]Taking, 0, len(taken))
	for _, t := range taken {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b Taking) int { return a.Slot.Compare(b.Slot) })
	return list
}

package plan

import (
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Strays are the versions of the stack that sit where neither the live release
// nor the one in flight decides.
func Strays(have Observed) []release.Stray {
	base := release.Base{Live: have.Ledger.Live, Superseded: have.Ledger.Pending}
	table, flying := base.Live.Table(), decidedBy(base.Superseded.Table(), base.Superseded.Edits)
	return straysIn(have, owned(base, have), []release.Release{base.Live, base.Superseded},
		func(slot associations.Slot, held associations.Binding) (associations.Binding, bool) {
			_, bound := table[slot]
			return held, bound || flying(slot)
		})
}

// strayNotes name the versions of the stack that stay where an apply does not
// decide: a copied cache behavior, or a change by hand.
func (p *planner) strayNotes(table associations.Table, changes []associations.Change) []Note {
	written := map[associations.Slot]associations.Binding{}
	for _, e := range edits(changes) {
		written[e.Slot] = e.To
	}
	goal := release.Release{Distributions: p.entries}
	var notes []Note
	for _, s := range straysIn(p.have, p.own, []release.Release{p.base.Live, p.base.Superseded, goal},
		func(slot associations.Slot, held associations.Binding) (associations.Binding, bool) {
			if _, bound := table[slot]; bound {
				return held, true
			}
			if to, ok := written[slot]; ok {
				return to, false
			}
			return held, false
		}) {
		notes = append(notes, strayNote(s))
	}
	return notes
}

func strayNote(s release.Stray) Note { return Note{Kind: "stray", Text: s.String()} }

// straysIn finds versions of the functions that the releases bind, in the
// distributions that they name, outside of decided slots. after is what a slot
// that holds something comes to hold, and whether it is decided.
func straysIn(have Observed, own associations.Ownership, releases []release.Release,
	after func(associations.Slot, associations.Binding) (associations.Binding, bool),
) []release.Stray {
	functions, ids := map[string]bool{}, map[string]bool{}
	left := map[associations.Slot]int{}
	for _, r := range releases {
		maps.Copy(functions, r.Bound())
		for _, id := range r.IDs() {
			ids[id] = true
		}
	}
	for _, r := range []release.Release{have.Ledger.Live, have.Ledger.Pending} {
		for _, l := range r.Left {
			functions[l.Binding.Version.Function], ids[l.Slot.Distribution] = true, true
			left[l.Slot] = l.Release
		}
	}
	var list []release.Stray
	for id := range ids {
		for slot, held := range have.Distributions[id].Held {
			b, decided := after(slot, held)
			if !decided && functions[b.Version.Function] && own.Ours(b) {
				list = append(list, release.Stray{Slot: slot, Binding: b, Left: left[slot]})
			}
		}
	}
	slices.SortFunc(list, release.CompareStrays)
	return list
}

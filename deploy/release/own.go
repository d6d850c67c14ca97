package release

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Base is what a new release is made on: the live release, and one in flight
// that it supersedes (Number 0 for none).
type Base struct {
	Live       Release
	Superseded Release
}

// Supersedes reports whether there is a release in flight to supersede.
func (b Base) Supersedes() bool { return b.Superseded.Number != 0 }

// list gives the releases of the base that exist.
func (b Base) list() []Release {
	list := []Release{b.Live}
	if b.Supersedes() {
		list = append(list, b.Superseded)
	}
	return list
}

// Ownership is what the base makes the stack's: slots that it may empty, the
// versions that it recorded, and the functions that it binds.
func (b Base) Ownership() associations.Ownership {
	own := associations.Ownership{Slots: map[associations.Slot]bool{}, Versions: map[versions.Ref]bool{}, Functions: map[string]bool{}}
	for _, r := range b.list() {
		for slot := range r.Table() {
			own.Slots[slot] = true
		}
		for _, l := range r.Left {
			own.Slots[l.Slot] = true
			own.Versions[l.Binding.Version] = true
		}
		for _, f := range r.Functions {
			own.Versions[f.Ref()] = true
		}
		for name := range r.Bound() {
			own.Functions[name] = true
		}
	}
	// Also what the release in flight empties, or gives back; and what it
	// replaces, unless it says that it took that from others.
	for _, e := range b.Superseded.Edits {
		own.Slots[e.Slot] = true
		if !b.Superseded.tookFromOthers(e) {
			own.Versions[e.From.Version] = true
		}
	}
	return own
}

// StillLeft are the slots that a new release does not decide although a
// superseded one edits them: its run may wake and still write them, whatever
// they hold now. decided are the slots that the new release binds or edits.
func (b Base) StillLeft(held func(associations.Slot) associations.Binding, decided func(associations.Slot) bool) []Bound {
	left, bound := associations.Table{}, b.Superseded.Table()
	for _, e := range b.Superseded.Edits {
		// What it gives back to others is not the stack's.
		if _, binds := bound[e.Slot]; binds && !decided(e.Slot) {
			left[e.Slot] = e.To
		}
	}
	for _, r := range b.list() {
		for _, l := range r.Left {
			if !decided(l.Slot) && held(l.Slot) == l.Binding {
				left[l.Slot] = l.Binding
			}
		}
	}
	return List(left)
}

// JoinCommits puts lists of commits together, newest first, without repeating
// one, and at most MaxCommits.
func JoinCommits(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		for _, c := range list {
			if !slices.Contains(all, c) && len(all) < MaxCommits {
				all = append(all, c)
			}
		}
	}
	return all
}

// CommitsWith puts a source's commit, if its files were clean, before others.
func CommitsWith(s Source, others ...[]string) []string {
	return JoinCommits(append([][]string{s.clean()}, others...)...)
}

// Stray is a version of a function of the stack in a slot that no release
// decides: a copied cache behavior, or a change by hand.
type Stray struct {
	Slot    associations.Slot    `json:"slot"`
	Binding associations.Binding `json:"binding"`
}

func (s Stray) String() string {
	return fmt.Sprintf("%s holds %s, which no release put there", s.Slot, s.Binding)
}

// CompareStrays orders strays by slot.
func CompareStrays(a, b Stray) int { return cmp.Or(a.Slot.Compare(b.Slot)) }

package release

import (
	"cmp"
	"fmt"
	"maps"
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

// leftFor is for how many releases a slot is remembered that a superseded release
// did not write yet. Its run may wake; one that was fenced off writes at most once.
const leftFor = 10

// StillLeft are the slots that a new release does not decide although a
// superseded one edits them: its run may wake and still write them, whatever
// they hold now. decided are the slots that the new release binds or edits.
func (b Base) StillLeft(held func(associations.Slot) associations.Binding, decided func(associations.Slot) bool) []Bound {
	left, bound := map[associations.Slot]Bound{}, b.Superseded.Table()
	for _, r := range b.list() {
		for _, l := range r.Left {
			may := l.Release != 0 && b.Live.Number-l.Release < leftFor
			if !decided(l.Slot) && (may || held(l.Slot) == l.Binding) {
				left[l.Slot] = l
			}
		}
	}
	for _, e := range b.Superseded.Edits {
		// What it gives back to others is not the stack's.
		if _, binds := bound[e.Slot]; binds && !decided(e.Slot) {
			left[e.Slot] = Bound{Slot: e.Slot, Binding: e.To, Release: b.Superseded.Number}
		}
	}
	return slices.SortedFunc(maps.Values(left), func(a, b Bound) int { return a.Slot.Compare(b.Slot) })
}

// commitsWith puts a source's commit, if its files were clean, before others, and
// keeps the newest MaxCommits.
func commitsWith(s Source, others []string) []string {
	own := s.clean()
	return newest(append(own, slices.DeleteFunc(slices.Clone(others), func(c string) bool { return slices.Contains(own, c) })...))
}

// history is every commit that led to the release, newest first, as they were
// applied.
func (r Release) history() []string { return newest(slices.Concat(r.Commits, r.CommitsBefore)) }

func newest(commits []string) []string { return commits[:min(len(commits), MaxCommits)] }

// Since sets what led to a release that returns to another: since then its own
// commit, and before it those of what it supersedes. A release is not made of
// them: what they brought was never all there.
func (r *Release) Since(to Release, superseded ...string) {
	r.Commits = commitsWith(r.Source, nil)
	before := slices.Concat(superseded, to.history())
	r.CommitsBefore = before[:min(len(before), MaxCommits-len(r.Commits))]
}

// On sets what led to a release that brings nothing to what another brought.
func (r *Release) On(other Release) {
	r.Commits = commitsWith(r.Source, other.Commits)
	r.CommitsBefore = other.CommitsBefore[:min(len(other.CommitsBefore), MaxCommits-len(r.Commits))]
}

// passed are the commits that led from one release to another: what their
// histories do not have in common. One that is full has lost its end.
func passed(from, to Release) []string {
	old, led := from.history(), to.history()
	for i := range led {
		if common := led[i:]; endsWith(old, common) || len(led) == MaxCommits && startsIn(old, common) {
			return led[:i]
		}
	}
	return led
}

func endsWith(list, end []string) bool {
	return len(list) >= len(end) && slices.Equal(list[len(list)-len(end):], end)
}

// startsIn reports whether a part is anywhere in a list.
func startsIn(list, part []string) bool {
	for i := range len(list) - len(part) + 1 {
		if slices.Equal(list[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// Stray is a version of a function of the stack in a slot that no release
// decides: a copied cache behavior, a change by hand, or what a superseded
// release left.
type Stray struct {
	Slot    associations.Slot    `json:"slot"`
	Binding associations.Binding `json:"binding"`
	Left    int                  `json:"left,omitempty"` // the release that left it; 0 for none
}

func (s Stray) String() string { return fmt.Sprintf("%s holds %s, %s", s.Slot, s.Binding, s.Origin()) }

// Origin says how the version came there.
func (s Stray) Origin() string {
	if s.Left != 0 {
		return fmt.Sprintf("which release %d wrote, or was to write, before another superseded it", s.Left)
	}
	return "which no release put there"
}

// CompareStrays orders strays by slot.
func CompareStrays(a, b Stray) int { return cmp.Or(a.Slot.Compare(b.Slot)) }

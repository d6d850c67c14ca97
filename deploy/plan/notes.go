package plan

import (
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// notes says what a person should read before saying yes to an apply.
func (p *planner) notes(result associations.Result) []Note {
	var notes []Note
	add := func(kind, format string, args ...any) {
		notes = append(notes, Note{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	notes = append(notes, p.flightNotes()...)
	notes = append(notes, p.leavingNotes()...)
	for _, name := range p.have.Orphans {
		add("orphan", "function %s left the stack earlier and is still there: prune deletes it once nothing needs it", name)
	}
	for _, s := range p.publish {
		if old, ok := p.base.Live.Function(s.Spec.Function); ok && old.Spec == s.Spec && !p.have.Serves(old) {
			add("gone", "%s, which release %d published, does not exist any more, or is another one; it is published again", old.Ref(), p.base.Live.Number)
		}
		if s.Adopt {
			add("adopt-function", "takes over function %s: overwrites the code and the configuration of its $LATEST; its published versions stay", s.Spec.Function)
		}
		if s.Resets != "" {
			add("resets", "resets on %s what Lambda@Edge forbids or the spec does not say: %s", s.Spec.Function, s.Resets)
		}
	}
	for _, e := range result.Adopted {
		add("adopt-slot", "takes over %s from %s", e.Slot, e.From)
	}
	recorded := p.base.Live.Table()
	for _, e := range edits(result.Changes) {
		if was, ok := recorded[e.Slot]; ok && was != e.From && !p.base.Supersedes() {
			add("drift", "%s was changed outside since release %d: it holds %s instead of %s", e.Slot, p.base.Live.Number, e.From, was)
		}
	}
	return append(notes, p.writeNotes(result.Changes)...)
}

// flightNotes tell what an apply does about a release in flight, and which
// slots were left by a superseded one.
func (p *planner) flightNotes() []Note {
	var notes []Note
	add := func(kind, format string, args ...any) {
		notes = append(notes, Note{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	switch flight := p.have.Ledger.Pending; {
	case p.settle != 0:
		add("in-flight", "release %d was written and never committed; it is committed first", flight.Number)
	case flight.GoingBack():
		add("in-flight", "supersedes the rollback to release %d that was interrupted; what it holds stays held", flight.Target)
	case flight.Number != 0:
		add("in-flight", "supersedes release %d, which was begun and never committed", flight.Number)
	}
	for _, r := range []release.Release{p.base.Live, p.base.Superseded} {
		for _, l := range r.Left {
			if p.have.Held(l.Slot) == l.Binding {
				s := release.Stray{Slot: l.Slot, Binding: l.Binding, Left: l.Release}
				add("left", "%s", s)
			}
		}
	}
	return notes
}

// leavingNotes name the functions that the spec has no more. Nothing of a function
// is ever deleted: a rollback needs its versions.
func (p *planner) leavingNotes() []Note {
	var notes []Note
	wanted := map[string]bool{}
	for _, f := range p.functions {
		wanted[f.Spec.Function] = true
	}
	for _, r := range []release.Release{p.base.Live, p.base.Superseded} {
		for _, f := range r.Functions {
			if name := f.Spec.Function; !wanted[name] {
				wanted[name] = true
				notes = append(notes, Note{Kind: "leaves", Text: fmt.Sprintf("function %s leaves the stack: it and its versions stay in Lambda until nothing needs them and prune deletes them", name)})
			}
		}
	}
	return notes
}

// sourceNotes tell what the source's commit means for a new release: whether it
// is older than what is live, and whether a rollback can hold it.
func (p *planner) sourceNotes() []Note {
	var notes []Note
	add := func(kind, format string, args ...any) {
		notes = append(notes, Note{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	ours, from, live := p.want.Source, p.want.Provenance, p.base.Live
	commit := release.Source{Commit: ours.Commit}.Short()
	other := release.Source{Commit: live.Source.Commit}.Short()
	switch order := from.Orders[live.Source.Commit]; {
	case ours.Commit == "" || live.Source.Commit == "":
	case order == OrderBefore:
		add("takes-back", "takes newer work back: commit %s is an ancestor of commit %s, which release %d is from", commit, other, live.Number)
	case order == OrderDiverged:
		add("takes-back", "takes work back: commit %s does not have all of commit %s, which release %d is from; their histories have diverged", commit, other, live.Number)
	case order == OrderUnknown:
		add("order-unknown", "cannot tell whether commit %s takes back work of commit %s, which release %d is from: %s", commit, other, live.Number, from.Untold)
	}
	if from.Unheld != "" {
		add("no-commit", "there is no commit for a rollback to hold: %s", from.Unheld)
	}
	return notes
}

// writeNotes tell what is special about the distributions that are written.
func (p *planner) writeNotes(changes []associations.Change) []Note {
	var notes []Note
	add := func(kind, format string, args ...any) {
		notes = append(notes, Note{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	for _, ch := range changes {
		state := p.have.Distributions[ch.Distribution]
		switch {
		case state.Staging:
			add("policy", "%s is a staging distribution", ch.Distribution)
		case state.Policy != "":
			add("policy", "%s has the continuous deployment policy %s attached", ch.Distribution, state.Policy)
		}
		for _, path := range mixed(ch) {
			add("mixed-triggers", "%s %s: viewer and origin triggers both change; while it propagates, each must work with the other's previous version", ch.Distribution, path)
		}
	}
	return notes
}

// mixed gives the paths whose viewer and origin triggers both change. Edge
// locations take a configuration over one by one, and objects in the cache
// were made by the previous origin functions.
func mixed(ch associations.Change) []string {
	viewer, origin := map[string]bool{}, map[string]bool{}
	var paths []string
	for _, e := range ch.Edits {
		if e.From.Empty() || e.To.Empty() {
			continue
		}
		if e.Slot.Trigger.Viewer() {
			viewer[e.Slot.Path] = true
		} else {
			origin[e.Slot.Path] = true
		}
		if viewer[e.Slot.Path] && origin[e.Slot.Path] && !slices.Contains(paths, e.Slot.Path) {
			paths = append(paths, e.Slot.Path)
		}
	}
	return paths
}

// context gathers what a person reads the plan in.
func (p *planner) context() Context {
	c := Context{Domains: map[string]string{}, Keys: map[string]string{}, Kept: p.kept, Replaced: replaced(p.base.Live, p.kept)}
	for _, list := range [][]release.Distribution{p.base.Superseded.Distributions, p.base.Live.Distributions, p.want.Distributions} {
		for _, d := range list {
			for _, id := range d.IDs {
				c.Keys[id] = d.Key
			}
		}
	}
	for id, state := range p.have.Distributions {
		switch {
		case len(state.Aliases) > 0:
			c.Domains[id] = state.Aliases[0]
		case state.DomainName != "":
			c.Domains[id] = state.DomainName
		}
	}
	for _, d := range p.want.Distributions {
		if d.Alias != "" && d.ID() != "" {
			c.Domains[d.ID()] = d.Alias
		}
	}
	return c
}

package plan

import (
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// notes says what a person should read before saying yes.
func (p *planner) notes(result associations.Result) []Note {
	var notes []Note
	add := func(kind, format string, args ...any) {
		notes = append(notes, Note{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	switch pending := p.have.Ledger.Pending; {
	case p.have.Ledger.Position().GoingBack():
		add("ledger-pending", "a rollback to release %d was interrupted before it was recorded; rollback again completes it", pending.Number)
	case pending.Number != 0:
		add("ledger-pending", "release %d was started and never committed; what it bound is taken into account", pending.Number)
	}
	for _, s := range p.publish {
		if s.Adopt {
			add("adopt-function", "takes over function %s", s.Spec.Function)
		}
		if s.Resets != "" {
			add("resets", "resets on %s what Lambda@Edge forbids or the spec does not say: %s", s.Spec.Function, s.Resets)
		}
	}
	for _, e := range result.Adopted {
		add("adopt-slot", "takes over %s from %s", e.Slot, e.From)
	}
	for _, s := range result.Skipped {
		add("skipped", "%s is skipped: %s", s.Slot, s.Reason)
	}
	for _, b := range p.lost {
		add("skipped", "%s is emptied: %s, which sat there before, no longer exists", b.Slot, b.Binding)
	}
	recorded := release.Table(p.have.Ledger.Live.Bindings)
	for _, ch := range result.Changes {
		for _, e := range ch.Edits {
			if was, ok := recorded[e.Slot]; ok && was != e.From && p.have.Ledger.Pending.Number == 0 {
				add("drift", "%s was changed outside since release %d: it holds %s instead of %s", e.Slot, p.have.Ledger.Live.Number, e.From, was)
			}
		}
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
	c := Context{Domains: map[string]string{}, Kept: p.kept}
	for _, d := range p.want.Distributions {
		state := p.have.Distributions[d.ID]
		switch {
		case d.Alias != "":
			c.Domains[d.ID] = d.Alias
		case len(state.Aliases) > 0:
			c.Domains[d.ID] = state.Aliases[0]
		case state.DomainName != "":
			c.Domains[d.ID] = state.DomainName
		}
	}
	return c
}

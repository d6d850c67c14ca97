package plan

import (
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// tags plans what the spec's tags change on functions that exist and are the
// stack's already, the ledger's own among them. What is created or taken over
// gets its tags there.
func (p *planner) tags() []Tag {
	live, pending := p.base.Live, p.base.Superseded
	if !Retags(release.LedgerState{Live: live, Pending: pending}, p.want) {
		return nil // a release that is committed first has set them
	}
	set := map[string]string{}
	for k, v := range p.want.Tags {
		if live.Tags[k] != v || pending.Number != 0 && pending.Tags[k] != v {
			set[k] = v
		}
	}
	old := maps.Clone(live.Tags)
	if old == nil {
		old = map[string]string{}
	}
	maps.Copy(old, pending.Tags)
	var remove []string
	for _, k := range slices.Sorted(maps.Keys(old)) {
		if _, ok := p.want.Tags[k]; !ok {
			remove = append(remove, k)
		}
	}
	var steps []Tag
	for _, f := range p.functions {
		name := f.Spec.Function
		_, inLive := live.Function(name)
		_, inPending := pending.Function(name)
		if !inLive && !inPending {
			continue
		}
		// Recorded or not: a function that somebody else took over since is theirs.
		if head, read := p.have.Heads[name]; read && head.TagsError == "" && head.Tags[versions.StackTag] != p.want.Stack {
			if head.Exists && !p.rules.Adopt {
				p.errs = append(p.errs, &versions.OwnerError{Function: name, Owner: head.Tags[versions.StackTag]})
			}
			continue
		}
		steps = append(steps, Tag{Key: f.Key, Function: name, Set: set, Remove: remove})
	}
	return append(steps, Tag{Function: release.LedgerFunction(p.want.Stack), Set: set, Remove: remove})
}

// Retags reports whether the functions' tags may be others than those wanted.
func Retags(state release.LedgerState, want Desired) bool {
	pending := state.Pending
	return state.Live.Number != 0 &&
		(!maps.Equal(state.Live.Tags, want.Tags) || pending.Number != 0 && !maps.Equal(pending.Tags, want.Tags))
}

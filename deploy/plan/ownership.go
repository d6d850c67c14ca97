package plan

import (
	"maps"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

type ownership struct{ associations.Ownership }

// Owned says what the ledger makes ours. The live release owns the slots it
// binds. A release that never was committed may or may not have come as far
// as CloudFront, so its edits count too, and so does what a rollback goes
// back to.
func Owned(state release.LedgerState, want Desired) ownership {
	own := ownership{associations.Ownership{Slots: map[associations.Slot]bool{}, Versions: map[versions.Ref]bool{}}}
	own.add(state.Live)
	own.add(state.Pending)
	for _, e := range state.Pending.Changed {
		own.Slots[e.Slot] = true
	}
	if want.Kind == release.KindRollback {
		for _, f := range want.Functions {
			own.Versions[f.Ref()] = true
		}
		for slot := range want.Bindings {
			own.Slots[slot] = true
		}
	}
	return own
}

func (o ownership) add(r release.Release) {
	for _, b := range r.Bindings {
		o.Slots[b.Slot] = true
	}
	for _, f := range r.Functions {
		o.Versions[f.Ref()] = true
	}
}

// with adds the versions that were seen to carry the stack's mark.
func (o ownership) with(have Observed, stack string) ownership {
	seen := maps.Clone(o.Versions)
	for ref, v := range have.States {
		if v.Version.Stack == stack {
			seen[ref] = true
		}
	}
	o.Versions = seen
	return o
}

package release

import (
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Named are the releases that a release names: each may be gone back to, or is held.
func (r Release) Named() map[int]bool {
	set := map[int]bool{r.Returns: true, r.Back: true, int(r.Brought): true, r.Undone: true, r.Target: true}
	for _, h := range r.Holds {
		set[h.Release], set[int(h.Brought)] = true, true
	}
	return set
}

// Needs are the versions without which a release cannot be gone back to, or be
// gone on from: those that it records or binds, those that it left in slots, and
// those that it may give slots back to.
func (r Release) Needs() map[versions.Ref]bool {
	refs := map[versions.Ref]bool{}
	see := func(bindings ...associations.Binding) {
		for _, b := range bindings {
			refs[b.Version] = true
		}
	}
	for _, f := range r.Functions {
		refs[f.Ref()] = true
	}
	for _, d := range r.Distributions {
		for _, b := range d.Bindings {
			see(b.Binding)
		}
	}
	for _, t := range r.Takings {
		see(t.Holder)
	}
	for _, b := range r.Left {
		see(b.Binding)
	}
	delete(refs, versions.Ref{})
	return refs
}

// Retained says which releases of a ledger are kept where the newest keep are,
// oldest first, and which protected ones are not any more. Kept are the newest
// that the ledger protects and whatever was recorded since the oldest of these,
// what is live and in flight, and each that those two name (where they return
// to, what they hold). listed are the numbers of all records.
func (s LedgerState) Retained(listed []int, keep int) (kept, dropped []int) {
	set := map[int]bool{s.Live.Number: true, s.Pending.Number: true, s.Former.Number: true, s.Lost: true, s.Broken: true}
	for _, r := range []Release{s.Live, s.Pending, s.Former} {
		for n := range r.Named() {
			set[n] = true
		}
	}
	newest := s.Kept[max(0, len(s.Kept)-keep):]
	for _, n := range slices.Concat(listed, s.Kept) {
		if len(newest) == 0 || n >= newest[0] {
			set[n] = true
		}
	}
	delete(set, 0)
	for n := range set {
		if n > 0 { // a record that names itself has no number of its own yet
			kept = append(kept, n)
		}
	}
	slices.Sort(kept)
	for _, n := range s.Kept {
		if !set[n] {
			dropped = append(dropped, n)
		}
	}
	return kept, dropped
}

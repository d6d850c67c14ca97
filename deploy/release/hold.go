package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/versions"
)

// Hold is content that a rollback took out of service. It is refused until it
// changes, or until resume lifts the hold.
type Hold struct {
	Release int             `json:"release"` // the release that was rolled back
	Items   []versions.Spec `json:"items"`   // what it bound and the target did not
	// Commit is the source commit the release came from, unless the target
	// came from it too or the files differed from it.
	Commit string `json:"commit,omitempty"`
}

// Held is one reason why a plan is held.
type Held struct {
	Release int    `json:"release"` // the rolled-back release
	Key     string `json:"key,omitempty"`
	// Content is the held content that the plan would bind; "" when only the
	// commit, or the spec's hold: strict, holds the plan.
	Content versions.ContentID `json:"content,omitempty"`
	Commit  string             `json:"commit,omitempty"`
	Strict  bool               `json:"strict,omitempty"`
}

// HeldError says that a plan would bind content that a rollback took out of
// service. Nothing was changed.
type HeldError struct {
	Stack string
	Held  []Held
}

func (e *HeldError) Error() string {
	parts := make([]string, len(e.Held))
	for i, h := range e.Held {
		parts[i] = h.String()
	}
	return fmt.Sprintf("stack %s is held: %s", e.Stack, strings.Join(parts, "; "))
}

func (h Held) String() string {
	switch {
	case h.Strict:
		return fmt.Sprintf("release %d was rolled back and the spec says hold: strict", h.Release)
	case h.Content != "":
		return fmt.Sprintf("%s %s, as it is configured, was taken out of service when release %d was rolled back", h.Key, h.Content.Short(), h.Release)
	default:
		return fmt.Sprintf("commit %s was taken out of service when release %d was rolled back", Source{Commit: h.Commit}.Short(), h.Release)
	}
}

// holdFor says what rolling a release back to the target holds.
func holdFor(rolledBack, target Release) (Hold, bool) {
	hold := Hold{Release: rolledBack.Number}
	kept := boundSpecs(target)
	for _, spec := range boundSpecs(rolledBack) {
		if !slices.Contains(kept, spec) {
			hold.Items = append(hold.Items, spec)
		}
	}
	if s := rolledBack.Source; s.Commit != "" && !s.Dirty && s.Commit != target.Source.Commit {
		hold.Commit = s.Commit
	}
	return hold, len(hold.Items) > 0 || hold.Commit != ""
}

// boundSpecs gives the specs of the functions that a release binds somewhere.
func boundSpecs(r Release) []versions.Spec {
	var specs []versions.Spec
	for _, f := range r.Functions {
		if slices.ContainsFunc(r.Bindings, func(b Bound) bool { return b.Binding.Version == f.Ref() }) {
			specs = append(specs, f.Spec)
		}
	}
	return specs
}

// holdsAfter are the holds in force once the passed releases were rolled back
// to the target: the earlier ones stay, but nothing that is in service again
// is held.
func HoldsAfter(before []Hold, target Release, passed []Release) []Hold {
	var holds []Hold
	for _, h := range before {
		if slices.ContainsFunc(passed, func(r Release) bool { return r.Number == h.Release }) {
			continue // made anew below: what is held depends on what stays in service
		}
		h.Items = slices.DeleteFunc(slices.Clone(h.Items), func(s versions.Spec) bool {
			return slices.Contains(boundSpecs(target), s)
		})
		if h.Commit == target.Source.Commit {
			h.Commit = ""
		}
		if h.Release != target.Number && (len(h.Items) > 0 || h.Commit != "") {
			holds = append(holds, h)
		}
	}
	// A rollback or a resume only bound again what another release brought: it
	// is held by its own number where that one is not among the passed.
	again := func(r Release) int {
		if r.Kind == KindRollback || r.Kind == KindResume {
			return 1
		}
		return 0
	}
	for _, r := range slices.SortedStableFunc(slices.Values(passed), func(a, b Release) int { return again(a) - again(b) }) {
		h, ok := holdFor(r, target)
		same := func(o Hold) bool { return o.Commit == h.Commit && slices.Equal(o.Items, h.Items) }
		if ok && (again(r) == 0 || !slices.ContainsFunc(holds, same)) {
			holds = append(holds, h)
		}
	}
	slices.SortFunc(holds, func(a, b Hold) int { return a.Release - b.Release })
	return holds
}

// Holds are the holds in force. A rollback that was interrupted before it was
// committed, or even recorded, holds already what it takes out of service:
// else the next pipeline run would bring it back.
func (s LedgerState) Holds() []Hold {
	if s.Pending.Kind == KindRollback && !s.Position().GoingBack() {
		return slices.Clone(s.Pending.Holds)
	}
	holds := slices.Clone(s.Live.Holds)
	if !s.Position().GoingBack() {
		return holds
	}
	if h, ok := holdFor(s.Live, s.Pending); ok {
		holds = append(holds, h)
	}
	return holds
}

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// BlockedError says everything that stands in the way of a plan. Nothing was
// changed. Its problems are the typed errors of this package and of
// associations and versions.
type BlockedError struct {
	Stack    string
	Problems []error
}

func (e *BlockedError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each problem visible to errors.As.
func (e *BlockedError) Unwrap() []error { return e.Problems }

// blocked is everything that stands in the way, with what is known of whose the
// holders of wanted slots are.
func (p *planner) blocked() *BlockedError {
	e := &BlockedError{Stack: p.have.Stack, Problems: slices.Clone(p.errs)}
	for i, problem := range e.Problems {
		if c, ok := problem.(*associations.ConflictError); ok {
			ref, told := c.Holder.Version, *c
			seen := p.have.States[ref]
			told.Stack, told.Owner, told.NoLedger = p.have.Stack, seen.Tags[versions.StackTag], !p.have.Ledger.Exists
			told.Unread = cmp.Or(p.have.Unread[ref], seen.TagsError)
			e.Problems[i] = &told
		}
	}
	return e
}

// Unknown are the holders of wanted slots of which it is not known yet whose
// they are.
func (e *BlockedError) Unknown(have Observed) []versions.Ref {
	var refs []versions.Ref
	for _, problem := range e.Problems {
		c, ok := problem.(*associations.ConflictError)
		if !ok || c.Holder.ARN != "" {
			continue
		}
		ref := c.Holder.Version
		if _, seen := have.States[ref]; !seen && !have.Gone[ref] && have.Unread[ref] == "" && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// AccountError says that the credentials belong to another account than the
// spec (or the saved plan) says.
type AccountError struct{ Want, Have string }

func (e *AccountError) Error() string {
	return fmt.Sprintf("the credentials belong to account %s, but the stack is for account %s", e.Have, e.Want)
}

// PinError says that a version that a release recorded is gone, or is not
// what the release recorded.
type PinError struct {
	Function release.Function
	Release  int
	Gone     bool
	Seen     versions.Version
	Owner    string // the function's stack tag
}

func (e *PinError) Error() string {
	ref := e.Function.Ref()
	switch {
	case e.Gone:
		return fmt.Sprintf("version %s, which release %d bound, does not exist any more", ref, e.Release)
	case e.Owner != e.Seen.Stack || e.Seen.Stack == "":
		return fmt.Sprintf("version %s, which release %d bound, is of a function tagged for stack %q and marked %q", ref, e.Release, e.Owner, e.Seen.Stack)
	default:
		recorded := versions.Version{Ref: ref, Spec: e.Function.Spec, CodeSHA256: e.Function.CodeSHA256}
		return fmt.Sprintf("version %s is not what release %d recorded: %s", ref, e.Release, versions.Differences(e.Seen, recorded, e.Seen.Stack))
	}
}

// HolderGoneError says that a slot should go back to a version that the stack
// took it from, and that version does not exist any more. Nothing was changed:
// the slot must not become empty without a word.
type HolderGoneError struct {
	Slot   associations.Slot
	Holder versions.Ref
}

func (e *HolderGoneError) Error() string {
	return fmt.Sprintf("%s was taken from %s, which does not exist any more", e.Slot, e.Holder)
}

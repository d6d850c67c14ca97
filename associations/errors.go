package associations

import (
	"fmt"
	"strings"
)

// ConflictError says that a wanted slot is held by something that this stack
// did not put there. Nothing was written.
type ConflictError struct {
	Slot   Slot
	Holder Binding
	// Stack wants the slot, and the holder's function is tagged for Owner: ""
	// if for none, or not known.
	Stack, Owner string
	// NoLedger reports that the stack has no ledger: where Owner is the stack
	// itself, it was deleted.
	NoLedger bool
	// Unread says why the holder could not be looked at, "" if it could.
	Unread string
}

// Own reports whether the holder's function is tagged for the stack itself.
func (e *ConflictError) Own() bool { return e.Owner != "" && e.Owner == e.Stack }

func (e *ConflictError) Error() string {
	text := fmt.Sprintf("%s is held by %s, ", e.Slot, e.Holder)
	switch {
	case e.Own() && e.NoLedger:
		return text + fmt.Sprintf("whose function is tagged for this stack, and the ledger of stack %s is missing: no release says that the slot is the stack's", e.Stack)
	case e.Own():
		return text + "whose function is tagged for this stack, and which no release put there"
	case e.Owner != "":
		return text + fmt.Sprintf("whose function is tagged for stack %s; this is stack %s", e.Owner, e.Stack)
	case e.Unread != "":
		return text + fmt.Sprintf("which this stack did not put there (whose it is cannot be told: %s)", e.Unread)
	default:
		return text + "which this stack did not put there"
	}
}

// FunctionConflictError says that a CloudFront Function on a viewer trigger of
// the behaviour excludes Lambda@Edge from the wanted slot.
type FunctionConflictError struct {
	Slot        Slot
	FunctionARN string
	On          Trigger // where the CloudFront Function sits
}

func (e *FunctionConflictError) Error() string {
	return fmt.Sprintf("%s cannot be bound: the CloudFront Function %s sits on %s of the same behavior, and CloudFront allows only one kind on viewer triggers",
		e.Slot, e.FunctionARN, e.On)
}

// BehaviorError says that a wanted path pattern is in no cache behaviour.
type BehaviorError struct {
	Slot   Slot
	Exist  []string
	Domain string
}

func (e *BehaviorError) Error() string {
	return fmt.Sprintf("%s: distribution %s has no cache behavior %s; it has %s",
		e.Slot, e.Slot.Distribution, e.Slot.Path, strings.Join(e.Exist, ", "))
}

// DistributionError says that a wanted distribution does not exist.
type DistributionError struct{ Distribution string }

func (e *DistributionError) Error() string {
	return fmt.Sprintf("distribution %s does not exist in this account", e.Distribution)
}

// DetachError says that a whole distribution would lose its functions because
// it left the spec, or because its name now means another distribution.
type DetachError struct {
	Distribution string
	Slots        []Slot
}

func (e *DetachError) Error() string {
	names := make([]string, len(e.Slots))
	for i, s := range e.Slots {
		names[i] = s.Path + " " + string(s.Trigger)
	}
	return fmt.Sprintf("%s is in the live release but no longer in the spec: its functions would be detached from %s",
		e.Distribution, strings.Join(names, ", "))
}

// PolicyError says that a distribution to be changed takes part in continuous
// deployment: it has a policy attached, or is itself a staging distribution.
type PolicyError struct {
	Distribution string
	Policy       string // "" when the distribution is itself staging
}

func (e *PolicyError) Error() string {
	if e.Policy == "" {
		return fmt.Sprintf("%s is a staging distribution: a change to it reaches the viewers its primary sends there", e.Distribution)
	}
	return fmt.Sprintf("%s has the continuous deployment policy %s attached: viewers sent to its staging distribution will not see the change", e.Distribution, e.Policy)
}

// ChangedError says that a slot holds neither what the plan saw nor what the
// plan wants: another client changed it in between. The distribution was not
// written.
type ChangedError struct {
	Slot       Slot
	From, To   Binding
	Live       Binding
	NoBehavior bool // the whole cache behaviour is gone
}

func (e *ChangedError) Error() string {
	if e.NoBehavior {
		return fmt.Sprintf("%s: the cache behavior was removed after the plan was made", e.Slot)
	}
	return fmt.Sprintf("%s holds %s; the plan saw %s there and wants %s", e.Slot, e.Live, e.From, e.To)
}

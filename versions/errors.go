package versions

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// OwnerError says that a function belongs to another stack, or to an owner
// that edgedeploy does not know. Nothing was changed.
type OwnerError struct {
	Function string
	Owner    string // the stack that StackTag names; "" when there is no such tag
}

func (e *OwnerError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("function %s exists and carries no tag %s: edgedeploy did not make it", e.Function, StackTag)
	}
	return fmt.Sprintf("function %s belongs to stack %s (tag %s)", e.Function, e.Owner, StackTag)
}

// UnknownOwnerError says that a function's tags could not be read, so that
// its owner is not known. Nothing was changed.
type UnknownOwnerError struct {
	Function string
	Reason   string // AWS's words
}

func (e *UnknownOwnerError) Error() string {
	return fmt.Sprintf("whose function %s is cannot be told: its tags are not readable (%s); allow lambda:ListTags on it", e.Function, e.Reason)
}

// MismatchError says that a published version is not what it was recorded, or
// just published, to be. It must not get traffic.
type MismatchError struct {
	Ref         Ref
	Differences []Difference // never empty
}

// Difference is one respect in which a version is not what it should be.
type Difference struct {
	What       string
	Want, Have string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("version %s is not what it should be: %s", e.Ref, join(e.Differences))
}

// Differences says in words in what a version is not the one that a stack
// recorded; "" if it is in nothing.
func Differences(have, recorded Version, stack string) string {
	have.Spec = have.Spec.Known()
	return join(differences(have, recorded, stack))
}

func join(list []Difference) string {
	parts := make([]string, len(list))
	for i, d := range list {
		parts[i] = d.String()
	}
	return strings.Join(parts, "; ")
}

func (d Difference) String() string {
	return fmt.Sprintf("%s is %s instead of %s", d.What, strconv.Quote(d.Have), strconv.Quote(d.Want))
}

// StateError says that a function or version ended in a state from which
// waiting leads nowhere.
type StateError struct {
	Name   string // a function's name, or a Ref as text
	State  string // Failed, Inactive…; "update Failed" for a failed update
	Reason string // AWS's words
	Advice string // what a person can do
	Err    error  // why Lambda would not wake an Inactive version; nil if it was not refused
}

func (e *StateError) Error() string {
	s := fmt.Sprintf("%s is %s", e.Name, e.State)
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	if e.Err != nil {
		s += " and could not be woken: " + e.Err.Error()
	}
	return s + ": " + e.Advice
}

// Unwrap gives the refusal.
func (e *StateError) Unwrap() error { return e.Err }

// UnfitError says that nothing can be published from $LATEST of a function, or
// that a version found by its content cannot be taken, because of configuration
// that edgedeploy never sets and cannot take away. Nothing was changed.
type UnfitError struct {
	Function string
	Number   int // the version's; 0 for $LATEST
	// Unknown are members that this program does not know, as AWS spells them;
	// Never are those that no update takes away.
	Unknown, Never []string
}

func (e *UnfitError) Error() string {
	if e.Number > 0 {
		return fmt.Sprintf("version %s carries %s, which this edgedeploy does not know: it can tell neither whether that changes anything nor how; use a newer edgedeploy",
			Ref{e.Function, e.Number}, strings.Join(e.Unknown, " and "))
	}
	if len(e.Unknown) > 0 {
		return fmt.Sprintf("function %s carries %s, which this edgedeploy does not know: it can tell neither what a version with it does at the edge nor how to reset it; "+
			"take it off the function, or use a newer edgedeploy", e.Function, strings.Join(e.Unknown, " and "))
	}
	return fmt.Sprintf("function %s is made with %s: Lambda@Edge does not run that, and no update takes it away; use another name, or delete the function",
		e.Function, strings.Join(e.Never, " and "))
}

// WaitError says that something did not come to pass in time.
type WaitError struct {
	Name    string // a function's name, or a Ref as text
	Reason  string // what it was like at the last look
	Timeout time.Duration
	Err     error // what Lambda refused to do until then; nil if it was only a state
}

func (e *WaitError) Error() string {
	s := fmt.Sprintf("%s: gave up after %s: %s", e.Name, e.Timeout, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the refusal that was waited out.
func (e *WaitError) Unwrap() error { return e.Err }

// ContestedError says that a function did not become, or stay, what it was
// made while it was being published: another client keeps changing it. What
// was changed is in $LATEST only, where no traffic goes.
type ContestedError struct {
	Function string
	Times    int
	Err      error // what happened the last time
}

func (e *ContestedError) Error() string {
	return fmt.Sprintf("function %s did not stay what it was made, %d times; another client may be changing it; the last time: %v", e.Function, e.Times, e.Err)
}

// Unwrap gives what happened the last time.
func (e *ContestedError) Unwrap() error { return e.Err }

// UnmarkedError says that Lambda answers with an existing version that has
// the right code and configuration, but a description that does not name
// this stack and content, and would not make another.
type UnmarkedError struct {
	Ref  Ref
	Want Mark
}

func (e *UnmarkedError) Error() string {
	return fmt.Sprintf("Lambda publishes no new version of function %s because version %d has the same code and configuration, "+
		"although its description is not %q: delete that version, or change the code or the configuration",
		e.Ref.Function, e.Ref.Number, e.Want.Describe())
}

// WrongAliasError says that the alias of a content does not name the version
// that its name promises. Nothing was published.
type WrongAliasError struct {
	Function, Alias string
	Version         string       // what the alias names
	Differences     []Difference // never empty
}

func (e *WrongAliasError) Error() string {
	return fmt.Sprintf("alias %[1]s of function %[2]s names version %[3]s, which is not what the alias stands for: %[4]s; "+
		"delete the alias and run again, and the content is published anew (aws lambda delete-alias --region us-east-1 --function-name %[2]s --name %[1]s)",
		e.Alias, e.Function, e.Version, join(e.Differences))
}

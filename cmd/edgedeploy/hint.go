package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/versions"
)

// advised is what to do about some things.
type advised struct {
	about []string // none where the text says it
	text  string
}

// maxHints bounds how much advice is given at once.
const maxHints = 3

// hint says what to do about an error, "" when the error says it itself. Of
// several problems each piece of advice names those that it is for.
func (a *app) hint(err error) string {
	var list []advised
	for _, one := range leaves(err) {
		if h := a.advice(one); h != "" {
			list = append(list, advised{subject(one), h})
		}
	}
	list = oncePerLine(list)
	more := len(list) - maxHints
	texts := make([]string, 0, maxHints+1)
	for _, h := range list[:min(len(list), maxHints)] {
		if n := len(h.about) - maxHints; len(list) > 1 && n > 0 {
			h.text = fmt.Sprintf("for %s and %d more: %s", strings.Join(h.about[:maxHints], ", "), n, h.text)
		} else if len(list) > 1 && len(h.about) > 0 {
			h.text = "for " + strings.Join(h.about, ", ") + ": " + h.text
		}
		texts = append(texts, h.text)
	}
	if more > 0 {
		texts = append(texts, fmt.Sprintf("once that is done, %d more are to be decided", more))
	}
	return strings.Join(texts, "; ")
}

// oncePerLine says once what is to be done in several places: the same words
// behind which place wrote different lines of the spec become one hint, for all
// that they are about.
func oncePerLine(hints []advised) []advised {
	placed := regexp.MustCompile(`^(.*) \((.*:)([0-9]+)\)$`)
	var list []advised
	var lines [][]string // of the spec, where the hint ends with a place
	for _, h := range hints {
		line := ""
		if m := placed.FindStringSubmatch(h.text); m != nil {
			h.text, line = m[1]+" ("+m[2], m[3]
		}
		at := slices.IndexFunc(list, func(l advised) bool { return l.text == h.text })
		if at < 0 {
			list, lines = append(list, h), append(lines, []string{line})
			continue
		}
		list[at].about = append(list[at].about, h.about...)
		if !slices.Contains(lines[at], line) {
			lines[at] = append(lines[at], line)
		}
	}
	for i, all := range lines {
		if all[0] != "" {
			list[i].text += strings.Join(all, ", ") + ")"
		}
	}
	return list
}

// leaves takes apart what is blocked by several problems at once, and what failed
// side by side.
func leaves(err error) []error {
	if e, ok := errors.AsType[*plan.BlockedError](err); ok {
		return e.Problems
	}
	if e, ok := err.(interface{ Unwrap() []error }); ok {
		// An error that has two causes, or one, gives nil for the other.
		all := slices.DeleteFunc(slices.Clone(e.Unwrap()), func(one error) bool { return one == nil })
		var texts []string
		for _, one := range all {
			texts = append(texts, one.Error())
		}
		if strings.Join(texts, "\n") == err.Error() { // joined, and not told by a sentence of its own
			return all
		}
	}
	return []error{err}
}

// subject is what a problem is about: a slot, a distribution or a function.
func subject(err error) []string {
	var (
		conflict *associations.ConflictError
		function *associations.FunctionConflictError
		behavior *associations.BehaviorError
		missing  *associations.DistributionError
		detached *associations.DetachError
		policy   *associations.PolicyError
		owner    *versions.OwnerError
		gone     *plan.HolderGoneError
		pin      *plan.PinError
	)
	switch {
	case errors.As(err, &conflict):
		return []string{conflict.Slot.String()}
	case errors.As(err, &function):
		return []string{function.Slot.String()}
	case errors.As(err, &behavior):
		return []string{behavior.Slot.String()}
	case errors.As(err, &missing):
		return []string{missing.Distribution}
	case errors.As(err, &detached):
		return []string{detached.Distribution}
	case errors.As(err, &policy):
		return []string{policy.Distribution}
	case errors.As(err, &owner):
		return []string{owner.Function}
	case errors.As(err, &gone):
		return []string{gone.Slot.String()}
	case errors.As(err, &pin):
		return []string{pin.Function.Ref().String()}
	}
	return nil
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// placed gives what of an error is about a line of the spec: what the file
// alone did not tell, and the account did. rest is what else there is; nil if
// there is nothing.
func (a *app) placed(err error) (problems []stackspec.Problem, rest error) {
	if a.doc == nil {
		return nil, err
	}
	var others []error
	for _, one := range leaves(err) {
		p, ok := a.placeOne(one)
		switch {
		case !ok:
			others = append(others, one)
		case !slices.Contains(problems, p): // one pattern, several triggers
			problems = append(problems, p)
		}
	}
	slices.SortStableFunc(problems, func(a, b stackspec.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	blocked, several := errors.AsType[*plan.BlockedError](err)
	switch {
	case len(problems) == 0:
		return nil, err
	case len(others) == 0:
		return problems, nil
	case several:
		return problems, &plan.BlockedError{Stack: blocked.Stack, Problems: others}
	}
	return problems, errors.Join(others...)
}

func (a *app) placeOne(err error) (stackspec.Problem, bool) {
	var (
		behavior *associations.BehaviorError
		missing  *associations.DistributionError
		alias    *deploy.AliasError
		same     *plan.SameDistributionError
	)
	s := a.doc
	at := func(message, hint string, keys ...string) (stackspec.Problem, bool) {
		line, _ := s.Locate(keys...)
		return s.problem(message, hint, false, keys...), line > 0
	}
	switch {
	case errors.As(err, &behavior):
		id, path := behavior.Slot.Distribution, behavior.Slot.Path
		return at(fmt.Sprintf("distribution %s has no cache behavior %s", id, path),
			existing(path, behavior.Exist), "distributions", s.ids[id], "behaviors", path)
	case errors.As(err, &missing):
		return at(missing.Error(), a.elsewhere("check the id, and that the credentials are for the account that owns it"),
			"distributions", s.ids[missing.Distribution], "id")
	case errors.As(err, &alias):
		return at(alias.Error(), a.elsewhere("alternate domain names are those in the distribution's own settings; or give its id"),
			"distributions", alias.Key, "alias")
	case errors.As(err, &same):
		return at(same.Error(), "keep one of the two, with the behaviors of both", "distributions", same.Keys[1])
	}
	return stackspec.Problem{}, false
}

// maxNear is how many names that exist are held against one that does not.
const maxNear = 5

// existing says which cache behaviors there are, nearest first.
func existing(path string, exist []string) string {
	near, more := stackspec.Nearest(path, exist, maxNear), ""
	if n := len(exist) - len(near); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("it has %s%s: write one of them, or add the cache behavior to the distribution first", strings.Join(near, ", "), more)
}

// elsewhere completes advice with the distributions that the account has.
func (a *app) elsewhere(hint string) string {
	if len(a.near) == 0 {
		return hint
	}
	return hint + "; the nearest of this account's are " + strings.Join(a.near, ", ")
}

// nearestTo finds which distributions of the account a name that it has not may
// have meant. That is help and no more: where the account cannot be listed,
// the error says what it said before.
func (a *app) nearestTo(ctx context.Context, ses *connect.Session, err error) {
	var missing *associations.DistributionError
	var alias *deploy.AliasError
	var unknown string
	var names func(associations.State) []string
	switch {
	case errors.As(err, &missing):
		unknown = missing.Distribution
		names = func(d associations.State) []string { return []string{d.Distribution} }
	case errors.As(err, &alias):
		unknown = alias.Alias
		names = func(d associations.State) []string { return d.Aliases }
	default:
		return
	}
	all, lerr := deploy.NewReader(ses.Cloud).All(ctx)
	if lerr != nil {
		return
	}
	var known []string
	people := map[string]string{} // what people know a distribution by
	for _, id := range slices.Sorted(maps.Keys(all)) {
		d := all[id]
		known = append(known, names(d)...)
		people[d.Distribution] = cmp.Or(append(slices.Clone(d.Aliases), d.DomainName)...)
	}
	for _, name := range stackspec.Nearest(unknown, known, maxNear) {
		if p := people[name]; p != "" {
			name += " (" + p + ")"
		}
		a.near = append(a.near, name)
	}
}

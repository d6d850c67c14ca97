package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// listFrom is the number of distributions from which one listing of the
// account (pages of 100) is cheaper than single reads.
const listFrom = 6

// readLimit bounds the reads that run at once. Lambda allows 15 control-plane
// calls a second in all but GetFunction's 100 (Lambda quotas).
const readLimit = 8

// AliasError says that no distribution of the account has an alternate domain name.
type AliasError struct{ Key, Alias string }

func (e *AliasError) Error() string {
	return fmt.Sprintf("no distribution of this account has the alternate domain name %s", e.Alias)
}

// Resolve finds the ids of distributions that a spec names by alternate domain
// name. The id that the live release recorded is tried first, at the price of
// a read that the plan needs anyway; only then is the account listed. What was
// read on the way is returned too.
func Resolve(ctx context.Context, cf CloudFront, named []release.Distribution, live release.Release) ([]release.Distribution, map[string]associations.State, error) {
	found, seen := slices.Clone(named), map[string]associations.State{}
	var listed []associations.State
	for i, d := range found {
		if len(d.IDs) > 0 {
			continue
		}
		id, err := recordedAlias(ctx, cf, d.Alias, live, seen)
		if err != nil {
			return nil, nil, err
		}
		if id == "" && listed == nil {
			if listed, err = cf.Distributions(ctx); err != nil {
				return nil, nil, fmt.Errorf("find %s: %w", d.Alias, err)
			}
		}
		for _, state := range listed {
			if id == "" && hasAlias(state, d.Alias) {
				id = state.Distribution
				seen[id] = state
			}
		}
		if id == "" {
			return nil, nil, &AliasError{Key: d.Key, Alias: d.Alias}
		}
		found[i].IDs = []string{id}
	}
	keys := map[string]string{}
	for _, d := range found {
		for _, id := range d.IDs {
			if other, taken := keys[id]; taken {
				return nil, nil, &plan.SameDistributionError{Keys: [2]string{other, d.Key}, ID: id}
			}
			keys[id] = d.Key
		}
	}
	return found, seen, nil
}

// recordedAlias checks that the distribution the live release found by the
// alias still has it. It gives "" when there is none, or it has not.
func recordedAlias(ctx context.Context, cf CloudFront, alias string, live release.Release, seen map[string]associations.State) (string, error) {
	for _, d := range live.Distributions {
		if d.Alias != alias || d.ID() == "" {
			continue
		}
		state, err := cf.Distribution(ctx, d.ID())
		if _, gone := errors.AsType[*associations.DistributionError](err); gone {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if hasAlias(state, alias) {
			seen[d.ID()] = state
			return d.ID(), nil
		}
	}
	return "", nil
}

// hasAlias compares as DNS does: without regard to case.
func hasAlias(s associations.State, alias string) bool {
	return slices.ContainsFunc(s.Aliases, func(a string) bool { return strings.EqualFold(a, alias) })
}

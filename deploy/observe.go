package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// AliasError says that no distribution of the account has an alternate domain name.
type AliasError struct{ Key, Alias string }

func (e *AliasError) Error() string {
	return fmt.Sprintf("no distribution of this account has the alternate domain name %s", e.Alias)
}

// Resolve finds the ids of distributions that a spec names by alternate domain
// name, and reads all that it names. The id that the live release recorded is
// tried first, at the price of a read that the plan needs anyway; only then are
// all distributions of the account gone through.
func Resolve(ctx context.Context, r *Reader, named []release.Distribution, live release.Release) ([]release.Distribution, error) {
	found := slices.Clone(named)
	ids, recorded := release.Release{Distributions: named}.IDs(), map[string]string{}
	for _, d := range live.Distributions {
		if d.Alias != "" && d.ID() != "" {
			recorded[d.Alias] = d.ID()
		}
	}
	for _, d := range found {
		if id := recorded[d.Alias]; len(d.IDs) == 0 && id != "" {
			ids = append(ids, id)
		}
	}
	seen, err := r.Distributions(ctx, ids)
	if err != nil {
		return nil, err
	}
	var search []string
	for i, d := range found {
		if len(d.IDs) > 0 {
			continue
		}
		if id := recorded[d.Alias]; hasAlias(seen[id], d.Alias) {
			found[i].IDs = []string{id}
			continue
		}
		search = append(search, d.Alias)
	}
	if err := searched(ctx, r, found, search); err != nil {
		return nil, err
	}
	keys := map[string]string{}
	for _, d := range found {
		for _, id := range d.IDs {
			if other, taken := keys[id]; taken {
				return nil, &plan.SameDistributionError{Keys: [2]string{other, d.Key}, ID: id}
			}
			keys[id] = d.Key
		}
	}
	return found, nil
}

// searched gives the entries that have no id yet the one that their alias leads to.
func searched(ctx context.Context, r *Reader, entries []release.Distribution, aliases []string) error {
	if len(aliases) == 0 {
		return nil
	}
	ids, err := r.Aliased(ctx, aliases)
	if err != nil {
		return fmt.Errorf("find %s: %w", aliases[0], err)
	}
	for i, d := range entries {
		if len(d.IDs) > 0 {
			continue
		}
		id, ok := ids[d.Alias]
		if !ok {
			return &AliasError{Key: d.Key, Alias: d.Alias}
		}
		entries[i].IDs = []string{id}
	}
	return nil
}

// hasAlias compares as DNS does: without regard to case.
func hasAlias(s associations.State, alias string) bool {
	return slices.ContainsFunc(s.Aliases, func(a string) bool { return strings.EqualFold(a, alias) })
}

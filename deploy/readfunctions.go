package deploy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Orphans names the functions that left the stack in an earlier release, are none
// of the wanted ones, and are there and the stack's still. One that the caller may
// not read is left out: a policy for the functions of a spec does not cover it.
func (r *Reader) Orphans(ctx context.Context, state release.LedgerState, wanted []release.Function) ([]string, error) {
	named := release.Orphaned(wanted, release.Release{Orphans: state.Live.Orphans}, release.Release{Orphans: state.Pending.Orphans})
	var mu sync.Mutex
	var there []string
	err := r.each(ctx, named, func(ctx context.Context, name string) error {
		head, err := r.cloud.Lambda.Head(ctx, name)
		if isRefused(err) {
			return nil
		}
		if head.Exists && head.Tags[versions.StackTag] == stackOf(state) {
			mu.Lock()
			defer mu.Unlock()
			there = append(there, name)
		}
		return err
	})
	slices.Sort(there)
	return there, err
}

// Functions names every function of the account, by listing.
func (r *Reader) Functions(ctx context.Context) ([]string, error) {
	var names []string
	for marker, first := "", true; first || marker != ""; first = false {
		page, next, err := r.cloud.Lambda.FunctionPage(ctx, marker)
		if err != nil {
			return nil, err
		}
		for _, head := range page {
			names = append(names, head.Function)
		}
		marker = next
	}
	return names, nil
}

// Missing names those of some functions that do not exist, where a listing of
// the account's functions tells it for fewer calls than a look for each of them
// is likely to take. About the others it says nothing.
func (r *Reader) Missing(ctx context.Context, names []string) (map[string]bool, error) {
	left := map[string]bool{}
	for _, name := range names {
		left[name] = true
	}
	marker := ""
	for pages := 0; worthListing(pages, 0, len(left)); pages++ {
		page, next, err := r.cloud.Lambda.FunctionPage(ctx, marker)
		if isRefused(err) {
			return nil, nil // the listing is a short cut, which not everyone is allowed to take
		}
		if err != nil {
			return nil, err
		}
		for _, head := range page {
			delete(left, head.Function)
		}
		if next == "" {
			return left, nil
		}
		marker = next
	}
	return nil, nil
}

// Heads reads $LATEST of functions, without their tags where a listing tells it for
// fewer calls. One that does not exist is absent from the answer.
func (r *Reader) Heads(ctx context.Context, names []string) (map[string]versions.Head, error) {
	left, found := map[string]bool{}, map[string]versions.Head{}
	for _, name := range names {
		left[name] = true
	}
	marker := ""
	for pages := 0; worthListing(pages, len(found), len(left)); pages++ {
		page, next, err := r.cloud.Lambda.FunctionPage(ctx, marker)
		if isRefused(err) {
			break // the listing is a short cut
		}
		if err != nil {
			return nil, err
		}
		for _, head := range page {
			if left[head.Function] {
				found[head.Function] = head
				delete(left, head.Function)
			}
		}
		if marker = next; next == "" {
			break // what the listing lacks is looked for one by one: it may be old
		}
	}
	var mu sync.Mutex
	err := r.each(ctx, slices.Sorted(maps.Keys(left)), func(ctx context.Context, name string) error {
		head, err := r.cloud.Lambda.Head(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		if head.Exists {
			found[name] = head
		}
		return err
	})
	return found, err
}

// Replicable reports whether a version's resource policy lets CloudFront replicate it.
func (r *Reader) Replicable(ctx context.Context, ref versions.Ref) (bool, error) {
	return r.cloud.Lambda.Replicable(ctx, ref)
}

// Version reads one published version; versions.ErrNoVersion if there is none.
func (r *Reader) Version(ctx context.Context, ref versions.Ref) (versions.Published, error) {
	r.mu.Lock()
	seen, ok := r.published[ref]
	r.mu.Unlock()
	if ok {
		return seen.version, seen.err
	}
	v, err := r.cloud.Lambda.Version(ctx, ref)
	if err == nil || errors.Is(err, versions.ErrNoVersion) {
		r.mu.Lock()
		r.published[ref] = published{v, err}
		r.mu.Unlock()
	}
	return v, err
}

package deploy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// readLimit bounds the reads that run at once. Lambda allows 15 control-plane
// calls a second in all but GetFunction's 100 (Lambda quotas).
const readLimit = 8

// Reader reads the account for one look at it: nothing twice, and by listing
// where that is likely to cost fewer calls than single reads. It is safe for use
// by many goroutines. Another look, later in a run, takes another Reader.
//
// A listing may be older than what was written a moment ago (how consistent
// AWS's lists are is UNKNOWN). So it is believed where a later call decides all
// the same: what a slot holds is compared again before it is written, and
// a function that a listing lacks is created, which fails if there is one. It
// is not believed where nothing comes after it: a distribution that a listing
// lacks is read singly before it counts as gone, and so is one of which it says
// something else than the ledger (see Stack): a rollback that believed an old
// listing would find that all is as it should be, and leave it.
type Reader struct {
	cloud Cloud

	listing sync.Mutex // one call of the listing at a time: each goes on where the last ended
	marker  string     // of the next page
	ended   bool       // there is no next page, or the listing is not allowed

	mu            sync.Mutex // guards what follows
	distributions map[string]associations.State
	gone          map[string]bool // distributions that were looked for one by one
	listed        map[string]bool // distributions that only a listing told of
	without       bool            // the account has no continuous deployment policy
	published     map[versions.Ref]published
}

// published is an answer about a version.
type published struct {
	version versions.Published
	err     error
}

// NewReader begins a look at the account.
func NewReader(c Cloud) *Reader {
	return &Reader{
		cloud: c, distributions: map[string]associations.State{}, gone: map[string]bool{},
		listed: map[string]bool{}, published: map[versions.Ref]published{},
	}
}

// Account gives the account of the credentials: one call.
func (r *Reader) Account(ctx context.Context) (string, error) { return r.cloud.Identity.Account(ctx) }

// Distributions reads those with the given ids. One that does not exist is
// absent from the answer. Which policies they have may be unknown; see Policies.
func (r *Reader) Distributions(ctx context.Context, ids []string) (map[string]associations.State, error) {
	r.listing.Lock()
	defer r.listing.Unlock()
	left := r.unread(ids)
	for pages, found := 0, 0; !r.ended && worthListing(pages, found, len(left)); pages++ {
		if err := r.page(ctx); isRefused(err) {
			r.ended = true // the listing is a short cut
		} else if err != nil {
			return nil, err
		}
		before := len(left)
		left = r.unread(left)
		found += before - len(left)
	}
	if err := r.each(ctx, left, r.distribution); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	have := map[string]associations.State{}
	for _, id := range ids {
		if state, ok := r.distributions[id]; ok {
			have[id] = state
		}
	}
	return have, nil
}

// Stack reads the distributions that entries name, and those of the live release
// and of the one in flight. What a listing says against the ledger is read singly.
func (r *Reader) Stack(ctx context.Context, state release.LedgerState, entries []release.Distribution) (map[string]associations.State, error) {
	ids := release.Release{Distributions: entries}.IDs()
	for _, record := range []release.Release{state.Live, state.Pending} {
		ids = append(ids, record.IDs()...)
		for _, l := range record.Left {
			ids = append(ids, l.Slot.Distribution)
		}
	}
	// What the release in flight empties may be in a distribution that it no
	// longer names.
	for _, e := range state.Pending.Edits {
		ids = append(ids, e.Slot.Distribution)
	}
	found, err := r.Distributions(ctx, ids)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	doubted := slices.DeleteFunc(contradicting(state, found), func(id string) bool { return !r.listed[id] })
	r.mu.Unlock()
	if len(doubted) == 0 {
		return found, nil
	}
	if err := r.each(ctx, doubted, r.distribution); err != nil {
		return nil, err
	}
	return r.Distributions(ctx, ids)
}

// contradicting are the distributions that do not hold what the live release bound
// or wrote, and those of which it is not known what they hold: a release that is
// in flight, or was given up, wrote there or may yet.
func contradicting(state release.LedgerState, found map[string]associations.State) []string {
	doubt := map[string]bool{}
	differs := func(slot associations.Slot, want associations.Binding) {
		if d, ok := found[slot.Distribution]; ok && d.Held[slot] != want {
			doubt[slot.Distribution] = true
		}
	}
	for slot, want := range state.Live.Table() {
		differs(slot, want)
	}
	for _, e := range state.Live.Edits {
		differs(e.Slot, e.To)
	}
	for _, e := range state.Pending.Edits {
		doubt[e.Slot.Distribution] = true
	}
	for _, record := range []release.Release{state.Live, state.Pending} {
		for _, l := range record.Left {
			doubt[l.Slot.Distribution] = true
		}
	}
	return slices.Sorted(maps.Keys(doubt))
}

// All reads every distribution of the account, by listing.
func (r *Reader) All(ctx context.Context) (map[string]associations.State, error) {
	r.listing.Lock()
	defer r.listing.Unlock()
	for !r.ended {
		if err := r.page(ctx); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.distributions), nil
}

// Aliased finds the distributions that have these alternate domain names, by
// name. One that no distribution has is absent from the answer.
func (r *Reader) Aliased(ctx context.Context, names []string) (map[string]string, error) {
	r.listing.Lock()
	defer r.listing.Unlock()
	for {
		found := r.aliased(names)
		missing := slices.ContainsFunc(names, func(name string) bool { return found[name] == "" })
		if !missing || r.ended {
			return found, nil
		}
		if err := r.page(ctx); err != nil {
			return nil, err
		}
	}
}

// aliased is Aliased of what was read already.
func (r *Reader) aliased(names []string) map[string]string {
	owners := map[string]string{} // by name as DNS compares it: without regard to case
	r.mu.Lock()
	for id, state := range r.distributions {
		for _, alias := range state.Aliases {
			owners[strings.ToLower(alias)] = id
		}
	}
	r.mu.Unlock()
	found := map[string]string{}
	for _, name := range names {
		if id, ok := owners[strings.ToLower(name)]; ok {
			found[name] = id
		}
	}
	return found
}

// Policies makes sure that the continuous deployment policies of distributions
// that were read are known, and gives them again. A listing does not tell them,
// but an account that has no policy at all says so in one call.
func (r *Reader) Policies(ctx context.Context, ids []string) (map[string]associations.State, error) {
	r.mu.Lock()
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return r.distributions[id].PolicyKnown })
	r.mu.Unlock()
	if worthListing(0, 0, len(unknown)) {
		any, err := r.cloud.CloudFront.AnyPolicy(ctx)
		if err != nil && !isRefused(err) {
			return nil, err
		}
		if err == nil && !any {
			r.mu.Lock()
			r.without = true
			for id, state := range r.distributions {
				state.PolicyKnown = true
				r.distributions[id] = state
			}
			r.mu.Unlock()
			unknown = nil
		}
	}
	if err := r.each(ctx, unknown, r.distribution); err != nil {
		return nil, err
	}
	return r.Distributions(ctx, ids)
}

// worthListing decides, before each page of a listing, whether to read it: after
// how many pages, that told how many of the wanted things, with how many left.
//
// A page costs one call, as a single read does. How many pages there are, no
// page tells. So a listing goes on while each page has told of one wanted thing
// at least; and before that, for a sixth of what the single reads would cost:
// that is lost at most, in an account with thousands of others.
func worthListing(pages, found, left int) bool { return left > 0 && pages < found+left/listFrom }

// listFrom is how many things must be wanted for a listing to be begun.
const listFrom = 6

// isRefused reports whether an error is about a permission that the caller lacks.
func isRefused(err error) bool {
	var refused interface{ Refused() bool }
	return errors.As(err, &refused) && refused.Refused()
}

// unread are the ids that were not read yet, each once, in order.
func (r *Reader) unread(ids []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, read := r.distributions[id]
		return read || r.gone[id]
	})
	slices.Sort(left)
	return slices.Compact(left)
}

// page reads the next page of the listing.
func (r *Reader) page(ctx context.Context) error {
	states, next, err := r.cloud.CloudFront.DistributionPage(ctx, r.marker)
	if err != nil {
		return err
	}
	r.marker, r.ended = next, next == ""
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, state := range states {
		if _, read := r.distributions[state.Distribution]; read || r.gone[state.Distribution] {
			continue // what was read singly tells more
		}
		state.PolicyKnown = r.without
		r.distributions[state.Distribution], r.listed[state.Distribution] = state, true
	}
	return nil
}

// distribution reads one distribution, whatever a listing said of it.
func (r *Reader) distribution(ctx context.Context, id string) error {
	state, err := r.cloud.CloudFront.Distribution(ctx, id)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.listed, id)
	switch {
	case is[*associations.DistributionError](err):
		delete(r.distributions, id)
		r.gone[id] = true
		return nil
	case err != nil:
		return err
	}
	r.distributions[id] = state
	return nil
}

// each reads some things at once.
func (r *Reader) each(ctx context.Context, ids []string, read func(context.Context, string) error) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for _, id := range ids {
		group.Go(func() error { return read(gctx, id) })
	}
	return group.Wait()
}

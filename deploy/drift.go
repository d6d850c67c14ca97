package deploy

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// FindDrift reads what the live release recorded, and compares: the distributions that
// it names, each recorded version with its tags (one call), the resource policy of
// each bound one (one call), and $LATEST of all functions by listing where that is
// cheaper. Versions are listed only of a function whose $LATEST is not what is live.
func FindDrift(ctx context.Context, r *Reader, state release.LedgerState) ([]plan.Divergence, error) {
	o, err := newObserver(ctx, r, state, stackOf(state), "")
	if err != nil {
		return nil, err
	}
	if err := o.distributions(ctx, nil); err != nil {
		return nil, err
	}
	if err := o.holders(ctx); err != nil { // of strays
		return nil, err
	}
	d := drifting{observer: o, replicable: map[versions.Ref]bool{}}
	if err := d.versions(ctx); err != nil {
		return nil, err
	}
	if err := d.latest(ctx); err != nil {
		return nil, err
	}
	return plan.Drifts(o.have, d.replicable), nil
}

// drifting is an observer that reads more than a plan needs.
type drifting struct {
	*observer
	lock       sync.Mutex
	replicable map[versions.Ref]bool
}

// versions reads every version of the live release, and of the bound ones who may
// read them.
func (d *drifting) versions(ctx context.Context) error {
	live, sits := d.have.Ledger.Live, map[versions.Ref]bool{}
	for _, there := range d.have.Distributions {
		for _, b := range there.Held {
			sits[b.Version] = true
		}
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for _, f := range live.Functions {
		group.Go(func() error { return d.version(gctx, f.Ref()) })
		if !sits[f.Ref()] {
			continue
		}
		group.Go(func() error {
			ok, err := d.read.Replicable(gctx, f.Ref())
			if isRefused(err) {
				return nil // not every caller may: nothing is known then
			}
			d.lock.Lock()
			defer d.lock.Unlock()
			d.replicable[f.Ref()] = ok
			return err
		})
	}
	return group.Wait()
}

// latest reads $LATEST of the live release's functions and of the ledger's.
func (d *drifting) latest(ctx context.Context) error {
	live := d.have.Ledger.Live
	names := []string{release.LedgerFunction(d.have.Stack)}
	for _, f := range live.Functions {
		names = append(names, f.Spec.Function)
	}
	heads, err := d.read.Heads(ctx, names)
	if err != nil {
		return err
	}
	d.have.Heads = heads
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readLimit)
	for _, f := range live.Functions {
		head, ok := heads[f.Spec.Function]
		if !ok || head.Config == f.Spec.Config && head.CodeSHA256 == f.CodeSHA256 {
			continue
		}
		group.Go(func() error {
			err := d.observer.versions(gctx, f.Spec.Function)
			if errors.Is(err, versions.ErrNoVersion) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

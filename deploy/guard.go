package deploy

import (
	"context"

	"github.com/edgedeploy/edgedeploy/versions"
)

// guarded is Lambda for a run that holds the lock: each write proves the lock
// first, unless a proof is young. One step makes several writes and waits between
// them; a run that slept meanwhile makes none of those that are left.
type guarded struct {
	versions.Lambda
	lease Lease
}

func (g guarded) prove(ctx context.Context) error { return g.lease.Prove(ctx, ProofAge) }

func (g guarded) Create(ctx context.Context, in versions.CreateInput) error {
	if err := g.prove(ctx); err != nil {
		return err
	}
	return g.Lambda.Create(ctx, in)
}

func (g guarded) UpdateConfig(ctx context.Context, function, revisionID string, c versions.Config) error {
	if err := g.prove(ctx); err != nil {
		return err
	}
	return g.Lambda.UpdateConfig(ctx, function, revisionID, c)
}

func (g guarded) UpdateCode(ctx context.Context, function, revisionID string, zip []byte) error {
	if err := g.prove(ctx); err != nil {
		return err
	}
	return g.Lambda.UpdateCode(ctx, function, revisionID, zip)
}

func (g guarded) Publish(ctx context.Context, in versions.PublishInput) (versions.Published, error) {
	if err := g.prove(ctx); err != nil {
		return versions.Published{}, err
	}
	return g.Lambda.Publish(ctx, in)
}

func (g guarded) Tag(ctx context.Context, functionARN string, set map[string]string, remove []string) error {
	if err := g.prove(ctx); err != nil {
		return err
	}
	return g.Lambda.Tag(ctx, functionARN, set, remove)
}

func (g guarded) CreateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, error) {
	if err := g.prove(ctx); err != nil {
		return versions.Alias{}, err
	}
	return g.Lambda.CreateAlias(ctx, function, a)
}

func (g guarded) UpdateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, error) {
	if err := g.prove(ctx); err != nil {
		return versions.Alias{}, err
	}
	return g.Lambda.UpdateAlias(ctx, function, a)
}

// guardedStorage is guarded for what deletes: nothing brings a deleted version
// back, so each deletion proves the lock by a call of its own.
type guardedStorage struct {
	guarded
	versions.Storage
}

var _ versions.Shop = guardedStorage{}

func (g guardedStorage) DeleteVersion(ctx context.Context, r versions.Ref) error {
	if err := g.lease.Prove(ctx, 0); err != nil {
		return err
	}
	return g.Storage.DeleteVersion(ctx, r)
}

func (g guardedStorage) DeleteFunction(ctx context.Context, function string) error {
	if err := g.lease.Prove(ctx, 0); err != nil {
		return err
	}
	return g.Storage.DeleteFunction(ctx, function)
}

func (g guardedStorage) DeleteAlias(ctx context.Context, function, name string) error {
	if err := g.prove(ctx); err != nil {
		return err
	}
	return g.Storage.DeleteAlias(ctx, function, name)
}

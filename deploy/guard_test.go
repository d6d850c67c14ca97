package deploy

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/versions"
)

// unproven is a lease whose lock was lost; it notes how old a proof may be.
type unproven struct {
	Lease
	within time.Duration
}

func (u *unproven) Prove(_ context.Context, within time.Duration) error {
	u.within = within
	return &LostLockError{Stack: "shop"}
}

// Each write of a step proves the lock, and is not made without: there is no Lambda
// here to make it.
func TestNoWriteInLambdaIsMadeWithoutTheLock(t *testing.T) {
	t.Parallel()
	u := &unproven{}
	g, ctx := guarded{lease: u}, t.Context()
	_, published := g.Publish(ctx, versions.PublishInput{})
	_, created := g.CreateAlias(ctx, "f", versions.Alias{})
	_, updated := g.UpdateAlias(ctx, "f", versions.Alias{})
	for name, err := range map[string]error{
		"Create": g.Create(ctx, versions.CreateInput{}), "UpdateConfig": g.UpdateConfig(ctx, "f", "r", versions.Config{}),
		"UpdateCode": g.UpdateCode(ctx, "f", "r", nil), "Publish": published, "Tag": g.Tag(ctx, "arn", nil, nil),
		"CreateAlias": created, "UpdateAlias": updated,
	} {
		if _, lost := errors.AsType[*LostLockError](err); !lost || u.within != ProofAge {
			t.Errorf("%s: got %v; a proof of %v is enough", name, err, u.within)
		}
	}
}

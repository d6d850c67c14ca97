package deploy

import (
	"context"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// CloudFront is what a deployment needs of CloudFront, in our words.
type CloudFront interface {
	// Distribution reads one distribution; *associations.DistributionError if
	// there is none.
	Distribution(ctx context.Context, id string) (associations.State, error)
	// Distributions lists all distributions of the account. A listing does not
	// tell policies (PolicyKnown false).
	Distributions(ctx context.Context) ([]associations.State, error)
	// Write makes all edits of one distribution in one write, touching nothing
	// else, and gives back the distribution as CloudFront then says it is,
	// once that is what was written. An error with a method Lost() bool that
	// says true means that the write may have happened all the same.
	// guard is asked after the configuration was read and before it is
	// written, each time. A slot that holds neither From nor To stops the write
	// with *associations.ChangedError. paused is told about each second that the
	// write is held back because CloudFront throttles; it may be nil.
	Write(ctx context.Context, account string, ch associations.Change, guard func(context.Context) error, paused func(associations.Pause)) (associations.State, error)
}

// Identity says which account the credentials belong to.
type Identity interface {
	Account(ctx context.Context) (string, error)
}

// Cloud is the account.
type Cloud struct {
	Lambda     versions.Lambda
	CloudFront CloudFront
	Identity   Identity
}

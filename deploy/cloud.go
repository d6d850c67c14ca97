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
	// DistributionPage lists distributions of the account, up to 100 from a
	// marker on ("" for the first), with the marker of the next page, "" after the
	// last. A listing does not tell policies (PolicyKnown false).
	DistributionPage(ctx context.Context, marker string) (page []associations.State, next string, err error)
	// AnyPolicy reports whether the account has a continuous deployment policy,
	// whatever that is attached to: one call.
	AnyPolicy(ctx context.Context) (bool, error)
	// Write makes all edits of one distribution in one write, touching nothing
	// else, and gives back the distribution as CloudFront then says it is,
	// once that is what was written. An error with a method Lost() bool that
	// says true means that the write may have happened all the same.
	// guard is asked after the configuration was read and before it is
	// written, each time. A slot that holds neither From nor To stops the write
	// with *associations.ChangedError, and a policy that the change does not allow
	// for with *associations.PolicyError. paused is told about each second that the
	// write is held back because CloudFront throttles; it may be nil.
	Write(ctx context.Context, account string, ch associations.Change, guard func(context.Context) error, paused func(associations.Pause)) (associations.State, error)
}

// Lambda is what a deployment needs of Lambda. An error with a method Refused()
// bool that says true means that the caller lacks a permission.
type Lambda interface {
	versions.Lambda
	// FunctionPage lists the account's functions, up to 50 from a marker on ("" for
	// the first), with the marker of the next page, "" after the last. A listing
	// tells neither tags nor states.
	FunctionPage(ctx context.Context, marker string) (page []versions.Head, next string, err error)
	// Replicable reports whether the resource policy of a version lets CloudFront's
	// replicator read it; versions.ErrNoVersion if there is no such version.
	Replicable(ctx context.Context, r versions.Ref) (bool, error)
}

// Identity says which account the credentials belong to.
type Identity interface {
	Account(ctx context.Context) (string, error)
}

// Cloud is the account.
type Cloud struct {
	Lambda     Lambda
	CloudFront CloudFront
	Identity   Identity
	Storage    versions.Storage
}

package awscloud

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/smithy-go/middleware"

	"github.com/edgedeploy/edgedeploy/associations"
)

// CloudFront reads distributions and changes what is associated with them.
// It is safe for use by many goroutines.
type CloudFront struct {
	api *cloudfront.Client
	// maxPause bounds the pauses between the rounds of a write; 0 for no bound
	// but their own.
	maxPause time.Duration
	writes   *queue
	// maxThrottled bounds how often one write may be throttled.
	maxThrottled int
}

// with adds to the stack of one call.
func with(change ...func(*middleware.Stack) error) func(*cloudfront.Options) {
	return func(o *cloudfront.Options) { o.APIOptions = append(o.APIOptions, change...) }
}

// Distribution reads one distribution with one call (GetDistribution);
// *associations.DistributionError if there is none.
func (c *CloudFront) Distribution(ctx context.Context, id string) (associations.State, error) {
	const operation = "GetDistribution"
	var r reply
	_, err := c.api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(id)}, with(captureBody(&r)))
	if err != nil {
		return associations.State{}, wrap(err, "CloudFront", operation, id)
	}
	state, err := readState(r.body, id)
	if err != nil {
		return associations.State{}, notUnderstood(err, operation, id, r)
	}
	return state, nil
}

// DistributionPage lists distributions of the account, up to 100 from a marker
// on ("" for the first), and gives the marker of the next page, "" after the last.
// A listing does not tell policies (PolicyKnown false).
func (c *CloudFront) DistributionPage(ctx context.Context, marker string) (page []associations.State, next string, err error) {
	const operation = "ListDistributions"
	var r reply
	in := &cloudfront.ListDistributionsInput{Marker: optional(marker)}
	if _, err := c.api.ListDistributions(ctx, in, with(captureBody(&r))); err != nil {
		return nil, "", wrap(err, "CloudFront", operation, "")
	}
	if page, next, err = readPage(r.body); err != nil {
		return nil, "", notUnderstood(err, operation, "", r)
	}
	if next != "" && next == marker {
		return nil, "", fmt.Errorf("CloudFront %s: page %q says that the next page is itself", operation, marker)
	}
	return page, next, nil
}

// AnyPolicy reports whether the account has a continuous deployment policy, with
// one call (ListContinuousDeploymentPolicies). What a policy is attached to no
// listing tells: a DistributionSummary lacks ContinuousDeploymentPolicyId, and a
// policy names only its staging distribution (CloudFront API model, 2026-11-20).
func (c *CloudFront) AnyPolicy(ctx context.Context) (bool, error) {
	const operation = "ListContinuousDeploymentPolicies"
	var r reply
	if _, err := c.api.ListContinuousDeploymentPolicies(ctx, &cloudfront.ListContinuousDeploymentPoliciesInput{}, with(captureBody(&r))); err != nil {
		return false, wrap(err, "CloudFront", operation, "")
	}
	any, err := readPolicies(r.body)
	if err != nil {
		return false, notUnderstood(err, operation, "", r)
	}
	return any, nil
}

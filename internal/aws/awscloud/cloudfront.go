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

// Distributions lists all distributions of the account, through all pages of
// up to 100 each. A listing does not tell policies (PolicyKnown false).
func (c *CloudFront) Distributions(ctx context.Context) ([]associations.State, error) {
	const operation = "ListDistributions"
	var states []associations.State
	marker := ""
	for {
		var r reply
		in := &cloudfront.ListDistributionsInput{}
		if marker != "" {
			in.Marker = aws.String(marker)
		}
		if _, err := c.api.ListDistributions(ctx, in, with(captureBody(&r))); err != nil {
			return nil, wrap(err, "CloudFront", operation, "")
		}
		page, next, err := readPage(r.body)
		if err != nil {
			return nil, notUnderstood(err, operation, "", r)
		}
		states = append(states, page...)
		switch {
		case next == "":
			return states, nil
		case next == marker:
			return nil, fmt.Errorf("CloudFront %s: page %q says that the next page is itself", operation, marker)
		}
		marker = next
	}
}

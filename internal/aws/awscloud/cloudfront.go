package awscloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/smithy-go/middleware"

	"github.com/edgedeploy/edgedeploy/associations"
)

// CloudFront reads distributions and changes what is associated with them.
// It is safe for use by many goroutines.
type CloudFront struct{ api *cloudfront.Client }

// with adds to the stack of one call.
func with(change ...func(*middleware.Stack) error) func(*cloudfront.Options) {
	return func(o *cloudfront.Options) { o.APIOptions = append(o.APIOptions, change...) }
}

// Distribution reads one distribution with one call (GetDistribution);
// *associations.DistributionError if there is none.
func (c *CloudFront) Distribution(ctx context.Context, id string) (associations.State, error) {
	var body []byte
	_, err := c.api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(id)}, with(captureBody(&body)))
	if err != nil {
		return associations.State{}, wrap(err, "CloudFront", "GetDistribution", id)
	}
	state, err := readState(body)
	if err != nil {
		return state, fmt.Errorf("CloudFront GetDistribution %s: %w", id, err)
	}
	return state, nil
}

func readState(body []byte) (associations.State, error) {
	root, err := parseXML(body)
	if err != nil {
		return associations.State{}, err
	}
	return stateOf(root)
}

// Distributions lists all distributions of the account, through all pages of
// up to 100 each. A listing does not tell policies (PolicyKnown false).
func (c *CloudFront) Distributions(ctx context.Context) ([]associations.State, error) {
	const operation = "ListDistributions"
	var states []associations.State
	marker := ""
	for {
		var body []byte
		in := &cloudfront.ListDistributionsInput{}
		if marker != "" {
			in.Marker = aws.String(marker)
		}
		if _, err := c.api.ListDistributions(ctx, in, with(captureBody(&body))); err != nil {
			return nil, wrap(err, "CloudFront", operation, "")
		}
		page, next, err := readPage(body)
		if err != nil {
			return nil, fmt.Errorf("CloudFront %s: %w", operation, err)
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

// readPage reads a DistributionList. next is "" on the last page.
func readPage(body []byte) (states []associations.State, next string, err error) {
	root, err := parseXML(body)
	if err != nil {
		return nil, "", err
	}
	items, err := root.child("Items")
	if err != nil {
		return nil, "", err
	}
	for _, summary := range items.all("DistributionSummary") {
		state, err := stateOf(summary)
		if err != nil {
			return nil, "", err
		}
		states = append(states, state)
	}
	more, err := root.flag("IsTruncated")
	if err != nil || !more {
		return states, "", err
	}
	if next, err = root.value("NextMarker"); err == nil && next == "" {
		err = errors.New("a page that is not the last one names no next one")
	}
	return states, next, err
}

package load

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// policy is a continuous deployment policy that a writer rewrites.
type policy struct {
	*resource
	a                 *account
	id, etag, staging string
}

// makePolicy copies a distribution to have one to stage on.
func (a *account) makePolicy(ctx context.Context, name string, primary *distribution) (*policy, error) {
	staging, err := a.cloudfront.CopyDistribution(ctx, &cloudfront.CopyDistributionInput{
		PrimaryDistributionId: aws.String(primary.id), IfMatch: aws.String(primary.etag),
		CallerReference: aws.String(name), Staging: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	p := &policy{resource: &resource{name: name}, a: a, staging: aws.ToString(staging.Distribution.DomainName)}
	out, err := a.cloudfront.CreateContinuousDeploymentPolicy(ctx, &cloudfront.CreateContinuousDeploymentPolicyInput{ContinuousDeploymentPolicyConfig: p.config(0)})
	if err != nil {
		return nil, err
	}
	p.id, p.etag = aws.ToString(out.ContinuousDeploymentPolicy.Id), aws.ToString(out.ETag)
	p.write = p.update
	p.reads = []*reading{
		{operation: "GetContinuousDeploymentPolicyConfig", read: p.getConfig},
		{operation: "GetContinuousDeploymentPolicy", read: p.get},
		{operation: "ListContinuousDeploymentPolicies", read: p.list},
	}
	return p, nil
}

// config returns the configuration of a generation. The value of its header, of
// any size that fits into one, begins with the mark.
func (p *policy) config(n int64) *types.ContinuousDeploymentPolicyConfig {
	return &types.ContinuousDeploymentPolicyConfig{
		Enabled:                     aws.Bool(false),
		StagingDistributionDnsNames: &types.StagingDistributionDnsNames{Quantity: aws.Int32(1), Items: []string{p.staging}},
		TrafficConfig: &types.TrafficConfig{
			Type: types.ContinuousDeploymentPolicyTypeSingleHeader,
			SingleHeaderConfig: &types.ContinuousDeploymentSingleHeaderConfig{
				Header: aws.String("aws-cf-cd-load"), Value: aws.String(mark(p.name, n) + " " + filled(p.name, n, size(n, headerSize))),
			},
		},
	}
}

func (p *policy) update(ctx context.Context, n int64) error {
	out, err := p.a.cloudfront.UpdateContinuousDeploymentPolicy(ctx, &cloudfront.UpdateContinuousDeploymentPolicyInput{
		Id: aws.String(p.id), IfMatch: aws.String(p.etag), ContinuousDeploymentPolicyConfig: p.config(n),
	})
	if err != nil {
		return err
	}
	p.etag = aws.ToString(out.ETag)
	return same(p.config(n), out.ContinuousDeploymentPolicy.ContinuousDeploymentPolicyConfig)
}

func (p *policy) getConfig(ctx context.Context) (int64, error) {
	out, err := p.a.cloudfront.GetContinuousDeploymentPolicyConfig(ctx, &cloudfront.GetContinuousDeploymentPolicyConfigInput{Id: aws.String(p.id)})
	if err != nil {
		return 0, err
	}
	return p.compare(out.ContinuousDeploymentPolicyConfig)
}

func (p *policy) get(ctx context.Context) (int64, error) {
	out, err := p.a.cloudfront.GetContinuousDeploymentPolicy(ctx, &cloudfront.GetContinuousDeploymentPolicyInput{Id: aws.String(p.id)})
	if err != nil {
		return 0, err
	}
	if id := aws.ToString(out.ContinuousDeploymentPolicy.Id); id != p.id {
		return 0, fmt.Errorf("the answer is of %q, not of %s", id, p.id)
	}
	return p.compare(out.ContinuousDeploymentPolicy.ContinuousDeploymentPolicyConfig)
}

func (p *policy) list(ctx context.Context) (int64, error) {
	out, err := p.a.cloudfront.ListContinuousDeploymentPolicies(ctx, &cloudfront.ListContinuousDeploymentPoliciesInput{})
	if err != nil {
		return 0, err
	}
	for _, s := range out.ContinuousDeploymentPolicyList.Items {
		if aws.ToString(s.ContinuousDeploymentPolicy.Id) == p.id {
			return p.compare(s.ContinuousDeploymentPolicy.ContinuousDeploymentPolicyConfig)
		}
	}
	return 0, errors.New("the list does not have it")
}

// compare returns the generation of a configuration if it is that, whole.
func (p *policy) compare(got *types.ContinuousDeploymentPolicyConfig) (int64, error) {
	if got == nil || got.TrafficConfig == nil || got.TrafficConfig.SingleHeaderConfig == nil {
		return 0, errors.New("the answer has no header")
	}
	text, _, _ := strings.Cut(aws.ToString(got.TrafficConfig.SingleHeaderConfig.Value), " ")
	n, err := p.generation(text)
	if err != nil {
		return 0, err
	}
	return n, same(p.config(n), got)
}

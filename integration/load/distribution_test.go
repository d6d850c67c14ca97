package load

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
)

const (
	// An origin may have 30 custom headers with 10,240 characters together, of
	// 1,783 at most each (CloudFront quotas, "Quotas on custom headers").
	headersBound = 9_000
	headerSize   = 1_500

	cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6" // a managed policy, in every account
)

// distribution is one that a writer rewrites.
type distribution struct {
	*resource
	a                *account
	id, domain, etag string
	base             types.DistributionConfig // as CloudFront completed it, generation 0
}

func (a *account) makeDistribution(ctx context.Context, name string) (*distribution, error) {
	d := &distribution{resource: &resource{name: name}, a: a}
	out, err := a.cloudfront.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: &types.DistributionConfig{
		CallerReference: aws.String(name), Comment: aws.String(mark(name, 0)), Enabled: aws.Bool(false),
		Origins: &types.Origins{Quantity: aws.Int32(1), Items: []types.Origin{{
			Id: aws.String("o"), DomainName: aws.String("example.com"),
			CustomOriginConfig: &types.CustomOriginConfig{HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: types.OriginProtocolPolicyHttpsOnly},
		}}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{
			TargetOriginId: aws.String("o"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll, CachePolicyId: aws.String(cachingOptimized),
		},
		CacheBehaviors: &types.CacheBehaviors{Quantity: aws.Int32(1), Items: []types.CacheBehavior{{
			PathPattern: aws.String(pattern(name, 0)), TargetOriginId: aws.String("o"),
			ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll, CachePolicyId: aws.String(cachingOptimized),
		}}},
	}})
	if err != nil {
		return nil, err
	}
	d.id, d.etag, d.base = *out.Distribution.Id, *out.ETag, *out.Distribution.DistributionConfig
	d.domain = *out.Distribution.DomainName
	d.write = d.update
	d.reads = []*reading{
		{operation: "GetDistributionConfig", read: d.getConfig},
		{operation: "GetDistribution", read: d.get},
		{operation: "ListDistributions", read: d.list},
		{operation: "the program's GetDistribution", read: d.state},
	}
	return d, nil
}

func pattern(name string, n int64) string { return "/" + mark(name, n) + "*" }

// config returns the configuration of a generation.
func (d *distribution) config(n int64) *types.DistributionConfig {
	c := d.base
	c.Comment = aws.String(mark(d.name, n))
	origin, behavior := c.Origins.Items[0], c.CacheBehaviors.Items[0]
	behavior.PathPattern = aws.String(pattern(d.name, n))
	origin.CustomHeaders = &types.CustomHeaders{}
	for left := size(n, headersBound); left > 0; left -= headerSize {
		headers := &origin.CustomHeaders.Items
		*headers = append(*headers, types.OriginCustomHeader{
			HeaderName:  aws.String(fmt.Sprintf("x-load-%d", len(*headers))),
			HeaderValue: aws.String(filled(d.name, n, min(left, headerSize))),
		})
	}
	origin.CustomHeaders.Quantity = aws.Int32(int32(len(origin.CustomHeaders.Items)))
	c.Origins = &types.Origins{Quantity: aws.Int32(1), Items: []types.Origin{origin}}
	c.CacheBehaviors = &types.CacheBehaviors{Quantity: aws.Int32(1), Items: []types.CacheBehavior{behavior}}
	return &c
}

func (d *distribution) update(ctx context.Context, n int64) error {
	out, err := d.a.cloudfront.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{
		Id: aws.String(d.id), IfMatch: aws.String(d.etag), DistributionConfig: d.config(n),
	})
	if err != nil {
		return err
	}
	d.etag = aws.ToString(out.ETag)
	return same(d.config(n), out.Distribution.DistributionConfig)
}

func (d *distribution) getConfig(ctx context.Context) (int64, error) {
	out, err := d.a.cloudfront.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String(d.id)})
	if err != nil {
		return 0, err
	}
	return d.compare(out.DistributionConfig)
}

func (d *distribution) get(ctx context.Context) (int64, error) {
	out, err := d.a.cloudfront.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(d.id)})
	if err != nil {
		return 0, err
	}
	if id, domain := aws.ToString(out.Distribution.Id), aws.ToString(out.Distribution.DomainName); id != d.id || domain != d.domain {
		return 0, fmt.Errorf("the answer is of %q at %q, not of %s at %s", id, domain, d.id, d.domain)
	}
	return d.compare(out.Distribution.DistributionConfig)
}

// list finds the distribution in the list, which tells less of it.
func (d *distribution) list(ctx context.Context) (int64, error) {
	pages := cloudfront.NewListDistributionsPaginator(d.a.cloudfront, &cloudfront.ListDistributionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		for _, s := range page.DistributionList.Items {
			if aws.ToString(s.Id) != d.id {
				continue
			}
			n, err := d.generation(aws.ToString(s.Comment))
			if err != nil {
				return 0, err
			}
			want := d.config(n)
			return n, errors.Join(same(want.Origins, s.Origins), same(want.CacheBehaviors, s.CacheBehaviors))
		}
	}
	return 0, errors.New("the list does not have it")
}

// state reads the distribution as the program does.
func (d *distribution) state(ctx context.Context) (int64, error) {
	got, err := d.a.cloud.CloudFront.Distribution(ctx, d.id)
	if err != nil {
		return 0, err
	}
	if len(got.Behaviors) != 2 {
		return 0, fmt.Errorf("the answer has the behaviours %q, not two", got.Behaviors)
	}
	n, err := d.generation(strings.Trim(got.Behaviors[0], "/*") + "/")
	if err != nil {
		return 0, err
	}
	return n, same(associations.State{
		Distribution: d.id, Account: accountID, DomainName: d.domain, Deployed: true, PolicyKnown: true, Modified: got.Modified,
		Behaviors: []string{got.Behaviors[0], associations.DefaultPath},
	}, got)
}

// compare returns the generation of a configuration if it is that, whole.
func (d *distribution) compare(got *types.DistributionConfig) (int64, error) {
	if got == nil {
		return 0, errors.New("the answer has no configuration")
	}
	n, err := d.generation(aws.ToString(got.Comment))
	if err != nil {
		return 0, err
	}
	return n, same(d.config(n), got)
}

// same compares two values, whose types may be the SDK's.
func same(want, got any) error {
	if reflect.DeepEqual(want, got) { // the rule, and much faster
		return nil
	}
	all := cmp.Exporter(func(reflect.Type) bool { return true })
	if diff := cmp.Diff(want, got, all, cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("the answer differs (-want +got):\n%s", diff)
	}
	return nil
}

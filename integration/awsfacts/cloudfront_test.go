package awsfacts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func cloudfrontFacts() []fact {
	const association, local = "InvalidLambdaFunctionAssociation: ", "internal/local/localaws/cf, its text"
	return []fact{
		{"a distribution made without associations shows Quantity 0 of them", "LIKELY", "internal/aws/awscloud, splice", "yes", echoes},
		{"GetDistribution and GetDistributionConfig give the same ETag", "LIKELY", "deploy, observe", "yes", sameETag},
		{"the list's summary gives the same ETag", "LIKELY", "internal/local/localaws/cf", "yes", listETag},
		{"the list tells an association that was just written", "UNKNOWN", "deploy, the reader", "yes", listsAssociation},
		{"an account's list of policies tells how many there are", "LIKELY", "deploy, the reader", "yes", countsPolicies},
		{"an update with the bytes that were read, spaced and quoted in another way", "LIKELY", "internal/aws/awscloud, splice", "accepted", oddBytes},
		{"lists without items that are written out, but for origin groups", "LIKELY", "internal/local/localaws/cf", "accepted", emptyItems},
		{"an IncludeBody that was left out is shown as", "LIKELY", "internal/local/localaws/cf", "false", bodyLeftOut},
		{"an update that changes nothing gives another ETag", "UNKNOWN", "internal/aws/awscloud, lost answers", "yes", sameUpdate},
		{"an update while the one before is InProgress", "LIKELY", "deploy, no waiting between runs", "accepted", twoUpdates},
		{"patterns that differ in the leading slash", "LIKELY", "stackspec, associations", "InvalidArgument: …", slashes},
		{"a version that does not exist", "LIKELY", local, association + "Lambda@Edge cannot retrieve the specified Lambda function. …", missing},
		{"IncludeBody at a response", "LIKELY", local, association + "The IncludeBody option can only be used with viewer-request or origin-request events.", bodyAtResponse},
		{"two functions for one event", "LIKELY", local, "InvalidFunctionAssociation: The event type of a function association must be unique in the cache behavior. …", twoFunctions},
		{"a runtime that the edge does not have", "UNKNOWN", local, association + "The function has an invalid runtime for functions that are triggered by a CloudFront event: provided.al2023 Expecting: nodejs24.x, nodejs22.x, nodejs20.x, python3.14, …", foreignRuntime},
		{"more ephemeral storage than 512 MB", "UNKNOWN", local, association + "The function ephemeral storage is larger …", bigStorage},
		{"active X-Ray tracing", "UNKNOWN", local, association + "The function cannot have active X-Ray tracing. …", tracing},
		{"a viewer trigger with 256 MB and 10 s", "UNKNOWN", "associations, limits", "accepted", viewerLimits},
		{"an origin trigger with 31 s", "LIKELY", "associations, limits", association + "The function timeout is larger than the maximum allowed for functions that are triggered by a CloudFront event: 31 Max allowed: 30 Function: …", originTimeout},
		{"replicas are in the way of deleting a version at once", "LIKELY", "internal/local/localaws/cf", "InvalidParameterValueException: Lambda was unable to delete …", replicated},
	}
}

func none() *types.LambdaFunctionAssociations {
	return &types.LambdaFunctionAssociations{Quantity: aws.Int32(0)}
}

// makeDistribution creates a disabled distribution: it serves nobody.
func (a *account) makeDistribution(ctx context.Context) (*types.DistributionConfig, error) {
	out, err := a.cloudfront.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: &types.DistributionConfig{
		CallerReference: aws.String(a.name("distribution")), Comment: aws.String(a.name("distribution")), Enabled: aws.Bool(false),
		Origins: &types.Origins{Quantity: aws.Int32(1), Items: []types.Origin{{
			Id: aws.String("o"), DomainName: aws.String("example.com"),
			CustomOriginConfig: &types.CustomOriginConfig{HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: types.OriginProtocolPolicyHttpsOnly},
		}}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{
			TargetOriginId: aws.String("o"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll,
			CachePolicyId: aws.String("658327ea-f89d-4fab-a63d-7e88639e58f6"), // CachingOptimized, in every account
		},
	}})
	if err != nil {
		return nil, err
	}
	a.distribution = aws.ToString(out.Distribution.Id)
	return out.Distribution.DistributionConfig, nil
}

var errNoDistribution = errors.New("there is no distribution to ask about")

func (a *account) config(ctx context.Context) (*cloudfront.GetDistributionConfigOutput, error) {
	if a.distribution == "" {
		return nil, errNoDistribution
	}
	return a.cloudfront.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String(a.distribution)})
}

func (a *account) update(ctx context.Context, config *types.DistributionConfig, etag *string, options ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error) {
	return a.cloudfront.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: aws.String(a.distribution), IfMatch: etag, DistributionConfig: config}, options...)
}

// change updates the distribution after an edit and says what CloudFront did.
func (a *account) change(ctx context.Context, edit func(*types.DistributionConfig)) (string, error) {
	got, err := a.config(ctx)
	if err != nil {
		return "", err
	}
	edit(got.DistributionConfig)
	_, err = a.update(ctx, got.DistributionConfig, got.ETag)
	return refusal(err)
}

// associate puts associations into the default behaviour.
func (a *account) associate(ctx context.Context, list ...types.LambdaFunctionAssociation) (string, error) {
	return a.change(ctx, func(c *types.DistributionConfig) {
		c.DefaultCacheBehavior.LambdaFunctionAssociations = &types.LambdaFunctionAssociations{Quantity: aws.Int32(int32(len(list))), Items: list}
	})
}

func bound(arn string, event types.EventType) types.LambdaFunctionAssociation {
	return types.LambdaFunctionAssociation{LambdaFunctionARN: aws.String(arn), EventType: event, IncludeBody: aws.Bool(false)}
}

func echoes(ctx context.Context, a *account) (string, error) {
	config, err := a.makeDistribution(ctx)
	if err != nil {
		return "", err
	}
	list := config.DefaultCacheBehavior.LambdaFunctionAssociations
	return yes(list != nil && list.Quantity != nil && *list.Quantity == 0), nil
}

func sameETag(ctx context.Context, a *account) (string, error) {
	config, err := a.config(ctx)
	if err != nil {
		return "", err
	}
	whole, err := a.cloudfront.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(a.distribution)})
	if err != nil {
		return "", err
	}
	return yes(aws.ToString(config.ETag) == aws.ToString(whole.ETag)), nil
}

func listETag(ctx context.Context, a *account) (string, error) {
	config, err := a.config(ctx)
	if err != nil {
		return "", err
	}
	pages := cloudfront.NewListDistributionsPaginator(a.cloudfront, &cloudfront.ListDistributionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, d := range page.DistributionList.Items {
			if aws.ToString(d.Id) == a.distribution {
				return yes(aws.ToString(d.ETag) == aws.ToString(config.ETag)), nil
			}
		}
	}
	return "it is not in the list", nil
}

// listsAssociation writes one, looks for it in the list, and takes it away again.
func listsAssociation(ctx context.Context, a *account) (string, error) {
	arn := a.arn(a.main, 1)
	if said, err := a.associate(ctx, bound(arn, types.EventTypeOriginRequest)); err != nil || said != "accepted" {
		return said, err
	}
	seen := "no"
	pages := cloudfront.NewListDistributionsPaginator(a.cloudfront, &cloudfront.ListDistributionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, d := range page.DistributionList.Items {
			if list := d.DefaultCacheBehavior.LambdaFunctionAssociations; aws.ToString(d.Id) == a.distribution && list != nil {
				for _, item := range list.Items {
					seen = yes(aws.ToString(item.LambdaFunctionARN) == arn)
				}
			}
		}
	}
	if said, err := a.associate(ctx); err != nil || said != "accepted" {
		return said, err
	}
	return seen, nil
}

func countsPolicies(ctx context.Context, a *account) (string, error) {
	out, err := a.cloudfront.ListContinuousDeploymentPolicies(ctx, &cloudfront.ListContinuousDeploymentPoliciesInput{})
	if err != nil {
		return "", err
	}
	list := out.ContinuousDeploymentPolicyList
	return yes(list != nil && list.Quantity != nil && int(*list.Quantity) >= len(list.Items)), nil
}

var betweenTags = regexp.MustCompile(`><([^/])`)

// oddBytes sends back what CloudFront gave, as no XML library would write it.
func oddBytes(ctx context.Context, a *account) (string, error) {
	if a.distribution == "" {
		return "", errNoDistribution
	}
	var doc []byte
	got, err := a.cloudfront.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String(a.distribution)}, onStack(keep(&doc)))
	if err != nil {
		return "", err
	}
	text := betweenTags.ReplaceAllString(string(doc), ">\n\t<$1") // not within an empty element: that would be a value
	text = strings.Replace(text, `xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"`, `xmlns='http://cloudfront.amazonaws.com/doc/2020-05-31/'`, 1)
	if text == string(doc) {
		return "", fmt.Errorf("nothing to change in %s", doc)
	}
	_, err = a.update(ctx, got.DistributionConfig, got.ETag, onStack(replace([]byte(text))))
	return refusal(err)
}

// emptyItems sends back what CloudFront gave, with an Items in every list of
// nothing.
func emptyItems(ctx context.Context, a *account) (string, error) {
	if a.distribution == "" {
		return "", errNoDistribution
	}
	var doc []byte
	got, err := a.cloudfront.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String(a.distribution)}, onStack(keep(&doc)))
	if err != nil {
		return "", err
	}
	const empty = "<Quantity>0</Quantity>"
	text := strings.ReplaceAll(string(doc), empty+"</", empty+"<Items></Items></")
	text = strings.Replace(text, "<Items></Items></OriginGroups>", "</OriginGroups>", 1)
	if text == string(doc) {
		return "", fmt.Errorf("no list is empty in %s", doc)
	}
	_, err = a.update(ctx, got.DistributionConfig, got.ETag, onStack(replace([]byte(text))))
	return refusal(err)
}

// bodyLeftOut associates a version, without a word on the body, reads it, and
// takes it off.
func bodyLeftOut(ctx context.Context, a *account) (string, error) {
	b := bound(a.arn(a.main, 2), types.EventTypeOriginRequest)
	b.IncludeBody = nil
	if seen, err := a.associate(ctx, b); err != nil || seen != "accepted" {
		return seen, err
	}
	got, err := a.config(ctx)
	if err != nil {
		return "", err
	}
	shown := "left out"
	if list := got.DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations.Items; len(list) == 1 && list[0].IncludeBody != nil {
		shown = fmt.Sprint(*list[0].IncludeBody)
	}
	if seen, err := a.associate(ctx); err != nil || seen != "accepted" {
		return seen, err
	}
	return shown, nil
}

func onStack(change func(*middleware.Stack) error) func(*cloudfront.Options) {
	return func(o *cloudfront.Options) { o.APIOptions = append(o.APIOptions, change) }
}

// keep copies an answer's bytes before they are decoded.
func keep(to *[]byte) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("keepBytes", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			response, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok {
				return out, metadata, err
			}
			body, err := io.ReadAll(response.Body)
			err = errors.Join(err, response.Body.Close())
			*to, response.Body = body, io.NopCloser(bytes.NewReader(body))
			return out, metadata, err
		}), "OperationDeserializer", middleware.After)
	}
}

// replace sends a body as it is, instead of what the SDK wrote.
func replace(body []byte) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Serialize.Insert(middleware.SerializeMiddlewareFunc("sendBytes", func(
			ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler,
		) (middleware.SerializeOutput, middleware.Metadata, error) {
			request, ok := in.Request.(*smithyhttp.Request)
			if !ok {
				return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("the request is a %T", in.Request)
			}
			request, err := request.SetStream(bytes.NewReader(body))
			if err != nil {
				return middleware.SerializeOutput{}, middleware.Metadata{}, err
			}
			in.Request = request
			return next.HandleSerialize(ctx, in)
		}), "OperationSerializer", middleware.After)
	}
}

func sameUpdate(ctx context.Context, a *account) (string, error) {
	got, err := a.config(ctx)
	if err != nil {
		return "", err
	}
	out, err := a.update(ctx, got.DistributionConfig, got.ETag)
	if err != nil {
		return refusal(err)
	}
	return yes(aws.ToString(out.ETag) != aws.ToString(got.ETag)), nil
}

func twoUpdates(ctx context.Context, a *account) (string, error) {
	for _, comment := range []string{"one", "two"} {
		seen, err := a.change(ctx, func(c *types.DistributionConfig) { c.Comment = aws.String(a.name(comment)) })
		if err != nil || seen != "accepted" {
			return seen, err
		}
	}
	return "accepted", nil
}

func slashes(ctx context.Context, a *account) (string, error) {
	return a.change(ctx, func(c *types.DistributionConfig) {
		c.CacheBehaviors = &types.CacheBehaviors{Quantity: aws.Int32(2)}
		for _, pattern := range []string{"/img/*", "img/*"} {
			c.CacheBehaviors.Items = append(c.CacheBehaviors.Items, types.CacheBehavior{
				PathPattern: aws.String(pattern), TargetOriginId: aws.String("o"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll,
				CachePolicyId: c.DefaultCacheBehavior.CachePolicyId, LambdaFunctionAssociations: none(), FieldLevelEncryptionId: aws.String(""),
			})
		}
	})
}

func missing(ctx context.Context, a *account) (string, error) {
	return a.associate(ctx, bound(a.arn(a.main, 987654), types.EventTypeViewerRequest))
}

func bodyAtResponse(ctx context.Context, a *account) (string, error) {
	b := bound(a.arn(a.main, 2), types.EventTypeOriginResponse)
	b.IncludeBody = aws.Bool(true)
	return a.associate(ctx, b)
}

func twoFunctions(ctx context.Context, a *account) (string, error) {
	return a.associate(ctx, bound(a.arn(a.main, 2), types.EventTypeViewerRequest), bound(a.arn(a.main, 3), types.EventTypeViewerRequest))
}

// special makes and publishes a function, and associates it.
func (a *account) special(ctx context.Context, what string, event types.EventType, change func(*lambda.CreateFunctionInput)) (string, error) {
	name := a.name(what)
	if err := a.create(ctx, name, change); err != nil {
		return "", err
	}
	number, err := a.publish(ctx, name, what)
	if err != nil {
		return "", err
	}
	return a.associate(ctx, bound(a.arn(name, number), event))
}

func foreignRuntime(ctx context.Context, a *account) (string, error) {
	return a.special(ctx, "runtime", types.EventTypeViewerRequest, func(in *lambda.CreateFunctionInput) {
		in.Runtime, in.Handler = "provided.al2023", aws.String("bootstrap")
	})
}

func bigStorage(ctx context.Context, a *account) (string, error) {
	return a.special(ctx, "storage", types.EventTypeViewerRequest, func(in *lambda.CreateFunctionInput) {
		in.EphemeralStorage = &lambdatypes.EphemeralStorage{Size: aws.Int32(1024)}
	})
}

func tracing(ctx context.Context, a *account) (string, error) {
	return a.special(ctx, "x-ray", types.EventTypeViewerRequest, func(in *lambda.CreateFunctionInput) {
		in.TracingConfig = &lambdatypes.TracingConfig{Mode: lambdatypes.TracingModeActive}
	})
}

func viewerLimits(ctx context.Context, a *account) (string, error) {
	return a.special(ctx, "viewer", types.EventTypeViewerRequest, func(in *lambda.CreateFunctionInput) {
		in.MemorySize, in.Timeout = aws.Int32(256), aws.Int32(10)
	})
}

func originTimeout(ctx context.Context, a *account) (string, error) {
	return a.special(ctx, "origin", types.EventTypeOriginRequest, func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(31) })
}

// replicated associates a version, takes it off, and deletes it.
func replicated(ctx context.Context, a *account) (string, error) {
	seen, err := a.associate(ctx, bound(a.arn(a.main, 2), types.EventTypeOriginRequest))
	if err != nil || seen != "accepted" {
		return seen, err
	}
	if seen, err = a.associate(ctx); err != nil || seen != "accepted" {
		return seen, err
	}
	// "moved" may still name the version; an alias would be in the way first.
	if _, err := a.move(ctx, "moved", "1"); err != nil {
		return "", err
	}
	_, err = a.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(a.main), Qualifier: aws.String("2")})
	return refusal(err)
}

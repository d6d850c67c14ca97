package awscloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/edgedeploy/edgedeploy/versions"
)

// Lambda reads and changes functions in us-east-1. It is safe for use by many
// goroutines.
type Lambda struct{ api *lambda.Client }

var _ versions.Lambda = (*Lambda)(nil)

// raw keeps the document of a successful answer in to, and gives the SDK none.
func raw(to *reply) func(*lambda.Options) {
	return func(o *lambda.Options) { o.APIOptions = append(o.APIOptions, captureBody(to)) }
}

// getFunction asks GetFunction, which AWS allows 100 times a second, where all
// other calls share 15. qualifier is "" for $LATEST.
func getFunction(ctx context.Context, api *lambda.Client, name, qualifier string) (function, error) {
	const operation = "GetFunction"
	var r reply
	_, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(name), Qualifier: optional(qualifier)}, raw(&r))
	if qualifier != "" {
		name += ":" + qualifier
	}
	if err != nil {
		return function{}, wrap(err, "Lambda", operation, name)
	}
	f, err := readFunction(r.body)
	if err != nil {
		return function{}, unclear(err, operation, name, r)
	}
	return f, nil
}

// Head reads $LATEST and the tags with one call.
func (l *Lambda) Head(ctx context.Context, function string) (versions.Head, error) {
	f, err := getFunction(ctx, l.api, function, "")
	if errors.Is(err, versions.ErrNoVersion) {
		return versions.Head{Function: function}, nil
	} else if err != nil {
		return versions.Head{}, err
	}
	head := f.head()
	head.Tags, head.TagsError = f.tags, f.unknown
	return head, nil
}

// Version reads one published version with one call (GetFunction);
// versions.ErrNoVersion if there is none.
func (l *Lambda) Version(ctx context.Context, r versions.Ref) (versions.Published, error) {
	return l.qualified(ctx, r.Function, strconv.Itoa(r.Number))
}

// ByAlias reads the version that an alias names with one call (GetFunction,
// whose answer tells the number, 0 for $LATEST); versions.ErrNoVersion if there
// is no such alias or no function: AWS answers both alike. What an alias with
// weights adds to the version does not show.
func (l *Lambda) ByAlias(ctx context.Context, function, alias string) (versions.Published, error) {
	return l.qualified(ctx, function, alias)
}

func (l *Lambda) qualified(ctx context.Context, function, qualifier string) (versions.Published, error) {
	f, err := getFunction(ctx, l.api, function, qualifier)
	if err != nil {
		return versions.Published{}, err
	}
	return versions.Published{Version: f.version(), State: f.state(), Tags: f.tags, TagsError: f.unknown}, nil
}

// FunctionPage lists $LATEST of the account's functions, up to 50 from a marker on
// ("" for the first), and gives the marker of the next page, "" after the last.
// ListFunctions tells neither tags nor states.
func (l *Lambda) FunctionPage(ctx context.Context, marker string) (page []versions.Head, next string, err error) {
	const operation = "ListFunctions"
	var r reply
	if _, err := l.api.ListFunctions(ctx, &lambda.ListFunctionsInput{Marker: optional(marker)}, raw(&r)); err != nil {
		return nil, "", wrap(err, "Lambda", operation, "")
	}
	configs, next, err := readList(r.body, "Functions")
	if err != nil {
		return nil, "", unclear(err, operation, "", r)
	}
	for _, c := range configs {
		head := c.head()
		head.TagsError = operation + " does not tell tags"
		page = append(page, head)
	}
	if next != "" && next == marker {
		return nil, "", fmt.Errorf("Lambda %s: page %q says that the next page is itself", operation, marker)
	}
	return page, next, nil
}

// Versions lists the published versions, oldest first, 50 a page. A missing
// function gives none.
func (l *Lambda) Versions(ctx context.Context, function string) ([]versions.Version, error) {
	configs, err := listVersions(ctx, l.api, function)
	if errors.Is(err, versions.ErrNoVersion) {
		return nil, nil
	}
	var list []versions.Version
	for _, c := range configs {
		list = append(list, c.version())
	}
	return list, err
}

// listVersions gives the configurations of all numbered versions, in the order
// of their numbers.
func listVersions(ctx context.Context, api *lambda.Client, function string) ([]configuration, error) {
	const operation = "ListVersionsByFunction"
	var list []configuration
	for marker := ""; ; {
		var r reply
		in := &lambda.ListVersionsByFunctionInput{FunctionName: aws.String(function), Marker: optional(marker)}
		if _, err := api.ListVersionsByFunction(ctx, in, raw(&r)); err != nil {
			return nil, wrap(err, "Lambda", operation, function)
		}
		page, next, err := readList(r.body, "Versions")
		if err != nil {
			return nil, unclear(err, operation, function, r)
		}
		list = append(list, page...)
		if next == "" {
			break
		}
		if next == marker {
			return nil, fmt.Errorf("Lambda %s %s: page %q says that the next page is itself", operation, function, marker)
		}
		marker = next
	}
	list = slices.DeleteFunc(list, func(c configuration) bool { return c.number() == 0 })
	// AWS lists in this order already; that it always will is LIKELY only.
	slices.SortStableFunc(list, func(a, b configuration) int { return a.number() - b.number() })
	return list, nil
}

// Create makes the function, for x86_64, without a version.
func (l *Lambda) Create(ctx context.Context, in versions.CreateInput) error {
	c := in.Config
	_, err := l.api.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String(in.Function),
		Role:         aws.String(c.Role), Runtime: types.Runtime(c.Runtime), Handler: aws.String(c.Handler),
		MemorySize: aws.Int32(int32(c.MemoryMB)), Timeout: aws.Int32(int32(c.TimeoutSeconds)),
		LoggingConfig: loggingFor(in.Function, c.Logging),
		Architectures: []types.Architecture{types.ArchitectureX8664}, PackageType: types.PackageTypeZip,
		Code: &types.FunctionCode{ZipFile: in.Zip}, Tags: in.Tags,
	})
	return wrap(err, "Lambda", "CreateFunction", in.Function)
}

// UpdateConfig sets every member of c, and resets what the edge forbids and
// what edgedeploy never sets: environment, layers, VPC, tracing, dead letters,
// KMS key, file systems, ephemeral storage, SnapStart and Lambda's own log
// level. The architecture is reset by UpdateCode.
func (l *Lambda) UpdateConfig(ctx context.Context, function, revisionID string, c versions.Config) error {
	_, err := l.api.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String(function), RevisionId: optional(revisionID),
		Role: aws.String(c.Role), Runtime: types.Runtime(c.Runtime), Handler: aws.String(c.Handler),
		MemorySize: aws.Int32(int32(c.MemoryMB)), Timeout: aws.Int32(int32(c.TimeoutSeconds)),
		LoggingConfig:    loggingFor(function, c.Logging),
		Environment:      &types.Environment{Variables: map[string]string{}},
		Layers:           []string{},
		VpcConfig:        &types.VpcConfig{SubnetIds: []string{}, SecurityGroupIds: []string{}},
		TracingConfig:    &types.TracingConfig{Mode: types.TracingModePassThrough},
		DeadLetterConfig: &types.DeadLetterConfig{TargetArn: aws.String("")},
		KMSKeyArn:        aws.String(""),
		EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(defaultEphemeralMB)},
		// An empty list unmounts (Lambda API model); it goes with the VPC.
		FileSystemConfigs: []types.FileSystemConfig{},
		SnapStart:         &types.SnapStart{ApplyOn: types.SnapStartApplyOnNone},
	})
	return wrap(err, "Lambda", "UpdateFunctionConfiguration", function)
}

// optional leaves an empty string out of a request.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

// UpdateCode replaces the code of $LATEST, for x86_64, and publishes nothing.
func (l *Lambda) UpdateCode(ctx context.Context, function, revisionID string, zip []byte) error {
	return updateCode(ctx, l.api, function, revisionID, zip)
}

func updateCode(ctx context.Context, api *lambda.Client, function, revisionID string, zip []byte) error {
	_, err := api.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String(function), RevisionId: optional(revisionID), ZipFile: zip,
		Architectures: []types.Architecture{types.ArchitectureX8664}, Publish: false,
	})
	return wrap(err, "Lambda", "UpdateFunctionCode", function)
}

// Publish makes $LATEST a version. The answer does not tell tags: TagsError
// says so.
func (l *Lambda) Publish(ctx context.Context, in versions.PublishInput) (versions.Published, error) {
	c, err := publish(ctx, l.api, in)
	if err != nil {
		return versions.Published{}, err
	}
	return versions.Published{
		Version: c.version(), State: c.state(), TagsError: "PublishVersion does not tell tags",
	}, nil
}

func publish(ctx context.Context, api *lambda.Client, in versions.PublishInput) (configuration, error) {
	const operation = "PublishVersion"
	var r reply
	_, err := api.PublishVersion(ctx, &lambda.PublishVersionInput{
		FunctionName: aws.String(in.Function), RevisionId: optional(in.RevisionID),
		CodeSha256: optional(in.CodeSHA256), Description: aws.String(in.Description),
	}, raw(&r))
	if err != nil {
		return configuration{}, wrap(err, "Lambda", operation, in.Function)
	}
	c, err := readConfiguration(r.body)
	if err != nil {
		return configuration{}, unclear(err, operation, in.Function, r)
	}
	return c, nil
}

// Wake invokes one version as a dry run: Lambda checks the request and the
// permission lambda:InvokeFunction, answers 204, and runs nothing (Lambda API
// model, InvocationType). An invocation of an Inactive version fails and wakes
// it, so the failures that say that it is being made ready are none.
func (l *Lambda) Wake(ctx context.Context, r versions.Ref) error {
	_, err := l.api.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(r.Function), Qualifier: aws.String(strconv.Itoa(r.Number)),
		InvocationType: types.InvocationTypeDryRun,
	})
	err = wrap(err, "Lambda", "Invoke", r.String())
	if errors.Is(err, versions.ErrInProgress) {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok && slices.Contains(wakingCodes, e.Code) {
		return nil
	}
	return err
}

// wakingCodes are those with which an invocation of an Inactive version fails
// (Lambda API Reference, Invoke, errors; the first is what users saw:
// boto/boto3 issue 3788).
var wakingCodes = []string{"CodeArtifactUserPendingException", "ResourceNotReadyException"}

// Tag sets tags of a function and then removes others, each with one call if
// there is anything to do.
func (l *Lambda) Tag(ctx context.Context, functionARN string, set map[string]string, remove []string) error {
	if len(set) > 0 {
		_, err := l.api.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(functionARN), Tags: set})
		if err := wrap(err, "Lambda", "TagResource", functionARN); err != nil {
			return err
		}
	}
	if len(remove) == 0 {
		return nil
	}
	_, err := l.api.UntagResource(ctx, &lambda.UntagResourceInput{Resource: aws.String(functionARN), TagKeys: remove})
	return wrap(err, "Lambda", "UntagResource", functionARN)
}

package awscloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/edgedeploy/edgedeploy/versions"
)

// LedgerAPI is what a ledger needs that keeps its entries in the versions and
// aliases of a Lambda function. It knows nothing of entries. It is safe for
// use by many goroutines.
type LedgerAPI struct{ api *lambda.Client }

// Latest reads $LATEST without its tags (GetFunctionConfiguration); a missing
// function is Exists false, and no error.
func (l *LedgerAPI) Latest(ctx context.Context, function string) (versions.LatestCode, error) {
	const operation = "GetFunctionConfiguration"
	var r reply
	_, err := l.api.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(function)}, raw(&r))
	if err := wrap(err, "Lambda", operation, function); errors.Is(err, versions.ErrNoVersion) {
		return versions.LatestCode{}, nil
	} else if err != nil {
		return versions.LatestCode{}, err
	}
	c, err := readConfiguration(r.body)
	if err != nil {
		return versions.LatestCode{}, unclear(err, operation, function, r)
	}
	return versions.LatestCode{
		Exists: true, ARN: unqualified(c.FunctionArn), Role: c.Role, Runtime: c.Runtime,
		CodeSHA256: c.CodeSha256, RevisionID: c.RevisionId, State: c.state(),
	}, nil
}

// The smallest function that Lambda makes (Lambda API model: 128 MB, 1 s).
const (
	storeMemoryMB       = 128
	storeTimeoutSeconds = 1
	storeHandler        = "index.handler"
)

// Create makes a function that only stores; versions.ErrFunctionExists if
// there is one of that name, versions.ErrRoleNotReady if Lambda cannot assume
// the role (yet).
func (l *LedgerAPI) Create(ctx context.Context, in versions.NewFunction) error {
	_, err := l.api.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String(in.Function), Description: aws.String(in.Description),
		Role: aws.String(in.Role), Runtime: types.Runtime(in.Runtime), Handler: aws.String(storeHandler),
		MemorySize: aws.Int32(storeMemoryMB), Timeout: aws.Int32(storeTimeoutSeconds),
		Architectures: []types.Architecture{types.ArchitectureX8664}, PackageType: types.PackageTypeZip,
		Code: &types.FunctionCode{ZipFile: in.Zip}, Tags: in.Tags,
	})
	return wrap(err, "Lambda", "CreateFunction", in.Function)
}

// UpdateCode replaces the code of $LATEST if its revision still is that one
// ("" for whichever it is); versions.ErrStaleRevision, ErrInProgress.
func (l *LedgerAPI) UpdateCode(ctx context.Context, function, revision string, zip []byte) error {
	return updateCode(ctx, l.api, function, revision, zip)
}

// UpdateConfig gives $LATEST another role and runtime, and changes nothing
// else of it; versions.ErrStaleRevision, ErrInProgress, ErrRoleNotReady.
func (l *LedgerAPI) UpdateConfig(ctx context.Context, function, revision, role, runtime string) error {
	_, err := l.api.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String(function), RevisionId: optional(revision),
		Role: aws.String(role), Runtime: types.Runtime(runtime),
	})
	return wrap(err, "Lambda", "UpdateFunctionConfiguration", function)
}

// PublishVersion makes $LATEST a version, if its revision and code still are
// those; versions.ErrStaleRevision, ErrInProgress. Lambda gives back the
// last version, with that one's description, when nothing changed since.
func (l *LedgerAPI) PublishVersion(ctx context.Context, in versions.PublishInput) (versions.StoredVersion, error) {
	c, err := publish(ctx, l.api, in)
	if err != nil {
		return versions.StoredVersion{}, err
	}
	stored, err := storedOf(c)
	if err != nil {
		return stored, fmt.Errorf("Lambda PublishVersion %s: %w", in.Function, err)
	}
	stored.TagsError = "PublishVersion does not tell tags"
	return stored, nil
}

// OpenVersion reads one version with its location and tags (GetFunction). The
// qualifier is a number, an alias, or "$LATEST", whose Number is 0;
// versions.ErrNoVersion if there is no such version, alias or function.
func (l *LedgerAPI) OpenVersion(ctx context.Context, function, qualifier string) (versions.StoredVersion, error) {
	name := function + ":" + qualifier
	f, err := getFunction(ctx, l.api, function, qualifier)
	if err != nil {
		return versions.StoredVersion{}, err
	}
	stored, err := storedOf(f.configuration)
	if err != nil {
		return stored, fmt.Errorf("Lambda GetFunction %s: %w", name, err)
	}
	stored.Location, stored.Tags, stored.TagsError = f.location, f.tags, f.unknown
	return stored, nil
}

// ListVersions lists all numbered versions, oldest first, 50 a page;
// versions.ErrNoVersion if there is no function.
func (l *LedgerAPI) ListVersions(ctx context.Context, function string) ([]versions.StoredVersion, error) {
	configs, err := listVersions(ctx, l.api, function)
	if err != nil {
		return nil, err
	}
	var list []versions.StoredVersion
	for _, c := range configs {
		stored, err := storedOf(c)
		if err != nil {
			return nil, fmt.Errorf("Lambda ListVersionsByFunction %s: %w", function, err)
		}
		stored.TagsError = "ListVersionsByFunction does not tell tags"
		list = append(list, stored)
	}
	return list, nil
}

// lastModified is the form of LastModified, "2020-04-10T19:06:32.563+0000"
// (Lambda API model, examples).
const lastModified = "2006-01-02T15:04:05.000-0700"

func storedOf(c configuration) (versions.StoredVersion, error) {
	modified, err := time.Parse(lastModified, c.LastModified)
	if err != nil {
		return versions.StoredVersion{}, fmt.Errorf("version %s: LastModified: %w", c.Version, err)
	}
	return versions.StoredVersion{
		Number: c.number(), FunctionARN: unqualified(c.FunctionArn),
		Description: c.Description, CodeSHA256: c.CodeSha256, CodeBytes: c.CodeSize,
		Modified: modified.UTC(), State: c.state(),
	}, nil
}

// Aliases lists all aliases of a function in AWS's order, with AWS's time of
// the answer (of the first page's, which is the oldest);
// versions.ErrNoVersion if there is no function.
func (l *LedgerAPI) Aliases(ctx context.Context, function string) ([]versions.Alias, time.Time, error) {
	var list []versions.Alias
	var at time.Time
	pages := lambda.NewListAliasesPaginator(l.api, &lambda.ListAliasesInput{FunctionName: aws.String(function)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, time.Time{}, wrap(err, "Lambda", "ListAliases", function)
		}
		if at.IsZero() {
			if at, err = serverTime(page.ResultMetadata); err != nil {
				return nil, time.Time{}, fmt.Errorf("Lambda ListAliases %s: %w", function, err)
			}
		}
		for _, a := range page.Aliases {
			list = append(list, aliasOf(&a))
		}
	}
	return list, at, nil
}

// Alias reads one alias, with AWS's time; versions.ErrNoVersion if there is
// none.
func (l *LedgerAPI) Alias(ctx context.Context, function, name string) (versions.Alias, time.Time, error) {
	return dated(getAlias(ctx, l.api, function, name))
}

// CreateAlias makes an alias; versions.ErrAliasExists if there is one. The
// RevisionID of a is not looked at.
func (l *LedgerAPI) CreateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, time.Time, error) {
	return dated(createAlias(ctx, l.api, function, a))
}

// UpdateAlias gives an alias another version and description, if its revision
// still is a.RevisionID ("" for whichever it is); versions.ErrStaleRevision,
// and ErrNoVersion if there is no such alias.
func (l *LedgerAPI) UpdateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, time.Time, error) {
	return dated(updateAlias(ctx, l.api, function, a))
}

// DeleteAlias removes an alias; one that is not there is no error.
func (l *LedgerAPI) DeleteAlias(ctx context.Context, function, name string) error {
	return deleteAlias(ctx, l.api, function, name)
}

// dated adds AWS's time to an answer about an alias.
func dated(a versions.Alias, m middleware.Metadata, err error) (versions.Alias, time.Time, error) {
	if err != nil {
		return versions.Alias{}, time.Time{}, err
	}
	at, err := serverTime(m)
	return a, at, err
}

// serverTime gives the Date of an answer, to the second. This machine's clock
// has no part in it.
func serverTime(m middleware.Metadata) (time.Time, error) {
	at, ok := awsmiddleware.GetServerTime(m)
	if !ok {
		return time.Time{}, errors.New("the answer has no Date")
	}
	return at.UTC(), nil
}

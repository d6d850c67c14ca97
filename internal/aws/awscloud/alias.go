package awscloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/edgedeploy/edgedeploy/versions"
)

// Alias reads one alias; versions.ErrNoVersion if there is none.
func (l *Lambda) Alias(ctx context.Context, function, name string) (versions.Alias, error) {
	a, _, err := getAlias(ctx, l.api, function, name)
	return a, err
}

// CreateAlias creates an alias; versions.ErrAliasExists if there is one. The
// RevisionID of a is not looked at. An error whose Lost() bool says true means
// that it may have been created all the same.
func (l *Lambda) CreateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, error) {
	made, _, err := createAlias(ctx, l.api, function, a)
	return made, err
}

// UpdateAlias gives an alias another version and description, if its revision
// still is a.RevisionID ("" for any); versions.ErrStaleRevision, and
// ErrNoVersion if there is no such alias. An error whose Lost() bool says true
// means that it may have been moved all the same.
func (l *Lambda) UpdateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, error) {
	moved, _, err := updateAlias(ctx, l.api, function, a)
	return moved, err
}

func getAlias(ctx context.Context, api *lambda.Client, function, name string) (versions.Alias, middleware.Metadata, error) {
	out, err := api.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String(function), Name: aws.String(name)})
	if err != nil {
		return versions.Alias{}, middleware.Metadata{}, wrap(err, "Lambda", "GetAlias", function+":"+name)
	}
	return aliasOf(&types.AliasConfiguration{
		Name: out.Name, FunctionVersion: out.FunctionVersion, Description: out.Description,
		RevisionId: out.RevisionId, RoutingConfig: out.RoutingConfig,
	}), out.ResultMetadata, nil
}

func createAlias(ctx context.Context, api *lambda.Client, function string, a versions.Alias) (versions.Alias, middleware.Metadata, error) {
	const operation = "CreateAlias"
	resource := function + ":" + a.Name
	var tried attempts
	out, err := api.CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: aws.String(function), Name: aws.String(a.Name),
		FunctionVersion: aws.String(a.Version), Description: aws.String(a.Description),
	}, noting(&tried, operation, resource))
	if err != nil {
		return versions.Alias{}, middleware.Metadata{}, tried.judge(wrap(err, "Lambda", operation, resource))
	}
	return aliasOf(&types.AliasConfiguration{
		Name: out.Name, FunctionVersion: out.FunctionVersion, Description: out.Description,
		RevisionId: out.RevisionId, RoutingConfig: out.RoutingConfig,
	}), out.ResultMetadata, nil
}

func updateAlias(ctx context.Context, api *lambda.Client, function string, a versions.Alias) (versions.Alias, middleware.Metadata, error) {
	const operation = "UpdateAlias"
	resource := function + ":" + a.Name
	var tried attempts
	out, err := api.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: aws.String(function), Name: aws.String(a.Name), RevisionId: optional(a.RevisionID),
		FunctionVersion: aws.String(a.Version), Description: aws.String(a.Description),
	}, noting(&tried, operation, resource))
	if err != nil {
		return versions.Alias{}, middleware.Metadata{}, tried.judge(wrap(err, "Lambda", operation, resource))
	}
	return aliasOf(&types.AliasConfiguration{
		Name: out.Name, FunctionVersion: out.FunctionVersion, Description: out.Description,
		RevisionId: out.RevisionId, RoutingConfig: out.RoutingConfig,
	}), out.ResultMetadata, nil
}

func deleteAlias(ctx context.Context, api *lambda.Client, function, name string) error {
	_, err := api.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: aws.String(function), Name: aws.String(name)})
	return wrap(err, "Lambda", "DeleteAlias", function+":"+name)
}

// listAliases lists all aliases of a function, 50 a page.
func listAliases(ctx context.Context, api *lambda.Client, function string) ([]versions.Alias, error) {
	var list []versions.Alias
	pages := lambda.NewListAliasesPaginator(api, &lambda.ListAliasesInput{FunctionName: aws.String(function)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, wrap(err, "Lambda", "ListAliases", function)
		}
		for _, a := range page.Aliases {
			list = append(list, aliasOf(&a))
		}
	}
	return list, nil
}

// noting has the attempts of one call of Lambda noted.
func noting(tried *attempts, operation, resource string) func(*lambda.Options) {
	return func(o *lambda.Options) {
		o.APIOptions = append(o.APIOptions, tried.watch("Lambda", operation, resource))
	}
}

func aliasOf(a *types.AliasConfiguration) versions.Alias {
	found := versions.Alias{
		Name: aws.ToString(a.Name), Version: aws.ToString(a.FunctionVersion),
		Description: aws.ToString(a.Description), RevisionID: aws.ToString(a.RevisionId),
	}
	if a.RoutingConfig != nil {
		for number := range a.RoutingConfig.AdditionalVersionWeights {
			found.Second = number
		}
	}
	return found
}

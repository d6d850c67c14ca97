package awscloud

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/edgedeploy/edgedeploy/versions"
)

var _ versions.Shop = (*Lambda)(nil)

// Shelf lists the published versions of a function, 50 a page, and its aliases,
// 50 a page; versions.ErrNoVersion if there is no function.
func (l *Lambda) Shelf(ctx context.Context, function string) (versions.Shelf, error) {
	shelf := versions.Shelf{Function: function}
	configs, err := listVersions(ctx, l.api, function)
	if err != nil {
		return shelf, err
	}
	for _, c := range configs {
		modified, err := time.Parse(lastModified, c.LastModified)
		if err != nil {
			return shelf, fmt.Errorf("Lambda ListVersionsByFunction %s: version %s: LastModified: %w", function, c.Version, err)
		}
		shelf.Stock = append(shelf.Stock, versions.Stock{Version: c.version(), Bytes: c.CodeSize, Modified: modified.UTC()})
	}
	shelf.Aliases, err = listAliases(ctx, l.api, function)
	return shelf, err
}

// DeleteVersion deletes a numbered version; one that is not there is no error,
// for AWS's own answer is none. versions.ErrReplicated, versions.ErrAliased.
func (l *Lambda) DeleteVersion(ctx context.Context, r versions.Ref) error {
	if r.Number < 1 {
		return fmt.Errorf("%s is no published version", r) // without a qualifier Lambda deletes the function
	}
	return l.delete(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(r.Function), Qualifier: aws.String(strconv.Itoa(r.Number))}, r.String())
}

// DeleteFunction deletes a function with its versions and aliases; one that is not
// there is no error. versions.ErrReplicated.
func (l *Lambda) DeleteFunction(ctx context.Context, function string) error {
	return l.delete(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(function)}, function)
}

func (l *Lambda) delete(ctx context.Context, in *lambda.DeleteFunctionInput, resource string) error {
	_, err := l.api.DeleteFunction(ctx, in)
	if err = wrap(err, "Lambda", "DeleteFunction", resource); errors.Is(err, versions.ErrNoVersion) {
		return nil // an attempt before this one, whose answer was lost, may have done it
	}
	return err
}

// DeleteAlias deletes an alias; one that is not there is no error.
func (l *Lambda) DeleteAlias(ctx context.Context, function, name string) error {
	return deleteAlias(ctx, l.api, function, name)
}

package awsfacts

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// prefix begins the name of everything that is made.
const prefix = "edgedeploy-facts-"

// settleTime bounds the waiting for a function.
const settleTime = 5 * time.Minute

// account is where facts are asked.
type account struct {
	lambda     *lambda.Client
	cloudfront *cloudfront.Client

	id, role string
	run      string // of this run, in names
	main     string // the function that most facts are about

	functions    []string // made, to clean up
	distribution string   // made, to clean up
	log          func(string, ...any)
}

var twelveDigits = regexp.MustCompile(`^\d{12}$`)

// open refuses any account but the one that was named.
func open(ctx context.Context, cfg aws.Config, named, role string, log func(string, ...any)) (*account, error) {
	if !twelveDigits.MatchString(named) {
		return nil, fmt.Errorf("the account has to be named by its twelve digits, not %q", named)
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	if got := aws.ToString(out.Account); got != named {
		return nil, fmt.Errorf("the credentials are for account %s, and %s was named: nothing was made", got, named)
	}
	if role == "" {
		return nil, errors.New("a role is needed that lambda.amazonaws.com and edgelambda.amazonaws.com may assume")
	}
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	a := &account{
		lambda: lambda.NewFromConfig(cfg), cloudfront: cloudfront.NewFromConfig(cfg),
		id: named, role: role, run: hex.EncodeToString(id[:]), log: log,
	}
	a.main = a.name("main")
	return a, nil
}

func (a *account) name(what string) string { return prefix + a.run + "-" + what }

func (a *account) arn(function string, version any) string {
	return fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s:%v", a.id, function, version)
}

// create makes a function and waits for it. change may alter what is asked for.
func (a *account) create(ctx context.Context, name string, change func(*lambda.CreateFunctionInput)) error {
	in := &lambda.CreateFunctionInput{
		FunctionName: aws.String(name), Role: aws.String(a.role), Runtime: "nodejs22.x", Handler: aws.String("index.handler"),
		Code: &types.FunctionCode{ZipFile: code("1")}, Tags: map[string]string{"edgedeploy-facts": a.run},
		Description: aws.String("made to find out how AWS behaves; may be deleted"),
	}
	if change != nil {
		change(in)
	}
	if _, err := a.lambda.CreateFunction(ctx, in); err != nil {
		return err
	}
	a.functions = append(a.functions, name)
	return a.settle(ctx, name)
}

// settle waits until nothing is under way with $LATEST.
func (a *account) settle(ctx context.Context, name string) error {
	in := &lambda.GetFunctionInput{FunctionName: aws.String(name)}
	if err := lambda.NewFunctionActiveV2Waiter(a.lambda).Wait(ctx, in, settleTime); err != nil {
		return err
	}
	return lambda.NewFunctionUpdatedV2Waiter(a.lambda).Wait(ctx, in, settleTime)
}

// configure changes $LATEST and waits.
func (a *account) configure(ctx context.Context, change func(*lambda.UpdateFunctionConfigurationInput)) error {
	in := &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(a.main)}
	change(in)
	if _, err := a.lambda.UpdateFunctionConfiguration(ctx, in); err != nil {
		return err
	}
	return a.settle(ctx, a.main)
}

// latest reads $LATEST.
func (a *account) latest(ctx context.Context) (*lambda.GetFunctionConfigurationOutput, error) {
	return a.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(a.main)})
}

// publish publishes $LATEST and returns the version.
func (a *account) publish(ctx context.Context, name, description string) (string, error) {
	out, err := a.lambda.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: aws.String(name), Description: aws.String(description)})
	if err != nil {
		return "", err
	}
	in := &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(name), Qualifier: out.Version}
	return aws.ToString(out.Version), lambda.NewPublishedVersionActiveWaiter(a.lambda).Wait(ctx, in, settleTime)
}

// refusal is an API's answer as "Code: message"; "accepted" for no error. An
// error that is no answer stays one.
func refusal(err error) (string, error) {
	if err == nil {
		return "accepted", nil
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage(), nil
	}
	return "", err
}

// code is the zip of a function; another text gives other bytes.
func code(text string) []byte {
	return zipped("exports.handler = async (event) => event.Records[0].cf.request; // " + text)
}

// zipped is the zip of a function's script.
func zipped(script string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("index.js")
	if err == nil {
		_, err = f.Write([]byte(script))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a Buffer takes everything
	}
	return out.Bytes()
}

// clean deletes what was made and tells what has to stay for a while.
func (a *account) clean(ctx context.Context, patience time.Duration) (left []string) {
	if a.distribution != "" {
		if err := a.cleanDistribution(ctx, patience); err != nil {
			left = append(left, fmt.Sprintf("distribution %s, disabled: %v", a.distribution, err))
		}
	}
	for _, name := range a.functions {
		if _, err := a.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(name)}); err != nil {
			left = append(left, fmt.Sprintf("function %s: %v", name, err))
		}
	}
	return left
}

// cleanDistribution disables it, takes the associations off, waits, and deletes.
func (a *account) cleanDistribution(ctx context.Context, patience time.Duration) error {
	got, err := a.config(ctx)
	if err != nil {
		return err
	}
	got.DistributionConfig.Enabled = aws.Bool(false)
	got.DistributionConfig.CacheBehaviors = &cloudfronttypes.CacheBehaviors{Quantity: aws.Int32(0)}
	got.DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations = none()
	if _, err := a.update(ctx, got.DistributionConfig, got.ETag); err != nil {
		return err
	}
	in := &cloudfront.GetDistributionInput{Id: aws.String(a.distribution)}
	a.log("waiting for distribution %s to be deployed, so that it can be deleted", a.distribution)
	if err := cloudfront.NewDistributionDeployedWaiter(a.cloudfront).Wait(ctx, in, patience); err != nil {
		return err
	}
	now, err := a.config(ctx)
	if err != nil {
		return err
	}
	_, err = a.cloudfront.DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: aws.String(a.distribution), IfMatch: now.ETag})
	return err
}

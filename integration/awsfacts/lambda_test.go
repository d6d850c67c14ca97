package awsfacts

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
)

func lambdaFacts() []fact {
	return []fact{
		{"a function can be read as soon as it was made", "UNKNOWN", "internal/aws/ledger", "yes", newIsSeen},
		{"a function that was made is in ListFunctions", "UNKNOWN", "deploy, the reader", "yes", isListed},
		{"members of a plain function that the program does not know", "UNKNOWN", "internal/aws/awscloud, members", "none", strangeMembers},
		{"creating a function that exists", "LIKELY", "internal/aws/awscloud, errors", "ResourceConflictException: Function already exist: …", createTwice},
		{"answers carry AWS's time in Date", "LIKELY", "internal/aws/ledger, expiry of the lock", "within five minutes of here", date},
		{"ListVersionsByFunction begins with $LATEST and ascends", "LIKELY", "internal/aws/awscloud, versions", "$LATEST 1 2 3", listOrder},
		{"publishing after an update with the same bytes", "UNKNOWN", "versions, ledger append", "a new version", sameBytes},
		{"publishing after an update that changes nothing", "LIKELY", "versions, publish", "a new version", sameConfiguration},
		{"GetFunction with a qualifier returns the function's tags", "LIKELY", "deploy, who owns a version", "yes", qualifiedTags},
		{"tagging a function changes its RevisionId", "UNKNOWN", "versions, adopt", "no", tagRevision},
		{"an update that is a dry run changes the RevisionId", "LIKELY", "internal/local/localaws/lambda", "no", dryRun},
		{"an empty Environment takes the variables away", "LIKELY", "versions, forbidden members", "no variables, 512 MB", resets},
		{"an alias may name a version that is Pending", "UNKNOWN", "internal/aws/ledger, append", "yes", pendingAlias},
		{"an alias is read as it was just written", "UNKNOWN", "internal/aws/ledger, lock", "yes", aliasReads},
		{"updating an alias to what it is changes its RevisionId", "LIKELY", "internal/aws/ledger, lock", "yes", aliasRevision},
		{"GetFunction by an alias tells what it names", "LIKELY", "versions, the alias of a content", "2, $LATEST, ResourceNotFoundException: Function not found: …", byAlias},
		{"ListAliases gives pages of", "LIKELY", "internal/aws/awscloud, ledger", "50, by name", aliasPages},
		{"deleting a version that an alias names", "LIKELY", "internal/local/localaws/lambda", "ResourceConflictException: Unable to delete version because the following aliases reference it: […", deleteAliased},
		{"the number of a deleted last version is given out again", "LIKELY", "deploy, a release is a version number", "no", numbers},
		{"the first version of a function that is made again under a name", "LIKELY", "internal/aws/ledger, no release 1 is taken for granted", "2", numbersAgain},
		{"a log level with the format Text", "LIKELY", "internal/local/localaws/lambda", `InvalidParameterValueException: LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.`, textLevel},
		{"JSON logs without a level are answered with the levels", "LIKELY", "versions, the one spelling of logging", "INFO and INFO for the system", jsonLevels},
		{"runtime nodejs26.x", "UNKNOWN", "internal/aws/ledger, its own runtime", "accepted", newestRuntime},
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// newIsSeen makes the function that the others are about.
func newIsSeen(ctx context.Context, a *account) (string, error) {
	_, err := a.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String(a.main), Role: aws.String(a.role), Runtime: "nodejs22.x", Handler: aws.String("index.handler"),
		Code: &types.FunctionCode{ZipFile: code("1")}, Tags: map[string]string{"edgedeploy-facts": a.run},
		Description: aws.String("made to find out how AWS behaves; may be deleted"),
	})
	if err != nil {
		return "", err
	}
	a.functions = append(a.functions, a.main)
	_, seen := a.latest(ctx)
	if err := a.settle(ctx, a.main); err != nil {
		return "", err
	}
	for n := 1; n <= 3; n++ { // versions for the facts below
		if err := a.configure(ctx, func(in *lambda.UpdateFunctionConfigurationInput) { in.Timeout = aws.Int32(int32(n)) }); err != nil {
			return "", err
		}
		if _, err := a.publish(ctx, a.main, fmt.Sprint(n)); err != nil {
			return "", err
		}
	}
	return yes(seen == nil), nil
}

func isListed(ctx context.Context, a *account) (string, error) {
	pages := lambda.NewListFunctionsPaginator(a.lambda, &lambda.ListFunctionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, f := range page.Functions {
			if aws.ToString(f.FunctionName) == a.main {
				return "yes", nil
			}
		}
	}
	return "no", nil
}

// strangeMembers asks the program's own reader, of the same AWS.
func strangeMembers(ctx context.Context, a *account) (string, error) {
	var o awscloud.Options
	if at := a.lambda.Options().BaseEndpoint; at != nil {
		o.Local = &awscloud.Local{Account: a.id, Endpoint: *at}
	}
	cloud, err := awscloud.Open(ctx, o)
	if err != nil {
		return "", err
	}
	head, err := cloud.Lambda.Head(ctx, a.main)
	if err != nil {
		return "", err
	}
	return cmp.Or(head.Config.Extra, "none"), nil
}

func createTwice(ctx context.Context, a *account) (string, error) {
	return refusal(a.create(ctx, a.main, nil))
}

func date(ctx context.Context, a *account) (string, error) {
	out, err := a.latest(ctx)
	if err != nil {
		return "", err
	}
	raw, ok := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response)
	if !ok {
		return "", fmt.Errorf("the SDK keeps no response")
	}
	at, err := http.ParseTime(raw.Header.Get("Date"))
	if err != nil {
		return "Date: " + raw.Header.Get("Date"), nil
	}
	if off := time.Since(at).Abs(); off > 5*time.Minute {
		return fmt.Sprintf("%v off", off), nil
	}
	return "within five minutes of here", nil
}

func (a *account) list(ctx context.Context) ([]string, error) {
	var numbers []string
	pages := lambda.NewListVersionsByFunctionPaginator(a.lambda, &lambda.ListVersionsByFunctionInput{FunctionName: aws.String(a.main)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			numbers = append(numbers, aws.ToString(v.Version))
		}
	}
	return numbers, nil
}

func listOrder(ctx context.Context, a *account) (string, error) {
	numbers, err := a.list(ctx)
	if err != nil {
		return "", err
	}
	seen := ""
	for i, n := range numbers {
		if i > 0 {
			seen += " "
		}
		seen += n
	}
	return seen, nil
}

// published publishes twice, with a change between, and says what came of it.
func (a *account) published(ctx context.Context, change func() error) (string, error) {
	before, err := a.publish(ctx, a.main, "before")
	if err != nil {
		return "", err
	}
	if err := change(); err != nil {
		return "", err
	}
	if err := a.settle(ctx, a.main); err != nil {
		return "", err
	}
	after, err := a.publish(ctx, a.main, "after")
	if err != nil {
		return "", err
	}
	if after == before {
		return "the version there was", nil
	}
	return "a new version", nil
}

func sameBytes(ctx context.Context, a *account) (string, error) {
	return a.published(ctx, func() error {
		_, err := a.lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(a.main), ZipFile: code("1")})
		return err
	})
}

func sameConfiguration(ctx context.Context, a *account) (string, error) {
	return a.published(ctx, func() error {
		_, err := a.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(a.main), Timeout: aws.Int32(3)})
		return err
	})
}

func qualifiedTags(ctx context.Context, a *account) (string, error) {
	out, err := a.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(a.main), Qualifier: aws.String("1")})
	if err != nil {
		return "", err
	}
	return yes(out.Tags["edgedeploy-facts"] == a.run), nil
}

// revised says whether something changes the RevisionId of $LATEST.
func (a *account) revised(ctx context.Context, do func() error) (string, error) {
	before, err := a.latest(ctx)
	if err != nil {
		return "", err
	}
	if err := do(); err != nil {
		return "", err
	}
	after, err := a.latest(ctx)
	if err != nil {
		return "", err
	}
	return yes(aws.ToString(before.RevisionId) != aws.ToString(after.RevisionId)), nil
}

func tagRevision(ctx context.Context, a *account) (string, error) {
	return a.revised(ctx, func() error {
		_, err := a.lambda.TagResource(ctx, &lambda.TagResourceInput{
			Resource: aws.String("arn:aws:lambda:us-east-1:" + a.id + ":function:" + a.main), Tags: map[string]string{"more": "1"},
		})
		return err
	})
}

func dryRun(ctx context.Context, a *account) (string, error) {
	return a.revised(ctx, func() error {
		_, err := a.lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(a.main), ZipFile: code("dry"), DryRun: true})
		return err
	})
}

// resets gives the function what the edge forbids, and takes it away again.
func resets(ctx context.Context, a *account) (string, error) {
	err := a.configure(ctx, func(in *lambda.UpdateFunctionConfigurationInput) {
		in.Environment = &types.Environment{Variables: map[string]string{"AB": "c"}}
		in.EphemeralStorage = &types.EphemeralStorage{Size: aws.Int32(1024)}
	})
	if err != nil {
		return "", err
	}
	err = a.configure(ctx, func(in *lambda.UpdateFunctionConfigurationInput) {
		in.Environment = &types.Environment{Variables: map[string]string{}}
		in.EphemeralStorage = &types.EphemeralStorage{Size: aws.Int32(512)}
	})
	if err != nil {
		return "", err
	}
	now, err := a.latest(ctx)
	if err != nil {
		return "", err
	}
	variables := "no variables"
	if now.Environment != nil && len(now.Environment.Variables) > 0 {
		variables = fmt.Sprint(now.Environment.Variables)
	}
	return fmt.Sprintf("%s, %d MB", variables, aws.ToInt32(now.EphemeralStorage.Size)), nil
}

// pendingAlias needs a version that is Pending: publishing with an upload
// makes one.
func pendingAlias(ctx context.Context, a *account) (string, error) {
	out, err := a.lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(a.main), ZipFile: code("pending"), Publish: true})
	if err != nil {
		return "", err
	}
	if out.State != types.StatePending {
		return "the version is " + string(out.State) + " at once", a.settle(ctx, a.main)
	}
	_, err = a.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: aws.String(a.main), Name: aws.String("pending"), FunctionVersion: out.Version})
	seen, err := refusal(err)
	if seen == "accepted" {
		seen = "yes"
	}
	if err != nil {
		return "", err
	}
	return seen, a.settle(ctx, a.main)
}

func (a *account) move(ctx context.Context, alias, version string) (*lambda.UpdateAliasOutput, error) {
	return a.lambda.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: aws.String(a.main), Name: aws.String(alias), FunctionVersion: aws.String(version)})
}

func aliasReads(ctx context.Context, a *account) (string, error) {
	_, err := a.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: aws.String(a.main), Name: aws.String("moved"), FunctionVersion: aws.String("1")})
	if err != nil {
		return "", err
	}
	for n := range 10 {
		wrote, err := a.move(ctx, "moved", []string{"2", "1"}[n%2])
		if err != nil {
			return "", err
		}
		read, err := a.lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String(a.main), Name: aws.String("moved")})
		if err != nil {
			return "", err
		}
		if aws.ToString(read.RevisionId) != aws.ToString(wrote.RevisionId) {
			return fmt.Sprintf("no, at the %d. of 10 times", n+1), nil
		}
	}
	return "yes", nil
}

func aliasRevision(ctx context.Context, a *account) (string, error) {
	one, err := a.move(ctx, "moved", "1")
	if err != nil {
		return "", err
	}
	two, err := a.move(ctx, "moved", "1")
	if err != nil {
		return "", err
	}
	return yes(aws.ToString(one.RevisionId) != aws.ToString(two.RevisionId)), nil
}

// byAlias asks by an alias on a number, by one on $LATEST, and by one that is
// not there.
func byAlias(ctx context.Context, a *account) (string, error) {
	ask := func(alias string) (string, error) {
		out, err := a.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(a.main), Qualifier: aws.String(alias)})
		if err != nil {
			return refusal(err)
		}
		return aws.ToString(out.Configuration.Version), nil
	}
	var seen []string
	for _, version := range []string{"2", "$LATEST"} {
		if _, err := a.move(ctx, "moved", version); err != nil {
			return "", err
		}
		told, err := ask("moved")
		if err != nil {
			return "", err
		}
		seen = append(seen, told)
	}
	told, err := ask("never-made")
	return strings.Join(append(seen, told), ", "), err
}

// aliasPages makes more aliases than a page takes, in no order.
func aliasPages(ctx context.Context, a *account) (string, error) {
	for n := range 55 {
		_, err := a.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{
			FunctionName: aws.String(a.main), Name: aws.String(fmt.Sprintf("r%d", n*37%55)), FunctionVersion: aws.String("1"),
		})
		if err != nil {
			return "", err
		}
	}
	out, err := a.lambda.ListAliases(ctx, &lambda.ListAliasesInput{FunctionName: aws.String(a.main), MaxItems: aws.Int32(1000)})
	if err != nil {
		return "", err
	}
	var names []string
	for _, alias := range out.Aliases {
		names = append(names, aws.ToString(alias.Name))
	}
	order := "in another order"
	if slices.IsSorted(names) {
		order = "by name"
	}
	return fmt.Sprintf("%d, %s", len(names), order), nil
}

func deleteAliased(ctx context.Context, a *account) (string, error) {
	_, err := a.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(a.main), Qualifier: aws.String("1")})
	return refusal(err)
}

func numbers(ctx context.Context, a *account) (string, error) {
	if err := a.configure(ctx, func(in *lambda.UpdateFunctionConfigurationInput) { in.Timeout = aws.Int32(4) }); err != nil {
		return "", err
	}
	last, err := a.publish(ctx, a.main, "last")
	if err != nil {
		return "", err
	}
	if _, err := a.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(a.main), Qualifier: aws.String(last)}); err != nil {
		return "", err
	}
	if err := a.configure(ctx, func(in *lambda.UpdateFunctionConfigurationInput) { in.Timeout = aws.Int32(5) }); err != nil {
		return "", err
	}
	next, err := a.publish(ctx, a.main, "next")
	return yes(next == last), err
}

// numbersAgain makes a function, publishes a version and deletes it, and makes it
// again.
func numbersAgain(ctx context.Context, a *account) (string, error) {
	name := a.name("again")
	if err := a.create(ctx, name, nil); err != nil {
		return "", err
	}
	if _, err := a.publish(ctx, name, "before"); err != nil {
		return "", err
	}
	if _, err := a.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(name)}); err != nil {
		return "", err
	}
	a.functions = slices.DeleteFunc(a.functions, func(f string) bool { return f == name })
	if err := a.create(ctx, name, nil); err != nil {
		return "", err
	}
	return a.publish(ctx, name, "after")
}

func textLevel(ctx context.Context, a *account) (string, error) {
	_, err := a.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName:  aws.String(a.main),
		LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatText, ApplicationLogLevel: types.ApplicationLogLevelInfo},
	})
	return refusal(err)
}

// jsonLevels asks for JSON and nothing else.
func jsonLevels(ctx context.Context, a *account) (string, error) {
	name := a.name("json")
	err := a.create(ctx, name, func(in *lambda.CreateFunctionInput) {
		in.LoggingConfig = &types.LoggingConfig{LogFormat: types.LogFormatJson}
	})
	if err != nil {
		return "", err
	}
	now, err := a.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(name)})
	if err != nil {
		return "", err
	}
	if now.LoggingConfig == nil || now.LoggingConfig.LogFormat != types.LogFormatJson {
		return fmt.Sprintf("not JSON: %+v", now.LoggingConfig), nil
	}
	return fmt.Sprintf("%s and %s for the system", now.LoggingConfig.ApplicationLogLevel, now.LoggingConfig.SystemLogLevel), nil
}

func newestRuntime(ctx context.Context, a *account) (string, error) {
	return refusal(a.create(ctx, a.name("newest"), func(in *lambda.CreateFunctionInput) { in.Runtime = "nodejs26.x" }))
}

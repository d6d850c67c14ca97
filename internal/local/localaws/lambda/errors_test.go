package lambda_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// refusal is a request and AWS's sentence about it. In messages, ARN stands
// for the ARN prefix of functions of the test's account.
type refusal struct {
	prepare      func(*fixture)
	method, path string
	body         any
	status       int
	code         string
	message      string
}

// check sends the request and compares status, header and body.
func (r refusal) check(t *testing.T) {
	t.Helper()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	if r.prepare != nil {
		r.prepare(f)
	}
	a := f.send(r.method, r.path, r.body)
	message := strings.ReplaceAll(r.message, "ARN:", arn(""))
	if a.status != r.status || a.header.Get("x-amzn-ErrorType") != r.code {
		t.Errorf("%d %s, want %d %s: %s", a.status, a.header.Get("x-amzn-ErrorType"), r.status, r.code, a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	if a.header.Get("x-amzn-RequestId") == "" {
		t.Error("no x-amzn-RequestId")
	}
	want := object{"Type": "User", "message": message}
	switch {
	case r.code == "NotOfferedException":
		want = object{"Type": "Service", "message": message}
	case r.code == "ResourceNotFoundException":
		want = object{"Type": "User", "Message": message}
	case r.code == "ValidationException", r.code == "RequestEntityTooLargeException",
		r.code == "SerializationException",
		r.code == "AccessDeniedException" && message != "",
		strings.HasPrefix(message, "$LATEST is not supported for an alias"):
		want = object{"message": message}
	case r.code == "AccessDeniedException":
		want = object{}
	}
	if diff := cmp.Diff(want, a.object(t)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func run(t *testing.T, refusals map[string]refusal) {
	t.Helper()
	for rule, r := range refusals {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			r.check(t)
		})
	}
}

const (
	invalidCode  = "InvalidParameterValueException"
	notFoundCode = "ResourceNotFoundException"
	conflictCode = "ResourceConflictException"
	validation   = "ValidationException"
	namePattern  = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`
	onlyLatest   = "Current operation does not support versions other than $LATEST"
	staleText    = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
)

func TestMissingThingsAreNamed(t *testing.T) {
	t.Parallel()
	deleteVersion := func(f *fixture) {
		f.must(201, "POST", functions+"/fn/versions", nil)
		f.must(204, "DELETE", functions+"/fn?Qualifier=1", nil)
	}
	run(t, map[string]refusal{
		"a function to get":                  {nil, "GET", functions + "/no", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to get by version":       {nil, "GET", functions + "/no?Qualifier=$LATEST", nil, 404, notFoundCode, "Function not found: ARN:no:$LATEST"},
		"a configuration":                    {nil, "GET", functions + "/no/configuration", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to delete":               {nil, "DELETE", functions + "/no", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to delete a version of":  {nil, "DELETE", functions + "/no?Qualifier=1", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to update the code of":   {nil, "PUT", functions + "/no/code", object{"ZipFile": []byte("x")}, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to update":               {nil, "PUT", functions + "/no/configuration", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to publish":              {nil, "POST", functions + "/no/versions", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to list versions of":     {nil, "GET", functions + "/no/versions", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to list aliases of":      {nil, "GET", functions + "/no/aliases", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to alias":                {nil, "POST", functions + "/no/aliases", object{"Name": "a", "FunctionVersion": "1"}, 404, notFoundCode, "Function not found: ARN:no:1"},
		"a function to tag":                  {nil, "POST", "/2017-03-31/tags/" + percentAll(arn("no")), object{"Tags": object{"a": "b"}}, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to untag":                {nil, "DELETE", "/2017-03-31/tags/" + percentAll(arn("no")) + "?tagKeys=a", nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a function to list tags of":         {nil, "GET", "/2017-03-31/tags/" + percentAll(arn("no")), nil, 404, notFoundCode, "Function not found: ARN:no"},
		"a version":                          {nil, "GET", functions + "/fn?Qualifier=1221", nil, 404, notFoundCode, "Function not found: ARN:fn:1221"},
		"a version's configuration":          {nil, "GET", functions + "/fn/configuration?Qualifier=1221", nil, 404, notFoundCode, "Function not found: ARN:fn:1221"},
		"a version that was deleted":         {deleteVersion, "GET", functions + "/fn?Qualifier=1", nil, 404, notFoundCode, "Function not found: ARN:fn:1"},
		"an alias as a qualifier":            {nil, "GET", functions + "/fn?Qualifier=none", nil, 404, notFoundCode, "Function not found: ARN:fn:none"},
		"an alias to get":                    {nil, "GET", functions + "/fn/aliases/none", nil, 404, notFoundCode, "Cannot find alias arn: ARN:fn:none"},
		"an alias to update":                 {nil, "PUT", functions + "/fn/aliases/none", object{"Description": "x"}, 404, notFoundCode, "Alias not found: ARN:fn:none"},
		"a version to alias":                 {nil, "POST", functions + "/fn/aliases", object{"Name": "a", "FunctionVersion": "9"}, 404, notFoundCode, "Function not found: ARN:fn:9"},
		"a function in another region":       {nil, "GET", functions + "/arn:aws:lambda:eu-west-1:" + account + ":function:fn", nil, 404, notFoundCode, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
		"a function in another account":      {nil, "GET", functions + "/arn:aws:lambda:us-east-1:999999999999:function:fn", nil, 403, "AccessDeniedException", ""},
		"an operation that nobody has":       {nil, "PATCH", functions + "/fn", nil, 501, "NotOfferedException", "the local AWS does not offer the operation PATCH " + functions + "/fn of Lambda"},
		"what the local AWS leaves to AWS":   {nil, "POST", functions + "/fn/invocations", object{}, 501, "NotOfferedException", "the local AWS does not offer Invoke: it keeps functions and versions, and runs nothing here"},
		"a function to create in an account": {nil, "POST", functions, object{"FunctionName": "999999999999:function:x", "Role": role, "Code": object{}}, 403, "AccessDeniedException", ""},
	})
}

func (r refusal) withMessage(message string) refusal { r.message = message; return r }

func TestCreateRefusesWhatAWSRefuses(t *testing.T) {
	t.Parallel()
	create := func(changes object, status int, code, message string) refusal {
		return refusal{nil, "POST", functions, creation(t, "new", changes), status, code, message}
	}
	long := strings.Repeat("a", 65)
	longARN := arn(strings.Repeat("a", 110))
	rolePattern := `arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`
	run(t, map[string]refusal{
		"a name that is taken":       create(object{"FunctionName": "fn"}, 409, conflictCode, "Function already exist: fn"),
		"a name that is too long":    create(object{"FunctionName": long}, 400, invalidCode, "1 validation error detected: Value '"+long+"' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"),
		"an ARN that is too long":    create(object{"FunctionName": longARN}, 400, validation, "1 validation error detected: Value '"+longARN+"' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 140"),
		"a name with a qualifier":    create(object{"FunctionName": "new:1"}, 400, validation, "1 validation error detected: Value 'new:1' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "+namePattern),
		"a name in odd letters":      create(object{"FunctionName": "invalid:function:name"}, 400, validation, "1 validation error detected: Value 'invalid:function:name' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "+namePattern),
		"a name in another region":   create(object{"FunctionName": "arn:aws:lambda:ap-southeast-1:" + account + ":function:new"}, 404, notFoundCode, "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')"),
		"no name":                    create(object{"FunctionName": nil}, 400, validation, "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null"),
		"no name, no role, no code":  create(object{"FunctionName": nil, "Role": nil, "Code": nil}, 400, validation, "3 validation errors detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null; Value null at 'role' failed to satisfy constraint: Member must not be null; Value null at 'code' failed to satisfy constraint: Member must not be null"),
		"a role that is no ARN":      create(object{"Role": "r1"}, 400, validation, "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: "+rolePattern),
		"a role nobody knows":        create(object{"Role": "arn:aws:iam::123456789012:role/none"}, 400, invalidCode, "The role defined for the function cannot be assumed by Lambda."),
		"another account's role":     create(object{"Role": "arn:aws:iam::999999999999:role/edge-exec"}, 403, "AccessDeniedException", "Cross-account pass role is not allowed."),
		"a runtime nobody knows":     create(object{"Runtime": "non-existent-runtime"}, 400, invalidCode, "").withMessage(unknownRuntime("non-existent-runtime")),
		"a runtime of another case":  create(object{"Runtime": "NodeJS24.x"}, 400, invalidCode, "").withMessage(unknownRuntime("NodeJS24.x")),
		"a retired runtime":          create(object{"Runtime": "nodejs14.x"}, 400, invalidCode, "The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."),
		"no runtime":                 create(object{"Runtime": nil}, 400, invalidCode, "Runtime and Handler are mandatory parameters for functions created with deployment packages."),
		"no handler":                 create(object{"Handler": nil}, 400, invalidCode, "Runtime and Handler are mandatory parameters for functions created with deployment packages."),
		"a handler with a space":     create(object{"Handler": "index handler"}, 400, validation, `1 validation error detected: Value 'index handler' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\s]+`),
		"a long handler":             create(object{"Handler": strings.Repeat("h", 129)}, 400, validation, "1 validation error detected: Value '"+strings.Repeat("h", 129)+"' at 'handler' failed to satisfy constraint: Member must have length less than or equal to 128"),
		"a long description":         create(object{"Description": strings.Repeat("d", 257)}, 400, validation, "1 validation error detected: Value '"+strings.Repeat("d", 257)+"' at 'description' failed to satisfy constraint: Member must have length less than or equal to 256"),
		"too little memory":          create(object{"MemorySize": 127}, 400, validation, "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"),
		"too much memory":            create(object{"MemorySize": 10241}, 400, validation, "1 validation error detected: Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240"),
		"no time":                    create(object{"Timeout": 0}, 400, validation, "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"),
		"too much time":              create(object{"Timeout": 901}, 400, validation, "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"),
		"too little storage":         create(object{"EphemeralStorage": object{"Size": 511}}, 400, validation, "1 validation error detected: Value '511' at 'ephemeralStorage.size' failed to satisfy constraint: Member must have value greater than or equal to 512"),
		"two mistakes at once":       create(object{"MemorySize": 1, "Timeout": 0}, 400, validation, "2 validation errors detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1; Value '1' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"),
		"two architectures":          create(object{"Architectures": []string{"x86_64", "arm64"}}, 400, validation, "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1"),
		"an unknown architecture":    create(object{"Architectures": []string{"x64"}}, 400, validation, "1 validation error detected: Value '[x64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"),
		"an unknown tracing mode":    create(object{"TracingConfig": object{"Mode": "On"}}, 400, validation, "1 validation error detected: Value 'On' at 'tracingConfig.mode' failed to satisfy constraint: Member must satisfy enum value set: [Active, PassThrough]"),
		"SnapStart where it is not":  create(object{"SnapStart": object{"ApplyOn": "PublishedVersions"}}, 400, invalidCode, "nodejs24.x is not supported for SnapStart enabled functions."),
		"an unknown SnapStart":       create(object{"SnapStart": object{"ApplyOn": "On"}}, 400, validation, "1 validation error detected: Value 'On' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]"),
		"levels for text logs":       create(object{"LoggingConfig": object{"LogFormat": "Text", "ApplicationLogLevel": "INFO"}}, 400, invalidCode, `LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.`),
		"an unknown log format":      create(object{"LoggingConfig": object{"LogFormat": "XML"}}, 400, validation, "1 validation error detected: Value 'XML' at 'loggingConfig.logFormat' failed to satisfy constraint: Member must satisfy enum value set: [JSON, Text]"),
		"a layer of nobody":          create(object{"Layers": []string{"arn:aws:lambda:us-east-1:123456789012:layer:mine:1"}}, 400, invalidCode, "Layer version arn:aws:lambda:us-east-1:123456789012:layer:mine:1 does not exist."),
		"a layer elsewhere":          create(object{"Layers": []string{"arn:aws:lambda:eu-west-1:999999999999:layer:theirs:1"}}, 400, invalidCode, "Layers are not in the same region as the function. Layers are expected to be in region us-east-1."),
		"six layers":                 create(object{"Layers": layers(6)}, 400, invalidCode, "Cannot reference more than 5 layers."),
		"too much environment":       create(object{"Environment": object{"Variables": object{"AB": strings.Repeat("x", 4096)}}}, 400, invalidCode, `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"AB":"`+strings.Repeat("x", 4096)+`"}`),
		"code that is no zip":        create(object{"Code": object{"ZipFile": []byte("no zip")}}, 400, invalidCode, "Could not unzip uploaded file. Please check your file, then try to upload again."),
		"a zip of nothing":           create(object{"Code": object{"ZipFile": emptyArchive(t)}}, 400, invalidCode, "Uploaded file must be a non-empty zip"),
		"a file outside of the zip":  create(object{"Code": object{"ZipFile": archiveOf(t, "../up.js", "x")}}, 400, invalidCode, "Could not unzip uploaded file. Please check your file, then try to upload again."),
		"no source of code":          create(object{"Code": object{}}, 400, invalidCode, "Please provide a source for function code."),
		"code in a bucket":           create(object{"Code": object{"S3Bucket": "b", "S3Key": "k"}}, 400, invalidCode, "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
		"a container image":          create(object{"Code": object{"ImageUri": "x"}}, 501, "NotOfferedException", "the local AWS does not offer container images"),
		"a package type of images":   create(object{"PackageType": "Image"}, 501, "NotOfferedException", "the local AWS does not offer package type Image"),
		"51 tags":                    create(object{"Tags": tags(51)}, 400, invalidCode, "Number of tags exceeds resource tag limit."),
		"a variable of one letter":   create(variables("A"), 400, validation, variable("A")),
		"a variable with a dash":     create(variables("A-B"), 400, validation, variable("A-B")),
		"a variable with a digit":    create(variables("1AB"), 400, validation, variable("1AB")),
		"Lambda's own variables":     create(variables("AWS_REGION", "OK", "_HANDLER"), 400, validation, variable("_HANDLER")),
		"AWS's own variables":        create(variables("AWS_REGION", "AWS_DEFAULT_REGION", "OK"), 400, invalidCode, "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_DEFAULT_REGION, AWS_REGION"),
		"a log group with a space":   create(object{"LoggingConfig": object{"LogGroup": "a b"}}, 400, validation, `1 validation error detected: Value 'a b' at 'loggingConfig.logGroup' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`),
		"17 subnets":                 create(object{"VpcConfig": object{"SubnetIds": make([]string, 17)}}, 400, validation, "1 validation error detected: Value '["+strings.Repeat(", ", 16)+"]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must have length less than or equal to 16"),
		"6 security groups":          create(object{"VpcConfig": object{"SecurityGroupIds": make([]string, 6)}}, 400, validation, "1 validation error detected: Value '["+strings.Repeat(", ", 5)+"]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must have length less than or equal to 5"),
		"a key that is no ARN":       create(object{"KMSKeyArn": "alias/mine"}, 400, validation, "1 validation error detected: Value 'alias/mine' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"),
		"a zip's key that is no ARN": create(object{"Code": object{"ZipFile": archive(t, "one"), "SourceKMSKeyArn": ""}}, 400, validation, "1 validation error detected: Value '' at 'code.sourceKMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*"),
		"a tag of AWS's own":         create(object{"Tags": object{"AWS:x": "y"}}, 400, invalidCode, "Aws: prefixed tag key names are not allowed for external use."),
		"a name in a partition":      create(object{"FunctionName": "arn:aws-cn:lambda:us-east-1:" + account + ":function:new"}, 403, "AccessDeniedException", ""),
		"a role in a partition":      create(object{"Role": strings.Replace(role, "aws", "aws-cn", 1)}, 400, invalidCode, "The role defined for the function cannot be assumed by Lambda."),
		"a layer of 141":             create(object{"Layers": []string{"arn:aws:lambda:us-east-1:999999999999:layer:" + strings.Repeat("l", 95) + ":1"}}, 400, validation, "").withMessage(badLayer("arn:aws:lambda:us-east-1:999999999999:layer:" + strings.Repeat("l", 95) + ":1")),

		"a member nobody knows":          create(object{"Colour": "red"}, 501, "NotOfferedException", "the local AWS does not offer the member Colour of this operation"),
		"a member inside a member":       create(object{"VpcConfig": object{"SubnetIds": []string{}, "Colour": "red"}}, 501, "NotOfferedException", "the local AWS does not offer the member VpcConfig.Colour of this operation"),
		"a member of the code":           create(object{"Code": object{"ZipFile": archive(t, "one"), "S3ObjectStorageMode": "COPY"}}, 501, "NotOfferedException", "the local AWS does not offer the member Code.S3ObjectStorageMode of this operation"),
		"a member beside the variables":  create(object{"Environment": object{"Variables": object{}, "Error": object{}}}, 501, "NotOfferedException", "the local AWS does not offer the member Environment.Error of this operation"),
		"a member of a value's own type": create(object{"configInput": object{}}, 501, "NotOfferedException", "the local AWS does not offer the member configInput of this operation"),

		"a member of the wrong kind": create(object{"Timeout": "three"}, 400, "SerializationException", "the member Timeout cannot be a string"),
	})
}

// variables is an environment of these names.
func variables(names ...string) object {
	all := object{}
	for _, name := range names {
		all[name] = "x"
	}
	return object{"Environment": object{"Variables": all}}
}

func variable(name string) string {
	return "1 validation error detected: Value '" + name + "' at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"
}

func badLayer(arn string) string {
	return "1 validation error detected: Value '[" + arn + "]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 140, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+, Member must not be null]"
}

func TestChangesRefuseWhatAWSRefuses(t *testing.T) {
	t.Parallel()
	const stranger = "00000000-0000-4000-8000-000000000000"
	publish := func(f *fixture) { f.must(201, "POST", functions+"/fn/versions", nil) }
	run(t, map[string]refusal{
		"code under a stale revision":          {nil, "PUT", functions + "/fn/code", object{"ZipFile": archive(t, "two"), "RevisionId": stranger}, 412, "PreconditionFailedException", staleText},
		"configuration under a stale revision": {nil, "PUT", functions + "/fn/configuration", object{"RevisionId": stranger}, 412, "PreconditionFailedException", staleText},
		"a version under a stale revision":     {nil, "POST", functions + "/fn/versions", object{"RevisionId": stranger}, 412, "PreconditionFailedException", staleText},
		"no version for a stale revision":      {publish, "POST", functions + "/fn/versions", object{"RevisionId": stranger}, 412, "PreconditionFailedException", staleText},
		"a version of other code":              {nil, "POST", functions + "/fn/versions", object{"CodeSha256": "abc"}, 400, invalidCode, "CodeSHA256 (abc) is different from current CodeSHA256 in $LATEST (" + digest(archive(t, "one")) + "). Please try again with the CodeSHA256 in $LATEST."},
		"a long description of a version":      {nil, "POST", functions + "/fn/versions", object{"Description": strings.Repeat("d", 257)}, 400, validation, "1 validation error detected: Value '" + strings.Repeat("d", 257) + "' at 'description' failed to satisfy constraint: Member must have length less than or equal to 256"},
		"a role that went away":                {nil, "PUT", functions + "/fn/configuration", object{"Role": role + "2"}, 400, invalidCode, "The role defined for the function cannot be assumed by Lambda."},
		"a retired runtime":                    {nil, "PUT", functions + "/fn/configuration", object{"Runtime": "nodejs14.x"}, 400, invalidCode, "The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."},
		"code that is no zip":                  {nil, "PUT", functions + "/fn/code", object{"ZipFile": []byte("no zip")}, 400, invalidCode, "Could not unzip uploaded file. Please check your file, then try to upload again."},
		"$LATEST to delete":                    {nil, "DELETE", functions + "/fn?Qualifier=$LATEST", nil, 400, invalidCode, "$LATEST version cannot be deleted without deleting the function."},
		"an alias to delete as a version":      {nil, "DELETE", functions + "/fn?Qualifier=live", nil, 400, invalidCode, "Deletion of aliases is not currently supported."},
		"two qualifiers that differ":           {publish, "GET", functions + "/fn:1?Qualifier=$LATEST", nil, 400, invalidCode, "The derived qualifier from the function name does not match the specified qualifier."},
		"a member in a routing config":         {publish, "POST", functions + "/fn/aliases", object{"Name": "a", "FunctionVersion": "1", "RoutingConfig": object{"Colour": 1}}, 501, "NotOfferedException", "the local AWS does not offer the member RoutingConfig.Colour of this operation"},
		"a variable of Lambda's to set":        {nil, "PUT", functions + "/fn/configuration", variables("LAMBDA_TASK_ROOT"), 400, invalidCode, "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: LAMBDA_TASK_ROOT"},
		"a key for new code":                   {nil, "PUT", functions + "/fn/code", object{"ZipFile": archive(t, "two"), "SourceKMSKeyArn": "x"}, 400, validation, "1 validation error detected: Value 'x' at 'sourceKMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*"},
		"a tag of AWS's own to add":            {nil, "POST", "/2017-03-31/tags/" + percentAll(arn("fn")), object{"Tags": object{"aws:x": "y"}}, 400, invalidCode, "Aws: prefixed tag key names are not allowed for external use."},
		"a name in odd letters":                {nil, "PUT", functions + "/b@d/code", object{"ZipFile": []byte("x")}, 400, validation, "1 validation error detected: Value 'b@d' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: " + namePattern},
		"the code of a version":                {publish, "PUT", functions + "/fn:1/code", object{"ZipFile": archive(t, "two")}, 400, invalidCode, onlyLatest},
		"the configuration of a version":       {publish, "PUT", functions + "/" + percentAll(arn("fn:1")) + "/configuration", nil, 400, invalidCode, onlyLatest},
		"a version of a version":               {publish, "POST", functions + "/fn:1/versions", nil, 400, invalidCode, onlyLatest},
		"versions of a version":                {publish, "GET", functions + "/fn:1/versions", nil, 400, invalidCode, onlyLatest},
		"aliases of a version":                 {publish, "GET", functions + "/fn:1/aliases", nil, 400, invalidCode, onlyLatest},
		"a body that is no JSON":               {nil, "PUT", functions + "/fn/configuration", "{", 400, "InvalidRequestContentException", "Could not parse request body into json: unexpected end of JSON input"},
	})
}

// TestDuringATransitionChangesAreConflicts: AWS refuses to update, publish or
// tag a function that is Pending or being updated.
func TestDuringATransitionChangesAreConflicts(t *testing.T) {
	t.Parallel()
	attempts := map[string]refusal{
		"code":          {nil, "PUT", functions + "/slow/code", object{"ZipFile": archive(t, "two")}, 409, conflictCode, ""},
		"configuration": {nil, "PUT", functions + "/slow/configuration", object{"Timeout": 4}, 409, conflictCode, ""},
		"publish":       {nil, "POST", functions + "/slow/versions", nil, 409, conflictCode, ""},
		"tag":           {nil, "POST", "/2017-03-31/tags/" + percentAll(arn("slow")), object{"Tags": object{"a": "b"}}, 409, conflictCode, ""},
	}
	for name, r := range attempts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, lambda.Delays{FunctionCreate: time.Second, FunctionUpdate: time.Second})
			f.must(201, "POST", functions, creation(t, "slow", nil))
			if got := f.send(r.method, r.path, r.body); got.status != 409 ||
				got.object(t)["message"] != "The operation cannot be performed at this time. The function is currently in the following state: Pending" {
				t.Errorf("while Pending: %d %s", got.status, got.body)
			}
			f.advance(time.Second)
			f.must(200, "PUT", functions+"/slow/configuration", object{"Timeout": 9})
			if got := f.send(r.method, r.path, r.body); got.status != 409 ||
				got.object(t)["message"] != "The operation cannot be performed at this time. An update is in progress for resource: "+arn("slow") {
				t.Errorf("while InProgress: %d %s", got.status, got.body)
			}
			f.advance(time.Second)
			if got := f.send(r.method, r.path, r.body); got.status >= 300 {
				t.Errorf("afterwards: %d %s", got.status, got.body)
			}
		})
	}
}

func TestAnAnswerCarriesARequestID(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	first, second := f.send(http.MethodGet, functions+"/fn", nil), f.send(http.MethodGet, functions+"/fn", nil)
	if a, b := first.header.Get("x-amzn-RequestId"), second.header.Get("x-amzn-RequestId"); len(a) != 36 || a == b {
		t.Errorf("request ids %q and %q", a, b)
	}
}

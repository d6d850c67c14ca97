package awscli

import (
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// rule is a way to break what CloudFront wants of an association.
type rule struct {
	name     string
	function object        // members of a function "f" that is made for it; nil for a plain one
	change   func(*breach) // of what is sent
	code     string        // of the refusal; "" is InvalidLambdaFunctionAssociation
	sentence string        // "" where nobody has logged AWS's
}

// breach is what a rule may change.
type breach struct {
	arn    string // of the function's version 1
	own    string // of the function, without a version
	list   []object
	config object
}

// behavior is the one that the association is for.
func (b *breach) behavior() object { return b.config["DefaultCacheBehavior"].(object) }

// cloudFrontFunction puts a CloudFront Function beside the association.
func (b *breach) cloudFrontFunction(event string) {
	b.behavior()["FunctionAssociations"] = object{"Quantity": 1, "Items": []object{{
		"FunctionARN": "arn:aws:cloudfront::" + account + ":function/g", "EventType": event}}}
}

func lambdaArn(arn string) func(*breach) {
	return func(b *breach) { b.list[0]["LambdaFunctionARN"] = arn }
}

// rules are CloudFront's, with the sentences that people logged when they
// broke them. Numbers of viewer triggers are those before 2024, as in the logs.
// Not here are the rules that no call can break, because the local AWS knows no
// permissions and no container images, and the one about gRPC: CLIs as old as
// Debian 12's do not know the member.
func rules() []rule {
	const notVersion = "The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: "
	return []rule{
		{name: "a bare ARN", change: func(b *breach) { b.list[0]["LambdaFunctionARN"] = b.own }, sentence: notVersion + lambda},
		{name: "$LATEST", change: func(b *breach) { b.list[0]["LambdaFunctionARN"] = b.own + ":$LATEST" }, sentence: notVersion + lambda},
		{name: "an alias", change: func(b *breach) { b.list[0]["LambdaFunctionARN"] = b.own + ":live" }, sentence: notVersion + lambda},
		{name: "another region", change: lambdaArn("arn:aws:lambda:eu-west-1:" + account + ":function:f:1"),
			sentence: "The function must be in region 'us-east-1'. ARN: arn:aws:lambda:eu-west-1:" + account + ":function:f:1"},
		{name: "another account", change: lambdaArn("arn:aws:lambda:us-east-1:210987654321:function:f:1")}, // sentence UNKNOWN
		{name: "a version that is not there", change: lambdaArn(lambda + "nobody:7"), // LIKELY: CloudFront reads through GetFunction
			sentence: "Lambda@Edge cannot retrieve the specified Lambda function. Update the IAM policy to add permission: lambda:GetFunction for resource: " + lambda + "nobody:7 and try again."},
		{name: "runtime", function: object{"Runtime": "java21", "Handler": "a.B"},
			sentence: "The function has an invalid runtime for functions that are triggered by a CloudFront event: java21 Expecting: "},
		{name: "timeout", function: object{"Timeout": 15},
			sentence: "The function timeout is larger than the maximum allowed for functions that are triggered by a CloudFront event: 15 Max allowed: 5 Function: " + lambda + "timeout:1"},
		{name: "timeout-at-origin", function: object{"Timeout": 31}, change: func(b *breach) { b.list[0]["EventType"] = "origin-request" },
			sentence: "The function timeout is larger than the maximum allowed for functions that are triggered by a CloudFront event: 31 Max allowed: 30 Function: " + lambda + "timeout-at-origin:1"},
		{name: "memory", function: object{"MemorySize": 1024},
			sentence: "The function memory size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: 1024 Max allowed: 128 Function: " + lambda + "memory:1"},
		{name: "size", function: object{"Code": "big"},
			sentence: "The function code size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: "},
		{name: "environment", function: object{"Environment": object{"Variables": object{"AB": "b"}}},
			sentence: "The function cannot have environment variables. Function: " + lambda + "environment:1"},
		{name: "vpc", function: object{"VpcConfig": object{"SubnetIds": []string{"subnet-1"}, "SecurityGroupIds": []string{"sg-1"}}},
			sentence: "The function cannot have a VPC configuration. Function:" + lambda + "vpc:1"},
		{name: "layer", function: object{"Layers": []string{"arn:aws:lambda:us-east-1:999999999999:layer:theirs:1"}},
			sentence: "The function cannot have a layer. Function: " + lambda + "layer:1"},
		{name: "arm64", function: object{"Architectures": []string{"arm64"}},
			sentence: "Lambda@Edge does not support functions with an architecture of arm64"},
		{name: "role", function: object{"Role": "arn:aws:iam::" + account + ":role/lambda-only"},
			sentence: "The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals. Update the IAM role and try again. Role: arn:aws:iam::" + account + ":role/lambda-only"},
		{name: "include-body", change: func(b *breach) { b.list[0]["EventType"], b.list[0]["IncludeBody"] = "viewer-response", true },
			sentence: "The IncludeBody option can only be used with viewer-request or origin-request events."},
		{name: "two-functions", change: func(b *breach) { b.list = append(b.list, association(b.arn, "viewer-request")) },
			code:     "InvalidFunctionAssociation", // LIKELY
			sentence: "The event type of a function association must be unique in the cache behavior. Event type viewer-request cannot be associated with two functions: "},
		{name: "two-kinds-of-functions", change: func(b *breach) { b.cloudFrontFunction("viewer-request") },
			code:     "InvalidFunctionAssociation", // LIKELY
			sentence: "The event type of a function association must be unique in the cache behavior. Event type viewer-request cannot be associated with two functions: "},
		{name: "mixed-viewers", change: func(b *breach) { b.cloudFrontFunction("viewer-response") }},                                      // sentence UNKNOWN
		{name: "smooth-streaming", change: func(b *breach) { b.behavior()["SmoothStreaming"] = true }},                                    // sentence UNKNOWN
		{name: "dead-letter-queue", function: object{"DeadLetterConfig": object{"TargetArn": "arn:aws:sqs:us-east-1:" + account + ":q"}}}, // sentence UNKNOWN
		{name: "x-ray", function: object{"TracingConfig": object{"Mode": "Active"}}},                                                      // sentence UNKNOWN
		{name: "storage", function: object{"EphemeralStorage": object{"Size": 1024}}},                                                     // sentence UNKNOWN
		{name: "customers-key", function: object{"Code": "with a key"}},                                                                   // sentence UNKNOWN
		{name: "event-type", change: func(b *breach) { b.list[0]["EventType"] = "viewer" }, code: "MalformedXML",
			sentence: "1 validation error detected: Value 'viewer' at 'distributionConfig.defaultCacheBehavior.lambdaFunctionAssociations.items.1.member.eventType' failed to satisfy constraint: "},
		{name: "quantity", change: func(b *breach) { b.config["Aliases"] = object{"Quantity": 3} }, code: "InconsistentQuantities"},
		{name: "origin", change: func(b *breach) { b.behavior()["TargetOriginId"] = "nowhere" },
			code: "NoSuchOrigin", sentence: "One or more of your origins or origin groups do not exist."},
		{name: "caller-reference", change: func(b *breach) { b.config["CallerReference"] = "another" },
			code: "IllegalUpdate", sentence: "You cannot update Origin or CallerReference."},
		{name: "no-associations", change: func(b *breach) { delete(b.behavior(), "LambdaFunctionAssociations") },
			code: "InvalidArgument", sentence: "The parameter Lambda function associations is required."},
	}
}

// Every rule that a caller of the API can break is broken, and answered in the
// words that CloudFront uses.
func TestEveryRuleOfAssociationsIsRefusedInCloudFrontsWords(t *testing.T) {
	t.Parallel()
	r := newRig(t, "--legacy-viewer-limits")
	if err := r.Seed(t.Context(), localaws.Seed{Roles: []iam.SeedRole{
		{ARN: "arn:aws:iam::" + account + ":role/lambda-only", Trust: []string{"lambda.amazonaws.com"}},
	}}); err != nil {
		t.Fatal(err)
	}
	r.function("plain", nil)
	r.api("POST /2015-03-31/functions/plain/aliases", object{"Name": "live", "FunctionVersion": "1"})
	c := r.config(seeded)
	t.Run("rules", func(t *testing.T) { // ends when all of them have
		for _, rule := range rules() {
			t.Run(rule.name, func(t *testing.T) {
				t.Parallel()
				rule.isKept(r.with(t), c)
			})
		}
	})
	if after := r.config(seeded); after.ETag != c.ETag {
		t.Error("the distribution changed although everything was refused")
	}
	// The plain function would have been fine.
	aws[distribution](r, "cloudfront", "update-distribution", "--id", seeded, "--if-match", c.ETag,
		"--distribution-config", r.file("fine.json", c.associated(t, association(lambda+"plain:1", "viewer-request"))))
}

// isKept breaks the rule and wants the refusal.
func (u rule) isKept(r *rig, c configuration) {
	r.t.Helper()
	name := "plain"
	if u.function != nil {
		name = u.name
		switch u.function["Code"] {
		case "big":
			u.function["Code"] = object{"ZipFile": smallZip(r.t, 1<<20)}
		case "with a key":
			u.function["Code"] = object{"ZipFile": smallZip(r.t, 0), "SourceKMSKeyArn": "arn:aws:kms:us-east-1:" + account + ":key/1"}
		}
		r.function(name, u.function)
	}
	b := &breach{own: lambda + name, arn: lambda + name + ":1", config: clone(r.t, c.DistributionConfig)}
	b.list = []object{association(b.arn, "viewer-request")}
	associate(b.behavior(), b.list...)
	if u.change != nil {
		u.change(b)
		if _, there := b.behavior()["LambdaFunctionAssociations"]; there {
			associate(b.behavior(), b.list...)
		}
	}
	code := u.code
	if code == "" {
		code = "InvalidLambdaFunctionAssociation"
	}
	r.refused(code, u.sentence, "cloudfront", "update-distribution", "--id", seeded, "--if-match", c.ETag,
		"--distribution-config", r.file("config.json", b.config))
}

package cf_test

import (
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

// The sentences stand here a second time on purpose: they are what a client
// is judged by, and a slip in the code must not rewrite them.
func TestAFunctionThatTheEdgeDoesNotTakeIsRefusedInCloudFrontsWords(t *testing.T) {
	t.Parallel()
	good := versionARN("fn", 1)
	const event = "triggered by a CloudFront event: "
	for rule, tc := range map[string]struct {
		arn    string
		event  string
		change func(*cf.Function)
		legacy bool
		want   string
	}{
		"the bare ARN of a function": {arn: strings.TrimSuffix(good, ":1"),
			want: "The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: arn:aws:lambda:us-east-1:111111111111:function:fn"},
		"$LATEST": {arn: strings.TrimSuffix(good, "1") + "$LATEST",
			want: "The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: arn:aws:lambda:us-east-1:111111111111:function:fn:$LATEST"},
		"an alias": {arn: strings.TrimSuffix(good, "1") + "live",
			want: "The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: arn:aws:lambda:us-east-1:111111111111:function:fn:live"},
		"a name instead of an ARN": {arn: "fn",
			want: "The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: fn"},
		"another partition": {arn: strings.Replace(good, "arn:aws:", "arn:aws-cn:", 1),
			want: "The function must be in region 'us-east-1'. ARN: arn:aws-cn:lambda:us-east-1:111111111111:function:fn:1"},
		"another region": {arn: strings.Replace(good, "us-east-1", "eu-west-1", 1),
			want: "The function must be in region 'us-east-1'. ARN: arn:aws:lambda:eu-west-1:111111111111:function:fn:1"},
		"another account": {arn: strings.Replace(good, account, "222222222222", 1),
			want: "The function must be in the same account as the distribution. ARN: arn:aws:lambda:us-east-1:222222222222:function:fn:1"},
		"a version that does not exist": {arn: versionARN("fn", 99),
			want: "Lambda@Edge cannot retrieve the specified Lambda function. Update the IAM policy to add permission: lambda:GetFunction for resource: arn:aws:lambda:us-east-1:111111111111:function:fn:99 and try again."},
		"a runtime of another family": {change: func(f *cf.Function) { f.Runtime = "java21" },
			want: "The function has an invalid runtime for functions that are " + event + "java21 Expecting: nodejs24.x, nodejs22.x, nodejs20.x, python3.14, python3.13, python3.12, python3.11, python3.10 Function: " + good},
		"a runtime that left the edge": {change: func(f *cf.Function) { f.Runtime = "nodejs4.3" },
			want: "The function has an invalid runtime for functions that are " + event + "nodejs4.3 Expecting: nodejs24.x, nodejs22.x, nodejs20.x, python3.14, python3.13, python3.12, python3.11, python3.10 Function: " + good},
		"a timeout over 30 s": {change: func(f *cf.Function) { f.TimeoutSeconds = 31 },
			want: "The function timeout is larger than the maximum allowed for functions that are " + event + "31 Max allowed: 30 Function: " + good},
		"a timeout over 5 s on a viewer trigger, by the old numbers": {change: func(f *cf.Function) { f.TimeoutSeconds = 15 }, legacy: true,
			want: "The function timeout is larger than the maximum allowed for functions that are " + event + "15 Max allowed: 5 Function: " + good},
		"a timeout over 30 s on an origin trigger, by the old numbers": {event: "origin-request", change: func(f *cf.Function) { f.TimeoutSeconds = 31 }, legacy: true,
			want: "The function timeout is larger than the maximum allowed for functions that are " + event + "31 Max allowed: 30 Function: " + good},
		"memory over Lambda's own": {change: func(f *cf.Function) { f.MemoryMB = 10241 },
			want: "The function memory size is larger than the maximum allowed size for functions that are " + event + "10241 Max allowed: 10240 Function: " + good},
		"memory over 128 MB on a viewer trigger, by the old numbers": {event: "viewer-response", change: func(f *cf.Function) { f.MemoryMB = 1024 }, legacy: true,
			want: "The function memory size is larger than the maximum allowed size for functions that are " + event + "1024 Max allowed: 128 Function: " + good},
		"a zip over 50 MB": {change: func(f *cf.Function) { f.CodeSize = 52428801 },
			want: "The function code size is larger than the maximum allowed size for functions that are " + event + "52428801 Max allowed: 52428800 Function: " + good},
		"a zip over 1 MB on a viewer trigger, by the old numbers": {change: func(f *cf.Function) { f.CodeSize = 1212049 }, legacy: true,
			want: "The function code size is larger than the maximum allowed size for functions that are " + event + "1212049 Max allowed: 1048576 Function: " + good},
		"environment variables": {change: func(f *cf.Function) { f.HasEnvironment = true },
			want: "The function cannot have environment variables. Function: " + good},
		"a VPC": {change: func(f *cf.Function) { f.HasVPC = true },
			want: "The function cannot have a VPC configuration. Function:" + good},
		"a layer": {change: func(f *cf.Function) { f.HasLayers = true },
			want: "The function cannot have a layer. Function: " + good},
		"arm64": {change: func(f *cf.Function) { f.Architecture = "arm64" },
			want: "Lambda@Edge does not support functions with an architecture of arm64"},
		"a role that trusts Lambda only": {change: func(f *cf.Function) { f.RoleTrust = f.RoleTrust[:1] },
			want: "The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals. Update the IAM role and try again. Role: arn:aws:iam::111111111111:role/edge"},
		"a role that trusts the edge only": {change: func(f *cf.Function) { f.RoleTrust = f.RoleTrust[1:] },
			want: "The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals. Update the IAM role and try again. Role: arn:aws:iam::111111111111:role/edge"},
		"a version that is not Active yet": {change: func(f *cf.Function) { f.State = "Pending" },
			want: "The function must be in an Active state. The current state for function " + good + " is Pending"},
		"a dead-letter queue": {change: func(f *cf.Function) { f.HasDeadLetter = true },
			want: "The function cannot have a dead-letter queue. Function: " + good},
		"active tracing": {change: func(f *cf.Function) { f.ActiveTracing = true },
			want: "The function cannot have active X-Ray tracing. Function: " + good},
		"more than 512 MB of ephemeral storage": {change: func(f *cf.Function) { f.EphemeralMB = 513 },
			want: "The function ephemeral storage is larger than the maximum allowed for functions that are " + event + "513 Max allowed: 512 Function: " + good},
		"a customer managed key": {change: func(f *cf.Function) { f.HasKMS = true },
			want: "The function cannot be encrypted with a customer managed key. Function: " + good},
		"a container image": {change: func(f *cf.Function) { f.PackageType, f.Runtime = "Image", "" },
			want: "The function cannot be a container image. Function: " + good},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *cf.Config) { c.LegacyViewerLimits = tc.legacy })
			if tc.change != nil {
				f := goodFunction(good)
				tc.change(&f)
				b.functions[good] = f
			}
			arn, on := tc.arn, tc.event
			if arn == "" {
				arn = good
			}
			if on == "" {
				on = "viewer-request"
			}
			a := b.must(b.send("POST", "distribution", distribution("ref", lambda(on, arn))), 400)
			if code, message := b.refused(a); code != "InvalidLambdaFunctionAssociation" || message != tc.want {
				t.Errorf("%s:\n got %s\nwant %s", code, message, tc.want)
			}
			// Nothing was created, and an update is judged the same way.
			id, etag := b.created(distribution("ref", lambda()))
			a = b.must(b.update(id, etag, distribution("ref", lambda(on, arn))), 400)
			if _, message := b.refused(a); message != tc.want {
				t.Errorf("update: %s", message)
			}
			if got := b.config(id); got.etag != etag {
				t.Error("a refused update changed the ETag")
			}
		})
	}
}

func TestWhatTheLimitsAllowIsAccepted(t *testing.T) {
	t.Parallel()
	good := versionARN("fn", 1)
	for rule, tc := range map[string]struct {
		event  string
		legacy bool
		change func(*cf.Function)
	}{
		"today's viewer limits":              {"viewer-request", false, func(f *cf.Function) { f.TimeoutSeconds, f.MemoryMB, f.CodeSize = 30, 10240, 52428800 }},
		"the old viewer limits":              {"viewer-request", true, func(f *cf.Function) { f.TimeoutSeconds, f.MemoryMB, f.CodeSize = 5, 128, 1048576 }},
		"the origin limits, then as now":     {"origin-response", true, func(f *cf.Function) { f.TimeoutSeconds, f.MemoryMB, f.CodeSize = 30, 10240, 52428800 }},
		"a Python runtime":                   {"origin-request", false, func(f *cf.Function) { f.Runtime = "python3.14" }},
		"a deprecated runtime of an old one": {"origin-request", false, func(f *cf.Function) { f.Runtime = "nodejs12.x" }},
		"512 MB of ephemeral storage":        {"viewer-response", false, func(f *cf.Function) { f.EphemeralMB = 512 }},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *cf.Config) { c.LegacyViewerLimits = tc.legacy })
			f := goodFunction(good)
			tc.change(&f)
			b.functions[good] = f
			b.created(distribution("ref", lambda(tc.event, good)))
		})
	}
}

// Each flaw is named while all flaws after it are there too: a person who
// fixed six of them one after the other met them in this order.
func TestTheFirstOfManyFlawsIsTheOneNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.LegacyViewerLimits = true })
	arn := versionARN("fn", 1)
	bad := cf.Function{
		ARN: arn, Runtime: "ruby3.2", Role: "role", State: "Pending", Architecture: "arm64", PackageType: "Zip",
		TimeoutSeconds: 900, MemoryMB: 3008, CodeSize: 60 << 20, HasEnvironment: true, HasVPC: true, HasLayers: true,
		HasDeadLetter: true, ActiveTracing: true, EphemeralMB: 1024, HasKMS: true,
	}
	good := goodFunction(arn)
	association := strings.Replace(lambda("viewer-response", arn), "</EventType>", "</EventType><IncludeBody>true</IncludeBody>", 1)
	for _, step := range []struct {
		want string
		fix  func()
	}{
		{"The function has an invalid runtime", func() { bad.Runtime = good.Runtime }},
		{"The function timeout", func() { bad.TimeoutSeconds = 5 }},
		{"The function memory size", func() { bad.MemoryMB = 128 }},
		{"The function code size", func() { bad.CodeSize = 10 }},
		{"The function cannot have environment variables", func() { bad.HasEnvironment = false }},
		{"The function cannot have a VPC", func() { bad.HasVPC = false }},
		{"The function cannot have a layer", func() { bad.HasLayers = false }},
		{"Lambda@Edge does not support functions with an architecture", func() { bad.Architecture = "" }},
		{"The function execution role", func() { bad.RoleTrust = good.RoleTrust }},
		{"The function must be in an Active state", func() { bad.State = "Active" }},
		{"The IncludeBody option can only", func() {
			association = lambda("viewer-response", arn)
		}},
		{"The function cannot have a dead-letter queue", func() { bad.HasDeadLetter = false }},
		{"The function cannot have active X-Ray", func() { bad.ActiveTracing = false }},
		{"The function ephemeral storage", func() { bad.EphemeralMB = 512 }},
		{"The function cannot be encrypted", func() { bad.HasKMS = false }},
	} {
		b.functions[arn] = bad
		a := b.must(b.send("POST", "distribution", distribution("ref", association)), 400)
		if _, message := b.refused(a); !strings.HasPrefix(message, step.want) {
			t.Errorf("got %q, want %q", message, step.want)
		}
		step.fix()
	}
	b.functions[arn] = bad
	b.created(distribution("ref", association))
}

func TestABehaviorTakesOneFunctionForEachEvent(t *testing.T) {
	t.Parallel()
	one, two := versionARN("fn", 1), versionARN("fn", 2)
	viewerFunction := func(event string) string {
		return "<FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation>" +
			"<FunctionARN>arn:aws:cloudfront::111111111111:function/headers</FunctionARN><EventType>" + event +
			"</EventType></FunctionAssociation></Items></FunctionAssociations>"
	}
	unique := "The event type of a function association must be unique in the cache behavior. Event type viewer-request cannot be associated with two functions: null and amazon.edge.datastore.entity.HookFunctionAssociation@3be8dab7[cacheBehaviorId=<null>,hookType=viewer-request"
	for rule, tc := range map[string]struct{ behavior, code, want string }{
		"two versions on one event": {lambda("viewer-request", one, "viewer-request", two), "InvalidFunctionAssociation", unique},
		"a CloudFront Function on the same event": {
			lambda("viewer-request", one) + viewerFunction("viewer-request"), "InvalidFunctionAssociation", unique},
		"a CloudFront Function on the other viewer event": {
			lambda("viewer-request", one) + viewerFunction("viewer-response"), "InvalidLambdaFunctionAssociation",
			"A cache behavior cannot have both Lambda@Edge functions and CloudFront Functions on its viewer events."},
		"Smooth Streaming": {"<SmoothStreaming>true</SmoothStreaming>" + lambda("origin-request", one),
			"InvalidLambdaFunctionAssociation", "Lambda@Edge functions cannot be used in a cache behavior with Smooth Streaming."},
		"gRPC": {lambda("origin-request", one) + "<GrpcConfig><Enabled>true</Enabled></GrpcConfig>",
			"InvalidLambdaFunctionAssociation", "Lambda@Edge functions cannot be used in a cache behavior that allows gRPC."},
		"the body in a response event": {
			strings.Replace(lambda("origin-response", one), "</EventType>", "</EventType><IncludeBody>true</IncludeBody>", 1),
			"InvalidLambdaFunctionAssociation", "The IncludeBody option can only be used with viewer-request or origin-request events."},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.must(b.send("POST", "distribution", distribution("ref", tc.behavior)), 400)
			if code, message := b.refused(a); code != tc.code || !strings.HasPrefix(message, tc.want) {
				t.Errorf("%s: %s", code, message)
			}
			// The same in another behaviour than the default one.
			inOther := "<CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/a/*</PathPattern>" +
				"<TargetOriginId>site</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>" + tc.behavior + cached +
				"</CacheBehavior></Items></CacheBehaviors>"
			a = b.must(b.send("POST", "distribution", distribution("ref", lambda(), inOther)), 400)
			if _, message := b.refused(a); !strings.HasPrefix(message, tc.want) {
				t.Errorf("in another behaviour: %s", message)
			}
		})
	}
}

func TestFunctionsThatGoTogetherAreAccepted(t *testing.T) {
	t.Parallel()
	arn := versionARN("fn", 1)
	for rule, behavior := range map[string]string{
		"one version on all four events": lambda("viewer-request", arn, "origin-request", arn, "origin-response", arn, "viewer-response", arn),
		"the body in a request event":    strings.Replace(lambda("origin-request", arn), "</EventType>", "</EventType><IncludeBody>true</IncludeBody>", 1),
		"a CloudFront Function beside an origin event": lambda("origin-request", arn) +
			"<FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation><FunctionARN>arn:aws:cloudfront::111111111111:function/f</FunctionARN>" +
			"<EventType>viewer-request</EventType></FunctionAssociation></Items></FunctionAssociations>",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			newBench(t).created(distribution("ref", behavior))
		})
	}
}

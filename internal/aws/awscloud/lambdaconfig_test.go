package awscloud

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/versions"
)

// forbidden is an answer about a function that has everything that edgedeploy
// never sets, as Lambda spells it.
const forbidden = `{"Configuration":{"FunctionName":"auth","FunctionArn":"arn:aws:lambda:us-east-1:111111111111:function:auth",
"AcceleratorConfig":{"AcceleratorMemorySize":24},"Architectures":["arm64"],"CapacityProviderConfig":{"LambdaManagedInstancesCapacityProviderConfig":{"CapacityProviderArn":"c"}},
"DeadLetterConfig":{"TargetArn":"d"},"DurableConfig":{"ExecutionTimeout":60},"Environment":{"Variables":{"A":"b"}},"EphemeralStorage":{"Size":513},
"FileSystemConfigs":[{"Arn":"f","S3FilesConfig":{"DirectS3Read":"ENABLED"}}],"KMSKeyArn":"k","Layers":[{}],
"LoggingConfig":{"LogFormat":"JSON","LogGroup":"/aws/lambda/auth","SystemLogLevel":"DEBUG"},"PackageType":"Image","RuntimeConfig":{"RuntimeArn":"r"},
"SigningProfileVersionArn":"p","SigningJobArn":"j","SnapStart":{"ApplyOn":"PublishedVersions","OptimizationStatus":"On"},"TenancyConfig":{"TenantIsolationMode":"PER_TENANT"},
"TracingConfig":{"Mode":"Active"},"VpcConfig":{"SubnetIds":["s"],"VpcId":"v"},"ImageConfigResponse":{"ImageConfig":{"Command":["x"]}}},
"Code":{"Location":"https://example.com/?secret","SourceKMSKeyArn":"k","ResolvedS3Object":{"S3Bucket":"b","S3Key":"k"}}}`

// auth is the configuration of a function of that name with more members.
func auth(members string) []byte {
	return []byte(`{"FunctionName":"auth","FunctionArn":"arn:aws:lambda:us-east-1:111111111111:function:auth"` + members + `}`)
}

func TestObservedConfigurationHasOneSpelling(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		have string
		want versions.Config
	}{
		// As AWS really answered (recordings of 2022-09 to 2026-01), and what is new since.
		"what Lambda spells out by itself is nothing": {`,"Runtime":"nodejs24.x","Handler":"index.handler","Role":"` + role + `","MemorySize":128,"Timeout":3,
			"CodeSize":276,"Description":"","LastModified":"2026-01-12T10:00:00.000+0000","CodeSha256":"x","Version":"$LATEST","RevisionId":"r","ConfigSha256":"y",
			"TracingConfig":{"Mode":"PassThrough"},"State":"Active","LastUpdateStatus":"Successful","PackageType":"Zip","Architectures":["x86_64"],
			"EphemeralStorage":{"Size":512},"SnapStart":{"ApplyOn":"None","OptimizationStatus":"Off"},
			"RuntimeVersionConfig":{"RuntimeVersionArn":"arn:aws:lambda:us-east-1::runtime:1"},"LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/auth"},
			"StateReasonCode":"Creating","LastUpdateStatusReason":"x","LastUpdateStatusReasonCode":"Creating","MasterArn":"m",
			"Environment":{"Variables":{}},"VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[],"VpcId":"","Ipv6AllowedForDualStack":false},"Layers":[],"DeadLetterConfig":{},"KMSKeyArn":null`,
			versions.Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 3}},
		"JSON is at info": {`,"LoggingConfig":{"LogFormat":"JSON","LogGroup":"/aws/lambda/auth","SystemLogLevel":"INFO"}`,
			versions.Config{Logging: versions.Logging{Format: "json"}}},
		"JSON is at info, also where Lambda says so": {`,"LoggingConfig":{"LogFormat":"JSON","LogGroup":"/aws/lambda/auth","ApplicationLogLevel":"INFO","SystemLogLevel":"INFO"}`,
			versions.Config{Logging: versions.Logging{Format: "json"}}},
		"another group and level": {`,"LoggingConfig":{"LogFormat":"JSON","LogGroup":"/g","ApplicationLogLevel":"FATAL"}`,
			versions.Config{Logging: versions.Logging{Format: "json", Level: "fatal", Group: "/g"}}},
		"a level with text is none": {`,"LoggingConfig":{"LogFormat":"Text","SystemLogLevel":"DEBUG"}`, versions.Config{}},
		"another function's default group is a group": {`,"LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/other"}`,
			versions.Config{Logging: versions.Logging{Group: "/aws/lambda/other"}}},
		"an environment that cannot be read": {`,"Environment":{"Error":{"ErrorCode":"AccessDeniedException"}}`, versions.Config{Extra: "environment"}},
		"a mode that is none of Lambda's own": {`,"TracingConfig":{"Mode":"Sampled"},"SnapStart":{"ApplyOn":"Both"},"Architectures":["x86_64","arm64"]`,
			versions.Config{Extra: "architecture,snapstart,tracing"}},

		"a member that is not known is named":    {`,"GpuConfig":{"Count":1}`, versions.Config{Extra: "GpuConfig"}},
		"one that says nothing is none":          {`,"GpuConfig":{"Count":0,"Names":[],"More":{"Deep":""}},"Other":null`, versions.Config{}},
		"one inside another":                     {`,"LoggingConfig":{"LogFormat":"Text","Sampling":0.5},"SnapStart":{"ApplyOn":"None","Cache":{"On":true}}`, versions.Config{Extra: "LoggingConfig.Sampling,SnapStart.Cache"}},
		"another spelling is another member":     {`,"environment":{"Variables":{"A":"b"}}`, versions.Config{Extra: "?environment"}},
		"an object that is none":                 {`,"TracingConfig":"Active"`, versions.Config{Extra: "TracingConfig"}},
		"a name that could be taken for two":     {`,"A,B":1`, versions.Config{Extra: "A?B"}},
		"a list where nothing is in it but text": {`,"Hooks":[{}]`, versions.Config{Extra: "Hooks"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := readConfiguration(auth(tt.have))
			if diff := cmp.Diff(tt.want, c.config()); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

// Whatever members and values a document has, one that says something is either
// known, or named.
func TestNoMemberIsDropped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Z][A-Za-z]{0,12}`).Draw(t, "name")
		value := rapid.SampledFrom([]string{`1`, `"x"`, `true`, `[0]`, `{"A":1}`, `{"A":{"B":"x"}}`}).Draw(t, "value")
		inside := rapid.SampledFrom([]string{"", "LoggingConfig", "TracingConfig", "SnapStart", "EphemeralStorage", "RuntimeVersionConfig"}).Draw(t, "inside")
		known, path, doc := configurationMembers(), "", `,"`+name+`":`+value
		if inside != "" {
			known, path, doc = known[inside].parts, inside+".", `,"`+inside+`":{"`+name+`":`+value+`}`
		}
		if _, listed := known[name]; listed {
			t.Skip("known")
		}
		c, err := readConfiguration(auth(doc))
		if err != nil || !slices.Equal(c.Extra, []string{path + name}) {
			t.Fatalf("%s: %v, %v", doc, c.Extra, err)
		}
		if unknown := c.config().Unknown(); !slices.Equal(unknown, c.Extra) {
			t.Fatalf("unknown are %v", unknown)
		}
	})
}

func TestWhatIsNoAnswerOfLambdasIsNoFunction(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{``, `<html>log in</html>`, `[]`, `{}`, `{"Configuration":{}}`, `{"Configuration":{"FunctionName":"auth"}}`, `{"Configuration":[]}`, `{"Configuration":null}`} {
		cloud, _ := openStub(t, answer(200, nil, doc))
		_, err := cloud.Lambda.Head(t.Context(), "auth")
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Message, "the answer is not understood") || e.Hint == "" {
			t.Errorf("%q gives %v", doc, err)
		}
		if _, err := cloud.Lambda.Publish(t.Context(), versions.PublishInput{Function: "auth"}); err == nil {
			t.Errorf("%q is taken for a version", doc)
		}
		if list, err := cloud.Lambda.Versions(t.Context(), "auth"); err == nil {
			t.Errorf("%q is taken for a list of versions: %v", doc, list)
		}
	}
}

func TestLoggingComesBackAsItWasSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := versions.Logging{Group: rapid.SampledFrom([]string{"", "/g", "/aws/lambda/other", "/aws/lambda/auth"}).Draw(t, "group")}
		if rapid.Bool().Draw(t, "json") {
			want.Format = "json"
			want.Level = rapid.SampledFrom([]string{"", "trace", "debug", "info", "warn", "error", "fatal"}).Draw(t, "level")
		}
		sent := loggingFor("auth", want)
		seen := configuration{FunctionName: "auth", LoggingConfig: loggingConfig{
			LogFormat: string(sent.LogFormat), ApplicationLogLevel: string(sent.ApplicationLogLevel), LogGroup: aws.ToString(sent.LogGroup),
		}}
		if got, want := seen.config().Logging, want.Canonical("auth"); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if sent.LogFormat == types.LogFormatJson && sent.SystemLogLevel != types.SystemLogLevelInfo {
			t.Fatalf("Lambda's own level stays what somebody made it: %+v", sent)
		}
		if sent.LogFormat == types.LogFormatText && (sent.ApplicationLogLevel != "" || sent.SystemLogLevel != "") {
			t.Fatalf("a level with text: %+v", sent)
		}
	})
}

// TestExtraUsesTheNamesThatVersionsKnows: a name that versions does not list
// would have no remedy of its own.
func TestExtraUsesTheNamesThatVersionsKnows(t *testing.T) {
	t.Parallel()
	var want []string
	for _, m := range versions.Forbidden() {
		want = append(want, m.Name)
	}
	f, err := readFunction([]byte(forbidden))
	if diff := cmp.Diff(want, f.config().ExtraNames()); err != nil || diff != "" {
		t.Errorf("%v (-versions +awscloud)\n%s", err, diff)
	}
}

func TestStateHasTheFirstReasonThatThereIs(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]configuration{
		"":       {},
		"state":  {StateReason: "state", LastUpdateStatusReason: "update"},
		"update": {LastUpdateStatusReason: "update"},
	} {
		if got := c.state().Reason; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

package awscloud

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/versions"
)

// forbidden is a function that has everything that edgedeploy never sets.
func forbidden(function string) *types.FunctionConfiguration {
	return &types.FunctionConfiguration{
		FunctionName:             aws.String(function),
		Architectures:            []types.Architecture{types.ArchitectureArm64},
		PackageType:              types.PackageTypeImage,
		Environment:              &types.EnvironmentResponse{Variables: map[string]string{"A": "b"}},
		Layers:                   []types.Layer{{}},
		VpcConfig:                &types.VpcConfigResponse{SubnetIds: []string{"s"}},
		DeadLetterConfig:         &types.DeadLetterConfig{TargetArn: aws.String("d")},
		TracingConfig:            &types.TracingConfigResponse{Mode: types.TracingModeActive},
		EphemeralStorage:         &types.EphemeralStorage{Size: aws.Int32(513)},
		FileSystemConfigs:        []types.FileSystemConfig{{}},
		KMSKeyArn:                aws.String("k"),
		SnapStart:                &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnPublishedVersions},
		LoggingConfig:            &types.LoggingConfig{LogFormat: types.LogFormatJson, LogGroup: aws.String("/aws/lambda/auth"), SystemLogLevel: types.SystemLogLevelDebug},
		SigningProfileVersionArn: aws.String("p"), CapacityProviderConfig: &types.CapacityProviderConfig{},
		DurableConfig: &types.DurableConfig{}, TenancyConfig: &types.TenancyConfig{},
	}
}

func TestObservedConfigurationHasOneSpelling(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		have types.FunctionConfiguration
		want versions.Config
	}{
		"what Lambda spells out by itself is nothing": {types.FunctionConfiguration{
			Runtime: "nodejs24.x", Handler: aws.String("index.handler"), Role: aws.String(role), MemorySize: aws.Int32(128), Timeout: aws.Int32(3),
			TracingConfig: &types.TracingConfigResponse{Mode: types.TracingModePassThrough}, PackageType: types.PackageTypeZip,
			Architectures: []types.Architecture{types.ArchitectureX8664}, EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(512)},
			SnapStart:     &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff},
			LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/auth")},
			Environment:   &types.EnvironmentResponse{Variables: map[string]string{}},
			VpcConfig:     &types.VpcConfigResponse{SubnetIds: []string{}, SecurityGroupIds: []string{}, VpcId: aws.String("")},
		}, versions.Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 3}},
		"JSON is at info": {types.FunctionConfiguration{LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatJson, LogGroup: aws.String("/aws/lambda/auth"), SystemLogLevel: types.SystemLogLevelInfo}},
			versions.Config{Logging: versions.Logging{Format: "json"}}},
		"JSON is at info, also where Lambda says so": {types.FunctionConfiguration{LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatJson, LogGroup: aws.String("/aws/lambda/auth"), ApplicationLogLevel: types.ApplicationLogLevelInfo, SystemLogLevel: types.SystemLogLevelInfo}},
			versions.Config{Logging: versions.Logging{Format: "json"}}},
		"another group and level": {types.FunctionConfiguration{LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatJson, LogGroup: aws.String("/g"), ApplicationLogLevel: types.ApplicationLogLevelFatal}},
			versions.Config{Logging: versions.Logging{Format: "json", Level: "fatal", Group: "/g"}}},
		"another function's default group is a group": {types.FunctionConfiguration{LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/other")}},
			versions.Config{Logging: versions.Logging{Group: "/aws/lambda/other"}}},
		"all that the edge forbids": {*forbidden("auth"), versions.Config{
			Logging: versions.Logging{Format: "json"},
			Extra:   "architecture,capacity-provider,code-signing,dead-letter,durable,environment,ephemeral-storage,file-systems,image,kms,layers,snapstart,system-log-level,tenancy,tracing,vpc",
		}},
		"an environment that cannot be read": {types.FunctionConfiguration{Environment: &types.EnvironmentResponse{Error: &types.EnvironmentError{}}},
			versions.Config{Extra: "environment"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.have.FunctionName = aws.String("auth")
			if diff := cmp.Diff(tt.want, configOf(&tt.have)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
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
		if got, want := loggingOf("auth", sent), want.Canonical("auth"); got != want {
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
	got := withCode(configOf(forbidden("auth")), &types.FunctionCodeLocation{SourceKMSKeyArn: aws.String("k")}).ExtraNames()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-versions +awscloud)\n%s", diff)
	}
}

func TestStateHasTheFirstReasonThatThereIs(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]types.FunctionConfiguration{
		"":       {},
		"state":  {StateReason: aws.String("state"), LastUpdateStatusReason: aws.String("update")},
		"update": {LastUpdateStatusReason: aws.String("update")},
	} {
		if got := stateOfFunction(&c).Reason; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

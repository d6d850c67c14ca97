package lambda_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// everything sets what the edge forbids and more.
func everything() object {
	return object{
		"Description": "d", "Timeout": 30, "MemorySize": 512, "Runtime": "nodejs22.x", "Handler": "other.handler",
		"Environment":      object{"Variables": object{"AB": "b"}},
		"VpcConfig":        object{"SubnetIds": []string{"subnet-1"}, "SecurityGroupIds": []string{"sg-1"}},
		"Layers":           layers(1),
		"TracingConfig":    object{"Mode": "Active"},
		"DeadLetterConfig": object{"TargetArn": "arn:aws:sqs:us-east-1:123456789012:q"},
		"KMSKeyArn":        "arn:aws:kms:us-east-1:123456789012:key/1",
		"EphemeralStorage": object{"Size": 1024},
		"LoggingConfig":    object{"LogFormat": "JSON", "SystemLogLevel": "WARN", "LogGroup": "/edge/storefront"},
	}
}

func TestWhatIsSetIsShownAndWhatIsResetIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.must(200, "PUT", functions+"/fn/configuration", everything())
	want := object{
		"Description": "d", "Timeout": 30.0, "MemorySize": 512.0, "Runtime": "nodejs22.x", "Handler": "other.handler",
		"Environment":      object{"Variables": object{"AB": "b"}},
		"VpcConfig":        object{"SubnetIds": []any{"subnet-1"}, "SecurityGroupIds": []any{"sg-1"}, "VpcId": "", "Ipv6AllowedForDualStack": false},
		"Layers":           []any{object{"Arn": layers(1)[0], "CodeSize": 0.0}},
		"TracingConfig":    object{"Mode": "Active"},
		"DeadLetterConfig": object{"TargetArn": "arn:aws:sqs:us-east-1:123456789012:q"},
		"KMSKeyArn":        "arn:aws:kms:us-east-1:123456789012:key/1",
		"EphemeralStorage": object{"Size": 1024.0},
		"LoggingConfig":    object{"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN", "LogGroup": "/edge/storefront"},
	}
	if diff := cmp.Diff(want, only(f.configuration("fn", ""), keys(want)...)); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}

	f.must(200, "PUT", functions+"/fn/configuration", object{
		"Environment": object{"Variables": object{}}, "VpcConfig": object{"SubnetIds": []string{}, "SecurityGroupIds": []string{}},
		"Layers": []string{}, "TracingConfig": object{"Mode": "PassThrough"}, "DeadLetterConfig": object{"TargetArn": ""},
		"KMSKeyArn": "", "EphemeralStorage": object{"Size": 512}, "LoggingConfig": object{"LogFormat": "Text"}, "Description": "",
	})
	want = object{
		"Description": "", "Timeout": 30.0, // not sent, not changed
		"Environment":      object{"Variables": object{}}, // an empty map stays visible
		"VpcConfig":        object{"SubnetIds": []any{}, "SecurityGroupIds": []any{}, "VpcId": "", "Ipv6AllowedForDualStack": false},
		"TracingConfig":    object{"Mode": "PassThrough"},
		"EphemeralStorage": object{"Size": 512.0},
		"LoggingConfig":    object{"LogFormat": "Text", "LogGroup": "/edge/storefront"},
	}
	got := f.configuration("fn", "")
	for _, gone := range []string{"Layers", "DeadLetterConfig", "KMSKeyArn"} {
		if got[gone] != nil {
			t.Errorf("%s is still %v", gone, got[gone])
		}
	}
	if diff := cmp.Diff(want, only(got, keys(want)...)); diff != "" {
		t.Errorf("reset (-want +got):\n%s", diff)
	}
}

func (f *fixture) facts(arn string) (lambda.Facts, bool) {
	f.t.Helper()
	var got lambda.Facts
	var ok bool
	err := f.store.View(func(tx kv.Tx) error {
		got, ok = f.svc.Version(tx, account, arn, f.clock())
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return got, ok
}

func TestFactsAreThoseOfTheFrozenVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.must(201, "POST", functions+"/fn/versions", nil)
	f.must(200, "PUT", functions+"/fn/configuration", everything())
	f.must(200, "PUT", functions+"/fn/code", object{"ZipFile": archive(t, "two"), "Architectures": []string{"arm64"}, "SourceKMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/2"})
	f.must(201, "POST", functions+"/fn/versions", nil)

	one, two := archive(t, "one"), archive(t, "two")
	for _, want := range []lambda.Facts{
		{
			ARN: arn("fn:1"), Version: "1", Runtime: "nodejs24.x", Handler: "index.handler", Role: role, State: "Active",
			Architecture: "x86_64", CodeSHA256: digest(one), CodeSize: int64(len(one)), TimeoutSeconds: 3, MemoryMB: 128, EphemeralMB: 512,
		},
		{
			ARN: arn("fn:2"), Version: "2", Runtime: "nodejs22.x", Handler: "other.handler", Role: role, State: "Active",
			Architecture: "arm64", CodeSHA256: digest(two), CodeSize: int64(len(two)), TimeoutSeconds: 30, MemoryMB: 512, EphemeralMB: 1024,
			HasEnvironment: true, HasVPC: true, HasLayers: true, HasDeadLetter: true, ActiveTracing: true, HasKMS: true,
		},
	} {
		got, ok := f.facts(want.ARN)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", want.ARN, ok, diff)
		}
	}
	for _, none := range []string{
		arn("fn"), arn("fn:$LATEST"), arn("fn:3"), arn("fn:01"), arn("no:1"), "fn:1",
		strings.Replace(arn("fn:1"), account, "999999999999", 1), strings.Replace(arn("fn:1"), "us-east-1", "eu-west-1", 1),
	} {
		if got, ok := f.facts(none); ok {
			t.Errorf("%s is %+v", none, got)
		}
	}
}

func TestAVersionHasOneSpelling(t *testing.T) {
	t.Parallel()
	run(t, map[string]refusal{
		"with a zero in front": {withVersions, "GET", functions + "/fn?Qualifier=01", nil, 404, notFoundCode, "Function not found: ARN:fn:01"},
		"beyond all numbers":   {withVersions, "GET", functions + "/fn?Qualifier=99999999999999999999", nil, 404, notFoundCode, "Function not found: ARN:fn:99999999999999999999"},
	})
}

func TestAVersionsCodeCanBeRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.must(201, "POST", functions+"/fn/versions", nil)
	f.must(200, "PUT", functions+"/fn/code", object{"ZipFile": archive(t, "two")})
	err := f.store.View(func(tx kv.Tx) error {
		if got, ok := f.svc.Code(tx, account, arn("fn:1"), f.clock()); !ok || string(got) != string(archive(t, "one")) {
			t.Errorf("version 1 has %d bytes, %v", len(got), ok)
		}
		if _, ok := f.svc.Code(tx, account, arn("fn:2"), f.clock()); ok {
			t.Error("version 2 has code")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

package publish

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/internal/pace"
	"github.com/edgedeploy/edgedeploy/versions"
)

const (
	account = "123456789012"
	role    = "arn:aws:iam::123456789012:role/edge"
	name    = "shop-geo"
)

var often = versions.Pace{Polls: pace.Backoff{First: 2 * time.Millisecond, Max: 2 * time.Millisecond}, Timeout: 20 * time.Second, RoleTimeout: 20 * time.Second}

// world is a local AWS with two clients: ours, and somebody else's.
type world struct {
	*localaws.Server
	ours   *awscloud.Lambda
	theirs *lambda.Client
}

func newWorld(t *testing.T, d localaws.Delays) world {
	t.Helper()
	server, err := localaws.Open(localaws.Options{Delays: d})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Seed(account, localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}); err != nil {
		t.Fatal(err)
	}
	cloud, err := awscloud.Open(t.Context(), awscloud.Options{
		Local:      &awscloud.Local{Account: account, Transport: server.Transport()},
		MaxBackoff: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	theirs := lambda.New(lambda.Options{
		Region: "us-east-1", HTTPClient: &http.Client{Transport: server.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
	})
	return world{server, cloud.Lambda, theirs}
}

// job wants content published that is nothing but its name.
func job(t *testing.T, content string) versions.Job {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.Create("index.js")
	if err == nil {
		_, err = fmt.Fprintf(f, "exports.handler = async () => %q\n", content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(buf.Bytes())
	return versions.Job{
		Spec: versions.Spec{Function: name, Content: versions.ContentID(content), Config: versions.Config{
			Runtime: "nodejs24.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5,
			Logging: versions.Logging{Format: "json", Level: "warn", Group: "/edge/shop"},
		}},
		Stack: "shop", Zip: buf.Bytes(), CodeSHA256: base64.StdEncoding.EncodeToString(sum[:]), Create: true,
	}
}

// run does what a deployment does: it uses the version that is there, and
// publishes otherwise.
func (w world) run(ctx context.Context, j versions.Job) (versions.Version, error) {
	found, err := versions.Find(ctx, w.ours, j.Spec, j.Stack)
	if err != nil {
		return versions.Version{}, err
	}
	if found.Standing == versions.Exists {
		return versions.AwaitActive(ctx, w.ours, found.Published.Version, j.Stack, often, nil)
	}
	return versions.Publish(ctx, w.ours, j, often, nil)
}

// published checks that the content has exactly one version, and that it is
// what the job says and what was given back.
func (w world) published(t *testing.T, j versions.Job, got versions.Version) {
	t.Helper()
	list, err := w.ours.Versions(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	mine := slices.DeleteFunc(list, func(v versions.Version) bool { return v.Spec.Content != j.Spec.Content || v.Stack != j.Stack })
	want := versions.Version{Ref: got.Ref, Spec: j.Spec, CodeSHA256: j.CodeSHA256, Stack: j.Stack}
	if diff := cmp.Diff([]versions.Version{want}, mine); diff != "" {
		t.Errorf("versions of the content (-want +got):\n%s", diff)
	}
	if got != want {
		t.Errorf("given back: %v, want %v", got, want)
	}
	if found, err := versions.Find(t.Context(), w.ours, j.Spec, j.Stack); err != nil || found.Published.Version != want {
		t.Errorf("found by its alias: %+v, %v", found, err)
	}
}

// first publishes a version to begin with.
func (w world) first(t *testing.T) {
	t.Helper()
	if _, err := w.run(t.Context(), job(t, "old")); err != nil {
		t.Fatal(err)
	}
	w.ResetCalls()
}

func (w world) operations() (list []string) {
	for _, c := range w.Calls() {
		if c.Operation != "GetFunction" {
			list = append(list, c.Operation)
		}
	}
	return list
}

func TestSecondRunPublishesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{FunctionCreate: 5 * time.Millisecond, VersionActive: 5 * time.Millisecond})
	j := job(t, "new")
	v, err := w.run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	w.published(t, j, v)
	again, err := w.run(t.Context(), j)
	if err != nil || again != v {
		t.Errorf("the second run gives %v, %v", again, err)
	}
	if v, err = versions.Publish(t.Context(), w.ours, j, often, nil); err != nil || again != v {
		t.Errorf("publishing it again gives %v, %v", v, err)
	}
	w.published(t, j, v)
}

func TestChangeOfCodeIsOneUploadAndOnePublication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{FunctionUpdate: 5 * time.Millisecond})
	w.first(t)
	j := job(t, "new")
	head, err := w.ours.Head(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	j.Head = head
	v, err := versions.Publish(t.Context(), w.ours, j, often, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"CreateAlias", "UpdateFunctionCode", "PublishVersion", "UpdateAlias"}, w.operations()); diff != "" {
		t.Errorf("calls besides looks (-want +got):\n%s", diff)
	}
	w.published(t, j, v)
}

// What a console can set and the edge refuses is gone before a version is made.
// (The local AWS has no layers and no file systems, and no SnapStart for Node.js.)
func TestForbiddenConfigurationIsReset(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*lambda.UpdateFunctionConfigurationInput){
		"environment": func(in *lambda.UpdateFunctionConfigurationInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AB": "c"}}
		},
		"tracing": func(in *lambda.UpdateFunctionConfigurationInput) {
			in.TracingConfig = &types.TracingConfig{Mode: types.TracingModeActive}
		},
		"ephemeral-storage": func(in *lambda.UpdateFunctionConfigurationInput) {
			in.EphemeralStorage = &types.EphemeralStorage{Size: aws.Int32(1024)}
		},
		"kms": func(in *lambda.UpdateFunctionConfigurationInput) {
			in.KMSKeyArn = aws.String("arn:aws:kms:us-east-1:123456789012:key/a")
		},
		"dead-letter": func(in *lambda.UpdateFunctionConfigurationInput) {
			in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: aws.String("arn:aws:sqs:us-east-1:123456789012:q")}
		},
		"layers": func(in *lambda.UpdateFunctionConfigurationInput) {
			in.Layers = []string{"arn:aws:lambda:us-east-1:999999999999:layer:theirs:1"}
		},
		"vpc": func(in *lambda.UpdateFunctionConfigurationInput) {
			in.VpcConfig = &types.VpcConfig{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, localaws.Delays{})
			w.first(t)
			w.reset(t, edit)
		})
	}
	t.Run("code-key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, localaws.Delays{})
		w.first(t)
		in := &lambda.UpdateFunctionCodeInput{FunctionName: aws.String(name), ZipFile: job(t, "old").Zip, SourceKMSKeyArn: aws.String("arn:aws:kms:us-east-1:123456789012:key/a")}
		if _, err := w.theirs.UpdateFunctionCode(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		// Not even where the zip is the one that is there already.
		head, err := w.ours.Head(t.Context(), name)
		if err != nil || head.Config.Extra != "code-key" {
			t.Fatalf("the key does not show: %v, %v", head.Config, err)
		}
		j := job(t, "old")
		j.Spec.Config.TimeoutSeconds--
		v, err := versions.Publish(t.Context(), w.ours, j, often, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.ours.Version(t.Context(), v.Ref); err != nil || got.Version.Spec.Config.Extra != "" {
			t.Errorf("the version has %q, %v", got.Version.Spec.Config.Extra, err)
		}
	})
	t.Run("architecture", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, localaws.Delays{})
		w.first(t)
		in := &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("shop-geo"), ZipFile: job(t, "old").Zip, Architectures: []types.Architecture{types.ArchitectureArm64}}
		if _, err := w.theirs.UpdateFunctionCode(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		w.reset(t, nil)
	})
}

// reset lets somebody else edit the function, and publishes with ours.
func (w world) reset(t *testing.T, edit func(*lambda.UpdateFunctionConfigurationInput)) {
	t.Helper()
	if edit != nil {
		in := &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(name)}
		edit(in)
		if _, err := w.theirs.UpdateFunctionConfiguration(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	head, err := w.ours.Head(t.Context(), name)
	if err != nil || head.Config.Extra == "" {
		t.Fatalf("the edit does not show: %v, %v", head.Config, err)
	}
	j := job(t, "new")
	v, err := versions.Publish(t.Context(), w.ours, j, often, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.published(t, j, v)
}

// A stack that takes over a function with the same code needs a version with
// its own mark.
func TestAdoptedFunctionGetsItsOwnMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{FunctionUpdate: 2 * time.Millisecond})
	w.first(t)
	j := job(t, "old")
	j.Stack = "outlet"
	if _, err := versions.Publish(t.Context(), w.ours, j, often, nil); !isOwnerError(err, "shop") {
		t.Fatalf("without adopting: %v", err)
	}
	j.Adopt = true
	v, err := versions.Publish(t.Context(), w.ours, j, often, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.Stack != "outlet" || v.Ref.Number != 2 {
		t.Errorf("published %+v", v)
	}
	if _, err := versions.AwaitActive(t.Context(), w.ours, v, "outlet", often, nil); err != nil {
		t.Error(err)
	}
	// The alias, which named the former owner's version, went with it.
	if found, err := versions.Find(t.Context(), w.ours, j.Spec, "outlet"); err != nil || found.Published.Version != v {
		t.Errorf("found by its alias: %+v, %v", found, err)
	}
}

// Cleaners of old versions delete what no alias names.
func TestAPublishedVersionCannotBeDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{})
	w.first(t)
	_, err := w.theirs.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String(name), Qualifier: aws.String("1")})
	if _, ok := errors.AsType[*types.ResourceConflictException](err); !ok || !strings.Contains(err.Error(), job(t, "old").Spec.Alias()) {
		t.Errorf("got %v", err)
	}
}

// A run that died after it had published, and another content since: the list
// is asked once, and the version gets its alias.
func TestAVersionWhoseAliasWasNeverMovedIsFoundInOneList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{})
	j := job(t, "new")
	if err := w.Arm(localaws.Fault{Operation: "UpdateAlias", Kind: localaws.DropBefore, Times: 50}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run(t.Context(), j); err == nil {
		t.Fatal("the alias was moved")
	}
	w.Disarm()
	w.first(t)
	v, err := w.run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"CreateAlias", "GetAlias", "ListVersionsByFunction", "UpdateAlias"}, w.operations()); diff != "" {
		t.Errorf("calls besides looks (-want +got):\n%s", diff)
	}
	w.published(t, j, v)
}

func TestAnAliasWithWeightsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{})
	w.first(t)
	if _, err := w.run(t.Context(), job(t, "new")); err != nil {
		t.Fatal(err)
	}
	j := job(t, "new")
	if _, err := w.theirs.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{
		FunctionName: aws.String(name), Name: aws.String(j.Spec.Alias()),
		RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"1": 0.5}},
	}); err != nil {
		t.Fatal(err)
	}
	_, err := versions.Publish(t.Context(), w.ours, j, often, nil)
	if e, ok := errors.AsType[*versions.WrongAliasError](err); !ok || e.Alias != j.Spec.Alias() || e.Version != "2" {
		t.Errorf("got %v", err)
	}
}

func isOwnerError(err error, owner string) bool {
	e, ok := errors.AsType[*versions.OwnerError](err)
	return ok && e.Owner == owner
}

func TestRoleMayBecomeAssumableLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{})
	fresh := role + "-fresh"
	if err := w.Seed(account, localaws.Seed{Roles: []iam.SeedRole{{ARN: fresh, AssumableAfterMs: 50}}}); err != nil {
		t.Fatal(err)
	}
	j := job(t, "new")
	j.Spec.Config.Role = fresh
	v, err := w.run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	w.published(t, j, v)
}

// editing lets somebody else change the function just before our first
// publication.
type editing struct {
	*awscloud.Lambda
	edit func(context.Context) error
}

func (e *editing) Publish(ctx context.Context, in versions.PublishInput) (versions.Published, error) {
	if edit := e.edit; edit != nil {
		e.edit = nil
		if err := edit(ctx); err != nil {
			return versions.Published{}, err
		}
	}
	return e.Lambda.Publish(ctx, in)
}

func TestConsoleDuringThePublicationIsMetByBeginningAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{FunctionUpdate: 20 * time.Millisecond})
	w.first(t)
	j := job(t, "new")
	l := &editing{w.ours, func(ctx context.Context) error {
		in := &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(name), MemorySize: aws.Int32(1024)}
		_, err := w.theirs.UpdateFunctionConfiguration(ctx, in)
		return err
	}}
	v, err := versions.Publish(t.Context(), l, j, often, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.published(t, j, v)
	if n := len(slices.DeleteFunc(w.operations(), func(op string) bool { return op != "UpdateFunctionConfiguration" })); n != 2 {
		t.Errorf("%d updates of the configuration, want theirs and ours", n)
	}
}

// Whichever call is cut off, before or after its effect, once or for good:
// after running again there is exactly one version of the content.
func TestAnyCallMayBeCutOff(t *testing.T) {
	t.Parallel()
	for _, scene := range []struct {
		name    string
		prepare func(*testing.T, world)
	}{
		{"new function", func(*testing.T, world) {}},
		{"changed function", func(t *testing.T, w world) {
			w.first(t)
			in := &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(name), MemorySize: aws.Int32(1024)}
			if _, err := w.theirs.UpdateFunctionConfiguration(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}},
		{"function of another stack with the same content", func(t *testing.T, w world) {
			j := job(t, "new")
			j.Stack = "outlet"
			if _, err := w.run(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			if err := w.ours.Tag(t.Context(), "arn:aws:lambda:us-east-1:"+account+":function:"+name, map[string]string{versions.StackTag: "shop"}, nil); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		for _, kind := range []localaws.Kind{localaws.DropBefore, localaws.DropAfter} {
			for _, times := range []int{1, 2, 50} {
				t.Run(fmt.Sprintf("%s, %s, %d times", scene.name, kind, times), func(t *testing.T) {
					t.Parallel()
					cutOffEachCall(t, scene.prepare, localaws.Fault{Kind: kind, Times: times})
				})
			}
		}
	}
}

func cutOffEachCall(t *testing.T, prepare func(*testing.T, world), fault localaws.Fault) {
	for fault.Call = 1; ; fault.Call++ {
		w := newWorld(t, localaws.Delays{})
		prepare(t, w)
		w.ResetCalls()
		if err := w.Arm(fault); err != nil {
			t.Fatal(err)
		}
		j := job(t, "new")
		v, err := w.run(t.Context(), j)
		calls := len(w.Calls())
		w.Disarm()
		if err != nil {
			if v, err = w.run(t.Context(), j); err != nil {
				t.Fatalf("call %d: running again: %v", fault.Call, err)
			}
		}
		w.published(t, j, v)
		if calls < fault.Call {
			if fault.Call < 4 {
				t.Errorf("only %d calls were ever made", calls)
			}
			return // the fault was never met: every call has been cut off once
		}
	}
}

package awscloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestLambdaTellsWhatItWasTold(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		ctx := t.Context()
		head, err := w.Lambda.Head(ctx, "auth")
		if diff := cmp.Diff(versions.Head{Function: "auth"}, head); err != nil || diff != "" {
			t.Fatalf("a missing function: %v (-want +got)\n%s", err, diff)
		}
		if list, err := w.Lambda.Versions(ctx, "auth"); err != nil || list != nil {
			t.Errorf("versions of a missing function: %v, %v", list, err)
		}
		want := plainConfig()
		want.Logging = versions.Logging{Format: "json", Level: "warn", Group: "/edge/shop"}
		tags := map[string]string{versions.StackTag: "shop", "team": "web"}
		if err := w.Lambda.Create(ctx, versions.CreateInput{Function: "auth", Config: want, Tags: tags, Zip: zipped(t, "1")}); err != nil {
			t.Fatal(err)
		}
		w.operations()
		head, err = w.Lambda.Head(ctx, "auth")
		w.wantCalls("GetFunction 200")
		if diff := cmp.Diff(versions.Head{
			Function: "auth", Exists: true, ARN: "arn:aws:lambda:us-east-1:111111111111:function:auth", Config: want, Tags: tags,
			State: versions.State{State: "Active", Update: "Successful"},
		}, head, cmpopts.IgnoreFields(versions.Head{}, "CodeSHA256", "RevisionID", "Modified")); err != nil || diff != "" {
			t.Errorf("head: %v (-want +got)\n%s", err, diff)
		}
		if head.CodeSHA256 == "" || head.RevisionID == "" {
			t.Errorf("head without hash or revision: %+v", head)
		}
		p, err := w.Lambda.Publish(ctx, versions.PublishInput{
			Function: "auth", RevisionID: head.RevisionID, CodeSHA256: head.CodeSHA256,
			Description: versions.Mark{Stack: "shop", Content: "c1"}.Describe(),
		})
		version := versions.Version{
			Ref: versions.Ref{Function: "auth", Number: 1}, Stack: "shop", CodeSHA256: head.CodeSHA256,
			Spec: versions.Spec{Function: "auth", Content: "c1", Config: want},
		}
		if diff := cmp.Diff(version, p.Version); err != nil || diff != "" {
			t.Errorf("published: %v (-want +got)\n%s", err, diff)
		}
		w.operations()
		p, err = w.Lambda.Version(ctx, versions.Ref{Function: "auth", Number: 1})
		w.wantCalls("GetFunction 200")
		if diff := cmp.Diff(versions.Published{Version: version, State: versions.State{State: "Active", Update: "Successful"}, Tags: tags}, p); err != nil || diff != "" {
			t.Errorf("read again: %v (-want +got)\n%s", err, diff)
		}
		if list, err := w.Lambda.Versions(ctx, "auth"); err != nil || !cmp.Equal(list, []versions.Version{version}) {
			t.Errorf("listed: %+v, %v", list, err)
		}
		if err := w.Lambda.Tag(ctx, head.ARN, map[string]string{"team": "edge"}, []string{"gone", versions.StackTag}); err != nil {
			t.Error(err)
		}
		head, err = w.Lambda.Head(ctx, "auth")
		if diff := cmp.Diff(map[string]string{"team": "edge"}, head.Tags); err != nil || diff != "" {
			t.Errorf("tags: %v (-want +got)\n%s", err, diff)
		}
	})
}

func TestVersionsAreListedThroughAllPages(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	const n = 53
	for i := range n {
		w.publish("auth", versions.ContentID(fmt.Sprintf("c%d", i+1)))
	}
	w.operations()
	list, err := w.Lambda.Versions(t.Context(), "auth")
	if err != nil || len(list) != n {
		t.Fatalf("%d versions, %v; want %d", len(list), err, n)
	}
	w.wantCalls("ListVersionsByFunction 200", "ListVersionsByFunction 200")
	for i, v := range list {
		if v.Ref.Number != i+1 || v.Spec.Content != versions.ContentID(fmt.Sprintf("c%d", i+1)) {
			t.Fatalf("at %d: %+v", i, v)
		}
	}
}

func TestUpdateConfigSetsAndResetsEverything(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.publish("auth", "c1")
		w.spoil("auth")
		head, err := w.Lambda.Head(ctx, "auth")
		if err != nil {
			t.Fatal(err)
		}
		const extra = "dead-letter,environment,ephemeral-storage,kms,layers,tracing,vpc"
		if head.Config.Extra != extra {
			t.Errorf("extra is %q, want %q", head.Config.Extra, extra)
		}
		want := plainConfig()
		want.MemoryMB, want.TimeoutSeconds, want.Handler = 256, 7, "main.handler"
		want.Logging = versions.Logging{Group: "/edge"}
		if err := w.Lambda.UpdateConfig(ctx, "auth", head.RevisionID, want); err != nil {
			t.Fatal(err)
		}
		head, err = w.Lambda.Head(ctx, "auth")
		if diff := cmp.Diff(want, head.Config); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
		if err := w.Lambda.UpdateConfig(ctx, "auth", head.RevisionID, plainConfig()); err != nil {
			t.Fatal(err)
		}
		head, err = w.Lambda.Head(ctx, "auth")
		if diff := cmp.Diff(plainConfig(), head.Config); err != nil || diff != "" {
			t.Errorf("back to the defaults: %v (-want +got)\n%s", err, diff)
		}
	})
}

// TestUpdateConfigNamesEverythingThatItResets: an update leaves alone what it
// does not mention, and the local AWS does not have all of it.
func TestUpdateConfigNamesEverythingThatItResets(t *testing.T) {
	t.Parallel()
	cloud, stub := openStub(t, answer(200, map[string]string{"Content-Type": "application/json"}, "{}"))
	if err := cloud.Lambda.UpdateConfig(t.Context(), "auth", "rev", plainConfig()); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(stub.body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"RevisionId": "rev", "Role": role, "Runtime": "nodejs24.x", "Handler": "index.handler", "MemorySize": 128.0, "Timeout": 5.0,
		"LoggingConfig":     map[string]any{"LogFormat": "Text", "LogGroup": "/aws/lambda/auth"},
		"Environment":       map[string]any{"Variables": map[string]any{}},
		"Layers":            []any{},
		"VpcConfig":         map[string]any{"SubnetIds": []any{}, "SecurityGroupIds": []any{}},
		"TracingConfig":     map[string]any{"Mode": "PassThrough"},
		"DeadLetterConfig":  map[string]any{"TargetArn": ""},
		"KMSKeyArn":         "",
		"EphemeralStorage":  map[string]any{"Size": 512.0},
		"FileSystemConfigs": []any{},
		"SnapStart":         map[string]any{"ApplyOn": "None"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUpdateCodeBringsTheArchitectureBack(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	w.toARM("auth", zipped(t, "2"))
	head, err := w.Lambda.Head(t.Context(), "auth")
	if err != nil || head.Config.Extra != "architecture" {
		t.Fatalf("%+v, %v", head, err)
	}
	if err := w.Lambda.UpdateCode(t.Context(), "auth", head.RevisionID, zipped(t, "3")); err != nil {
		t.Fatal(err)
	}
	head, err = w.Lambda.Head(t.Context(), "auth")
	if diff := cmp.Diff(plainConfig(), head.Config); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestPublishIsTiedToTheCodeThatWasUploaded(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	_, err := w.Lambda.Publish(t.Context(), versions.PublishInput{Function: "auth", CodeSHA256: "bm90IGl0"})
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Message, "is different from current CodeSHA256") {
		t.Errorf("got %v", err)
	}
}

func TestLambdaRefusalsAreTold(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{Delays: localaws.Delays{FunctionUpdate: time.Hour}})
	ctx := t.Context()
	w.publish("auth", "c1")
	head, err := w.Lambda.Head(ctx, "auth")
	if err != nil {
		t.Fatal(err)
	}
	noRole := plainConfig()
	noRole.Role = "arn:aws:iam::111111111111:role/unknown"
	if err := w.Lambda.UpdateCode(ctx, "auth", "", zipped(t, "2")); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		do   func() error
		want error
	}{
		"an update while one is in progress": {
			func() error { return w.Lambda.UpdateCode(ctx, "auth", "", zipped(t, "3")) }, versions.ErrInProgress},
		"a publish while an update is in progress": {
			func() error {
				_, err := w.Lambda.Publish(ctx, versions.PublishInput{Function: "auth"})
				return err
			}, versions.ErrInProgress},
		"tags while an update is in progress": {
			func() error { return w.Lambda.Tag(ctx, head.ARN, map[string]string{"a": "b"}, nil) }, versions.ErrInProgress},
		"a function that exists": {
			func() error {
				return w.Lambda.Create(ctx, versions.CreateInput{Function: "auth", Config: plainConfig(), Zip: zipped(t, "1")})
			}, versions.ErrFunctionExists},
		"a role that nobody knows": {
			func() error {
				return w.Lambda.Create(ctx, versions.CreateInput{Function: "new", Config: noRole, Zip: zipped(t, "1")})
			}, versions.ErrRoleNotReady},
		"a version that is not there": {
			func() error {
				_, err := w.Lambda.Version(ctx, versions.Ref{Function: "auth", Number: 99})
				return err
			}, versions.ErrNoVersion},
		"a version of no function": {
			func() error {
				_, err := w.Lambda.Version(ctx, versions.Ref{Function: "none", Number: 1})
				return err
			}, versions.ErrNoVersion},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.do()
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Code == "" || e.RequestID == "" || e.Status < 400 {
				t.Errorf("not told as AWS told it: %#v", e)
			}
		})
	}
}

func TestAStaleRevisionIsTold(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	head, err := w.Lambda.Head(t.Context(), "auth")
	if err == nil {
		err = w.Lambda.UpdateCode(t.Context(), "auth", head.RevisionID, zipped(t, "2"))
	}
	if err != nil {
		t.Fatal(err)
	}
	_, published := w.Lambda.Publish(t.Context(), versions.PublishInput{Function: "auth", RevisionID: head.RevisionID})
	for name, err := range map[string]error{
		"configuration": w.Lambda.UpdateConfig(t.Context(), "auth", head.RevisionID, plainConfig()),
		"code":          w.Lambda.UpdateCode(t.Context(), "auth", head.RevisionID, zipped(t, "3")),
		"publish":       published,
	} {
		if !errors.Is(err, versions.ErrStaleRevision) {
			t.Errorf("%s: got %v, want %v", name, err, versions.ErrStaleRevision)
		}
	}
}

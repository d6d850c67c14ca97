package awscloud

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestAnAliasOfAFunction(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		ctx := t.Context()
		if _, err := w.Lambda.ByAlias(ctx, "auth", "edge-1"); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("by alias of a missing function: %v", err)
		}
		if _, err := w.Lambda.CreateAlias(ctx, "auth", versions.Alias{Name: "edge-1", Version: "$LATEST"}); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("created on a missing function: %v", err)
		}
		published := w.publish("auth", "a1")
		if _, err := w.Lambda.ByAlias(ctx, "auth", "edge-1"); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("by a missing alias: %v", err)
		}
		if _, err := w.Lambda.Alias(ctx, "auth", "edge-1"); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("a missing alias: %v", err)
		}
		w.operations()
		made, err := w.Lambda.CreateAlias(ctx, "auth", versions.Alias{Name: "edge-1", Version: "$LATEST", Description: "one"})
		if want := (versions.Alias{Name: "edge-1", Version: "$LATEST", Description: "one", RevisionID: made.RevisionID}); err != nil || made != want || made.RevisionID == "" {
			t.Errorf("created %+v, %v", made, err)
		}
		if p, err := w.Lambda.ByAlias(ctx, "auth", "edge-1"); err != nil || p.Version.Ref != (versions.Ref{Function: "auth"}) || p.Tags[versions.StackTag] != "shop" {
			t.Errorf("by an alias on $LATEST: %+v, %v", p, err)
		}
		moved, err := w.Lambda.UpdateAlias(ctx, "auth", versions.Alias{Name: "edge-1", Version: "1", Description: "two", RevisionID: made.RevisionID})
		if want := (versions.Alias{Name: "edge-1", Version: "1", Description: "two", RevisionID: moved.RevisionID}); err != nil || moved != want || moved.RevisionID == made.RevisionID {
			t.Errorf("moved %+v, %v", moved, err)
		}
		w.wantCalls("CreateAlias 201", "GetFunction 200", "UpdateAlias 200")
		if read, err := w.Lambda.Alias(ctx, "auth", "edge-1"); err != nil || read != moved {
			t.Errorf("read %+v, %v", read, err)
		}
		if _, err := w.Lambda.UpdateAlias(ctx, "auth", made); !errors.Is(err, versions.ErrStaleRevision) {
			t.Errorf("moved with the old revision: %v", err)
		}
		if _, err := w.Lambda.CreateAlias(ctx, "auth", made); !errors.Is(err, versions.ErrAliasExists) {
			t.Errorf("created twice: %v", err)
		}
		byNumber, err := w.Lambda.Version(ctx, published.Version.Ref)
		if err != nil {
			t.Fatal(err)
		}
		byAlias, err := w.Lambda.ByAlias(ctx, "auth", "edge-1")
		if diff := cmp.Diff(byNumber, byAlias); err != nil || diff != "" {
			t.Errorf("by alias: %v (-by number +by alias)\n%s", err, diff)
		}
	})
}

func TestAnAliasWithWeightsSaysSo(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "a1")
	w.publish("auth", "a2")
	made, err := w.Lambda.CreateAlias(t.Context(), "auth", versions.Alias{Name: "edge-1", Version: "2"})
	if err != nil || made.Weighted {
		t.Fatalf("created %+v, %v", made, err)
	}
	if _, err := w.Lambda.api.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{
		FunctionName: aws.String("auth"), Name: aws.String("edge-1"),
		RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"1": 0.1}},
	}); err != nil {
		t.Fatal(err)
	}
	if a, err := w.Lambda.Alias(t.Context(), "auth", "edge-1"); err != nil || !a.Weighted || a.Version != "2" {
		t.Errorf("read %+v, %v", a, err)
	}
	if p, err := w.Lambda.ByAlias(t.Context(), "auth", "edge-1"); err != nil || p.Version.Ref.Number != 2 {
		t.Errorf("by alias: %+v, %v", p, err)
	}
}

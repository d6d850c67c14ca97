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
	if err != nil || made.Second != "" {
		t.Fatalf("created %+v, %v", made, err)
	}
	if _, err := w.Lambda.api.UpdateAlias(t.Context(), &lambda.UpdateAliasInput{
		FunctionName: aws.String("auth"), Name: aws.String("edge-1"),
		RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"1": 0.1}},
	}); err != nil {
		t.Fatal(err)
	}
	if a, err := w.Lambda.Alias(t.Context(), "auth", "edge-1"); err != nil || a.Second != "1" || a.Version != "2" {
		t.Errorf("read %+v, %v", a, err)
	}
	if p, err := w.Lambda.ByAlias(t.Context(), "auth", "edge-1"); err != nil || p.Version.Ref.Number != 2 {
		t.Errorf("by alias: %+v, %v", p, err)
	}
}

// A write of an alias that ends with an error tells whether it may have been
// carried out: package ledger asks.
func TestAnAliasWriteTellsWhetherItMayHaveBeenCarriedOut(t *testing.T) {
	t.Parallel()
	const ever = 100 // more attempts than are made
	for name, c := range map[string]struct {
		fault localaws.Fault
		stale bool // the revision that is sent is another's
		lost  bool
		is    error // what it is besides
	}{
		"no answer at all":             {fault: localaws.Fault{Kind: localaws.DropAfter, Times: ever}, lost: true},
		"it never arrived":             {fault: localaws.Fault{Kind: localaws.DropBefore, Times: ever}, lost: true},
		"the answer to the first":      {fault: localaws.Fault{Kind: localaws.DropAfter, Times: 1}, lost: true, is: versions.ErrStaleRevision},
		"a refusal":                    {stale: true, is: versions.ErrStaleRevision},
		"a refusal of the credentials": {fault: localaws.Fault{Kind: localaws.Error, Status: 403, Code: "AccessDeniedException", Message: "no", Times: ever}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := inProcessWorld(t, localaws.Options{})
			w.publish("auth", "a1")
			made, err := w.Lambda.CreateAlias(t.Context(), "auth", versions.Alias{Name: "edge-1", Version: "$LATEST"})
			if err != nil {
				t.Fatal(err)
			}
			if c.stale {
				made.RevisionID = "another"
			}
			if c.fault.Times != 0 {
				c.fault.Operation = "UpdateAlias"
				w.arm(c.fault)
			}
			made.Version = "1"
			_, err = w.Lambda.UpdateAlias(t.Context(), "auth", made)
			var lost interface{ Lost() bool }
			if got := errors.As(err, &lost) && lost.Lost(); err == nil || got != c.lost {
				t.Errorf("lost %v, want %v: %v", got, c.lost, err)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Operation != "UpdateAlias" {
				t.Errorf("%v is no *Error of UpdateAlias", err)
			}
		})
	}
}

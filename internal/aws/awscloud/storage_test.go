package awscloud

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestWhatIsStoredIsListedAndDeleted(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		ctx := t.Context()
		if _, err := w.Lambda.Shelf(ctx, "auth"); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("a missing function: %v", err)
		}
		one, two := w.publish("auth", "a1"), w.publish("auth", "a2")
		w.publish("other", "b1")
		if _, err := w.Lambda.CreateAlias(ctx, "auth", versions.Alias{Name: "prod", Version: "2"}); err != nil {
			t.Fatal(err)
		}
		list, err := functionNames(ctx, w)
		if diff := cmp.Diff([]string{"auth", "other"}, list); err != nil || diff != "" {
			t.Errorf("functions: %v %s", err, diff)
		}
		shelf, err := w.Lambda.Shelf(ctx, "auth")
		if err != nil || len(shelf.Stock) != 2 || len(shelf.Aliases) != 1 || shelf.Function != "auth" {
			t.Fatalf("%+v, %v", shelf, err)
		}
		if s := shelf.Stock[0]; s.Version.Ref != one.Version.Ref || s.Bytes == 0 || time.Since(s.Modified) > time.Hour {
			t.Errorf("the first is %+v", s)
		}
		if diff := cmp.Diff(two.Version, shelf.Stock[1].Version); diff != "" {
			t.Errorf("the second differs from what was published: %s", diff)
		}
		for range 2 { // said again it is done already
			if err := w.Lambda.DeleteVersion(ctx, one.Version.Ref); err != nil {
				t.Errorf("delete version 1: %v", err)
			}
		}
		if err := w.Lambda.DeleteVersion(ctx, two.Version.Ref); !errors.Is(err, versions.ErrAliased) {
			t.Errorf("an alias names version 2: %v", err)
		}
		for range 2 {
			if err := w.Lambda.DeleteAlias(ctx, "auth", "prod"); err != nil {
				t.Errorf("delete the alias: %v", err)
			}
		}
		if err := w.Lambda.DeleteVersion(ctx, versions.Ref{Function: "auth"}); err == nil {
			t.Error("a version without a number would have been the whole function")
		}
		for range 2 {
			if err := w.Lambda.DeleteFunction(ctx, "auth"); err != nil {
				t.Errorf("delete the function: %v", err)
			}
		}
		if list, err := functionNames(ctx, w); err != nil || !slices.Equal(list, []string{"other"}) {
			t.Errorf("left: %v, %v", list, err)
		}
	})
}

// A deletion whose answer was lost has been made: the next attempt finds nothing.
func TestADeletionWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	one := w.publish("auth", "a1")
	w.publish("auth", "a2")
	for _, do := range []func() error{
		func() error { return w.Lambda.DeleteVersion(t.Context(), one.Version.Ref) },
		func() error { return w.Lambda.DeleteFunction(t.Context(), "auth") },
	} {
		if err := w.server.Arm(localaws.Fault{Service: "lambda", Operation: "DeleteFunction", Kind: localaws.DropAfter, Times: 1}); err != nil {
			t.Fatal(err)
		}
		if err := do(); err != nil {
			t.Error(err)
		}
	}
	if list, err := functionNames(t.Context(), w); err != nil || len(list) != 0 {
		t.Errorf("left: %v, %v", list, err)
	}
}

// functionNames are the account's functions, in order.
func functionNames(ctx context.Context, w *world) ([]string, error) {
	page, _, err := w.Lambda.FunctionPage(ctx, "")
	var list []string
	for _, head := range page {
		list = append(list, head.Function)
	}
	slices.Sort(list)
	return list, err
}

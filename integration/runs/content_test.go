package runs

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

// asked are the operations on the function itself since the calls were reset.
func (r *rig) asked() (list []string) {
	for _, c := range r.calls() {
		if functionOf(c.Path) == "shop-auth" {
			list = append(list, c.Operation)
		}
	}
	return list
}

// mustPlan plans with new clients.
func (r *rig) mustPlan(want plan.Desired) plan.Plan {
	r.t.Helper()
	r.connect()
	r.server.ResetCalls()
	planned, err := r.plan(r.t.Context(), want)
	if err != nil {
		r.t.Fatal(err)
	}
	return planned
}

func steps[S plan.Step](p plan.Plan) (list []S) {
	for _, stage := range p.Stages {
		for _, s := range stage {
			if s, ok := s.(S); ok {
				list = append(list, s)
			}
		}
	}
	return list
}

func TestAPlanListsNoVersions(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	lookUp := func(when string, want plan.Desired, publishes bool, calls ...string) {
		t.Helper()
		planned := r.mustPlan(want)
		if got := len(steps[plan.Publish](planned)) > 0; got != publishes {
			t.Errorf("%s: the plan publishes: %t", when, got)
		}
		if diff := cmp.Diff(calls, r.asked()); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", when, diff)
		}
	}
	first, next := r.want(one, viewer), r.want(two, viewer)
	lookUp("a function that does not exist", first, true, "GetFunction", "GetFunction")
	r.mustApply(first)
	lookUp("the same again", first, false)
	lookUp("a changed function", next, true, "GetFunction", "GetFunction")
	r.mustApply(next)
	lookUp("what was published before", first, false, "GetFunction")
}

// A run that died after it had published, and before the alias was moved.
func TestOnlyAnInterruptedPublicationIsListedAndOnlyOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	want := r.want(one, viewer)
	if err := r.server.Arm(localaws.Fault{Operation: "UpdateAlias", Kind: localaws.DropBefore, Times: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.apply(t.Context(), want); err == nil {
		t.Fatal("the alias was moved")
	}
	r.revive()
	planned := r.mustPlan(want)
	if diff := cmp.Diff([]string{"GetFunction", "ListVersionsByFunction", "GetFunction"}, r.asked()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	activate := steps[plan.Activate](planned)
	if len(activate) != 1 || !activate[0].Point || activate[0].Version.Ref.Number != 1 || len(steps[plan.Publish](planned)) > 0 {
		t.Fatalf("the plan is %+v", planned.Stages)
	}
	r.mustApply(want)
	if n := slices.Index(r.asked(), "PublishVersion"); n >= 0 {
		t.Error("it was published twice")
	}
	other := r.want(two, viewer)
	r.mustApply(other)
	r.mustPlan(want)
	if diff := cmp.Diff([]string{"GetFunction"}, r.asked()); diff != "" {
		t.Errorf("after the alias was moved, calls (-want +got):\n%s", diff)
	}
}

func TestAWrongAliasEndsThePlanAndIsNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	r.mustApply(r.want(one, viewer))
	want := r.want(two, viewer)
	name := want.Functions[0].Spec.Alias()
	if _, err := r.cloud.Lambda.CreateAlias(t.Context(), "shop-auth", versions.Alias{Name: name, Version: "1"}); err != nil {
		t.Fatal(err)
	}
	_, err := r.plan(t.Context(), want)
	e, ok := errors.AsType[*versions.WrongAliasError](err)
	if !ok || e.Function != "shop-auth" || e.Alias != name || e.Version != "1" || !strings.Contains(err.Error(), "delete the alias") {
		t.Errorf("got %v", err)
	}
}

package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// What $LATEST carries and no update takes away is told before anything is
// published: the plan is not made.
func TestAFunctionThatCannotBePublishedBlocksThePlan(t *testing.T) {
	t.Parallel()
	spec := versions.Spec{Function: "s-f", Content: "c"}
	want := plan.Desired{Stack: "s", Functions: []release.Function{{Key: "f", Spec: spec}}}
	for extra, says := range map[string]string{
		"":                      "",
		"environment,layers":    "",
		"GpuConfig,layers":      "carries GpuConfig, which this edgedeploy does not know",
		"SnapStart.Cache":       "carries SnapStart.Cache",
		"accelerator,durable":   "is made with accelerator and durable",
		"GpuConfig,accelerator": "carries GpuConfig",
	} {
		have := plan.Observed{Stack: "s", Heads: map[string]versions.Head{"s-f": {
			Function: "s-f", Exists: true, Config: versions.Config{Extra: extra}, Tags: map[string]string{versions.StackTag: "s"},
		}}}
		p, err := plan.NewPlan(want, have, plan.Rules{})
		blocked, ok := errors.AsType[*plan.BlockedError](err)
		if ok != (says != "") || ok && !(isType[*versions.UnfitError](blocked) && strings.Contains(err.Error(), says)) {
			t.Errorf("%q gives %v, want %q", extra, err, says)
		}
		resets := slices.ContainsFunc(p.Notes, func(n plan.Note) bool { return n.Kind == "resets" })
		if says == "" && resets != (extra != "") {
			t.Errorf("%q: notes %v", extra, p.Notes)
		}
	}
}

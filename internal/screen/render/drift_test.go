package render

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func drifted() Drift {
	slot := func(path string, trigger associations.Trigger) associations.Slot {
		return associations.Slot{Distribution: dist, Path: path, Trigger: trigger}
	}
	geo := func(n int) versions.Ref { return versions.Ref{Function: "storefront-geo-redirect", Number: n} }
	bound := func(r versions.Ref) associations.Binding { return associations.Binding{Version: r} }
	first, image := slot("default", associations.ViewerRequest), slot("/img/*", associations.OriginResponse)
	return Drift{
		Stack: "storefront", Account: account, Now: at, Commands: Commands{Stack: "storefront"},
		Live: release.Release{
			Number: 41, At: at.Add(-72 * time.Hour), Functions: []release.Function{{Key: "geo-redirect", Number: 17, Spec: versions.Spec{Function: geo(0).Function}}},
			Distributions: []release.Distribution{{Key: "www", IDs: []string{dist}}},
		},
		Pending: release.Release{Number: 42},
		Wanted:  map[associations.Slot]string{first: "geo-redirect"}, Left: []string{"old"},
		List: []plan.Divergence{
			{Kind: plan.DriftSlot, Slot: first, Recorded: bound(geo(17)), Live: bound(versions.Ref{Function: "other", Number: 9}), Detail: "another version was associated", Since: at.Add(-2 * time.Hour)},
			{Kind: plan.DriftSlot, Slot: image, Recorded: bound(geo(17)), Detail: "the association was removed", Since: at.Add(-2 * time.Hour), Repaired: true},
			{Kind: plan.DriftVersion, Version: geo(17), Detail: "it does not exist any more", Repaired: true},
			{Kind: plan.DriftLatest, Version: geo(0), Detail: "$LATEST was edited (code): the next publication overwrites it", Since: at.Add(-time.Hour)},
		},
	}
}

func TestDriftGolden(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Drift{
		"drift": drifted(), "drift-none": {Stack: "storefront", Account: account, Live: release.Release{Number: 41, At: at}, Now: at, Commands: Commands{Stack: "storefront"}},
		"drift-never": {Stack: "storefront", Now: at, Commands: Commands{Stack: "storefront"}},
	} {
		text := DriftText(d, Style{Width: 80})
		fits(t, text)
		golden(t, name+".txt", text)
		golden(t, name+".md", DriftMarkdown(d))
		doc, err := DriftJSON(d)
		if err != nil || !json.Valid(doc) {
			t.Fatalf("%v: %s", err, doc)
		}
		golden(t, name+".json", string(doc)+"\n")
	}
}

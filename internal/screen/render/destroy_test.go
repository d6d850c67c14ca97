package render

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestDestroyGolden(t *testing.T) {
	t.Parallel()
	whole := func(name string) deploy.Removal {
		return deploy.Removal{Ref: versions.Ref{Function: name}, Versions: 2}
	}
	again := "edgedeploy destroy --stack storefront"
	waiting := whole("storefront-resize")
	waiting.Waits = true
	for name, d := range map[string]Destroyed{
		"destroy-nothing": {Stack: "storefront", Nothing: true, Command: again},
		"destroy-done": {
			Stack: "storefront", Command: again, Result: deploy.Result{Release: release.Release{Number: 42}},
			Dismantled: deploy.Dismantled{Done: true, Removals: []deploy.Removal{whole("storefront-resize"), whole("edgedeploy-storefront-releases")}},
		},
		"destroy-waits": {
			Stack: "storefront", Command: again,
			Dismantled: deploy.Dismantled{
				Removals: []deploy.Removal{waiting, {Ref: versions.Ref{Function: "storefront-old", Number: 3}, Versions: 1}},
				Remaining: []deploy.Remaining{
					{Function: "storefront-resize", Waits: true}, {Function: "storefront-auth", Bound: dist + " /img/* origin-response"},
					{Function: "storefront-old", Kept: "version 1, not published by edgedeploy"},
				},
			},
		},
		"destroy-failed": {
			Stack: "storefront", Command: again, ExitCode: 1, Error: "one failed", Hint: "ask for lambda:DeleteFunction",
			Dismantled: deploy.Dismantled{Remaining: []deploy.Remaining{{Function: "storefront-resize", Err: errors.New("access denied")}}},
		},
	} {
		text := Destroy(d, Style{Width: 80})
		fits(t, text)
		golden(t, name+".txt", text)
		golden(t, name+".md", DestroyMarkdown(d))
		doc, err := DestroyJSON(d)
		if err != nil || !json.Valid(doc) {
			t.Fatalf("%v: %s", err, doc)
		}
		golden(t, name+".json", string(doc)+"\n")
	}
}

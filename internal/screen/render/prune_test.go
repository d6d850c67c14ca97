package render

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/versions"
)

// pruning has every kind of thing that prune tells of.
func pruning() Pruning {
	of := func(function string, n int, stays string) versions.Verdict {
		return versions.Verdict{Stays: stays, Stock: versions.Stock{
			Version: versions.Version{Ref: versions.Ref{Function: function, Number: n}}, Bytes: 12_345, Modified: at.Add(-time.Duration(n) * 24 * time.Hour),
		}}
	}
	geo, old, held := "storefront-geo-redirect", "storefront-old", "storefront-held"
	return Pruning{
		Keep: 40, Command: "edgedeploy prune --stack storefront --yes",
		Leftovers: deploy.Leftovers{
			Stack: "storefront", Kept: []int{38, 39, 41}, Dropped: []int{1}, Distributions: 14,
			Functions: []deploy.StoredFunction{
				{Function: geo, Verdicts: []versions.Verdict{of(geo, 12, ""), of(geo, 13, ""), of(geo, 14, ""), of(geo, 17, "release 41")}, Loose: []string{"edge-0123456789abcdef"}},
				{Function: "storefront-moved", NotOurs: "it belongs to stack other"},
				{Function: held, Orphan: true, Verdicts: []versions.Verdict{of(held, 1, ""), of(held, 2, dist+" /img/* origin-response"), of(held, 3, versions.Newest)}},
				{Function: old, Orphan: true, Whole: true, Verdicts: []versions.Verdict{of(old, 1, ""), of(old, 2, versions.Newest)}},
				{Function: "storefront-resize", Verdicts: []versions.Verdict{of("storefront-resize", 4, "release 41")}},
			},
		},
	}
}

// pruned is the same after it ran, and was stopped before it came to the last.
func pruned() Pruning {
	p := pruning()
	geo := func(n int) versions.Ref { return versions.Ref{Function: "storefront-geo-redirect", Number: n} }
	p.Ran, p.Command, p.ExitCode, p.Error = true, "", 1, "one failed"
	p.Removals = []deploy.Removal{
		{Ref: geo(12), Versions: 1}, {Ref: geo(13), Versions: 1, Waits: true}, {Ref: geo(14), Versions: 1, Err: errors.New("access denied")},
		{Ref: geo(0), Alias: "edge-0123456789abcdef"}, {Ref: versions.Ref{Function: "storefront-held", Number: 1}, Versions: 1},
	}
	return p
}

func TestPruneGolden(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Pruning{"prune": pruning(), "prune-ran": pruned()} {
		text := Prune(p, at, Style{Width: 80})
		fits(t, text)
		golden(t, name+".txt", text)
		golden(t, name+".md", PruneMarkdown(p))
		doc, err := PruneJSON(p)
		if err != nil || !json.Valid(doc) {
			t.Fatalf("%v: %s", err, doc)
		}
		golden(t, name+".json", string(doc)+"\n")
	}
}

func TestProgressTellsOfDeletions(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]deploy.Removal{
		"delete f, version 3: done":                  {Ref: versions.Ref{Function: "f", Number: 3}},
		"delete f, version 3: replicated still":      {Ref: versions.Ref{Function: "f", Number: 3}, Waits: true},
		"delete f, version 3: failed: access denied": {Ref: versions.Ref{Function: "f", Number: 3}, Err: errors.New("access denied")},
		"delete f, alias edge-1: done":               {Ref: versions.Ref{Function: "f"}, Alias: "edge-1"},
		"delete f: done":                             {Ref: versions.Ref{Function: "f"}},
	} {
		p := &Progress{}
		if got := p.Add(deploy.Removed{Removal: m}, at); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

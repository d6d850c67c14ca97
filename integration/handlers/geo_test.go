package handlers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// geo builds the example's module, which is not in the repository, and packs it
// as its spec says.
func geo(t *testing.T) bundle.Bundle {
	t.Helper()
	const dir = "examples/geo"
	src, err := repository(t).ReadFile(dir + "/edgedeploy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := stackspec.Parse("edgedeploy.yaml", src, stackspec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := doc.Stack.Functions[0]
	return goModule(t, dir, ".", bundle.Function{Runtime: f.Config.Runtime, OnError: f.OnError, Config: f.Baked})
}

func TestTheGeoExampleGivesItsExpectedResults(t *testing.T) {
	t.Parallel()
	checkFixtures(t, geo(t), "examples/geo/fixtures")
}

// The README says what a Go handler weighs; another release of Go makes another
// size, so there is room.
func TestTheGeoExampleWeighsWhatItsREADMESays(t *testing.T) {
	t.Parallel()
	b := geo(t)
	t.Logf("%d bytes zipped, %d unzipped", len(b.Zip), b.Uncompressed)
	if len(b.Zip) < 500_000 || len(b.Zip) > 800_000 {
		t.Errorf("the zip has %d bytes; the README says 0.67 MB", len(b.Zip))
	}
}

// What one visitor gets must not depend on who came before, in an instance
// that has served many.
func TestTheGeoExampleKeepsNothingFromTheEventBefore(t *testing.T) {
	t.Parallel()
	b := geo(t)
	countries := map[string]string{"DE": "de", "FR": "fr", "BR": "pt-br", "US": "en"}
	var events []object
	var want []string
	for range 500 {
		for country, language := range countries {
			e := event("origin-request", "")
			subject(e, "request")["headers"].(object)["cloudfront-viewer-country"] = values("CloudFront-Viewer-Country", country)
			events, want = append(events, e), append(want, fmt.Sprintf("/%s/a", language))
		}
	}
	onEachNode(t, func(t *testing.T, node string) {
		for i, o := range run(t, node, b, events...).Outcomes {
			if got, _ := o.Result["uri"].(string); got != want[i] || len(o.Logs) > 0 {
				t.Fatalf("event %d: %s, logs %v, want %s", i, got, o.Logs, want[i])
			}
		}
	})
}

func TestTheGeoExampleDoesNotStartWithSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	b := goModule(t, "examples/geo", ".", bundle.Function{Config: map[string]any{"languages": []any{"en"}, "speaks": map[string]any{"DE": "de"}}})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, event("origin-request", ""))
		const say = "start: config: speaks: DE=de, which is not in languages"
		if s.Load == "" || len(s.LoadLogs) == 0 || !strings.Contains(s.LoadLogs[0].Text, say) {
			t.Errorf("load %q, logs %v, want %q", s.Load, s.LoadLogs, say)
		}
	})
}

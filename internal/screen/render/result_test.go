package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// outcomes are the ends that a run of the sample plan can come to.
func outcomes() map[string]Outcome {
	p := samplePlan()
	recorded := p.Goal
	recorded.Number = 42
	recorded.Functions = []release.Function{function("geo-redirect", 18, content), function("resize", 4, resized)}
	slots := func(states ...string) []deploy.SlotResult {
		var list []deploy.SlotResult
		for i, e := range p.Goal.Changed {
			list = append(list, deploy.SlotResult{Edit: e, State: states[i]})
		}
		return list
	}
	nothing := variants()["nothing"]
	return map[string]Outcome{
		"deployed":  {Plan: p, Result: deploy.Result{Release: recorded, Live: true, Slots: slots("written", "written")}},
		"deploying": {Plan: p, Flags: []string{"--local"}, ExitCode: 6, Result: deploy.Result{Release: recorded, Live: true, Slots: slots("written", "written"), Undeployed: []string{dist}}},
		"partial":   {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: slots("written", "not-written")}},
		"lost":      {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: slots("unknown", "not-written")}},
		"restored":  {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: slots("restored", "restored")}},
		"untouched": {Plan: p, ExitCode: 4, Result: deploy.Result{}},
		"published": {Plan: variants()["publish-only"], Result: deploy.Result{Release: recorded, Live: true}},
		"nothing":   {Plan: nothing},
	}
}

func TestResultGolden(t *testing.T) {
	t.Parallel()
	for name, o := range outcomes() {
		text := Result(o, Style{Width: 80})
		fits(t, text)
		golden(t, "result-"+name+".txt", text)
		if got := uncolored(Result(o, Style{Width: 80, Color: true})); got != text {
			t.Errorf("%s: colour says more than the text:\n%s", name, cmp.Diff(text, got))
		}
	}
	golden(t, "result-deployed.md", ResultMarkdown(outcomes()["deployed"]))
	doc, err := ResultJSON(outcomes()["deploying"])
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "result-deploying.json", string(doc))
}

func TestResultUndoesOnlyWhatWasWritten(t *testing.T) {
	t.Parallel()
	const back = "edgedeploy rollback --stack storefront --to 41"
	want := map[string]string{
		"deployed": back, "deploying": back + " --local", "partial": back, "lost": back,
		"restored": "", "untouched": "", "published": "", "nothing": "",
	}
	for name, o := range outcomes() {
		if got := o.Undo(); got != want[name] {
			t.Errorf("%s: got %q, want %q", name, got, want[name])
		}
		doc, err := ResultJSON(o)
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct{ Undo string }
		if err := json.Unmarshal(doc, &parsed); err != nil || parsed.Undo != want[name] {
			t.Errorf("%s: JSON says %q (%v)", name, parsed.Undo, err)
		}
	}
}

func TestUndoIsOneShellCommandWhateverTheFlags(t *testing.T) {
	t.Parallel()
	o := outcomes()["deployed"]
	o.Flags = []string{"--profile", "it's mine; rm -rf $HOME", ""}
	want := `edgedeploy rollback --stack storefront --to 41 --profile 'it'\''s mine; rm -rf $HOME' ''`
	if got := o.Undo(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestResultPutsStatesBelowLongNames(t *testing.T) {
	t.Parallel()
	text := Result(outcomes()["partial"], Style{Width: 50})
	const want = "      ~ viewer-request     geo-redirect 17 → 18\n        not written\n"
	if !strings.Contains(text, want) {
		t.Errorf("got\n%s\nwant it to contain\n%s", text, want)
	}
	if wide := Result(outcomes()["partial"], Style{}); !strings.Contains(wide, "geo-redirect 17 → 18   not written\n") {
		t.Errorf("without a width the state stands beside, got\n%s", wide)
	}
}

package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// The plan that the design shows, to the letter.
func TestPlanReadsAsDesigned(t *testing.T) {
	t.Parallel()
	want := `storefront   release 41 → 42

  functions
    + geo-redirect   publish 9f3c1e…  212 KB
        replaces version 17 (module, timeout 5 → 4)
    = resize         version 4

  www  E2EXAMPLE1ABCD  www.example.com
    default
      ~ viewer-request     geo-redirect 17 → new
    /img/*
      + origin-response    resize 4

Publishes 1 version, updates 1 distribution, detaches nothing.
`
	if diff := cmp.Diff(want, PlanText(samplePlan(), commands(), Style{Width: 80})); diff != "" {
		t.Errorf("plan differs (-want +got):\n%s", diff)
	}
}

// variants are plans that need other words than the ordinary one.
func variants() map[string]plan.Plan {
	first := samplePlan()
	first.Saw = release.Position{}
	first.Stages[0] = plan.Stage{plan.Publish{Key: "geo-redirect", Spec: first.Goal.Functions[0].Spec, Create: true, ZipBytes: 900}}

	retry := samplePlan()
	retry.Saw.Pending = 43
	retry.Notes = []plan.Note{{Kind: "in-flight", Text: "supersedes release 43, which was begun and never committed; this sentence is long enough to be wrapped"}}

	held := samplePlan()
	held.Held = []release.Held{{Release: 40, Key: "geo-redirect", Content: content}, {Release: 40, Commit: "aa11bb22cc33dd44ee55ff6600112233445566aa"}}

	strict := samplePlan()
	strict.Held = []release.Held{{Release: 40, Strict: true}, {Release: 39, Strict: true}}

	back := samplePlan()
	back.Kind, back.Goal.Kind, back.Goal.Target = release.KindRollback, release.KindRollback, 40
	back.Context.Kept = append(back.Context.Kept, function("geo-redirect", 16, content), function("audit", 2, content), function("beacon", 3, content))
	back.Context.Target = &plan.Target{Release: 40, At: at, Actor: "ci@runner-7", Message: "faster redirects for the campaign", Commit: "aa11bb22cc33dd44ee55ff66", Dirty: true}
	other := associations.Binding{Version: versions.Ref{Function: "storefront-legacy", Number: 2}, IncludeBody: true}
	back.Stages = []plan.Stage{
		{plan.Activate{Key: "geo-redirect", Version: versions.Version{Ref: versions.Ref{Function: "storefront-geo-redirect", Number: 16}}}},
		{plan.Associate{Change: associations.Change{Distribution: dist, Edits: []associations.Edit{
			{Slot: slot("default", associations.ViewerRequest), From: bind("geo-redirect", 17), To: bind("geo-redirect", 16)},
			{Slot: slot("default", associations.OriginRequest), From: other},
			{Slot: slot("/img/*", associations.OriginResponse), From: bind("resize", 4), To: associations.Binding{ARN: "arn:aws:lambda:us-east-1:210987654321:function:theirs:3"}},
		}}}},
	}

	back.Context.Replaced = map[string]plan.Replaced{"geo-redirect": {Number: 17, Differs: []string{"module", "config", "trampoline 1 → 2", "memory 128 → 256", "log group /edge/storefront → default"}}}

	zero := samplePlan()
	zero.Kind, zero.Goal.Kind, zero.Goal.Target, zero.Goal.Functions, zero.Context.Kept = release.KindRollback, release.KindRollback, 0, nil, nil
	zero.Stages = []plan.Stage{{plan.Associate{Change: associations.Change{Distribution: dist, Edits: []associations.Edit{
		{Slot: slot("default", associations.ViewerRequest), From: bind("geo-redirect", 17)},
		{Slot: slot("default", associations.OriginRequest), From: bind("resize", 4)},
	}}}}}

	nothing := plan.Plan{Schema: plan.Schema, Stack: "storefront", Kind: release.KindApply, Saw: release.Position{Live: 41},
		Context: plan.Context{Kept: []release.Function{function("resize", 4, resized)}}}
	waiting := nothing
	waiting.Stages = []plan.Stage{{plan.Await{Distribution: dist}}}

	record := nothing
	record.Record, record.Kind = true, release.KindResume

	joins := nothing
	joins.Record = true
	joins.Notes = []plan.Note{{Kind: "records", Text: "a release is recorded because function beacon leaves the stack"}}

	tags := nothing
	tags.Record = true
	tags.Context.Kept = append(tags.Context.Kept, function("geo-redirect", 17, content))
	tags.Stages = []plan.Stage{{
		plan.Tag{Key: "resize", Function: "storefront-resize", Set: map[string]string{"team": "web", "cost": "edge"}, Remove: []string{"owner"}},
		plan.Tag{Function: release.LedgerFunction("storefront"), Remove: []string{"owner"}},
	}}

	only := nothing
	only.Record, only.Goal.Adopted = true, true
	only.Stages = []plan.Stage{{plan.Publish{Key: "shared-auth", Spec: function("shared-auth", 0, content).Spec, Adopt: true, ZipBytes: 7_000_000}}}
	only.Notes = []plan.Note{{Kind: "adopt-function", Text: "takes over function storefront-shared-auth: overwrites the code and the configuration of its $LATEST; its published versions stay"}}

	reused := nothing
	reused.Record = true
	reused.Stages = []plan.Stage{{plan.Activate{Key: "resize", Version: versions.Version{Ref: versions.Ref{Function: "storefront-resize", Number: 4}}}}}

	returned := samplePlan()
	returned.Context.Kept = append(returned.Context.Kept, function("audit", 2, content), function("beacon", 3, content))
	returned.Stages = append([]plan.Stage{{plan.Activate{Key: "audit", Version: versions.Version{Ref: versions.Ref{Function: "storefront-audit", Number: 2}}}}}, returned.Stages...)

	back.Context.Holds = []release.Hold{sampleHold()}
	back.Settle = 43
	back.Saw.Pending = 43
	back.Unfinished = []plan.Unfinished{{Slot: slot("/gone/*", associations.ViewerRequest), Reason: "the cache behavior does not exist any more"}}

	complete := back
	complete.Settle, complete.Complete, complete.Record, complete.Unfinished = 0, 43, false, nil
	complete.Notes = []plan.Note{{Kind: "renamed", Text: dist + " /api/* is /v2/* now"}}

	already := nothing
	already.Kind, already.Context.Back = release.KindRollback, &plan.Back{At: 40, Since: at, Undone: 41}
	already.Context.Holds = []release.Hold{{Release: 41, Brought: 41, Content: sampleHold().Content}}
	already.Notes = []plan.Note{{Kind: "already-back", Text: "back at release 40: release 41 was rolled back 2026-11-23 18:02 UTC"}}

	putBack := back
	putBack.Settle, putBack.Record, putBack.Unfinished, putBack.Saw.Pending = 0, false, nil, 0
	putBack.Context.Back, putBack.Notes = already.Context.Back, already.Notes

	settles := nothing
	settles.Saw, settles.Settle = release.Position{Live: 41, Pending: 42}, 42
	settles.Notes = []plan.Note{{Kind: "in-flight", Text: "release 42 was written and never committed; it is committed first"}}

	undone := nothing
	undone.Kind, undone.Notes = release.KindRollback, []plan.Note{{Kind: "nothing", Text: "release 40 is neither live nor in flight: there is nothing of it to undo"}}

	return map[string]plan.Plan{
		"complete": complete, "already-back": already, "put-back": putBack, "settles": settles, "not-undone": undone,
		"reused": reused, "returned": returned,
		"first": first, "retry": retry, "held": held, "strict": strict, "rollback": back, "rollback-zero": zero,
		"nothing": nothing, "waiting": waiting, "record-only": record, "record-why": joins, "tags": tags, "publish-only": only, "sample": samplePlan(),
	}
}

func TestPlanGolden(t *testing.T) {
	t.Parallel()
	for name, p := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := PlanText(p, commands(), Style{Width: 80})
			fits(t, text)
			golden(t, "plan-"+name+".txt", text)
			golden(t, "plan-"+name+".md", PlanMarkdown(p, commands()))
			colored := PlanText(p, commands(), Style{Width: 80, Color: true})
			if got := uncolored(colored); got != text {
				t.Errorf("colour says more than the text:\n%s", cmp.Diff(text, got))
			}
		})
	}
	golden(t, "plan-sample-color.txt", PlanText(samplePlan(), commands(), Style{Width: 80, Color: true}))
}

// uncolored removes the eight codes, and nothing else.
func uncolored(s string) string {
	for _, c := range []string{reset, bold, dim, red, green, yellow, magenta, cyan} {
		s = strings.ReplaceAll(s, c, "")
	}
	return s
}

func TestPlanLastLineSaysWhatHappens(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"first":         "Publishes 1 version, updates 1 distribution, detaches nothing.",
		"rollback":      "Publishes nothing, updates 1 distribution, detaches 1 slot.",
		"rollback-zero": "Publishes nothing, updates 1 distribution, detaches 2 slots.",
		"nothing":       "Nothing to do.",
		"waiting":       "Nothing to do; CloudFront is still deploying an earlier change of E2EXAMPLE1ABCD.",
		"settles":       "Completes what is recorded; changes nothing in CloudFront.",
		"record-only":   "Records a release; changes nothing in CloudFront.",
		"tags":          "Tags 2 functions, changes nothing in CloudFront.",
		"publish-only":  "Publishes 1 version, changes nothing in CloudFront.",
	}
	for name, line := range want {
		text := PlanText(variants()[name], commands(), Style{})
		if !strings.HasSuffix(text, "\n"+line+"\n") {
			t.Errorf("%s: the last line is not %q:\n%s", name, line, text)
		}
	}
}

func TestPlanJSONIsThePlan(t *testing.T) {
	t.Parallel()
	for name, p := range variants() {
		p.Notes = append(p.Notes, plan.Note{Kind: "drift", Text: "a<b> & \u202e\u009b \U000e0041 end"})
		doc, err := PlanJSON(p, 2)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.IndexFunc(doc, func(r rune) bool { return r != '\n' && invisible(r) }); i >= 0 {
			t.Errorf("%s: an invisible character at %d", name, i)
		}
		var outcome struct{ ExitCode int }
		if err := json.Unmarshal(doc, &outcome); err != nil || outcome.ExitCode != 2 {
			t.Errorf("%s: it has the exit code %d (%v)", name, outcome.ExitCode, err)
		}
		back, err := plan.DecodePlan(doc)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(jsonOf(t, p), jsonOf(t, back)); diff != "" {
			t.Errorf("%s does not survive JSON:\n%s", name, diff)
		}
		if got := back.Notes[len(back.Notes)-1].Text; got != p.Notes[len(p.Notes)-1].Text {
			t.Errorf("note came back as %q", got)
		}
	}
}

func TestARollbackSaysWhatItsTargetIs(t *testing.T) {
	t.Parallel()
	for want, target := range map[string]*plan.Target{
		"": nil,
		"release 40 was made 2026-11-23 18:02 UTC by ci@runner-7, commit aa11bb22cc33+: faster redirects for the campaign": variants()["rollback"].Context.Target,
		"release 3 was made 2026-11-23 18:02 UTC": {Release: 3, At: at},
	} {
		if got := targetWords(target); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	p := variants()["rollback"]
	want := targetWords(p.Context.Target)
	if text := PlanText(p, commands(), Style{}); !strings.Contains(text, "  "+want+"\n") {
		t.Errorf("the text does not say %q:\n%s", want, text)
	}
	if text := PlanMarkdown(p, commands()); !strings.Contains(text, "faster redirects for the campaign") {
		t.Errorf("Markdown does not say %q:\n%s", want, text)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	doc, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

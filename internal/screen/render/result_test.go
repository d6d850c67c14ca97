package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// outcomes are the ends that a run of the sample plan can come to.
func outcomes() map[string]Outcome {
	p := samplePlan()
	recorded := p.Goal
	recorded.Number = 42
	recorded.Functions = []release.Function{function("geo-redirect", 18, content), function("resize", 4, resized)}
	slots := func(states ...deploy.SlotState) []deploy.SlotResult {
		var list []deploy.SlotResult
		for i, e := range p.Goal.Edits {
			list = append(list, deploy.SlotResult{Edit: e, State: states[i]})
		}
		return list
	}
	recorded.Brought = 42
	nothing := variants()["nothing"]
	changed := slots("written", "changed")
	changed[1].Holds = associations.Binding{Version: versions.Ref{Function: "other-team-fn", Number: 9}}
	back := variants()["rollback"]
	back.Settle, back.Saw, back.Unfinished = 0, release.Position{Live: 42}, nil
	undo := recorded
	undo.Number, undo.Kind, undo.Back, undo.Undone, undo.Target = 43, release.KindRollback, 42, 42, 41
	putBack := variants()["put-back"]
	putBack.Goal.Number = 44
	return map[string]Outcome{
		"deployed":  {Plan: p, Result: deploy.Result{Release: recorded, Live: true, Slots: slots("written", "written")}},
		"deploying": {Plan: p, Commands: Commands{Stack: "storefront", Flags: []string{"--local"}}, ExitCode: 6, Result: deploy.Result{Release: recorded, Live: true, Slots: slots("written", "written"), Undeployed: []string{dist}}},
		"partial":   {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: slots("written", "not-written")}},
		"lost":      {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: slots("unknown", "not-written")}},
		"restored":  {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: slots("rolled-back", "not-written"), RolledBack: undo}},
		"changed":   {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: changed}},
		"drifted":   {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Live: true, Slots: changed, Drift: []deploy.Drift{{Slot: changed[1].Edit.Slot}}}},
		"committed": {Plan: p, ExitCode: 1, Result: deploy.Result{Release: recorded, Slots: slots("written", "written")}},
		"rollback":  {Plan: back, Result: deploy.Result{Release: undo, Live: true, Slots: slots("written", "written")}},
		"halfback":  {Plan: back, ExitCode: 1, Result: deploy.Result{Release: undo, Slots: slots("written", "not-written")}},
		"put-back":  {Plan: putBack, Result: deploy.Result{Slots: slots("written", "written")}},
		"untouched": {Plan: p, ExitCode: 4, Result: deploy.Result{}},
		"published": {Plan: variants()["publish-only"], Result: deploy.Result{Release: recorded, Live: true}},
		"nothing":   {Plan: nothing},
	}
}

func TestResultGolden(t *testing.T) {
	t.Parallel()
	for name, o := range outcomes() {
		if o.Commands.Stack == "" {
			o.Commands = commands()
		}
		text := Result(o, Style{Width: 80})
		fits(t, text)
		golden(t, "result-"+name+".txt", text)
		if got := uncolored(Result(o, Style{Width: 80, Color: true})); got != text {
			t.Errorf("%s: colour says more than the text:\n%s", name, cmp.Diff(text, got))
		}
	}
	golden(t, "result-deployed.md", ResultMarkdown(with(outcomes()["deployed"])))
	doc, err := ResultJSON(outcomes()["deploying"])
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "result-deploying.json", string(doc))
}

// with gives an outcome the commands of a plain run.
func with(o Outcome) Outcome {
	if o.Commands.Stack == "" {
		o.Commands = commands()
	}
	return o
}

// What is live is undone by its number, so that the command says what it means
// however late it is run; a rollback is undone by going forth.
func TestResultUndoesOnlyWhatIsLiveAndWrote(t *testing.T) {
	t.Parallel()
	const back = "edgedeploy rollback --of 42 --stack storefront"
	want := map[string]string{
		"deployed": back, "deploying": back + " --local", "rollback": "edgedeploy rollback --to 42 --stack storefront",
	}
	for name, o := range outcomes() {
		o = with(o)
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

// What was never anything else before is undone by name; what repairs it is not.
func TestTheFirstReleaseIsUndoneByTo0(t *testing.T) {
	t.Parallel()
	o := with(outcomes()["deployed"])
	o.Result.Release.Returns, o.Result.Release.Kind = 0, release.KindApply
	if got := o.Undo(); got != "edgedeploy rollback --to 0 --stack storefront" {
		t.Errorf("the first release is undone with %q", got)
	}
	restored := with(outcomes()["rollback"])
	restored.Result.Release.Undone, restored.Result.Release.Back = 0, 0
	if got := restored.Undo(); got != "" {
		t.Errorf("what was put in the place of an unknown release is undone with %q", got)
	}
	o.Result.Release.Brought = 41
	if got := o.Undo(); got != "" {
		t.Errorf("a repair of the first release is undone with %q", got)
	}
}

// After a rollback each form says what is held now, or that nothing is.
func TestARollbackSaysWhatIsHeldNow(t *testing.T) {
	t.Parallel()
	holds := sampleRelease().Holds
	for name, c := range map[string]struct {
		outcome string
		holds   []release.Hold
		change  func(o *Outcome)
		text    bool
	}{
		"recorded":               {"rollback", holds, func(o *Outcome) { o.Result.Release.Holds = holds }, true},
		"recorded, nothing held": {"rollback", nil, nil, true},
		"put back":               {"put-back", outcomes()["put-back"].Plan.Context.Holds, nil, true},
		"half done":              {"halfback", holds, func(o *Outcome) { o.Result.Release.Holds = holds }, true},
		"--on-failure rollback":  {"restored", holds, func(o *Outcome) { o.Result.RolledBack.Holds = holds }, true},
		"an apply":               {"deployed", holds, func(o *Outcome) { o.Result.Release.Holds = holds }, false},
		"a no-op apply":          {"nothing", holds, func(o *Outcome) { o.Plan.Goal.Holds = holds }, false},
		"failed before a record": {"rollback", nil, func(o *Outcome) { o.ExitCode, o.Result = 1, deploy.Result{} }, false},
	} {
		o := with(outcomes()[c.outcome])
		if c.change != nil {
			c.change(&o)
		}
		doc, err := ResultJSON(o)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Holds []release.Hold }
		if err := json.Unmarshal(doc, &got); err != nil {
			t.Fatal(err)
		}
		// null says that it is not known: [] would say that nothing is held.
		if (got.Holds == nil) != (name == "failed before a record") || len(got.Holds) != len(c.holds) {
			t.Errorf("%s: JSON has the holds %v, want %v", name, got.Holds, c.holds)
		}
		want := "held: release 43 was rolled back"
		if len(c.holds) == 0 {
			want = "nothing is held"
		}
		for form, text := range map[string]string{"text": Result(o, Style{}), "markdown": ResultMarkdown(o)} {
			if strings.Contains(text, "! "+want) != c.text {
				t.Errorf("%s: that %q is said in %s: want %v:\n%s", name, want, form, c.text, text)
			}
		}
	}
}

// A run has changed something once a release of its own is recorded or made live,
// or a slot is written. That it meant to is no change.
func TestAResultSaysWhetherAnythingWasChanged(t *testing.T) {
	t.Parallel()
	settles := variants()["settles"]
	settles.Record = false
	outcomes := outcomes()
	outcomes["settled"] = Outcome{Plan: settles, Result: deploy.Result{Settled: 42}}
	outcomes["settled, then interrupted"] = Outcome{Plan: variants()["settles"], ExitCode: 130, Result: deploy.Result{Settled: 42}}
	outcomes["done by another run"] = Outcome{Plan: outcomes["rollback"].Plan, Result: deploy.Result{Release: outcomes["rollback"].Result.Release, Live: true, Already: true}}
	refused := outcomes["put-back"]
	refused.ExitCode, refused.Result = 1, deploy.Result{Slots: []deploy.SlotResult{{State: deploy.SlotNotWritten}}}
	outcomes["put back, refused"] = refused
	unchanged := map[string]bool{"untouched": true, "nothing": true, "done by another run": true, "put back, refused": true}
	for name, o := range outcomes {
		o.Error, o.Hint = "why", "what to do"
		doc, err := ResultJSON(with(o))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Changed     bool
			Error, Hint string
		}
		if err := json.Unmarshal(doc, &got); err != nil || got.Changed == unchanged[name] || got.Error != "why" || got.Hint != "what to do" {
			t.Errorf("%s: got %+v (%v)", name, got, err)
		}
	}
}

// What is left undone is in every form, and so are the plan's notes where the
// plan itself was not shown.
func TestAResultCarriesThePlansNotes(t *testing.T) {
	t.Parallel()
	o := with(outcomes()["rollback"])
	o.Plan.Notes = []plan.Note{{Kind: "stray", Text: "E3 /x holds it"}}
	o.Plan.Unfinished = []plan.Unfinished{{Slot: associations.Slot{Distribution: "E4"}, Reason: "is gone"}}
	doc, err := ResultJSON(o)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"json": string(doc), "markdown": ResultMarkdown(o)} {
		if !strings.Contains(text, "E3 /x holds it") || !strings.Contains(text, "is gone") {
			t.Errorf("%s does not tell of the note and what is left undone:\n%s", form, text)
		}
	}
}

// A job that applies a plan file has no spec.
func TestASavedPlanIsWhatGoesOn(t *testing.T) {
	t.Parallel()
	c := Commands{Stack: "shop", Spec: []string{"-f", "x.yaml"}, Saved: "a b.edplan", Flags: []string{"--local"}}
	for want, a := range map[string]release.Action{
		"edgedeploy apply 'a b.edplan' --local":    {Verb: release.VerbApply, Adopt: true},
		"edgedeploy apply -f x.yaml --local":       {Verb: release.VerbApply, Another: true},
		"edgedeploy rollback --stack shop --local": {Verb: release.VerbRollback},
	} {
		if got := c.Command(a); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestUndoIsOneShellCommandWhateverTheFlags(t *testing.T) {
	t.Parallel()
	o := outcomes()["deployed"]
	o.Commands = Commands{Stack: "storefront", Flags: []string{"--profile", "it's mine; rm -rf $HOME", ""}}
	want := `edgedeploy rollback --of 42 --stack storefront --profile 'it'\''s mine; rm -rf $HOME' ''`
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

// What a run left in flight leads on by the same advice as everywhere.
func TestResultNamesTheWaysOnFromWhatIsInFlight(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"partial":   {"edgedeploy apply", "edgedeploy rollback --of 42 --stack storefront"},
		"lost":      {"edgedeploy apply", "edgedeploy rollback --of 42 --stack storefront"},
		"committed": {"edgedeploy apply", "edgedeploy rollback --of 42 --stack storefront"},
		"halfback":  {"edgedeploy rollback --of 43 --stack storefront", "edgedeploy apply"},
		"deployed":  nil, "restored": nil, "untouched": nil, "put-back": nil,
	} {
		o := with(outcomes()[name])
		var got []string
		for _, a := range o.next() {
			got = append(got, o.Commands.Command(a))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSlotsSayHowFarARunCame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		want   release.Written
		states []deploy.SlotState
	}{
		{release.WrittenNone, nil},
		{release.WrittenNone, []deploy.SlotState{deploy.SlotNotWritten, deploy.SlotChanged}},
		{release.WrittenPart, []deploy.SlotState{deploy.SlotWritten, deploy.SlotNotWritten}},
		{release.WrittenPart, []deploy.SlotState{deploy.SlotUnknown, deploy.SlotNotWritten}},
		{release.WrittenAll, []deploy.SlotState{deploy.SlotWritten, deploy.SlotChanged}},
	} {
		var slots []deploy.SlotResult
		for _, s := range tt.states {
			slots = append(slots, deploy.SlotResult{State: s})
		}
		if got := SlotsWritten(slots); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.states, got, tt.want)
		}
	}
}

func TestCommandsCarryWhatTheyNeed(t *testing.T) {
	t.Parallel()
	c := Commands{Stack: "shop", Spec: []string{"-f", "a b.yaml"}, Flags: []string{"--local"}}
	for want, a := range map[string]release.Action{
		"edgedeploy apply -f 'a b.yaml' --local":          {Verb: release.VerbApply},
		"edgedeploy apply -f 'a b.yaml' --adopt --local":  {Verb: release.VerbApply, Adopt: true},
		"edgedeploy rollback --stack shop --local":        {Verb: release.VerbRollback},
		"edgedeploy rollback --to 0 --stack shop --local": {Verb: release.VerbRollback, HasTo: true},
		"edgedeploy rollback --of 3 --stack shop --local": {Verb: release.VerbRollback, Of: 3},
		"edgedeploy resume 42 --stack shop --local":       {Verb: release.VerbResume, Release: 42},
	} {
		if got := c.Command(a); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// With --yes, a document on stdout is all that a pipeline keeps.
func TestAResultSaysWhatItsPlanNoted(t *testing.T) {
	t.Parallel()
	o := with(outcomes()["deployed"])
	o.Plan.Notes = []plan.Note{{Kind: "takes-back", Text: "takes newer work back"}, {Kind: "no-commit", Text: "there is no commit"}}
	doc, err := ResultJSON(o)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct{ Notes []plan.Note }
	if err := json.Unmarshal(doc, &parsed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o.Plan.Notes, parsed.Notes); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if text := ResultMarkdown(o); !strings.Contains(text, "- ! takes newer work back\n- ! there is no commit\n") {
		t.Errorf("Markdown has no notes:\n%s", text)
	}
	// The plan stands above in the same terminal.
	text := Result(o, Style{Width: 80})
	if !strings.Contains(text, "  ! there is no commit\n") || strings.Contains(text, "takes newer work back") {
		t.Errorf("the text has other notes:\n%s", text)
	}
	o.Result.Live = false
	if text := Result(o, Style{Width: 80}); strings.Contains(text, "no commit") {
		t.Errorf("a release that is not live has a note:\n%s", text)
	}
}

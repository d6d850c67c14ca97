package render

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/handlers/fixture"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
	"github.com/edgedeploy/edgedeploy/stackspec"
	"github.com/edgedeploy/edgedeploy/versions"
)

// draw makes values whose every string is hostile.
type draw struct{ t *rapid.T }

func (d draw) text() string { return hostile().Draw(d.t, "text") }
func (d draw) number() int  { return rapid.IntRange(0, 3).Draw(d.t, "number") }
func (d draw) yes() bool    { return rapid.Bool().Draw(d.t, "yes") }

func (d draw) function() release.Function {
	return release.Function{
		Key: d.text(), Number: d.number(), CodeSHA256: d.text(), ZipBytes: int64(d.number()),
		Spec: versions.Spec{Function: d.text(), Content: versions.ContentID(d.text()), Config: versions.Config{
			Runtime: d.text(), Handler: d.text(), Role: d.text(), Extra: d.text(),
			Logging: versions.Logging{Format: d.text(), Level: d.text(), Group: d.text()},
		}},
	}
}

func (d draw) binding() associations.Binding {
	switch d.number() {
	case 0:
		return associations.Binding{}
	case 1:
		return associations.Binding{ARN: d.text()}
	}
	return associations.Binding{Version: versions.Ref{Function: d.text(), Number: d.number()}, IncludeBody: d.yes()}
}

func (d draw) slot() associations.Slot {
	return associations.Slot{Distribution: d.text(), Path: d.text(), Trigger: associations.Trigger(d.text())}
}

func (d draw) edits() []associations.Edit {
	return []associations.Edit{{Slot: d.slot(), From: d.binding(), To: d.binding()}, {Slot: d.slot(), To: d.binding()}}
}

func (d draw) release() release.Release {
	return release.Release{
		Number: d.number(), Stack: d.text(), Kind: release.Kind(d.text()), Target: d.number(), Back: d.number(), Undone: d.number(), RunID: d.text(), At: at, Account: d.text(),
		Actor: d.text(), Message: d.text(), Tool: d.text(), Source: release.Source{Commit: d.text(), Branch: d.text(), Dirty: d.yes()},
		Role: d.text(), Tags: map[string]string{d.text(): d.text()}, Functions: []release.Function{d.function()},
		Distributions: []release.Distribution{d.distribution()}, Edits: d.edits(),
		Takings: []release.Taking{{Slot: d.slot(), Holder: d.binding(), Release: release.Origin(d.number())}},
		Left:    []release.Bound{{Slot: d.slot(), Binding: d.binding()}}, Commits: []string{d.text()}, Holds: []release.Hold{d.hold()},
	}
}

func (d draw) distribution() release.Distribution {
	return release.Distribution{Key: d.text(), IDs: []string{d.text()}, Alias: d.text(), Bindings: []release.Placed{
		{Path: d.text(), Trigger: associations.Trigger(d.text()), Binding: d.binding()},
	}}
}

func (d draw) hold() release.Hold {
	place := release.Place{Key: d.text(), Path: d.text(), Trigger: associations.Trigger(d.text())}
	return release.Hold{Release: d.number(), Why: d.text(), Content: []versions.Spec{d.function().Spec}, Commits: []string{d.text()},
		Edits: []release.HeldEdit{{Place: place, Spec: d.function().Spec, Empty: d.yes(), IncludeBody: d.yes()}}}
}

func (d draw) commands() Commands {
	return Commands{Stack: d.text(), Spec: []string{d.text()}, Flags: []string{d.text()}}
}

func (d draw) plan() plan.Plan {
	f, id := d.function(), d.text()
	return plan.Plan{
		Stack: d.text(), Kind: rapid.SampledFrom([]release.Kind{release.KindApply, release.KindRollback}).Draw(d.t, "kind"), Settle: d.number(), Account: d.text(), Saw: release.Position{Live: d.number(), Pending: d.number()},
		Goal: d.release(), Record: d.yes(),
		Stages: []plan.Stage{
			{plan.Tag{Key: d.text(), Function: d.text(), Set: map[string]string{d.text(): d.text()}, Remove: []string{d.text()}}},
			{plan.Publish{Key: d.text(), Spec: f.Spec, Create: d.yes(), Replaces: d.number(), Resets: d.text()}},
			{plan.Associate{Change: associations.Change{Distribution: id, Edits: d.edits()}}},
			{plan.Await{Distribution: d.text()}},
		},
		Held:       []release.Held{{Release: d.number(), Key: d.text(), Content: versions.ContentID(d.text()), Place: d.text(), Commit: d.text(), Why: d.text()}},
		Unfinished: []plan.Unfinished{{Slot: d.slot(), Reason: d.text()}},
		Notes:      []plan.Note{{Kind: d.text(), Text: d.text()}},
		Context:    plan.Context{Domains: map[string]string{id: d.text()}, Keys: map[string]string{id: d.text()}, Replaced: map[string]plan.Replaced{f.Key: {Number: 1, Differs: []string{d.text()}}}, Kept: []release.Function{d.function(), f}, Holds: []release.Hold{d.hold()}},
	}
}

func (d draw) status() Status {
	return Status{
		Stack: d.text(), Account: d.text(), Live: d.release(), Pending: d.release(),
		Lock:  release.LockInfo{Holder: d.text(), RunID: d.text(), Phase: d.text(), Expires: at, Expired: d.yes()},
		Holds: []release.Hold{d.hold()}, Commands: d.commands(),
		Functions: []FunctionStatus{{Function: d.function(), State: d.text(), Note: d.text()}},
		Slots:     []SlotStatus{{Slot: d.slot(), Domain: d.text(), Wanted: d.binding(), Held: d.binding(), Deployed: d.yes(), Note: d.text()}},
		Now:       at,
	}
}

func (d draw) outcome() Outcome {
	states := []deploy.SlotState{deploy.SlotWritten, deploy.SlotNotWritten, deploy.SlotUnknown, deploy.SlotChanged}
	var slots []deploy.SlotResult
	for _, e := range d.edits() {
		slots = append(slots, deploy.SlotResult{Edit: e, State: states[d.number()], Holds: d.binding()})
	}
	return Outcome{Plan: d.plan(), Commands: d.commands(),
		Result: deploy.Result{Release: d.release(), Live: d.yes(), Slots: slots, Undeployed: []string{d.text()}}}
}

func (d draw) log() Log {
	return Log{Stack: d.text(), Live: 1, Now: at.Add(time.Hour), Releases: []release.Summary{
		{Number: 1, Kind: release.Kind(d.text()), At: at, Actor: d.text(), Message: d.text(), Commit: d.text()},
		{Number: 2, Kind: release.KindRollback, Target: d.number(), Undone: d.number(), At: at, Actor: d.text(), Message: d.text(), Commit: d.text(), From: d.text()},
	}}
}

func (d draw) problems() []stackspec.Problem {
	return []stackspec.Problem{{File: d.text(), Line: d.number(), Column: 1, Message: d.text(), Hint: d.text(),
		Excerpt: d.text() + "\n" + d.text(), Warning: d.yes()}}
}

func (d draw) bundles() []Bundle {
	file := BundleFile{Name: d.text(), Size: int64(d.number()), Compressed: int64(d.number())}
	return []Bundle{{Function: d.text(), File: d.text(), Content: versions.ContentID(d.text()), CodeSHA256: d.text(),
		Files: []BundleFile{file}, Dropped: []BundleFile{file}}, {Function: d.text()}}
}

func (d draw) testCase() TestCase {
	return TestCase{
		Name: d.text(), File: d.text(), Trigger: d.text(), Passed: d.yes(), Expected: d.yes(), Failure: d.text(), Stack: "    at " + d.text() + "\n" + d.text(),
		Differences: []fixture.Difference{{Path: d.text(), Want: d.text(), Got: d.text()}}, Logs: []LogEntry{{d.text(), d.text()}},
		Violations: []result.Violation{{Path: d.text(), Rule: d.text(), Severity: result.Error, Text: d.text(), Page: d.text(), Status: d.number(), Source: d.text()}},
	}
}

func (d draw) tests() Tests {
	return Tests{Untested: []string{d.text()}, Runs: []TestRun{{Function: d.text(), Runtime: d.text(), Node: d.text(), Load: d.text(), Logs: []LogEntry{{d.text(), d.text()}},
		Fixtures: []TestCase{d.testCase(), d.testCase()}}}}
}

func (d draw) invocation() Invocation {
	c := d.testCase()
	i := Invocation{Function: d.text(), Trigger: d.text(), Node: d.text(), Failure: d.text(), Stack: c.Stack, Violations: c.Violations, Logs: c.Logs}
	if d.yes() {
		i.Result, _ = json.Marshal(map[string]string{d.text(): d.text()}) // strings always have JSON
	}
	return i
}

func TestTextNeverCarriesWhatSteersATerminal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw{t}
		s := Style{Width: rapid.SampledFrom([]int{0, 40, 80}).Draw(t, "width"), Color: d.yes()}
		p := &Progress{Style: s}
		step := plan.Publish{Key: d.text()}
		var progress []string
		for _, e := range []deploy.Event{deploy.StepStarted{Step: step}, deploy.StepWaiting{Step: step, Reason: d.text()},
			deploy.StepDone{Step: step, Detail: d.text()}, deploy.StepFailed{Step: step, Err: errors.New(d.text())}, deploy.Warned{Text: d.text()}} {
			progress = append(progress, p.Add(e, at)...)
		}
		for name, text := range map[string]string{
			"plan": PlanText(d.plan(), d.commands(), s), "show": Show(d.release(), d.yes(), s), "history": History(d.log(), s),
			"status": StatusText(d.status(), s), "result": Result(d.outcome(), s), "problems": Problems(d.problems(), s),
			"error": Error(errors.New(d.text()), d.text(), s), "warning": Warning(d.text(), s), "bundles": Bundles(d.bundles(), s),
			"tests": TestsText(d.tests(), s), "invocation": InvocationNotes(d.invocation(), s), "progress": strings.Join(progress, "\n") + "\n",
		} {
			if !strings.HasSuffix(text, "\n") {
				t.Fatalf("%s does not end its last line: %q", name, text)
			}
			for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
				if bare := uncolored(line); Clean(bare) != bare {
					t.Fatalf("%s: line %q steers", name, bare)
				}
				if !s.Color && strings.TrimRight(line, " ") != line {
					t.Fatalf("%s: line %q ends in spaces", name, line)
				}
			}
		}
	})
}

// tags are the elements that Markdown documents of this package have.
var tags = strings.NewReplacer("<code>", "", "</code>", "", "<details>", "", "</details>", "", "<summary>", "", "</summary>", "", "<br>", "")

func TestMarkdownFromOutsideStaysInItsCell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw{t}
		for name, text := range map[string]string{
			"plan": PlanMarkdown(d.plan(), d.commands()), "show": ShowMarkdown(d.release(), d.yes()), "history": HistoryMarkdown(d.log()),
			"status": StatusMarkdown(d.status()), "result": ResultMarkdown(d.outcome()), "problems": ProblemsMarkdown(d.problems()),
			"bundles": BundlesMarkdown(d.bundles()), "tests": TestsMarkdown(d.tests()), "invocation": InvocationMarkdown(d.invocation()),
		} {
			columns := 0
			for line := range strings.SplitSeq(text, "\n") {
				if Clean(line) != line {
					t.Fatalf("%s: line %q steers", name, line)
				}
				rest := line
				quoted := strings.HasPrefix(line, "> ")
				if quoted {
					rest = line[2:]
				}
				if rest = tags.Replace(rest); strings.ContainsAny(rest, "<>`[]@\\_") {
					t.Fatalf("%s: line %q has markup of its own", name, line)
				}
				if strings.Contains(rest, "://") || strings.Contains(strings.ToLower(rest), "www.") {
					t.Fatalf("%s: line %q makes a link", name, line)
				}
				bars := strings.Count(rest, "|")
				switch {
				case bars == 0:
					columns = 0
				case columns == 0:
					columns = bars
				case bars != columns:
					t.Fatalf("%s: line %q has %d bars in a table of %d", name, line, bars, columns)
				}
			}
			if strings.Count(text, "<code>") != strings.Count(text, "</code>") || strings.Count(text, "<details>") != strings.Count(text, "</details>") {
				t.Fatalf("%s: an element is left open:\n%s", name, text)
			}
		}
	})
}

func TestMarkdownReferencesDecodeToTheText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a|b":                    "a&#124;b",
		"@team <b>":              "&#64;team &#60;b&#62;",
		"www.x.de":               "www&#46;x.de",
		"edge.example.com":       "edge.example.com",
		"#12 `x` *y* _z_ [a](b)": "&#35;12 &#96;x&#96; &#42;y&#42; &#95;z&#95; &#91;a&#93;&#40;b&#41;",
		"$\\$":                   "&#36;&#92;&#36;",
		"日本 é\x1b[1m":            "日本 é",
	} {
		if got := md(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

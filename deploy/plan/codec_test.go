package plan_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestPlansReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	spec := versions.Spec{Function: "s-a", Content: "c", Config: versions.Config{Runtime: "nodejs24.x", MemoryMB: 128}}
	slot := associations.Slot{Distribution: "E1", Path: "/x", Trigger: associations.OriginRequest}
	goal := numbered(0, "c1", "a")
	goal.Brought = release.Self
	goal.Holds = []release.Hold{{Release: 2, Content: []versions.Spec{spec}, Edits: []release.HeldEdit{{Place: release.Place{Key: "E1"}, Empty: true}}, Commits: []string{"c"}}}
	goal.Takings = []release.Taking{{Slot: slot, Holder: associations.Binding{ARN: "odd"}, Own: true, Release: release.Self, Filled: 3}}
	goal.Left = []release.Bound{{Slot: slot}}
	planned := plan.Plan{
		Schema: plan.Schema, Stack: "s", Kind: release.KindApply, Account: "1", Saw: release.Position{Live: 4, Pending: 5},
		Settle: 5, Complete: 6, Goal: goal, Record: true, Named: true,
		Stages: []plan.Stage{
			{plan.Tag{Key: "a", Function: "s-a", Set: map[string]string{"k": "v"}, Remove: []string{"old"}}},
			{
				plan.Publish{Key: "a", Spec: spec, Create: true, Adopt: true, Replaces: 3, Differs: []string{"module", "timeout 5 → 4"}, Resets: "vpc", CodeSHA256: "x", ZipBytes: 7, Tags: map[string]string{"t": "u"}},
				plan.Activate{Key: "b", Version: versions.Version{Ref: versions.Ref{Function: "s-b", Number: 2}, Spec: spec, CodeSHA256: "y", Stack: "s"}, Point: true},
			},
			{plan.Associate{Change: associations.Change{Distribution: "E1", Edits: []associations.Edit{{Slot: slot, To: associations.Binding{ARN: "odd", IncludeBody: true}}}}}},
			{plan.Await{Distribution: "E1"}},
		},
		Held: []release.Held{{Release: 2, Commit: "c"}}, Notes: []plan.Note{{Kind: "drift", Text: "x"}},
		Unfinished: []plan.Unfinished{{Slot: slot, Reason: "gone"}},
		Context: plan.Context{
			Domains: map[string]string{"E1": "example.com"}, Kept: goal.Functions, Holds: goal.Holds,
			Back: &plan.Back{At: 2, Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Undone: 3},
		},
	}
	doc, err := json.Marshal(planned)
	if err != nil {
		t.Fatal(err)
	}
	got, err := plan.DecodePlan(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(planned, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestPlansOfAnotherFormatAreRefused(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"not JSON": "PK", "an older format": `{"schema":0}`, "a newer format": `{"schema":2}`,
		"an unknown step":   `{"schema":1,"stages":[[{"do":"explode"}]]}`,
		"a step of no kind": `{"schema":1,"stages":[[{}]]}`,
	} {
		if _, err := plan.DecodePlan([]byte(doc)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

package render

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with testdata/name; -update writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// fits says which lines are wider than 80 columns. Lines with an ARN, a
// command or tags are let through: facts are never cut.
func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		fact := strings.Contains(line, "arn:") || strings.Contains(line, "edgedeploy rollback") || strings.Contains(line, "   tags ")
		if cells(line) > 80 && !fact {
			t.Errorf("a line takes %d columns: %s", cells(line), line)
		}
	}
}

var at = time.Date(2026, 11, 23, 18, 2, 11, 0, time.UTC)

const (
	account = "123456789012"
	dist    = "E2EXAMPLE1ABCD"
	content = "9f3c1e0a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778899aabbccd"
	resized = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809"
)

func config(memory, timeout int) versions.Config {
	return versions.Config{
		Runtime: "nodejs24.x", Handler: "index.handler", Role: "arn:aws:iam::" + account + ":role/edge-exec",
		MemoryMB: memory, TimeoutSeconds: timeout,
	}
}

func function(key string, number int, id versions.ContentID) release.Function {
	return release.Function{
		Key: key, Spec: versions.Spec{Function: "storefront-" + key, Content: id, Config: config(128, 5)},
		Number: number, CodeSHA256: "oW0dd7Zk1Q2r3s4t5u6v7w8x9y0zAbCdEfGhIjKlMn0=", ZipBytes: 217_088, Trampoline: 1,
	}
}

func slot(path string, trigger associations.Trigger) associations.Slot {
	return associations.Slot{Distribution: dist, Path: path, Trigger: trigger}
}

func bind(key string, number int) associations.Binding {
	return associations.Binding{Version: versions.Ref{Function: "storefront-" + key, Number: number}}
}

// samplePlan is the plan that the design shows.
func samplePlan() plan.Plan {
	geo, resize := function("geo-redirect", 0, content), function("resize", 4, resized)
	edits := []associations.Edit{
		{Slot: slot("/img/*", associations.OriginResponse), To: bind("resize", 4)},
		{Slot: slot("default", associations.ViewerRequest), From: bind("geo-redirect", 17), To: bind("geo-redirect", 0)},
	}
	return plan.Plan{
		Schema: plan.Schema, Stack: "storefront", Kind: release.KindApply, Account: account,
		Saw: release.Position{Live: 41},
		Goal: release.Release{
			Schema: release.Schema, Stack: "storefront", Kind: release.KindApply, Parent: 41, Account: account,
			Functions: []release.Function{geo, resize},
			Distributions: []release.Distribution{{Key: "www", IDs: []string{dist}, Bindings: []release.Placed{
				{Path: "default", Trigger: associations.ViewerRequest, Binding: bind("geo-redirect", 0)},
				{Path: "/img/*", Trigger: associations.OriginResponse, Binding: bind("resize", 4)},
			}}},
			Brought: release.Self, Returns: 41, Edits: edits,
		},
		Stages: []plan.Stage{
			{plan.Publish{Key: "geo-redirect", Spec: geo.Spec, Replaces: 17, Differs: []string{"module", "timeout 5 → 4"}, ZipBytes: 217_088}},
			{plan.Associate{Change: associations.Change{Distribution: dist, Edits: edits}}},
			{plan.Await{Distribution: dist}},
		},
		Record: true,
		Context: plan.Context{
			Domains: map[string]string{dist: "www.example.com"},
			Keys:    map[string]string{dist: "www"},
			Kept:    []release.Function{resize},
		},
	}
}

// sampleRelease is a rollback with everything a record can say.
func sampleRelease() release.Release {
	geo, resize := function("geo-redirect", 16, content), function("resize", 4, resized)
	resize.Trampoline, resize.Spec.Config.MemoryMB = 0, 512
	resize.Spec.Config.Logging = versions.Logging{Format: "json", Level: "info", Group: "/edge/storefront"}
	body := bind("geo-redirect", 16)
	body.IncludeBody = true
	return release.Release{
		Schema: release.Schema, Number: 44, Stack: "storefront", Kind: release.KindRollback, Parent: 43,
		Brought: 37, Returns: 36, Back: 43, Undone: 43, Target: 41,
		RunID: "0b9d0cf4", At: at, Account: account, Actor: "ada@example.com", Message: "the redirect loops for visitors from Norway", Tool: "0.1.0",
		Source:    release.Source{Commit: "4be1c0ffee0123456789abcdef0123456789abcd", Branch: "main", Dirty: true},
		Role:      "arn:aws:iam::" + account + ":role/edge-exec",
		Tags:      map[string]string{"team": "web", "cost": "edge"},
		Functions: []release.Function{geo, resize},
		Distributions: []release.Distribution{
			{Key: "www", IDs: []string{dist}, Alias: "www.example.com", Bindings: []release.Placed{
				{Path: "default", Trigger: associations.ViewerRequest, Binding: bind("geo-redirect", 16)},
				{Path: "/img/*", Trigger: associations.OriginRequest, Binding: body},
				{Path: "/img/*", Trigger: associations.OriginResponse, Binding: bind("resize", 4)},
			}},
		},
		Edits: []associations.Edit{
			{Slot: slot("/img/*", associations.OriginRequest), To: body},
			{Slot: slot("default", associations.ViewerRequest), From: bind("geo-redirect", 17), To: bind("geo-redirect", 16)},
			{Slot: slot("default", associations.ViewerResponse), From: associations.Binding{ARN: "arn:aws:lambda:us-east-1:210987654321:function:theirs:3"}},
		},
		Takings: []release.Taking{
			{Slot: slot("default", associations.ViewerRequest), Holder: associations.Binding{Version: versions.Ref{Function: "their-redirect", Number: 9}}, Release: 12},
			{Slot: slot("/img/*", associations.OriginRequest), Release: 30},
		},
		Left:    []release.Bound{{Slot: slot("default", associations.OriginRequest), Binding: bind("geo-redirect", 15)}},
		Commits: []string{"4be1c0ffee0123456789abcdef0123456789abcd", "cc11bb22cc33dd44ee55ff6600112233445566aa"},
		Holds:   []release.Hold{sampleHold()},
	}
}

// sampleHold has everything that a hold can say.
func sampleHold() release.Hold {
	www := func(path string, t associations.Trigger) release.Place {
		return release.Place{Key: "www", Path: path, Trigger: t}
	}
	bad := function("geo-redirect", 17, resized).Spec
	return release.Hold{
		Release: 43, Brought: 42, Content: []versions.Spec{bad}, Commits: []string{"aa11bb22cc33dd44ee55ff6600112233445566aa"},
		Edits: []release.HeldEdit{
			{Place: www("/img/*", associations.OriginResponse), Spec: function("resize", 4, resized).Spec, Empty: true},
			{Place: www("/img/*", associations.OriginRequest), Spec: bad, IncludeBody: true},
		},
	}
}

// commands are those of a run with flags of its own.
func commands() Commands { return Commands{Stack: "storefront"} }

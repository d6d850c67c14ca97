package plan_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// A small world is enough: three functions, two distributions, two paths,
// three triggers. Most random pairs of it plan without a conflict.
var (
	functionNames = []string{"s-auth", "s-geo", "s-resize"}
	distributions = []string{"E1", "E2"}
	paths         = []string{associations.DefaultPath, "/img/*"}
	triggers      = []associations.Trigger{associations.ViewerRequest, associations.OriginRequest, associations.OriginResponse}
)

func drawConfig(t *rapid.T) versions.Config {
	return versions.Config{
		Runtime: "nodejs24.x", Handler: "index.handler", Role: "arn:aws:iam::" + account + ":role/edge",
		MemoryMB: rapid.SampledFrom([]int{128, 256}).Draw(t, "memory"), TimeoutSeconds: 5,
	}
}

func drawSpec(t *rapid.T, name string) versions.Spec {
	return versions.Spec{
		Function: name,
		Content:  versions.ContentID(rapid.SampledFrom([]string{"aaaa", "bbbb", "cccc"}).Draw(t, "content")),
		Config:   drawConfig(t),
	}
}

// drawDesired draws what a spec could want.
func drawDesired(t *rapid.T) plan.Desired {
	want := plan.Desired{
		Stack: "s", Account: account, Role: "arn:aws:iam::" + account + ":role/edge",
		Distributions: []release.Distribution{{Key: "one", IDs: []string{"E1"}}, {Key: "two", IDs: []string{"E2"}}},
	}
	for _, name := range functionNames {
		if rapid.Bool().Draw(t, "has "+name) {
			spec := drawSpec(t, name)
			want.Functions = append(want.Functions, release.Function{Key: name[2:], Spec: spec, CodeSHA256: "sha-" + string(spec.Content)})
		}
	}
	if len(want.Functions) == 0 {
		return want
	}
	bindings := associations.Table{}
	for _, slot := range allSlots() {
		if rapid.IntRange(0, 2).Draw(t, "bind "+slot.String()) == 0 {
			f := rapid.SampledFrom(want.Functions).Draw(t, "function")
			bindings[slot] = associations.Binding{
				Version:     versions.Ref{Function: f.Spec.Function},
				IncludeBody: slot.Trigger.Request() && rapid.Bool().Draw(t, "body"),
			}
		}
	}
	return binding(want, bindings)
}

// binding is want with other bindings.
func binding(want plan.Desired, table associations.Table) plan.Desired {
	want.Distributions = slices.Clone(want.Distributions)
	for i, d := range want.Distributions {
		want.Distributions[i].Bindings = []release.Placed{}
		for _, slot := range table.Slots() {
			if slot.Distribution == d.ID() {
				want.Distributions[i].Bindings = append(want.Distributions[i].Bindings, release.Placed{Path: slot.Path, Trigger: slot.Trigger, Binding: table[slot]})
			}
		}
	}
	return want
}

// wanted is what a spec binds.
func wanted(want plan.Desired) associations.Table {
	return release.Release{Distributions: want.Distributions}.Table()
}

func allSlots() []associations.Slot {
	var slots []associations.Slot
	for _, d := range distributions {
		for _, p := range paths {
			for _, tr := range triggers {
				slots = append(slots, associations.Slot{Distribution: d, Path: p, Trigger: tr})
			}
		}
	}
	return slots
}

// drawWorld draws an account that no release describes: some foreign functions
// in some slots.
func drawWorld(t *rapid.T, foreign bool) plan.Observed {
	have := plan.Observed{
		Stack: "s", Account: account, Heads: map[string]versions.Head{}, Versions: versions.Inventory{},
		States: map[versions.Ref]versions.Published{}, Distributions: map[string]associations.State{},
	}
	for _, id := range distributions {
		held := associations.Table{}
		for _, slot := range allSlots() {
			if foreign && slot.Distribution == id && rapid.IntRange(0, 11).Draw(t, "foreign") == 0 {
				held[slot] = associations.Binding{Version: versions.Ref{Function: "other-team", Number: rapid.IntRange(1, 3).Draw(t, "n")}}
			}
		}
		have.Distributions[id] = associations.State{
			Distribution: id, Account: account, DomainName: id + ".cloudfront.net", Enabled: true,
			Deployed: rapid.Bool().Draw(t, "deployed"), PolicyKnown: true,
			Behaviors: []string{"/img/*", associations.DefaultPath}, Held: held, Functions: map[associations.Slot]string{},
		}
	}
	return have
}

// run carries a plan out on a simulated account and commits its release.
func run(t *rapid.T, have plan.Observed, planned plan.Plan) plan.Observed {
	after, err := plan.Simulate(have, steps(planned)...)
	if err != nil {
		t.Fatalf("simulate: %v", err)
	}
	return commit(after, planned)
}

func steps(p plan.Plan) []plan.Step { return slices.Collect(p.Steps()) }

// commit makes the plan's goal the live release, as the ledger would.
func commit(after plan.Observed, planned plan.Plan) plan.Observed {
	if planned.Settle != 0 {
		after.Ledger.Live, after.Ledger.Pending = after.Ledger.Pending, release.Release{}
	}
	if !planned.Record {
		return after
	}
	after.Ledger = release.LedgerState{Exists: true, Account: account, Live: recorded(after, planned)}
	return after
}

// recorded is the plan's goal as it is recorded.
func recorded(after plan.Observed, planned plan.Plan) release.Release {
	published := map[string]versions.Version{}
	for s := range planned.Steps() {
		if p, ok := s.(plan.Publish); ok {
			list := after.Versions[p.Spec.Function]
			if len(list) > 0 && list[len(list)-1].Spec == p.Spec {
				published[p.Spec.Function] = list[len(list)-1]
			}
		}
	}
	return planned.Goal.Resolve(published).Numbered(max(after.Ledger.Live.Number, after.Ledger.Pending.Number) + 1)
}

// seeAll gives the planner of a rollback what Observe would have read.
func seeAll(have plan.Observed) plan.Observed {
	have.States = map[versions.Ref]versions.Published{}
	for _, list := range have.Versions {
		for _, v := range list {
			have.States[v.Ref] = versions.Published{
				Version: v, State: versions.State{State: "Active", Update: "Successful"},
				Tags: map[string]string{versions.StackTag: v.Stack},
			}
		}
	}
	return have
}

func mustPlan(t *rapid.T, want plan.Desired, have plan.Observed, rules plan.Rules) plan.Plan {
	planned, err := plan.NewPlan(want, have, rules)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return planned
}

var adopt = plan.Rules{Adopt: true, AllowDetach: true}

// drawHistory applies a few random stacks and gives the account after each,
// with the releases that led there.
func drawHistory(t *rapid.T, n int) ([]plan.Observed, []release.Release) {
	have := drawWorld(t, true)
	var worlds []plan.Observed
	var releases []release.Release
	for range n {
		have = run(t, have, mustPlan(t, drawDesired(t), have, adopt))
		worlds = append(worlds, have)
		releases = append(releases, have.Ledger.Live)
	}
	return worlds, releases
}

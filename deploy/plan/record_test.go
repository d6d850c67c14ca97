package plan_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// planOn plans a spec on top of a live release whose slots hold what it says.
func planOn(t *testing.T, live release.Release, want plan.Desired) plan.Plan {
	t.Helper()
	heads := map[string]versions.Head{}
	for _, f := range want.Functions {
		heads[f.Spec.Function] = versions.Head{Exists: live.Number != 0, Tags: tags{versions.StackTag: "s"}}
	}
	p, err := plan.NewPlan(want, plan.Observed{
		Stack: "s", Ledger: release.LedgerState{Exists: true, Live: live}, Heads: heads,
		Distributions: map[string]associations.State{"E1": {
			Distribution: "E1", Deployed: true, PolicyKnown: true, Behaviors: []string{associations.DefaultPath}, Held: live.Table(),
		}},
	}, plan.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func whys(p plan.Plan) (texts []string) {
	for _, n := range p.Notes {
		if n.Kind == "records" {
			texts = append(texts, n.Text)
		}
	}
	return texts
}

// A release that changes nothing in CloudFront is recorded for a reason, and
// the plan says for which.
func TestAPlanSaysWhyItRecordsARelease(t *testing.T) {
	t.Parallel()
	unbound := func(r release.Release, key string, number int) release.Release {
		r.Functions = append(slices.Clone(r.Functions), release.Function{Key: key, Number: number, Spec: versions.Spec{Function: "s-" + key, Content: versions.ContentID(key)}})
		return r
	}
	live := numbered(7, "", "one")
	tagged := wantOf(live)
	tagged.Tags = tags{"team": "web"}
	renamed := wantOf(live)
	renamed.Functions[0].Key = "uno"
	keyed := wantOf(live)
	keyed.Distributions[0].Key = "www"
	for name, c := range map[string]struct {
		live release.Release
		want plan.Desired
		why  string // behind "a release is recorded because "; "" for no such note
	}{
		"nothing changes":                  {live, wantOf(live), ""},
		"a slot changes":                   {live, wantOf(numbered(0, "", "two")), ""},
		"a function that is bound nowhere": {live, wantOf(unbound(live, "pub", 0)), "versions are published"},
		"one leaves":                       {unbound(live, "pub", 3), wantOf(live), "function pub leaves the stack"},
		"the tags":                         {live, tagged, "the stack's tags change"},
		"another name in the spec":         {live, renamed, "function uno is not as release 7 has it"},
		"another key of a distribution":    {live, keyed, "what the spec binds is not what release 7 says"},
		"the first":                        {release.Release{}, plan.Desired{Stack: "s"}, "the stack has none yet"},
		"one leaves, and the tags":         {unbound(live, "pub", 3), tagged, "function pub leaves the stack; the stack's tags change"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planOn(t, c.live, c.want)
			var want []string
			if c.why != "" {
				want = []string{"a release is recorded because " + c.why}
			}
			if diff := cmp.Diff(want, whys(p)); diff != "" || c.why != "" && !p.Record {
				t.Errorf("recorded %v (-want +got):\n%s", p.Record, diff)
			}
		})
	}
}

// What of a function is not as it was live is said: from the records' parts,
// and as "content" where one has none.
func TestAPlanSaysWhatOfAFunctionDiffers(t *testing.T) {
	t.Parallel()
	was := versions.Parts{Module: "a", Config: "b", OnError: "fail", Interface: "host"}
	config := versions.Config{Runtime: "nodejs22.x", Role: "arn:aws:iam::123456789012:role/a", MemoryMB: 128, TimeoutSeconds: 5}
	for name, c := range map[string]struct {
		change func(*release.Function)
		want   []string
	}{
		"the module":    {func(f *release.Function) { f.Spec.Content, f.Parts.Module = "new", "x" }, []string{"module"}},
		"several":       {func(f *release.Function) { f.Spec.Content, f.Parts.Module, f.Parts.Config = "new", "x", "" }, []string{"module", "config"}},
		"a trampoline":  {func(f *release.Function) { f.Spec.Content, f.Trampoline = "new", 2 }, []string{"trampoline 1 → 2"}},
		"not known":     {func(f *release.Function) { f.Spec.Content, f.Parts = "new", versions.Parts{} }, []string{"content"}},
		"no part":       {func(f *release.Function) { f.Spec.Content = "new" }, []string{"content"}},
		"memory":        {func(f *release.Function) { f.Spec.Config.MemoryMB = 256 }, []string{"memory 128 → 256"}},
		"timeout":       {func(f *release.Function) { f.Spec.Config.TimeoutSeconds = 4 }, []string{"timeout 5 → 4"}},
		"role":          {func(f *release.Function) { f.Spec.Config.Role = "arn:aws:iam::123456789012:role/b" }, []string{"role a → b"}},
		"another realm": {func(f *release.Function) { f.Spec.Config.Role = "arn:aws:iam::210987654321:role/a" }, []string{"role arn:aws:iam::123456789012:role/a → arn:aws:iam::210987654321:role/a"}},
		"runtime":       {func(f *release.Function) { f.Spec.Config.Runtime = "nodejs24.x" }, []string{"runtime nodejs22.x → nodejs24.x"}},
		"logging": {func(f *release.Function) {
			f.Spec.Config.Logging = versions.Logging{Format: "json", Level: "warn", Group: "g"}
		}, []string{"log format default → json", "log level default → warn", "log group default → g"}},
		"code and configuration": {func(f *release.Function) {
			f.Spec.Content, f.Parts.Module, f.Spec.Config.MemoryMB = "new", "x", 256
		}, []string{"module", "memory 128 → 256"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := numbered(7, "", "one")
			live.Functions[0].Parts, live.Functions[0].Trampoline, live.Functions[0].Spec.Config = was, 1, config
			want := wantOf(live)
			want.Functions = slices.Clone(want.Functions)
			c.change(&want.Functions[0])
			published := false
			for s := range planOn(t, live, want).Steps() {
				if s, ok := s.(plan.Publish); ok {
					published = true
					if diff := cmp.Diff(c.want, s.Differs); diff != "" || s.Replaces != 7 {
						t.Errorf("replaces %d (-want +got):\n%s", s.Replaces, diff)
					}
				}
			}
			if !published {
				t.Error("nothing is published")
			}
		})
	}
}

// To know the parts of what is live is no reason for a release.
func TestPartsMakeNoRelease(t *testing.T) {
	t.Parallel()
	live := numbered(7, "", "one")
	want := wantOf(live)
	want.Functions[0].Parts = versions.Parts{Module: "a"}
	if p := planOn(t, live, want); p.Changes() {
		t.Errorf("the plan changes something: %+v", p.Notes)
	}
}

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

type tags = map[string]string

// tagPlan plans the live release's own content with other tags.
func tagPlan(want, live, pending tags, owner string) (plan.Plan, error) {
	r := numbered(1, "c", "a")
	r.Tags = live
	state := release.LedgerState{Exists: true, Live: r}
	if pending != nil {
		state.Pending = numbered(2, "c", "a")
		state.Pending.Tags = pending
		state.Pending.Functions[0].Number = 1
	}
	desired := wantOf(r)
	desired.Tags = want
	return plan.NewPlan(desired, plan.Observed{
		Stack: "s", Ledger: state,
		Heads: map[string]versions.Head{"s-a": {Exists: true, Tags: tags{versions.StackTag: owner}}},
		Distributions: map[string]associations.State{"E1": {
			Distribution: "E1", Deployed: true, PolicyKnown: true, Behaviors: []string{associations.DefaultPath}, Held: r.Table(),
		}},
	}, plan.Rules{})
}

// numbered makes a record that binds one version of each named content.
func numbered(number int, commit string, contents ...string) release.Release {
	r := release.Release{Number: number, Stack: "s", Kind: release.KindApply, Brought: release.Origin(number), Source: release.Source{Commit: commit}}
	d := release.Distribution{Key: "E1", IDs: []string{"E1"}}
	for i, c := range contents {
		f := release.Function{Key: c, Number: number, Spec: versions.Spec{Function: "s-" + string(rune('a'+i)), Content: versions.ContentID(c)}}
		r.Functions = append(r.Functions, f)
		d.Bindings = append(d.Bindings, release.Placed{
			Path: associations.DefaultPath, Trigger: associations.Triggers()[i], Binding: associations.Binding{Version: f.Ref()},
		})
	}
	r.Distributions = []release.Distribution{d}
	return r
}

// wantOf is the spec that leads to a release.
func wantOf(r release.Release) plan.Desired {
	want := plan.Desired{Stack: "s", Functions: slices.Clone(r.Functions), Distributions: slices.Clone(r.Distributions), Tags: r.Tags, Source: r.Source}
	for i := range want.Functions {
		want.Functions[i].Number = 0
	}
	for i, d := range want.Distributions {
		want.Distributions[i].Bindings = slices.Clone(d.Bindings)
		for j := range d.Bindings {
			want.Distributions[i].Bindings[j].Binding.Version.Number = 0
		}
	}
	return want
}

func TestTagsFollowTheSpec(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want, live, pending tags
		set                 tags
		remove              []string
		none                bool
	}{
		"the same tags": {want: tags{"a": "1"}, live: tags{"a": "1"}, none: true},
		"a new one":     {want: tags{"a": "1", "b": "2"}, live: tags{"a": "1"}, set: tags{"b": "2"}},
		"another value": {want: tags{"a": "2"}, live: tags{"a": "1"}, set: tags{"a": "2"}},
		"one less":      {want: tags{"a": "1"}, live: tags{"a": "1", "b": "2"}, remove: []string{"b"}},
		"one that an interrupted apply set and nobody wants": {want: tags{"a": "1"}, live: tags{"a": "1"}, pending: tags{"a": "1", "b": "2"}, remove: []string{"b"}},
		"one that an interrupted apply changed":              {want: tags{"a": "1"}, live: tags{"a": "1"}, pending: tags{"a": "9"}, set: tags{"a": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			planned, err := tagPlan(c.want, c.live, c.pending, "s")
			if err != nil {
				t.Fatal(err)
			}
			var got []plan.Tag
			for s := range planned.Steps() {
				if step, ok := s.(plan.Tag); ok {
					got = append(got, step)
				}
			}
			var want []plan.Tag
			if !c.none {
				if c.set == nil {
					c.set = tags{}
				}
				want = []plan.Tag{{Key: "a", Function: "s-a", Set: c.set, Remove: c.remove}, {Function: "edgedeploy-s-releases", Set: c.set, Remove: c.remove}}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFunctionThatSomebodyTookOverIsNotTagged(t *testing.T) {
	t.Parallel()
	_, err := tagPlan(tags{"a": "2"}, tags{"a": "1"}, nil, "another")
	if !isType[*versions.OwnerError](err) {
		t.Errorf("got %v, want an *OwnerError", err)
	}
}

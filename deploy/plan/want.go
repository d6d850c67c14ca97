package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/stackspec"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Packed is what is known of a function's bundle once it is built.
type Packed struct {
	Content    versions.ContentID
	CodeSHA256 string // base64, of the zip
	ZipBytes   int64
	Trampoline int // 0 for ready bundles
	Parts      versions.Parts
}

// Named gives the distributions that a spec names, with the ids it gives and
// without what is bound there.
func Named(s stackspec.Stack) []release.Distribution {
	list := make([]release.Distribution, 0, len(s.Distributions))
	for _, d := range s.Distributions {
		named := release.Distribution{Key: d.Key, Alias: d.Alias}
		if d.ID != "" {
			named.IDs = []string{d.ID}
		}
		list = append(list, named)
	}
	return list
}

// Want says what a spec wants: its functions as they were packed, by key, and
// its slots in distributions whose ids are known.
func Want(s stackspec.Stack, packed map[string]Packed, distributions []release.Distribution, source release.Source) Desired {
	want := Desired{
		Stack: s.Name, Account: s.Account, Role: s.Role, Tags: maps.Clone(s.Tags),
		Distributions: slices.Clone(distributions), StrictHold: s.StrictHold, Source: source,
	}
	names := map[string]string{}
	for _, f := range s.Functions {
		p := packed[f.Key]
		names[f.Key] = f.Name
		want.Functions = append(want.Functions, release.Function{
			Key: f.Key, Spec: versions.Spec{Function: f.Name, Content: p.Content, Config: f.Config},
			Trampoline: p.Trampoline, CodeSHA256: p.CodeSHA256, ZipBytes: p.ZipBytes, Parts: p.Parts,
		})
	}
	slots := map[string][]release.Placed{}
	for _, d := range s.Distributions {
		for _, w := range d.Slots {
			slots[d.Key] = append(slots[d.Key], release.Placed{
				Path: w.Path, Trigger: w.Trigger,
				Binding: associations.Binding{Version: versions.Ref{Function: names[w.Function]}, IncludeBody: w.IncludeBody},
			})
		}
	}
	for i, d := range want.Distributions {
		list := append([]release.Placed{}, slots[d.Key]...)
		slices.SortFunc(list, comparePlaced)
		want.Distributions[i].Bindings = list
	}
	slices.SortFunc(want.Distributions, func(a, b release.Distribution) int { return cmp.Compare(a.Key, b.Key) })
	return want
}

// SameDistributionError says that two names in a spec mean one distribution.
type SameDistributionError struct {
	Keys [2]string
	ID   string
}

func (e *SameDistributionError) Error() string {
	return fmt.Sprintf("distributions %s and %s are both %s", e.Keys[0], e.Keys[1], e.ID)
}

package plan

import (
	"fmt"
	"maps"

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
}

// Named gives the distributions that a spec names, with the ids it gives.
func Named(s stackspec.Stack) []release.Distribution {
	list := make([]release.Distribution, 0, len(s.Distributions))
	for _, d := range s.Distributions {
		list = append(list, release.Distribution{Key: d.Key, ID: d.ID, Alias: d.Alias})
	}
	return list
}

// Want says what a spec wants: its functions as they were packed, by key, and
// its slots in distributions whose ids are known.
func Want(s stackspec.Stack, packed map[string]Packed, distributions []release.Distribution, source release.Source) Desired {
	want := Desired{
		Stack: s.Name, Kind: release.KindApply, Account: s.Account, Role: s.Role, Tags: maps.Clone(s.Tags),
		Distributions: distributions, Bindings: associations.Table{}, StrictHold: s.StrictHold, Source: source,
	}
	names := map[string]string{}
	for _, f := range s.Functions {
		p := packed[f.Key]
		names[f.Key] = f.Name
		want.Functions = append(want.Functions, release.Function{
			Key: f.Key, Spec: versions.Spec{Function: f.Name, Content: p.Content, Config: f.Config},
			Trampoline: p.Trampoline, CodeSHA256: p.CodeSHA256, ZipBytes: p.ZipBytes,
		})
	}
	ids := map[string]string{}
	for _, d := range distributions {
		ids[d.Key] = d.ID
	}
	for _, d := range s.Distributions {
		for _, w := range d.Slots {
			slot := associations.Slot{Distribution: ids[d.Key], Path: w.Path, Trigger: w.Trigger}
			want.Bindings[slot] = associations.Binding{
				Version: versions.Ref{Function: names[w.Function]}, IncludeBody: w.IncludeBody,
			}
		}
	}
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

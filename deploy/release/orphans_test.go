package release

import (
	"fmt"
	"slices"
	"testing"

	"github.com/edgedeploy/edgedeploy/versions"
)

func TestWhichFunctionsHaveLeftAStack(t *testing.T) {
	t.Parallel()
	of := func(names ...string) []Function {
		var list []Function
		for _, name := range names {
			list = append(list, Function{Key: name, Spec: versions.Spec{Function: name}})
		}
		return list
	}
	live := Release{Functions: of("a", "b"), Orphans: []string{"old", "c"}}
	if got := Orphaned(of("a", "c"), live, Release{Functions: of("d")}); !slices.Equal(got, []string{"b", "d", "old"}) {
		t.Errorf("got %v", got)
	}
	if got := Orphaned(of("a"), Release{}); len(got) != 0 {
		t.Errorf("without a release before: %v", got)
	}
	for i := range 2 * MaxOrphans {
		live.Orphans = append(live.Orphans, fmt.Sprintf("f%03d", i))
	}
	if got := Orphaned(nil, live); len(got) != MaxOrphans {
		t.Errorf("%d are named", len(got))
	}
}

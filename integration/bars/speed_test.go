package bars

import (
	"slices"
	"testing"
	"time"
)

// TestHowLongItTakes fails only when a command does. The times are for people:
// the target for `edgedeploy version` is 20 ms on an idle machine.
func TestHowLongItTakes(t *testing.T) {
	dir := folder(t)
	var starts []time.Duration
	for range 11 {
		starts = append(starts, must(t, dir, "", "version").took)
	}
	slices.Sort(starts)
	t.Logf("edgedeploy version: best %v, median %v of %d", starts[0].Round(time.Millisecond/10), starts[len(starts)/2].Round(time.Millisecond/10), len(starts))
	for _, what := range []struct {
		name, spec string
		args       []string
	}{
		{"first apply --local", spec(128), []string{"apply", "--local", "--yes"}},
		{"apply --local with nothing to do", spec(128), []string{"apply", "--local", "--yes"}},
		{"apply --local of two changed functions", spec(256), []string{"apply", "--local", "--yes"}},
		{"plan --local with nothing to do", spec(256), []string{"plan", "--local", "--detailed-exitcode"}},
		{"rollback --local", spec(256), []string{"rollback", "--local", "--yes", "-m", "why"}},
		{"status --local", spec(128), []string{"status", "--local"}},
	} {
		write(t, dir, "edgedeploy.yaml", []byte(what.spec))
		t.Logf("%-40s %v", what.name, must(t, dir, "", what.args...).took.Round(time.Millisecond))
	}
}

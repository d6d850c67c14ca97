package crash

import (
	"slices"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/rig"
)

// A run died, and its lock has not expired. The next one is refused and says how
// to take the lock away; then the same command goes through.
func TestTheLockOfADeadRunIsTakenAwayAsAdvised(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rig.Serve(t))
	w.apply(both)
	w.write(project{auth: 2, shop: true})
	if o, killed := w.KillAtCall(secondWrite, rig.BeforeEffect, applying()...); !killed {
		t.Fatalf("it was not killed: %+v", o)
	}
	o := w.Run(applying()...)
	advised := hinted(o.Stderr)
	if o.Code != 4 || !slices.ContainsFunc(advised, func(args []string) bool { return args[0] == "unlock" }) {
		t.Fatalf("while the lock lasts, apply exits with %d and advises %v:\n%s", o.Code, advised, o.Stderr)
	}
	for _, args := range advised {
		w.Must(append(args, "--yes")...) // without a terminal there is no one to ask
	}
	w.Must(applying()...)
	w.bindsOnly("unlocked", bad)
	if now := w.snapshot(); now.Pending != 0 || len(now.twice()) > 0 {
		t.Errorf("release %d is in flight, published is %v", now.Pending, now.twice())
	}
}

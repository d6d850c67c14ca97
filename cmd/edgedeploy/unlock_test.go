package main

import (
	"strings"
	"testing"
)

// Who is asked whether a lock shall be taken away has seen who holds it, what for,
// and until when; and so has a pipeline that is not asked.
func TestUnlockShowsTheHolderBeforeItAsks(t *testing.T) {
	r := newHintRig(t)
	r.must("apply --yes -f one.yaml")
	r.describe("lock", `edgedeploy lock: {"v":1,"turn":99,"run":"r1.2","expires":4102444800,"phase":"apply","holder":"jo","live":1,"pending":1}`)
	code, text := r.run("unlock r1.2 --stack shop")
	shown, asked := strings.Index(text, "Stack shop is locked by jo.\n  run    r1.2\n  doing  apply\n  until  2100-01-01 00:00:00 UTC"), strings.Index(text, `"Take it away, even if that run is alive?" cannot be asked without a terminal`)
	if code != exitFailed || shown < 0 || asked < shown {
		t.Errorf("unlock exits with %d and says\n%s", code, text)
	}
	if code, text := r.run("unlock r1.2 --yes --stack shop"); code != 0 || !strings.Contains(text, "Stack shop is locked by jo.") {
		t.Errorf("unlock --yes exits with %d and says\n%s", code, text)
	}
}

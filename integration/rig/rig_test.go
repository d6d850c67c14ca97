package rig_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

const www = "E1AAAAAAAAAAAA"

// apply is what a run here is: nothing of Node.js's is under test.
func apply(more ...string) []string { return append([]string{"apply", "--yes", "--no-load"}, more...) }

// project makes an account with a stack of one function in two slots.
func project(t *testing.T, aws *rig.Server) *rig.Account {
	t.Helper()
	a := aws.Account(t, www)
	spec(a, 128)
	a.Write("auth/index.js", "exports.handler = async (event) => event.Records[0].cf.request")
	return a
}

// spec writes one; with other memory it wants another version.
func spec(a *rig.Account, memory int) {
	a.Write("edgedeploy.yaml", fmt.Sprintf(`version: 1
stack: shop
account: %q
defaults: { role: %q, timeout: 5, memory: %d }
functions:
  auth: { bundle: auth, handler: index.handler }
distributions:
  www: { id: %s, behaviors: { default: { viewer-request: auth }, /img/*: { viewer-request: auth } } }
`, a.ID, a.Role(), memory, www))
}

func bound(t *testing.T, a *rig.Account, version int) {
	t.Helper()
	var want []string
	if version > 0 {
		want = []string{fmt.Sprintf("default viewer-request shop-auth:%d", version), fmt.Sprintf("/img/* viewer-request shop-auth:%d", version)}
	}
	if diff := cmp.Diff(want, a.Bound(www)); diff != "" {
		t.Errorf("bound (-want +got):\n%s", diff)
	}
}

var update = localaws.Fault{Service: "cloudfront", Operation: "UpdateDistribution", Resource: www}

// A run that is killed leaves its lock behind; three minutes later the next
// run gets it, and repairs what is half done.
func TestARunThatIsKilledAtACallIsRepairedByTheNext(t *testing.T) {
	t.Parallel()
	aws := rig.Serve(t)
	for death, version := range map[rig.Death]int{rig.BeforeEffect: 0, rig.AfterEffect: 1, rig.Posthumous: 1} {
		t.Run(string(death), func(t *testing.T) {
			t.Parallel()
			a := project(t, aws)
			if o, killed := a.KillAtCall(update, death, apply()...); !killed || o.Code != -1 {
				t.Fatalf("killed: %v, %+v", killed, o)
			}
			bound(t, a, version)
			if o := a.Run(apply()...); o.Code == 0 || !strings.Contains(o.Stderr, "lock") {
				t.Errorf("while the dead run's lock lasts: %+v", o)
			}
			a.Advance(3 * time.Minute)
			a.Must(apply()...)
			bound(t, a, 1)
		})
	}
}

// The log says how many calls a run takes; the one after the last is never reached.
func TestEveryCallOfARunCanBeReached(t *testing.T) {
	t.Parallel()
	a := project(t, rig.Serve(t))
	a.Must(apply()...)
	a.Save("one")
	spec(a, 256)
	a.ResetCalls()
	a.Must(apply()...)
	calls := a.Calls()
	at := slices.IndexFunc(calls, func(c localaws.Call) bool { return c.Operation == "UpdateDistribution" })
	if at < 0 || calls[at].Resource != www || calls[at].Account != a.ID || calls[at].Status != 200 {
		t.Fatalf("the calls of a run: %+v", calls)
	}
	for _, n := range []int{1, len(calls) / 2, len(calls), len(calls) + 1} {
		a.Restore("one")
		bound(t, a, 1)
		if _, killed := a.KillAt(n, rig.AfterEffect, apply()...); killed != (n <= len(calls)) {
			t.Errorf("killed at call %d of %d: %v", n, len(calls), killed)
		}
		a.Advance(3 * time.Minute)
		a.Must(apply()...)
		bound(t, a, 2)
	}
}

// A rival acts while a run is held, and the run goes on.
func TestARivalActsWhileARunIsHeld(t *testing.T) {
	t.Parallel()
	a := project(t, rig.Serve(t))
	at := update
	at.Kind = localaws.PauseBefore
	a.Arm(at)
	run := a.Start(apply()...)
	held, ok := run.Reach()
	if !ok || held.Operation != "UpdateDistribution" || held.Fault != localaws.PauseBefore {
		t.Fatalf("reached: %v, %+v", ok, held)
	}
	config := a.Do("cloudfront", "GET /2020-05-31/distribution/"+www+"/config", nil)
	edited := strings.Replace(string(config.Body), "<Comment></Comment>", "<Comment>a rival's</Comment>", 1)
	if edited == string(config.Body) {
		t.Fatalf("no comment in %s", edited)
	}
	if got := a.Do("cloudfront", "PUT /2020-05-31/distribution/"+www+"/config", []byte(edited), "If-Match", config.Header.Get("ETag")); got.Status != 200 {
		t.Fatalf("the rival: %d %s", got.Status, got.Body)
	}
	if n := a.Release(held.ID, false); n != 1 {
		t.Errorf("%d calls were released", n)
	}
	if o := run.Wait(); o.Code != 0 {
		t.Errorf("the run: %+v", o)
	}
	bound(t, a, 1)
	after := a.Do("cloudfront", "GET /2020-05-31/distribution/"+www+"/config", nil)
	if !strings.Contains(string(after.Body), "<Comment>a rival's</Comment>") {
		t.Errorf("the rival's edit is gone: %s", after.Body)
	}
}

// Each fault comes through to the program, which survives it once.
func TestEveryKindOfFaultReachesTheProgram(t *testing.T) {
	t.Parallel()
	aws := rig.Serve(t)
	for _, f := range []localaws.Fault{
		{Kind: localaws.Error, Status: 503, Code: "ServiceUnavailable"}, {Kind: localaws.Throttle},
		{Kind: localaws.DropBefore}, {Kind: localaws.DropAfter}, {Kind: localaws.ResetBefore}, {Kind: localaws.ResetAfter},
		{Kind: localaws.Cut}, {Kind: localaws.Late, DelayMs: 1}, {Kind: localaws.Delay, DelayMs: 1},
		{Kind: localaws.PauseBefore, DelayMs: 1}, {Kind: localaws.PauseAfter, DelayMs: 1},
	} {
		t.Run(string(f.Kind), func(t *testing.T) {
			t.Parallel()
			a := project(t, aws)
			f.Service, f.Operation, f.Resource = update.Service, update.Operation, update.Resource
			a.Arm(f)
			a.Must(apply()...)
			bound(t, a, 1)
			hit := 0
			for _, c := range a.Calls() {
				if c.Fault == f.Kind {
					hit++
				}
			}
			if hit != 1 {
				t.Errorf("the fault hit %d calls", hit)
			}
		})
	}
}

// What is done to one account is not done to another in the same server.
func TestAccountsInOneServerHaveNothingInCommon(t *testing.T) {
	t.Parallel()
	aws := rig.Serve(t)
	a, b := project(t, aws), project(t, aws)
	a.Arm(localaws.Fault{Kind: localaws.PauseBefore, Times: 1 << 20, Operation: "CreateFunction"})
	run := a.Start(apply()...)
	if _, ok := run.Reach(); !ok {
		t.Fatalf("not reached: %+v", run.Wait())
	}
	a.Advance(24 * time.Hour)
	b.Must(apply()...)
	bound(t, b, 1)
	bound(t, a, 0)
	if held := b.Held(); len(held) != 0 {
		t.Errorf("held in the other account: %+v", held)
	}
	if n := b.Release(0, true); n != 0 {
		t.Errorf("%d calls of the other account were released", n)
	}
	b.Disarm()
	for _, c := range b.Calls() {
		if c.Account != b.ID {
			t.Errorf("the log of %s has %+v", b.ID, c)
		}
	}
	if held := a.Held(); len(held) != 1 {
		t.Errorf("held: %+v", held)
	}
	if o := run.Kill(); o.Code != -1 {
		t.Errorf("killed: %+v", o)
	}
	if n := a.Release(0, true); n != 1 {
		t.Errorf("%d calls were released", n)
	}
}

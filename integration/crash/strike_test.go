package crash

import (
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// lockLife is more than the lock of a dead run lives.
const lockLife = 3 * time.Minute

// heldMs is longer than anything here takes: what is held is let go, not forgotten.
const heldMs = 600_000

// way is how a run is struck at a call.
type way struct {
	name  string
	death rig.Death     // how it is killed; "" if it lives on
	late  bool          // what was asked happens after the second run
	amid  bool          // or in the middle of it
	kind  localaws.Kind // the fault of one that lives on
}

// ways are all of them.
func ways() []way {
	return []way{
		{name: "killed before", death: rig.BeforeEffect}, {name: "killed after", death: rig.AfterEffect},
		{name: "killed, delivered", death: rig.Posthumous}, {name: "killed, delivered late", death: rig.Posthumous, late: true},
		{name: "killed, delivered amid", death: rig.Posthumous, late: true, amid: true},
		{name: "reset before", kind: localaws.ResetBefore}, {name: "reset after", kind: localaws.ResetAfter},
		{name: "cut", kind: localaws.Cut}, {name: "denied", kind: localaws.Error},
	}
}

// strike is one that happened.
type strike struct {
	operation string      // such as "lambda PublishVersion"
	outcome   rig.Outcome // of the run
	held      int64       // the call that is delivered late
}

// spot is a call of the undisturbed run.
type spot struct {
	localaws.Fault
	write bool
}

// spots are the calls of the undisturbed run, each named by what it is about and
// the how manieth such call it is: calls that a run makes side by side arrive in
// any order.
func spots(calls []localaws.Call) (list []spot) {
	seen := map[localaws.Fault]int{}
	for _, c := range calls {
		f := localaws.Fault{Service: c.Service, Operation: c.Operation, Resource: c.Resource}
		seen[f]++
		f.Call = seen[f]
		list = append(list, spot{f, c.Method != "GET"})
	}
	return list
}

// strike runs the scene's command and strikes one of its calls. It is false if
// there is no such call.
func (w *world) strike(s scene, how way, at localaws.Fault) (strike, bool) {
	w.t.Helper()
	if how.death == "" {
		return w.fail(s, how, at)
	}
	at.Kind, at.DelayMs = localaws.PauseBefore, heldMs
	if how.death == rig.AfterEffect {
		at.Kind = localaws.PauseAfter
	}
	w.Arm(at)
	w.refuse(s)
	p := w.Start(s.run...)
	call, reached := p.Reach()
	if !reached {
		o := p.Wait()
		w.Disarm()
		return strike{outcome: o}, false
	}
	st := strike{operation: call.Service + " " + call.Operation, outcome: p.Kill(), held: call.ID}
	w.Disarm()
	if !how.late {
		w.Release(0, how.death != rig.Posthumous)
	}
	return st, true
}

// fail strikes a run that lives on.
func (w *world) fail(s scene, how way, at localaws.Fault) (strike, bool) {
	w.t.Helper()
	at.Kind = how.kind
	if how.kind == localaws.Error {
		at.Status, at.Code, at.Message = 403, denied(at.Service), "not authorized"
	}
	w.ResetCalls()
	w.Arm(at)
	w.refuse(s)
	o := w.Run(s.run...)
	w.Disarm()
	n := 0
	for _, c := range w.Calls() {
		if c.Service != at.Service || c.Operation != at.Operation || c.Resource != at.Resource {
			continue
		}
		if n++; n == at.Call && c.Fault == how.kind {
			return strike{operation: c.Service + " " + c.Operation, outcome: o}, true
		}
	}
	return strike{outcome: o}, false
}

// denied is the code that says in a service that the caller lacks a permission
// (Lambda and CloudFront, common errors).
func denied(service string) string {
	if service == "lambda" {
		return "AccessDeniedException"
	}
	return "AccessDenied"
}

// refuse arms what makes a scene's run fail.
func (w *world) refuse(s scene) {
	w.t.Helper()
	if s.refuses == nil {
		return
	}
	f := *s.refuses
	f.Kind, f.Service, f.Operation, f.Resource, f.Times = localaws.Error, "cloudfront", "UpdateDistribution", shop, 1<<20
	f.Message = "refused for a test"
	w.Arm(f)
}

func words(args []string) string { return "edgedeploy " + strings.Join(args, " ") }

package crash

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// scene is a state of the account and a command that is struck in it.
type scene struct {
	name   string
	before func(w *world)
	spec   project // that the command finds
	run    []string
	saved  bool // it runs a saved plan
	// refuses is a fault that makes the run fail: it has --on-failure rollback,
	// and what follows is in failing_test.go.
	refuses *localaws.Fault
}

// The releases that scenes begin with.
var (
	one  = project{auth: 1}
	two  = project{auth: 2}
	wide = project{auth: 1, resize: 1, shop: true}
	next = project{auth: 2, resize: 2, shop: true}
	both = project{auth: 1, shop: true}
)

// keptReleases is how many releases are kept: the next one lets the first go.
const keptReleases = 40

// scenes are every kind of run of docs/releases.md.
func scenes() []scene {
	return slices.Concat(applies(), savedPlans(), rollbacks(), prunes())
}

// planFile is what scenes save their plan as.
const planFile = "change.edplan"

// savedPlans are runs of a plan that was made before: what follows one is the
// same file, and no plan is made anew.
func savedPlans() []scene {
	saves := func(before func(*world), p project, flags ...string) func(*world) {
		return func(w *world) {
			before(w)
			w.write(p)
			w.Must(append([]string{"plan", "--no-load", "--out", planFile}, flags...)...)
		}
	}
	run, further := applying(planFile), project{auth: 3, resize: 2, shop: true}
	return []scene{
		{name: "first apply, of a saved plan", spec: wide, run: run, saved: true, before: saves(nothing, wide)},
		{name: "apply of a saved plan", spec: next, run: run, saved: true, before: saves(after(wide), next)},
		{name: "apply of a saved plan, --adopt", spec: wide, run: run, saved: true, before: saves(func(w *world) {
			w.apply(one)
			w.foreign()
		}, wide, "--adopt")},
		{name: "apply of a saved plan, on top of what a dead apply wrote", spec: further, run: run, saved: true, before: saves(func(w *world) {
			w.apply(wide)
			w.write(next)
			w.dies(secondWrite, rig.AfterEffect, applying()...)
		}, further)},
	}
}

func applies() []scene {
	return []scene{
		{name: "first apply", spec: one, run: applying(), before: nothing},
		{name: "first apply, two functions to two distributions", spec: wide, run: applying(), before: nothing},
		{name: "apply of a change", spec: two, run: applying(), before: after(one)},
		{name: "apply of two functions to two distributions", spec: next, run: applying(), before: after(wide)},
		{name: "apply of tags only", spec: project{auth: 1, tags: "team: web"}, run: applying(), before: after(project{auth: 1, tags: "owner: me"})},
		{name: "apply of another configuration", spec: project{auth: 1, memory: 256}, run: applying(), before: after(one)},
		{name: "apply of what was published before", spec: one, run: applying(), before: after(one, two)},
		{name: "apply to a distribution found by its alias", spec: project{auth: 1, byAlias: true}, run: applying(), before: nothing},
		{name: "plan of many", spec: project{auth: 1, many: true}, run: []string{"plan", "--no-load"}, before: nothing},
		{name: "apply --adopt", spec: wide, run: applying("--adopt"), before: func(w *world) {
			w.apply(one)
			w.foreign()
		}},
		{name: "apply that adds what a dead apply left", spec: wide, run: applying(), before: func(w *world) {
			w.write(wide)
			w.dies(secondWrite, rig.BeforeEffect, applying()...)
		}},
		{name: "apply of what a dead apply has published", spec: two, run: applying(), before: func(w *world) {
			w.apply(one)
			w.write(two)
			w.dies(localaws.Fault{Service: "lambda", Operation: "PublishVersion", Resource: "shop-auth"}, rig.AfterEffect, applying()...)
		}},
		{name: "apply that lets an old release go", spec: one, run: applying(), before: func(w *world) {
			for i := range keptReleases {
				w.apply(project{auth: 1 + i%2})
			}
		}},
		{name: "apply --on-failure rollback", spec: project{auth: 2, shop: true}, run: applying("--on-failure", "rollback"),
			before: after(both), refuses: &localaws.Fault{Status: 403, Code: "AccessDenied"}},
		{name: "apply --on-failure rollback of refused content", spec: project{auth: 2, shop: true}, run: applying("--on-failure", "rollback"),
			before: after(both), refuses: &localaws.Fault{Status: 400, Code: "InvalidLambdaFunctionAssociation"}},
	}
}

func rollbacks() []scene {
	return []scene{
		{name: "rollback", spec: next, run: rollback(), before: after(wide, next)},
		{name: "rollback --to, back", spec: next, run: rollback("--to", "1"), before: after(one, two, next)},
		{name: "rollback --to, forth", spec: next, run: rollback("--to", "3"), before: func(w *world) {
			after(one, two, next)(w)
			w.Must(rollback("--to", "1")...)
		}},
		{name: "rollback --to 0", spec: next, run: rollback("--to", "0"), before: after(one, next)},
		{name: "rollback --of", spec: two, run: rollback("--of", "2"), before: after(one, two)},
		{name: "rollback that puts back", spec: two, run: rollback(), before: func(w *world) {
			after(one, two)(w)
			w.Must(rollback()...)
			w.edit(www, "shop-auth:1", "shop-auth:2")
		}},
		{name: "rollback of a renamed pattern", spec: two, run: rollback(), before: func(w *world) {
			after(one, two)(w)
			w.edit(www, "<PathPattern>/img/*<", "<PathPattern>/v2/*<")
		}},
		{name: "rollback to an inactive version", spec: two, run: rollback(), before: func(w *world) {
			after(one, two)(w)
			w.Idle("shop-auth", 1)
		}},
		{name: "resume", spec: two, run: []string{"resume", "2"}, before: func(w *world) {
			after(one, two)(w)
			w.Must(rollback()...)
		}},
		{name: "rollback of a dead apply", spec: next, run: rollback(), before: halfway},
		{name: "rollback --to, of a dead apply", spec: next, run: rollback("--to", "1"), before: func(w *world) {
			w.apply(one)
			halfway(w)
		}},
	}
}

// prunes delete what was published before. Nothing delays replicas here.
func prunes() []scene {
	run := []string{"prune", "--keep", "1", "--yes", "--stack", "shop"}
	return []scene{
		{name: "prune", spec: next, run: run, before: after(one, two, project{auth: 3}, project{auth: 4}, next)},
		{name: "prune of a whole function", spec: two, run: run, before: func(w *world) {
			after(project{auth: 1, resize: 1})(w)
			w.write(two)
			w.Must(applying("--allow-detach")...)
			after(project{auth: 3}, project{auth: 4})(w)
		}},
		{name: "destroy", spec: next, run: []string{"destroy", "--yes", "--stack", "shop"}, before: after(wide, next)},
	}
}

// halfway leaves an apply that died between its two distributions.
func halfway(w *world) {
	w.apply(wide)
	w.write(next)
	w.dies(secondWrite, rig.BeforeEffect, applying()...)
}

var secondWrite = localaws.Fault{Service: "cloudfront", Operation: "UpdateDistribution", Resource: shop}

func nothing(*world) {}

// after applies one project after the other.
func after(list ...project) func(*world) {
	return func(w *world) {
		for _, p := range list {
			w.apply(p)
		}
	}
}

// dies runs a command that is killed at a call, and waits until its lock
// has expired.
func (w *world) dies(at localaws.Fault, death rig.Death, args ...string) {
	w.t.Helper()
	if o, killed := w.KillAtCall(at, death, args...); !killed {
		w.t.Fatalf("it was not killed: %+v", o)
	}
	w.Advance(lockLife)
}

// foreign puts a version that is not the stack's where the project wide wants
// one of its own.
func (w *world) foreign() {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{
		"FunctionName": "other", "Runtime": "nodejs22.x", "Role": w.Role(), "Handler": "index.handler", "Publish": true,
		"Code": map[string]string{"ZipFile": base64.StdEncoding.EncodeToString(emptyZip())},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if got := w.Do("lambda", "POST /2015-03-31/functions", body); got.Status != 201 {
		w.t.Fatalf("create a function: %d %s", got.Status, got.Body)
	}
	w.edit(shop, "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>", fmt.Sprintf(
		"<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation>"+
			"<LambdaFunctionARN>arn:aws:lambda:us-east-1:%s:function:other:1</LambdaFunctionARN><EventType>viewer-request</EventType><IncludeBody>false</IncludeBody>"+
			"</LambdaFunctionAssociation></Items></LambdaFunctionAssociations>", w.ID))
}

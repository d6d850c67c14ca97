package deploy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

var destroy = command{verb: "destroy"}

// destroy lets go of the slots, and removes what may be removed. Where there is
// no ledger any more it is done.
func (p *client) destroy(ctx context.Context, r *deploy.Runner, planned plan.Plan) (deploy.Result, deploy.Dismantled, error) {
	if len(p.book.records) == 0 {
		return deploy.Result{}, deploy.Dismantled{Done: true}, p.read()
	}
	by := func() deploy.Run {
		n := runs.Add(1)
		return deploy.Run{ID: fmt.Sprint("run", n), Actor: "me", Tool: "test", At: time.Unix(n, 0)}
	}
	result, err := r.Run(ctx, planned, by())
	if err != nil {
		return result, deploy.Dismantled{}, err
	}
	state, err := ledger{p}.Read(ctx, stack)
	if err != nil {
		return result, deploy.Dismantled{}, err
	}
	out, err := r.Dismantle(ctx, deploy.Pruning{Stack: stack, Keep: 40, Ledger: ledgerFunction}, state, by())
	return result, out, err
}

// remaining are what a removal left, in words.
func remaining(d deploy.Dismantled) string {
	var list []string
	for _, r := range d.Remaining {
		text := strings.TrimPrefix(r.Function, stackFn)
		switch {
		case r.Waits:
			text += " waits"
		case r.Bound != "":
			text += " in " + r.Bound
		case r.Others != "":
			text += " is others'"
		case r.Kept != "":
			text += " keeps " + r.Kept
		}
		if r.Err != nil {
			text += " failed"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func TestDestroyRemovesAStackAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		foreign  bool
		before   []command
		by       func(*account)
		replicas bool
		left     string
		done     bool
		bound    string
		stored   string
	}{
		"all of it": {before: []command{apply("two"), apply("two2")}, done: true, stored: "x: 9= 12="},
		"what was taken goes back": {
			foreign: true, before: []command{adopting("addC")}, done: true, bound: "C=x:9", stored: "x: 9= 12=",
		},
		"what was published only":              {before: []command{apply("only")}, done: true, stored: "x: 9= 12="},
		"after a rollback to before the first": {before: []command{apply("s1"), to(0)}, done: true, stored: "x: 9= 12="},
		"it waits for replicas":                {before: []command{apply("s1")}, replicas: true, left: "f waits, g waits", stored: "f: 1=f1 @1; g: 1=g1 @1; x: 9= 12="},
		"never what another owner bound": {
			before: []command{apply("s1")}, by: func(a *account) { a.hand("bind", "C", "g1") },
			left: "g in D1 /C viewer-request", bound: "C=g1", stored: "g: 1=g1 @1; x: 9= 12=",
		},
		"never versions of others": {
			before: []command{apply("s1"), apply("s2"), apply("s3")},
			by:     func(a *account) { a.functions[stackFn+"f"].versions[0].mark = "by hand" },
			left:   "f keeps version 1, which the stack did not publish", done: true, stored: "f: 1=f1 3=f3 @1 @3; x: 9= 12=",
		},
		"never a function of another stack": {
			before: []command{apply("s1")}, by: func(a *account) { a.functions[stackFn+"g"].tags[versions.StackTag] = "other" },
			left: "g is others'", done: true, stored: "g: 1=g1 @1; x: 9= 12=",
		},
		"a function that a listing does not show": {
			before: []command{apply("s1")}, by: func(a *account) { a.unlisted = stackFn + "g" },
			done: true, stored: "x: 9= 12=",
		},
		"a version of others that went back into its slot": {
			before: []command{apply("s1"), apply("s2"), apply("s3")},
			by: func(a *account) {
				a.functions[stackFn+"f"].versions[0].mark = "by hand"
				a.hand("bind", "C", "f1")
			},
			left: "f keeps version 1, which the stack did not publish", done: true, bound: "C=f:1", stored: "f: 1=f1 3=f3 @1 @3; x: 9= 12=",
		},
		"a function that nothing was published into": {
			before: []command{apply("s1")},
			by: func(a *account) {
				a.functions[stackFn+"z"] = &function{tags: map[string]string{versions.StackTag: stack}, code: "of others"}
			},
			left: "z keeps no version that the stack published, and code that may be of others", done: true, stored: "x: 9= 12=; z:",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, c.foreign)
			h.account.noReplicas = !c.replicas
			h.do(c.before...)
			if c.by != nil {
				c.by(h.account)
			}
			h.do(destroy)
			h.bound(c.bound)
			if got := remaining(h.last.dismantled); got != c.left || h.last.dismantled.Done != c.done {
				t.Errorf("left %q, done %v; want %q, %v", got, h.last.dismantled.Done, c.left, c.done)
			}
			if got := h.account.stored(); got != c.stored {
				t.Errorf("stored %s, want %s", got, c.stored)
			}
			if gone := len(h.account.book.records) == 0; gone != c.done {
				t.Errorf("the ledger is gone: %v, want %v", gone, c.done)
			}
			h.do(destroy)
			if h.last.plan.Changes() {
				t.Errorf("again it plans %+v", h.last.plan)
			}
			if gone(h); c.replicas {
				h.do(destroy)
				if !h.last.dismantled.Done || h.account.stored() != "x: 9= 12=" {
					t.Errorf("without replicas: done %v, stored %s", h.last.dismantled.Done, h.account.stored())
				}
			}
		})
	}
}

// Until the versions are gone a rollback restores what was there, also of a
// destroy that died, and an apply begins anew.
func TestADestroyedStackMayComeBack(t *testing.T) {
	t.Parallel()
	h := newHistory(t, false)
	h.do(apply("two"), apply("two2"))
	was := h.account.bound()
	h.do(destroy)
	h.bound("")
	if live := h.account.book.state().Live; live.Kind != release.KindDestroy || live.Returns != 2 {
		t.Errorf("live is %+v", live)
	}
	back := h.fork()
	back.do(rollback)
	back.bound(was)
	h.do(apply("two2")) // going forth holds nothing
	h.bound(was)
}

func TestADestroyMayDieAnywhere(t *testing.T) {
	t.Parallel()
	covered, points, restored := map[string]int{}, 0, 0
	for name, c := range map[string]struct {
		foreign  bool
		replicas bool
		before   []command
		end      string
	}{
		"two distributions": {before: []command{apply("two"), apply("two2")}},
		"an adoption":       {foreign: true, before: []command{apply("s1"), adopting("addC")}, end: "C=x:9"},
		"with replicas":     {replicas: true, before: []command{apply("s1")}},
	} {
		start := newHistory(t, c.foreign)
		start.account.noReplicas = !c.replicas
		start.do(c.before...)
		was := start.account.bound()
		undisturbed := start.fork()
		undisturbed.do(destroy)
		for n := range undisturbed.last.steps {
			for _, how := range ways {
				points++
				step := undisturbed.last.steps[n]
				covered[step+" "+how]++
				where := fmt.Sprintf("%s, %s %s (%d)", name, how, step, n)
				h := start.fork()
				h.account.run(destroy, &ctl{at: n, how: how}, nil)
				h.checkHalf(where, start, undisturbed)
				state := h.account.book.state()
				begun := state.Pending.Kind == release.KindDestroy || state.Live.Kind == release.KindDestroy
				if begun && h.account.stored() == start.account.stored() && !c.foreign {
					back := h.fork()
					out := back.account.run(rollback, never(), nil)
					restored++
					if back.account.bound() != was {
						back.errorf("%s: rollback restores %q, not %q (exit %d, %v)", where, back.account.bound(), was, out.code, out.err)
					}
				}
				h.do(destroy)
				h.bound(c.end)
				if got, want := h.account.stored(), undisturbed.account.stored(); got != want {
					h.errorf("%s: stored %s, want %s", where, got, want)
				}
				gone(h)
				h.do(destroy)
				if len(h.account.book.records) != 0 || h.account.stored() != "x: 9= 12=" {
					h.errorf("%s: in the end there is %s, and %d records", where, h.account.stored(), len(h.account.book.records))
				}
			}
		}
	}
	for _, label := range []string{"lock", "append", "mark", "write D1", "write D2", "commit", "unlock", "delete function", "delete ledger"} {
		for _, how := range ways {
			if covered[label+" "+how] == 0 {
				t.Errorf("no destroy was stopped at %s, %s", label, how)
			}
		}
	}
	if restored == 0 {
		t.Error("nothing was ever restored")
	}
	t.Logf("%d points, %d restored", points, restored)
}

// Whose a function is that may not be read is not known: the ledger, which alone
// knows of it, stays.
func TestDestroyKeepsTheLedgerOfWhatItCannotRead(t *testing.T) {
	t.Parallel()
	h := newHistory(t, false)
	h.account.noReplicas = true
	h.do(apply("s1"))
	h.account.hidden = stackFn + "g"
	h.ends(destroy, 1)
	if got := remaining(h.last.dismantled); got != "g failed" || h.last.dismantled.Done || len(h.account.book.records) == 0 {
		t.Errorf("left %q, done %v, %d records", got, h.last.dismantled.Done, len(h.account.book.records))
	}
	h.account.hidden = ""
	h.do(destroy)
	if h.account.stored() != "x: 9= 12=" || len(h.account.book.records) != 0 {
		t.Errorf("then there is %s, and %d records", h.account.stored(), len(h.account.book.records))
	}
}

// A pruning leaves alone what was tagged and never published into.
func TestPruneLeavesCodeOfOthersAlone(t *testing.T) {
	t.Parallel()
	h := newHistory(t, false)
	h.do(apply("s1"))
	h.account.functions[stackFn+"z"] = &function{tags: map[string]string{versions.StackTag: stack}, code: "of others"}
	h.do(prune(1))
	if _, there := h.account.functions[stackFn+"z"]; !there {
		t.Error("it was deleted")
	}
}

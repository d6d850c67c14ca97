package deploy_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// What r1, r2, … bind.
const (
	r1 = "A=f1 B=g1"
	r2 = "A=f2 B=g1"
	r4 = "A=f4 B=g1"
	r5 = "A=f5 B=g1"
)

// row is one history of docs/releases.md: what was typed, and how it ends.
type row struct {
	name    string
	foreign bool
	play    func(h *history)
}

func TestHistories(t *testing.T) {
	t.Parallel()
	all := slices.Concat(backRows(), deadRows(), lookRows(), ownerRows(), holdRows(), slotRows(), onlyRows(), leftRows(), commitRows(), lostRows())
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.play(newHistory(t, r.foreign))
		})
	}
}

// points lets a command die at every effect, in every way, each on a copy.
// begun tells whether the rollback or resume was marked, or recorded, by then.
func (h *history) points(c command, then func(g *history, begun bool)) {
	h.t.Helper()
	probe := h.fork()
	n := len(probe.account.run(c, never(), nil).steps)
	for i := range n {
		for _, how := range ways {
			g := h.fork()
			out := g.account.run(c, &ctl{at: i, how: how}, nil)
			g.done = append(g.done, fmt.Sprintf("%s (%s %s)", c, how, out.steps[i]))
			begun := g.account.book.pending > h.account.book.pending || g.account.book.live > h.account.book.live
			then(g, begun)
		}
	}
}

// atEach stops a command before every effect, where something else happens, and
// wakes it.
func (h *history) atEach(c command, meanwhile func(g *history), then func(g *history, out outcome, at string)) {
	h.t.Helper()
	probe := h.fork()
	n := len(probe.account.run(c, never(), nil).steps)
	for i := range n {
		g := h.fork()
		k := never()
		k.hooks = map[int]func(){i: func() { meanwhile(g) }}
		out := g.account.run(c, k, nil)
		g.done = append(g.done, fmt.Sprintf("%s (stopped before %s, and woken)", c, out.steps[i]))
		then(g, out, out.steps[i])
	}
}

func backRows() []row {
	bad := func(h *history) { h.do(apply("s1"), apply("s2")) }
	return []row{
		{"row 1: rollback said again and again goes back once", false, func(h *history) {
			bad(h)
			h.do(rollback)
			h.bound(r1)
			h.do(rollback)
			h.said("back at release 1")
			h.do(rollback)
			h.bound(r1)
		}},
		{"row 2: what was put back by hand is put back to the target's", false, func(h *history) {
			bad(h)
			h.do(rollback)
			h.account.hand("bind", "A", "f2")
			h.do(rollback)
			h.bound(r1)
			if n := len(h.account.book.records); n != 3 {
				h.errorf("%d records: putting back records nothing", n)
			}
		}},
		{"row 3: a fix that is bad too goes back to what it returns to", false, func(h *history) {
			bad(h)
			h.do(rollback, apply("fix"), rollback)
			h.bound(r1)
			h.do(rollback)
			h.bound(r1)
		}},
		{"row 4: tags on top are undone with what is below", false, func(h *history) {
			bad(h)
			h.do(apply("tag"), rollback)
			h.bound(r1)
		}},
		{"row 4: an adoption in place on top is undone with what is below", false, func(h *history) {
			bad(h)
			h.account.hand("bind", "C", "f2")
			h.do(adopting("inplace"))
			h.do(rollback)
			h.bound(r1)
		}},
		{"row 5: resume of an older hold changes nothing about where a rollback goes", false, func(h *history) {
			h.do(apply("s1"), apply("s3"), rollback, apply("fix"), apply("fix2"), resume(2, ""), rollback)
			h.bound(r4)
		}},
		{"row 6: after resume the stack is still back", false, func(h *history) {
			bad(h)
			h.do(rollback, resume(2, ""), rollback)
			h.bound(r1)
		}},
		{"row 7: the first release is not undone without --to 0", false, func(h *history) {
			h.do(apply("s1"))
			h.ends(rollback, 1)
			h.bound(r1)
			h.do(to(0))
			h.bound("")
		}},
		{"row 16: a fix that came before the rollback's lock stays", false, func(h *history) {
			bad(h)
			h.with(rollback, 4, never(), func() { h.account.run(apply("fix"), never(), nil) })
			h.bound(r4)
			if e, ok := errors.AsType[*deploy.StaleError](h.last.err); !ok || e.Saw.Live != 2 || e.Now.Live != 3 {
				h.errorf("not both releases are named: %v", h.last.err)
			}
		}},
		{"row 17: two rollbacks at once are one step", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), apply("s3"))
			h.with(rollback, 0, never(), func() { h.account.run(rollback, never(), nil) })
			h.bound(r2)
		}},
		{"another rollback that came before the lock is not taken for the same", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), apply("s3"))
			h.with(rollback, 4, never(), func() {
				h.account.run(apply("fix"), never(), nil)
				h.account.run(rollback, never(), nil)
			})
			h.bound("A=f3 B=g3")
		}},
		{"the same rollback and a begun apply before the lock are told", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), apply("s3"))
			h.with(rollback, 4, never(), func() {
				h.account.run(rollback, never(), nil)
				n := slices.Index(h.fork().account.run(apply("fix"), never(), nil).steps, "commit")
				h.account.run(apply("fix"), &ctl{at: n, how: "before"}, nil)
			})
			h.bound(r4)
		}},
		{"--to where the stack is puts back, and records nothing", false, func(h *history) {
			bad(h)
			h.do(rollback)
			h.account.hand("bind", "A", "f2")
			h.do(to(1))
			h.bound(r1)
			if n := len(h.account.book.records); n != 3 {
				h.errorf("%d records, want 3", n)
			}
			h.do(rollback)
			h.bound(r1)
		}},
		{"row 18: rollback --of a release that never was changes nothing", false, func(h *history) {
			h.do(apply("s1"), of(2))
			h.bound(r1)
			h.said("release 2 is neither live nor in flight")
		}},
		{"row 51: a repair returns where the repaired release does", false, func(h *history) {
			bad(h)
			h.account.hand("clear", "A")
			h.do(apply("s2"))
			h.bound(r2)
			h.do(rollback)
			h.bound(r1)
		}},
		{"row 53: --to a release with a greater number that brought less is going back", false, func(h *history) {
			bad(h)
			h.do(rollback, to(2), to(3)) // 3 is the rollback itself
			h.bound(r1)
			h.do(rollback)
			h.said("back at release 1")
			h.bound(r1)
		}},
	}
}

func deadRows() []row {
	r3bad := func(h *history) { h.do(apply("s1"), apply("s2"), apply("s3")) }
	return []row{
		{"row 8: a first apply that died is undone", false, func(h *history) {
			h.points(apply("s1"), func(g *history, _ bool) {
				committed := g.account.book.live != 0
				for range 3 {
					out := g.account.run(rollback, never(), nil)
					switch {
					case committed && (out.code != 1 || g.account.bound() != r1):
						g.errorf("live: rollback: exit %d, bound %q: %v", out.code, g.account.bound(), out.err)
					case !committed && g.account.bound() != "":
						g.errorf("rollback: exit %d, bound %q: %v", out.code, g.account.bound(), out.err)
					}
				}
			})
		}},
		{"row 9: two applies die, the third decides every slot", false, func(h *history) {
			h.do(apply("s1"))
			h.points(apply("wide"), func(g *history, _ bool) {
				g.points(detaching("s2"), func(k *history, _ bool) {
					k.do(detaching("s2"))
					k.bound(r2)
					k.settled()
				})
			})
		}},
		{"row 10: a rollback that died anywhere is completed, once", false, func(h *history) {
			r3bad(h)
			h.points(rollback, func(g *history, _ bool) {
				g.do(rollback)
				g.bound(r2)
				g.settled()
				g.do(rollback)
				g.bound(r2)
			})
		}},
		{"row 11: a dead rollback holds, and HEAD does not bring the bad release back", false, func(h *history) {
			r3bad(h)
			h.points(rollback, func(g *history, begun bool) {
				if begun {
					g.ends(apply("s3"), 5)
				}
				g.do(rollback)
				g.bound(r2)
			})
		}},
		{"row 12: after a dead rollback a fix that is bad too goes to the good release", false, func(h *history) {
			r3bad(h)
			h.points(rollback, func(g *history, begun bool) {
				g.do(apply("fix"))
				g.bound(r4)
				g.do(rollback)
				if begun {
					g.bound(r2)
				} else {
					g.bound("A=f3 B=g3") // nothing had happened: the fix returns to r3
				}
			})
		}},
		{"row 13: resume during a dead rollback names both ways on", false, func(h *history) {
			r3bad(h)
			h.points(rollback, func(g *history, _ bool) {
				if !g.half() {
					return
				}
				g.ends(resume(3, ""), 4)
				next := release.Next(g.account.book.state(), release.WrittenPart)
				if len(next) != 2 || next[0].Verb != release.VerbRollback || next[1].Verb != release.VerbApply {
					g.errorf("not both ways are named: %v", next)
				}
			})
		}},
		{"row 14: the answer to moving live is lost, and the same command completes it", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			n := slices.Index(h.fork().account.run(rollback, never(), nil).steps, "commit")
			h.with(rollback, 1, &ctl{at: n, how: "lost"}, nil)
			h.do(rollback)
			h.bound(r1)
			if n := len(h.account.book.records); n != 3 {
				h.errorf("%d records, want 3", n)
			}
		}},
		{"row 15: a resume that died anywhere lifts once", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback)
			h.points(resume(2, ""), func(g *history, _ bool) {
				g.do(resume(2, ""))
				if held := g.account.book.state().Holds(); len(held) > 0 {
					g.errorf("still held: %v", held)
				}
				g.do(resume(2, ""))
				g.bound(r1)
			})
		}},
		{"row 19: apply --on-failure rollback that dies is never half", false, func(h *history) {
			h.do(apply("two"))
			failing := apply("two2")
			failing.restore, failing.refuse = true, 2
			h.points(failing, func(g *history, _ bool) {
				out := g.account.run(apply("two2"), never(), nil)
				if out.code != 0 {
					g.errorf("apply again: exit %d: %v", out.code, out.err)
				}
				if b := g.account.bound(); b != "A=f1 B=g1 D2/A=f1" && b != "A=f2 B=g1 D2/A=f2" {
					g.errorf("half: %q", b)
				}
				g.settled()
			})
		}},
		{"row 12: a fix that died between two deaths is no place to go back to", false, func(h *history) {
			h.do(apply("two"), apply("two2"))
			g := h.fork()
			n := slices.Index(g.account.run(rollback, never(), nil).steps, "write D2")
			h.account.run(rollback, &ctl{at: n, how: "before"}, nil)
			fix := detaching("new1")
			h.points(fix, func(g *history, begun bool) {
				if !begun || !g.half() {
					return // it came to its end, or had not begun
				}
				g.do(detaching("new2"))
				g.bound("A=f7 B=g7")
				g.do(rollback)
				g.bound("A=f1 B=g1 D2/A=f1")
			})
		}},
		{"a write of a dead run that lands late is emptied again", false, func(h *history) {
			h.do(apply("s1"))
			h.atEach(apply("wide"), func(g *history) {
				g.account.book.lock.expired = g.account.book.lock.run != ""
				g.do(detaching("s1"))
			}, func(g *history, out outcome, at string) {
				if at == "lock" {
					return // nothing was taken over
				}
				g.done = append(g.done, fmt.Sprint("which ended with ", out.code))
				g.do(detaching("s1"))
				g.bound(r1)
			})
		}},
		{"a typed rollback that completes --on-failure rollback holds as any", false, func(h *history) {
			h.do(apply("two"))
			failing := apply("two2")
			failing.restore, failing.refuse = true, 2
			h.points(failing, func(g *history, _ bool) {
				if flight := g.account.book.state().Pending; !flight.Automatic || !g.half() {
					return
				}
				g.do(rollback)
				g.bound("A=f1 B=g1 D2/A=f1")
				g.ends(apply("two2"), 5)
			})
		}},
		{"--on-failure rollback of what bound nothing new leaves what is live", false, func(h *history) {
			h.do(apply("two"), apply("two2"))
			h.account.hand("clear", "A")
			h.account.put("D2", []associations.Edit{{Slot: at("D2", "A")}})
			repair := apply("two2")
			repair.restore, repair.refuse = true, 2
			h.ends(repair, 1)
			h.bound("A=f2 B=g1 D2/A=f2")
			h.settled()
			h.do(apply("two2"), rollback)
			h.bound("A=f1 B=g1 D2/A=f1")
		}},
		{"--on-failure rollback holds only what CloudFront refused", false, func(h *history) {
			h.do(apply("two"))
			failing := apply("two2")
			failing.restore, failing.refuse = true, 2
			g := h.fork()
			g.ends(failing, 1)
			g.bound("A=f1 B=g1 D2/A=f1")
			g.do(apply("two2"))
			failing.content = true
			h.ends(failing, 1)
			h.bound("A=f1 B=g1 D2/A=f1")
			h.ends(apply("two2"), 5)
		}},
		{"row 39: content is published once, whatever died and came between", false, func(h *history) {
			h.do(apply("s1"))
			h.points(apply("s2"), func(g *history, _ bool) {
				g.do(apply("fix"), apply("s2"))
				if n := g.account.published()["f2"]; n != 1 {
					g.errorf("f2 was published %d times", n)
				}
				g.bound(r2)
			})
		}},
		{"row 46: a rollback of a dead apply that dies before its record starts anew", false, func(h *history) {
			h.points(apply("s1"), func(g *history, begun bool) {
				if !begun || g.account.book.live != 0 {
					return
				}
				g.points(rollback, func(k *history, _ bool) {
					k.account.run(rollback, never(), nil)
					k.bound("")
				})
			})
		}},
		{"row 47: a slot of a superseded apply is never forgotten", false, func(h *history) {
			h.do(apply("s1"))
			h.points(apply("wide"), func(g *history, _ bool) {
				c := detaching("s1")
				g.points(c, func(k *history, _ bool) {
					k.do(c)
					k.bound(r1)
					k.settled()
				})
			})
		}},
	}
}

// half reports whether a release is in flight and not all of it was written.
func (h *history) half() bool {
	flight, flying := h.account.book.state().InFlight()
	held := func(s associations.Slot) associations.Binding { return h.account.distributions[s.Distribution].held[s] }
	return flying && flight.Written(held) != release.WrittenAll
}

// strays are those that status names.
func (h *history) strays() []release.Stray {
	h.t.Helper()
	p := &client{account: h.account}
	there := map[string]associations.State{"D1": h.account.state("D1"), "D2": h.account.state("D2")}
	list, err := deploy.Strays(h.t.Context(), deploy.NewReader(deploy.Cloud{Lambda: p, CloudFront: p, Identity: p}), h.account.book.state(), there)
	if err != nil {
		h.errorf("look for strays: %v", err)
	}
	return list
}

// settled reports a release that is still in flight.
func (h *history) settled() {
	h.t.Helper()
	if at := h.account.book.state().Position(); at.Pending != 0 {
		h.errorf("release %d is still in flight", at.Pending)
	}
}

// lookRows are about what is seen: stale plans, foreign writes, lost answers.
func lookRows() []row {
	index := func(h *history, c command, label string) int {
		return slices.Index(h.fork().account.run(c, never(), nil).steps, label)
	}
	return []row{
		{"row 40: a plan made while held is stale after resume", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback)
			h.ends(apply("s2"), 5)
			held := h.last.plan
			h.do(resume(2, ""))
			held.Held = nil // as if it had not said so
			p := &client{account: h.account, lie: func(string) error { return nil }, after: func(string) error { return nil }}
			_, err := (&deploy.Runner{Cloud: deploy.Cloud{Lambda: p, CloudFront: p, Identity: p}, Ledger: ledger{p}}).Run(h.t.Context(), held, deploy.Run{ID: "late"})
			if !is[*deploy.StaleError](err) {
				h.errorf("the old plan ran: %v", err)
			}
		}},
		{"row 41: a version that is gone stops the rollback before any write", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("delete", "f1")
			h.ends(rollback, 1)
			h.bound(r2)
			if !is[*plan.PinError](h.last.err) || len(h.account.book.records) != 2 {
				h.errorf("%v, %d records", h.last.err, len(h.account.book.records))
			}
		}},
		{"row 41: also where the live release records the version that is gone", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback)
			h.account.hand("clear", "A")
			h.account.hand("delete", "f1")
			h.ends(rollback, 1)
			h.bound("B=g1")
		}},
		{"row 38: a look that is old makes no wrong plan", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			p := h.client(0)
			old, err := ledger{p}.Read(h.t.Context(), stack)
			if err != nil {
				h.t.Fatal(err)
			}
			h.do(apply("fix"))
			for _, c := range []command{apply("s3"), rollback, of(2), to(1), resume(2, "")} {
				g := h.fork()
				out := g.account.withOldLook(c, old)
				if out.code == 0 && !out.plan.Changes() {
					continue // it has nothing to do, and did nothing
				}
				if !is[*deploy.StaleError](out.err) && !is[*plan.NotHeldError](out.err) {
					g.errorf("%s planned on an old look ends with %d: %v", c, out.code, out.err)
				}
				g.bound(r4)
			}
		}},
		{"row 42: a configuration that is no distribution ends the run, and nothing is told as done", false, func(h *history) {
			h.do(apply("s1"))
			odd := errors.New("CloudFront GetDistributionConfig D1: the answer is not understood")
			for _, c := range []command{apply("s2"), to(0)} {
				g := h.fork()
				g.account.odd = odd
				out := g.account.run(c, never(), nil)
				g.account.odd = nil
				if out.code != 1 || out.result.Live || g.account.book.live != 1 {
					g.errorf("%s: exit %d, live is release %d: %v", c, out.code, g.account.book.live, out.err)
				}
				g.bound(r1)
				g.do(c)
			}
		}},
		{"row 43: after a lost answer and a foreign write the slots are as read back", false, func(h *history) {
			h.do(apply("s1"))
			n := index(h, apply("s2"), "write D1")
			k := &ctl{at: n, how: "lost", hooks: map[int]func(){}}
			g := h.fork()
			// The foreign write comes before anything is read back.
			k.lostThen = func() { g.account.hand("bind", "A", "x:9") }
			g.with(apply("s2"), 1, k, nil)
			slots := g.last.result.Slots
			if !is[*deploy.PartialError](g.last.err) {
				g.errorf("not told as a run that may have written: %v", g.last.err)
			}
			if len(slots) != 1 || slots[0].State != deploy.SlotChanged || slots[0].Holds.Version.Function != "x" {
				g.errorf("slots are reported as %+v", slots)
			}
		}},
		{"row 43: a lost answer alone is no failure", false, func(h *history) {
			h.do(apply("s1"))
			h.with(apply("s2"), 0, &ctl{at: index(h, apply("s2"), "write D1"), how: "lost"}, nil)
			h.bound(r2)
		}},
		{"row 44: a foreign write before the end of the wait is named", false, func(h *history) {
			h.do(apply("s1"))
			k := never()
			k.hooks = map[int]func(){index(h, apply("s2"), "unlock"): func() { h.account.hand("bind", "A", "x:9") }}
			h.with(apply("s2"), 1, k, nil)
			slots := h.last.result.Slots
			if !is[*deploy.DriftError](h.last.err) || len(slots) != 1 || slots[0].State != deploy.SlotChanged || slots[0].Holds.Version.Function != "x" {
				h.errorf("not named: %v, slots %+v", h.last.err, slots)
			}
		}},
	}
}

func ownerRows() []row {
	return []row{
		{"row 24: the slots of a distribution that was added are emptied, and no flag is asked for", false, func(h *history) {
			h.do(apply("s1"), apply("two"), rollback)
			h.bound(r1)
		}},
		{"row 25: after an alias moved, the release goes back where it is now", false, func(h *history) {
			h.do(apply("s1"))
			h.account.hand("alias", "D2")
			h.do(detaching("s2"))
			h.bound("D2/A=f2 D2/B=g1")
			h.do(rollback)
			h.bound("D2/A=f1 D2/B=g1")
		}},
		{"row 26: an alias that moved after the release is told, and nothing is written there", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("alias", "D2")
			h.do(rollback)
			h.said("D1 has not the alternate domain name www any more")
			h.bound(r1)
		}},
		{"row 27: an id that was edited goes back where it is now", false, func(h *history) {
			h.do(apply("one"), detaching("d2"))
			h.bound("D2/A=f2")
			h.do(rollback)
			h.bound("D2/A=f1")
		}},
		{"row 28: a renamed pattern gets the target's version, and keeps it", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("rename", "A", "Z")
			h.do(rollback)
			h.said("/A is /Z now")
			h.bound("B=g1 Z=f1")
			h.do(rollback)
			h.bound("B=g1 Z=f1")
		}},
		{"row 29: a copied pattern is a stray, as long as it is there", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("copy", "A", "Y")
			h.ends(rollback, 1)
			h.bound("A=f1 B=g1 Y=f2")
			h.ends(rollback, 1)
			h.said("D1 /Y")
		}},
		{"row 29: an apply names a stray, and so does status", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			if list := h.strays(); len(list) > 0 {
				h.errorf("there are strays: %v", list)
			}
			h.account.hand("copy", "A", "Y")
			h.account.put("D1", []associations.Edit{{Slot: at("D1", "C"), To: h.account.find("f1")}}) // recorded in neither
			want := "[D1 /C viewer-request holds shop-f:1, which no release put there D1 /Y viewer-request holds shop-f:2, which no release put there]"
			if list := h.strays(); fmt.Sprint(list) != want {
				h.errorf("status finds the strays %v", list)
			}
			h.do(apply("s2"))
			h.said("D1 /C viewer-request holds shop-f:1")
			h.said("D1 /Y viewer-request holds shop-f:2")
			f := h.account.functions[stackFn+"f"]
			f.last, f.versions = 9, append(f.versions, version{number: 9, code: "f9"}) // published by hand
			h.account.hand("bind", "Y", "x:9")
			h.account.hand("bind", "C", "f9")
			h.do(apply("s3"))
			if list := h.strays(); len(list) > 0 || slices.ContainsFunc(h.last.plan.Notes, func(n plan.Note) bool { return n.Kind == "stray" }) {
				h.errorf("what is not the stack's is a stray: %v, %v", list, h.last.plan.Notes)
			}
		}},
		{"what a release in flight writes or empties is no stray", false, func(h *history) {
			calm := func(g *history, _ bool) {
				if list := g.strays(); g.half() && len(list) > 0 {
					g.errorf("there are strays: %v", list)
				}
			}
			h.do(apply("s1"))
			h.points(apply("wide"), calm)
			h.do(apply("wide"))
			h.points(detaching("s2"), calm)
		}},
		{"row 30: a pattern that the spec followed goes back where it is now", false, func(h *history) {
			h.do(apply("s1"))
			h.account.hand("rename", "A", "Z")
			h.do(apply("z2"), apply("z3"), rollback)
			h.bound("B=g1 Z=f2")
			h.do(to(1))
			h.bound("B=g1 Z=f1")
		}},
		{"row 31: a slot taken twice goes back to the second holder", true, func(h *history) {
			h.do(adopting("addC"), apply("s1"))
			h.account.hand("bind", "C", "x:12")
			h.do(adopting("addC"))
			g := h.fork()
			g.do(to(0))
			g.bound("C=x:12")
			h.do(to(2))
			h.bound("A=f1 B=g1 C=x:12")
		}},
		{"row 32: a holder that is gone is named, and the slot is kept", true, func(h *history) {
			h.do(adopting("addC"))
			h.account.hand("delete", "x:9")
			h.ends(to(0), 1)
			h.bound("A=f1 B=g1 C=h2")
			if !is[*plan.HolderGoneError](h.last.err) {
				h.errorf("not named: %v", h.last.err)
			}
		}},
		{"row 48: adopt, tags, rollback gives the stranger's version back", true, func(h *history) {
			h.do(apply("s1"), adopting("addC"), rollback)
			h.bound("A=f1 B=g1 C=x:9")
		}},
		{"row 48: adopt, repair, rollback gives the stranger's version back", true, func(h *history) {
			h.do(apply("s1"), adopting("addC"))
			h.account.hand("clear", "C")
			h.do(apply("addC"), rollback)
			h.bound("A=f1 B=g1 C=x:9")
		}},
		{"row 49: a pattern renamed and made again never brings the bad version back", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("rename", "A", "Z")
			h.do(rollback)
			h.account.hand("restore", "A")
			h.do(apply("fix"), rollback)
			if h.account.bound() != "A=f1 B=g1" && h.account.bound() != "A=f1 B=g1 Z=f1" && h.account.bound() != "B=g1 Z=f1" {
				h.errorf("bound is %q", h.account.bound())
			}
		}},
		{"row 50: a distribution that was dropped is filled again", false, func(h *history) {
			h.do(apply("two"), detaching("s2"), rollback)
			h.bound("A=f1 B=g1 D2/A=f1")
			h.do(rollback)
			h.bound("A=f1 B=g1 D2/A=f1")
		}},
	}
}

// lostRows are about slots, functions and ledgers that changed hands.
func lostRows() []row {
	adopt := func(h *history) {
		h.do(apply("only"))
		h.account.hand("bind", "C", "h2") // by Terraform
		h.ends(apply("abc1"), 4)
		h.said("D1 /C viewer-request is held by shop-h:1, whose function is tagged for this stack, and which no release put there")
		h.bound("A=f1 B=g1 C=h2")
		h.do(adopting("abc1"))
		h.bound("A=f1 B=g1 C=h1")
	}
	return []row{
		{"row 33: a published version that another tool bound needs --adopt, and stays", false, func(h *history) {
			adopt(h)
			for range 2 {
				h.do(rollback)
				h.bound("A=f1 B=g1 C=h2")
			}
		}},
		{"row 33: it is given back by a release that has it, too", false, func(h *history) {
			adopt(h)
			h.do(apply("abc3"), to(1))
			h.bound("A=f1 B=g1 C=h2")
			h.do(rollback, to(0))
			h.bound("C=h2") // it is not the stack's any more
		}},
		{"row 33: it does not come back by a release that has it not", false, func(h *history) {
			h.do(apply("s1"))
			adopt(h)
			h.do(to(1))
			h.bound(r1)
		}},
		{"row 34: without its ledger the stack's own slots are taken over by --adopt only", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("lose the ledger")
			h.ends(apply("s2"), 4)
			h.said("D1 /A viewer-request is held by shop-f:2, whose function is tagged for this stack, and the ledger of stack shop is missing")
			h.ends(rollback, 1)
			h.bound(r2)
			h.do(adopting("s2"))
			h.bound(r2)
			h.ends(rollback, 1)
			if e, ok := errors.AsType[*release.NoTargetError](h.last.err); !ok || len(e.Next()) != 1 || e.Next()[0].To != 0 || !e.Next()[0].HasTo {
				h.errorf("--to 0 is not named: %v", h.last.err)
			}
			h.bound(r2)
			h.do(to(0))
			h.bound("")
		}},
		{"row 35: without live the lock tells which it was, and --to restores it", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("lose live")
			if lost := h.account.book.state().Lost; lost != 2 {
				h.errorf("release %d is said to be lost, want 2", lost)
			}
			h.ends(apply("s2"), 4)
			h.ends(rollback, 4)
			h.bound(r2)
			g := h.fork()
			g.do(to(1))
			g.bound(r1)
			h.do(to(2))
			h.bound(r2)
			h.do(apply("s2"), to(1))
			h.bound(r1)
		}},
		{"without live a rollback goes back from what it was", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), apply("fix"))
			h.account.hand("bind", "A", "f2")
			h.account.hand("lose live")
			g := h.fork()
			g.do(to(2))
			g.bound(r2)
			g.ends(apply("fix"), 5)
			g.do(rollback)
			g.bound(r2) // back already
			h.do(to(3))
			h.bound(r4)
			h.do(rollback)
			h.bound(r2)
		}},
		{"without live what was lifted stays so, and the way on ends", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback, resume(2, ""))
			h.account.hand("lose live")
			h.ends(apply("s1"), 4)
			h.do(to(4))
			if s := h.account.book.state(); s.Live.Number <= 4 || s.Lost != 0 || len(s.Holds()) != 0 {
				h.errorf("release %d is live, %d lost, held: %v", s.Live.Number, s.Lost, s.Holds())
			}
			h.do(apply("s1"), apply("s2"))
			h.bound(r2)
		}},
		{"without live and resume nothing is planned either", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback)
			h.account.hand("lose live")
			h.ends(resume(2, ""), 4)
			h.ends(of(2), 4)
		}},
		{"--of a release of no ledger is a mistake", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("lose the ledger")
			h.ends(of(2), 1)
		}},
		{"live names no record: only --to goes on, and what it names is as it was", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), apply("s3"))
			h.account.hand("break live")
			h.ends(apply("s3"), 4)
			h.ends(rollback, 4)
			h.ends(of(3), 4)
			h.ends(to(0), 4)
			h.ends(resume(3, ""), 4)
			h.bound("A=f3 B=g3")
			g := h.fork()
			g.do(to(2))
			g.bound(r2)
			if live := g.account.book.state().Live; live.Role == "" || live.Brought != 2 || live.Returns != 1 {
				g.errorf("release %d brought, %d is returned to, the role is %q", live.Brought, live.Returns, live.Role)
			}
			g.do(rollback)
			g.bound(r1)
			h.points(to(1), func(g *history, _ bool) {
				g.do(to(1))
				g.bound(r1)
				g.settled()
				g.ends(rollback, 1)
			})
		}},
		{"live names no record: a renamed pattern is found all the same", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("break live")
			h.account.hand("rename", "A", "Z")
			h.do(to(1))
			h.said("/A is /Z now")
			h.bound("B=g1 Z=f1")
		}},
		{"live names no record: what is held stays held", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback)
			h.account.hand("break live")
			h.do(to(3))
			h.bound(r1)
			h.ends(apply("s2"), 5)
			h.do(rollback)
			h.said("back at release 1")
			h.bound(r1)
		}},
		{"live names no record: what was taken is given back", true, func(h *history) {
			h.do(apply("s1"), adopting("addC"))
			h.account.hand("break live")
			h.do(to(2), rollback)
			h.bound("A=f1 B=g1 C=x:9")
		}},
		{"row 36: a renamed stack is told whose the slots are", false, func(h *history) {
			h.account.functions["store-f"] = &function{tags: map[string]string{versions.StackTag: "store"}, versions: []version{{number: 1}}}
			h.account.hand("bind", "A", "store-f:1")
			h.ends(apply("s1"), 4)
			h.said("D1 /A viewer-request is held by store-f:1, whose function is tagged for stack store; this is stack shop")
			h.account.hand("bind", "A", "x:9")
			h.ends(apply("s1"), 4)
			h.said("D1 /A viewer-request is held by x:9, which this stack did not put there")
			h.account.hand("bind", "A", "store-f:7") // is gone
			h.ends(apply("s1"), 4)
			h.said("D1 /A viewer-request is held by store-f:7, which this stack did not put there")
		}},
		{"whose a slot is is asked only where there is a conflict", false, func(h *history) {
			h.do(apply("s1"))
			h.account.hand("bind", "C", "x:9")
			reads := func(name string) int {
				p := &client{account: h.account}
				_, err := p.plan(h.t.Context(), apply(name))
				if conflict := is[*associations.ConflictError](err); conflict != (name == "add") {
					h.errorf("plan %s: %v", name, err)
				}
				return int(p.reads.Load())
			}
			if calm, conflict := reads("s1"), reads("add"); conflict != calm+1 {
				h.errorf("%d reads without a conflict and %d with one, want one more", calm, conflict)
			}
		}},
		{"a holder that may not be read does not hide the conflict", false, func(h *history) {
			h.account.hand("bind", "A", "x:9")
			h.account.denied = "x"
			h.ends(apply("s1"), 4)
			h.said("which this stack did not put there (whose it is cannot be told: not authorized")
		}},
		{"a slot of the stack is emptied, whichever function of the stack sits there", false, func(h *history) {
			h.do(apply("s1"), apply("swap"))
			h.account.hand("bind", "B", stackFn+"g:1")
			h.do(apply("rem"))
			h.bound("A=f1")
		}},
		{"what may not be read in a slot of the stack stays there", false, func(h *history) {
			h.do(apply("s1"))
			h.account.hand("bind", "B", "x:9")
			h.account.denied = "x"
			h.do(apply("rem"))
			h.bound("A=f1 B=x:9")
		}},
		{"row 36: a rollback says whose a slot is, too", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.functions["store-f"] = &function{tags: map[string]string{versions.StackTag: "store"}, versions: []version{{number: 1}}}
			h.account.hand("bind", "A", "store-f:1")
			h.ends(rollback, 4)
			h.said("whose function is tagged for stack store; this is stack shop")
		}},
	}
}

func holdRows() []row {
	return []row{
		{"row 20: going back holds the commits that were passed", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), apply("s3"), apply("fix"), to(1))
			h.ends(apply("s3"), 5)
			h.ends(apply("s2"), 5)
			h.do(apply("s1"))
		}},
		{"row 21: going forth again holds nothing", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback, to(2))
			h.bound(r2)
			g := h.fork()
			g.do(apply("s2"), apply("s1"))
			h.do(rollback)
			h.bound(r1)
		}},
		{"row 22: resume of one function lifts what concerns it", false, func(h *history) {
			h.do(apply("abc1"), apply("abc2"), rollback)
			h.ends(apply("abc3"), 5)
			h.do(resume(2, stackFn+"g"))
			h.ends(apply("abc3"), 5)
			h.do(resume(2, stackFn+"h"))
			h.do(apply("abc3"))
			h.bound("A=f3 B=g2 C=h2")
		}},
		{"row 23: what was only added, removed, swapped or given the body is held", false, func(h *history) {
			for _, name := range []string{"add", "rem", "swap", "ib"} {
				g := h.fork()
				g.do(apply("s1"), apply(name), rollback)
				g.bound(r1)
				g.ends(apply(name), 5)
			}
		}},
		{"row 52: the holds of a dead rollback stay", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.points(to(0), func(g *history, begun bool) {
				if !begun || g.account.book.live > h.account.book.live {
					return
				}
				g.do(apply("new1"), apply("new2"))
				g.ends(apply("s2"), 5)
			})
		}},
	}
}

// onlyRows are about functions that the stack publishes for others to bind.
// commitRows are about what a hold on a commit cannot say.
func commitRows() []row {
	return []row{
		{"a commit that the target is of as well is told not to be held", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			for i := range h.account.book.records {
				h.account.book.records[i].Source = release.Source{Commit: "0123456789abcdef"}
			}
			h.do(rollback)
			h.said("commit 0123456789ab is not held: release 1 is of it, too")
		}},
		{"one that is another's is held, and nothing is told of it", false, func(h *history) {
			h.do(apply("s1"), apply("s2"), rollback)
			for _, n := range h.last.plan.Notes {
				if n.Kind == "commit" {
					h.errorf("told %v", n)
				}
			}
		}},
	}
}

// leftRows are of slots that a superseded release was to fill.
func leftRows() []row {
	return []row{
		{"what was left is emptied, whatever version of the stack it holds", false, func(h *history) {
			h.do(apply("s3"), apply("rem")) // which binds A and no B
			h.dies(apply("s1"), "write D1")
			h.do(to(0))
			h.account.hand("bind", "B", "g3")
			h.do(to(0))
			h.bound("")
		}},
	}
}

func onlyRows() []row {
	again := func(h *history, code string) {
		h.do(apply("only"))
		h.said("shop-h:1, which release 1 published, does not exist any more")
		if n := h.account.published()[code]; n != 1 {
			h.errorf("%s is published %d times, want once", code, n)
		}
		f, _ := h.account.book.state().Live.Function(stackFn + "h")
		if b := h.account.content(associations.Binding{Version: f.Ref()}); b != code {
			h.errorf("the live release hands on %s, which is %s", f.Ref(), b)
		}
	}
	return []row{
		{"a deleted version that no slot binds is published again", false, func(h *history) {
			h.do(apply("only"))
			h.account.hand("delete", "h2")
			again(h, "h2")
		}},
		{"a deleted function that no slot binds is published again", false, func(h *history) {
			h.do(apply("only"))
			h.account.hand("delete function", stackFn+"h")
			again(h, "h2")
		}},
		{"a version that another took the place of is published again", false, func(h *history) {
			h.do(apply("only"))
			f := h.account.functions[stackFn+"h"]
			f.versions[0].mark, f.versions[0].code = "", "h8"
			f.code, f.changed = "h8", true
			for name := range f.aliases {
				delete(f.aliases, name)
			}
			again(h, "h2")
		}},
		{"a version that is there is looked at once, and one that is attached not at all", false, func(h *history) {
			h.do(apply("s1"))
			h.do(apply("only"))
			reads := func() int {
				p := &client{account: h.account}
				if planned, err := p.plan(h.t.Context(), apply("only")); err != nil || planned.Changes() {
					h.errorf("plan again: %v, changes %v", err, planned.Changes())
				}
				return int(p.reads.Load())
			}
			alone := reads()
			h.account.hand("bind", "C", "h2") // by its owner
			if bound := reads(); alone != bound+1 {
				h.errorf("%d reads while nothing binds the version, and %d while C does; want one more", alone, bound)
			}
		}},
	}
}

func slotRows() []row {
	return []row{
		{"a version of others in a slot that is wanted is a conflict", false, func(h *history) {
			h.do(apply("s1"))
			h.account.hand("bind", "C", "x:9")
			h.ends(apply("add"), 4)
			h.do(adopting("add"))
			h.bound("A=f1 B=g1 C=f1")
			h.do(rollback)
			h.bound("A=f1 B=g1 C=x:9")
		}},
		{"row 37: a holder that wakes after a takeover writes at most what was under way", false, func(h *history) {
			h.do(apply("two"))
			var bound string
			var had int
			var second associations.Binding
			at2 := at("D2", "A")
			h.atEach(apply("wide3"), func(g *history) {
				g.account.book.lock.expired = g.account.book.lock.run != ""
				g.account.run(detaching("fix"), never(), nil)
				bound, had = g.account.bound(), g.account.published()["f3"]
				second = g.account.distributions["D2"].held[at2]
			}, func(g *history, out outcome, at string) {
				switch at {
				case "lock", "write D2", "unlock", "commit":
					return // the write under way may land: it is emptied, or named, by the next plan
				case "write D1":
					if b := g.account.distributions["D2"].held[at2]; b != second {
						g.errorf("stopped before the first write, it made the second, too: D2 /A holds %s", b)
					}
					return
				}
				if g.account.bound() != bound {
					g.errorf("stopped before %s: bound was %q, and is %q", at, bound, g.account.bound())
				}
				if had == 0 && g.account.published()["g3"] > 0 {
					g.errorf("stopped at %s of its first function, it published the second, too", at)
				}
			})
		}},
		{"row 37: a holder that wakes after a takeover moves no alias", false, func(h *history) {
			h.do(apply("s1"), apply("two"))
			for _, first := range []command{apply("two2"), rollback, to(1), detaching("s1")} {
				for _, second := range []command{apply("two2"), rollback, detaching("fix"), to(1)} {
					var live, pending int
					var took bool
					h.atEach(first, func(g *history) {
						g.account.book.lock.expired = g.account.book.lock.run != ""
						took = g.account.run(second, never(), nil).steps != nil
						live, pending = g.account.book.live, g.account.book.pending
					}, func(g *history, out outcome, at string) {
						if !took || at == "lock" || out.code == 0 && at == "unlock" {
							return // nothing was taken over, it had not begun, or it was at its end
						}
						if is[*deploy.StaleError](out.err) {
							return
						}
						if g.account.book.live != live || g.account.book.pending != pending {
							g.errorf("%s stopped before %s, %s took over: live and pending moved from %d, %d to %d, %d", first, at, second,
								live, pending, g.account.book.live, g.account.book.pending)
						}
					})
				}
			}
		}},
	}
}

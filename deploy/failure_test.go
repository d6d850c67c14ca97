package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/pace"
	"github.com/edgedeploy/edgedeploy/versions"
)

// effect gives the number of a command's first effect of that name.
func (h *history) effect(c command, label string) int {
	h.t.Helper()
	n := slices.Index(h.fork().account.run(c, never(), nil).steps, label)
	if n < 0 {
		h.t.Fatalf("%s has no effect %s", c, label)
	}
	return n
}

// dies lets a command die before an effect.
func (h *history) dies(c command, label string) {
	h.t.Helper()
	h.account.run(c, &ctl{at: h.effect(c, label), how: "before"}, nil)
	h.done = append(h.done, fmt.Sprintf("%s (dies before %s)", c, label))
}

// failing is an apply with --on-failure rollback whose n-th write CloudFront
// refuses, because of the content or not.
func failing(name string, n int, content bool) command {
	c := apply(name)
	c.restore, c.refuse, c.content = true, n, content
	return c
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, r := range slices.Concat(onFailureRows(), flightRows(), goingRows()) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.play(newHistory(t, r.foreign))
		})
	}
}

func onFailureRows() []row {
	return []row{
		{"a repair whose content is refused leaves what is live", false, func(h *history) {
			h.do(apply("two"), apply("two2"))
			h.account.hand("clear", "A")
			h.ends(failing("two2", 1, true), 1)
			h.bound("A=f2 B=g1 D2/A=f2")
			h.do(apply("two2"))
		}},
		{"the automatic rollback tells what it leaves undone", false, func(h *history) {
			h.do(apply("two"))
			c := failing("two2", 2, false)
			k := never()
			k.hooks = map[int]func(){h.effect(apply("two2"), "write D2"): func() { h.account.hand("copy", "A", "Y") }}
			h.with(c, 1, k, nil)
			h.said("left undone: D1 /Y")
		}},
		{"the automatic rollback is waited for", false, func(h *history) {
			h.do(apply("two"))
			h.ends(failing("two2", 2, false), 1)
			if n := h.account.distributions["D1"].spreading; n > 0 {
				h.errorf("D1 is still spreading for %d reads", n)
			}
		}},
		{"after the automatic rollback nothing is told to be in flight", false, func(h *history) {
			h.do(apply("s1"))
			h.ends(failing("s2", 1, false), 1)
			h.settled()
			if h.last.result.RolledBack.Number != 3 {
				h.errorf("the result names release %d as the rollback", h.last.result.RolledBack.Number)
			}
		}},
		{"an all written automatic rollback holds once a person rolls back", false, func(h *history) {
			h.do(apply("two"))
			h.points(failing("two2", 2, false), func(g *history, _ bool) {
				if flight := g.account.book.state().Pending; !flight.Automatic || g.half() {
					return
				}
				g.do(rollback)
				g.bound("A=f1 B=g1 D2/A=f1")
				g.settled()
				g.ends(apply("two2"), 5)
			})
		}},
		{"without the lock nothing is rolled back", false, func(h *history) {
			h.do(apply("s1"))
			c := apply("s2")
			c.restore = true
			k := never()
			k.hooks = map[int]func(){h.effect(c, "mark"): func() { h.account.book.lock = holder{run: "other", phase: "apply"} }}
			h.with(c, 4, k, nil)
			h.bound(r1)
		}},
		{"a first write that another run stands in the way of is told with the lock", false, func(h *history) {
			h.do(apply("s1"))
			k := never()
			k.hooks = map[int]func(){h.effect(apply("s2"), "write D1"): func() {
				h.account.book.lock = holder{run: "other", phase: "apply"}
				h.account.hand("bind", "A", "x:9")
			}}
			h.with(apply("s2"), 4, k, nil)
			if !is[*deploy.LostLockError](h.last.err) {
				h.errorf("it is told as %v", h.last.err)
			}
			h.bound("A=x:9 B=g1")
		}},
		{"a stale read of the ledger does not choose what is rolled back", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			p := h.client(1)
			old, err := ledger{p}.Read(h.t.Context(), stack)
			if err != nil {
				h.t.Fatal(err)
			}
			r, planned := h.runner(p, apply("s3"))
			r.Ledger = stale{ledger{p}, old}
			if _, err := r.Run(h.t.Context(), planned, deploy.Run{ID: "late", Actor: "me"}); !is[*deploy.RolledBackError](err) {
				h.errorf("it ended with %v", err)
			}
			h.bound(r2)
		}},
		{"a run that is interrupted before its first write records no rollback", false, func(h *history) {
			h.do(apply("two"))
			ctx, cancel := context.WithCancel(h.t.Context())
			p := h.client(0)
			p.lie = func(label string) error {
				if label == "mark" {
					cancel()
				}
				return nil
			}
			r, planned := h.runner(p, apply("two2"))
			if _, err := r.Run(ctx, planned, deploy.Run{ID: "stopped", Actor: "me"}); !is[*deploy.InterruptedError](err) {
				h.errorf("it ended with %v", err)
			}
			if n := len(h.account.book.records); n != 2 {
				h.errorf("%d records, want 2", n)
			}
		}},
		{"a run that is interrupted between two writes is not rolled back", false, func(h *history) {
			h.do(apply("two"))
			ctx, cancel := context.WithCancel(h.t.Context())
			p := h.client(0)
			p.lie = func(label string) error {
				if label == "write D1" {
					cancel()
				}
				return nil
			}
			r, planned := h.runner(p, apply("two2"))
			_, err := r.Run(ctx, planned, deploy.Run{ID: "stopped", Actor: "me"})
			if !is[*deploy.InterruptedError](err) || is[*deploy.RolledBackError](err) {
				h.errorf("it ended with %v", err)
			}
			h.bound("A=f2 B=g1 D2/A=f1")
			h.do(apply("two2"))
			h.bound("A=f2 B=g1 D2/A=f2")
		}},
		{"a slot that a stranger took meanwhile does not keep the others from going back", true, func(h *history) {
			h.do(apply("two"))
			k := never()
			k.hooks = map[int]func(){h.effect(apply("two2"), "write D2"): func() {
				h.account.put("D2", []associations.Edit{{Slot: at("D2", "A"), To: h.account.find("x:9")}})
			}}
			h.with(failing("two2", 99, false), 1, k, nil)
			h.bound("A=f1 B=g1 C=x:9 D2/A=x:9")
			if e, ok := errors.AsType[*deploy.RolledBackError](h.last.err); !ok || e.Rollback != nil || len(e.Left) != 1 {
				h.errorf("it ended with %v", h.last.err)
			}
			h.settled()
		}},
		{"putting back what is live leaves nothing in flight, whatever fails", false, func(h *history) {
			h.do(apply("s1"), apply("two2"))
			h.account.hand("clear", "A")
			delete(h.account.distributions["D2"].held, at("D2", "A"))
			r, planned := h.runner(h.client(2), to(2))
			_, err := r.Run(h.t.Context(), planned, deploy.Run{ID: "put", Actor: "me"})
			if e, ok := errors.AsType[*deploy.PartialError](err); !ok || e.Release.Number != 0 || len(e.Slots) == 0 {
				h.errorf("it ended with %v", err)
			}
			h.do(to(2))
			h.bound("A=f2 B=g1 D2/A=f2")
		}},
		{"the ways on of a run that met a stranger end", true, func(h *history) {
			h.do(apply("two"))
			k := never()
			k.hooks = map[int]func(){h.effect(apply("two2"), "write D2"): func() {
				h.account.put("D2", []associations.Edit{{Slot: at("D2", "A"), To: h.account.find("x:9")}})
			}}
			h.with(apply("two2"), 1, k, nil)
			g := h.fork()
			g.do(adopting("two2"))
			g.bound("A=f2 B=g1 C=x:9 D2/A=f2")
			back := of(2)
			back.adopt = true
			h.do(back)
			h.bound("A=f1 B=g1 C=x:9 D2/A=f1")
		}},
		{"a held apply over a repair of the first release", false, func(h *history) {
			h.do(apply("s1"))
			h.dies(to(0), "write D1")
			h.do(apply("s3"))
			h.account.hand("clear", "A")
			h.dies(apply("s3"), "write D1")
			h.ends(apply("s1"), 5)
			if next := h.last.plan.HeldError().Next(); len(next) != 1 || next[0].Verb != release.VerbApply {
				h.errorf("advised is %+v", next)
			}
			h.do(apply("s3"), resume(0, ""))
		}},
		{"what is left undone is told, however slow the edge is", false, func(h *history) {
			h.do(apply("s1"), apply("s3"))
			h.account.hand("drop", "A")
			r, planned := h.runner(h.client(0), rollback)
			r.Timeout, r.Poll = time.Nanosecond, time.Second
			_, err := r.Run(h.t.Context(), planned, deploy.Run{ID: "slow", Actor: "me"})
			if !is[*deploy.UnfinishedError](err) || !is[*deploy.UndeployedError](err) || exitCode(err) != 1 {
				h.errorf("it ended with %v, exit %d", err, exitCode(err))
			}
		}},
	}
}

// stale is a ledger whose look is old.
type stale struct {
	ledger
	old release.LedgerState
}

func (s stale) Read(context.Context, string) (release.LedgerState, error) { return s.old, nil }

// client is a process that lives on; CloudFront refuses its n-th write.
func (h *history) client(refuse int) *client {
	none := func(string) error { return nil }
	return &client{account: h.account, refuse: refuse, lie: none, after: none}
}

// runner plans an apply, with --on-failure rollback.
func (h *history) runner(p *client, c command) (*deploy.Runner, plan.Plan) {
	h.t.Helper()
	planned, err := p.plan(h.t.Context(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	return &deploy.Runner{
		Cloud: deploy.Cloud{Lambda: p, CloudFront: p, Identity: p}, Ledger: ledger{p}, Now: func() time.Time { return time.Unix(0, 0) },
		Code:  func(id versions.ContentID) ([]byte, error) { return zipOf(stackFn+string(id[:1]), string(id)), nil },
		Limit: 1, Restore: true, Pace: versions.Pace{Polls: pace.Backoff{First: time.Nanosecond, Max: time.Nanosecond}}, Poll: time.Nanosecond, Timeout: time.Minute,
	}, planned
}

func flightRows() []row {
	return []row{
		{"rollback --of the live release undoes it, with another in flight", false, func(h *history) {
			h.do(apply("s1"), apply("two2"))
			h.dies(apply("wide3"), "write D2")
			h.do(of(2))
			h.bound(r1)
			h.settled()
			h.ends(detaching("two2"), 5)
			h.do(of(2))
			h.bound(r1)
		}},
		{"rollback --of what is in flight undoes only that", false, func(h *history) {
			h.do(apply("s1"), apply("two2"))
			h.dies(apply("wide3"), "write D2")
			h.do(of(3))
			h.bound("A=f2 B=g1 D2/A=f2")
		}},
		{"a slot that is left is not emptied without a record", false, func(h *history) {
			h.do(apply("s1"))
			h.dies(apply("add"), "write D1")
			h.do(apply("fix"))
			h.account.hand("bind", "C", "f1") // the dead run's write arrives late
			c := to(h.account.book.live)
			c.detach = true
			h.do(c)
			h.bound(r4)
			if !h.last.plan.Record {
				h.errorf("written without a record: %v", h.last.plan.Edits())
			}
		}},
		{"a run that died before its record is told as it is", false, func(h *history) {
			h.dies(apply("s1"), "append")
			h.ends(rollback, 4)
			h.said("no release is live")
		}},
	}
}

func goingRows() []row {
	return []row{
		{"going forth lifts the hold on an edit where its pattern is now", false, func(h *history) {
			h.do(apply("s1"), apply("ib"))
			h.account.hand("rename", "A", "Z")
			h.do(rollback, to(2))
			h.bound("B=g1 Z=f1+")
			if held := h.account.book.state().Holds(); len(held) > 0 {
				h.errorf("still held: %+v", held)
			}
		}},
		{"two patterns that are gone are not one", false, func(h *history) {
			h.do(apply("add"), apply("inplace"))
			h.account.hand("rename", "A", "Z")
			h.account.hand("drop", "C")
			h.ends(rollback, 1)
			h.bound("B=g1 Z=f1")
			h.said("D1 /C")
		}},
		{"a pattern that is gone in one distribution keeps its slot in the others", false, func(h *history) {
			h.do(apply("s1"), apply("s2"))
			for i, r := range h.account.book.records { // as a newer program would record it
				h.account.book.records[i].Distributions = slices.Clone(r.Distributions)
				h.account.book.records[i].Distributions[0].IDs = []string{"D1", "D2"}
			}
			h.account.put("D2", []associations.Edit{{Slot: at("D2", "B"), To: h.account.find("g1")}})
			h.account.distributions["D2"].behaviors = remove(h.account.distributions["D2"].behaviors, "/A")
			h.ends(rollback, 1)
			h.bound("A=f1 B=g1 D2/B=g1")
			h.said("D2 /A")
		}},
	}
}

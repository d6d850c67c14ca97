package deploy_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// scene is a state of the account and a command that may die in it.
type scene struct {
	name    string
	foreign bool
	before  func(h *history)
	run     command
	again   []command // typed after the death; the same command if there are none
}

// go_ types commands that must end with 0.
func before(cs ...command) func(*history) {
	return func(h *history) { h.do(cs...) }
}

// scenes are every kind of run in docs/releases.md.
func scenes() []scene {
	failing := func(c command, content bool) command { c.restore, c.refuse, c.content = true, 2, content; return c }
	renamed := func(cs ...command) func(*history) {
		return func(h *history) { h.do(cs...); h.account.hand("rename", "A", "Z") }
	}
	asleep := func(version string, cs ...command) func(*history) {
		return func(h *history) { h.do(cs...); h.account.hand("sleep", version) }
	}
	drifted := func(h *history) {
		h.do(apply("s1"), apply("s2"), rollback)
		h.account.hand("bind", "A", "f2")
	}
	return []scene{
		{name: "first apply", run: apply("s1"), before: before()},
		{name: "first apply to two distributions", run: apply("two"), before: before()},
		{name: "apply of a change", run: apply("s2"), before: before(apply("s1"))},
		{name: "apply of two functions", run: apply("s3"), before: before(apply("s1"))},
		{name: "apply to two distributions", run: apply("two2"), before: before(apply("two"))},
		{name: "apply that drops a distribution", run: detaching("s2"), before: before(apply("two"))},
		{name: "apply of tags only", run: apply("tag"), before: before(apply("s1"), apply("s2"))},
		{name: "apply of another configuration", run: apply("slow"), before: before(apply("s1"))},
		{name: "apply of what was published before", run: apply("s1"), before: before(apply("s1"), apply("s2"))},
		{name: "adoption", foreign: true, run: adopting("addC"), before: before(apply("s1"))},
		{name: "adoption in place", run: adopting("inplace"), before: func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("bind", "C", "f2")
		}},
		{name: "repair of drift", run: apply("s2"), before: func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("clear", "A")
		}},
		{name: "repair of drift with an inactive version", run: apply("s2"), before: func(h *history) {
			h.do(apply("s1"), apply("s2"))
			h.account.hand("clear", "A")
			h.account.hand("sleep", "f2")
		}},
		{name: "rollback", run: rollback, before: before(apply("s1"), apply("s2"))},
		{name: "rollback of two distributions", run: rollback, before: before(apply("two"), apply("two2"))},
		{name: "rollback of an adoption", foreign: true, run: rollback, before: before(apply("s1"), adopting("addC"))},
		{name: "rollback to an inactive version", run: rollback, before: asleep("f1", apply("s1"), apply("s2"))},
		{name: "apply of an inactive version", run: apply("s1"), before: asleep("f1", apply("s1"), apply("s2"), apply("s3"))},
		{name: "rollback of a renamed pattern", run: rollback, before: renamed(apply("s1"), apply("s2"))},
		{name: "rollback that puts back", run: rollback, before: drifted},
		{name: "rollback --of", run: of(2), before: before(apply("s1"), apply("s2"))},
		{name: "rollback --to", run: to(1), before: before(apply("s1"), apply("s2"), apply("s3"))},
		{name: "rollback --to, forth", run: to(3), before: before(apply("s1"), apply("s2"), apply("s3"), to(1))},
		{name: "rollback --to 0", run: to(0), before: before(apply("s1"), apply("two"))},
		{name: "rollback --to 0 of an adoption", foreign: true, run: to(0), before: before(adopting("onlyC"))},
		{name: "resume", run: resume(2, ""), before: before(apply("s1"), apply("s2"), rollback)},
		{name: "resume of one function", run: resume(2, stackFn+"f"), before: before(apply("s1"), apply("s3"), rollback)},
		{name: "apply with --on-failure rollback", run: failing(apply("two2"), false), before: before(apply("two")), again: []command{apply("two2")}},
		{name: "apply with --on-failure rollback of refused content", run: failing(apply("two2"), true), before: before(apply("two")), again: []command{rollback}},
	}
}

// boundaries are all effects that a run can have. The suite fails if one of
// them, in one of the three ways, was never tried.
func boundaries() []string {
	return []string{
		"lock", "CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode", "CreateAlias", "PublishVersion", "UpdateAlias", "TagResource", "Wake",
		"append", "mark", "write D1", "write D2", "commit", "unlock",
	}
}

var ways = []string{"before", "after", "lost"}

// A run that dies at any effect, or whose answer is lost there, and is then
// typed again, ends as it would have ended undisturbed: the same slots, the same
// holds, nothing published twice, nothing in flight; and a third time nothing
// happens.
func TestEveryRunMayDieAnywhere(t *testing.T) {
	t.Parallel()
	covered, points := map[string]int{}, 0
	for _, s := range scenes() {
		start := newHistory(t, s.foreign)
		s.before(start)
		undisturbed := start.fork()
		first := undisturbed.account.run(s.run, never(), nil)
		wantCode := 0
		if s.run.restore {
			wantCode = 1
		}
		if first.code != wantCode {
			t.Fatalf("%s: undisturbed it ends with %d: %v", s.name, first.code, first.err)
		}
		for n := range first.steps {
			for _, how := range ways {
				points++
				covered[first.steps[n]+" "+how]++
				s.dieAt(t, start, undisturbed, n, how)
			}
		}
	}
	for _, label := range boundaries() {
		for _, how := range ways {
			if covered[label+" "+how] == 0 {
				t.Errorf("no run was stopped at %s, %s", label, how)
			}
			delete(covered, label+" "+how)
		}
	}
	for label := range covered {
		t.Errorf("%s is no boundary that this suite knows", label)
	}
	t.Logf("%d kinds of runs, %d points, %d boundaries in %d ways", len(scenes()), points, len(boundaries()), len(ways))
}

func (s scene) dieAt(t *testing.T, start, undisturbed *history, n int, how string) {
	t.Helper()
	h := start.fork()
	k := &ctl{at: n, how: how}
	out := h.account.run(s.run, k, nil)
	where := fmt.Sprintf("%s, %s %s (%d)", s.name, how, out.steps[n], n)
	if s.run.restore {
		s.afterFailure(h, where, out)
		return
	}
	h.checkHalf(where, start, undisturbed)
	second := h.account.run(s.run, never(), nil)
	if second.code != 0 {
		h.errorf("%s: again: exit %d: %v", where, second.code, second.err)
		return
	}
	h.same(where, undisturbed)
	third := h.account.run(s.run, never(), nil)
	if third.code != 0 || h.account.bound() != undisturbed.account.bound() {
		h.errorf("%s: a third time: exit %d (%v), bound %q", where, third.code, third.err, h.account.bound())
	}
	h.goesOnLike(where, undisturbed)
}

// goesOnLike types what may come later, and compares: a death that was repaired
// leaves no trace in what later commands do.
func (h *history) goesOnLike(where string, undisturbed *history) {
	h.t.Helper()
	for _, later := range [][]command{
		{rollback, rollback}, {detaching("fix"), rollback, detaching("fix2"), rollback}, {{verb: "rollback", named: true, detach: true}},
		{{verb: "resume"}, detaching("s2"), rollback},
	} {
		g, want := h.fork(), undisturbed.fork()
		for _, c := range later {
			got, should := g.account.run(c, never(), nil), want.account.run(c, never(), nil)
			if got.code != should.code || g.account.bound() != want.account.bound() {
				g.errorf("%s: later, %v: exit %d and %q, undisturbed exit %d and %q (%v)", where, later,
					got.code, g.account.bound(), should.code, want.account.bound(), got.err)
			}
		}
	}
}

// afterFailure types what a person would after a run that failed and whose
// rollback died: it never stays half and half.
func (s scene) afterFailure(h *history, where string, out outcome) {
	old, changed := "A=f1 B=g1 D2/A=f1", "A=f2 B=g1 D2/A=f2"
	for _, c := range s.again {
		c.restore, c.refuse = false, 0
		next := h.account.run(c, never(), nil)
		if next.code != 0 && next.code != 5 && next.code != 4 && !is[*release.NoTargetError](next.err) {
			h.errorf("%s: %s: exit %d: %v", where, c, next.code, next.err)
		}
		if next.code == 4 && !is[*release.DiedError](next.err) {
			h.errorf("%s: %s: exit 4: %v", where, c, next.err)
		}
	}
	if b := h.account.bound(); b != old && b != changed {
		h.errorf("%s: half and half: %q", where, b)
	}
	if at := h.account.book.state().Position(); at.Pending != 0 {
		h.errorf("%s: release %d is still in flight", where, at.Pending)
	}
}

// history is an account with what was done to it, for messages.
type history struct {
	t       *testing.T
	account *account
	done    []string
	last    outcome
}

func newHistory(t *testing.T, foreign bool) *history {
	return &history{t: t, account: newAccount(foreign)}
}

func (h *history) fork() *history {
	return &history{t: h.t, account: h.account.copy(), done: slices.Clone(h.done)}
}

func (h *history) errorf(format string, args ...any) {
	h.t.Helper()
	h.t.Errorf(format+"\n  after: %s", append(args, strings.Join(h.done, "; "))...)
}

// do types commands that must end with 0.
func (h *history) do(cs ...command) {
	h.t.Helper()
	for _, c := range cs {
		h.ends(c, 0)
	}
}

// ends types a command that must end with a certain code.
func (h *history) ends(c command, code int) {
	h.t.Helper()
	h.with(c, code, never(), nil)
}

func (h *history) with(c command, code int, k *ctl, between func()) {
	h.t.Helper()
	h.last = h.account.run(c, k, between)
	h.done = append(h.done, c.String())
	if h.last.code != code {
		h.errorf("%s: exit %d, want %d: %v", c, h.last.code, code, h.last.err)
	}
}

func (h *history) bound(want string) {
	h.t.Helper()
	if got := h.account.bound(); got != want {
		h.errorf("bound is %q, want %q", got, want)
	}
}

// said reports a missing text in the last command's error or plan.
func (h *history) said(text string) {
	h.t.Helper()
	all := fmt.Sprint(h.last.err)
	for _, n := range h.last.plan.Notes {
		all += "\n" + n.Text
	}
	if !strings.Contains(all, text) {
		h.errorf("%q is not said: %s", text, all)
	}
}

// checkHalf holds what is true at any instant: no slot that was bound before and
// is bound in the end is empty, and what is bound is the old or the new.
func (h *history) checkHalf(where string, start, end *history) {
	h.t.Helper()
	for id, d := range h.account.distributions {
		for slot, was := range start.account.distributions[id].held {
			will := end.account.distributions[id].held[slot]
			now := d.held[slot]
			if now.Empty() && !will.Empty() {
				h.errorf("%s: %s is empty on the way", where, slot)
			}
			if !now.Empty() && now != was && now != will && h.account.content(now) != end.account.content(will) {
				h.errorf("%s: %s holds %s on the way, neither %s nor %s", where, slot, now, was, will)
			}
		}
	}
}

// same compares two accounts after a command came to its end.
func (h *history) same(where string, want *history) {
	h.t.Helper()
	if got := h.account.bound(); got != want.account.bound() {
		h.errorf("%s: bound is %q, want %q", where, got, want.account.bound())
	}
	for content, n := range h.account.published() {
		if n > 1 || want.account.published()[content] == 0 {
			h.errorf("%s: %s was published %d times", where, content, n)
		}
	}
	state, end := h.account.book.state(), want.account.book.state()
	if state.Pending.Number != 0 {
		h.errorf("%s: release %d is still in flight", where, state.Pending.Number)
	}
	if got, want := heldContents(state), heldContents(end); !reflect.DeepEqual(got, want) {
		h.errorf("%s: held is %v, want %v", where, got, want)
	}
	if got, want := h.account.lineage(), want.account.lineage(); got != want {
		h.errorf("%s: the live release is %s, want %s", where, got, want)
	}
}

// heldContents are the holds in force without the numbers of releases, which
// differ where a run died.
func heldContents(s release.LedgerState) []string {
	all := map[string]bool{}
	for _, h := range s.Holds() {
		for _, c := range h.Content {
			all[fmt.Sprint("content ", c.Function, c.Content)] = true
		}
		for _, e := range h.Edits {
			all[fmt.Sprint("edit ", e.Place, e.Spec.Function, e.Spec.Content, e.Empty, e.IncludeBody)] = true
		}
		for _, c := range h.Commits {
			all["commit "+c] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// lineage is the live release's, by contents: where it returns and what it took
// out of service.
func (a *account) lineage() string {
	live := a.book.state().Live
	return fmt.Sprintf("brought by %s, returns to %s, took out %s", a.what(int(live.Brought)), a.what(live.Returns), a.what(live.Back))
}

func (a *account) what(n int) string {
	var list []string
	r := a.book.get(n)
	for _, b := range r.Bindings() {
		list = append(list, b.Slot.Distribution+b.Slot.Path+"="+a.content(b.Binding))
	}
	return "[" + strings.Join(list, " ") + "]"
}

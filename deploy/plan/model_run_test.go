package plan_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// modelRun is one run in the model's world: the order of docs/releases.md, "How a
// release comes to be".
type modelRun struct {
	*model
	command command
	plan    modelPlan
	dies    int
	steps   []string
}

// do runs a command, and gives the exit code and the effects that were begun.
func (m *model) do(c command, f fate) (code int, steps []string) {
	p := m.plan(c)
	if f.between != nil {
		f.between()
	}
	switch {
	case p.code != exitDone || p.idle:
		return p.code, nil
	case p.nothing():
		if m.lock.dead {
			m.lock = modelLock{}
		}
		return p.after, nil
	}
	r := &modelRun{model: m, command: c, plan: p, dies: f.dies}
	defer func() {
		steps = r.steps
		if x := recover(); x != nil {
			if x != (died{}) {
				panic(x)
			}
			m.lock.dead = m.lock.run != 0
			code = exitDied
		}
	}()
	return r.run(), r.steps
}

func (r *modelRun) step(format string, args ...any) {
	r.steps = append(r.steps, fmt.Sprintf(format, args...))
	if len(r.steps) == r.dies {
		panic(died{})
	}
}

func (r *modelRun) run() int {
	r.step("lock")
	r.runs++
	r.lock = modelLock{run: r.runs, verb: r.command.verb}
	if r.position() != r.plan.saw {
		r.unlock()
		live := r.entry(r.live)
		if r.command.plain() && r.flight().number == 0 && live.verb == "rollback" && live.undone == r.plan.undone && live.undone != 0 {
			return exitDone // another did it
		}
		return exitRefused
	}
	ok := r.act(&r.plan)
	switch {
	case !ok && r.command.fails:
		if back := r.goBack(cmd("rollback"), true); back.code == exitDone {
			r.act(&back)
		}
		r.unlock()
		return exitFailed
	case !ok:
		r.unlock()
		return exitFailed
	}
	r.unlock()
	return r.await()
}

func (r *modelRun) unlock() {
	r.step("unlock")
	r.lock = modelLock{}
}

// act does what a plan says, and reports whether every slot could be written.
func (r *modelRun) act(p *modelPlan) bool {
	if p.settle != 0 {
		r.step("settle")
		r.live = p.settle
	}
	for _, what := range p.publish {
		r.step("content alias")
		r.step("publish")
		ref := versions.Ref{Function: what.function, Number: r.account.last(what.function) + 1}
		r.account.publish(ref, versions.Spec{Function: what.function, Content: versions.ContentID(what.content)})
	}
	p.edits = maps.Clone(p.edits)
	for s, e := range p.edits {
		p.edits[s] = change{e.from, r.numbered(e.to)}
	}
	goal := p.complete
	if p.record != nil {
		r.step("append")
		goal = r.append(*p.record, p.edits)
		if p.record.verb != "resume" {
			r.step("pending")
			r.pending = goal
		}
	}
	if !r.write(p) {
		return false
	}
	if goal != 0 {
		r.step("commit")
		r.live = goal
	}
	return true
}

// numbered is a binding with the number of the version that was just published.
func (r *modelRun) numbered(b associations.Binding) associations.Binding {
	if b.Version.Function != "" && b.Version.Number == 0 {
		b.Version.Number = r.account.last(b.Version.Function)
	}
	return b
}

func (r *modelRun) append(e entry, edits map[associations.Slot]change) int {
	e.number = len(r.entries) + 1
	e.run = r.lock.run
	if e.brought == self {
		e.brought = e.number
	}
	if e.verb != "resume" {
		e.edits = edits
	}
	e.binds, e.functions = maps.Clone(e.binds), maps.Clone(e.functions)
	for at, b := range e.binds {
		e.binds[at] = r.numbered(b)
	}
	for name, ref := range e.functions {
		e.functions[name] = r.numbered(associations.Binding{Version: ref}).Version
	}
	r.entries = append(slices.Clip(r.entries), e)
	return e.number
}

// write writes each distribution once. One with a slot that CloudFront does not
// take is left as it is.
func (r *modelRun) write(p *modelPlan) bool {
	for i, id := range p.distributions() {
		r.step("write %s", id)
		if i == 1 && r.command.fails && p.record != nil && p.record.verb == "apply" {
			return false
		}
		for s, e := range p.edits {
			if s.Distribution == id && !r.account.takes(associations.Edit{Slot: s, From: e.from, To: e.to}) {
				return false
			}
		}
		for s, e := range p.edits {
			switch {
			case s.Distribution != id:
			case e.to.Empty():
				delete(r.account.held, s)
			default:
				r.account.held[s] = e.to
			}
		}
	}
	return true
}

// distributions are those that a plan writes, in order.
func (p modelPlan) distributions() []string {
	ids := map[string]bool{}
	for s := range p.edits {
		ids[s.Distribution] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// await looks whether the slots are as recorded where the run wrote.
func (r *modelRun) await() int {
	want := r.entry(r.live).slots()
	for s, e := range r.plan.edits {
		want[s] = e.to
	}
	for s, b := range want {
		if slices.Contains(r.plan.distributions(), s.Distribution) && r.account.held[s] != b {
			return exitFailed
		}
	}
	return r.plan.after
}

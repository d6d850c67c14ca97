package plan_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// command is what a person types, or what another hand does to the account.
type command struct {
	verb, spec string
	args       []string // of another hand
	rules      plan.Rules
	req        release.Request
	lift       release.Lift
	fails      bool // CloudFront fails the second write, under --on-failure rollback
}

// cmd reads a command: "apply s1 --adopt", "rollback --to 2", "resume 2
// --function f", "bind A x:9", "rename D1 A Z".
func cmd(words string) command {
	list := strings.Fields(words)
	c := command{verb: list[0]}
	for i := 1; i < len(list); i++ {
		number := func() int {
			i++
			n, err := strconv.Atoi(list[i])
			if err != nil {
				panic(words)
			}
			return n
		}
		switch word := list[i]; {
		case word == "--adopt":
			c.rules.Adopt = true
		case word == "--allow-detach":
			c.rules.AllowDetach = true
		case word == "--to":
			c.req.To, c.req.Named = number(), true
		case word == "--of":
			c.req.Of = number()
		case word == "--fails":
			c.fails = true
		case word == "--function":
			i++
			c.lift.Function = list[i]
		case c.verb == "apply":
			c.spec = word
		case c.verb == "resume" && word != "--all":
			i--
			c.lift.Release = number()
		default:
			c.args = append(c.args, word)
		}
	}
	return c
}

// tool reports whether the command is one of edgedeploy's.
func (c command) tool() bool { return c.verb == "apply" || c.verb == "rollback" || c.verb == "resume" }

func (c command) plain() bool { return c.verb == "rollback" && c.req.Plain() }

// Exit codes, and what a run that died has instead of one.
const (
	exitDone, exitFailed, exitRefused, exitHeld = 0, 1, 4, 5
	exitDied                                    = -1
)

// outcome is what a command came to.
type outcome struct {
	code  int
	words string // why, if it did not come to an end
	plan  plan.Plan
	did   release.Release // the record that was made or completed; Number 0 if none
	steps []string        // the effects that were begun
}

func (o outcome) String() string { return fmt.Sprintf("exit %d %s", o.code, o.words) }

// plan plans a command, and gives the exit code that planning leads to.
func (w *world) plan(c command) (plan.Plan, int, error) {
	var p plan.Plan
	var err error
	switch c.verb {
	case "apply":
		p, err = w.planApply(w.desired(allSpecs()[c.spec]), c.rules)
	case "rollback":
		p, err = w.planRollback(c.req, c.rules)
	case "resume":
		p, err = plan.NewResume(c.lift, w.see(nil, nil))
	}
	switch {
	case err != nil:
		return p, codeOf(err), err
	case len(p.Held) > 0:
		return p, exitHeld, &release.HeldError{Stack: "s", Held: p.Held}
	}
	return p, exitDone, nil
}

func (w *world) planApply(want plan.Desired, rules plan.Rules) (plan.Plan, error) {
	have := w.see(nil, want.Distributions)
	for _, f := range want.Functions {
		recorded := slices.ContainsFunc([]release.Release{have.Ledger.Live, have.Ledger.Pending}, func(r release.Release) bool {
			old, ok := r.Function(f.Spec.Function)
			return ok && old.Spec == f.Spec
		})
		if !recorded {
			w.lookUp(&have, f.Spec)
		}
	}
	return w.settled(&have, func() (plan.Plan, error) { return plan.NewPlan(want, have, rules) })
}

func (w *world) planRollback(req release.Request, rules plan.Rules) (plan.Plan, error) {
	var more []release.Release
	for _, n := range release.Needs(w.state(), req) {
		if n <= len(w.records) {
			more = append(more, w.record(n))
		}
	}
	have := w.see(more, nil)
	return w.settled(&have, func() (plan.Plan, error) { return plan.NewRollback(req, have, rules) })
}

// settled plans, looks at what the plan takes for granted and at whose the
// holders are that stand in its way, and plans again. An apply takes for granted
// what is attached somewhere; a rollback nothing.
func (w *world) settled(have *plan.Observed, newPlan func() (plan.Plan, error)) (plan.Plan, error) {
	for {
		p, err := newPlan()
		if blocked, ok := errors.AsType[*plan.BlockedError](err); ok {
			if refs := blocked.Unknown(*have); len(refs) > 0 {
				for _, ref := range refs {
					w.look(have, ref)
				}
				continue
			}
		}
		if err != nil {
			return p, err
		}
		again := false
		for _, e := range p.Edits() {
			ref := e.To.Version
			_, seen := have.States[ref]
			if ref.Number == 0 || seen || have.Gone[ref] || p.Kind == release.KindApply && w.exists[ref] {
				continue
			}
			again = true
			w.look(have, ref)
			if f, ok := p.Goal.Records(ref); ok && have.Gone[ref] && p.Kind == release.KindApply {
				w.lookUp(have, f.Spec)
			}
		}
		if !again {
			return p, nil
		}
	}
}

// codeOf is the exit code of a plan that cannot be made.
func codeOf(err error) int {
	if isType[*plan.NotHeldError](err) {
		return exitDone
	}
	for _, refused := range []bool{
		isType[*associations.ConflictError](err), isType[*associations.DetachError](err), isType[*release.DiedError](err),
		isType[*plan.InFlightError](err), isType[*release.PhaseError](err), isType[*versions.OwnerError](err),
	} {
		if refused {
			return exitRefused
		}
	}
	return exitFailed
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// fate is what happens to a run besides what it does.
type fate struct {
	dies    int    // before this effect, counted from 1; 0 for never
	between func() // what happens after it was planned, before it has the lock
}

// died ends a run where it stands.
type died struct{}

// do runs a command.
func (w *world) do(c command, f fate) (out outcome) {
	p, code, err := w.plan(c)
	if f.between != nil {
		f.between()
	}
	if code != exitDone || err != nil {
		return outcome{code: code, words: err.Error(), plan: p}
	}
	out.plan = p
	if !p.Changes() {
		if w.lock.Expired {
			w.lock = release.LockInfo{} // a dead run's
		}
		return out.unfinished()
	}
	r := &running{world: w, command: c, plan: p, fate: f}
	defer func() {
		out.steps = r.steps
		if x := recover(); x != nil {
			if x != (died{}) {
				panic(x)
			}
			w.lock.Expired = w.lock.RunID != ""
			out.code, out.words = exitDied, "died before "+r.steps[len(r.steps)-1]
		}
	}()
	return r.run()
}

func (o outcome) unfinished() outcome {
	for _, u := range o.plan.Unfinished {
		o.code, o.words = exitFailed, u.Slot.String()+": "+u.Reason
	}
	return o
}

// running is one run.
type running struct {
	*world
	command command
	plan    plan.Plan
	fate    fate
	steps   []string
	out     outcome
}

// step comes before each effect.
func (r *running) step(format string, args ...any) {
	r.steps = append(r.steps, fmt.Sprintf(format, args...))
	if len(r.steps) == r.fate.dies {
		panic(died{})
	}
}

func (r *running) run() outcome {
	r.out.plan = r.plan
	r.step("lock")
	r.runs++
	r.lock = release.LockInfo{RunID: strconv.Itoa(r.runs), Phase: string(r.plan.Kind)}
	if now := r.state().Position(); now != r.plan.Saw {
		return r.stale(now)
	}
	switch refused := r.act(r.plan); {
	case refused && r.command.fails:
		r.onFailure()
	case refused:
		r.unlock()
		r.out.code, r.out.words = exitFailed, "a slot is somebody else's"
	default:
		r.unlock()
		r.await()
	}
	return r.out
}

// await looks, in the distributions that were written, whether the slots are as
// recorded.
func (r *running) await() {
	want := r.record(r.live).Table()
	for _, e := range r.plan.Edits() {
		want[e.Slot] = r.written(e).To
	}
	r.out = r.out.unfinished()
	for s := range r.plan.Steps() {
		a, ok := s.(plan.Await)
		for slot, b := range want {
			if ok && slot.Distribution == a.Distribution && r.held[slot] != b {
				r.out.code, r.out.words = exitFailed, slot.String()+" is not as recorded"
			}
		}
	}
}

func (r *running) unlock() {
	r.step("unlock")
	r.lock = release.LockInfo{}
}

// stale is what a run does that finds another release live, or in flight, than
// its plan saw.
func (r *running) stale(now release.Position) outcome {
	r.unlock()
	live := r.record(now.Live)
	undone := r.plan.Goal.Undone
	if r.command.plain() && now.Pending == 0 && live.Kind == release.KindRollback && live.Undone == undone && undone != 0 {
		r.out.words = "done by another"
		return r.out
	}
	r.out.code, r.out.words = exitRefused, "stale"
	return r.out
}

// act does what the plan says, up to the commit. It reports whether a write was
// refused.
func (r *running) act(p plan.Plan) (refused bool) {
	if p.Settle != 0 {
		r.step("settle")
		r.live = p.Settle
	}
	published := map[string]versions.Version{}
	for s := range p.Steps() {
		if s, ok := s.(plan.Publish); ok {
			r.step("content alias")
			r.step("publish")
			ref := versions.Ref{Function: s.Spec.Function, Number: r.last(s.Spec.Function) + 1}
			r.publish(ref, s.Spec)
			published[s.Spec.Function] = versions.Version{Ref: ref, Spec: s.Spec}
		}
	}
	goal := p.Goal.Resolve(published)
	r.out.did = release.Release{}
	if p.Record {
		r.step("append")
		goal.RunID = r.lock.RunID
		goal = stored(goal, len(r.records)+1)
		r.records = append(slices.Clip(r.records), record1{goal, r.specOf(goal)})
		if goal.Kind != release.KindResume {
			r.step("pending")
			r.pending = goal.Number
		}
	}
	before := r.takings(p)
	if r.write(p, goal) {
		return true
	}
	if p.Record || p.Complete != 0 {
		r.step("commit")
		r.live, r.out.did = goal.Number, goal
		r.giveBack(before, goal)
	}
	return false
}

// specOf is the spec that a record's bindings were made of.
func (r *running) specOf(goal release.Release) string {
	switch from := goal.Target; {
	case goal.Kind == release.KindApply:
		return r.command.spec
	case goal.Kind == release.KindResume:
		from = goal.Parent
		fallthrough
	default:
		if from == 0 {
			return ""
		}
		return r.records[from-1].spec
	}
}

// takings are those that a rollback finds.
func (r *running) takings(p plan.Plan) map[associations.Slot]associations.Binding {
	taken := map[associations.Slot]associations.Binding{}
	if p.Kind != release.KindRollback {
		return taken
	}
	for _, rec := range []release.Release{r.record(p.Saw.Live), r.record(p.Saw.Pending)} {
		for _, t := range rec.Takings {
			taken[t.Slot] = t.Holder
		}
	}
	return taken
}

// giveBack forgets the slots that a rollback gives back where they are: they
// hold what they held before they were taken.
func (r *running) giveBack(before map[associations.Slot]associations.Binding, goal release.Release) {
	binds := goal.Table()
	for s, holder := range before {
		if _, bound := binds[s]; !bound && r.held[s] == holder {
			delete(r.wrote, s)
		}
	}
}

// written is an edit with the version that the run published.
func (r *running) written(e associations.Edit) associations.Edit {
	if e.To.Version.Pending() {
		e.To.Version.Number = r.last(e.To.Version.Function)
	}
	return e
}

// write writes each distribution once. A slot that CloudFront does not take keeps
// its distribution as it is.
func (r *running) write(p plan.Plan, goal release.Release) (refused bool) {
	binds := goal.Table()
	writes := 0
	for s := range p.Steps() {
		a, ok := s.(plan.Associate)
		if !ok {
			continue
		}
		r.step("write %s", a.Change.Distribution)
		writes++
		if writes == 2 && r.command.fails && p.Kind == release.KindApply {
			return true
		}
		edits := slices.Clone(a.Change.Edits)
		for i := range edits {
			edits[i] = r.written(edits[i])
			if !r.takes(edits[i]) {
				return true
			}
		}
		for _, e := range edits {
			r.set(e, binds, goal.Number)
		}
	}
	return false
}

// takes reports whether CloudFront takes an edit: the behavior and the version
// exist, and the slot is as it was seen, or as it shall be.
func (w *world) takes(e associations.Edit) bool {
	h := w.held[e.Slot]
	return (h == e.From || h == e.To) && w.behavior[behavior{e.Slot.Distribution, e.Slot.Path}] && (e.To.Empty() || w.exists[e.To.Version])
}

func (r *running) set(e associations.Edit, binds associations.Table, by int) {
	if was := r.held[e.Slot]; was != e.To && !was.Empty() && !r.wrote[e.Slot] {
		r.ghost[e.Slot] = ghost{was, by}
	}
	if e.To.Empty() {
		delete(r.held, e.Slot)
	} else {
		r.held[e.Slot] = e.To
	}
	_, bound := binds[e.Slot]
	if ours(e.To) && bound || e.To.Empty() {
		r.wrote[e.Slot] = true
	} else {
		delete(r.wrote, e.Slot)
	}
}

// onFailure is --on-failure rollback, under the lock of the run that failed.
func (r *running) onFailure() {
	back, err := r.planRollback(release.Request{Automatic: true}, plan.Rules{WithPolicy: true})
	r.out.code, r.out.words = exitFailed, "rolled back"
	if err != nil {
		r.out.words = "not rolled back: " + err.Error()
	} else {
		r.act(back)
	}
	r.unlock()
}

// hand is what another hand does. It reports whether that was possible.
func (w *world) hand(c command) bool {
	a := c.args
	switch c.verb {
	case "bind":
		s, b := at(a[0]), bound(a[1])
		if !w.behavior[behavior{s.Distribution, s.Path}] || !w.exists[b.Version] || w.held[s] == b {
			return false
		}
		w.held[s] = b
		w.forget(s)
	case "clear":
		s := at(a[0])
		if w.held[s].Empty() {
			return false
		}
		delete(w.held, s)
		w.forget(s)
	case "rename", "copy":
		return w.move(behavior{a[0], a[1]}, behavior{a[0], a[2]}, c.verb == "rename")
	case "drop":
		b := behavior{a[0], a[1]}
		if !w.behavior[b] {
			return false
		}
		delete(w.behavior, b)
		s := associations.Slot{Distribution: b.id, Path: b.path, Trigger: associations.ViewerRequest}
		delete(w.held, s)
		w.forget(s)
	case "add":
		w.behavior[behavior{a[0], a[1]}] = true
	case "alias":
		if w.alias["www"] == a[0] {
			return false
		}
		w.alias["www"] = a[0]
	case "delete":
		ref := bound(a[0]).Version
		if !w.exists[ref] || slices.ContainsFunc(slices.Collect(maps.Values(w.held)), func(b associations.Binding) bool { return b.Version == ref }) {
			return false
		}
		delete(w.exists, ref)
	default:
		panic("no hand does " + c.verb)
	}
	return true
}

func (w *world) forget(s associations.Slot) {
	delete(w.wrote, s)
	delete(w.ghost, s)
}

func (w *world) move(from, to behavior, away bool) bool {
	if !w.behavior[from] || w.behavior[to] {
		return false
	}
	s := associations.Slot{Distribution: from.id, Path: from.path, Trigger: associations.ViewerRequest}
	t := associations.Slot{Distribution: to.id, Path: to.path, Trigger: associations.ViewerRequest}
	w.behavior[to] = true
	if b, ok := w.held[s]; ok {
		w.held[t] = b
	}
	if away {
		delete(w.behavior, from)
		delete(w.held, s)
		delete(w.wrote, s)
		if g, ok := w.ghost[s]; ok {
			w.ghost[t] = g
			delete(w.ghost, s)
		}
	}
	return true
}

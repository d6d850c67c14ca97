package plan_test

import (
	"cmp"
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// The model is a second reading of docs/releases.md, written to be compared with
// the planner. It calls nothing of this package or of release. Where the planner
// carries things forward from record to record (what slots held before, which
// commits led here), the model keeps every record and walks through them.
type model struct {
	account *world // its slots, behaviors, versions and aliases: no ledger
	entries []entry
	live    int
	pending int
	lock    modelLock
	runs    int
}

// modelLock is the lock: which run has it, of which verb. A dead one is free.
type modelLock struct {
	run  int
	verb string
	dead bool
}

// where is a slot by the name of its distribution in the spec.
type where struct{ key, path string }

// found says which distribution a name in the spec means, and whether an alias
// led there.
type found struct {
	id      string
	byAlias bool
}

type change struct{ from, to associations.Binding }

type slotted = map[associations.Slot]associations.Binding

// entry is a record. The zero entry is release 0.
type entry struct {
	number, parent, brought, returns, back int

	verb           string
	undone, target int // of a rollback
	over           int // the release in flight that it superseded
	besides        int // of an apply: the release whose commits it goes on with
	automatic      bool
	run            int
	commit, tags   string

	functions map[string]versions.Ref // its versions, bound or not
	names     map[string]found
	binds     map[where]associations.Binding
	edits     map[associations.Slot]change
	left      slotted
	leftBy    map[associations.Slot]int  // the release that left each
	took      slotted                    // what held the slots that it took
	gave      map[associations.Slot]bool // the slots that it gave back or emptied
	saw       slotted                    // what every slot held when it was made
	holds     map[ban]bool
}

// ban is one thing that a rollback holds: content, or with path an edit of a
// place ("empty": it must not be emptied again), or a commit.
type ban struct {
	release           int // that was rolled back
	function, content string
	at                where
	body, empty       bool
	commit            string
}

func (b ban) edit() bool { return b.at != where{} }

func newModel(foreign bool) *model { return &model{account: newWorld(foreign)} }

func (m *model) entry(n int) entry {
	if n == 0 {
		return entry{}
	}
	return m.entries[n-1]
}

// flight is the release in flight: pending names it, and it is neither live nor
// an ancestor of what is live. The zero entry if there is none.
func (m *model) flight() entry {
	for n := m.live; n != 0; n = m.entry(n).parent {
		if n == m.pending {
			return entry{}
		}
	}
	return m.entry(m.pending)
}

// written reports whether all that a release writes is there. A slot that holds
// neither what was there nor what was to be there does not count; of several, at
// least one has to.
func (m *model) written(e entry) bool {
	counts := len(e.edits) == 0
	for s, c := range e.edits {
		switch m.account.held[s] {
		case c.to:
			counts = true
		case c.from:
			return false
		}
	}
	return counts
}

// slots is what a release binds, by slot.
func (e entry) slots() slotted {
	table := slotted{}
	for at, b := range e.binds {
		table[slotOf(e.names[at.key].id, at.path)] = b
	}
	return table
}

func slotOf(id, path string) associations.Slot {
	return associations.Slot{Distribution: id, Path: path, Trigger: associations.ViewerRequest}
}

// uses reports whether a release binds a function somewhere.
func (e entry) uses(function string) bool {
	for _, b := range e.binds {
		if b.Version.Function == function {
			return true
		}
	}
	return false
}

func (m *model) contentOf(b associations.Binding) stuff {
	return stuff{b.Version.Function, string(m.account.content(b).Content)}
}

type stuff struct{ function, content string }

// serving is the content that a release binds somewhere.
func (m *model) serving(e entry) map[stuff]bool {
	all := map[stuff]bool{}
	for _, b := range e.binds {
		all[m.contentOf(b)] = true
	}
	return all
}

// has reports whether a release has the content of a version, bound or not.
func (m *model) has(e entry, b associations.Binding) bool {
	ref, ok := e.functions[b.Version.Function]
	return ok && m.contentOf(associations.Binding{Version: ref}) == m.contentOf(b)
}

// base is what a command builds on: the live release, or the one in flight that
// it commits first; and the one in flight that it supersedes.
type base struct{ live, over entry }

func (b base) both() []entry { return []entry{b.live, b.over} }

// own are the stack's slots: those that live or in flight binds, that were left,
// and that the one in flight edits.
func (b base) own() map[associations.Slot]bool {
	own := map[associations.Slot]bool{}
	for _, e := range b.both() {
		for s := range e.slots() {
			own[s] = true
		}
		for s := range e.left {
			own[s] = true
		}
	}
	for s := range b.over.edits {
		own[s] = true
	}
	return own
}

// fills reports whether the stack may fill a slot: it is empty, or holds a
// version of the stack, of a function that the base binds or in one of its slots.
func (b base) fills(s associations.Slot, held associations.Binding) bool {
	function := held.Version.Function
	return held.Empty() || ours(held) && (b.live.uses(function) || b.over.uses(function) || b.own()[s])
}

// takes notes what a release takes by binding a slot: a stranger's, or a version
// of the stack where the slot was not. What the superseded release was to take,
// and did not, is there to be taken still.
func (b base) takes(took slotted, s associations.Slot, held associations.Binding) {
	if planned := b.over.took[s]; !held.Empty() && (!b.own()[s] || !ours(held) || planned == held) {
		took[s] = held
	}
}

// stillLeft are the slots that a superseded release fills and the new one does
// not decide, written or not, and older ones that still hold what was left, or
// whose run may still wake: it is given ten releases. With each is the release
// that left it.
func (m *model) stillLeft(b base, decides func(associations.Slot) bool) (slotted, map[associations.Slot]int) {
	left, by := slotted{}, map[associations.Slot]int{}
	for _, e := range b.both() {
		for s, what := range e.left {
			if !decides(s) && (m.account.held[s] == what || b.live.number-e.leftBy[s] < 10) {
				left[s], by[s] = what, e.leftBy[s]
			}
		}
	}
	bound := b.over.slots()
	for s, c := range b.over.edits {
		if _, fills := bound[s]; fills && !decides(s) {
			left[s], by[s] = c.to, b.over.number
		}
	}
	return left, by
}

// passage is a release on the way to where the stack stands, with what the slots
// held when it was superseded; nil for one that was committed.
type passage struct {
	entry
	slots slotted
}

// wrote reports whether the release wrote a slot, or took it as it was.
func (p passage) wrote(s associations.Slot) bool {
	c, edits := p.edits[s]
	return p.slots == nil || !edits || p.slots[s] != c.from
}

// line are the releases that led to the base, newest first: what was live, and
// what was in flight and superseded.
func (m *model) line(b base) []passage {
	var list []passage
	superseded := func(n int, slots slotted) {
		for ; n != 0; n = m.entry(n).over {
			list = append(list, passage{m.entry(n), slots})
			slots = m.entry(n).saw
		}
	}
	superseded(b.over.number, m.account.held)
	for n := b.live.number; n != 0; n = m.entry(n).parent {
		list = append(list, passage{m.entry(n), nil})
		superseded(m.entry(n).over, m.entry(n).saw)
	}
	slices.SortStableFunc(list, func(x, y passage) int { return y.number - x.number })
	return list
}

// since are the releases after the target that filled or took a slot and wrote
// it, newest first. What a rollback gave back since is not among them, nor a
// filling that an apply emptied since, unless it was of a slot with a former holder:
// that is remembered, and the filling with it.
func (m *model) since(b base, target int, s associations.Slot) []passage {
	var list []passage
	floor, emptied := -1, false
	line := m.line(b)
	for i, p := range line {
		c, edits := p.edits[s]
		_, taken := p.took[s]
		switch {
		case p.number <= target:
			return list
		case floor >= 0 && p.number > floor || !p.wrote(s) || !edits && !taken && !p.gave[s]:
		case p.gave[s]:
			if p.number != b.over.number && (p.slots == nil || p.slots[s] == c.to) {
				floor = p.target
			}
		case c.to.Empty() && edits:
			former := slices.ContainsFunc(line[i:], func(q passage) bool { _, took := q.took[s]; return took })
			emptied = emptied || p.slots == nil && !former
		case taken || c.from.Empty() && !emptied:
			list = append(list, p)
		}
	}
	return list
}

// before is what a slot goes back to that the target does not bind: the holder
// at the last taking after the target. A version of the stack comes back only if
// the target has its content. inverse: emptying undoes an edit after the target.
func (m *model) before(b base, undone, target entry, s associations.Slot) (to associations.Binding, inverse bool) {
	later := m.since(b, target.number, s)
	for _, p := range later {
		holder, taken := p.took[s]
		switch {
		case !taken:
		case ours(holder) && !m.has(target, holder):
			return associations.Binding{}, true
		default:
			return holder, true
		}
	}
	return associations.Binding{}, len(later) > 0 || undone.number > target.number
}

// filledSince reports whether a release after the target filled a slot that was
// empty, or took it from others: then it is no renamed pattern.
func (m *model) filledSince(b base, target entry, s associations.Slot) bool {
	return slices.ContainsFunc(m.since(b, target.number, s), func(p passage) bool { return !ours(p.took[s]) })
}

// applied is the apply that a release stands for: a rollback is what its target
// is, a resume what it was made on.
func (m *model) applied(e entry) entry {
	for e.verb == "rollback" || e.verb == "resume" {
		next := e.parent
		if e.verb == "rollback" {
			next = e.target
		}
		e = m.entry(next)
	}
	return e
}

// madeOf are the commits that a release is made of, newest first, each once: its
// own, and if it brings nothing, those of what it inherits from.
func (m *model) madeOf(e entry) (commits []string) {
	for e = m.applied(e); e.number != 0; e = m.applied(m.entry(e.besides)) {
		if !slices.Contains(commits, e.commit) {
			commits = append(commits, e.commit)
		}
		if e.brought == e.number {
			break
		}
	}
	return commits
}

// history are all commits that led to a release, newest first.
func (m *model) history(e entry) []string {
	e = m.applied(e)
	switch {
	case e.number == 0:
		return nil
	case e.brought != e.number:
		from := m.entry(e.besides)
		return append(m.madeOf(e), m.history(from)[len(m.madeOf(from)):]...)
	}
	return append([]string{e.commit}, m.history(m.entry(cmp.Or(e.besides, e.returns)))...)
}

// passed are the commits that led from a release to another: those that their
// histories do not have in common.
func (m *model) passed(from, to entry) []string {
	old, led := m.history(from), m.history(to)
	for len(old) > 0 && len(led) > 0 && old[len(old)-1] == led[len(led)-1] {
		old, led = old[:len(old)-1], led[:len(led)-1]
	}
	return led
}

// banned are the holds in force: of live and of what is in flight.
func (b base) banned() map[ban]bool {
	all := map[ban]bool{}
	for _, e := range b.both() {
		maps.Copy(all, e.holds)
	}
	return all
}

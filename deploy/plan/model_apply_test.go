package plan_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// modelPlan is what a command is going to do.
type modelPlan struct {
	code     int  // it is refused with this
	idle     bool // and refused before it looked at the lock
	after    int  // the exit code of a run that does what it can
	saw      [2]int
	settle   int    // commit this first
	complete int    // finish this
	record   *entry // append this
	undone   int    // by the release that it leads to
	publish  []stuff
	edits    map[associations.Slot]change
}

// nothing reports whether there is nothing to do.
func (p modelPlan) nothing() bool {
	return p.settle == 0 && p.complete == 0 && p.record == nil && len(p.publish) == 0 && len(p.edits) == 0
}

// troubles are what stands in the way of a plan.
type troubles struct{ refused, failed bool }

// code is 4 where a person can allow it, or else 1.
func (t troubles) code() int {
	switch {
	case t.refused:
		return exitRefused
	case t.failed:
		return exitFailed
	}
	return exitDone
}

func (m *model) plan(c command) modelPlan {
	var p modelPlan
	switch c.verb {
	case "apply":
		p = m.planApply(c)
	case "rollback":
		p = m.planRollback(c)
	default:
		p = m.planResume(c)
	}
	p.saw = m.position()
	return p
}

func (m *model) position() [2]int { return [2]int{m.live, m.flight().number} }

// onto is what an apply builds on: what is in flight and written is committed
// first; what is not is superseded.
func (m *model) onto() (b base, settle int) {
	b.live = m.entry(m.live)
	switch flight := m.flight(); {
	case flight.number == 0:
	case m.written(flight):
		return base{live: flight}, flight.number
	default:
		b.over = flight
	}
	return b, 0
}

func (m *model) planApply(c command) modelPlan {
	s := allSpecs()[c.spec]
	b, settle := m.onto()
	p := modelPlan{settle: settle, edits: map[associations.Slot]change{}}
	e := entry{
		verb: "apply", parent: b.live.number, over: b.over.number, commit: s.name, tags: s.tags["t"],
		functions: map[string]versions.Ref{}, names: m.names(s), binds: map[where]associations.Binding{}, took: slotted{},
		gave: map[associations.Slot]bool{}, saw: maps.Clone(m.account.held),
	}
	m.bind(s, &e, &p)
	t := m.fillSlots(c, b, &e, &p)
	t.refused = m.emptySlots(c, b, &e, &p) || t.refused
	if p.code = t.code(); p.code != 0 {
		return p
	}
	e.edits = p.edits
	decides := e.decides()
	e.left, e.leftBy = m.stillLeft(b, decides)
	m.descend(b, &e)
	same := maps.Equal(e.names, b.live.names) && maps.Equal(e.binds, b.live.binds) && maps.Equal(e.functions, b.live.functions) && e.tags == b.live.tags
	if !same || len(p.edits) > 0 || len(p.publish) > 0 || b.over.number != 0 || b.live.number == 0 {
		p.record = &e
	}
	if !p.nothing() && m.bans(b.banned(), e) {
		p.code = exitHeld
	}
	return p
}

// names says what the names of a spec mean now.
func (m *model) names(s spec) map[string]found {
	names := map[string]found{}
	for key, words := range s.dists {
		how, name, _ := strings.Cut(words, ":")
		names[key] = found{id: name}
		if how == "alias" {
			names[key] = found{m.account.alias[name], true}
		}
	}
	return names
}

// bind finds a version for each binding, or plans to publish one (number 0).
func (m *model) bind(s spec, e *entry, p *modelPlan) {
	for place, what := range s.places {
		ref := versions.Ref{Function: what.function}
		for have := range m.account.exists {
			if have.Function == what.function && string(m.account.ever[have].Content) == what.content {
				ref = have
			}
		}
		if _, done := e.functions[what.function]; ref.Number == 0 && !done {
			p.publish = append(p.publish, stuff{what.function, what.content})
		}
		e.functions[what.function] = ref
		e.binds[where{place.Key, place.Path}] = associations.Binding{Version: ref, IncludeBody: what.body}
	}
	slices.SortFunc(p.publish, func(a, b stuff) int { return strings.Compare(a.function, b.function) })
}

// fillSlots plans what an apply binds.
func (m *model) fillSlots(c command, b base, e *entry, p *modelPlan) (t troubles) {
	for s, want := range e.slots() {
		held := m.account.held[s]
		switch {
		case !m.account.behavior[behavior{s.Distribution, s.Path}]:
			t.failed = true
			continue
		case !b.fills(s, held) && !c.rules.Adopt:
			t.refused = true
			continue
		}
		b.takes(e.took, s, held)
		if held != want {
			p.edits[s] = change{held, want}
		}
	}
	return t
}

// emptySlots plans to empty what is the stack's and not wanted. In a distribution
// that the spec does not name, that has to be allowed.
func (m *model) emptySlots(c command, b base, e *entry, p *modelPlan) (refused bool) {
	wanted, named := e.slots(), map[string]bool{}
	for _, f := range e.names {
		named[f.id] = true
	}
	for s := range b.own() {
		held := m.account.held[s]
		if _, wants := wanted[s]; wants || !ours(held) {
			continue
		}
		refused = refused || !named[s.Distribution] && !c.rules.AllowDetach
		p.edits[s] = change{from: held}
	}
	return refused
}

// decides reports which slots a release binds or edits.
func (e entry) decides() func(associations.Slot) bool {
	bound := e.slots()
	return func(s associations.Slot) bool {
		_, binds := bound[s]
		_, edits := e.edits[s]
		return binds || edits
	}
}

// descend says where an apply comes from and where it returns.
func (m *model) descend(b base, e *entry) {
	live, over := b.live, b.over
	e.holds = b.banned()
	if over.verb == "apply" || over.back != 0 {
		e.holds = over.holds // what a dead rollback lifted on its way back stays lifted: a rollback of this goes there
	}
	e.brought, e.returns, e.back, e.besides = live.brought, live.returns, live.back, live.number
	if over.back != 0 && maps.Equal(e.binds, over.binds) && maps.Equal(e.names, over.names) {
		e.brought, e.returns, e.back, e.besides = over.brought, over.returns, over.back, over.number
		return
	}
	if !m.changes(b, *e) {
		return // tags, a publish only, a repair: it inherits
	}
	e.brought, e.returns, e.back, e.besides = self, live.number, 0, over.number
	switch {
	case over.number == 0:
	case over.verb == "rollback" && over.back != 0:
		e.returns, e.besides = over.target, 0
	case over.brought == live.brought: // it brought nothing of its own
	case over.back != 0:
		e.returns, e.besides = over.number, 0
	default:
		e.returns = over.returns
	}
}

// self is the own number of a release that has none yet.
const self = -1

// changes reports whether an apply changes a slot: binds it otherwise than live
// did, or writes one, itself or by what it supersedes, that live did not bind.
func (m *model) changes(b base, e entry) bool {
	is, was := e.slots(), b.live.slots()
	touched := maps.Clone(was)
	for _, edits := range []map[associations.Slot]change{e.edits, b.over.edits} {
		for s := range edits {
			touched[s] = associations.Binding{}
		}
	}
	maps.Copy(touched, b.over.left)
	for s := range touched {
		if is[s] != was[s] {
			return true
		}
	}
	return false
}

// bans reports whether what is held keeps a release from being applied.
func (m *model) bans(held map[ban]bool, e entry) bool {
	content := map[stuff]bool{}
	for at := range e.binds {
		content[m.bound(e, at).stuff] = true
	}
	for h := range held {
		is, binds := m.bound(e, h.at), false
		if _, ok := e.binds[h.at]; ok {
			binds = true
		}
		switch {
		case h.commit != "":
			if h.commit == e.commit {
				return true
			}
		case !h.edit():
			if content[stuff{h.function, h.content}] {
				return true
			}
		case !m.placeExists(e, h.at):
		case h.empty && !binds, !h.empty && binds && is == boundStuff{stuff{h.function, h.content}, h.body}:
			return true
		}
	}
	return false
}

// boundStuff is what a place binds, by content.
type boundStuff struct {
	stuff
	body bool
}

// bound is what a release binds at a place. A version to be published is found
// in the spec, by its commit.
func (m *model) bound(e entry, at where) boundStuff {
	b := e.binds[at]
	if b.Version.Number != 0 || b.Version.Function == "" {
		return boundStuff{m.contentOf(b), b.IncludeBody}
	}
	for place, what := range allSpecs()[e.commit].places {
		if place.Key == at.key && place.Path == at.path {
			return boundStuff{stuff{what.function, what.content}, what.body}
		}
	}
	panic("no version at " + at.key + " " + at.path)
}

// placeExists reports whether the cache behavior of a held edit exists, in the
// distribution that its name means now, or meant last.
func (m *model) placeExists(e entry, at where) bool {
	for _, r := range []entry{e, m.entry(m.live), m.flight()} {
		if name, ok := r.names[at.key]; ok {
			return m.account.behavior[behavior{name.id, at.path}]
		}
	}
	return false
}

// planResume lifts what is held. Only what is written can be built on.
func (m *model) planResume(c command) modelPlan {
	flight := m.flight()
	b, settle := m.onto()
	switch {
	case flight.number != 0 && settle == 0:
		return modelPlan{code: exitRefused}
	case b.live.number == 0:
		return modelPlan{code: exitFailed}
	}
	stay := map[ban]bool{}
	for h := range b.live.holds {
		lifted := (c.lift.Release == 0 || c.lift.Release == h.release) && (c.lift.Function == "" || c.lift.Function == h.function)
		if !lifted {
			stay[h] = true
		}
	}
	if len(stay) == len(b.live.holds) {
		return modelPlan{idle: true}
	}
	e := b.live
	e.verb, e.parent, e.over, e.undone, e.target, e.edits, e.took, e.gave, e.holds = "resume", b.live.number, 0, 0, 0, nil, nil, nil, stay
	return modelPlan{settle: settle, record: &e}
}

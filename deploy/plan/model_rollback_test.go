package plan_test

import (
	"cmp"
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
)

// goingBack is a rollback as it is planned.
type goingBack struct {
	*model
	command        command
	automatic      bool // --on-failure rollback
	base           base
	undone, target entry
	completes      bool // the rollback in flight
	moved          map[where]where
	release        entry // that it makes
	plan           modelPlan
	troubles
}

func (m *model) planRollback(c command) modelPlan { return m.goBack(c, false) }

func (m *model) goBack(c command, automatic bool) modelPlan {
	live, flight := m.entry(m.live), m.flight()
	g := &goingBack{
		model: m, command: c, automatic: automatic, base: base{live: live, over: flight},
		moved: map[where]where{}, plan: modelPlan{edits: map[associations.Slot]change{}},
	}
	of := c.req.Of
	switch {
	case of != 0 && len(m.entries) == 0:
		return modelPlan{code: exitFailed} // its number came from a ledger
	case of != 0 && !undoes(of, live, flight):
		return g.plan
	case c.plain() && of == 0 && !automatic && m.diedEarly():
		return modelPlan{code: exitRefused} // that apply changed nothing
	case c.req.Named:
		return g.named(c.req.To)
	case flight.number == 0 && live.back != 0:
		return g.putBack() // back already: once is enough
	case flight.number == 0:
		return g.leaving(live, live.returns, live.returns != 0)
	case automatic && flight.verb != "rollback" && flight.parent != 0 && flight.brought == live.brought:
		return g.leaving(flight, live.number, true) // tags, a repair: what is live stays
	case of != 0 && of != flight.number && live.back == 0 && undoes(of, live, entry{}) && !(flight.verb == "rollback" && flight.undone == of):
		return g.leaving(live, live.returns, live.returns != 0) // and what is in flight on top of it
	case flight.back != 0:
		return g.goOn()
	default:
		// An apply, or a rollback going forth, is undone as it is. One that changes
		// no slot inherits where it returns: before the first release is no undo of it.
		inherited := flight.brought != flight.number && flight.parent != 0
		return g.leaving(flight, flight.returns, flight.returns != 0 || !inherited)
	}
}

// undoes reports whether --of names what is live, in flight, or brought what is
// live, or what a rollback in flight undoes.
func undoes(of int, live, flight entry) bool {
	return of == live.number || live.back == 0 && of == live.brought ||
		flight.number != 0 && (of == flight.number || flight.verb == "rollback" && of == flight.undone)
}

// diedEarly reports whether an apply died before it marked anything, at rest.
func (m *model) diedEarly() bool {
	return m.lock.dead && m.lock.verb == "apply" && m.flight().number == 0 && (m.live == 0 || m.entry(m.live).run != m.lock.run)
}

// leaving undoes a release and goes to another.
func (g *goingBack) leaving(undone entry, target int, there bool) modelPlan {
	if !there {
		return modelPlan{code: exitFailed}
	}
	g.undone, g.target = undone, g.entry(target)
	return g.restore()
}

// goOn finds the stack on its way back: it goes no further. All written, it is
// committed; then what differs is put back.
func (g *goingBack) goOn() modelPlan {
	flight := g.base.over
	typedOver := flight.automatic && !g.automatic // that one holds nothing; a person's does
	if g.written(flight) && !typedOver {
		g.base, g.plan.settle = base{live: flight}, flight.number
		return g.putBack()
	}
	g.completes = true
	g.undone, g.target = g.entry(flight.undone), g.entry(flight.target)
	if flight.verb != "rollback" {
		g.undone, g.target = g.entry(flight.back), flight // tags, or a repair, on top of a rollback
	}
	return g.restore()
}

// named goes to a release, whichever.
func (g *goingBack) named(to int) modelPlan {
	flight := g.base.over
	switch {
	case to > len(g.entries) || to == 0 && g.live == 0 && flight.number == 0:
		return modelPlan{code: exitFailed}
	case flight.number != 0 && g.written(flight):
		g.base, g.plan.settle = base{live: flight}, flight.number
	}
	g.undone, g.target = g.base.live, g.entry(to)
	if over := g.base.over; over.number != 0 {
		g.completes = over.verb == "rollback" && over.target == to
		switch {
		case g.completes:
			g.undone = g.entry(over.undone)
		case g.target.brought == g.base.live.brought:
			g.undone = over // it alone separates the stack from the target
		}
	}
	return g.restore()
}

// putBack puts back what differs from the live release, and records nothing.
func (g *goingBack) putBack() modelPlan {
	live := g.base.live
	g.undone, g.target, g.release = g.entry(live.back), live, live
	g.release.took, g.release.binds = slotted{}, maps.Clone(live.binds)
	g.plan.undone = live.undone
	for at := range live.binds {
		if !g.account.behavior[behavior{live.names[at.key].id, at.path}] {
			g.plan.after = exitFailed // it is gone
			delete(g.release.binds, at)
		}
	}
	g.fill()
	if g.takesOver() {
		e := live // who held the slot before has to be known: it is recorded
		e.verb, e.parent, e.over, e.undone, e.target = "rollback", live.number, 0, live.back, live.number
		e.took, e.gave, e.saw = g.release.took, map[associations.Slot]bool{}, maps.Clone(g.account.held)
		e.left, e.leftBy = g.stillLeft(g.base, entry{names: live.names, binds: g.release.binds, edits: g.plan.edits}.decides())
		g.plan.record, g.plan.undone = &e, live.back
	}
	g.strays([]entry{g.undone})
	return g.finish()
}

// takesOver reports whether a rollback writes over what is not the stack's.
func (g *goingBack) takesOver() bool {
	for s := range g.release.took {
		if _, edits := g.plan.edits[s]; edits {
			return true
		}
	}
	return false
}

// restore plans what makes the target's bindings live.
func (g *goingBack) restore() modelPlan {
	live, over := g.base.live, g.base.over
	like := live // tags stay as they are
	if live.number == 0 {
		like = over
	}
	g.release = entry{
		verb: "rollback", parent: live.number, over: over.number, undone: g.undone.number, target: g.target.number, automatic: g.automatic,
		tags: like.tags, functions: g.target.functions, names: g.places(), binds: map[where]associations.Binding{},
		took: slotted{}, gave: map[associations.Slot]bool{}, saw: maps.Clone(g.account.held),
	}
	g.follow()
	g.fill()
	g.empty()
	g.release.edits = g.plan.edits
	g.release.left, g.release.leftBy = g.stillLeft(g.base, g.release.decides())
	g.descend()
	g.plan.undone = g.release.undone
	same := maps.Equal(g.release.binds, over.binds) && maps.Equal(g.release.names, over.names)
	switch {
	case g.completes && same && !g.typedOver() && !g.takesOver():
		g.plan.complete, g.plan.undone = over.number, over.undone
	case g.already():
	default:
		g.plan.record = &g.release
	}
	g.strays(g.taken())
	return g.finish()
}

func (g *goingBack) typedOver() bool { return g.base.over.automatic && !g.automatic }

// places says which distribution each name of the target means now: its own, if
// live or in flight knows that; else the one that they have under the name, if
// no other name of the target means that; else its own.
func (g *goingBack) places() map[string]found {
	known, keyed := map[string]bool{}, map[string]string{}
	for _, e := range []entry{g.base.over, g.base.live} {
		for key, name := range e.names {
			known[name.id], keyed[key] = true, name.id
		}
	}
	names := map[string]found{}
	for key, name := range g.target.names {
		now, has := keyed[key]
		theirs := slices.ContainsFunc(slices.Collect(maps.Values(g.target.names)), func(f found) bool { return f.id == now })
		if !known[name.id] && has && !theirs {
			name.id = now
		}
		names[key] = name
	}
	return names
}

// follow finds where each binding of the target is now. Where a pattern was
// renamed, the same function sits at the one slot that the target does not know
// and that no later release filled.
func (g *goingBack) follow() {
	wanted := map[associations.Slot]bool{}
	for at := range g.target.binds {
		wanted[slotOf(g.release.names[at.key].id, at.path)] = true
	}
	order := slices.SortedFunc(maps.Keys(g.target.binds), func(a, b where) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.path, b.path))
	})
	for _, at := range order {
		id, b := g.release.names[at.key].id, g.target.binds[at]
		if g.account.behavior[behavior{id, at.path}] {
			g.release.binds[at] = b
			continue
		}
		var candidates []associations.Slot
		for s, held := range g.account.held {
			if s.Distribution == id && held.Version.Function == b.Version.Function && !wanted[s] && !g.filledSince(g.base, g.target, s) {
				candidates = append(candidates, s)
			}
		}
		if len(candidates) != 1 {
			g.plan.after = exitFailed // it is gone
			continue
		}
		now := where{at.key, candidates[0].Path}
		wanted[candidates[0]] = true
		g.moved[at], g.release.binds[now] = now, b
	}
}

// fill plans what the release binds. What is there already is no conflict.
func (g *goingBack) fill() {
	for s, want := range g.release.slots() {
		held := g.account.held[s]
		if !(held == want && ours(held)) && !g.base.fills(s, held) && !g.command.rules.Adopt {
			if g.automatic {
				g.plan.after = exitFailed // nobody is there to decide: the others go back
			} else {
				g.refused = true
			}
			continue
		}
		g.base.takes(g.release.took, s, held)
		if held != want {
			g.plan.edits[s] = change{held, want}
		}
	}
}

// empty plans what becomes of the stack's slots that the target does not bind.
func (g *goingBack) empty() {
	binds := g.release.slots()
	for s := range g.base.own() {
		held := g.account.held[s]
		if _, bound := binds[s]; bound || !ours(held) {
			continue
		}
		to, inverse := g.before(g.base, g.undone, g.target, s)
		g.release.gave[s] = true
		switch {
		case to == held: // given back where it is
		case to.Empty() && !inverse && !g.command.rules.AllowDetach:
			g.refused = true
		default:
			g.plan.edits[s] = change{held, to}
		}
	}
}

// back reports whether a rollback goes back, and not forth: by what was brought,
// not by numbers; undoing what is in flight is going back.
func (g *goingBack) back() bool {
	named, over := g.command.req.Named, g.base.over.number != 0
	switch {
	case over && !named, over && g.target.brought == g.base.live.brought:
		return true
	case named:
		return g.target.brought < g.base.live.brought
	}
	return g.target.brought < g.undone.brought
}

// descend says where a rollback comes from, where it returns, and what it holds.
func (g *goingBack) descend() {
	live, over, r := g.base.live, g.base.over, &g.release
	named := g.command.req.Named
	repair := g.automatic && over.verb != "rollback" && over.parent != 0 && over.brought == live.brought
	r.brought = g.target.brought
	switch {
	case named && over.number == 0 && g.target.brought == live.brought, repair:
		r.returns, r.back = live.returns, live.back // no other bindings than now
	case g.back():
		r.returns, r.back = g.target.returns, g.undone.number
	default:
		r.returns = live.number
	}
	r.holds = g.lifted()
	if (!named || g.back()) && !g.automatic {
		maps.Copy(r.holds, g.bans())
	}
	if g.completes {
		r.brought, r.returns, r.back = over.brought, over.returns, over.back
		if !g.typedOver() {
			r.holds = over.holds
		}
	}
}

// already reports whether a named release is what is live.
func (g *goingBack) already() bool {
	live, binds := g.base.live, g.release.slots()
	for s := range g.plan.edits {
		if _, bound := binds[s]; !bound {
			return false
		}
	}
	return g.command.req.Named && g.base.over.number == 0 && !g.takesOver() && maps.Equal(g.release.binds, live.binds) && (live.number != 0 || g.target.number == 0)
}

// taken are the releases that a rollback takes out of service.
func (g *goingBack) taken() []entry {
	live, over := g.base.live, g.base.over
	if g.completes && g.typedOver() {
		return []entry{g.undone}
	}
	var list []entry
	if over.number != 0 && !g.completes {
		list = append(list, over)
	}
	if live.number != 0 && (g.command.req.Named || len(list) == 0 || live.brought != g.target.brought) {
		list = append(list, live) // under a plain undo of what is in flight only if it is passed too
	}
	return list
}

// bans is what a rollback holds.
func (g *goingBack) bans() map[ban]bool {
	held, kept, name := map[ban]bool{}, g.serving(g.target), g.undone.number
	for _, e := range g.taken() {
		places := map[where]bool{}
		for at := range e.binds {
			now, what := cmp.Or(g.moved[at], at), g.bound(e, at)
			places[now] = true
			_, binds := g.release.binds[now]
			switch {
			case !kept[what.stuff]:
				held[ban{release: name, function: what.function, content: what.content}] = true
			case !binds || g.bound(g.release, now) != what:
				held[ban{release: name, function: what.function, content: what.content, at: now, body: what.body}] = true
			}
		}
		for at := range g.release.binds {
			if what := g.bound(g.release, at); !places[at] {
				held[ban{release: name, function: what.function, content: what.content, at: at, empty: true}] = true
			}
		}
		if e.brought == g.target.brought {
			continue
		}
		for _, commit := range g.passed(g.target, e) {
			if !slices.Contains(g.madeOf(g.target), commit) {
				held[ban{release: name, commit: commit}] = true
			}
		}
	}
	return held
}

// lifted are the holds in force but for those on what the target binds, or would
// bind if the cache behavior still existed.
func (g *goingBack) lifted() map[ban]bool {
	stay, kept, made := map[ban]bool{}, g.serving(g.target), g.madeOf(g.target)
	binds := map[where]boundStuff{}
	for at := range g.target.binds {
		binds[at] = g.bound(g.target, at)
		if now, ok := g.moved[at]; ok {
			binds[now] = binds[at]
		}
	}
	for h := range g.base.banned() {
		is, bound := binds[h.at]
		again := h.empty && !bound || !h.empty && bound && is == boundStuff{stuff{h.function, h.content}, h.body}
		switch {
		case slices.Contains(made, h.commit), h.commit == "" && !h.edit() && kept[stuff{h.function, h.content}], h.edit() && again:
		default:
			stay[h] = true
		}
	}
	return stay
}

// strays finds versions of what is taken out of service, or held, in slots that
// no release decides: then the rollback has not done all.
func (g *goingBack) strays(taken []entry) {
	out, stays, binds := map[stuff]bool{}, g.serving(g.release), g.release.slots()
	for _, e := range taken {
		maps.Copy(out, g.serving(e))
	}
	for h := range g.base.banned() {
		if what := (stuff{h.function, h.content}); h.commit == "" && !h.edit() && !stays[what] {
			out[what] = true
		}
	}
	ids, functions := map[string]bool{}, map[string]bool{}
	for _, e := range []entry{g.base.live, g.base.over, g.target, g.undone} {
		for _, name := range e.names {
			ids[name.id] = true
		}
		for _, b := range e.binds {
			functions[b.Version.Function] = true
		}
	}
	for _, e := range []entry{g.base.live, g.base.over} {
		for s, b := range e.left {
			ids[s.Distribution], functions[b.Version.Function] = true, true
		}
	}
	for s, held := range g.account.held {
		if e, edits := g.plan.edits[s]; edits {
			held = e.to
		}
		_, bound := binds[s]
		if !bound && ids[s.Distribution] && functions[held.Version.Function] && ours(held) && out[g.contentOf(held)] && !g.has(g.target, held) {
			g.plan.after = exitFailed
		}
	}
}

// finish refuses what cannot be attached: a version that does not exist.
func (g *goingBack) finish() modelPlan {
	for _, e := range g.plan.edits {
		if !e.to.Empty() && !g.account.exists[e.to.Version] {
			g.failed = true
		}
	}
	g.plan.code = g.troubles.code()
	return g.plan
}

package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

const behaviorGone = "the cache behavior does not exist any more"

// place finds for each entry of the target the distributions it means now, and
// for each binding its slot there. It gives the entries that the rollback binds.
func (p *restorer) place() []release.Distribution {
	var entries []release.Distribution
	slots := map[associations.Slot]bool{} // of the target, where its distributions are now
	now := p.whereNow()
	for _, d := range p.target.Distributions {
		d.IDs = p.idsOf(d, now)
		p.aliasMoved(d)
		for _, id := range d.IDs {
			for _, b := range d.Bindings {
				slots[associations.Slot{Distribution: id, Path: b.Path, Trigger: b.Trigger}] = true
			}
		}
		entries = append(entries, d)
	}
	for i, d := range entries {
		entries[i].Bindings = p.placed(d, slots)
	}
	return entries
}

// whereabouts are the distributions that the live release and the one in flight
// know, by id and by key, and those of the target.
type whereabouts struct {
	known, target map[string]bool
	keyed         map[string]string
}

func (p *restorer) whereNow() whereabouts {
	w := whereabouts{known: map[string]bool{}, target: map[string]bool{}, keyed: map[string]string{}}
	for _, r := range []release.Release{p.base.Superseded, p.base.Live} {
		for _, id := range r.IDs() {
			w.known[id] = true
		}
		for _, e := range r.Distributions {
			if e.ID() != "" {
				w.keyed[e.Key] = e.ID()
			}
		}
	}
	for _, id := range p.target.IDs() {
		w.target[id] = true
	}
	return w
}

// idsOf says which distributions an entry of the target means now: the same
// ids where the live release (or the one in flight) knows them, else the one
// that it has under the key, else the entry's own. CloudFront is not asked.
func (p *restorer) idsOf(d release.Distribution, there whereabouts) []string {
	id, now := d.ID(), there.keyed[d.Key]
	if id == "" || there.known[id] || now == "" || there.target[now] {
		return d.IDs
	}
	p.note("moved", "%s is %s now: what release %d bound in %s goes there, and %s stays as it is", d.Key, now, p.target.Number, id, id)
	return []string{now}
}

// aliasMoved notes that a distribution is not the one any more that its alternate
// domain name leads to. It goes back all the same: there is where the stack is.
func (p *restorer) aliasMoved(d release.Distribution) {
	state, seen := p.have.Distributions[d.ID()]
	has := func(alias string) bool { return strings.EqualFold(alias, d.Alias) } // as DNS compares
	if d.Alias == "" || !seen || slices.ContainsFunc(state.Aliases, has) {
		return
	}
	p.note("moved", "%s has not the alternate domain name %s any more: what release %d bound goes back where it was, and no other distribution is touched",
		d.ID(), d.Alias, p.target.Number)
}

// placed gives an entry's bindings where they are now, and leaves out those
// whose cache behavior is gone.
func (p *restorer) placed(d release.Distribution, slots map[associations.Slot]bool) []release.Placed {
	list := []release.Placed{}
	for _, b := range d.Bindings {
		path, ok := b.Path, true
		for _, id := range d.IDs {
			slot := associations.Slot{Distribution: id, Path: b.Path, Trigger: b.Trigger}
			if p.have.exists(slot) {
				continue
			}
			var now associations.Slot
			if len(d.IDs) > 1 {
				p.gone(slot) // the others of the entry still have it
				continue
			}
			if now, ok = p.renamed(slot, b.Binding.Version, slots); !ok {
				p.gone(slot)
				break
			}
			slots[now] = true // no other pattern was renamed to it, too
			path = now.Path
			p.moved[release.Place{Key: d.Key, Path: b.Path, Trigger: b.Trigger}] = release.Place{Key: d.Key, Path: path, Trigger: b.Trigger}
			p.note("renamed", "%s %s is %s now", id, b.Path, path)
		}
		if !ok {
			continue
		}
		for _, id := range d.IDs {
			if slot := (associations.Slot{Distribution: id, Path: path, Trigger: b.Trigger}); p.have.exists(slot) {
				p.table[slot] = b.Binding
			}
		}
		list = append(list, release.Placed{Path: path, Trigger: b.Trigger, Binding: b.Binding})
	}
	slices.SortFunc(list, comparePlaced)
	return list
}

// comparePlaced orders bindings within an entry as slots are ordered.
func comparePlaced(a, b release.Placed) int {
	return associations.Slot{Path: a.Path, Trigger: a.Trigger}.Compare(associations.Slot{Path: b.Path, Trigger: b.Trigger})
}

// renamed finds the one slot that a path pattern was renamed to: the same
// function on the same trigger, at a slot that the target does not know and
// that no release after the target filled or took from others.
func (p *restorer) renamed(slot associations.Slot, ref versions.Ref, slots map[associations.Slot]bool) (associations.Slot, bool) {
	var found []associations.Slot
	for at, b := range p.have.Distributions[slot.Distribution].Held {
		taking, taken := p.taken[at]
		if at.Trigger == slot.Trigger && b.Version.Function == ref.Function && p.own.Ours(b) && !slots[at] &&
			!(taken && taking.FromOthersSince(p.target.Number)) {
			found = append(found, at)
		}
	}
	if len(found) != 1 {
		return associations.Slot{}, false
	}
	return found[0], true
}

// fill plans the edits that bring the table about.
func (p *restorer) fill() {
	for _, slot := range p.table.Slots() {
		b, held := p.table[slot], p.have.Held(slot)
		same := held == b && p.own.Ours(held) // no conflict, whoever put it there
		if !same && !p.own.Fills(slot, held) && !p.rules.Adopt {
			if p.req.Automatic { // nobody is there to decide: the other slots go back
				p.unfinished = append(p.unfinished, Unfinished{Slot: slot, Reason: fmt.Sprintf("it holds %s, which the stack did not put there", held)})
				continue
			}
			p.errs = append(p.errs, &associations.ConflictError{Slot: slot, Holder: held})
			continue
		}
		if err := associations.FunctionConflict(slot, p.have.Distributions[slot.Distribution]); err != nil && held != b {
			p.errs = append(p.errs, err)
			continue
		}
		if held != b {
			p.edits[slot] = associations.Edit{Slot: slot, From: held, To: b}
		}
	}
}

// empty plans what becomes of the stack's slots that the target does not bind:
// one that was taken goes back to who had it, one that was empty is emptied.
func (p *restorer) empty() {
	detach := map[string][]associations.Slot{}
	for _, slot := range slices.SortedFunc(maps.Keys(p.own.Slots), associations.Slot.Compare) {
		held := p.have.Held(slot)
		if _, bound := p.table[slot]; bound || held.Empty() || !p.own.Empties(slot, held) {
			p.takenByOthers(slot, bound, held)
			continue
		}
		to, inverse := p.before(slot)
		switch {
		case to == held:
			delete(p.taken, slot) // given back where it is
			continue
		case to.Empty() && !inverse && !p.rules.AllowDetach:
			detach[slot.Distribution] = append(detach[slot.Distribution], slot)
			continue
		}
		p.edits[slot] = associations.Edit{Slot: slot, From: held, To: to}
	}
	for _, id := range slices.Sorted(maps.Keys(detach)) {
		p.errs = append(p.errs, &associations.DetachError{Distribution: id, Slots: detach[id]})
	}
}

// takenByOthers notes a slot that the stack bound, that the target leaves, and that
// something else took since: nothing is emptied that the stack did not fill.
func (p *restorer) takenByOthers(slot associations.Slot, bound bool, held associations.Binding) {
	_, was := p.base.Live.Table()[slot]
	_, writing := p.base.Superseded.Table()[slot]
	if !bound && !held.Empty() && (was || writing) {
		p.note("left-to-others", "%s holds %s, which the stack did not put there, and is left as it is", slot, held)
	}
}

// before is what a slot goes back to that the target does not bind, and whether
// emptying it undoes an edit that was made after the target.
func (p *restorer) before(slot associations.Slot) (to associations.Binding, inverse bool) {
	t, ok := p.taken[slot]
	later := ok && int(t.Release) > p.target.Number
	if !later || t.Holder.Empty() {
		return associations.Binding{}, later || int(t.Filled) > p.target.Number || p.undone.Number > p.target.Number
	}
	if (t.Own || p.own.Ours(t.Holder)) && !p.target.Publishes(p.specOf(t.Holder.Version)) {
		// A version of our own that was moved there: only what the target has, for
		// its slots or for others to bind, comes back into service.
		return associations.Binding{}, true
	}
	return t.Holder, true
}

// specOf is the content and configuration of a version that a release in hand
// records, or that was looked at; the zero Spec if it is neither.
func (p *restorer) specOf(ref versions.Ref) versions.Spec {
	for _, r := range p.have.inHand() {
		if f, ok := r.Records(ref); ok {
			return f.Spec
		}
	}
	return p.have.States[ref].Version.Spec
}

// goal is the record of a rollback.
func (p *restorer) goal(entries []release.Distribution) release.Release {
	live, sup := p.base.Live, p.base.Superseded
	like := live // what a rollback leaves as it is: tags and the ledger's role
	switch {
	case p.unknown:
		like = p.target
	case like.Number == 0:
		like = sup
	}
	heritage := release.Heritage{
		Base: live, Undone: p.undone, Target: p.target, Superseded: sup, Named: p.req.Named, Automatic: p.req.Automatic,
		Unknown: p.unknown,
	}
	lineage := heritage.Lineage()
	goal := release.Release{
		Schema: release.Schema, Stack: p.have.Stack, Kind: release.KindRollback, Parent: live.Number,
		Brought: lineage.Brought, Returns: lineage.Returns, Back: lineage.Back, Undone: p.undone.Number, Target: p.target.Number,
		Account: p.have.Account, Source: p.target.Source, Role: like.Role, Tags: like.Tags,
		Functions: slices.Clone(p.target.Functions), Distributions: entries, Edits: edits(p.changes()),
		Adopted: p.takesFromOthers(), Automatic: p.req.Automatic && !p.req.Refused, Commits: p.target.Commits, CommitsBefore: p.target.CommitsBefore,
		Unknown: p.target.Unknown,
	}
	goal.Orphans = release.Orphaned(goal.Functions, live, sup, p.target)
	goal.Takings = p.takings(goal.Edits)
	goal.Left = p.base.StillLeft(p.have.Held, decidedBy(p.table, goal.Edits))
	own := release.Hold{}
	if !heritage.Forth() && (!p.req.Automatic || p.req.Refused) {
		own = release.NewHold(release.Passing{
			Undone: p.undone.Number, Origin: p.undone.Brought, Taken: p.outOfService(), Target: p.target,
			Binds: goal.Places(), Moved: p.moved,
		})
	}
	if own.Release != 0 {
		p.sameCommit()
	}
	holds := p.holds()
	if p.unknown {
		holds = p.target.Holds
	}
	goal.Holds = release.AfterRollback(holds, p.target, p.moved, own)
	return goal
}

// sameCommit notes that what is rolled back is of the commit that the target is of:
// then only the content tells them apart, and a build of other bytes passes.
func (p *restorer) sameCommit() {
	bad, good := p.undone.Source, p.target.Source
	if bad.Commit != "" && bad.Commit == good.Commit && !bad.Dirty && !good.Dirty {
		p.note("commit", "commit %s is not held: release %d is of it, too; another build of it, with other bytes, is not refused",
			release.Source{Commit: bad.Commit}.Short(), p.target.Number)
	}
}

// takings are those after the rollback: what it gives back or empties is
// settled, and what it takes is added.
func (p *restorer) takings(edits []associations.Edit) []release.Taking {
	own := p.base.Untaken(p.own, p.have.Held)
	for slot, b := range p.table {
		held := p.have.Held(slot)
		release.Take(p.taken, associations.Edit{Slot: slot, From: held, To: b}, own)
	}
	for _, e := range edits {
		if _, bound := p.table[e.Slot]; bound {
			continue
		}
		if t := p.taken[e.Slot]; t.Holder == e.To || int(t.Release) > p.target.Number {
			delete(p.taken, e.Slot)
		}
	}
	return release.SortTakings(p.taken)
}

// outOfService are the releases whose bindings the rollback takes out of service.
func (p *restorer) outOfService() []release.Release {
	live, sup := p.base.Live, p.base.Superseded
	if p.route.Way == release.WayComplete && p.typedOver() {
		return []release.Release{p.undone}
	}
	var list []release.Release
	if p.base.Supersedes() && p.route.Way != release.WayComplete {
		list = append(list, sup)
	}
	plainly := p.req.Plain() && len(list) > 0 // then live counts only where it is passed too
	if live.Number != 0 && (!plainly || live.Brought != p.target.Brought) {
		list = append(list, live)
	}
	return list
}

// passed is the content that the rollback takes out of service.
func (p *restorer) passed() map[versions.Spec]bool {
	out := map[versions.Spec]bool{}
	for _, r := range p.outOfService() {
		maps.Copy(out, passedContents(r, p.target))
	}
	return out
}

// passedContents is what a release binds and the target does not.
func passedContents(r, target release.Release) map[versions.Spec]bool {
	out, kept := map[versions.Spec]bool{}, target.Contents()
	for spec := range r.Contents() {
		if !kept[spec] {
			out[spec] = true
		}
	}
	return out
}

// strays names versions of the stack that stay where no release decides, and
// leaves the rollback unfinished where one of them is of what it takes out of
// service, or held.
func (p *restorer) strays(out, bound map[versions.Spec]bool) {
	kept := p.target.Contents()
	for _, h := range p.holds() {
		for _, spec := range h.Content {
			if !bound[spec] && !kept[spec] {
				out[spec] = true
			}
		}
	}
	releases := []release.Release{p.base.Live, p.base.Superseded, p.target, p.undone}
	for _, s := range straysIn(p.have, p.own, releases, p.after) {
		// What the target publishes for others to bind is for them to decide.
		if spec := p.specOf(s.Binding.Version); out[spec] && !p.target.Publishes(spec) {
			p.unfinished = append(p.unfinished, Unfinished{
				Slot: s.Slot, Reason: fmt.Sprintf("it holds %s, which is taken out of service, and %s", s.Binding, strings.TrimPrefix(s.Origin(), "which ")),
			})
			continue
		}
		p.notes = append(p.notes, strayNote(s))
	}
}

// after is what a slot holds once the rollback ran; decided reports whether the
// rollback binds it.
func (p *restorer) after(slot associations.Slot, held associations.Binding) (b associations.Binding, decided bool) {
	if b, bound := p.table[slot]; bound {
		return b, true
	}
	if e, edited := p.edits[slot]; edited {
		return e.To, false
	}
	return held, false
}

package plan_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// The rules that every command keeps, judged by the world alone:
//
//	P1   the same command after it died, any number of times, ends as undisturbed
//	P2   a plain rollback leaves nothing of what it undoes, and goes to nothing held
//	P3   no slot is emptied but by the spec, or as the inverse of filling it
//	P4   a stranger's binding changes only with --adopt, and is given back
//	P5   what was taken out of service is refused until it is changed or resumed;
//	     nothing else is
//	P6   what a run wrote is in live, in flight, left, or a stray
//	P7   two commands at most lead to nothing to do, with nothing in flight
//	P8   a rollback undoes only what its author saw
//	P9   where a release came from and returns to is defined, and leads to 0
//	P10  exit 0 means that the slots of the live release are as recorded
type breach struct{ rule, what string }

func (b breach) String() string { return b.rule + ": " + b.what }

// judge collects breaches by one command that took before to after.
type judge struct {
	before, after *world
	command       command
	out           outcome
	rival         bool // something happened between the plan and its run
	found         []breach

	live, live0     release.Release
	flight, flight0 release.Release
	owned, owned0   map[associations.Slot]bool
}

func (j *judge) breach(rule, format string, args ...any) {
	j.found = append(j.found, breach{rule, fmt.Sprintf(format, args...)})
}

func judged(before *world, c command, after *world, out outcome) []breach {
	return (&judge{before: before, after: after, command: c, out: out}).all()
}

func (j *judge) all() []breach {
	before, after, c, out := j.before, j.after, j.command, j.out
	s0, s1 := before.state(), after.state()
	j.live0, j.flight0, j.live, j.flight = s0.Live, s0.Pending, s1.Live, s1.Pending
	j.owned0, j.owned = slotsOf(j.live0, j.flight0), slotsOf(j.live, j.flight)
	j.records()
	for _, e := range out.plan.Edits() {
		if e.From == e.To {
			j.breach("P1", "%s: the edit changes nothing", e.Slot)
		}
	}
	j.remembered()
	if out.code == exitDied {
		return j.found
	}
	j.strangers()
	if out.code == exitDone {
		j.asRecorded()
	}
	if c.verb == "rollback" && out.code == exitDone && out.did.Number != 0 {
		j.givenBack()
		j.undone()
		j.held()
		j.freshFix()
		if t := j.target(); !out.did.GoingBack() && j.flight0.Number == 0 && c.req.Plain() && t.Brought < j.after.record(out.did.Undone).Brought {
			j.breach("P9", "release %d went back and says nothing of it", out.did.Number)
		}
	}
	return j.found
}

// slotsOf are the slots that two releases make the stack's.
func slotsOf(live, flight release.Release) map[associations.Slot]bool {
	own := map[associations.Slot]bool{}
	for _, r := range []release.Release{live, flight} {
		for _, b := range append(r.Bindings(), r.Left...) {
			own[b.Slot] = true
		}
	}
	for _, e := range flight.Edits {
		own[e.Slot] = true
	}
	return own
}

// target is the release that a rollback went to.
func (j *judge) target() release.Release { return j.after.record(j.out.did.Target) }

// records checks P9 of each record that was added, and that what is in flight is
// neither live nor its ancestor.
func (j *judge) records() {
	for _, r := range j.after.records[len(j.before.records):] {
		if r.Returns < 0 || r.Returns >= r.Number || int(r.Brought) > r.Number || r.Brought < 0 || r.Back >= r.Number {
			j.breach("P9", "release %d: brought %d, returns %d, back %d", r.Number, r.Brought, r.Returns, r.Back)
		}
	}
	inFlight := j.after.pending != 0
	for n := j.after.live; n != 0; n = j.after.record(n).Parent {
		inFlight = inFlight && n != j.after.pending
	}
	if inFlight != (j.flight.Number != 0) {
		j.breach("P9", "live %d, pending %d: in flight by the chain of parents: %v", j.after.live, j.after.pending, inFlight)
	}
}

// remembered checks P6.
func (j *judge) remembered() {
	strays := j.after.strays(j.live, j.flight)
	for s := range j.after.wrote {
		if h := j.after.held[s]; ours(h) && !j.owned[s] && !strays[s] {
			j.breach("P6", "%s holds %s, which a run wrote, and no release remembers it", s, h)
		}
	}
}

// strays are the slots with a version of a function that the releases bind, in
// a distribution that they name, that they do not decide.
func (w *world) strays(list ...release.Release) map[associations.Slot]bool {
	found := map[associations.Slot]bool{}
	for s, b := range w.held {
		stray := false
		for _, r := range list {
			stray = stray || r.Bound()[b.Version.Function]
		}
		named := slices.ContainsFunc(list, func(r release.Release) bool { return slices.Contains(r.IDs(), s.Distribution) })
		if stray && named && ours(b) {
			found[s] = true
		}
	}
	return found
}

// strangers checks P3 and P4 of each slot that changed.
func (j *judge) strangers() {
	functions := j.live0.Bound()
	maps.Copy(functions, j.flight0.Bound())
	did := j.out.did
	for s, was := range j.before.held {
		is := j.after.held[s]
		if is == was {
			continue
		}
		mine := j.before.wrote[s] || j.owned0[s] || functions[was.Version.Function]
		if !j.command.rules.Adopt && (!ours(was) || !mine) {
			j.breach("P4", "%s held %s and holds %s now, without --adopt", s, was, is)
		}
		if !is.Empty() || j.command.verb != "rollback" || did.Number == 0 {
			continue
		}
		if g, ok := j.before.ghost[s]; ok && g.by > did.Target && j.before.wrote[s] && !ours(g.holder) {
			j.breach("P4", "%s was taken from %s by release %d; the rollback to %d empties it", s, g.holder, g.by, did.Target)
		}
		if _, bound := did.Table()[s]; bound {
			j.breach("P3", "%s is bound by the rollback and is empty now", s)
		}
	}
}

// givenBack checks the rest of P4: what was taken since the target.
func (j *judge) givenBack() {
	binds := j.live.Table()
	for s := range j.before.wrote {
		g, taken := j.before.ghost[s]
		is, was := j.after.held[s], j.before.held[s]
		if _, bound := binds[s]; !taken || bound || g.by <= j.out.did.Target || is == g.holder || is.Empty() {
			continue
		}
		switch {
		case is != was && ours(g.holder) && !ours(is):
			// A version of ours by another hand, in a slot that was a stranger's.
		case is != was:
			j.breach("P4", "%s was taken from %s and is given back as %s", s, g.holder, is)
		case ours(is) && j.owned0[s]:
			j.breach("P4", "%s was taken from %s and is kept", s, g.holder)
		}
	}
}

// asRecorded checks P10.
func (j *judge) asRecorded() {
	c := j.command
	if c.verb == "resume" || c.req.Of != 0 && j.out.did.Number == 0 || j.out.words != "" {
		return
	}
	for s, b := range j.live.Table() {
		if j.rival && !slices.Contains(j.out.plan.Writes(), s.Distribution) {
			continue // another hand was there after the plan, and the run was not
		}
		if h := j.after.held[s]; h != b && j.after.behavior[behavior{s.Distribution, s.Path}] {
			j.breach("P10", "exit 0, and %s holds %s, not %s", s, h, b)
		}
	}
}

// contents is what a release binds, without configuration.
func (w *world) contents(r release.Release) map[versions.Spec]bool {
	specs := map[versions.Spec]bool{}
	for _, b := range r.Bindings() {
		specs[w.content(b.Binding)] = true
	}
	return specs
}

// shape is what a release binds, by place and content.
func (w *world) shape(r release.Release) map[release.Place]placed {
	shape := map[release.Place]placed{}
	for at, b := range r.Places() {
		c := w.content(b)
		shape[at] = placed{c.Function, string(c.Content), b.IncludeBody}
	}
	return shape
}

// heldContent is the content that holds name.
func heldContent(holds []release.Hold) map[versions.Spec]bool {
	specs := map[versions.Spec]bool{}
	for _, h := range holds {
		for _, s := range h.Content {
			specs[s] = true
		}
	}
	return specs
}

// undone checks P2.
func (j *judge) undone() {
	w, did := j.after, j.out.did
	undone, target := w.record(did.Undone), j.target()
	if !j.command.plain() {
		return
	}
	out, kept := w.contents(undone), w.contents(target)
	ids := append(undone.IDs(), j.live0.IDs()...)
	for s, h := range w.held {
		elsewhere := j.rival && !slices.Contains(j.out.plan.Writes(), s.Distribution) // as in asRecorded
		if out[w.content(h)] && !kept[w.content(h)] && slices.Contains(ids, s.Distribution) && (w.wrote[s] || j.owned0[s]) && !elsewhere {
			j.breach("P2", "%s still holds %s of release %d", s, h, undone.Number)
		}
	}
	// An apply that superseded another does not know what it returns to: it may be
	// what it binds itself. That is said, and changes nothing.
	// A rollback that went forth may have come from what binds the same, where a
	// cache behavior was gone: then undoing it changes nothing either.
	superseded := undone.Kind == release.KindApply && undone.Returns != undone.Parent
	forth := undone.Kind == release.KindRollback && !undone.GoingBack()
	if !superseded && !forth && maps.Equal(w.shape(undone), w.shape(target)) && slices.Equal(undone.IDs(), target.IDs()) && j.out.plan.Settle == 0 && j.flight0.Number == 0 {
		j.breach("P2", "the rollback of release %d goes to release %d, which binds the same", undone.Number, target.Number)
	}
	held := heldContent(j.before.state().Holds())
	for _, e := range j.out.plan.Edits() {
		if !e.To.Empty() && held[w.content(e.To)] && j.flight0.Kind != release.KindRollback {
			j.breach("P2", "%s goes to %s, which is held", e.Slot, e.To)
		}
	}
}

// held checks P5: what is live is not held, what was undone is.
func (j *judge) held() {
	w, did := j.after, j.out.did
	undone, target := w.record(did.Undone), j.target()
	live, held := w.contents(j.live), heldContent(w.state().Holds())
	for s := range live {
		if held[s] {
			j.breach("P5", "%s %s is live and held", s.Function, s.Content)
		}
	}
	if name := w.specOf(target); name != "" && maps.Equal(w.shape(j.live), allSpecs()[name].places) && maps.Equal(w.shape(target), w.shape(j.live)) {
		if _, code, err := w.plan(cmd("apply " + name + " --adopt --allow-detach")); code == exitHeld {
			j.breach("P5", "apply %s, which is live, is refused: %v", name, err)
		}
	}
	name := w.specOf(undone)
	if name == "" || !maps.Equal(w.shape(undone), allSpecs()[name].places) || maps.Equal(w.shape(undone), w.shape(target)) {
		return
	}
	older := target.Brought < undone.Brought
	if target.Brought != undone.Brought && (did.Back != 0 || older) && !did.Automatic {
		if _, code, err := w.plan(cmd("apply " + name + " --adopt --allow-detach")); code != exitHeld && code != exitFailed {
			j.breach("P5", "apply %s, just rolled back, is not refused: exit %d %v", name, code, err)
		}
	}
}

// specOf is the name of the spec that a release's bindings were made of.
func (w *world) specOf(r release.Release) string {
	if r.Number == 0 {
		return ""
	}
	return w.records[r.Number-1].spec
}

// freshFix checks the rest of P5: what differs in each respect is not refused.
func (j *judge) freshFix() {
	want := j.after.desired(newSpec("fresh", map[string]string{"www": "alias:www"}, "A=f99"))
	if j.live.Number != 0 && len(j.live.Table()) > 0 {
		want.Functions, want.Distributions = nil, nil
		for name := range j.live.Bound() {
			want.Functions = append(want.Functions, release.Function{Key: name, Spec: versions.Spec{Function: name, Content: "99"}})
		}
		slices.SortFunc(want.Functions, release.CompareFunctions)
		for _, d := range j.live.Distributions {
			d.Bindings = slices.Clone(d.Bindings)
			for i := range d.Bindings {
				d.Bindings[i].Binding.Version.Number = 0
			}
			want.Distributions = append(want.Distributions, d)
		}
	}
	if p, err := j.after.planApply(want, plan.Rules{Adopt: true, AllowDetach: true}); err == nil && len(p.Held) > 0 {
		j.breach("P5", "a fix of everything is refused: %v", p.Held)
	}
}

// repeats checks P1: the command dies before each of its effects, and then is
// typed again.
func repeats(before *world, c command) []breach {
	whole := before.clone()
	out := whole.do(c, fate{})
	if out.code == exitRefused || out.code == exitHeld {
		return nil
	}
	var found []breach
	for k := 1; k <= len(out.steps); k++ {
		w := before.clone()
		dead := w.do(c, fate{dies: k})
		for _, b := range judged(before, c, w, dead) {
			found = append(found, breach{b.rule, b.what + " [" + dead.words + "]"})
		}
		if c.fails {
			continue
		}
		again := w.do(c, fate{})
		add := func(rule, format string, args ...any) {
			found = append(found, breach{rule, fmt.Sprintf("%s; again %v: %s", dead.words, again, fmt.Sprintf(format, args...))})
		}
		if !maps.Equal(w.held, whole.held) {
			add("P1", "%s, and not %s", w.shown(), whole.shown())
			continue
		}
		if again.code != exitDone && again.code != out.code {
			add("P1", "instead of %v", out)
		}
		if was, is := heldWords(whole, c), heldWords(w, c); !slices.Equal(was, is) {
			add("P1", "holds are %v, and not %v", is, was)
		}
		if _, flying := w.state().InFlight(); flying && again.code == exitDone {
			add("P7", "still in flight")
		}
		third := w.clone()
		if third.do(c, fate{}); !maps.Equal(third.held, w.held) {
			add("P1", "a third time moves from %s to %s", w.shown(), third.shown())
		}
	}
	if out.code == exitDone {
		second := whole.clone()
		if out2 := second.do(c, fate{}); !maps.Equal(second.held, whole.held) {
			found = append(found, breach{"P1", fmt.Sprintf("twice: from %s to %s (%v)", whole.shown(), second.shown(), out2)})
		}
	}
	return found
}

// heldWords is what is held, in words: whose rollback holds it matters to resume
// alone.
func heldWords(w *world, c command) []string {
	var words []string
	for _, h := range w.state().Holds() {
		prefix := ""
		if c.verb == "resume" {
			prefix = fmt.Sprint(h.Release, " ")
		}
		for _, s := range h.Content {
			words = append(words, prefix+fmt.Sprint(s))
		}
		for _, e := range h.Edits {
			words = append(words, prefix+fmt.Sprint(e))
		}
		for _, c := range h.Commits {
			words = append(words, prefix+c)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// wayOut checks P7.
func (w *world) wayOut() bool {
	next := []*world{w}
	for range 3 {
		var cs []command
		for _, head := range []string{"s1", "fix", "onlyB", "d2"} {
			cs = append(cs, cmd("apply "+head+" --allow-detach"), cmd("apply "+head+" --allow-detach --adopt"))
		}
		cs = append(cs, cmd("rollback"), cmd("resume --all"))
		for n := range len(w.records) + 1 {
			cs = append(cs, cmd(fmt.Sprintf("rollback --to %d --allow-detach", n)))
		}
		var reached []*world
		for _, w := range next {
			if w.calm() {
				return true
			}
			for _, c := range cs {
				x := w.clone()
				x.do(c, fate{})
				reached = append(reached, x)
			}
		}
		next = reached
	}
	return false
}

// calm reports whether nothing is in flight and some spec has nothing to do.
func (w *world) calm() bool {
	if _, flying := w.state().InFlight(); flying {
		return false
	}
	for _, name := range []string{w.specOf(w.record(w.live)), "s1", "fix", "onlyB", "d2"} {
		if name == "" {
			continue
		}
		if p, code, _ := w.plan(cmd("apply " + name)); code == exitDone && !p.Changes() {
			return true
		}
	}
	live := w.record(w.live)
	return live.Brought == 0 && !slices.ContainsFunc(live.Left, func(l release.Bound) bool { return w.held[l.Slot] == l.Binding })
}

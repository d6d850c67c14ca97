package plan_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// The world is a tiny account with a ledger in it: distributions D1 and D2,
// functions f, g and h of stack s, and x of another team. Commands run on it at
// once, by what their plan says, and may die before any of their effects.
type world struct {
	held     associations.Table
	behavior map[behavior]bool
	exists   map[versions.Ref]bool
	ever     map[versions.Ref]versions.Spec // every version that was ever published
	records  []record1
	live     int
	pending  int
	lock     release.LockInfo
	alias    map[string]string // alternate domain name → distribution
	runs     int
	// One seed gives every subtest the same random numbers. turn lets each make
	// other commands of them.
	turn int

	// What the checks remember, and no planner sees: the slots that hold what a
	// release wrote there, and what a stranger had there before, with the release
	// that took it.
	wrote map[associations.Slot]bool
	ghost map[associations.Slot]ghost
}

type behavior struct{ id, path string }

// record1 is a record as the ledger keeps it: its bytes, with the spec that was
// applied, or that its target was made of.
type record1 struct {
	release.Release
	spec string
}

type ghost struct {
	holder associations.Binding
	by     int
}

func newWorld(foreign bool) *world {
	w := &world{
		held: associations.Table{}, exists: map[versions.Ref]bool{}, ever: map[versions.Ref]versions.Spec{}, alias: map[string]string{"www": "D1"},
		behavior: map[behavior]bool{{"D1", "A"}: true, {"D1", "B"}: true, {"D1", "C"}: true, {"D2", "A"}: true},
		wrote:    map[associations.Slot]bool{}, ghost: map[associations.Slot]ghost{},
	}
	for _, n := range []int{9, 12} {
		w.publish(versions.Ref{Function: "x", Number: n}, versions.Spec{Function: "x", Content: versions.ContentID(strconv.Itoa(n))})
	}
	if foreign {
		w.held[at("C")] = bound("x:9")
	}
	return w
}

func (w *world) clone() *world {
	c := *w
	c.held, c.behavior, c.exists, c.ever = maps.Clone(w.held), maps.Clone(w.behavior), maps.Clone(w.exists), maps.Clone(w.ever)
	c.records, c.alias = slices.Clip(w.records), maps.Clone(w.alias)
	c.wrote, c.ghost = maps.Clone(w.wrote), maps.Clone(w.ghost)
	return &c
}

func (w *world) publish(ref versions.Ref, spec versions.Spec) {
	w.exists[ref], w.ever[ref] = true, spec
}

// at is a slot in words: "A" is in D1, "D2A" in D2.
func at(words string) associations.Slot {
	s := associations.Slot{Distribution: "D1", Path: words, Trigger: associations.ViewerRequest}
	if rest, ok := strings.CutPrefix(words, "D2"); ok {
		s.Distribution, s.Path = "D2", rest
	}
	return s
}

// bound is a version in words: "x:9".
func bound(words string) associations.Binding {
	name, number, _ := strings.Cut(words, ":")
	n, err := strconv.Atoi(number)
	if err != nil {
		panic("a version is written function:number, not " + words)
	}
	return associations.Binding{Version: versions.Ref{Function: name, Number: n}}
}

// ours reports whether a version is one of the stack's.
func ours(b associations.Binding) bool {
	return !b.Empty() && strings.Contains("fgh", b.Version.Function)
}

// record is a release by number; the zero Release for 0.
func (w *world) record(n int) release.Release {
	if n == 0 {
		return release.Release{}
	}
	return w.records[n-1].Release
}

func (w *world) state() release.LedgerState {
	at := release.At(w.live, w.pending)
	s := release.LedgerState{Exists: len(w.records) > 0, Account: account, Live: w.record(at.Live), Pending: w.record(at.Pending), Lock: w.lock}
	if at.Pending != 0 {
		s.Phase = release.PhaseRun
	}
	return s
}

// content finds the content of a bound version.
func (w *world) content(b associations.Binding) versions.Spec { return w.ever[b.Version] }

// shown is what slots hold, in words: "A=f1 B=g1 D2A=f1+".
func (w *world) shown() string {
	var words []string
	for _, s := range w.held.Slots() {
		b := w.held[s]
		word := fmt.Sprintf("%s%s=%s%s", strings.TrimPrefix(s.Distribution, "D1"), s.Path, b.Version.Function, w.content(b).Content)
		if b.IncludeBody {
			word += "+"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// Specs, by name. A slot is "A", "img_A" of another distribution; a function
// with its content is "f1", "f1+" with the body.
type spec struct {
	name   string
	dists  map[string]string // key → "alias:www" or "id:D2"
	places map[release.Place]placed
	tags   map[string]string
}

type placed struct {
	function, content string
	body              bool
}

func newSpec(name string, dists map[string]string, slots ...string) spec {
	s := spec{name: name, dists: dists, places: map[release.Place]placed{}}
	for _, words := range slots {
		where, what, _ := strings.Cut(words, "=")
		key, path, ok := strings.Cut(where, "_")
		if !ok {
			key, path = "www", where
		}
		content, body := strings.CutSuffix(what[1:], "+")
		s.places[release.Place{Key: key, Path: path, Trigger: associations.ViewerRequest}] = placed{what[:1], content, body}
	}
	return s
}

// allSpecs are the specs that commands name. Nobody changes them.
var allSpecs = sync.OnceValue(func() map[string]spec {
	www := map[string]string{"www": "alias:www"}
	both := map[string]string{"www": "alias:www", "img": "id:D2"}
	d2 := map[string]string{"www": "id:D2"}
	tagged := newSpec("tag", www, "A=f2", "B=g1")
	tagged.tags = map[string]string{"t": "1"}
	specs := map[string]spec{"tag": tagged}
	for _, s := range []spec{
		newSpec("s1", www, "A=f1", "B=g1"), newSpec("s2", www, "A=f2", "B=g1"), newSpec("s3", www, "A=f3", "B=g3"),
		newSpec("fix", www, "A=f4", "B=g1"), newSpec("fix2", www, "A=f6", "B=g1"),
		newSpec("add", www, "A=f1", "B=g1", "C=f1"), // fills or takes C with what is bound elsewhere
		newSpec("addC", www, "A=f1", "B=g1", "C=h2"), newSpec("rem", www, "A=f1"), newSpec("swap", www, "A=f1", "B=f1"),
		newSpec("ib", www, "A=f1+", "B=g1"), newSpec("gg", www, "A=g1", "B=g1"), newSpec("onlyC", www, "C=f5"), newSpec("onlyB", www, "B=g1"),
		newSpec("two", both, "A=f1", "B=g1", "img_A=f1"), newSpec("two2", both, "A=f2", "B=g1", "img_A=f2"),
		newSpec("wide", both, "A=f1", "B=g1", "C=f1", "img_A=f1"),
		newSpec("d2", d2, "A=f2"), newSpec("cross", map[string]string{"www": "id:D2", "img": "id:D1"}, "A=f2", "img_A=f2"), newSpec("one", map[string]string{"www": "id:D1"}, "A=f1"),
		newSpec("z2", www, "Z=f2", "B=g1"), newSpec("z3", www, "Z=f3", "B=g1"),
		newSpec("abc1", www, "A=f1", "B=g1", "C=h1"), newSpec("abc2", www, "A=f2", "B=g2", "C=h2"), newSpec("abc3", www, "A=f3", "B=g2", "C=h2"),
	} {
		specs[s.name] = s
	}
	return specs
})

// desired is what a spec wants in this world.
func (w *world) desired(s spec) plan.Desired {
	want := plan.Desired{Stack: "s", Account: account, Tags: s.tags, Source: release.Source{Commit: s.name}}
	for _, key := range slices.Sorted(maps.Keys(s.dists)) {
		how, name, _ := strings.Cut(s.dists[key], ":")
		d := release.Distribution{Key: key, IDs: []string{name}, Bindings: []release.Placed{}}
		if how == "alias" {
			d.Alias, d.IDs = name, []string{w.alias[name]}
		}
		for place, p := range s.places {
			if place.Key != key {
				continue
			}
			d.Bindings = append(d.Bindings, release.Placed{Path: place.Path, Trigger: place.Trigger, Binding: associations.Binding{
				Version: versions.Ref{Function: p.function}, IncludeBody: p.body,
			}})
			f := release.Function{Key: p.function, Spec: versions.Spec{Function: p.function, Content: versions.ContentID(p.content)}}
			if !slices.Contains(want.Functions, f) {
				want.Functions = append(want.Functions, f)
			}
		}
		slices.SortFunc(d.Bindings, func(a, b release.Placed) int { return cmp.Compare(a.Path, b.Path) })
		want.Distributions = append(want.Distributions, d)
	}
	slices.SortFunc(want.Functions, release.CompareFunctions)
	return want
}

// see is what an observer knows: the records in hand, the distributions that
// they name, and the versions that sit there and are in no record in hand.
func (w *world) see(more []release.Release, wanted []release.Distribution) plan.Observed {
	state := w.state()
	have := plan.Observed{
		Stack: "s", Account: account, Ledger: state, Releases: map[int]release.Release{}, Heads: map[string]versions.Head{},
		Versions: versions.Inventory{}, States: map[versions.Ref]versions.Published{}, Gone: map[versions.Ref]bool{},
		Distributions: map[string]associations.State{},
	}
	records := append([]release.Release{state.Live, state.Pending}, more...)
	ids := release.Release{Distributions: wanted}.IDs()
	for _, r := range records {
		ids = append(ids, r.IDs()...)
	}
	for _, r := range more {
		have.Releases[r.Number] = r
	}
	for _, e := range state.Pending.Edits {
		ids = append(ids, e.Slot.Distribution)
	}
	for _, r := range []release.Release{state.Live, state.Pending} {
		for _, l := range r.Left {
			ids = append(ids, l.Slot.Distribution)
		}
	}
	names := map[string]bool{}
	for _, r := range append(records, release.Release{Functions: w.functionsOf(wanted)}) {
		for _, f := range r.Functions {
			names[f.Spec.Function] = true
		}
		for _, l := range r.Left {
			names[l.Binding.Version.Function] = true
		}
	}
	own := release.Base{Live: state.Live, Superseded: state.Pending}.Ownership().Slots
	for _, id := range ids {
		have.Distributions[id] = w.distribution(id)
		for slot, b := range have.Distributions[id].Held {
			known := slices.ContainsFunc(records, func(r release.Release) bool { _, ok := r.Records(b.Version); return ok })
			if (names[b.Version.Function] || own[slot]) && !known {
				w.look(&have, b.Version)
			}
		}
	}
	return have
}

func (w *world) functionsOf(entries []release.Distribution) []release.Function {
	var list []release.Function
	for name := range (release.Release{Distributions: entries}).Bound() {
		list = append(list, release.Function{Spec: versions.Spec{Function: name}})
	}
	return list
}

func (w *world) distribution(id string) associations.State {
	s := associations.State{
		Distribution: id, Account: account, DomainName: id + ".example.net", Enabled: true, Deployed: true, PolicyKnown: true, Held: associations.Table{},
	}
	for b := range w.behavior {
		if b.id == id {
			s.Behaviors = append(s.Behaviors, b.path)
		}
	}
	slices.Sort(s.Behaviors)
	for slot, b := range w.held {
		if slot.Distribution == id {
			s.Held[slot] = b
		}
	}
	return s
}

// look reads one version.
func (w *world) look(have *plan.Observed, ref versions.Ref) {
	if !w.exists[ref] {
		have.Gone[ref] = true
		return
	}
	v := versions.Version{Ref: ref, Spec: w.ever[ref]}
	tags := map[string]string{}
	if ours(associations.Binding{Version: ref}) {
		v.Stack, tags[versions.StackTag] = "s", "s"
	}
	have.States[ref] = versions.Published{Version: v, State: versions.State{State: "Active"}, Tags: tags}
}

// lookUp asks for the version of a content, as its alias names it.
func (w *world) lookUp(have *plan.Observed, spec versions.Spec) {
	for ref := range w.exists {
		if w.ever[ref] == spec {
			have.Versions[spec.Function] = []versions.Version{{Ref: ref, Spec: spec, Stack: "s"}}
			return
		}
	}
	have.Heads[spec.Function] = versions.Head{
		Function: spec.Function, Exists: w.last(spec.Function) > 0, Tags: map[string]string{versions.StackTag: "s"},
	}
}

func (w *world) last(function string) int {
	last := 0
	for ref := range w.ever {
		if ref.Function == function {
			last = max(last, ref.Number)
		}
	}
	return last
}

// stored is a record as it is read again from its bytes.
func stored(r release.Release, n int) release.Release {
	doc, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	var back release.Release
	if err := json.Unmarshal(doc, &back); err != nil {
		panic(err)
	}
	return back.Numbered(n)
}

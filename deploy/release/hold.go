package release

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Hold is what a rollback took out of service. An apply that would bring it
// back is refused, until it differs in each respect or resume lifts the hold.
type Hold struct {
	Release int `json:"release"` // the release that was rolled back
	// Brought is the release that brought what is held.
	Brought Origin `json:"brought"`
	// Content was in service, or in flight, and the target does not bind it.
	Content []versions.Spec `json:"content,omitempty"`
	// Edits say what content alone does not: slots that were filled or emptied,
	// or bound with a body.
	Edits []HeldEdit `json:"edits,omitempty"`
	// Commits are the clean source commits of the releases that were passed.
	Commits []string `json:"commits,omitempty"`
	// Why is what was said with the rollback, in one line; its end may be missing.
	Why string `json:"why,omitempty"`
}

// HeldEdit is a slot as it must not become again.
type HeldEdit struct {
	Place Place `json:"place"` // where
	// Spec is what must not be bound there. With Empty, the slot must not be
	// emptied again, and Spec is what the rollback filled it with.
	Spec        versions.Spec `json:"spec"`
	Empty       bool          `json:"empty,omitempty"` // what must not come again is that nothing is there
	IncludeBody bool          `json:"includeBody,omitempty"`
}

// none reports whether the hold holds nothing.
func (h Hold) none() bool { return len(h.Content)+len(h.Edits)+len(h.Commits) == 0 }

// without leaves out of a hold what concerns one function; its commits concern all.
func (h Hold) without(function string) Hold {
	h.Content = slices.DeleteFunc(slices.Clone(h.Content), func(s versions.Spec) bool { return s.Function == function })
	h.Edits = slices.DeleteFunc(slices.Clone(h.Edits), func(e HeldEdit) bool { return e.Spec.Function == function })
	return h
}

// Held is one reason why a plan is held.
type Held struct {
	Release int    `json:"release"` // the rolled-back release
	Key     string `json:"key,omitempty"`
	// Content is the held content that the plan would bind; "" for the others.
	Content versions.ContentID `json:"content,omitempty"`
	// Place is the slot that would become again what it was.
	Place  string `json:"place,omitempty"`
	Commit string `json:"commit,omitempty"`
	Strict bool   `json:"strict,omitempty"` // the spec says hold: strict
	Why    string `json:"why,omitempty"`    // what was said with the rollback
}

func (h Held) String() string {
	switch {
	case h.Strict:
		return fmt.Sprintf("release %d was rolled back and the spec says hold: strict", h.Release)
	case h.Content != "":
		return fmt.Sprintf("%s %s, as it is configured, was taken out of service when release %d was rolled back", h.Key, h.Content.Short(), h.Release)
	case h.Place != "":
		return fmt.Sprintf("%s would become again what it was before release %d was rolled back", h.Place, h.Release)
	default:
		return fmt.Sprintf("commit %s was taken out of service when release %d was rolled back", Source{Commit: h.Commit}.Short(), h.Release)
	}
}

// HeldError says that a plan would bring back what a rollback took out of
// service. Nothing was changed.
type HeldError struct {
	Stack string
	Held  []Held
	// Flight is the release in flight that has to be ended before anything can be
	// lifted; 0 for none.
	Flight int
	// Stays reports that a rollback cannot end it: there is no release before it.
	Stays bool
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("stack %s is held: %s", e.Stack, strings.Join(append(Together(e.Held), Whys(e.Held)...), "; "))
}

// Together says what is held, in one sentence of each release for its contents.
func Together(held []Held) []string {
	contents := map[int][]string{}
	for _, h := range held {
		if h.Content != "" && !h.Strict {
			contents[h.Release] = append(contents[h.Release], h.Key+" "+h.Content.Short())
		}
	}
	var parts []string
	for _, h := range held {
		all := contents[h.Release]
		switch {
		case h.Content == "" || h.Strict || len(all) == 1:
			parts = append(parts, h.String())
		case len(all) > 1:
			parts = append(parts, fmt.Sprintf("%s, as they are configured, were taken out of service when release %d was rolled back", strings.Join(all, ", "), h.Release))
			contents[h.Release] = nil
		}
	}
	return parts
}

// Whys say once for each release what was said when it was rolled back.
func Whys(held []Held) []string {
	var list []string
	for _, h := range held {
		text := fmt.Sprintf("the rollback of release %d says: %s", h.Release, h.Why)
		if h.Why != "" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// maxWhy is how many runes of what was said a hold keeps: each record carries the
// holds of those before it.
const maxWhy = 200

// Because notes with a release's own hold why it was rolled back.
func Because(holds []Hold, undone int, message string) []Hold {
	why := []rune(strings.Join(strings.Fields(message), " "))
	if len(why) > maxWhy {
		why = append(why[:maxWhy-1], '…')
	}
	holds = slices.Clone(holds)
	for i, h := range holds {
		if h.Release == undone && len(why) > 0 {
			holds[i].Why = string(why)
		}
	}
	return holds
}

// Holds are those in force: of the live release and of what is in flight. A
// rollback holds from before its first write, so its record holds as long as it
// is in flight.
func (s LedgerState) Holds() []Hold { return joinHolds(s.Live.Holds, s.Pending.Holds) }

// joinHolds merges holds by release.
func joinHolds(lists ...[]Hold) []Hold {
	byRelease := map[int]Hold{}
	for _, list := range lists {
		for _, h := range list {
			have, ok := byRelease[h.Release]
			if !ok {
				byRelease[h.Release] = h
				continue
			}
			have.Content = union(have.Content, h.Content)
			have.Edits = union(have.Edits, h.Edits)
			have.Commits = union(have.Commits, h.Commits)
			have.Why = cmp.Or(have.Why, h.Why)
			byRelease[h.Release] = have
		}
	}
	return slices.SortedFunc(maps.Values(byRelease), func(a, b Hold) int { return a.Release - b.Release })
}

func union[T comparable](a, b []T) []T {
	all := slices.Clone(a)
	have := make(map[T]bool, len(a)+len(b))
	for _, x := range a {
		have[x] = true
	}
	for _, x := range b {
		if !have[x] {
			have[x] = true
			all = append(all, x)
		}
	}
	return all
}

// Bringing is what a plan would bind: what holds are compared with.
type Bringing struct {
	Places map[Place]associations.Binding
	// Spec is the content and configuration of what a binding names.
	Spec   func(versions.Ref) versions.Spec
	Key    func(function string) string // the function's key in the spec
	Source Source
	Strict bool // the spec says hold: strict
	// Gone reports whether a place's cache behavior does not exist any more: an
	// edit there holds nothing.
	Gone func(Place) bool
}

// HeldBy gives every reason why the holds keep a plan from being run.
func HeldBy(holds []Hold, b Bringing) []Held {
	bound := map[versions.Spec]bool{}
	for _, binding := range b.Places {
		bound[b.Spec(binding.Version)] = true
	}
	var held []Held
	for _, h := range holds {
		if b.Strict {
			held = append(held, Held{Release: h.Release, Why: h.Why, Strict: true})
			continue
		}
		for _, s := range h.Content {
			if bound[s] {
				held = append(held, Held{Release: h.Release, Why: h.Why, Key: b.Key(s.Function), Content: s.Content})
			}
		}
		for _, e := range h.Edits {
			if !b.Gone(e.Place) && e.again(b.Places, b.Spec) {
				held = append(held, Held{Release: h.Release, Why: h.Why, Key: b.Key(e.Spec.Function), Place: e.Place.String()})
			}
		}
		for _, c := range h.Commits {
			if c == b.Source.Commit && !b.Source.Dirty {
				held = append(held, Held{Release: h.Release, Why: h.Why, Commit: c})
			}
		}
	}
	return held
}

// again reports whether the place would become again what must not be.
func (e HeldEdit) again(places map[Place]associations.Binding, spec func(versions.Ref) versions.Spec) bool {
	b, bound := places[e.Place]
	if !bound || e.Empty {
		return !bound && e.Empty
	}
	return spec(b.Version) == e.Spec && b.IncludeBody == e.IncludeBody
}

// Passing is a rollback as its holds see it.
type Passing struct {
	Undone int    // the release that is rolled back
	Origin Origin // and the one that brought what it binds
	// Taken are the releases whose bindings it takes out of service: the live
	// one, the one in flight, or both.
	Taken  []Release
	Target Release
	// Binds is what the rollback itself binds: the target's bindings, at the
	// places where they are now.
	Binds map[Place]associations.Binding
	// Moved says where a place of the target is now, where its pattern was renamed.
	Moved map[Place]Place
}

// NewHold is what a rollback holds.
func NewHold(p Passing) Hold {
	content, edits, commits := map[versions.Spec]bool{}, map[HeldEdit]bool{}, map[string]bool{}
	target, wanted := p.Target.Contents(), p.Target.specs()
	for _, r := range p.Taken {
		places, specs := map[Place]associations.Binding{}, r.specs()
		for at, b := range r.Places() {
			if to, ok := p.Moved[at]; ok {
				at = to
			}
			places[at] = b
		}
		for at, b := range places {
			spec := specs(b.Version)
			e := HeldEdit{Place: at, Spec: spec, IncludeBody: b.IncludeBody}
			switch {
			case !target[spec]:
				content[spec] = true
			case !e.again(p.Binds, wanted):
				edits[e] = true
			}
		}
		for at, b := range p.Binds {
			if _, bound := places[at]; !bound {
				edits[HeldEdit{Place: at, Spec: wanted(b.Version), Empty: true}] = true
			}
		}
		if r.Brought == p.Target.Brought {
			continue
		}
		for _, c := range passed(p.Target, r) {
			if !slices.Contains(p.Target.Commits, c) {
				commits[c] = true
			}
		}
	}
	h := Hold{
		Release: p.Undone, Brought: p.Origin,
		Content: slices.Collect(maps.Keys(content)), Edits: slices.Collect(maps.Keys(edits)), Commits: slices.Collect(maps.Keys(commits)),
	}
	return h.sorted()
}

// sorted gives a hold one order, so that equal holds have equal bytes.
func (h Hold) sorted() Hold {
	slices.SortFunc(h.Content, compareSpecs)
	slices.SortFunc(h.Edits, func(a, b HeldEdit) int {
		return cmp.Or(cmp.Compare(a.Place.String(), b.Place.String()), compareSpecs(a.Spec, b.Spec), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	slices.Sort(h.Commits)
	return h
}

func compareSpecs(a, b versions.Spec) int {
	return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(a.Content, b.Content), cmp.Compare(fmt.Sprint(a.Config), fmt.Sprint(b.Config)))
}

// AfterRollback returns the holds in force once a rollback was recorded: those
// before it, but for what its target brings back, and its own. moved says where a
// place of the target is now, where its pattern was renamed. A place that the
// rollback had to leave out counts as bound: the target does not want it empty.
func AfterRollback(before []Hold, target Release, moved map[Place]Place, own Hold) []Hold {
	bound, specs := target.Contents(), target.specs()
	binds := map[Place]associations.Binding{}
	for at, b := range target.Places() {
		binds[at] = b
		if to, ok := moved[at]; ok {
			binds[to] = b // a hold may be older than the renaming, or younger
		}
	}
	var holds []Hold
	for _, h := range before {
		h.Content = slices.DeleteFunc(slices.Clone(h.Content), func(s versions.Spec) bool { return bound[s] })
		h.Commits = slices.DeleteFunc(slices.Clone(h.Commits), func(c string) bool { return slices.Contains(target.Commits, c) })
		h.Edits = slices.DeleteFunc(slices.Clone(h.Edits), func(e HeldEdit) bool { return e.again(binds, specs) })
		if !h.none() {
			holds = append(holds, h)
		}
	}
	if own.none() {
		return holds
	}
	return joinHolds(holds, []Hold{own})
}

// Lift is what resume asks for.
type Lift struct {
	Release  int    // 0 for every release that is held
	Function string // "" for every function
}

// Lifted splits the holds in force into those that stay and those that resume
// lifts.
func Lifted(holds []Hold, l Lift) (stay, gone []Hold) {
	for _, h := range holds {
		if l.Release != 0 && h.Release != l.Release {
			stay = append(stay, h)
			continue
		}
		rest := Hold{}
		if l.Function != "" {
			rest = h.without(l.Function)
		}
		if len(rest.Content) == len(h.Content) && len(rest.Edits) == len(h.Edits) && len(rest.Commits) == len(h.Commits) {
			stay = append(stay, h)
			continue
		}
		if !rest.none() {
			stay = append(stay, rest)
		}
		gone = append(gone, h)
	}
	return stay, gone
}

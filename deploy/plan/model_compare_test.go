package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// TestThePlannerFollowsTheModel plays random histories in the planner's world and
// in the model's. After each command both have the same bound, the same numbers,
// the same lineage and holds, and the same answer to what might come next.
func TestThePlannerFollowsTheModel(t *testing.T) {
	t.Parallel()
	for i := range 10 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				if story, differs := history(t, 10*i); len(differs) > 0 {
					t.Fatalf("%s\nafter\n  %s", strings.Join(differs, "\n"), strings.Join(story, "\n  "))
				}
			})
		})
	}
}

// history plays a random one up to the first difference.
func history(t *rapid.T, turn int) (story, differs []string) {
	foreign := rapid.Bool().Draw(t, "foreign")
	w, m := newWorld(foreign), newModel(foreign)
	w.turn = turn
	story = []string{fmt.Sprintf("foreign %v", foreign)}
	for range rapid.IntRange(5, 30).Draw(t, "length") {
		words := wordsOf(t, w)
		if c := cmd(words); !c.tool() {
			if w.hand(c) {
				m.account.hand(c)
				story = append(story, words)
			}
			continue
		}
		before := len(w.records)
		told, differs := both(t, w, m, words)
		story = append(story, told)
		differs = append(differs, differences(w, m, before)...)
		if len(differs) == 0 {
			differs = nextDiffer(w, m, probes(t, w))
		}
		if len(differs) > 0 {
			return story, differs
		}
	}
	return story, nil
}

// both plays one command in both worlds, undisturbed or not.
func both(t *rapid.T, w *world, m *model, words string) (told string, differs []string) {
	c, real, ideal := cmd(words), fate{}, fate{}
	switch x := rapid.IntRange(0, 99).Draw(t, "fate"); {
	case x < 25:
		real.dies = rapid.IntRange(1, 10).Draw(t, "dies")
		ideal.dies = real.dies
	case x < 35 && !c.fails:
		rival := wordsOf(t, w)
		if cmd(rival).fails {
			rival = "apply two2"
		}
		words += " [rival " + rival + "]"
		r := cmd(rival)
		if !r.tool() {
			real.between, ideal.between = func() { w.hand(r) }, func() { m.account.hand(r) }
			break
		}
		real.between, ideal.between = func() { w.do(r, fate{}) }, func() { m.do(r, fate{}) }
	}
	out := w.do(c, real)
	code, steps := m.do(c, ideal)
	if out.code == exitDied {
		words += fmt.Sprintf(" [%d: %s]", real.dies, out.words)
	}
	if out.code != code || !slices.Equal(out.steps, steps) {
		differs = []string{fmt.Sprintf("the planner: %v %v; the model: exit %d %v", out, out.steps, code, steps)}
	}
	return words, differs
}

// differences compares where both stand, and the records that were added.
func differences(w *world, m *model, before int) (list []string) {
	differ := func(what string, real, ideal any) {
		if words := [2]string{fmt.Sprint(real), fmt.Sprint(ideal)}; words[0] != words[1] {
			list = append(list, fmt.Sprintf("%s: the planner has %s, the model %s", what, words[0], words[1]))
		}
	}
	at := release.At(w.live, w.pending)
	if !maps.Equal(w.held, m.account.held) {
		differ("bound", w.shown(), m.account.shown())
	}
	differ("live and in flight", [2]int{at.Live, at.Pending}, m.position())
	differ("records", len(w.records), len(m.entries))
	for n := before + 1; n <= min(len(w.records), len(m.entries)); n++ {
		r, e, what := w.record(n), m.entry(n), fmt.Sprintf("release %d: ", n)
		differ(what+"parent, brought, returns, back", []int{r.Parent, int(r.Brought), r.Returns, r.Back}, []int{e.parent, e.brought, e.returns, e.back})
		differ(what+"undone, target", []int{r.Undone, r.Target}, []int{e.undone, e.target})
		differ(what+"holds", recordedBans(r), slices.Sorted(maps.Keys(banWords(e))))
		left := slotted{}
		for _, l := range r.Left {
			left[l.Slot] = l.Binding
		}
		differ(what+"left", left, e.left)
	}
	return list
}

func banWords(e entry) map[string]bool {
	words := map[string]bool{}
	for h := range e.holds {
		words[h.String()] = true
	}
	return words
}

func (b ban) String() string {
	switch {
	case b.commit != "":
		return fmt.Sprintf("r%d: commit %s", b.release, b.commit)
	case b.edit():
		return fmt.Sprintf("r%d: %s %s %s%s body=%v empty=%v", b.release, b.at.key, b.at.path, b.function, b.content, b.body, b.empty)
	}
	return fmt.Sprintf("r%d: %s%s", b.release, b.function, b.content)
}

// recordedBans is what the holds of a record say, as the model says it.
func recordedBans(r release.Release) []string {
	words := map[string]bool{}
	for _, h := range r.Holds {
		for _, s := range h.Content {
			words[ban{release: h.Release, function: s.Function, content: string(s.Content)}.String()] = true
		}
		for _, e := range h.Edits {
			words[ban{
				release: h.Release, function: e.Spec.Function, content: string(e.Spec.Content),
				at: where{e.Place.Key, e.Place.Path}, body: e.IncludeBody, empty: e.Empty,
			}.String()] = true
		}
		for _, c := range h.Commits {
			words[ban{release: h.Release, commit: c}.String()] = true
		}
	}
	return slices.Sorted(maps.Keys(words))
}

// probes draws some of what might be typed next.
func probes(t *rapid.T, w *world) []string {
	list := []string{"rollback"}
	names := slices.Sorted(maps.Keys(allSpecs()))
	for range 2 {
		list = append(list, "apply "+rapid.SampledFrom(names).Draw(t, "probe"), "apply "+rapid.SampledFrom(names).Draw(t, "probe")+" --adopt --allow-detach")
		to := fmt.Sprintf("rollback --to %d", rapid.IntRange(0, len(w.records)).Draw(t, "probe"))
		list = append(list, to+rapid.SampledFrom([]string{"", " --allow-detach", " --adopt --allow-detach"}).Draw(t, "flags"))
	}
	return append(list, "resume --all", fmt.Sprintf("rollback --of %d", rapid.IntRange(1, len(w.records)+1).Draw(t, "probe")))
}

// nextDiffer compares what both would do next.
func nextDiffer(w *world, m *model, commands []string) (list []string) {
	for _, words := range commands {
		c := cmd(words)
		p, code, err := w.plan(c)
		real, ideal := intent{code, p.Changes(), len(p.Edits())}, m.intent(c)
		switch {
		case code != exitDone:
			real.changes = false
		case len(p.Unfinished) > 0:
			real.code = exitFailed
		}
		if real != ideal {
			list = append(list, fmt.Sprintf("next: %s: the planner: %v (%v); the model: %v", words, real, err, ideal))
		}
	}
	return list
}

// intent is what a command would come to: its exit code, whether it changes
// anything, and how many slots it writes or is kept from writing by what is held.
type intent struct {
	code    int
	changes bool
	edits   int
}

func (m *model) intent(c command) intent {
	switch p := m.plan(c); p.code {
	case exitDone:
		return intent{p.after, !p.idle && !p.nothing(), len(p.edits)}
	case exitHeld:
		return intent{p.code, false, len(p.edits)}
	default:
		return intent{code: p.code}
	}
}

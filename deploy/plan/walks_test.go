package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// A walk is a random history: commands, deaths at any effect, other hands, and
// rivals that act between a plan and its run. After each command the rules are
// checked. -rapid.checks makes it longer.
func TestEveryHistoryKeepsTheRules(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { walk(t, 5*i) })
		})
	}
}

// wordsOf draws a command for a world.
func wordsOf(t *rapid.T, w *world) string {
	applies := []string{
		"apply s1", "apply s2", "apply s3", "apply fix", "apply add", "apply rem", "apply swap", "apply ib", "apply gg", "apply tag", "apply two", "apply two2",
		"apply s1 --adopt --allow-detach", "apply s2 --adopt --allow-detach", "apply addC --adopt --allow-detach", "apply add --adopt --allow-detach",
		"apply d2 --adopt --allow-detach", "apply onlyC --adopt --allow-detach", "apply fix --adopt --allow-detach", "apply two2 --fails", "apply two --fails",
	}
	hands := []string{
		"bind C x:12", "bind A f:2", "bind A f:1", "bind B x:9", "bind C f:1", "clear A", "clear C", "rename D1 A Z", "rename D1 Z A", "copy D1 A Y",
		"drop D1 Y", "drop D1 Z", "drop D1 A", "add D1 A", "alias D2", "alias D1", "delete f:1", "delete f:2", "delete x:9",
	}
	number := func() int { return rapid.IntRange(0, len(w.records)).Draw(t, "number") }
	switch x := (rapid.IntRange(0, 99).Draw(t, "what") + w.turn) % 100; {
	case x < 42:
		return rapid.SampledFrom(applies).Draw(t, "apply")
	case x < 66:
		return "rollback"
	case x < 68:
		return "rollback --adopt"
	case x < 74:
		return fmt.Sprintf("rollback --to %d", number())
	case x < 80:
		return fmt.Sprintf("rollback --to %d --allow-detach", number())
	case x < 86:
		return fmt.Sprintf("rollback --of %d", w.applied(number()))
	case x < 90:
		return rapid.SampledFrom([]string{"resume --all", fmt.Sprintf("resume %d", max(1, number())), "resume --all --function f"}).Draw(t, "resume")
	default:
		return rapid.SampledFrom(hands).Draw(t, "hand")
	}
}

// applied is the newest release up to n that no rollback made: those are what
// --of names.
func (w *world) applied(n int) int {
	for n > 1 && w.record(n).Kind == release.KindRollback {
		n--
	}
	return max(1, n)
}

func walk(t *rapid.T, turn int) {
	w := newWorld(rapid.Bool().Draw(t, "foreign"))
	w.turn = turn
	var story []string
	for range rapid.IntRange(3, 20).Draw(t, "length") {
		words := wordsOf(t, w)
		c := cmd(words)
		if !c.tool() {
			if w.hand(c) {
				story = append(story, words)
			}
			continue
		}
		before := w.clone()
		if rapid.IntRange(0, 19).Draw(t, "repeat") == 0 {
			report(t, append(story, words), repeats(before, c))
		}
		told, found := one(t, w, words)
		story = append(story, told)
		report(t, story, found)
	}
	if rapid.IntRange(0, 9).Draw(t, "way out") == 0 && !w.wayOut() {
		t.Fatalf("P7: no way out in two commands\n%s", strings.Join(story, "\n"))
	}
}

// one runs one command of a walk, undisturbed or not, and tells it.
func one(t *rapid.T, w *world, words string) (string, []breach) {
	before, c := w.clone(), cmd(words)
	switch x := rapid.IntRange(0, 99).Draw(t, "fate"); {
	case x < 25:
		out := w.do(c, fate{dies: rapid.IntRange(1, 10).Draw(t, "dies")})
		return fmt.Sprintf("%s: %v", words, out), judged(before, c, w, out)
	case x < 32 && !c.fails:
		rival := wordsOf(t, w)
		if cmd(rival).fails {
			rival = "apply two2"
		}
		var then *world
		out := w.do(c, fate{between: func() {
			if r := cmd(rival); r.tool() {
				w.do(r, fate{})
			} else {
				w.hand(r)
			}
			then = w.clone()
		}})
		told := fmt.Sprintf("%s planned, %s, then run: %v", words, rival, out)
		if len(out.steps) == 0 {
			return told, nil
		}
		found := (&judge{before: then, after: w, command: c, out: out, rival: true}).all()
		if c.plain() && out.did.Number != 0 && then.state().Position() != before.state().Position() {
			found = append(found, breach{"P8", "a rollback undid what its author had not seen"})
		}
		return told, found
	default:
		out := w.do(c, fate{})
		return fmt.Sprintf("%s: %v", words, out), judged(before, c, w, out)
	}
}

func report(t *rapid.T, story []string, found []breach) {
	if len(found) == 0 {
		return
	}
	var words []string
	for _, b := range found {
		words = append(words, b.String())
	}
	t.Fatalf("%s\nafter\n  %s", strings.Join(words, "\n"), strings.Join(story, "\n  "))
}

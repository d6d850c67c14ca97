package plan_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

const account = "123456789012"

// A row is a history, one command a line:
//
//	apply s2                 exit 0
//	apply s2 ! 5             exit 5
//	rollback => A=f1 B=g1    and this is bound then
//	every rollback           dies before each effect from `pending` on; the rest follows each
//	ever rollback            dies before each effect
//	write apply s2           dies before its first write; commit, append, pending: before that
//
// After each command the rules are checked, but for "bare" ones.
func TestHistories(t *testing.T) {
	t.Parallel()
	const (
		r1, r2, r4 = " => A=f1 B=g1", " => A=f2 B=g1", " => A=f4 B=g1"
	)
	for name, row := range map[string][]string{
		"a repeated rollback goes back once":                                                 {"apply s1", "apply s2", "rollback" + r1, "rollback" + r1, "rollback" + r1},
		"what a hand put back is put back":                                                   {"apply s1", "apply s2", "rollback", "bind A f:2", "rollback" + r1, "rollback" + r1},
		"a fix that is bad too":                                                              {"apply s1", "apply s2", "rollback", "apply fix", "rollback" + r1, "rollback" + r1},
		"a release of tags only brings nothing":                                              {"apply s1", "apply s2", "apply tag", "rollback" + r1},
		"a resume brings nothing":                                                            {"apply s1", "apply s3", "rollback", "apply fix", "resume 2", "rollback" + r1},
		"a resume does not end being back":                                                   {"apply s1", "apply s2", "rollback", "resume 2", "rollback" + r1},
		"the first release has nothing to go back to":                                        {"apply s1", "rollback ! 1" + r1, "rollback --to 0 =>"},
		"what a dead first apply wrote is undone":                                            {"write apply s1", "rollback =>", "rollback =>"},
		"all that a dead first apply wrote is undone":                                        {"commit apply s1", "rollback =>", "rollback =>"},
		"a slot of a dead release is decided":                                                {"apply s1", "ever apply wide", "ever apply s2 --allow-detach", "apply s2 --allow-detach" + r2},
		"a dead rollback is completed":                                                       {"apply s1", "apply s2", "apply s3", "ever rollback", "rollback" + r2, "rollback" + r2},
		"what a dead rollback holds is refused":                                              {"apply s1", "apply s2", "apply s3", "every rollback", "apply s3 ! 5", "rollback" + r2},
		"a fix over a dead rollback returns to it":                                           {"apply s1", "apply s2", "apply s3", "every rollback", "apply fix" + r4, "rollback" + r2},
		"resume waits for a dead rollback":                                                   {"apply s1", "apply s2", "apply s3", "write rollback", "resume 3 ! 4", "rollback" + r2, "resume 3"},
		"a dead resume is repeated":                                                          {"apply s1", "apply s2", "rollback", "ever resume 2", "resume 2", "apply s2" + r2},
		"--of what is not live changes nothing":                                              {"apply s1", "rollback --of 2" + r1, "apply s2", "rollback --of 1" + r2, "rollback --of 2" + r1},
		"--of a release that others inherited":                                               {"apply s1", "apply s2", "apply tag", "rollback --of 2" + r1},
		"--to takes all later ones out of service":                                           {"apply s1", "apply s2", "apply s3", "apply fix", "rollback --to 1", "apply s3 ! 5", "apply s2 ! 5", "apply s1"},
		"what was left is emptied, whatever version it holds":                                {"apply s1", "apply onlyB", "write apply s2", "rollback --to 0", "bind A f:1", "rollback --to 0 =>"},
		"on-failure over a dead rollback completes it":                                       {"apply two", "apply two2", "write rollback", "apply two --fails ! 1 => A=f1 B=g1 D2A=f1", "apply two2 ! 5", "rollback => A=f1 B=g1 D2A=f1"},
		"on-failure of a repair leaves what is live":                                         {"apply two", "apply two2", "clear A", "clear D2A", "apply two2 --fails ! 1 => A=f2 B=g1 D2A=f2", "rollback => A=f1 B=g1 D2A=f1"},
		"a commit that died and was superseded is held once it was live":                     {"apply s1", "write apply s3", "apply s2", "apply s3", "rollback" + r2, "apply s3 ! 5", "resume --all --function f", "resume --all --function g", "apply s3 ! 5"},
		"put back over a stranger's":                                                         {"apply s1", "apply s2", "rollback", "bind A x:9", "rollback ! 4", "rollback --adopt" + r1, "rollback" + r1, "rollback --to 0 => A=x9"},
		"gone to again over a stranger's":                                                    {"apply s1", "bind A x:9", "rollback --to 1 ! 4", "rollback --to 1 --adopt" + r1, "rollback --to 0 => A=x9"},
		"completed over a stranger's":                                                        {"apply s1", "apply s2", "write rollback", "bind A x:9", "rollback --adopt" + r1, "rollback --to 0 => A=x9"},
		"what a woken run writes late is named and emptied":                                  {"apply s1", "write apply addC", "rollback" + r1, "bind C h:1", "rollback ! 1 => A=f1 B=g1 C=h2", "apply s1" + r1},
		"also some releases later":                                                           {"apply s1", "write apply addC", "rollback" + r1, "apply fix", "apply fix2", "bind C h:1", "apply fix => A=f4 B=g1"},
		"what a dead release was to take is taken":                                           {"apply s2", "bind C f:1", "write apply addC", "apply add", "rollback => A=f2 B=g1 C=f2"},
		"tags that were set are not set again":                                               {"apply s1", "apply s2", "commit apply tag", "apply tag", "rollback --to 4 ! 1"},
		"an edit holds where its name means another distribution only if it has the pattern": {"apply add", "apply swap", "rollback", "apply swap ! 5", "apply d2 --allow-detach => D2A=f2"},
		"a hold from before a renaming is lifted":                                            {"apply s1", "apply ib", "rollback", "rename D1 A Z", "rollback --to 2 => B=g1 Z=f1+", "rename D1 Z A", "apply ib => A=f1+ B=g1"},
		"what could not be filled again stays held":                                          {"apply s1", "apply rem", "rollback", "apply d2 --allow-detach", "rollback ! 1 => D2A=f1", "apply rem --allow-detach ! 5"},
		"a commit that was applied again is passed":                                          {"apply s1", "apply rem", "apply s1", "apply s3", "rollback --to 2 => A=f1", "apply s1 ! 5", "apply s3 ! 5", "apply rem"},
		"going forth holds nothing and returns":                                              {"apply s1", "apply s2", "rollback", "rollback --to 2" + r2, "apply s1", "apply s2", "rollback" + r1},
		"back at one after forth and back":                                                   {"apply s1", "apply s2", "apply s3", "rollback", "rollback --to 2" + r2, "rollback --to 3", "rollback" + r2, "rollback" + r2},
		"each function's hold is lifted on its own":                                          {"apply abc1", "apply abc2", "rollback", "apply abc3 ! 5", "resume 2 --function g", "apply abc3 ! 5", "resume 2 --function h", "apply abc3 => A=f3 B=g2 C=h2"},
		"a filled slot is held":                                                              {"apply s1", "apply add", "rollback" + r1, "apply add ! 5"},
		"an emptied slot is held":                                                            {"apply s1", "apply rem", "rollback" + r1, "apply rem ! 5"},
		"a swap of slots is held":                                                            {"apply s1", "apply swap", "rollback" + r1, "apply swap ! 5"},
		"include-body is held":                                                               {"apply s1", "apply ib", "rollback" + r1, "apply ib ! 5"},
		"an added distribution is emptied":                                                   {"apply s1", "apply two", "rollback" + r1},
		"the alias moved and was followed":                                                   {"apply s1", "add D2 B", "alias D2", "apply s2 --allow-detach => D2A=f2 D2B=g1", "rollback => D2A=f1 D2B=g1"},
		"the alias moved after the release":                                                  {"apply s1", "apply s2", "alias D2", "rollback" + r1},
		"the id was edited under one key":                                                    {"apply one", "apply d2 --allow-detach => D2A=f2", "rollback => D2A=f1"},
		"a renamed pattern is followed":                                                      {"apply s1", "apply s2", "rename D1 A Z", "rollback => B=g1 Z=f1", "rollback => B=g1 Z=f1"},
		"a copied pattern is a stray":                                                        {"apply s1", "apply s2", "copy D1 A Y", "rollback ! 1 => A=f1 B=g1 Y=f2", "rollback ! 1 => A=f1 B=g1 Y=f2"},
		"a renamed pattern that the spec followed":                                           {"apply s1", "rename D1 A Z", "apply z2", "apply z3", "rollback => B=g1 Z=f2", "rollback --to 1 => B=g1 Z=f1"},
		"the last taking is given back to 0":                                                 {"foreign", "apply addC --adopt", "apply s1", "bind C x:12", "apply addC --adopt", "rollback --to 0 => C=x12"},
		"the last taking is given back between":                                              {"foreign", "apply addC --adopt", "apply s1", "bind C x:12", "apply addC --adopt", "rollback --to 2 => A=f1 B=g1 C=x12"},
		"a holder that is gone is no empty slot":                                             {"foreign", "apply addC --adopt", "delete x:9", "rollback --to 0 ! 1 => A=f1 B=g1 C=h2"},
		"a target that is gone":                                                              {"apply s1", "apply s2", "delete f:1", "rollback ! 1" + r2},
		"our own that was moved there is emptied":                                            {"apply s1", "apply s2", "bind C f:1", "apply abc2", "rollback => A=f2 B=g1"},
		"or given back where the target binds it":                                            {"apply s1", "bind C f:1", "apply abc2", "rollback => A=f1 B=g1 C=f1"},
		"nothing is written where it is already":                                             {"apply s1", "bind C f:1", "apply abc2", "bind C f:1", "rollback => A=f1 B=g1 C=f1"},
		"two names never land on one distribution":                                           {"apply two", "apply d2 --allow-detach => D2A=f2", "rollback => A=f1 B=g1 D2A=f1"},
		"a distribution goes by its id before its name":                                      {"apply one", "apply cross => A=f2 D2A=f2", "rollback => A=f1"},
		"what it wants there already is no conflict":                                         {"apply s1", "apply onlyB => B=g1", "bind A f:1", "rollback => A=f1 B=g1"},
		"a settled rollback's holds are those in force":                                      {"apply s1", "apply s2", "rollback", "apply fix", "commit rollback --to 2", "rollback --to 4" + r4, "apply s2" + r2},
		"a stray of held content is named as well":                                           {"apply s1", "apply s2", "copy D1 A Y", "rollback ! 1", "apply fix", "apply fix2", "rollback ! 1 => A=f4 B=g1 Y=f2"},
		"a slot that was filled is no renamed pattern":                                       {"apply s1", "apply add", "drop D1 A", "rollback ! 1 => B=g1"},
		"a slot is emptied only as it was filled":                                            {"apply two", "apply s1 --allow-detach", "apply two", "rollback --to 1", "rollback --to 2" + r1},
		"a stranger's slot needs --adopt":                                                    {"foreign", "apply add ! 4", "apply add --adopt => A=f1 B=g1 C=f1"},
		"a first apply dies at its commit":                                                   {"commit apply s1", "append rollback", "rollback =>"},
		"two slots of a dead release, then two deaths":                                       {"apply s1", "write apply wide", "write apply s2 --allow-detach", "apply s2 --allow-detach" + r2},
		"adopted, then tags only":                                                            {"foreign", "apply s2", "apply addC --adopt", "apply tag", "rollback => A=f1 B=g1 C=h2"},
		"a slot cleared by hand is repaired":                                                 {"apply s1", "apply s2", "clear A", "apply s2" + r2, "rollback" + r1},
		"the old pattern was made again":                                                     {"apply s1", "apply s2", "rename D1 A Z", "rollback => B=g1 Z=f1", "add D1 A", "apply fix" + r4, "rollback => B=g1 Z=f1"},
		"holds of a dead rollback outlive two fixes":                                         {"apply s1", "write rollback --to 0", "apply s3", "apply onlyC", "apply s1 ! 5"},
		"forth again still counts as back":                                                   {"apply s1", "apply s2", "apply s3", "rollback", "rollback --to 2", "rollback --to 3", "rollback => A=f2 B=g1"},
		"a dropped distribution is filled again":                                             {"apply two", "apply s1 --allow-detach" + r1, "rollback => A=f1 B=g1 D2A=f1", "rollback => A=f1 B=g1 D2A=f1"},
		"a dead repair on top of a rollback":                                                 {"apply s1", "apply s2", "apply s3", "rollback", "commit apply tag", "rollback" + r2},
		"a dead apply that marked nothing":                                                   {"apply s1", "apply s2", "append apply s3", "rollback ! 4" + r2, "rollback --of 2" + r1},
		"a superseded fix over a repair":                                                     {"apply s1", "apply s2", "clear A", "write apply s2", "apply fix" + r4, "rollback" + r2},
		"a slot of the stack is emptied, whichever function of the stack sits there":         {"apply s1", "apply gg", "bind A f:1", "apply onlyB => B=g1"},
		"what a dead rollback was to empty is emptied by another one":                        {"write apply d2", "commit apply two2", "write rollback", "rollback --to 1 => D2A=f2"},
		"a fix over a dead repair is not made of what is live":                               {"apply s2", "clear A", "write apply tag", "apply fix", "rollback --to 0", "rollback --to 3" + r4, "apply s2 ! 5"},
		"a stray of held content is named while something is in flight":                      {"apply s1", "apply s2", "apply s1", "rollback", "bind C f:1", "write apply fix", "rollback ! 1", "rollback ! 1 => A=f2 B=g1 C=f1"},
		"a dead rollback does not forget who took a slot":                                    {"foreign", "apply add --adopt", "apply gg", "rollback --to 1", "write rollback --to 0", "rollback --to 2 => A=g1 B=g1"},
		"a record alone makes no slot the stack's":                                           {"pending apply s1", "append apply s2", "bind A f:2", "rollback --to 1 ! 4 => A=f2", "rollback --to 1 --adopt => A=f1 B=g1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foreign := row[0] == "foreign"
			if foreign {
				row = row[1:]
			}
			play(t, newWorld(foreign), row, nil)
		})
	}
}

// play runs a row's lines.
func play(t *testing.T, w *world, lines, before []string) {
	t.Helper()
	for i, line := range lines {
		told := append(slices.Clip(before), line)
		rest, shown, shows := strings.Cut(line, " =>")
		words, exit, _ := strings.Cut(rest, " ! ")
		want, _ := strconv.Atoi(exit)
		how, command, _ := strings.Cut(words, " ")
		f := fate{}
		switch how {
		case "every", "ever":
			whole := w.clone().do(cmd(command), fate{})
			from := 0
			if how == "every" {
				from = slices.Index(whole.steps, "pending") + 1
			}
			for k := from + 1; k <= len(whole.steps); k++ {
				x := w.clone()
				play(t, x, lines[i+1:], append(told, x.do(cmd(command), fate{dies: k}).words))
			}
			return
		case "write", "commit", "append", "pending":
			words, want = command, exitDied
			f.dies = 1 + slices.IndexFunc(w.clone().do(cmd(words), fate{}).steps, func(s string) bool { return strings.HasPrefix(s, how) })
		}
		c := cmd(words)
		if !c.tool() {
			if !w.hand(c) {
				t.Fatalf("%s: not possible", strings.Join(told, "; "))
			}
			before = told
			continue
		}
		was := w.clone()
		out := w.do(c, f)
		if out.code != want {
			t.Errorf("%s: %v, want exit %d", strings.Join(told, "; "), out, want)
		}
		if shown = strings.TrimSpace(shown); shows && w.shown() != shown {
			t.Errorf("%s: bound is %q, want %q", strings.Join(told, "; "), w.shown(), shown)
		}
		for _, b := range judged(was, c, w, out) {
			t.Errorf("%s: %v", strings.Join(told, "; "), b)
		}
		before = told
	}
}

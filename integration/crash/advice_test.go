package crash

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/rig"
)

// advised runs each command that a run's hints name, and each that status names
// as leading on, on a copy of the account, and holds what it claims: it ends
// with 0, and the slots are all as before the run, or all as it was to make
// them. So nothing is left half and half, and nothing goes back further.
func (c *testCase) advised(where string, o rig.Outcome) {
	c.t.Helper()
	c.Save("advised")
	commands := hinted(o.Stderr)
	now := c.status(where)
	for _, n := range now.Next {
		// What is held is the same in most states, and lifting it touches no slot.
		if now.Pending != nil || c.tried.first("at rest, "+n.Command) {
			commands = append(commands, commandsIn(n.Command)...)
		}
	}
	for _, args := range commands {
		c.Restore("advised")
		c.done.advice(args)
		c.follows(fmt.Sprintf("%s; it is advised to run %s", where, words(args)), args)
	}
	c.Restore("advised")
}

// follows runs one command.
func (c *testCase) follows(where string, args []string) {
	c.t.Helper()
	was := c.snapshot()
	switch args[0] {
	case "apply":
		args = applying(args[1:]...)
	case "rollback":
		args = rollback(args[1:]...)
	case "unlock":
		args = append(args, "--yes")
	}
	o := c.Run(args...)
	if o.Code != 0 && !c.refusal(args, o) {
		c.t.Errorf("%s: it exits with %d:\n%s%s", where, o.Code, o.Stdout, o.Stderr)
		return
	}
	now := c.snapshot()
	if args[0] != "apply" && args[0] != "rollback" || o.Code != 0 {
		if diff := cmp.Diff(was.Slots, now.Slots); diff != "" {
			c.t.Errorf("%s: it changed slots (-was +is):\n%s", where, diff)
		}
		return
	}
	if now.Pending != 0 {
		c.t.Errorf("%s: release %d is in flight", where, now.Pending)
	}
	ends := append([]map[string][]string{c.begin.Slots, c.end.Slots, c.renewed()}, c.whole...)
	if to := slices.Index(args, "--to"); to >= 0 && args[to+1] == "0" {
		ends = append(ends, map[string][]string{www: nil, shop: nil}) // what was bound before the first release
	}
	if !slices.ContainsFunc(ends, func(e map[string][]string) bool { return cmp.Equal(e, now.Slots) }) {
		c.t.Errorf("%s: bound is neither what was before the run nor what it was to bind:\n%v\nwant %v", where, now.Slots, ends)
	}
}

// refusal reports whether a command may refuse where it was advised.
func (c *testCase) refusal(args []string, o rig.Outcome) bool {
	// "apply of another version": the same one is held, and one that wants a slot
	// whose pattern was renamed since has to follow that first.
	return args[0] == "apply" && (o.Code == 5 || o.Code == 1 && strings.Contains(o.Stderr, "has no cache behavior /img/*"))
}

// renewed is what the spec of the scene binds.
func (c *testCase) renewed() map[string][]string {
	if c.scene.refuses == nil {
		return c.end.Slots
	}
	list := map[string][]string{}
	for id, lines := range c.begin.Slots {
		for _, line := range lines {
			list[id] = append(list[id], strings.Replace(line, "shop-auth:1", "shop-auth:2", 1))
		}
	}
	return list
}

// wholes are the ways on from a state that is half and half already: what is in
// flight is completed, or undone.
func (c *testCase) wholes() (list []map[string][]string) {
	c.t.Helper()
	for _, args := range [][]string{applying(), rollback()} {
		c.Restore("before")
		c.Must(args...)
		list = append(list, c.snapshot().Slots)
	}
	return list
}

// hinted are the commands that the hints of a run name.
func hinted(stderr string) (list [][]string) {
	for line := range strings.Lines(stderr) {
		if _, text, ok := strings.Cut(line, "hint: "); ok {
			list = append(list, commandsIn(text)...)
		}
	}
	return list
}

// verbs are the commands that advice may name. One that asks for something to
// be filled in (N, FILE, RUN) is not run.
var verbs = regexp.MustCompile("edgedeploy (apply|rollback|resume|status|history|plan|unlock|show)((?: [^ ;,`]+)*)")

// runID is what unlock is given for a lock that has not expired.
var runID = regexp.MustCompile(`^[0-9a-f]{16}(\.[0-9a-f]+)?$`)

// commandsIn finds commands in a text: behind the verb, flags with their values,
// and numbers, are taken as arguments.
func commandsIn(text string) (list [][]string) {
	for at := verbs.FindStringSubmatchIndex(text); at != nil; at = verbs.FindStringSubmatchIndex(text) {
		args := []string{text[at[2]:at[3]]}
		words := strings.Fields(text[at[4]:at[5]])
		text = text[at[3]:]
	arguments:
		for i := 0; i < len(words); i++ {
			_, err := strconv.Atoi(words[i])
			switch {
			case strings.HasPrefix(words[i], "-") && i+1 < len(words) && takesValue(words[i]):
				args = append(args, words[i], words[i+1])
				i++
			case strings.HasPrefix(words[i], "-"), err == nil, runID.MatchString(words[i]), words[i] == planFile:
				args = append(args, words[i])
			default:
				break arguments
			}
		}
		if !slices.ContainsFunc(args, func(a string) bool { return a == "N" || a == "FILE" || a == "RUN" }) {
			list = append(list, args)
		}
	}
	return list
}

func takesValue(flag string) bool {
	return slices.Contains([]string{"--stack", "--to", "--of", "-f", "--function", "--endpoint-url", "--timeout"}, flag)
}

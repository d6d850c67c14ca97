package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// other is a second actor, between a hint and the command that it names.
type other struct {
	name string
	acts func(*hintRig)
}

func others() []other {
	// Whether one comes through is not the point: in some states it is refused.
	runs := func(line string) func(*hintRig) { return func(r *hintRig) { r.run(line) } }
	return []other{
		{"a fix is applied", runs("apply --yes --adopt -f fix.yaml")},
		{"the same rollback", runs("rollback --yes --stack shop")},
		{"a resume", runs("resume --all --stack shop")},
		{"an unlock", func(r *hintRig) {
			r.run("unlock --yes --stack shop")
			r.run("unlock r1.2 --yes --stack shop")
		}},
		{"an apply that dies in flight", func(r *hintRig) {
			r.tryToDie("apply --yes --adopt -f next.yaml", "cloudfront", "UpdateDistribution", 2)
		}},
		{"a rollback that dies in flight", func(r *hintRig) { r.tryToDie("rollback --yes --stack shop", "cloudfront", "UpdateDistribution", 2) }},
		{"a slot is taken", func(r *hintRig) {
			r.must("apply --yes --adopt -f theirs.yaml")
			r.edit("E2AAAAAAAAAAAA", func(c string) string {
				const theirs = "arn:aws:lambda:us-east-1:123456789012:function:theirs-a:1"
				if strings.Contains(c, theirs) {
					return boundARN.ReplaceAllString(c, strings.Replace(theirs, "theirs-a:1", "shop-a:1", 1))
				}
				return boundARN.ReplaceAllString(c, theirs)
			})
		}},
		{"a slot is emptied", func(r *hintRig) {
			r.edit("E1AAAAAAAAAAAA", func(c string) string {
				return noAssociations.ReplaceAllString(c, "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>")
			})
		}},
	}
}

// followed are the commands that were advised and run.
type followed struct {
	n    int
	ends map[int]int // how often each exit code
}

// A hint is read before the next command is typed, and others work meanwhile.
// Whatever they did, the command that was named is done, has nothing left to do,
// or refuses with what is there now and a command that leads on from there; and
// it undoes nothing that came after the hint.
func TestEveryHintedCommandIsSafeAfterSomebodyElse(t *testing.T) {
	var all followed
	all.ends = map[int]int{}
	states, ran := append(hintings(), wrecks()...), 0
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			ran++
			r := newHintRig(t)
			s.make(r)
			_, text := r.run(s.run)
			r.aws.Disarm()
			commands := adviceIn(s.run+" --endpoint-url "+r.url, text)
			if len(commands) != len(s.ends) {
				t.Fatalf("%s names %q, want %v", s.run, commands, s.ends)
			}
			r.save("hinted")
			for _, o := range others() {
				r.restore("hinted")
				o.acts(r)
				r.save("overtaken")
				for _, command := range commands {
					r.restore("overtaken")
					r.leads(&all, fmt.Sprintf("after %s, and then %s", s.run, o.name), command, 0)
				}
			}
		})
	}
	t.Logf("%d advised commands were followed after somebody else had acted; their exit codes: %v", all.n, all.ends)
	if ran == len(states) && all.n < 300 {
		t.Errorf("%d commands were followed, and there were more", all.n)
	}
}

// deepest is how many refusals in a row may name the next command.
const deepest = 2

// leads follows a command, and those that a refusal of it names, and reports
// whether that leads to an end.
func (r *hintRig) leads(all *followed, where, command string, depth int) bool {
	r.t.Helper()
	was := r.standing()
	code, text := r.follow(command)
	now := r.standing()
	all.n++
	all.ends[code]++
	where = fmt.Sprintf("%s: %s ends with %d", where, regexp.MustCompile(` --endpoint-url \S+`).ReplaceAllString(command, ""), code)
	fail := func(format string, args ...any) {
		r.t.Errorf("%s: %s\nwas %+v\nis  %+v\n%s", where, fmt.Sprintf(format, args...), was, now, text)
	}
	if problem := unsafeEnd(command, code, was, now); problem != "" {
		fail("%s", problem)
	}
	if strings.Contains(text, "neither live nor in flight") && was.Pending != 0 && !strings.Contains(text, fmt.Sprintf("release %d is in flight now", was.Pending)) {
		fail("it does not say what is in flight now")
	}
	if strings.Contains(text, " --help\n") {
		fail("there is no such command")
	}
	if code == 0 {
		return true
	}
	_, hint, found := strings.Cut(text, "edgedeploy: hint: ")
	if !found {
		fail("it names no way on")
		return false
	}
	if depth == deepest {
		return false
	}
	// "Wait" and "change it" lead on, too, but nothing here can tell.
	ended, name := false, fmt.Sprintf("refused %d", depth)
	next := adviceIn(command, hint)
	r.save(name)
	for _, c := range next {
		r.restore(name)
		if strings.Contains(hint, "add it to the distribution") {
			r.edit("E1AAAAAAAAAAAA", func(c string) string { return imgPaths.ReplaceAllLiteralString(c, r.cached) })
		}
		ended = r.leads(all, where, c, depth+1) || ended
	}
	if depth == 0 && !ended {
		fail("none of %q leads to an end", next)
	}
	return ended
}

// unsafeEnd says what is wrong with how an advised command ended, "" for nothing.
func unsafeEnd(command string, code int, was, now standing) string {
	verb, rest, _ := strings.Cut(command, " ")
	of := 0
	_, _ = fmt.Sscanf(rest, "--of %d", &of) // 0 where it is not said
	named := strings.Contains(command, "--to ")
	switch {
	case verb == "rollback" && of == 0 && !named && !strings.Contains(command, "--adopt"):
		return "it does not say what is to be undone"
	case code != 0 && code != 1 && code != 4 && code != 5:
		return "no such end"
	case code != 0 && code != 1 && was != now:
		return "it refuses, and has changed something"
	case verb != "apply" && verb != "rollback" && was.Bound != now.Bound:
		return "it changed a slot"
	case of != 0 && of != was.Live && of != was.Pending && of != was.Undoes && was != now:
		return "it undid what is not its own"
	case code == 0 && (verb == "apply" || verb == "rollback") && now.Pending != 0 && of == 0:
		return "a release is in flight"
	}
	return ""
}

package plan

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// recordNotes say why a release is recorded although no distribution is
// written: nothing else in the plan shows it.
func (p *planner) recordNotes(plan Plan) []Note {
	if len(plan.Writes()) > 0 {
		return nil
	}
	live, goal := p.base.Live, plan.Goal
	var whys []string
	say := func(is bool, why string) {
		if is {
			whys = append(whys, why)
		}
	}
	say(live.Number == 0, "the stack has none yet")
	say(p.base.Supersedes(), "the one in flight is superseded")
	say(goal.Adopted, "something is taken over")
	if live.Number != 0 {
		whys = append(whys, p.functionReasons(live, goal)...)
		say(!release.SameBindings(live.Distributions, goal.Distributions), "what the spec binds is not what release "+strconv.Itoa(live.Number)+" says")
		say(!maps.Equal(live.Tags, goal.Tags), "the stack's tags change")
	}
	say(len(whys) == 0 && len(p.retag) > 0, "functions have not the stack's tags")
	say(len(whys) == 0, "a version in Lambda is not ready")
	return []Note{{Kind: "records", Text: "a release is recorded because " + strings.Join(whys, "; ")}}
}

// functionReasons name the functions that are not as a release has them. Those
// that are published are in the plan, so one reason stands for them.
func (p *planner) functionReasons(live, goal release.Release) []string {
	var whys []string
	published := map[string]bool{}
	for _, s := range p.publish {
		published[s.Spec.Function] = true
	}
	if len(published) > 0 {
		whys = append(whys, "versions are published")
	}
	for _, f := range identities(goal.Functions) {
		old, was := live.Function(f.Spec.Function)
		switch {
		case published[f.Spec.Function]:
		case !was:
			whys = append(whys, "function "+f.Key+" joins the stack")
		case !slices.Equal(identities([]release.Function{old}), []release.Function{f}):
			whys = append(whys, "function "+f.Key+" is not as release "+strconv.Itoa(live.Number)+" has it")
		}
	}
	for _, f := range live.Functions {
		if _, stays := goal.Function(f.Spec.Function); !stays {
			whys = append(whys, "function "+f.Key+" leaves the stack")
		}
	}
	return whys
}

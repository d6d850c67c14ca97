package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Simulate says what the account is after the steps. It is what the steps
// mean, without an account: pure, and have stays as it is.
func Simulate(have Observed, steps ...Step) (Observed, error) {
	have.Versions = maps.Clone(have.Versions)
	if have.Versions == nil {
		have.Versions = versions.Inventory{}
	}
	have.Distributions = maps.Clone(have.Distributions)
	have.Heads = maps.Clone(have.Heads)
	if have.Heads == nil {
		have.Heads = map[string]versions.Head{}
	}
	for _, s := range steps {
		if err := simulate(&have, s); err != nil {
			return Observed{}, fmt.Errorf("%s: %w", StepName(s), err)
		}
	}
	return have, nil
}

func simulate(have *Observed, s Step) error {
	switch s := s.(type) {
	case Publish:
		simulatePublish(have, s)
	case Activate:
		known := func(v versions.Version) bool { return v.Ref == s.Version.Ref }
		if _, read := have.States[s.Version.Ref]; !read && !slices.ContainsFunc(have.Versions[s.Version.Ref.Function], known) {
			return fmt.Errorf("version %s does not exist", s.Version.Ref)
		}
	case Tag:
		head := have.Heads[s.Function]
		head.Tags = maps.Clone(head.Tags)
		for _, k := range s.Remove {
			delete(head.Tags, k)
		}
		if head.Tags == nil {
			head.Tags = map[string]string{}
		}
		maps.Copy(head.Tags, s.Set)
		have.Heads[s.Function] = head
	case Associate:
		return simulateAssociate(have, s.Change)
	case Await:
		state := have.Distributions[s.Distribution]
		state.Deployed = true
		have.Distributions[s.Distribution] = state
	default:
		panic(fmt.Sprintf("deploy: unknown step %T", s)) // a new step without a meaning is a bug here
	}
	return nil
}

func simulatePublish(have *Observed, s Publish) {
	list := have.Versions[s.Spec.Function]
	number := 1
	for _, v := range list {
		number = max(number, v.Ref.Number+1)
	}
	for ref := range have.States {
		if ref.Function == s.Spec.Function {
			number = max(number, ref.Number+1)
		}
	}
	have.Versions[s.Spec.Function] = append(slices.Clone(list), versions.Version{
		Ref:  versions.Ref{Function: s.Spec.Function, Number: number},
		Spec: s.Spec, CodeSHA256: s.CodeSHA256, Stack: have.Stack,
	})
	head := have.Heads[s.Spec.Function]
	head.Function, head.Exists, head.Config, head.CodeSHA256 = s.Spec.Function, true, s.Spec.Config, s.CodeSHA256
	head.Tags = maps.Clone(s.Tags)
	if head.Tags == nil {
		head.Tags = map[string]string{}
	}
	head.Tags[versions.StackTag] = have.Stack
	have.Heads[s.Spec.Function] = head
}

func simulateAssociate(have *Observed, ch associations.Change) error {
	state, ok := have.Distributions[ch.Distribution]
	if !ok {
		return &associations.DistributionError{Distribution: ch.Distribution}
	}
	for _, e := range ch.Edits {
		if live := state.Held[e.Slot]; live != e.From {
			return &associations.ChangedError{Slot: e.Slot, From: e.From, To: e.To, Live: live}
		}
	}
	var missing error
	have.Distributions[ch.Distribution] = state.Apply(ch, func(r versions.Ref) versions.Ref {
		list := have.Versions[r.Function]
		if len(list) == 0 {
			missing = fmt.Errorf("version %s was not published", r)
			return r
		}
		return list[len(list)-1].Ref
	})
	return missing
}

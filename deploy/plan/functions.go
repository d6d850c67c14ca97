package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// resolve finds for each wanted function the version that serves, or plans to
// publish one.
func (p *planner) resolve() {
	for _, f := range p.want.Functions {
		p.reuseOrPublish(f)
	}
}

func (p *planner) keep(f release.Function) {
	p.functions = append(p.functions, f)
	p.kept = append(p.kept, f)
}

// recorded are the releases in hand whose versions serve without a look. What
// is live now is one of them also where the release in flight is committed first.
func (p *planner) recorded() []release.Release {
	return []release.Release{p.base.Live, p.base.Superseded, p.have.Ledger.Live}
}

// wake adds the recorded versions that were looked at, because they will be
// attached, and are not Active: CloudFront would refuse them.
func (p *planner) wake() {
	for _, f := range p.kept {
		seen, looked := p.have.States[f.Ref()]
		planned := slices.ContainsFunc(p.activate, func(a Activate) bool { return a.Version.Ref == f.Ref() })
		if looked && !planned && seen.State.State != "Active" {
			p.activate = append(p.activate, Activate{Key: f.Key, Version: versions.Version{
				Ref: f.Ref(), Spec: f.Spec, CodeSHA256: f.CodeSHA256, Stack: p.want.Stack,
			}})
		}
	}
}

func (p *planner) reuseOrPublish(f release.Function) {
	for _, r := range p.recorded() {
		if old, ok := r.Function(f.Spec.Function); ok && old.Spec == f.Spec && p.have.Serves(old) {
			f.Number, f.CodeSHA256 = old.Number, old.CodeSHA256
			p.keep(f)
			return
		}
	}
	if v, ok := versions.Reuse(f.Spec, p.want.Stack, p.have.Versions[f.Spec.Function]); ok {
		f.Number, f.CodeSHA256 = v.Ref.Number, v.CodeSHA256
		p.keep(f)
		seen, point := p.have.States[v.Ref], p.have.Interrupted[f.Spec.Function]
		if point || seen.State.State != "Active" { // else it was just seen to be ready
			p.activate = append(p.activate, Activate{Key: f.Key, Version: v, Point: point})
		}
		return
	}
	p.functions = append(p.functions, f)
	head := p.have.Heads[f.Spec.Function]
	if err := head.Unfit(); err != nil {
		p.errs = append(p.errs, err)
		return
	}
	step := Publish{
		Key: f.Key, Spec: f.Spec, Create: !head.Exists, Resets: head.Config.Extra,
		CodeSHA256: f.CodeSHA256, ZipBytes: f.ZipBytes, Tags: p.want.Tags,
	}
	if old, ok := p.base.Live.Function(f.Spec.Function); ok {
		step.Replaces, step.Differs = old.Number, differs(old, f)
	}
	if head.Exists && head.Tags[versions.StackTag] != p.want.Stack {
		switch {
		case head.TagsError != "":
			p.errs = append(p.errs, &versions.UnknownOwnerError{Function: f.Spec.Function, Reason: head.TagsError})
			return
		case !p.rules.Adopt:
			p.errs = append(p.errs, &versions.OwnerError{Function: f.Spec.Function, Owner: head.Tags[versions.StackTag]})
			return
		}
		step.Adopt, p.adopted = true, true
	}
	p.publish = append(p.publish, step)
}

// differs says in words what of a function is not as it was.
func differs(was, is release.Function) []string {
	var words []string
	say := func(what, from, to string) {
		if from != to {
			words = append(words, fmt.Sprintf("%s %s → %s", what, cmp.Or(from, "default"), cmp.Or(to, "default")))
		}
	}
	if was.Spec.Content != is.Spec.Content {
		words = is.Parts.Differ(was.Parts)
		if was.Trampoline != 0 && is.Trampoline != 0 {
			say("trampoline", strconv.Itoa(was.Trampoline), strconv.Itoa(is.Trampoline))
		}
		if len(words) == 0 {
			words = []string{"content"}
		}
	}
	from, to := was.Spec.Config, is.Spec.Config
	say("runtime", from.Runtime, to.Runtime)
	say("handler", from.Handler, to.Handler)
	say("role", roleName(from.Role, to.Role), roleName(to.Role, from.Role))
	say("memory", strconv.Itoa(from.MemoryMB), strconv.Itoa(to.MemoryMB))
	say("timeout", strconv.Itoa(from.TimeoutSeconds), strconv.Itoa(to.TimeoutSeconds))
	say("log format", from.Logging.Format, to.Logging.Format)
	say("log level", from.Logging.Level, to.Logging.Level)
	say("log group", from.Logging.Group, to.Logging.Group)
	return words
}

// roleName shortens a role's ARN where another one has the same beginning: all
// of a stack are in one account.
func roleName(arn, other string) string {
	at := strings.Index(arn, ":role/") + len(":role/")
	if at < len(":role/") || len(other) < at || arn[:at] != other[:at] {
		return arn
	}
	return arn[at:]
}

// replaced are the versions of a release that others take the place of.
func replaced(live release.Release, functions []release.Function) map[string]Replaced {
	var list map[string]Replaced
	for _, f := range functions {
		old, ok := live.Function(f.Spec.Function)
		if !ok || old.Number == f.Number || f.Number == 0 {
			continue
		}
		if list == nil {
			list = map[string]Replaced{}
		}
		list[f.Key] = Replaced{Number: old.Number, Differs: append([]string{}, differs(old, f)...)}
	}
	return list
}

package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// planView is what every rendering of a plan shows, in order. Its texts are
// raw: each output escapes them in its own way.
type planView struct {
	stack, position, how string
	target               string // the release that a rollback goes to
	functions            []functionRow
	others               int // functions that stay as they are and are bound nowhere anew
	distributions        []distributionView
	notes                []string
	held                 []string
	after                []string // what is held once a rollback ran
	summary, lift        string
}

type functionRow struct {
	sign, name, act, size string
	rest                  []string
}

type distributionView struct {
	called
	edits []associations.Edit // in the order of their slots
	names names
}

func viewPlan(p plan.Plan) planView {
	v := planView{stack: p.Stack, position: planPosition(p), how: planKind(p), target: targetWords(p.Context.Target)}
	v.functions, v.others = planFunctions(p)
	v.distributions = planDistributions(p)
	v.notes = planNotes(p)
	if p.Kind == release.KindRollback && !slices.ContainsFunc(p.Notes, func(n plan.Note) bool { return n.Kind == "nothing" }) {
		v.after = heldAfterwards(p.Context.Holds)
	}
	v.held = release.Together(p.Held)
	v.held = append(v.held, release.Whys(p.Held)...)
	v.summary, v.lift = planSummary(p), planLift(p)
	return v
}

// planNotes are a plan's notes, with what it settles before and what it leaves
// undone.
func planNotes(p plan.Plan) []string {
	var notes []string
	if p.Settle != 0 {
		notes = append(notes, fmt.Sprintf("commits release %d, which was written before", p.Settle))
	}
	for _, n := range p.Notes {
		// What is settled is said above. That the stack is back already is a
		// warning of its own, and the head says it too.
		if n.Kind == "already-back" || n.Kind == "in-flight" && p.Settle != 0 {
			continue
		}
		notes = append(notes, n.Text)
	}
	for _, u := range p.Unfinished {
		notes = append(notes, fmt.Sprintf("left undone: %s: %s", u.Slot, u.Reason))
	}
	return notes
}

// planPosition says which release the plan leads from and to. The ledger
// numbers releases one after the other, interrupted ones too, so the next is
// most likely the one behind the newest that the plan saw.
func planPosition(p plan.Plan) string {
	from := max(p.Saw.Live, p.Settle)
	to := max(p.Saw.Live, p.Saw.Pending) + 1
	switch {
	case p.Complete != 0:
		to = p.Complete
	case !p.Record:
		to = from
	}
	switch {
	case from == 0 && to == 0:
		return "no release"
	case from == 0 && to == 1:
		return "first release"
	case from == to && p.Settle != 0 && p.Saw.Live != 0:
		return fmt.Sprintf("release %d → %d", p.Saw.Live, p.Settle)
	case from == to:
		return "release " + strconv.Itoa(from)
	case from == 0:
		return fmt.Sprintf("no release → %d", to)
	}
	return fmt.Sprintf("release %d → %d", from, to)
}

// targetWords say what a person knows the target of a rollback by.
func targetWords(t *plan.Target) string {
	if t == nil {
		return ""
	}
	text := fmt.Sprintf("release %d was made %s UTC", t.Release, utc(t.At))
	if t.Actor != "" {
		text += " by " + t.Actor
	}
	if t.Commit != "" {
		text += ", commit " + release.Source{Commit: t.Commit, Dirty: t.Dirty}.Short()
	}
	if t.Message != "" {
		text += ": " + t.Message
	}
	return text
}

// planKind is empty for an ordinary apply.
func planKind(p plan.Plan) string {
	switch {
	case p.Kind == release.KindApply:
		return ""
	case p.Kind != release.KindRollback:
		return string(p.Kind)
	case p.Context.Back != nil && p.Context.Back.At == 0:
		return "back at before the first release"
	case p.Context.Back != nil:
		return "back at release " + strconv.Itoa(p.Context.Back.At)
	case !p.Changes():
		return ""
	case !p.Record && p.Complete == 0:
		return "puts back what differs"
	}
	how := "rollback to release " + strconv.Itoa(p.Goal.Target)
	if p.Goal.Target == 0 {
		how = "rollback to before the first release"
	}
	if p.Complete != 0 {
		how += ", completes release " + strconv.Itoa(p.Complete)
	}
	return how
}

func steps[S plan.Step](p plan.Plan) []S {
	var list []S
	for _, stage := range p.Stages {
		for _, s := range stage {
			if s, ok := s.(S); ok {
				list = append(list, s)
			}
		}
	}
	return list
}

// planFunctions lists what is published, what changes its tags, and those
// kept functions that the plan is about; the rest is counted.
func planFunctions(p plan.Plan) (rows []functionRow, others int) {
	for _, s := range steps[plan.Publish](p) {
		row := functionRow{sign: "+", name: s.Key, act: "publish " + fingerprint(s.Spec.Content), size: Bytes(s.ZipBytes)}
		switch {
		case s.Create:
			row.rest = append(row.rest, "new function")
		case s.Adopt:
			row.rest = append(row.rest, "takes the function over")
		}
		if s.Replaces != 0 {
			row.rest = append(row.rest, replacesWords(s.Replaces, s.Differs))
		}
		rows = append(rows, row)
	}
	tags := map[string]plan.Tag{}
	for _, t := range steps[plan.Tag](p) {
		tags[t.Function] = t
	}
	shown := keptButShown(p)
	for _, f := range p.Context.Kept {
		row := functionRow{sign: "=", name: f.Key, act: "version " + strconv.Itoa(f.Number)}
		old, replaced := p.Context.Replaced[f.Key]
		if replaced {
			row.sign, row.rest = "~", []string{replacesWords(old.Number, old.Differs)}
		}
		t, tagged := tags[f.Spec.Function]
		if tagged {
			row.sign, row.rest = "~", append(row.rest, tagWords(t))
			delete(tags, f.Spec.Function)
		}
		if !tagged && !replaced && !shown(f.Spec.Function) {
			others++
			continue
		}
		rows = append(rows, row)
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		t := tags[name]
		row := functionRow{sign: "~", name: t.Key, rest: []string{tagWords(t)}}
		if t.Key == "" {
			row.name = t.Function // the ledger's own function is none of the spec's
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b functionRow) int { return strings.Compare(a.name, b.name) })
	return rows, others
}

func replacesWords(number int, differs []string) string {
	text := "replaces version " + strconv.Itoa(number)
	if len(differs) > 0 {
		text += " (" + strings.Join(differs, ", ") + ")"
	}
	return text
}

// keptButShown says of a kept function whether the plan is about it: it is
// bound somewhere anew, or brought back from an older version. A plan that
// changes no slot is about which versions the release names: about all.
func keptButShown(p plan.Plan) func(function string) bool {
	associates := steps[plan.Associate](p)
	if p.Record && len(associates) == 0 {
		return func(string) bool { return true }
	}
	shown := map[string]bool{}
	for _, s := range steps[plan.Activate](p) {
		shown[s.Version.Ref.Function] = true
	}
	for _, s := range associates {
		for _, e := range s.Change.Edits {
			shown[e.To.Version.Function] = true
		}
	}
	return func(function string) bool { return shown[function] }
}

// tagWords says which tags change; tags are no secrets, so with their values.
func tagWords(t plan.Tag) string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(t.Set)) {
		words = append(words, "+"+k+"="+t.Set[k])
	}
	for _, k := range t.Remove {
		words = append(words, "-"+k)
	}
	return "tags " + strings.Join(words, " ")
}

func planDistributions(p plan.Plan) []distributionView {
	n := namesOf(p.Context.Kept, p.Goal.Functions)
	var list []distributionView
	for _, s := range steps[plan.Associate](p) {
		list = append(list, distributionView{
			called: calledIn(p, s.Change.Distribution),
			edits:  inOrder(s.Change.Edits), names: n,
		})
	}
	return list
}

func inOrder(edits []associations.Edit) []associations.Edit {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b associations.Edit) int { return a.Slot.Compare(b.Slot) })
	return edits
}

// planSummary is the last line: what running the plan does, in words.
func planSummary(p plan.Plan) string {
	if !p.Changes() {
		var waiting []string
		for _, s := range steps[plan.Await](p) {
			waiting = append(waiting, calledIn(p, s.Distribution).short())
		}
		if len(waiting) == 0 {
			return "Nothing to do."
		}
		return "Nothing to do; CloudFront is still deploying an earlier change of " + strings.Join(waiting, ", ") + "."
	}
	publishes, tagged := len(steps[plan.Publish](p)), len(steps[plan.Tag](p))
	changes := steps[plan.Associate](p)
	var parts []string
	switch {
	case publishes > 0:
		parts = append(parts, "publishes "+count(publishes, "version"))
	case len(changes) > 0:
		parts = append(parts, "publishes nothing")
	}
	if tagged > 0 {
		parts = append(parts, "tags "+count(tagged, "function"))
	}
	if len(changes) == 0 {
		switch {
		case len(parts) > 0:
			return sentence(append(parts, "changes nothing in CloudFront"))
		case p.Record:
			return "Records a release; changes nothing in CloudFront."
		}
		return "Completes what is recorded; changes nothing in CloudFront."
	}
	detached := 0
	for _, s := range changes {
		for _, e := range s.Change.Edits {
			if e.To.Empty() {
				detached++
			}
		}
	}
	parts = append(parts, "updates "+count(len(changes), "distribution"))
	if detached == 0 {
		return sentence(append(parts, "detaches nothing"))
	}
	return sentence(append(parts, "detaches "+count(detached, "slot")))
}

func sentence(parts []string) string {
	text := strings.Join(parts, ", ") + "."
	return strings.ToUpper(text[:1]) + text[1:]
}

// lifts are the commands that lift what holds a plan.
func lifts(p plan.Plan) []release.Action {
	return p.HeldError().Next()
}

// planLift says what ends a hold. The commands follow it, one a line.
func planLift(p plan.Plan) string {
	switch {
	case len(p.Held) == 0:
		return ""
	case p.Held[0].Strict:
		return "Held: apply refuses this plan (exit code 5) until each hold is lifted:"
	}
	return "Held: apply refuses this plan (exit code 5) until what is held changes, or is lifted:"
}

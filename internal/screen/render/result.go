package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// ResultSchema is the version of the result document's JSON format.
const ResultSchema = 1

// Outcome is what a run came to, with what is needed to tell of it.
type Outcome struct {
	Plan   plan.Plan // that was run
	Result deploy.Result
	// Commands writes the commands that lead on.
	Commands Commands
	ExitCode int
	// Error is what the run ended with, and Hint what to do about it; "" where it
	// did not fail.
	Error, Hint string
	// Problems are findings about a spec that the error is made of.
	Problems []stackspec.Problem
	// Message is what a command says that found nothing to run.
	Message string
	// Refused reports that nothing was run: the plan, if there is one, was not.
	Refused bool
	// Lost reports whether the run lost its lock: what became of its release is not
	// known then, and undoing what is in flight would undo the work of another run.
	Lost bool
	// Applied reports that the plan was saved, and that an earlier run of it made
	// the release, which is live; Wrote, that this one had slots to write.
	Applied, Wrote bool
}

// Undo gives the one command that undoes a release that became live; "" when
// none did, or it wrote nothing.
func (o Outcome) Undo() string {
	r := o.Result.Release
	written := slices.ContainsFunc(o.Result.Slots, func(s deploy.SlotResult) bool { return s.State == deploy.SlotWritten })
	switch {
	case !o.Result.Live || !written && !o.Wrote || r.Number == 0 || len(o.Result.Drift) > 0:
		return ""
	case !o.Plan.Record && o.Plan.Complete == 0 && !o.Applied:
		return "" // the run put back what is live; that was recorded before
	case r.Kind == release.KindRollback && r.Undone == 0:
		return "" // what was live before is not known
	case r.Kind == release.KindApply && r.Returns == 0 && int(r.Brought) == r.Number:
		return o.Commands.Command(release.Action{Verb: release.VerbRollback, HasTo: true})
	case r.Kind == release.KindApply && r.Returns == 0:
		return "" // a repair of the first release: undoing it would undo that one
	case r.GoingBack():
		// What went back is not undone by going back once more.
		return o.Commands.Command(release.Action{Verb: release.VerbRollback, To: r.Undone, HasTo: true})
	}
	return o.Commands.Command(release.Action{Verb: release.VerbRollback, Of: r.Number})
}

// previous is the release that was live before the run, or before the one that
// applied the plan.
func (o Outcome) previous() int {
	if o.Applied {
		return o.Result.Release.Parent
	}
	return o.Plan.Saw.Live
}

// next are the ways on from a release that the run left in flight.
func (o Outcome) next() []release.Action {
	if o.Lost || o.Result.Live || o.Result.Release.Number == 0 || o.Result.Release.Kind == release.KindResume || o.rolledBack() {
		return nil
	}
	return release.Next(release.LedgerState{Pending: o.Result.Release}, SlotsWritten(o.Result.Slots))
}

// changed reports whether the run recorded a release, made one live, or wrote a
// slot: what came before that is not seen by anybody.
func (o Outcome) changed() bool {
	r := o.Result
	switch {
	case !o.Plan.Changes() || r.Already:
		return false
	case r.Settled != 0 || r.Release.Number != 0:
		return true
	}
	return slices.ContainsFunc(r.Slots, func(s deploy.SlotResult) bool { return s.State == deploy.SlotWritten || s.State == deploy.SlotUnknown })
}

// rolledBack reports whether --on-failure rollback undid the run.
func (o Outcome) rolledBack() bool {
	return o.Result.RolledBack.Number != 0
}

// SlotsWritten says how far a run came, by what became of its slots.
func SlotsWritten(slots []deploy.SlotResult) release.Written {
	written, not := 0, 0
	for _, s := range slots {
		switch s.State {
		case deploy.SlotWritten, deploy.SlotUnknown:
			written++
		case deploy.SlotNotWritten:
			not++
		}
	}
	switch {
	case written > 0 && not == 0:
		return release.WrittenAll
	case written > 0:
		return release.WrittenPart
	}
	return release.WrittenNone
}

// Result writes the end of a run: each slot that the run was to change, with
// its state, what is live now, and the one command that undoes it.
func Result(o Outcome, s Style) string {
	out, n := &page{style: s}, namesOf(o.Plan.Goal.Functions, o.Result.Release.Functions)
	slots, width := o.slots(), 0
	for _, r := range slots {
		width = max(width, widest(n.change(r.Edit.From, r.Edit.To)))
	}
	// Long names leave no room for the state: it stands below them then.
	apart := s.Width > 0 && 8+triggerColumn+width+3+o.widestState(n) > s.Width
	var last associations.Slot
	for i, r := range slots {
		slot := r.Edit.Slot
		if i == 0 || slot.Distribution != last.Distribution {
			if i > 0 {
				out.blank()
			}
			distributionHead(out, calledIn(o.Plan, slot.Distribution))
			last.Path = ""
		}
		if slot.Path != last.Path {
			out.line(4, plain(slot.Path))
		}
		last = slot
		sign, state := editSign(r.Edit), o.slotState(r)
		text := span{slotStateWords(r, state, n), slotStateColor(state)}
		row := []span{{sign, signColor(sign)}, plain(" "), cell(string(slot.Trigger), triggerColumn)}
		if apart {
			out.line(6, append(row, plain(n.change(r.Edit.From, r.Edit.To)))...)
			out.line(8, text)
			continue
		}
		out.line(6, append(row, cell(n.change(r.Edit.From, r.Edit.To), width), plain("   "), text)...)
	}
	if len(slots) > 0 {
		out.blank()
	}
	out.closing(o.summary())
	for _, note := range o.Plan.Notes {
		// The plan, which said so too, went to stderr, or was saved days ago.
		if note.Kind == "no-commit" && o.Result.Live {
			out.prose(2, "! ", note.Text)
		}
	}
	for _, h := range o.heldNow() {
		out.prose(2, "! ", h)
	}
	if undo := o.Undo(); undo != "" {
		out.line(0, plain("Undo it with: "), span{undo, bold})
	}
	if next := o.next(); len(next) > 0 {
		out.line(0, plain("Go on with one of:"))
		wayLines(out, 2, o.Commands, next)
	}
	return out.String()
}

// slots gives the slots in order, with the numbers that AWS gave to what was
// new in the plan.
func (o Outcome) slots() []deploy.SlotResult {
	numbers := map[string]int{}
	for _, f := range o.Result.Release.Functions {
		numbers[f.Spec.Function] = f.Number
	}
	slots := slices.Clone(o.Result.Slots)
	for i := range slots {
		if to := &slots[i].Edit.To.Version; to.Pending() {
			to.Number = numbers[to.Function]
		}
	}
	slices.SortStableFunc(slots, func(a, b deploy.SlotResult) int { return a.Edit.Slot.Compare(b.Edit.Slot) })
	return slots
}

// slotState says of a written slot whether it is everywhere yet.
func (o Outcome) slotState(r deploy.SlotResult) string {
	switch {
	case r.State != deploy.SlotWritten || !o.Result.Live:
		return string(r.State)
	case slices.Contains(o.Result.Undeployed, r.Edit.Slot.Distribution):
		return "deploying"
	}
	return "deployed"
}

// slotStateWords writes a state, and what a slot holds that is not as it was to be.
func slotStateWords(r deploy.SlotResult, state string, n names) string {
	if r.State == deploy.SlotChanged {
		return "changed outside, holds " + n.binding(r.Holds)
	}
	return strings.ReplaceAll(state, "-", " ")
}

func (o Outcome) widestState(n names) int {
	width := len("not written")
	for _, r := range o.Result.Slots {
		width = max(width, widest(slotStateWords(r, o.slotState(r), n)))
	}
	return width
}

func slotStateColor(state string) string {
	switch state {
	case "deployed":
		return green
	case "not-written", "unknown", "changed":
		return red
	default:
		return yellow
	}
}

func (o Outcome) summary() string {
	r := o.Result
	switch {
	case !o.Plan.Changes():
		return planSummary(o.Plan)
	case o.rolledBack():
		return fmt.Sprintf("Release %d of %s failed and was rolled back by release %d.", r.Release.Number, o.Plan.Stack, r.RolledBack.Number)
	case r.Live && len(r.Slots) == 0 && r.Release.Kind == release.KindResume:
		return fmt.Sprintf("Release %d of %s is live; nothing changed in CloudFront.", r.Release.Number, o.Plan.Stack)
	case !o.Plan.Record && o.Plan.Complete == 0 && o.ExitCode == 0:
		return o.putBack()
	case len(r.Drift) > 0:
		return fmt.Sprintf("Release %d of %s is live on record, but something else has changed %s since.",
			cmp.Or(r.Release.Number, o.Plan.Goal.Number), o.Plan.Stack, count(len(r.Drift), "slot"))
	case r.Live && len(r.Undeployed) > 0:
		return fmt.Sprintf("Release %d of %s is live; CloudFront is still deploying %s.", r.Release.Number, o.Plan.Stack, strings.Join(o.undeployed(), ", "))
	case r.Live && len(r.Slots) > 0:
		return fmt.Sprintf("Release %d of %s is live, deployed everywhere.", r.Release.Number, o.Plan.Stack)
	case r.Live:
		return fmt.Sprintf("Release %d of %s is live; nothing changed in CloudFront.", r.Release.Number, o.Plan.Stack)
	case r.Release.Number != 0:
		if o.Lost {
			return fmt.Sprintf("Release %d of %s was recorded and did not become live: the run lost its lock.", r.Release.Number, o.Plan.Stack)
		}
		return fmt.Sprintf("Release %d of %s was recorded and did not become live: it is in flight.", r.Release.Number, o.Plan.Stack)
	case len(r.Slots) > 0 && SlotsWritten(r.Slots) != release.WrittenNone:
		return fmt.Sprintf("Some slots of %s were put back; release %d stays live.", o.Plan.Stack, o.Plan.Goal.Number)
	}
	return fmt.Sprintf("No distribution of %s was changed.", o.Plan.Stack)
}

// undeployed names the distributions that are not everywhere yet.
func (o Outcome) undeployed() []string {
	names := make([]string, len(o.Result.Undeployed))
	for i, id := range o.Result.Undeployed {
		names[i] = calledIn(o.Plan, id).short()
	}
	return names
}

// putBack tells the end of a run that recorded nothing: what it wrote, or
// committed, was recorded before.
func (o Outcome) putBack() string {
	text := fmt.Sprintf("Release %d of %s is live, as recorded before", o.Plan.Goal.Number, o.Plan.Stack)
	if n := len(o.Result.Slots); n > 0 {
		text += fmt.Sprintf("; %s put back", count(n, "slot"))
	}
	if len(o.Result.Undeployed) > 0 {
		return text + "; CloudFront is still deploying " + strings.Join(o.undeployed(), ", ") + "."
	}
	return text + "."
}

// ResultJSON writes the end of a run for programs. Bindings carry full ARNs,
// "" for an empty slot; "undo" is "" when there is nothing to undo.
func ResultJSON(o Outcome) ([]byte, error) {
	slots, arns := []resultSlot{}, map[string]string{}
	holds, told := o.holds()
	if told {
		holds = append([]release.Hold{}, holds...)
	}
	for _, f := range o.Result.Release.Functions {
		if arn := QualifiedARN(o.Plan.Account, f.Ref()); arn != "" {
			arns[f.Key] = arn
		}
	}
	for _, r := range o.slots() {
		one := resultSlot{r.Edit.Slot.Distribution, r.Edit.Slot.Path, r.Edit.Slot.Trigger,
			bindingDocument(o.Plan.Account, r.Edit.From), bindingDocument(o.Plan.Account, r.Edit.To), o.slotState(r), nil}
		if r.State == deploy.SlotChanged {
			holds := bindingDocument(o.Plan.Account, r.Holds)
			one.Holds = &holds
		}
		slots = append(slots, one)
	}
	doc, err := toJSON(resultDocument{ResultSchema, o.Plan.Stack, o.ExitCode, o.Error, o.Hint, o.Problems, o.Message, o.changed(), o.Result.Release.Number, o.previous(), o.Result.Live, o.Result.RolledBack.Number,
		append([]string{}, o.Result.Undeployed...), arns, slots, o.Undo(), o.Commands.document(o.next()), o.Plan.Unfinished,
		o.Plan.Notes, holds})
	if err != nil {
		return nil, fmt.Errorf("result for stack %s as JSON: %w", o.Plan.Stack, err)
	}
	return doc, nil
}

// ResultMarkdown writes the end of a run for a comment or a job summary.
func ResultMarkdown(o Outcome) string {
	b, n := &strings.Builder{}, namesOf(o.Plan.Goal.Functions, o.Result.Release.Functions)
	fmt.Fprintf(b, "### edgedeploy: %s\n\n**%s**\n\n", code(o.Plan.Stack), md(o.summary()))
	notes := append(planNotes(o.Plan), o.heldNow()...)
	for _, n := range notes {
		b.WriteString("- ! " + md(n) + "\n")
	}
	if len(notes) > 0 {
		b.WriteByte('\n')
	}
	var rows [][]string
	for _, r := range o.slots() {
		s := r.Edit.Slot
		rows = append(rows, []string{code(editSign(r.Edit)), code(s.Distribution), code(s.Path), code(string(s.Trigger)),
			code(n.binding(r.Edit.From)), code(n.binding(r.Edit.To)), md(slotStateWords(r, o.slotState(r), n))})
	}
	mdTable(b, []string{"", "distribution", "behavior", "trigger", "before", "after", "state"}, rows)
	if undo := o.Undo(); undo != "" {
		b.WriteString("Undo it with: " + code(undo) + "\n")
	}
	for _, a := range o.next() {
		b.WriteString("- " + code(o.Commands.Command(a)) + " " + md(a.Does) + "\n")
	}
	return finish(b)
}

package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
)

// ResultSchema is the version of the result document's JSON format.
const ResultSchema = 1

// Outcome is what a run came to, with what is needed to tell of it.
type Outcome struct {
	Plan   plan.Plan // that was run
	Result deploy.Result
	// Flags are those that the undoing command needs too, such as --local.
	Flags    []string
	ExitCode int
}

// Undo gives the one command that undoes the run, or restores what a failed
// run left half-done; "" when nothing was written.
func (o Outcome) Undo() string {
	written := slices.ContainsFunc(o.Result.Slots, func(s deploy.SlotResult) bool {
		return s.State == "written" || s.State == "unknown"
	})
	if !written {
		return ""
	}
	words := append([]string{"edgedeploy", "rollback", "--stack", o.Plan.Stack, "--to", strconv.Itoa(o.Plan.Saw.Live)}, o.Flags...)
	for i, w := range words {
		words[i] = ShellWord(Clean(w))
	}
	return strings.Join(words, " ")
}

// ShellWord quotes a word for a POSIX shell if it needs it.
func ShellWord(w string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@,+%"
	if w != "" && strings.Trim(w, safe) == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
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
	apart := s.Width > 0 && 8+triggerColumn+width+3+len("not written") > s.Width
	var last associations.Slot
	for i, r := range slots {
		slot := r.Edit.Slot
		if i == 0 || slot.Distribution != last.Distribution {
			if i > 0 {
				out.blank()
			}
			distributionHead(out, slot.Distribution, o.Plan.Context.Domains[slot.Distribution])
			last.Path = ""
		}
		if slot.Path != last.Path {
			out.line(4, plain(slot.Path))
		}
		last = slot
		sign, state := editSign(r.Edit), o.slotState(r)
		text := span{strings.ReplaceAll(state, "-", " "), slotStateColor(state)}
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
	if undo := o.Undo(); undo != "" {
		out.line(0, plain(o.undoLead()+" "), span{undo, bold})
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
	case r.State != "written" || !o.Result.Live:
		return r.State
	case slices.Contains(o.Result.Undeployed, r.Edit.Slot.Distribution):
		return "deploying"
	}
	return "deployed"
}

func slotStateColor(state string) string {
	switch state {
	case "deployed":
		return green
	case "not-written", "unknown":
		return red
	default:
		return yellow
	}
}

func (o Outcome) undoLead() string {
	if o.Result.Live {
		return "Undo it with:"
	}
	return "Go back with:"
}

func (o Outcome) summary() string {
	r := o.Result
	switch {
	case !o.Plan.Changes():
		return planSummary(o.Plan)
	case r.Live && len(r.Undeployed) > 0:
		return fmt.Sprintf("Release %d of %s is live; CloudFront is still deploying %s.", r.Release.Number, o.Plan.Stack, strings.Join(r.Undeployed, ", "))
	case r.Live && len(r.Slots) > 0:
		return fmt.Sprintf("Release %d of %s is live, deployed everywhere.", r.Release.Number, o.Plan.Stack)
	case r.Live:
		return fmt.Sprintf("Release %d of %s is live; nothing changed in CloudFront.", r.Release.Number, o.Plan.Stack)
	case r.Release.Number != 0:
		return fmt.Sprintf("Release %d of %s was recorded and did not become live.", r.Release.Number, o.Plan.Stack)
	case o.Undo() != "":
		return fmt.Sprintf("No release of %s was recorded for these writes.", o.Plan.Stack)
	}
	return fmt.Sprintf("No distribution of %s was changed.", o.Plan.Stack)
}

// ResultJSON writes the end of a run for programs. Bindings carry full ARNs,
// "" for an empty slot; "undo" is "" when there is nothing to undo.
func ResultJSON(o Outcome) ([]byte, error) {
	type slot struct {
		Distribution string               `json:"distribution"`
		Path         string               `json:"path"`
		Trigger      associations.Trigger `json:"trigger"`
		From         slotBinding          `json:"from"`
		To           slotBinding          `json:"to"`
		State        string               `json:"state"`
	}
	slots, arns := []slot{}, map[string]string{}
	for _, f := range o.Result.Release.Functions {
		if arn := QualifiedARN(o.Plan.Account, f.Ref()); arn != "" {
			arns[f.Key] = arn
		}
	}
	for _, r := range o.slots() {
		slots = append(slots, slot{r.Edit.Slot.Distribution, r.Edit.Slot.Path, r.Edit.Slot.Trigger,
			bindingDocument(o.Plan.Account, r.Edit.From), bindingDocument(o.Plan.Account, r.Edit.To), o.slotState(r)})
	}
	doc, err := toJSON(struct {
		Schema        int               `json:"schema"`
		Stack         string            `json:"stack"`
		ExitCode      int               `json:"exitCode"`
		Changed       bool              `json:"changed"`
		Release       int               `json:"release"` // 0 when none was recorded
		Previous      int               `json:"previous"`
		Live          bool              `json:"live"`
		Undeployed    []string          `json:"undeployed"`
		QualifiedARNs map[string]string `json:"qualifiedArns"`
		Slots         []slot            `json:"slots"`
		Undo          string            `json:"undo"`
	}{ResultSchema, o.Plan.Stack, o.ExitCode, o.Plan.Changes(), o.Result.Release.Number, o.Plan.Saw.Live, o.Result.Live,
		append([]string{}, o.Result.Undeployed...), arns, slots, o.Undo()})
	if err != nil {
		return nil, fmt.Errorf("result for stack %s as JSON: %w", o.Plan.Stack, err)
	}
	return doc, nil
}

// ResultMarkdown writes the end of a run for a comment or a job summary.
func ResultMarkdown(o Outcome) string {
	b, n := &strings.Builder{}, namesOf(o.Plan.Goal.Functions, o.Result.Release.Functions)
	fmt.Fprintf(b, "### edgedeploy: %s\n\n**%s**\n\n", code(o.Plan.Stack), md(o.summary()))
	var rows [][]string
	for _, r := range o.slots() {
		s := r.Edit.Slot
		rows = append(rows, []string{code(editSign(r.Edit)), code(s.Distribution), code(s.Path), code(string(s.Trigger)),
			code(n.binding(r.Edit.From)), code(n.binding(r.Edit.To)), md(o.slotState(r))})
	}
	mdTable(b, []string{"", "distribution", "behavior", "trigger", "before", "after", "state"}, rows)
	if undo := o.Undo(); undo != "" {
		b.WriteString(o.undoLead() + " " + code(undo) + "\n")
	}
	return finish(b)
}

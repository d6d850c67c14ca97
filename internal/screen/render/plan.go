package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
)

// triggerColumn is the width of a trigger's name and the space behind it.
const triggerColumn = len(associations.OriginResponse) + 4

// PlanText writes a plan for people: signs first (+ new, ~ changed, - emptied,
// = kept, ! note), one line for each thing that changes, and what it all comes
// to in words at the end.
func PlanText(p plan.Plan, c Commands, s Style) string {
	v, out := viewPlan(p), &page{style: s}
	head := []span{{v.stack, bold}, plain("   " + v.position)}
	if v.how != "" {
		head = append(head, span{"   " + v.how, cyan})
	}
	out.line(0, head...)
	if v.target != "" {
		out.prose(2, "", v.target)
	}
	out.blank()
	if len(v.functions) > 0 {
		out.line(2, plain("functions"))
		planFunctionLines(out, v)
		out.blank()
	}
	for _, d := range v.distributions {
		distributionHead(out, d.id, d.domain)
		editLines(out, d.edits, d.names)
		out.blank()
	}
	for _, n := range v.notes {
		out.prose(2, "! ", n)
	}
	for _, h := range v.held {
		out.prose(2, "! ", "held: "+h)
	}
	for _, h := range v.after {
		out.prose(2, "! ", h)
	}
	if len(v.notes)+len(v.held)+len(v.after) > 0 {
		out.blank()
	}
	out.closing(v.summary)
	if v.lift != "" {
		out.prose(0, "", v.lift)
		wayLines(out, 2, c, lifts(p))
	}
	return out.String()
}

func planFunctionLines(out *page, v planView) {
	name, act, size := 0, 0, 0
	for _, r := range v.functions {
		name, size = max(name, widest(r.name)), max(size, widest(r.size))
		if r.size != "" {
			act = max(act, widest(r.act))
		}
	}
	for _, r := range v.functions {
		spans := []span{{r.sign, signColor(r.sign)}, plain(" "), cell(r.name, name), plain("   ")}
		if r.size == "" {
			spans = append(spans, plain(r.act))
			if r.act != "" && len(r.rest) > 0 {
				spans = append(spans, plain("   "))
			}
		} else {
			spans = append(spans, cell(r.act, act), plain("  "+padLeft(r.size, size)), plain("   "))
		}
		out.line(4, append(spans, plain(strings.Join(r.rest, ", ")))...)
	}
	if v.others > 0 {
		out.line(4, span{fmt.Sprintf("%s unchanged", count(v.others, "other")), dim})
	}
}

func distributionHead(out *page, id, domain string) {
	if domain == "" || domain == id {
		out.line(2, span{id, bold})
		return
	}
	out.line(2, span{id, bold}, plain("  "+domain))
}

// editLines writes the edits of one distribution by cache behaviour.
func editLines(out *page, edits []associations.Edit, n names) {
	for i, e := range edits {
		if i == 0 || edits[i-1].Slot.Path != e.Slot.Path {
			out.line(4, plain(e.Slot.Path))
		}
		sign := editSign(e)
		out.line(6, span{sign, signColor(sign)}, plain(" "), cell(string(e.Slot.Trigger), triggerColumn), plain(n.change(e.From, e.To)))
	}
}

// PlanJSON writes the plan itself: the value that runs. Its steps carry their
// kind in "do"; "schema" is plan.Schema.
func PlanJSON(p plan.Plan, exitCode int) ([]byte, error) {
	doc, err := toJSON(struct {
		plan.Plan
		ExitCode int `json:"exitCode"`
	}{p, exitCode})
	if err != nil {
		return nil, fmt.Errorf("plan of stack %s as JSON: %w", p.Stack, err)
	}
	return doc, nil
}

// toJSON writes a value indented, for people and programs alike. Characters
// that steer a terminal are written as \u escapes, which JSON readers turn
// back into what they were.
func toJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return escapeInvisible(b.Bytes()), nil
}

// escapeInvisible escapes what encoding/json leaves as it is: DEL, C1 control
// characters and invisible formatting. In JSON they occur inside strings only.
func escapeInvisible(doc []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(doc) {
		switch {
		case r == '\n', !invisible(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

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
		distributionHead(out, d.called)
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
		rest := plain(strings.Join(r.rest, ", "))
		if out.fits(4, append(spans, rest)...) {
			out.line(4, append(spans, rest)...)
			continue
		}
		out.line(4, spans...)
		out.prose(8, "", rest.text)
	}
	if v.others > 0 {
		out.line(4, span{fmt.Sprintf("%s unchanged", count(v.others, "other")), dim})
	}
}

// called is what a distribution is known by: its key in the spec, its id, and a
// domain name. Key and domain may be "".
type called struct{ key, id, domain string }

func distributionHead(out *page, c called) { out.line(2, headSpans(c)...) }

func headSpans(c called) []span {
	names := []span{{c.id, bold}}
	if c.key != "" {
		names = []span{{c.key, bold}, plain("  " + c.id)}
	}
	if c.domain != "" && c.domain != c.id {
		names = append(names, plain("  "+c.domain))
	}
	return names
}

// calledIn is what the plan knows a distribution by.
func calledIn(p plan.Plan, id string) called {
	return called{p.Context.Keys[id], id, p.Context.Domains[id]}
}

// short names a distribution within a sentence: "www (E2EXAMPLE1ABCD)".
func (c called) short() string {
	if c.key == "" {
		return c.id
	}
	return c.key + " (" + c.id + ")"
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
// kind in "do"; "schema" is plan.Schema. "changes" says whether running it
// changes anything.
func PlanJSON(p plan.Plan, exitCode int) ([]byte, error) {
	doc, err := toJSON(planDocument{p, p.Changes(), exitCode})
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

package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// PlanMarkdown writes a plan for a comment on a pull request: what it comes to
// first, then tables of what changes, then, folded, everything it leads to.
func PlanMarkdown(p plan.Plan, c Commands) string {
	v, b := viewPlan(p), &strings.Builder{}
	fmt.Fprintf(b, "### edgedeploy: %s, %s", code(v.stack), md(v.position))
	if v.how != "" {
		b.WriteString(" (" + md(v.how) + ")")
	}
	b.WriteString("\n\n**" + md(v.summary) + "**\n\n")
	if v.target != "" {
		b.WriteString(md(v.target) + "\n\n")
	}
	if v.lift != "" {
		b.WriteString("> " + md(v.lift) + "\n\n")
		for _, a := range lifts(p) {
			b.WriteString("- " + code(c.Command(a)) + " " + md(a.Does) + "\n")
		}
	}
	for _, h := range v.held {
		b.WriteString("- held: " + md(h) + "\n")
	}
	for _, n := range append(v.notes, v.after...) {
		b.WriteString("- ! " + md(n) + "\n")
	}
	if len(v.held)+len(v.notes)+len(v.after) > 0 {
		b.WriteByte('\n')
	}
	var rows [][]string
	for _, r := range v.functions {
		rows = append(rows, []string{code(r.sign), code(r.name), md(r.act), md(r.size), md(strings.Join(r.rest, ", "))})
	}
	mdTable(b, []string{"", "function", "version", "size", ""}, rows)
	for _, d := range v.distributions {
		b.WriteString(headMarkdown(d.called) + "\n\n")
		rows = nil
		for _, e := range d.edits {
			rows = append(rows, []string{code(editSign(e)), code(e.Slot.Path), code(string(e.Slot.Trigger)),
				code(d.names.binding(e.From)), code(d.names.binding(e.To))})
		}
		mdTable(b, []string{"", "behavior", "trigger", "now", "then"}, rows)
	}
	mdFold(b, "What is bound afterwards", bindingsMarkdown(p.Goal))
	mdFold(b, "Functions in full", functionsMarkdown(p.Goal.Functions))
	return finish(b)
}

func headMarkdown(c called) string {
	if c.key == "" {
		return "**" + code(c.id) + "** " + code(c.domain)
	}
	return "**" + code(c.key) + "** " + code(c.id) + " " + code(c.domain)
}

func bindingsMarkdown(r release.Release) string {
	var rows [][]string
	n := namesOf(r.Functions)
	for _, x := range r.Bindings() {
		rows = append(rows, []string{code(x.Slot.Distribution), code(x.Slot.Path), code(string(x.Slot.Trigger)), code(n.binding(x.Binding))})
	}
	b := &strings.Builder{}
	mdTable(b, []string{"distribution", "behavior", "trigger", "function"}, rows)
	return b.String()
}

// functionsMarkdown writes all that identifies functions. Their baked
// configuration is part of the content, and no value of it is ever here.
func functionsMarkdown(list []release.Function) string {
	var rows [][]string
	for _, f := range list {
		rows = append(rows, []string{code(f.Key), code(f.Spec.Function), versionMarkdown(f.Number),
			code(string(f.Spec.Content)), md(configWords(f))})
	}
	b := &strings.Builder{}
	mdTable(b, []string{"function", "in Lambda", "version", "content", "configuration"}, rows)
	return b.String()
}

func versionMarkdown(number int) string {
	if number == 0 {
		return "new"
	}
	return strconv.Itoa(number)
}

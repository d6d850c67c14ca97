package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Show writes a release's record in full. Records hold no configuration
// values, so none can be shown.
func Show(r release.Release, live bool, s Style) string {
	out, n := &page{style: s}, namesOf(r.Functions)
	head := []span{{fmt.Sprintf("release %d", r.Number), bold}, plain(" of " + r.Stack)}
	if live {
		head = append(head, plain("   "), span{"live", green})
	}
	out.line(0, head...)
	out.blank()
	factLines(out, releaseFacts(r))
	out.blank()
	out.line(2, plain("functions"))
	for _, f := range r.Functions {
		functionLines(out, f, keyWidth(r.Functions))
	}
	if len(r.Functions) == 0 {
		out.line(4, plain("none"))
	}
	out.blank()
	boundLines(out, r, n)
	if len(r.Changed) > 0 {
		out.line(2, plain("changed by this release"))
		width := 0
		for _, e := range r.Changed {
			width = max(width, widest(e.Slot.String()))
		}
		for _, e := range inOrder(r.Changed) {
			sign := editSign(e)
			out.line(4, span{sign, signColor(sign)}, plain(" "), cell(e.Slot.String(), width), plain("   "+n.change(e.From, e.To)))
		}
		out.blank()
	}
	if len(r.Origins) > 0 {
		out.line(2, plain("held before the stack came (rollback --to 0 gives it back)"))
		for _, o := range r.Origins {
			out.line(4, plain("  "+o.Slot.String()+"   "+o.Binding.String()))
		}
		out.blank()
	}
	if len(r.Holds) > 0 {
		out.line(2, plain("holds in force"))
		for _, h := range r.Holds {
			out.prose(4, "! ", holdWords(h))
		}
		out.blank()
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

type fact struct{ name, value string }

func factLines(out *page, facts []fact) {
	width := 0
	for _, f := range facts {
		width = max(width, widest(f.name))
	}
	for _, f := range facts {
		out.prose(2, pad(f.name, width)+"  ", f.value)
	}
}

func releaseFacts(r release.Release) []fact {
	facts := []fact{{"kind", kindWords(r.Kind, r.Of)}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, value})
		}
	}
	if r.Parent != 0 {
		add("after", "release "+strconv.Itoa(r.Parent))
	}
	add("when", r.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	add("who", r.Actor)
	add("message", r.Message)
	add("source", sourceWords(r.Source))
	add("account", r.Account)
	add("role", r.Role)
	var tags []string
	for _, k := range sortedTags(r.Tags) {
		tags = append(tags, k+"="+r.Tags[k])
	}
	add("tags", strings.Join(tags, " "))
	add("run", r.RunID)
	add("tool", r.Tool)
	add("bindings", r.BindingsDigest())
	return facts
}

func sortedTags(tags map[string]string) []string {
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func sourceWords(s release.Source) string {
	if s.Commit == "" {
		return ""
	}
	text := "commit " + s.Commit
	if s.Branch != "" {
		text += " on " + s.Branch
	}
	if s.Dirty {
		text += ", with files that differed from it"
	}
	return text
}

func keyWidth(list []release.Function) int {
	width := 0
	for _, f := range list {
		width = max(width, widest(f.Key))
	}
	return width
}

// functionLines writes one function: the version in one line, all that
// identifies it below.
func functionLines(out *page, f release.Function, width int) {
	size := ""
	if f.ZipBytes != 0 {
		size = "   " + Bytes(f.ZipBytes)
	}
	out.line(4, cell(f.Key, width), plain("   version "+strconv.Itoa(f.Number)+size))
	out.line(6, span{"lambda   " + f.Spec.Function, dim})
	out.line(6, span{"content  " + string(f.Spec.Content), dim})
	out.prose(6, "config   ", configWords(f))
	out.line(6, span{"role     " + f.Spec.Config.Role, dim})
	if f.CodeSHA256 != "" {
		out.line(6, span{"sha256   " + f.CodeSHA256, dim})
	}
}

// configWords writes a function's Lambda configuration but for its role.
func configWords(f release.Function) string {
	c := f.Spec.Config
	words := []string{c.Runtime, c.Handler, strconv.Itoa(c.MemoryMB) + " MB", strconv.Itoa(c.TimeoutSeconds) + " s"}
	if c.Logging != (versions.Logging{}) {
		words = append(words, loggingWords(c.Logging))
	}
	if f.Trampoline != 0 {
		words = append(words, "trampoline "+strconv.Itoa(f.Trampoline))
	}
	if c.Extra != "" {
		words = append(words, "also set: "+c.Extra)
	}
	return strings.Join(words, ", ")
}

func loggingWords(l versions.Logging) string {
	words := []string{"text logs"}
	if l.Format != "" {
		words[0] = l.Format + " logs"
	}
	if l.Level != "" {
		words = append(words, "at "+l.Level)
	}
	if l.Group != "" {
		words = append(words, "to "+l.Group)
	}
	return strings.Join(words, " ")
}

// boundLines writes what a release binds, by distribution and behaviour.
func boundLines(out *page, r release.Release, n names) {
	bindings := slices.Clone(r.Bindings)
	slices.SortStableFunc(bindings, func(a, b release.Bound) int { return a.Slot.Compare(b.Slot) })
	var last associations.Slot
	for i, b := range bindings {
		if i == 0 || b.Slot.Distribution != last.Distribution {
			if i > 0 {
				out.blank()
			}
			distributionHead(out, b.Slot.Distribution, aliasOf(r, b.Slot.Distribution))
			last.Path = ""
		}
		if b.Slot.Path != last.Path {
			out.line(4, plain(b.Slot.Path))
		}
		out.line(6, cell(string(b.Slot.Trigger), triggerColumn), plain(n.binding(b.Binding)))
		last = b.Slot
	}
	if len(bindings) == 0 {
		out.line(2, plain("binds nothing"))
	}
	out.blank()
}

func aliasOf(r release.Release, id string) string {
	for _, d := range r.Distributions {
		if d.ID == id && d.Alias != "" {
			return d.Alias
		}
	}
	return ""
}

func holdWords(h release.Hold) string {
	words := make([]string, 0, len(h.Items)+1)
	for _, item := range h.Items {
		// The hold is on content and configuration: another configuration of
		// the same content may well be live.
		words = append(words, fmt.Sprintf("%s %s (%d MB, %d s)", item.Function, item.Content.Short(), item.Config.MemoryMB, item.Config.TimeoutSeconds))
	}
	if h.Commit != "" {
		words = append(words, "commit "+release.Source{Commit: h.Commit}.Short())
	}
	return fmt.Sprintf("release %d was rolled back: %s", h.Release, strings.Join(words, ", "))
}

// ShowJSON writes a release as {"release": number, "live": …, "record": …};
// the record is the ledger's own format, deploy.ReleaseSchema.
func ShowJSON(r release.Release, live bool) ([]byte, error) {
	doc, err := toJSON(struct {
		Release int             `json:"release"`
		Live    bool            `json:"live"`
		Record  release.Release `json:"record"`
	}{r.Number, live, r})
	if err != nil {
		return nil, fmt.Errorf("release %d of stack %s as JSON: %w", r.Number, r.Stack, err)
	}
	return doc, nil
}

// ShowMarkdown writes a release's record in full.
func ShowMarkdown(r release.Release, live bool) string {
	b, n := &strings.Builder{}, namesOf(r.Functions)
	fmt.Fprintf(b, "### edgedeploy: %s, release %d", code(r.Stack), r.Number)
	if live {
		b.WriteString(" (live)")
	}
	b.WriteString("\n\n")
	var rows [][]string
	for _, f := range releaseFacts(r) {
		rows = append(rows, []string{f.name, code(f.value)})
	}
	mdTable(b, []string{"", ""}, rows)
	b.WriteString(functionsMarkdown(r.Functions))
	b.WriteString(bindingsMarkdown(r))
	rows = nil
	for _, e := range inOrder(r.Changed) {
		rows = append(rows, []string{code(editSign(e)), code(e.Slot.Distribution), code(e.Slot.Path), code(string(e.Slot.Trigger)),
			code(n.binding(e.From)), code(n.binding(e.To))})
	}
	mdTable(b, []string{"", "distribution", "behavior", "trigger", "before", "after"}, rows)
	rows = nil
	for _, o := range r.Origins {
		rows = append(rows, []string{code(o.Slot.Distribution), code(o.Slot.Path), code(string(o.Slot.Trigger)), code(o.Binding.String())})
	}
	mdTable(b, []string{"distribution", "behavior", "trigger", "held before the stack came"}, rows)
	for _, h := range r.Holds {
		b.WriteString("- held: " + md(holdWords(h)) + "\n")
	}
	return finish(b)
}

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
	if len(r.Edits) > 0 {
		out.line(2, plain("changed by this release"))
		width := 0
		for _, e := range r.Edits {
			width = max(width, widest(e.Slot.String()))
		}
		for _, e := range inOrder(r.Edits) {
			sign := editSign(e)
			slotText(out, span{sign, signColor(sign)}, pad(Clean(e.Slot.String()), width), n.change(e.From, e.To))
		}
		out.blank()
	}
	takingLines(out, r.Takings, n)
	if len(r.Left) > 0 {
		out.line(2, plain("left by a release that was superseded; the stack's to empty"))
		for _, l := range r.Left {
			slotText(out, plain(" "), l.Slot.String(), n.binding(l.Binding))
		}
		out.blank()
	}
	if len(r.Commits) > 0 {
		out.line(2, plain("commits that led here"))
		out.prose(4, "", strings.Join(shortCommits(r.Commits), " "))
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

// slotText writes what is to be said of a slot beside its name, or below where that
// leaves no room.
func slotText(out *page, sign span, slot, text string) {
	if w := out.style.Width; w > 0 && 4+2+cells(slot)+3+cells(Clean(text)) > w {
		out.line(4, sign, plain(" "+slot))
		out.line(8, plain(text))
		return
	}
	out.line(4, sign, plain(" "+slot), plain("   "+text))
}

// takingLines tell what each slot held before the stack filled or took it.
func takingLines(out *page, takings []release.Taking, n names) {
	if len(takings) == 0 {
		return
	}
	out.line(2, plain("held before the stack filled or took it; a rollback gives it back"))
	width := 0
	for _, t := range takings {
		width = max(width, widest(t.Slot.String()))
	}
	for _, t := range takings {
		slotText(out, plain(" "), pad(Clean(t.Slot.String()), width), n.binding(t.Holder)+takenBy(t))
	}
	out.blank()
}

func takenBy(t release.Taking) string {
	if t.Release <= 0 {
		return ""
	}
	return fmt.Sprintf(" (until %d)", t.Release)
}

func shortCommits(commits []string) []string {
	short := make([]string, len(commits))
	for i, c := range commits {
		short[i] = release.Source{Commit: c}.Short()
	}
	return short
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
	facts := []fact{{"kind", kindWords(r.Kind, r.Target)}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, value})
		}
	}
	if r.Parent != 0 {
		add("after", "release "+strconv.Itoa(r.Parent))
	}
	facts = append(facts, lineageFacts(r)...)
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

// lineageFacts say where a release's bindings come from, and where it returns.
func lineageFacts(r release.Release) []fact {
	var facts []fact
	add := func(yes bool, name, value string) {
		if yes {
			facts = append(facts, fact{name, value})
		}
	}
	add(r.Undone != 0, "undoes", releaseName(r.Undone))
	add(r.Adopted, "adopted", "slots or functions that something else held")
	add(r.Automatic, "made by", "--on-failure rollback")
	add(r.Brought > 0, "brought", "what it binds was brought by "+broughtName(r))
	add(r.Back != 0, "back", "release "+strconv.Itoa(r.Back)+" was taken out of service")
	add(true, "returns", "a rollback of it goes to "+releaseName(r.Returns))
	return facts
}

func broughtName(r release.Release) string {
	if int(r.Brought) == r.Number {
		return "this release"
	}
	return releaseName(int(r.Brought))
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
	if s.From != "" {
		text += ", as the pipeline's " + s.From + " says"
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
	bindings := r.Bindings()
	var last associations.Slot
	for i, b := range bindings {
		if i == 0 || b.Slot.Distribution != last.Distribution {
			if i > 0 {
				out.blank()
			}
			distributionHead(out, calledBy(r, b.Slot.Distribution))
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

// calledBy is what a release knows a distribution by.
func calledBy(r release.Release, id string) called {
	for _, d := range r.Distributions {
		if slices.Contains(d.IDs, id) {
			return called{d.Key, id, d.Alias}
		}
	}
	return called{id: id}
}

// ShowSchema is the version of the show document's JSON format.
const ShowSchema = 1

// ShowJSON writes a release as {"schema": 1, "release": number, "live": …, "record": …};
// the record is the ledger's own format, release.Schema.
func ShowJSON(r release.Release, live bool) ([]byte, error) {
	doc, err := toJSON(showDocument{ShowSchema, r.Number, live, r})
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
	for _, e := range inOrder(r.Edits) {
		rows = append(rows, []string{code(editSign(e)), code(e.Slot.Distribution), code(e.Slot.Path), code(string(e.Slot.Trigger)),
			code(n.binding(e.From)), code(n.binding(e.To))})
	}
	mdTable(b, []string{"", "distribution", "behavior", "trigger", "before", "after"}, rows)
	rows = nil
	for _, t := range r.Takings {
		rows = append(rows, []string{code(t.Slot.Distribution), code(t.Slot.Path), code(string(t.Slot.Trigger)), code(n.binding(t.Holder) + takenBy(t))})
	}
	mdTable(b, []string{"distribution", "behavior", "trigger", "held before"}, rows)
	rows = nil
	for _, l := range r.Left {
		rows = append(rows, []string{code(l.Slot.Distribution), code(l.Slot.Path), code(string(l.Slot.Trigger)), code(n.binding(l.Binding))})
	}
	mdTable(b, []string{"distribution", "behavior", "trigger", "left by a superseded release"}, rows)
	if len(r.Commits) > 0 {
		b.WriteString("- commits that led here: " + md(strings.Join(shortCommits(r.Commits), " ")) + "\n")
	}
	for _, h := range r.Holds {
		b.WriteString("- held: " + md(holdWords(h)) + "\n")
	}
	return finish(b)
}

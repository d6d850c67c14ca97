package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Drift is how an account differs from what the live release left.
type Drift struct {
	Stack, Account string
	Live, Pending  release.Release
	// Wanted are the functions that the spec binds, by slot; nil without a spec.
	// They are by key: without a build nothing tells more.
	Wanted map[associations.Slot]string
	// Left are functions of the live release that the spec has no more, by key.
	Left []string
	// Departed are functions that left the stack in an earlier release and exist
	// still, by name.
	Departed []string
	List     []plan.Divergence
	Commands Commands
	Now      time.Time
	ExitCode int
}

type driftDocument struct {
	Schema   int          `json:"schema"`
	Stack    string       `json:"stack"`
	Account  string       `json:"account"`
	Release  int          `json:"release"`            // the live one, 0 for none
	InFlight int          `json:"inFlight,omitempty"` // the release in flight; what it writes is not judged
	Drift    []driftEntry `json:"drift"`              // what is not as the live release left it
	Left     []string     `json:"leftTheSpec"`        // functions of the live release that the spec has no more, by key
	Departed []string     `json:"departed,omitempty"` // functions that left the stack in an earlier release and exist still
	ExitCode int          `json:"exitCode"`
}

// driftEntry is one respect in which the account is not as the live release left it.
type driftEntry struct {
	Kind         plan.DriftKind       `json:"kind"`                   // slot, gone, stray, version, latest, tags, replication or ledger
	Distribution string               `json:"distribution,omitempty"` // its id
	Key          string               `json:"key,omitempty"`          // the distribution's, in the spec
	Path         string               `json:"path,omitempty"`         // the path pattern
	Trigger      associations.Trigger `json:"trigger,omitempty"`
	Wanted       string               `json:"wanted,omitempty"`   // the key of the function that the spec wants there
	Recorded     string               `json:"recorded,omitempty"` // what the live release put there
	Holds        string               `json:"holds,omitempty"`    // what is there
	Function     string               `json:"function,omitempty"` // its name in Lambda
	Version      int                  `json:"version,omitempty"`
	Detail       string               `json:"detail"`         // what differs, in words
	Since        time.Time            `json:"since,omitzero"` // when AWS says that it was changed last
	Repaired     bool                 `json:"applyRepairs"`   // apply repairs it without being asked for more
}

func (d Drift) entry(one plan.Divergence) driftEntry {
	e := driftEntry{
		Kind: one.Kind, Function: one.Version.Function, Version: one.Version.Number,
		Detail: one.Detail, Since: one.Since, Repaired: one.Repaired,
	}
	if one.Slot == (associations.Slot{}) {
		return e
	}
	e.Distribution, e.Path, e.Trigger, e.Key = one.Slot.Distribution, one.Slot.Path, one.Slot.Trigger, d.key(one.Slot.Distribution)
	e.Recorded, e.Holds, e.Wanted = one.Recorded.String(), one.Live.String(), d.Wanted[one.Slot]
	return e
}

// key is what the spec of the live release calls a distribution.
func (d Drift) key(id string) string {
	for _, one := range d.Live.Distributions {
		if slices.Contains(one.IDs, id) {
			return one.Key
		}
	}
	return ""
}

// DriftText writes drift for people: the slots by distribution, then the functions.
func DriftText(d Drift, s Style) string {
	out, n := &page{style: s}, namesOf(d.Live.Functions)
	head := "   no release is live"
	if d.Live.Number != 0 {
		head = fmt.Sprintf("   against release %d of %s UTC", d.Live.Number, utc(d.Live.At))
	}
	out.line(0, span{d.Stack, bold}, plain(head))
	at := ""
	for _, one := range d.List {
		if one.Slot == (associations.Slot{}) {
			continue
		}
		if one.Slot.Distribution != at {
			at = one.Slot.Distribution
			out.blank()
			out.line(2, span{at, bold}, plain("  "+d.key(at)), span{changed(one.Since, d.Now), dim})
		}
		d.slot(out, one, n)
	}
	first := true
	for _, one := range d.List {
		if one.Slot != (associations.Slot{}) {
			continue
		}
		if first {
			out.blank()
			out.line(2, plain("functions"))
			first = false
		}
		name := one.Version.Function
		if one.Version.Number != 0 {
			name += ":" + strconv.Itoa(one.Version.Number)
		}
		out.line(4, span{"! ", magenta}, span{name, bold}, span{changed(one.Since, d.Now), dim})
		out.prose(6, "", one.Detail+repairWords(one))
	}
	for _, key := range d.Left {
		out.blank()
		out.prose(2, "! ", fmt.Sprintf("function %s left the spec: apply lets go of it, and prune deletes it later", key))
	}
	for _, name := range d.Departed {
		out.blank()
		out.prose(2, "! ", departedWords(name))
	}
	out.blank()
	for _, sentence := range d.sentences() {
		out.closing(sentence)
	}
	return out.String()
}

// slot writes a slot: wanted, recorded and live.
func (d Drift) slot(out *page, one plan.Divergence, n names) {
	out.line(4, span{"! ", magenta}, plain(one.Slot.Path+" "+string(one.Slot.Trigger)))
	out.prose(6, "", one.Detail+repairWords(one))
	if d.Wanted != nil {
		out.line(6, plain("wanted    "+cmp.Or(d.Wanted[one.Slot], "nothing")))
	}
	out.line(6, plain("recorded  "+n.binding(one.Recorded)))
	out.line(6, plain("live      "+n.binding(one.Live)))
}

func repairWords(one plan.Divergence) string {
	if one.Repaired {
		return "; apply repairs it"
	}
	return ""
}

func changed(since, now time.Time) string {
	if since.IsZero() {
		return ""
	}
	return "   changed last " + Ago(since, now)
}

// sentences sum up.
func (d Drift) sentences() []string {
	var list []string
	if flight := d.Pending.Number; flight != 0 {
		list = append(list, fmt.Sprintf("Release %d is in flight: what it writes is not judged.", flight))
	}
	if d.Live.Number == 0 && len(d.List) == 0 {
		return append(list, "Nothing is live, so nothing can drift.")
	}
	if len(d.List) == 0 {
		return append(list, "No drift: everything is as the live release left it.")
	}
	repaired := 0
	for _, one := range d.List {
		if one.Repaired {
			repaired++
		}
	}
	list = append(list, fmt.Sprintf("Drift in %s.", count(len(d.List), "place")))
	if repaired > 0 {
		list = append(list, fmt.Sprintf("%s repairs %d of them.", d.Commands.Command(release.Action{Verb: release.VerbApply}), repaired))
	}
	return list
}

// DriftJSON is the document for programs.
func DriftJSON(d Drift) ([]byte, error) {
	entries := []driftEntry{}
	for _, one := range d.List {
		entries = append(entries, d.entry(one))
	}
	left := d.Left
	if left == nil {
		left = []string{}
	}
	return json.MarshalIndent(driftDocument{
		1, d.Stack, d.Account, d.Live.Number, d.Pending.Number, entries, left, d.Departed, d.ExitCode,
	}, "", "  ")
}

// DriftMarkdown is drift as a table.
func DriftMarkdown(d Drift) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: drift against release %d\n\n", md(d.Stack), d.Live.Number)
	n := namesOf(d.Live.Functions)
	var rows [][]string
	for _, one := range d.List {
		where := code(subjectOf(one))
		recorded, live := "", ""
		if one.Slot != (associations.Slot{}) {
			recorded, live = md(n.binding(one.Recorded)), md(n.binding(one.Live))
		}
		rows = append(rows, []string{where, md(d.Wanted[one.Slot]), recorded, live, md(one.Detail + repairWords(one))})
	}
	mdTable(&b, []string{"where", "wanted", "recorded", "live", "what"}, rows)
	for _, key := range d.Left {
		fmt.Fprintf(&b, "Function %s left the spec.\n\n", code(key))
	}
	for _, name := range d.Departed {
		b.WriteString(md(departedWords(name)) + "\n\n")
	}
	b.WriteString(md(strings.Join(d.sentences(), " ")))
	return finish(&b)
}

// subjectOf is what a divergence is about: a slot, a version or a function.
func subjectOf(one plan.Divergence) string {
	switch {
	case one.Slot != (associations.Slot{}):
		return one.Slot.String()
	case one.Version != (versions.Ref{Function: one.Version.Function}):
		return one.Version.String()
	}
	return one.Version.Function
}

package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// statusDocument is what is live, and whether it is what was deployed.
type statusDocument struct {
	Schema   int            `json:"schema"`
	Stack    string         `json:"stack"`
	Account  string         `json:"account"`
	ExitCode int            `json:"exitCode"`
	Live     *statusRelease `json:"live"`    // null when there is none
	Pending  *statusRelease `json:"pending"` // null when nothing is in flight
	Lock     *statusLock    `json:"lock"`    // null when the lock is open
	Holds    []release.Hold `json:"holds"`
	// Lost was live, where the ledger names no live release any more.
	Lost int `json:"lost,omitempty"`
	// Broken is named as live, and is no record of a release.
	Broken int    `json:"broken,omitempty"`
	Damage string `json:"damage,omitempty"` // why Broken is no record
	// Written says how far what is in flight came: all, part or none.
	Written string `json:"written,omitempty"`
	Next    []way  `json:"next"` // the commands that lead on
	// QualifiedARNs are ARNs with the version, by the functions' keys in the spec:
	// for the owner of a distribution that this stack does not touch.
	QualifiedARNs map[string]string `json:"qualifiedArns"`
	Functions     []statusFunction  `json:"functions"`
	Slots         []statusSlot      `json:"slots"` // that the live release binds
	// Strays are slots that hold a version of the stack and that no release decides.
	Strays   []statusStray `json:"strays"`
	Departed []string      `json:"departed,omitempty"` // functions that left the stack in an earlier release and exist still
	NoLedger bool          `json:"noLedger,omitempty"` // the stack has no ledger
	Orphans  []string      `json:"orphans,omitempty"`  // functions of the spec that are tagged for a stack without a ledger
}

type statusRelease struct {
	Release int          `json:"release"`
	Kind    release.Kind `json:"kind"`
	Brought int          `json:"brought"`
	Returns int          `json:"returns"`
	Back    int          `json:"back,omitempty"`
	Undone  int          `json:"undone,omitempty"`
	Target  *int         `json:"target,omitempty"`
	At      time.Time    `json:"at"`
	Actor   string       `json:"actor,omitempty"`
	Message string       `json:"message,omitempty"`
	Commit  string       `json:"commit,omitempty"`
	Dirty   bool         `json:"dirty,omitempty"`
	// CommitFrom is the variable that named the commit where git could not be asked.
	CommitFrom string `json:"commitFrom,omitempty"`
}

type statusLock struct {
	Holder  string    `json:"holder"`
	RunID   string    `json:"runId"`
	Phase   string    `json:"phase"`
	Expires time.Time `json:"expires,omitzero"`
	Expired bool      `json:"expired"`
	Foreign string    `json:"foreign,omitempty"` // instead of the rest: a text that is not understood
}

type statusFunction struct {
	Key          string             `json:"key"`
	Function     string             `json:"function"`
	Version      int                `json:"version"`
	QualifiedARN string             `json:"qualifiedArn"`
	Content      versions.ContentID `json:"content"`
	CodeSHA256   string             `json:"codeSha256,omitempty"`
	State        string             `json:"state,omitempty"`
	Note         string             `json:"note,omitempty"`
}

type statusSlot struct {
	Distribution string               `json:"distribution"`
	Key          string               `json:"key"` // of the distribution in the spec
	Domain       string               `json:"domain,omitempty"`
	Path         string               `json:"path"`
	Trigger      associations.Trigger `json:"trigger"`
	Wanted       slotBinding          `json:"wanted"`
	Held         slotBinding          `json:"held"`
	Matches      bool                 `json:"matches"`
	Deployed     bool                 `json:"deployed"`
	Note         string               `json:"note,omitempty"`
}

type statusStray struct {
	Distribution string               `json:"distribution"`
	Path         string               `json:"path"`
	Trigger      associations.Trigger `json:"trigger"`
	Held         slotBinding          `json:"held"`
}

// slotBinding is a binding with its ARN spelled out; arn is "" for an empty slot.
type slotBinding struct {
	ARN         string `json:"arn"`
	IncludeBody bool   `json:"includeBody"`
}

func bindingDocument(account string, b associations.Binding) slotBinding {
	arn := b.ARN
	if arn == "" {
		arn = QualifiedARN(account, b.Version)
	}
	return slotBinding{ARN: arn, IncludeBody: b.IncludeBody}
}

// StatusJSON writes a status for programs. The members are stable within
// StatusSchema: new ones may come, none goes or changes its meaning.
// "qualifiedArns" maps each function's key to the ARN that a distribution
// needs; docs/terraform.md shows its use.
func StatusJSON(st Status) ([]byte, error) {
	doc := statusDocument{
		Schema: StatusSchema, Stack: st.Stack, Account: st.Account, ExitCode: st.ExitCode,
		Live: releaseDocument(st.Live), Pending: releaseDocument(st.Pending),
		Holds: append([]release.Hold{}, st.Holds...), Lost: st.Lost, Broken: st.Broken, Damage: st.Damage, Next: st.Commands.document(st.next()), QualifiedARNs: map[string]string{},
		Functions: []statusFunction{}, Slots: []statusSlot{}, Strays: []statusStray{},
		NoLedger: st.NoLedger, Orphans: st.Orphans, Departed: st.Departed,
	}
	if st.Pending.Number != 0 {
		doc.Written = string(st.Written)
	}
	if l := st.Lock; l.RunID != "" {
		doc.Lock = &statusLock{l.Holder, l.RunID, l.Phase, l.Expires.UTC(), l.Expired, l.Foreign}
	}
	for _, f := range st.Functions {
		arn := QualifiedARN(st.Account, f.Function.Ref())
		if arn != "" {
			doc.QualifiedARNs[f.Function.Key] = arn
		}
		doc.Functions = append(doc.Functions, statusFunction{
			Key: f.Function.Key, Function: f.Function.Spec.Function, Version: f.Function.Number, QualifiedARN: arn,
			Content: f.Function.Spec.Content, CodeSHA256: f.Function.CodeSHA256, State: f.State, Note: f.Note,
		})
	}
	for _, s := range st.Slots {
		doc.Slots = append(doc.Slots, statusSlot{
			Distribution: s.Slot.Distribution, Key: s.Key, Domain: s.Domain, Path: s.Slot.Path, Trigger: s.Slot.Trigger,
			Wanted: bindingDocument(st.Account, s.Wanted), Held: bindingDocument(st.Account, s.Held),
			Matches: s.Matches(), Deployed: s.Deployed, Note: s.Note,
		})
	}
	for _, s := range st.Strays {
		doc.Strays = append(doc.Strays, statusStray{s.Slot.Distribution, s.Slot.Path, s.Slot.Trigger, bindingDocument(st.Account, s.Binding)})
	}
	text, err := toJSON(doc)
	if err != nil {
		return nil, fmt.Errorf("status of stack %s as JSON: %w", st.Stack, err)
	}
	return text, nil
}

func releaseDocument(r release.Release) *statusRelease {
	if r.Number == 0 {
		return nil
	}
	return &statusRelease{r.Number, r.Kind, int(r.Brought), r.Returns, r.Back, r.Undone, targetOf(r.Kind, r.Target), r.At.UTC(), r.Actor, r.Message, r.Source.Commit, r.Source.Dirty, r.Source.From}
}

// StatusMarkdown writes a status as tables.
func StatusMarkdown(st Status) string {
	b, n := &strings.Builder{}, namesOf(st.Live.Functions)
	fmt.Fprintf(b, "### edgedeploy: %s", code(st.Stack))
	if st.Live.Number != 0 {
		fmt.Fprintf(b, ", release %d", st.Live.Number)
	}
	b.WriteString("\n\n**" + md(statusSummary(st)) + "**\n\n")
	notes := statusNotes(st)
	if st.Live.Back != 0 {
		notes = append([]string{backWords(st.Live)}, notes...)
	}
	for _, note := range notes {
		b.WriteString("- ! " + md(note) + "\n")
	}
	for _, a := range st.next() {
		b.WriteString("- " + code(st.Commands.Command(a)) + " " + md(a.Does) + "\n")
	}
	if len(notes) > 0 {
		b.WriteByte('\n')
	}
	var rows [][]string
	for _, f := range st.Functions {
		rows = append(rows, []string{code(f.Function.Key), strconv.Itoa(f.Function.Number), code(f.Function.Spec.Content.Short()),
			code(QualifiedARN(st.Account, f.Function.Ref())), md(strings.Join(slices.DeleteFunc([]string{f.State, f.Note}, empty), ", "))})
	}
	mdTable(b, []string{"function", "version", "content", "ARN", ""}, rows)
	rows = nil
	for _, s := range st.Slots {
		sign, state := "=", "deployed"
		if !s.Matches() {
			sign = "!"
		}
		if !s.Deployed {
			state = "deploying"
		}
		rows = append(rows, []string{code(sign), code(s.Slot.Distribution), code(s.Domain), code(s.Slot.Path), code(string(s.Slot.Trigger)),
			code(n.binding(s.Wanted)), code(n.binding(s.Held)), md(strings.Join(slices.DeleteFunc([]string{state, s.Note}, empty), ", "))})
	}
	mdTable(b, []string{"", "distribution", "domain", "behavior", "trigger", "release says", "holds", ""}, rows)
	return finish(b)
}

func empty(s string) bool { return s == "" }

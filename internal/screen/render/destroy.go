package render

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy"
)

// Destroyed is what destroy came to.
type Destroyed struct {
	Stack string
	// Nothing reports that there was no such stack: no ledger.
	Nothing    bool
	Result     deploy.Result // of letting go of the slots
	Dismantled deploy.Dismantled
	Command    string // the same again
	ExitCode   int
	Error      string
	Hint       string
}

// left says why a function is left.
func left(r deploy.Remaining) string {
	switch {
	case r.Err != nil:
		return "could not be removed: " + oneLine(r.Err.Error())
	case r.Others != "":
		return "is not touched: " + r.Others
	case r.Waits:
		return "CloudFront has replicas of it still"
	case r.Bound != "":
		return "is used by " + r.Bound + ", which is not the stack's"
	}
	return "was given back: it holds " + r.Kept
}

// waits reports whether the same command goes on later.
func (d Destroyed) waits() bool {
	return slices.ContainsFunc(d.Dismantled.Remaining, func(r deploy.Remaining) bool { return r.Waits })
}

// sentences sum up.
func (d Destroyed) sentences() []string {
	bound := 0
	for _, r := range d.Dismantled.Remaining {
		if r.Bound != "" {
			bound++
		}
	}
	name := Clean(d.Stack)
	switch {
	case d.Nothing:
		return []string{fmt.Sprintf("There is no stack %s in this account: nothing was changed.", name)}
	case d.Error != "":
		return []string{fmt.Sprintf("Stack %s is not removed yet.", name)}
	case d.Dismantled.Done:
		return []string{fmt.Sprintf("Stack %s is removed, its releases included.", name)}
	}
	list := []string{fmt.Sprintf("Stack %s holds no slot any more. %s left.", name, areLeft(len(d.Dismantled.Remaining)))}
	if bound > 0 {
		list = append(list, "Take what is used by others out of their distributions first.")
	}
	if d.waits() {
		list = append(list, "Replicas go within hours. Come back then, with the same command.")
	}
	return list
}

func areLeft(n int) string {
	if n == 1 {
		return "1 function is"
	}
	return fmt.Sprintf("%d functions are", n)
}

// Destroy writes what was removed and what is left.
func Destroy(d Destroyed, s Style) string {
	out := &page{style: s}
	for _, m := range d.Dismantled.Removals {
		out.line(0, plain(removedLine(m)))
	}
	for _, r := range d.Dismantled.Remaining {
		out.line(0, span{"= ", dim}, span{r.Function, bold})
		out.prose(2, "", left(r))
	}
	if len(d.Dismantled.Removals)+len(d.Dismantled.Remaining) > 0 {
		out.blank()
	}
	for _, sentence := range d.sentences() {
		out.closing(sentence)
	}
	if d.waits() {
		out.line(2, span{d.Command, bold})
	}
	return out.String()
}

type destroyDocument struct {
	Schema    int           `json:"schema"`
	Stack     string        `json:"stack"`
	Done      bool          `json:"done"`              // nothing of the stack is left
	Release   int           `json:"release,omitempty"` // the one that let go of the slots, if this run made it
	Removed   []string      `json:"removed"`           // functions, and versions of functions that were given back
	Remaining []destroyLeft `json:"remaining"`         // functions that are left
	Command   string        `json:"command,omitempty"` // goes on later
	Error     string        `json:"error,omitempty"`
	Hint      string        `json:"hint,omitempty"`
	ExitCode  int           `json:"exitCode"`
}

// destroyLeft is a function that is left.
type destroyLeft struct {
	Function string `json:"function"` // its name in Lambda
	Why      string `json:"why"`
	Waits    bool   `json:"waitsForReplicas"` // CloudFront has replicas of it still
	Slot     string `json:"slot,omitempty"`   // of others, that holds one of its versions
}

// DestroyJSON is the document for programs.
func DestroyJSON(d Destroyed) ([]byte, error) {
	removed, remaining, again := []string{}, []destroyLeft{}, ""
	if d.waits() {
		again = d.Command
	}
	for _, m := range d.Dismantled.Removals {
		if m.Err == nil && !m.Waits && m.Alias == "" {
			name := m.Ref.Function
			if m.Ref.Number != 0 {
				name = m.Ref.String()
			}
			removed = append(removed, name)
		}
	}
	for _, r := range d.Dismantled.Remaining {
		remaining = append(remaining, destroyLeft{r.Function, left(r), r.Waits, r.Bound})
	}
	return json.MarshalIndent(destroyDocument{
		1, d.Stack, d.Nothing || d.Dismantled.Done, d.Result.Release.Number, removed, remaining, again, d.Error, d.Hint, d.ExitCode,
	}, "", "  ")
}

// DestroyMarkdown is the same as a table.
func DestroyMarkdown(d Destroyed) string {
	var b strings.Builder
	var rows [][]string
	for _, r := range d.Dismantled.Remaining {
		rows = append(rows, []string{code(r.Function), md(left(r))})
	}
	mdTable(&b, []string{"left", "why"}, rows)
	b.WriteString(md(strings.Join(d.sentences(), " ")))
	return finish(&b)
}

package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// ReleaseState is what became of a release.
type ReleaseState string

// The states of releases. A complete release that is neither live nor rolled
// back has none.
const (
	StateLive        ReleaseState = "live"
	StatePending     ReleaseState = "pending"     // in flight, or left behind by a run that died
	StateInterrupted ReleaseState = "interrupted" // newer than the live one, and never became live
	StateSuperseded  ReleaseState = "superseded"  // never became live; a later one did
	StateRolledBack  ReleaseState = "rolled back" // was live, and a rollback went behind it
)

// Log is the history of one stack's releases.
type Log struct {
	Stack         string
	Releases      []release.Summary
	Live, Pending int // 0 for none
	Now           time.Time
}

// States says what became of each release, by number. Complete is the live
// release and its ancestors by parent; where a record between is missing, what
// is older is taken to be complete, because nothing says otherwise.
func (l Log) States() map[int]ReleaseState {
	byNumber, lineage := release.NewHistory(l.Releases), map[int]bool{}
	for _, s := range byNumber.Lineage(l.Live) {
		lineage[s.Number] = true
	}
	complete, oldest := map[int]bool{}, l.Live
	for n := l.Live; n != 0 && !complete[n]; {
		complete[n] = true
		oldest = min(oldest, n)
		s, ok := byNumber[n]
		if !ok {
			break
		}
		n = s.Parent
		if n == 0 {
			oldest = 0 // the chain is whole, so whatever else is older never was live
		}
	}
	states := make(map[int]ReleaseState, len(l.Releases))
	for _, s := range l.Releases {
		n := s.Number
		switch {
		case n == l.Live:
			states[n] = StateLive
		case n == l.Pending:
			states[n] = StatePending
		case complete[n] && !lineage[n]:
			states[n] = StateRolledBack
		case complete[n], n < oldest:
			states[n] = ""
		case n > l.Live:
			states[n] = StateInterrupted
		default:
			states[n] = StateSuperseded
		}
	}
	return states
}

func (l Log) newestFirst() []release.Summary {
	list := slices.Clone(l.Releases)
	slices.SortFunc(list, func(a, b release.Summary) int { return b.Number - a.Number })
	return list
}

// History writes the releases, newest first: number, state, kind, time and
// actor in one line, commit and message below. It fits 80 columns; what does
// not is cut with "…" (history's JSON has it all).
func History(l Log, s Style) string {
	out := &page{style: s}
	list, states := l.newestFirst(), l.States()
	if len(list) == 0 {
		out.line(0, plain(l.Stack+" has no release yet."))
		return out.String()
	}
	rows := [][]string{{"release", "state", "kind", "when (UTC)", "", "who"}}
	for _, r := range list {
		rows = append(rows, []string{strconv.Itoa(r.Number), string(states[r.Number]), kindWords(r.Kind, r.Of),
			utc(r.At), Ago(r.At, l.Now), r.Actor})
	}
	widths := columns(rows)
	used := 0
	for _, w := range widths[:len(widths)-1] {
		used += w + 2
	}
	who := max(8, s.limit()-used)
	for i, row := range rows {
		spans := []span{plain(padLeft(row[0], widths[0]))}
		for c := 1; c < len(row)-1; c++ {
			spans = append(spans, plain("  "), cell(row[c], widths[c]))
		}
		spans = append(spans, plain("  "+cut(Clean(row[len(row)-1]), who)))
		if i == 0 {
			out.line(0, dimmed(spans)...)
			continue
		}
		spans[2].code = stateColor(ReleaseState(row[1]))
		out.line(0, spans...)
		summaryLine(out, list[i-1], widths[0]+2)
	}
	return out.String()
}

// limit is the width to cut to; without one, a line is as long as it needs.
func (s Style) limit() int {
	if s.Width <= 0 {
		return 1 << 16
	}
	return s.Width
}

func dimmed(spans []span) []span {
	for i := range spans {
		spans[i].code = dim
	}
	return spans
}

func stateColor(state ReleaseState) string {
	switch state {
	case StateLive:
		return green
	case StatePending, StateInterrupted:
		return yellow
	default:
		return dim
	}
}

// summaryLine writes what a release was for, if it says so.
func summaryLine(out *page, r release.Summary, indent int) {
	words := []string{}
	if r.Commit != "" {
		words = append(words, r.Commit)
	}
	if r.Holds > 0 {
		words = append(words, "("+count(r.Holds, "hold")+")")
	}
	if r.Message != "" {
		words = append(words, r.Message)
	}
	if len(words) > 0 {
		out.line(indent, span{cut(Clean(strings.Join(words, "  ")), out.style.limit()-indent), dim})
	}
}

// columns gives the width of each column of a table.
func columns(rows [][]string) []int {
	var widths []int
	for _, r := range rows {
		for c, text := range r {
			if c == len(widths) {
				widths = append(widths, 0)
			}
			widths[c] = max(widths[c], widest(text))
		}
	}
	return widths
}

// HistoryJSON writes {"stack", "live", "pending", "releases": […]}, newest
// first. Actor and message may be cut short by the ledger's listing; show has
// them in full.
func HistoryJSON(l Log) ([]byte, error) {
	type entry struct {
		Release  int          `json:"release"`
		State    ReleaseState `json:"state"`
		Kind     release.Kind `json:"kind"`
		Parent   int          `json:"parent"`
		Of       int          `json:"of,omitempty"`
		At       time.Time    `json:"at"`
		Bindings string       `json:"bindings"`
		Commit   string       `json:"commit,omitempty"`
		Holds    int          `json:"holds,omitempty"`
		Actor    string       `json:"actor,omitempty"`
		Message  string       `json:"message,omitempty"`
	}
	states, releases := l.States(), []entry{}
	for _, r := range l.newestFirst() {
		releases = append(releases, entry{r.Number, states[r.Number], r.Kind, r.Parent, r.Of, r.At.UTC(),
			r.Bindings, r.Commit, r.Holds, r.Actor, r.Message})
	}
	doc, err := toJSON(struct {
		Schema   int     `json:"schema"`
		Stack    string  `json:"stack"`
		Live     int     `json:"live"`
		Pending  int     `json:"pending"`
		Releases []entry `json:"releases"`
	}{1, l.Stack, l.Live, l.Pending, releases})
	if err != nil {
		return nil, fmt.Errorf("history of stack %s as JSON: %w", l.Stack, err)
	}
	return doc, nil
}

// HistoryMarkdown writes the releases as a table, newest first.
func HistoryMarkdown(l Log) string {
	b, states := &strings.Builder{}, l.States()
	fmt.Fprintf(b, "### edgedeploy: releases of %s\n\n", code(l.Stack))
	if len(l.Releases) == 0 {
		b.WriteString("There is no release yet.\n")
		return b.String()
	}
	var rows [][]string
	for _, r := range l.newestFirst() {
		rows = append(rows, []string{strconv.Itoa(r.Number), md(string(states[r.Number])), md(kindWords(r.Kind, r.Of)),
			md(utc(r.At)), code(r.Actor), code(r.Commit), code(r.Message)})
	}
	mdTable(b, []string{"release", "state", "kind", "when (UTC)", "who", "commit", "message"}, rows)
	return finish(b)
}

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

// The states of releases. One that was live, and that others followed, has none.
const (
	StateLive       ReleaseState = "live"
	StateInFlight   ReleaseState = "in flight"   // begun, and not committed yet, or by a run that died
	StateNever      ReleaseState = "never live"  // recorded, and never became live
	StateRolledBack ReleaseState = "rolled back" // was live, and a rollback took it out of service
)

// Log is the history of one stack's releases.
type Log struct {
	Stack         string
	Releases      []release.Summary
	Live, Pending int // 0 for none
	// More says that there are older releases than these, or may be.
	More     bool
	Now      time.Time
	Commands Commands // writes the command that lists all
}

// States says what became of each release, by number. The live release and its
// ancestors by parent were live; where a record between is missing, what is
// older is taken to have been, because nothing says otherwise.
func (l Log) States() map[int]ReleaseState {
	chain, whole := l.chain()
	was, oldest := map[int]bool{}, l.Live
	for _, s := range chain {
		was[s.Number], oldest = true, min(s.Number, s.Parent)
	}
	back := rolledBack(chain)
	states := make(map[int]ReleaseState, len(l.Releases))
	for _, s := range l.Releases {
		n := s.Number
		switch {
		case n == l.Live:
			states[n] = StateLive
		case n == l.Pending:
			states[n] = StateInFlight
		case was[n] && back[n]:
			states[n] = StateRolledBack
		case was[n], n < oldest && !whole:
			states[n] = ""
		default:
			states[n] = StateNever
		}
	}
	return states
}

// chain gives the live release and its ancestors, newest first, and whether it
// goes back to the first.
func (l Log) chain() (chain []release.Summary, whole bool) {
	byNumber := map[int]release.Summary{}
	for _, s := range l.Releases {
		byNumber[s.Number] = s
	}
	for n := l.Live; n != 0; {
		s, ok := byNumber[n]
		if !ok {
			return chain, false
		}
		chain = append(chain, s)
		if s.Parent >= n { // a parent is older than its child
			return chain, false
		}
		n = s.Parent
	}
	return chain, true
}

// rolledBack says which releases of a chain a rollback took out of service:
// the one that it undid and the one that brought what that bound. Going to a
// release puts it into service again.
func rolledBack(chain []release.Summary) map[int]bool {
	byNumber, back := map[int]release.Summary{}, map[int]bool{}
	mark := func(n int, out bool) {
		back[n], back[int(byNumber[n].Brought)] = out, out
	}
	for _, s := range slices.Backward(chain) {
		byNumber[s.Number] = s
		if s.Kind != release.KindRollback {
			continue
		}
		if s.Back != 0 && s.Undone != 0 {
			mark(s.Undone, true)
		}
		mark(s.Target, false)
	}
	return back
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
		rows = append(rows, []string{strconv.Itoa(r.Number), string(states[r.Number]), kindWords(r.Kind, r.Target),
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
	if l.More {
		out.blank()
		out.line(0, span{"Older ones: " + l.Commands.Command(release.Action{Verb: "history"}) + " --all", dim})
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
	case StateInFlight, StateNever:
		return yellow
	default:
		return dim
	}
}

// summaryLine writes what a release was for, if it says so.
func summaryLine(out *page, r release.Summary, indent int) {
	words := []string{}
	if r.Undone != 0 {
		words = append(words, "undoes "+strconv.Itoa(r.Undone))
	}
	if r.Back != 0 && r.Kind != release.KindRollback {
		words = append(words, "back at "+strconv.Itoa(int(r.Brought)))
	}
	if r.Commit != "" {
		words = append(words, r.Commit+namedBy(r.From))
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

// namedBy marks a commit that git was not asked about: whether files differed from
// it is not known.
func namedBy(variable string) string {
	if variable == "" {
		return ""
	}
	return " (by " + variable + ")"
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

// HistoryJSON writes {"stack", "live", "pending", "releases": […], "more"}, newest
// first; more is true where older ones were left out. Actor and message may be cut short by the ledger's listing; show has
// them in full.
func HistoryJSON(l Log) ([]byte, error) {
	states, releases := l.States(), []historyRelease{}
	for _, r := range l.newestFirst() {
		releases = append(releases, historyRelease{r.Number, states[r.Number], r.Kind, r.Parent, int(r.Brought), r.Returns, r.Back, r.Undone,
			targetOf(r.Kind, r.Target), r.At.UTC(), r.Bindings, r.Commit, r.From, r.Holds, r.Actor, r.Message})
	}
	doc, err := toJSON(historyDocument{1, l.Stack, l.Live, l.Pending, releases, l.More})
	if err != nil {
		return nil, fmt.Errorf("history of stack %s as JSON: %w", l.Stack, err)
	}
	return doc, nil
}

// targetOf is where a rollback went; nil for the other kinds.
func targetOf(kind release.Kind, number int) *int {
	if kind != release.KindRollback {
		return nil
	}
	return &number
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
		rows = append(rows, []string{strconv.Itoa(r.Number), md(string(states[r.Number])), md(kindWords(r.Kind, r.Target)),
			md(utc(r.At)), code(r.Actor), code(r.Commit) + md(namedBy(r.From)), code(r.Message)})
	}
	mdTable(b, []string{"release", "state", "kind", "when (UTC)", "who", "commit", "message"}, rows)
	if l.More {
		b.WriteString("\nThere are older ones: `history --all` lists them.\n")
	}
	return finish(b)
}

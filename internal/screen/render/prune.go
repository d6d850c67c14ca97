package render

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Pruning is what prune found, and what it came to.
type Pruning struct {
	Leftovers deploy.Leftovers
	Removals  []deploy.Removal
	Keep      int
	// Ran reports that it deleted. Else it only looked, and Command deletes.
	Ran      bool
	Command  string
	ExitCode int
	Error    string
}

type pruneDocument struct {
	Schema    int             `json:"schema"`
	Stack     string          `json:"stack"`
	Keep      int             `json:"keep"`            // how many of the newest releases may still be gone back to
	Kept      []int           `json:"keptReleases"`    // those that may be
	Dropped   []int           `json:"droppedReleases"` // those that could be until now
	Scanned   int             `json:"distributions"`   // how many distributions were looked through
	Ran       bool            `json:"ran"`             // it deleted, and did not only look
	Deletions []pruneLine     `json:"deletions"`       // what goes, or would
	Functions []pruneFunction `json:"functions"`
	Command   string          `json:"command,omitempty"` // deletes what was found
	Error     string          `json:"error,omitempty"`
	ExitCode  int             `json:"exitCode"`
}

// pruneLine is one thing to delete, or that was to be deleted.
type pruneLine struct {
	Function  string    `json:"function"`                // its name in Lambda
	Version   int       `json:"version,omitempty"`       // none for a whole function or an alias
	Alias     string    `json:"alias,omitempty"`         // one that a dead run left
	Whole     bool      `json:"wholeFunction,omitempty"` // the function itself, with its versions
	Versions  int       `json:"versions"`                // how many versions go with it
	Bytes     int64     `json:"bytes"`                   // of their zips
	Published time.Time `json:"published,omitzero"`      // the newest of them
	State     string    `json:"state"`                   // spare before it ran; then deleted, replicated or failed
	Error     string    `json:"error,omitempty"`
}

// pruneFunction is one function of the stack.
type pruneFunction struct {
	Function string       `json:"function"`             // its name in Lambda
	LeftOut  bool         `json:"leftTheStack"`         // neither the live release nor one in flight has it
	NotOurs  string       `json:"notTouched,omitempty"` // why nothing of it may be deleted
	Stays    []pruneStays `json:"stays"`                // versions that may not be deleted
}

// pruneStays is a version that stays.
type pruneStays struct {
	Version int    `json:"version"`
	Why     string `json:"why"`
}

const (
	pruneSpare      = "spare"
	pruneDeleted    = "deleted"
	pruneReplicated = "replicated"
	pruneFailed     = "failed"
)

// lines are what goes of one function.
func (p Pruning) lines(f deploy.StoredFunction) []pruneLine {
	var list []pruneLine
	if f.Whole {
		l := pruneLine{Function: f.Function, Whole: true, Versions: len(f.Verdicts)}
		for _, v := range f.Verdicts {
			l.Bytes += v.Stock.Bytes
			l.Published = v.Stock.Modified // the newest is last
		}
		return []pruneLine{p.came(l)}
	}
	for _, v := range f.Spare() {
		list = append(list, p.came(pruneLine{
			Function: f.Function, Version: v.Stock.Version.Ref.Number, Versions: 1, Bytes: v.Stock.Bytes, Published: v.Stock.Modified,
		}))
	}
	for _, name := range f.Loose {
		list = append(list, p.came(pruneLine{Function: f.Function, Alias: name}))
	}
	return list
}

// came says what became of a line. A run that was stopped did not come to all.
func (p Pruning) came(l pruneLine) pruneLine {
	l.State = pruneSpare
	for _, m := range p.Removals {
		if m.Ref != (versions.Ref{Function: l.Function, Number: l.Version}) || m.Alias != l.Alias {
			continue
		}
		switch {
		case m.Waits:
			l.State = pruneReplicated
		case m.Err != nil:
			l.State, l.Error = pruneFailed, m.Err.Error()
		default:
			l.State = pruneDeleted
		}
	}
	return l
}

// all are the lines of all functions.
func (p Pruning) all() []pruneLine {
	list := []pruneLine{}
	for _, f := range p.Leftovers.Functions {
		list = append(list, p.lines(f)...)
	}
	return list
}

// Prune writes what nothing needs, function by function.
func Prune(p Pruning, now time.Time, s Style) string {
	out := &page{style: s}
	out.line(0, span{p.Leftovers.Stack, bold}, plain("   what no kept release and no distribution needs"))
	for _, f := range p.Leftovers.Functions {
		if f.NotOurs != "" {
			out.blank()
			out.line(2, span{"! ", magenta}, span{f.Function, bold})
			out.prose(4, "", "is not touched: "+f.NotOurs)
			continue
		}
		lines := p.lines(f)
		if len(lines) == 0 && !f.Orphan {
			continue
		}
		out.blank()
		out.line(2, span{f.Function, bold}, plain(functionWords(f)))
		p.write(out, lines, now)
		if f.Orphan && !f.Whole {
			p.staying(out, f)
		}
	}
	out.blank()
	for _, sentence := range p.sentences() {
		out.closing(sentence)
	}
	return out.String()
}

// removedLine tells of one deletion while prune runs.
func removedLine(m deploy.Removal) string {
	what := "delete " + m.Ref.Function
	switch {
	case m.Alias != "":
		what += ", alias " + shortAlias(m.Alias)
	case m.Ref.Number != 0:
		what += fmt.Sprintf(", version %d", m.Ref.Number)
	}
	switch {
	case m.Waits:
		what += ": replicated still"
	case m.Err != nil:
		what += ": failed: " + m.Err.Error()
	default:
		what += ": done"
	}
	return Clean(what)
}

func functionWords(f deploy.StoredFunction) string {
	switch {
	case f.Whole:
		return "   the whole function: it left the stack"
	case f.Orphan:
		return "   left the stack"
	}
	return ""
}

// write writes one line for each thing.
func (p Pruning) write(out *page, lines []pruneLine, now time.Time) {
	for _, l := range lines {
		spans := []span{{"- ", red}, cell(l.what(), 14)}
		if l.Alias != "" {
			spans = append(spans, plain("  "))
		} else {
			spans = append(spans, cell(Bytes(l.Bytes), 10), cell("published "+Ago(l.Published, now), 22))
		}
		switch l.State {
		case pruneDeleted:
			spans = append(spans, span{"deleted", dim})
		case pruneReplicated:
			spans = append(spans, span{"replicated still", yellow})
		case pruneFailed:
			spans = append(spans, span{"failed", red})
		}
		out.line(4, spans...)
	}
}

// staying says why a function that left the stack cannot go.
func (p Pruning) staying(out *page, f deploy.StoredFunction) {
	for _, v := range f.Verdicts {
		if v.Stays != "" && v.Stays != versions.Newest {
			out.line(4, plain("= "), cell(fmt.Sprintf("version %d", v.Stock.Version.Ref.Number), 14), plain("stays: "+v.Stays))
		}
	}
}

// sentences sum up.
func (p Pruning) sentences() []string {
	sums, sizes := map[string]int{}, map[string]int64{}
	for _, l := range p.all() {
		sums[l.State] += l.Versions
		sizes[l.State] += l.Bytes
	}
	kept := fmt.Sprintf("%s may be gone back to; %s looked through.", count(len(p.Leftovers.Kept), "release"), were(p.Leftovers.Distributions))
	var parts []string
	switch {
	case p.Leftovers.Nothing():
		parts = append(parts, "Nothing to delete.")
	case !p.Ran && sums[pruneSpare] == 0:
		parts = append(parts, "Nothing was deleted yet, and no version would be.")
	case !p.Ran:
		parts = append(parts, fmt.Sprintf("Nothing was deleted yet: %s, %s, would be.", count(sums[pruneSpare], "version"), Bytes(sizes[pruneSpare])))
	default:
		parts = append(parts, fmt.Sprintf("Deleted %s, %s.", count(sums[pruneDeleted], "version"), Bytes(sizes[pruneDeleted])))
		if n := sums[pruneReplicated]; n > 0 {
			parts = append(parts, fmt.Sprintf("CloudFront has replicas of %s still, for some hours: prune again later.", count(n, "version")))
		}
		if n := sums[pruneFailed]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s could not be deleted.", count(n, "version")))
		}
		if n := sums[pruneSpare]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s were not come to: the same command goes on.", count(n, "version")))
		}
	}
	if n := len(p.Leftovers.Dropped); n > 0 && p.Ran {
		parts = append(parts, fmt.Sprintf("%s can no longer be gone back to.", count(n, "release")))
	} else if n > 0 {
		parts = append(parts, fmt.Sprintf("%s could no longer be gone back to.", count(n, "release")))
	}
	return append(parts, kept)
}

func were(n int) string {
	if n == 1 {
		return "1 distribution was"
	}
	return fmt.Sprintf("%d distributions were", n)
}

// PruneJSON is the document for programs: what goes, and why each version that
// stays does.
func PruneJSON(p Pruning) ([]byte, error) {
	functions := []pruneFunction{}
	for _, f := range p.Leftovers.Functions {
		one := pruneFunction{Function: f.Function, LeftOut: f.Orphan, NotOurs: f.NotOurs, Stays: []pruneStays{}}
		for _, v := range f.Verdicts {
			if v.Stays != "" && !f.Whole {
				one.Stays = append(one.Stays, pruneStays{v.Stock.Version.Ref.Number, v.Stays})
			}
		}
		functions = append(functions, one)
	}
	return json.MarshalIndent(pruneDocument{
		1, p.Leftovers.Stack, p.Keep, some(p.Leftovers.Kept), some(p.Leftovers.Dropped), p.Leftovers.Distributions, p.Ran,
		p.all(), functions, p.Command, p.Error, p.ExitCode,
	}, "", "  ")
}

func some(list []int) []int {
	if list == nil {
		return []int{}
	}
	return list
}

// PruneMarkdown is the same as a table.
func PruneMarkdown(p Pruning) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: what nothing needs\n\n", md(p.Leftovers.Stack))
	var rows [][]string
	for _, l := range p.all() {
		rows = append(rows, []string{code(l.Function), md(l.what()), Bytes(l.Bytes), md(l.State)})
	}
	if len(rows) > 0 {
		mdTable(&b, []string{"function", "what", "size", "state"}, rows)
	}
	b.WriteString(md(strings.Join(p.sentences(), " ")))
	return finish(&b)
}

// shortAlias leaves enough of a content's alias, which ends in 64 digits, to find it.
func shortAlias(name string) string {
	const digits = len("edge-") + 12
	if len(name) <= digits {
		return name
	}
	return name[:digits] + "…"
}

// what names a line in words.
func (l pruneLine) what() string {
	switch {
	case l.Whole:
		return count(l.Versions, "version")
	case l.Alias != "":
		return "alias " + shortAlias(l.Alias)
	}
	return fmt.Sprintf("version %d", l.Version)
}

package awsfacts

import (
	"context"
	"strings"
)

// fact is something that the program, or the local AWS, takes for true.
type fact struct {
	name     string
	mark     string // LIKELY or UNKNOWN, as where it is used
	used     string // who leans on it
	expected string // what the code expects; a trailing … leaves the rest open
	ask      func(context.Context, *account) (string, error)
}

// finding is what an AWS says to a fact.
type finding struct {
	fact
	seen string
	err  error // it could not be asked
}

// same says that what was seen is what the code expects.
func (f finding) same() bool {
	if f.err != nil {
		return false
	}
	if open, ok := strings.CutSuffix(f.expected, "…"); ok {
		return strings.HasPrefix(f.seen, open)
	}
	return f.seen == f.expected
}

// askAll asks everything, one after the other: later facts build on what
// earlier ones made.
func askAll(ctx context.Context, a *account, facts []fact) []finding {
	var found []finding
	for _, f := range facts {
		if ctx.Err() != nil {
			found = append(found, finding{fact: f, err: ctx.Err()})
			continue
		}
		seen, err := f.ask(ctx, a)
		found = append(found, finding{fact: f, seen: seen, err: err})
	}
	return found
}

// table shows findings in Markdown: fact | expected | seen | same?
func table(found []finding) string {
	var b strings.Builder
	b.WriteString("| fact | used by | expected | seen | same? |\n|---|---|---|---|---|\n")
	for _, f := range found {
		seen, same := f.seen, "yes"
		switch {
		case f.err != nil:
			seen, same = "not asked: "+f.err.Error(), "?"
		case !f.same():
			same = "NO"
		}
		row := []string{f.name + " (" + f.mark + ")", f.used, f.expected, seen, same}
		for i, cell := range row {
			row[i] = strings.ReplaceAll(strings.Join(strings.Fields(cell), " "), "|", `\|`)
		}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

// all is every fact, in the order to ask.
func all() []fact { return append(lambdaFacts(), cloudfrontFacts()...) }

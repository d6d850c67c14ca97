package render

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/handlers/fixture"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
)

// TestsSchema is the version of the test report's JSON format.
const TestsSchema = 1

// Tests is what came of all fixtures.
type Tests struct {
	Passed int       `json:"passed"`
	Failed int       `json:"failed"`
	Runs   []TestRun `json:"runs"`
	// NotRun are functions with fixtures that there is no program to run.
	NotRun []NotRun `json:"notRun,omitempty"`
	// Untested are the functions without any fixture.
	Untested []string `json:"untested,omitempty"`
	// Uncovered are the triggers that the spec binds a function to, and that none
	// of its fixtures is for. Functions without any fixture are not among them.
	Uncovered []Coverage `json:"uncovered,omitempty"`
	// Unbound are the triggers that fixtures are for, and that the spec does not
	// bind the function to, though to others.
	Unbound []Coverage `json:"unbound,omitempty"`
}

// NotRun is a function that was not run, and why.
type NotRun struct {
	Function string `json:"function"`
	Runtime  string `json:"runtime"`
	Why      string `json:"why"`
}

func (n NotRun) says() string { return fmt.Sprintf("%s was not run: %s", n.Runtime, n.Why) }

// Coverage is a function at a trigger, and the fixtures there.
type Coverage struct {
	Function string               `json:"function"`
	Trigger  associations.Trigger `json:"trigger"`
	Fixtures []string             `json:"fixtures,omitempty"`
}

// TestRun is one function on one Node.js, or on Python.
type TestRun struct {
	Function   string  `json:"function"`
	Runtime    string  `json:"runtime"`        // the spec's
	Node       string  `json:"node,omitempty"` // the version it ran on
	NodePath   string  `json:"nodePath,omitempty"`
	Python     string  `json:"python,omitempty"` // as Node
	PythonPath string  `json:"pythonPath,omitempty"`
	LoadMS     float64 `json:"loadMs"`
	// Load says why the function did not load, "" when it did.
	Load     string     `json:"load,omitempty"`
	Logs     []LogEntry `json:"logs,omitempty"` // of loading
	Fixtures []TestCase `json:"fixtures"`
}

// TestCase is what came of one fixture.
type TestCase struct {
	Name     string `json:"name"`
	File     string `json:"file"` // the event
	Trigger  string `json:"trigger,omitempty"`
	Passed   bool   `json:"passed"`
	Expected bool   `json:"expected"`          // there is an expectation
	Written  string `json:"written,omitempty"` // the expectation that --update wrote
	// NotWritten says why --update did not write one that it would have.
	NotWritten string `json:"notWritten,omitempty"`
	// NotRun says that the function did not load; the run says why.
	NotRun bool    `json:"notRun,omitempty"`
	MS     float64 `json:"ms"`
	// Failure is what went wrong with the fixture or the handler, with the
	// handler's stack; "" when a result was returned.
	Failure     string               `json:"failure,omitempty"`
	Stack       string               `json:"stack,omitempty"`
	Differences []fixture.Difference `json:"differences,omitempty"`
	Violations  []result.Violation   `json:"violations,omitempty"`
	Logs        []LogEntry           `json:"logs,omitempty"`
}

// LogEntry is a line that a handler logged.
type LogEntry struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// TestsText writes a line for each fixture, below it what is wrong with it,
// and a line with the sum. Logs are shown where something failed.
func TestsText(t Tests, s Style) string {
	out := &page{style: s}
	for _, r := range t.Runs {
		out.line(0, span{r.Function, bold}, plain(fmt.Sprintf("   %s on %s", r.Runtime, program(r.Node, r.Python))))
		out.blank()
		if r.Load != "" {
			out.prose(2, "FAIL   ", "does not load: "+firstLine(r.Load))
			out.stack(9, r.Load)
			out.logs(9, r.Logs)
			if names := r.notRun(); len(names) > 0 {
				out.prose(9, "", "not run: "+strings.Join(names, ", "))
			}
		}
		width := 0
		for _, c := range r.Fixtures {
			width = max(width, widest(c.Name))
		}
		for _, c := range r.Fixtures {
			if !c.NotRun {
				out.testCase(c, min(width, 40))
			}
		}
		out.blank()
	}
	if len(t.Untested) > 0 {
		out.prose(0, "", "Without fixtures: "+strings.Join(t.Untested, ", ")+".")
	}
	for _, c := range t.Uncovered {
		out.prose(0, "", c.Function+": "+c.uncovered())
	}
	for _, c := range t.Unbound {
		out.prose(0, "", c.Function+": "+c.unbound())
	}
	if len(t.Untested)+len(t.Uncovered)+len(t.Unbound) > 0 {
		out.blank()
	}
	out.closing(sum(t))
	return out.String()
}

// notRun are the fixtures that failed with the function, before they ran.
func (r TestRun) notRun() (names []string) {
	for _, c := range r.Fixtures {
		if c.NotRun {
			names = append(names, c.Name)
		}
	}
	return names
}

func (c Coverage) uncovered() string {
	return string(c.Trigger) + " is bound, and no fixture covers it"
}

func (c Coverage) unbound() string {
	return fmt.Sprintf("the spec does not bind it to %s, which is the trigger of %s", c.Trigger, strings.Join(c.Fixtures, ", "))
}

func (p *page) testCase(c TestCase, width int) {
	if c.Passed {
		note := ""
		switch {
		case c.Written != "":
			note = "   wrote its expectation"
		case !c.Expected:
			note = "   no expectation"
		}
		p.line(2, span{"ok     ", green}, cell(c.Name, width), plain(padLeft(c.took(), 11)), span{note, dim})
	} else {
		p.line(2, span{"FAIL   ", red}, cell(c.Name, width), plain(padLeft(c.took(), 11)))
	}
	const indent = 9
	if c.Failure != "" {
		p.prose(indent, "", firstLine(c.Failure))
		p.stack(indent+2, c.Stack)
	}
	p.violations(indent, c.Violations)
	if c.NotWritten != "" {
		p.line(indent, plain("not written: "+c.NotWritten))
	}
	logs := c.Logs
	if c.Passed {
		logs = nil
	}
	if len(loggedErrors(logs)) > 0 {
		// With on-error: continue a trap is nothing but a line of the log, and all
		// that differs comes from it.
		p.logs(indent, logs)
		logs = nil
	}
	for _, d := range c.Differences {
		p.line(indent, span{inResult(d.Path), cyan})
		p.line(indent+2, span{"want ", green}, plain(shown(d.Want, p.style.Width-indent-7)))
		p.line(indent+2, span{"got  ", red}, plain(shown(d.Got, p.style.Width-indent-7)))
	}
	p.logs(indent, logs)
}

// loggedErrors are the entries that a handler, or the trampoline for it, logged
// as errors.
func loggedErrors(logs []LogEntry) []LogEntry {
	return slices.DeleteFunc(slices.Clone(logs), func(l LogEntry) bool { return l.Level != "error" })
}

// took is how long the handler ran, "" when it did not.
func (c TestCase) took() string {
	if c.MS == 0 {
		return ""
	}
	return Millis(c.MS)
}

// violations writes each rule that is broken: where, what, and the words that
// people search the web for.
func (p *page) violations(indent int, list []result.Violation) {
	for _, v := range list {
		color := red
		if v.Severity == result.Warning {
			color = yellow
		}
		p.line(indent, span{string(v.Severity), color}, plain(": "+v.Rule+" at "), span{inResult(v.Path), cyan})
		p.prose(indent+2, "", v.Text)
		switch {
		case v.Page != "":
			p.prose(indent+2, "", fmt.Sprintf("CloudFront answers %d: %s", v.Status, v.Page))
		case v.Status != 0:
			p.prose(indent+2, "", fmt.Sprintf("CloudFront answers %d.", v.Status))
		}
		p.prose(indent+2, "", "Source: "+v.Source)
	}
}

// stack writes where an error came from, without the lines of Node.js itself.
func (p *page) stack(indent int, stack string) {
	const most = 8
	n := 0
	for l := range strings.SplitSeq(CleanLines(stack), "\n") {
		l = strings.TrimSpace(l)
		if !strings.HasPrefix(l, "at ") || strings.Contains(l, "node:internal") || n == most {
			continue
		}
		n++
		p.line(indent, span{l, dim})
	}
}

// logs writes each line that a handler logged, with its level where that says
// more than that it was logged.
func (p *page) logs(indent int, logs []LogEntry) {
	for _, l := range logs {
		for i, text := range strings.Split(CleanLines(l.Text), "\n") {
			mark := "log (" + l.Level + "): "
			if l.Level == "log" {
				mark = "log: "
			}
			if i > 0 {
				mark = strings.Repeat(" ", len(mark))
			}
			p.line(indent, span{mark, dim}, plain(text))
		}
	}
}

// TestsJSON gives the same as one document.
func TestsJSON(t Tests) ([]byte, error) {
	if t.Runs == nil {
		t.Runs = []TestRun{}
	}
	doc, err := toJSON(testsDocument{TestsSchema, t})
	if err != nil {
		return nil, fmt.Errorf("the tests as JSON: %w", err)
	}
	return doc, nil
}

// TestsMarkdown gives the same as tables, what is wrong folded below.
func TestsMarkdown(t Tests) string {
	b := &strings.Builder{}
	b.WriteString("**" + md(sum(t)) + "**\n\n")
	for _, r := range t.Runs {
		b.WriteString(code(r.Function) + " " + md(r.Runtime+" on "+program(r.Node, r.Python)) + "\n\n")
		if r.Load != "" {
			b.WriteString("does not load: " + code(firstLine(r.Load)) + "\n\n")
		}
		var rows [][]string
		for _, c := range r.Fixtures {
			word := "ok"
			switch {
			case c.NotRun:
				word = "**not run**"
			case !c.Passed:
				word = "**FAIL**"
			case c.Written != "":
				word = "ok, expectation written"
			case !c.Expected:
				word = "ok, no expectation"
			}
			rows = append(rows, []string{code(c.Name), word, c.took(), mdFindings(c)})
		}
		mdTable(b, []string{"fixture", "", "time", "findings"}, rows)
	}
	for _, n := range t.NotRun {
		b.WriteString(code(n.Function) + ": " + md(n.says()) + "\n\n")
	}
	for _, f := range t.Untested {
		b.WriteString("Without fixtures: " + code(f) + "\n\n")
	}
	for _, c := range t.Uncovered {
		b.WriteString(code(c.Function) + ": " + md(c.uncovered()) + "\n\n")
	}
	for _, c := range t.Unbound {
		b.WriteString(code(c.Function) + ": " + md(c.unbound()) + "\n\n")
	}
	return finish(b)
}

func mdFindings(c TestCase) string {
	var all []string
	if c.Failure != "" {
		all = append(all, code(firstLine(c.Failure)))
	}
	for _, v := range c.Violations {
		all = append(all, mdViolation(v))
	}
	if c.NotWritten != "" {
		all = append(all, "not written: "+md(c.NotWritten))
	}
	if !c.Passed {
		for _, l := range loggedErrors(c.Logs) {
			all = append(all, "logged "+code(cut(firstLine(l.Text), mostShown)))
		}
	}
	for _, d := range c.Differences {
		all = append(all, code(inResult(d.Path))+" want "+code(shown(d.Want, 0))+", got "+code(shown(d.Got, 0)))
	}
	return strings.Join(all, "; ")
}

func mdViolation(v result.Violation) string {
	return string(v.Severity) + " " + code(v.Rule) + " at " + code(inResult(v.Path)) + ": " + md(or(v.Page, v.Text))
}

func sum(t Tests) string { return fmt.Sprintf("%d passed, %d failed.", t.Passed, t.Failed) }

// Millis writes a duration in milliseconds: "0.42 ms", "1.2 s".
func Millis(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", ms)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// inResult names a place in a result.
func inResult(pointer string) string { return or(pointer, "the result") }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// mostShown is how many characters of a value are shown: enough to see what it
// is, and a wrong body of a megabyte still leaves a report that can be read.
const mostShown = 200

// shown is a value of a result, which is JSON, on one line: shortened to what is
// left of it, 0 for no limit, and to mostShown in any case. Then it says how
// large the value is: a text by its own bytes, anything else by those of its
// JSON.
func shown(value string, width int) string {
	text := Clean(or(value, "nothing"))
	if width <= 0 {
		width = mostShown
	}
	if cells(text) <= mostShown {
		return cut(text, width)
	}
	size := len(value)
	var own string
	if json.Unmarshal([]byte(value), &own) == nil {
		size = len(own)
	}
	note := fmt.Sprintf(" (%s bytes)", thousands(size))
	return cut(text, max(min(width, mostShown)-len(note), 1)) + note
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(CleanLines(text)), "\n")
	return line
}

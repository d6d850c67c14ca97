package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
)

// InvocationSchema is the version of an invocation's JSON format.
const InvocationSchema = 1

// Invocation is what came of one event.
type Invocation struct {
	Function   string             `json:"function"`
	Trigger    string             `json:"trigger"`
	Node       string             `json:"node,omitempty"` // the version it ran on
	NodePath   string             `json:"nodePath,omitempty"`
	Python     string             `json:"python,omitempty"` // as Node
	PythonPath string             `json:"pythonPath,omitempty"`
	LoadMS     float64            `json:"loadMs"`
	MS         float64            `json:"ms"`
	Valid      bool               `json:"valid"` // CloudFront would take the result
	Result     json.RawMessage    `json:"result,omitempty"`
	Failure    string             `json:"failure,omitempty"`
	Stack      string             `json:"stack,omitempty"`
	Logs       []LogEntry         `json:"logs"`
	Violations []result.Violation `json:"violations"`
}

// InvocationResult writes the result alone, as JSON, for programs to read;
// nothing when there is none.
func InvocationResult(i Invocation) (string, error) {
	if i.Result == nil {
		return "", nil
	}
	var b bytes.Buffer
	if err := json.Indent(&b, i.Result, "", "  "); err != nil {
		return "", fmt.Errorf("the result: %w", err)
	}
	b.WriteByte('\n')
	return string(escapeInvisible(b.Bytes())), nil
}

// InvocationNotes writes what there is to say beside the result: logs, the
// failure, and what CloudFront would find wrong.
func InvocationNotes(i Invocation, s Style) string {
	out := &page{style: s}
	out.logs(0, i.Logs)
	if i.Failure != "" {
		out.line(0, span{"error", red}, plain(": the handler failed: "+firstLine(i.Failure)))
		out.stack(2, i.Stack)
		out.prose(2, "", "CloudFront answers 503: LambdaExecutionError from cloudfront")
	}
	out.violations(0, i.Violations)
	out.closing(fmt.Sprintf("%s at %s on %s: %s; %s, loaded in %s.", i.Function, i.Trigger, program(i.Node, i.Python), verdict(i), Millis(i.MS), Millis(i.LoadMS)))
	return out.String()
}

// program is what a handler ran on.
func program(node, python string) string {
	if python != "" {
		return "Python " + python
	}
	return "Node.js " + node
}

func verdict(i Invocation) string {
	switch {
	case i.Failure != "":
		return "failed"
	case !i.Valid:
		return "CloudFront would refuse it"
	case len(i.Violations) > 0:
		return "valid, with " + count(len(i.Violations), "warning")
	}
	return "valid"
}

// InvocationJSON gives all of it as one document.
func InvocationJSON(i Invocation) ([]byte, error) {
	if i.Logs == nil {
		i.Logs = []LogEntry{}
	}
	if i.Violations == nil {
		i.Violations = []result.Violation{}
	}
	doc, err := toJSON(invocationDocument{InvocationSchema, i})
	if err != nil {
		return nil, fmt.Errorf("the invocation as JSON: %w", err)
	}
	return doc, nil
}

// InvocationMarkdown gives the same for pull requests.
func InvocationMarkdown(i Invocation) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s at %s on %s: **%s**\n\n", code(i.Function), md(i.Trigger), md(program(i.Node, i.Python)), md(verdict(i)))
	if i.Failure != "" {
		b.WriteString(code(firstLine(i.Failure)) + "\n\n")
	}
	var rows [][]string
	for _, v := range i.Violations {
		rows = append(rows, []string{code(inResult(v.Path)), string(v.Severity), code(v.Rule), md(v.Text), md(v.Page)})
	}
	mdTable(b, []string{"where", "", "rule", "what", "CloudFront's page"}, rows)
	if text, err := InvocationResult(i); err == nil && text != "" {
		// One line of code each: Markdown ends an element at an empty line, and
		// JSON that was indented has none.
		var lines []string
		for l := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			lines = append(lines, strings.ReplaceAll(l[:len(l)-len(strings.TrimLeft(l, " "))], " ", "&#160;")+md(strings.TrimLeft(l, " ")))
		}
		mdFold(b, "result", "<code>"+strings.Join(lines, "<br>\n")+"</code>")
	}
	rows = nil
	for _, l := range i.Logs {
		rows = append(rows, []string{md(l.Level), code(l.Text)})
	}
	mdTable(b, []string{"level", "log"}, rows)
	return finish(b)
}

package render

import (
	"fmt"
	"strings"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

// Problems writes what is wrong with a spec: where and what in one line that
// editors can jump from, the line itself with a caret, and what to do.
func Problems(problems []stackspec.Problem, s Style) string {
	out := &page{style: s}
	wrong, odd := 0, 0
	for _, p := range problems {
		kind, color := "error", red
		if p.Warning {
			kind, color = "warning", yellow
			odd++
		} else {
			wrong++
		}
		out.headed([]span{{place(p) + ": ", bold}, {kind, color}, plain(": ")}, p.Message)
		if p.Excerpt != "" {
			for l := range strings.SplitSeq(p.Excerpt, "\n") {
				out.line(2, span{l, dim})
			}
		}
		if p.Hint != "" {
			out.prose(2, "hint: ", p.Hint)
		}
	}
	if wrong+odd > 1 {
		out.blank()
		out.line(0, plain(problemCount(wrong, odd)))
	}
	return out.String()
}

func place(p stackspec.Problem) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func problemCount(wrong, odd int) string {
	switch {
	case odd == 0:
		return count(wrong, "error") + "."
	case wrong == 0:
		return count(odd, "warning") + "."
	}
	return count(wrong, "error") + ", " + count(odd, "warning") + "."
}

// ErrorSchema and ValidationSchema are the versions of these documents' JSON formats.
const (
	ErrorSchema      = 1
	ValidationSchema = 1
)

// Failure is a command that came to nothing.
type Failure struct {
	Stack    string              `json:"stack,omitempty"` // where it is known
	Error    string              `json:"error"`
	Hint     string              `json:"hint,omitempty"`
	Problems []stackspec.Problem `json:"problems,omitempty"`
	ExitCode int                 `json:"exitCode"`
}

// ErrorJSON writes the document of a command that failed and has no other.
func ErrorJSON(f Failure) ([]byte, error) {
	doc, err := toJSON(errorDocument{ErrorSchema, f})
	if err != nil {
		return nil, fmt.Errorf("the error as JSON: %w", err)
	}
	return doc, nil
}

// Validation is what there is to tell of a spec that was checked. It is valid
// if there is no error; warnings leave it so.
type Validation struct {
	Stack    string
	Problems []stackspec.Problem
	ExitCode int
	// Error and Hint are "" for a valid spec.
	Error, Hint string
}

// ValidationJSON writes {"valid": …, "problems": […]} with the members of
// stackspec.Problem.
func ValidationJSON(v Validation) ([]byte, error) {
	doc, err := toJSON(validationDocument{ValidationSchema, v.Error == "", v.Stack, append([]stackspec.Problem{}, v.Problems...), v.ExitCode, v.Error, v.Hint})
	if err != nil {
		return nil, fmt.Errorf("problems as JSON: %w", err)
	}
	return doc, nil
}

// ProblemsMarkdown writes what is wrong with a spec as a table.
func ProblemsMarkdown(problems []stackspec.Problem) string {
	b := &strings.Builder{}
	var rows [][]string
	for _, p := range problems {
		kind := "error"
		if p.Warning {
			kind = "warning"
		}
		rows = append(rows, []string{code(place(p)), kind, md(p.Message), md(p.Hint)})
	}
	mdTable(b, []string{"where", "", "what", "what to do"}, rows)
	return finish(b)
}

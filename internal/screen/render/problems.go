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

// ProblemsJSON writes {"valid": …, "problems": […]} with the members of
// stackspec.Problem. Warnings leave a spec valid.
func ProblemsJSON(problems []stackspec.Problem) ([]byte, error) {
	valid := true
	for _, p := range problems {
		valid = valid && p.Warning
	}
	doc, err := toJSON(struct {
		Valid    bool                `json:"valid"`
		Problems []stackspec.Problem `json:"problems"`
	}{valid, append([]stackspec.Problem{}, problems...)})
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

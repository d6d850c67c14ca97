package script

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// topLevelAwait is how esbuild begins to say that a script awaits something
// where it is loaded.
const topLevelAwait = "Top-level await is currently not supported"

// awaiting lists the files, as esbuild names them, that await where they are
// loaded, from the errors of a bundle that cannot.
func awaiting(errors []api.Message) []string {
	var files []string
	for _, m := range errors {
		if strings.HasPrefix(m.Text, topLevelAwait) && m.Location != nil {
			files = append(files, m.Location.File)
		}
	}
	return files
}

// checkRequired refuses a require of what awaits, as Node.js does. esbuild
// notices it only where the requiring file is itself imported by one that awaits
// (0.28.2, reportInvalidTLA), and else gives an object without its exports.
func (b *bundler) checkRequired(metafile string, files []string) error {
	var about struct {
		Inputs map[string]struct {
			Imports []struct {
				Path, Kind, Original string
			}
		}
	}
	if err := json.Unmarshal([]byte(metafile), &about); err != nil {
		return err
	}
	for more := true; more; {
		more = false
		for name, in := range about.Inputs {
			for _, i := range in.Imports {
				if i.Kind == "import-statement" && slices.Contains(files, i.Path) && !slices.Contains(files, name) {
					files, more = append(files, name), true
				}
			}
		}
	}
	var problems []Problem
	for name, in := range about.Inputs {
		for _, i := range in.Imports {
			if i.Kind == "require-call" && slices.Contains(files, i.Path) {
				problems = append(problems, b.requiredAt(name, i.Original))
			}
		}
	}
	if problems == nil {
		return nil
	}
	slices.SortFunc(problems, func(x, y Problem) int { return strings.Compare(x.Place(), y.Place()) })
	return &Error{Problems: problems}
}

// requiredAt says where a file requires what awaits.
func (b *bundler) requiredAt(file, wanted string) Problem {
	p := b.problem(api.Message{
		Text:     fmt.Sprintf("%q awaits where it is loaded, so it cannot be required", wanted),
		Location: &api.Location{File: file, Line: 1},
	})
	p.Hint = "import it instead"
	src, err := b.read(p.File)
	if err != nil {
		return p // it was read before, and the file is named all the same
	}
	for n, line := range strings.Split(string(src), "\n") {
		if at := regexp.MustCompile(`\brequire\(\s*["'` + "`" + `]` + regexp.QuoteMeta(wanted)).FindStringIndex(line); at != nil {
			p.Line, p.Column, p.Source = n+1, at[0]+1, line
			break
		}
	}
	return p
}

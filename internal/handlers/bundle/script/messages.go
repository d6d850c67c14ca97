package script

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

// cause is an error of the file system without the path, which is said anyway.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// problem puts a message of esbuild into our words.
func (b *bundler) problem(m api.Message) Problem {
	p := Problem{File: b.entry, Text: m.Text}
	switch l := m.Location; {
	case l == nil, l.File == stdin:
	case l.File == ownConfig:
		p.File = b.config // the line is of our text
	default:
		p.Line, p.Column, p.Source = l.Line, utf8.RuneCountInString(l.LineText[:min(l.Column, len(l.LineText))])+1, l.LineText
		file := filepath.FromSlash(l.File)
		if !filepath.IsAbs(file) {
			file = filepath.Join(b.dir, file)
		}
		if name, ok := b.below(file); ok {
			p.File = name
		} else {
			p.File = l.File
		}
	}
	p.Hint, _ = m.Detail.(string)
	if p.Hint == "" {
		p.Hint = hint(m)
	}
	b.missing(m, &p)
	return p
}

// hint is what helps against esbuild's own messages.
func hint(m api.Message) string {
	switch {
	case strings.HasPrefix(m.Text, topLevelAwait):
		return "await it inside of a function" // a worker's: the handler may
	case strings.HasPrefix(m.Text, "No loader is configured"):
		return "import scripts, JSON, WebAssembly, texts like .html and bytes like .png, or read the file: readFileSync(new URL(\"./name\", import.meta.url))"
	}
	return ""
}

func (b *bundler) problems(messages []api.Message) []Problem {
	var all []Problem
	native := map[string]bool{} // packages that were refused for it, once
	for _, m := range messages {
		p := b.problem(m)
		if p.Hint == nativeHint {
			folder, of := packageOf(p.File)
			if of != "" && native[folder+of] {
				continue
			}
			native[folder+of] = true
		}
		all = append(all, p)
	}
	return all
}

// warnings are esbuild's, without those about our own first lines, which look
// for the handler in more than one place.
func (b *bundler) warnings(messages []api.Message) ([]string, error) {
	missing := 0
	var all []string
	for _, m := range messages {
		if m.Location != nil && m.Location.File == stdin {
			missing++
			continue
		}
		p := b.problem(m)
		if asked, ok := strings.CutSuffix(p.Text, ` should be marked as external for use with "require.resolve"`); ok {
			p.Text = "require.resolve of " + asked + " has no answer at run time: scripts are in one bundle"
		}
		all = append(all, strings.TrimPrefix(p.Place()+": ", ": ")+p.Text)
	}
	if missing >= 2 {
		return nil, &Error{Problems: []Problem{{
			File: b.entry, Text: "does not export handler",
			Hint: "write export const handler = async (event, context) => …, or exports.handler = … in CommonJS",
		}}}
	}
	return all, nil
}

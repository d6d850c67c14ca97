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
	return p
}

// hint is what helps against esbuild's own messages.
func hint(m api.Message) string {
	switch {
	case strings.HasPrefix(m.Text, "Could not resolve \"."), strings.HasPrefix(m.Text, "Could not resolve \"/"):
		return "correct the path, or build what makes the file"
	case strings.HasPrefix(m.Text, "Could not resolve"):
		return "run npm install (or pnpm, or yarn) where package.json is; nothing is found at run time that is not in the bundle, the AWS SDK included"
	case strings.HasPrefix(m.Text, "Top-level await"):
		return "await it inside of the handler, once; for wasm-bindgen's JavaScript build with --target nodejs"
	case strings.HasPrefix(m.Text, "No loader is configured"):
		return "only scripts, JSON, text and WebAssembly can be imported"
	}
	return ""
}

func (b *bundler) problems(messages []api.Message) []Problem {
	var all []Problem
	for _, m := range messages {
		all = append(all, b.problem(m))
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

package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"strings"
)

// ownConfig is what esbuild calls the options that it is given as a text.
const ownConfig = "<tsconfig.json>"

// maxConfigs bounds how many files one tsconfig.json may extend.
const maxConfigs = 100

// compiler is what a tsconfig.json says, with what it extends.
type compiler struct {
	dir     string         // absolute, of the tsconfig.json that begins
	options map[string]any // compilerOptions
	paths   string         // absolute, the folder of the file that has paths
	files   int            // that were read
}

// tsconfig finds the tsconfig.json that is nearest to the entry, up to the
// root, and gives its options as one text, which is used for every source.
//
// esbuild could read the file itself, and what it extends, but it would do so
// past the root: where a package's package.json, or a link, leads.
func (b *bundler) tsconfig() (string, error) {
	for dir := path.Dir(b.entry); ; dir = path.Dir(dir) {
		name := path.Join(dir, "tsconfig.json")
		if b.exists(name) {
			b.config = name
			c := &compiler{dir: b.absolute(dir), options: map[string]any{}}
			if err := b.addConfig(c, name); err != nil {
				return "", err
			}
			return c.text()
		}
		if dir == "." {
			return "{}", nil // or esbuild would look for one above the root
		}
	}
}

func (b *bundler) absolute(name string) string { return filepath.Join(b.top, filepath.FromSlash(name)) }

// addConfig adds what a file extends, and then what it says itself.
func (b *bundler) addConfig(c *compiler, name string) error {
	refuse := func(text, hint string) error {
		return &Error{Problems: []Problem{{File: name, Text: text, Hint: hint}}}
	}
	if c.files++; c.files > maxConfigs {
		return refuse(fmt.Sprintf("is, with what it extends, more than %d files, or extends itself", maxConfigs), "take out what leads back to a file")
	}
	text, err := b.read(name)
	if err != nil {
		return refuse("cannot be read: "+cause(err), "")
	}
	// A map, because members of a struct are found in any case.
	var config map[string]any
	if json.Unmarshal(plainJSON(text), &config) != nil {
		return refuse("is not JSON with comments", "correct it; tsc --showConfig shows what it reads")
	}
	extends, _ := config["extends"].([]any)
	if one, ok := config["extends"].(string); ok {
		extends = []any{one}
	}
	for _, e := range extends {
		base, ok := e.(string)
		if !ok {
			return refuse("extends something that is no text", "write the path of a file, or the name of a package")
		}
		found, ok := b.extended(path.Dir(name), base)
		if !ok {
			return refuse(fmt.Sprintf("extends %q, which is not in the project", base), "correct the path, or run npm install; what lies outside of the project is not read")
		}
		if err := b.addConfig(c, found); err != nil {
			return err
		}
	}
	options, _ := config["compilerOptions"].(map[string]any)
	c.add(options, b.absolute(path.Dir(name)))
	return nil
}

// add takes the options of a file in dir over those that it extends.
func (c *compiler) add(options map[string]any, dir string) {
	maps.Copy(c.options, options)
	if base, ok := options["baseUrl"].(string); ok {
		c.options["baseUrl"] = c.place(base, dir)
	}
	if options["paths"] != nil {
		c.paths = dir
	}
}

// place makes a path absolute, as TypeScript does.
func (c *compiler) place(name, dir string) string {
	if rest, ok := strings.CutPrefix(name, "${configDir}"); ok {
		return filepath.Join(c.dir, filepath.FromSlash(rest))
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// text gives all of it as one file. Without baseUrl, paths are relative to the
// file that has them; those that do not begin with a dot are esbuild's to
// complain about.
func (c *compiler) text() (string, error) {
	base, based := c.options["baseUrl"].(string)
	if !based {
		base = c.paths
	}
	paths, _ := c.options["paths"].(map[string]any)
	for _, list := range paths {
		targets, _ := list.([]any)
		for i, t := range targets {
			if target, ok := t.(string); ok && (based || strings.HasPrefix(target, ".") || strings.HasPrefix(target, "$")) {
				targets[i] = c.place(target, base)
			}
		}
	}
	b, err := json.Marshal(map[string]any{"compilerOptions": c.options})
	return string(b), err
}

// extended finds what a tsconfig.json in dir extends, below the root.
func (b *bundler) extended(dir, base string) (string, bool) {
	var candidates []string
	switch {
	case base == "." || base == "..":
		candidates = []string{path.Join(dir, base, "tsconfig.json")}
	case strings.HasPrefix(base, "./"), strings.HasPrefix(base, "../"):
		c := path.Join(dir, base)
		candidates = []string{c, c + ".json", path.Join(c, "tsconfig.json")}
	case !path.IsAbs(base):
		for at := dir; ; at = path.Dir(at) {
			c := path.Join(at, "node_modules", base)
			candidates = append(candidates, path.Join(c, "tsconfig.json"), c, c+".json")
			if at == "." {
				break
			}
		}
	}
	for _, name := range candidates {
		if b.exists(name) {
			return name, true
		}
	}
	return "", false
}

// plainJSON takes comments and trailing commas away.
func plainJSON(text []byte) []byte {
	var out []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			from := i
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			out = append(out, text[from:min(i+1, len(text))]...)
		case c == '/' && i+1 < len(text) && text[i+1] == '/':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(text) && text[i+1] == '*':
			end := bytes.Index(text[i+2:], []byte("*/"))
			if end < 0 {
				return out
			}
			i += end + 3
		case c == '}' || c == ']':
			if kept := bytes.TrimRight(out, " \t\r\n"); bytes.HasSuffix(kept, []byte(",")) {
				out = kept[:len(kept)-1]
			}
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return out
}

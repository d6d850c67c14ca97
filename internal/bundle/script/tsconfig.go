package script

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// tsconfig finds the tsconfig.json that is nearest to the entry, up to the
// root, and refuses one that extends files outside of it, which esbuild would
// read. It is used for every source; "" if there is none.
func (b *bundler) tsconfig() (string, error) {
	for dir := path.Dir(b.entry); ; dir = path.Dir(dir) {
		name := path.Join(dir, "tsconfig.json")
		if b.exists(name) {
			return filepath.Join(b.top, filepath.FromSlash(name)), b.checkConfig(name, map[string]bool{})
		}
		if dir == "." {
			return "", nil
		}
	}
}

// checkConfig follows extends.
func (b *bundler) checkConfig(name string, seen map[string]bool) error {
	if seen[name] {
		return nil // esbuild says so
	}
	seen[name] = true
	refuse := func(text, hint string) error {
		return &Error{Problems: []Problem{{File: name, Text: text, Hint: hint}}}
	}
	text, err := b.read(name)
	if err != nil {
		return refuse("cannot be read: "+cause(err), "")
	}
	var config struct{ Extends any }
	if json.Unmarshal(plainJSON(text), &config) != nil {
		return refuse("is not JSON with comments", "correct it; tsc --showConfig shows what it reads")
	}
	extends, _ := config.Extends.([]any)
	if one, ok := config.Extends.(string); ok {
		extends = []any{one}
	}
	for _, e := range extends {
		base, ok := e.(string)
		if !ok {
			return refuse("extends something that is no text", "")
		}
		found, ok := b.extended(path.Dir(name), base)
		if !ok {
			return refuse(fmt.Sprintf("extends %q, which is not in the project", base), "correct the path, or run npm install; what lies outside of the project is not read")
		}
		if err := b.checkConfig(found, seen); err != nil {
			return err
		}
	}
	return nil
}

// extended finds what a tsconfig.json in dir extends, below the root.
func (b *bundler) extended(dir, base string) (string, bool) {
	var candidates []string
	if strings.HasPrefix(base, "./") || strings.HasPrefix(base, "../") || base == "." || base == ".." {
		candidates = append(candidates, path.Join(dir, base))
	} else if !path.IsAbs(base) {
		for at := dir; ; at = path.Dir(at) {
			candidates = append(candidates, path.Join(at, "node_modules", base))
			if at == "." {
				break
			}
		}
	}
	for _, c := range candidates {
		for _, name := range []string{c, c + ".json", path.Join(c, "tsconfig.json")} {
			if b.exists(name) {
				return name, true
			}
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
			end := strings.Index(string(text[i+2:]), "*/")
			if end < 0 {
				return out
			}
			i += end + 3
		case c == '}' || c == ']':
			if kept := strings.TrimRight(string(out), " \t\r\n"); strings.HasSuffix(kept, ",") {
				out = out[:len(kept)-1]
			}
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return out
}

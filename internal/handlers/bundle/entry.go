package bundle

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script"
)

// handlerForm is how a handler may be written: a path, a dot, the name of an
// export.
const handlerForm = `^[\w./-]+\.[A-Za-z_$][\w$]*$`

// entryOf returns the file that a handler names, as Lambda's Node.js runtime looks
// for it (integration/runtimes compares the two).
func entryOf(f Function, from folder) (string, error) {
	refuse := func(reason, hint string) (string, error) {
		return "", &Error{Path: f.Name, Reason: fmt.Sprintf("handler %q %s", f.Handler, reason), Hint: hint}
	}
	if !regexp.MustCompile(handlerForm).MatchString(f.Handler) ||
		strings.Contains(f.Handler, "..") || strings.HasPrefix(f.Handler, "/") {
		return refuse("is not a path and the name of an export", "write it like index.handler or lib/main.handler")
	}
	m := splitHandler(f.Handler)
	if m.name == "" {
		return refuse("names no file", "write it like index.handler or lib/main.handler")
	}
	old := !refusesCallbacks(f.Runtime)
	if stem := m.stem(); from.files[stem] == nil && from.has(stem) && !old {
		return refuse(fmt.Sprintf("names the folder %s, and Lambda imports no folder from Node.js %d on", stem, firstAsyncOnly), "write it like "+stem+"/index.handler")
	}
	for _, name := range m.candidates(from, old) {
		if from.files[name] != nil {
			return name, nil
		}
	}
	if err := from.whyMissing(f.Name, m.usual()); err != nil {
		return "", err
	}
	return refuse(fmt.Sprintf("needs %s.js, .mjs or .cjs in %s", m.stem(), f.Bundle), from.instead(f, isNodeScript))
}

// module is what stands before the name of the export in a handler.
type module struct{ root, name string }

// splitHandler splits a handler as Lambda's runtime does: the last part of the path at
// its first dot (FUNCTION_EXPR in aws-lambda-nodejs-runtime-interface-client), so
// "index.v2.handler" is the export v2.handler of index, and no file index.v2.js is
// ever looked for. The folder is what stands before that part's text, where it
// stands first.
func splitHandler(handler string) module {
	base := path.Base(handler)
	name, _, _ := strings.Cut(base, ".")
	return module{root: handler[:strings.Index(handler, base)], name: name}
}

func (m module) stem() string { return path.Join(m.root, m.name) }

// usual are the files that a person means.
func (m module) usual() []string {
	return []string{m.stem() + ".js", m.stem() + ".mjs", m.stem() + ".cjs"}
}

// candidates are the files that Lambda looks for, in its order. Until Node.js 22,
// which is old, the first look is require's, which takes a folder, too. The last
// one is for a module in node_modules or in NODE_PATH, where the bundle is.
func (m module) candidates(from folder, old bool) []string {
	all := []string{m.stem()}
	if old && from.has(m.stem()) {
		all = append(all, from.required(m.stem())...)
	}
	all = append(all, m.usual()...)
	for dir := path.Clean(m.root); ; dir = path.Dir(dir) {
		all = append(all, from.required(path.Join(dir, "node_modules", m.name))...)
		if dir == "." {
			return append(all, from.required(m.name)...)
		}
	}
}

// has reports whether there is a folder of that name.
func (f folder) has(dir string) bool {
	for name := range f.files {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// required are the files that require looks for: the name, with an extension or
// without, and the main file of a folder.
func (f folder) required(name string) []string {
	asFile := func(name string) []string { return []string{name, name + ".js", name + ".json"} }
	all := asFile(name)
	var about struct{ Main string }
	if err := json.Unmarshal(f.files[path.Join(name, "package.json")], &about); err == nil && about.Main != "" {
		main := path.Join(name, about.Main)
		all = append(append(all, asFile(main)...), asFile(path.Join(main, "index"))[1:]...)
	}
	return append(all, asFile(path.Join(name, "index"))[1:]...)
}

// firstAsyncOnly is the first Node.js major whose Lambda runtime refuses
// callback handlers ("Callback-based function handlers are only supported up to
// Node.js 22", Lambda developer guide, nodejs-handler). That it looks at the
// number of declared parameters, even of an async handler, is LIKELY: seen in
// an incident report, not in AWS's documentation.
const firstAsyncOnly = 24

// refusesCallbacks reports whether a runtime is of a Node.js that refuses callbacks.
func refusesCallbacks(runtime string) bool {
	major, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(runtime, "nodejs"), ".x"))
	return err == nil && major >= firstAsyncOnly
}

// lint warns about what the runtime would refuse. It reads the entry's code,
// so it can miss a handler that is wrapped or imported; it only ever warns.
func lint(f Function, entry string, source []byte) []string {
	if !refusesCallbacks(f.Runtime) {
		return nil // another runtime, or one that accepts callbacks
	}
	export := f.Handler[strings.LastIndex(f.Handler, ".")+1:]
	if declaredParameters(string(script.Code(string(source), entry)), export) < 3 {
		return nil
	}
	return []string{fmt.Sprintf(
		"%s: %s declares three parameters; from Node.js %d on Lambda refuses handlers with a callback: make it async (event, context), or name the script with entry:, which gives it one",
		entry, export, firstAsyncOnly)}
}

// declaredParameters returns the most parameters that any function of that
// name declares in a JavaScript text, counted as Function.length counts them.
func declaredParameters(source, name string) int {
	quoted := regexp.QuoteMeta(name)
	starts := regexp.MustCompile(
		`(?:^|[^\w$])(?:` + quoted + `\s*[=:]\s*(?:async\b\s*)?(?:function\b\s*\*?\s*[\w$]*\s*)?|function\b\s*\*?\s*` + quoted + `\s*)\(`)
	most := 0
	for _, at := range starts.FindAllStringIndex(source, -1) {
		count, rest := parameters(source[at[1]:])
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "=>") || strings.HasPrefix(rest, "{") {
			most = max(most, count)
		}
	}
	return most
}

// parameters counts up to the parenthesis that closes the list, or to the
// first default value or rest parameter, and returns what follows the list.
func parameters(list string) (count int, rest string) {
	depth, open, counting := 0, false, true
	for i := 0; i < len(list); i++ {
		c := list[i]
		switch {
		case c == ')' && depth == 0:
			if open && counting {
				count++
			}
			return count, list[i+1:]
		case strings.IndexByte("([{", c) >= 0:
			depth++
			open = true
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		case depth > 0:
		case c == ',':
			if open && counting {
				count++
			}
			open = false
		case c == '=' || strings.HasPrefix(list[i:], "..."):
			counting = false
		case c > ' ':
			open = true
		}
	}
	return count, ""
}

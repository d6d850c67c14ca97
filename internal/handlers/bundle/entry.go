package bundle

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// handlerForm is how a handler may be written: a path, a dot, the name of an
// export.
const handlerForm = `^[\w./-]+\.[A-Za-z_$][\w$]*$`

// entryOf returns the file that a handler names. Lambda's Node.js runtime
// splits the last part of the path at its *first* dot (FUNCTION_EXPR in
// aws-lambda-nodejs-runtime-interface-client), so "index.v2.handler" is the
// export v2.handler of index, and no file index.v2.js is ever looked for.
func entryOf(f Function, from folder) (string, error) {
	refuse := func(reason, hint string) (string, error) {
		return "", &Error{Path: f.Name, Reason: fmt.Sprintf("handler %q %s", f.Handler, reason), Hint: hint}
	}
	if !regexp.MustCompile(handlerForm).MatchString(f.Handler) ||
		strings.Contains(f.Handler, "..") || strings.HasPrefix(f.Handler, "/") {
		return refuse("is not a path and the name of an export", "write it like index.handler or lib/main.handler")
	}
	dir, base := path.Split(f.Handler)
	module, _, _ := strings.Cut(base, ".")
	if module == "" {
		return refuse("names no file", "write it like index.handler or lib/main.handler")
	}
	stem := path.Join(dir, module)
	candidates := []string{stem + ".js", stem + ".mjs", stem + ".cjs"}
	for _, name := range candidates {
		if from.files[name] != nil {
			return name, nil
		}
	}
	if err := from.whyMissing(f.Name, candidates); err != nil {
		return "", err
	}
	return refuse(fmt.Sprintf("needs %s.js, .mjs or .cjs in %s", stem, f.Bundle), "correct handler, or the contents of the bundle")
}

// firstAsyncOnly is the first Node.js major whose Lambda runtime refuses
// callback handlers ("Callback-based function handlers are only supported up to
// Node.js 22", Lambda developer guide, nodejs-handler). That it looks at the
// number of declared parameters, even of an async handler, is LIKELY: seen in
// an incident report, not in AWS's documentation.
const firstAsyncOnly = 24

// lint warns about what the runtime would refuse. It reads the entry's text,
// so it can miss a handler that is wrapped or imported; it only ever warns.
func lint(f Function, entry string, source []byte) []string {
	major, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(f.Runtime, "nodejs"), ".x"))
	if err != nil || major < firstAsyncOnly {
		return nil // another runtime, or one that accepts callbacks
	}
	export := f.Handler[strings.LastIndex(f.Handler, ".")+1:]
	if declaredParameters(string(source), export) < 3 {
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

package main

import (
	"regexp"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
)

// ofRelease reports whether a failure on the release that a runtime has may be
// that release's own, and not happen on the one that it wants: a module or a
// script that uses what only another one knows. A trap, and whatever a handler
// raises itself, happens in every release. So does a script that an older
// release cannot even read, unless this is that older release; and which files
// are ES modules is Lambda's rule.
func ofRelease(f *node.Failure, has, wants string) bool {
	switch f.Name {
	case "Runtime.UserCodeSyntaxError":
		return releaseNumber(has) < releaseNumber(wants) && !moduleSyntax(f) && (!node.IsPython(wants) || learned(f, releaseNumber(has), releaseNumber(wants)))
	case "CompileError", "LinkError", "SyntaxError", "TypeError", "ReferenceError", "AttributeError":
		return true
	case "Runtime.ImportModuleError": // Python's own library grows and shrinks
		return node.IsPython(wants)
	}
	return strings.Contains(f.Message, "No such built-in module")
}

// moduleSyntax reports whether a script was read as CommonJS and is an ES
// module.
func moduleSyntax(f *node.Failure) bool {
	return f.Name == "Runtime.UserCodeSyntaxError" && regexp.MustCompile(
		`Unexpected token 'export'|Cannot use import statement outside a module|Cannot use 'import.meta' outside a module|await is only valid in async`).MatchString(f.Message)
}

// grammar is what a release of Python 3 learned to read, as lines show it, by the
// second number ("What's New in Python"). A line without any of it, that one of them
// refuses, the next ones refuse as well.
var grammar = map[int]*regexp.Regexp{
	8:  regexp.MustCompile(`:=|[(,]\s*/|=\s*}`),
	9:  regexp.MustCompile(`^\s*@`),
	10: regexp.MustCompile(`^\s*(match|case)\b|\bwith\s*\(`),
	11: regexp.MustCompile(`\bexcept\s*\*|\[.*\*|:\s*\*`),
	12: regexp.MustCompile(`(?i)^\s*type\b|^\s*(async\s+)?(def|class)\s+\w+\s*\[|f-string|\b(f|fr|rf)["']`),
	13: regexp.MustCompile(`^\s*(type|(async\s+)?def|class)\s+\w+\s*\[`),
	14: regexp.MustCompile(`(?i)^\s*except\b|\b(t|tr|rt)["']`),
}

// newestGrammar is the last release whose grammar is known here.
const newestGrammar = 14

// learned reports whether a line that one release of Python cannot read may be
// what a later one has learned.
func learned(f *node.Failure, has, wants int) bool {
	if wants > newestGrammar {
		return true // newer than every grammar of this program
	}
	for release := has + 1; release <= wants; release++ {
		for line := range strings.Lines(f.Message + "\n" + f.Stack) {
			if g := grammar[release]; g == nil || g.MatchString(line) {
				return true
			}
		}
	}
	return false
}

// loadHint says what may help against a failure of a bundle to load.
func loadHint(f *node.Failure, b built, other bool) string {
	const leave = "--no-load leaves this out"
	wants, entry := b.Config.Runtime, b.ABI == bundle.Glue
	python := node.IsPython(wants)
	switch {
	case other:
		flag := "--node"
		if python {
			flag = "--python"
		}
		return "it will run on " + wants + ", which " + flag + " PATH may name; " + leave
	case moduleSyntax(f):
		return "Lambda reads a .js file as CommonJS, whatever is in it: call it .mjs, or say \"type\": \"module\" in a package.json beside it; " + leave
	case f.Name == "Runtime.CallbackHandlerDeprecated":
		return "make it async (event, context), or name the script with entry: in place of bundle:, which gives it a callback; " + leave
	case strings.Contains(f.Message, "require() of ES Module"):
		return "Lambda runs Node.js with --no-experimental-require-module, so require() takes no ES module: use import, or entry: in place of bundle:; " + leave
	case f.Name == "Runtime.HandlerNotFound":
		return "point handler: at what the file has: its name, a dot, and the name of a function; " + leave
	case f.Name == "Runtime.ImportModuleError" && python:
		return "put the package into the bundle, as pip install --target does; " + leave
	case f.Name == "Runtime.ImportModuleError" && entry:
		return "nothing is beside the bundle at the edge: take it out of external:; " + leave
	case f.Name == "Runtime.ImportModuleError":
		return "put it into the bundle, node_modules with it, or name the script with entry: in place of bundle:, which takes along what it imports; " + leave
	case f.Name == "Sandbox.Timedout", f.Name == "Runtime.ExitError":
		return "do less before the first event; " + leave
	}
	if place := placeOf(f); place != "" {
		return "it fails at " + place + " of the bundle, before the first event; " + leave
	}
	return leave
}

// placeOf is the line of the bundle that a failure comes from; "" if none is told.
// Node.js tells it first, Python last.
func placeOf(f *node.Failure) string {
	if all := regexp.MustCompile(`File "([^"/<][^"<]*)",? [Ll]ine (\d+)`).FindAllStringSubmatch(f.Stack, -1); all != nil {
		last := all[len(all)-1]
		return last[1] + ":" + last[2]
	}
	found := regexp.MustCompile(`(?m)(?:^|\()((?:[\w.@-]+/)*[\w.@-]+\.[cm]?js(?::\d+){1,2})\)?$`).FindStringSubmatch(f.Stack)
	if found == nil {
		return ""
	}
	return found[1]
}

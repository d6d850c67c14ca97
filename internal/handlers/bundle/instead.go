package bundle

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

func isNodeScript(name string) bool {
	return slices.Contains([]string{".js", ".mjs", ".cjs"}, path.Ext(name))
}

func isPythonScript(name string) bool { return path.Ext(name) == ".py" }

// mostInstead bounds the files that a hint names.
const mostInstead = 3

// instead says what to do about a handler whose file is not there. fits reports
// whether a file is of the runtime's language.
func (f folder) instead(fn Function, fits func(name string) bool) string {
	var own, other []string
	for _, name := range f.files.names() {
		switch {
		case strings.Contains("/"+name, "/node_modules/"), strings.HasPrefix(path.Base(name), "__"):
		case fits(name):
			own = append(own, name)
		case isNodeScript(name) || isPythonScript(name):
			other = append(other, name)
		}
	}
	for _, names := range [][]string{own, other} {
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(likely(fn.Handler, b), likely(fn.Handler, a)) })
	}
	switch {
	case len(own) > mostInstead:
		return "point handler: at a file that is there, as " + handlerIn(own[0]) + " is at " + own[0]
	case len(own) > 0:
		return fmt.Sprintf("point handler: at a file that is there: %s has %s, so %s", fn.Bundle, strings.Join(own, " and "), handlerIn(own[0]))
	case len(other) == 0:
		return "build the handler into " + fn.Bundle + " first, or correct bundle: and handler:"
	case isPythonScript(other[0]):
		return fmt.Sprintf("%s is Python: set runtime: python3.13, and handler: %s if that is where the function is", other[0], handlerIn(other[0]))
	}
	return fmt.Sprintf("%s is JavaScript: set runtime: nodejs24.x, and handler: %s if that is what it exports", other[0], handlerIn(other[0]))
}

// likely says how likely a file is the one that a handler means.
func likely(handler, file string) int {
	stem := strings.TrimSuffix(file, path.Ext(file))
	switch {
	case strings.HasPrefix(handler, stem+"."):
		return 2
	case stem == "index", stem == "lambda_function":
		return 1
	}
	return 0
}

// handlerIn is how a handler of that file is usually written.
func handlerIn(file string) string {
	name := "handler"
	if strings.HasPrefix(path.Base(file), "lambda_function.") {
		name = "lambda_handler" // as Lambda's console makes it
	}
	return strings.TrimSuffix(file, path.Ext(file)) + "." + name
}

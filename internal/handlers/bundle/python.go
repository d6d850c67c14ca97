package bundle

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// isPython reports whether a runtime such as python3.13 runs Python.
func isPython(runtime string) bool { return strings.HasPrefix(runtime, "python3.") }

// handlerFile returns the file that a handler of a ready bundle names: the
// runtime decides what that may be.
func handlerFile(f Function, from folder) (string, error) {
	if isPython(f.Runtime) {
		return pythonEntry(f, from)
	}
	return entryOf(f, from)
}

// pythonHandlerForm is a module's path, a dot, and the name of a function.
const pythonHandlerForm = `^[\w./-]+\.[A-Za-z_]\w*$`

// pythonEntry returns the file of a handler in Python. Lambda's Python runtime
// splits at the *last* dot, and takes slashes and dots before it for the levels
// of a module: "lib/main.handler" and "lib.main.handler" are the same.
func pythonEntry(f Function, from folder) (string, error) {
	refuse := func(reason, hint string) (string, error) {
		return "", &Error{Path: f.Name, Reason: fmt.Sprintf("handler %q %s", f.Handler, reason), Hint: hint}
	}
	if !regexp.MustCompile(pythonHandlerForm).MatchString(f.Handler) || strings.Contains(f.Handler, "..") || strings.HasPrefix(f.Handler, "/") {
		return refuse("is not a module and the name of a function", "write it like index.handler or lib/main.handler")
	}
	module := f.Handler[:strings.LastIndex(f.Handler, ".")]
	stem := strings.Trim(strings.ReplaceAll(module, ".", "/"), "/")
	candidates := []string{stem + ".py", path.Join(stem, "__init__.py")}
	for _, name := range candidates {
		if from.files[name] != nil {
			return name, nil
		}
	}
	if err := from.whyMissing(f.Name, candidates); err != nil {
		return "", err
	}
	return refuse(fmt.Sprintf("needs %s.py in %s, because its runtime is %s", stem, f.Bundle, f.Runtime), from.instead(f, isPythonScript))
}

package bundle

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script"
)

// Variables are the environment variables that Lambda itself sets (Lambda
// Developer Guide, "Defined runtime environment variables"). A function at the
// edge has no others.
func Variables() []string {
	return []string{
		"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
		"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API",
		"AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
		"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG", "LD_LIBRARY_PATH", "NODE_EXTRA_CA_CERTS", "NODE_PATH", "PATH", "PYTHONPATH", "TZ",
	}
}

// mostVariables bounds the warnings of one function.
const mostVariables = 5

// reading is how a language reads an environment variable, and how it sets one.
type reading struct {
	reads, sets *regexp.Regexp
	code        func(file string, source []byte) []byte // without what is no code
}

func readingJS() reading {
	const name = `(?:\.([A-Za-z_]\w*)\b|\[\s*["']([A-Za-z_]\w*)["']\s*\])`
	return reading{
		reads: regexp.MustCompile(`\bprocess\.env` + name + `|\{([^{}]*)\}\s*=\s*process\.env\b(?:[^.\[]|$)`),
		sets:  regexp.MustCompile(`\bprocess\.env` + name + `\s*(?:\?\?|\|\|)?=[^=]`),
		code:  func(file string, source []byte) []byte { return script.Code(string(source), file) },
	}
}

func readingPython() reading {
	const name = `["']([A-Za-z_]\w*)["']`
	return reading{
		reads: regexp.MustCompile(`\benviron(?:\[\s*|\.get\(\s*)` + name + `|\bgetenv\(\s*` + name),
		sets:  regexp.MustCompile(`\benviron\[\s*` + name + `\s*\]\s*=[^=]|\benviron\.setdefault\(\s*` + name),
		code:  func(_ string, source []byte) []byte { return pythonCode(source) },
	}
}

// readingOf is how the script of that name reads variables; ok is false for
// what is no script of the function's own.
func readingOf(name string) (_ reading, ok bool) {
	if slices.Contains(strings.Split(path.Dir(name), "/"), "node_modules") {
		return reading{}, false // a package asks for much that nobody has to give it
	}
	switch path.Ext(name) {
	case ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx":
		return readingJS(), true
	case ".py":
		return readingPython(), true
	}
	return reading{}, false
}

// place is where a variable is read.
type place struct {
	variable, file string
	line           int
}

// unset lists where a script reads variables that the edge does not have, each
// once, in its code: comments and texts ask for nothing. What the script sets itself
// is not asked for.
func unset(file string, source []byte) []place {
	how, ok := readingOf(file)
	if !ok || !bytes.Contains(source, []byte("env")) {
		return nil
	}
	source = how.code(file, source)
	known := Variables()
	for _, m := range how.sets.FindAllSubmatch(source, -1) {
		known = append(known, string(bytes.Join(m[1:], nil)))
	}
	var all []place
	for _, m := range how.reads.FindAllSubmatchIndex(source, -1) {
		for _, v := range namesRead(source, m) {
			if !slices.Contains(known, v) {
				known = append(known, v)
				all = append(all, place{v, file, 1 + bytes.Count(source[:m[0]], []byte("\n"))})
			}
		}
	}
	return all
}

// namesRead are the variables of one match: the one that it names, or those of
// a pattern like { A, B: b, C = 1 }.
func namesRead(source []byte, m []int) []string {
	var names []string
	for i := 2; i+1 < len(m); i += 2 {
		if m[i] < 0 {
			continue
		}
		for part := range strings.SplitSeq(string(source[m[i]:m[i+1]]), ",") {
			if v := regexp.MustCompile(`^\s*([A-Za-z_]\w*)\s*(?:[:=]|$)`).FindStringSubmatch(part); v != nil {
				names = append(names, v[1])
			}
		}
	}
	return names
}

// variableWarnings says which variables scripts read and the edge does not
// have. Files are named as a person finds them.
func variableWarnings(scripts files) []string {
	var all []place
	seen := map[string]bool{}
	for _, name := range scripts.names() {
		for _, p := range unset(name, scripts[name]) {
			if !seen[p.variable] {
				seen[p.variable] = true
				all = append(all, p)
			}
		}
	}
	var warnings []string
	for _, p := range all[:min(len(all), mostVariables)] {
		warnings = append(warnings, fmt.Sprintf("%s:%d reads the environment variable %s, which no function at the edge has: use config:", p.file, p.line, p.variable))
	}
	if more := len(all) - mostVariables; more > 0 {
		warnings = append(warnings, fmt.Sprintf("and %d more environment variables are read that no function at the edge has", more))
	}
	return warnings
}

// sources are the scripts that an entry was bundled from, as they are in the
// project.
func (d draft) sources(root *os.Root, lim limits) (files, error) {
	out := files{}
	for _, name := range d.sorted() {
		if _, ok := readingOf(name); !ok {
			continue
		}
		source, err := readFile(root, name, lim.unzipped)
		if err != nil {
			return nil, err
		}
		out[name] = source
	}
	return out, nil
}

// placed are the files under the folder, or the zip, that they were read from.
func (f folder) placed() files {
	out := files{}
	for name, data := range f.files {
		if f.source != "" {
			out[f.source+": "+name] = data
		} else {
			out[path.Join(f.dir, name)] = data
		}
	}
	return out
}

package stackspec

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/versions"
)

// What functions have when neither they nor defaults: say otherwise. The
// table of keys names the same values; a test holds the two together.
const (
	standardRuntime = "nodejs24.x"
	standardMemory  = 128
	standardTimeout = 5
	standardOnError = "fail"

	// wasmHandler is what Lambda calls in every bundle with a trampoline.
	wasmHandler = "index.handler"
)

func (d *decoder) functions(stack string) []Function {
	var functions []Function
	names := map[string]*entry{}
	for _, e := range d.root.get("functions").each() {
		at := []string{"functions", e.key.text}
		f := d.function(e, at)
		if f.Name = str(e.value.get("name")); f.Name == "" && stack != "" && e.value.entry("name") == nil {
			f.Name = stack + "-" + f.Key
		}
		if f.Name != "" {
			d.name(e, f.Name, names)
			f.Config.Logging = d.logging(e.value, at, f.Name)
		}
		functions = append(functions, f)
	}
	slices.SortFunc(functions, func(a, b Function) int { return cmp.Compare(a.Key, b.Key) })
	return functions
}

// name checks a function's Lambda name, which may have been put together from
// the stack's. It is not shown: the stack's name may be a variable's value.
func (d *decoder) name(e *entry, name string, names map[string]*entry) {
	at := []string{"functions", e.key.text}
	const most = 64 // Lambda API model, FunctionName
	if n := utf8.RuneCountInString(name); n > most {
		d.problem(e.key, at, Problem{
			Message: fmt.Sprintf("the Lambda name of %s, which is <stack>-<function>, has %d characters; there can be %d", quote(e.key.text), n, most),
			Hint:    "give it a shorter one with name:",
		})
	}
	if other := names[name]; other != nil {
		d.problem(e.key, at, Problem{
			Message: fmt.Sprintf("%s has the same Lambda name as %s in line %d", e.key.text, other.key.text, other.key.line),
			Hint:    "give one of them another name:",
		})
		return
	}
	names[name] = e
}

func (d *decoder) function(e *entry, at []string) Function {
	n, defaults := e.value, d.root.get("defaults")
	f := Function{
		Key:    e.key.text,
		Wasm:   clean(n.get("wasm")),
		Entry:  clean(n.get("entry")),
		Bundle: clean(n.get("bundle")),
		SHA256: str(n.get("sha256")),
		Config: versions.Config{
			Runtime:        cmp.Or(str(or(n.get("runtime"), defaults.get("runtime"))), standardRuntime),
			Handler:        str(n.get("handler")),
			Role:           str(or(n.get("role"), defaults.get("role"))),
			MemoryMB:       cmp.Or(integer(or(n.get("memory"), defaults.get("memory"))), standardMemory),
			TimeoutSeconds: cmp.Or(integer(or(n.get("timeout"), defaults.get("timeout"))), standardTimeout),
		},
		Baked:      object(n.get("config")),
		External:   items(n.get("external")),
		KeepNames:  yes(n.get("keep-names")),
		Trampoline: integer(n.get("trampoline")),
	}
	if trampolined(n) != nil {
		f.Config.Handler = wasmHandler
		f.OnError = cmp.Or(str(or(n.get("on-error"), defaults.get("on-error"))), standardOnError)
	}
	d.runtime(n, at)
	if role := n.get("role"); role != nil {
		d.roles = append(d.roles, placed{role, append(slices.Clone(at), "role")})
	}
	return f
}

// trampolined is what a function has of the sources that get a trampoline.
func trampolined(n *node) *entry { return cmp.Or(n.entry("wasm"), n.entry("entry")) }

// runtime refuses a trampoline in anything but Node.js.
func (d *decoder) runtime(n *node, at []string) {
	runtime := or(n.get("runtime"), d.root.get("defaults").get("runtime"))
	source := trampolined(n)
	if runtime == nil || source == nil || slices.Contains(nodeRuntimes(), runtime.value) {
		return
	}
	where, at := runtime, append(slices.Clone(at), "runtime")
	if n.get("runtime") == nil {
		where = source.key // the same default may be right for others
	}
	what := map[string]string{"wasm": "a wasm handler", "entry": "an entry"}[source.key.text]
	d.problem(where, at, Problem{
		Message: fmt.Sprintf("%s cannot run in %s: the trampoline around it is JavaScript", what, quote(runtime.text)),
		Hint:    "use one of " + list(nodeRuntimes()) + " for this function",
	})
}

// logging merges a function's logging into the defaults', key by key. A
// function that logs text drops the level that the defaults give to JSON.
func (d *decoder) logging(n *node, at []string, name string) versions.Logging {
	own, common := n.get("logging"), d.root.get("defaults").get("logging")
	format := or(own.get("format"), common.get("format"))
	level := or(own.get("level"), common.get("level"))
	l := versions.Logging{Format: str(format), Level: str(level), Group: str(or(own.get("group"), common.get("group")))}.Canonical(name)
	if l.Format == "json" {
		return l
	}
	text := own.get("format") != nil && own.get("level") == nil
	unclear := own.get("format") == nil && own.has("format") || common.get("format") == nil && common.has("format")
	if level != nil && !text && !unclear {
		p := at
		if own.get("level") == nil {
			p = []string{"defaults"}
		}
		d.problem(level, append(slices.Clone(p), "logging", "level"), Problem{
			Message: "a log level needs format: json",
			Hint:    "Lambda filters by level only where logs are JSON",
		})
	}
	return l
}

// clean gives the one spelling of a path. An address stays as it is: what it
// leads to is up to its server.
func clean(n *node) string {
	if n == nil {
		return ""
	}
	if isURL(n.value) {
		return n.value
	}
	return path.Clean(n.value)
}

// object gives a config: as values of JSON; nil for none.
func object(n *node) map[string]any {
	var m map[string]any
	for _, e := range n.each() {
		if m == nil {
			m = map[string]any{}
		}
		m[e.key.text] = value(e.value)
	}
	return m
}

func value(n *node) any {
	switch n.kind {
	case boolean:
		return n.text == "true"
	case number:
		return json.Number(n.text)
	case sequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = value(item)
		}
		return list
	case mapping:
		m := object(n)
		if m == nil {
			m = map[string]any{}
		}
		return m
	default:
		return n.value
	}
}

// isURL reports whether a source is an address, and no path.
func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

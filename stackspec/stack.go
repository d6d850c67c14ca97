package stackspec

import (
	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Stack is what one spec file asks for, in canonical form. Empty maps and
// lists are nil.
type Stack struct {
	Name string
	// Account is the only AWS account the stack may be applied in: twelve
	// digits, or "" when the spec does not say.
	Account string
	// Role is the ARN of the role that the stack's ledger function has:
	// defaults.role or, without it, that of the first function by key.
	Role string
	Tags map[string]string
	// StrictHold says that after a rollback nothing is applied before resume.
	StrictHold bool
	// Viewer and Origin override the limits of their side of the cache. Zero
	// members keep what associations.CurrentLimits says.
	Viewer, Origin associations.Limit
	Functions      []Function     // by key
	Distributions  []Distribution // by key
}

// Function is one function of a stack. Exactly one of Wasm, Entry and Bundle
// is set.
type Function struct {
	Key  string // its name in the spec
	Name string // its Lambda name
	// Wasm is a WebAssembly module or what wasm-bindgen made of one, Entry a
	// script, Bundle a ready directory or zip: slash separated, lexically
	// clean, relative to the spec file. They may begin with "..": the caller
	// that opens them decides how far up they may lead. If SHA256 is set, Wasm or Bundle
	// is an https URL (http on loopback) instead: of a module, or of a zip.
	Wasm, Entry, Bundle string
	// SHA256 is the lower-case hex SHA-256 of what the URL leads to; "" exactly
	// if Wasm or Bundle is a path.
	SHA256 string
	// OnError is "fail" or "continue" for Wasm and Entry, "" for bundles: what the
	// trampoline does when the handler fails.
	OnError string
	Config  versions.Config
	// Baked is the function's config:, for the bundle. Values are map[string]any,
	// []any, string, bool and json.Number; numbers keep the digits they were
	// written with, so that 12345678901234567890 and 1.0 survive. There are no nulls.
	Baked map[string]any
	// External are packages that Entry imports and that are left to be found at
	// run time: names, or beginnings of names with a * behind them.
	External []string
	// KeepNames keeps the module's name and debug sections in the bundle.
	KeepNames bool
	// Trampoline pins the number of the trampoline; 0 leaves it to edgedeploy.
	Trampoline int
}

// Distribution is one CloudFront distribution that a stack binds functions
// in. Exactly one of ID and Alias is set.
type Distribution struct {
	Key   string // its name in the spec
	ID    string
	Alias string // an alternate domain name, lower case
	Slots []SlotWant
	// Origins says where origins are when the stack runs on the local AWS: by
	// path ("*" for every one that is not named), a lexically clean folder
	// relative to the spec file, or an http(s) URL. AWS never sees it.
	Origins map[string]string
}

// SlotWant says which function a slot shall hold.
type SlotWant struct {
	// Path is associations.DefaultPath or a canonical path pattern.
	Path        string
	Trigger     associations.Trigger
	Function    string // a Function.Key
	IncludeBody bool
}

// Options are what a spec may depend on besides its own bytes.
type Options struct {
	// Lookup reads an environment variable. Nil means that none is set.
	Lookup func(name string) (string, bool)
	// AllowEnv names the variables that may be read although their names do
	// not begin with EDGEDEPLOY_. (A pull request edits the spec; it must not
	// be able to bake the pipeline's secrets into what it deploys.)
	AllowEnv []string
}

// Document is a spec that was read, with where everything stands in it.
type Document struct {
	Stack Stack
	// Warnings are the problems that do not keep the spec from being used, in
	// file order.
	Warnings []Problem

	root   *node
	report *report // for excerpts
}

// Locate gives the line and column, both from 1, of a key, by the keys that
// lead to it: Locate("functions", "resize", "memory"). Path patterns may be
// given as the file spells them or in canonical form. Both are 0 when the
// file has no such key.
func (d Document) Locate(path ...string) (line, column int) {
	e := d.find(path)
	if e == nil {
		return 0, 0
	}
	return e.key.line, e.key.col
}

func (d Document) find(path []string) *entry {
	var found *entry
	at := d.root
	for i, key := range path {
		if at == nil || at.kind != mapping {
			return nil
		}
		found = at.entry(key)
		if found == nil && i == 3 && path[0] == "distributions" && path[2] == "behaviors" {
			found = at.entryFunc(func(spelled string) bool { return canonicalPath(spelled) == key })
		}
		if found == nil {
			return nil
		}
		at = found.value
	}
	return found
}

// Place puts a problem that was found later, with a built bundle or a live
// account, at a key of the spec: it fills in File, Line, Column, Path and
// Excerpt. Where the spec leaves the key to its default, that is the nearest
// key above it that is there, or the beginning of the file. Several goroutines
// may call it at once.
func (d Document) Place(p Problem, path ...string) Problem {
	p.Path = pathOf(path)
	p.Line, p.Column = 1, 1
	for n := len(path); n > 0; n-- {
		if line, column := d.Locate(path[:n]...); line > 0 {
			p.Line, p.Column = line, column
			break
		}
	}
	if d.report != nil {
		p.File, p.Excerpt = d.report.file, d.report.excerpt(p.Line, p.Column)
	}
	return p
}

// SlotLine gives the line, from 1, on which a slot's function is named; 0 if
// the file does not name it. The path may be canonical or as it is spelled.
func (d Document) SlotLine(distributionKey, path string, t associations.Trigger) int {
	line, _ := d.Locate("distributions", distributionKey, "behaviors", path, string(t))
	return line
}

// FunctionLine gives the line, from 1, on which a function's entry begins; 0
// if the file has no function of that key.
func (d Document) FunctionLine(key string) int {
	line, _ := d.Locate("functions", key)
	return line
}

// canonicalPath gives the one spelling of a path pattern as a spec writes it.
func canonicalPath(spelled string) string {
	if spelled == associations.DefaultPath {
		return spelled
	}
	return associations.CanonicalPath(spelled)
}

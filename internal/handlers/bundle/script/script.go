package script

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Input says what to bundle.
type Input struct {
	Root  *os.Root // no file outside is read
	Entry string   // slash-separated, below Root: .js .mjs .cjs .jsx .ts .mts .cts or .tsx
	Node  int      // the major of the Node.js that runs it: 20, 22, …

	// MaxFile is the most bytes that any one file may have.
	MaxFile int64
}

// Output is what an entry became.
type Output struct {
	Script   []byte            // CommonJS; exports.handler is the entry's handler
	Wasm     map[string][]byte // by the name under which Script reads it, beside itself
	Warnings []string
	// Inputs are the files that were read, slash-separated, below the root, sorted:
	// scripts and what they import, modules, tsconfig.json with what it extends. A
	// package.json that only leads esbuild to a file is not among them.
	Inputs []string
}

// Error lists what is wrong, at least one problem, in esbuild's order.
type Error struct{ Problems []Problem }

// Problem is one of them.
type Problem struct {
	File         string // slash-separated, below the root; "" if there is none
	Line, Column int    // from 1, in lines and characters; 0 if unknown
	Source       string // the line's text, if there is a line
	Text         string
	Hint         string // what to do about it, or ""
}

// Place is where a problem is, as editors understand it.
func (p Problem) Place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func (e *Error) Error() string {
	const most = 5
	var all []string
	for _, p := range e.Problems[:min(most, len(e.Problems))] {
		all = append(all, strings.TrimPrefix(p.Place()+": ", ": ")+p.Text)
	}
	if more := len(e.Problems) - most; more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, "; ")
}

// IsEntry reports whether a file has the name of a script.
func IsEntry(name string) bool {
	return slices.Contains([]string{".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"}, path.Ext(name))
}

// Bundle bundles an entry. Every error about the input is an [*Error].
func Bundle(in Input) (Output, error) {
	entry := path.Clean(in.Entry)
	top, err := filepath.Abs(in.Root.Name())
	if err != nil {
		return Output{}, err
	}
	// esbuild follows links and names what they lead to.
	if top, err = filepath.EvalSymlinks(top); err != nil {
		return Output{}, err
	}
	b := &bundler{in: in, top: top, above: lookAbove(top), entry: entry, wasm: map[string][]byte{}, inputs: map[string]bool{}}
	if b.dir, err = b.entryDir(); err != nil {
		return Output{}, err
	}
	options := b.options()
	if options.TsconfigRaw, err = b.tsconfig(); err != nil {
		return Output{}, err
	}
	result := api.Build(options)
	if problems := b.problems(result.Errors); len(problems) > 0 {
		return Output{}, &Error{Problems: problems}
	}
	warnings, err := b.warnings(result.Warnings)
	if err != nil {
		return Output{}, err
	}
	if len(result.OutputFiles) != 1 {
		return Output{}, &Error{Problems: []Problem{{File: entry, Text: fmt.Sprintf("became %d files, want one", len(result.OutputFiles))}}}
	}
	return Output{
		Script: result.OutputFiles[0].Contents, Wasm: b.wasm, Warnings: warnings,
		Inputs: slices.Sorted(maps.Keys(b.inputs)),
	}, nil
}

// entryDir finds the folder of the entry with all links followed.
func (b *bundler) entryDir() (string, error) {
	refuse := func(text, hint string) (string, error) {
		return "", &Error{Problems: []Problem{{File: b.entry, Text: text, Hint: hint}}}
	}
	if !IsEntry(b.entry) {
		return refuse("is neither JavaScript nor TypeScript", "name a .js, .mjs, .cjs, .jsx, .ts, .mts, .cts or .tsx file; a module, or what wasm-bindgen wrote, goes into wasm:")
	}
	real, err := filepath.EvalSymlinks(filepath.Join(b.top, filepath.FromSlash(b.entry)))
	if err != nil {
		return refuse("cannot be read: "+cause(err), "correct the path")
	}
	name, ok := b.below(real)
	if !ok {
		return refuse(outside, outsideHint)
	}
	b.entry = name
	return filepath.Dir(real), nil
}

// stdin is the name of the text that esbuild starts from.
const stdin = "<handler>"

// options are esbuild's. Nothing is minified, so that a stack in CloudWatch
// leads to a line that can be read: with photon-node, names and spaces take
// 2.6 KB of a zip of 640.
func (b *bundler) options() api.BuildOptions {
	return api.BuildOptions{
		Bundle:   true,
		Platform: api.PlatformNode,
		Format:   api.FormatCommonJS,
		Engines:  []api.Engine{{Name: api.EngineNode, Version: fmt.Sprint(b.in.Node)}},
		Charset:  api.CharsetUTF8,
		// import() becomes require: from a compiled script, Node.js answers import()
		// with a warning, which Lambda would log at each cold start.
		Supported: map[string]bool{"dynamic-import": false},
		LogLevel: api.LogLevelSilent,
		// Imports and comments name files relative to the entry, which is the
		// same wherever the project and its root are.
		AbsWorkingDir: b.dir,
		Outfile:       filepath.Join(b.dir, "handler.js"),
		Stdin: &api.StdinOptions{
			Contents:   start(path.Base(b.entry)),
			Sourcefile: stdin,
			ResolveDir: b.dir,
			Loader:     api.LoaderJS,
		},
		LogOverride: map[string]api.LogLevel{
			// What cannot be followed is missing at run time.
			"unsupported-require-call":   api.LogLevelWarning,
			"unsupported-dynamic-import": api.LogLevelWarning,
			"import-is-undefined":        api.LogLevelWarning,
		},
		Define: map[string]string{"import.meta": metaName},
		Loader: map[string]api.Loader{".css": api.LoaderNone, ".module.css": api.LoaderNone},
		Plugins: []api.Plugin{{
			Name: "edgedeploy",
			Setup: func(build api.PluginBuild) {
				b.resolver = build.Resolve
				build.OnResolve(api.OnResolveOptions{Filter: ".*"}, b.resolve)
				build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, b.load)
				build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ownNamespace}, loadOwn)
			},
		}},
	}
}

// start takes the handler from wherever modules of either kind may have it.
func start(entry string) string {
	return fmt.Sprintf(`import * as entry from %s;
export const handler = entry.handler ?? entry.default?.handler ?? entry.default;
`, quote("./"+entry))
}

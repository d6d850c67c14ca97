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

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script/places"
)

// Input says what to bundle.
type Input struct {
	Root  *os.Root // no file outside is read
	Entry string   // slash-separated, below Root: .js .mjs .cjs .jsx .ts .mts .cts or .tsx
	Node  int      // the major of the Node.js that runs it: 20, 22, …
	// External are packages that are left to be found at run time: names, or the
	// beginnings of names with a * behind them.
	External []string

	// MaxFile is the most bytes that any one file may have.
	MaxFile int64
}

// Output is what an entry became.
type Output struct {
	// Script is CommonJS. exports.handler is the entry's handler; if Async,
	// once exports.ready is settled.
	Script   []byte
	Async    bool
	Wasm     map[string][]byte // modules, by the name under which Script reads them, beside itself
	Files    map[string][]byte // what else lies beside it: data, and scripts of workers
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

// Code blanks out of a script what is no code of it: comments, regular expressions,
// and all texts but those that are a name. What stays stands where it stood. The
// name of the file tells the language.
func Code(source, file string) []byte { return places.Code(source, file) }

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
	b := newBundler(in, top, entry)
	if b.dir, err = b.entryDir(); err != nil {
		return Output{}, err
	}
	if b.compiler, err = b.tsconfig(); err != nil {
		return Output{}, err
	}
	main, warnings, err := b.handler()
	if err != nil {
		return Output{}, err
	}
	out := Output{Async: b.async}
	scripts, more, err := b.workers(main)
	if err != nil {
		return Output{}, err
	}
	if err := b.settle(scripts, &out); err != nil {
		return Output{}, err
	}
	out.Warnings = append(append(warnings, more...), out.Warnings...)
	out.Inputs = slices.Sorted(maps.Keys(b.inputs))
	return out, nil
}

func newBundler(in Input, top, entry string) *bundler {
	return &bundler{
		in: in, top: top, above: lookAbove(top), entry: entry,
		wasm: map[string]imported{}, inputs: map[string]bool{}, marks: map[string]string{}, packages: map[string][]string{}, insists: map[string]bool{},
	}
}

// handler bundles the entry.
func (b *bundler) handler() (made, []string, error) {
	result, err := b.build(start, b.entry)
	if err != nil {
		return made{}, nil, err
	}
	return b.output(result)
}

// build lets esbuild bundle a script that is imported as one of the starts says:
// once more, in another form, if anything of it awaits where it is loaded.
func (b *bundler) build(how, script string) (api.BuildResult, error) {
	start := fmt.Sprintf(how, quote("./"+b.fromEntry(script)))
	before := len(b.wants)
	b.async = false
	result := b.esbuild(start)
	files := awaiting(result.Errors)
	if files == nil {
		return result, nil
	}
	b.async, b.wants = true, b.wants[:before]
	if result = b.esbuild(start); len(result.Errors) > 0 {
		return result, nil
	}
	return result, b.checkRequired(result.Metafile, files)
}

// output takes what esbuild made.
func (b *bundler) output(result api.BuildResult) (made, []string, error) {
	if problems := b.problems(result.Errors); len(problems) > 0 {
		return made{}, nil, &Error{Problems: problems}
	}
	warnings, err := b.warnings(result.Warnings)
	if err != nil {
		return made{}, nil, err
	}
	if len(result.OutputFiles) != 1 {
		return made{}, nil, &Error{Problems: []Problem{{File: b.entry, Text: fmt.Sprintf("became %d files, want one", len(result.OutputFiles))}}}
	}
	m := made{script: placedName.ReplaceAll(result.OutputFiles[0].Contents, []byte("$1"))}
	m.live, err = b.live(result.Metafile)
	return m, warnings, err
}

// workers bundles the scripts that live sources give to workers, and those that
// workers give to further ones.
func (b *bundler) workers(main made) ([]made, []string, error) {
	scripts := []made{main}
	var warnings []string
	done := map[string]bool{}
	for i := 0; i < len(scripts); i++ {
		for _, w := range slices.Clone(b.wants) {
			if w.runs == "" || done[w.file] || !scripts[i].live[w.by] {
				continue
			}
			done[w.file] = true
			result, err := b.build(startWorker, w.runs)
			if err != nil {
				return nil, nil, err
			}
			worker, more, err := b.output(result)
			if err != nil {
				return nil, nil, err
			}
			worker.at = w.file
			scripts, warnings = append(scripts, worker), append(warnings, more...)
		}
	}
	return scripts, warnings, nil
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
func (b *bundler) options(start string) api.BuildOptions {
	options := api.BuildOptions{
		Bundle:   true,
		Platform: api.PlatformNode,
		Format:   api.FormatCommonJS,
		Engines:  []api.Engine{{Name: api.EngineNode, Version: fmt.Sprint(b.in.Node)}},
		Charset:  api.CharsetUTF8,
		// import() becomes require: from a compiled script, Node.js answers import()
		// with a warning, which Lambda would log at each cold start.
		Supported:   map[string]bool{"dynamic-import": false},
		LogLevel:    api.LogLevelSilent,
		Metafile:    true,
		TsconfigRaw: b.compiler,
		// Imports and comments name files relative to the entry, which is the
		// same wherever the project and its root are.
		AbsWorkingDir: b.dir,
		Outfile:       filepath.Join(b.dir, "handler.js"),
		Stdin: &api.StdinOptions{
			Contents:   start,
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
		Loader: loaders(),
		Plugins: []api.Plugin{{
			Name: "edgedeploy",
			Setup: func(build api.PluginBuild) {
				b.resolver = build.Resolve
				build.OnResolve(api.OnResolveOptions{Filter: ".*"}, b.resolve)
				build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, b.load)
				build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ownNamespace}, b.loadOwn)
				build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: nodeNamespace}, loadOutsider)
				build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: absentNamespace}, loadAbsent)
			},
		}},
	}
	if b.async {
		options.Format = api.FormatESModule
		options.Stdin.Contents = strings.Replace(start, "export const ", asyncExports+".", 1)
		options.Banner = map[string]string{"js": "const " + asyncExports + " = exports;\nexports.ready = (async () => {"}
		options.Footer = map[string]string{"js": "})();"}
	}
	return options
}

// asyncExports is what a script with await at its top level puts its handler
// into. Such a script is an ES module for esbuild, without any import or export
// that is left, within a function. So it stays one that can be run again.
const asyncExports = "__edgedeploy_exports"

// start takes the handler from wherever modules of either kind may have it.
const start = `import * as entry from %s;
export const handler = entry.handler ?? entry.default?.handler ?? entry.default;
`

// startWorker takes all of a script, so that nothing of it is left out.
const startWorker = `import * as entry from %s;
export const all = entry;
`

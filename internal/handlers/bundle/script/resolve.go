package script

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script/places"
)

// bundler is one call of Bundle.
type bundler struct {
	in       Input
	top      string // the root, absolute, links followed
	above    above
	entry    string // slash-separated, below the root
	dir      string // the entry's folder, absolute
	config   string // the tsconfig.json that holds, slash-separated, below the root
	compiler string // its options, as a text
	async    bool   // something of it awaits where it is loaded
	resolver func(string, api.ResolveOptions) api.ResolveResult

	mu       sync.Mutex          // esbuild loads files in parallel
	wasm     map[string]imported // that are imported, by the id of their identifier
	marks    map[string]string   // files below the root, by the id of their identifier
	wants    []want              // what sources want, live or not
	packages map[string][]string // the modules of packages, by their folder
	insists  map[string]bool     // packages that throw without their native library, by their folder
	inputs   map[string]bool     // the files that were read
	links    map[string][]link   // what files import, by their absolute names
	lacks    []string            // files that require what is not there when they are loaded
	loaded   map[string]bool     // files that are known to be loaded with the handler
}

const (
	outside     = "lies outside of the project"
	outsideHint = "move it inside, or name a larger project with --root"
)

// below gives a path as the root knows it, and whether it is below the root.
func (b *bundler) below(file string) (string, bool) {
	rel, err := filepath.Rel(b.top, file)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// ours marks the question that resolve itself asks of esbuild.
type ours struct{}

// resolve lets esbuild find a file, and says whether it may be read.
func (b *bundler) resolve(args api.OnResolveArgs) (api.OnResolveResult, error) {
	if _, asked := args.PluginData.(ours); asked {
		return api.OnResolveResult{}, nil
	}
	if strings.HasPrefix(args.Path, metaModule) {
		return api.OnResolveResult{Path: args.Path, Namespace: ownNamespace, SideEffects: api.SideEffectsFalse}, nil
	}
	if args.Namespace == nodeNamespace || b.external(args.Path) {
		return b.outsider(args, args.Path), nil
	}
	r := b.resolver(args.Path, api.ResolveOptions{
		Importer: args.Importer, Namespace: args.Namespace, ResolveDir: args.ResolveDir,
		Kind: args.Kind, With: args.With, PluginData: ours{},
	})
	if len(r.Errors) > 0 {
		return b.lacking(args), nil
	}
	if r.Namespace == "file" && strings.Contains(r.Path, ".zip/") && b.plugAndPlay() {
		return refused(fmt.Sprintf("%q is in an archive of Yarn's", args.Path), pnpHint)
	}
	if r.External {
		if strings.Contains(args.Path, "//") {
			return refused(fmt.Sprintf("%q is an address; the edge loads no code from elsewhere", args.Path),
				"install the package and import it by its name")
		}
		return b.outsider(args, r.Path), nil
	}
	if r.Namespace == "file" {
		b.leads(args, r.Path)
		if res, err := b.admit(args, r.Path); err != nil || len(res.Errors) > 0 || res.Path != "" {
			return res, err
		}
	}
	if args.Kind == api.ResolveJSRequireResolve && !IsEntry(r.Path) {
		return b.placed(r.Path)
	}
	res := api.OnResolveResult{Path: r.Path, Namespace: r.Namespace, Suffix: r.Suffix, PluginData: r.PluginData}
	if !r.SideEffects {
		res.SideEffects = api.SideEffectsFalse
	}
	return res, nil
}

// absentNamespace holds modules that stand for packages that are not there.
const absentNamespace = "edgedeploy-absent"

// lacking answers an import that leads nowhere. A package may require what it
// lacks in a function that nobody calls: that fails when it is called. Anything
// else esbuild asks itself again, and knows where to say it.
func (b *bundler) lacking(args api.OnResolveArgs) api.OnResolveResult {
	switch how := b.required(args); {
	case how == places.Called:
	case how == places.AtLoad && !b.loaded[args.Importer]:
		b.mu.Lock()
		b.lacks = append(b.lacks, args.Importer)
		b.mu.Unlock()
	default:
		return api.OnResolveResult{}
	}
	return api.OnResolveResult{Path: args.Path, Namespace: absentNamespace, Warnings: []api.Message{{
		Text: fmt.Sprintf("%q is required within a function and not there, so that function will fail", args.Path),
	}}}
}

// required says how a source of a package requires a module.
func (b *bundler) required(args api.OnResolveArgs) places.Required {
	if args.Kind != api.ResolveJSRequireCall {
		return places.Nowhere
	}
	return b.requirer(args.Importer)(args.Path)
}

// requirer is required for many modules of one source.
func (b *bundler) requirer(file string) func(module string) places.Required {
	nowhere := func(string) places.Required { return places.Nowhere }
	name, ok := b.below(file)
	if _, of := packageOf(name); !ok || of == "" {
		return nowhere
	}
	src, err := b.read(name)
	if err != nil {
		return nowhere
	}
	return places.Requirer(string(src), name)
}

func loadAbsent(args api.OnLoadArgs) (api.OnLoadResult, error) {
	text := absent(args.Path)
	if _, ok := args.PluginData.(unused); ok {
		text = absentUntilUsed(args.Path)
	}
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
}

// unused marks a module that only fails when something of it is asked for.
type unused struct{}

// absentUntilUsed stands for a native library without which its package does not
// even load, though it may have WebAssembly for the rest.
func absentUntilUsed(name string) string {
	return "const fail = () => { throw new Error(" + quote("the native library "+name+" is not in the bundle") + "); };\n" +
		"module.exports = new Proxy({}, { get: fail, apply: fail, construct: fail });\n"
}

// absent is a module that fails as one that is not there.
func absent(name string) string {
	return "throw Object.assign(new Error(" + quote("Cannot find module '"+name+"': it is not in the bundle") + "), { code: \"MODULE_NOT_FOUND\" });\n"
}

// leftOut stands for a native library that a package requires by a computed
// name. esbuild finds all that fit by itself; one of them may be a fallback.
func (b *bundler) leftOut(name string) string {
	of := name
	if folder, pkg := packageOf(name); pkg != "" {
		of = folder + pkg
	}
	b.want(want{by: name, text: of + ": brings native libraries, which are not in the bundle: " + nativeHint})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.insists[of] {
		return absentUntilUsed(path.Base(name))
	}
	return absent(path.Base(name))
}

// noteNative remembers a package that throws on what keeps a native library
// from being loaded.
func (b *bundler) noteNative(name, script string) {
	folder, pkg := packageOf(name)
	if pkg == "" || !strings.Contains(script, ".node`") || !places.Rethrows(script, name, ".node") {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.insists[folder+pkg] = true
}

// real follows the links of a path below the root, as far as they stay there.
func (b *bundler) real(name string) string {
	real, err := filepath.EvalSymlinks(b.absolute(name))
	if err != nil {
		return name
	}
	if below, ok := b.below(real); ok {
		return below
	}
	return name
}

// admit refuses files that lie, or are ruled, outside of the root, and native
// code.
func (b *bundler) admit(args api.OnResolveArgs, file string) (api.OnResolveResult, error) {
	imported := args.Path
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return api.OnResolveResult{}, err
	}
	name, ok := b.below(real)
	if !ok {
		return refused(fmt.Sprintf("%q %s", imported, outside), outsideHint)
	}
	if why := b.obeys(name); why != "" {
		return refused(why, aboveHint)
	}
	if path.Ext(name) == ".node" {
		return b.native(args, fmt.Sprintf("%q is a native library", imported))
	}
	native, err := b.isNative(name)
	if err != nil {
		return api.OnResolveResult{}, err
	}
	if native {
		return b.native(args, fmt.Sprintf("%q brings a native library for each kind of machine", imported))
	}
	return api.OnResolveResult{}, nil
}

// native refuses native code, unless it is only tried: then the package has
// another way, like WebAssembly, and gets to hear that there is none.
func (b *bundler) native(args api.OnResolveArgs, why string) (api.OnResolveResult, error) {
	switch b.required(args) {
	case places.Tried:
		return api.OnResolveResult{Path: args.Path, Namespace: absentNamespace}, nil
	case places.Rethrown:
		return api.OnResolveResult{Path: args.Path, Namespace: absentNamespace, PluginData: unused{}}, nil
	}
	return refused(why, nativeHint)
}

// nodeNamespace holds modules that stand for what Node.js finds itself.
const nodeNamespace = "edgedeploy-node"

// external reports whether a package is left to be found at run time.
func (b *bundler) external(name string) bool {
	return slices.ContainsFunc(b.in.External, func(one string) bool {
		if beginning, ok := strings.CutSuffix(one, "*"); ok {
			return strings.HasPrefix(name, beginning)
		}
		return name == one || strings.HasPrefix(name, one+"/")
	})
}

// outsider leaves something to be found at run time. An asynchronous script has
// no import that could be left in it, so there a module of ours requires it.
func (b *bundler) outsider(args api.OnResolveArgs, name string) api.OnResolveResult {
	if b.async && args.Namespace != nodeNamespace && args.Kind != api.ResolveJSRequireResolve {
		return api.OnResolveResult{Path: name, Namespace: nodeNamespace}
	}
	return api.OnResolveResult{Path: name, External: true}
}

func loadOutsider(args api.OnLoadArgs) (api.OnLoadResult, error) {
	text := "module.exports = require(" + quote(args.Path) + ");\n"
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
}

// placedModule stands for require.resolve of a file that lies beside the bundle.
const placedModule = "edgedeploy:placed/"

var placedName = regexp.MustCompile(`\b(?:__)?require\.resolve\("` + placedModule + `(__edgedeploy_file_[0-9a-f]{12})"\)`)

// placed answers require.resolve of a file with an identifier that becomes its
// place. What else is asked for that way, esbuild warns about.
func (b *bundler) placed(file string) (api.OnResolveResult, error) {
	name, _ := b.below(file) // or it had not been admitted
	return api.OnResolveResult{Path: placedModule + b.mark("file", name), External: true}, nil
}

const nativeHint = "native libraries are built for one kind of machine and take tens of megabytes; use a package that brings WebAssembly instead, like @silvia-odwyer/photon-node for sharp, or @resvg/resvg-wasm for @resvg/resvg-js"

// refused is an error of the import that led to it. The hint travels in Detail.
func refused(text, hint string) (api.OnResolveResult, error) {
	return api.OnResolveResult{Errors: []api.Message{{Text: text, Detail: hint}}}, nil
}

// platformPackage is how packages name the parts that hold native code:
// @img/sharp-linux-x64, @resvg/resvg-js-win32-x64-msvc.
var platformPackage = regexp.MustCompile(`(^|[-/@.])(linux|linuxmusl|darwin|win32)-(x64|arm64)(-|$)`)

// packageOf gives the node_modules that a file lies in, and the package; "" if
// it lies in none.
func packageOf(name string) (folder, of string) {
	at := strings.LastIndex("/"+name, "/node_modules/")
	if at < 0 {
		return "", ""
	}
	folder = name[:at] + "node_modules/"
	inside := strings.Split(name[len(folder):], "/")
	of = inside[0]
	if strings.HasPrefix(of, "@") && len(inside) > 1 {
		of += "/" + inside[1]
	}
	return folder, of
}

// isNative says whether a file belongs to a package that loads native code:
// such packages find it at run time, so that no import leads to it.
func (b *bundler) isNative(name string) (bool, error) {
	folder, of := packageOf(name)
	if of == "" {
		return false, nil
	}
	text, err := b.read(folder + of + "/package.json")
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var about struct {
		Gypfile              bool              `json:"gypfile"`
		OptionalDependencies map[string]string `json:"optionalDependencies"`
	}
	if json.Unmarshal(text, &about) != nil {
		return false, nil // esbuild complains about it where it matters
	}
	itself := regexp.MustCompile(`(^|[-/@.])` + regexp.QuoteMeta(path.Base(of)) + `([-/.]|$)`)
	for dependency := range about.OptionalDependencies {
		// Another package's parts may be what its tests or its commands need.
		if itself.MatchString(dependency) && platformPackage.MatchString(dependency) {
			return true, nil
		}
	}
	return about.Gypfile || of == "bindings" || of == "node-gyp-build", nil
}

// read reads a file below the root, and remembers it as an input.
func (b *bundler) read(name string) ([]byte, error) {
	info, err := b.in.Root.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it is not a file")}
	case info.Size() > b.in.MaxFile:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has %d bytes, and no bundle holds more than %d", info.Size(), b.in.MaxFile)}
	}
	b.mu.Lock()
	b.inputs[path.Clean(name)] = true
	b.mu.Unlock()
	return b.in.Root.ReadFile(name)
}

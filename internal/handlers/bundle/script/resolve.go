package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// bundler is one call of Bundle.
type bundler struct {
	in       Input
	top      string // the root, absolute, links followed
	above    above
	entry    string // slash-separated, below the root
	dir      string // the entry's folder, absolute
	config   string // the tsconfig.json that holds, slash-separated, below the root
	resolver func(string, api.ResolveOptions) api.ResolveResult

	mu     sync.Mutex // esbuild loads files in parallel
	wasm   map[string][]byte
	inputs map[string]bool // the files that were read
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
	if args.Path == metaModule {
		return api.OnResolveResult{Path: metaModule, Namespace: ownNamespace, SideEffects: api.SideEffectsFalse}, nil
	}
	r := b.resolver(args.Path, api.ResolveOptions{
		Importer: args.Importer, Namespace: args.Namespace, ResolveDir: args.ResolveDir,
		Kind: args.Kind, With: args.With, PluginData: ours{},
	})
	if len(r.Errors) > 0 {
		return api.OnResolveResult{}, nil // esbuild asks itself again, and knows where to say it
	}
	if r.External {
		if strings.Contains(args.Path, "//") {
			return refused(fmt.Sprintf("%q is an address; the edge loads no code from elsewhere", args.Path),
				"install the package and import it by its name")
		}
		return api.OnResolveResult{Path: r.Path, External: true}, nil
	}
	if r.Namespace == "file" {
		if res, err := b.admit(args.Path, r.Path); err != nil || len(res.Errors) > 0 {
			return res, err
		}
	}
	if args.Kind == api.ResolveJSRequireResolve && path.Ext(r.Path) == ".wasm" {
		return b.placed(r.Path)
	}
	res := api.OnResolveResult{Path: r.Path, Namespace: r.Namespace, Suffix: r.Suffix, PluginData: r.PluginData}
	if !r.SideEffects {
		res.SideEffects = api.SideEffectsFalse
	}
	return res, nil
}

// admit refuses files that lie, or are ruled, outside of the root, and native
// code.
func (b *bundler) admit(imported, file string) (api.OnResolveResult, error) {
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
		return refused(fmt.Sprintf("%q is a native library", imported), nativeHint)
	}
	native, err := b.isNative(name)
	if err != nil {
		return api.OnResolveResult{}, err
	}
	if native {
		return refused(fmt.Sprintf("%q brings a native library for each kind of machine", imported), nativeHint)
	}
	return api.OnResolveResult{}, nil
}

// placed answers require.resolve of a module with where it will be at run time,
// beside the bundle. What else is asked for that way, esbuild warns about.
func (b *bundler) placed(file string) (api.OnResolveResult, error) {
	name, _ := b.below(file) // or it had not been admitted
	src, err := b.read(name)
	if err != nil {
		return refused(name+" cannot be read: "+cause(err), "")
	}
	stored, _, err := b.take(name, src)
	if e, ok := errors.AsType[*Error](err); ok {
		return refused(e.Error(), e.Problems[0].Hint)
	}
	return api.OnResolveResult{Path: "./" + stored, External: true}, err
}

const nativeHint = "native libraries are built for one kind of machine and take tens of megabytes; use a package that brings WebAssembly instead, like @silvia-odwyer/photon-node for sharp, or @resvg/resvg-wasm for @resvg/resvg-js"

// refused is an error of the import that led to it. The hint travels in Detail.
func refused(text, hint string) (api.OnResolveResult, error) {
	return api.OnResolveResult{Errors: []api.Message{{Text: text, Detail: hint}}}, nil
}

// platformPackage is how packages name the parts that hold native code:
// @img/sharp-linux-x64, @resvg/resvg-js-win32-x64-msvc.
var platformPackage = regexp.MustCompile(`(^|[-/@.])(linux|linuxmusl|darwin|win32)-(x64|arm64)(-|$)`)

// isNative says whether a file belongs to a package that loads native code:
// such packages find it at run time, so that no import leads to it.
func (b *bundler) isNative(name string) (bool, error) {
	at := strings.LastIndex("/"+name, "/node_modules/")
	if at < 0 {
		return false, nil
	}
	folder := name[:at] + "node_modules/"
	inside := strings.Split(name[len(folder):], "/")
	of := inside[0]
	if strings.HasPrefix(of, "@") && len(inside) > 1 {
		of += "/" + inside[1]
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
	for dependency := range about.OptionalDependencies {
		if platformPackage.MatchString(dependency) {
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

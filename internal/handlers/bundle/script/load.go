package script

import (
	"encoding/json"
	"errors"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// What stands for import.meta in a CommonJS file, and where it comes from. It is
// an object, because there are packages that give it a url where it has none.
const (
	ownNamespace = "edgedeploy"
	metaModule   = "edgedeploy:meta"
	metaName     = "__edgedeploy_meta"
	metaSource   = `import { pathToFileURL } from "node:url";
export const ` + metaName + ` = { url: /* @__PURE__ */ pathToFileURL(__filename).href, dirname: __dirname, filename: __filename };
`
)

func loadOwn(api.OnLoadArgs) (api.OnLoadResult, error) {
	text := metaSource
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
}

// load reads a file and repairs what bundling would break in it.
func (b *bundler) load(args api.OnLoadArgs) (api.OnLoadResult, error) {
	name, ok := b.below(args.Path)
	if !ok {
		return api.OnLoadResult{Errors: []api.Message{{Text: args.Path + " " + outside, Detail: outsideHint}}}, nil
	}
	src, err := b.read(name)
	if err != nil {
		return api.OnLoadResult{Errors: []api.Message{{Text: name + " cannot be read: " + cause(err)}}}, nil
	}
	out := api.OnLoadResult{ResolveDir: filepath.Dir(args.Path), Loader: api.LoaderDefault}
	text := string(src)
	switch {
	case path.Ext(name) == ".wasm":
		text, err = b.wasmModule(name, src)
		out.Loader = api.LoaderJS
	case IsEntry(name):
		text, err = b.repair(name, text)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return api.OnLoadResult{Errors: []api.Message{{Text: e.Error(), Detail: e.Problems[0].Hint}}}, nil
	}
	out.Contents = &text
	return out, err
}

var (
	// rawRequire is how wasm-bindgen's Node.js glue loads snippets. esbuild
	// neither follows it nor says so.
	rawRequire = regexp.MustCompile("(\\brequire\\(\\s*)String\\.raw`([^`$\\\\]*)`")
	// sourceImport is the import of wasm-bindgen's target module. What it
	// gives is what a default import of a .wasm file gives here.
	sourceImport = regexp.MustCompile(`(?m)^(\s*import\s+)source\s+([\w$]+\s+from\s*["'][^"']+\.wasm["'])`)
	// webInit is where the glue of target web would fetch its module, which
	// Node.js cannot do from a file.
	webInit = regexp.MustCompile(`\b(module_or_path|input)(\s*=\s*)new URL\(\s*(["'])([^"'\\]+\.wasm)["']\s*,\s*import\.meta\.url\s*\)`)
	// wasmPath is a text that may name a file beside the source: in quotes, or
	// at the end of a template like `${__dirname}/x_bg.wasm`.
	wasmPath = regexp.MustCompile("(\\b(?:from|import)\\s*|\\b(?:import|require(?:\\.resolve)?)\\s*\\(\\s*)?([\"'`])((?:\\$\\{[\\w$.]+\\})?)(/?)([^\"'`$\\\\\\n]+\\.wasm)([\"'`])")
	// ownFolder is how a source finds files beside itself.
	ownFolder = regexp.MustCompile(`__dirname|import\.meta\b|__filename`)
)

// repair rewrites the text of a script, and takes the .wasm files that it
// names by path. Lines stay where they are.
func (b *bundler) repair(name, text string) (string, error) {
	text = rawRequire.ReplaceAllStringFunc(text, func(found string) string {
		m := rawRequire.FindStringSubmatch(found)
		return m[1] + quote(m[2])
	})
	text = sourceImport.ReplaceAllString(text, "$1$2")
	if !ownFolder.MatchString(text) {
		return text, nil
	}
	var added strings.Builder
	if strings.Contains(text, "WebAssembly.instantiateStreaming") {
		text = webInit.ReplaceAllStringFunc(text, func(found string) string {
			m := webInit.FindStringSubmatch(found)
			if !b.exists(path.Join(path.Dir(name), m[4])) {
				return found
			}
			added.WriteString("\nimport __edgedeploy_module from " + quote("./"+strings.TrimPrefix(m[4], "./")) + ";")
			return m[1] + m[2] + "__edgedeploy_module"
		})
	}
	text, err := b.moveWasm(name, text)
	if err != nil {
		return "", err
	}
	if strings.Contains(text, "import.meta") {
		added.WriteString("\nimport { " + metaName + " } from " + quote(metaModule) + ";")
	}
	return text + added.String(), nil
}

// moveWasm takes the .wasm files that are named in a script, and names them as
// they will be called beside the bundle. What is imported is esbuild's to find.
func (b *bundler) moveWasm(name, text string) (string, error) {
	var failed error
	text = wasmPath.ReplaceAllStringFunc(text, func(found string) string {
		m := wasmPath.FindStringSubmatch(found)
		if m[1] != "" || m[2] != m[6] || failed != nil {
			return found
		}
		file := path.Join(path.Dir(name), m[5])
		if strings.HasPrefix(file, "../") || !b.exists(file) {
			return found
		}
		src, err := b.read(file)
		if err != nil {
			failed = &Error{Problems: []Problem{{File: file, Text: "cannot be read: " + cause(err)}}}
			return found
		}
		stored, _, err := b.take(file, src)
		if err != nil {
			failed = err
			return found
		}
		dot := ""
		if strings.HasPrefix(m[5], "./") {
			dot = "./"
		}
		return m[2] + m[3] + m[4] + dot + stored + m[6]
	})
	return text, failed
}

func (b *bundler) exists(name string) bool {
	if !filepath.IsLocal(name) {
		return false
	}
	info, err := b.in.Root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// quote writes a string as JavaScript reads it.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always have a form in JSON
	}
	return string(b)
}

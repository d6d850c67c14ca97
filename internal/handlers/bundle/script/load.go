package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script/places"
)

// What stands for import.meta in a CommonJS file, and where it comes from. It is
// an object, because there are packages that give it a url where it has none.
const (
	ownNamespace = "edgedeploy"
	metaModule   = "edgedeploy:meta/" // and the source that asks
	metaName     = "__edgedeploy_meta"
	metaSource   = `import { pathToFileURL } from "node:url";
export const ` + metaName + ` = { url: /* @__PURE__ */ pathToFileURL(%[2]s).href, dirname: %[1]s, filename: %[2]s };
`
)

func (b *bundler) loadOwn(args api.OnLoadArgs) (api.OnLoadResult, error) {
	b.mu.Lock()
	name, ok := b.marks[strings.TrimPrefix(args.Path, metaModule)]
	b.mu.Unlock()
	if !ok {
		return api.OnLoadResult{}, fmt.Errorf("%s is asked for by no source", args.Path)
	}
	text := fmt.Sprintf(metaSource, b.mark("dirname", name), b.mark("filename", name))
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
	switch known, special := suffixed(args.Suffix, path.Ext(name)); {
	case special && known == "":
		err = &Error{Problems: []Problem{{File: name, Text: "is imported with " + args.Suffix + ", which is another bundler's",
			Hint: "import the file without it; a worker is made by new Worker(new URL(\"./worker.js\", import.meta.url)) of node:worker_threads"}}}
	case special:
		text, err = b.variant(name, known, src)
		out.Loader = api.LoaderJS
	case path.Ext(name) == ".wasm":
		text, err = b.wasmModule(name, src)
		out.Loader = api.LoaderJS
	case path.Ext(name) == ".node":
		text, out.Loader = b.leftOut(name), api.LoaderJS
	case IsEntry(name):
		b.noteNative(name, text)
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
	// ownFolder is how a source finds files beside itself.
	ownFolder = regexp.MustCompile(`__dirname|import\.meta\b|__filename`)
	// placing is what else makes a source worth being read for paths.
	placing = regexp.MustCompile(`\.wasm\b|worker_threads`)
	// ownRequire is how ES modules get what CommonJS has. esbuild follows a
	// require that nobody declared.
	ownRequire = regexp.MustCompile(`\b((?:const|let|var)\s+)require(\s*=\s*(?:[\w$]+\.)?createRequire\(\s*import\.meta\.(?:url|filename)\s*\))`)
)

// repair rewrites the text of a script, and takes the .wasm files that it
// names by path. Lines stay where they are.
func (b *bundler) repair(name, text string) (string, error) {
	text = rawRequire.ReplaceAllStringFunc(text, func(found string) string {
		m := rawRequire.FindStringSubmatch(found)
		return m[1] + quote(m[2])
	})
	text = sourceImport.ReplaceAllString(text, "$1$2")
	text = ownRequire.ReplaceAllString(text, "${1}__edgedeploy_require$2")
	if !ownFolder.MatchString(text) && !placing.MatchString(text) {
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
	// A file that is no ES module would become one by an import.
	meta := strings.Contains(text, "import.meta") && (strings.HasPrefix(path.Ext(name), ".m") || places.Meta(text, name))
	text, err := b.place(name, text)
	if err != nil {
		return "", err
	}
	if meta {
		id := strings.TrimPrefix(b.mark("meta", name), "__edgedeploy_meta_")
		added.WriteString("\nimport { " + metaName + " } from " + quote(metaModule+id) + ";")
	}
	return text + added.String(), nil
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

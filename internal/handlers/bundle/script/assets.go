package script

import (
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// loaders say what files are that are imported and are no scripts: texts, or
// bytes in a Uint8Array. What has more than one meaning is not among them.
func loaders() map[string]api.Loader {
	all := map[string]api.Loader{".module.css": api.LoaderNone}
	for ext := range strings.FieldsSeq(".html .htm .css .svg .pem .crt .key .md .csv .tsv .xml .graphql .gql .sql .txt .ejs .hbs .mustache .njk .liquid") {
		all[ext] = api.LoaderText
	}
	for ext := range strings.FieldsSeq(".png .jpg .jpeg .gif .webp .avif .ico .bmp .woff .woff2 .ttf .otf .eot .pdf .gz .br .zip .bin .dat .der .mmdb .mp3 .mp4") {
		all[ext] = api.LoaderBinary
	}
	return all
}

// suffixed tells what an import with something behind a question mark means:
// known is what is answered, "" if special and nobody here knows it.
func suffixed(suffix, ext string) (known string, special bool) {
	name := strings.TrimPrefix(suffix, "?")
	switch {
	case suffix == "" || suffix == name:
		return "", false
	case name == "url", name == "raw", ext == ".wasm" && (name == "init" || name == "module"):
		return name, true
	case ext == ".wasm", name == "worker", name == "sharedworker", strings.HasPrefix(name, "worker&"), strings.HasPrefix(name, "inline"):
		return "", true
	}
	return "", false
}

// variant is what a file gives with a suffix: its address, its text, or of a
// module what makes an instance of it.
func (b *bundler) variant(name, known string, src []byte) (string, error) {
	switch known {
	case "raw":
		return "export default " + quote(string(src)) + ";\n", nil
	case "url":
		place := b.mark("file", name)
		return "import { pathToFileURL } from \"node:url\";\nexport default /* @__PURE__ */ ((at) => pathToFileURL(at()).href)(() => " + place + ");\n", nil
	case "init":
		compiled, err := b.wasmModule(name, src)
		if err != nil {
			return "", err
		}
		compiled, _, _ = strings.Cut(compiled, "export default module;")
		return compiled + "export default (imports) => WebAssembly.instantiate(module, imports);\n", nil
	}
	return b.wasmModule(name, src)
}

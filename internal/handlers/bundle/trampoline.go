package bundle

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

// NewestTrampoline is the number that a new function gets.
const NewestTrampoline = 1

//go:embed assets
var assets embed.FS

// sources are the files of a trampoline, in the order in which they are put
// together. A bundle has one script and not several, because every file more is
// a read at each cold start; what two interfaces share stands in one file here
// all the same.
func sources(abi ABI) []string {
	switch abi {
	case Host:
		return []string{"module.js", "host.js", "wasi.js", "run.js"}
	case Bytes:
		return []string{"module.js", "bytes.js", "wasi.js", "run.js"}
	case Glue:
		return []string{"glue.js", "callback.js"}
	}
	return nil
}

// trampoline returns the script of the trampoline with that number for an
// interface and the parts that a function wants of it, and whether this program
// has it. Every number from 1 to [NewestTrampoline] stays available for good, and
// gives the same for the same wants, because content ids depend on it.
func trampoline(number int, abi ABI, wants []string) ([]byte, bool) {
	names := sources(abi)
	if number < 1 || number > NewestTrampoline || names == nil {
		return nil, false
	}
	key := fmt.Sprintf("%d %s %q", number, abi, wants)
	if known, ok := scripts.Load(key); ok {
		return known.([]byte), true
	}
	var source []part
	for _, name := range names {
		source = append(source, partsIn(string(asset(number, name)))...)
	}
	script := []byte(assemble(source, wants))
	scripts.Store(key, slices.Clip(script))
	return script, true
}

// scripts are the trampolines that were assembled: a stack of hundreds of
// functions wants few that differ. Their bytes are shared, and never changed.
var scripts sync.Map

// wantsOf names the parts of a trampoline that a function asks for: what its module
// imports, those exports of the bytes interface that it may have or not, and what
// is done on failure.
func wantsOf(abi ABI, m wasm.Module, onError string) []string {
	wants := []string{string(abi)}
	if onError == passOn {
		wants = append(wants, passOn)
	}
	for _, i := range m.Imports {
		switch i.Module {
		case hostModule:
			wants = append(wants, "edge."+i.Name)
		case wasiModule:
			wants = append(wants, "wasi."+i.Name)
		}
	}
	if abi == Bytes {
		for _, name := range []string{"edge_body", "edge_config", "edge_wants"} {
			if _, ok := m.Export(name); ok {
				wants = append(wants, name)
			}
		}
	}
	return wants
}

// awaiting are the files of the trampoline with that number for a handler that
// awaits where it is loaded.
func awaiting(number int) files {
	glue, _ := trampoline(number, Glue, nil)
	return files{awaitFile: asset(number, "await.mjs"), glueFile: glue}
}

// asset returns a file of the trampoline with that number.
func asset(number int, name string) []byte {
	b, err := assets.ReadFile(fmt.Sprintf("assets/%d/%s", number, name))
	if err != nil {
		// The program was built without one of its own files.
		panic(err)
	}
	return b
}

// matches reports whether a bundle has these files.
func matches(fs, want files) bool {
	for name, b := range want {
		if !bytes.Equal(b, fs[name]) {
			return false
		}
	}
	return fs[entryFile] == nil // Lambda would take that one
}

// calling are the files of the trampoline with that number that call a
// module: its script, which has the configuration, and what that reads when wanted.
func calling(number int, abi ABI, wants []string, config string) files {
	script, ok := trampoline(number, abi, wants)
	if !ok {
		return nil
	}
	fs := files{entryFile: bake(script, config)}
	if bytes.Contains(script, []byte("require('./"+originFile+"')")) {
		fs[originFile] = []byte(assemble(partsIn(string(asset(number, originFile))), wants))
	}
	return fs
}

// unbaked is how a script says that there is no configuration.
const unbaked = "const baked = '{}';"

// bake puts a configuration, which is JSON, into the script that wants one. What
// is not ASCII would make V8 take two bytes for each character of the script.
func bake(script []byte, config string) []byte {
	if config == "" {
		return script
	}
	var quoted strings.Builder
	for _, r := range config {
		switch {
		case r == '\'' || r == '\\':
			quoted.WriteString(`\` + string(r))
		case r < utf8.RuneSelf:
			quoted.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&quoted, `\u%04x`, unit)
			}
		}
	}
	return bytes.Replace(script, []byte(unbaked), []byte("const baked = '"+quoted.String()+"';"), 1)
}

// trampolineOf returns the number of the trampoline in a bundle and its
// interface; 0 if the entry is something else.
func trampolineOf(fs files) (int, ABI) {
	var m manifest
	if json.Unmarshal(fs[manifestFile], &m) != nil {
		return 0, ""
	}
	module, err := wasm.Parse(fs[moduleFile])
	for n := NewestTrampoline; n > 0; n-- {
		for _, abi := range abis() {
			want := calling(n, abi, wantsOf(abi, module, m.OnError), m.Config)
			if err == nil && bytes.Equal(want[entryFile], fs[entryFile]) && bytes.Equal(want[originFile], fs[originFile]) {
				return n, abi
			}
		}
		if script, _ := trampoline(n, Glue, nil); bytes.Equal(script, fs[entryFile]) || matches(fs, awaiting(n)) {
			return n, Glue
		}
	}
	return 0, ""
}

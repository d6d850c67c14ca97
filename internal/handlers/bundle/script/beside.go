package script

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script/places"
)

// filesDir is the folder of a bundle in which files lie as they lay in the
// project, so that a path from one to another stays right.
const filesDir = "files"

// A source's own place, and files that are named in it, are identifiers of ours
// until all is bundled. Only then it is known what lies beside the bundle.
var ownName = regexp.MustCompile(`\b__edgedeploy_(dirname|filename|file|wasm)_([0-9a-f]{12})\b`)

// fetchName stands for fetch in a source that knows its own place.
const fetchName = "__edgedeploy_fetch"

// fetchSource answers what a source asks for beside itself from the bundle:
// Node.js fetches no files.
const fetchSource = `const ` + fetchName + ` = async (input, init) => {
  const url = String(input?.url ?? input);
  if (!url.startsWith("file:")) return fetch(input, init);
  const type = url.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
  return new Response(require("node:fs").readFileSync(new URL(url)), { headers: { "content-type": type } });
};
`

// want is a file that a source names, or a remark about a line of it.
type want struct {
	by   string // the source, slash-separated, below the root
	file string // what it wants beside itself; "" for a remark
	runs string // the script that file is made of, if it is a worker's
	text string // the remark, with its place
}

func (b *bundler) want(w want) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wants = append(b.wants, w)
}

// mark makes the identifier that stands for a file.
func (b *bundler) mark(kind, name string) string {
	sum := sha256.Sum256([]byte(b.fromEntry(name)))
	id := hex.EncodeToString(sum[:6])
	b.mu.Lock()
	defer b.mu.Unlock()
	b.marks[id] = name
	return "__edgedeploy_" + kind + "_" + id
}

// fromEntry names a file as seen from the entry, which is the same whichever
// folder is the root.
func (b *bundler) fromEntry(name string) string {
	rel, err := filepath.Rel(filepath.FromSlash(path.Dir(b.entry)), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// place replaces what means a source's own place, and notes the files that the
// source makes paths of. Lines stay where they are.
func (b *bundler) place(name, script string) (string, error) {
	found := places.Read(script, name)
	if !ownFolder.MatchString(script) {
		found.Words = slices.DeleteFunc(found.Words, func(w places.Word) bool { return w.Name == "fetch" && !strings.Contains(script, "?url") })
	}
	edits := map[int]edit{}
	for _, w := range found.Words {
		by := fetchName
		if w.Name != "fetch" {
			by = b.mark(strings.Trim(w.Name, "_"), name)
		}
		if w.Short {
			by = w.Name + ": " + by
		}
		edits[w.From] = edit{w.To, by}
	}
	for _, u := range found.Uses {
		if u.Kind == places.Runs {
			b.worker(name, script, u, edits)
			continue
		}
		b.use(name, u)
	}
	for _, text := range found.Wasm {
		if file := b.named(name, text); file != "" {
			b.want(want{by: name, file: file})
		}
	}
	return applied(script, edits), nil
}

type edit struct {
	to   int
	text string
}

func applied(script string, edits map[int]edit) string {
	var out strings.Builder
	at := 0
	for _, from := range slices.Sorted(maps.Keys(edits)) {
		out.WriteString(script[at:from] + edits[from].text)
		at = edits[from].to
	}
	return out.String() + script[at:]
}

// use notes a path that is not a worker's.
func (b *bundler) use(name string, u places.Use) {
	remark := func(text string) {
		b.want(want{by: name, text: fmt.Sprintf("%s:%d:%d: %s", name, u.Line, u.Column, text)})
	}
	switch {
	case u.Kind == places.Lists:
		remark("reads a folder beside the script, which is not in the bundle; import what it needs, or read files whose names are written out")
	case u.Kind == places.Reads && !u.Known && b.matching(name, u.Pattern):
	case u.Kind == places.Reads && !u.Known:
		remark("reads a file beside the script whose name cannot be told, so it is not in the bundle; write the name out, or import the file")
	case u.Kind == places.Reads && !u.Spared && u.Path == "":
		remark("reads a file that " + outside + ", so it is not in the bundle; " + outsideHint)
	case u.Kind == places.Reads && !u.Spared && !b.exists(u.Path):
		remark(fmt.Sprintf("reads %s, which is not there, so reading it will fail; correct the path, or build what makes the file", u.Path))
	case u.Path == "" || u.Path == name || !b.exists(u.Path):
		// Nobody can tell whether it will ever be read.
	case u.Kind == places.Reads || !IsEntry(u.Path) && path.Ext(u.Path) != ".node":
		why, tell := b.refuses(name, u)
		switch {
		case why != "":
			remark(why)
			return
		case tell:
			remark(fmt.Sprintf("reads %s, so it is packed and deployed with the function: see that it holds no secret", u.Path))
		}
		b.want(want{by: name, file: u.Path})
	}
}

// mostMatching is how many files a pattern may bring.
const mostMatching = 100

// matching takes the files that a source may read, of which it tells the folder
// and the kind, and says whether there are any.
func (b *bundler) matching(name, pattern string) bool {
	if pattern == "" {
		return false
	}
	files, err := fs.Glob(b.in.Root.FS(), pattern)
	if err != nil || len(files) > mostMatching {
		return false
	}
	found := false
	for _, file := range files {
		if file != name && b.exists(file) && !foreign(name, file) && (inPackage(name) || !strewnByPattern(file)) && !b.secret(file) {
			b.want(want{by: name, file: file})
			found = true
		}
	}
	return found
}

// workerSuffix ends the name of what a worker's script became.
const workerSuffix = ".worker.cjs"

// worker notes a script that a worker runs, which becomes a bundle of its own.
func (b *bundler) worker(name, script string, u places.Use, edits map[int]edit) {
	remark := func(text string) {
		b.want(want{by: name, text: fmt.Sprintf("%s:%d:%d: %s", name, u.Line, u.Column, text)})
	}
	const advice = "; write new Worker(new URL(\"./worker.js\", import.meta.url))"
	switch {
	case !u.Known:
		remark("starts a worker whose file cannot be told, so it is not in the bundle" + advice)
		return
	case u.Path == "" || !b.exists(u.Path) || !IsEntry(u.Path):
		remark("starts a worker from what is no script of the project" + advice)
		return
	}
	stem := u.Path // w.js and w.mjs are two
	if path.Ext(u.Path) == ".cjs" && u.To == 0 {
		b.want(want{by: name, file: u.Path, runs: u.Path})
		return
	}
	quoted := script[u.From:u.To]
	base := path.Base(u.Path)
	if u.To == 0 || !strings.Contains(quoted, base) {
		remark("starts a worker whose file is not written out where the worker is made" + advice)
		return
	}
	edits[u.From] = edit{u.To, strings.Replace(quoted, base, path.Base(stem)+workerSuffix, 1)}
	b.want(want{by: name, file: stem + workerSuffix, runs: u.Path})
}

// named finds the module that a text in a source names: beside the source, or
// anywhere in its package if there is just one of that name.
func (b *bundler) named(name, text string) string {
	file := path.Join(path.Dir(name), text)
	if b.exists(file) {
		return file
	}
	folder, of := packageOf(name)
	if of == "" {
		return "" // the project's own folder may hold anything, whole builds of Rust
	}
	found := ""
	for _, one := range b.modulesOf(folder + of) {
		if path.Base(one) != path.Base(text) {
			continue
		}
		if found != "" {
			return ""
		}
		found = one
	}
	return found
}

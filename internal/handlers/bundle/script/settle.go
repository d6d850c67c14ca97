package script

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// live lists the sources that have something in an output.
func (b *bundler) live(metafile string) (map[string]bool, error) {
	var about struct {
		Outputs map[string]struct {
			Inputs map[string]struct {
				BytesInOutput int `json:"bytesInOutput"`
			} `json:"inputs"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &about); err != nil {
		return nil, err
	}
	live := map[string]bool{}
	for _, out := range about.Outputs {
		for file, in := range out.Inputs {
			if name, ok := b.below(filepath.Join(b.dir, filepath.FromSlash(file))); ok && in.BytesInOutput > 0 {
				live[name] = true
			}
		}
	}
	return live, nil
}

// made is one output of esbuild, and where it will lie.
type made struct {
	script []byte
	at     string // below the root, for what a worker runs; "" for the handler
	live   map[string]bool
}

// beside are the files that will lie beside the handler.
type beside struct {
	files  map[string][]byte // by their names below the root
	anchor string            // the folder below the root that becomes filesDir
	wasm   map[string]string // where in the bundle a module lies, by the identifier's id
}

// collect reads what live sources want, and what identifiers stand for.
func (b *bundler) collect(scripts []made) (beside, []string, error) {
	out := beside{files: map[string][]byte{}, wasm: map[string]string{}}
	var remarks []string
	read := func(name string) error {
		src, err := b.read(name)
		if err != nil {
			return &Error{Problems: []Problem{{File: name, Text: "cannot be read: " + cause(err)}}}
		}
		out.files[name] = src
		return nil
	}
	alive := func(name string) bool { return slices.ContainsFunc(scripts, func(m made) bool { return m.live[name] }) }
	for _, w := range b.wants {
		switch {
		case !alive(w.by):
		case w.text != "":
			remarks = append(remarks, w.text)
		case w.runs == "":
			if err := read(w.file); err != nil {
				return out, nil, err
			}
		}
	}
	dirs := map[string]bool{}
	for _, m := range scripts {
		for _, found := range ownName.FindAllSubmatch(m.script, -1) {
			name, ok := b.marks[string(found[2])]
			switch {
			case !ok || string(found[1]) == "wasm":
				continue
			case string(found[1]) == "file":
				if err := read(name); err != nil {
					return out, nil, err
				}
			}
			dirs[path.Dir(name)] = true
		}
		if m.at != "" {
			out.files[m.at] = m.script
		}
	}
	for name := range out.files {
		dirs[path.Dir(name)] = true
	}
	out.anchor = common(slices.Sorted(maps.Keys(dirs)))
	slices.Sort(remarks)
	return out, slices.Compact(remarks), nil
}

// common is the deepest folder that all are in.
func common(dirs []string) string {
	if len(dirs) == 0 {
		return "."
	}
	in := dirs[0]
	for _, dir := range dirs {
		for in != "." && dir != in && !strings.HasPrefix(dir, in+"/") {
			in = path.Dir(in)
		}
	}
	return in
}

// name is what a file of the project is called in the bundle.
func (s beside) name(file string) string {
	return path.Join(filesDir, strings.TrimPrefix(file, strings.TrimPrefix(s.anchor+"/", "./")))
}

// settle says where everything lies: it gives the script with what its
// identifiers mean, and the files of the bundle.
func (b *bundler) settle(scripts []made, out *Output) error {
	s, remarks, err := b.collect(scripts)
	if err != nil {
		return err
	}
	out.Wasm, out.Files, out.Warnings = map[string][]byte{}, map[string][]byte{}, remarks
	byContent := map[[32]byte]string{}
	for _, file := range slices.Sorted(maps.Keys(s.files)) {
		name, src := s.name(file), s.files[file]
		if path.Ext(file) != ".wasm" {
			out.Files[name] = src
			continue
		}
		if _, err := b.checked(file, src); err != nil {
			return err
		}
		out.Wasm[name] = src
		if sum := sha256.Sum256(src); byContent[sum] == "" {
			byContent[sum] = name
		}
	}
	for _, m := range scripts {
		for _, found := range ownName.FindAllSubmatch(m.script, -1) {
			id := string(found[2])
			one, ok := b.wasm[id]
			if string(found[1]) != "wasm" || !ok || s.wasm[id] != "" {
				continue
			}
			if s.wasm[id] = byContent[sha256.Sum256(one.src)]; s.wasm[id] == "" {
				s.wasm[id] = one.name
				out.Wasm[one.name] = one.src
			}
		}
	}
	for _, m := range scripts {
		text := b.headed(m, s)
		if m.at == "" {
			out.Script = text
		} else {
			out.Files[s.name(m.at)] = text
		}
	}
	return nil
}

// headed puts before a script what its identifiers mean.
func (b *bundler) headed(m made, s beside) []byte {
	var head strings.Builder
	up := ""
	if m.at != "" {
		up = strings.Repeat("../", strings.Count(s.name(m.at), "/"))
	}
	seen := map[string]bool{}
	for _, found := range ownName.FindAllStringSubmatch(string(m.script), -1) {
		name, kind, id := found[0], found[1], found[2]
		if seen[name] {
			continue
		}
		seen[name] = true
		at := s.wasm[id]
		if kind != "wasm" {
			at = s.name(b.marks[id])
		}
		if kind == "dirname" {
			at = path.Dir(at)
		}
		switch alone := len(s.files) == 0 && (kind == "dirname" || kind == "filename"); {
		case alone: // then it may as well be the bundle's own
			fmt.Fprintf(&head, "const %s = __%s;\n", name, kind)
		case up != "":
			fmt.Fprintf(&head, "const %s = require(\"node:path\").join(__dirname, %s);\n", name, quote(up+at))
		default:
			fmt.Fprintf(&head, "const %s = __dirname + %s;\n", name, quote("/"+at))
		}
	}
	if strings.Contains(string(m.script), fetchName) {
		head.WriteString(fetchSource)
	}
	const strict = "\"use strict\";\n"
	body, ok := strings.CutPrefix(string(m.script), strict)
	if ok {
		return []byte(strict + head.String() + body)
	}
	return []byte(head.String() + body)
}

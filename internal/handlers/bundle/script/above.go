package script

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// above is the nearest package.json outside of the root, if it says something
// that esbuild would obey. What lies above a project is another thing on every
// machine.
type above struct {
	file string // "" if there is none
	says string // its members that count
}

// lookAbove finds it.
func lookAbove(top string) above {
	for at := top; filepath.Dir(at) != at; {
		at = filepath.Dir(at)
		file := filepath.Join(at, "package.json")
		text, err := os.ReadFile(file)
		if err != nil {
			continue // esbuild cannot read it either
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(text, &members) != nil {
			return above{} // esbuild says so, and where
		}
		var says []string
		for _, key := range []string{"type", "sideEffects", "imports", "exports"} {
			if members[key] != nil {
				says = append(says, key)
			}
		}
		if says == nil {
			return above{}
		}
		return above{file: file, says: strings.Join(says, ", ")}
	}
	return above{}
}

// obeys says why a file below the root may not be bundled: no package.json of
// the project is nearer to it than the one above. "" if it may.
func (b *bundler) obeys(name string) string {
	if b.above.file == "" {
		return ""
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if b.exists(path.Join(dir, "package.json")) {
			return ""
		}
		if dir == "." {
			return fmt.Sprintf("%s would be read as %s says (%s), which lies outside of the project", name, b.above.file, b.above.says)
		}
	}
}

const aboveHint = "put a package.json into the project, {} is enough; or name a larger project with --root"

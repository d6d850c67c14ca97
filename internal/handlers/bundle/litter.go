package bundle

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/ignore"
)

// litter warns of what nobody means to deploy: version control, what desktops
// strew, and files that hold secrets. It is packed, because leaving out
// silently what somebody put there is worse.
func (f folder) litter() []string {
	found := map[string]string{} // by what leaves it out, the first path
	for _, name := range f.files.names() {
		at := ""
		for segment := range strings.SplitSeq(name, "/") {
			at = path.Join(at, segment)
			if slices.Contains(strewn(), segment) && found[segment] == "" {
				found[segment] = at
			}
		}
		if base := path.Base(name); found[base] == "" && isKey(base, f.files[name]) {
			found[base] = name
		}
	}
	var warnings []string
	for _, at := range sortedValues(found) {
		warnings = append(warnings, f.litterAt(at))
	}
	return warnings
}

// strewn are names of files and folders that are litter whatever is in them.
func strewn() []string {
	return []string{".git", ".hg", ".svn", ".DS_Store", "Thumbs.db", ".env", ".npmrc", ".aws", ".ssh"}
}

// isKey reports whether a file holds a private key. A public one in the same
// format is what many handlers verify tokens with.
func isKey(base string, data []byte) bool {
	switch path.Ext(base) {
	case ".p12", ".pfx":
		return true
	case ".pem", ".key", ".p8":
		return bytes.Contains(data, []byte("PRIVATE KEY-----"))
	}
	return strings.HasPrefix(base, "id_") && path.Ext(base) == "" && bytes.Contains(data, []byte("PRIVATE KEY-----"))
}

func (f folder) litterAt(at string) string {
	if f.source != "" {
		return fmt.Sprintf("%s: %s is in the zip, and is deployed with it: make the zip without it", f.source, at)
	}
	return fmt.Sprintf("%s is packed, too: the line **/%s in %s leaves it out",
		path.Join(f.dir, at), path.Base(at), path.Join(f.dir, ignore.Name))
}

func sortedValues(m map[string]string) []string {
	var all []string
	for _, v := range m {
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}

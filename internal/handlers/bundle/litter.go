package bundle

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/ignore"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script"
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
			if slices.Contains(script.Strewn(), segment) && found[segment] == "" {
				found[segment] = at
			}
		}
		if base := path.Base(name); found[base] == "" && script.IsKey(base, f.files[name]) {
			found[base] = name
		}
	}
	var warnings []string
	for _, at := range sortedValues(found) {
		warnings = append(warnings, f.litterAt(at))
	}
	return warnings
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

package sources

import (
	"os"
	"path/filepath"
	"time"
)

// Marks are facts that were found out once: an empty file each, with a digest of
// all that the fact depends on for a name. They are kept and forgotten as
// sources are. One that cannot be kept is found out again: that is no reason to
// bother anybody.
type Marks struct {
	Dir string // "" where nothing can be kept
}

// Has reports whether there is a mark, which is then used: it is kept for longer.
func (m Marks) Has(digest string) bool {
	if m.Dir == "" {
		return false
	}
	name := filepath.Join(m.Dir, digest)
	if _, err := os.Stat(name); err != nil {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // a cache that is not ours to write is as good as any other
	return true
}

// Set leaves marks, and removes those that were not used for long.
func (m Marks) Set(digests ...string) {
	if m.Dir == "" || len(digests) == 0 {
		return
	}
	c := (&Store{Dir: m.Dir}).open()
	defer c.close()
	if c.root == nil {
		return
	}
	for _, digest := range digests {
		_ = c.root.WriteFile(digest, nil, 0o600) // empty: none is ever half written
	}
	c.prune(time.Now())
}

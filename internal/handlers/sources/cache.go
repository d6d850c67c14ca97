package sources

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// How long the cache keeps what nobody uses, and what a run that was killed
// left half written.
const (
	keepUnused = 90 * 24 * time.Hour
	keepTemp   = 24 * time.Hour
)

const tempPrefix = "tmp-"

// cache is one look at the cache's folder. Its methods do nothing when there is
// none, and an error of theirs is a warning: everything can be done without.
type cache struct {
	store *Store
	root  *os.Root // nil when there is no cache
}

// open makes the folder, for its owner alone: what somebody else could put
// there would be hashed all the same, but what is fetched is nobody's business.
func (s *Store) open() *cache {
	c := &cache{store: s}
	if s.Dir == "" {
		return c
	}
	err := os.MkdirAll(s.Dir, 0o700)
	if err == nil {
		c.root, err = os.OpenRoot(s.Dir)
	}
	if err != nil {
		s.warn("the cache of sources %s cannot be used: %v", s.Dir, cause(err))
	}
	return c
}

func (c *cache) close() {
	if c.root != nil {
		_ = c.root.Close() // a folder that was only looked into
	}
}

// read gives an entry that is what its name says, nil if there is none. One
// that is damaged is removed.
func (c *cache) read(src Source) []byte {
	if c.root == nil {
		return nil
	}
	body, err := c.readFile(src)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		c.store.warn("%s cannot be read from the cache: %v", c.path(src.SHA256), cause(err))
		return nil
	}
	switch {
	case int64(len(body)) > src.MaxBytes:
		return nil // as this source it is too large, whole or not, and its server says so
	case sum(body) != src.SHA256:
		c.store.warn("%s, in the cache of sources, is damaged and is removed", c.path(src.SHA256))
		if err := c.root.Remove(src.SHA256); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.store.warn("%s cannot be removed: %v", c.path(src.SHA256), cause(err))
		}
		return nil
	}
	// The time of use is what pruning goes by. An entry of a cache that is not
	// ours to write is as good as any other.
	now := time.Now()
	_ = c.root.Chtimes(src.SHA256, now, now)
	return body
}

// readFile reads at most one byte more than the source may have.
func (c *cache) readFile(src Source) ([]byte, error) {
	// Asked before opening, because opening a pipe would wait for a writer.
	if info, err := c.root.Lstat(src.SHA256); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	f, err := c.root.Open(src.SHA256)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return io.ReadAll(io.LimitReader(f, src.MaxBytes+1))
}

// write puts an entry into place: whole, on the disk, then under its name.
func (c *cache) write(name string, body []byte) {
	if c.root == nil {
		return
	}
	if err := c.writeFile(name, body); err != nil {
		c.store.warn("%s cannot be kept in the cache: %v", c.path(name), cause(err))
	}
}

func (c *cache) writeFile(name string, body []byte) (err error) {
	temp := tempPrefix + rand.Text()
	f, err := c.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.root.Remove(temp))
		}
	}()
	_, werr := f.Write(body)
	if werr == nil {
		werr = f.Sync()
	}
	if err := errors.Join(werr, f.Close()); err != nil {
		return err
	}
	return c.root.Rename(temp, name)
}

var entryName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// prune removes what was not used for long. Other files are somebody else's.
func (c *cache) prune(now time.Time) {
	if c.root == nil {
		return
	}
	entries, err := fs.ReadDir(c.root.FS(), ".")
	if err != nil {
		c.store.warn("the cache of sources %s cannot be pruned: %v", c.store.Dir, cause(err))
		return
	}
	for _, e := range entries {
		keep := keepUnused
		switch {
		case strings.HasPrefix(e.Name(), tempPrefix):
			keep = keepTemp
		case !entryName.MatchString(e.Name()):
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || now.Sub(info.ModTime()) <= keep {
			continue // err: another run has pruned it
		}
		if err := c.root.Remove(e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.store.warn("%s cannot be pruned: %v", c.path(e.Name()), cause(err))
		}
	}
}

func (c *cache) path(name string) string { return filepath.Join(c.store.Dir, name) }

// cause is an error of the file system without the path, which is in the
// warning already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

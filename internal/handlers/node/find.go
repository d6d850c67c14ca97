package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Node is a Node.js program.
type Node struct {
	Path    string
	Version string // as it says itself: v24.21.0
	Major   int
	search  string   // PATH, for what it runs
	known   []string // the switches of Lambda's that it knows
}

// NotFoundError says that there is no program to run handlers in: at Path, or of
// Name in PATH, or, with neither, no Node.js at all in PATH.
type NotFoundError struct {
	Path, Name string
	Language   string // "" is Node.js
}

func (e *NotFoundError) Error() string {
	switch {
	case e.Path != "":
		return fmt.Sprintf("there is no %s at %s", cmp.Or(e.Language, "Node.js"), e.Path)
	case e.Name != "":
		return fmt.Sprintf("there is no %s in PATH", e.Name)
	}
	return "there is no Node.js in PATH, and handlers run in it"
}

// askTimeout bounds how long a program may think about its version.
const askTimeout = 10 * time.Second

// Find takes the program at path or, when that is a name without folders, the
// first of that name in search, which is a PATH; folders there that are not
// absolute are skipped. The name is node when path is "". It asks the program
// for its version. A program that is not there is a [*NotFoundError]. When ctx ends
// first, the error is ctx's cause.
func Find(ctx context.Context, path, search string) (Node, error) {
	return find(ctx, path, search, askTimeout)
}

func find(ctx context.Context, path, search string, timeout time.Duration) (Node, error) {
	found := path
	if filepath.Base(path) == path || path == "" {
		if found = lookup(cmp.Or(path, "node"), search); found == "" {
			return Node{}, &NotFoundError{Name: path}
		}
	}
	abs, err := filepath.Abs(found)
	if err != nil {
		return Node{}, err
	}
	n := Node{Path: abs, search: search}
	n.Version, n.known, err = n.probe(ctx, timeout)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Node{}, &NotFoundError{Path: found}
	case err != nil:
		return Node{}, err
	}
	version := regexp.MustCompile(`^v([0-9]{1,4})\.[0-9]+\.[0-9]+`).FindStringSubmatch(n.Version)
	if version == nil {
		return Node{}, fmt.Errorf("%s is no Node.js: asked for its version it says %.40q", found, n.Version)
	}
	n.Major, err = strconv.Atoi(version[1])
	return n, err
}

// lookup finds a program in a PATH, "" when it is not there.
func lookup(name, search string) string {
	for _, dir := range filepath.SplitList(search) {
		if p, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(dir) {
			return p
		}
	}
	return ""
}

// RuntimeMajor is the Node.js release that a Lambda runtime such as nodejs24.x
// stands for; 0 for runtimes that are no Node.js.
func RuntimeMajor(runtime string) int {
	digits, ok := strings.CutPrefix(runtime, "nodejs")
	if !ok {
		return 0
	}
	major, err := strconv.Atoi(strings.TrimSuffix(digits, ".x"))
	if err != nil {
		return 0
	}
	return major
}

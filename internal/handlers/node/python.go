package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Python is a Python program.
type Python struct {
	Path    string // of the interpreter itself, not of what chooses one
	Version string // 3.13.1
	search  string
}

// askPython is what a Python says of itself.
const askPython = "import sys; print(sys.version.split()[0]); print(sys.executable)"

// isolated keeps the interpreter from everything of this machine's but its own
// library: Lambda has no other packages than those in the bundle, and boto3.
func isolated() []string { return []string{"-I", "-S", "-B"} }

// FindPython takes the program at path or, when that is a name without
// folders, the first of that name in search, as [Find] does for Node.js. The
// name is python3 when path is "". A program that is not there is a
// [*NotFoundError]. When ctx ends first, the error is ctx's cause.
func FindPython(ctx context.Context, path, search string) (Python, error) {
	return findPython(ctx, path, search, askTimeout)
}

func findPython(ctx context.Context, path, search string, timeout time.Duration) (Python, error) {
	found := path
	if filepath.Base(path) == path || path == "" {
		if found = lookup(cmp.Or(path, "python3"), search); found == "" {
			return Python{}, &NotFoundError{Name: cmp.Or(path, "python3"), Language: "Python"}
		}
	}
	abs, err := filepath.Abs(found)
	if err != nil {
		return Python{}, err
	}
	out, err := askedFor(ctx, timeout, abs, search, append(isolated(), "-c", askPython)...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Python{}, &NotFoundError{Path: found, Language: "Python"}
	case err != nil:
		return Python{}, err
	}
	said := regexp.MustCompile(`^(3\.[0-9]+\.[0-9]+\S*)\r?\n(.+)\r?\n$`).FindStringSubmatch(out)
	if said == nil {
		return Python{}, fmt.Errorf("%s is no Python 3: asked for its version it says %.40q", found, strings.TrimSpace(out))
	}
	return Python{Path: said[2], Version: said[1], search: search}, nil
}

// Run is [Node.Run] for a handler in Python. On Linux a process that took more
// memory than the function has is ended after its event, as Lambda ends it; other
// systems do not tell.
func (p Python) Run(ctx context.Context, f Function, events [][]byte) (Session, error) {
	return play(ctx, p.program, f, events)
}

func (p Python) program(b box, f Function) (program, error) {
	sdk := f.SDK
	if sdk != "" {
		var err error
		if sdk, err = filepath.Abs(sdk); err != nil {
			return program{}, err
		}
		if _, err := os.Stat(filepath.Join(sdk, "botocore")); err != nil {
			return program{}, fmt.Errorf("the AWS SDK: %s has no botocore: install boto3 there with pip install --target", f.SDK)
		}
	}
	return program{
		path: p.Path, args: append(isolated(), b.runner("runner.py")),
		env: append(surroundings(p.search), f.reserved(b.task)...), sdk: sdk,
	}, nil
}

// Runtime is the Lambda runtime that a Python is of: python3.13.
func (p Python) Runtime() string {
	parts := strings.SplitN(p.Version, ".", 3)
	return "python" + parts[0] + "." + parts[1]
}

// IsPython reports whether a Lambda runtime such as python3.13 runs Python.
func IsPython(runtime string) bool { return strings.HasPrefix(runtime, "python3.") }

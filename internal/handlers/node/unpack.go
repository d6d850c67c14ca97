package node

import (
	"archive/zip"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

//go:embed assets
var assets embed.FS

// maxUnzipped is Lambda's ceiling for all files of a function (Lambda quotas,
// "Deployment package (.zip file archive) size").
const maxUnzipped = 262144000

// box is the folder that a function runs in.
type box struct {
	dir  string
	task string // what Lambda has at /var/task
}

// runner is the path of a file of the interpreter's.
func (b box) runner(name string) string { return filepath.Join(b.dir, name) }

// names calls the folders as they are called on Lambda: where a bundle was
// unpacked here is another place every time.
func (b box) names() *strings.Replacer {
	return strings.NewReplacer(b.task, "/var/task", b.dir, "/var/runtime")
}

func (b box) remove() error { return os.RemoveAll(b.dir) }

// unpack writes a zip's files and the runners into a new folder. No name leads
// out of it.
func unpack(code []byte) (_ box, err error) {
	r, err := zip.NewReader(bytes.NewReader(code), int64(len(code)))
	if err != nil {
		return box{}, fmt.Errorf("unpack the function: %w", err)
	}
	dir, err := os.MkdirTemp("", "edgedeploy-")
	if err != nil {
		return box{}, err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil { // as Node.js will call it
		dir = real
	}
	b := box{dir: dir, task: filepath.Join(dir, "task")}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.remove())
		}
	}()
	if err := b.writeRunners(); err != nil {
		return box{}, err
	}
	if err := os.Mkdir(b.task, 0o700); err != nil {
		return box{}, err
	}
	root, err := os.OpenRoot(b.task)
	if err != nil {
		return box{}, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	left := int64(maxUnzipped)
	for _, f := range r.File {
		if f.Mode().IsDir() {
			continue
		}
		if err := write(root, f, &left); err != nil {
			return box{}, fmt.Errorf("unpack %s: %w", f.Name, err)
		}
	}
	return b, nil
}

// writeRunners puts our own files beside the task. The package.json is for the
// search of the nearest one: it ends here, as on Lambda, and not somewhere above.
func (b box) writeRunners() error {
	own, err := fs.Sub(assets, "assets")
	if err != nil {
		return err
	}
	if err := os.CopyFS(b.dir, own); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.dir, "package.json"), []byte("{}\n"), 0o600)
}

// write unpacks one file, and counts it against what is left.
func write(root *os.Root, f *zip.File, left *int64) (err error) {
	src, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	data, err := io.ReadAll(io.LimitReader(src, *left+1))
	if err != nil {
		return err
	}
	if *left -= int64(len(data)); *left < 0 {
		return fmt.Errorf("the files are larger than %d bytes, which Lambda refuses", maxUnzipped)
	}
	if err := root.MkdirAll(path.Dir(f.Name), 0o700); err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if f.Mode()&0o100 != 0 {
		mode = 0o700 // a program
	}
	return root.WriteFile(f.Name, data, mode)
}

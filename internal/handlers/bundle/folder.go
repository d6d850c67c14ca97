package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/ignore"
)

// LeftOut counts what .edgedeployignore kept out of a bundle.
type LeftOut struct {
	Files int
	Bytes int64 // of plain files
}

// folder is what was read from a directory.
type folder struct {
	files    files
	programs executables
	leftOut  LeftOut
	// ignored are the names that were left out, for whoever looks for one.
	ignored map[string]bool
	list    *ignore.List
	dir     string // "" of a zip
	source  string // the zip's name, for messages, or ""
	zip     string // the zip below the root that the files came in, or ""
	rules   bool   // dir has an ignore file
}

// inputs are the files below the root that were read.
func (f folder) inputs() []string {
	var names []string
	switch {
	case f.zip != "":
		names = []string{f.zip}
	case f.dir != "":
		for name := range f.files {
			names = append(names, path.Join(f.dir, name))
		}
	}
	if f.rules {
		names = append(names, path.Join(f.dir, ignore.Name))
	}
	return names
}

// readDir reads everything below dir that its .edgedeployignore does not leave
// out. Links are refused and not followed: a link inside a bundle would be
// another file on every machine. The ignore file itself is never in a bundle.
func readDir(root *os.Root, dir string, lim limits) (_ folder, err error) {
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return folder{}, pathError(dir, err)
	}
	defer func() {
		if cerr := sub.Close(); err == nil && cerr != nil {
			err = pathError(dir, cerr)
		}
	}()
	list, err := readIgnore(sub, dir)
	if err != nil {
		return folder{}, err
	}
	w := &walker{
		sub: sub, lim: lim, left: lim.unzipped,
		skipped: map[string]bool{},
		out:     folder{files: files{}, programs: executables{}, ignored: map[string]bool{}, list: list, dir: dir},
	}
	if err := fs.WalkDir(sub.FS(), ".", w.visit); err != nil {
		return folder{}, err
	}
	return w.out, nil
}

// readIgnore reads the directory's ignore file, if it has one.
func readIgnore(sub *os.Root, dir string) (*ignore.List, error) {
	full := path.Join(dir, ignore.Name)
	info, err := sub.Lstat(ignore.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &ignore.List{}, nil
	case err != nil:
		return nil, pathError(full, err)
	case !info.Mode().IsRegular():
		return nil, &Error{Path: full, Reason: "is not a plain file", Hint: "put the patterns themselves there"}
	case info.Size() > ignore.MaxBytes:
		return nil, &Error{Path: full, Reason: fmt.Sprintf("has more than %d bytes", ignore.MaxBytes), Hint: "say with fewer patterns what is left out"}
	}
	src, err := readFile(sub, ignore.Name, ignore.MaxBytes)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Path = full
	}
	if err != nil {
		return nil, err
	}
	list, err := ignore.Parse(src)
	if e, ok := errors.AsType[*ignore.Error](err); ok {
		return nil, &Error{Path: fmt.Sprintf("%s:%d", full, e.Line), Reason: e.Reason, Hint: e.Hint}
	}
	return list, err
}

// walker fills a folder. It goes into ignored directories, too: there may be
// exceptions in them, and they are counted.
type walker struct {
	sub     *os.Root
	lim     limits
	left    int64           // bytes that the bundle may still have
	skipped map[string]bool // ignored directories
	out     folder
}

func (w *walker) visit(name string, d fs.DirEntry, err error) error {
	full := path.Join(w.out.dir, name)
	switch {
	case err != nil && w.skipped[name]:
		return fs.SkipDir // it could not be read, and nobody needs it
	case err != nil:
		return pathError(full, err)
	case name == ignore.Name:
		w.out.rules = true
		return nil
	case name == ".":
		return nil
	}
	out, err := w.out.list.Match(name)
	if err != nil {
		return &Error{Path: full, Reason: "cannot be matched with " + ignore.Name, Err: err}
	}
	switch {
	case d.IsDir():
		w.skipped[name] = out
		return nil
	case out:
		return w.skip(name, d)
	case d.Type()&fs.ModeSymlink != 0:
		return &Error{Path: full, Reason: "is a symbolic link", Hint: "put the file itself into the bundle, or the link into " + ignore.Name}
	case !d.Type().IsRegular():
		return &Error{Path: full, Reason: "is neither a file nor a directory", Hint: "take it away, or name it in " + ignore.Name}
	}
	return w.read(name, d)
}

// skip counts what is left out.
func (w *walker) skip(name string, d fs.DirEntry) error {
	w.out.leftOut.Files++
	w.out.ignored[name] = true
	if !d.Type().IsRegular() {
		return nil
	}
	info, err := d.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone meanwhile, as was asked for
	}
	if err != nil {
		return pathError(path.Join(w.out.dir, name), err)
	}
	w.out.leftOut.Bytes += info.Size()
	return nil
}

func (w *walker) read(name string, d fs.DirEntry) error {
	full := path.Join(w.out.dir, name)
	if err := checkName(name); err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return pathError(full, err)
	}
	if info.Size() > w.left {
		return tooLarge(full, "unzipped", w.lim.unzipped)
	}
	data, err := readFile(w.sub, name, w.left)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Path = full
	}
	if err != nil {
		return err
	}
	w.left -= int64(len(data))
	w.out.files[name] = data
	if mayRun(info.Mode()) {
		w.out.programs[name] = true
	}
	return nil
}

// whyMissing says that a file was left out, if that is why it is not there; nil
// otherwise.
func (f folder) whyMissing(function string, names []string) error {
	for _, name := range names {
		if f.ignored[name] {
			return &Error{
				Path:   function,
				Reason: fmt.Sprintf("%s is the handler's file, and %s:%d leaves it out", name, path.Join(f.dir, ignore.Name), f.list.Line(name)),
				Hint:   "add the line !" + name + " at its end, or name another handler",
			}
		}
	}
	return nil
}

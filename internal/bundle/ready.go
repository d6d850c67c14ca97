package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// packReady takes the files of a directory or zip as they are.
func packReady(root *os.Root, f Function, lim limits) (draft, error) {
	if err := refuseOptions(f); err != nil {
		return draft{}, err
	}
	out, err := readReady(root, f, lim)
	if err != nil {
		return draft{}, err
	}
	entry, err := entryOf(f, out)
	if err != nil {
		return draft{}, err
	}
	if err := addConfig(out, f); err != nil {
		return draft{}, err
	}
	return draft{files: out, handler: f.Handler, warnings: lint(f, entry, out[entry])}, nil
}

func readReady(root *os.Root, f Function, lim limits) (files, error) {
	if f.Source != nil {
		return readNamedZip(f.Bundle, f.Source, lim)
	}
	name := path.Clean(f.Bundle)
	info, err := root.Stat(name)
	if err != nil {
		return nil, pathError(name, err)
	}
	switch {
	case info.IsDir():
		return readDir(root, name, lim)
	case strings.EqualFold(path.Ext(name), ".zip"):
		b, err := readFile(root, name, lim.zipped)
		if err != nil {
			return nil, err
		}
		return readNamedZip(name, b, lim)
	}
	return nil, &Error{Path: name, Reason: "is neither a directory nor a .zip"}
}

// refuseOptions names the options that only the trampoline can keep.
func refuseOptions(f Function) error {
	var option string
	switch {
	case f.OnError != "" && f.OnError != "fail":
		option = "on-error: " + f.OnError
	case f.KeepNames:
		option = "keep-names"
	case f.Trampoline != 0:
		option = "trampoline"
	default:
		return nil
	}
	return &Error{
		Path:   f.Name,
		Reason: option + " has no effect on a ready bundle, which has an entry of its own",
		Hint:   "remove it, or handle it in " + f.Bundle,
	}
}

// readNamedZip reads a zip and says in errors which one it is.
func readNamedZip(name string, b []byte, lim limits) (files, error) {
	out, _, err := readZip(b, lim)
	if e, ok := errors.AsType[*Error](err); ok {
		return nil, &Error{Path: strings.TrimSuffix(name+": "+e.Path, ": "), Reason: e.Reason, Hint: e.Hint, Err: e.Err}
	}
	return out, err
}

// readDir reads everything below dir. Links are refused and not followed: a
// link inside a bundle would be another file on every machine.
func readDir(root *os.Root, dir string, lim limits) (_ files, err error) {
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return nil, pathError(dir, err)
	}
	defer func() {
		if cerr := sub.Close(); err == nil && cerr != nil {
			err = pathError(dir, cerr)
		}
	}()
	out := files{}
	left := lim.unzipped
	err = fs.WalkDir(sub.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		full := path.Join(dir, name)
		if err != nil {
			return pathError(full, err)
		}
		switch {
		case d.IsDir():
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			return &Error{Path: full, Reason: "is a symbolic link", Hint: "put the file itself into the bundle"}
		case !d.Type().IsRegular():
			return &Error{Path: full, Reason: "is neither a file nor a directory"}
		}
		if err := checkName(name); err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return pathError(full, err)
		}
		if info.Size() > left {
			return tooLarge(full, "unzipped", lim.unzipped)
		}
		data, err := readFile(sub, name, left)
		if e, ok := errors.AsType[*Error](err); ok {
			e.Path = full
		}
		if err != nil {
			return err
		}
		left -= int64(len(data))
		out[name] = data
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// pathError puts an error of the file system into words about one path.
func pathError(name string, err error) error {
	cause := err
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		cause = p.Err // it would repeat the path
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Path: name, Reason: "cannot be read", Hint: "build the handler first, or correct the path", Err: cause}
	case strings.Contains(cause.Error(), "escapes from parent"):
		// os.Root has no exported error for this.
		return &Error{Path: name, Reason: "lies outside of the project", Hint: "move it inside, or name a larger project with --root", Err: cause}
	}
	return &Error{Path: name, Reason: "cannot be read", Err: cause}
}

package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// packReady takes the files of a directory or zip as they are.
func packReady(root *os.Root, f Function, lim limits) (draft, error) {
	if err := refuseOptions(f); err != nil {
		return draft{}, err
	}
	from, err := readReady(root, f, lim)
	if err != nil {
		return draft{}, err
	}
	out, inputs := from.files, from.inputs()
	entry, err := handlerFile(f, from)
	if err != nil {
		return draft{}, err
	}
	if err := addConfig(out, f); err != nil {
		return draft{}, err
	}
	warnings := slices.Concat(lint(f, entry, out[entry]), from.litter(), variableWarnings(from.placed()))
	return draft{files: out, programs: from.programs, handler: f.Handler, leftOut: from.leftOut, warnings: warnings, inputs: inputs}, nil
}

func readReady(root *os.Root, f Function, lim limits) (folder, error) {
	if f.Source != nil {
		return readNamedZip(f.Bundle, f.Source, lim)
	}
	name := path.Clean(f.Bundle)
	info, err := root.Stat(name)
	if err != nil {
		return folder{}, pathError(name, err)
	}
	switch {
	case info.IsDir():
		return readDir(root, name, lim)
	case strings.EqualFold(path.Ext(name), ".zip"):
		b, err := readFile(root, name, lim.zipped)
		if err != nil {
			return folder{}, err
		}
		from, err := readNamedZip(name, b, lim)
		from.zip = name
		return from, err
	}
	return folder{}, &Error{Path: name, Reason: "is neither a directory nor a .zip"}
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

// readNamedZip reads a zip and says in errors which one it is. Whoever made it
// decided what is in it, so nothing is left out.
func readNamedZip(name string, b []byte, lim limits) (folder, error) {
	from, err := readZip(b, lim)
	if e, ok := errors.AsType[*Error](err); ok {
		return folder{}, &Error{Path: strings.TrimSuffix(name+": "+e.Path, ": "), Reason: e.Reason, Hint: e.Hint, Err: e.Err}
	}
	return folder{files: from.files, programs: from.programs, source: name}, err
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

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/edgedeploy/edgedeploy/internal/nearest"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// advisedError is an error with what to do about it.
type advisedError struct {
	error
	right string
}

func (e *advisedError) Unwrap() error  { return e.error }
func (e *advisedError) advice() string { return e.right }

// fileError says what is wrong with a file or folder, in other words than the
// system's where those are known, and which one may be meant. what is the flag that
// names it, or what it is. nil stays nil.
func fileError(what, name string, err error) error {
	if err == nil {
		return nil
	}
	why := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &advisedError{errors.New(what + ": there is no " + typed(name)), beside(name)}
	case errors.Is(err, syscall.ENOTDIR):
		why = " is no folder"
	case errors.Is(err, syscall.EISDIR):
		return &advisedError{errors.New(what + ": " + typed(name) + " is a folder, and no file"), "name a file in it"}
	case errors.Is(err, fs.ErrPermission):
		why = " may not be read or written by this user"
	default:
		return &advisedError{errors.New(what + ": " + typed(name) + ": " + reason(err).Error()), "check the name, and the disk"}
	}
	return &advisedError{errors.New(what + ": " + typed(name) + why), "name another"}
}

// reason is what the system says, without the names that it was asked for.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// beside is the file that may be meant by one that does not exist: one of a similar
// name in the same folder.
func beside(name string) string {
	dir, base := filepath.Split(name)
	entries, err := os.ReadDir(filepath.Join(".", dir))
	if filepath.IsAbs(name) {
		entries, err = os.ReadDir(filepath.Dir(name))
	}
	if err != nil {
		return "the folder is not there either: check the name"
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := nearest.Word(base, names); near != "" && near != base {
		return "did you mean " + render.ShellWord(filepath.Join(dir, near)) + "?"
	}
	if here, err := os.Getwd(); err == nil && !filepath.IsAbs(name) {
		return "it is looked for from " + here
	}
	return "check the name"
}

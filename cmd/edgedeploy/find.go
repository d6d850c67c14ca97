package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// changeFolder goes where -C says, before anything is read.
func (a *app) changeFolder() error {
	if a.chdir == "" {
		return nil
	}
	return fileError(a.shown("chdir"), a.chdir, os.Chdir(a.chdir))
}

// find gives the file that the spec is read from: the one that -f names, or else
// edgedeploy.yaml here or in the nearest folder above that has it, up to the
// project's root. Where no root is known, nothing above is looked at.
func (a *app) find() (file string, above bool, err error) {
	if a.named || !missing(a.file) {
		return a.file, false, nil
	}
	up, err := a.above()
	if err != nil || up == "" {
		return a.file, false, err
	}
	return up, true, nil
}

// above looks for the spec in the folders above this one. One that belongs to
// another user is refused: a folder above may be one that all users write to.
func (a *app) above() (string, error) {
	here, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	if here, err = filepath.EvalSymlinks(here); err != nil {
		return "", err
	}
	top, err := a.top(".")
	if err != nil {
		return "", nil // a root that is not there is told of where the spec is read
	}
	if rel, err := filepath.Rel(top, here); err != nil || !filepath.IsLocal(rel) {
		return "", nil // this folder is not in it
	}
	for at, name := here, defaultFile; at != top && filepath.Dir(at) != at; {
		at, name = filepath.Dir(at), filepath.Join("..", name)
		info, err := os.Lstat(filepath.Join(at, defaultFile))
		if err != nil {
			continue
		}
		if !trusted(info) {
			return "", &foreignSpecError{name}
		}
		return name, nil
	}
	return "", nil
}

// foreignSpecError says that a spec above this folder is another user's.
type foreignSpecError struct{ file string }

func (e *foreignSpecError) Error() string {
	return fmt.Sprintf("the spec %s, found above, is another user's", e.file)
}

func (e *foreignSpecError) advice() string {
	return "if it is meant: -f " + render.ShellWord(e.file)
}

// peek gives the stack of the spec that is read without --stack, "" if there is
// none to be read. It says nothing.
func (a *app) peek() string {
	file, _, err := a.find()
	if err != nil {
		return ""
	}
	src, err := readFile(file)
	if err != nil {
		return ""
	}
	doc, err := stackspec.Parse(file, src, stackspec.Options{Lookup: a.lookup, AllowEnv: a.allowEnv})
	if err != nil {
		return ""
	}
	return doc.Stack.Name
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/nearest"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// maxSpec is how much of a spec is read: more than stackspec accepts, so that
// it is stackspec that says so.
const maxSpec = 2 << 20

// spec is a spec that was read, with the folder its paths are in.
type spec struct {
	stackspec.Document
	file string   // as it was given, for messages
	dir  string   // the spec's folder below the root, slash-separated
	root *os.Root // the project's root: no path leaves it
	top  string   // the root's path
	ids  map[string]string

	fetched map[pinned][]byte // what build got by address
}

// load reads and checks the spec. It needs no network.
func (a *app) load() (*spec, error) {
	file, above, err := a.find()
	if err != nil {
		return nil, err
	}
	if above && !a.foundAbove {
		a.say("using " + file + "\n")
	}
	a.file, a.foundAbove = file, above || a.foundAbove
	src, err := readFile(a.file)
	if err != nil {
		return nil, err
	}
	doc, err := stackspec.Parse(a.file, src, stackspec.Options{Lookup: a.lookup, AllowEnv: a.allowEnv})
	if err != nil {
		return nil, err
	}
	if len(doc.Warnings) > 0 {
		a.say(render.Problems(doc.Warnings, a.err))
	}
	top, err := a.top(filepath.Dir(a.file))
	if err != nil {
		return nil, err
	}
	s := &spec{Document: doc, file: a.file, top: top, ids: map[string]string{}}
	if s.dir, err = below(top, filepath.Dir(a.file)); err != nil {
		return nil, err
	}
	if s.root, err = os.OpenRoot(top); err != nil {
		return nil, fmt.Errorf("the project's root: %w", err)
	}
	for _, d := range doc.Stack.Distributions {
		if d.ID != "" {
			s.ids[d.ID] = d.Key
		}
	}
	a.doc = s
	return s, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &noSpecError{file: name}
	}
	if err != nil {
		return nil, fileError("the spec", name, err)
	}
	defer func() { _ = f.Close() }() // only read
	if at, err := f.Stat(); err == nil && at.IsDir() {
		return nil, &noSpecError{file: name, folder: true}
	}
	src, err := io.ReadAll(io.LimitReader(f, maxSpec))
	if err != nil {
		return nil, fmt.Errorf("the spec: %w", err)
	}
	return src, nil
}

// noSpecError says that there is no spec where one was looked for.
type noSpecError struct {
	file   string
	folder bool // there is a folder instead
}

func (e *noSpecError) Error() string {
	if e.folder {
		return fmt.Sprintf("%s is a folder, and no spec", e.file)
	}
	return "there is no spec " + e.file
}

// advice is the spec that may be meant, by the names of those that are there.
func (e *noSpecError) advice() string {
	dir := filepath.Dir(e.file)
	if e.folder {
		dir = e.file
	}
	var there []string
	for _, ending := range []string{"*.yaml", "*.yml"} {
		found, err := filepath.Glob(filepath.Join(dir, ending))
		if err == nil {
			there = append(there, found...)
		}
	}
	near := nearest.Word(e.file, there)
	if len(there) == 1 && (e.folder || e.file == defaultFile) {
		near = there[0]
	}
	if near != "" {
		return "did you mean -f " + render.ShellWord(near) + "?"
	}
	return "-f names the spec; edgedeploy init writes one"
}

// top finds the project's root: --root, or the nearest folder with .git, or
// the spec's own folder.
func (a *app) top(dir string) (string, error) {
	if a.root != "" {
		top, err := filepath.Abs(a.root)
		if err != nil {
			return "", err
		}
		top, err = filepath.EvalSymlinks(top)
		if info, serr := os.Stat(top); err == nil && serr == nil && !info.IsDir() {
			err = syscall.ENOTDIR
		}
		return top, fileError(a.shown("root"), a.root, err)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", err
	}
	for at := abs; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return at, nil
		}
		if filepath.Dir(at) == at {
			return abs, nil
		}
	}
}

// below gives dir as a slash-separated path below top.
func below(top, dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(top, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", &advisedError{fmt.Errorf("the spec's folder %s is outside the project's root %s", dir, top), "--root names a folder above both"}
	}
	return filepath.ToSlash(rel), nil
}

// unpacked says why a bundle was not made: where a script is wrong in the
// script itself, and the rest at the key that names what is packed.
func (s *spec) unpacked(err error, function, key string) []stackspec.Problem {
	e, ok := errors.AsType[*bundle.Error](err)
	if !ok || len(e.Problems) == 0 {
		hint := ""
		if ok {
			hint = e.Hint
		}
		return []stackspec.Problem{s.problem(err.Error(), hint, false, "functions", function, key)}
	}
	var problems []stackspec.Problem
	for i, p := range e.Problems {
		one := s.problem(p.Text, p.Hint, false, "functions", function, key)
		if p.Line > 0 {
			one.File, one.Line, one.Column = s.shown(p.File), p.Line, p.Column
			one.Excerpt = stackspec.Excerpt(p.Source, p.Line, p.Column)
		} else if p.File != "" {
			one.Message = p.File + ": " + p.Text
		}
		if i > 0 && p.Hint == e.Problems[i-1].Hint {
			one.Hint = "" // it was just given
		}
		problems = append(problems, one)
	}
	return problems
}

// shown names a file below the root as seen from where the spec's name is.
func (s *spec) shown(file string) string {
	rel, err := filepath.Rel(filepath.FromSlash(s.dir), filepath.FromSlash(file))
	if err != nil {
		return file
	}
	return filepath.Join(filepath.Dir(s.file), rel)
}

// limits judges a bundle against the triggers that the spec gives it. It is
// zipped only where no lesser number tells that the zip is small enough.
func (s *spec) limits(b built) ([]stackspec.Problem, error) {
	sized := associations.Sized{Function: b.Key, Config: b.Config, ZipBytes: b.loose.Most(), Triggers: s.triggers(b.Key)}
	broken := associations.CheckLimits(sized, s.Stack.Viewer, s.Stack.Origin)
	if slices.ContainsFunc(broken, func(l associations.LimitProblem) bool { return l.What == "zip" }) {
		whole, err := b.zipped()
		if err != nil {
			return nil, err
		}
		sized.ZipBytes = int64(len(whole.Zip))
		broken = associations.CheckLimits(sized, s.Stack.Viewer, s.Stack.Origin)
	}
	var problems []stackspec.Problem
	for _, l := range broken {
		hint := "lower it, or override the limit with limits: if your account has another one"
		if l.Warning {
			hint = "AWS documents more today, but CloudFront may still answer: " + l.Text
		}
		key := l.What
		if key == "zip" {
			key, _, _ = sourceOf(b.Function)
		}
		problems = append(problems, s.problem(l.Error(), hint, l.Warning, "functions", b.Key, key))
	}
	return problems, nil
}

// triggers lists those that a function serves, each once, in CloudFront's order.
func (s *spec) triggers(function string) []associations.Trigger {
	return slices.DeleteFunc(slices.Clone(associations.Triggers()), func(t associations.Trigger) bool {
		return !slices.ContainsFunc(s.Stack.Distributions, func(d stackspec.Distribution) bool {
			return slices.ContainsFunc(d.Slots, func(w stackspec.SlotWant) bool { return w.Function == function && w.Trigger == t })
		})
	})
}

// problem places a finding at a key of the spec, or, where the spec leaves the
// key to its default, at the key above it.
func (s *spec) problem(message, hint string, warning bool, keys ...string) stackspec.Problem {
	return s.Place(stackspec.Problem{Message: message, Hint: hint, Warning: warning}, keys...)
}

// place writes a line of the spec behind a hint.
func (s *spec) place(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s:%d)", s.file, line)
}

func (s *spec) slotLine(slot associations.Slot) int {
	return s.SlotLine(s.ids[slot.Distribution], slot.Path, slot.Trigger)
}

func (s *spec) distributionLine(id string) int {
	line, _ := s.Locate("distributions", s.ids[id])
	return line
}

func (s *spec) functionLine(name string) int {
	for _, f := range s.Stack.Functions {
		if f.Name == name {
			return s.FunctionLine(f.Key)
		}
	}
	return 0
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/internal/handlers/starter"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

func (a *app) initCommand() *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented spec, or a whole handler; never overwrites",
		Long: `Init writes a commented spec to start from. With --lang it writes a handler in
that language too, with fixtures for edgedeploy test, so that it builds, passes
its tests and can be applied to the local AWS as it is. Where any of its files
exists already, it writes nothing.`,
		Args: a.takes(0, languageForm),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := namesSpec(a.file); err != nil {
				return misused(cmd, "such as "+cmd.CommandPath()+" -f "+filepath.Join(typed(a.file), defaultFile), "%s", err)
			}
			dir, err := filepath.Abs(filepath.Dir(a.file))
			if err != nil {
				return err
			}
			name := stackspec.NameFrom(filepath.Base(dir))
			if !cmd.Flags().Changed("lang") && lang == "" {
				return a.initSpec(stackspec.Starter(name))
			}
			if starter.Named(lang) == "" {
				return choice(cmd, a.shown("lang"), lang, starter.Languages())
			}
			s, err := starter.For(lang, name)
			if err != nil {
				return err
			}
			return a.initHandler(dir, s)
		},
	}
	var names []string
	for _, l := range starter.Languages() {
		names = append(names, fmt.Sprintf("%s (or %s)", l, starter.Alias(l)))
	}
	cmd.Flags().StringVar(&lang, "lang", "", "write a handler, too: "+strings.Join(names, ", "))
	return cmd
}

// languageForm is how a language is named, for an argument that is one.
func languageForm(arg string) string {
	if lang := starter.Named(arg); lang != "" {
		return "say --lang " + lang
	}
	return "-f names the spec, --lang a language"
}

// namesSpec refuses what is rather a folder: its own name would become that of
// a spec beside it, with all of a handler around. What ends in a slash has no
// extension.
func namesSpec(file string) error {
	info, err := os.Stat(file)
	is := err == nil && info.IsDir()
	ends := slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(file)))
	if ends && !is {
		return nil
	}
	return fmt.Errorf("%s is no name of a spec: they end in .yaml, .yml or .json", typed(file))
}

// initSpec writes nothing but a spec.
func (a *app) initSpec(spec []byte) error {
	f, err := os.OpenFile(a.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return &advisedError{fmt.Errorf("%s exists, and is left as it is", a.file), "move it away, or name another file with -f"}
	}
	if err != nil {
		return fileError("write the spec", a.file, err)
	}
	_, werr := f.Write(spec)
	if err := errors.Join(werr, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", a.file, err)
	}
	return a.print(fmt.Sprintf("Wrote %s.\n\n%s", a.file, steps([]starter.Step{
		{Command: "build the handler it names, or change the name"},
		{Command: a.naming("edgedeploy validate")},
		{Command: a.naming("edgedeploy apply --local"), About: "on an AWS in this process; no account needed"},
		{Command: a.naming("edgedeploy iam-policy"), About: "what the real account has to allow"},
	})))
}

// naming adds the spec to a command, where it is not the one that is meant
// without words.
func (a *app) naming(command string) string {
	if a.file == "edgedeploy.yaml" {
		return command
	}
	return command + " -f " + render.ShellWord(a.file)
}

// initHandler writes the files of a starter into dir, the spec under the name
// that was asked for, or nothing at all.
func (a *app) initHandler(dir string, s starter.Starter) error {
	files := maps.Clone(s.Files)
	spec := filepath.Base(a.file)
	if spec != "edgedeploy.yaml" {
		files[spec] = files["edgedeploy.yaml"]
		delete(files, "edgedeploy.yaml")
		if doc, ok := files["package.json"]; ok {
			files["package.json"] = ownScript.ReplaceAllFunc(doc, func(script []byte) []byte {
				return []byte(strconv.Quote(string(script[1:len(script)-1]) + " -f " + render.ShellWord(spec)))
			})
		}
	}
	ignores := string(files[".gitignore"])
	_, err := os.Lstat(filepath.Join(dir, ".gitignore"))
	kept := err == nil
	if kept {
		delete(files, ".gitignore") // everybody has one: it is told what belongs there
	}
	if err := writeNew(dir, files); err != nil {
		return err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "Wrote %s to %s:\n", count(len(files), "file"), filepath.Dir(a.file))
	for _, name := range tops(files) {
		fmt.Fprintf(&out, "  %s\n", name)
	}
	if kept {
		fmt.Fprintf(&out, "Left .gitignore as it is; add to it:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(ignores), "\n", "\n  "))
	}
	next := s.Next
	if d := filepath.Dir(a.file); d != "." {
		next = slices.Concat([]starter.Step{{Command: "cd " + render.ShellWord(d)}}, next)
	}
	command := func(c string) string {
		if spec == "edgedeploy.yaml" {
			return c
		}
		return c + " -f " + render.ShellWord(spec)
	}
	next = slices.Concat(next, []starter.Step{
		{Command: command("edgedeploy test"), About: "what it answers to the fixtures; needs Node.js"},
		{Command: command("edgedeploy apply --local"), About: "on an AWS in this process; no account needed"},
	})
	return a.print(out.String() + "\n" + steps(next) + "\n" + s.Later(command("")))
}

// ownScript is a script of a starter's package.json that runs edgedeploy.
var ownScript = regexp.MustCompile(`"edgedeploy [a-z]+"`)

// steps are commands to type, each with what it does: beside it where that
// leaves room, otherwise below it.
func steps(list []starter.Step) string {
	fits := func(s starter.Step) bool { return len("  "+s.Command+"   "+s.About) <= 80 }
	width := 0
	for _, s := range list {
		if s.About != "" && fits(s) {
			width = max(width, len(s.Command))
		}
	}
	out := "Next:\n"
	for _, s := range list {
		line := "  " + s.Command
		switch beside := fmt.Sprintf("  %-*s   %s", width, s.Command, s.About); {
		case s.About == "":
		case fits(s) && len(beside) <= 80:
			line = beside
		default:
			line += "\n      " + s.About
		}
		out += line + "\n"
	}
	return out
}

// tops names files, and the folders that the others are in.
func tops(files map[string][]byte) []string {
	seen := map[string]bool{}
	for name := range files {
		top, _, folder := strings.Cut(name, "/")
		if folder {
			top += "/"
		}
		seen[top] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// writeNew writes files below dir, none of which may be there, and takes back
// what it wrote if one cannot be written.
func writeNew(dir string, files map[string][]byte) (err error) {
	names := slices.Sorted(maps.Keys(files))
	there := map[string][]byte{}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			there[name] = files[name]
		}
	}
	if len(there) > 0 {
		names, exist := tops(there), "exist"
		if len(names) == 1 {
			exist = "exists"
		}
		return &advisedError{
			fmt.Errorf("nothing was written: %s %s already in %s", strings.Join(names, ", "), exist, dir),
			"start in an empty folder: -f FOLDER/edgedeploy.yaml makes one",
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the starter: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("write the starter: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for i, name := range names {
		if err := writeOne(root, name, files[name]); err != nil {
			for _, written := range names[:i] {
				err = errors.Join(err, root.Remove(written))
			}
			return fmt.Errorf("write the starter: %w", err)
		}
	}
	return nil
}

// writeOne writes a file that is not there yet, and the folders it is in.
func writeOne(root *os.Root, name string, data []byte) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Close()); err != nil {
		return errors.Join(err, root.Remove(name))
	}
	return nil
}

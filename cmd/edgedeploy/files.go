package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
	"github.com/edgedeploy/edgedeploy/internal/start/provenance"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

func (a *app) validateCommand() *cobra.Command {
	var only bool
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the spec and the bundles; contacts nothing but https sources",
		Args:  a.takes(0, nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load()
			if err != nil {
				return err
			}
			a.loads.tell = true
			if only {
				err = a.aging(s)
			} else {
				_, err = a.bundles(cmd.Context(), s)
			}
			if err != nil {
				return err
			}
			text := fmt.Sprintf("%s is valid: stack %s, %s, %s.\n", a.file, s.Stack.Name,
				count(len(s.Stack.Functions), "function"), count(len(s.Stack.Distributions), "distribution"))
			same := func() string { return text }
			return a.document(same, func() ([]byte, error) {
				return render.ValidationJSON(render.Validation{Stack: s.Stack.Name, Problems: s.Warnings})
			}, same)
		},
	}
	a.loads.register(cmd.Flags())
	cmd.Flags().BoolVar(&only, "spec-only", false, "check the file alone, not the bundles it names")
	return cmd
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (a *app) buildCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "build",
		Aliases: []string{"package"},
		Short:   "Write the bundles as zips; contacts nothing but https sources",
		Long: `Build writes each function's zip and says what is in it: every file with its
share of the zip (of more than 40 the largest; -o json has all), the sections
dropped from a module (keep-names: keeps them), what .edgedeployignore left out,
and how much of the limits of the viewer triggers that it serves the zip takes.`,
		Args: a.takes(0, nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if info, err := os.Stat(out); err == nil && !info.IsDir() {
				return fileError(a.shown("out"), out, syscall.ENOTDIR)
			}
			s, err := a.load()
			if err != nil {
				return err
			}
			a.loads.tell = true
			all, err := a.bundles(cmd.Context(), s)
			if err != nil {
				return err
			}
			if out == "" {
				if out, err = connect.OwnFolder(s.top, "build", s.Stack.Name); err != nil {
					return err
				}
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fileError(a.shown("out"), out, err)
			}
			var bundles []render.Bundle
			for _, f := range s.Stack.Functions {
				b, err := all[f.Key].zipped()
				if err != nil {
					return err
				}
				file := filepath.Join(out, f.Key+".zip")
				if err := planfile.WriteWhole(file, b.Zip); err != nil {
					return err
				}
				bundles = append(bundles, s.bundleReport(b, file))
			}
			return a.document(
				func() string { return render.Bundles(bundles, a.out) },
				func() ([]byte, error) { return render.BundlesJSON(bundles) },
				func() string { return render.BundlesMarkdown(bundles) },
			)
		},
	}
	a.loads.register(cmd.Flags())
	cmd.Flags().StringVar(&out, "out", "", "the folder for the zips (default: .edgedeploy/build/STACK in the root)")
	return cmd
}

// bundleReport is what render is told of a bundle.
func (s *spec) bundleReport(b built, file string) render.Bundle {
	r := render.Bundle{
		Function: b.Key, File: file, Content: b.Content, CodeSHA256: b.CodeSHA256,
		ZipBytes: int64(len(b.Zip)), Uncompressed: b.Uncompressed,
		ABI: string(b.ABI), Trampoline: b.Bundle.Trampoline,
	}
	for _, f := range b.Files {
		r.Files = append(r.Files, render.BundleFile{Name: f.Name, Size: f.Size, Compressed: f.Compressed, Executable: f.Executable})
	}
	for _, d := range b.Dropped {
		r.Dropped = append(r.Dropped, render.BundleFile{Name: d.Name, Size: int64(d.Bytes)})
	}
	if b.LeftOut.Files > 0 {
		r.LeftOut = &render.LeftOut{Files: b.LeftOut.Files, Bytes: b.LeftOut.Bytes}
	}
	viewer := slices.DeleteFunc(s.triggers(b.Key), func(t associations.Trigger) bool { return !t.Viewer() })
	if len(viewer) > 0 {
		now := associations.CurrentLimits().With(s.Stack.Viewer, s.Stack.Origin)
		then := associations.FormerLimits().With(s.Stack.Viewer, s.Stack.Origin)
		r.Room = &render.Room{Triggers: viewer, Max: now.Viewer.ZipBytes, Former: then.Viewer.ZipBytes}
	}
	return r
}

func (a *app) schemaCommand() *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the spec, for editors, or of a document",
		Long: `Schema prints the JSON Schema of the spec, for editors. With --of it prints that
of a document that -o json gives: plan, result, status, drift, prune, destroy,
history, show, validation, bundles, tests, invocation, unlocking, version or
error.`,
		Args: a.takes(0, nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if of == "" || of == "spec" {
				return a.print(strings.TrimRight(string(stackspec.Schema()), "\n") + "\n")
			}
			if err := choice(cmd, a.shown("of"), of, append([]string{"spec"}, render.DocumentNames()...)); err != nil {
				return err
			}
			doc, _ := render.DocumentSchema(of) // it is one of them
			return a.print(string(doc))
		},
	}
	cmd.Flags().StringVar(&of, "of", "", "what to print the schema of: spec, or a document of -o json by its name")
	return cmd
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  a.takes(0, nil),
		RunE:  func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	build := provenance.ThisBuild()
	return a.document(build.Text, func() ([]byte, error) { return render.VersionJSON(render.Version(build)) }, build.Text)
}

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write the documents anew")

const (
	cliDoc = "../../docs/cli.md"
	marker = "<!-- Below: written by `go test ./cmd/edgedeploy -run TestTheCommandsAreDocumented -update` -->\n"
)

func testTree() *cobra.Command {
	a := &app{streams: Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, lookup: func(string) (string, bool) { return "", false }, calls: &callLog{}}
	return a.command()
}

func TestTheCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(cliDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, got, found := strings.Cut(string(doc), marker)
	if !found {
		t.Fatalf("%s has lost the line %q", cliDoc, marker)
	}
	want := commandsDoc(testTree())
	if *update {
		if err := os.WriteFile(cliDoc, []byte(head+marker+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the commands say; write it anew with -update:\n%s", cliDoc, diff)
	}
}

// commandsDoc writes what each command's help says.
func commandsDoc(root *cobra.Command) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "\n## Flags of every command\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	for _, c := range root.Commands() {
		if !c.IsAvailableCommand() || c.Name() == "help" {
			continue
		}
		fmt.Fprintf(&b, "\n## edgedeploy %s\n\n%s.\n", c.Use, c.Short)
		if c.Long != "" {
			fmt.Fprintf(&b, "\n```\n%s\n```\n", strings.TrimSpace(c.Long))
		}
		if len(c.Aliases) > 0 {
			fmt.Fprintf(&b, "\nAlso: `%s`.\n", strings.Join(c.Aliases, "`, `"))
		}
		if flags := c.NonInheritedFlags().FlagUsages(); flags != "" {
			fmt.Fprintf(&b, "\n```\n%s```\n", flags)
		}
	}
	return b.String()
}

func TestNoHelpIsWiderThanATerminal(t *testing.T) {
	t.Parallel()
	root := testTree()
	root.InitDefaultHelpCmd()
	seen := 0
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		seen++
		var b bytes.Buffer
		c.SetOut(&b)
		c.InitDefaultHelpFlag()
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "Usage:\n  edgedeploy") {
			t.Errorf("the help of %s has no usage:\n%s", c.CommandPath(), b.String())
		}
		for l := range strings.SplitSeq(b.String(), "\n") {
			if n := utf8.RuneCountInString(l); n > helpColumns {
				t.Errorf("%s --help has a line of %d columns:\n%s", c.CommandPath(), n, l)
			}
			if strings.Contains(l, "(default )") {
				t.Errorf("%s --help has a default that is nothing:\n%s", c.CommandPath(), l)
			}
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
	if seen < len(root.Commands()) {
		t.Errorf("saw only %d commands", seen)
	}
}

func TestEveryFlagMayComeFromTheEnvironment(t *testing.T) {
	t.Parallel()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"EDGEDEPLOY_OUTPUT": "json"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	if code := Main(context.Background(), []string{"version"}, Streams{In: os.Stdin, Out: out, Err: out}, lookup); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	doc, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(doc), "{") {
		t.Errorf("EDGEDEPLOY_OUTPUT=json printed %q", doc)
	}
	env["EDGEDEPLOY_OUTPUT"] = "yaml"
	if code := Main(context.Background(), []string{"version"}, Streams{In: os.Stdin, Out: out, Err: out}, lookup); code != exitFailed {
		t.Errorf("EDGEDEPLOY_OUTPUT=yaml ends with %d, want %d", code, exitFailed)
	}
}

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpColumns is how wide help is: it is for terminals, and those have 80.
const helpColumns = 80

// writeUsage writes what --help says below a command's own words. Cobra could do it
// by a template, but a program with a template of its own keeps every method of
// every type it links, and the AWS SDK has a great many: it was 10 MB more.
func writeUsage(c *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:")
	if c.Runnable() {
		b.WriteString("\n  " + c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\n  " + c.CommandPath() + " [command]")
	}
	if len(c.Aliases) > 0 {
		b.WriteString("\n\nAliases:\n  " + c.NameAndAliases())
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\n\nAvailable Commands:")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&b, "\n  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	flags := func(title string, f *pflag.FlagSet) {
		b.WriteString("\n\n" + title + ":\n" + strings.TrimRight(f.FlagUsagesWrapped(helpColumns), " \n"))
	}
	if c.HasAvailableLocalFlags() {
		flags("Flags", c.LocalFlags())
	}
	if c.HasAvailableInheritedFlags() {
		flags("Global Flags", c.InheritedFlags())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n\nUse \"%s [command] --help\" for more about a command.", c.CommandPath())
	}
	_, err := fmt.Fprintln(c.OutOrStderr(), b.String())
	return err
}

package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// takes are the arguments of a command: at most so many, none of them empty. right
// is what to type for one that is too many; it may be nil, and gives "" where it
// does not know.
func (a *app) takes(most int, right func(arg string) string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if i := slices.Index(args, ""); i >= 0 {
			return misused(cmd, "leave it out, or give one: is a variable unset?", "an argument of %s is empty", nameOf(cmd))
		}
		if len(args) <= most {
			return nil
		}
		extra := args[most]
		do := a.rightForm(cmd, extra)
		if right != nil && do == "" {
			do = right(extra)
		}
		if do == "" {
			do = stackForm(cmd, extra)
		}
		if most == 0 {
			return misused(cmd, do, "%s takes no arguments, and here is %s", nameOf(cmd), typed(extra))
		}
		return misused(cmd, do, "%s takes one argument, and here is %s too", nameOf(cmd), typed(extra))
	}
}

// rightForm is where an argument belongs that no command takes there; "" if that
// is not known.
func (a *app) rightForm(cmd *cobra.Command, arg string) string {
	if f := a.switchBefore(cmd, arg); f != "" {
		return f + " alone is on, " + f + "=false off"
	}
	switch strings.ToLower(filepath.Ext(arg)) {
	case ".yaml", ".yml":
		return "-f names the spec: " + cmd.CommandPath() + " -f " + render.ShellWord(typed(arg))
	case ".edplan":
		return "edgedeploy apply " + render.ShellWord(typed(arg)) + " runs a saved plan"
	}
	if arg == "help" {
		return cmd.CommandPath() + " --help"
	}
	if named, _, err := cmd.Root().Find([]string{arg}); err == nil && named.HasParent() {
		return "one command at a time; the other: edgedeploy " + named.Name()
	}
	return ""
}

// switchBefore is the flag right before a word that says yes or no, where that
// flag is one without a value; "" for none.
func (a *app) switchBefore(cmd *cobra.Command, arg string) string {
	if !slices.Contains([]string{"true", "false", "yes", "no", "on", "off"}, strings.ToLower(arg)) {
		return ""
	}
	for i, word := range a.args {
		if word != arg || i == 0 {
			continue
		}
		before := a.args[i-1]
		f := cmd.Flags().Lookup(strings.TrimLeft(before, "-"))
		if name := strings.TrimPrefix(before, "-"); f == nil && len(name) == 1 {
			f = cmd.Flags().ShorthandLookup(name)
		}
		if f != nil && f.Value.Type() == "bool" {
			return "--" + f.Name
		}
	}
	return ""
}

// stackForm is how a stack is named, for what may be one; "" where the command
// has no such flag.
func stackForm(cmd *cobra.Command, arg string) string {
	if cmd.Flags().Lookup("stack") == nil || !stackNames.MatchString(arg) || strings.Trim(arg, "0123456789") == "" {
		return ""
	}
	return "a stack is named so: " + cmd.CommandPath() + " --stack " + arg
}

// releaseArgument reads an optional release number; 0 for none. least is the
// smallest that there is.
func (a *app) releaseArgument(cmd *cobra.Command, args []string, least int) (int, error) {
	if len(args) == 0 {
		return 0, nil
	}
	n, err := strconv.Atoi(args[0])
	if err == nil && n >= least {
		return n, nil
	}
	right := "edgedeploy history lists the releases by number"
	m := wholeNumber.FindStringSubmatch(args[0])
	switch {
	case m != nil && err != nil:
		right = "did you mean " + cmd.CommandPath() + " " + m[1] + "?"
	case a.rightForm(cmd, args[0]) != "":
		right = a.rightForm(cmd, args[0])
	case err != nil && stackForm(cmd, args[0]) != "" && !slices.Contains(moments, args[0]):
		right = stackForm(cmd, args[0])
	case cmd.Name() == "show" && slices.Contains(moments, args[0]):
		right = "edgedeploy show alone shows the live release"
	case cmd.Name() == "rollback" && slices.Contains(moments, args[0]):
		right = "edgedeploy rollback alone undoes what is live"
	}
	return 0, misused(cmd, right, "a release is a number from %d, not %s", least, quoted(args[0]))
}

// moments are words for a release that history knows by number.
var moments = []string{"latest", "last", "live", "current", "previous", "newest", "head", "prev"}

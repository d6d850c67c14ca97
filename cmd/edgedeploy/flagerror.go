package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/internal/nearest"
)

// flagError says in words of its own what pflag found wrong with a flag.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if e.GetSpecifiedShortnames() != "" {
			return a.unknownShorthand(cmd, e.GetSpecifiedShortnames())
		}
		return unknownFlag(cmd, "--", e.GetSpecifiedName())
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		f := e.GetFlag()
		shown := "--" + f.Name
		if e.GetSpecifiedShortnames() != "" {
			shown = "-" + f.Shorthand
		}
		return misused(cmd, "say "+shown+" "+placeholder(f), "%s needs a value, and nothing follows it", shown)
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return valueError(cmd, e.GetFlag(), "--"+e.GetFlag().Name, e.GetValue())
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return misused(cmd, "a flag is two dashes and a name: --local", "%s is no flag", typed(e.GetSpecifiedFlag()))
	}
	return misused(cmd, "", "%s", err.Error())
}

// unknownShorthand is about letters behind one dash, the first of which is not
// known. Of a whole word the name is meant: -target=x.
func (a *app) unknownShorthand(cmd *cobra.Command, letters string) error {
	whole := letters
	for _, arg := range a.args {
		if word, ok := strings.CutPrefix(arg, "-"); ok && strings.HasSuffix(word, letters) && !strings.HasPrefix(word, "-") {
			whole = word
			break
		}
	}
	name, _, _ := strings.Cut(whole, "=")
	if name == "" {
		return misused(cmd, "a flag is two dashes and a name: --local", "-%s is no flag", typed(whole))
	}
	if n := strings.Trim(name, "0123456789"); n == "" {
		right := "see " + cmd.CommandPath() + " --help"
		if strings.Contains(cmd.Use, "RELEASE") || strings.Contains(cmd.Use, "[N]") {
			right = "a number has no dash here: " + cmd.CommandPath() + " " + typed(name)
		}
		return misused(cmd, right, "%s has no flag -%s", nameOf(cmd), typed(name))
	}
	if whole == letters && len([]rune(name)) > 1 {
		return unknownFlag(cmd, "-", name)
	}
	letter := string([]rune(letters)[:1])
	if whole == letter {
		return unknownFlag(cmd, "-", letter)
	}
	return misused(cmd, "", "%s has no flag -%s, which is in -%s", nameOf(cmd), letter, typed(whole))
}

// unknownFlag says what may be meant by a flag that a command does not have.
func unknownFlag(cmd *cobra.Command, dashes, name string) error {
	var own []string
	visit := func(f *pflag.Flag) {
		if !f.Hidden {
			own = append(own, f.Name)
		}
	}
	cmd.Flags().VisitAll(visit)
	cmd.InheritedFlags().VisitAll(visit)
	right := flagHabit(cmd, name)
	if right == "" {
		right = elsewhere(cmd, name)
	}
	if near := nearest.Word(name, own); right == "" && near != "" && len(name) > 1 {
		right = "did you mean --" + near + "?"
	}
	if near := nearest.Word(name, allFlags(cmd.Root())); right == "" && near != "" && len(name) > 1 {
		right = "did you mean --" + near + "? " + elsewhere(cmd, near)
		if !cmd.HasParent() {
			right = elsewhere(cmd, near)
		}
	}
	return misused(cmd, cmp.Or(right, cmd.CommandPath()+" --help lists its flags"), "%s has no flag %s%s", nameOf(cmd), dashes, typed(name))
}

// allFlags are those of all commands.
func allFlags(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	}
	return names
}

// deletes marks the commands that delete.
var deletes = map[string]int{"destroy": 1, "prune": 1}

// elsewhere names the commands that do have a flag; "" for none.
func elsewhere(cmd *cobra.Command, name string) string {
	var have []string
	for _, c := range cmd.Root().Commands() {
		if c.IsAvailableCommand() && c.LocalFlags().Lookup(name) != nil {
			have = append(have, c.Name())
		}
	}
	// What deletes is no example: it comes last.
	slices.SortStableFunc(have, func(a, b string) int { return cmp.Compare(deletes[a], deletes[b]) })
	if !cmd.HasParent() && len(have) > 0 {
		return "a command comes first: edgedeploy " + have[0] + " --" + name
	}
	const most = 4
	switch n := len(have); {
	case n == 0:
		return ""
	case n == 1:
		return "edgedeploy " + have[0] + " has it"
	case n <= most:
		return strings.Join(have[:n-1], ", ") + " and " + have[n-1] + " have it"
	default:
		return strings.Join(have[:most], ", ") + " and others have it"
	}
}

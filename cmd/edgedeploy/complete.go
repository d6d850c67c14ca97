package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/internal/handlers/starter"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// completer gives the values that a shell may offer for a flag or an argument,
// each with a description behind a tab.
type completer = cobra.CompletionFunc

// completed gives every command what completes its arguments and the values of its
// flags. Where nothing is known, files are not offered in its place.
func (a *app) completed(root *cobra.Command) {
	for _, c := range append(root.Commands(), root) {
		if c.ValidArgsFunction == nil && c.ValidArgs == nil {
			c.ValidArgsFunction = a.argumentsOf(c.Name())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "bool" {
				return
			}
			// It only fails for a flag that is not there, or has one already.
			if err := c.RegisterFlagCompletionFunc(f.Name, a.valuesOf(c.Name(), f.Name)); err != nil {
				panic(err)
			}
		})
	}
}

// argumentsOf completes the arguments of a command.
func (a *app) argumentsOf(command string) completer {
	switch command {
	case "apply":
		return first(files("edplan"))
	case "rollback":
		return first(a.releases(wentLive))
	case "show":
		return first(a.releases(every))
	case "resume":
		return first(a.heldReleases)
	case "unlock":
		return first(a.lockHolder)
	case "invoke":
		return first(a.functions)
	case "help":
		return first(func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range cmd.Root().Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		})
	}
	return nothing
}

// valuesOf completes the value of a command's flag.
func (a *app) valuesOf(command, flag string) completer {
	switch flag {
	case "output":
		return these("text\tfor people", "json\tone document, for programs", "markdown\tfor pull requests")
	case "on-failure":
		return these("stop\tleave the release in flight", "rollback\tundo it")
	case "trigger":
		return these(triggerNames()...)
	case "lang":
		return these(starter.Languages()...)
	case "file":
		return files("yaml", "yml", "json")
	case "event":
		return files("json")
	case "root", "chdir", "local-data", "cache-dir", "sdk":
		return folders
	case "out":
		if command == "build" {
			return folders
		}
		return files("edplan")
	case "node", "python":
		return anyFile
	case "profile":
		return a.profiles
	case "stack":
		return a.stacks
	case "function":
		return a.functions
	case "to":
		return a.releases(wentLive)
	case "of":
		if command == "schema" {
			return these(append([]string{"spec"}, render.DocumentNames()...)...)
		}
		return a.releases(undoable)
	}
	return nothing
}

// first completes nothing behind the first argument.
func first(c completer) completer {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nothing(cmd, args, begun)
		}
		return c(cmd, args, begun)
	}
}

func nothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func anyFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func files(extensions ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

func these(values ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// silently prepares for a look at the spec or the account: it says nothing, and
// reports whether the command line so far can be understood.
func (a *app) silently(cmd *cobra.Command) bool {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	a.streams.Err = null // until the process ends, which is next
	return a.settle(cmd) == nil
}

// functions are those of the spec.
func (a *app) functions(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if !a.silently(cmd) {
		return nothing(cmd, nil, "")
	}
	s, err := a.load()
	if err != nil {
		return nothing(cmd, nil, "")
	}
	var list []string
	for _, key := range s.functionKeys() {
		var bound []string
		for _, t := range s.triggers(key) {
			bound = append(bound, string(t))
		}
		list = append(list, described(key, strings.Join(bound, ", ")))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// stacks is that of the spec: an account does not tell of others without a listing
// of all its functions.
func (a *app) stacks(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if a.stack = ""; !a.silently(cmd) {
		return nothing(cmd, nil, "")
	}
	if name := a.peek(); name != "" {
		return []string{name}, cobra.ShellCompDirectiveNoFileComp
	}
	return nothing(cmd, nil, "")
}

// profiles are the names in the AWS configuration files. The SDK tells no list.
func (a *app) profiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	home, _ := a.lookup("HOME")
	var names []string
	for variable, usual := range map[string]string{"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "credentials"} {
		file, _ := a.lookup(variable)
		if file == "" {
			file = filepath.Join(home, ".aws", usual)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			name, ok := strings.CutPrefix(strings.TrimSpace(line), "[")
			name, closed := strings.CutSuffix(name, "]")
			kind, rest, several := strings.Cut(strings.TrimSpace(name), " ")
			switch {
			case !ok || !closed || several && kind != "profile":
			case several:
				names = append(names, strings.TrimSpace(rest))
			default:
				names = append(names, kind)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

// described is a value with a description, which a shell shows beside it.
func described(value, about string) string {
	const most = 60
	about = strings.Join(strings.Fields(about), " ")
	if r := []rune(about); len(r) > most {
		about = string(r[:most]) + "…"
	}
	if about == "" {
		return value
	}
	return value + "\t" + about
}

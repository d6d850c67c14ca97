package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/internal/nearest"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// usageError says that the command line, or a variable in its place, is not
// understood.
type usageError struct {
	command string // as it is typed: edgedeploy plan
	what    string // what is wrong, and where
	right   string // what to type instead; "" where only the help can say it
}

func (e *usageError) Error() string { return e.what }

// advice is what to do instead.
func (e *usageError) advice() string { return cmp.Or(e.right, "see "+e.command+" --help") }

// misused says what is wrong with a command line, and what is right ("" for a look
// at the help).
func misused(cmd *cobra.Command, right, format string, args ...any) error {
	return &usageError{command: cmd.CommandPath(), what: fmt.Sprintf(format, args...), right: right}
}

// nameOf is a command in a sentence: plan, or edgedeploy itself.
func nameOf(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return cmd.Name()
	}
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// typed is a word of the command line as a sentence repeats it: in one line, and
// no longer than leaves room for the sentence.
func typed(word string) string {
	const most = 30
	word = render.Clean(word)
	if utf8.RuneCountInString(word) > most {
		word = string([]rune(word)[:most]) + "…"
	}
	return word
}

// quoted is a value as a sentence repeats it.
func quoted(value string) string { return `"` + typed(value) + `"` }

// knownCommand refuses what is no command, and says which one may be meant.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if args[0] == "" {
		return misused(cmd, "is a variable unset that should name it?", "the command is empty")
	}
	right := commandHabits[strings.ToLower(args[0])]
	if right == "" {
		var names []string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				names = append(append(names, c.Name()), c.Aliases...)
			}
		}
		right = meant(nearest.Word(args[0], names))
	}
	return misused(cmd, cmp.Or(right, "edgedeploy --help lists the commands"), "there is no command %s", typed(args[0]))
}

// meant asks whether a word was meant; "" for none.
func meant(word string) string {
	if word == "" {
		return ""
	}
	return "did you mean " + word + "?"
}

// choice refuses a value that is none of a few.
func choice(cmd *cobra.Command, shown, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	list := strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
	return misused(cmd, cmp.Or(meant(nearest.Word(value, known)), "say "+list), "%s cannot be %s", shown, quoted(value))
}

// shown is a flag by the name that the user gave it: that of its variable, if
// that set it.
func (a *app) shown(flag string) string {
	if a.fromEnv[flag] {
		return variable(flag)
	}
	return "--" + flag
}

// variable is the environment's name of a flag.
func variable(flag string) string {
	return "EDGEDEPLOY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

var longUnit = regexp.MustCompile(`^([0-9]{1,9}) ?(s|m|h)(?:ecs?|econds?|ins?|inutes?|rs?|ours?)$`)

var wholeNumber = regexp.MustCompile(`^[vVrR#n]*\s*([0-9]{1,9})$`)

// valueError says what the value of a flag has to be, in other words than those
// of Go's parsers. shown is the flag, or the variable in its place.
func valueError(cmd *cobra.Command, f *pflag.Flag, shown, value string) error {
	switch f.Value.Type() {
	case "bool":
		alone := shown + " alone is on, " + shown + "=false off"
		if shown != "--"+f.Name {
			alone = "say true or false, or leave it unset"
		}
		return misused(cmd, alone, "%s is true or false, not %s", shown, quoted(value))
	case "duration":
		right := "such as 90s, 5m or 1h30m"
		if m := wholeNumber.FindStringSubmatch(value); m != nil {
			right = fmt.Sprintf("did you mean %sm, or %ss?", m[1], m[1])
		} else if m := longUnit.FindStringSubmatch(strings.ToLower(value)); m != nil {
			right = meant(m[1] + m[2])
		}
		return misused(cmd, right, "%s is a duration with its unit, not %s", shown, quoted(value))
	case "int":
		if m := wholeNumber.FindStringSubmatch(value); m != nil {
			return misused(cmd, meant(m[1]), "%s is a whole number, not %s", shown, quoted(value))
		}
		right := "such as 20"
		if f.Name == "to" || f.Name == "of" {
			right = "edgedeploy history lists the releases by number"
		}
		return misused(cmd, right, "%s is a whole number, not %s", shown, quoted(value))
	default: // a list, whose words may be quoted
		return misused(cmd, `close the quotation mark, or leave it out`, "%s has a quotation mark that is not in place: %s", shown, typed(value))
	}
}

// swallowed finds a flag of the command line that has another flag as its value,
// as in -f --local: the value was forgotten. So is an empty one, of a variable that
// is not set: --stack "$STACK" would be another stack's then.
func (a *app) swallowed(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		kind := f.Value.Type()
		if err != nil || !f.Changed || a.fromEnv[f.Name] || kind != "string" && kind != "stringSlice" {
			return
		}
		value := strings.Trim(f.Value.String(), "[]")
		shown := "--" + f.Name
		name, _, _ := strings.Cut(strings.TrimLeft(value, "-"), "=")
		switch {
		case value == "" && f.Name != "message":
			err = misused(cmd, "leave it out, or give it one: is a variable unset?", "%s has an empty value", shown)
		case !strings.HasPrefix(value, "-") || name == "" || a.joined(f, value):
		case cmd.Flags().Lookup(name) != nil, len(name) == 1 && cmd.Flags().ShorthandLookup(name) != nil:
			err = misused(cmd, "say "+shown+" "+placeholder(f)+", or "+typed(shown+"="+value)+" if that is it", "%s needs a value, and %s is a flag", shown, typed(value))
		}
	})
	return err
}

// joined reports whether a flag and its value are one word of the command line:
// then the value is meant.
func (a *app) joined(f *pflag.Flag, value string) bool {
	return slices.ContainsFunc(a.args, func(arg string) bool {
		return arg == "--"+f.Name+"="+value || arg == "-"+f.Name+"="+value || f.Shorthand != "" && strings.HasPrefix(arg, "-"+f.Shorthand) && strings.HasSuffix(arg, value) && arg != value
	})
}

// placeholder stands for the value of a flag in a sentence.
func placeholder(f *pflag.Flag) string {
	switch f.Name {
	case "file", "event", "out", "node", "python":
		return "FILE"
	case "root", "chdir", "local-data", "cache-dir", "sdk":
		return "FOLDER"
	case "endpoint-url":
		return "URL"
	case "listen":
		return "ADDRESS"
	case "output":
		return "json"
	case "lang":
		return "rust"
	case "trigger":
		return "viewer-request"
	case "on-failure":
		return "rollback"
	case "message":
		return "TEXT"
	}
	switch f.Value.Type() {
	case "duration":
		return "5m"
	case "int":
		return "N"
	}
	return "NAME"
}

// badPattern says why a regular expression is none.
func badPattern(cmd *cobra.Command, shown string, err error) error {
	why := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		why = fmt.Sprintf("%s in %s", e.Code, quoted(e.Expr))
	}
	return misused(cmd, `a backslash before ( ) [ ] . * + ? takes them as they are`, "%s is no regular expression: %s", shown, why)
}

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/internal/nearest"
)

// guards are the flags that lower one. They have to be said: a variable that was
// set once, for one run, would lower it for every later one.
var guards = []string{"adopt", "allow-detach", "with-policy", "run-builds", "listen-anyone", "allow-origin", "allow-env", "allow-deprecated"}

// settle reads the environment's flags and decides the styles. It runs before
// every command.
func (a *app) settle(cmd *cobra.Command) error {
	a.running, a.fromEnv = cmd.Name(), map[string]bool{}
	var bad error
	var ignored []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		value, set := a.lookup(name)
		// A pipeline that has nothing to say sets a variable to nothing.
		if f.Changed || !set || value == "" || f.Name == "help" || bad != nil {
			return
		}
		if f.Name == "auto-approve" && cmd.Flags().Changed("yes") {
			return // the same answer by another name, and the command line wins
		}
		if slices.Contains(guards, f.Name) {
			if on, err := strconv.ParseBool(value); on || err != nil {
				ignored = append(ignored, fmt.Sprintf("%s is ignored: --%s lowers a guard and has to be said", name, f.Name))
			}
			return
		}
		a.fromEnv[f.Name] = true
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			bad = valueError(cmd, f, name, value)
		}
	})
	if bad != nil {
		return bad
	}
	if err := a.swallowed(cmd); err != nil {
		return err
	}
	if err := choice(cmd, a.shown("output"), a.output, outputs); err != nil {
		return err
	}
	if err := a.checkStack(cmd); err != nil {
		return err
	}
	a.named = cmd.Flags().Changed("file")
	if err := a.changeFolder(); err != nil {
		return err
	}
	a.settled = true
	a.style()
	for _, text := range append(ignored, a.misnamed(cmd.Root())...) {
		a.warn(text)
	}
	return nil
}

// misnamed tells of variables that look like one of a flag and are none: what one
// was to say, such as which AWS is meant, is not known then.
func (a *app) misnamed(root *cobra.Command) []string {
	known := []string{"EDGEDEPLOY_ACTOR"}
	for _, c := range append(root.Commands(), root) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { known = append(known, variable(f.Name)) })
	}
	var texts []string
	for _, pair := range a.streams.Environ {
		name, value, _ := strings.Cut(pair, "=")
		word, ours := strings.CutPrefix(name, "EDGEDEPLOY_")
		if !ours || value == "" || slices.Contains(known, name) || slices.Contains(a.allowEnv, name) {
			continue
		}
		var words []string
		for _, k := range known {
			words = append(words, strings.TrimPrefix(k, "EDGEDEPLOY_"))
		}
		if near := nearest.Typo(word, words); near != "" {
			texts = append(texts, fmt.Sprintf("nothing reads %s: did you mean EDGEDEPLOY_%s?", name, near))
		}
	}
	return texts
}

// outputs are the forms of a document.
var outputs = []string{"text", "json", "markdown"}

// saidOutput is --output as far as it can be told of a command line that is not
// understood, so that a program gets the form of an error that it asked for.
func saidOutput(args []string, lookup func(string) (string, bool)) string {
	said, _ := lookup("EDGEDEPLOY_OUTPUT")
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if m := outputFlag.FindStringSubmatch(arg); m != nil {
			value := m[1]
			if value == "" && i+1 < len(args) {
				value = args[i+1]
			}
			if slices.Contains(outputs, value) {
				said = value
			}
		}
	}
	return said
}

// outputFlag is --output or -output, or -o behind flags that take no value, with
// the value if it is in the same word.
var outputFlag = regexp.MustCompile(`^(?:--?output|-[hvy]*o)(?:$|=?(.*)$)`)

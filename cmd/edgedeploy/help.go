package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// help writes what --help says. Behind what is no command there is none, and
// --help is no reason to end well: Main gives what a.unhelped says.
func (a *app) help(cmd *cobra.Command, _ []string) {
	if !cmd.HasParent() {
		if a.unhelped = knownCommand(cmd, cmd.Flags().Args()); a.unhelped != nil {
			return
		}
	}
	text := strings.TrimSpace(cmd.Long)
	if text == "" {
		text = cmd.Short
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), text+"\n"); err != nil {
		a.unhelped = err
		return
	}
	a.unhelped = cmd.Usage()
}

func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Say what a command does",
		Args:  a.takes(1, nil),
		// Cobra adds this command when the others have what completes them.
		ValidArgsFunction: a.argumentsOf("help"),
		RunE: func(cmd *cobra.Command, args []string) error {
			about, _, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if !about.HasParent() {
				if err := knownCommand(about, args); err != nil {
					return err
				}
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// shells are those that completion is written for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print what a shell completes commands, flags and values by",
		Long: `Completion prints a script for a shell, to be read when that starts:

  bash         source <(edgedeploy completion bash)
  zsh          source <(edgedeploy completion zsh)
  fish         edgedeploy completion fish | source
  powershell   edgedeploy completion powershell | Out-String | Invoke-Expression

Values are completed too: functions and stacks from the spec, releases from the
account, where it answers within a second. Nothing is asked for meanwhile, and
no program is run for credentials.`,
		Args:      a.takes(1, nil),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misused(cmd, "say "+strings.Join(shells[:3], ", ")+" or "+shells[3], "completion needs the name of a shell")
			}
			if err := choice(cmd, "the shell", args[0], shells); err != nil {
				return err
			}
			return a.completionScript(cmd.Root(), args[0], cmd.OutOrStdout())
		},
	}
}

func (a *app) completionScript(root *cobra.Command, shell string, out io.Writer) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(out, true)
	case "zsh":
		return root.GenZshCompletion(out)
	case "fish":
		return root.GenFishCompletion(out, true)
	default:
		return root.GenPowerShellCompletionWithDesc(out)
	}
}

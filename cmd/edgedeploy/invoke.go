package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

type invokeFlags struct {
	event   string
	trigger string
	programs
}

func (a *app) invokeCommand() *cobra.Command {
	var flags invokeFlags
	cmd := &cobra.Command{
		Use:   "invoke [FUNCTION] --event FILE",
		Short: "Run a packed function with one event, and judge its result",
		Long: `Invoke packs a function of the spec as apply would, runs it in Node.js, or
in Python if that is its runtime, with one event, prints the result on stdout
and, on stderr, what was logged and what CloudFront would find wrong with the
result at that trigger. FUNCTION may be left out where the spec has only one.

  edgedeploy invoke site --event fixtures/viewer-request-www.event.json
  edgedeploy invoke site --event - < event.json

The event is a whole one ({"Records": [{"cf": …}]}) or only what is in cf. One
without config.eventType is for --trigger, or else for the only trigger that the
spec binds the function to.

The handler runs with the function's memory and timeout, without the environment
of this shell; it is no sandbox. Exit code 0: CloudFront would take the result.
Exit code 1: the handler failed, or CloudFront would refuse what it returned.`,
		Args: a.takes(1, func(arg string) string {
			if strings.HasSuffix(arg, ".json") {
				return "--event names the event: --event " + render.ShellWord(typed(arg))
			}
			return ""
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case flags.event == "":
				right := "say --event FILE, or --event - for stdin"
				if len(args) == 1 && strings.HasSuffix(args[0], ".json") {
					right = "edgedeploy invoke --event " + render.ShellWord(typed(args[0]))
				}
				return misused(cmd, right, "invoke needs an event")
			case len(flags.node) > 1:
				return misused(cmd, "name one; edgedeploy test takes several", "invoke runs in one Node.js, and %s names %d", a.shown("node"), len(flags.node))
			}
			given, err := a.trigger(cmd, flags.trigger)
			if err != nil {
				return err
			}
			return a.invoke(cmd, args, flags, given)
		},
	}
	cmd.Flags().StringVar(&flags.event, "event", "", "the event's file; - is stdin")
	triggerFlag(cmd.Flags(), &flags.trigger, "the trigger of an event that does not name it")
	flags.programs.register(cmd.Flags())
	return cmd
}

func (a *app) invoke(cmd *cobra.Command, args []string, flags invokeFlags, given result.Trigger) error {
	ctx := cmd.Context()
	all, err := a.load()
	if err != nil {
		return err
	}
	function, err := all.invoked(cmd, args)
	if err != nil {
		return err
	}
	s, err := all.only(function)
	if err != nil {
		return err
	}
	event, err := a.readEvent(s, function, flags.event, given)
	if err != nil {
		return err
	}
	if given != "" && event.Trigger != given {
		return fmt.Errorf("%s is an event of %s, and --trigger says %s", flags.event, event.Trigger, given)
	}
	packed, err := a.build(ctx, s, nil)
	if err != nil {
		return err
	}
	b := packed[function]
	engines, err := a.engines(ctx, flags.programs, b.Config.Runtime)
	if err != nil {
		return err
	}
	e := engines[0]
	a.otherRuntime(b, e)
	f, err := flags.runs(b)
	if err != nil {
		return err
	}
	session, err := e.Run(ctx, f, [][]byte{event.JSON()})
	if err != nil {
		return err
	}
	out := invocation(event, session)
	out.Function = function
	if out.Node, out.Python = e.node, e.python; out.Python != "" {
		out.PythonPath = e.path
	} else {
		out.NodePath = e.path
	}
	if !out.Valid {
		a.exit = exitFailed
	}
	return a.showInvocation(out)
}

// invoked is the function that is meant: the one that is named, or the only one.
func (s *spec) invoked(cmd *cobra.Command, args []string) (string, error) {
	keys := s.functionKeys()
	switch {
	case len(args) == 1:
		return args[0], nil
	case len(keys) != 1:
		return "", misused(cmd, "name one: "+shortList(keys), "invoke runs one function, and %s has %d", typed(s.file), len(keys))
	}
	return keys[0], nil
}

// invocation is what render is told of one event.
func invocation(event result.Event, s node.Session) render.Invocation {
	i := render.Invocation{
		Trigger: string(event.Trigger), LoadMS: milliseconds(s.LoadTime),
		Logs: append(logEntries(s.LoadLogs), stray(s)...),
	}
	if s.Load != nil {
		i.Failure, i.Stack = "does not load: "+withSDK(s.Load), s.Load.Stack
		return i
	}
	o := s.Outcomes[0]
	i.MS, i.Logs = milliseconds(o.Duration), append(i.Logs, logEntries(o.Logs)...)
	if o.Error != nil {
		i.Failure, i.Stack = withSDK(o.Error), o.Error.Stack
		return i
	}
	i.Result, i.Violations = o.Result, judge(event, o)
	i.Valid = !result.Refused(i.Violations)
	return i
}

// stray is what went past the console.
func stray(s node.Session) []render.LogEntry {
	if s.Stray == "" {
		return nil
	}
	return []render.LogEntry{{Level: "output", Text: s.Stray}}
}

func (a *app) showInvocation(i render.Invocation) error {
	text, err := render.InvocationResult(i)
	if err != nil {
		return err
	}
	err = a.document(
		func() string { return text },
		func() ([]byte, error) { return render.InvocationJSON(i) },
		func() string { return render.InvocationMarkdown(i) },
	)
	if a.output == "text" {
		a.say(render.InvocationNotes(i, a.err))
	}
	return err
}

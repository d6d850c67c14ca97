package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/screen/term"
)

// Streams are what a command reads and writes.
type Streams struct {
	In       *os.File
	Out, Err *os.File
	// Now is the clock that runtimes age by; nil is the machine's.
	Now func() time.Time
	// Environ are the variables there are, as os.Environ has them: those that are
	// mistyped are warned of. nil is for none.
	Environ []string
}

// app is one run of the program: its streams, its environment and the flags
// that every command has.
type app struct {
	streams  Streams
	args     []string // as they were typed
	lookup   func(string) (string, bool)
	env      term.Env
	facts    term.Facts // of stderr, where progress and questions go
	out, err render.Style

	file, stack, root string
	chdir             string
	named             bool // the spec, by -f
	foundAbove        bool // the spec, in a folder above
	output            string
	profile, endpoint string
	local             bool
	localData         string
	cacheDir          string
	offline           bool
	verbose           bool
	color, noColor    bool
	version           bool
	allowEnv          []string
	loads             loadFlags // of the commands that pack
	calls             *callLog
	exit              int             // what the command ends with when it returns no error
	wrote             bool            // a document went to stdout already
	doc               *spec           // for the positions of what an error is about
	near              []string        // distributions that a wrong name may have meant
	running           string          // the command's name
	saved             string          // the plan file that is applied
	planned           plan.Plan       // the plan that was made or opened to be run
	applied           release.Release // what an earlier run of that file made, which is live
	appliedWrote      bool            // that run had slots to write
	fromEnv           map[string]bool // flags that the environment set
	settled           bool            // the flags are understood, with those of the environment
	unhelped          error           // why there was no help

	board atomic.Pointer[board] // of the run that goes on, for ^C
}

// defaultFile is the spec where -f names none.
const defaultFile = "edgedeploy.yaml"

// Main runs one command and gives the exit code. It reads the environment only
// through lookup.
func Main(ctx context.Context, args []string, s Streams, lookup func(string) (string, bool)) int {
	if s.Now == nil {
		s.Now = time.Now
	}
	a := &app{streams: s, args: args, lookup: lookup, calls: &callLog{}}
	a.style()
	soft, stop := term.Interrupts(ctx, term.Handlers{
		First:  func(os.Signal) { a.interrupted(false) },
		Second: func() { a.interrupted(true) },
	})
	defer stop()
	root := a.command()
	root.SetArgs(singleDashes(root, args))
	err := root.ExecuteContext(soft)
	if !a.settled {
		a.output = saidOutput(args, lookup)
	}
	a.calls.report(a)
	if err == nil {
		err = a.unhelped
	}
	if err == nil {
		return a.exit
	}
	return a.fail(err)
}

// interrupted tells a person what ^C does. Where nothing is in flight, the
// command ends at once and says what there is to say.
func (a *app) interrupted(again bool) {
	b := a.board.Load()
	switch {
	case b == nil:
	case again:
		a.say("edgedeploy: stopped at once; the same command goes on from whatever was reached\n")
	default:
		b.tell("edgedeploy: finishing what is in flight; ^C again stops at once")
	}
}

// fail says what went wrong and what to do, and gives the exit code.
func (a *app) fail(err error) int {
	code, hint := exitCode(err), a.hint(err)
	problems, rest := problemsOf(err), error(nil)
	if len(problems) == 0 {
		if problems, rest = a.placed(err); len(problems) > 0 && rest != nil {
			hint = a.hint(rest)
		}
	}
	if len(problems) > 0 && a.output != "json" {
		a.say(render.Problems(problems, a.err))
		if is[*noStackError](err) {
			a.say(render.Hint(hint, a.err))
		}
	}
	if rest != nil && !errors.Is(rest, errShown) {
		a.say(render.Error(rest, hint, a.err))
	}
	if a.output == "json" && !a.wrote {
		if doc, jerr := a.failure(failed{err, hint, code, problems}); jerr == nil {
			_, _ = a.streams.Out.Write(doc)
		}
	}
	return code
}

// command builds the tree. There is no package-level state: two calls give two
// independent trees.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "edgedeploy",
		Short: "Deploy WebAssembly handlers to Lambda@Edge and CloudFront",
		Long: `edgedeploy publishes WebAssembly handlers as Lambda@Edge versions, associates
them with CloudFront cache behaviors, and takes them back again, from one spec.

It changes only the slots that the spec names: a distribution, a path pattern
and a trigger. Everything else in a distribution stays byte for byte as it is.
Releases are kept in Lambda itself, so there is no state file to lose.

Start with:  edgedeploy init
             edgedeploy apply --local     (an AWS in this process, no account)`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.CalledAs() == cobra.ShellCompRequestCmd || cmd.CalledAs() == cobra.ShellCompNoDescRequestCmd {
				return nil // of the command line that is completed, not of this one
			}
			return a.settle(cmd)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.version {
				return a.printVersion()
			}
			return cmd.Help()
		},
	}
	root.SetUsageFunc(writeUsage)
	root.SetOut(a.streams.Out)
	root.SetErr(a.streams.Err)
	root.SetIn(a.streams.In)
	a.globalFlags(root.PersistentFlags())
	root.SetFlagErrorFunc(a.flagError)
	root.SetHelpFunc(a.help)
	root.SetHelpCommand(a.helpCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	root.Flags().BoolVar(&a.version, "version", false, "print the version")
	root.AddCommand(
		a.initCommand(), a.validateCommand(), a.buildCommand(), a.planCommand(), a.applyCommand(),
		a.rollbackCommand(), a.statusCommand(), a.historyCommand(), a.showCommand(), a.unlockCommand(),
		a.resumeCommand(), a.driftCommand(), a.pruneCommand(), a.destroyCommand(), a.policyCommand(), a.localCommand(), a.invokeCommand(), a.testCommand(), a.schemaCommand(), a.versionCommand(),
		a.completionCommand(),
	)
	a.completed(root)
	return root
}

func (a *app) globalFlags(f *pflag.FlagSet) {
	f.StringVarP(&a.file, "file", "f", defaultFile, "the spec; without it also in the folders above, up to the root")
	f.StringVarP(&a.chdir, "chdir", "C", "", "go to this folder first")
	f.StringVar(&a.root, "root", "", "the project's root, which no path may leave (default: the folder with .git above the spec)")
	f.StringVarP(&a.output, "output", "o", "text", "text, json or markdown")
	f.StringVar(&a.profile, "profile", "", "profile of ~/.aws/config")
	f.StringVar(&a.endpoint, "endpoint-url", "", "send every AWS call to this URL")
	f.BoolVar(&a.local, "local", false, "use the local AWS: no account and no credentials")
	f.StringVar(&a.localData, "local-data", "", "where the local AWS keeps its data (default: .edgedeploy/local in the root)")
	f.StringVar(&a.cacheDir, "cache-dir", "", "where sources that were fetched are kept (default: edgedeploy in the user's cache folder)")
	f.BoolVar(&a.offline, "offline", false, "fetch no source: what the cache does not have is an error")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "print each AWS call to stderr")
	f.BoolVar(&a.color, "color", false, "colour even without a terminal")
	f.BoolVar(&a.noColor, "no-color", false, "no colour, and no escape code of any other kind")
	f.StringSliceVar(&a.allowEnv, "allow-env", nil, "let the spec read this environment variable (may be repeated)")
}

// stackFlag is for commands that need no spec.
func (a *app) stackFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.stack, "stack", "", "the stack's name; no spec is read then")
}

// style decides colour and width: flags first, then NO_COLOR and the like,
// then whether there is a terminal.
func (a *app) style() {
	a.env = term.ReadEnv(a.lookup)
	a.facts = term.Look(a.streams.Err, a.env)
	out := term.Look(a.streams.Out, a.env)
	a.out = render.Style{Color: a.colored(out), Width: out.Width}
	a.err = render.Style{Color: a.colored(a.facts), Width: a.facts.Width}
}

func (a *app) colored(f term.Facts) bool {
	switch {
	case a.noColor:
		return false
	case a.color:
		return true
	}
	return f.Color
}

// print writes a command's result to stdout.
func (a *app) print(text string) error {
	a.wrote = true
	_, err := io.WriteString(a.streams.Out, text)
	return err
}

// say writes to stderr what is not the command's result.
func (a *app) say(text string) { _, _ = io.WriteString(a.streams.Err, text) }

// warn writes a warning to stderr, also while a run's progress is shown, and
// from any goroutine.
func (a *app) warn(text string) { a.tell(strings.TrimRight(render.Warning(text, a.err), "\n")) }

// document picks one of three forms of a result.
func (a *app) document(text func() string, json func() ([]byte, error), markdown func() string) error {
	switch a.output {
	case "json":
		doc, err := json()
		if err != nil {
			return err
		}
		return a.print(strings.TrimRight(string(doc), "\n") + "\n")
	case "markdown":
		return a.print(markdown())
	default:
		return a.print(text())
	}
}

// singleDashes lets long flags be written with one dash, as many have learnt
// from terraform: -auto-approve.
func singleDashes(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil {
		return args
	}
	fixed := make([]string, len(args))
	for i, arg := range args {
		fixed[i] = arg
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "--") || len(name) < 2 {
			continue
		}
		if cmd.Flags().Lookup(name) != nil || root.PersistentFlags().Lookup(name) != nil {
			fixed[i] = "-" + arg
		}
	}
	return fixed
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/internal/handlers/fixture"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// fixturesFolder lies beside the spec.
const fixturesFolder = "fixtures"

type testFlags struct {
	run    string
	update bool
	programs
	given string // --trigger
}

func (a *app) testCommand() *cobra.Command {
	var flags testFlags
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Run the packed functions with fixtures, and judge the results",
		Long: `Test packs the functions of the spec as apply would, runs them in Node.js,
those whose runtime is Python in Python, with every fixture, judges each result
by CloudFront's rules for the trigger, and compares it with what the fixture
expects.

  fixtures/NAME.event.json     an event of CloudFront's
  fixtures/NAME.expect.json    {"result": …}, with "ignore": ["/headers/date"]
                               where wanted, or {"error": "text of the failure"}

They lie beside the spec; in a spec with several functions below
fixtures/FUNCTION/. A fixture without expectation is run and judged all the
same. An event without config.eventType is for --trigger, or else for the only
trigger that the spec binds its function to. docs/testing.md lists the rules.
Exit code 1: at least one failed.`,
		Args: a.takes(0, func(arg string) string {
			return "--run names fixtures: edgedeploy test --run " + render.ShellWord(typed(arg))
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			pattern, err := regexp.Compile(flags.run)
			if err != nil {
				return badPattern(cmd, a.shown("run"), err)
			}
			given, err := a.trigger(cmd, flags.given)
			if err != nil {
				return err
			}
			return a.test(cmd.Context(), flags, pattern, given)
		},
	}
	cmd.Flags().StringVar(&flags.run, "run", "", "only the fixtures whose FUNCTION/NAME this regular expression matches")
	cmd.Flags().BoolVar(&flags.update, "update", false, "write what is returned as the expectation, unless CloudFront would refuse it")
	triggerFlag(cmd.Flags(), &flags.given, "the trigger of the events that do not name it")
	flags.programs.register(cmd.Flags())
	cmd.Flags().Lookup("node").Usage = "the Node.js program to run handlers in (default: node in PATH); repeated or separated by commas, each in turn"
	return cmd
}

func (a *app) test(ctx context.Context, flags testFlags, pattern *regexp.Regexp, given result.Trigger) error {
	s, err := a.load()
	if err != nil {
		return err
	}
	all, err := a.build(ctx, s, nil)
	if err != nil {
		return err
	}
	fixtures, err := s.fixtures(given)
	if err != nil {
		return err
	}
	selected, err := matching(fixtures, pattern)
	if err != nil {
		return err
	}
	report := render.Tests{Untested: s.untested(fixtures)}
	report.Uncovered, report.Unbound = s.coverage(fixtures)
	if err := a.testRuns(ctx, s, &report, cases{all, selected, flags}); err != nil {
		return err
	}
	for _, r := range report.Runs {
		for _, c := range r.Fixtures {
			if c.Passed {
				report.Passed++
			} else {
				report.Failed++
				a.exit = exitFailed
			}
		}
	}
	return a.document(
		func() string { return render.TestsText(report, a.out) },
		func() ([]byte, error) { return render.TestsJSON(report) },
		func() string { return render.TestsMarkdown(report) },
	)
}

// cases are the functions with the fixtures to run them with.
type cases struct {
	functions map[string]built
	fixtures  []testFixture
	flags     testFlags
}

// testRuns runs every function with its fixtures, in each program that was
// asked for in turn. Without a program for its language a function is not run,
// and the report says so; but without any to run there is no report.
func (a *app) testRuns(ctx context.Context, s *spec, report *render.Tests, c cases) error {
	own := map[string][]testFixture{}
	var todo []built
	for _, key := range s.functionKeys() {
		own[key] = slices.DeleteFunc(slices.Clone(c.fixtures), func(f testFixture) bool { return f.Function != key })
		if len(own[key]) > 0 {
			todo = append(todo, c.functions[key])
		}
	}
	families, err := a.families(ctx, c.flags.programs, todo)
	if err != nil {
		return err
	}
	most := 0
	for _, f := range families {
		most = max(most, len(f.engines))
	}
	for i := range max(most, 1) {
		for _, b := range todo {
			f := families[node.IsPython(b.Config.Runtime)]
			switch {
			case f.missing != nil && most == 0:
				return f.missing
			case f.missing != nil && i == 0:
				report.NotRun = append(report.NotRun, render.NotRun{Function: b.Key, Runtime: b.Config.Runtime, Why: f.missing.Error()})
				a.warn(fmt.Sprintf("%s is not tested: %v", b.Key, f.missing))
			}
			if i >= len(f.engines) {
				continue
			}
			a.otherRuntime(b, f.engines[i])
			function, err := c.flags.runs(b)
			if err != nil {
				return err
			}
			t := trial{f.engines[i], function, c.flags.update && i == 0} // the others have to agree
			run, err := s.testFunction(ctx, t, b, own[b.Key])
			if err != nil {
				return err
			}
			report.Runs = append(report.Runs, run)
		}
	}
	return nil
}

// testFixture is a fixture with its event.
type testFixture struct {
	fixture.Fixture
	event result.Event
	err   error // why there is no event
}

// fixtures finds and reads all there are; given is the trigger of those events
// without config.eventType. It is an error if there is no fixture: a test that
// tests nothing must not pass.
func (s *spec) fixtures(given result.Trigger) ([]testFixture, error) {
	dir := path.Join(s.dir, fixturesFolder)
	all, err := fixture.Find(s.root.FS(), dir, s.functionKeys())
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		read := make([]testFixture, 0, len(all))
		for _, f := range all {
			event, err := s.fixtureEvent(f, given)
			read = append(read, testFixture{f, event, err})
		}
		return read, nil
	}
	misnamed, err := fixture.Misnamed(s.root.FS(), dir)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("there are no fixtures in %s", dir)
	if n := len(misnamed); n > 0 {
		const most = 5
		names := strings.Join(misnamed[:min(n, most)], ", ")
		if n > most {
			names += fmt.Sprintf(" and %d more", n-most)
		}
		text += fmt.Sprintf(": their names end in .event.json and .expect.json, unlike %s", names)
	}
	return nil, &noFixturesError{text}
}

// matching are the fixtures that are run.
func matching(all []testFixture, pattern *regexp.Regexp) (selected []testFixture, err error) {
	var names []string
	for _, f := range all {
		names = append(names, f.FullName())
		if pattern.MatchString(f.FullName()) {
			selected = append(selected, f)
		}
	}
	if len(selected) == 0 {
		return nil, fmt.Errorf("--run %s matches no fixture; there are %s", pattern, strings.Join(names, ", "))
	}
	return selected, nil
}

// untested are the functions that have no fixture at all.
func (s *spec) untested(all []testFixture) []string {
	return slices.DeleteFunc(s.functionKeys(), func(key string) bool {
		return slices.ContainsFunc(all, func(f testFixture) bool { return f.Function == key })
	})
}

// noFixturesError says that there is nothing to test with.
type noFixturesError struct{ text string }

func (e *noFixturesError) Error() string { return e.text }

// trial is a function in one program.
type trial struct {
	engine
	function node.Function
	update   bool // write what comes of it as the expectation
}

// testFunction runs a function with its fixtures.
func (s *spec) testFunction(ctx context.Context, t trial, b built, own []testFixture) (render.TestRun, error) {
	e := t.engine
	run := render.TestRun{Function: b.Key, Runtime: b.Config.Runtime, Node: e.node, Python: e.python}
	if e.python != "" {
		run.PythonPath = e.path
	} else {
		run.NodePath = e.path
	}
	var docs [][]byte
	var ran []int // the fixtures with an event to run
	for i, fix := range own {
		c := render.TestCase{Name: fix.Name, File: fix.Event, Expected: fix.Expected}
		if fix.err != nil {
			c.Failure = fix.err.Error()
		} else {
			c.Trigger = string(fix.event.Trigger)
			docs, ran = append(docs, fix.event.JSON()), append(ran, i)
		}
		run.Fixtures = append(run.Fixtures, c)
	}
	session, err := e.Run(ctx, t.function, docs)
	if err != nil {
		return render.TestRun{}, err
	}
	run.LoadMS, run.Logs = milliseconds(session.LoadTime), append(logEntries(session.LoadLogs), stray(session)...)
	if session.Load != nil {
		run.Load = cmp.Or(session.Load.Stack, session.Load.Error())
		if session.Load.MissingSDK() != "" {
			run.Load = withSDK(session.Load)
		}
	}
	for at, i := range ran {
		c := &run.Fixtures[i]
		if session.Load != nil {
			c.NotRun = true // the run says why, once
			continue
		}
		if err := s.compare(c, own[i], session.Outcomes[at], t.update); err != nil {
			c.Passed, c.Failure = false, err.Error()
		}
	}
	return run, nil
}

func (s *spec) fixtureEvent(f fixture.Fixture, given result.Trigger) (result.Event, error) {
	in, err := s.root.Open(f.Event)
	if err != nil {
		return result.Event{}, err
	}
	defer func() { _ = in.Close() }() // only read
	return s.parseEvent(f.Function, f.Event, in, given)
}

// compare judges an outcome and compares it with the expectation. With update
// it writes a new one where that differs, unless the result is refused.
func (s *spec) compare(c *render.TestCase, f testFixture, o node.Outcome, update bool) error {
	c.MS, c.Logs = milliseconds(o.Duration), logEntries(o.Logs)
	want, err := s.expectation(f.Fixture)
	if err != nil {
		return err
	}
	if o.Error != nil {
		c.Stack = o.Error.Stack
		if want.Error != "" && strings.Contains(o.Error.Error(), want.Error) {
			c.Passed = true
			return nil
		}
		if want.Error != "" {
			return fmt.Errorf("the failure does not contain %q: %s", want.Error, o.Error.Error())
		}
		return o.Error
	}
	c.Violations = judge(f.event, o)
	refused := result.Refused(c.Violations)
	if want.Result != nil {
		if c.Differences, err = want.Diff(o.Result); err != nil {
			return err
		}
	}
	update = update && (want.Result == nil || len(c.Differences) > 0)
	if update && refused {
		c.NotWritten = "CloudFront would refuse it"
	}
	if update && !refused {
		doc, err := want.With(o.Result).JSON()
		if err == nil {
			err = writeBelow(s.root, f.Expect, doc)
		}
		if err != nil {
			return err
		}
		c.Differences, c.Written, c.Expected, c.Passed = nil, f.Expect, true, true
		return nil
	}
	if want.Error != "" {
		return fmt.Errorf("returned a result, and a failure that contains %q is expected", want.Error)
	}
	c.Passed = !refused && len(c.Differences) == 0
	return nil
}

// expectation reads a fixture's, if there is one.
func (s *spec) expectation(f fixture.Fixture) (fixture.Expectation, error) {
	doc, err := s.root.ReadFile(f.Expect)
	if errors.Is(err, os.ErrNotExist) {
		return fixture.Expectation{}, nil
	}
	if err != nil {
		return fixture.Expectation{}, err
	}
	e, err := fixture.ParseExpectation(doc)
	if err != nil {
		return fixture.Expectation{}, fmt.Errorf("%s: %w", f.Expect, err)
	}
	return e, nil
}

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
	"github.com/edgedeploy/edgedeploy/internal/nearest"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// maxEvent is how large an event may be: what Lambda takes (Lambda quotas,
// "Invocation payload", synchronous: 6 MB).
const maxEvent = 6 << 20

// only is the spec with one of its functions.
func (s *spec) only(key string) (*spec, error) {
	one := *s
	one.Stack.Functions = nil
	for _, f := range s.Stack.Functions {
		if f.Key == key {
			one.Stack.Functions = append(one.Stack.Functions, f)
		}
	}
	if len(one.Stack.Functions) == 0 {
		return nil, &unknownFunctionError{name: key, file: s.file, known: s.functionKeys()}
	}
	return &one, nil
}

// unknownFunctionError says that the spec has no function of a name.
type unknownFunctionError struct {
	name, file string
	known      []string
}

func (e *unknownFunctionError) Error() string {
	return fmt.Sprintf("%s has no function %s", e.file, typed(e.name))
}

func (e *unknownFunctionError) advice() string {
	return cmp.Or(meant(nearest.Word(e.name, e.known)), "it has "+shortList(e.known))
}

// shortList names some things, and how many more there are.
func shortList(words []string) string {
	const most = 5
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}

func (s *spec) functionKeys() []string {
	var keys []string
	for _, f := range s.Stack.Functions {
		keys = append(keys, f.Key)
	}
	slices.Sort(keys)
	return keys
}

// triggerFlag is for the commands that read events.
func triggerFlag(f *pflag.FlagSet, trigger *string, usage string) {
	f.StringVar(trigger, "trigger", "", usage)
}

// trigger reads the value of --trigger; "" is none.
func (a *app) trigger(cmd *cobra.Command, value string) (result.Trigger, error) {
	t := result.Trigger(value)
	if value == "" || slices.Contains(result.Triggers(), t) {
		return t, nil
	}
	right := meant(nearest.Word(value, triggerNames()))
	return "", misused(cmd, cmp.Or(right, "viewer- or origin-request, viewer- or origin-response"), "%s cannot be %s", a.shown("trigger"), quoted(value))
}

func triggerNames() []string {
	var names []string
	for _, t := range result.Triggers() {
		names = append(names, string(t))
	}
	return names
}

// readEvent reads an event for a function from a file, or from stdin. given is
// --trigger.
func (a *app) readEvent(s *spec, function, name string, given result.Trigger) (result.Event, error) {
	in, said := a.streams.In, "stdin"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return result.Event{}, fileError("the event", name, err)
		}
		defer func() { _ = f.Close() }() // only read
		in, said = f, name
	}
	return s.parseEvent(function, said, in, given)
}

// parseEvent reads an event for a function; name is for messages. An event that
// does not name its trigger gets the given one, or else the only one that the
// spec binds the function to.
func (s *spec) parseEvent(function, name string, in io.Reader, given result.Trigger) (result.Event, error) {
	doc, err := io.ReadAll(io.LimitReader(in, maxEvent+1))
	if err != nil {
		return result.Event{}, fileError("the event", name, err)
	}
	if len(doc) > maxEvent {
		return result.Event{}, fmt.Errorf("%s is larger than %d bytes, which is what Lambda takes", name, maxEvent)
	}
	bound := s.triggers(function)
	unsaid := given
	if unsaid == "" && len(bound) == 1 {
		unsaid = result.Trigger(bound[0])
	}
	e, err := result.ParseEventAt(doc, unsaid)
	if missing, ok := errors.AsType[*result.EventError](err); ok && missing.Untriggered {
		return result.Event{}, &noTriggerError{event: name, function: function, bound: bound}
	}
	if err != nil {
		return result.Event{}, fmt.Errorf("%s is no event of CloudFront's: %w", name, err)
	}
	return e, nil
}

// noTriggerError says that nothing names the trigger of an event.
type noTriggerError struct {
	event, function string
	bound           []associations.Trigger
}

func (e *noTriggerError) Error() string {
	why := "is bound to no trigger"
	if len(e.bound) > 0 {
		var names []string
		for _, t := range e.bound {
			names = append(names, string(t))
		}
		why = "is bound to " + strings.Join(names, " and ")
	}
	return fmt.Sprintf("%s does not say its trigger: it has no config.eventType, and %s %s; name it there, or with --trigger", e.event, e.function, why)
}

// judge says what CloudFront would find wrong with an outcome.
func judge(e result.Event, o node.Outcome) []result.Violation {
	r := result.Returned{JSON: o.Result}
	for _, h := range o.Hidden {
		r.Hidden = append(r.Hidden, result.Hidden(h))
	}
	return result.Judge(e, r)
}

func logEntries(logs []node.Log) []render.LogEntry {
	var all []render.LogEntry
	for _, l := range logs {
		all = append(all, render.LogEntry(l))
	}
	return all
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// writeBelow puts a file in place in one step, below the project's root.
func writeBelow(root *os.Root, name string, data []byte) (err error) {
	dir, base := path.Split(name)
	temp := fmt.Sprintf("%s.%s.%d", dir, base, os.Getpid())
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, root.Remove(temp)))
	}
	if err := root.Rename(temp, name); err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, root.Remove(temp)))
	}
	return nil
}

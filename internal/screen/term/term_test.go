package term

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestEnvironmentIsReadAsItsConventionsSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want Env
	}{
		"nothing set":                  {nil, Env{}},
		"NO_COLOR with any value":      {map[string]string{"NO_COLOR": "0"}, Env{NoColor: true}},
		"NO_COLOR set to nothing":      {map[string]string{"NO_COLOR": ""}, Env{}},
		"CLICOLOR_FORCE":               {map[string]string{"CLICOLOR_FORCE": "1"}, Env{ForceColor: true}},
		"CLICOLOR_FORCE switched off":  {map[string]string{"CLICOLOR_FORCE": "0"}, Env{}},
		"a dumb terminal":              {map[string]string{"TERM": "dumb"}, Env{Dumb: true}},
		"an ordinary terminal":         {map[string]string{"TERM": "xterm-256color"}, Env{}},
		"CI":                           {map[string]string{"CI": "true"}, Env{CI: true}},
		"CI switched off with a word":  {map[string]string{"CI": "false"}, Env{}},
		"CI switched off with a digit": {map[string]string{"CI": "0"}, Env{}},
	} {
		got := ReadEnv(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestAPipeIsNoTerminal(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if got := Look(w, Env{}); got != (Facts{}) {
		t.Errorf("got %+v", got)
	}
	if got, want := Look(w, Env{ForceColor: true}), (Facts{Color: true}); got != want {
		t.Errorf("with colour forced: got %+v, want %+v", got, want)
	}
	if got := Look(w, Env{ForceColor: true, NoColor: true}); got != (Facts{}) {
		t.Errorf("with colour forced and refused: got %+v", got)
	}
}

func TestOnlyYesConfirms(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		"yes\n": true, "y\n": true, " YES \r\n": true, "Y": true,
		"": false, "\n": false, "no\n": false, "n\n": false, "yes please\n": false, "ye\n": false, "\nyes\n": false,
		strings.Repeat("y", 5000): false,
	} {
		var out bytes.Buffer
		got, err := Prompt{In: strings.NewReader(answer), Out: &out, Interactive: true}.Confirm(t.Context(), "Apply?")
		if err != nil || got != want {
			t.Errorf("answer %.20q: got %v, %v, want %v", answer, got, err, want)
		}
		if out.String() != "Apply? Only yes or y goes on: " {
			t.Errorf("asked %q", out.String())
		}
	}
}

func TestWithoutATerminalNothingIsAssumed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	got, err := Prompt{In: strings.NewReader("yes\n"), Out: &out}.Confirm(t.Context(), "Apply?")
	if _, ok := errors.AsType[*NotInteractiveError](err); !ok || got || out.Len() != 0 {
		t.Errorf("got %v, %v, printed %q", got, err, out.String())
	}
	if err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("the error does not name --yes: %v", err)
	}
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe() // nobody ever answers
	defer w.Close()
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	got, err := Prompt{In: r, Out: io.Discard, Interactive: true}.Confirm(ctx, "Apply?")
	if got || !errors.Is(err, cause) {
		t.Errorf("got %v, %v", got, err)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error)  { return 0, b.err }
func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestABrokenTerminalIsAnErrorNotANo(t *testing.T) {
	t.Parallel()
	bad := broken{errors.New("input/output error")}
	if _, err := (Prompt{In: bad, Out: io.Discard, Interactive: true}).Confirm(t.Context(), "Apply?"); !errors.Is(err, bad.err) {
		t.Errorf("reading: got %v", err)
	}
	if _, err := (Prompt{In: strings.NewReader("yes\n"), Out: bad, Interactive: true}).Confirm(t.Context(), "Apply?"); !errors.Is(err, bad.err) {
		t.Errorf("asking: got %v", err)
	}
}

// screen is as much of a terminal as the painter needs.
func screen(out string) []string {
	var rows []string
	for out != "" {
		switch {
		case strings.HasPrefix(out, "\r\x1b["):
			out = out[len("\r\x1b["):]
			n, rest, _ := strings.Cut(out, "A"+clearBelow)
			count := 0
			for _, d := range n {
				count = count*10 + int(d-'0')
			}
			rows, out = rows[:len(rows)-count], rest
		case strings.HasPrefix(out, resetAll):
			out = out[len(resetAll):]
		default:
			line, rest, _ := strings.Cut(out, "\n")
			rows, out = append(rows, line), rest
		}
	}
	return rows
}

func TestPainterShowsWhatStaysAboveTheLatestBlock(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &Painter{Out: &out}
	see := func(want ...string) {
		t.Helper()
		if got := strings.Join(screen(out.String()), "|"); got != strings.Join(want, "|") {
			t.Errorf("the screen shows %q, want %q", got, strings.Join(want, "|"))
		}
	}
	p.Paint([]string{"a", "b"})
	see("a", "b")
	p.Paint([]string{"a 1 s"})
	see("a 1 s")
	p.Print([]string{"b is done"}, []string{"a 2 s", "c"})
	see("b is done", "a 2 s", "c")
	p.Print([]string{"all is done"}, nil)
	see("b is done", "all is done")
	p.Paint([]string{"last"})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	see("b is done", "all is done")
	before := out.Len()
	p.Paint([]string{"late"})
	if err := p.Close(); err != nil || out.Len() != before {
		t.Errorf("a closed painter wrote %q (%v)", out.String()[before:], err)
	}
}

func TestPainterReportsTheFirstErrorWhenItCloses(t *testing.T) {
	t.Parallel()
	bad := broken{errors.New("no space")}
	p := &Painter{Out: bad}
	p.Paint([]string{"a"})
	if err := p.Close(); !errors.Is(err, bad.err) {
		t.Errorf("got %v", err)
	}
}

func TestEveryTicksUntilItIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ticks atomic.Int32
		stop := Every(time.Second, func() { ticks.Add(1) })
		time.Sleep(3*time.Second + time.Millisecond)
		stop()
		stop()
		time.Sleep(time.Minute)
		if got := ticks.Load(); got != 3 {
			t.Errorf("ticked %d times, want 3", got)
		}
	})
}

package term

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// openPTY gives both ends of a pseudo-terminal of the given width.
func openPTY(t *testing.T, width uint16) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: 24}); err != nil {
		t.Fatal(err)
	}
	return user, program
}

func TestATerminalIsKnownAsOne(t *testing.T) {
	t.Parallel()
	_, tty := openPTY(t, 132)
	for name, c := range map[string]struct {
		env  Env
		want Facts
	}{
		"by itself":                   {Env{}, Facts{Terminal: true, Color: true, Repaint: true, Width: 132}},
		"without colour":              {Env{NoColor: true}, Facts{Terminal: true, Width: 132}},
		"NO_COLOR wins over forcing":  {Env{NoColor: true, ForceColor: true}, Facts{Terminal: true, Width: 132}},
		"dumb":                        {Env{Dumb: true}, Facts{Terminal: true, Width: 132}},
		"that nobody sits at":         {Env{CI: true}, Facts{Terminal: true, Color: true, Width: 132}},
		"dumb but colour is insisted": {Env{Dumb: true, ForceColor: true}, Facts{Terminal: true, Color: true, Width: 132}},
	} {
		if got := Look(tty, c.env); got != c.want {
			t.Errorf("a terminal %s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestOnlySomebodyAtATerminalCanBeAsked(t *testing.T) {
	t.Parallel()
	_, tty := openPTY(t, 80)
	pipe, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer other.Close()
	for name, c := range map[string]struct {
		in, out *os.File
		env     Env
		want    bool
	}{
		"a terminal":                       {tty, tty, Env{}, true},
		"answers from a pipe":              {pipe, tty, Env{}, false},
		"questions that nobody sees":       {tty, other, Env{}, false},
		"a job system's terminal":          {tty, tty, Env{CI: true}, false},
		"colour has no bearing on answers": {tty, tty, Env{NoColor: true, Dumb: true}, true},
	} {
		if got := Interactive(c.in, c.out, c.env); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestAQuestionIsAnsweredAtATerminal(t *testing.T) {
	t.Parallel()
	user, tty := openPTY(t, 80)
	if _, err := user.WriteString("yes\n"); err != nil {
		t.Fatal(err)
	}
	got, err := Prompt{In: tty, Out: tty, Interactive: Interactive(tty, tty, Env{})}.Confirm(t.Context(), "Apply?")
	if err != nil || !got {
		t.Errorf("got %v, %v", got, err)
	}
}

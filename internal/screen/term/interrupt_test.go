//go:build unix

package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// childVariable makes the test binary behave as a program that is interrupted.
const childVariable = "EDGEDEPLOY_TERM_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childVariable); mode != "" {
		os.Exit(child(mode))
	}
	os.Exit(m.Run())
}

// child waits for a signal, then finishes its work or goes on forever.
func child(mode string) int {
	ctx, stop := Interrupts(context.Background(), Handlers{
		First:  func(s os.Signal) { fmt.Println("first", s) },
		Second: func() { fmt.Println("second") },
	})
	if mode == "stopped" {
		stop()
	}
	fmt.Println("ready")
	if mode == "stopped" {
		time.Sleep(time.Minute)
		return 3
	}
	<-ctx.Done()
	interrupted, ok := errors.AsType[*InterruptError](context.Cause(ctx))
	if !ok {
		return 4
	}
	if mode == "endless" {
		time.Sleep(time.Minute)
		return 5
	}
	stop()
	fmt.Println("finished after", interrupted.Signal)
	return 0
}

// run starts a child, sends it signals, each once the line before it came,
// and gives its lines and how it ended.
func run(t *testing.T, mode string, signals []syscall.Signal) ([]string, *os.ProcessState) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+mode)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for scan := bufio.NewScanner(out); scan.Scan(); {
		lines = append(lines, scan.Text())
		if len(signals) > 0 {
			if err := cmd.Process.Signal(signals[0]); err != nil {
				t.Fatal(err)
			}
			signals = signals[1:]
		}
	}
	if err := cmd.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Fatal(err)
		}
	}
	return lines, cmd.ProcessState
}

func TestTheFirstInterruptLetsWorkFinish(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		lines, state := run(t, "finishing", []syscall.Signal{s})
		if state.ExitCode() != 0 || len(lines) != 3 || lines[1] != "first "+s.String() || lines[2] != "finished after "+s.String() {
			t.Errorf("%v: ended with %v and said %q", s, state, lines)
		}
	}
}

func TestTheSecondInterruptExitsAtOnce(t *testing.T) {
	t.Parallel()
	start := time.Now()
	lines, state := run(t, "endless", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM})
	if state.ExitCode() != InterruptExit || len(lines) != 3 || lines[2] != "second" {
		t.Errorf("ended with %v and said %q", state, lines)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

// several starts a child and, once it is ready, sends it signals that need not
// show, with time in between.
func several(t *testing.T, mode string, signals []syscall.Signal, command ...string) ([]string, error) {
	t.Helper()
	command = append(command, os.Args[0])
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"="+mode)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for scan := bufio.NewScanner(out); scan.Scan(); {
		lines = append(lines, scan.Text())
		for _, s := range signals {
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		signals = nil
	}
	return lines, cmd.Wait()
}

// The kernel and the shell both tell of a terminal that is closed.
func TestASecondHangupLetsWorkFinish(t *testing.T) {
	t.Parallel()
	lines, err := several(t, "endless", []syscall.Signal{syscall.SIGHUP, syscall.SIGHUP, syscall.SIGTERM})
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != InterruptExit || len(lines) != 3 || lines[1] != "first hangup" || lines[2] != "second" {
		t.Errorf("ended with %v and said %q", err, lines)
	}
}

// A terminal that is closed says so to what runs in it, unless nohup was asked to
// keep that away.
func TestAHangupThatIsIgnoredStaysIgnored(t *testing.T) {
	t.Parallel()
	lines, err := several(t, "finishing", []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}, "nohup")
	if err != nil || len(lines) != 3 || lines[2] != "finished after terminated" {
		t.Errorf("ended with %v and said %q", err, lines)
	}
}

func TestStoppedWatchingGivesSignalsTheirMeaningBack(t *testing.T) {
	t.Parallel()
	lines, state := run(t, "stopped", []syscall.Signal{syscall.SIGINT})
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT || len(lines) != 1 {
		t.Errorf("ended with %v and said %q", state, lines)
	}
}

func TestStopCancelsTheContextAndMayBeCalledTwice(t *testing.T) {
	t.Parallel()
	ctx, stop := Interrupts(t.Context(), Handlers{})
	if ctx.Err() != nil {
		t.Error("the context is over before anything happened")
	}
	stop()
	stop()
	if !errors.Is(context.Cause(ctx), context.Canceled) {
		t.Errorf("cause %v", context.Cause(ctx))
	}
}

package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// patience is more than any run may take; one that takes longer hangs.
const patience = program.Patience

// Outcome is what a run of the program left behind.
type Outcome struct {
	Code           int // -1 if a signal killed it
	Stdout, Stderr string
}

// Process is the program, running.
type Process struct {
	a            *Account
	cmd          *exec.Cmd
	stdout, errs heard
	ended        chan struct{}
	fail         error // of its end
}

// Start starts the program in the project, against the account. It is killed
// if it still runs when the test has ended.
func (a *Account) Start(args ...string) *Process {
	a.t.Helper()
	p := &Process{a: a, cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = a.Dir, &p.stdout, &p.errs
	// A run is too short for its garbage to matter, and a suite has thousands.
	p.cmd.Env = append(program.Environment(a.Dir, a.local.Endpoint), "AWS_ACCESS_KEY_ID="+a.ID, "GOGC=off")
	if err := p.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.fail = p.cmd.Wait()
	}()
	a.t.Cleanup(func() { p.Kill() })
	return p
}

// Signal sends a signal; to a process that has ended it does nothing.
func (p *Process) Signal(s os.Signal) {
	p.a.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.a.t.Errorf("edgedeploy %s: %v", strings.Join(p.cmd.Args[1:], " "), err)
	}
}

// Kill kills the process, as a machine that loses its power does, and waits
// for its end.
func (p *Process) Kill() Outcome {
	p.a.t.Helper()
	p.Signal(syscall.SIGKILL)
	return p.Wait()
}

// Wait waits for the end of the process.
func (p *Process) Wait() Outcome {
	p.a.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.Signal(syscall.SIGKILL)
		<-p.ended
		p.a.t.Errorf("edgedeploy %s hangs:\n%s%s", strings.Join(p.cmd.Args[1:], " "), p.stdout.String(), p.errs.String())
	}
	if _, exited := errors.AsType[*exec.ExitError](p.fail); p.fail != nil && !exited {
		p.a.t.Errorf("edgedeploy %s: %v", strings.Join(p.cmd.Args[1:], " "), p.fail)
	}
	return Outcome{p.cmd.ProcessState.ExitCode(), p.stdout.String(), p.errs.String()}
}

// Run runs the program to its end.
func (a *Account) Run(args ...string) Outcome {
	a.t.Helper()
	return a.Start(args...).Wait()
}

// Must is Run of what has to exit with 0.
func (a *Account) Must(args ...string) Outcome {
	a.t.Helper()
	o := a.Run(args...)
	if o.Code != 0 {
		a.t.Fatalf("edgedeploy %s exits with %d:\n%s%s", strings.Join(args, " "), o.Code, o.Stdout, o.Stderr)
	}
	return o
}

// Reach waits until a call is held, and gives the first. It is false if the
// process ends before, or for patience nothing happens.
func (p *Process) Reach() (localaws.Held, bool) {
	p.a.t.Helper()
	return p.ReachBeside(0)
}

// ReachBeside is Reach where n calls of the account are held already.
func (p *Process) ReachBeside(n int) (localaws.Held, bool) {
	p.a.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.a.t.Context()), patience)
	defer cancel()
	go func() {
		select {
		case <-p.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		var held []localaws.Held
		err := p.a.local.JSON(ctx, "edgedeploy", fmt.Sprintf("GET /_edgedeploy/held?atLeast=%d&waitMs=20000&account=%s", n+1, p.a.ID), nil, &held)
		switch {
		case ctx.Err() != nil:
			return localaws.Held{}, false
		case err != nil:
			p.a.t.Fatal(err)
		case len(held) > n:
			return held[n], true
		}
	}
}

// Death says what becomes of the call that a process dies at.
type Death string

// The deaths.
const (
	BeforeEffect Death = "before its effect"  // what was asked never happens
	AfterEffect  Death = "after its effect"   // it has happened, and the process does not learn of it
	Posthumous   Death = "before, but it ran" // it happens when the process is dead
)

// KillAt runs the program and kills it at call n of the run. It returns with
// what was asked for settled; killed is false if the run ended before, whose
// outcome then says how.
func (a *Account) KillAt(n int, death Death, args ...string) (o Outcome, killed bool) {
	a.t.Helper()
	return a.KillAtCall(localaws.Fault{Call: n}, death, args...)
}

// KillAtCall is KillAt of the calls that a fault's Service, Operation, Resource
// and Call choose.
func (a *Account) KillAtCall(at localaws.Fault, death Death, args ...string) (o Outcome, killed bool) {
	a.t.Helper()
	at.Kind = localaws.PauseBefore
	if death == AfterEffect {
		at.Kind = localaws.PauseAfter
	}
	a.Arm(at)
	p := a.Start(args...)
	_, killed = p.Reach()
	if killed {
		o = p.Kill()
	} else {
		o = p.Wait()
	}
	a.Disarm()
	a.Release(0, death != Posthumous)
	return o, killed
}

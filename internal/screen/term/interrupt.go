package term

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// InterruptExit is the exit code of an interrupted run (128 and SIGINT's
// number, as shells have it).
const InterruptExit = 130

// InterruptError is the cause of a context that a signal cancelled.
type InterruptError struct{ Signal os.Signal }

func (e *InterruptError) Error() string {
	if e.Signal == os.Interrupt {
		return "interrupted" // by ^C, as everybody knows
	}
	return fmt.Sprintf("interrupted (%v)", e.Signal)
}

// Handlers are told of interrupts. Either may be nil.
type Handlers struct {
	// First is called once the context is cancelled: the place to say that what
	// is in flight is being finished, and that a second ^C stops at once.
	First func(os.Signal)
	// Second is called before the process exits: the place to leave the
	// terminal tidy. It must not block.
	Second func()
}

// Interrupts gives a context that the first ^C (or SIGTERM, or SIGHUP of a
// terminal that is closed) cancels, with an *InterruptError as its cause. The
// second one exits the process at once with InterruptExit; SIGHUP is never the
// second one, because a program in the foreground gets it from the kernel and from
// its shell (Bash manual, "Signals"). A signal that the process was started to
// ignore, as nohup does, stays ignored. stop ends the watching, gives signals back their default
// meaning and cancels the context; it may be called more than once.
func Interrupts(ctx context.Context, h Handlers) (soft context.Context, stop func()) {
	soft, cancel := context.WithCancelCause(ctx)
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	var watching sync.WaitGroup
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	watching.Go(func() {
		select {
		case s := <-signals:
			cancel(&InterruptError{Signal: s})
			if h.First != nil {
				h.First(s)
			}
		case <-done:
			return
		}
		for {
			select {
			case s := <-signals:
				if s == syscall.SIGHUP {
					continue // a terminal that is closed says so twice
				}
				if h.Second != nil {
					h.Second()
				}
				os.Exit(InterruptExit)
			case <-done:
				return
			}
		}
	})
	var once sync.Once
	return soft, func() {
		once.Do(func() {
			signal.Stop(signals)
			close(done)
			watching.Wait()
			cancel(context.Canceled)
		})
	}
}

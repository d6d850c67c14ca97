package main

import (
	"sync"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/screen/term"
)

// board shows a run's events on stderr: a block that is painted again on a
// terminal, plain lines elsewhere. It may be used from several goroutines.
type board struct {
	say func(string)

	mu       sync.Mutex // orders events, the clock's ticks and what ^C says
	progress *render.Progress
	painter  *term.Painter // nil without a terminal
	painted  time.Time     // when the block was painted last
}

// How often the block is painted: its seconds move on between events, and events
// may come much faster than an eye follows, or a slow connection takes.
const (
	clockTick = 250 * time.Millisecond
	atMost    = 100 * time.Millisecond
)

// show takes in an event.
func (b *board) show(e deploy.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.print(b.progress.Add(e, now), now)
}

// tell writes a line above the block.
func (b *board) tell(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.print([]string{line}, time.Now())
}

// tick moves the block's clock on.
func (b *board) tick() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.print(nil, time.Now())
}

func (b *board) print(lines []string, now time.Time) {
	if b.painter != nil {
		if len(lines) > 0 || now.Sub(b.painted) >= atMost {
			b.painter.Print(lines, b.progress.Block(now))
			b.painted = now
		}
		return // what was left out comes with the next tick
	}
	for _, line := range lines {
		b.say(line + "\n")
	}
}

// tell prints a line on stderr, above the block if there is one.
func (a *app) tell(line string) {
	if b := a.board.Load(); b != nil {
		b.tell(line)
		return
	}
	a.say(line + "\n")
}

// progress opens the board of a run; done takes it away.
func (a *app) progress(keys map[string]string) (show func(deploy.Event), done func()) {
	b := &board{say: a.say, progress: &render.Progress{Style: a.err, Terminal: a.facts.Repaint && !a.verbose && !a.noColor, Keys: keys}}
	a.board.Store(b)
	if !b.progress.Terminal {
		return b.show, func() { a.board.Store(nil) }
	}
	b.painter = &term.Painter{Out: a.streams.Err}
	stop := term.Every(clockTick, b.tick)
	return b.show, func() {
		a.board.Store(nil)
		stop()
		_ = b.painter.Close() // stderr that cannot be written to is no reason to fail
	}
}

package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Painter keeps a block of lines at the end of a terminal up to date, with
// lines that stay above it. It may be used from several goroutines. The lines
// must be shorter than the terminal is wide, or the count of rows is wrong.
type Painter struct {
	Out io.Writer

	mu     sync.Mutex
	block  []string
	closed bool
	err    error
}

const (
	clearBelow = "\x1b[J"
	up         = "\x1b[%dA"
	resetAll   = "\x1b[0m"
)

// Paint replaces the block.
func (p *Painter) Paint(block []string) { p.update(nil, block, false) }

// Print writes lines that stay, and replaces the block below them.
func (p *Painter) Print(lines, block []string) { p.update(lines, block, false) }

// Close takes the block away, leaves colours as they were, and gives the first
// error that writing met. Nothing is painted afterwards.
func (p *Painter) Close() error {
	p.update(nil, nil, true)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Painter) update(lines, block []string, last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !last && len(lines) == 0 && slices.Equal(block, p.block) {
		return
	}
	var b strings.Builder
	if n := len(p.block); n > 0 {
		fmt.Fprintf(&b, "\r"+up+clearBelow, n)
	}
	for _, l := range append(lines[:len(lines):len(lines)], block...) {
		b.WriteString(l + "\n")
	}
	if last {
		b.WriteString(resetAll)
	}
	p.block, p.closed = block, last
	if b.Len() == 0 {
		return
	}
	if _, err := io.WriteString(p.Out, b.String()); err != nil && p.err == nil {
		p.err = fmt.Errorf("write to the terminal: %w", err)
	}
}

// Every calls tick at an interval until stop is called; stop waits for a tick
// that is going on. It is what keeps a block's clock running between events.
func Every(interval time.Duration, tick func()) (stop func()) {
	ticker, done := time.NewTicker(interval), make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		for {
			select {
			case <-ticker.C:
				tick()
			case <-done:
				return
			}
		}
	})
	var once sync.Once
	return func() {
		once.Do(func() {
			ticker.Stop()
			close(done)
			ticking.Wait()
		})
	}
}

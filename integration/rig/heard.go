package rig

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// heard is what a process wrote so far.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed at the next write; nil if nothing waits for it
}

// Write keeps what is written, and wakes what waits for it.
func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.more != nil {
		close(h.more)
		h.more = nil
	}
	return h.text.Write(p)
}

// String is all that was written.
func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// has reports whether a text was written; if not, more is closed once there is
// more to look at.
func (h *heard) has(text string) (found bool, more <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.Contains(h.text.String(), text) {
		return true, nil
	}
	if h.more == nil {
		h.more = make(chan struct{})
	}
	return false, h.more
}

// Says waits until the process wrote a text to stderr. A test that has to know how
// far a process came waits for what it says, however slow the machine is.
func (p *Process) Says(text string) {
	p.a.t.Helper()
	late := time.After(patience)
	for ended := false; ; {
		found, more := p.errs.has(text)
		switch {
		case found:
			return
		case ended:
			p.a.t.Fatalf("edgedeploy %s ended and never said %q:\n%s", strings.Join(p.cmd.Args[1:], " "), text, p.errs.String())
		}
		select {
		case <-more:
		case <-p.ended:
			ended = true // what it wrote last is looked at
		case <-late:
			p.a.t.Fatalf("edgedeploy %s does not say %q:\n%s", strings.Join(p.cmd.Args[1:], " "), text, p.errs.String())
		}
	}
}

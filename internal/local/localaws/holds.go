package localaws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// pauseTime is how long a call is held that is not released.
	pauseTime = time.Minute
	// maxPoll is how long GET held may wait.
	maxPoll = time.Minute
)

// Held is a call that a pause holds. Its Fault tells whether what was asked
// has happened.
type Held struct {
	ID int64 `json:"id"`
	Call
}

// Release says which held calls go on: those of an account, or one by its ID,
// or all. What is asked for happens then, and is answered if the client still
// is there. With Drop the connection is cut instead: what PauseBefore holds
// never happens.
type Release struct {
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Drop    bool   `json:"drop"`
}

// Held lists the calls that are held, the longest held first, of one account
// or of all for "".
func (s *Server) Held(account string) []Held {
	held, _ := s.holds.of(account)
	return held
}

// AwaitHeld returns as soon as at least n calls are held, or when the context
// ends, and lists the ones that are held then.
func (s *Server) AwaitHeld(ctx context.Context, account string, n int) []Held {
	for {
		held, changed := s.holds.of(account)
		if len(held) >= n {
			return held
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return held
		}
	}
}

// Release lets held calls go and returns how many, once what they asked for
// has happened.
func (s *Server) Release(r Release) int {
	let := s.holds.release(r)
	for _, o := range let {
		<-o.entry.done
	}
	return len(let)
}

// holds are the calls that are held.
type holds struct {
	mu      sync.Mutex
	last    int64
	held    []*hold
	changed chan struct{} // closed at the next change; nil if none waits
}

type hold struct {
	Held
	entry   *logged
	verdict chan bool // whether to drop it
}

func (h *holds) add(entry *logged) *hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	one := &hold{Held{h.last, entry.Call}, entry, make(chan bool, 1)}
	h.held = append(h.held, one)
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
	return one
}

// remove reports whether it was still held; else it has its verdict.
func (h *holds) remove(one *hold) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	had := len(h.held)
	h.held = slices.DeleteFunc(h.held, func(o *hold) bool { return o == one })
	return len(h.held) < had
}

// of lists what is held, and tells when more is.
func (h *holds) of(account string) ([]Held, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []Held{}
	for _, o := range h.held {
		if account == "" || o.Account == account {
			list = append(list, o.Held)
		}
	}
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return list, h.changed
}

func (h *holds) release(r Release) (let []*hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held = slices.DeleteFunc(h.held, func(o *hold) bool {
		if r.ID != 0 && r.ID != o.ID || r.Account != "" && r.Account != o.Account {
			return false
		}
		o.verdict <- r.Drop
		let = append(let, o)
		return true
	})
	return let
}

// serveHeld answers GET held, which can wait for calls to be held.
func (x *exchange) serveHeld() {
	query := x.r.URL.Query()
	atLeast, err := strconv.Atoi(cmp.Or(query.Get("atLeast"), "0"))
	wait, err2 := strconv.Atoi(cmp.Or(query.Get("waitMs"), "0"))
	if err = errors.Join(err, err2); err == nil && (wait < 0 || wait > int(maxPoll/time.Millisecond)) {
		err = fmt.Errorf("held calls: wants waitMs from 0 to %d, not %d", maxPoll/time.Millisecond, wait)
	}
	if err != nil {
		reply(x.w, http.StatusBadRequest, map[string]string{"message": err.Error()})
		return
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), time.Duration(wait)*time.Millisecond)
	defer cancel()
	defer context.AfterFunc(x.s.ctx, cancel)()
	if serving, ok := ctx.Value(servingKey{}).(context.Context); ok {
		defer context.AfterFunc(serving, cancel)()
	}
	reply(x.w, http.StatusOK, x.s.AwaitHeld(ctx, query.Get("account"), atLeast))
}

// released is the answer of POST release.
type released struct {
	Released int `json:"released"`
}

// hold keeps a call until it is released or its time is over.
func (x *exchange) hold(entry *logged, limit time.Duration) {
	if limit == 0 {
		limit = pauseTime
	}
	one := x.s.holds.add(entry)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	drop := false
	select {
	case drop = <-one.verdict:
	case <-timer.C:
		if !x.s.holds.remove(one) {
			drop = <-one.verdict
		}
	case <-x.over():
		drop = true
	case <-x.s.ctx.Done():
		drop = true
	}
	x.s.holds.remove(one)
	if drop {
		panic(http.ErrAbortHandler)
	}
}

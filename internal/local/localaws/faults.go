package localaws

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Kind is what a fault does to a call.
type Kind string

// The kinds of faults.
const (
	Error      Kind = "error"       // answers Status, Code and Message; nothing else happens
	Throttle   Kind = "throttle"    // answers the service's own throttling; nothing else happens
	DropBefore Kind = "drop-before" // cuts the connection; nothing else happens
	DropAfter  Kind = "drop-after"  // does what was asked, then cuts the connection
	Delay      Kind = "delay"       // waits DelayMs, then does what was asked
)

// Fault is something that goes wrong on command.
type Fault struct {
	// Service and Operation choose the calls, such as "lambda" and
	// "PublishVersion"; empty matches all. Downloads from code locations are
	// service "code", operation "Download". Account and Resource choose, too,
	// as the log of calls spells them.
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Account   string `json:"account"`
	Resource  string `json:"resource"`
	// Call is the first matching call that is hit, counted from arming; 0 and
	// 1 mean the next. Times is how many in a row are; 0 and 1 mean one.
	Call  int `json:"call"`
	Times int `json:"times"`

	Kind    Kind   `json:"kind"`
	Status  int    `json:"status"`  // of Error
	Code    string `json:"code"`    // of Error
	Message string `json:"message"` // of Error
	DelayMs int    `json:"delayMs"` // of Delay
}

// check refuses a fault that could not do what it says.
func (f Fault) check() error {
	switch f.Kind {
	case Throttle, DropBefore, DropAfter:
	case Error:
		if f.Status < 400 || f.Status > 599 || f.Code == "" {
			return fmt.Errorf("fault %s: wants a status from 400 to 599 and a code, not %d and %q", f.Kind, f.Status, f.Code)
		}
	case Delay:
		if f.DelayMs <= 0 {
			return fmt.Errorf("fault %s: wants delayMs above 0, not %d", f.Kind, f.DelayMs)
		}
	default:
		return fmt.Errorf("fault %q: no such kind; there are error, throttle, drop-before, drop-after and delay", f.Kind)
	}
	if f.Account != "" && !accountKey.MatchString(f.Account) {
		return fmt.Errorf("fault %s: account %q is not 12 digits", f.Kind, f.Account)
	}
	if f.Call < 0 || f.Times < 0 {
		return fmt.Errorf("fault %s: call %d and times %d count from 1", f.Kind, f.Call, f.Times)
	}
	return nil
}

// Arm adds a fault to those that are armed. Faults live in memory only.
func (s *Server) Arm(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	f.Call, f.Times = max(f.Call, 1), max(f.Times, 1)
	s.faults.arm(f)
	return nil
}

// Disarm removes all faults.
func (s *Server) Disarm() { s.faults.disarm("") }

// DisarmIn removes the faults that were armed for one account.
func (s *Server) DisarmIn(account string) { s.faults.disarm(account) }

// faults are the armed faults with the calls they have seen.
type faults struct {
	mu    sync.Mutex
	armed []*armed
}

type armed struct {
	Fault
	seen int
}

func (f *faults) arm(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append(f.armed, &armed{Fault: fault})
}

func (f *faults) disarm(account string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = slices.DeleteFunc(f.armed, func(a *armed) bool { return account == "" || a.Account == account })
}

// matches says whether the fault is meant for calls like this one.
func (f Fault) matches(c Call) bool {
	may := func(want, is string) bool { return want == "" || want == is }
	return may(f.Service, c.Service) && may(f.Operation, c.Operation) && may(f.Account, c.Account) && may(f.Resource, c.Resource)
}

// take counts a call for every fault that matches it, and returns the first
// one that hits it.
func (f *faults) take(c Call) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var hit *armed
	for _, a := range f.armed {
		if !a.matches(c) {
			continue
		}
		a.seen++
		if hit == nil && a.seen >= a.Call && a.seen < a.Call+a.Times {
			hit = a
		}
	}
	f.armed = slices.DeleteFunc(f.armed, func(a *armed) bool { return a.seen >= a.Call+a.Times-1 })
	if hit == nil {
		return Fault{}, false
	}
	return hit.Fault, true
}

// fail answers a call that a fault hits.
func (x *exchange) fail(f Fault) {
	switch f.Kind {
	case Error:
		writeError(x.w, x.service, f.Status, f.Code, f.Message)
	case Throttle:
		x.throttle()
	case DropAfter:
		x.answer(nowhere{http.Header{}})
		panic(http.ErrAbortHandler)
	case DropBefore:
		panic(http.ErrAbortHandler)
	case Delay:
		x.wait(time.Duration(f.DelayMs) * time.Millisecond)
		x.answer(x.w)
	}
}

// wait keeps a call waiting. As in AWS, what was asked happens even if the
// client has gone away meanwhile; so the whole request is read first.
func (x *exchange) wait(d time.Duration) {
	body, err := io.ReadAll(x.r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the request never arrived as a whole
	}
	x.r.Body = io.NopCloser(bytes.NewReader(body))
	select {
	case <-time.After(d):
	case <-x.s.ctx.Done():
		panic(http.ErrAbortHandler) // Close waits for nobody's delay
	}
}

// throttle is each service's own way to say "slower": Lambda's 429 (API
// model), the others' 400 Throttling with "Rate exceeded" (seen in logs).
func (x *exchange) throttle() {
	if x.service == lambdaService {
		writeError(x.w, x.service, http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded")
		return
	}
	writeError(x.w, x.service, http.StatusBadRequest, "Throttling", "Rate exceeded")
}

// nowhere swallows the answer of a call whose connection will be cut.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Write(p []byte) (int, error) { return io.Discard.Write(p) }

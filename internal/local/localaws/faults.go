package localaws

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Kind is what a fault does to a call.
type Kind string

// The kinds of faults. What was asked for happens once the whole request has
// arrived, as in AWS, whether or not the client still waits.
const (
	Error       Kind = "error"        // answers Status, Code and Message; nothing else happens
	Throttle    Kind = "throttle"     // answers the service's own throttling; nothing else happens
	DropBefore  Kind = "drop-before"  // cuts the connection; nothing else happens
	DropAfter   Kind = "drop-after"   // does what was asked, then cuts the connection
	ResetBefore Kind = "reset-before" // like DropBefore, by a TCP reset; in-process the two are one
	ResetAfter  Kind = "reset-after"  // like DropAfter, by a TCP reset
	Cut         Kind = "cut"          // does what was asked, and cuts the connection halfway through the answer's body; one without a body is dropped
	Late        Kind = "late"         // cuts the connection, and does what was asked DelayMs later, unless the server ends before
	Delay       Kind = "delay"        // waits DelayMs, then does what was asked
	PauseBefore Kind = "pause-before" // holds the call until Release, at most DelayMs, then does what was asked
	PauseAfter  Kind = "pause-after"  // does what was asked, holds the answer until Release, at most DelayMs
)

func kinds() []Kind {
	return []Kind{Error, Throttle, DropBefore, DropAfter, ResetBefore, ResetAfter, Cut, Late, Delay, PauseBefore, PauseAfter}
}

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
	DelayMs int    `json:"delayMs"` // of Delay, Late and the pauses, where 0 is a minute; real time, whatever the clock
}

// maxDelayMs is a day: what is longer is a slip.
const maxDelayMs = 24 * 60 * 60 * 1000

// check refuses a fault that could not do what it says.
func (f Fault) check() error {
	if !slices.Contains(kinds(), f.Kind) {
		return fmt.Errorf("fault %q: no such kind; there are %s", f.Kind, strings.Trim(fmt.Sprint(kinds()), "[]"))
	}
	if f.Kind == Error && (f.Status < 400 || f.Status > 599 || f.Code == "") {
		return fmt.Errorf("fault %s: wants a status from 400 to 599 and a code, not %d and %q", f.Kind, f.Status, f.Code)
	}
	if needs := f.Kind == Delay || f.Kind == Late; needs && f.DelayMs == 0 || f.DelayMs < 0 || f.DelayMs > maxDelayMs {
		return fmt.Errorf("fault %s: wants delayMs from 1 to %d, not %d", f.Kind, maxDelayMs, f.DelayMs)
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

// matches reports whether the fault is meant for calls like this one.
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

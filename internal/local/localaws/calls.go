package localaws

import (
	"slices"
	"sync"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// Call is one call as the log has it.
type Call struct {
	Account   string `json:"account"`
	Service   string `json:"service"`   // lambda, cloudfront, iam, sts or code
	Operation string `json:"operation"` // as AWS's API models spell it; "" if unknown
	// Resource is what the call is about, as far as the request tells: a
	// function or function:qualifier, the id of a distribution, a role.
	Resource string `json:"resource"`
	Method   string `json:"method"`
	Path     string `json:"path"`   // without the query; code locations without their token
	Fault    Kind   `json:"fault"`  // what hit it; "" is nothing
	Status   int    `json:"status"` // 0 if the connection was cut before an answer
	Start    int64  `json:"start"`  // Unix nanoseconds of the account's clock
	End      int64  `json:"end"`
}

// keptCalls bounds the log of a server that runs for weeks.
const keptCalls = 100_000

// callLog is kept in memory only.
type callLog struct {
	mu    sync.Mutex
	calls []*logged
}

type logged struct {
	Call
	ended bool
	done  chan struct{} // closed when it has ended
}

func (l *callLog) begin(c Call) *logged {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) >= keptCalls {
		l.calls = slices.Delete(l.calls, 0, keptCalls/2)
	}
	entry := &logged{Call: c, done: make(chan struct{})}
	l.calls = append(l.calls, entry)
	return entry
}

// end is called once for each entry.
func (l *callLog) end(entry *logged, status int, at int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Status, entry.End, entry.ended = status, at, true
	close(entry.done)
}

// of lists an account's calls that ended; all accounts' for "".
func (l *callLog) of(account string) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	var calls []Call
	for _, c := range l.calls {
		if c.ended && (account == "" || c.Account == account) {
			calls = append(calls, c.Call)
		}
	}
	return calls
}

func (l *callLog) forget(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = slices.DeleteFunc(l.calls, func(c *logged) bool { return account == "" || c.Account == account })
}

// Calls returns the calls that arrived since the last ResetCalls and have
// ended, in the order they arrived, which is the one that faults count in; of
// more than 100000 the oldest may be gone. A call whose connection was cut has
// ended, whatever still becomes of it.
func (s *Server) Calls() []Call { return s.log.of("") }

// CallsIn returns those of one account.
func (s *Server) CallsIn(account string) []Call { return s.log.of(account) }

// ResetCalls empties the log of calls.
func (s *Server) ResetCalls() { s.log.forget("") }

// ResetCallsIn forgets the calls of one account.
func (s *Server) ResetCallsIn(account string) { s.log.forget(account) }

// resource names what the request is about. It may read the whole body, and
// leaves it to be read again.
func (x *exchange) resource() string {
	switch x.service {
	case lambdaService:
		return x.s.lambda.Resource(x.r)
	case cloudfrontService:
		return x.s.cf.Resource(x.r)
	case iamService:
		return iam.Resource(x.r)
	}
	return ""
}

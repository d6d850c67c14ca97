package localaws

import (
	"slices"
	"sync"
)

// Call is one call as the log has it.
type Call struct {
	Service   string `json:"service"`   // lambda, cloudfront, iam, sts or code
	Operation string `json:"operation"` // as AWS's API models spell it; "" if unknown
	Method    string `json:"method"`
	Path      string `json:"path"`   // without the query; code locations without their token
	Status    int    `json:"status"` // 0 if the connection was cut
	Start     int64  `json:"start"`  // Unix nanoseconds of the server's clock
	End       int64  `json:"end"`
}

// keptCalls bounds the log of a server that runs for weeks.
const keptCalls = 100_000

// callLog is kept in memory only.
type callLog struct {
	mu    sync.Mutex
	calls []Call
}

func (l *callLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) >= keptCalls {
		l.calls = slices.Delete(l.calls, 0, keptCalls/2)
	}
	l.calls = append(l.calls, c)
}

// Calls returns the calls that ended since the last ResetCalls, oldest end
// first; of more than 100000 the oldest may be gone.
func (s *Server) Calls() []Call {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return slices.Clone(s.log.calls)
}

// ResetCalls empties the log of calls.
func (s *Server) ResetCalls() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.calls = nil
}

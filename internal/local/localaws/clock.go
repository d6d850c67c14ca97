package localaws

import (
	"fmt"
	"sync"
	"time"
)

// maxAhead bounds how far a clock can be moved ahead of Options.Now: an
// instant beyond it is a slip, and a Duration must not overflow.
const maxAhead = 10 * 366 * 24 * time.Hour

// Advance moves the clock of an account on, or with account "" that of all
// accounts. There is no way back, as there is none in AWS. How far the clocks
// are ahead is kept in memory only.
func (s *Server) Advance(account string, d time.Duration) error {
	if account != "" && !accountKey.MatchString(account) {
		return fmt.Errorf("advance the clock of account %q: an account is 12 digits", account)
	}
	return s.clock.advance(account, d)
}

// Ahead tells how far an account's clock is ahead of Options.Now.
func (s *Server) Ahead(account string) time.Duration { return s.clock.ahead(account) }

// clock gives each account a time of its own, so that what one test does to
// the time does nothing to another's.
type clock struct {
	base func() time.Time

	mu   sync.Mutex
	all  time.Duration            // ahead of base, for every account
	more map[string]time.Duration // on top of that, by account
}

func (c *clock) now(account string) time.Time { return c.base().Add(c.ahead(account)) }

func (c *clock) ahead(account string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all + c.more[account]
}

func (c *clock) advance(account string, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := c.all
	if account != "" {
		is = c.more[account]
	}
	if d <= 0 || d > maxAhead-is {
		return fmt.Errorf("advance the clock by %v: a clock only moves on, and ends up at most %v ahead; it is %v ahead", d, maxAhead, is)
	}
	if account == "" {
		c.all += d
		return nil
	}
	if c.more == nil {
		c.more = map[string]time.Duration{}
	}
	c.more[account] += d
	return nil
}

// advance is the body of POST clock.
type advance struct {
	Account   string `json:"account"` // "" is all
	AdvanceMs int64  `json:"advanceMs"`
}

func (a advance) duration() (time.Duration, error) {
	if limit := int64(maxAhead / time.Millisecond); a.AdvanceMs <= 0 || a.AdvanceMs > limit {
		return 0, fmt.Errorf("advance the clock: wants advanceMs from 1 to %d, not %d", limit, a.AdvanceMs)
	}
	return time.Duration(a.AdvanceMs) * time.Millisecond, nil
}

// aheadMs is the answer of GET clock.
type aheadMs struct {
	AheadMs int64 `json:"aheadMs"`
}

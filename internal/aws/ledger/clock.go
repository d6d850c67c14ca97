package ledger

import (
	"context"
	"math/rand/v2"
	"time"
)

// clock is AWS's clock: the Date of its last answer and what has gone by
// since then. It is behind by the answer's way here, so that a lock counts as
// expired rather early for its holder.
type clock struct{ date, seen time.Time }

func (c *clock) set(date time.Time) {
	if !date.IsZero() {
		*c = clock{date, time.Now()}
	}
}

func (c clock) now() time.Time { return c.date.Add(time.Since(c.seen)) }

// moment is a moment on two clocks of this machine: one that runs while the
// machine is suspended but may be set (the wall clock), and one that is never
// set but may stand still meanwhile (the monotonic one that Go adds).
type moment struct{ at time.Time }

func rightNow() moment { return moment{time.Now()} }

// within reports whether the moment is at most d ago on both clocks. A wall
// clock that was set back says nothing, so that is no.
func (m moment) within(d time.Duration) bool {
	now := time.Now()
	return !m.at.IsZero() && bothWithin(now.Sub(m.at), now.Round(0).Sub(m.at.Round(0)), d)
}

func bothWithin(monotonic, wall, d time.Duration) bool {
	return wall >= 0 && max(monotonic, wall) <= d
}

// staleTimeout bounds how long reads of aliases may be behind. AWS promises
// nothing about it (UNKNOWN), and most answers are current.
const staleTimeout = 10 * time.Second

// patience bounds a compare-and-swap that is tried again.
type patience struct {
	tries  int
	waited time.Duration
}

// again reports whether to try once more. A refusal that the read after it does
// not show was met by a read that is behind: that one is waited for.
func (p *patience) again(ctx context.Context, l *Ledger, behind bool) bool {
	if !behind {
		p.tries++
		return p.tries < maxTries
	}
	wait := min(l.polls().After(p.waited, rand.Float64()), staleTimeout-p.waited)
	if p.waited >= staleTimeout || pause(ctx, wait) != nil {
		return false
	}
	p.waited += wait
	return true
}

// detached gives a context that outlives its parent's cancellation by one
// call: to find out what became of a call whose answer was lost.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
}

// pause waits, or says why it could not.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

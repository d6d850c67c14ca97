package pace

import "time"

// Backoff says how long to wait between two looks at something that takes a
// time which is not known: short pauses at first, longer ones later, so that
// what is done at once is seen at once, and what takes minutes costs few calls.
type Backoff struct {
	First time.Duration // the first pause
	Max   time.Duration // what the pauses grow to
}

// spread is how far a pause may be from its length, by chance, so that runs which
// began together do not go on asking together.
const spread = 0.2

// After gives the next pause, when there was nothing to be seen for so long: each
// is half as long again as the one before it, so that what is waited for is seen
// late by half of what it took at most. luck is a random number in [0, 1).
func (b Backoff) After(waited time.Duration, luck float64) time.Duration {
	return jitter(min(b.First+waited/2, b.Max), luck)
}

// jitter gives a length that is at most spread off.
func jitter(d time.Duration, luck float64) time.Duration {
	return time.Duration(float64(d) * (1 + spread*(2*luck-1)))
}

package pace

import "time"

// Backoff says how long to wait between two looks at something that takes a
// time which is not known: short pauses at first, longer ones later, so that
// what is done at once is seen at once, and what takes minutes costs few calls.
type Backoff struct {
	First time.Duration // the first pause
	Max   time.Duration // what the pauses grow to
}

// growth is by how much each pause is longer than the one before it. What is
// waited for is seen late by half of it at most, while pauses grow.
const growth = 1.5

// spread is how far a pause may be from its length, by chance, so that runs which
// began together do not go on asking together.
const spread = 0.2

// After gives the pause after so many looks. luck is a random number in [0, 1).
func (b Backoff) After(looks int, luck float64) time.Duration {
	pause := float64(b.First)
	for i := 1; i < looks && pause < float64(b.Max); i++ {
		pause *= growth
	}
	return jitter(time.Duration(min(pause, float64(b.Max))), luck)
}

// jitter gives a length that is at most spread off.
func jitter(d time.Duration, luck float64) time.Duration {
	return time.Duration(float64(d) * (1 + spread*(2*luck-1)))
}

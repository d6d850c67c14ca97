package pace

import (
	"slices"
	"time"
)

// Rate is how fast a service takes requests of one kind in one account, as
// learned from what it throttles: CloudFront publishes nothing about it, and
// others in the account use it too. The zero value has learned nothing, and lets
// every request go at once.
//
// The time between two requests grows by a part when one is throttled, and
// shrinks a little with each that is taken, ever more the longer none is throttled
// (as in TCP). How a request is sent again that was throttled does for both
// kinds of services: first soon, for one that gives its requests back one by one
// (LIKELY CloudFront); then when all that was taken is a minute old, for one that
// counts by the minute. From then on others must be taking the rate: the pauses
// are long, and differ by chance, so that each gets its turn.
//
// It is not safe for use by many goroutines.
type Rate struct {
	every     time.Duration // between two requests; 0 before the first throttle
	guessed   bool          // every is a guess, made at the first throttle just now
	next      time.Time     // no request goes before
	recent    []time.Time   // what was taken within the last window
	throttled int           // in a row
	taken     int           // in a row
}

const (
	// window is what rates are counted by: "2-3 UpdateDistribution calls within a
	// minute" were throttled (ansible-collections/community.aws issue 296).
	window = time.Minute
	// slowest is what a first guess is no slower than, five a minute, and fastest
	// how fast requests are ever sent once one was throttled.
	slowest = window / 5
	fastest = 50 * time.Millisecond

	// back is by how many percent the time between requests grows.
	back = 20
	// gain is by how many thousandths it shrinks with the first request that is
	// taken, and by twice that with the second; maxGain is the most.
	gain, maxGain = 7, 300

	// A request is sent again after a fraction of the time between requests: at
	// the latest after so long.
	soon    = 4
	maxSoon = 5 * time.Second
	// Throttled more than twice, it waits a quarter of a window, then half, and
	// then whole ones, up to as long again by chance.
	long = window / 4
)

// Taken says that the service has just answered a request, and did not throttle
// it. luck is a random number in [0, 1).
func (r *Rate) Taken(now time.Time, luck float64) {
	r.forget(now)
	if n := len(r.recent); r.guessed && r.throttled == 1 && n > 0 {
		r.every = min(r.every, now.Sub(r.recent[n-1])) // it does not count by the minute
	}
	r.recent = append(r.recent, now)
	r.throttled, r.guessed = 0, false
	if r.every == 0 {
		return
	}
	r.taken++
	r.every = max(r.every-r.every*time.Duration(min(r.taken*gain, maxGain))/1000, fastest)
	r.next = now.Add(jitter(r.every, luck))
}

// Throttled says that the service has just throttled a request. luck is a random
// number in [0, 1).
func (r *Rate) Throttled(now time.Time, luck float64) {
	r.forget(now)
	r.throttled++
	r.taken = 0
	switch {
	case r.every == 0:
		r.every, r.guessed = min(window/time.Duration(max(1, len(r.recent))), slowest), true
	case r.throttled == 1:
		r.every = min(r.every*(100+back)/100, window)
	}
	r.next = now.Add(r.pause(now, luck))
}

// pause is how long the request that was throttled waits.
func (r *Rate) pause(now time.Time, luck float64) time.Duration {
	switch {
	case r.throttled == 1:
		return jitter(min(r.every/soon, maxSoon), luck)
	case r.throttled == 2 && len(r.recent) > 0:
		// A little more than a window, not less.
		return max(r.recent[0].Add(window).Sub(now), r.every/2) + time.Duration(luck*spread*float64(r.every))
	case r.throttled == 2:
		return jitter(window, luck)
	}
	return time.Duration((1 + luck) * float64(min(long<<min(r.throttled-3, 2), window)))
}

// Wait says how long the next request has to wait.
func (r *Rate) Wait(now time.Time) time.Duration { return max(r.next.Sub(now), 0) }

// Every says how much time is to be between two requests, 0 if none was throttled
// yet.
func (r *Rate) Every() time.Duration { return r.every }

func (r *Rate) forget(now time.Time) {
	r.recent = slices.DeleteFunc(r.recent, func(t time.Time) bool { return now.Sub(t) >= window })
}

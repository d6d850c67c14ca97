package pace

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// service takes or throttles a request.
type service interface{ take(at time.Time) bool }

// sliding takes n requests in any minute, as the local AWS does.
type sliding struct {
	n    int
	all  bool // those that it throttled count too
	past []time.Time
}

func (s *sliding) take(at time.Time) bool {
	for len(s.past) > 0 && at.Sub(s.past[0]) >= time.Minute {
		s.past = s.past[1:]
	}
	ok := len(s.past) < s.n
	if ok || s.all {
		s.past = append(s.past, at)
	}
	return ok
}

// calendar takes n requests in each minute of the clock.
type calendar struct {
	n, used int
	minute  time.Time
}

func (c *calendar) take(at time.Time) bool {
	if m := at.Truncate(time.Minute); m != c.minute {
		c.minute, c.used = m, 0
	}
	c.used++
	return c.used <= c.n
}

// bucket holds tokens, and gets a new one every so often.
type bucket struct {
	every  time.Duration
	size   float64
	tokens float64
	at     time.Time
}

func (b *bucket) take(at time.Time) bool {
	if b.at.IsZero() {
		b.tokens = b.size
	}
	b.tokens = min(b.size, b.tokens+float64(at.Sub(b.at))/float64(b.every))
	b.at = at
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// client sends its requests one after the other.
type client struct {
	rate Rate
	now  time.Time
	left int
	// tried is how often the request was throttled that it is at.
	tried int
}

func (c *client) next() time.Time { return c.now.Add(c.rate.Wait(c.now)) }

// came is what became of all requests.
type came struct {
	took      time.Duration
	throttled int
	worst     int // how often one request was throttled
}

// latency is how long it takes to send a request: CloudFront wants the
// configuration read first, and the lock is proven.
const latency = 300 * time.Millisecond

// simulate sends so many requests from each of some clients that begin within a
// second.
func simulate(s service, clients, requests int, seed uint64) came {
	luck := rand.New(rand.NewPCG(seed, 0))
	start := time.Date(2026, 1, 1, 0, 0, luck.IntN(60), 0, time.UTC)
	all := make([]client, clients)
	for i := range all {
		all[i].now, all[i].left = start.Add(time.Duration(luck.Float64()*float64(time.Second))), requests
	}
	var came came
	for {
		var c *client
		for i := range all {
			if all[i].left > 0 && (c == nil || all[i].next().Before(c.next())) {
				c = &all[i]
			}
		}
		if c == nil {
			return came
		}
		c.now = c.next().Add(latency)
		came.took = max(came.took, c.now.Sub(start))
		if s.take(c.now) {
			c.rate.Taken(c.now, luck.Float64())
			c.left--
			c.tried = 0
			continue
		}
		c.rate.Throttled(c.now, luck.Float64())
		came.throttled++
		c.tried++
		came.worst = max(came.worst, c.tried)
	}
}

const seeds = 20

// The bar: 200 writes take at most 1.3 times what the limit allows, and none
// of them is throttled more than twice.
func TestTwoHundredRequestsTakeLittleMoreThanTheLimitAllows(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 60, 120} {
		t.Run(fmt.Sprintf("%d a minute", n), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seeds) {
				got := simulate(&sliding{n: n}, 1, 200, seed)
				if bound := 1.3 * 200 / float64(n); got.took.Minutes() > bound || got.worst > 2 {
					t.Errorf("seed %d: %v, want at most %.1f minutes; %d throttled, one of them %d times", seed, got.took, bound, got.throttled, got.worst)
				}
			}
		})
	}
}

// How CloudFront really counts is UNKNOWN, so other ways have to do too.
func TestOtherServicesAreUsedWellToo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		service func() service
		limit   float64 // requests a minute
		factor  float64 // of the time that the limit allows
		worst   int
	}{
		"by the clock's minute, 3":       {func() service { return &calendar{n: 3} }, 3, 1.2, 6},
		"by the clock's minute, 20":      {func() service { return &calendar{n: 20} }, 20, 1.2, 6},
		"a bucket of 1, 2 a minute":      {func() service { return &bucket{every: 30 * time.Second, size: 1} }, 2, 1.4, 4},
		"a bucket of 1, 30 a minute":     {func() service { return &bucket{every: 2 * time.Second, size: 1} }, 30, 1.4, 4},
		"a bucket of 5, 5 a minute":      {func() service { return &bucket{every: 12 * time.Second, size: 5} }, 5, 1.1, 4},
		"a bucket of 5, 1 a second":      {func() service { return &bucket{every: time.Second, size: 5} }, 60, 1.3, 4},
		"a bucket of 20, 2 a second":     {func() service { return &bucket{every: time.Second / 2, size: 20} }, 120, 1.1, 4},
		"10, the throttled ones counted": {func() service { return &sliding{n: 10, all: true} }, 10, 2, 6},
		"1, the throttled ones counted":  {func() service { return &sliding{n: 1, all: true} }, 1, 3.5, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seeds) {
				got := simulate(tt.service(), 1, 200, seed)
				if bound := tt.factor * 200 / tt.limit; got.took.Minutes() > bound || got.worst > tt.worst {
					t.Errorf("seed %d: %v, want at most %.1f minutes; %d throttled, one of them %d times", seed, got.took, bound, got.throttled, got.worst)
				}
			}
		})
	}
}

// Runs of several stacks in one account share its rate, and know nothing of each
// other: all of it is used, and none starves.
func TestRunsThatShareARateAllGetOn(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 5, 10, 30} {
		for seed := range uint64(seeds) {
			got := simulate(&sliding{n: n}, 3, 100, seed)
			if bound := 1.5 * 300 / float64(n); got.took.Minutes() > bound || got.worst > 20 {
				t.Errorf("%d a minute, seed %d: %v, want at most %.1f minutes; %d throttled, one of them %d times", n, seed, got.took, bound, got.throttled, got.worst)
			}
		}
	}
}

// A rate that others have used up before the run began is no less known soon.
func TestARateThatWasUsedUpBeforeIsFound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(seeds) {
		s := &sliding{n: 10}
		for i := range 10 {
			s.take(time.Date(2025, 12, 31, 23, 59, 30+i, 0, time.UTC))
		}
		got := simulate(s, 1, 200, seed)
		if bound := 1.3*20 + 1; got.took.Minutes() > bound || got.worst > 3 {
			t.Errorf("seed %d: %v, want at most %.1f minutes; %d throttled, one of them %d times", seed, got.took, bound, got.throttled, got.worst)
		}
	}
}

func TestNothingWaitsBeforeTheFirstThrottle(t *testing.T) {
	t.Parallel()
	var r Rate
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 1000 {
		if wait := r.Wait(now); wait != 0 || r.Every() != 0 {
			t.Fatalf("waits %v, one every %v", wait, r.Every())
		}
		r.Taken(now, 0.5)
		now = now.Add(10 * time.Millisecond)
	}
	r.Throttled(now, 0.5)
	if r.Wait(now) <= 0 || r.Every() <= 0 {
		t.Errorf("waits %v, one every %v after a throttle", r.Wait(now), r.Every())
	}
}

// Runs that were throttled at the same moment do not ask again at the same one.
func TestChanceSetsRunsApart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var a, b Rate
	for i := range 6 {
		a.Throttled(now, 0.1)
		b.Throttled(now, 0.9)
		if apart := b.Wait(now) - a.Wait(now); apart < a.Wait(now)/10 {
			t.Errorf("throttled %d times: %v and %v", i+1, a.Wait(now), b.Wait(now))
		}
	}
}

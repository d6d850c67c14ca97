package load

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	writers, readers = 4, 4
	// usual is how long the load lasts if EDGEDEPLOY_LOAD says nothing.
	usual = 3 * time.Second
	// patience is more than any call may take. One that takes longer hangs.
	patience = time.Minute
)

// duration is how long the load lasts.
func duration(t *testing.T) time.Duration {
	t.Helper()
	text, ok := os.LookupEnv("EDGEDEPLOY_LOAD")
	if !ok || text == "" {
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.Fatalf("EDGEDEPLOY_LOAD is %q, which is no duration above zero: say 60s", text)
	}
	if deadline, ok := t.Deadline(); ok && time.Until(deadline) < d+patience {
		t.Fatalf("EDGEDEPLOY_LOAD is %q, and the test would be stopped before: give go test a longer -timeout", text)
	}
	return d
}

func TestEveryAnswerUnderLoadIsWhatTheResourceCouldHold(t *testing.T) {
	d, a := duration(t), serve(t)
	owned := make([][]*resource, writers)
	var all []*resource
	for i := range owned {
		var err error
		if owned[i], err = a.make(t.Context(), fmt.Sprintf("writer-%d", i)); err != nil {
			t.Fatal(err)
		}
		all = append(all, owned[i]...)
	}

	// Every resource is written twice at least, and read in each of its ways.
	end, leastWrites, leastReads := time.Now().Add(d), 2*len(owned[0]), 2*len(all)
	clients, ctx := errgroup.WithContext(t.Context())
	for _, own := range owned {
		clients.Go(func() error {
			return until(ctx, end, leastWrites, func(ctx context.Context, turn int) error {
				a.written.Add(1)
				return own[turn%len(own)].next(ctx)
			})
		})
	}
	for i := range readers {
		clients.Go(func() error {
			return until(ctx, end, leastReads, func(ctx context.Context, turn int) error {
				turn += i * len(all) / readers // each begins elsewhere
				r := all[turn%len(all)]
				return r.check(ctx, r.reads[(turn+turn/len(all))%len(r.reads)])
			})
		})
	}
	if err := clients.Wait(); err != nil {
		t.Fatal(err)
	}
	if c := a.refused.Load(); c != nil {
		t.Errorf("%s %s was answered with the status %d", c.Service, c.Operation, c.Status)
	}
	report(t, all)
}

// until runs a call again and again, each within patience, until the end has
// come and least turns are done.
func until(ctx context.Context, end time.Time, least int, call func(ctx context.Context, turn int) error) error {
	for turn := 0; (turn < least || time.Now().Before(end)) && ctx.Err() == nil; turn++ {
		patient, cancel := context.WithTimeout(ctx, patience)
		err := call(patient, turn)
		cancel()
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// report tells how much was done, and fails if something was not done at all.
func report(t *testing.T, all []*resource) {
	t.Helper()
	var writes int64
	reads := map[string]int64{}
	for _, r := range all {
		if r.done.Load() == 0 {
			t.Errorf("%s was never written", r.name)
		}
		writes += r.done.Load()
		for _, by := range r.reads {
			reads[by.operation] += by.done.Load()
		}
	}
	for operation, n := range reads {
		if n == 0 {
			t.Errorf("%s was never read", operation)
		}
	}
	t.Logf("%d writes; reads: %v", writes, reads)
}

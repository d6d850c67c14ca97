package load

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// resource is a part of the account that one writer rewrites again and again.
// Its content is a function of its name and its generation.
type resource struct {
	name string
	// begun is the last generation whose write has begun, done the last whose
	// write was answered.
	begun, done atomic.Int64

	write func(ctx context.Context, n int64) error // makes it generation n
	reads []*reading
}

// reading is one way to read a resource.
type reading struct {
	operation string
	// read compares the whole answer with the generation that it is of.
	read func(context.Context) (n int64, err error)
	done atomic.Int64
}

// next writes the next generation.
func (r *resource) next(ctx context.Context) error {
	n := r.begun.Add(1)
	if err := r.write(ctx, n); err != nil {
		return fmt.Errorf("write generation %d of %s: %w", n, r.name, err)
	}
	r.done.Store(n)
	return nil
}

// check reads the resource in one way.
func (r *resource) check(ctx context.Context, by *reading) error {
	oldest := r.done.Load()
	n, err := by.read(ctx)
	if err == nil {
		err = r.possible(n, oldest)
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", by.operation, r.name, err)
	}
	by.done.Add(1)
	return nil
}

// possible compares a generation that was read with those between the last one
// that was written before the read began and the last one begun since.
func (r *resource) possible(n, oldest int64) error {
	if newest := r.begun.Load(); n < oldest || n > newest {
		return fmt.Errorf("the answer is of generation %d, and only %d to %d are possible", n, oldest, newest)
	}
	return nil
}

// mark is a text that tells the resource and the generation.
func mark(name string, n int64) string { return fmt.Sprintf("load/%s/%d/", name, n) }

// generation reads a mark of the resource.
func (r *resource) generation(text string) (int64, error) {
	digits, ok := strings.CutPrefix(text, "load/"+r.name+"/")
	n, err := strconv.ParseInt(strings.TrimSuffix(digits, "/"), 10, 64)
	if !ok || err != nil || text != mark(r.name, n) {
		return 0, fmt.Errorf("%q is not a mark of %s", text, r.name)
	}
	return n, nil
}

// filled returns size bytes of marks.
func filled(name string, n int64, size int) string {
	m := mark(name, n)
	return strings.Repeat(m, size/len(m)+1)[:size]
}

// size returns a size below bound that jumps from generation to generation.
func size(n int64, bound int) int { return int(n * 7919 % int64(bound)) }

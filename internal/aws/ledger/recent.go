package ledger

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Bounds of reading releases by their number.
const (
	// readers is how many are read at a time. Lambda takes 100 reads of a function
	// a second (Lambda quotas, "GetFunction API requests").
	readers = 8
	// maxGap is how many numbers in a row may be missing before it is taken that
	// nothing older is there: versions that no alias protects may be deleted, and a
	// new function may go on counting where the one before it ended (LIKELY).
	maxGap = 10
)

// Recent are the newest releases of a stack.
type Recent struct {
	Exists   bool // the ledger does
	Position release.Position
	Releases []release.Summary // newest first
	More     bool              // there are older ones, or it is not known
}

// Recent gives the newest releases of a stack, limit at most. However many there
// are, it makes one call for each, one for the aliases, and one that finds that
// nothing newer is there. What is no release is left out and warned of, as by List.
func (l *Ledger) Recent(ctx context.Context, stack string, limit int) (Recent, error) {
	if err := checkStack(stack); err != nil {
		return Recent{}, err
	}
	k, err := l.snapshot(ctx, stack)
	if err != nil || !k.exists {
		return Recent{}, err
	}
	recent := Recent{Exists: true, Position: k.aliases.position()}
	known := k.aliases.below(math.MaxInt)
	if known == 0 { // no release was in flight yet: what there may be, only a listing tells
		all, err := l.List(ctx, stack)
		n := min(limit, len(all))
		recent.Releases, recent.More = all[:n], n < len(all)
		return recent, err
	}
	top, err := l.newest(ctx, stack, known)
	if err != nil {
		return Recent{}, err
	}
	next, missing := top, 0
	for next > 0 && len(recent.Releases) < limit && missing < maxGap {
		numbers := down(next, limit-len(recent.Releases))
		found, err := l.openAll(ctx, stack, numbers)
		if err != nil {
			return Recent{}, err
		}
		for i, v := range found {
			if missing++; v.Number == 0 {
				continue
			}
			missing = 0
			if s, ours := summaryOf(stack, v); ours {
				recent.Releases = append(recent.Releases, s)
			} else {
				l.warn(stack, "version %d of function %s is no release (%q) and is skipped", numbers[i], FunctionName(stack), oneLine(v.Description))
			}
		}
		next = numbers[len(numbers)-1] - 1
		if missing >= maxGap {
			if next = k.aliases.below(next); next > 0 {
				missing = 0
			}
		}
	}
	recent.More = next > 0
	return recent, nil
}

// newest is the number of the newest version. top is the highest that an alias
// names; what a run published just now, or before it died, has no alias.
func (l *Ledger) newest(ctx context.Context, stack string, top int) (int, error) {
	for {
		_, err := l.API.OpenVersion(ctx, FunctionName(stack), strconv.Itoa(top+1))
		if errors.Is(err, versions.ErrNoVersion) {
			return top, nil
		}
		if err != nil {
			return 0, wrap(stack, "look for newer releases", err)
		}
		top++
	}
}

// openAll opens versions by number, some at a time. Number is 0 in those that do
// not exist.
func (l *Ledger) openAll(ctx context.Context, stack string, numbers []int) ([]versions.StoredVersion, error) {
	found := make([]versions.StoredVersion, len(numbers))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, n := range numbers {
		g.Go(func() error {
			v, err := l.API.OpenVersion(gctx, FunctionName(stack), strconv.Itoa(n))
			if errors.Is(err, versions.ErrNoVersion) {
				return nil
			}
			found[i] = v
			return wrap(stack, "open release "+strconv.Itoa(n), err)
		})
	}
	return found, g.Wait()
}

// down are the numbers from one on downwards, most at most.
func down(from, most int) []int {
	var numbers []int
	for n := from; n > 0 && len(numbers) < most; n-- {
		numbers = append(numbers, n)
	}
	return numbers
}

// below is the highest number up to most that an alias names; 0 for none.
func (t table) below(most int) int {
	var numbers []int
	for name := range t {
		if n := t.number(name); n <= most {
			numbers = append(numbers, n)
		}
	}
	return slices.Max(append(numbers, 0))
}

package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// snapshot is what one listing of the aliases tells.
type snapshot struct {
	exists  bool
	aliases table
	clock   clock
}

func (l *Ledger) snapshot(ctx context.Context, stack string) (snapshot, error) {
	list, now, err := l.API.Aliases(ctx, FunctionName(stack))
	switch {
	case errors.Is(err, versions.ErrNoVersion):
		return snapshot{}, nil
	case err != nil:
		return snapshot{}, wrap(stack, "read which release is live", err)
	}
	k := snapshot{exists: true, aliases: l.sound(stack, tabulate(list))}
	k.clock.set(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.snapshots == nil {
		l.snapshots = map[string]snapshot{}
	}
	l.snapshots[stack] = k
	return k, nil
}

// recall returns the last snapshot of a stack to a run that follows a Read. It is
// the one that seen came from or a later one, and as good as new if the lock
// still has its revision: then no run took it since.
func (l *Ledger) recall(stack string, seen release.Seen) (snapshot, bool) {
	l.mu.Lock()
	k, ok := l.snapshots[stack]
	l.mu.Unlock()
	k.aliases = l.sound(stack, k.aliases) // Read may have found out since
	return k, ok && seen.Lock != ""
}

func (k snapshot) seen() release.Seen {
	dead := ""
	if lock, err := parseLock(k.aliases[aliasLock].Description); err == nil {
		if info := lock.info(k.clock.now()); info.Expired {
			dead = info.RunID
		}
	}
	return release.Seen{
		Dead: dead,
		Lock: k.aliases[aliasLock].RevisionID, Live: k.aliases[aliasLive].RevisionID, Pending: k.aliases[aliasPending].RevisionID,
	}
}

// remember keeps a position that was just read under the lock.
func (l *Ledger) remember(stack string, at release.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.under == nil {
		l.under = map[string]release.Position{}
	}
	l.under[stack] = at
}

// recollect gives what remember keeps, once.
func (l *Ledger) recollect(stack string) (release.Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.under[stack]
	delete(l.under, stack)
	return at, ok
}

// forget drops all that is kept of a stack: its lock was lost or given back, or
// the ledger has moved.
func (l *Ledger) forget(stack string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.under, stack)
	delete(l.snapshots, stack)
}

// Position implements deploy.Ledger: the first time after Lock without a call,
// since Lock has just read it, and else with one.
func (l *Ledger) Position(ctx context.Context, stack string) (release.Position, error) {
	if err := checkStack(stack); err != nil {
		return release.Position{}, err
	}
	if at, ok := l.recollect(stack); ok {
		return at, nil
	}
	k, err := l.snapshot(ctx, stack)
	return k.aliases.position(), err
}

// Read implements deploy.Ledger. A ledger at rest takes two calls at once, and
// the fetch of one record. A function of that name without the stack's tag is
// a *ForeignError; a record that does not verify, a *RecordError. If that is the
// live one, the state comes with the error, and says so (release.LedgerState.Broken).
func (l *Ledger) Read(ctx context.Context, stack string) (release.LedgerState, error) {
	if err := checkStack(stack); err != nil {
		return release.LedgerState{}, err
	}
	k, live, err := l.snapshotAndOpen(ctx, stack)
	if err != nil || !k.exists {
		return release.LedgerState{}, err
	}
	at := k.aliases.position()
	state := release.LedgerState{Exists: true, Kept: k.aliases.kept(), Seen: k.seen()}
	lock, _ := parseLock(k.aliases[aliasLock].Description) // LockInfo.Foreign tells what is not understood
	state.Lock = lock.info(k.clock.now())
	known := live // any version tells account and tags
	if at.Live == 0 && lock.Live != 0 {
		state.Lost = lock.Live
		if known, err = l.former(ctx, stack, lock.Live, &state); err != nil {
			return release.LedgerState{}, err
		}
	}
	var broken error
	if at.Live != 0 {
		if state.Live, err = l.load(ctx, stack, live); err != nil {
			bad, broke := k.broken(err, lock)
			if !broke {
				return release.LedgerState{}, err
			}
			state.Broken, broken = at.Live, bad
			if lock.Live != 0 && lock.Live != at.Live {
				if _, err := l.former(ctx, stack, lock.Live, &state); err != nil {
					return release.LedgerState{}, err
				}
			}
		}
	}
	if at.Pending != 0 {
		if known, err = l.pending(ctx, stack, k, &state); err != nil {
			return release.LedgerState{}, err
		}
	}
	if known.FunctionARN == "" {
		if known, err = l.API.OpenVersion(ctx, FunctionName(stack), latest); err != nil {
			return release.LedgerState{}, wrap(stack, "read the ledger's function", err)
		}
	}
	state.Account = account(known.FunctionARN)
	// Records name their stack and are verified, so tags that may not be read
	// are no obstacle to reading; tags that name another stack are.
	if known.TagsError == "" {
		err = owned(stack, known)
	}
	return state, cmp.Or(err, broken)
}

// snapshotAndOpen lists the aliases and opens the live version at the same time,
// and reads both again when live moved in between, or reads older than the lock says
// it was left. The listing decides: if they do not come to agree, the version
// that the listing names is opened.
func (l *Ledger) snapshotAndOpen(ctx context.Context, stack string) (snapshot, versions.StoredVersion, error) {
	for p := (patience{}); ; {
		var k snapshot
		var live versions.StoredVersion
		g, gctx := errgroup.WithContext(ctx)
		g.Go(func() (err error) {
			k, err = l.snapshot(gctx, stack)
			return err
		})
		g.Go(func() (err error) {
			live, err = l.API.OpenVersion(gctx, FunctionName(stack), aliasLive)
			if errors.Is(err, versions.ErrNoVersion) {
				live, err = versions.StoredVersion{}, nil // a first release was never committed, or there is no ledger
			}
			return wrap(stack, "open the live release", err)
		})
		if err := g.Wait(); err != nil {
			return snapshot{}, versions.StoredVersion{}, err
		}
		at := k.aliases.position()
		lock, _ := parseLock(k.aliases[aliasLock].Description) // Read says what is not understood
		older := behind(k.aliases, lock)
		same := k.aliases.number(aliasLive) == live.Number
		if same && (older == "" || k.aliases.number(older) == 0) {
			return k, live, nil
		}
		if p.again(ctx, l, same) {
			continue
		}
		if at.Live == 0 {
			return k, versions.StoredVersion{}, nil
		}
		live, err := l.open(ctx, stack, at.Live)
		return k, live, err
	}
}

// open reads one version by number.
func (l *Ledger) open(ctx context.Context, stack string, number int) (versions.StoredVersion, error) {
	if number < 1 {
		return versions.StoredVersion{}, noRelease(stack, number)
	}
	v, err := l.API.OpenVersion(ctx, FunctionName(stack), strconv.Itoa(number))
	if errors.Is(err, versions.ErrNoVersion) {
		return versions.StoredVersion{}, noRelease(stack, number)
	}
	return v, wrap(stack, fmt.Sprintf("open release %d", number), err)
}

func noRelease(stack string, number int) error {
	return fmt.Errorf("stack %s: release %d (function %s): %w", stack, number, FunctionName(stack), deploy.ErrNoRelease)
}

// load fetches and verifies the record of an opened version.
func (l *Ledger) load(ctx context.Context, stack string, v versions.StoredVersion) (release.Release, error) {
	bad := func(reason string) *RecordError {
		return &RecordError{Stack: stack, Number: v.Number, Function: FunctionName(stack), Reason: reason}
	}
	if v.CodeBytes > maxRecordZip {
		return release.Release{}, bad(fmt.Sprintf("has a zip of %d bytes; a record has at most %d", v.CodeBytes, maxRecordZip))
	}
	zipped, err := l.fetch(ctx, v.Location)
	switch {
	case errors.Is(err, errTooLarge):
		return release.Release{}, bad(fmt.Sprintf("has a zip of more than %d bytes", maxRecordZip))
	case err != nil:
		return release.Release{}, wrap(stack, fmt.Sprintf("read release %d", v.Number), err)
	}
	r, err := openRelease(stack, v.Number, zipped, v.CodeSHA256)
	if err != nil {
		e := bad(err.Error())
		e.Newer = is[*newerError](err)
		return release.Release{}, e
	}
	return r, nil
}

// broken tells what is known of a ledger whose alias live names no record: that
// is the error, and the way on is in it.
func (k snapshot) broken(err error, left lockText) (*RecordError, bool) {
	e, ok := errors.AsType[*RecordError](err)
	if !ok {
		return nil, false
	}
	e.Live = true
	if left.Live != e.Number {
		e.Good = left.Live
	}
	for name := range k.aliases {
		if n := k.aliases.number(name); left.Live == e.Number && n < e.Number && name == keptName(n) {
			e.Good = max(e.Good, n)
		}
	}
	return e, !e.Newer
}

// Get implements deploy.Ledger.
func (l *Ledger) Get(ctx context.Context, stack string, number int) (release.Release, error) {
	if err := checkStack(stack); err != nil {
		return release.Release{}, err
	}
	v, err := l.open(ctx, stack, number)
	if err != nil {
		return release.Release{}, err
	}
	return l.load(ctx, stack, v)
}

// Skipped is a version of a ledger's function that is no release of the stack.
type Skipped struct {
	Number      int
	Description string // in one line, without control characters
}

// List implements deploy.Ledger: it opens no record. The times are Lambda's
// own, not the records'. Versions that are no releases are left out and warned of.
func (l *Ledger) List(ctx context.Context, stack string) ([]release.Summary, error) {
	list, skipped, err := l.list(ctx, stack)
	for _, s := range skipped {
		l.warn(stack, "version %d of function %s is no release (%q) and is skipped", s.Number, FunctionName(stack), s.Description)
	}
	return list, err
}

// Skipped tells which versions List leaves out, newest first.
func (l *Ledger) Skipped(ctx context.Context, stack string) ([]Skipped, error) {
	_, skipped, err := l.list(ctx, stack)
	return skipped, err
}

func (l *Ledger) list(ctx context.Context, stack string) ([]release.Summary, []Skipped, error) {
	if err := checkStack(stack); err != nil {
		return nil, nil, err
	}
	all, err := l.API.ListVersions(ctx, FunctionName(stack))
	if errors.Is(err, versions.ErrNoVersion) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, wrap(stack, "list the releases", err)
	}
	var list []release.Summary
	var skipped []Skipped
	for _, v := range slices.Backward(all) {
		s, ours := summaryOf(stack, v)
		if !ours {
			skipped = append(skipped, Skipped{v.Number, oneLine(v.Description)})
			continue
		}
		list = append(list, s)
	}
	return list, skipped, nil
}

// owned refuses a function that is not the stack's ledger.
func owned(stack string, v versions.StoredVersion) error {
	if tag := v.Tags[versions.StackTag]; tag != stack {
		return &ForeignError{Stack: stack, Function: FunctionName(stack), Tag: tag, TagsError: v.TagsError}
	}
	return nil
}

// account takes the account out of a function's ARN
// (arn:aws:lambda:REGION:ACCOUNT:function:NAME); "" if it is none.
func account(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 7 || parts[2] != "lambda" {
		return ""
	}
	return parts[4]
}

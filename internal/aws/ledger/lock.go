package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Lock implements deploy.Ledger. A ledger at rest that was just read takes two
// calls; the first lock of a stack creates the ledger. If the outcome of the
// last call cannot be found out, an error is returned although the lock may have
// been taken: it then expires by itself after LockTTL. *StaleAliasError says
// that live or pending do not read as the last holder left them.
func (l *Ledger) Lock(ctx context.Context, req deploy.LockRequest) (deploy.Lease, error) {
	if err := checkStack(req.Stack); err != nil {
		return nil, err
	}
	if !runIDs.MatchString(req.RunID) || req.RunID == unknownRun {
		return nil, fmt.Errorf("stack %s: lock: run id %q does not match %s", req.Stack, req.RunID, runIDs)
	}
	t := &acquisition{ledger: l, req: req, function: FunctionName(req.Stack)}
	held, err := t.run(ctx)
	if err != nil {
		return nil, wrap(req.Stack, "take the lock", err)
	}
	if err := held.enter(ctx, t.from); err != nil {
		return nil, wrap(req.Stack, "take the lock", err)
	}
	l.remember(req.Stack, held.aliases.position())
	held.start(ctx)
	return held, nil
}

// acquisition is one run's attempt to take a lock.
type acquisition struct {
	ledger   *Ledger
	req      deploy.LockRequest
	function string
	ours     bool     // the function was seen to be this stack's ledger
	made     bool     // by this run, just now: no run held its lock before
	settled  bool     // and to take aliases
	behind   bool     // the last try was refused, and what is read does not show why
	from     lockText // what the lock said when it was taken
}

func (t *acquisition) run(ctx context.Context) (*lease, error) {
	first := true
	for p := (patience{}); ; first = false {
		k, err := t.snapshot(ctx, first)
		if err != nil {
			return nil, err
		}
		t.behind = false
		held, err := t.try(ctx, k)
		if err != nil || held != nil {
			return held, err
		}
		if !p.again(ctx, t.ledger, t.behind) {
			return nil, errors.New("other runs took the lock first each time; try again")
		}
	}
}

// snapshot returns the one that the request recalls, if it is the first attempt and
// the lock was free then; otherwise a new one.
func (t *acquisition) snapshot(ctx context.Context, first bool) (snapshot, error) {
	if k, ok := t.ledger.recall(t.req.Stack, t.req.Seen); ok && first && t.free(k) == nil {
		return k, nil
	}
	return t.ledger.snapshot(ctx, t.req.Stack)
}

// try takes the lock as it was seen. A nil lease without an error asks to
// read the aliases again.
func (t *acquisition) try(ctx context.Context, k snapshot) (*lease, error) {
	have, there := k.aliases[aliasLock]
	switch {
	case !k.exists:
		return nil, t.create(ctx)
	case !there && !t.settled:
		return nil, t.settleNew(ctx)
	case k.clock.date.IsZero():
		return nil, errors.New("AWS's answer carried no Date, without which nothing tells when a lock expires")
	}
	if err := t.free(k); err != nil {
		return nil, err
	}
	return t.swap(ctx, k, have)
}

// free is an error if the lock may not be taken.
func (t *acquisition) free(k snapshot) error {
	text, _ := parseLock(k.aliases[aliasLock].Description) // one that is not understood is a held lock
	now := k.clock.now()
	if info := text.info(now); info.Held() && info.RunID != t.req.RunID {
		return &deploy.LockedError{Stack: t.req.Stack, Lock: info, Now: now}
	}
	return nil
}

// swap takes the lock from what it was seen to be.
func (t *acquisition) swap(ctx context.Context, k snapshot, have versions.Alias) (*lease, error) {
	var err error
	if t.from, err = parseLock(have.Description); err != nil {
		return nil, err
	}
	if have.Name == "" && t.made {
		t.from.Taken = ""
	}
	s := &lease{
		ledger: t.ledger, req: t.req, function: t.function, sem: make(chan struct{}, 1),
		alias: have, text: t.from, clock: k.clock, aliases: maps.Clone(k.aliases),
	}
	write := t.ledger.API.UpdateAlias
	if have.Name == "" {
		write = t.ledger.API.CreateAlias
	}
	sent := rightNow()
	got, now, err := write(ctx, t.function, s.heldAlias())
	if err == nil {
		return s, s.accepted(got, now, sent)
	}
	dctx, cancel := detached(ctx)
	defer cancel()
	seen, now, rerr := t.ledger.API.Alias(dctx, t.function, aliasLock)
	text, perr := parseLock(seen.Description)
	switch {
	case rerr == nil && perr == nil && text.Run == t.req.RunID:
		s.hold(seen, text, now)
		return s, nil
	case lostRace(err):
		// Unless another run is seen to hold it, the read is as old as the snapshot.
		t.behind = !text.info(now).Held()
		return nil, nil
	case rerr != nil && !errors.Is(rerr, versions.ErrNoVersion):
		return nil, fmt.Errorf("%w (and what became of it cannot be read: %w)", err, rerr)
	}
	return nil, err
}

// lostRace reports whether another run, or a hand, may have changed the thing first.
func lostRace(err error) bool {
	return errors.Is(err, versions.ErrStaleRevision) || errors.Is(err, versions.ErrAliasExists) ||
		errors.Is(err, versions.ErrInProgress) || errors.Is(err, versions.ErrFunctionExists)
}

// create makes the ledger's function, or finds that another run just did.
func (t *acquisition) create(ctx context.Context) error {
	zipped, err := packGenesis()
	if err != nil {
		return err
	}
	tags := map[string]string{}
	maps.Copy(tags, t.req.Tags)
	tags[versions.StackTag] = t.req.Stack
	f := versions.NewFunction{
		Function: t.function, Role: t.req.Role, Runtime: t.ledger.runtime(), Tags: tags, Zip: zipped,
		Description: "edgedeploy: the releases of stack " + t.req.Stack + ". Never invoked. Deleting it deletes their history.",
	}
	start, polls := time.Now(), t.ledger.polls()
	polls.First = roleFirst
	for {
		err := t.ledger.API.Create(ctx, f)
		switch {
		case err == nil:
			t.ours, t.made = true, true
			return t.settleNew(ctx)
		case errors.Is(err, versions.ErrFunctionExists):
			return t.settleNew(ctx)
		case errors.Is(err, versions.ErrRoleNotReady) && time.Since(start) < roleTimeout:
			if err := pause(ctx, polls.After(time.Since(start), rand.Float64())); err != nil {
				return err
			}
		default:
			return t.afterCreate(ctx, err)
		}
	}
}

// afterCreate finds out whether a creation that ended in an error was made
// nevertheless.
func (t *acquisition) afterCreate(ctx context.Context, err error) error {
	dctx, cancel := detached(ctx)
	defer cancel()
	have, rerr := t.ledger.API.Latest(dctx, t.function)
	if rerr == nil && have.Exists {
		return t.settleNew(ctx)
	}
	return fmt.Errorf("create the ledger: %w", err)
}

// settleNew waits until a function without a lock takes aliases, and makes
// sure that it is ours.
func (t *acquisition) settleNew(ctx context.Context) error {
	if _, err := t.ledger.settle(ctx, t.function); err != nil {
		return err
	}
	t.settled = true
	if t.ours {
		return nil
	}
	v, err := t.ledger.API.OpenVersion(ctx, t.function, latest)
	if err != nil {
		return fmt.Errorf("read whose function it is: %w", err)
	}
	err = owned(t.req.Stack, v)
	t.ours = err == nil
	return err
}

// settle waits until nothing is in transition. A function that was just made
// may not be seen at once.
func (l *Ledger) settle(ctx context.Context, function string) (versions.LatestCode, error) {
	start := time.Now()
	for {
		have, err := l.API.Latest(ctx, function)
		switch {
		case err != nil:
			return versions.LatestCode{}, err
		case have.State.State == "Failed":
			return versions.LatestCode{}, fmt.Errorf("function %s could not be created (delete it and try again): %s", function, have.State.Reason)
		case have.Exists && have.State.Settled():
			return have, nil
		case time.Since(start) >= settleTimeout:
			return versions.LatestCode{}, fmt.Errorf("function %s is still %s after %s: %s", function, inWords(have), settleTimeout, have.State.Reason)
		}
		if err := pause(ctx, min(l.polls().After(time.Since(start), rand.Float64()), settleTimeout-time.Since(start))); err != nil {
			return versions.LatestCode{}, err
		}
	}
}

func inWords(have versions.LatestCode) string {
	switch {
	case !have.Exists:
		return "not to be seen"
	case have.State.Update != "":
		return have.State.State + ", its update " + have.State.Update
	default:
		return have.State.State
	}
}

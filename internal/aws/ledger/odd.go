package ledger

import (
	"context"
	"errors"
	"maps"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// What a hand, or a cleaner, made of the aliases. The lock's text tells where
// they were left.

// former reads the release that was live, of a ledger that has lost it.
func (l *Ledger) former(ctx context.Context, stack string, number int, state *release.LedgerState) (versions.StoredVersion, error) {
	v, err := l.open(ctx, stack, number)
	if err == nil {
		state.Former, err = l.load(ctx, stack, v)
	}
	if errors.Is(err, deploy.ErrNoRelease) || is[*RecordError](err) {
		return versions.StoredVersion{}, nil // then nothing tells what it bound
	}
	return v, err
}

// pending reads the release in flight. What the alias names is none of the
// stack's if no run marked it and it is no record: somebody moved the alias to a
// version of their own. Then what the lock says is in flight is, or nothing.
func (l *Ledger) pending(ctx context.Context, stack string, k snapshot, state *release.LedgerState) (versions.StoredVersion, error) {
	at := k.aliases.position().Pending
	v, err := l.open(ctx, stack, at)
	if err != nil {
		return v, err
	}
	state.Pending, err = l.load(ctx, stack, v)
	lock, _ := parseLock(k.aliases[aliasLock].Description)
	bad, odd := errors.AsType[*RecordError](err)
	if odd && !bad.Newer && at > lock.Pending {
		l.warn(stack, "alias pending names version %d of function %s, which is no release (it %s): it counts for nothing", at, FunctionName(stack), bad.Reason)
		l.mu.Lock()
		if l.odd == nil {
			l.odd = map[string]int{}
		}
		l.odd[stack] = at
		l.mu.Unlock()
		k.aliases = l.sound(stack, k.aliases)
		if k.aliases.position().Pending == 0 {
			return v, nil
		}
		return l.pending(ctx, stack, k, state)
	}
	if err != nil {
		return v, err
	}
	state.Phase = release.PhaseRun
	if k.aliases.number(aliasPending) == at {
		state.Phase = phaseOf(k.aliases[aliasPending].Description)
	}
	return v, nil
}

// sound leaves out of a table that pending names a version that is no release.
// The alias itself, with its revision, stays.
func (l *Ledger) sound(stack string, t table) table {
	l.mu.Lock()
	odd := l.odd[stack]
	l.mu.Unlock()
	if a := t[aliasPending]; odd != 0 && t.number(aliasPending) == odd {
		t = maps.Clone(t)
		a.Version = latest
		t[aliasPending] = a
	}
	return t
}

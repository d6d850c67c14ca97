package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// StaleAliasError says that an alias does not name what the last holder of the
// lock left it at, also after waiting for reads to catch up: it was moved or
// deleted by hand. Nothing was changed, and the lock was given back.
type StaleAliasError struct {
	Stack    string
	Function string
	Alias    string // live or pending
	Reads    int    // the release that it names, 0 for none
	Left     int    // the release that it was left at
}

func (e *StaleAliasError) Error() string {
	reads := fmt.Sprintf("names release %d", e.Reads)
	if e.Reads == 0 {
		reads = "names no release"
	}
	return fmt.Sprintf("stack %s: alias %s of function %s %s, and the run that held the lock last left it at release %d: "+
		"try again; if it stays so it was changed by hand, and rollback --to N puts a release of your choice in its place", e.Stack, e.Alias, e.Function, reads, e.Left)
}

// behind gives the alias that names less than a holder of the lock left it at,
// "" for none. Both only ever move to newer releases. A pending that the live
// one has overtaken says nothing.
func behind(t table, left lockText) string {
	switch live := t.number(aliasLive); {
	case live < left.Live:
		return aliasLive
	case t.number(aliasPending) < left.Pending && left.Pending > live:
		return aliasPending
	default:
		return ""
	}
}

// enter reads where the ledger stands, under the lock that was just taken from
// a text, and fences the run off that may have held it. When that fails the
// lock is given back.
func (s *lease) enter(ctx context.Context, from lockText) error {
	err := s.read(ctx, from)
	if err == nil {
		err = s.mend(ctx, from)
	}
	if err == nil && from.mayWake() != "" {
		err = s.fence(ctx)
	}
	if err == nil {
		return nil
	}
	if s.held() != nil {
		return err
	}
	if oerr := s.open(ctx, from); oerr != nil {
		s.ledger.warn(s.req.Stack, "the lock was not given back and will expire: %v", oerr)
	}
	return err
}

// read lists the aliases until they are not older than what the lock's text
// says. Only what was read while the lock was ours may be the first half of a
// compare-and-swap: else another run may have fenced this one off before.
func (s *lease) read(ctx context.Context, from lockText) error {
	for p := (patience{}); ; {
		k, err := s.ledger.snapshot(ctx, s.req.Stack)
		if err != nil {
			return err
		}
		older := behind(k.aliases, from)
		if older != "" && p.again(ctx, s.ledger, true) {
			continue
		}
		if err := context.Cause(ctx); older != "" && err != nil {
			return err
		}
		if older == aliasLive && !s.req.AllowLost {
			return s.staleAlias(older, k.aliases.number(older), from.Live)
		}
		s.mu.Lock()
		s.aliases = k.aliases
		s.mu.Unlock()
		soon := s.expires.Add(staleTimeout - LockTTL) // no takeover can have come in between
		if k.aliases[aliasLock].RevisionID == s.alias.RevisionID && k.clock.date.Before(soon) {
			return nil
		}
		return s.renew(ctx)
	}
}

// mend moves pending back to what the last holder left in flight, if it was
// deleted or moved by hand: what that release wrote must not be forgotten.
func (s *lease) mend(ctx context.Context, from lockText) error {
	at := s.numbers()
	flight := above(max(at[aliasLive], from.Live), from.Pending)
	if at[aliasPending] >= flight {
		return nil
	}
	s.ledger.warn(s.req.Stack, "release %d is in flight, and alias pending does not name it: moved back", flight)
	err := s.move(ctx, aliasPending, flight, pendingText(release.Release{}, s.now()))
	if errors.Is(err, deploy.ErrNoRelease) {
		return s.staleAlias(aliasPending, at[aliasPending], flight)
	}
	return err
}

func (s *lease) staleAlias(alias string, reads, left int) error {
	return &StaleAliasError{Stack: s.req.Stack, Function: s.function, Alias: alias, Reads: reads, Left: left}
}

// fence rewrites live and pending, so that a compare-and-swap of a run that
// held the lock before and does not know better is refused. One that does not
// exist is made on $LATEST, where it names no release: creating it is refused then.
func (s *lease) fence(ctx context.Context) error {
	for _, name := range []string{aliasLive, aliasPending} {
		if err := s.fenceOne(ctx, name); err != nil {
			return fmt.Errorf("fence alias %s off: %w", name, err)
		}
	}
	return nil
}

func (s *lease) fenceOne(ctx context.Context, name string) error {
	for p := (patience{}); ; {
		have, there := s.known(name)
		want := versions.Alias{Name: name, Version: have.Version, Description: fenced(have.Description, s.text.Turn), RevisionID: have.RevisionID}
		write := s.ledger.API.UpdateAlias
		if !there {
			write, want.Version = s.ledger.API.CreateAlias, latest
		}
		got, _, err := write(ctx, s.function, want)
		if err == nil {
			s.know(name, &got)
			return nil
		}
		seen, rerr := s.readBack(ctx, name)
		if rerr != nil {
			return errors.Join(err, rerr)
		}
		if rerr := s.renew(ctx); rerr != nil {
			return rerr
		}
		unchanged := seen == nil && !there || seen != nil && there && seen.RevisionID == have.RevisionID
		if !p.again(ctx, s.ledger, unchanged && (lostRace(err) || errors.Is(err, versions.ErrNoVersion))) {
			return err
		}
	}
}

package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Mark implements deploy.Lease, without a call if the release is marked already.
// A release that pending named and that never became live is protected first:
// it is superseded now, and may be gone back to.
func (s *lease) Mark(ctx context.Context, r release.Release) error {
	return s.under(fmt.Sprintf("mark release %d as in flight", r.Number), func() error {
		at := s.numbers()
		if r.Number > 0 && r.Number <= at[aliasLive] {
			return fmt.Errorf("release %d is live, and what is in flight is newer", at[aliasLive])
		}
		if before := at[aliasPending]; before != at[aliasLive] && before != r.Number {
			if err := s.keep(ctx, before); err != nil && !errors.Is(err, deploy.ErrNoRelease) {
				return fmt.Errorf("protect release %d, which was in flight before: %w", before, err)
			}
		}
		return s.move(ctx, aliasPending, r.Number, pendingText(r, s.now()))
	})
}

// Commit implements deploy.Lease, without a call if the release is live
// already. That it could not be protected is no error: it is live.
func (s *lease) Commit(ctx context.Context, r release.Release) error {
	doing := fmt.Sprintf("make release %d live", r.Number)
	before := s.numbers()[aliasLive]
	err := s.under(doing, func() error {
		if r.Number > 0 && r.Number < before {
			return fmt.Errorf("release %d is live, and a newer one than that", before)
		}
		return s.move(ctx, aliasLive, r.Number, liveText(r, s.now()))
	})
	if err != nil {
		return err
	}
	for _, n := range []int{r.Number, before} {
		if err := s.keep(ctx, n); err != nil {
			s.ledger.warn(s.req.Stack, "protect release %d from being deleted: %v", n, err)
		}
	}
	s.prune(ctx, r)
	return nil
}

// under runs what needs the lock, and says where it went wrong.
func (s *lease) under(doing string, do func() error) error {
	err := s.held()
	if err == nil {
		err = do()
	}
	return wrap(s.req.Stack, doing, err)
}

// numbers are the releases that live and pending name, as far as this lease knows.
func (s *lease) numbers() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{aliasLive: s.aliases.number(aliasLive), aliasPending: s.aliases.number(aliasPending)}
}

// keep gives a release its alias, unless it has it. Release 0 needs none.
func (s *lease) keep(ctx context.Context, number int) error {
	s.mu.Lock()
	done := number == 0 || s.aliases.protected(number)
	s.mu.Unlock()
	if done {
		return nil
	}
	if err := s.Prove(ctx, deploy.ProofAge); err != nil {
		return err
	}
	a := keeper(number)
	return s.move(ctx, a.Name, number, a.Description)
}

// prune takes the alias off the oldest releases beyond KeptReleases that
// neither the ledger nor the release now live names. What stays is met again by
// the next release. Of a release that only its number is known of (it was
// committed for a dead run) nothing tells what it names: then nothing is pruned.
func (s *lease) prune(ctx context.Context, r release.Release) {
	if r.RunID == "" {
		return
	}
	exempt := r.Named()
	for _, n := range s.numbers() {
		exempt[n] = true
	}
	s.mu.Lock()
	surplus := s.aliases.surplus(KeptReleases, exempt)
	s.mu.Unlock()
	for _, old := range surplus {
		if s.Prove(ctx, deploy.ProofAge) != nil {
			return // the next holder prunes, and giving the lock back tells that it was lost
		}
		if err := s.ledger.API.DeleteAlias(ctx, s.function, keptName(old)); err != nil {
			s.ledger.warn(s.req.Stack, "take alias %s off function %s: %v", keptName(old), s.function, err)
			return
		}
		s.know(keptName(old), nil)
	}
}

// Unkeep implements deploy.Lease.
func (s *lease) Unkeep(ctx context.Context, numbers []int) error {
	return s.under("take the protection off old releases", func() error {
		for _, n := range numbers {
			if err := s.Prove(ctx, deploy.ProofAge); err != nil {
				return err
			}
			if err := s.ledger.API.DeleteAlias(ctx, s.function, keptName(n)); err != nil {
				return fmt.Errorf("alias %s: %w", keptName(n), err)
			}
			s.know(keptName(n), nil)
		}
		return nil
	})
}

// known gives an alias as this lease knows it.
func (s *lease) known(name string) (versions.Alias, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.aliases[name]
	return a, ok
}

// know takes note of an alias; nil is for one that is not there.
func (s *lease) know(name string, a *versions.Alias) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases = maps.Clone(s.aliases)
	if a == nil {
		delete(s.aliases, name)
		return
	}
	s.aliases[name] = *a
	s.aliases = s.ledger.sound(s.req.Stack, s.aliases)
}

// move points an alias at a release by compare-and-swap from what this lease
// read of it under its lock. When that fails the alias is read back: it may
// point there because a call of ours was answered twice. If it does not, the
// lock is proven *after* that read: until a run has taken the lock over and
// fenced, the revision that was read is one of this run's own time.
func (s *lease) move(ctx context.Context, name string, number int, text string) error {
	if number < 1 {
		return noRelease(s.req.Stack, number)
	}
	want := versions.Alias{Name: name, Version: fmt.Sprint(number), Description: text}
	for p := (patience{}); ; {
		have, there := s.known(name)
		if there && have.Version == want.Version {
			return nil
		}
		write := s.ledger.API.UpdateAlias
		if !there {
			write = s.ledger.API.CreateAlias
		}
		s.ledger.forget(s.req.Stack)
		want.RevisionID = have.RevisionID
		sent := rightNow()
		got, _, err := write(ctx, s.function, want)
		if err == nil {
			s.know(name, &got)
			if name == aliasLive || name == aliasPending {
				s.prove(sent)
			}
			return nil
		}
		seen, rerr := s.readBack(ctx, name)
		if rerr != nil {
			return errors.Join(err, rerr)
		}
		if seen != nil && seen.Version == want.Version {
			continue // and find it done
		}
		gone := there && seen == nil
		switch {
		case errors.Is(err, versions.ErrNoVersion) && !gone:
			return noRelease(s.req.Stack, number)
		case !gone && !lostRace(err) && !unanswered(err):
			return err
		}
		if perr := s.Prove(ctx, 0); perr != nil {
			return perr
		}
		unchanged := seen == nil && !there || seen != nil && there && seen.RevisionID == have.RevisionID
		switch {
		case p.again(ctx, s.ledger, unchanged):
		case unanswered(err):
			return err
		default:
			return fmt.Errorf("alias %s is moved by another run, or by hand, at the same time: %w", name, err)
		}
	}
}

// readBack reads an alias anew; nil if there is none.
func (s *lease) readBack(ctx context.Context, name string) (*versions.Alias, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	seen, _, err := s.ledger.API.Alias(ctx, s.function, name)
	if errors.Is(err, versions.ErrNoVersion) {
		s.know(name, nil)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.know(name, &seen)
	return &seen, nil
}

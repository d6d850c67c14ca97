package ledger

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Holder implements deploy.Ledger. An open lock, and no ledger at all, give the
// zero LockInfo.
func (l *Ledger) Holder(ctx context.Context, stack string) (release.LockInfo, time.Time, error) {
	if err := checkStack(stack); err != nil {
		return release.LockInfo{}, time.Time{}, err
	}
	have, now, err := l.API.Alias(ctx, FunctionName(stack), aliasLock)
	if errors.Is(err, versions.ErrNoVersion) {
		return release.LockInfo{}, now, nil
	}
	if err != nil {
		return release.LockInfo{}, time.Time{}, wrap(stack, "read the lock", err)
	}
	text, _ := parseLock(have.Description) // LockInfo.Foreign tells what is not understood
	return text.info(now), now, nil
}

// Unlock implements deploy.Ledger: it opens the lock, and touches nothing else.
// The open lock names the run that held it, which may not know: the next holder
// fences it off. It names who took it away, too, so that the run can tell.
func (l *Ledger) Unlock(ctx context.Context, req deploy.UnlockRequest) (release.LockInfo, error) {
	if err := checkStack(req.Stack); err != nil {
		return release.LockInfo{}, err
	}
	var who release.LockInfo
	for p, tried := (patience{}), ""; ; {
		have, now, err := l.API.Alias(ctx, FunctionName(req.Stack), aliasLock)
		if errors.Is(err, versions.ErrNoVersion) {
			return who, nil
		}
		if err != nil {
			return release.LockInfo{}, wrap(req.Stack, "read the lock", err)
		}
		text, _ := parseLock(have.Description)
		if text.Open {
			return who, nil // open, or a try of this call was accepted and its answer lost
		}
		info := text.info(now)
		if info.RunID != req.RunID {
			return release.LockInfo{}, &deploy.LockedError{Stack: req.Stack, Lock: info, Now: now, Asked: req.RunID}
		}
		if info.Held() && !req.Live {
			return release.LockInfo{}, &deploy.LockedError{Stack: req.Stack, Lock: info, Now: now}
		}
		who = info
		opened := text.takenAway(cmp.Or(oneLine(req.By), "an unknown hand"))
		if req.Found {
			opened.Phase = "" // which would keep a plain rollback from what was not that run's
		}
		_, _, err = l.API.UpdateAlias(ctx, FunctionName(req.Stack), lockAlias(opened, have.RevisionID))
		if err == nil {
			l.forget(req.Stack)
			return who, nil
		}
		behind := refused(err) && have.RevisionID == tried
		if tried = have.RevisionID; ctx.Err() != nil || !p.again(ctx, l, behind) {
			return release.LockInfo{}, wrap(req.Stack, "take the lock away", err)
		}
	}
}

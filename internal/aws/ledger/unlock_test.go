package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// A lock that is alive is taken only from the run that is named, and only if that
// is asked for.
func TestUnlockTakesOnlyWhatItWasAskedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		req   deploy.UnlockRequest
		taken bool
		asked string // of the refusal
	}{
		"alive":                 {0, deploy.UnlockRequest{RunID: "run1"}, false, ""},
		"alive, all the same":   {0, deploy.UnlockRequest{RunID: "run1", Live: true}, true, ""},
		"alive, another run":    {0, deploy.UnlockRequest{RunID: "run2", Live: true}, false, "run2"},
		"alive, no run":         {0, deploy.UnlockRequest{Live: true}, false, ""},
		"a second before":       {LockTTL - time.Second, deploy.UnlockRequest{RunID: "run1"}, false, ""},
		"expired":               {LockTTL, deploy.UnlockRequest{RunID: "run1"}, true, ""},
		"expired, another run":  {LockTTL, deploy.UnlockRequest{RunID: "run2"}, false, "run2"},
		"expired, another, too": {LockTTL, deploy.UnlockRequest{RunID: "run2", Live: true}, false, "run2"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
				lease := leaseOf(mustLock(t, l, "run1"))
				lease.stop()
				<-lease.stopped
				time.Sleep(tt.after)
				tt.req.Stack, tt.req.By = "shop", "al"
				info, now, err := newLedger(f).Holder(t.Context(), "shop")
				if err != nil || info.RunID != "run1" || info.Held() != (tt.after < LockTTL) || !now.Equal(f.date()) {
					t.Fatalf("Holder: got %+v at %v, %v", info, now, err)
				}
				who, err := newLedger(f).Unlock(t.Context(), tt.req)
				text := lockOf(t, f.alias("shop", aliasLock).Description)
				if tt.taken {
					if err != nil || who != info || !text.Open || text.Taken != "run1" || text.By != "al" {
						t.Errorf("got %+v, %v; the lock says %+v", who, err, text)
					}
					return
				}
				locked, ok := errors.AsType[*deploy.LockedError](err)
				if !ok || locked.Lock != info || locked.Asked != tt.asked || text.Open {
					t.Errorf("got %+v, %v; the lock says %+v", who, err, text)
				}
			})
		})
	}
}

// What is seen of an expired lock tells whose it was, and nothing else does.
func TestSeenNamesTheDead(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		commitRelease(t, l, "run1")
		dead := func() string {
			state, err := l.Read(t.Context(), "shop")
			must(t, err)
			return state.Seen.Dead
		}
		if got := dead(); got != "" {
			t.Errorf("of an open lock: %q", got)
		}
		lease := leaseOf(mustLock(t, l, "run2"))
		lease.stop()
		<-lease.stopped
		if got := dead(); got != "" {
			t.Errorf("of a held lock: %q", got)
		}
		time.Sleep(LockTTL)
		if got := dead(); got != "run2" {
			t.Errorf("of an expired lock: %q", got)
		}
		f.edit("shop", func(fn *function) {
			fn.setAlias(versions.Alias{Name: aliasLock, Version: latest, Description: "frozen until Monday"})
		})
		if got := dead(); got != "" {
			t.Errorf("of a lock that is not understood: %q", got)
		}
	})
}

func TestAStackWithoutALedgerIsNotLocked(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake, l *Ledger) {
		if info, _, err := l.Holder(t.Context(), "shop"); err != nil || info != (release.LockInfo{}) {
			t.Errorf("got %+v, %v", info, err)
		}
		if _, _, err := l.Holder(t.Context(), "Shop"); err == nil {
			t.Error("a name that no stack has is taken")
		}
	})
}

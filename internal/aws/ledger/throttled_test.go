package ledger_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// notes are what a ledger warned of.
type notes struct {
	mu   sync.Mutex
	text []string
}

func (n *notes) warn(_, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text = append(n.text, text)
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text
}

// patient is a ledger in a bubble whose calls are sent again as slowly as AWS's.
func patient(t *testing.T, w *world) (*ledger.Ledger, *awscloud.Cloud, *notes) {
	t.Helper()
	cloud, err := awscloud.Open(t.Context(), awscloud.Options{Local: &awscloud.Local{Account: account, Transport: w.server.Transport()}})
	must(t, err)
	var n notes
	return &ledger.Ledger{
		API: cloud.Ledger, Warn: n.warn, Transport: w.server.Transport(),
		AllowHTTP: func(host string) bool { return host == localaws.InProcessHost },
	}, cloud, &n
}

// Lambda throttles for a minute, in the middle of which the lock has to be renewed
// and to be proven. Other runs find it held all the time.
func TestALockIsRenewedThroughThrottles(t *testing.T) {
	t.Parallel()
	for name, prove := range map[string]bool{"renewed": false, "proven": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, localaws.Delays{}, false)
				_, err := commitRelease(t, w.Ledger, "first")
				must(t, err)
				l, _, told := patient(t, w)
				lease, err := l.Lock(t.Context(), request("run", release.Seen{}))
				must(t, err)
				time.Sleep(ledger.RenewEvery - 5*time.Second)
				must(t, w.server.Arm(localaws.Fault{Service: "lambda", Operation: "UpdateAlias", Kind: localaws.Throttle, Times: 1000}))
				time.AfterFunc(time.Minute, w.server.Disarm)
				if prove {
					must(t, lease.Prove(t.Context(), 0))
				}
				other := w.another(t)
				for range 120 {
					time.Sleep(time.Second)
					if _, err := other.Lock(t.Context(), request("other", release.Seen{})); !isLocked(err) {
						t.Fatalf("another run got the lock, or %v", err)
					}
				}
				must(t, lease.Unlock(t.Context()))
				all := strings.Join(told.all(), "\n")
				if strings.Contains(all, "no answer in time") {
					t.Errorf("told %q", all)
				}
				if !prove && (!strings.Contains(all, "TooManyRequestsException: Rate exceeded") || !strings.Contains(all, "; trying again, the lock lasts ")) {
					t.Errorf("told %q", all)
				}
			})
		})
	}
}

func isLocked(err error) bool {
	_, ok := errors.AsType[*deploy.LockedError](err)
	return ok
}

// A lock that could not be renewed in all its life is given up, and why is said.
func TestALockThatWasThrottledForAllItsLifeSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, localaws.Delays{}, false)
		_, err := commitRelease(t, w.Ledger, "first")
		must(t, err)
		l, _, told := patient(t, w)
		lease, err := l.Lock(t.Context(), request("run", release.Seen{}))
		must(t, err)
		must(t, w.server.Arm(localaws.Fault{Service: "lambda", Operation: "UpdateAlias", Kind: localaws.Throttle, Times: 10_000}))
		time.Sleep(ledger.LockTTL + time.Minute)
		err = lease.Prove(t.Context(), 0)
		if lost, ok := errors.AsType[*deploy.LostLockError](err); !ok || lost == nil || !strings.Contains(err.Error(), "Rate exceeded") || strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("got %v", err)
		}
		if list := told.all(); len(list) < 2 || strings.Contains(list[len(list)-1], "trying again") {
			t.Errorf("told %q", list)
		}
		_ = lease.Unlock(t.Context()) // it is lost
	})
}

// Calls for functions that are throttled are sent more slowly, all of them. Those
// of the lock do not wait with them. It takes real time: the SDK's adaptive mode
// waits in a loop that a bubble's clock does not get through.
func TestThrottledFunctionsDoNotHoldTheLockBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{}, false)
	_, err := commitRelease(t, w.Ledger, "first")
	must(t, err)
	l, cloud, _ := patient(t, w)
	must(t, w.server.Arm(localaws.Fault{Service: "lambda", Operation: "GetFunction", Kind: localaws.Throttle, Times: 1000}))
	ctx, cancel := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	for range 4 {
		publishing.Go(func() { _, _ = cloud.Lambda.Head(ctx, "none") }) // throttled until it is cancelled
	}
	time.Sleep(time.Second) // until some were throttled
	start := time.Now()
	lease, err := l.Lock(t.Context(), request("run", release.Seen{}))
	must(t, err)
	for range 5 {
		must(t, lease.Prove(t.Context(), 0))
	}
	must(t, lease.Unlock(t.Context()))
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("a lock that was proven five times took %v", took)
	}
	cancel()
	publishing.Wait()
}

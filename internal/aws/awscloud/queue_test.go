package awscloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// limited is a world in a bubble, whose pauses are as long as they are for AWS,
// with auth:1 and these distributions. It takes so many writes a minute.
func limited(t *testing.T, writesPerMinute int, distributions ...string) *world {
	t.Helper()
	w := newServer(t, localaws.Options{WritesPerMinute: writesPerMinute})
	for _, id := range distributions {
		w.seed(fmt.Sprintf(`{"Distributions":[{"ID":%q}]}`, id))
	}
	cloud, err := Open(t.Context(), Options{
		Local: &Local{Account: account, Transport: w.server.Transport()},
		OnCall: func(c Call) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.calls = append(w.calls, c)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Cloud = cloud
	w.publish("auth", "c1")
	w.operations()
	return w
}

// binds is the change that binds auth:1 in a distribution.
func binds(id string) associations.Change {
	s := associations.Slot{Distribution: id, Path: "default", Trigger: associations.ViewerRequest}
	return associations.Change{Distribution: id, Edits: []associations.Edit{{Slot: s, To: to("auth", 1)}}}
}

func named(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("E%013d", i))
	}
	return ids
}

// throttle throttles so many writes.
func throttle(writes int) localaws.Fault {
	return localaws.Fault{Service: "cloudfront", Operation: "UpdateDistribution", Kind: localaws.Throttle, Times: writes}
}

// The queue waits for minutes. What was read before is old then, and so is the
// proof that the lock is still held.
func TestAThrottledWriteIsReadAndGuardedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := limited(t, 0)
		w.arm(throttle(2))
		guards := 0
		guard := func(context.Context) error { guards++; return nil }
		state, err := w.CloudFront.Write(t.Context(), account, binds(distID), guard, nil)
		if err != nil || len(state.Held) != 1 || guards != 3 {
			t.Errorf("holds %v, guarded %d times, %v", state.Held, guards, err)
		}
		w.wantCalls("GetDistributionConfig 200", "UpdateDistribution 400", "GetDistributionConfig 200", "UpdateDistribution 400",
			"GetDistributionConfig 200", "UpdateDistribution 200")
	})
}

// Another client writes while a throttled write waits: that is no lost race, and
// what the other wrote stays.
func TestAWriteOfAnotherClientWhileAWriteQueuesIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := limited(t, 0)
		w.arm(throttle(1))
		edit := func(doc []byte) []byte {
			return []byte(strings.Replace(string(doc), "<Comment></Comment>", "<Comment>another</Comment>", 1))
		}
		touched := false
		paused := func(associations.Pause) {
			if !touched {
				touched = true
				w.touch(edit)
			}
		}
		if _, err := w.CloudFront.Write(t.Context(), account, binds(distID), pass, paused); err != nil || !touched {
			t.Fatalf("touched: %t, %v", touched, err)
		}
		if doc := string(w.config()); !strings.Contains(doc, "<Comment>another</Comment>") || !strings.Contains(doc, "function:auth:1<") {
			t.Errorf("one of the two changes is lost:\n%s", doc)
		}
	})
}

func TestAThrottledWriteTellsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := limited(t, 0)
		w.arm(throttle(2))
		var told []associations.Pause
		start := time.Now()
		if _, err := w.CloudFront.Write(t.Context(), account, binds(distID), pass, func(p associations.Pause) { told = append(told, p) }); err != nil {
			t.Fatal(err)
		}
		seconds := int(time.Since(start) / time.Second)
		if len(told) < seconds || len(told) > seconds+2 || told[0].Throttled != 1 || told[len(told)-1].Throttled != 2 {
			t.Fatalf("told %d times in %d seconds: %+v", len(told), seconds, told)
		}
		for i, p := range told {
			if p.For <= 0 || p.Every != 12*time.Second || i > 0 && p.Throttled == told[i-1].Throttled && p.For != told[i-1].For-time.Second {
				t.Errorf("%d: %+v after %+v", i, p, told[max(i-1, 0)])
			}
		}
	})
}

func TestAnInterruptionEndsTheQueueAtOnce(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"nothing was written": false, "an attempt may have been carried out": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				config := distributionOK
				refusal := cloudFrontError(400, "Throttling", "Rate exceeded")
				list := answers(config, refusal, config, cloudFrontError(403, "AccessDenied", "no"))
				if lost {
					list = slices.Insert(list, 1, unavailable)
				}
				cloud, stub := openStub(t, list...)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				start := time.Now()
				const after = 300 * time.Millisecond // the first answer comes at once
				if !lost {
					time.AfterFunc(after, cancel)
				}
				paused := func(associations.Pause) {
					if lost {
						cancel()
					}
				}
				_, err := cloud.CloudFront.Write(ctx, account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, paused)
				if lost { // what became of that attempt is found out before anything else
					if e, ok := errors.AsType[*Error](err); !ok || e.Code != "AccessDenied" || !mayBeWritten(err) || len(stub.requests) != len(list) {
						t.Errorf("got %v, may be written: %t, after %v", err, mayBeWritten(err), stub.requests)
					}
					return
				}
				if !errors.Is(err, context.Canceled) || mayBeWritten(err) || !strings.Contains(err.Error(), distID) {
					t.Errorf("got %v, may be written: %t", err, mayBeWritten(err))
				}
				if time.Since(start) != after || len(stub.requests) != 2 {
					t.Errorf("it ended after %v, with %v", time.Since(start), stub.requests)
				}
				// Its place in the queue is free.
				stub.answers = answers(distributionOK)
				if err := cloud.CloudFront.writes.enter(t.Context(), func(time.Duration, time.Duration) {}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAWriteThatIsThrottledForGoodIsGivenUp(t *testing.T) {
	for name, tt := range map[string]struct {
		set      string
		attempts int
		from, to time.Duration
	}{
		"after a quarter of an hour":        {"", 15, 10 * time.Minute, 25 * time.Minute},
		"sooner if the environment says so": {"2", 2, 2 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnv(t, "", map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_MAX_ATTEMPTS": tt.set})
			synctest.Test(t, func(t *testing.T) {
				cloud, err := Open(t.Context(), Options{})
				if err != nil {
					t.Fatal(err)
				}
				puts := 0
				local, _ := openStub(t, func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodGet {
						return distributionOK(r)
					}
					puts++
					return cloudFrontError(400, "Throttling", "Rate exceeded")(r)
				})
				local.CloudFront.maxThrottled = cloud.CloudFront.maxThrottled
				start := time.Now()
				_, err = local.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Code != "Throttling" || e.Hint == "" || mayBeWritten(err) || !strings.Contains(err.Error(), fmt.Sprintf("throttled %d times", tt.attempts)) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); puts != tt.attempts || took < tt.from || took > tt.to {
					t.Errorf("%d attempts in %v", puts, took)
				}
			})
		})
	}
}

// A throttle of what a write needs besides (the configuration, the proof of the
// lock) is not the write's.
func TestOnlyThrottlesOfTheWriteItselfQueueIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := limited(t, 0)
		unproven := &Error{Service: "Lambda", Operation: "UpdateAlias", Code: "TooManyRequestsException", Status: 429}
		start := time.Now()
		_, err := w.CloudFront.Write(t.Context(), account, binds(distID), func(context.Context) error { return unproven }, nil)
		if !errors.Is(err, unproven) || !time.Now().Equal(start) {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		w.wantCalls("GetDistributionConfig 200")
	})
}

// Reads have limits of their own: polls are not slowed down by throttled writes.
func TestThrottledWritesDoNotSlowReadsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := limited(t, 0)
		w.arm(throttle(3))
		if _, err := w.CloudFront.Write(t.Context(), account, binds(distID), pass, nil); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 100 {
			if _, err := w.CloudFront.Distribution(t.Context(), distID); err != nil {
				t.Fatal(err)
			}
		}
		if !time.Now().Equal(start) {
			t.Errorf("100 reads waited %v", time.Since(start))
		}
	})
}

// However many goroutines write, CloudFront sees one queue.
func TestWritesOfManyGoroutinesAreOneQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const writes, limit = 60, 10
		ids := named(writes)
		w := limited(t, limit, ids...)
		var group sync.WaitGroup
		start := time.Now()
		for _, id := range ids {
			group.Go(func() {
				if _, err := w.CloudFront.Write(t.Context(), account, binds(id), pass, nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if took := time.Since(start).Minutes(); took > 1.3*writes/limit {
			t.Errorf("took %.1f minutes", took)
		}
		// An attempt that is throttled may let another write pass, so the sum counts.
		refused := 0
		for _, op := range w.operations() {
			if op == "UpdateDistribution 400" {
				refused++
			}
		}
		if refused > writes {
			t.Errorf("%d were throttled", refused)
		}
	})
}

func TestAWriteThatFindsAllInPlaceTakesNoTurnAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := limited(t, 0)
		for range 2 {
			if _, err := w.CloudFront.Write(t.Context(), account, binds(distID), pass, nil); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"GetDistributionConfig 200", "UpdateDistribution 200", "GetDistributionConfig 200", "GetDistribution 200"}, w.operations()); diff != "" {
			t.Error(diff)
		}
		if n := len(w.CloudFront.writes.turn); n != 0 {
			t.Errorf("the queue is held by %d", n)
		}
	})
}

// A write that met another client's is not throttled for good.
func TestThrottlesAreCountedInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		puts := 0
		cloud, _ := openStub(t, func(r *http.Request) (*http.Response, error) {
			switch {
			case r.Method == http.MethodGet:
				return answer(200, map[string]string{"ETag": fmt.Sprint("E", puts)}, "<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>")(r)
			case puts == maxThrottled-1:
				puts++
				return cloudFrontError(412, "PreconditionFailed", "no")(r)
			case puts < 2*maxThrottled-1:
				puts++
				return cloudFrontError(400, "Throttling", "Rate exceeded")(r)
			}
			return cloudFrontError(403, "AccessDenied", "no")(r)
		})
		_, err := cloud.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "AccessDenied" {
			t.Errorf("after %d attempts: %v", puts, err)
		}
	})
}

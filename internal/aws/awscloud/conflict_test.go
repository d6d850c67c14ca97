package awscloud

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
)

// TestA412WithoutARivalIsARefusal: the sentence is AWS's for DeleteDistribution;
// the one for UpdateDistribution is not known.
func TestA412WithoutARivalIsARefusal(t *testing.T) {
	t.Parallel()
	const sentence = "You can't delete this distribution while it's subscribed to a pricing plan."
	plan := instead(cloudFrontError(412, "PreconditionFailed", sentence))
	refusedFor := func(err error) bool {
		e, ok := errors.AsType[*RefusedError](err)
		return ok && strings.Contains(err.Error(), sentence) && e.Err.Hint == refusedHint && e.Err.RequestID == "req-1"
	}
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = slices.Repeat([]answering{plan}, 5)
		before := w.config()
		w.operations()
		lostCase{want: refusedFor, attempts: 1}.run(t, w, b)
		w.wantCalls("GetDistributionConfig 200", "UpdateDistribution 412", "GetDistributionConfig 200", "GetDistribution 200")
		if !bytes.Equal(before, w.config()) {
			t.Error("the distribution was written")
		}
	})
	t.Run("after a rival", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{w.afterRival(same, through), plan, plan}
		lostCase{want: refusedFor, attempts: 2}.run(t, w, b)
	})
	t.Run("which leaves a lost attempt before it open", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{instead(unavailable), plan, plan}
		lostCase{want: refusedFor, lost: true, attempts: 2}.run(t, w, b)
	})
	t.Run("but not the one that its own success gave", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{done(unavailable)}
		lostCase{attempts: 2}.run(t, w, b)
	})
}

// timed notes when the writes arrive.
func timed(at *[]time.Time, answers []func(*http.Request) (*http.Response, error)) []func(*http.Request) (*http.Response, error) {
	var list []func(*http.Request) (*http.Response, error)
	for _, a := range answers {
		list = append(list, func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut {
				*at = append(*at, time.Now())
			}
			return a(r)
		})
	}
	return list
}

func TestRoundsPauseLongerEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		cloud, stub := openStub(t, timed(&at, faster5())...)
		start := time.Now()
		_, err := cloud.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
		if race, ok := errors.AsType[*RaceError](err); !ok || race.Rounds != 5 || race.Err.Status != 412 || mayBeWritten(err) {
			t.Errorf("got %v", err)
		}
		if len(at) != 5 || len(stub.requests) != 10 {
			t.Fatalf("%d writes in %v", len(at), stub.requests)
		}
		if !at[0].Equal(start) || !time.Now().Equal(at[4]) {
			t.Errorf("a pause before the first write, of %v, or after the last, of %v", at[0].Sub(start), time.Since(at[4]))
		}
		for i, bound := 1, time.Second; i < 5; i, bound = i+1, 2*bound {
			if pause := at[i].Sub(at[i-1]); pause < bound/2 || pause >= bound {
				t.Errorf("pause %d took %v, want from %v to %v", i, pause, bound/2, bound)
			}
		}
	})
}

func TestPausesAreOfChance(t *testing.T) {
	t.Parallel()
	c := &CloudFront{}
	seen := map[time.Duration]bool{}
	for range 20 {
		seen[c.pauseAfter(3)] = true
	}
	if len(seen) < 2 {
		t.Errorf("20 pauses were the same: %v", seen)
	}
}

func TestMaxBackoffBoundsThePauses(t *testing.T) {
	t.Parallel()
	cloud, err := Open(t.Context(), Options{Local: &Local{Account: account, Transport: &stub{}}, MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for round := 1; round < maxRounds; round++ {
		if pause := cloud.CloudFront.pauseAfter(round); pause != time.Millisecond {
			t.Errorf("round %d waits %v", round, pause)
		}
	}
}

func TestInterruptionEndsThePauseIfNothingWasWritten(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"nothing was written": false, "an attempt may have been carried out": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				answers := faster5()
				if lost {
					answers = slices.Insert(answers, 1, unavailable)
				}
				cloud, stub := openStub(t, answers...)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				stop := func(r *http.Request) (*http.Response, error) {
					time.AfterFunc(100*time.Millisecond, cancel)
					return cloudFrontError(412, "PreconditionFailed", "no")(r)
				}
				stub.answers[len(answers)-9] = stop
				var ended time.Time
				context.AfterFunc(ctx, func() { ended = time.Now() })
				_, err := cloud.CloudFront.Write(ctx, account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
				synctest.Wait()
				if lost { // what became of that attempt is found out before anything else
					if !isA[*RaceError](err) || !mayBeWritten(err) || len(stub.requests) != len(answers) {
						t.Errorf("got %v, may be written: %t, after %v", err, mayBeWritten(err), stub.requests)
					}
					return
				}
				if !errors.Is(err, context.Canceled) || mayBeWritten(err) || !strings.Contains(err.Error(), distID) {
					t.Errorf("got %v, may be written: %t", err, mayBeWritten(err))
				}
				if !time.Now().Equal(ended) || len(stub.requests) != len(answers)-8 {
					t.Errorf("it went on for %v, with %v", time.Since(ended), stub.requests)
				}
			})
		})
	}
}

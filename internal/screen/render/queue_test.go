package render

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
)

// aQueue are the events of three writes, twelve seconds apart, told about each
// second.
func aQueue() []happening {
	var list []happening
	for i := range 3 {
		step := plan.Associate{Change: associations.Change{Distribution: fmt.Sprintf("E%d", i+1)}}
		list = append(list, happening{12 * i, deploy.StepStarted{Step: step}})
		for s := range 12 {
			pause := associations.Pause{For: time.Duration(12-s)*time.Second - time.Millisecond, Every: 12 * time.Second}
			if i == 0 {
				pause.Throttled = 1
			}
			list = append(list, happening{12*i + s, deploy.StepQueued{Step: step, Pause: pause, Left: 100 - i}})
		}
		list = append(list, happening{12*i + 12, deploy.StepDone{Step: step, Detail: "accepted"}})
	}
	return list
}

func TestAQueueIsTalkedOfAtItsBeginningAndEachHalfMinute(t *testing.T) {
	t.Parallel()
	p := &Progress{}
	var got []string
	for _, h := range aQueue() {
		got = append(got, p.Add(h.event, at.Add(time.Duration(h.after)*time.Second))...)
	}
	want := []string{
		"update E1: started",
		"CloudFront throttles writes: they go out as fast as it takes them",
		"update E1: throttled, again in 12 s; 100 more, 20 min (5/min)",
		"update E1: done, accepted (12 s)",
		"update E2: started",
		"update E2: done, accepted (12 s)",
		"update E3: started",
		"update E3: queued, sent in 6 s; 98 more, 19 min (5/min)",
		"update E3: done, accepted (12 s)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
}

func TestAQueueShowsOnATerminal(t *testing.T) {
	t.Parallel()
	p := &Progress{Terminal: true, Style: Style{Width: 80}}
	var stay []string
	var block []string
	for _, h := range aQueue()[:5] {
		now := at.Add(time.Duration(h.after) * time.Second)
		stay = append(stay, p.Add(h.event, now)...)
		block = p.Block(now)
	}
	if diff := cmp.Diff([]string{throttling}, stay); diff != "" {
		t.Errorf("lines that stay (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"… update E1      3 s   again in 9 s; 100 more, 20 min (5/min)"}, block); diff != "" {
		t.Errorf("block (-want +got):\n%s", diff)
	}
}

func TestAQueueFitsBesideAnID(t *testing.T) {
	t.Parallel()
	step := plan.Associate{Change: associations.Change{Distribution: "E1U5RQF7T870K0"}}
	for every, throttled := range map[time.Duration]int{12 * time.Second: 0, 6 * time.Second: 3} {
		event := deploy.StepQueued{Step: step, Pause: associations.Pause{For: 59 * time.Second, Every: every, Throttled: throttled}, Left: 199}
		p := &Progress{Terminal: true, Style: Style{Width: 80}}
		p.Add(event, at)
		for _, l := range append((&Progress{}).Add(event, at), p.Block(at.Add(42*time.Second))...) {
			if cells(l) > 80 || strings.Contains(l, "E1U5") && !strings.HasSuffix(l, "/min)") {
				t.Errorf("%q takes %d columns", l, cells(l))
			}
		}
	}
}

func TestRatesAreWholeWhereTheyAreHigh(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]string{
		time.Minute: "1/min", 50 * time.Second: "1.2/min", 12 * time.Second: "5/min",
		13 * time.Second: "4.6/min", 3100 * time.Millisecond: "19/min", 50 * time.Millisecond: "1200/min",
	} {
		if got := perMinute(every); got != want {
			t.Errorf("%v: %s, want %s", every, got, want)
		}
	}
	if got := queueing(associations.Pause{For: time.Second}, 3); got != "sent in 1 s" {
		t.Errorf("a rate that is not known: %q", got)
	}
}

func TestThrottledCallsAreToldOncePerHalfMinuteAndService(t *testing.T) {
	t.Parallel()
	var all Throttles
	var got []string
	for s := range 70 {
		for _, service := range []string{"Lambda", "STS"} {
			if service == "STS" && s > 0 {
				continue
			}
			if line := all.Add(service, at.Add(time.Duration(s)*time.Second)); line != "" {
				got = append(got, line)
			}
		}
	}
	want := []string{
		"Lambda throttles calls: they are sent again, more slowly",
		"STS throttles calls: they are sent again, more slowly",
		"Lambda has throttled 31 calls so far: they are sent again, more slowly",
		"Lambda has throttled 61 calls so far: they are sent again, more slowly",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
	for _, l := range got {
		if strings.HasSuffix(l, ".") || len(l) > 80 {
			t.Errorf("%q", l)
		}
	}
}
